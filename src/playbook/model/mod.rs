//! The immutable playbook that the engine runs. Everything in it has been checked: references
//! resolve, expressions compile, bounds exist. It must not know source positions.

mod action;
mod clock;
mod level;
mod message;
mod moment;
mod phase;
mod plan;
mod role;
mod step;
mod title;

pub use action::{
    Action, Approve, CheckItem, Child, Decide, Evidence, HandOff, Http, Manual, Wait,
};
pub use clock::Clock;
pub use level::{LEVEL_MILDEST, LEVEL_WORST, Level, LevelRule};
pub use message::{HowMany, Message, Notify, NotifyUntil, SmsTemplate, TextTemplate};
pub use moment::{Counts, Due, Limit, Milestone, Moment, Objective, Promise, Term};
pub use phase::{Handler, HandlerAct, HandlerEvent, Next, Phase};
pub use plan::{Access, Activation, Bridge, Close, Playbook, Resource, Variables};
pub use role::{Approver, Audience, Role};
pub use step::{Blocks, Compensate, ForEach, Join, OnFailure, Repeat, Retry, Step};
