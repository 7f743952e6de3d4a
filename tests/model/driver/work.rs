//! Acts on steps, by anyone, and what the language says of them.

use firebell::engine::{Command, RequestOutcome, StepAct, StepRef};
use firebell::id::StepId;
use serde_json::{Value as Json, json};

use super::Driver;
use crate::engine::Check;
use crate::reference::{State, Status};
use crate::spec::{Kind, Step};

impl<'s> Driver<'s, '_> {
    /// Does something sensible: finishes or answers what can be.
    pub fn work(&mut self, who: &str, on: u8, how: u8) -> Check {
        let open: Vec<&Step> = self
            .steps()
            .filter(|step| matches!(step.kind, Kind::Manual | Kind::Decide { .. }))
            .filter(|step| {
                let run = self.model.runs.get(&step.id);
                run.is_some_and(|run| matches!(run.state, State::Ready | State::Active))
            })
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let step = open[usize::from(on) % open.len()];
        match step.kind {
            Kind::Decide { .. } => self.act_on(who, step, answer(how)),
            _ => self.act_on(who, step, complete(how)),
        }
    }

    /// Acts on one of the steps of the current phase that the act fits.
    pub fn act_where_it_fits(&mut self, who: &str, on: u8, act: StepAct) -> Check {
        let here = self.spec.phases[self.model.phase].steps.iter();
        let state = |step: &Step| self.model.runs[&step.id].state;
        let fitting: Vec<&Step> =
            here.filter(|step| granted(&step.kind, state(step), &act)).collect();
        match fitting.get(usize::from(on) % fitting.len().max(1)) {
            Some(step) => self.act_on(who, step, act),
            None => Ok(()),
        }
    }

    /// Tries anything on a step of the current phase.
    pub fn act(&mut self, who: &str, on: u8, act: StepAct) -> Check {
        let here = &self.spec.phases[self.model.phase].steps;
        if here.is_empty() {
            return Ok(());
        }
        self.act_on(who, &here[usize::from(on) % here.len()], act)
    }

    fn act_on(&mut self, who: &str, step: &'s Step, act: StepAct) -> Check {
        let open = matches!(self.model.status, Status::Open | Status::Paused);
        let repeats = step.repeat.is_some();
        // What a repeat makes of a failure, and what a pause makes of its rhythm, nothing says.
        let finishes = matches!(act, StepAct::Complete { .. } | StepAct::Start);
        if repeats && open && (!finishes || self.model.paused_at.is_some()) {
            return Ok(());
        }
        let verdict = open && granted(&step.kind, self.model.runs[&step.id].state, &act);
        let at = StepRef::current(step.id.as_str());
        let granted =
            self.tell(who, Command::Step { step: at, act: act.clone() }, Some(verdict))?;
        if !granted {
            return Ok(());
        }
        match act {
            StepAct::Start => self.model.started(step),
            StepAct::Complete { form, .. } => {
                if let Some(users) = form.get("users").and_then(Json::as_i64) {
                    self.model.users = Some(users);
                }
                self.model.done(step);
            }
            StepAct::Answer { option, .. } => {
                self.model.run(step).yes = option == "yes";
                self.model.done(step);
            }
            StepAct::Fail { .. } => self.model.failed(step, true),
            StepAct::Skip { .. } => self.model.skipped(step),
            StepAct::Retry | StepAct::Reopen { .. } => self.model.again(step),
            StepAct::Claim | StepAct::Check { .. } => {}
            StepAct::Approve { .. } | StepAct::Reject { .. } => {}
        }
        Ok(())
    }

    pub fn answer_request(&mut self, on: u8, how: u8) -> Check {
        let waiting: Vec<&Step> = self
            .steps()
            .filter(|step| {
                let run = self.model.runs.get(&step.id);
                matches!(step.kind, Kind::Http { .. })
                    && run.is_some_and(|run| run.state == State::Active && run.next.is_none())
            })
            .collect();
        if waiting.is_empty() || self.model.paused_at.is_some() {
            return Ok(());
        }
        let step = waiting[usize::from(on) % waiting.len()];
        let run = self.engine.incident.run(&StepId::new(&step.id));
        let Some(request) = run.and_then(|run| run.request) else {
            return Err(self.engine.wrong(format!("{} asks nothing", step.id)));
        };
        if how.is_multiple_of(2) {
            let outcome = RequestOutcome::Met { status: 200, saved: Vec::new() };
            self.engine.must(Command::RequestOutcome { request, outcome })?;
            self.model.done(step);
        } else {
            let outcome = RequestOutcome::NotMet { status: None, why: "no answer".to_owned() };
            self.engine.must(Command::RequestOutcome { request, outcome })?;
            self.model.failed(step, false);
        }
        Ok(())
    }
}

/// What the language says of an act on a step in a state.
fn granted(kind: &Kind, state: State, act: &StepAct) -> bool {
    let by_hand = matches!(kind, Kind::Manual | Kind::Decide { .. });
    let open = matches!(state, State::Ready | State::Active);
    match act {
        StepAct::Complete { .. } => open && *kind == Kind::Manual,
        StepAct::Answer { .. } => open && matches!(kind, Kind::Decide { .. }),
        // No step of these plans asks for consent or has a checklist.
        StepAct::Approve { .. } | StepAct::Reject { .. } | StepAct::Check { .. } => false,
        StepAct::Claim => open && by_hand,
        StepAct::Start => state == State::Ready && by_hand,
        StepAct::Fail { .. } => open,
        StepAct::Skip { .. } => open || matches!(state, State::Waiting | State::Failed),
        StepAct::Retry => state == State::Failed,
        StepAct::Reopen { .. } => matches!(state, State::Done | State::Failed | State::Skipped(_)),
    }
}

fn complete(how: u8) -> StepAct {
    let users = how.is_multiple_of(3).then(|| ("users".to_owned(), json!(how / 3 % 6)));
    let form = users.into_iter().collect();
    StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None }
}

fn answer(how: u8) -> StepAct {
    let option = if how.is_multiple_of(2) { "yes" } else { "no" };
    StepAct::Answer { option: option.into(), note: None }
}

pub fn fail() -> StepAct {
    StepAct::Fail { reason: "broken".to_owned() }
}

pub fn skip() -> StepAct {
    StepAct::Skip { reason: "not needed".to_owned() }
}

pub fn reopen() -> StepAct {
    StepAct::Reopen { reason: "not good".to_owned() }
}

pub fn any_act(how: u8) -> StepAct {
    match how % 11 {
        0 => StepAct::Claim,
        1 => StepAct::Start,
        2 => StepAct::Check { item: "1".into(), done: true },
        3 => complete(1),
        4 => fail(),
        5 => skip(),
        6 => answer(0),
        7 => StepAct::Approve { note: None },
        8 => StepAct::Reject { reason: "no".to_owned() },
        9 => StepAct::Retry,
        _ => reopen(),
    }
}
