//! What a study reports. Plain data with a format version; it must not know how it is shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::estimate::{Difference, Share, Spread};
use super::part::{self, PartRow};
use super::tale::TaleRow;
use super::tally::{Catalogue, Count, Mark, Sampled, Tally};
use super::{Design, Version};
use crate::drill::result::{Odds, Outcome};
use crate::drill::scenario::Kind;
use crate::drill::score::{Verdict, describe};
use crate::drill::simulate::Stage;
use crate::drill::simulate::staffing::{Understaffed, understaffed};
use crate::id::{DrillId, PersonId, RoleId, StepId};
use crate::playbook::Promise;
use crate::text::Text;

/// The version of the form; fields are added, never changed.
pub const STUDY_FORMAT: u8 = 1;

/// What many runs of a drill show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The version of this form.
    pub format: u8,
    /// The drill.
    pub drill: DrillId,
    /// Its title.
    pub title: Text,
    /// What it is called and reported as.
    pub kind: Kind,
    /// The hash of what decides its runs.
    pub scenario_hash: SmolStr,
    /// The plan.
    pub plan: Version,
    /// firebell's version.
    pub engine: SmolStr,
    /// What the draws derive from.
    pub seed: u64,
    /// When every run began, in its own time.
    pub begin: Timestamp,
    /// How many runs.
    pub runs: u64,
    /// Roles for which somebody is missing when the runs begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub understaffed: Vec<Understaffed>,
    /// How many came to their end.
    pub completed: Share,
    /// Why the first that did not come to its end stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// How many were passed, of all.
    pub passed: Share,
    /// The least share that counts as passed, where the drill says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<f64>,
    /// Whether that share is reached; not judged where luck alone could tell either way.
    pub verdict: Verdict,
    /// Seconds from the declaration to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Spread>,
    /// Objectives and statutory clocks.
    pub promises: Vec<PromiseRow>,
    /// What the drill requires.
    pub expectations: Vec<ExpectationRow>,
    /// How each part of the work went, of those that something is required of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartRow>,
    /// When roles were taken, phases entered, steps done.
    pub milestones: Vec<MilestoneRow>,
    /// What the end waited for, most often first.
    pub critical: Vec<CriticalRow>,
    /// How long the end waited for each role, longest first: the first is the bottleneck.
    pub roles: Vec<RoleRow>,
    /// What depends on what; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<Trials>,
    /// The worst runs, worst first.
    pub worst: Vec<WorstRow>,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseKind {
    /// An objective of the plan.
    Objective,
    /// A stage of a statutory clock.
    Clock,
}

/// How often a promise was broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromiseRow {
    /// What it is.
    pub kind: PromiseKind,
    /// Its name in the plan.
    pub id: SmolStr,
    /// What people call it.
    pub title: Text,
    /// The most it may take, in seconds, where that is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How often it was missed, of the runs in which it arose.
    pub missed: Share,
    /// In how many runs it never arose.
    pub never: u64,
    /// How long it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Spread>,
}

/// How often an expectation was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpectationRow {
    /// Its name for programs.
    pub key: SmolStr,
    /// What was required.
    pub asked: Text,
    /// The drill fails when it is not met.
    pub critical: bool,
    /// How often it was met, of the runs in which it could be judged.
    pub met: Share,
    /// In how many runs it did not arise or could not be judged.
    pub never: u64,
}

/// What is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneKind {
    /// A role was acknowledged, since it was first needed.
    Role,
    /// A phase was first entered, since the declaration.
    Phase,
    /// A step was first done, since the declaration.
    Step,
}

/// How often and when something was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MilestoneRow {
    /// What.
    pub kind: MilestoneKind,
    /// Its name in the plan.
    pub id: SmolStr,
    /// What people call it.
    pub title: Text,
    /// How often, of all runs.
    pub reached: Share,
    /// When, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Spread>,
}

/// How often the end waited for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriticalRow {
    /// The step.
    pub step: StepId,
    /// What people call it.
    pub title: Text,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// How often, of the runs that came to their end.
    pub share: Share,
    /// How long it waited to be begun, on average over those runs, in seconds.
    pub waited: f64,
    /// How long it was worked on, likewise.
    pub worked: f64,
}

/// How long the end waited for a role, on average over the runs that came to their end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleRow {
    /// The role.
    pub role: RoleId,
    /// What people call it.
    pub title: Text,
    /// Seconds until its steps were begun.
    pub waited: f64,
    /// Seconds its steps were worked on.
    pub worked: f64,
}

/// What depends on what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trials {
    /// How many runs each trial made.
    pub runs: u64,
    /// How many times as long what was tried took.
    pub slower: f64,
    /// Steps that took longer.
    pub steps: Vec<Trial>,
    /// Roles that reacted later.
    pub roles: Vec<Trial>,
    /// People who were away.
    pub people: Vec<Trial>,
}

impl Trials {
    /// Walks all of them.
    pub fn all(&self) -> impl Iterator<Item = &Trial> {
        self.steps.iter().chain(&self.roles).chain(&self.people)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Trial> {
        self.steps.iter_mut().chain(&mut self.roles).chain(&mut self.people)
    }
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOf {
    /// A step takes longer.
    Step(StepId),
    /// A role reacts later.
    Role(RoleId),
    /// A person is away.
    Person(PersonId),
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was changed.
    pub of: TrialOf,
    /// What people call it.
    pub title: Text,
    /// The share of passed runs, after less before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Difference>,
    /// Seconds to the end, after less before, of runs that ended both times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Difference>,
    /// How many runs no longer came to their end.
    pub never_ended: u64,
    /// The plan passes notably more or less often: among all trials of the study, too, that is more
    /// than luck.
    #[serde(default)]
    pub passing_moved: bool,
    /// Likewise the time to the end.
    #[serde(default)]
    pub end_moved: bool,
}

impl Trial {
    /// Tells whether the plan fails notably more often so: of a person, that they are a single point
    /// of failure.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.never_ended > 0
            || (self.passing_moved && self.passed.is_some_and(|change| change.mean < 0.0))
    }
}

/// One of the worst runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstRow {
    /// Its number: with the seed it can be made again.
    pub sample: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// Its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Seconds to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// What was required and not met.
    pub not_met: Vec<Text>,
    /// What happened, where somebody asked for it to be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TaleRow>,
    /// How many less telling rows are not in it.
    #[serde(default)]
    pub left_out: u64,
}

pub(super) fn report(
    stage: Stage<'_>,
    catalogue: &Catalogue<'_>,
    design: Design,
    tally: &Tally,
    trials: Option<Trials>,
) -> Study {
    let Stage { scenario, playbook, .. } = stage;
    let passed = Share::of(tally.verdicts.yes, tally.runs);
    let wanted = scenario.pass.probability.map(crate::drill::cast::Share::get);
    Study {
        format: STUDY_FORMAT,
        drill: scenario.id.clone(),
        title: scenario.title.clone(),
        kind: scenario.kind,
        scenario_hash: scenario.hash.clone(),
        plan: Version::of(playbook),
        engine: env!("CARGO_PKG_VERSION").into(),
        seed: design.take.seed,
        begin: design.take.begin,
        runs: tally.runs,
        understaffed: understaffed(stage, design.take.begin),
        completed: Share::of(tally.completed, tally.runs),
        why: tally.why.as_ref().map(|(_, why)| why.clone()),
        passed,
        wanted,
        verdict: wanted.map_or(Verdict::NotJudged, |wanted| Odds { passed, wanted }.verdict()),
        ended: tally.ended.spread(),
        promises: promises(catalogue, tally),
        expectations: expectations(stage, tally),
        parts: part::rows(stage, &tally.parts),
        milestones: milestones(catalogue, tally),
        critical: critical(catalogue, tally),
        roles: roles(catalogue, tally),
        trials,
        worst: tally.worst.iter().map(|worst| worst_row(stage, worst)).collect(),
    }
}

/// How often something was missed, of the times it arose.
fn missed(count: Count) -> Share {
    Share::of(count.no, count.no + count.yes)
}

fn promises(catalogue: &Catalogue<'_>, tally: &Tally) -> Vec<PromiseRow> {
    let playbook = catalogue.playbook;
    let objectives =
        catalogue.objectives.iter().zip(&tally.objectives).map(|(id, (count, took))| {
            let objective = playbook.objectives.iter().find(|objective| objective.id == **id);
            let limit = objective.and_then(|objective| match &objective.promise {
                Promise::Within { within, .. } => within.fixed(),
                Promise::Measure { .. } => None,
            });
            PromiseRow {
                kind: PromiseKind::Objective,
                id: id.as_str().into(),
                title: playbook.objective_title(id),
                limit: limit.and_then(|limit| u64::try_from(limit.as_secs()).ok()),
                missed: missed(*count),
                never: count.neither,
                took: took.spread(),
            }
        });
    let clocks = catalogue.clocks.iter().zip(&tally.clocks).map(|(key, count)| PromiseRow {
        kind: PromiseKind::Clock,
        id: key.to_string().into(),
        title: playbook.clock_title(&key.clock, &key.stage),
        limit: None,
        missed: missed(*count),
        never: count.neither,
        took: None,
    });
    objectives.chain(clocks).collect()
}

fn expectations(stage: Stage<'_>, tally: &Tally) -> Vec<ExpectationRow> {
    let asked = stage.scenario.expect.iter().zip(&tally.expectations);
    asked
        .map(|(expectation, count)| {
            let key = expectation.asked.key.clone();
            let (asked, _) = describe(stage.playbook, &expectation.asked.ask);
            ExpectationRow {
                key,
                asked,
                critical: expectation.critical,
                met: Share::of(count.yes, count.yes + count.no),
                never: count.neither,
            }
        })
        .collect()
}

fn milestones(catalogue: &Catalogue<'_>, tally: &Tally) -> Vec<MilestoneRow> {
    let rows = catalogue.marks.iter().zip(&tally.marks).map(|(mark, times)| {
        let (kind, id, title) = match mark {
            Mark::Role(role) => {
                (MilestoneKind::Role, role.as_str(), catalogue.playbook.role_title(role))
            }
            Mark::Phase(phase) => {
                (MilestoneKind::Phase, phase.as_str(), catalogue.playbook.phase_title(phase))
            }
            Mark::Step(step) => {
                (MilestoneKind::Step, step.as_str(), catalogue.playbook.step_title(step))
            }
        };
        let took = times.spread();
        let reached = Share::of(took.as_ref().map_or(0, |took| took.count), tally.runs);
        MilestoneRow { kind, id: id.into(), title, reached, took }
    });
    rows.collect()
}

fn critical(catalogue: &Catalogue<'_>, tally: &Tally) -> Vec<CriticalRow> {
    let each = tally.completed.max(1) as f64;
    let mut rows: Vec<CriticalRow> = catalogue
        .steps
        .iter()
        .zip(&tally.path)
        .filter(|(_, on_path)| on_path.runs > 0)
        .map(|(step, on_path)| CriticalRow {
            step: (*step).clone(),
            title: catalogue.playbook.step_title(step),
            role: catalogue.playbook.step(step).and_then(|(_, step)| step.doer().cloned()),
            share: Share::of(on_path.runs, tally.completed),
            waited: on_path.waited as f64 / each,
            worked: on_path.worked as f64 / each,
        })
        .collect();
    rows.sort_by(|a, b| b.share.hits.cmp(&a.share.hits).then(b.worked.total_cmp(&a.worked)));
    rows
}

fn roles(catalogue: &Catalogue<'_>, tally: &Tally) -> Vec<RoleRow> {
    let each = tally.completed.max(1) as f64;
    let playbook = catalogue.playbook;
    let of = |role: &RoleId| {
        let mine = catalogue.steps.iter().zip(&tally.path).filter(|(step, _)| {
            playbook.step(step).and_then(|(_, step)| step.doer()) == Some(role)
        });
        let sums = mine.fold((0, 0), |(waited, worked), (_, on_path)| {
            (waited + on_path.waited, worked + on_path.worked)
        });
        let (waited, worked) = (sums.0 as f64 / each, sums.1 as f64 / each);
        RoleRow { role: role.clone(), title: playbook.role_title(role), waited, worked }
    };
    let mut rows: Vec<RoleRow> = playbook.roles.keys().map(of).collect();
    rows.sort_by(|a, b| (b.waited + b.worked).total_cmp(&(a.waited + a.worked)));
    rows
}

fn worst_row(stage: Stage<'_>, run: &Sampled) -> WorstRow {
    let asked = stage.scenario.expect.iter().zip(&run.expectations);
    let not_met = asked.filter(|(_, finding)| Count::from(*finding).no > 0);
    WorstRow {
        sample: run.sample,
        outcome: run.outcome,
        verdict: run.verdict,
        score: run.score,
        ended: run.ended,
        not_met: not_met.map(|(one, _)| describe(stage.playbook, &one.asked.ask).0).collect(),
        timeline: Vec::new(),
        left_out: 0,
    }
}
