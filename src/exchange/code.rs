//! What can be wrong with a plan that comes from elsewhere.

use crate::playbook::diagnostic::Code;

/// The text is not JSON, or nested deeper than any plan needs.
pub const NOT_JSON: Code = Code::new("E0701");
/// JSON, and no playbook of CACAO 2.0.
pub const NOT_CACAO: Code = Code::new("E0702");
/// A part of the wrong type, or a part that must be there and is not.
pub const WRONG_PART: Code = Code::new("E0703");
/// An id that names nothing.
pub const DANGLING_ID: Code = Code::new("E0704");
/// A branch that leads to no end.
pub const NO_END: Code = Code::new("E0705");
/// A step that follows itself.
pub const SELF_LOOP: Code = Code::new("E0706");
/// Steps that follow each other in a circle.
pub const CYCLE: Code = Code::new("E0707");
/// A step that no way leads to.
pub const UNREACHABLE: Code = Code::new("E0708");
/// More than a plan may hold.
pub const TOO_MANY: Code = Code::new("E0709");
/// One key twice in one object.
pub const DUPLICATE: Code = Code::new("E0710");
/// Properties that exclude each other.
pub const EXCLUSIVE: Code = Code::new("E0711");
/// A runbook in which there is nothing to do.
pub const NO_PLAN: Code = Code::new("E0712");
/// firebell's own words and the standard's no longer say the same.
pub const DISAGREES: Code = Code::new("W0701");
