//! JSON Schema 2020-12 of the files people write, for editors: what the loader refuses for its
//! shape, the schema refuses too. It must not know rules that need the whole plan.

pub mod build;
mod field;
mod part;
mod playbook;
mod statute;
mod step;

pub use part::definitions;
pub use playbook::{library, playbook};
pub use statute::{calendar, regime};
