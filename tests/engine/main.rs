//! The engine as callers see it: every rule of the language's "Meaning" by its number, every pair of
//! state and command, and random plans against a slow and obvious model.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]

mod golden;
mod meaning_flow;
mod meaning_people;
mod meaning_time;
mod model;
mod properties;
mod step_kinds;
mod tables;
mod world;
