//! The command line in Chinese: help, usage errors and manual pages, made of the same commands and
//! arguments as the English. It must not parse: what clap accepts, it accepts in every language.

mod fault;
mod help;
mod manual;
mod tree;
mod words;

pub use self::fault::{Fault, fault};
pub use self::help::with_help;
pub use self::manual::manual;
pub use self::tree::command;
