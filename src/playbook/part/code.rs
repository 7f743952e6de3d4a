//! What can be wrong with the use of a part.

use crate::playbook::diagnostic::Code;

/// A part, or a piece of it, that is not there.
pub const NO_SUCH_PART: Code = Code::new("E0209");
/// Steps of libraries that are made of each other.
pub const USE_CYCLE: Code = Code::new("E0309");
