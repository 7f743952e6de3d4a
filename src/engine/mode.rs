//! What kind of run an incident is, and where it stands. Plain data that every layer may read.

use serde::{Deserialize, Serialize};

/// Whether a run is real. It belongs to the run, never changes, and is enforced in the gate alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The real thing.
    Live,
    /// A rehearsal with real people (exercise, tabletop, shadow).
    Drill,
    /// A rehearsal in virtual time with modelled people; nothing leaves.
    Simulation,
}

impl Mode {
    /// Returns the stable name: `live`, `drill`, `simulation`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Drill => "drill",
            Self::Simulation => "simulation",
        }
    }
}

/// Where an incident stands. `stuck` is a separate fact of an open incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being worked on.
    Open,
    /// Step deadlines and ladders are frozen; statutory clocks are not.
    Paused,
    /// Ended, by itself or by a commander.
    Closed,
    /// Ended as a false alarm, with a reason.
    Cancelled,
}

impl Status {
    /// Returns the stable name: `open`, `paused`, `closed`, `cancelled`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Tells whether the incident still runs.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Paused)
    }
}
