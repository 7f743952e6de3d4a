//! The decision: what a command leads to, as events and the incident after them.

use super::command::{Command, Ctx, Declare};
use super::event::Event;
use super::incident::Incident;
use super::rejection::{Rejection, RejectionCode};
use crate::playbook::Playbook;

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What happened, in order; empty where the command changes nothing.
    pub events: Vec<Event>,
    /// The incident after it.
    pub incident: Incident,
}

/// Turns a plan into an incident.
///
/// # Errors
/// Inputs that do not fit the plan, each with its JSON pointer.
pub fn declare(playbook: &Playbook, declare: Declare, ctx: &Ctx<'_>) -> Result<Outcome, Rejection> {
    let _ = (playbook, declare, ctx);
    Err(Rejection::new(RejectionCode::LimitReached, "暂不能启动", "nothing can be declared yet"))
}

/// Decides what a command does to an incident.
///
/// # Errors
/// A command that does not fit the incident, as data with a stable code.
pub fn decide(
    playbook: &Playbook,
    incident: &Incident,
    command: Command,
    ctx: &Ctx<'_>,
) -> Result<Outcome, Rejection> {
    let _ = (playbook, incident, command, ctx);
    Err(Rejection::new(RejectionCode::LimitReached, "暂不能处理", "nothing can be decided yet"))
}
