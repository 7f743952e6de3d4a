//! Why the runtime did not do what it was asked, as data. It must not know HTTP.

use crate::engine::Rejection;
use crate::store::{Idempotency, StoreError};
use crate::text::Text;

/// Something that was named and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// An incident.
    Incident,
    /// A playbook.
    Playbook,
    /// A drill, or a run of one.
    Drill,
    /// A person.
    Person,
    /// A team.
    Team,
    /// A schedule.
    Schedule,
    /// A piece of evidence.
    Evidence,
    /// A personal value.
    Personal,
    /// An override of a schedule.
    Override,
    /// An offer to change shifts.
    Swap,
    /// A calendar of shifts.
    Feed,
}

/// What keeps a drill from starting now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The same drill is under way.
    UnderWay,
    /// A live incident goes on to which the drill gives way.
    LiveIncident,
    /// There is no live incident that it could go beside.
    NothingBeside,
    /// A role that its plan needs can be filled by nobody who could be reached.
    NotReady,
    /// The run is over.
    Over,
    /// Its clock is the real one, which nobody steps.
    RealClock,
    /// It stands still.
    Paused,
    /// The clock would go back.
    Backwards,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The engine refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is no such thing; the closest names help.
    #[error("there is no {what:?} `{name}`")]
    NotFound {
        /// Its kind.
        what: Missing,
        /// The name asked for.
        name: String,
        /// Names that are close.
        closest: Vec<String>,
    },
    /// The caller saw another version (If-Match).
    #[error("the incident is at version {actual}")]
    VersionMismatch {
        /// The version it has.
        actual: u64,
    },
    /// The request was answered before; the same answer is due.
    #[error("answered before")]
    Answered(Box<Idempotency>),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The store refuses.
    #[error(transparent)]
    Store(StoreError),
    /// A drill does not start as things stand; says what to do.
    #[error("{}", .1.get(crate::text::Lang::En))]
    Drill(Obstacle, Text),
    /// A link is to be sent, and this server has no address that people reach it under.
    #[error("`public_url` is not configured")]
    NoPublicUrl,
    /// Something is not ready or failed; says what to do.
    #[error("{}", .0.get(crate::text::Lang::En))]
    Unavailable(Text),
}

impl Refusal {
    /// Tells whether what was asked may be recorded all the same: the disk failed in the middle.
    #[must_use]
    pub const fn is_doubtful(&self) -> bool {
        matches!(self, Self::Store(StoreError::Failed { .. } | StoreError::Stopped))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Answered(answer) => Self::Answered(answer),
            other => Self::Store(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_disk_that_failed_in_the_middle_leaves_doubt() {
        let failed = StoreError::Failed { doing: "writing", why: "i/o".to_owned() };
        for doubtful in [failed, StoreError::Stopped] {
            assert!(Refusal::from(doubtful).is_doubtful());
        }
        let full = StoreError::Full { free: 1, needed: 2 };
        for certain in [full, StoreError::Busy { queued: 9 }, StoreError::Conflict { actual: 3 }] {
            assert!(!Refusal::from(certain).is_doubtful());
        }
    }
}
