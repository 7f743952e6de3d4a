//! Succession: who is tried for a role, one after another, until someone acknowledges.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, ScheduleId, TeamId};

use super::directory::Directory;

/// The most people one source is asked for, one after another, before the next source has its turn:
/// a silent team of two hundred must not keep the deputies waiting.
pub const TRIES_PER_SOURCE: usize = 3;

/// Where the holder of a role comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Whoever is on call on a schedule.
    Schedule(ScheduleId),
    /// A team's on-call member, else its first reachable member.
    Team(TeamId),
    /// All members of a team are asked; the first to claim holds the role.
    Claim(TeamId),
}

/// One attempt to fill a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Try {
    /// Assign this person and wait for the acknowledgement.
    Assign {
        /// The person.
        person: PersonId,
        /// Where the person comes from.
        by: Source,
    },
    /// Ask all of these; whoever claims first holds the role and has acknowledged.
    Ask {
        /// Those asked; never empty.
        people: Vec<PersonId>,
        /// Where they come from.
        by: Source,
    },
}

/// Lists the attempts to fill a role at an instant, in order: the role's own source, then each
/// deputy source. People in `excluding` (who declined, stayed silent, or must not act) are left
/// out, and nobody is assigned twice. Unreachable people are never tried.
///
/// Empty means that nobody is left: the ladder and the commander come next.
#[must_use]
pub fn tries(
    directory: &Directory,
    assign: &Source,
    deputies: &[Source],
    at: Timestamp,
    excluding: &[PersonId],
) -> Vec<Try> {
    let mut taken: Vec<PersonId> = excluding.to_vec();
    let mut tries = Vec::new();
    for source in std::iter::once(assign).chain(deputies) {
        let mut people = candidates(directory, source, at);
        people.retain(|person| !taken.contains(person));
        match source {
            Source::Schedule(_) | Source::Team(_) => {
                for person in people {
                    taken.push(person.clone());
                    tries.push(Try::Assign { person, by: source.clone() });
                }
            }
            Source::Claim(_) if people.is_empty() => {}
            Source::Claim(_) => tries.push(Try::Ask { people, by: source.clone() }),
        }
    }
    tries
}

/// Returns those a source offers at an instant, reachable ones only, best first.
fn candidates(directory: &Directory, source: &Source, at: Timestamp) -> Vec<PersonId> {
    match source {
        Source::Schedule(schedule) => {
            let mut people = directory.on_call(schedule, at);
            people.retain(|person| directory.is_reachable(person));
            people.truncate(TRIES_PER_SOURCE);
            people
        }
        Source::Team(team) => {
            let mut people = directory.team_reachable(team, at);
            people.truncate(TRIES_PER_SOURCE);
            people
        }
        Source::Claim(team) => directory.team_reachable(team, at),
    }
}

#[cfg(test)]
mod tests;
