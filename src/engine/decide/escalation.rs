//! Ladders (Meaning 13): armed with absolute instants, climbed rung by rung until someone acts.

use jiff::{SignedDuration, Timestamp};

use super::decision::Decision;
use crate::engine::attention::AttentionFact;
use crate::engine::command::DeadlineKind;
use crate::engine::deadline::instant;
use crate::engine::event::LadderSubject;
use crate::engine::fact::Fact;
use crate::engine::incident::LadderState;
use crate::engine::limits::{
    ANSWER_TIME, DOWNTIME, REMIND_AGAIN, REMIND_AGAIN_MAX, RUNGS_TOGETHER_MAX,
};
use crate::engine::notice::Purpose;
use crate::id::{ChannelId, LadderId, PersonId};
use crate::people::{Pick, Reach, Rung, Target};

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
        let ladders = std::sync::Arc::clone(&self.incident.ladders);
        self.withdraw(|purpose| {
            purpose.ladders().any(|of| of == subject)
                && !purpose.ladders().any(|of| ladders.contains_key(of))
        });
    }

    /// Returns the ladder of the commander's role: what is climbed when nothing nearer is named.
    pub fn commander_ladder(&self) -> Option<LadderId> {
        self.playbook.roles.get(self.playbook.commander()?)?.escalate.clone()
    }

    /// A rung's instant was reached; those of other ladders that were reached, too, fire with it, so
    /// that whoever several of them call is called once.
    pub fn rungs_due(&mut self, subject: &LadderSubject) {
        self.rung_due(subject);
        let now = self.now();
        let reached = |of: &LadderSubject| {
            let kind = DeadlineKind::Rung(of.clone());
            instant(self.playbook, self.incident, &kind).is_some_and(|at| at <= now)
        };
        let ladders = self.incident.ladders.keys();
        let others = ladders.filter(|of| *of != subject && reached(of)).take(RUNGS_TOGETHER_MAX);
        let others: Vec<LadderSubject> = others.cloned().collect();
        for other in others {
            self.rung_due(&other);
        }
    }

    /// A rung's instant was reached. After a downtime only the current rung fires, those passed
    /// over are recorded, and the rest goes on from now.
    fn rung_due(&mut self, subject: &LadderSubject) {
        let now = self.now();
        let Some(state) = self.incident.ladders.get(subject).cloned() else { return };
        let Some(reached) = state.next_at() else { return };
        if state.is_passed() {
            return self.nobody_answered(subject, &state);
        }
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
        self.climb(subject);
    }

    /// Fires the next rung that counts now; one that does not leaves its place to the next.
    fn climb(&mut self, subject: &LadderSubject) {
        let mut fired = false;
        while let Some(state) = self.incident.ladders.get(subject).cloned() {
            if fired || state.is_passed() {
                break;
            }
            let rung = self.rung(&state.ladder, state.next);
            fired = rung.is_none_or(|rung| {
                rung.terms.when.as_ref().is_none_or(|hours| hours.hold(self.now()))
            });
            if fired {
                self.fire_rung(subject, &state);
            } else {
                self.skip_rung(subject, &state);
            }
        }
        let Some(state) = self.incident.ladders.get(subject) else { return };
        if state.is_passed() && state.silent_at.is_none() {
            // Where no rung counted nobody was called: there is nothing to wait for.
            let time = if fired { ANSWER_TIME } else { SignedDuration::ZERO };
            let until = self.now().saturating_add(time).unwrap_or(Timestamp::MAX);
            let subject = subject.clone();
            self.emit(Fact::Attention(AttentionFact::AnswerAwaited { subject, until }));
        }
    }

    /// Passes over a rung; the next fires now, and those after it keep their distance.
    fn skip_rung(&mut self, subject: &LadderSubject, state: &LadderState) {
        let later = state.rungs.get(state.next as usize + 1..).unwrap_or_default();
        let now = self.now();
        let sooner = later.first().map(|first| first.duration_since(now));
        let remaining = later.iter().filter_map(|at| at.checked_sub(sooner?).ok()).collect();
        let (subject, rung) = (subject.clone(), state.next);
        self.emit(Fact::Attention(AttentionFact::RungSkipped { subject, rung, remaining }));
    }

    /// The last rung was passed and nobody acted: the last resort is told, loudly, and again at
    /// growing intervals until someone does.
    fn nobody_answered(&mut self, subject: &LadderSubject, state: &LadderState) {
        let directory = self.ctx.directory;
        let targets = directory.ladder(&state.ladder).map_or(&[][..], |ladder| &ladder.finally);
        let mut reached = self.reached_by(targets, &state.answered);
        if targets.is_empty() {
            reached.people = directory.last_resort().cloned().collect();
        }
        let round = state.rounds.saturating_add(1);
        let pause = REMIND_AGAIN.saturating_mul(1 << state.rounds.min(8)).min(REMIND_AGAIN_MAX);
        let next_at = self.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        let (of, people) = (subject.clone(), reached.people.clone());
        let fact = AttentionFact::NobodyAnswered { subject: of, round, people, next_at };
        let seq = self.emit(Fact::Attention(fact));
        let commander = self.commander();
        let knows = commander.iter().any(|person| reached.people.contains(person));
        self.call(seq, subject, reached, true);
        if !knows {
            self.after_direct(seq, |decision| decision.tell_commander("nobody_answered"));
        }
    }

    /// Somebody answered a ladder: it stops, unless more must.
    pub fn ladder_answered(&mut self, subject: &LadderSubject, by: PersonId) {
        let Some(state) = self.incident.ladders.get(subject) else { return };
        let mut answered = state.answered.clone();
        if !answered.contains(&by) {
            answered.push(by.clone());
        }
        let wanted = state.wanted.saturating_sub(u32::try_from(answered.len()).unwrap_or(u32::MAX));
        if wanted == 0 {
            return self.stop_ladder(subject, "acted");
        }
        let silent = state.silent().into_iter().filter(|person| *person != by).collect();
        let subject = subject.clone();
        self.emit(Fact::Attention(AttentionFact::Answered { subject, by, wanted, silent }));
    }

    fn fire_rung(&mut self, subject: &LadderSubject, state: &LadderState) {
        let (directory, rung) = (self.ctx.directory, state.next);
        let found = self.rung(&state.ladder, rung);
        let targets = found.map_or(&[][..], |rung| &rung.targets);
        let mut reached = self.reached_by(targets, &state.answered);
        let mut turn = None;
        if found.is_some_and(|rung| rung.terms.pick == Pick::Next) {
            let place = directory.ladder(&state.ladder).map_or(0, |ladder| ladder.place(rung));
            let next = self.ctx.turns.next(&state.ladder, place);
            reached.people = self.whose_turn(targets, &state.answered, next);
            turn = Some(next);
        }
        let wanted = found.map_or(1, |rung| u32::from(rung.terms.acknowledge)).max(1);
        let (of, people) = (subject.clone(), reached.people.clone());
        let nobody = people.is_empty() && reached.channels.is_empty();
        let seq = self.emit(Fact::RungFired { subject: of, rung, people, wanted, turn });
        self.call(seq, subject, reached, false);
        if nobody {
            self.after_direct(seq, |decision| decision.tell_commander("ladder_exhausted"));
        }
    }

    /// Pages those reached and writes to the shared channels.
    fn call(&mut self, seq: u64, subject: &LadderSubject, reached: Reached, unanswered: bool) {
        let also = Vec::new();
        let purpose = Purpose::Escalation { subject: subject.clone(), unanswered, also };
        self.after_direct(seq, |decision| {
            for person in reached.people {
                decision.tell(person, purpose.clone());
            }
            for channel in reached.channels {
                decision.tell_channel(channel, purpose.clone());
            }
        });
    }

    /// Finds a rung of a climb; none where the ladder has become shorter.
    fn rung(&self, ladder: &LadderId, rung: u32) -> Option<&Rung> {
        let (_, rung) = self.ctx.directory.ladder(ladder)?.climb().nth(rung as usize)?;
        Some(rung)
    }

    /// Returns the one of those whom targets mean whose turn it is. Members of a team take turns as
    /// they are listed: whoever is on call would come first every time.
    fn whose_turn(&self, targets: &[Target], answered: &[PersonId], turn: u64) -> Vec<PersonId> {
        let directory = self.ctx.directory;
        let mut people: Vec<PersonId> = Vec::new();
        for target in targets {
            let more = match target {
                Target::Team(team) => directory.team_members(team).to_vec(),
                other => self.reached_by(std::slice::from_ref(other), &[]).people,
            };
            people.extend(more.into_iter().filter(|person| directory.is_reachable(person)));
        }
        let mut seen: Vec<PersonId> = Vec::with_capacity(people.len());
        for person in people {
            if !seen.contains(&person) {
                seen.push(person);
            }
        }
        let count = seen.len().max(1) as u64;
        let first = usize::try_from(turn % count).unwrap_or_default();
        let in_turn = seen.iter().cycle().skip(first).take(seen.len());
        in_turn.filter(|person| !answered.contains(person)).take(1).cloned().collect()
    }

    /// Looks up whom targets mean now, but those who have answered.
    fn reached_by(&self, targets: &[Target], answered: &[PersonId]) -> Reached {
        let mut reached = Reached::default();
        for target in targets {
            let people = match self.ctx.directory.reach(target, self.now()) {
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
                if !reached.people.contains(&person) && !answered.contains(&person) {
                    reached.people.push(person);
                }
            }
        }
        reached
    }
}
