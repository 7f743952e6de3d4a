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
/// A key of a version to come.
pub const NOT_YET: Code = Code::new("E0111");
/// A name that breaks the rules of names.
pub const BAD_NAME: Code = Code::new("E0112");
/// A text that is not a duration.
pub const BAD_DURATION: Code = Code::new("E0113");
/// Keys that exclude each other.
pub const CONFLICT: Code = Code::new("E0114");
/// A text for people without one of the languages.
pub const MISSING_TRANSLATION: Code = Code::new("W0101");
