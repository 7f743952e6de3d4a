//! What a plan would do in many rehearsals: a drill is simulated again and again, each time with
//! other luck, and what came of it is counted.
//!
//! `tally` counts, `path` finds what the end waited for, `estimate` says how far a number can be
//! trusted, `part` how each part of the work went, `trial` changes one thing at a time, `versus` holds two plans against each other under
//! the same luck, `report` is what comes out, `words` says its numbers, `tale` makes single runs again to be read, `page` is
//! the report as one page. Pure: the same drill, plan, people, seed and beginning give the same
//! report on any number of threads. It must not know where a report goes.

pub mod estimate;
pub mod normal;
pub mod page;
pub mod part;
mod path;
pub mod report;
pub mod tale;
pub(in crate::drill) mod tally;
mod trial;
mod versus;
pub mod words;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::drill::result::{DrillResult, Odds};
use crate::drill::scenario::Scenario;
use crate::drill::simulate::{Change, Simulated, Stage, Take, rehearse, sample};
use crate::id::PlaybookId;
use crate::playbook::Playbook;
use crate::text::Text;

pub use report::Study;
pub use versus::{Versus, versus};

use estimate::Share;
use tally::{Catalogue, Sampled, Tally};

/// The most runs of a study: a share of one in a hundred is then known to a fiftieth of it.
pub const RUNS_MAX: u32 = 1_000_000;
/// How many runs are counted together: so many that a thread is not asked for too often.
const CHUNK: u32 = 64;

/// How a study is made.
#[derive(Debug, Clone, Copy)]
pub struct Design {
    /// The beginning and the seed.
    pub take: Take,
    /// How many runs.
    pub runs: u32,
    /// Whether one thing after the other is changed to see what depends on it.
    pub trials: bool,
}

/// Told how many runs were made since it was told last; from any thread.
pub type Progress<'p> = &'p (dyn Fn(u64) + Sync);

/// Simulates a drill many times and reports what came of it.
#[must_use]
pub fn study(stage: Stage<'_>, design: Design, progress: Progress<'_>) -> Study {
    let catalogue = Catalogue::of(stage.playbook);
    let watch = Watch { made: progress, ended: &|| false };
    let tally = tallied(stage, &catalogue, design, watch);
    let trials = design.trials.then(|| trial::trials(stage, &catalogue, design, &tally, progress));
    report::report(stage, &catalogue, design, &tally, trials)
}

/// Whoever waits for many runs.
#[derive(Clone, Copy)]
pub struct Watch<'p> {
    /// Told how many were made.
    pub made: Progress<'p>,
    /// Tells, from any thread, whether nobody wants the rest of them.
    pub ended: &'p (dyn Fn() -> bool + Sync),
}

/// Runs a drill once and judges it; where it asks for a probability, by all its samples.
#[must_use]
pub fn rehearse_as_asked(stage: Stage<'_>, take: Take) -> DrillResult {
    let watch = Watch { made: &|_| {}, ended: &|| false };
    rehearse_watched(stage, take, watch).expect("nobody ends it")
}

/// Returns how many samples [`rehearse_as_asked`] makes.
#[must_use]
pub fn runs_as_asked(scenario: &Scenario) -> u64 {
    scenario.pass.probability.map_or(1, |_| u64::from(scenario.samples))
}

/// Does what [`rehearse_as_asked`] does for whoever waits; `None` where it was ended before.
#[must_use]
pub fn rehearse_watched(stage: Stage<'_>, take: Take, watch: Watch<'_>) -> Option<DrillResult> {
    let mut result = rehearse(stage, take).0;
    if let Some(wanted) = stage.scenario.pass.probability {
        let runs = stage.scenario.samples;
        let of = Design { take, runs, trials: false };
        let tally = tallied(stage, &Catalogue::of(stage.playbook), of, watch);
        if tally.runs < u64::from(runs) {
            return None;
        }
        let passed = Share::of(tally.verdicts.yes, tally.runs);
        let odds = Odds { passed, wanted: wanted.get() };
        result.verdict = odds.verdict();
        result.odds = Some(odds);
    }
    Some(result)
}

/// Returns how many runs a study makes in all, for those who show how far it has come. What is
/// changed depends on what the first runs show, so it is a guess from above.
#[must_use]
pub fn runs_of(design: Design) -> u64 {
    let first = u64::from(design.runs);
    if design.trials { first + trial::runs_at_most(design) } else { first }
}

fn tallied(stage: Stage<'_>, catalogue: &Catalogue<'_>, design: Design, watch: Watch<'_>) -> Tally {
    let none = || Tally::none(catalogue, stage.scenario.expect.len());
    let chunk = |nth: u32| {
        let mut tally = none();
        if (watch.ended)() {
            return tally;
        }
        for sample in nth * CHUNK..design.runs.min((nth + 1) * CHUNK) {
            let (run, why) = once(stage, catalogue, design.take, sample, Change::None);
            tally.count(run, why);
        }
        (watch.made)(tally.runs);
        tally
    };
    let chunks = design.runs.div_ceil(CHUNK);
    // Sums of counts do not depend on the order in which threads come by.
    (0..chunks).into_par_iter().map(chunk).reduce(none, Tally::merge)
}

/// Makes one run and reads what it shows.
fn once(
    stage: Stage<'_>,
    catalogue: &Catalogue<'_>,
    take: Take,
    nth: u32,
    change: Change<'_>,
) -> (Sampled, Option<Text>) {
    let run = sample(stage, take, nth, change);
    let sampled = Sampled::of(catalogue, nth, &run, run.judged(stage));
    let Simulated { why, .. } = run;
    (sampled, why)
}

/// Names a plan's version in reports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Version {
    /// The plan.
    pub playbook: PlaybookId,
    /// Its hash.
    pub hash: smol_str::SmolStr,
}

impl Version {
    /// Names the version that a plan is.
    #[must_use]
    pub fn of(playbook: &Playbook) -> Self {
        Self { playbook: playbook.id.clone(), hash: playbook.hash.clone() }
    }
}

#[cfg(test)]
mod tests;
