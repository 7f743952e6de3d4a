//! The decision: what a command leads to, as events and the incident after them.
//!
//! After the direct consequence of a command the plan's automatic rules run to a fixed point, so
//! that one request is one commit. Each family of rules has its file below.

mod approval;
mod begin;
mod clock;
mod deadlines;
mod decision;
mod duty;
mod ended;
mod escalation;
mod hand_off;
mod input;
mod kin;
mod level;
mod lifecycle;
mod message;
mod outcome;
mod phase;
mod ready;
mod reject;
mod role;
mod rollback;
mod rule;
mod settle;
mod step;
mod succession;
mod tell;

use super::command::{Command, Ctx, DeadlineKind, Declare};
use super::deadline::instant;
use super::event::{Event, PlaybookRef, ValueSource};
use super::fact::Fact;
use super::incident::Incident;
use super::limits::{CLOCK_SKEW, KEY_BYTES_MAX, TITLE_BYTES_MAX};
use super::rejection::Rejection;
use super::seal::Sealed;
use crate::playbook::{Access, HandlerEvent, LEVEL_MILDEST, LEVEL_WORST, Playbook};
use crate::text::Lang;
use decision::{Decision, Task, Voice};
use kin::ChildNews;
use phase::Way;

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What happened, in order; empty where the command changes nothing.
    pub events: Vec<Event>,
    /// The incident after it.
    pub incident: Incident,
    /// The personal values that the events refer to; kept apart, in the same append.
    pub personal: Vec<Sealed>,
}

/// What a command led to, beside the incident that became of it.
#[derive(Debug)]
pub struct Change {
    /// What happened, in order; empty where the command changes nothing.
    pub events: Vec<Event>,
    /// The personal values that the events refer to; kept apart, in the same append.
    pub personal: Vec<Sealed>,
}

impl Change {
    fn to(self, incident: Incident) -> Outcome {
        let Self { events, personal } = self;
        Outcome { events, incident, personal }
    }
}

/// Turns a plan into an incident.
///
/// # Errors
/// Inputs that do not fit the plan, each with its JSON pointer; a level or title out of bounds; a
/// `detected_at` in the future.
pub fn declare(playbook: &Playbook, declare: Declare, ctx: &Ctx<'_>) -> Result<Outcome, Rejection> {
    check_declaration(&declare, ctx)?;
    let first = declared(playbook, &declare, ctx);
    let Some(mut incident) = Incident::begin(&first) else { return Err(reject::endless()) };
    let mut decision = Decision::new(playbook, &mut incident, ctx);
    let by_tool = declare.alert.is_some() || declare.surge.is_some();
    let by_person = !by_tool && declare.drill.is_none() && declare.parent.is_none();
    let inputs = decision.read_inputs(declare.inputs, by_person)?;
    decision.events.push(first);
    decision.voice = Voice::Rule(1);
    decision.agenda.moments = true;
    decision.set(inputs, ValueSource::Input);
    if let Some(alert) = declare.alert {
        decision.receive(alert);
    }
    if let Some(surge) = declare.surge {
        decision.surge(surge, false);
    }
    decision.first_level(declare.level);
    decision.agenda.push(Task::Fire(HandlerEvent::Declared), 1);
    decision.engage_roles();
    if let Some(phase) = playbook.phases.first() {
        decision.enter(&phase.id, Way::default());
    }
    decision.settle()?;
    let change = decision.made();
    Ok(change.to(incident))
}

fn check_declaration(declare: &Declare, ctx: &Ctx<'_>) -> Result<(), Rejection> {
    let too_long = |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.len() > most);
    if too_long(&declare.title, TITLE_BYTES_MAX) {
        return Err(reject::field(
            "/title",
            format!("标题超过 {TITLE_BYTES_MAX} 字节"),
            format!("the title has more than {TITLE_BYTES_MAX} bytes"),
        ));
    }
    // Titles stand in subjects, on terminals and in tables.
    let steers = |c: char| c.is_control() && !c.is_whitespace();
    if declare.title.as_ref().is_some_and(|title| title.contains(steers)) {
        return Err(reject::field(
            "/title",
            "标题不能含有控制字符",
            "the title must hold no control characters",
        ));
    }
    if too_long(&declare.dedup_key, KEY_BYTES_MAX) {
        return Err(reject::field(
            "/dedup_key",
            format!("去重键超过 {KEY_BYTES_MAX} 字节"),
            format!("the key has more than {KEY_BYTES_MAX} bytes"),
        ));
    }
    if declare.level.is_some_and(|level| !(LEVEL_WORST..=LEVEL_MILDEST).contains(&level)) {
        return Err(reject::field(
            "/level",
            format!("等级须在 {LEVEL_WORST} 到 {LEVEL_MILDEST} 之间"),
            format!("the level must be {LEVEL_WORST} to {LEVEL_MILDEST}"),
        ));
    }
    let latest = ctx.now.saturating_add(CLOCK_SKEW).unwrap_or(ctx.now);
    if declare.detected_at.is_some_and(|at| at > latest) {
        return Err(reject::implausible(
            "发现时间晚于当前时间",
            "the trouble cannot have been noticed after now",
        )
        .with("latest", latest.to_string()));
    }
    Ok(())
}

fn declared(playbook: &Playbook, declare: &Declare, ctx: &Ctx<'_>) -> Event {
    let title = declare.title.clone().filter(|title| !title.trim().is_empty());
    let fact = Fact::Declared {
        id: declare.id,
        number: declare.number,
        mode: declare.mode,
        playbook: PlaybookRef { id: playbook.id.clone(), hash: playbook.hash.clone() },
        title: title.unwrap_or_else(|| playbook.title.get(Lang::Zh).to_owned()),
        restricted: playbook.access == Access::Restricted,
        dedup_key: declare.dedup_key.clone(),
        detected_at: declare.detected_at,
        drill: declare.drill,
        parent: declare.parent.clone(),
        beside: declare.beside,
    };
    let (now, actor) = (ctx.now, ctx.actor.clone());
    Event { seq: 1, occurred_at: now, recorded_at: now, actor, cause: None, fact }
}

/// Decides what a command does to an incident.
///
/// Commands of the machinery (an instant reached, an outcome) that no longer matter lead to no
/// event; so does a person's second tap on what they have already done.
///
/// # Errors
/// A command that does not fit the incident, as data with a stable code.
pub fn decide(
    playbook: &Playbook,
    incident: &Incident,
    command: Command,
    ctx: &Ctx<'_>,
) -> Result<Outcome, Rejection> {
    let mut incident = incident.clone();
    let change = change(playbook, &mut incident, command, ctx)?;
    Ok(change.to(incident))
}

/// Decides like [`decide`] and changes the incident in its place: for whoever keeps no copy that
/// must stay as it was, since nothing is copied then.
///
/// # Errors
/// As [`decide`]. An incident whose version has moved all the same is no longer what its journal
/// says, and must be made of that again.
pub fn change(
    playbook: &Playbook,
    incident: &mut Incident,
    command: Command,
    ctx: &Ctx<'_>,
) -> Result<Change, Rejection> {
    if !incident.status.is_open() && !outlives_end(&command) {
        return Err(reject::ended(incident));
    }
    if let Command::HandOff { request, to } = &command {
        return hand_off::hand_over(playbook, incident, (*request, to), ctx);
    }
    let mut decision = Decision::new(playbook, incident, ctx);
    decision.dispatch(command)?;
    decision.settle()?;
    Ok(decision.made())
}

/// Tells whether a command may still be given when the incident has ended: what is remarked,
/// proven, measured or erased afterwards, the outcomes of what was on its way, and the reopening.
const fn outlives_end(command: &Command) -> bool {
    match command {
        Command::Note { .. }
        | Command::Measure { .. }
        | Command::Reopen { .. }
        | Command::Correct { .. }
        | Command::Redact { .. }
        | Command::Link { .. }
        | Command::AddEvidence { .. }
        | Command::AcknowledgeNotice { .. }
        | Command::Clock { .. }
        | Command::NoticeOutcome { .. }
        | Command::RequestOutcome { .. }
        | Command::ChildOutcome { .. }
        | Command::ChildReported { .. }
        | Command::ErrandEnded { .. }
        | Command::HandOff { .. }
        | Command::Reached(_) => true,
        Command::Role { .. }
        | Command::Step { .. }
        | Command::SetLevel { .. }
        | Command::SetMoment { .. }
        | Command::SetInputs { .. }
        | Command::MovePhase { .. }
        | Command::Pause { .. }
        | Command::Resume
        | Command::Cancel { .. }
        | Command::Rollback { .. }
        | Command::Close { .. }
        | Command::Merge { .. }
        | Command::Alert { .. }
        | Command::Surge { .. }
        | Command::Inject { .. } => false,
    }
}

impl Decision<'_> {
    fn made(self) -> Change {
        let Self { events, personal, .. } = self;
        Change { events, personal }
    }

    fn dispatch(&mut self, command: Command) -> Result<(), Rejection> {
        match command {
            Command::Step { step, act } => return self.act(&step, act),
            Command::Clock { clock, act } => return self.clock(&clock, act),
            Command::Reached(kind) => {
                self.reached_instant(&kind);
                return Ok(());
            }
            Command::NoticeOutcome { notice, outcome } => {
                self.notice_outcome(notice, outcome);
                return Ok(());
            }
            Command::RequestOutcome { request, outcome } => {
                self.request_outcome(request, outcome);
                return Ok(());
            }
            Command::ChildOutcome { request, outcome } => {
                self.child_outcome(request, outcome);
                return Ok(());
            }
            Command::ChildReported { child, number, status, reason, values } => {
                self.child_reported(ChildNews { child, number, status, reason, values });
                return Ok(());
            }
            Command::ErrandEnded { request } => {
                self.errand_ended(request);
                return Ok(());
            }
            _ => {}
        }
        let began = self.incident.detected_at.unwrap_or(self.incident.declared_at);
        self.check_time(began.min(self.incident.declared_at))?;
        match command {
            Command::Role { role, act } => self.role(&role, act),
            Command::SetLevel { level, reason } => self.set_level(level, reason),
            Command::Note { text } => self.note(text),
            Command::Measure { name, value } => self.measure(name, value),
            Command::SetMoment { moment, at, grounds } => self.set_moment(moment, at, grounds),
            Command::SetInputs { values } => self.set_inputs(values),
            Command::MovePhase { to, reason } => self.move_phase(&to, reason),
            Command::Pause { reason } => self.pause(reason),
            Command::Resume => self.resume(),
            Command::Cancel { reason, as_is } => self.cancel(reason, as_is),
            Command::Rollback { reason } => self.roll_back(reason),
            Command::Close { force } => self.close(force),
            Command::Reopen { phase, reason } => self.reopen(phase, reason),
            Command::Correct { of, text } => self.correct(of, text),
            Command::Redact { references, reason } => self.redact(references, reason),
            Command::Merge { into } => self.merge(into),
            Command::Link { to, relation } => self.link(to, relation),
            Command::AddEvidence { of, evidence } => self.prove(of, evidence),
            Command::Alert { alert, resolved } => self.alert(alert, resolved),
            Command::Surge { surge, over } => {
                self.surge(surge, over);
                Ok(())
            }
            Command::Inject { values } => self.inject(values),
            Command::AcknowledgeNotice { notice } => self.acknowledge_notice(notice),
            Command::Step { .. }
            | Command::Clock { .. }
            | Command::Reached(_)
            | Command::NoticeOutcome { .. }
            | Command::RequestOutcome { .. }
            | Command::ChildOutcome { .. }
            | Command::ChildReported { .. }
            | Command::ErrandEnded { .. }
            | Command::HandOff { .. } => Ok(()),
        }
    }

    /// Does what an instant calls for. An instant that has not come, or that the state no longer
    /// knows, changes nothing: asking twice is harmless.
    fn reached_instant(&mut self, kind: &DeadlineKind) {
        let at = instant(self.playbook, self.incident, kind);
        if at.is_none_or(|at| at > self.ctx.now) {
            return;
        }
        match kind {
            DeadlineKind::RoleAcknowledge(role) => self.acknowledgement_due(role),
            DeadlineKind::StepWarning(key) => self.warning_due(key),
            DeadlineKind::StepStart(key) => self.start_due(key),
            DeadlineKind::StepDue(key) => self.finish_due(key),
            DeadlineKind::StepAlarm(key) => self.alarm_due(key),
            DeadlineKind::Rung(subject) => self.rungs_due(subject),
            DeadlineKind::Objective(_) => self.judge_objectives(),
            DeadlineKind::NoticeChannel(id) => self.channel_due(*id),
            DeadlineKind::ClockWarning(key) => self.clock_warning_due(key),
            DeadlineKind::ClockDue(key) => self.clock_due(key),
        }
    }
}
