//! The deadlines of steps (Meaning 9, 11): armed as absolute instants, moved by the level, breached.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::decision::Decision;
use crate::engine::clock::{ClockKey, ClockStanding};
use crate::engine::event::{DeadlineName, LadderSubject, StepAlarm};
use crate::engine::fact::Fact;
use crate::engine::limits::SHORTENED_LEAST;
use crate::engine::moment::anchor;
use crate::engine::notice::Purpose;
use crate::engine::run::{FailureCause, Run, RunKey, StepState};
use crate::id::StepId;
use crate::playbook::{Action, Counts, Due, Join, Step, Term};

/// A deadline as absolute instants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Armed {
    at: Option<Timestamp>,
    warn_at: Vec<Timestamp>,
}

/// Everything that comes to a run by itself.
#[derive(Debug)]
struct Instants {
    start_by: Option<Timestamp>,
    due: Armed,
    alarm: Option<StepAlarm>,
}

impl Decision<'_> {
    /// Arms the deadlines of a run that became ready.
    pub fn arm_deadlines(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        let known = self.instants_of(run);
        let mut start = self.armed(step.start_within.as_ref(), run);
        let mut due = self.armed(step.due.as_ref(), run);
        // What ran while the step waited runs on: it may have been given five minutes. The level may
        // have become worse while it was left out.
        if let (Some(was), true) = (known.start_by, is_anchored(step.start_within.as_ref())) {
            start.at = Some(self.runs_on(was, start.at));
        }
        if let (Some(was), true) = (known.due.at, is_anchored(step.due.as_ref())) {
            let at = self.runs_on(was, due.at);
            let warn_at = if at == was { known.due.warn_at.clone() } else { due.warn_at };
            due = Armed { at: Some(at), warn_at };
        }
        if (start.at, due.at) != (known.start_by, known.due.at) {
            self.set_deadlines(key, Instants { start_by: start.at, due, ..known });
        }
    }

    /// Arms deadlines that count from a moment that has become known, also of steps that wait.
    pub fn anchor_deadlines(&mut self) {
        for id in &self.index.anchored {
            let Some(step) = self.step(id) else { continue };
            let waiting;
            let run = match self.incident.run(id) {
                Some(run) if run.visit == self.incident.visit || !run.is_settled() => run,
                _ if self.waits(id) => {
                    waiting = Run::waiting(self.waiting_key(id));
                    &waiting
                }
                _ => continue,
            };
            if run.state.is_settled() || (run.start_by.is_some() && run.due_at.is_some()) {
                continue;
            }
            let start = self.armed(step.start_within.as_ref(), run);
            let due = self.armed(step.due.as_ref(), run);
            let news = (run.start_by.is_none() && start.at.is_some())
                || (run.due_at.is_none() && due.at.is_some());
            if news {
                let (key, known) = (run.key.clone(), self.instants_of(run));
                self.set_deadlines(&key, Instants { start_by: start.at, due, ..known });
            }
        }
    }

    /// Moves the deadlines of open steps after the level or a moment moved. One that becomes
    /// shorter leaves at least five minutes; one already breached stays breached (Meaning 9).
    pub fn move_deadlines(&mut self) {
        self.move_deadlines_of(|_| true);
    }

    /// Arms and moves the deadlines that count back from a deadline or a limit that moved.
    pub fn move_backward(&mut self) {
        let ahead = &self.index.ahead;
        if !ahead.is_empty() {
            self.anchor_deadlines();
            self.move_deadlines_of(|step| ahead.contains(step));
        }
    }

    fn move_deadlines_of(&mut self, wanted: impl Fn(&StepId) -> bool) {
        let open = self.incident.runs().filter(|run| !run.state.is_settled() && !run.overdue);
        let keys: Vec<RunKey> = open
            .filter(|run| wanted(&run.key.step))
            .filter(|run| run.due_at.is_some() || run.start_by.is_some() || run.armed_at.is_some())
            .map(|run| run.key.clone())
            .collect();
        for key in keys {
            let Some((step, run)) = self.step_and_run(&key) else { continue };
            if key.item.is_none() && step.for_each.is_some() {
                continue;
            }
            let known = self.instants_of(run);
            let mut start = self.armed(step.start_within.as_ref(), run);
            let mut due = self.armed(step.due.as_ref(), run);
            if self.lost_anchor(step.start_within.as_ref()) {
                start.at = known.start_by;
            }
            if self.lost_anchor(step.due.as_ref()) {
                due = known.due.clone();
            }
            start.at = self.not_too_short(known.start_by, start.at);
            due.at = self.not_too_short(known.due.at, due.at);
            if (start.at, due.at) != (known.start_by, known.due.at) {
                self.set_deadlines(&key, Instants { start_by: start.at, due, ..known });
            }
        }
    }

    /// Tells whether the step a deadline counts from is worked on again: what it armed stays.
    fn lost_anchor(&self, due: Option<&Due>) -> bool {
        let from = due.and_then(Due::from);
        from.is_some_and(|from| anchor(self.playbook, self.incident, from).is_none())
    }

    /// Leaves a deadline that became shorter its five minutes; one that only begins is what it is.
    fn not_too_short(&self, was: Option<Timestamp>, is: Option<Timestamp>) -> Option<Timestamp> {
        let (Some(was), Some(to)) = (was, is) else { return is };
        if to >= was {
            return is;
        }
        let least = self.now().saturating_add(SHORTENED_LEAST).unwrap_or(to);
        Some(to.max(least.min(was)))
    }

    /// Keeps a deadline that became no shorter; one that did still leaves its five minutes.
    fn runs_on(&self, was: Timestamp, is: Option<Timestamp>) -> Timestamp {
        let shorter = self.not_too_short(Some(was), is);
        shorter.map_or(was, |is| is.min(was))
    }

    /// Computes a deadline at the current level; nothing while what it counts from is unknown.
    fn armed(&self, due: Option<&Due>, run: &Run) -> Armed {
        due.and_then(|due| self.armed_by(due, run)).unwrap_or_default()
    }

    fn armed_by(&self, due: &Due, run: &Run) -> Option<Armed> {
        let span = due.limit.at(self.incident.level.current)?;
        let held = if run.has_deadlines() {
            run.paused.saturating_add(self.paused_for())
        } else {
            SignedDuration::ZERO
        };
        let held = |base: Timestamp| base.saturating_add(held).unwrap_or(base);
        let (base, at) = match &due.counts {
            Counts::Before(term) => {
                let began = run.armed_at.unwrap_or(self.incident.visit_began);
                (held(began), span.before(self.end_of(term)?)?)
            }
            // Later iterations start their own time; the first keeps the anchor's.
            Counts::From(_) if run.key.iteration > 1 => return None,
            Counts::From(from) => {
                let base = held(anchor(self.playbook, self.incident, from)?);
                (base, self.playbook.later(*span, base)?)
            }
            Counts::FromReady => {
                let base = held(run.armed_at?);
                (base, self.playbook.later(*span, base)?)
            }
        };
        let whole = at.duration_since(base);
        let warn_at = due.warn.iter().map(|percent| part(base, whole, *percent));
        let warn_at = warn_at.filter(|warn| *warn > self.now()).collect();
        Some(Armed { at: Some(at), warn_at })
    }

    /// Returns by when something must be done, as it would be if the pause ended now. What is not
    /// due has no end; nor has a step that was not opened in this visit of its phase.
    fn end_of(&self, term: &Term) -> Option<Timestamp> {
        match term {
            Term::Step(step) => {
                let open = || self.incident.run(step).filter(|run| !run.is_settled());
                let run = self.incident.current_run(step).or_else(open)?;
                self.instants_of(run).due.at
            }
            Term::Clock(clock, stage) => {
                let key = ClockKey { clock: clock.clone(), stage: stage.clone() };
                let state = self.incident.clocks.get(&key)?;
                let due = !matches!(state.standing, ClockStanding::Stopped { .. });
                state.limit.as_ref().filter(|_| due)?.due_at
            }
        }
    }

    /// Returns how long the pause has lasted that still does.
    fn paused_for(&self) -> SignedDuration {
        let since = self.incident.paused_at;
        since.map_or(SignedDuration::ZERO, |since| self.now().duration_since(since))
    }

    /// Returns the instants of a run as they would be if the pause ended now: what events hold.
    fn instants_of(&self, run: &Run) -> Instants {
        let held = self.paused_for();
        let later = |at: Timestamp| at.saturating_add(held).unwrap_or(at);
        Instants {
            start_by: run.start_by.map(later),
            due: Armed {
                at: run.due_at.map(later),
                warn_at: run.warn_at.iter().map(|at| later(*at)).collect(),
            },
            alarm: run.alarm.map(|alarm| alarm.map(later)),
        }
    }

    fn set_deadlines(&mut self, key: &RunKey, to: Instants) {
        let (key, Instants { start_by, due, alarm }) = (key.clone(), to);
        let Armed { at: due_at, warn_at } = due;
        self.emit(Fact::StepDeadlines { key, start_by, due_at, warn_at, alarm });
    }

    /// Changes what comes to a run by itself, and leaves its deadlines.
    pub fn set_alarm(&mut self, key: &RunKey, alarm: Option<StepAlarm>) {
        let Some(run) = self.incident.run_of(key) else { return };
        let known = self.instants_of(run);
        self.set_deadlines(key, Instants { alarm, ..known });
    }

    /// Part of a step's time has passed: whoever is responsible is warned, unless it is over.
    pub fn warning_due(&mut self, key: &RunKey) {
        let now = self.now();
        let Some((step, run)) = self.step_and_run(key) else { return };
        let passed = run.warn_at.iter().filter(|warn| **warn <= now).count();
        let nth = u32::try_from(passed.saturating_sub(1)).unwrap_or(u32::MAX);
        let over = run.due_at.is_some_and(|due_at| due_at <= now);
        self.emit(Fact::StepWarned { key: key.clone(), nth });
        if !over {
            for person in self.responsible(step) {
                self.tell(person, Purpose::StepWarning { key: key.clone() });
            }
        }
    }

    /// A step was not started in time.
    pub fn start_due(&mut self, key: &RunKey) {
        self.breached(key, DeadlineName::Start);
    }

    /// A step was not finished in time: a decision takes its default, a message has waited long
    /// enough, anything else is overdue.
    pub fn finish_due(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        let waits = run.state == StepState::Waiting;
        let (answer, note) = match &step.action {
            Action::Decide(decide) if decide.default.is_some() && !waits => {
                (decide.default.clone(), "default")
            }
            Action::Notify(_) if !waits => (None, "due"),
            _ => {
                self.breached(key, DeadlineName::Due);
                return;
            }
        };
        let note = Some(note.to_owned());
        self.emit(Fact::StepDone { key: key.clone(), answer, note });
    }

    /// Breached: whoever is responsible hears of it and the step's ladder climbs until someone
    /// acts. Of a step that still waits the commander hears (Meaning 11).
    fn breached(&mut self, key: &RunKey, which: DeadlineName) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        let waits = run.state == StepState::Waiting;
        // After a downtime both may have passed: the later one is told, and that once.
        let another_follows =
            which == DeadlineName::Start && run.due_at.is_some_and(|due_at| due_at <= self.now());
        let seq = self.emit(Fact::StepOverdue { key: key.clone(), which });
        if another_follows {
            return;
        }
        self.after_direct(seq, |decision| {
            if waits {
                decision.tell_commander("waiting_overdue");
            } else {
                for person in decision.responsible(step) {
                    decision.tell(person, Purpose::StepOverdue { key: key.clone() });
                }
            }
            if let Some(ladder) = &step.escalate {
                decision.arm_ladder(LadderSubject::Step { key: key.clone() }, ladder);
            }
        });
    }

    /// What comes to a step by itself has come.
    pub fn alarm_due(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        match run.alarm {
            Some(StepAlarm::Timeout { .. }) => {
                let after = step.timeout.map_or_else(String::new, |timeout| timeout.to_string());
                self.fail(key, FailureCause::Timeout, format!("timed out after {after}"));
            }
            Some(StepAlarm::Retry { .. }) => {
                let next = RunKey { attempt: key.attempt + 1, ..key.clone() };
                let seq = self.emit(Fact::StepRetried { key: next });
                // The next attempt has its own time; that of this one is over.
                self.after_direct(seq, |decision| {
                    decision.stop_ladder(&LadderSubject::Step { key: key.clone() }, "settled");
                    decision.withdraw_step_notices(key);
                });
            }
            Some(StepAlarm::Iterate { .. }) => {
                let iteration = key.iteration + 1;
                let key = RunKey { iteration, attempt: 1, ..key.clone() };
                self.emit(Fact::StepIterated { key });
            }
            Some(StepAlarm::WaitOver { .. }) => {
                self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            }
            None => {}
        }
    }

    /// Returns when a plausible `occurred_at` of a step may begin: at the anchor its time counts
    /// from, else when it became ready (Meaning 12).
    pub fn earliest(&self, step: &Step, run: &Run) -> Timestamp {
        let anchored = step
            .due
            .as_ref()
            .and_then(Due::from)
            .and_then(|from| anchor(self.playbook, self.incident, from));
        let ready = run.ready_at.unwrap_or(self.incident.visit_began);
        let ready = ready.min(self.reachable_by_people(step, run));
        anchored.map_or(ready, |anchored| anchored.min(ready))
    }

    /// Returns from when people alone could have worked on a step: what firebell does in between is
    /// done when it runs, which is late where a plan was worked without it and is entered afterwards.
    fn reachable_by_people(&self, step: &Step, run: &Run) -> Timestamp {
        let declared = self.incident.declared_at;
        let begun = self.incident.detected_at.map_or(declared, |noticed| noticed.min(declared));
        let mut from = match run.visit == 1 {
            true => begun,
            false => self.settled_by_people(|of| of.visit < run.visit).unwrap_or(begun),
        };
        let mut seen: BTreeSet<&StepId> = BTreeSet::new();
        let mut open = vec![step];
        while let Some(at) = open.pop() {
            // Of several ways to a step the one that was taken is not known.
            let before = if at.join == Join::All { at.after.as_slice() } else { &[] };
            for id in before.iter().filter(|id| seen.insert(id)) {
                let Some(before) = self.step(id) else { continue };
                if !before.action.is_human() {
                    open.push(before);
                    continue;
                }
                let settled = self.incident.run(id).filter(|of| of.visit == run.visit);
                from = settled.and_then(|of| of.settled_at).map_or(from, |at| at.max(from));
            }
        }
        from
    }

    /// Returns when people last ended a step, of the runs asked for.
    fn settled_by_people(&self, asked: impl Fn(&Run) -> bool) -> Option<Timestamp> {
        let of_people = |run: &&Run| self.step(&run.key.step).is_some_and(|s| s.action.is_human());
        let runs = self.incident.runs().filter(|run| asked(run)).filter(of_people);
        runs.filter_map(|run| run.settled_at).max()
    }
}

fn is_anchored(due: Option<&Due>) -> bool {
    due.is_some_and(|due| due.counts != Counts::FromReady)
}

/// Returns the instant at which a percentage of a stretch has passed.
fn part(base: Timestamp, whole: SignedDuration, percent: u8) -> Timestamp {
    let seconds = whole.as_secs().saturating_mul(i64::from(percent)) / 100;
    base.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(base)
}
