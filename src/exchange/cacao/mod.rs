//! CACAO Security Playbooks 2.0 (OASIS): plans written in its words, and its playbooks read into
//! plans. What the standard has no words for travels in an extension; where the standard leaves a
//! meaning open, [`conformance`] says what firebell chose.

mod address;
mod assemble;
mod author;
pub mod conformance;
mod export;
mod extension;
mod flow;
mod graph;
mod guard;
mod ids;
mod import;
mod pattern;
mod step;
mod variable;
mod weave;
mod words;
mod work;

pub use export::{Stamp, export};
pub use import::{Imported, Origin, import};
