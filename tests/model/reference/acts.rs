//! What people do, and what comes of a step that ended.

use super::standing::{Instant, Run, State, Status, Why};
use super::{Model, seconds};
use crate::spec::{Kind, On, OnFailure, Step};

impl<'s> Model<'s> {
    /// The run of a step.
    pub fn run(&mut self, step: &Step) -> &mut Run {
        self.runs.get_mut(&step.id).expect("every step of an entered phase has a run")
    }

    /// A step succeeded.
    pub fn done(&mut self, step: &'s Step) {
        let (now, paused) = (self.now, self.paused_at.is_some());
        let run = self.run(step);
        run.started_at.get_or_insert(now);
        (run.state, run.next) = (State::Done, None);
        if let Some(repeat) = &step.repeat {
            run.passed_before = true;
            if run.iteration >= repeat.at_most {
                run.repeat_ended = true;
            } else {
                assert!(!paused, "the driver leaves repeats alone during a pause");
                let at = run.started_at.expect("just begun") + seconds(repeat.every);
                run.next = Some(Instant { at: at.max(now), armed: now });
            }
        }
        self.follow();
    }

    /// A step failed, or an attempt of it.
    pub fn failed(&mut self, step: &'s Step, by_person: bool) {
        let now = self.now;
        if let (Kind::Http { attempts, backoff }, false) = (&step.kind, by_person) {
            let run = self.run(step);
            if run.attempt < *attempts {
                let pause = backoff * (1 << (run.attempt - 1));
                run.next = Some(Instant { at: now + seconds(pause), armed: now });
                return;
            }
        }
        let run = self.run(step);
        (run.state, run.next) = (State::Failed, None);
        run.let_pass = step.on_failure != OnFailure::Stop;
        let in_this_visit = run.visit == self.visit;
        match step.on_failure {
            OnFailure::Stop => {
                self.handle(On::StepFailed);
            }
            OnFailure::Continue => {}
            OnFailure::Step(to) if in_this_visit => {
                let to = &self.spec.phases[self.phase].steps[to];
                let state = self.run(to).state;
                if matches!(state, State::Waiting | State::Skipped(_)) {
                    self.make_ready(to);
                }
            }
            OnFailure::Phase(to) if in_this_visit && to != self.phase => self.enter(to),
            OnFailure::Step(_) | OnFailure::Phase(_) => {}
        }
        self.follow();
    }

    /// A person left a step out.
    pub fn skipped(&mut self, step: &'s Step) {
        let run = self.run(step);
        (run.state, run.next) = (State::Skipped(Why::Person), None);
        self.follow();
    }

    /// A step is worked on again.
    pub fn again(&mut self, step: &'s Step) {
        let now = self.now;
        let run = self.run(step);
        *run = Run { attempt: run.attempt + 1, ..Run::waiting(run.visit) };
        (run.state, run.ready_at) = (State::Ready, Some(now));
        self.begin_by_itself(step);
        self.follow();
    }

    /// A person began.
    pub fn started(&mut self, step: &'s Step) {
        let now = self.now;
        let run = self.run(step);
        (run.state, run.started_at) = (State::Active, Some(now));
        self.follow();
    }

    /// A person set the level.
    pub fn set_level(&mut self, level: u8) {
        let before = self.level;
        self.overruled_at = Some(self.by_rules().0);
        (self.level, self.provisional) = (level, false);
        self.level_changed(before);
        self.follow();
    }

    /// Opens it again.
    pub fn reopen(&mut self, phase: usize) {
        self.status = Status::Open;
        self.enter(phase);
        self.follow();
    }
}
