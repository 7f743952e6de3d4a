//! Deadlines, and what comes by itself.

use jiff::Timestamp;

use super::standing::{Instant, Run, State, Status};
use super::{Model, seconds};
use crate::spec::{From, Kind, Step};

impl<'s> Model<'s> {
    /// Shortens deadlines that depend on the level.
    pub fn level_changed(&mut self, before: u8) {
        if before == self.level {
            return;
        }
        let spec = self.spec;
        for step in spec.phases.iter().flat_map(|phase| &phase.steps) {
            let known = self.runs.get(&step.id).and_then(|run| run.due_or);
            let longer = self.shorten(step);
            let or = known.and_then(|known| self.shortened(step, known)).or(longer);
            let Some(run) = self.runs.get_mut(&step.id) else { continue };
            run.due_or = or.or(run.due_or);
        }
    }

    /// Shortens the deadline of a step that has not ended to what the level of now gives; returns
    /// what it gives where that is longer.
    pub fn shorten(&mut self, step: &Step) -> Option<Timestamp> {
        let old = self.runs.get(&step.id)?.due?;
        let at = self.shortened(step, old.at)?;
        if at > old.at {
            return Some(at);
        }
        self.run(step).due = Some(Instant { at, ..old });
        None
    }

    /// Says what the level of now makes of a deadline of a step that has not ended: one that becomes
    /// shorter leaves five minutes.
    fn shortened(&self, step: &Step, was: Timestamp) -> Option<Timestamp> {
        let (due, anchor) = (step.due.as_ref()?, self.anchor(step)?);
        let run = self.runs.get(&step.id).filter(|run| !run.state.has_ended())?;
        let armed = run.due?.armed;
        // During a pause time stands still: everything is seen from when it began.
        let now = self.paused_at.map_or(self.now, |paused_at| paused_at.max(armed));
        let new = anchor + run.held + seconds(due.limit.at(self.level));
        Some(if new < was { new.max(now + seconds(300)).min(was) } else { new })
    }

    fn anchor(&self, step: &Step) -> Option<Timestamp> {
        let from = step.due.as_ref()?.from;
        if from != From::Ready && self.runs.get(&step.id)?.iteration > 1 {
            return None;
        }
        match from {
            From::Ready => self.runs.get(&step.id)?.ready_at,
            From::Declared => Some(self.declared),
            From::Started(of) => {
                let phase = self
                    .spec
                    .phases
                    .iter()
                    .find(|phase| phase.steps.iter().any(|other| other.id == step.id))?;
                let of = self.runs.get(&phase.steps[of].id)?;
                of.started_at.filter(|_| of.visit == self.visit)
            }
        }
    }

    /// Meaning 11: sets deadlines whose moment has come.
    pub fn set_deadlines(&mut self) {
        let spec = self.spec;
        for step in spec.phases.iter().flat_map(|phase| &phase.steps) {
            self.set_deadline(step);
        }
    }

    /// Sets the deadline of a step where it has none and its moment has come.
    pub fn set_deadline(&mut self, step: &Step) {
        let Some(due) = &step.due else { return };
        let Some(anchor) = self.anchor(step) else { return };
        let (now, level) = (self.now, self.level);
        let run = self.run(step);
        if run.due.is_none() && !run.state.has_ended() {
            let at = anchor + seconds(due.limit.at(level));
            run.due = Some(Instant { at, armed: now });
        }
    }

    /// It goes on after a pause: what was to come comes later.
    pub fn resume(&mut self) {
        let Some(paused_at) = self.paused_at.take() else { return };
        self.status = Status::Open;
        let now = self.now;
        let held = |instant: Instant| now.duration_since(paused_at.max(instant.armed));
        for run in self.runs.values_mut() {
            run.next = run.next.map(|next| Instant { at: next.at + held(next), ..next });
            if let Some(due) = run.due.filter(|_| !run.state.has_ended()) {
                run.due = Some(Instant { at: due.at + held(due), ..due });
                run.due_or = run.due_or.map(|or| or + held(due));
                run.held += held(due);
            }
        }
    }

    /// The next instant at which something happens by itself.
    pub fn next_instant(&self) -> Option<Timestamp> {
        if self.status != Status::Open {
            return None;
        }
        let due = |run: &Run| run.due.filter(|_| !run.overdue && !run.state.has_ended());
        let all = self.runs.values().flat_map(|run| [run.next, due(run)]);
        all.flatten().map(|instant| instant.at).min()
    }

    /// Does what has come by now, earliest first.
    pub fn tick(&mut self) {
        while let Some(at) = self.next_instant().filter(|at| *at <= self.now) {
            let spec = self.spec;
            let step = spec.phases.iter().flat_map(|phase| &phase.steps).find(|step| {
                let run = self.runs.get(&step.id);
                run.is_some_and(|run| {
                    let due = run.due.filter(|_| !run.overdue && !run.state.has_ended());
                    [run.next, due].into_iter().flatten().any(|instant| instant.at == at)
                })
            });
            let step = step.expect("some step has it");
            self.come(step, at);
        }
    }

    fn come(&mut self, step: &'s Step, at: Timestamp) {
        let now = self.now;
        let run = self.run(step);
        if run.next.is_none_or(|next| next.at != at) {
            if step.kind == (Kind::Decide { default: true })
                && matches!(run.state, State::Ready | State::Active)
            {
                self.done(step);
            } else {
                run.overdue = true;
            }
            return;
        }
        run.next = None;
        match &step.kind {
            Kind::WaitFor(_) => self.done(step),
            Kind::Http { .. } => self.again(step),
            _ => {
                let next = Run {
                    iteration: run.iteration + 1,
                    passed_before: true,
                    ..Run::waiting(run.visit)
                };
                *run = Run { state: State::Ready, ready_at: Some(now), ..next };
                self.follow();
            }
        }
    }
}
