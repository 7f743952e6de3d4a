//! Phases (Meaning 1, 3, 5, 8): entering, leaving, being stuck, coming to the end of the plan.

use super::decision::{Decision, Task, Voice};
use crate::engine::event::{LadderSubject, StuckReason};
use crate::engine::fact::Fact;
use crate::engine::limits::VISITS_MAX;
use crate::engine::run::{Run, RunKey, Standing, StepCancelReason, StepState};
use crate::id::{PhaseId, StepId};
use crate::playbook::{Blocks, Close, Join, Phase, PhaseIndex, Step};

/// How far the steps that a phase's end waits for have come.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// Work can go on.
    Busy,
    /// Nothing can go on before someone deals with this failure.
    Halted(RunKey),
    /// All have settled.
    Over,
}

/// How a phase came to be entered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Way<'w> {
    /// The position of the `next` entry taken.
    pub by_next: Option<u32>,
    /// Why, where it was not the plan's own way.
    pub why: Option<&'w str>,
}

impl Decision<'_> {
    /// Enters a phase: a new visit begins, its steps wait, those without predecessors are judged;
    /// a running step that outlived an earlier visit is adopted (Meaning 1, 2, 3).
    pub fn enter(&mut self, phase: &PhaseId, way: Way<'_>) {
        let visit = self.incident.visit + 1;
        let cause = self.emit(Fact::PhaseEntered {
            phase: phase.clone(),
            visit,
            by_next: way.by_next,
            why: way.why.map(str::to_owned),
        });
        self.voice = Voice::Rule(cause);
        let Some(phase) = self.playbook.phase(phase) else { return };
        self.take_along_undoing(visit);
        for step in &phase.steps {
            match self.incident.run(&step.id) {
                Some(run) if runs_on(step, run) => {
                    let key = run.key.clone();
                    self.emit(Fact::StepAdopted { key, visit });
                }
                earlier => {
                    // It begins anew, so nobody need act on how it failed while another phase ran.
                    if let Some(key) = earlier.map(|run| run.key.clone()) {
                        self.stop_ladder(&LadderSubject::Step { key }, "settled");
                    }
                    self.agenda.push(Task::Judge(step.id.clone()), cause);
                }
            }
        }
    }

    /// Leaves the current phase for another: what has not settled is cancelled unless it outlives
    /// the phase (Meaning 3).
    pub fn leave_for(&mut self, to: &PhaseId, way: Way<'_>) {
        if self.incident.stuck.is_some() {
            self.unstick();
        }
        self.leave();
        self.enter(to, way);
    }

    fn leave(&mut self) {
        let (phase, visit) = (self.incident.phase.clone(), self.incident.visit);
        let seq = self.emit(Fact::PhaseLeft { phase, visit });
        self.voice = Voice::Rule(seq);
        let Some(phase) = self.phase() else { return };
        for step in &phase.steps {
            let run = self.incident.current_run(&step.id);
            let over = step.repeat.as_ref().is_some_and(|repeat| self.is_over(repeat));
            if !over && run.is_some_and(|run| runs_on(step, run)) {
                continue;
            }
            self.end_unsettled(&step.id, StepCancelReason::PhaseLeft, "phase_left");
        }
        self.forget_failures(visit);
    }

    /// Ends a step of the current visit that has not settled: between iterations its repeat ends,
    /// otherwise it is cancelled.
    pub fn end_unsettled(&mut self, id: &StepId, reason: StepCancelReason, ending: &str) {
        let key = match self.incident.current_run(id) {
            Some(run) if run.is_settled() => return,
            Some(run) if run.state.is_settled() => {
                let key = run.key.clone();
                self.emit(Fact::StepRepeatEnded { key, reason: ending.into() });
                return;
            }
            Some(run) => run.key.clone(),
            None => self.waiting_key(id),
        };
        self.cancel_run(&key, reason);
    }

    /// The failures of a phase that is left need nobody any more.
    fn forget_failures(&mut self, visit: u32) {
        let climbing = self.incident.ladders.keys().filter(|subject| match subject {
            LadderSubject::Step { key } => {
                self.incident.run_of(key).is_none_or(|run| run.visit == visit && run.is_settled())
            }
            _ => false,
        });
        let climbing: Vec<LadderSubject> = climbing.cloned().collect();
        for subject in climbing {
            self.stop_ladder(&subject, "settled");
        }
    }

    /// Leaves for a phase because a rule says so (Meaning 5, 7); to the current one does nothing.
    pub fn go_to_phase(&mut self, to: &PhaseId, why: &str) {
        let bounded = self.incident.visit < VISITS_MAX;
        let wanted = !self.incident.is_cancelling();
        if wanted && *to != self.incident.phase && bounded && self.playbook.phase(to).is_some() {
            self.leave_for(to, Way { by_next: None, why: Some(why) });
        }
    }

    /// Looks whether the phase has come to its end, and for the way out (Meaning 3).
    pub fn look_for_way(&mut self) {
        let Some(phase) = self.phase() else { return };
        match self.progress(phase) {
            Progress::Busy => {
                if self.incident.stuck.is_some() {
                    self.unstick();
                }
            }
            Progress::Halted(key) => self.stick(StuckReason::FailedStep { key }),
            Progress::Over => self.take_way(phase),
        }
    }

    fn take_way(&mut self, phase: &Phase) {
        if self.incident.visit >= VISITS_MAX {
            self.stick(StuckReason::NoWayOut);
            return;
        }
        if phase.next.is_empty() {
            let position = self.index.phase(&phase.id);
            let following = position.and_then(|at| self.playbook.phases.get(at + 1));
            match following {
                Some(following) => self.leave_for(&following.id, Way::default()),
                None => self.finish(),
            }
            return;
        }
        for (at, next) in (0_u32..).zip(&phase.next) {
            if !self.holds(next.when.as_ref()) {
                continue;
            }
            let taken = self.incident.next_taken.get(&(phase.id.clone(), at)).copied();
            let spent = next.at_most.is_some_and(|most| taken.unwrap_or(0) >= most);
            if spent {
                self.stick(StuckReason::SpentLoop { next: at });
            } else {
                self.leave_for(&next.to, Way { by_next: Some(at), why: None });
            }
            return;
        }
        self.stick(StuckReason::NoWayOut);
    }

    /// The plan is at its end: the incident closes by itself once nothing blocks it (Meaning 8).
    fn finish(&mut self) {
        if self.incident.stuck.is_some() {
            self.unstick();
        }
        if !self.blockers().is_empty() || !self.clock_blockers().is_empty() {
            return;
        }
        match self.playbook.close {
            Close::Auto => self.close_now(None),
            Close::ByPerson if !self.incident.close_awaited => {
                self.emit(Fact::CloseAwaited);
                self.tell_commander("close_awaited");
            }
            Close::ByPerson => {}
        }
    }

    /// Lists what keeps the incident from closing: open steps that block their phase or the close,
    /// and failures nobody has dealt with.
    pub fn blockers(&self) -> Vec<RunKey> {
        let mut blockers = self.left_to_undo();
        let phase = self.phase();
        for step in phase.into_iter().flat_map(|phase| &phase.steps) {
            if step.blocks == Blocks::Nothing {
                continue;
            }
            match self.incident.current_run(&step.id) {
                Some(run) if run.is_settled() && !run.is_halting() => {}
                Some(run) => blockers.push(run.key.clone()),
                None => blockers.push(self.waiting_key(&step.id)),
            }
        }
        let outliving = self.incident.steps.values().map(|record| &record.run);
        for run in outliving.filter(|run| run.visit != self.incident.visit && !run.is_settled()) {
            if self.step(&run.key.step).is_some_and(|step| step.blocks != Blocks::Nothing) {
                blockers.push(run.key.clone());
            }
        }
        blockers
    }

    fn stick(&mut self, reason: StuckReason) {
        if self.incident.stuck.as_ref() == Some(&reason) {
            return;
        }
        if self.incident.stuck.is_some() {
            self.unstick();
        }
        let phase = self.incident.phase.clone();
        let of_failure = matches!(reason, StuckReason::FailedStep { .. });
        let seq = self.emit(Fact::Stuck { phase, reason });
        self.voice = Voice::Rule(seq);
        // The failure itself was told and climbs its own ladder: one trouble, one alarm.
        if !of_failure {
            self.tell_commander("stuck");
            if let Some(ladder) = self.commander_ladder() {
                self.arm_ladder(LadderSubject::Stuck, &ladder);
            }
        }
    }

    pub fn unstick(&mut self) {
        self.emit(Fact::Unstuck);
        self.stop_ladder(&LadderSubject::Stuck, "acted");
    }

    fn progress(&self, phase: &Phase) -> Progress {
        let Some(at) = self.index.phase(&phase.id) else { return Progress::Busy };
        let Some(index) = self.index.of_phase(at) else { return Progress::Busy };
        // Most often this is all there is to do: fewer have ended than the phase waits for.
        let none_halts = self.incident.halting_in_visit == 0;
        if none_halts && self.incident.ended_in_visit < index.blocking {
            return Progress::Busy;
        }
        let mut halted = None;
        let mut waiting = Vec::new();
        for (place, step) in phase.steps.iter().enumerate() {
            if step.blocks != Blocks::Phase {
                continue;
            }
            match self.incident.current_run(&step.id) {
                Some(run) if run.is_halting() => halted = halted.or(Some(run.key.clone())),
                Some(run) if run.is_settled() => {}
                Some(run) if run.state != StepState::Waiting => return Progress::Busy,
                _ => waiting.push(place),
            }
        }
        if waiting.is_empty() {
            return halted.map_or(Progress::Over, Progress::Halted);
        }
        if none_halts {
            return Progress::Busy;
        }
        let mut known = vec![None; phase.steps.len()];
        let alive = waiting.iter().any(|place| self.may_begin(phase, index, *place, &mut known));
        match halted.or_else(|| self.first_halting(phase)) {
            Some(key) if !alive => Progress::Halted(key),
            _ => Progress::Busy,
        }
    }

    /// Tells whether a step that waits may still begin by itself.
    fn may_begin(
        &self,
        phase: &Phase,
        index: &PhaseIndex,
        place: usize,
        known: &mut [Option<bool>],
    ) -> bool {
        if let Some(known) = known[place] {
            return known;
        }
        known[place] = Some(false);
        let step = &phase.steps[place];
        let needed = match step.join {
            Join::All => step.after.len(),
            Join::Any => 1,
            Join::AtLeast(many) => many as usize,
        };
        let mut possible = 0;
        for before in &index.after[place] {
            let run = self.incident.current_run(&phase.steps[*before].id);
            let waits = run.is_none_or(|run| run.state == StepState::Waiting);
            possible += usize::from(match run.map_or(Standing::Pending, Run::standing) {
                Standing::Passed => true,
                Standing::Halted => false,
                Standing::Pending => !waits || self.may_begin(phase, index, *before, known),
            });
        }
        let may = possible >= needed;
        known[place] = Some(may);
        may
    }

    fn first_halting(&self, phase: &Phase) -> Option<RunKey> {
        let runs = phase.steps.iter().filter_map(|step| self.incident.current_run(&step.id));
        runs.into_iter().find(|run| run.is_halting()).map(|run| run.key.clone())
    }
}

/// Tells whether a step goes on when its phase is left: it outlives it, has begun, and has not
/// come to its end. One that only waited has nothing to go on with.
fn runs_on(step: &Step, run: &Run) -> bool {
    step.outlives_phase && !run.is_settled() && run.state != StepState::Waiting
}
