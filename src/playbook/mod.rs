//! The playbook language, pure: source text to a checked, immutable `Playbook`. It must not know
//! time, people or storage.

pub mod diagnostic;
pub mod source;
pub mod yaml;
