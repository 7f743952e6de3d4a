//! What someone or something asks of an incident. Commands are imperative; the engine answers with
//! events or a [`Rejection`](super::Rejection). It must not know where a command came from.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::clock::ClockKey;
use super::event::{Actor, AlertNote, EvidenceItem, LadderSubject, SetMoment};
use super::kin::{Beside, ParentRef};
use super::mode::{Mode, Status};
use super::run::RunKey;
use super::seal::Chance;
use super::surge::SurgeNote;
use crate::id::{
    ChannelId, ClockId, DrillRunId, IncidentId, NoticeId, ObjectiveId, PersonId, PhaseId, RoleId,
    StageId, StepId, VarId,
};
use crate::people::{Directory, Turns};
use crate::playbook::{Level, Playbook, Value, Variables};

/// What a decision may know besides the plan and the incident.
#[derive(Debug, Clone)]
pub struct Ctx<'a> {
    /// The present instant.
    pub now: Timestamp,
    /// When it happened, where that was earlier (Meaning 12).
    pub occurred_at: Option<Timestamp>,
    /// Who asks.
    pub actor: Actor,
    /// Whether they may do what only an administrator may.
    pub admin: bool,
    /// The people as they are now; an immutable snapshot.
    pub directory: &'a Directory,
    /// Whose turn it is where one of several is called; a snapshot.
    pub turns: &'a Turns,
    /// Chance for the salts of what is kept apart.
    pub chance: Chance,
}

/// A declaration: what turns a plan into an incident.
#[derive(Debug, Clone)]
pub struct Declare {
    /// The identity of the new incident.
    pub id: IncidentId,
    /// Its number, unique in the store.
    pub number: u64,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// What it is about; the plan's title where missing.
    pub title: Option<String>,
    /// A person's word on the level; holds as an overrule with the declaration as reason.
    pub level: Option<Level>,
    /// Inputs by name, as JSON; checked against the plan.
    pub inputs: serde_json::Map<String, Json>,
    /// When the trouble was noticed.
    pub detected_at: Option<Timestamp>,
    /// Events of the same trouble carry the same key.
    pub dedup_key: Option<String>,
    /// The alert that started it.
    pub alert: Option<AlertNote>,
    /// The surge that started it.
    pub surge: Option<SurgeNote>,
    /// The drill that started it.
    pub drill: Option<DrillRunId>,
    /// The incident that asks for it.
    pub parent: Option<ParentRef>,
    /// The live incident it rehearses beside.
    pub beside: Option<Beside>,
}

impl Declare {
    /// Makes a declaration of which nothing but the plan is known.
    #[must_use]
    pub fn new(id: IncidentId, number: u64, mode: Mode) -> Self {
        Self {
            id,
            number,
            mode,
            title: None,
            level: None,
            inputs: serde_json::Map::new(),
            detected_at: None,
            dedup_key: None,
            alert: None,
            surge: None,
            drill: None,
            parent: None,
            beside: None,
        }
    }
}

/// Names a run of a step as people do: by the step, perhaps an item, perhaps the exact run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// The step.
    pub step: StepId,
    /// The item of a for-each.
    pub item: Option<u32>,
    /// The run the caller saw; anything else is stale.
    pub key: Option<String>,
}

impl StepRef {
    /// Names the current run of a step.
    #[must_use]
    pub fn current(step: impl Into<StepId>) -> Self {
        Self { step: step.into(), item: None, key: None }
    }
}

/// Names a stage of a clock as people do: by the clock, perhaps the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRef {
    /// The clock.
    pub clock: ClockId,
    /// The stage; the one that is open where only one is.
    pub stage: Option<StageId>,
}

/// A person's act on a stage of a statutory clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockAct {
    /// Records that it was submitted.
    Submit {
        /// Why it was late; must be there where it was.
        reason: Option<String>,
        /// What the authority calls it.
        reference: Option<String>,
    },
    /// Proposes not to notify.
    AskWaiver {
        /// Why.
        reason: String,
    },
    /// Approves or refuses that; never the person who proposed it.
    AnswerWaiver {
        /// Approved.
        approve: bool,
        /// A remark.
        reason: Option<String>,
    },
    /// Records that an authority granted more time.
    Extend {
        /// Until when.
        until: Timestamp,
        /// Who granted it.
        by: String,
        /// The document that says so.
        document: String,
    },
}

/// What a piece of evidence belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proves {
    /// The incident as a whole.
    Incident,
    /// A step of it.
    Step(StepRef),
    /// That a moment came when it is said to have come.
    Moment(SetMoment),
}

/// What is asked of an incident.
#[derive(Debug, Clone)]
pub enum Command {
    /// A person's act on a role.
    Role {
        /// The role.
        role: RoleId,
        /// The act.
        act: RoleAct,
    },
    /// A person's act on a step.
    Step {
        /// The step.
        step: StepRef,
        /// The act.
        act: StepAct,
    },
    /// Sets the level over the rules.
    SetLevel {
        /// The level.
        level: Level,
        /// Why.
        reason: String,
    },
    /// Writes something down.
    Note {
        /// What.
        text: String,
    },
    /// Records a measured number.
    Measure {
        /// The measure.
        name: VarId,
        /// The number.
        value: f64,
    },
    /// Sets a moment.
    SetMoment {
        /// Which.
        moment: SetMoment,
        /// The instant.
        at: Timestamp,
        /// What shows it.
        grounds: Option<String>,
    },
    /// A person's act on a stage of a statutory clock.
    Clock {
        /// Which.
        clock: ClockRef,
        /// The act.
        act: ClockAct,
    },
    /// Sets variables: late answers to what was asked when declaring.
    SetInputs {
        /// By name, as JSON.
        values: serde_json::Map<String, Json>,
    },
    /// Moves to a phase.
    MovePhase {
        /// The phase.
        to: PhaseId,
        /// Why.
        reason: String,
    },
    /// Freezes step deadlines and ladders.
    Pause {
        /// Why.
        reason: String,
    },
    /// Lets them go on.
    Resume,
    /// Ends it as a false alarm, once what was done is undone.
    Cancel {
        /// Why.
        reason: String,
        /// Why nothing is undone first, where a person decides so.
        as_is: Option<String>,
    },
    /// Undoes what was done, the latest first.
    Rollback {
        /// Why.
        reason: String,
    },
    /// Ends it.
    Close {
        /// Why blockers are overruled, where they are.
        force: Option<String>,
    },
    /// Runs it again.
    Reopen {
        /// The phase; the last where missing.
        phase: Option<PhaseId>,
        /// Why.
        reason: String,
    },
    /// Sets an earlier entry right.
    Correct {
        /// Its place in the stream.
        of: u64,
        /// What is right.
        text: String,
    },
    /// Records that personal content was erased (the store erases it).
    Redact {
        /// The references.
        references: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Ends it in favour of another.
    Merge {
        /// The other.
        into: IncidentId,
    },
    /// Links another.
    Link {
        /// The other.
        to: IncidentId,
        /// How.
        relation: SmolStr,
    },
    /// Attaches proof.
    AddEvidence {
        /// What it shows.
        of: Proves,
        /// What it is.
        evidence: EvidenceItem,
    },
    /// Attaches an alert to the running incident.
    Alert {
        /// The alert.
        alert: AlertNote,
        /// It is over.
        resolved: bool,
    },
    /// Attaches a surge to the running incident, or what has become of it.
    Surge {
        /// The surge.
        surge: SurgeNote,
        /// It has subsided.
        over: bool,
    },
    /// A drill's inject sets variables without a step.
    Inject {
        /// By name, as JSON.
        values: serde_json::Map<String, Json>,
    },
    /// A person has seen a notice.
    AcknowledgeNotice {
        /// The notice.
        notice: NoticeId,
    },
    /// A channel's answer; from the dispatcher alone.
    NoticeOutcome {
        /// The notice.
        notice: NoticeId,
        /// The answer.
        outcome: NoticeOutcome,
    },
    /// An HTTP request's answer; from the dispatcher alone.
    RequestOutcome {
        /// The request.
        request: NoticeId,
        /// The answer.
        outcome: RequestOutcome,
    },
    /// What came of the call of another plan; from the dispatcher alone.
    ChildOutcome {
        /// The call.
        request: NoticeId,
        /// What came of it.
        outcome: ChildOutcome,
    },
    /// A child tells where it stands; from the dispatcher alone.
    ChildReported {
        /// The child.
        child: IncidentId,
        /// Its number.
        number: u64,
        /// Where it stands.
        status: Status,
        /// Why.
        reason: Option<String>,
        /// What it knows.
        values: Arc<Variables>,
    },
    /// A recall or a report was carried; from the dispatcher alone.
    ErrandEnded {
        /// The entry of the outbox.
        request: NoticeId,
    },
    /// The incident goes on by another plan; from the dispatcher alone, which has looked it up.
    HandOff {
        /// The call.
        request: NoticeId,
        /// The plan.
        to: Arc<Playbook>,
    },
    /// An instant was reached; from [`due`](super::due) alone.
    Reached(DeadlineKind),
}

/// A person's act on a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleAct {
    /// Takes an offered or vacant role, and acknowledges by it.
    Claim,
    /// Says "I have it".
    Acknowledge,
    /// Says "not me".
    Decline {
        /// Why.
        reason: Option<String>,
    },
    /// Gives it to a person, who must acknowledge.
    Assign {
        /// The person.
        to: PersonId,
    },
    /// Passes it on.
    HandOver {
        /// To whom.
        to: PersonId,
        /// What they must know.
        note: String,
    },
    /// Lays it down.
    Release,
}

/// A person's act on a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepAct {
    /// Takes it.
    Claim,
    /// Begins.
    Start,
    /// Ticks or unticks a checklist item.
    Check {
        /// Its path of positions, `2.1`.
        item: SmolStr,
        /// Ticked.
        done: bool,
    },
    /// Finishes.
    Complete {
        /// The form's answers, as JSON.
        form: serde_json::Map<String, Json>,
        /// Proof given with it.
        evidence: Vec<EvidenceItem>,
        /// A number for the step's measure.
        measure: Option<f64>,
        /// A remark.
        note: Option<String>,
    },
    /// Gives up.
    Fail {
        /// Why.
        reason: String,
    },
    /// Leaves it out.
    Skip {
        /// Why.
        reason: String,
    },
    /// Tries a failed one again.
    Retry,
    /// Chooses.
    Answer {
        /// The option.
        option: SmolStr,
        /// A remark.
        note: Option<String>,
    },
    /// Consents.
    Approve {
        /// A remark.
        note: Option<String>,
    },
    /// Refuses.
    Reject {
        /// Why.
        reason: String,
    },
    /// Works on a settled one again.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// What a channel answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeOutcome {
    /// It took the message.
    Delivered {
        /// The channel.
        via: ChannelId,
        /// The notice in whose message it went, where many went as one.
        within: Option<NoticeId>,
    },
    /// It may take it later.
    Retry {
        /// How many attempts were made on this channel.
        attempt: u32,
        /// When to try again; jitter included.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// It never will: the next channel is tried.
    Refused {
        /// The channel.
        via: ChannelId,
        /// Why.
        why: String,
    },
    /// The gate held it back.
    HeldBack {
        /// Why.
        why: String,
    },
}

/// What an HTTP request came to.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestOutcome {
    /// The expectation was met.
    Met {
        /// The status.
        status: u16,
        /// Saved variables; those not found stay unknown.
        saved: Vec<(VarId, Value)>,
    },
    /// It was not, or there was no answer.
    NotMet {
        /// The status, where there was one.
        status: Option<u16>,
        /// Why.
        why: String,
    },
    /// The gate held it back; the drill's cast says how it went.
    HeldBack {
        /// Whether it counts as success.
        succeeds: bool,
    },
}

/// What came of the call of another plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildOutcome {
    /// The child has begun, now or at an earlier try.
    Started {
        /// Its number.
        number: u64,
    },
    /// It cannot begin; nor can the incident be handed over.
    Refused {
        /// Why.
        why: String,
    },
    /// The gate held it back.
    HeldBack,
}

/// An instant at which the executor acts by itself, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub kind: DeadlineKind,
}

/// Why the executor acts by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadlineKind {
    /// Nobody acknowledged a role in time.
    RoleAcknowledge(RoleId),
    /// A warning of a step.
    StepWarning(RunKey),
    /// A step must have been started.
    StepStart(RunKey),
    /// A step must have been finished.
    StepDue(RunKey),
    /// A step's time-out, next attempt, next iteration or end of a wait.
    StepAlarm(RunKey),
    /// The next rung of a ladder.
    Rung(LadderSubject),
    /// An objective's time is over.
    Objective(ObjectiveId),
    /// A notice's channel has had its time.
    NoticeChannel(NoticeId),
    /// A warning of a statutory clock.
    ClockWarning(ClockKey),
    /// A statutory clock runs out.
    ClockDue(ClockKey),
}
