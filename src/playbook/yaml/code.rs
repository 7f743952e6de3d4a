//! What can be wrong with the shape of any file.

use crate::playbook::diagnostic::Code;

/// The text is not YAML.
pub const NOT_YAML: Code = Code::new("E0104");
/// The file is deeper, larger or more often aliased than any plan needs.
pub const TOO_COMPLEX: Code = Code::new("E0105");
/// A key nobody knows.
pub const UNKNOWN_KEY: Code = Code::new("E0106");
/// A key that stands twice in one mapping.
pub const DUPLICATE_KEY: Code = Code::new("E0107");
/// A value of another type than the key wants.
pub const WRONG_TYPE: Code = Code::new("E0108");
/// A key that must be there and is not.
pub const MISSING_KEY: Code = Code::new("E0109");
/// A value of the right type that is not allowed.
pub const BAD_VALUE: Code = Code::new("E0110");
