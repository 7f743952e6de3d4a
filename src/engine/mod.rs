//! The state machine of an incident, pure: no clock, no chance, no IO. Everything it learns comes
//! in as an argument.

mod mode;

pub use mode::{Mode, Status};
