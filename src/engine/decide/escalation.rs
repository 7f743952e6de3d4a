//! Ladders (Meaning 13): armed with absolute instants, climbed rung by rung until someone acts.

use jiff::Timestamp;

use super::decision::Decision;
use crate::engine::event::LadderSubject;
use crate::engine::fact::Fact;
use crate::engine::limits::DOWNTIME;
use crate::engine::notice::{Purpose, Recipient};
use crate::id::{ChannelId, LadderId, PersonId};
use crate::people::Reach;
use crate::playbook::Audience;

/// Whom a rung reaches at the moment it fires.
#[derive(Debug, Default)]
struct Reached {
    people: Vec<PersonId>,
    channels: Vec<ChannelId>,
}

impl Decision<'_> {
    /// Begins to climb a ladder, unless it is being climbed for the same reason already.
    pub fn arm_ladder(&mut self, subject: LadderSubject, id: &LadderId) {
        if self.incident.ladders.contains_key(&subject) {
            return;
        }
        let Some(ladder) = self.ctx.directory.ladder(id) else { return };
        let now = self.now();
        let rungs: Vec<Timestamp> =
            ladder.climb().filter_map(|(after, _)| now.checked_add(after).ok()).collect();
        self.emit(Fact::LadderArmed { subject, ladder: id.clone(), rungs });
    }

    /// Stops climbing: someone acted, or the reason went away. What the ladder still has in the
    /// outbox is withdrawn.
    pub fn stop_ladder(&mut self, subject: &LadderSubject, why: &str) {
        if !self.incident.ladders.contains_key(subject) {
            return;
        }
        self.emit(Fact::LadderStopped { subject: subject.clone(), why: why.into() });
        self.withdraw(
            |purpose| matches!(purpose, Purpose::Escalation { subject: of } if of == subject),
        );
    }

    /// Returns the ladder of the commander's role: what is climbed when nothing nearer is named.
    pub fn commander_ladder(&self) -> Option<LadderId> {
        self.playbook.roles.get(self.playbook.commander()?)?.escalate.clone()
    }

    /// A rung's instant was reached. After a downtime only the current rung fires, those passed
    /// over are recorded, and the rest goes on from now.
    pub fn rung_due(&mut self, subject: &LadderSubject) {
        let now = self.now();
        let Some(state) = self.incident.ladders.get(subject).cloned() else { return };
        let Some(reached) = state.next_at() else { return };
        let mut rung = state.next;
        if now.duration_since(reached) > DOWNTIME {
            let passed = state.rungs.iter().filter(|at| **at <= now).count();
            rung = u32::try_from(passed.saturating_sub(1)).unwrap_or(rung).max(rung);
            let current = state.rungs.get(rung as usize).copied().unwrap_or(now);
            let later = state.rungs.iter().skip(rung as usize + 1);
            let remaining: Vec<Timestamp> =
                later.filter_map(|at| now.checked_add(at.duration_since(current)).ok()).collect();
            let rungs: Vec<u32> = (state.next..rung).collect();
            if !(rungs.is_empty() && remaining.is_empty()) {
                self.emit(Fact::RungsMissed { subject: subject.clone(), rungs, remaining });
            }
        }
        self.fire_rung(subject, &state.ladder, rung);
        let last = rung as usize + 1 >= state.rungs.len();
        if last {
            // Nobody is left above: the commander is named as the one it waits for.
            let why = "exhausted".into();
            self.emit(Fact::LadderStopped { subject: subject.clone(), why });
            self.tell_commander("ladder_exhausted");
        }
    }

    fn fire_rung(&mut self, subject: &LadderSubject, ladder: &LadderId, rung: u32) {
        let reached = self.reached_by(ladder, rung);
        let people = reached.people.clone();
        let nobody = people.is_empty() && reached.channels.is_empty();
        let seq = self.emit(Fact::RungFired { subject: subject.clone(), rung, people });
        self.after_direct(seq, |decision| {
            for person in reached.people {
                decision.tell(person, Purpose::Escalation { subject: subject.clone() });
            }
            for channel in reached.channels {
                let purpose = Purpose::Escalation { subject: subject.clone() };
                let to = Recipient::Audience(Audience::Channel(channel.clone()));
                decision.queue_builtin(to, vec![channel], purpose);
            }
            if nobody {
                decision.tell_commander("ladder_exhausted");
            }
        });
    }

    /// Looks up whom a rung means now; nobody where the ladder has become shorter.
    fn reached_by(&self, ladder: &LadderId, rung: u32) -> Reached {
        let mut reached = Reached::default();
        let directory = self.ctx.directory;
        let Some(ladder) = directory.ladder(ladder) else { return reached };
        let Some((_, rung)) = ladder.climb().nth(rung as usize) else { return reached };
        for target in &rung.targets {
            let people = match directory.reach(target, self.now()) {
                Reach::People(people) => people,
                Reach::Holder(role) => self.holders_of(&role),
                Reach::Channel(channel) => {
                    if !reached.channels.contains(&channel) {
                        reached.channels.push(channel);
                    }
                    continue;
                }
            };
            for person in people {
                if !reached.people.contains(&person) {
                    reached.people.push(person);
                }
            }
        }
        reached
    }
}
