//! Two plans, or two versions of one, under the same luck.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;

use super::estimate::{Difference, Share};
use super::tally::{Catalogue, Kept, Sampled};
use super::{Design, Progress, Version, once};
use crate::drill::score::Verdict;
use crate::drill::simulate::{Change, Stage};
use crate::id::{ObjectiveId, StepId};

/// How two plans compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Versus {
    /// The first.
    pub before: Version,
    /// The second.
    pub after: Version,
    /// How many runs each made.
    pub runs: u64,
    /// What the draws derive from.
    pub seed: u64,
    /// How often each passed.
    pub passed: [Share; 2],
    /// The second's share of passed runs less the first's.
    pub passed_change: Option<Difference>,
    /// How often each came to its end.
    pub completed: [Share; 2],
    /// The second's time to the end less the first's, in seconds, over pairs that both ended.
    pub ended_change: Option<Difference>,
    /// Objectives that both have.
    pub objectives: Vec<ObjectiveChange>,
    /// When steps that both have were done, in seconds.
    pub steps: Vec<StepChange>,
}

/// An objective under two plans.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectiveChange {
    /// The objective.
    pub objective: ObjectiveId,
    /// How often each missed it, of the runs in which it arose.
    pub missed: [Share; 2],
    /// The second's share of misses less the first's, over pairs in which it arose in both.
    pub change: Option<Difference>,
}

/// When a step was done under two plans.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepChange {
    /// The step.
    pub step: StepId,
    /// The second's time less the first's, over pairs in which both did it.
    pub change: Difference,
}

/// Simulates two plans with one drill.
#[must_use]
pub fn versus(
    before: Stage<'_>,
    after: Stage<'_>,
    design: Design,
    progress: Progress<'_>,
) -> Versus {
    let catalogues = [before, after].map(|stage| Catalogue::of(stage.playbook));
    let made = |stage: Stage<'_>, catalogue: &Catalogue<'_>| -> Vec<Sampled> {
        let run = |nth| {
            let made = once(stage, catalogue, design.take, nth, Change::None).0;
            progress(1);
            made
        };
        (0..design.runs).into_par_iter().map(run).collect()
    };
    let (first, second) = (made(before, &catalogues[0]), made(after, &catalogues[1]));
    let share = |runs: &[Sampled], hit: &dyn Fn(&Sampled) -> bool| {
        Share::of(runs.iter().filter(|run| hit(run)).count() as u64, runs.len() as u64)
    };
    let passed = |run: &Sampled| run.verdict == Verdict::Passed;
    let ended = |run: &Sampled| run.ended.is_some();
    let number = |held: bool| f64::from(u8::from(held));
    let pairs = || first.iter().zip(&second);
    let both_ended = pairs().filter_map(|(a, b)| a.ended.zip(b.ended));
    Versus {
        before: Version::of(before.playbook),
        after: Version::of(after.playbook),
        runs: u64::from(design.runs),
        seed: design.take.seed,
        passed: [share(&first, &passed), share(&second, &passed)],
        passed_change: Difference::of(pairs().map(|(a, b)| (number(passed(a)), number(passed(b))))),
        completed: [share(&first, &ended), share(&second, &ended)],
        ended_change: Difference::of(both_ended.map(|(a, b)| (a as f64, b as f64))),
        objectives: objectives(&catalogues, &first, &second),
        steps: steps(&catalogues, &first, &second),
    }
}

fn objectives(
    [before, after]: &[Catalogue<'_>; 2],
    first: &[Sampled],
    second: &[Sampled],
) -> Vec<ObjectiveChange> {
    let missed = |runs: &[Sampled], at: usize| {
        let count =
            |wanted| runs.iter().filter(|run| run.objectives[at].0 == wanted).count() as u64;
        let missed = count(Kept::No);
        Share::of(missed, missed + count(Kept::Yes))
    };
    let both = before.objectives.iter().enumerate().filter_map(|(a, id)| {
        let b = after.objectives.iter().position(|other| other == id)?;
        let pairs = first.iter().zip(second).map(|(x, y)| (x.objectives[a].0, y.objectives[b].0));
        let arose = pairs.filter(|(x, y)| *x != Kept::Never && *y != Kept::Never);
        let number = |kept: Kept| f64::from(u8::from(kept == Kept::No));
        Some(ObjectiveChange {
            objective: (*id).clone(),
            missed: [missed(first, a), missed(second, b)],
            change: Difference::of(arose.map(|(x, y)| (number(x), number(y)))),
        })
    });
    both.collect()
}

fn steps(
    [before, after]: &[Catalogue<'_>; 2],
    first: &[Sampled],
    second: &[Sampled],
) -> Vec<StepChange> {
    let done = |catalogue: &Catalogue<'_>, run: &Sampled, step: &StepId| {
        let at = catalogue.mark_of_step(step)?;
        run.marks[at].map(|seconds| seconds as f64)
    };
    let both = before.steps.iter().filter_map(|step| {
        let pairs = first.iter().zip(second);
        let times = pairs.filter_map(|(a, b)| done(before, a, step).zip(done(after, b, step)));
        Some(StepChange { step: (*step).clone(), change: Difference::of(times)? })
    });
    both.collect()
}
