//! What must be true of an open incident at rest, whatever its plan and history: read off its state
//! anew, rule by rule, with nothing remembered.

use firebell::engine::limits::VISITS_MAX;
use firebell::engine::{
    Facts, FailureCause, Incident, LadderSubject, Pending, Purpose, Run, SkipReason, Standing,
    StepState, StuckReason, ViewState, clocks,
};
use firebell::playbook::statute::{StageLimit, Start};
use firebell::playbook::{
    Action, Blocks, Close, Condition, Counts, Join, LEVEL_MILDEST, OnFailure, Phase, Playbook,
    Repeat, Step, Truth, Wait,
};

/// A rule of the language that does not hold.
type Law = Result<(), String>;

/// Checks all of them.
pub fn check(playbook: &Playbook, incident: &Incident) -> Law {
    if !incident.status.is_open() {
        return Ok(());
    }
    let world = World { playbook, incident };
    let phase = playbook.phase(&incident.phase).ok_or("the phase is of the plan")?;
    for step in &phase.steps {
        world.ready(phase, step)?;
    }
    for step in playbook.phases.iter().flat_map(|phase| &phase.steps) {
        if let Some(run) = incident.run(&step.id).filter(|run| !run.is_settled()) {
            world.wait(step, run)?;
            world.repeat(step, run)?;
            world.deadline(step, run)?;
        }
        world.items(step)?;
    }
    world.leaving(phase)?;
    world.level()?;
    world.roles()?;
    world.ladders()?;
    world.outbox()
}

fn law(holds: bool, what: impl FnOnce() -> String) -> Law {
    if holds { Ok(()) } else { Err(what()) }
}

struct World<'w> {
    playbook: &'w Playbook,
    incident: &'w Incident,
}

impl World<'_> {
    fn truth(&self, condition: Option<&Condition>, run: Option<&Run>) -> Truth {
        let facts = match run {
            Some(run) => Facts::of_run(self.playbook, self.incident, run),
            None => Facts::new(self.playbook, self.incident),
        };
        condition.map_or(Truth::Yes, |condition| condition.evaluate(&facts).truth)
    }

    /// Meaning 2: no step waits whose predecessors let it begin, none is out of reach that is not.
    fn ready(&self, phase: &Phase, step: &Step) -> Law {
        let standing = |before| {
            let run = self.incident.current_run(before);
            run.map_or(Standing::Pending, Run::standing)
        };
        let count = |of: &dyn Fn(Standing) -> bool| {
            step.after.iter().filter(|before| of(standing(before))).count()
        };
        let needs = match step.join {
            Join::All => step.after.len(),
            Join::Any => step.after.len().min(1),
            Join::AtLeast(n) => n as usize,
        };
        let passed = count(&|standing| standing == Standing::Passed);
        let possible = count(&|standing| standing != Standing::Halted);
        let state = self.incident.current_run(&step.id).map(|run| &run.state);
        let id = &step.id;
        match state {
            None | Some(StepState::Waiting) => {
                law(passed < needs, || format!("{id} of {} waits for nothing", phase.id))
            }
            Some(StepState::Skipped { reason: SkipReason::Unreachable }) => {
                law(possible < needs, || format!("{id} is not out of reach"))
            }
            Some(_) => Ok(()),
        }
    }

    /// A wait ends when its condition comes true.
    fn wait(&self, step: &Step, run: &Run) -> Law {
        let Action::Wait(Wait::Until(until)) = &step.action else { return Ok(()) };
        let waits = run.state == StepState::Active && run.items.is_empty();
        law(!waits || self.truth(Some(until), Some(run)) != Truth::Yes, || {
            format!("{} waits for what is true", run.key)
        })
    }

    /// Meaning 6: between iterations another is wanted.
    fn repeat(&self, step: &Step, run: &Run) -> Law {
        let Some(repeat) = &step.repeat else { return Ok(()) };
        let between = run.state.is_settled() && !run.is_halting();
        law(!between || self.is_wanted(repeat, run), || {
            format!("{} has an iteration to come that nobody wants", run.key)
        })
    }

    fn is_wanted(&self, repeat: &Repeat, run: &Run) -> bool {
        let over = repeat.until.is_some() && self.truth(repeat.until.as_ref(), None) == Truth::Yes;
        let on = self.truth(repeat.while_true.as_ref(), None) == Truth::Yes;
        run.key.iteration < repeat.at_most && on && !over
    }

    /// Meaning 11: what can be worked on and has a time for it has its instant.
    fn deadline(&self, step: &Step, run: &Run) -> Law {
        let workable = matches!(run.state, StepState::Ready | StepState::Active);
        // The items of a for-each have their own.
        let workable = workable && run.items.is_empty();
        let limit = step.due.as_ref().filter(|due| due.counts == Counts::FromReady);
        let limit = limit.and_then(|due| due.limit.at(self.incident.level.current));
        law(!workable || limit.is_none() || run.due_at.is_some(), || {
            format!("{} has no deadline", run.key)
        })
    }

    /// A for-each stands as its items do.
    fn items(&self, step: &Step) -> Law {
        let Some(record) = self.incident.steps.get(&step.id) else { return Ok(()) };
        let (whole, items) = (&record.run, &record.items);
        if items.is_empty() {
            return Ok(());
        }
        let all_settled = items.iter().all(|item| item.state.is_settled());
        let failed = |cause: FailureCause| match cause {
            FailureCause::Timeout => step.on_timeout != OnFailure::Continue,
            FailureCause::Error | FailureCause::ByPerson | FailureCause::Rejected => {
                step.on_failure != OnFailure::Continue
            }
        };
        let bad = items.iter().any(|item| match item.state {
            StepState::Failed { cause } => failed(cause),
            _ => false,
        });
        let key = &whole.key;
        match &whole.state {
            StepState::Done => {
                law(all_settled && !bad, || format!("{key} is done and not all of its items are"))
            }
            StepState::Failed { .. } => {
                law(all_settled && bad, || format!("{key} failed and none of its items did"))
            }
            StepState::Ready | StepState::Active => {
                law(!all_settled, || format!("{key} goes on and all of its items have ended"))
            }
            StepState::Waiting | StepState::Skipped { .. } | StepState::Cancelled { .. } => Ok(()),
        }
    }

    /// Meaning 3, 4 and 8: a phase that can be left is left, and where it cannot that is said.
    fn leaving(&self, phase: &Phase) -> Law {
        // While something is undone the plan stands still.
        if self.incident.rollback.is_some() {
            return Ok(());
        }
        let stands = |step: &Step| self.incident.current_run(&step.id);
        let settled = |step: &Step| stands(step).is_some_and(|r| r.is_settled() && !r.is_halting());
        let mut waited_for = phase.steps.iter().filter(|step| step.blocks == Blocks::Phase);
        let over = waited_for.all(settled);
        let stuck = self.incident.stuck.as_ref();
        if let Some(StuckReason::FailedStep { key }) = stuck {
            let halts = self.incident.run_of(key).is_some_and(Run::is_halting);
            return law(halts && !over, || format!("stuck because of {key}, which is well"));
        }
        if !over || self.incident.visit >= VISITS_MAX {
            return law(stuck.is_none() || over, || {
                format!("stuck ({stuck:?}) and not at its end")
            });
        }
        let way = (0_u32..)
            .zip(&phase.next)
            .find(|(_, next)| self.truth(next.when.as_ref(), None) == Truth::Yes);
        let wanted = match way {
            _ if phase.next.is_empty() => return self.end(phase),
            None => StuckReason::NoWayOut,
            Some((n, _)) => StuckReason::SpentLoop { next: n },
        };
        law(stuck == Some(&wanted), || format!("{} is over: {stuck:?}, not {wanted:?}", phase.id))?;
        let Some((n, next)) = way else { return Ok(()) };
        let taken = self.incident.next_taken.get(&(phase.id.clone(), n)).copied();
        let spent = next.at_most.is_some_and(|most| taken.unwrap_or(0) >= most);
        law(spent, || format!("{} has a way out that is not taken", phase.id))
    }

    /// Meaning 8: after the last phase it closes when nothing blocks that.
    fn end(&self, phase: &Phase) -> Law {
        let last = self.playbook.phases.last().is_some_and(|last| last.id == phase.id);
        law(last, || format!("{} is over and not left", phase.id))?;
        let blocks = |step: &&Step| step.blocks != Blocks::Nothing;
        let open = |step: &Step| match self.incident.run(&step.id) {
            Some(run) if run.visit == self.incident.visit => !run.is_settled() || run.is_halting(),
            Some(run) => !run.is_settled(),
            None => false,
        };
        let waits = |step: &Step| {
            phase.steps.iter().any(|here| here.id == step.id)
                && self.incident.current_run(&step.id).is_none()
        };
        let mut steps = self.playbook.phases.iter().flat_map(|phase| &phase.steps).filter(blocks);
        let blocked = steps.any(|step| open(step) || waits(step));
        let awaited = self.playbook.close == Close::ByPerson && self.incident.close_awaited;
        let blocked = blocked || self.incident.rollback.is_some() || self.law_waits();
        law(blocked || awaited, || "nothing keeps it open and it is".to_owned())
    }

    /// A stage that is due keeps the incident open, and one whose moment a person must still set.
    fn law_waits(&self) -> bool {
        clocks(self.playbook, self.incident).iter().any(|view| {
            let named = |limit: &StageLimit| matches!(limit.from, Start::Named(_));
            let awaited = !view.stage.on_demand && view.stage.limits.iter().any(named);
            let open = match view.state {
                ViewState::Running | ViewState::Late => true,
                ViewState::Waiting => awaited,
                _ => false,
            };
            open && !view.stage.follows_close()
        })
    }

    /// Meaning 9: the level is what the rules give, or worse, or a person's.
    fn level(&self) -> Law {
        let (mut given, mut unknown) = (LEVEL_MILDEST, false);
        for rule in &self.playbook.levels {
            match self.truth(rule.when.as_ref(), None) {
                Truth::Yes => {
                    given = rule.level;
                    break;
                }
                Truth::No => {}
                Truth::Unknown => unknown = true,
            }
        }
        if unknown {
            given = given.min(self.playbook.assume_level.unwrap_or(given));
        }
        let level = self.incident.level;
        let what = || format!("{level:?}, and the rules give {given}");
        law(level.by_rules == given, what)?;
        match level.overruled_at {
            Some(then) => law(given >= then, what),
            None => law(level.current <= given && (!level.provisional || unknown), what),
        }
    }

    /// Meaning 10: a role that may be needed is filled or sought.
    fn roles(&self) -> Law {
        for (id, role) in &self.playbook.roles {
            let engaged = self.incident.roles.get(id).is_some_and(|role| role.engaged);
            let needed = self.truth(role.engage.as_ref(), None) != Truth::No;
            law(engaged || !needed, || format!("{id} is needed and nobody is sought"))?;
        }
        Ok(())
    }

    /// Meaning 13: whatever is climbed for still is as it was.
    fn ladders(&self) -> Law {
        for subject in self.incident.ladders.keys() {
            let stands = match subject {
                LadderSubject::Role { role } => {
                    self.incident.roles.get(role).is_some_and(|role| role.engaged)
                }
                LadderSubject::Step { key } => self.incident.run_of(key).is_some_and(|run| {
                    run.is_halting() || (!run.is_settled() && (run.overdue || run.start_overdue))
                }),
                LadderSubject::Stuck => self.incident.stuck.is_some(),
                LadderSubject::Notice { .. } => true,
                LadderSubject::Clock { key } => {
                    self.incident.clocks.get(key).is_some_and(|state| state.is_running())
                }
            };
            law(stands, || format!("a ladder is climbed for nothing: {subject:?}"))?;
        }
        Ok(())
    }

    /// Nobody is told to do what is over.
    fn outbox(&self) -> Law {
        for pending in self.incident.outbox.values() {
            let Pending::Notice { notice, .. } = pending.as_ref() else { continue };
            let (Purpose::StepWarning { key } | Purpose::StepOverdue { key }) = &notice.purpose
            else {
                continue;
            };
            let open = self.incident.run_of(key).is_some_and(|run| !run.state.is_settled());
            law(open, || format!("a notice about {key}, which is over"))?;
        }
        Ok(())
    }
}
