//! What is learned from drills and real incidents: findings and the actions that follow from them,
//! what of each plan was ever exercised, and how ready it is.
//!
//! `experience` is what a run or an incident left to learn from. `propose` finds in it what people
//! should look at; a `finding` is what a person makes of it, an `action` what is done about it, and
//! `verify` says whether a later run proves the action. `coverage`, `cadence`, `drift` and
//! `readiness` reckon over all experience; `reminder` says who is to be told. All of these are pure.
//! `shelf` keeps the documents and `desk` is the shell around them; it must not know HTTP.

pub mod action;
pub mod cadence;
pub mod coverage;
pub mod desk;
pub mod drift;
pub mod experience;
pub mod finding;
mod names;
pub mod propose;
pub mod readiness;
mod reminder;
pub mod report;
#[cfg(test)]
mod sample;
mod shelf;
pub mod subject;
mod verify;

pub use desk::{
    Glance, Kept, LearnError, Learning, NewAction, NewFinding, Outstanding, WhichFindings, glance,
};
