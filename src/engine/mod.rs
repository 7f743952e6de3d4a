//! The state machine of an incident, pure: no clock, no chance, no IO. Everything it learns comes
//! in as an argument.
//!
//! A [`Command`] goes into [`decide`] with the plan, the incident and a [`Ctx`]; out come the
//! [`Event`]s it leads to and the incident after them, or a [`Rejection`]. Replaying stored events
//! through [`evolve`] gives the same incident. [`next_deadline`] says when the engine must be asked
//! again, [`due`] what it then wants to be told.

mod armed;
mod attention;
mod clock;
pub mod codec;
mod command;
mod deadline;
mod decide;
mod event;
mod evolve;
mod fact;
mod facts;
mod family;
mod incident;
mod invariant;
mod kin;
pub mod limits;
mod mode;
mod moment;
mod notice;
mod omit;
mod rejection;
mod run;
mod seal;
mod surge;
mod ticking;
mod transition;
mod view;

pub use armed::Armed;
pub use attention::AttentionFact;
pub use clock::{ClockEvent, ClockFact, ClockKey, ClockLimit, ClockStanding, ClockState};
pub use command::{
    ChildOutcome, ClockAct, ClockRef, Command, Ctx, Deadline, DeadlineKind, Declare, NoticeOutcome,
    Proves, RequestOutcome, RoleAct, StepAct, StepRef,
};
pub use deadline::{due, next_deadline, next_send};
pub use decide::{Change, Outcome, change, decide, declare};
pub use event::{
    Actor, AlertNote, DeadlineName, EVENT_FORMAT, Event, EvidenceItem, LadderSubject, PlaybookRef,
    RollbackCause, SetMoment, StepAlarm, StuckReason, Through, Undoing, ValueSource,
};
pub use evolve::evolve;
pub use fact::Fact;
pub use facts::Facts;
pub use family::Family;
pub use incident::{
    ChildRecord, EarlierPlan, HandOver, Incident, KeptApart, LadderState, LevelState, Milestones,
    ObjectiveState, Pending, RoleState, Rollback, StepRecord, Tenure, Told, Vacancy,
};
pub use invariant::{Violation, invariants};
pub use kin::{Beside, ChildCall, HandOffCall, ParentRef, RecallReason, Takeover};
pub use mode::{Mode, Status};
pub use moment::moment;
pub use notice::{ClockWord, MessageRef, Notice, NoticeEnd, Purpose, Recipient};
pub use rejection::{FieldProblem, Rejection, RejectionCode};
pub use run::{
    FailureCause, NoticeTally, Run, RunKey, SkipReason, Standing, StepCancelReason, StepState,
};
pub use seal::{Chance, Reference, SALT_BYTES, Sealed, Unsealable, unseal};
pub use surge::{AttachedSurge, SurgeGroup, SurgeNote, SurgeSeen};
pub use ticking::{ClockView, Ticking, ViewState, clocks};
pub use transition::{ActName, accepts, allowed_acts, fits};
pub use view::{ObjectiveStanding, ObjectiveView, StepView, objectives, steps};
