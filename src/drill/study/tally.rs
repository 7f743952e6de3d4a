//! What is counted over many runs. Counts add up in any order, so that runs may be made by any
//! number of threads and the sum is the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::estimate::Times;
use super::part::PartTally;
use super::path::critical_path;
use crate::drill::expect::Part;
use crate::drill::result::Outcome;
use crate::drill::score::{Finding, PartScore, Scorecard, Verdict};
use crate::drill::simulate::Simulated;
use crate::engine::{Actor, ClockKey, ClockStanding, Event, Fact, moment};
use crate::id::{ObjectiveId, PersonId, PhaseId, RoleId, StepId};
use crate::playbook::{Milestone, Playbook, Promise};
use crate::text::Text;

/// How many of the worst runs are kept.
pub const WORST_MAX: usize = 5;

/// A moment whose time is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::drill) enum Mark {
    /// A role was acknowledged, since it was first needed.
    Role(RoleId),
    /// A phase was first entered, since the declaration.
    Phase(PhaseId),
    /// A step was first done, since the declaration.
    Step(StepId),
}

/// What is measured of a plan: every run has these, in this order.
#[derive(Debug)]
pub(in crate::drill) struct Catalogue<'a> {
    pub(in crate::drill) playbook: &'a Playbook,
    pub(in crate::drill) marks: Vec<Mark>,
    /// The objectives that are times.
    pub(in crate::drill) objectives: Vec<&'a ObjectiveId>,
    /// The stages of statutory clocks.
    pub(in crate::drill) clocks: Vec<ClockKey>,
    pub(in crate::drill) steps: Vec<&'a StepId>,
}

impl<'a> Catalogue<'a> {
    pub(in crate::drill) fn of(playbook: &'a Playbook) -> Self {
        let steps: Vec<&StepId> =
            playbook.phases.iter().flat_map(|phase| &phase.steps).map(|step| &step.id).collect();
        let roles = playbook.roles.keys().cloned().map(Mark::Role);
        let phases = playbook.phases.iter().skip(1).map(|phase| Mark::Phase(phase.id.clone()));
        let done = steps.iter().map(|step| Mark::Step((*step).clone()));
        let within = playbook
            .objectives
            .iter()
            .filter(|objective| matches!(objective.promise, Promise::Within { .. }));
        let stages = playbook.clocks.iter().flat_map(|clock| {
            let of = &clock.id;
            let stages = clock.regime.stages.iter();
            stages.map(move |stage| ClockKey { clock: of.clone(), stage: stage.id.clone() })
        });
        Self {
            playbook,
            marks: roles.chain(phases).chain(done).collect(),
            objectives: within.map(|objective| &objective.id).collect(),
            clocks: stages.collect(),
            steps,
        }
    }
}

impl Catalogue<'_> {
    /// Returns where the time of a step stands.
    pub(in crate::drill) fn mark_of_step(&self, step: &StepId) -> Option<usize> {
        self.marks.iter().position(|mark| matches!(mark, Mark::Step(known) if known == step))
    }
}

/// How a promise ended in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drill) enum Kept {
    Yes,
    No,
    /// It did not arise.
    Never,
}

/// What one run shows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::drill) struct Sampled {
    pub(in crate::drill) sample: u32,
    pub(in crate::drill) outcome: Outcome,
    pub(in crate::drill) verdict: Verdict,
    pub(in crate::drill) score: Option<u8>,
    /// Seconds from the declaration to the end, of a run that came to it.
    pub(in crate::drill) ended: Option<u64>,
    /// Seconds to each mark, where it was reached.
    pub(in crate::drill) marks: Vec<Option<u64>>,
    pub(in crate::drill) objectives: Vec<(Kept, Option<u64>)>,
    pub(in crate::drill) clocks: Vec<Kept>,
    pub(in crate::drill) expectations: Vec<Finding>,
    /// How each part of the work went.
    pub(in crate::drill) parts: BTreeMap<Part, PartScore>,
    /// Steps that the end waited for, by position, with seconds waited and worked.
    pub(in crate::drill) path: Vec<(usize, u64, u64)>,
    /// Who took a role.
    pub(in crate::drill) took_part: BTreeSet<PersonId>,
}

impl Sampled {
    /// Reads a run.
    pub(in crate::drill) fn of(
        catalogue: &Catalogue<'_>,
        sample: u32,
        run: &Simulated,
        card: Option<Scorecard>,
    ) -> Self {
        let completed = run.outcome == Outcome::Completed;
        let incident = run.incident.as_ref();
        let declared = incident.map(|incident| incident.declared_at);
        let since = |from: Option<Timestamp>, to: Option<Timestamp>| {
            from.zip(to).map(|(from, to)| seconds(to.duration_since(from)))
        };
        let mark = |mark: &Mark| match mark {
            Mark::Role(role) => {
                since(run.observed.engaged_at(role), run.observed.acknowledged_at(role))
            }
            Mark::Phase(phase) => {
                since(declared, incident.and_then(|i| i.phases_entered.get(phase).copied()))
            }
            Mark::Step(step) => {
                since(declared, incident.and_then(|i| i.milestone(step, Milestone::Done)))
            }
        };
        let verdict = card.as_ref().map_or(Verdict::NotJudged, |card| card.verdict);
        let score = card.as_ref().and_then(|card| card.score);
        let (judgements, parts) =
            card.map_or_else(Default::default, |card| (card.judgements, card.parts));
        Self {
            sample,
            outcome: run.outcome,
            verdict,
            score,
            ended: since(declared, incident.and_then(|i| i.ended_at)).filter(|_| completed),
            marks: catalogue.marks.iter().map(mark).collect(),
            objectives: objectives(catalogue, run),
            clocks: clocks(catalogue, run),
            expectations: judgements.into_iter().map(|one| one.finding).collect(),
            parts,
            path: path(catalogue, &run.events),
            took_part: run.events.iter().filter_map(who_took_a_role).collect(),
        }
    }

    /// Orders runs from the worst to the best.
    fn badness(&self) -> (bool, bool, u8, std::cmp::Reverse<u64>, u32) {
        let passed = self.verdict == Verdict::Passed;
        let completed = self.outcome == Outcome::Completed;
        let ended = std::cmp::Reverse(self.ended.unwrap_or(u64::MAX));
        (passed, completed, self.score.unwrap_or(0), ended, self.sample)
    }
}

fn seconds(duration: SignedDuration) -> u64 {
    u64::try_from(duration.as_secs()).unwrap_or(0)
}

fn objectives(catalogue: &Catalogue<'_>, run: &Simulated) -> Vec<(Kept, Option<u64>)> {
    let time = |id: &ObjectiveId| {
        let objective = catalogue.playbook.objectives.iter().find(|o| o.id == *id)?;
        let Promise::Within { from, to, .. } = &objective.promise else { return None };
        let incident = run.incident.as_ref()?;
        let from = moment(incident, from)?;
        Some(seconds(moment(incident, to)?.duration_since(from)))
    };
    let kept = |id: &ObjectiveId| match run.observed.objective_kept(id) {
        Some(true) => Kept::Yes,
        Some(false) => Kept::No,
        None => Kept::Never,
    };
    catalogue.objectives.iter().map(|id| (kept(id), time(id))).collect()
}

fn clocks(catalogue: &Catalogue<'_>, run: &Simulated) -> Vec<Kept> {
    let stage = |key: &ClockKey| {
        let state = run.incident.as_ref()?.clocks.get(key)?;
        let broken = state.breached_at.is_some();
        Some(match &state.standing {
            _ if broken => Kept::No,
            ClockStanding::Met { late, .. } if !late => Kept::Yes,
            ClockStanding::Met { .. } => Kept::No,
            _ => Kept::Never,
        })
    };
    catalogue.clocks.iter().map(|key| stage(key).unwrap_or(Kept::Never)).collect()
}

fn path(catalogue: &Catalogue<'_>, events: &[Event]) -> Vec<(usize, u64, u64)> {
    let legs = critical_path(events).into_iter();
    let place = |step: &StepId| catalogue.steps.iter().position(|known| *known == step);
    legs.filter_map(|leg| Some((place(&leg.step)?, seconds(leg.waited), seconds(leg.worked))))
        .collect()
}

fn who_took_a_role(event: &Event) -> Option<PersonId> {
    match (&event.fact, &event.actor) {
        (Fact::RoleAcknowledged { .. }, Actor::Person { id, .. }) => Some(id.clone()),
        _ => None,
    }
}

/// How often something held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) yes: u64,
    pub(super) no: u64,
    pub(super) neither: u64,
}

impl Count {
    const fn merge(&mut self, other: Self) {
        self.yes += other.yes;
        self.no += other.no;
        self.neither += other.neither;
    }
}

impl From<Kept> for Count {
    fn from(kept: Kept) -> Self {
        let is = |wanted| u64::from(kept == wanted);
        Self { yes: is(Kept::Yes), no: is(Kept::No), neither: is(Kept::Never) }
    }
}

impl From<&Finding> for Count {
    fn from(finding: &Finding) -> Self {
        Self::from(match finding {
            Finding::Met => Kept::Yes,
            Finding::NotMet { .. } => Kept::No,
            Finding::NotApplicable { .. } | Finding::NotJudged { .. } => Kept::Never,
        })
    }
}

/// How often the end waited for a step, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OnPath {
    pub(super) runs: u64,
    pub(super) waited: u64,
    pub(super) worked: u64,
}

/// The counts of some runs.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    pub(super) runs: u64,
    pub(super) completed: u64,
    pub(super) verdicts: Count,
    pub(super) ended: Times,
    pub(super) marks: Vec<Times>,
    pub(super) objectives: Vec<(Count, Times)>,
    pub(super) clocks: Vec<Count>,
    pub(super) expectations: Vec<Count>,
    pub(super) parts: BTreeMap<Part, PartTally>,
    pub(super) path: Vec<OnPath>,
    /// In how many runs each took a role.
    pub(super) took_part: BTreeMap<PersonId, u64>,
    pub(super) worst: Vec<Sampled>,
    /// Why runs did not come to their end, the reason first met.
    pub(super) why: Option<(u32, Text)>,
}

impl Tally {
    /// Of no run.
    pub(super) fn none(catalogue: &Catalogue<'_>, expectations: usize) -> Self {
        Self {
            runs: 0,
            completed: 0,
            verdicts: Count::default(),
            ended: Times::NONE,
            marks: vec![Times::NONE; catalogue.marks.len()],
            objectives: vec![(Count::default(), Times::NONE); catalogue.objectives.len()],
            clocks: vec![Count::default(); catalogue.clocks.len()],
            expectations: vec![Count::default(); expectations],
            parts: BTreeMap::new(),
            path: vec![OnPath::default(); catalogue.steps.len()],
            took_part: BTreeMap::new(),
            worst: Vec::new(),
            why: None,
        }
    }

    /// Counts a run.
    pub(super) fn count(&mut self, run: Sampled, why: Option<Text>) {
        self.runs += 1;
        self.completed += u64::from(run.outcome == Outcome::Completed);
        self.verdicts.merge(Count::from(match run.verdict {
            Verdict::Passed => Kept::Yes,
            Verdict::Failed => Kept::No,
            Verdict::NotJudged => Kept::Never,
        }));
        run.ended.into_iter().for_each(|seconds| self.ended.add(seconds));
        for (times, mark) in self.marks.iter_mut().zip(&run.marks) {
            mark.iter().for_each(|seconds| times.add(*seconds));
        }
        for ((count, times), (kept, took)) in self.objectives.iter_mut().zip(&run.objectives) {
            count.merge(Count::from(*kept));
            took.iter().for_each(|seconds| times.add(*seconds));
        }
        for (count, kept) in self.clocks.iter_mut().zip(&run.clocks) {
            count.merge(Count::from(*kept));
        }
        for (count, finding) in self.expectations.iter_mut().zip(&run.expectations) {
            count.merge(Count::from(finding));
        }
        for (part, scored) in &run.parts {
            self.parts.entry(*part).or_default().count(scored);
        }
        let mut met = vec![false; self.path.len()];
        for (step, waited, worked) in &run.path {
            let on_path = &mut self.path[*step];
            // A loop passes a step several times; the run counts once.
            on_path.runs += u64::from(!std::mem::replace(&mut met[*step], true));
            on_path.waited += waited;
            on_path.worked += worked;
        }
        for person in &run.took_part {
            *self.took_part.entry(person.clone()).or_default() += 1;
        }
        let first = why.map(|why| (run.sample, why));
        self.keep_first(first);
        self.worst.push(run);
        self.keep_worst();
    }

    /// Adds the counts of other runs.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.completed += other.completed;
        self.verdicts.merge(other.verdicts);
        self.ended.merge(&other.ended);
        self.marks.iter_mut().zip(&other.marks).for_each(|(ours, theirs)| ours.merge(theirs));
        for ((count, times), (more, further)) in self.objectives.iter_mut().zip(&other.objectives) {
            count.merge(*more);
            times.merge(further);
        }
        self.clocks.iter_mut().zip(other.clocks).for_each(|(ours, theirs)| ours.merge(theirs));
        let expectations = self.expectations.iter_mut().zip(other.expectations);
        expectations.for_each(|(ours, theirs)| ours.merge(theirs));
        for (part, theirs) in &other.parts {
            self.parts.entry(*part).or_default().merge(theirs);
        }
        for (ours, theirs) in self.path.iter_mut().zip(other.path) {
            ours.runs += theirs.runs;
            ours.waited += theirs.waited;
            ours.worked += theirs.worked;
        }
        for (person, runs) in other.took_part {
            *self.took_part.entry(person).or_default() += runs;
        }
        self.keep_first(other.why);
        self.worst.extend(other.worst);
        self.keep_worst();
        self
    }

    fn keep_first(&mut self, other: Option<(u32, Text)>) {
        let both = self.why.take().into_iter().chain(other);
        self.why = both.min_by_key(|(sample, _)| *sample);
    }

    fn keep_worst(&mut self) {
        self.worst.sort_by_key(Sampled::badness);
        self.worst.truncate(WORST_MAX);
    }
}
