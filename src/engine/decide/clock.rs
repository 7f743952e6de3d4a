//! Statutory clocks: begun, shortened and stopped by the rules, warned of, breached. Never silently
//! made longer. What people do with them is in `duty`.

use smol_str::SmolStr;

use super::decision::{Decision, Listener, Task, Wish};
use crate::engine::clock::{
    ClockEvent, ClockFact, ClockKey, ClockLimit, ClockStanding, ClockState,
};
use crate::engine::event::LadderSubject;
use crate::engine::fact::Fact;
use crate::engine::mode::Status;
use crate::engine::notice::{ClockWord, Purpose};
use crate::engine::run::RunKey;
use crate::engine::ticking::{Ticking, key_of, owner, ticking};
use crate::id::PersonId;
use crate::playbook::statute::{Stage, Start};
use crate::playbook::{Clock, HandlerEvent, Playbook};

/// From which warning on the ladder is climbed: the second, at 80 percent of the time.
const ESCALATES_AT: u32 = 1;

impl<'a> Decision<'a> {
    /// Records something about a stage; returns the event's number.
    pub fn clock_fact(&mut self, key: &ClockKey, what: ClockFact) -> u64 {
        self.emit(Fact::Clock(ClockEvent { key: key.clone(), what }))
    }

    /// Finds a stage of the plan.
    pub fn clock_stage(&self, key: &ClockKey) -> Option<(&'a Clock, &'a Stage)> {
        let clock = self.playbook.clocks.iter().find(|clock| clock.id == key.clock)?;
        Some((clock, clock.stage(&key.stage)?))
    }

    /// Weighs every stage again: starts, shortens or stops it as the rules now say. After the close
    /// only what counts from the close may begin.
    pub fn weigh_clocks(&mut self) {
        let open = self.incident.status.is_open();
        if !open && self.incident.status != Status::Closed {
            return;
        }
        let playbook = self.playbook;
        // What kept the incident from closing may no longer be due.
        self.agenda.look_for_way |= !playbook.clocks.is_empty();
        for clock in &playbook.clocks {
            for stage in clock.stages().filter(|stage| open || stage.follows_close()) {
                let says = ticking(playbook, self.incident, clock, stage);
                self.weigh_stage(clock, stage, says);
            }
        }
    }

    fn weigh_stage(&mut self, clock: &Clock, stage: &Stage, says: Ticking) {
        let key = key_of(clock, stage);
        let state = self.incident.clocks.get(&key).cloned();
        let standing = state.as_ref().map(|state| &state.standing);
        match (standing, says) {
            (None, Ticking::Due { limit, unsure, assumed })
            | (Some(ClockStanding::Stopped { .. }), Ticking::Due { limit, unsure, assumed }) => {
                self.start_clock(&key, limit, unsure, assumed);
            }
            // A moment that came again asks for it again.
            (
                Some(ClockStanding::Met { .. } | ClockStanding::Waived { .. }),
                Ticking::Due { limit, unsure, assumed },
            ) if stage.on_demand && is_newer(state.as_deref(), &limit) => {
                self.start_clock(&key, limit, unsure, assumed);
            }
            (
                Some(ClockStanding::Running | ClockStanding::Met { .. }),
                Ticking::Due { limit, .. },
            ) => {
                if let Some(state) = state {
                    self.relimit_clock(&key, &state, limit);
                }
            }
            (Some(ClockStanding::Running), Ticking::NotDue { why }) => self.stop_clock(&key, why),
            (Some(ClockStanding::Running), Ticking::Waiting) => {
                self.stop_clock(&key, "anchor_lost");
            }
            _ => {}
        }
    }

    fn start_clock(
        &mut self,
        key: &ClockKey,
        limit: ClockLimit,
        unsure: Vec<SmolStr>,
        assumed: bool,
    ) {
        let uncovered = limit.uncovered.is_some();
        self.clock_fact(key, ClockFact::Started { limit, unsure, assumed });
        self.tell_owner(key, ClockWord::Started);
        if uncovered {
            self.tell_commander("calendar_uncovered");
        }
    }

    /// A limit only ever becomes shorter by a rule. One that an authority extended stays. What was
    /// submitted is held to an earlier limit too, once a moment turns out to lie earlier; what begins
    /// after it says nothing of it.
    fn relimit_clock(&mut self, key: &ClockKey, state: &ClockState, limit: ClockLimit) {
        let Some(known) = &state.limit else { return };
        if state.extended || state.met_at().is_some_and(|at| at < limit.anchor) {
            return;
        }
        let (was, is) = (known.end(), limit.end());
        if is < was {
            let was = known.due_at;
            match state.standing {
                ClockStanding::Met { at, late, .. } => {
                    let found_late = !limit.internal && at > is;
                    let judged = ClockFact::Judged { limit, was, late: found_late };
                    self.clock_fact(key, judged);
                    if found_late && !late {
                        self.tell_owner(key, ClockWord::FoundLate);
                        self.tell_commander("clock_found_late");
                    }
                }
                _ => {
                    self.clock_fact(key, ClockFact::Shortened { limit, was });
                    self.stop_ladder(&LadderSubject::Clock { key: key.clone() }, "settled");
                    self.tell_owner(key, ClockWord::Shortened);
                }
            }
        } else if is > was && state.kept != Some(is) {
            self.clock_fact(key, ClockFact::Kept { would_be: is });
        }
    }

    /// Ends a stage that is not due: nobody is called for it any more.
    pub fn stop_clock(&mut self, key: &ClockKey, why: &'static str) {
        self.clock_fact(key, ClockFact::Stopped { why: SmolStr::new_static(why) });
        self.clock_settled(key);
    }

    /// A stage was settled: what was still to be said about it is withdrawn.
    pub fn clock_settled(&mut self, key: &ClockKey) {
        self.stop_ladder(&LadderSubject::Clock { key: key.clone() }, "settled");
        let about = |purpose: &Purpose| matches!(purpose, Purpose::Clock { key: of, also, .. } if of == key && also.is_empty());
        self.wishes.retain(|wish| !about(&wish.purpose));
        self.withdraw(about);
        self.agenda.look_for_way = true;
    }

    /// Stops every stage that runs: the incident ends otherwise than by being done.
    pub fn stop_clocks(&mut self, why: &'static str) {
        let running = self.incident.clocks.iter().filter(|(_, state)| state.is_running());
        let keys: Vec<ClockKey> = running.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.stop_clock(&key, why);
        }
    }

    /// Stops what runs and the plan that takes over does not know: its record stays.
    pub fn stop_clocks_without(&mut self, to: &Playbook) {
        let running = self.incident.clocks.iter().filter(|(_, state)| state.is_running());
        let known = |key: &ClockKey| {
            let was = self.clock_stage(key).map(|(clock, _)| &clock.regime.id);
            let is = to.clocks.iter().find(|clock| clock.id == key.clock);
            is.is_some_and(|is| Some(&is.regime.id) == was && is.stage(&key.stage).is_some())
        };
        let gone: Vec<ClockKey> =
            running.filter(|(key, _)| !known(key)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.stop_clock(&key, "handed_off");
        }
    }

    /// Lists the stages that keep the incident from closing: those that run, and those whose moment
    /// somebody must still set. What counts from the close, or comes on demand, does not.
    pub fn clock_blockers(&self) -> Vec<ClockKey> {
        let mut blockers = Vec::new();
        for clock in &self.playbook.clocks {
            for stage in clock.stages().filter(|stage| !stage.follows_close()) {
                let blocks = match self.incident.clock(clock, stage) {
                    Some(state) => state.is_running(),
                    None => !stage.on_demand && self.awaits_moment(clock, stage),
                };
                if blocks {
                    blockers.push(key_of(clock, stage));
                }
            }
        }
        blockers
    }

    /// Tells whether a stage waits for a moment that a person has to set. What follows another stage
    /// or a level that was never reached waits for nobody.
    fn awaits_moment(&self, clock: &Clock, stage: &Stage) -> bool {
        let named = stage.limits.iter().any(|limit| matches!(limit.from, Start::Named(_)));
        named && ticking(self.playbook, self.incident, clock, stage) == Ticking::Waiting
    }

    /// Part of a stage's time has passed: its owner is warned, and from the second warning on the
    /// ladder is climbed, before the time is over.
    pub fn clock_warning_due(&mut self, key: &ClockKey) {
        let now = self.now();
        let Some(state) = self.incident.clocks.get(key) else { return };
        let Some(limit) = &state.limit else { return };
        let passed = limit.warn_at.iter().filter(|at| **at <= now).count();
        let nth = u32::try_from(passed.saturating_sub(1)).unwrap_or(u32::MAX);
        let over = state.due_at().is_some_and(|due_at| due_at <= now);
        let seq = self.clock_fact(key, ClockFact::Warned { nth });
        if over {
            return;
        }
        self.after_direct(seq, |decision| {
            decision.tell_owner(key, ClockWord::Warning);
            if nth >= ESCALATES_AT {
                decision.climb_for(key);
            }
        });
    }

    /// A stage's time is over: late submission is accepted, with a reason.
    pub fn clock_due(&mut self, key: &ClockKey) {
        let seq = self.clock_fact(key, ClockFact::Breached);
        self.agenda.push(Task::Fire(HandlerEvent::ClockBreached), seq);
        self.after_direct(seq, |decision| {
            decision.tell_owner(key, ClockWord::Breached);
            decision.tell_commander("clock_breached");
            decision.climb_for(key);
        });
    }

    fn climb_for(&mut self, key: &ClockKey) {
        let Some((clock, stage)) = self.clock_stage(key) else { return };
        let of_role = owner(self.playbook, clock, stage)
            .and_then(|role| self.playbook.roles.get(role)?.escalate.clone());
        let ladder = clock.escalate.clone().or(of_role).or_else(|| self.commander_ladder());
        if let Some(ladder) = ladder {
            self.arm_ladder(LadderSubject::Clock { key: key.clone() }, &ladder);
        }
    }

    /// Tells whoever sees to a stage: the holder of its role, else the commander, as they are when
    /// the decision is made.
    pub fn tell_owner(&mut self, key: &ClockKey, word: ClockWord) {
        let role = self.clock_stage(key).and_then(|(c, s)| owner(self.playbook, c, s));
        let to = role.map_or(Listener::Commander, |role| Listener::Role(role.clone()));
        let purpose = Purpose::Clock { key: key.clone(), word, also: Vec::new() };
        self.wishes.push(Wish { to, purpose, cause: self.voice });
    }

    /// A step is done: the stages it submits are submitted by it.
    pub fn submit_by_step(&mut self, key: &RunKey) {
        let index = self.index;
        for (clock, stage) in index.submits.get(&key.step).into_iter().flatten() {
            let of = ClockKey { clock: clock.clone(), stage: stage.clone() };
            if !self.may_submit_by_step(&of) {
                continue;
            }
            let late = self.is_late(&of);
            let reason = self.late_reason.clone().filter(|_| late);
            let step = Some(key.clone());
            self.clock_fact(&of, ClockFact::Submitted { step, late, reason, reference: None });
            self.clock_settled(&of);
        }
    }

    /// A stage that runs, or waits for its moment, is submitted by its step; one that is settled or
    /// not due is not.
    fn may_submit_by_step(&self, key: &ClockKey) -> bool {
        match self.incident.clocks.get(key) {
            Some(state) => state.is_running(),
            None => self.clock_stage(key).is_some_and(|(clock, stage)| {
                let says = ticking(self.playbook, self.incident, clock, stage);
                !matches!(says, Ticking::NotDue { .. })
            }),
        }
    }

    /// Tells whether a submission that happened now, or when the caller says, comes after the legal
    /// limit. A target of our own makes nothing late.
    pub fn is_late(&self, key: &ClockKey) -> bool {
        let happened = self.ctx.occurred_at.unwrap_or(self.ctx.now);
        let limit = self.incident.clocks.get(key).and_then(|state| state.limit.as_ref());
        let limit = limit.filter(|limit| !limit.internal);
        limit.and_then(|limit| limit.due_at).is_some_and(|due_at| happened > due_at)
    }

    /// Returns the person who acts, in their own name.
    pub fn acting(&self) -> Option<PersonId> {
        self.ctx.actor.acting_person().cloned()
    }
}

/// Tells whether a limit counts from a later moment than the one that was met.
fn is_newer(state: Option<&ClockState>, limit: &ClockLimit) -> bool {
    let known = state.and_then(|state| state.limit.as_ref());
    known.is_none_or(|known| limit.anchor > known.anchor)
}
