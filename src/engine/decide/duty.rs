//! What people do with statutory clocks: submit, decide not to notify, record that an authority
//! granted more time.

use jiff::{SignedDuration, Timestamp};

use super::decision::Decision;
use super::reject;
use crate::engine::clock::{ClockFact, ClockKey, ClockLimit};
use crate::engine::command::{ClockAct, ClockRef};
use crate::engine::event::LadderSubject;
use crate::engine::limits::KEY_BYTES_MAX;
use crate::engine::mode::Status;
use crate::engine::notice::ClockWord;
use crate::engine::rejection::{FieldProblem, Rejection, RejectionCode};
use crate::engine::ticking::{ViewState, clocks, warnings};
use crate::id::{PersonId, StageId, StepId};
use crate::playbook::statute::Stage;
use crate::text::{Lang, Text};

impl Decision<'_> {
    /// Does what a person asked of a stage of a clock.
    pub fn clock(&mut self, at: &ClockRef, act: ClockAct) -> Result<(), Rejection> {
        if self.incident.status == Status::Cancelled {
            return Err(reject::ended(self.incident));
        }
        let key = self.find_clock(at, &act)?;
        match act {
            ClockAct::Submit { reason, reference } => self.submit(&key, reason, reference),
            ClockAct::AskWaiver { reason } => self.ask_waiver(&key, reason),
            ClockAct::AnswerWaiver { approve, reason } => self.answer_waiver(&key, approve, reason),
            ClockAct::Extend { until, by, document } => self.extend(&key, until, by, document),
        }
    }

    /// Finds the stage a person means: the one named, else the only one that is open.
    fn find_clock(&self, at: &ClockRef, act: &ClockAct) -> Result<ClockKey, Rejection> {
        let known: Vec<&str> = self.playbook.clocks.iter().map(|clock| clock.id.as_str()).collect();
        let Some(clock) = self.playbook.clocks.iter().find(|clock| clock.id == at.clock) else {
            let name = &at.clock;
            return Err(Rejection::new(
                RejectionCode::UnknownClock,
                format!("预案中没有法定时限 `{name}`；已有：{}", known.join("、")),
                format!("the plan has no clock `{name}`; it has {}", known.join(", ")),
            )
            .with("clocks", known));
        };
        let key = |stage: &Stage| ClockKey { clock: clock.id.clone(), stage: stage.id.clone() };
        let stages: Vec<&str> = clock.stages().map(|stage| stage.id.as_str()).collect();
        if let Some(stage) = &at.stage {
            return clock.stage(stage).map(key).ok_or_else(|| {
                Rejection::new(
                    RejectionCode::UnknownClock,
                    format!("`{}` 没有阶段 `{stage}`；已有：{}", at.clock, stages.join("、")),
                    format!("`{}` has no stage `{stage}`; it has {}", at.clock, stages.join(", ")),
                )
                .with("stages", stages.clone())
            });
        }
        let views = clocks(self.playbook, self.incident);
        let of_clock = || views.iter().filter(|view| view.clock.id == clock.id);
        let asked = matches!(act, ClockAct::AnswerWaiver { .. });
        let fits = |state: ViewState| matches!(state, ViewState::Running | ViewState::Late);
        let open: Vec<_> = of_clock()
            .filter(|view| fits(view.state))
            .filter(|view| !asked || view.record.is_some_and(|record| record.asked.is_some()))
            .collect();
        match (open.as_slice(), stages.as_slice()) {
            ([only], _) => Ok(key(only.stage)),
            // Nothing runs: where there is but one stage it is what people mean.
            ([], [only]) => Ok(ClockKey { clock: clock.id.clone(), stage: StageId::new(only) }),
            _ => {
                let keys: Vec<String> =
                    stages.iter().map(|stage| format!("{}:{stage}", clock.id)).collect();
                Err(Rejection::new(
                    RejectionCode::AmbiguousClock,
                    format!("`{}` 有多个阶段，请指明其一：{}", clock.id, keys.join("、")),
                    format!("`{}` has several stages; name one: {}", clock.id, keys.join(", ")),
                )
                .with("keys", keys))
            }
        }
    }

    fn submit(
        &mut self,
        key: &ClockKey,
        reason: Option<String>,
        reference: Option<String>,
    ) -> Result<(), Rejection> {
        let Some((_, stage)) = self.clock_stage(key) else { return Ok(()) };
        let state = self.incident.clocks.get(key).cloned();
        let unexplained = state.as_ref().is_some_and(|state| state.lacks_reason());
        if let (true, Some(reason)) = (unexplained, &reason) {
            let reason = self.text("/reason", reason.clone())?;
            self.clock_fact(key, ClockFact::Explained { reason });
            return Ok(());
        }
        if let Some(at) = state.as_ref().and_then(|state| state.met_at())
            && !stage.on_demand
        {
            return Err(Rejection::new(
                RejectionCode::WrongClockState,
                format!("`{key}` 已于 {at} 提交；更正请写备注"),
                format!("`{key}` was submitted at {at}; write a note to correct it"),
            )
            .with("state", "met"));
        }
        self.plausible(key)?;
        let reference = reference.map(|text| self.bounded("/reference", text, KEY_BYTES_MAX));
        let reference = reference.transpose()?.filter(|text| !text.trim().is_empty());
        let late = self.is_late(key);
        let reason = self.reason_of(key, late, reason, "/reason")?;
        let fact = ClockFact::Submitted { step: None, late, reason, reference };
        let seq = self.clock_fact(key, fact);
        self.after_direct(seq, |decision| decision.clock_settled(key));
        Ok(())
    }

    /// Late submission demands a reason.
    fn reason_of(
        &self,
        key: &ClockKey,
        late: bool,
        reason: Option<String>,
        pointer: &str,
    ) -> Result<Option<String>, Rejection> {
        match reason.filter(|reason| !reason.trim().is_empty()) {
            Some(reason) => Ok(Some(self.text(pointer, reason)?)),
            None if late => Err(self.late(key, pointer)),
            None => Ok(None),
        }
    }

    fn late(&self, key: &ClockKey, pointer: &str) -> Rejection {
        let due_at = self.incident.clocks.get(key).and_then(|state| state.due_at());
        let due_at = due_at.map(|at| at.to_string()).unwrap_or_default();
        let detail = Text::both("请说明逾期原因", "say why it is late");
        Rejection::new(
            RejectionCode::LateReasonRequired,
            format!("`{key}` 已于 {due_at} 到期：逾期提交须说明原因"),
            format!("`{key}` was due at {due_at}: a late submission needs a reason"),
        )
        .with("due_at", due_at)
        .with_fields(vec![FieldProblem { pointer: pointer.to_owned(), detail }])
    }

    /// A person who finishes a step that submits a stage after its time says why, in the remark.
    pub fn check_late_step(&mut self, step: &StepId, note: Option<&str>) -> Result<(), Rejection> {
        let index = self.index;
        let stages = index.submits.get(step).into_iter().flatten();
        for (clock, stage) in stages {
            let key = ClockKey { clock: clock.clone(), stage: stage.clone() };
            let runs = self.incident.clocks.get(&key).is_some_and(|state| state.is_running());
            if runs && self.is_late(&key) {
                let reason = self.reason_of(&key, true, note.map(str::to_owned), "/note")?;
                self.late_reason = reason;
            }
        }
        Ok(())
    }

    /// What happened to a stage did so after the moment it counts from, where that is known, and not
    /// ahead of now.
    fn plausible(&self, key: &ClockKey) -> Result<(), Rejection> {
        let state = self.incident.clocks.get(key);
        let anchor = state.and_then(|state| Some(state.limit.as_ref()?.anchor));
        let began = self.incident.detected_at.unwrap_or(self.incident.declared_at);
        self.check_time(anchor.unwrap_or(began).min(self.incident.declared_at))
    }

    /// Only a stage that runs can be waived or extended, and at a time that can have been.
    fn running(&self, key: &ClockKey) -> Result<(), Rejection> {
        let runs = self.incident.clocks.get(key).is_some_and(|state| state.is_running());
        if runs {
            return self.plausible(key);
        }
        let views = clocks(self.playbook, self.incident);
        let here = |view: &&crate::engine::ClockView<'_>| {
            view.clock.id == key.clock && view.stage.id == key.stage
        };
        let state = views.iter().find(here).map_or(ViewState::Waiting, |view| view.state);
        let (word, state) = (state.word(Lang::Zh), state.name());
        Err(Rejection::new(
            RejectionCode::WrongClockState,
            format!("`{key}` {word}，只有进行中的法定时限可以这样处理"),
            format!("`{key}` is {state}; this is for clocks that run"),
        )
        .with("state", state))
    }

    /// Who decides is a person, by name.
    fn decider(&self) -> Result<PersonId, Rejection> {
        self.acting().ok_or_else(|| {
            Rejection::new(
                RejectionCode::NotYours,
                "不予通知须由具名人员决定",
                "not to notify is for a person to decide, by name",
            )
        })
    }

    fn ask_waiver(&mut self, key: &ClockKey, reason: String) -> Result<(), Rejection> {
        self.running(key)?;
        let by = self.decider()?;
        let reason = self.text("/reason", reason)?;
        let seq = self.clock_fact(key, ClockFact::WaiverAsked { by, reason });
        self.after_direct(seq, |decision| {
            decision.tell_owner(key, ClockWord::WaiverAsked);
            decision.tell_commander("waiver_asked");
        });
        Ok(())
    }

    fn answer_waiver(
        &mut self,
        key: &ClockKey,
        approve: bool,
        remark: Option<String>,
    ) -> Result<(), Rejection> {
        self.running(key)?;
        let by = self.decider()?;
        let asked = self.incident.clocks.get(key).and_then(|state| state.asked.clone());
        let Some((asked_by, reason)) = asked else {
            return Err(Rejection::new(
                RejectionCode::WrongClockState,
                format!("没有人提议 `{key}` 不予通知；请先写明理由提出"),
                format!(
                    "nobody has proposed not to notify `{key}`; propose it first, with a reason"
                ),
            )
            .with("state", "running"));
        };
        let signed_in = match &self.ctx.actor {
            crate::engine::Actor::Person { id, .. } => Some(id),
            _ => None,
        };
        if approve && (asked_by == by || signed_in == Some(&asked_by)) {
            return Err(Rejection::new(
                RejectionCode::MayNotApprove,
                "提议人不能批准自己的提议，请由他人批准",
                "whoever proposes it does not approve it; someone else must",
            )
            .with("asked_by", asked_by.as_str()));
        }
        let remark = remark.map(|text| self.text("/reason", text)).transpose()?;
        if approve {
            let fact = ClockFact::Waived { asked_by, approved_by: by, reason };
            let seq = self.clock_fact(key, fact);
            self.after_direct(seq, |decision| decision.clock_settled(key));
        } else {
            self.clock_fact(key, ClockFact::WaiverRefused { by, reason: remark });
        }
        Ok(())
    }

    /// More time comes from an authority alone, within what the regime foresees, on a document.
    fn extend(
        &mut self,
        key: &ClockKey,
        until: Timestamp,
        by: String,
        document: String,
    ) -> Result<(), Rejection> {
        self.running(key)?;
        let Some((_, stage)) = self.clock_stage(key) else { return Ok(()) };
        let Some(extension) = &stage.extension else {
            return Err(Rejection::new(
                RejectionCode::WrongClockState,
                format!("法规没有规定 `{key}` 可以延期"),
                format!("the regime knows no extension of `{key}`"),
            )
            .with("state", "running"));
        };
        let by = self.text("/by", by)?;
        let document = self.text("/document", document)?;
        let limit = self.incident.clocks.get(key).and_then(|state| state.limit.clone());
        let Some((limit, was)) = limit.and_then(|limit| Some((limit.clone(), limit.due_at?)))
        else {
            return Ok(());
        };
        let most = SignedDuration::from_hours(24 * i64::from(extension.days_at_most));
        let latest = was.saturating_add(most).unwrap_or(was);
        if until <= was || until > latest {
            let (zh, en) = (extension.by.get(Lang::Zh), extension.by.get(Lang::En));
            return Err(reject::field(
                "/until",
                format!("延期须晚于 {was}、不晚于 {latest}（{zh}）"),
                format!("an extension ends after {was} and not after {latest} ({en})"),
            ));
        }
        let warn_at = warnings(limit.anchor, until);
        let warn_at = warn_at.into_iter().filter(|at| *at > self.now()).collect();
        let limit = ClockLimit { due_at: Some(until), warn_at, ..limit };
        let fact = ClockFact::Extended { limit, was: Some(was), by, document };
        let seq = self.clock_fact(key, fact);
        self.after_direct(seq, |decision| {
            decision.stop_ladder(&LadderSubject::Clock { key: key.clone() }, "acted");
        });
        Ok(())
    }
}
