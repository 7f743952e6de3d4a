//! What can be wrong with a drill, beyond the shape of its file.

use crate::playbook::diagnostic::Code;

pub use crate::playbook::yaml::MISSING_TRANSLATION;

/// The playbook is not among those loaded.
pub const UNKNOWN_PLAYBOOK: Code = Code::new("E0501");
/// A role, step, objective, input or option that the playbook does not have.
pub const UNKNOWN_NAME: Code = Code::new("E0502");
/// A crontab line, zone or blackout that cannot be kept.
pub const BAD_SCHEDULE: Code = Code::new("E0503");
/// Percentiles that no distribution has.
pub const BAD_TIMING: Code = Code::new("E0504");
/// A percentage that is none, or weights that do not add up.
pub const BAD_SHARE: Code = Code::new("E0505");
/// An inject that would come after the longest drill is over.
pub const INJECT_TOO_LATE: Code = Code::new("E0506");
/// An inject or expectation that names nothing, or several things at once.
pub const NOT_ONE_THING: Code = Code::new("E0507");
/// A simulated drill whose people would never act.
pub const EMPTY_CAST: Code = Code::new("E0508");
/// Behaviour of a step that has none of that kind.
pub const NOT_APPLICABLE: Code = Code::new("E0509");
/// A drill that is to start by an alert no rule of the playbook answers.
pub const NO_STARTING_ALERT: Code = Code::new("E0510");
/// A duration that depends on a calendar, or is longer than any drill.
pub const BAD_DURATION: Code = Code::new("E0511");
/// More than a drill may have.
pub const TOO_MANY: Code = Code::new("E0512");
/// A condition that does not compile.
pub const BAD_CONDITION: Code = Code::new("E0513");
/// Personal data: a drill's file is kept as it is, and a condition cannot read it.
pub const PERSONAL: Code = Code::new("E0515");
/// A clock that real people look at, which no drill can move.
pub const CLOCK_JUMPS: Code = Code::new("E0521");
/// A shadow with a calendar: what it goes beside comes when it comes.
pub const SHADOW_PLANNED: Code = Code::new("E0522");
/// A group of expectations that can never be judged as it stands.
pub const BAD_GROUP: Code = Code::new("E0530");
/// A probe that cannot be asked.
pub const BAD_PROBE: Code = Code::new("E0531");
/// A setting that has no effect on this way of running.
pub const NO_EFFECT: Code = Code::new("W0501");
/// Nothing is expected, so nothing will be judged.
pub const NOTHING_EXPECTED: Code = Code::new("W0503");
/// Its planned runs fall together with those of another drill.
pub const OVERLAPPING: Code = Code::new("W0504");
/// A safety officer whom the configuration does not know.
pub const UNKNOWN_OFFICER: Code = Code::new("W0505");
/// Two files define one drill.
pub const DUPLICATE_DRILL: Code = Code::new("E0514");
