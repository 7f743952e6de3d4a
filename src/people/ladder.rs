//! Escalation ladders: who is told next while nobody acts.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use crate::id::{ChannelId, LadderId, PersonId, RoleId, ScheduleId, TeamId};

/// Whom a rung tells. People are looked up when the rung fires, not when the ladder is armed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Everyone on call on a schedule.
    Schedule(ScheduleId),
    /// Every member of a team.
    Team(TeamId),
    /// One person.
    Person(PersonId),
    /// Whoever holds a role of the incident.
    Role(RoleId),
    /// A shared channel, such as a group chat.
    Channel(ChannelId),
}

/// Which of those a rung means are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pick {
    /// Everyone at once.
    #[default]
    Everyone,
    /// One, whose turn it is: the next time the next.
    Next,
}

/// What is asked of a rung beyond whom it tells and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which of those it means are told.
    pub pick: Pick,
    /// How many different people must say that they have it; at least 1.
    pub acknowledge: u8,
    /// When it counts at all; outside of it the next rung takes its place. Always where absent.
    pub when: Option<Hours>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { pick: Pick::default(), acknowledge: 1, when: None }
    }
}

/// One rung of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// How long after the previous rung (the first: after the ladder starts) this one fires.
    pub after: SignedDuration,
    /// Whom it tells; never empty.
    pub targets: Vec<Target>,
    /// What else is asked of it.
    pub terms: Terms,
}

/// An escalation ladder, climbed rung by rung until someone acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The ladder's id in the configuration.
    pub id: LadderId,
    /// The rungs in the order they fire; never empty.
    pub rungs: Vec<Rung>,
    /// How many times the whole ladder is climbed again after its last rung.
    pub repeat: u8,
    /// Who is told when the last rung went unanswered, again and again until someone acts; where
    /// nobody is named, whom the directory knows as the last resort.
    pub finally: Vec<Target>,
}

impl Ladder {
    /// Returns the place in the ladder of a rung counted over all climbs.
    #[must_use]
    pub fn place(&self, rung: u32) -> u32 {
        let rungs = u32::try_from(self.rungs.len()).unwrap_or(u32::MAX);
        rung.checked_rem(rungs).unwrap_or_default()
    }

    /// Returns every rung of every climb with its distance from the moment the ladder is armed,
    /// in the order they fire.
    pub fn climb(&self) -> impl Iterator<Item = (SignedDuration, &Rung)> {
        let climbs = usize::from(self.repeat) + 1;
        let rungs = std::iter::repeat_n(&self.rungs, climbs).flatten();
        rungs.scan(SignedDuration::ZERO, |elapsed, rung| {
            *elapsed = elapsed.saturating_add(rung.after);
            Some((*elapsed, rung))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_climb_adds_up_the_rungs_and_starts_over() {
        let rung = |minutes, team: &str| Rung {
            after: SignedDuration::from_mins(minutes),
            targets: vec![Target::Team(team.into())],
            terms: crate::people::Terms::default(),
        };
        let ladder = Ladder {
            id: "duty".into(),
            rungs: vec![rung(5, "a"), rung(10, "b")],
            repeat: 1,
            finally: Vec::new(),
        };
        let minutes: Vec<i64> = ladder.climb().map(|(at, _)| at.as_mins()).collect();
        assert_eq!(minutes, [5, 15, 20, 30]);
    }
}
