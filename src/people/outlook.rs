//! What is wrong with rosters in a stretch of time to come: nobody on call, or somebody on call whom
//! nothing reaches.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, ScheduleId};

use super::directory::Directory;

/// What is wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Nobody is on call.
    Nobody,
    /// Somebody is on call who has no contact.
    Unreachable,
}

/// A stretch of a schedule in which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it; the end of what was looked at where it goes on.
    pub to: Timestamp,
    /// What.
    pub kind: TroubleKind,
    /// Those whom nothing reaches; nobody in a gap.
    pub people: Vec<PersonId>,
}

impl Directory {
    /// Finds what is wrong with a schedule in `[from, to)`, in order of time.
    #[must_use]
    pub fn troubles(&self, id: &ScheduleId, from: Timestamp, to: Timestamp) -> Vec<Trouble> {
        let mut found: Vec<Trouble> = Vec::new();
        for segment in self.segments(id, from, to) {
            let silent = segment.who.iter().filter(|person| !self.is_reachable(person));
            let people: Vec<PersonId> = silent.cloned().collect();
            let kind = match (segment.who.is_empty(), people.is_empty()) {
                (true, _) => TroubleKind::Nobody,
                (false, false) => TroubleKind::Unreachable,
                (false, true) => continue,
            };
            match found.last_mut() {
                Some(last)
                    if last.to == segment.from && last.kind == kind && last.people == people =>
                {
                    last.to = segment.to;
                }
                _ => {
                    let (schedule, from, to) = (id.clone(), segment.from, segment.to);
                    found.push(Trouble { schedule, from, to, kind, people });
                }
            }
        }
        found
    }
}
