//! What can be wrong with the names and parts of a plan.

use crate::playbook::diagnostic::Code;

/// Two things with one name.
pub const DUPLICATE_ID: Code = Code::new("E0201");
/// A name that names nothing in the plan.
pub const DANGLING: Code = Code::new("E0202");
/// A variable whose name has a meaning of its own.
pub const RESERVED_NAME: Code = Code::new("E0203");
/// A person's name where a plan names roles and teams.
pub const PERSON_NAMED: Code = Code::new("E0204");
/// A loop, repeat or for-each that nothing ends.
pub const NO_BOUND: Code = Code::new("E0301");
/// Levels that are out of order or can never be given.
pub const LEVEL_ORDER: Code = Code::new("E0307");
/// More predecessors asked for than there are.
pub const JOIN_TOO_MANY: Code = Code::new("E0308");
/// An expression that does not compile.
pub const BAD_EXPRESSION: Code = Code::new("E0401");
/// A template that does not compile.
pub const BAD_TEMPLATE: Code = Code::new("E0404");
/// A regime, stage, party, moment or calendar that is not there.
pub const NO_SUCH_STATUTE: Code = Code::new("E0801");
/// A calendar with a gap, or a day that cannot be what it is said to be.
pub const CALENDAR_GAP: Code = Code::new("E0802");
/// Stages that do not follow one another.
pub const BAD_STAGES: Code = Code::new("E0803");
/// A regime that nobody has compared with the law.
pub const NOT_VERIFIED: Code = Code::new("N0801");
