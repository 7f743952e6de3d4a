//! What can happen in an incident. Variants and fields are added, never changed: they are stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::attention::AttentionFact;
use super::clock::ClockEvent;
use super::event::{
    AlertNote, DeadlineName, EvidenceItem, LadderSubject, PlaybookRef, RollbackCause, SetMoment,
    StepAlarm, StuckReason, Undoing, ValueSource,
};
use super::kin::{Beside, ChildCall, HandOffCall, ParentRef, RecallReason, Takeover};
use super::mode::{Mode, Status};
use super::notice::{Notice, NoticeEnd, Purpose};
use super::omit::{is_false, is_one, is_zero, one};
use super::run::{FailureCause, RunKey, SkipReason, StepCancelReason};
use super::seal::Reference;
use super::surge::SurgeSeen;
use crate::id::{
    ChannelId, DrillRunId, IncidentId, LadderId, NoticeId, ObjectiveId, PersonId, PhaseId, RoleId,
    VarId,
};
use crate::playbook::{HandlerEvent, Level, Value, Variables};

/// What happened. Each variant says from which states it is legal and where it leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    // ---- life of the incident -------------------------------------------------------------
    /// The incident began. Legal only as the first event.
    Declared {
        /// The incident's identity.
        id: IncidentId,
        /// The incident's number, unique in the store.
        number: u64,
        /// Live, drill or simulation.
        mode: Mode,
        /// The plan, pinned.
        playbook: PlaybookRef,
        /// What it is about.
        title: String,
        /// Only role holders and those entitled may see it.
        #[serde(default, skip_serializing_if = "is_false")]
        restricted: bool,
        /// Events of the same trouble carry the same key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dedup_key: Option<String>,
        /// When the trouble was noticed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detected_at: Option<Timestamp>,
        /// The drill that started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drill: Option<DrillRunId>,
        /// The incident that asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<ParentRef>,
        /// The live incident it rehearses beside.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<Beside>,
    },
    /// A moment that people or alerts set became known. Legal while open; the latest one holds.
    MomentSet {
        /// `detected`, `aware`, or a moment of a regime.
        moment: SetMoment,
        /// The instant.
        at: Timestamp,
        /// What shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grounds: Option<String>,
    },
    /// A phase was entered: a new visit begins, its steps wait. Leads to phase = this one.
    PhaseEntered {
        /// The phase.
        phase: PhaseId,
        /// Which visit of any phase this is in the incident, from 1.
        visit: u32,
        /// Position of the `next` entry taken, where one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_next: Option<u32>,
        /// Why, where a person, handler or failure moved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The current phase ended. Always followed by its unsettled steps' ends.
    PhaseLeft {
        /// The phase.
        phase: PhaseId,
        /// Its visit.
        visit: u32,
    },
    /// No way out of the phase can be taken. Legal while open and not stuck.
    Stuck {
        /// The phase.
        phase: PhaseId,
        /// Why.
        reason: StuckReason,
    },
    /// A way was found again. Legal while stuck.
    Unstuck,
    /// Step deadlines and ladders stopped. Open → paused.
    Paused {
        /// Why.
        reason: String,
    },
    /// They go on, later by the time paused. Paused → open.
    Resumed,
    /// Nothing is left to do but to close, which the plan leaves to a person. Legal while open.
    CloseAwaited,
    /// The incident ended. Open or paused → closed.
    Closed {
        /// Why blockers were overruled, where they were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forced: Option<String>,
    },
    /// It was a false alarm. Open or paused → cancelled.
    Cancelled {
        /// Why.
        reason: String,
        /// Why nothing was undone first, where a person decided so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_is: Option<String>,
    },
    /// What was done is undone, in this order, a step at a time; takes the place of one under way.
    RollbackBegun {
        /// What it is for. Stored under another name: an event has a `cause` of its own.
        #[serde(rename = "for")]
        cause: RollbackCause,
        /// Why.
        reason: String,
        /// What is undone, and by what; the latest first.
        steps: Vec<Undoing>,
    },
    /// All of it was undone, or left by a person. Legal while rolling back.
    RollbackEnded,
    /// It runs again, in the phase entered next. Closed or cancelled → open.
    Reopened {
        /// Why.
        reason: String,
    },
    /// Someone wrote something down.
    Noted {
        /// What.
        text: String,
    },
    /// Someone set an earlier entry right; the earlier one stays.
    Corrected {
        /// The entry's place in the stream.
        of: u64,
        /// What is right.
        text: String,
    },
    /// The same trouble is worked in another incident; this one ends. Open → closed.
    Merged {
        /// The other incident.
        into: IncidentId,
    },
    /// Another incident belongs to this one.
    Linked {
        /// The other incident.
        to: IncidentId,
        /// How: `duplicate`, `caused_by`, `related`.
        relation: SmolStr,
    },
    /// Personal content was erased; the chain keeps its hashes.
    Redacted {
        /// The references erased.
        references: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Proof was attached.
    EvidenceAdded {
        /// The step it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<RunKey>,
        /// The moment it shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moment: Option<SetMoment>,
        /// What it is.
        evidence: EvidenceItem,
    },
    /// An alert was attached. Its unreadable inputs stay unknown and are named.
    AlertReceived {
        /// Its name and labels, bounded.
        alert: AlertNote,
        /// Inputs that were missing or did not parse.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreadable: Vec<VarId>,
    },
    /// The attached alert says it is over.
    AlertResolved {
        /// Its name.
        name: SmolStr,
    },
    /// A surge was attached, or moved enough to say so. Its unreadable inputs stay unknown.
    SurgeObserved(SurgeSeen),
    /// The attached surge is over. Legal once, until it is observed again.
    SurgeSubsided(SurgeSeen),

    // ---- level and variables --------------------------------------------------------------
    /// Variables became known or changed.
    VariablesSet {
        /// The new values.
        values: Variables,
        /// The new values that are personal: where each is kept apart.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        sealed: BTreeMap<VarId, Reference>,
        /// Where they came from.
        source: ValueSource,
    },
    /// A number was measured.
    Measured {
        /// The measure.
        name: VarId,
        /// The number.
        value: f64,
    },
    /// The level was decided or changed.
    LevelChanged {
        /// The level before; `None` at the declaration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Level>,
        /// The level now.
        to: Level,
        /// A worse rule is still unknown.
        provisional: bool,
        /// What the rules give, whoever decided.
        by_rules: Level,
        /// The person's reason, where one overruled; the level then holds (Meaning 9).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overruled: Option<String>,
    },
    /// The commander was asked for facts that a worse level depends on.
    FactsAsked {
        /// The unknown names.
        names: Vec<SmolStr>,
    },

    // ---- roles ----------------------------------------------------------------------------
    /// A role is needed from now on.
    RoleEngaged {
        /// The role.
        role: RoleId,
        /// Its condition was unknown, which counts as true.
        #[serde(default, skip_serializing_if = "is_false")]
        unknown: bool,
    },
    /// People were asked to take a role; the first to claim holds it.
    RoleOffered {
        /// The role.
        role: RoleId,
        /// Who was asked.
        to: Vec<PersonId>,
        /// By when someone must acknowledge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A person was given a role and must acknowledge.
    RoleAssigned {
        /// The role.
        role: RoleId,
        /// The person.
        to: PersonId,
        /// Which candidate in the succession this was, from 0; `None` when a person assigned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<u32>,
        /// By when the person must acknowledge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The holder, or the first to claim, took it.
    RoleAcknowledged {
        /// The role.
        role: RoleId,
        /// The person.
        by: PersonId,
        /// They claimed it rather than being assigned.
        #[serde(default, skip_serializing_if = "is_false")]
        claimed: bool,
    },
    /// The person asked will not take it.
    RoleDeclined {
        /// The role.
        role: RoleId,
        /// The person.
        by: PersonId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Nobody acknowledged in time.
    RoleUnanswered {
        /// The role.
        role: RoleId,
        /// Who was asked.
        asked: Vec<PersonId>,
    },
    /// The holder passed it on.
    RoleHandedOver {
        /// The role.
        role: RoleId,
        /// From whom.
        from: PersonId,
        /// To whom; must acknowledge.
        to: PersonId,
        /// What the next one must know.
        note: String,
        /// By when the person must acknowledge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The holder laid it down.
    RoleReleased {
        /// The role.
        role: RoleId,
        /// The person.
        by: PersonId,
    },
    /// Nobody holds a role that is needed, and nobody is left to ask but the ladder.
    RoleVacant {
        /// The role.
        role: RoleId,
        /// When the whole succession is asked again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
    },
    /// The whole succession is asked again, those who were silent included. Legal while vacant.
    RoleSought {
        /// The role.
        role: RoleId,
    },

    // ---- steps ----------------------------------------------------------------------------
    /// A step may be worked on. waiting → ready.
    StepReady {
        /// The run.
        key: RunKey,
        /// Its `when` was unknown, which counts as true.
        #[serde(default, skip_serializing_if = "is_false")]
        unknown: bool,
        /// Iterations follow: it settles with `StepRepeatEnded` alone.
        #[serde(default, skip_serializing_if = "is_false")]
        repeats: bool,
        /// The items of a for-each, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<Value>,
        /// Items beyond the bound, left out.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u32,
    },
    /// A step's deadlines were fixed or moved. The latest entry holds.
    StepDeadlines {
        /// The run.
        key: RunKey,
        /// By when it must be started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_by: Option<Timestamp>,
        /// By when it must be finished.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// When the holder is warned, ascending.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warn_at: Vec<Timestamp>,
        /// When the next attempt, iteration, end of a wait or time-out comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<StepAlarm>,
    },
    /// A person took it. ready → ready.
    StepClaimed {
        /// The run.
        key: RunKey,
        /// The person.
        by: PersonId,
    },
    /// Work began. ready → active.
    StepStarted {
        /// The run.
        key: RunKey,
    },
    /// A checklist item was ticked or unticked. ready or active → active.
    StepChecked {
        /// The run.
        key: RunKey,
        /// The item's path of positions, `2.1`.
        item: SmolStr,
        /// Ticked.
        done: bool,
    },
    /// Consent was given. active → active, or done with the quorum.
    StepApproved {
        /// The run.
        key: RunKey,
        /// The person.
        by: PersonId,
        /// What they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It succeeded. waiting (late work recorded on paper), ready or active → done.
    StepDone {
        /// The run.
        key: RunKey,
        /// The option chosen, of a decision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<SmolStr>,
        /// A remark, or the reason for a default answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It failed, or an attempt did. ready or active → failed, or active where another follows.
    StepFailed {
        /// The run.
        key: RunKey,
        /// Why, in kind. Stored under another name: an event has a `cause` of its own.
        #[serde(rename = "failure")]
        cause: FailureCause,
        /// Why, in words.
        why: String,
        /// Dependents and the phase's end do not wait for it.
        #[serde(default, skip_serializing_if = "is_false")]
        let_pass: bool,
        /// When the next attempt begins; then only an attempt failed and not the step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
    },
    /// It is not done. waiting or ready (or failed, by a person) → skipped.
    StepSkipped {
        /// The run.
        key: RunKey,
        /// Why.
        reason: SkipReason,
    },
    /// It is no longer wanted. Any unsettled state → cancelled.
    StepCancelled {
        /// The run.
        key: RunKey,
        /// Why.
        reason: StepCancelReason,
    },
    /// Skipped as unreachable, it waits for a predecessor that is worked on again → waiting.
    StepAwaits {
        /// The run.
        key: RunKey,
    },
    /// A failed attempt is tried again: a new run with attempt + 1. failed or active → ready.
    StepRetried {
        /// The new run.
        key: RunKey,
    },
    /// A settled step is worked on again: a new run with attempt + 1. settled → ready.
    StepReopened {
        /// The new run.
        key: RunKey,
        /// Why.
        reason: String,
    },
    /// The next iteration of a repeating step began: a new run. done → ready.
    StepIterated {
        /// The new run.
        key: RunKey,
    },
    /// A repeating step ended after its last iteration. Leads to settled.
    StepRepeatEnded {
        /// The last run.
        key: RunKey,
        /// Why: `until`, `while`, `at_most`, `phase_left`, `closing`.
        reason: SmolStr,
    },
    /// A running step that outlives its phase belongs to a new visit now.
    StepAdopted {
        /// The run.
        key: RunKey,
        /// The visit that adopts it.
        visit: u32,
    },
    /// Part of a step's time has passed.
    StepWarned {
        /// The run.
        key: RunKey,
        /// Which of the warnings, from 0.
        nth: u32,
    },
    /// A step's deadline passed. Late work is still accepted.
    StepOverdue {
        /// The run.
        key: RunKey,
        /// `start` or `due`.
        which: DeadlineName,
    },

    // ---- ladders, handlers, objectives ----------------------------------------------------
    /// A ladder began to be climbed, with absolute instants (Meaning 13).
    LadderArmed {
        /// What it is climbed for.
        subject: LadderSubject,
        /// The ladder.
        ladder: LadderId,
        /// When each rung fires, in order, repeats unrolled.
        rungs: Vec<Timestamp>,
    },
    /// A rung fired; the people it resolved to then.
    RungFired {
        /// What it is climbed for.
        subject: LadderSubject,
        /// Which rung, from 0.
        rung: u32,
        /// Who was paged.
        people: Vec<PersonId>,
        /// How many different people must answer.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        wanted: u32,
        /// The number of the turn, where one of several was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<u64>,
    },
    /// Rungs were passed over because firebell was down.
    RungsMissed {
        /// What it is climbed for.
        subject: LadderSubject,
        /// Which rungs.
        rungs: Vec<u32>,
        /// When the remaining rungs fire now.
        remaining: Vec<Timestamp>,
    },
    /// Someone acted, or the reason went away.
    LadderStopped {
        /// What it was climbed for.
        subject: LadderSubject,
        /// Why: `acted`, `settled`, `ended`, `exhausted`.
        why: SmolStr,
    },
    /// Attention was sought further.
    Attention(AttentionFact),
    /// A handler fired.
    HandlerFired {
        /// Its position in the plan.
        handler: u32,
        /// What it answered.
        event: HandlerEvent,
    },
    /// An objective was kept.
    ObjectiveMet {
        /// The objective.
        objective: ObjectiveId,
    },
    /// An objective was missed.
    ObjectiveMissed {
        /// The objective.
        objective: ObjectiveId,
    },

    // ---- statutory clocks ------------------------------------------------------------------
    /// Something happened to a stage of a statutory clock.
    Clock(ClockEvent),

    // ---- what leaves ----------------------------------------------------------------------
    /// A message waits in the outbox.
    NoticeQueued {
        /// The message.
        notice: Notice,
    },
    /// An attempt did not succeed and is made again.
    NoticeDelayed {
        /// The message.
        notice: NoticeId,
        /// How many attempts were made on this channel.
        attempt: u32,
        /// When the next one is made.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// A channel gave up; the person's next channel is tried.
    NoticeRerouted {
        /// The message.
        notice: NoticeId,
        /// The channel that gave up.
        from: ChannelId,
        /// The channel tried now.
        to: ChannelId,
        /// When it has had its time.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// A message reached its end.
    NoticeEnded {
        /// The message.
        notice: NoticeId,
        /// What for, repeated so that readers need not look back.
        purpose: Purpose,
        /// How.
        end: NoticeEnd,
    },
    /// The person addressed said that they have seen it.
    NoticeAcknowledged {
        /// The message.
        notice: NoticeId,
        /// Who.
        by: PersonId,
    },
    /// An HTTP request of a step waits in the outbox.
    RequestQueued {
        /// Its identity in the outbox.
        request: NoticeId,
        /// The run it belongs to.
        key: RunKey,
    },
    /// The request has its answer; the step's end follows.
    RequestEnded {
        /// Its identity in the outbox.
        request: NoticeId,
        /// The status, where there was an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// It was not sent: held back by the gate.
        #[serde(default, skip_serializing_if = "is_false")]
        held_back: bool,
    },

    // ---- children, parents, other plans ---------------------------------------------------
    /// A child was asked for. Legal from an active run; leads to a call in the outbox.
    ChildQueued(ChildCall),
    /// The child began. Legal while its call, or the recall of it, is in the outbox.
    ChildStarted {
        /// The call.
        request: NoticeId,
        /// The run that asked.
        key: RunKey,
        /// The child.
        child: IncidentId,
        /// Its number.
        number: u64,
    },
    /// The child could not begin, or the hand-off not happen. Legal while the call is in the outbox.
    CallRefused {
        /// The call.
        request: NoticeId,
        /// The run that asked.
        key: RunKey,
        /// Why.
        why: String,
    },
    /// The child is no longer wanted. Legal until it has ended; a recall replaces an open call.
    ChildRecalled {
        /// The recall.
        request: NoticeId,
        /// The run that asked for the child.
        key: RunKey,
        /// The child.
        child: IncidentId,
        /// Why.
        why: RecallReason,
    },
    /// The child ended, or was opened again. Legal at any time after it began.
    ChildReported {
        /// The run that asked for it.
        key: RunKey,
        /// The child.
        child: IncidentId,
        /// Its number.
        number: u64,
        /// Where it stands now.
        status: Status,
        /// Why it was cancelled or opened again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The parent is to hear where this incident stands. Leads to a report in the outbox.
    ReportQueued {
        /// The report.
        request: NoticeId,
        /// Where it stands.
        status: Status,
        /// Why, where there is a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A recall, a report or a hand-off in the outbox is done with.
    ErrandEnded {
        /// The entry of the outbox.
        request: NoticeId,
    },
    /// The incident is to go on by another plan. Legal from an active run.
    HandOffQueued(HandOffCall),
    /// Another plan takes over; the old one's work is history. Legal while the hand-off is queued.
    HandedOff(Takeover),
}
