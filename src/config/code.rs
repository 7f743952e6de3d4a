//! What can be wrong with a configuration beyond the shape of the file.

use crate::playbook::diagnostic::Code;

/// The file itself cannot be read.
pub const UNREADABLE: Code = Code::new("E0600");
/// A reference to a person, team, schedule or channel that does not exist.
pub const UNKNOWN_REFERENCE: Code = Code::new("E0601");
/// A roster, team or ladder that cannot be meant: empty, too long, contradicting itself.
pub const WRONG_ROSTER: Code = Code::new("E0602");
/// A secret written down in the file itself.
pub const NOT_A_SECRET: Code = Code::new("E0603");
/// A secret that cannot be found where the file says it is.
pub const MISSING_SECRET: Code = Code::new("E0604");
/// A secret of the wrong form.
pub const BAD_SECRET: Code = Code::new("E0605");
/// An address, host, URL, zone or time that does not parse.
pub const BAD_ADDRESS: Code = Code::new("E0606");
/// A setting that would send in the clear what must be protected.
pub const INSECURE: Code = Code::new("E0607");
/// A calendar that cannot be read, or is none.
pub const BAD_CALENDAR: Code = Code::new("E0608");
/// An environment variable with our prefix that means nothing.
pub const STRAY_VARIABLE: Code = Code::new("W0601");
/// A person or partner whom no message can reach.
pub const UNREACHABLE: Code = Code::new("W0602");
/// Nobody is configured, so every message stays on this machine.
pub const KEPT_LOCAL: Code = Code::new("W0603");
/// A schedule has nobody on call at some time soon.
pub const UNCOVERED: Code = Code::new("W0604");
/// Contact rules say nothing of some level.
pub const NO_RULE: Code = Code::new("W0605");
/// An event of a calendar that means nothing here.
pub const CALENDAR_EVENT: Code = Code::new("W0606");
/// A monitor whose surges begin nothing.
pub const UNASKED_MONITOR: Code = Code::new("W0607");
/// A source whose silence begins nothing.
pub const UNHEARD_SILENCE: Code = Code::new("W0608");
/// A plan waits for surges of a monitor that is not configured.
pub const UNWATCHED_SURGE: Code = Code::new("W0609");
