//! How a step of the reference model stands.

use jiff::{SignedDuration, Timestamp};

use crate::spec::Step;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Ready,
    Active,
    Done,
    Failed,
    Skipped(Why),
    Cancelled,
}

/// Why it was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Condition,
    Unreachable,
    Person,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped(_) => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more comes of it by itself.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Active)
    }
}

/// An instant to come, and since when it is known: a pause moves it by the part of the pause that
/// it lived through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// When.
    pub at: Timestamp,
    /// Since when.
    pub armed: Timestamp,
}

/// The current run of a step.
#[derive(Debug, Clone)]
pub struct Run {
    /// The visit it belongs to.
    pub visit: u32,
    /// Where it stands.
    pub state: State,
    /// Which iteration.
    pub iteration: u32,
    /// Which attempt.
    pub attempt: u32,
    pub ready_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    /// By when it must be finished.
    pub due: Option<Instant>,
    /// Another instant that would be as right: the rules leave it open.
    pub due_or: Option<Timestamp>,
    /// How long pauses have held it up.
    pub held: SignedDuration,
    /// The deadline has passed unfinished.
    pub overdue: bool,
    /// When the wait ends, or the next attempt or iteration begins.
    pub next: Option<Instant>,
    /// The last iteration has ended.
    pub repeat_ended: bool,
    /// An iteration was done.
    pub passed_before: bool,
    /// It failed and nothing waits for it.
    pub let_pass: bool,
    /// It was answered with yes.
    pub yes: bool,
}

/// Why an incident is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// No way out holds.
    NoWay,
    /// The way out that holds, by its position, has been taken as often as it may.
    Spent(u32),
    /// Nothing goes on before someone deals with the failure of this step.
    Failed(String),
}

/// How a whole incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Open,
    Paused,
    Closed,
    Cancelled,
}

impl Run {
    /// A run that nobody has begun.
    pub fn waiting(visit: u32) -> Self {
        Self {
            visit,
            state: State::Waiting,
            iteration: 1,
            attempt: 1,
            ready_at: None,
            started_at: None,
            due: None,
            due_or: None,
            held: SignedDuration::ZERO,
            overdue: false,
            next: None,
            repeat_ended: false,
            passed_before: false,
            let_pass: false,
            yes: false,
        }
    }
}

/// Meaning 6: a repeating step settles with its last iteration.
pub fn is_settled(step: &Step, run: &Run) -> bool {
    run.state.has_ended()
        && (step.repeat.is_none() || run.repeat_ended || run.state == State::Skipped(Why::Person))
}

/// Meaning 4: it failed with `stop`.
pub fn is_halting(run: &Run) -> bool {
    run.state == State::Failed && !run.let_pass
}
