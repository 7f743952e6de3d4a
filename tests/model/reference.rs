//! The reference model: what the language means, told slowly. Everything that follows from
//! something else is looked for again and again until nothing more follows. It is written from the
//! numbered rules alone and shares nothing with the engine but instants.

mod acts;
mod rules;
mod standing;
mod time;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

pub use standing::{State, Status, Stuck, Why, is_settled};

use crate::spec::{Blocks, From, Join, Kind, On, Spec, Step};
use standing::{Instant, Run, is_halting};

/// The model of an incident.
pub struct Model<'s> {
    pub spec: &'s Spec,
    pub now: Timestamp,
    pub declared: Timestamp,
    pub status: Status,
    pub paused_at: Option<Timestamp>,
    pub phase: usize,
    pub visit: u32,
    /// Runs by name of the step.
    pub runs: BTreeMap<String, Run>,
    pub users: Option<i64>,
    pub channels: Option<i64>,
    pub over: Option<bool>,
    pub level: u8,
    pub provisional: bool,
    /// What the rules gave when a person overruled them.
    pub overruled_at: Option<u8>,
    pub taken: BTreeMap<(usize, u32), u32>,
    pub fired: Vec<u32>,
    pub stuck: Option<Stuck>,
    pub close_awaited: bool,
    pub engaged: bool,
}

impl<'s> Model<'s> {
    /// Declares, with a level where whoever does it says one.
    pub fn declare(spec: &'s Spec, now: Timestamp, users: Option<i64>, said: Option<u8>) -> Self {
        let mut model = Self {
            spec,
            now,
            declared: now,
            status: Status::Open,
            paused_at: None,
            phase: 0,
            visit: 0,
            runs: BTreeMap::new(),
            users,
            channels: None,
            over: None,
            level: 0,
            provisional: false,
            overruled_at: None,
            taken: BTreeMap::new(),
            fired: vec![0; spec.handlers.len()],
            stuck: None,
            close_awaited: false,
            engaged: false,
        };
        let (level, provisional) = model.by_rules();
        (model.level, model.provisional) = (level, provisional);
        if let Some(said) = said {
            (model.level, model.provisional) = (said, false);
            model.overruled_at = Some(level);
        }
        model.enter(0);
        model.follow();
        model
    }

    /// Looks for what follows until nothing more does.
    pub fn follow(&mut self) {
        for _ in 0..10_000 {
            if !matches!(self.status, Status::Open | Status::Paused) {
                return;
            }
            self.judge_level();
            if self.spec.engage.as_ref().is_none_or(|engage| self.truth(engage) != Some(false)) {
                self.engaged = true;
            }
            if self.judge_steps() || self.watch() {
                continue;
            }
            // What waited for no time at all had no deadline.
            self.set_deadlines();
            if !self.leave() {
                return;
            }
        }
        panic!("the model never comes to rest");
    }

    /// The steps of the current phase with their positions.
    fn here(&self) -> impl Iterator<Item = (usize, &'s Step)> + use<'s> {
        self.spec.phases[self.phase].steps.iter().enumerate()
    }

    /// Meaning 2; tells whether something changed.
    fn judge_steps(&mut self) -> bool {
        for (_, step) in self.here() {
            let run = &self.runs[&step.id];
            let unreachable = run.state == State::Skipped(Why::Unreachable);
            if run.visit != self.visit || !(run.state == State::Waiting || unreachable) {
                continue;
            }
            let (mut passed, mut pending) = (0, 0);
            for before in &step.after {
                let before = &self.runs[&self.spec.phases[self.phase].steps[*before].id];
                match before.state {
                    State::Done | State::Skipped(_) => passed += 1,
                    _ if before.passed_before => passed += 1,
                    State::Failed if before.let_pass => passed += 1,
                    State::Failed | State::Cancelled => {}
                    State::Waiting | State::Ready | State::Active => pending += 1,
                }
            }
            let need = step.needs();
            if unreachable {
                if passed + pending >= need {
                    self.run(step).state = State::Waiting;
                    return true;
                }
            } else if passed >= need {
                self.judge_when(step);
                return true;
            } else if step.join != Join::All && passed + pending < need {
                self.run(step).state = State::Skipped(Why::Unreachable);
                self.run(step).repeat_ended = true;
                return true;
            }
        }
        false
    }

    fn judge_when(&mut self, step: &'s Step) {
        if step.when.as_ref().is_some_and(|when| self.truth(when) == Some(false)) {
            self.run(step).state = State::Skipped(Why::Condition);
            self.run(step).repeat_ended = true;
        } else {
            self.make_ready(step);
        }
    }

    /// Makes a step ready and lets it run where it runs by itself.
    pub fn make_ready(&mut self, step: &'s Step) {
        let now = self.now;
        let run = self.run(step);
        (run.state, run.ready_at, run.repeat_ended) = (State::Ready, Some(now), false);
        run.started_at = None;
        // One that was left out and is ready once more has its time once more (Meaning 11).
        if step.due.as_ref().is_some_and(|due| due.from == From::Ready) {
            (run.due, run.overdue) = (None, false);
        }
        self.shorten(step);
        self.set_deadline(step);
        self.begin_by_itself(step);
    }

    fn begin_by_itself(&mut self, step: &'s Step) {
        let now = self.now;
        let run = self.run(step);
        match &step.kind {
            Kind::Manual | Kind::Decide { .. } => return,
            Kind::Set => run.state = State::Done,
            Kind::WaitUntil(_) | Kind::Http { .. } | Kind::Notify => run.state = State::Active,
            Kind::WaitFor(length) => {
                run.state = State::Active;
                run.next = Some(Instant { at: now + seconds(*length), armed: now });
            }
        }
        run.started_at = Some(now);
    }

    /// Waits and repeats whose condition came true; tells whether something changed.
    fn watch(&mut self) -> bool {
        let spec = self.spec;
        for step in spec.phases.iter().flat_map(|phase| &phase.steps) {
            let Some(run) = self.runs.get(&step.id) else { continue };
            if run.visit != self.visit && !step.outlives {
                continue;
            }
            if let (Kind::WaitUntil(until), State::Active) = (&step.kind, run.state)
                && self.truth(until) == Some(true)
            {
                self.run(step).state = State::Done;
                return true;
            }
            let under_way = matches!(run.state, State::Ready | State::Active);
            if run.visit != self.visit && under_way && self.is_over(step) {
                let run = self.run(step);
                (run.state, run.repeat_ended) = (State::Cancelled, true);
                return true;
            }
            if run.state == State::Done && !run.repeat_ended && self.is_over(step) {
                let run = self.run(step);
                (run.repeat_ended, run.next) = (true, None);
                return true;
            }
        }
        false
    }

    /// Meaning 6: nothing more of a repeating step is wanted.
    fn is_over(&self, step: &Step) -> bool {
        let until = step.repeat.as_ref().and_then(|repeat| repeat.until.as_ref());
        until.is_some_and(|until| self.truth(until) == Some(true))
    }

    /// Meaning 3 and 8; tells whether something changed.
    fn leave(&mut self) -> bool {
        self.close_awaited = false;
        let holds_up = |step: &Step, run: &Run| {
            step.blocks == Blocks::Phase && (!is_settled(step, run) || is_halting(run))
        };
        if self.here().any(|(_, step)| holds_up(step, &self.runs[&step.id])) {
            return self.become_stuck(self.failure_in_the_way());
        }
        let ways = &self.spec.phases[self.phase].next;
        for (n, way) in (0..).zip(ways) {
            if way.when.as_ref().is_some_and(|when| self.truth(when) != Some(true)) {
                continue;
            }
            let taken = self.taken.entry((self.phase, n)).or_default();
            if way.at_most.is_some_and(|most| *taken >= most) {
                return self.become_stuck(Some(Stuck::Spent(n)));
            }
            *taken += 1;
            self.enter(way.to);
            return true;
        }
        if !ways.is_empty() {
            return self.become_stuck(Some(Stuck::NoWay));
        }
        self.stuck = None;
        if self.phase + 1 < self.spec.phases.len() {
            self.enter(self.phase + 1);
            return true;
        }
        self.try_to_close()
    }

    /// Notes whether it is stuck; nothing else follows from it.
    fn become_stuck(&mut self, stuck: Option<Stuck>) -> bool {
        self.stuck = stuck;
        false
    }

    /// Supposes that everything that is or becomes ready succeeds: if no step that the phase waits
    /// for gets anywhere, a failure is in the way (Meaning 4).
    fn failure_in_the_way(&self) -> Option<Stuck> {
        let run = |step: &Step| &self.runs[&step.id];
        let mut good: Vec<bool> = self
            .here()
            .map(|(_, step)| match run(step).state {
                State::Waiting | State::Cancelled => false,
                State::Failed => run(step).let_pass || run(step).passed_before,
                _ => true,
            })
            .collect();
        for _ in 0..good.len() {
            for (n, step) in self.here() {
                let there = step.after.iter().filter(|before| good[**before]).count();
                good[n] |= run(step).state == State::Waiting && there >= step.needs();
            }
        }
        let waited_for = || self.here().filter(|(_, step)| step.blocks == Blocks::Phase);
        let open = |step: &Step| !is_settled(step, run(step)) && !is_halting(run(step));
        if waited_for().any(|(n, step)| open(step) && good[n]) {
            return None;
        }
        let failed = waited_for().chain(self.here()).find(|(_, step)| is_halting(run(step)));
        failed.map(|(_, step)| Stuck::Failed(step.id.clone()))
    }

    fn try_to_close(&mut self) -> bool {
        if self.blockers() > 0 {
            return false;
        }
        if self.spec.by_person {
            self.close_awaited = true;
            return false;
        }
        self.end(Status::Closed);
        true
    }

    /// How many steps block the close: open ones, and failures that nobody has dealt with.
    pub fn blockers(&self) -> usize {
        let all = self.spec.phases.iter().flat_map(|phase| &phase.steps);
        all.filter(|step| {
            let Some(run) = self.runs.get(&step.id) else { return false };
            let failed = is_halting(run) && run.visit == self.visit;
            step.blocks != Blocks::Nothing && (failed || !is_settled(step, run))
        })
        .count()
    }

    /// Meaning 7: fires handlers; tells whether one led elsewhere.
    pub fn handle(&mut self, event: On) -> bool {
        for (n, handler) in self.spec.handlers.iter().enumerate() {
            let here = handler.while_phase.is_none_or(|phase| phase == self.phase);
            if handler.event == event && here && self.fired[n] < handler.at_most {
                self.fired[n] += 1;
                if handler.go != self.phase {
                    self.enter(handler.go);
                    return true;
                }
            }
        }
        false
    }

    /// Leaves the current phase for another, or for a new visit of the same.
    pub fn enter(&mut self, phase: usize) {
        if self.visit > 0 {
            for (_, step) in self.here() {
                let (visit, over) = (self.visit, self.is_over(step));
                let run = self.run(step);
                let runs_on = step.outlives && !over;
                if run.visit == visit && !is_settled(step, run) && !runs_on {
                    // Between iterations only those to come are cancelled: what was done stays done.
                    if run.state != State::Done {
                        run.state = State::Cancelled;
                    }
                    (run.next, run.repeat_ended) = (None, true);
                }
            }
        }
        self.phase = phase;
        self.visit += 1;
        (self.stuck, self.close_awaited) = (None, false);
        for (_, step) in self.here() {
            let visit = self.visit;
            match self.runs.get_mut(&step.id) {
                Some(run) if step.outlives && !is_settled(step, run) => run.visit = visit,
                _ => {
                    self.runs.insert(step.id.clone(), Run::waiting(visit));
                }
            }
        }
    }

    /// Ends the incident.
    pub fn end(&mut self, status: Status) {
        self.status = status;
        (self.stuck, self.close_awaited) = (None, false);
        self.paused_at = None;
        for step in self.spec.phases.iter().flat_map(|phase| &phase.steps) {
            let Some(run) = self.runs.get_mut(&step.id) else { continue };
            if !run.state.has_ended() {
                run.state = State::Cancelled;
            }
            (run.next, run.repeat_ended) = (None, true);
        }
    }
}

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}
