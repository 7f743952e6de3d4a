//! The life of an incident (Meaning 8, 11): pause, cancel, close, reopen, merge, and what people
//! write down about it.

use smol_str::SmolStr;

use super::decision::{Decision, Voice};
use super::phase::Way;
use super::reject;
use crate::engine::clock::ClockKey;
use crate::engine::command::Proves;
use crate::engine::event::{EvidenceItem, SetMoment};
use crate::engine::fact::Fact;
use crate::engine::limits::{
    CLOCK_SKEW, EVIDENCE_MAX, KEY_BYTES_MAX, REDACTIONS_MAX, TEXT_BYTES_MAX,
};
use crate::engine::mode::Status;
use crate::engine::notice::Purpose;
use crate::engine::rejection::{Rejection, RejectionCode};
use crate::engine::run::{RunKey, StepCancelReason};
use crate::id::{IncidentId, MomentId, PersonId, PhaseId, StepId};
use jiff::Timestamp;

impl Decision<'_> {
    /// Checks a text a person wrote: not empty, not endless.
    pub fn text(&self, pointer: &str, text: String) -> Result<String, Rejection> {
        if text.trim().is_empty() {
            return Err(Rejection::new(
                RejectionCode::BadText,
                format!("{pointer} 不能为空"),
                format!("{pointer} must not be empty"),
            )
            .with("pointer", pointer));
        }
        self.bounded(pointer, text, TEXT_BYTES_MAX)
    }

    /// Checks a text's length.
    pub fn bounded(&self, pointer: &str, text: String, most: usize) -> Result<String, Rejection> {
        if text.len() <= most {
            return Ok(text);
        }
        Err(Rejection::new(
            RejectionCode::BadText,
            format!("{pointer} 超过 {most} 字节"),
            format!("{pointer} has more than {most} bytes"),
        )
        .with("pointer", pointer)
        .with("limit", most))
    }

    pub fn pause(&mut self, reason: String) -> Result<(), Rejection> {
        if self.incident.status == Status::Paused {
            return Err(reject::wrong_status(self.incident, &["resume", "cancel", "close"]));
        }
        let reason = self.text("/reason", reason)?;
        self.emit(Fact::Paused { reason });
        Ok(())
    }

    pub fn resume(&mut self) -> Result<(), Rejection> {
        if self.incident.status == Status::Open {
            return Err(reject::wrong_status(self.incident, &["pause", "cancel", "close"]));
        }
        self.emit(Fact::Resumed);
        Ok(())
    }

    /// Ends it as a false alarm. What was done is undone first, unless the caller says why it is
    /// left as it is.
    pub fn cancel(&mut self, reason: String, as_is: Option<String>) -> Result<(), Rejection> {
        let reason = self.text("/reason", reason)?;
        let as_is = as_is.map(|why| self.text("/as_is", why)).transpose()?;
        if as_is.is_none() {
            if self.incident.is_cancelling() {
                return Err(reject::rolling_back(self.incident, &self.left_to_undo()));
            }
            if self.undo_before_cancelling(&reason) {
                return Ok(());
            }
        }
        self.cancel_now(reason, as_is);
        Ok(())
    }

    /// Cancels: nothing is worked on any more, what waits in the outbox is withdrawn, those who
    /// were paged are told.
    pub fn cancel_now(&mut self, reason: String, as_is: Option<String>) {
        self.stop_clocks("cancelled");
        self.end_everything(StepCancelReason::Cancelled);
        self.emit(Fact::Cancelled { reason: reason.clone(), as_is });
        self.after_end(true, Some(reason));
    }

    /// Ends it in favour of another incident.
    pub fn merge(&mut self, into: IncidentId) -> Result<(), Rejection> {
        if into == self.incident.id {
            return Err(reject::field(
                "/into",
                "不能并入自身",
                "an incident cannot be merged into itself",
            ));
        }
        self.stop_clocks("merged");
        self.end_everything(StepCancelReason::Closed);
        self.emit(Fact::Merged { into });
        self.after_end(false, None);
        Ok(())
    }

    /// Ends it; open blockers refuse it unless a reason overrules them.
    pub fn close(&mut self, force: Option<String>) -> Result<(), Rejection> {
        let (blockers, clocks) = (self.blockers(), self.clock_blockers());
        if blockers.is_empty() && clocks.is_empty() {
            self.close_now(None);
            return Ok(());
        }
        let Some(reason) = force else { return Err(blocked(&blockers, &clocks)) };
        let reason = self.text("/force", reason)?;
        self.close_now(Some(reason));
        Ok(())
    }

    /// Closes: whatever still runs ends with it.
    pub fn close_now(&mut self, forced: Option<String>) {
        if forced.is_some() {
            self.stop_clocks("forced_close");
        }
        self.end_everything(StepCancelReason::Closed);
        self.emit(Fact::Closed { forced: forced.clone() });
        self.after_end(false, forced);
    }

    pub fn end_everything(&mut self, reason: StepCancelReason) {
        self.end_ordinary_steps(reason);
        let undoing = self.incident.steps.values().map(|record| &record.run);
        let undoing = undoing.filter(|run| !run.is_settled()).map(|run| run.key.clone());
        for key in undoing.collect::<Vec<_>>() {
            self.cancel_run(&key, reason);
        }
    }

    /// Ends every step but those that undo others.
    pub fn end_ordinary_steps(&mut self, reason: StepCancelReason) {
        let phase = self.phase();
        let here = phase.into_iter().flat_map(|phase| &phase.steps).map(|step| step.id.clone());
        let here: Vec<StepId> = here.collect();
        let elsewhere = self.incident.steps.values().map(|record| &record.run);
        let elsewhere: Vec<RunKey> = elsewhere
            .filter(|run| run.visit != self.incident.visit && !run.is_settled())
            .filter(|run| !self.playbook.is_compensation(&run.key.step))
            .map(|run| run.key.clone())
            .collect();
        for id in &here {
            self.end_unsettled(id, reason, "closing");
        }
        for key in elsewhere {
            let between = self.incident.run_of(&key).is_some_and(|run| run.state.is_settled());
            if between {
                self.emit(Fact::StepRepeatEnded { key, reason: "closing".into() });
            } else {
                self.cancel_run(&key, reason);
            }
        }
    }

    /// Withdraws what nobody needs any more, of a false alarm everything, and tells those who were
    /// ever paged, and the parent, that it is over.
    fn after_end(&mut self, everything: bool, reason: Option<String>) {
        self.voice = Voice::Rule(self.incident.version);
        self.wishes.clear();
        self.report(reason);
        self.withdraw(|purpose| everything || purpose.asks_for_work());
        let directory = self.ctx.directory;
        let wants = |person: &&PersonId| {
            directory.person(person).is_none_or(|person| !person.manner.no_endings)
        };
        let paged: Vec<PersonId> = self.incident.paged.iter().filter(wants).cloned().collect();
        for person in paged {
            self.tell(person, Purpose::Ended);
        }
    }

    /// Runs it again: a new visit of the phase named, else of the last.
    pub fn reopen(&mut self, phase: Option<PhaseId>, reason: String) -> Result<(), Rejection> {
        if self.incident.status.is_open() {
            return Err(reject::still_open(self.incident));
        }
        if self.incident.status == Status::Cancelled && !self.ctx.admin {
            return Err(Rejection::new(
                RejectionCode::AdminOnly,
                "已取消（误报）的事件只有管理员可以重新打开",
                "only an administrator reopens a cancelled incident",
            ));
        }
        let reason = self.text("/reason", reason)?;
        let last = self.playbook.phases.last().map(|phase| phase.id.clone());
        let Some(phase) = phase.or(last) else { return Err(reject::endless()) };
        self.known_phase(&phase)?;
        let seq = self.emit(Fact::Reopened { reason: reason.clone() });
        self.voice = Voice::Rule(seq);
        self.report(Some(reason.clone()));
        self.voice = Voice::Rule(seq);
        self.weigh_levels();
        self.enter(&phase, Way { by_next: None, why: Some(&reason) });
        self.engage_roles();
        self.fill_vacant();
        Ok(())
    }

    /// Moves to a phase because a person says so.
    pub fn move_phase(&mut self, to: &PhaseId, reason: String) -> Result<(), Rejection> {
        self.known_phase(to)?;
        let reason = self.text("/reason", reason)?;
        if self.incident.is_cancelling() {
            return Err(reject::rolling_back(self.incident, &self.left_to_undo()));
        }
        if *to == self.incident.phase {
            return Err(Rejection::new(
                RejectionCode::WrongState,
                format!("事件已处于阶段 `{to}`；如需重做请重新打开其中的步骤"),
                format!("the incident is in phase `{to}` already; reopen its steps instead"),
            )
            .with("state", to.as_str())
            .with("allowed", self.other_phases()));
        }
        self.leave_for(to, Way { by_next: None, why: Some(&reason) });
        Ok(())
    }

    fn other_phases(&self) -> Vec<&str> {
        let others = self.playbook.phases.iter().filter(|phase| phase.id != self.incident.phase);
        others.map(|phase| phase.id.as_str()).collect()
    }

    fn known_phase(&self, phase: &PhaseId) -> Result<(), Rejection> {
        if self.playbook.phase(phase).is_some() {
            return Ok(());
        }
        let known: Vec<&str> = self.playbook.phases.iter().map(|phase| phase.id.as_str()).collect();
        Err(Rejection::new(
            RejectionCode::UnknownPhase,
            format!("预案中没有阶段 `{phase}`；已有：{}", known.join("、")),
            format!("the plan has no phase `{phase}`; it has {}", known.join(", ")),
        )
        .with("phases", known))
    }

    pub fn note(&mut self, text: String) -> Result<(), Rejection> {
        let text = self.text("/text", text)?;
        self.emit(Fact::Noted { text });
        Ok(())
    }

    pub fn correct(&mut self, of: u64, text: String) -> Result<(), Rejection> {
        let text = self.text("/text", text)?;
        if of == 0 || of > self.incident.version {
            return Err(Rejection::new(
                RejectionCode::UnknownItem,
                format!("时间线上没有第 {of} 条记录"),
                format!("the timeline has no entry {of}"),
            )
            .with("last", self.incident.version));
        }
        self.emit(Fact::Corrected { of, text });
        Ok(())
    }

    pub fn redact(&mut self, references: Vec<String>, reason: String) -> Result<(), Rejection> {
        let reason = self.text("/reason", reason)?;
        if references.is_empty() {
            return Err(reject::field(
                "/references",
                "请指明要删除的内容",
                "say what is to be erased",
            ));
        }
        if references.len() > REDACTIONS_MAX {
            return Err(reject::limit("一次删除的引用", "references at once", REDACTIONS_MAX));
        }
        for reference in &references {
            self.bounded("/references", reference.clone(), KEY_BYTES_MAX)?;
        }
        self.emit(Fact::Redacted { references, reason });
        Ok(())
    }

    pub fn link(&mut self, to: IncidentId, relation: SmolStr) -> Result<(), Rejection> {
        const RELATIONS: [&str; 3] = ["duplicate", "caused_by", "related"];
        if !RELATIONS.contains(&relation.as_str()) {
            return Err(reject::field(
                "/relation",
                format!("关系须为：{}", RELATIONS.join("、")),
                format!("the relation must be one of {}", RELATIONS.join(", ")),
            ));
        }
        if to == self.incident.id {
            return Err(reject::field(
                "/to",
                "不能关联自身",
                "an incident is not linked to itself",
            ));
        }
        self.emit(Fact::Linked { to, relation });
        Ok(())
    }

    /// Attaches proof of whatever a person means.
    pub fn prove(&mut self, of: Proves, evidence: EvidenceItem) -> Result<(), Rejection> {
        match of {
            Proves::Incident => self.attach(None, None, evidence),
            Proves::Step(at) => {
                let key = self.find(&at)?.key;
                self.attach(Some(key), None, evidence)
            }
            Proves::Moment(moment) => {
                self.known_moment(&moment)?;
                self.attach(None, Some(moment), evidence)
            }
        }
    }

    /// Attaches proof, perhaps to a run of a step or to a moment.
    pub fn attach(
        &mut self,
        step: Option<RunKey>,
        moment: Option<SetMoment>,
        evidence: EvidenceItem,
    ) -> Result<(), Rejection> {
        let known = match &step {
            Some(key) => self.incident.run_of(key).map_or(0, |run| run.evidence),
            None => self.incident.evidence,
        };
        if known >= EVIDENCE_MAX {
            return Err(reject::limit("附件", "pieces of evidence", EVIDENCE_MAX as usize));
        }
        match &evidence {
            EvidenceItem::Text { text } => {
                self.text("/text", text.clone())?;
            }
            EvidenceItem::Url { url } => {
                self.bounded("/url", url.clone(), KEY_BYTES_MAX)?;
                if !(url.starts_with("https://") || url.starts_with("http://")) {
                    return Err(reject::field(
                        "/url",
                        "地址须以 http:// 或 https:// 开头",
                        "the address must begin with http:// or https://",
                    ));
                }
            }
            EvidenceItem::File { name, media_type, .. } => {
                self.bounded("/name", name.clone(), KEY_BYTES_MAX)?;
                self.bounded("/media_type", media_type.clone(), KEY_BYTES_MAX)?;
            }
        }
        self.emit(Fact::EvidenceAdded { step, moment, evidence });
        Ok(())
    }

    pub fn set_moment(
        &mut self,
        moment: SetMoment,
        at: Timestamp,
        grounds: Option<String>,
    ) -> Result<(), Rejection> {
        let latest = self.now().saturating_add(CLOCK_SKEW).unwrap_or(at);
        if at > latest {
            return Err(reject::implausible("该时刻还没有到来", "that moment lies in the future")
                .with("latest", latest.to_string()));
        }
        self.known_moment(&moment)?;
        let grounds = grounds.map(|text| self.text("/grounds", text)).transpose()?;
        self.emit(Fact::MomentSet { moment, at, grounds });
        Ok(())
    }

    /// A named moment is one that a regime of the plan counts from.
    fn known_moment(&self, moment: &SetMoment) -> Result<(), Rejection> {
        let SetMoment::Named(name) = moment else { return Ok(()) };
        let clocks = self.playbook.clocks.iter();
        let known = clocks.flat_map(|clock| clock.regime.moments.keys());
        let known: Vec<&str> =
            ["detected", "aware"].into_iter().chain(known.map(MomentId::as_str)).collect();
        if known.contains(&name.as_str()) {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::UnknownMoment,
            format!("没有时刻 `{name}`；可用：{}", known.join("、")),
            format!("there is no moment `{name}`; there is {}", known.join(", ")),
        )
        .with("moments", known))
    }
}

/// Words a close that something still stands against.
fn blocked(steps: &[RunKey], clocks: &[ClockKey]) -> Rejection {
    let keys: Vec<String> = steps.iter().map(RunKey::to_string).collect();
    let names: Vec<&str> = steps.iter().map(|key| key.step.as_str()).collect();
    let clocks: Vec<String> = clocks.iter().map(ClockKey::to_string).collect();
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if !names.is_empty() {
        zh.push(format!("还有未完成的步骤：{}；请先完成或跳过", names.join("、")));
        en.push(format!("these steps are open: {}; finish or skip them", names.join(", ")));
    }
    if !clocks.is_empty() {
        zh.push(format!("还有未了结的法定时限：{}；请先提交或决定不予通知", clocks.join("、")));
        en.push(format!(
            "these statutory clocks are open: {}; submit, or decide not to notify",
            clocks.join(", ")
        ));
    }
    zh.push("或说明理由强制关闭".to_owned());
    en.push("or force the close with a reason".to_owned());
    Rejection::new(
        RejectionCode::Blocked,
        zh.join("；").replace("；或", "，或"),
        en.join("; ").replace("; or force", ", or force"),
    )
    .with("blockers", keys)
    .with("clocks", clocks)
}
