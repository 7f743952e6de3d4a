//! What people do with steps: found, allowed, plausible, done.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::decision::Decision;
use super::input::refused;
use super::reject;
use crate::engine::command::{StepAct, StepRef};
use crate::engine::event::{EvidenceItem, LadderSubject, ValueSource};
use crate::engine::fact::Fact;
use crate::engine::kin::RecallReason;
use crate::engine::limits::{CLOCK_SKEW, EVIDENCE_MAX};
use crate::engine::rejection::{Rejection, RejectionCode};
use crate::engine::run::{FailureCause, Run, RunKey, SkipReason, StepState};
use crate::engine::transition::{ActName, accepts, allowed_acts, fits};
use crate::id::StepId;
use crate::playbook::{Action, CheckItem, Evidence, Field, Manual, Step};

/// What completing a step carries.
pub(super) struct Completion {
    pub form: Map<String, Json>,
    pub evidence: Vec<EvidenceItem>,
    pub measure: Option<f64>,
    pub note: Option<String>,
}

impl Decision<'_> {
    /// Does what a person asked of a step.
    pub fn act(&mut self, at: &StepRef, act: StepAct) -> Result<(), Rejection> {
        let run = self.find(at)?;
        let Some(step) = self.step(&at.step) else { return Err(self.unknown(&at.step)) };
        self.check_act(step, &run, &act)?;
        if self.ctx.occurred_at.is_some() {
            self.check_time(self.earliest(step, &run))?;
        }
        let key = run.key.clone();
        let begun = self.incident.version;
        match act {
            StepAct::Claim => self.claim_step(&key)?,
            StepAct::Start => {
                self.emit(Fact::StepStarted { key: key.clone() });
            }
            StepAct::Check { item, done } => self.check(&run, step, item, done)?,
            StepAct::Complete { form, evidence, measure, note } => {
                self.check_late_step(&key.step, note.as_deref())?;
                let completion = Completion { form, evidence, measure, note };
                self.complete(&run, step, completion)?;
            }
            StepAct::Fail { reason } => {
                let why = self.text("/reason", reason)?;
                self.fail(&key, FailureCause::ByPerson, why);
            }
            StepAct::Skip { reason } => self.skip(&run, reason)?,
            StepAct::Retry => self.again(&run, None)?,
            StepAct::Reopen { reason } => self.again(&run, Some(reason))?,
            StepAct::Answer { option, note } => self.answer(&run, step, option, note)?,
            StepAct::Approve { note } => self.approve(&run, step, note)?,
            StepAct::Reject { reason } => self.refuse(&run, step, reason)?,
        }
        self.someone_acted(&key, step, begun);
        Ok(())
    }

    /// Whoever acts stops the step's ladder, and has seen that the role is theirs.
    fn someone_acted(&mut self, key: &RunKey, step: &Step, begun: u64) {
        let seq = begun + 1;
        self.after_direct(seq, |decision| {
            decision.stop_ladder(&LadderSubject::Step { key: key.clone() }, "acted");
        });
        if let Some(role) = &step.role {
            self.acknowledge_by_working(role);
        }
    }

    /// Finds the run that a person means: the current one, of one item where there are several.
    pub fn find(&self, at: &StepRef) -> Result<Run, Rejection> {
        let Some(step) = self.step(&at.step) else { return Err(self.unknown(&at.step)) };
        let whole = match self.incident.run(&at.step) {
            Some(run) if run.visit == self.incident.visit || !self.waits(&at.step) => run.clone(),
            _ if self.waits(&at.step) => Run::waiting(self.waiting_key(&at.step)),
            _ => return Err(self.unknown(&at.step)),
        };
        let run = match at.item {
            None if step.for_each.is_some() && !whole.items.is_empty() => {
                return Err(self.ambiguous(&at.step));
            }
            None => whole,
            Some(item) => match self.incident.item_run(&at.step, item) {
                Some(run) => run.clone(),
                None => {
                    return Err(Rejection::new(
                        RejectionCode::UnknownItem,
                        format!("步骤 `{}` 没有第 {item} 项", at.step),
                        format!("step `{}` has no item {item}", at.step),
                    ));
                }
            },
        };
        match &at.key {
            Some(key) if *key != run.key.to_string() => Err(Rejection::new(
                RejectionCode::StaleRun,
                format!("`{key}` 已不是当前这一轮，当前为 `{}`", run.key),
                format!("`{key}` is no longer the current run; that is `{}`", run.key),
            )
            .with("key", run.key.to_string())),
            _ => Ok(run),
        }
    }

    fn unknown(&self, step: &StepId) -> Rejection {
        let open = self.incident.runs().filter(|run| !run.is_settled());
        let open: Vec<&str> = open.map(|run| run.key.step.as_str()).collect();
        reject::unknown_step(step, &open)
    }

    fn ambiguous(&self, step: &StepId) -> Rejection {
        let items = self.incident.steps.get(step).map_or(0, |record| record.items.len());
        let keys: Vec<String> = (0..items).map(|item| format!("{step}:{item}")).collect();
        Rejection::new(
            RejectionCode::AmbiguousStep,
            format!("步骤 `{step}` 有 {items} 项，请指明其一，如 `{step}:0`"),
            format!("step `{step}` has {items} items; name one, such as `{step}:0`"),
        )
        .with("keys", keys)
    }

    fn check_act(&self, step: &Step, run: &Run, act: &StepAct) -> Result<(), Rejection> {
        let allowed = allowed_acts(self.incident, step, run);
        if allowed.contains(&act.kind()) {
            return Ok(());
        }
        let names: Vec<&'static str> = allowed.iter().map(|name| name.as_str()).collect();
        let in_kind = fits(&step.action, act.kind());
        // A step of another kind says so first: no state would make the act right.
        if !in_kind {
            let fitting = |name: &ActName| fits(&step.action, *name) && accepts(&run.state, *name);
            let fitting: Vec<_> =
                ActName::ALL.into_iter().filter(fitting).map(ActName::as_str).collect();
            return Err(reject::wrong_kind(run, act, &fitting));
        }
        Err(reject::wrong_state(run, act, &names))
    }

    /// Checks that what is said to have happened can have: not before its anchor, not ahead of now
    /// by more than clocks differ (Meaning 12).
    pub fn check_time(&self, earliest: Timestamp) -> Result<(), Rejection> {
        let Some(occurred_at) = self.ctx.occurred_at else { return Ok(()) };
        let latest = self.now().saturating_add(CLOCK_SKEW).unwrap_or(self.ctx.now);
        if occurred_at < earliest {
            return Err(reject::implausible(
                format!("发生时间早于 {earliest}，那时尚未开始计时"),
                format!("it cannot have happened before {earliest}, from when its time counts"),
            )
            .with("earliest", earliest.to_string()));
        }
        if occurred_at > latest {
            return Err(reject::implausible(
                format!("发生时间晚于当前时间 {}", self.ctx.now),
                format!("it cannot have happened after now, {}", self.ctx.now),
            )
            .with("latest", latest.to_string()));
        }
        Ok(())
    }

    fn claim_step(&mut self, key: &RunKey) -> Result<(), Rejection> {
        let by = self.person()?;
        self.emit(Fact::StepClaimed { key: key.clone(), by });
        Ok(())
    }

    fn start_if_ready(&mut self, run: &Run) {
        if run.state == StepState::Ready {
            self.emit(Fact::StepStarted { key: run.key.clone() });
        }
    }

    fn check(
        &mut self,
        run: &Run,
        step: &Step,
        item: SmolStr,
        done: bool,
    ) -> Result<(), Rejection> {
        let known = match &step.action {
            Action::Manual(manual) => check_item(&manual.checklist, &item).is_some(),
            _ => false,
        };
        if !known {
            return Err(Rejection::new(
                RejectionCode::UnknownItem,
                format!("清单中没有第 `{item}` 项"),
                format!("the checklist has no item `{item}`"),
            ));
        }
        self.start_if_ready(run);
        self.emit(Fact::StepChecked { key: run.key.clone(), item, done });
        Ok(())
    }

    fn complete(
        &mut self,
        run: &Run,
        step: &Step,
        completion: Completion,
    ) -> Result<(), Rejection> {
        let Action::Manual(manual) = &step.action else { return Ok(()) };
        let Completion { form, evidence, measure, note } = completion;
        let answers = Field::read_all(&manual.form, &Json::Object(form))
            .map_err(|problems| refused("/form", problems))?;
        let measure = self.measured(manual, measure)?;
        self.check_proof(run, manual, &evidence)?;
        check_ticked(manual, run)?;
        let note = note.map(|note| self.text("/note", note)).transpose()?;
        let key = run.key.clone();
        self.start_if_ready(run);
        for item in evidence {
            self.attach(Some(key.clone()), None, item)?;
        }
        self.set(answers.into_iter().collect(), ValueSource::Form { key: key.clone() });
        if let Some((name, value)) = measure {
            self.measure(name, value)?;
        }
        self.emit(Fact::StepDone { key, answer: None, note });
        Ok(())
    }

    fn measured(
        &self,
        manual: &Manual,
        measure: Option<f64>,
    ) -> Result<Option<(crate::id::VarId, f64)>, Rejection> {
        match (&manual.measure, measure) {
            (_, None) => Ok(None),
            (Some(_), Some(value)) if !value.is_finite() => {
                Err(reject::field("/measure", "须为有限的数值", "it must be a finite number"))
            }
            (Some(name), Some(value)) => Ok(Some((name.clone(), value))),
            (None, Some(_)) => {
                Err(reject::field("/measure", "该步骤不记录指标", "this step records no measure"))
            }
        }
    }

    fn check_proof(
        &self,
        run: &Run,
        manual: &Manual,
        given: &[EvidenceItem],
    ) -> Result<(), Rejection> {
        let many = run.evidence.saturating_add(u32::try_from(given.len()).unwrap_or(u32::MAX));
        if many > EVIDENCE_MAX {
            return Err(reject::limit("附件", "pieces of evidence", EVIDENCE_MAX as usize));
        }
        if manual.evidence == Evidence::Required && many == 0 {
            return Err(Rejection::new(
                RejectionCode::EvidenceRequired,
                format!("完成步骤 `{}` 需要附上证据", run.key.step),
                format!("step `{}` needs evidence before it is completed", run.key.step),
            ));
        }
        Ok(())
    }

    fn skip(&mut self, run: &Run, reason: String) -> Result<(), Rejection> {
        let reason = self.text("/reason", reason)?;
        self.drop_request(&run.key, RecallReason::StepSkipped);
        let failed = |state: &StepState| matches!(state, StepState::Failed { .. });
        self.open_whole_of(run, failed);
        let reason = SkipReason::ByPerson { reason };
        let seq = self.emit(Fact::StepSkipped { key: run.key.clone(), reason });
        // What a failure stood in the way of can be reached again.
        if failed(&run.state) {
            self.after_direct(seq, |decision| decision.revive_dependents(&run.key.step));
        }
        Ok(())
    }

    /// Works on a run again: a new attempt. Those skipped because of it wait again.
    fn again(&mut self, run: &Run, reason: Option<String>) -> Result<(), Rejection> {
        let reason = reason.map(|reason| self.text("/reason", reason)).transpose()?;
        let key = RunKey { attempt: run.key.attempt + 1, ..run.key.clone() };
        self.open_whole_of(run, StepState::is_settled);
        let seq = match reason {
            None => self.emit(Fact::StepRetried { key }),
            Some(reason) => self.emit(Fact::StepReopened { key, reason }),
        };
        self.after_direct(seq, |decision| decision.revive_dependents(&run.key.step));
        Ok(())
    }

    /// A for-each that ended so is opened again before one of its items is: it ends anew with them.
    fn open_whole_of(&mut self, run: &Run, ended: impl Fn(&StepState) -> bool) {
        let whole = run.key.item.and_then(|_| self.incident.run(&run.key.step));
        if let Some(whole) = whole.filter(|whole| ended(&whole.state)) {
            let key = RunKey { attempt: whole.key.attempt + 1, ..whole.key.clone() };
            self.emit(Fact::StepRetried { key });
        }
    }

    /// Steps skipped as unreachable wait again when the failure they come after was dealt with.
    fn revive_dependents(&mut self, id: &StepId) {
        let Some((phase, _)) = self.playbook.step(id) else { return };
        let unreachable = StepState::Skipped { reason: SkipReason::Unreachable };
        for step in phase.steps.iter().filter(|step| step.after.contains(id)) {
            let run = self.incident.current_run(&step.id);
            if let Some(run) = run.filter(|run| run.state == unreachable) {
                let key = run.key.clone();
                self.emit(Fact::StepAwaits { key });
            }
        }
    }

    fn answer(
        &mut self,
        run: &Run,
        step: &Step,
        option: SmolStr,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        let Action::Decide(decide) = &step.action else { return Ok(()) };
        if !decide.options.contains(&option) {
            let options: Vec<&str> = decide.options.iter().map(SmolStr::as_str).collect();
            return Err(Rejection::new(
                RejectionCode::UnknownItem,
                format!("没有选项 `{option}`；可选：{}", options.join("、")),
                format!("no option `{option}`; choose one of {}", options.join(", ")),
            )
            .with("options", options));
        }
        self.check_late_step(&run.key.step, note.as_deref())?;
        let note = note.map(|note| self.text("/note", note)).transpose()?;
        self.start_if_ready(run);
        self.emit(Fact::StepDone { key: run.key.clone(), answer: Some(option), note });
        Ok(())
    }
}

/// Finds a checklist item by its path of positions, from 1: `2`, `2.1`.
fn check_item<'c>(items: &'c [CheckItem], path: &str) -> Option<&'c CheckItem> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let place: usize = first.parse().ok()?;
    let item = items.get(place.checked_sub(1)?)?;
    // One spelling each: `02` is no other name of `2`.
    if first.starts_with('0') || first.starts_with('+') {
        return None;
    }
    rest.map_or(Some(item), |rest| check_item(&item.items, rest))
}

fn check_ticked(manual: &Manual, run: &Run) -> Result<(), Rejection> {
    let open = manual.open_items(&run.checked);
    if open.is_empty() {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionCode::ChecklistOpen,
        format!("清单还有未勾选的项：{}", open.join("、")),
        format!("these checklist items are open: {}", open.join(", ")),
    )
    .with("open", open))
}
