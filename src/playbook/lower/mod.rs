//! From the tree of a file to the model, collecting every problem. Knows the keys of the language;
//! must not know whether the plan as a whole makes sense.

mod action;
mod activation;
mod calendar;
mod child;
mod clock;
mod code;
mod condition;
mod declare;
mod field;
mod handler;
mod level;
mod library;
mod message;
mod moment;
mod name;
mod notes;
mod objective;
mod phase;
mod playbook;
mod regime;
mod role;
mod step;

use crate::playbook::check::UNKNOWN_NAME;
pub use code::{
    BAD_EXPRESSION, BAD_STAGES, BAD_TEMPLATE, CALENDAR_GAP, DANGLING, DUPLICATE_ID, JOIN_TOO_MANY,
    LEVEL_ORDER, NO_BOUND, NO_SUCH_STATUTE, NOT_VERIFIED, PERSON_NAMED, RESERVED_NAME,
};
pub use name::{NAME_CHARS_MAX, is_identifier, is_slug};

pub(in crate::playbook) use calendar::calendar;
pub(in crate::playbook) use condition::inside;
pub(in crate::playbook) use library::library;
pub(in crate::playbook) use notes::{
    CallPlace, Decides, DirectoryName, Form, Noted, Notes, SavePlace, Shape, Site, Used, WithPlace,
};
pub(in crate::playbook) use playbook::lower;
pub(in crate::playbook) use regime::regime;
pub(in crate::playbook) use role::person_named;

use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::statute::Statutes;

/// What every reader of the language shares: where findings go, and what is noted for the rules
/// that look at the whole plan.
struct Lowering<'n> {
    out: Diagnostics,
    notes: Notes<'n>,
    /// What the plan's clocks name; `None` where there are none.
    statutes: Option<&'n Statutes>,
    /// Business days of deadlines have something to be counted on, or nobody can tell: in a library.
    has_calendar: bool,
}
