//! What follows the end of a run: dependents, items, iterations, failures (Meaning 2, 4, 5, 6).

use jiff::Timestamp;

use super::decision::{Decision, Task};
use crate::engine::event::{LadderSubject, StepAlarm};
use crate::engine::fact::Fact;
use crate::engine::kin::RecallReason;
use crate::engine::limits::BACKOFF_MAX;
use crate::engine::notice::Purpose;
use crate::engine::run::{FailureCause, RunKey, StepCancelReason, StepState};
use crate::playbook::{OnFailure, Repeat, Retry, Step};

impl Decision<'_> {
    /// Does what follows the end of a run.
    pub fn ended(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        if !run.state.is_settled() {
            return;
        }
        let (state, halting, repeats) = (run.state.clone(), run.is_halting(), run.repeats);
        let (whole, of_items) = (key.item.is_none(), !run.items.is_empty());
        let unended = repeats && !run.repeat_ended;
        // Where the repeat ends after the failure, that was told when it happened.
        let news = unended || !repeats;
        self.stop_ladder(&LadderSubject::Step { key: key.clone() }, "settled");
        self.withdraw_step_notices(key);
        if let StepState::Failed { cause } = &state {
            let cause = *cause;
            if halting && !of_items && news {
                self.escalate_failure(key, step);
            }
            if whole && news {
                self.go_on(policy(step, cause));
            }
        }
        if whole && state == StepState::Done {
            self.submit_by_step(key);
        }
        if !whole {
            self.item_ended(key);
            return;
        }
        // What the failure meant may have left the phase, which ends the repeat as well.
        let goes_on = self.incident.run_of(key).is_some_and(|run| !run.is_settled());
        if goes_on && !halting {
            self.repeat(key, step);
        }
        self.judge_dependents(key);
    }

    /// Looks again at the steps that come after one whose standing changed.
    pub fn judge_dependents(&mut self, key: &RunKey) {
        let cause = self.incident.version;
        let Some(place) = self.index.place(&key.step) else { return };
        let Some(phase) = self.playbook.phases.get(place.phase) else { return };
        if phase.id != self.incident.phase {
            return;
        }
        let dependents =
            self.index.of_phase(place.phase).and_then(|p| p.dependents.get(place.step));
        for dependent in dependents.into_iter().flatten() {
            if let Some(step) = phase.steps.get(*dependent) {
                self.agenda.push(Task::Judge(step.id.clone()), cause);
            }
        }
    }

    /// Ends a run as failed, or only this attempt of it where another follows.
    pub fn fail(&mut self, key: &RunKey, cause: FailureCause, why: String) {
        let Some(step) = self.step(&key.step) else { return };
        self.drop_request(
            key,
            match cause {
                FailureCause::Timeout => RecallReason::TimedOut,
                FailureCause::Error | FailureCause::ByPerson | FailureCause::Rejected => {
                    RecallReason::StepFailed
                }
            },
        );
        let policy = policy(step, cause);
        let by_itself = matches!(cause, FailureCause::Error | FailureCause::Timeout);
        let whole = step.for_each.is_some() && key.item.is_none();
        let again = by_itself && !step.action.is_human() && !whole;
        let retry_at = (again && key.attempt < step.retry.attempts)
            .then(|| next_attempt(&step.retry, key.attempt, self.now()))
            .flatten();
        let let_pass = retry_at.is_none() && *policy != OnFailure::Stop;
        let key = key.clone();
        self.emit(Fact::StepFailed { key, cause, why, let_pass, retry_at });
    }

    /// Does what a failure means for the rest (Meaning 5).
    fn go_on(&mut self, policy: &OnFailure) {
        match policy {
            OnFailure::Stop | OnFailure::Continue => {}
            OnFailure::GoStep(step) => self.go_to_step(step),
            OnFailure::GoPhase(phase) => self.go_to_phase(phase, "on_failure"),
        }
    }

    /// A failure with `stop` escalates: someone must retry, skip or move on (Meaning 4).
    fn escalate_failure(&mut self, key: &RunKey, step: &Step) {
        let mut people = self.responsible(step);
        people.extend(self.commander());
        for person in people {
            self.tell(person, Purpose::StepFailed { key: key.clone(), also: Vec::new() });
        }
        let ladder = step.escalate.clone().or_else(|| self.commander_ladder());
        if let Some(ladder) = ladder {
            self.arm_ladder(LadderSubject::Step { key: key.clone() }, &ladder);
        }
    }

    /// Opens as many items of a for-each as may be worked on at once.
    pub fn open_items(&mut self, whole: &RunKey) {
        let Some((step, _)) = self.step_and_run(whole) else { return };
        let Some(record) = self.incident.steps.get(&whole.step) else { return };
        let busy = |state: &StepState| matches!(state, StepState::Ready | StepState::Active);
        let open = record.items.iter().filter(|item| busy(&item.state)).count();
        let at_once = step.for_each.as_ref().and_then(|each| each.at_once);
        let room = at_once.map_or(usize::MAX, |most| (most as usize).max(1)).saturating_sub(open);
        let waiting = record.items.iter().filter(|item| item.state == StepState::Waiting);
        let keys: Vec<RunKey> = waiting.take(room).map(|item| item.key.clone()).collect();
        for key in keys {
            let items = Vec::new();
            let ready = Fact::StepReady { key, unknown: false, repeats: false, items, left_out: 0 };
            self.emit(ready);
        }
    }

    /// An item ended: the next may begin, or the step as a whole has ended.
    fn item_ended(&mut self, key: &RunKey) {
        let Some(record) = self.incident.steps.get(&key.step) else { return };
        let whole = record.run.key.clone();
        if record.run.state.is_settled() {
            return;
        }
        let Some(step) = self.step(&key.step) else { return };
        if record.items.iter().any(|item| !item.state.is_settled()) {
            self.open_items(&whole);
            return;
        }
        let mut failed = record.items.iter().filter_map(|item| match &item.state {
            StepState::Failed { cause } => Some((*cause, item.key.clone())),
            _ => None,
        });
        let bad = failed.find(|(cause, _)| *policy(step, *cause) != OnFailure::Continue);
        match bad {
            None => {
                self.emit(Fact::StepDone { key: whole, answer: None, note: None });
            }
            Some((cause, item)) => self.fail(&whole, cause, format!("item {item} failed")),
        }
    }

    /// After an iteration: the last one, or when the next begins (Meaning 6).
    fn repeat(&mut self, key: &RunKey, step: &Step) {
        let Some(repeat) = &step.repeat else { return };
        if self.end_repeat(key, repeat) {
            return;
        }
        let Some(run) = self.incident.run_of(key) else { return };
        let began = run.started_at.or(run.ready_at).unwrap_or(self.ctx.now);
        let next = repeat.every.after(began).unwrap_or(self.ctx.now).max(self.ctx.now);
        self.set_alarm(key, Some(StepAlarm::Iterate { at: next }));
    }

    /// Ends a repeat whose bound or condition says so.
    fn end_repeat(&mut self, key: &RunKey, repeat: &Repeat) -> bool {
        let reason = if key.iteration >= repeat.at_most {
            "at_most"
        } else if repeat.until.is_some() && self.holds(repeat.until.as_ref()) {
            "until"
        } else if !self.holds(repeat.while_true.as_ref()) {
            "while"
        } else {
            return false;
        };
        self.emit(Fact::StepRepeatEnded { key: key.clone(), reason: reason.into() });
        true
    }

    /// A condition of a repeat may have changed: between iterations it ends the repeat; an
    /// iteration under way that only outlives its phase is no longer wanted.
    pub fn watch_repeat(&mut self, key: &RunKey, repeat: &Repeat) {
        let Some(run) = self.incident.run_of(key) else { return };
        if !run.repeats || run.is_settled() || run.is_halting() {
            return;
        }
        if run.state.is_settled() {
            self.end_repeat(key, repeat);
            return;
        }
        if run.visit != self.incident.visit && self.is_over(repeat) {
            self.cancel_run(key, StepCancelReason::PhaseLeft);
        }
    }

    /// Tells whether the conditions of a repeat say that no more of it is wanted.
    pub fn is_over(&self, repeat: &Repeat) -> bool {
        let until = repeat.until.is_some() && self.holds(repeat.until.as_ref());
        until || !self.holds(repeat.while_true.as_ref())
    }

    /// Ends a run that is no longer wanted, its items first.
    pub fn cancel_run(&mut self, key: &RunKey, reason: StepCancelReason) {
        if key.item.is_none()
            && let Some(record) = self.incident.steps.get(&key.step)
        {
            let open = record.items.iter().filter(|item| !item.state.is_settled());
            let open: Vec<RunKey> = open.map(|item| item.key.clone()).collect();
            for item in open {
                self.drop_request(&item, reason.recalls());
                self.emit(Fact::StepCancelled { key: item, reason });
            }
        }
        self.drop_request(key, reason.recalls());
        self.emit(Fact::StepCancelled { key: key.clone(), reason });
    }
}

impl StepCancelReason {
    /// Returns why the child of such a run is no longer wanted.
    const fn recalls(self) -> RecallReason {
        match self {
            Self::PhaseLeft => RecallReason::PhaseLeft,
            Self::Closed => RecallReason::Closed,
            Self::Cancelled => RecallReason::Cancelled,
            Self::HandedOff => RecallReason::HandedOff,
        }
    }
}

/// Returns what a failure of that kind means for the rest.
pub(super) const fn policy(step: &Step, cause: FailureCause) -> &OnFailure {
    match cause {
        FailureCause::Timeout => &step.on_timeout,
        FailureCause::Error | FailureCause::ByPerson | FailureCause::Rejected => &step.on_failure,
    }
}

/// Returns when the next attempt begins: the pause doubles with every attempt, up to an hour.
fn next_attempt(retry: &Retry, attempt: u32, now: Timestamp) -> Option<Timestamp> {
    let pause = retry.backoff.and_then(crate::playbook::Span::fixed).unwrap_or_default();
    let pause = pause.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(BACKOFF_MAX);
    now.checked_add(pause).ok()
}
