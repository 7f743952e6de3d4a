//! What another plan would have made of an incident that really was, with what people really did.
//!
//! The incident's journal says how soon each answered, how long each step took, what was chosen and
//! what came from outside and when. The other plan is run in virtual time with exactly that. What
//! nobody did then is guessed, and told; every promise is judged under three guesses, so that it
//! shows what rests on them. How exact all this is shows the incident's own plan, run the same way.
//! Pure; it must not know where a journal comes from or how the answer is shown.

mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::file::Playbooks;
use crate::drill::past::{Guess, Past};
use crate::drill::result::Outcome;
use crate::drill::review::review;
use crate::drill::scenario::Scenario;
use crate::drill::simulate::{Simulated, Stage, Take, again};
use crate::drill::study::Version;
use crate::drill::study::report::{MilestoneKind, PromiseKind};
use crate::drill::study::tally::{Catalogue, Kept, Mark, Sampled};
use crate::engine::{Event, Fact, Status};
use crate::id::{DrillRunId, PersonId, RoleId, StepId};
use crate::people::Directory;
use crate::playbook::{Playbook, Promise};
use crate::text::Text;

/// The version of the form; fields are added, never changed.
pub const REPLAY_FORMAT: u8 = 1;

/// An incident, and what another plan would have made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The version of this form.
    pub format: u8,
    /// The incident's number.
    pub number: u64,
    /// What it was about.
    pub title: String,
    /// The plan it ran under.
    pub before: Version,
    /// The other plan.
    pub after: Version,
    /// How the run under the other plan ended.
    pub outcome: Outcome,
    /// Why it did not run to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// Seconds from the declaration to the end.
    pub ended: Pair,
    /// Objectives and statutory clocks of either plan.
    pub promises: Vec<Replay<PromiseKind>>,
    /// When roles were taken, phases entered and steps done, of either plan.
    pub milestones: Vec<Moment>,
    /// What nobody did in the incident, so that its time is guessed.
    pub guessed: Vec<Guessed>,
    /// What came from outside and the other plan has no place for.
    pub refused: Vec<Text>,
    /// Steps that were done and that the other plan does not have.
    pub lost: Vec<Text>,
    /// How exact such a run is.
    pub exact: Exact,
}

/// A promise, as it was kept and as it would have been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay<K> {
    /// What it is.
    pub kind: K,
    /// Its name in the plan.
    pub id: SmolStr,
    /// What people call it.
    pub title: Text,
    /// The most it may take under the other plan, in seconds, where that is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// As it was; `None` where the plan did not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Standing>,
    /// As it would have been; `None` where the other plan does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Standing>,
    /// It would have come out the same whatever is guessed.
    pub sure: bool,
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Kept or missed; `None` where it did not arise, or was still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// How long it took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// A time as it was and as it would have been, in seconds; `None` where it was never reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// As it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// As it would have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// When something was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// What.
    pub kind: MilestoneKind,
    /// Its name in the plan.
    pub id: SmolStr,
    /// What people call it.
    pub title: Text,
    /// Seconds: from when a role was needed, from the declaration otherwise.
    #[serde(flatten)]
    pub at: Pair,
}

/// What nobody did in the incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Guessed {
    /// How soon a person takes a role.
    Role {
        /// The role.
        role: RoleId,
        /// The person.
        person: PersonId,
    },
    /// How long a step takes.
    Step {
        /// The step.
        step: StepId,
    },
}

/// How a run under the incident's own plan differs from what was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exact {
    /// How many promises came out the same.
    pub promises_alike: u64,
    /// Of how many.
    pub promises: u64,
    /// The greatest difference of a milestone that both reached, in seconds.
    pub most_seconds: u64,
    /// How many milestones only one of both reached.
    pub only_one: u64,
}

/// An incident as it was.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// The plan it ran under.
    pub playbook: &'a Playbook,
    /// Its journal.
    pub events: &'a [Event],
}

/// Runs another plan with what people did in an incident; `None` where its journal does not begin
/// with a declaration. People are asked as the rosters say for that time.
#[must_use]
pub fn replay(
    original: Original<'_>,
    other: &Playbook,
    plans: &Playbooks,
    directory: &Directory,
) -> Option<Replayed> {
    let past = Past::read(original.playbook, original.events)?;
    let was = as_it_was(original)?;
    let incident = was.incident.as_ref()?;
    let (number, title) = (incident.number, incident.title.to_string());
    let own = Catalogue::of(original.playbook);
    let was = Sampled::of(&own, 0, &was, None);
    let run = |playbook: &Playbook, past: &Past| {
        let scenario = Scenario::empty(playbook.id.clone());
        let begin = past.declared.at;
        let take = Take { run: DrillRunId::from_u128(0), begin, seed: 0 };
        again(Stage { scenario: &scenario, playbook, plans, directory }, take, past)
    };
    let catalogue = Catalogue::of(other);
    let made = run(other, &past);
    let sampled = Sampled::of(&catalogue, 0, &made, None);
    let differently = [Guess::Nothing, Guess::Long].map(|guess| {
        let made = run(other, &past.guessing(guess));
        Sampled::of(&catalogue, 0, &made, None)
    });
    let same = Sampled::of(&own, 0, &run(original.playbook, &past), None);
    let refused = made.refused.iter().filter_map(|position| past.heard.get(*position));
    Some(Replayed {
        format: REPLAY_FORMAT,
        number,
        title,
        before: Version::of(original.playbook),
        after: Version::of(other),
        outcome: made.outcome,
        why: made.why.clone(),
        ended: Pair { before: was.ended, after: sampled.ended },
        promises: promises((&own, &was), (&catalogue, &sampled), &differently),
        milestones: moments((&own, &was), (&catalogue, &sampled)),
        guessed: guessed(other, &past, &made),
        refused: refused.map(|heard| words::of(&heard.command)).collect(),
        lost: lost(original.playbook, other, &past),
        exact: exact(&was, &same),
    })
}

/// Reads the journal back as if it were a run.
fn as_it_was(Original { playbook, events }: Original<'_>) -> Option<Simulated> {
    let reviewed = review(playbook, &[], events)?;
    let incident = reviewed.incident;
    let outcome = match incident.status {
        Status::Closed => Outcome::Completed,
        Status::Cancelled => Outcome::Aborted,
        Status::Open | Status::Paused => Outcome::Interrupted,
    };
    Some(Simulated {
        outcome,
        why: None,
        events: events.to_vec(),
        journal_hash: None,
        ended_at: incident.ended_at.unwrap_or(incident.updated_at),
        incident: Some(incident),
        others: Vec::new(),
        observed: reviewed.observed,
        injects_done: BTreeSet::new(),
        injects_left: Vec::new(),
        refused: Vec::new(),
    })
}

fn standing(kept: Kept, seconds: Option<u64>) -> Standing {
    let kept = match kept {
        Kept::Yes => Some(true),
        Kept::No => Some(false),
        Kept::Never => None,
    };
    Standing { kept, seconds }
}

/// Lists how the promises of a run stand, by name.
fn standings(
    catalogue: &Catalogue<'_>,
    run: &Sampled,
) -> Vec<(PromiseKind, SmolStr, Text, Standing)> {
    let playbook = catalogue.playbook;
    let objectives = catalogue.objectives.iter().zip(&run.objectives).map(|(id, (kept, took))| {
        let (name, title) = (SmolStr::new(id.as_str()), playbook.objective_title(id));
        (PromiseKind::Objective, name, title, standing(*kept, *took))
    });
    let clocks = catalogue.clocks.iter().zip(&run.clocks).map(|(key, kept)| {
        let title = playbook.clock_title(&key.clock, &key.stage);
        (PromiseKind::Clock, SmolStr::new(key.to_string()), title, standing(*kept, None))
    });
    objectives.chain(clocks).collect()
}

fn promises(
    before: (&Catalogue<'_>, &Sampled),
    after: (&Catalogue<'_>, &Sampled),
    differently: &[Sampled],
) -> Vec<Replay<PromiseKind>> {
    let others: Vec<_> = differently.iter().map(|run| standings(after.0, run)).collect();
    let mut was = standings(before.0, before.1);
    let mut rows = Vec::new();
    for (position, (kind, id, title, after_it)) in
        standings(after.0, after.1).into_iter().enumerate()
    {
        let found = was.iter().position(|(k, name, ..)| *k == kind && *name == id);
        let sure = others.iter().all(|rows| rows[position].3.kept == after_it.kept);
        rows.push(Replay {
            kind,
            limit: limit(after.0.playbook, kind, &id),
            title,
            before: found.map(|found| was.remove(found).3),
            after: Some(after_it),
            sure,
            id,
        });
    }
    let gone = was.into_iter().map(|(kind, id, title, before)| Replay {
        kind,
        id,
        title,
        limit: None,
        before: Some(before),
        after: None,
        sure: true,
    });
    rows.extend(gone);
    rows
}

fn limit(playbook: &Playbook, kind: PromiseKind, id: &str) -> Option<u64> {
    let objective = playbook.objectives.iter().find(|known| known.id.as_str() == id);
    match &objective.filter(|_| kind == PromiseKind::Objective)?.promise {
        Promise::Within { within, .. } => u64::try_from(within.fixed()?.as_secs()).ok(),
        Promise::Measure { .. } => None,
    }
}

fn moments(before: (&Catalogue<'_>, &Sampled), after: (&Catalogue<'_>, &Sampled)) -> Vec<Moment> {
    let (own, was) = before;
    let (catalogue, would_be) = after;
    let at = |mark: &Mark, of: &Catalogue<'_>, run: &Sampled| {
        of.marks.iter().position(|known| known == mark).and_then(|nth| run.marks[nth])
    };
    let only_before = own.marks.iter().filter(|mark| !catalogue.marks.contains(mark));
    let all = catalogue.marks.iter().map(|mark| (mark, catalogue.playbook));
    let all = all.chain(only_before.map(|mark| (mark, own.playbook)));
    let row = |(mark, playbook): (&Mark, &Playbook)| {
        let (kind, id, title) = match mark {
            Mark::Role(role) => (MilestoneKind::Role, role.as_str(), playbook.role_title(role)),
            Mark::Phase(phase) => {
                (MilestoneKind::Phase, phase.as_str(), playbook.phase_title(phase))
            }
            Mark::Step(step) => (MilestoneKind::Step, step.as_str(), playbook.step_title(step)),
        };
        let at = Pair { before: at(mark, own, was), after: at(mark, catalogue, would_be) };
        Moment { kind, id: id.into(), title, at }
    };
    all.map(row).filter(|row| row.at != Pair::default()).collect()
}

fn guessed(playbook: &Playbook, past: &Past, made: &Simulated) -> Vec<Guessed> {
    let of = |event: &Event| match &event.fact {
        Fact::RoleAcknowledged { role, by, .. } if !past.knows_answer(role, by) => {
            Some(Guessed::Role { role: role.clone(), person: by.clone() })
        }
        Fact::StepDone { key, .. } | Fact::StepFailed { key, .. } => {
            let human = playbook.step(&key.step).is_some_and(|(_, step)| step.action.is_human());
            let unseen = human && !past.knows_work(&key.step);
            unseen.then(|| Guessed::Step { step: key.step.clone() })
        }
        _ => None,
    };
    let all: BTreeSet<Guessed> = made.events.iter().filter_map(of).collect();
    all.into_iter().collect()
}

fn lost(own: &Playbook, other: &Playbook, past: &Past) -> Vec<Text> {
    let gone: BTreeSet<&StepId> =
        past.steps_done().filter(|step| other.step(step).is_none()).collect();
    gone.into_iter().map(|step| own.step_title(step)).collect()
}

fn exact(was: &Sampled, same: &Sampled) -> Exact {
    let kept = |run: &Sampled| -> Vec<Kept> {
        run.objectives.iter().map(|(kept, _)| *kept).chain(run.clocks.iter().copied()).collect()
    };
    let (before, after) = (kept(was), kept(same));
    let alike = before.iter().zip(&after).filter(|(a, b)| a == b).count();
    let marks = || was.marks.iter().zip(&same.marks);
    let differences = marks().filter_map(|(a, b)| Some((*a)?.abs_diff((*b)?)));
    Exact {
        promises_alike: alike as u64,
        promises: before.len() as u64,
        most_seconds: differences.max().unwrap_or(0),
        only_one: marks().filter(|(a, b)| a.is_some() != b.is_some()).count() as u64,
    }
}

#[cfg(test)]
mod tests;
