//! The engine as callers see it: every pair of state and command as tables that people review, what
//! each kind of step does, and the stored events of every version. What the numbered rules mean is
//! held in `tests/meaning`, whatever else may happen in `tests/model`.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]

mod golden;
mod personal;
mod step_kinds;
mod tables;
mod world;
