//! What reviewers read: an incident's rows, how fast it went, what was promised, who was told, and
//! what did not go as planned, in JSON, Markdown, CSV, HTML and plain text.
//!
//! Pure folds over events. It must not know how events are stored; whether their chain holds is
//! told to it.

mod axis;
mod because;
mod build;
mod chart;
mod clocks;
mod draft;
mod kin;
mod lanes;
mod measures;
mod names;
mod notable;
mod notices;
mod objectives;
mod reason;
mod render;
mod roles;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
mod sentence;
pub mod span;
mod story;

pub use because::because;
pub use build::{Head, Timeline};
pub use clocks::ClockRow;
pub use draft::draft;
pub use kin::{ChildRow, ParentRow};
pub use lanes::{Bar, BarState, Lane, Lanes, LevelSpan, Mark, MarkKind, PhaseSpan};
pub use measures::{Measure, MeasureName};
pub use notable::{Notable, NotableKind};
pub use notices::{NoticeFate, NoticeRow, NoticeTotals};
pub use objectives::{ObjectiveRow, Verdict};
pub use render::{Format, Front, FrontPart, UnknownFormat};
pub use roles::RoleRow;
pub use rows::{Class, RECORDED_LATE_AFTER, Row};
pub use sentence::Tone;
pub use story::{Chain, Story};
