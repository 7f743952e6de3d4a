//! The playbook language, pure: source text to a checked, immutable [`Playbook`]. It must not know
//! time, people's duties or storage.

mod check;
pub(crate) mod critical;
pub mod diagnostic;
pub mod difference;
pub mod duration;
pub mod expression;
mod index;
mod load;
mod lower;
mod model;
pub mod part;
pub mod schema;
#[cfg(test)]
pub(crate) mod shipped;
mod signature;
pub mod source;
mod sources;
pub mod statute;
pub mod template;
pub mod value;
pub mod yaml;

pub use check::{CHILDREN_NEST_MAX, Scope as CheckedSet, check_together, rivals};
pub use duration::Span;
pub use expression::{Condition, Expression, Truth};
pub use index::{Index, LazyIndex, Needs, PhaseIndex, Place, Watch};
pub use load::{Context, Loaded};
pub use lower::{NAME_CHARS_MAX, is_identifier, is_slug};
pub use model::{
    Access, Action, Activation, Approve, Approver, Audience, Blocks, Bridge, CheckItem, Child,
    Clock, Close, Compensate, Counts, Decide, Due, Evidence, ForEach, HandOff, Handler, HandlerAct,
    HandlerEvent, HowMany, Http, Join, LEVEL_MILDEST, LEVEL_WORST, Level, LevelRule, Limit, Manual,
    Message, Milestone, Moment, Next, Notify, NotifyUntil, Objective, OnFailure, Phase, Playbook,
    Promise, Repeat, Resource, Retry, Role, SmsTemplate, Step, Term, TextTemplate, Variables, Wait,
};
pub use part::{Bundle, Shelf};
pub use signature::Signature;
pub use sources::Sources;
pub use template::{JsonTemplate, Template};
pub use value::{Field, FieldType, Value};
