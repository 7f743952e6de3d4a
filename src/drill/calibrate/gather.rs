//! What journals show of how long people take: pages and their answers, steps begun and done. What
//! was not waited out is kept as such. It must not know what is made of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::fit::Wait;
use crate::engine::{Event, Fact, Mode, RunKey};
use crate::id::{PersonId, PlaybookId, RoleId, StepId};

/// The times of one plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    /// How many incidents and exercises they are of.
    pub incidents: u64,
    /// From being asked to take a role to answering, by role.
    pub answers: BTreeMap<RoleId, Vec<Wait>>,
    /// How many pages ran out, by role.
    pub ran_out: BTreeMap<RoleId, u64>,
    /// From beginning a step to finishing it, by step.
    pub work: BTreeMap<StepId, Vec<Wait>>,
}

/// The times of all plans that were run.
pub type Gathered = BTreeMap<PlaybookId, Times>;

/// Takes in the journal of one incident; what is still open has lasted until `as_of`. Simulations say
/// nothing of real people and are passed over.
pub fn gather(events: &[Event], as_of: Timestamp, into: &mut Gathered) {
    let Some(Fact::Declared { mode, playbook, .. }) = events.first().map(|event| &event.fact)
    else {
        return;
    };
    if *mode == Mode::Simulation {
        return;
    }
    let mut open = Open { plan: playbook.id.clone(), ..Open::default() };
    into.entry(open.plan.clone()).or_default().incidents += 1;
    for event in events {
        open.hear(event, into);
    }
    open.give_up(as_of, into);
}

/// What somebody waits for.
#[derive(Debug)]
struct Open {
    plan: PlaybookId,
    pages: BTreeMap<(RoleId, PersonId), Timestamp>,
    work: BTreeMap<RunKey, Timestamp>,
}

impl Default for Open {
    fn default() -> Self {
        Self { plan: PlaybookId::new(""), pages: BTreeMap::new(), work: BTreeMap::new() }
    }
}

impl Open {
    fn hear(&mut self, event: &Event, into: &mut Gathered) {
        let at = event.occurred_at;
        match &event.fact {
            Fact::RoleOffered { role, to, .. } => {
                for person in to {
                    self.pages.insert((role.clone(), person.clone()), at);
                }
            }
            Fact::RoleAssigned { role, to, .. } | Fact::RoleHandedOver { role, to, .. } => {
                self.pages.insert((role.clone(), to.clone()), at);
            }
            Fact::RoleAcknowledged { role, by, .. } => {
                self.answered((role, by), at, into);
                self.no_longer_asked(role, at, into);
            }
            Fact::RoleDeclined { role, by, .. } => self.answered((role, by), at, into),
            Fact::RoleUnanswered { role, asked } => {
                for person in asked {
                    if self.settle((role, person), at, false, into) {
                        let times = into.entry(self.plan.clone()).or_default();
                        *times.ran_out.entry(role.clone()).or_default() += 1;
                    }
                }
            }
            Fact::RoleReleased { role, .. } | Fact::RoleVacant { role, .. } => {
                self.no_longer_asked(role, at, into);
            }
            Fact::StepStarted { key } => drop(self.work.insert(key.clone(), at)),
            Fact::StepDone { key, .. } => self.worked(key, at, true, into),
            Fact::StepFailed { key, .. }
            | Fact::StepSkipped { key, .. }
            | Fact::StepCancelled { key, .. } => self.worked(key, at, false, into),
            // Who is paused, or goes on by another plan, is not measured any further.
            Fact::Paused { .. }
            | Fact::Closed { .. }
            | Fact::Cancelled { .. }
            | Fact::Merged { .. } => self.give_up(at, into),
            Fact::HandedOff(takeover) => {
                self.give_up(at, into);
                self.plan = takeover.to.id.clone();
                into.entry(self.plan.clone()).or_default().incidents += 1;
            }
            _ => {}
        }
    }

    fn answered(&mut self, page: (&RoleId, &PersonId), at: Timestamp, into: &mut Gathered) {
        self.settle(page, at, true, into);
    }

    /// Ends a page; tells whether there was one.
    fn settle(
        &mut self,
        (role, person): (&RoleId, &PersonId),
        at: Timestamp,
        came: bool,
        into: &mut Gathered,
    ) -> bool {
        let Some(since) = self.pages.remove(&(role.clone(), person.clone())) else { return false };
        let times = into.entry(self.plan.clone()).or_default();
        times.answers.entry(role.clone()).or_default().push(wait(since, at, came));
        true
    }

    fn no_longer_asked(&mut self, role: &RoleId, at: Timestamp, into: &mut Gathered) {
        let of_role = |(of, _): &&(RoleId, PersonId)| of == role;
        let people: Vec<PersonId> =
            self.pages.keys().filter(of_role).map(|(_, person)| person.clone()).collect();
        for person in people {
            self.settle((role, &person), at, false, into);
        }
    }

    fn worked(&mut self, key: &RunKey, at: Timestamp, came: bool, into: &mut Gathered) {
        let Some(since) = self.work.remove(key) else { return };
        let times = into.entry(self.plan.clone()).or_default();
        times.work.entry(key.step.clone()).or_default().push(wait(since, at, came));
    }

    fn give_up(&mut self, at: Timestamp, into: &mut Gathered) {
        let roles: Vec<RoleId> = self.pages.keys().map(|(role, _)| role.clone()).collect();
        for role in roles {
            self.no_longer_asked(&role, at, into);
        }
        let runs: Vec<RunKey> = self.work.keys().cloned().collect();
        for key in runs {
            self.worked(&key, at, false, into);
        }
    }
}

fn wait(since: Timestamp, until: Timestamp, came: bool) -> Wait {
    let seconds = u64::try_from(until.duration_since(since).as_secs()).unwrap_or(0);
    Wait { seconds: seconds.max(1), came }
}
