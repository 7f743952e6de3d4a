//! YAML as a tree that knows where everything stands, and readers that collect every problem.
//! Knows the shape of a file; must not know what the keys mean.

mod code;
mod error;
mod mend;
mod node;
mod parse;
mod read;
mod reason;
mod write;

pub use code::{
    BAD_DURATION, BAD_NAME, BAD_VALUE, CONFLICT, DUPLICATE_KEY, MISSING_KEY, MISSING_TRANSLATION,
    NOT_YAML, NOT_YET, TOO_COMPLEX, UNKNOWN_KEY, WRONG_TYPE,
};
pub use node::{Data, Entry, Key, Node};
pub use parse::{ALIASES_MAX, DEPTH_MAX, NODES_MAX, load, parse};
pub use read::{Fields, bad_value, duplicate, missing, unknown_name, warn_of_missing, wrong_type};
pub use write::{Remarks, write};
