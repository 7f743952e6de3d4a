//! What must be true of a history, told from its events alone: what children told their parent, in
//! which order things were undone, and how each statutory clock stands at an instant.

use std::collections::{BTreeMap, BTreeSet};

use firebell::engine::{
    Actor, ClockEvent, ClockFact, ClockKey, ClockLimit, Event, Fact, Incident, RollbackCause,
    RunKey, Status, Undoing, ViewState, clocks,
};
use firebell::id::{IncidentId, StepId};
use firebell::playbook::{Compensate, Playbook};
use jiff::{SignedDuration, Timestamp};

type Law<T = ()> = Result<T, String>;

fn law(holds: bool, what: impl FnOnce() -> String) -> Law {
    if holds { Ok(()) } else { Err(what()) }
}

/// Everything remembered of the events so far.
#[derive(Default)]
pub struct History {
    called: BTreeSet<IncidentId>,
    reported: BTreeMap<IncidentId, Status>,
    /// When each step was last done, by the event.
    done: BTreeMap<StepId, u64>,
    /// Runs that undo something and have not ended.
    undoing: BTreeSet<StepId>,
    /// What is undone, and how much of it was offered.
    rollback: Vec<Undoing>,
    clocks: BTreeMap<ClockKey, Told>,
}

/// What the events tell of a stage of a clock.
#[derive(Clone)]
struct Told {
    limit: Option<ClockLimit>,
    stands: Stands,
    met_at: Option<Timestamp>,
}

impl Told {
    const fn of(limit: Option<ClockLimit>, stands: Stands) -> Self {
        Self { limit, stands, met_at: None }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stands {
    Running,
    Met,
    MetLate,
    Stopped,
    Waived,
}

impl History {
    /// Takes the events of one commit.
    pub fn take(&mut self, playbook: &Playbook, events: &[Event]) -> Law {
        for event in events {
            self.kin(event)?;
            self.undo(playbook, event)?;
            if let Fact::Clock(clock) = &event.fact {
                self.clock(playbook, event, clock)?;
            }
        }
        Ok(())
    }

    /// Each call has a child of its own, and what a child tells is told once.
    fn kin(&mut self, event: &Event) -> Law {
        match &event.fact {
            Fact::ChildQueued(call) => {
                law(self.called.insert(call.child), || format!("{} is called twice", call.child))
            }
            Fact::ChildReported { child, status, .. } => {
                let before = self.reported.insert(*child, *status);
                law(before != Some(*status), || format!("{child} tells {status:?} twice"))
            }
            _ => Ok(()),
        }
    }

    /// What was done last is undone first, one after the other, each once.
    fn undo(&mut self, playbook: &Playbook, event: &Event) -> Law {
        match &event.fact {
            Fact::StepDone { key, .. } => {
                self.done.insert(key.step.clone(), event.seq);
                self.undoing.remove(&key.step);
            }
            // Where the plan lets a failure pass, nothing waits for it either.
            Fact::StepSkipped { key, .. }
            | Fact::StepCancelled { key, .. }
            | Fact::StepFailed { key, let_pass: true, .. } => {
                self.undoing.remove(&key.step);
            }
            Fact::RollbackBegun { steps, .. } => {
                self.ordered(playbook, steps)?;
                self.rollback.clone_from(steps);
            }
            Fact::StepReady { key, .. } if playbook.is_compensation(&key.step) => {
                let place = self.rollback.iter().position(|undoing| undoing.by == *key);
                let place = place.ok_or_else(|| format!("{key} is offered for nothing"))?;
                let open =
                    self.rollback[..place].iter().find(|u| self.undoing.contains(&u.by.step));
                law(open.is_none(), || format!("{key} is offered before {open:?} has ended"))?;
                law(self.undoing.insert(key.step.clone()), || format!("{key} is offered twice"))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn ordered(&self, playbook: &Playbook, steps: &[Undoing]) -> Law {
        let mut last = u64::MAX;
        let mut seen = BTreeSet::new();
        for Undoing { step, by } in steps {
            let of = playbook.step(step).and_then(|(_, step)| step.compensate.clone());
            let named = of == Some(Compensate::Step(by.step.clone()));
            law(named, || format!("{} does not undo {step}", by.step))?;
            law(seen.insert(&by.step), || format!("{} undoes twice", by.step))?;
            let done = self.done.get(step).copied();
            let done = done.ok_or_else(|| format!("{step} is undone and was not done"))?;
            // What is under way already stays in front.
            if !self.undoing.contains(&by.step) {
                law(done < last, || format!("{step} is undone in the wrong place"))?;
                last = done;
            }
        }
        Ok(())
    }

    /// A limit is what the law gives, only an authority makes it longer, and late is what came after
    /// it.
    fn clock(&mut self, playbook: &Playbook, event: &Event, clock: &ClockEvent) -> Law {
        let ClockEvent { key, what } = clock;
        let told = self.clocks.get(key).cloned();
        let limit = told.as_ref().and_then(|told| told.limit.clone());
        let due = limit.as_ref().and_then(|limit| limit.due_at);
        let runs = told.as_ref().is_some_and(|told| told.stands == Stands::Running);
        let wrong = |what: &str| format!("{key}: {what} ({:?})", event.fact);
        let told = match what {
            ClockFact::Started { limit, .. } => {
                law(!runs, || wrong("begun twice"))?;
                law(is_of_law(playbook, key, limit), || wrong("no limit of the law"))?;
                Told::of(Some(limit.clone()), Stands::Running)
            }
            ClockFact::Shortened { limit, .. } => {
                law(runs && limit.due_at < due, || wrong("not shorter"))?;
                law(is_of_law(playbook, key, limit), || wrong("no limit of the law"))?;
                Told::of(Some(limit.clone()), Stands::Running)
            }
            ClockFact::Extended { limit, .. } => {
                law(runs && limit.due_at > due, || wrong("not longer"))?;
                Told::of(Some(limit.clone()), Stands::Running)
            }
            ClockFact::Submitted { late, step, reason, .. } => {
                let legal = limit.as_ref().filter(|limit| !limit.internal);
                let after = legal.and_then(|limit| limit.due_at);
                let after = after.is_some_and(|due| event.occurred_at > due);
                law(*late == after, || wrong("late or not"))?;
                let by_hand = step.as_ref().is_none_or(|key| {
                    playbook.step(&key.step).is_some_and(|(_, step)| step.action.is_human())
                });
                let by_person = by_hand && event.actor.acting_person().is_some();
                law(!late || reason.is_some() || !by_person, || wrong("late without a reason"))?;
                let stands = if *late { Stands::MetLate } else { Stands::Met };
                Told { limit, stands, met_at: Some(event.occurred_at) }
            }
            ClockFact::Breached => {
                let over = due.is_some_and(|due| due <= event.recorded_at);
                return law(runs && over, || wrong("breached before its time"));
            }
            ClockFact::Stopped { .. } => Told::of(limit, Stands::Stopped),
            ClockFact::Waived { asked_by, approved_by, .. } => {
                law(runs && asked_by != approved_by, || wrong("decided by one alone"))?;
                Told::of(limit, Stands::Waived)
            }
            ClockFact::Judged { limit, late, .. } => {
                let met_at = told.as_ref().and_then(|told| told.met_at);
                law(met_at.is_some() && limit.due_at < due, || wrong("judged for nothing"))?;
                law(is_of_law(playbook, key, limit), || wrong("no limit of the law"))?;
                let after = limit.due_at.filter(|_| !limit.internal) < met_at;
                law(*late == (after && !limit.internal), || wrong("late or not"))?;
                let stands = if *late { Stands::MetLate } else { Stands::Met };
                Told { limit: Some(limit.clone()), stands, met_at }
            }
            ClockFact::Explained { .. } => {
                let late = told.as_ref().is_some_and(|told| told.stands == Stands::MetLate);
                return law(late, || wrong("explained and not late"));
            }
            ClockFact::Kept { .. }
            | ClockFact::Warned { .. }
            | ClockFact::WaiverAsked { .. }
            | ClockFact::WaiverRefused { .. } => return Ok(()),
        };
        self.clocks.insert(key.clone(), told);
        Ok(())
    }

    /// At rest every clock stands as its events and the instant say, and nothing else decides it.
    pub fn at_rest(&self, playbook: &Playbook, incident: &Incident, now: Timestamp) -> Law {
        for view in clocks(playbook, incident) {
            let key = ClockKey { clock: view.clock.id.clone(), stage: view.stage.id.clone() };
            let Some(told) = self.clocks.get(&key) else {
                let quiet = matches!(view.state, ViewState::Waiting | ViewState::NotDue);
                law(quiet, || format!("{key} is {:?} and nothing was told of it", view.state))?;
                continue;
            };
            let due = told.limit.as_ref().and_then(|limit| limit.due_at);
            let wanted = match told.stands {
                Stands::Running if due.is_some_and(|due| due <= now) => ViewState::Late,
                Stands::Running => ViewState::Running,
                Stands::Met => ViewState::Met,
                Stands::MetLate => ViewState::MetLate,
                Stands::Stopped => ViewState::NotDue,
                Stands::Waived => ViewState::Waived,
            };
            law(view.state == wanted, || format!("{key} is {:?}, not {wanted:?}", view.state))?;
        }
        Ok(())
    }
}

/// Tells whether a limit ends when one of the stage's, reckoned anew from its anchor, does.
fn is_of_law(playbook: &Playbook, key: &ClockKey, limit: &ClockLimit) -> bool {
    let clock = playbook.clocks.iter().find(|clock| clock.id == key.clock);
    let stage = clock.and_then(|clock| clock.stage(&key.stage).map(|stage| (clock, stage)));
    stage.is_some_and(|(clock, stage)| {
        stage.limits.iter().any(|one| {
            let reckoned = clock.reckon(one.within, limit.anchor);
            reckoned.map(|reckoned| reckoned.at) == limit.due_at
        })
    })
}

/// Makes a history of facts, one after the other at one instant.
fn told_at(at: Timestamp, facts: Vec<Fact>) -> Vec<Event> {
    let event = |(seq, fact)| {
        let (cause, actor) = (None, Actor::System);
        Event { seq, cause, occurred_at: at, recorded_at: at, actor, fact }
    };
    (1..).zip(facts).map(event).collect()
}

#[test]
fn a_history_that_cannot_be_is_found_out() {
    let playbook = crate::anything::first();
    let at: Timestamp = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let run = |step: &str| RunKey::first(1, step.into());
    let undo = |step: &str, by: &str| Undoing { step: step.into(), by: run(by) };
    let done = |step: &str| Fact::StepDone { key: run(step), answer: None, note: None };
    let begun = |steps: Vec<Undoing>| Fact::RollbackBegun {
        cause: RollbackCause::Asked,
        reason: String::new(),
        steps,
    };
    let child = IncidentId::from_u128(9);
    let told = || Fact::ChildReported {
        key: run("child"),
        child,
        number: 9,
        status: Status::Closed,
        reason: None,
    };
    let clock = |what| {
        let key = ClockKey { clock: "law".into(), stage: "report".into() };
        Fact::Clock(ClockEvent { key, what })
    };
    let limit = |hours| ClockLimit {
        anchor: at,
        due_at: Some(at + SignedDuration::from_hours(hours)),
        internal: false,
        warn_at: Vec::new(),
        uncovered: None,
    };
    let started = |hours| {
        clock(ClockFact::Started { limit: limit(hours), unsure: Vec::new(), assumed: true })
    };
    let shortened = |hours| clock(ClockFact::Shortened { limit: limit(hours), was: None });
    let late =
        clock(ClockFact::Submitted { step: None, late: true, reason: None, reference: None });
    let (both, turned) = (
        vec![undo("tell", "untell"), undo("isolate", "rejoin")],
        vec![undo("isolate", "rejoin"), undo("tell", "untell")],
    );
    let table = [
        (vec![told(), told()], "twice"),
        (vec![begun(both.clone())], "was not done"),
        (vec![done("isolate"), done("tell"), begun(turned)], "wrong place"),
        (vec![done("tell"), begun(vec![undo("tell", "rejoin")])], "does not undo"),
        (vec![started(5)], "no limit of the law"),
        (vec![started(4), started(4)], "begun twice"),
        (vec![started(4), shortened(6)], "not shorter"),
        (vec![started(4), late], "late or not"),
        (vec![started(4), clock(ClockFact::Breached)], "before its time"),
        (vec![done("isolate"), done("tell"), begun(both)], ""),
        (vec![started(4)], ""),
    ];
    for (facts, wrong) in table {
        let events = told_at(at, facts);
        match History::default().take(&playbook, &events) {
            Ok(()) => assert_eq!(wrong, "", "{events:?}"),
            Err(said) => assert!(!wrong.is_empty() && said.contains(wrong), "{said}: {wrong}"),
        }
    }
}
