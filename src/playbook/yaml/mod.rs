//! YAML as a tree that knows where everything stands, and readers that collect every problem.
//! Knows the shape of a file; must not know what the keys mean.

mod code;
mod error;
mod node;
mod parse;
mod read;

pub use code::{
    BAD_VALUE, DUPLICATE_KEY, MISSING_KEY, NOT_YAML, TOO_COMPLEX, UNKNOWN_KEY, WRONG_TYPE,
};
pub use node::{Data, Entry, Key, Node};
pub use parse::{ALIASES_MAX, DEPTH_MAX, NODES_MAX, load, parse};
pub use read::{Fields, duplicate, missing, wrong_type};
