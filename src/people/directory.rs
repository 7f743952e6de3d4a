//! The directory: one immutable, checked snapshot of everyone and every roster.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::id::{ChannelId, LadderId, PartnerId, PersonId, ScheduleId, TeamId};
use crate::text::{Lang, Text};

use super::check;
use super::fault::Fault;
use super::ladder::{Ladder, Rung, Target};
use super::person::{Contact, Partner, Person, Team};
use super::rota::Segment;
use super::schedule::{Duty, Layer, Override, Rotation, Schedule};
use super::shift::Shifts;
use super::zone::Zone;

/// The id of the built-in person, who has every role where nobody else is configured.
pub const OPERATOR: &str = "operator";

/// The built-in channel that carries the operator's messages.
const OPERATOR_CHANNEL: &str = "email";

/// The built-in operator's address; it reaches an `.eml` file, never a network.
const OPERATOR_ADDRESS: &str = "operator@localhost";

/// The parts a directory is made of, not yet checked against each other.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The persons.
    pub people: Vec<Person>,
    /// The teams.
    pub teams: Vec<Team>,
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// The escalation ladders.
    pub ladders: Vec<Ladder>,
    /// The partners.
    pub partners: Vec<Partner>,
    /// The channels that contacts and rungs may name.
    pub channels: BTreeSet<ChannelId>,
    /// Who is told when nobody answered a ladder that names nobody for this.
    pub last_resort: Vec<PersonId>,
}

/// An immutable snapshot of people and rosters; share it in an `Arc`.
///
/// Every reference inside it resolves. The built-in directory goes further: *any* team, schedule or
/// ladder it is asked for exists and leads to the built-in person [`OPERATOR`].
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    people: BTreeMap<PersonId, Person>,
    teams: BTreeMap<TeamId, Team>,
    schedules: BTreeMap<ScheduleId, Schedule>,
    ladders: BTreeMap<LadderId, Ladder>,
    partners: BTreeMap<PartnerId, Partner>,
    channels: BTreeSet<ChannelId>,
    last_resort: Vec<PersonId>,
    fallback: Option<Box<Fallback>>,
}

/// What the built-in directory answers where nothing is configured.
#[derive(Debug, Clone, PartialEq)]
struct Fallback {
    team: Team,
    schedule: Schedule,
    ladder: Ladder,
}

impl Directory {
    /// Checks the parts against each other and makes a directory of them.
    ///
    /// # Errors
    /// Every fault found, not only the first.
    pub fn new(parts: Parts) -> Result<Self, Vec<Fault>> {
        let faults = check::faults(&parts);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            people: parts.people.into_iter().map(|p| (p.id.clone(), p)).collect(),
            teams: parts.teams.into_iter().map(|t| (t.id.clone(), t)).collect(),
            schedules: parts.schedules.into_iter().map(|s| (s.id.clone(), s)).collect(),
            ladders: parts.ladders.into_iter().map(|l| (l.id.clone(), l)).collect(),
            partners: parts.partners.into_iter().map(|p| (p.id.clone(), p)).collect(),
            channels: parts.channels,
            last_resort: parts.last_resort,
            fallback: None,
        })
    }

    /// Returns the directory of an installation that configures nobody: whatever is asked for leads
    /// to the operator, reached over the channel `email`.
    #[must_use]
    pub fn built_in() -> Self {
        Self::built_in_over(&ChannelId::new(OPERATOR_CHANNEL))
    }

    /// Returns the built-in directory with the operator reached over another channel.
    #[must_use]
    pub fn built_in_over(channel: &ChannelId) -> Self {
        let operator = Person {
            id: PersonId::new(OPERATOR),
            name: Text::both("值守人员", "Operator"),
            lang: Lang::default(),
            contacts: vec![Contact {
                channel: channel.clone(),
                address: OPERATOR_ADDRESS.to_owned(),
            }],
            drills: true,
            manner: crate::people::Manner::default(),
        };
        Self {
            people: BTreeMap::from([(operator.id.clone(), operator)]),
            teams: BTreeMap::new(),
            schedules: BTreeMap::new(),
            ladders: BTreeMap::new(),
            partners: BTreeMap::new(),
            channels: BTreeSet::from([channel.clone()]),
            last_resort: vec![PersonId::new(OPERATOR)],
            fallback: Some(Box::new(Fallback::to_operator())),
        }
    }

    /// Tells whether this is the built-in directory, where dangling references are warnings.
    #[must_use]
    pub const fn is_built_in(&self) -> bool {
        self.fallback.is_some()
    }

    /// Finds a person.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// Finds a team.
    #[must_use]
    pub fn team(&self, id: &TeamId) -> Option<&Team> {
        self.teams.get(id).or(self.fallback.as_deref().map(|f| &f.team))
    }

    /// Finds a schedule.
    #[must_use]
    pub fn schedule(&self, id: &ScheduleId) -> Option<&Schedule> {
        self.schedules.get(id).or(self.fallback.as_deref().map(|f| &f.schedule))
    }

    /// Finds an escalation ladder.
    #[must_use]
    pub fn ladder(&self, id: &LadderId) -> Option<&Ladder> {
        self.ladders.get(id).or(self.fallback.as_deref().map(|f| &f.ladder))
    }

    /// Returns who is told when nobody answered a ladder that names nobody for this: those the
    /// configuration makes responsible for the installation, else everyone who can be reached.
    pub fn last_resort(&self) -> impl Iterator<Item = &PersonId> {
        let everyone = self.people().filter(|person| person.is_reachable()).map(|p| &p.id);
        let named = self.last_resort.iter();
        named
            .chain(everyone.filter(|_| self.last_resort.is_empty()))
            .take(super::limits::MAX_TARGETS)
    }

    /// Finds a partner.
    #[must_use]
    pub fn partner(&self, id: &PartnerId) -> Option<&Partner> {
        self.partners.get(id)
    }

    /// Lists the persons by id.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Lists the configured teams by id.
    pub fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.values()
    }

    /// Lists the configured schedules by id.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.values()
    }

    /// Lists the configured ladders by id.
    pub fn ladders(&self) -> impl Iterator<Item = &Ladder> {
        self.ladders.values()
    }

    /// Lists the configured partners by id.
    pub fn partners(&self) -> impl Iterator<Item = &Partner> {
        self.partners.values()
    }

    /// Tells whether a channel is configured.
    #[must_use]
    pub fn has_channel(&self, id: &ChannelId) -> bool {
        self.channels.contains(id)
    }

    /// Tells whether a person exists and can be reached.
    #[must_use]
    pub fn is_reachable(&self, id: &PersonId) -> bool {
        self.person(id).is_some_and(Person::is_reachable)
    }

    /// Tells whether a person belongs to a team.
    #[must_use]
    pub fn is_member(&self, team: &TeamId, person: &PersonId) -> bool {
        self.team_members(team).contains(person)
    }

    /// Returns who is on call on a schedule at an instant, first first; empty where the schedule
    /// has a gap or does not exist.
    #[must_use]
    pub fn on_call(&self, schedule: &ScheduleId, at: Timestamp) -> Vec<PersonId> {
        self.schedule(schedule).map(|s| s.on_call(at)).unwrap_or_default()
    }

    /// Returns the members of a team in the order they are tried; empty when it does not exist.
    #[must_use]
    pub fn team_members(&self, team: &TeamId) -> &[PersonId] {
        self.team(team).map(|t| t.members.as_slice()).unwrap_or_default()
    }

    /// Returns the first reachable person whom a team's schedule has on call at an instant.
    #[must_use]
    pub fn team_on_call(&self, team: &TeamId, at: Timestamp) -> Option<PersonId> {
        let schedule = self.team(team)?.schedule.as_ref()?;
        self.on_call(schedule, at).into_iter().find(|person| self.is_reachable(person))
    }

    /// Returns the reachable people of a team in the order to try them: those on call, then the
    /// members as listed.
    #[must_use]
    pub fn team_reachable(&self, team: &TeamId, at: Timestamp) -> Vec<PersonId> {
        let Some(team) = self.team(team) else { return Vec::new() };
        let on_call = team.schedule.as_ref().map(|s| self.on_call(s, at)).unwrap_or_default();
        let mut order: Vec<PersonId> = Vec::new();
        for person in on_call.iter().chain(&team.members) {
            if self.is_reachable(person) && !order.contains(person) {
                order.push(person.clone());
            }
        }
        order
    }

    /// Cuts `[from, to)` of a schedule into stretches of equal answers; see [`Schedule::segments`].
    #[must_use]
    pub fn segments(&self, id: &ScheduleId, from: Timestamp, to: Timestamp) -> Vec<Segment> {
        self.schedule(id).map(|s| s.segments(from, to)).unwrap_or_default()
    }

    /// Returns the stretches of `[from, to)` during which a schedule has nobody on call.
    #[must_use]
    pub fn gaps(&self, id: &ScheduleId, from: Timestamp, to: Timestamp) -> Vec<Segment> {
        self.schedule(id).map(|s| s.gaps(from, to)).unwrap_or_default()
    }

    /// Returns the first instant after `after` at which other people are on call.
    #[must_use]
    pub fn next_change(&self, id: &ScheduleId, after: Timestamp) -> Option<Timestamp> {
        self.schedule(id)?.next_change(after)
    }

    /// Returns what is wrong with an override that would be laid over a schedule at run time.
    #[must_use]
    pub fn override_faults(&self, schedule: &ScheduleId, over: &Override) -> Vec<Fault> {
        check::late_override(self, schedule, over)
    }

    /// Tells whether a schedule ever names a person in its turns.
    #[must_use]
    pub fn takes_turns(&self, schedule: &ScheduleId, person: &PersonId) -> bool {
        self.schedule(schedule).is_some_and(|schedule| schedule.people().contains(person))
    }

    /// Returns this directory with overrides made at run time laid over the configured ones, later
    /// ones winning, and the faults of those left out because what they name is gone.
    #[must_use]
    pub fn with_overrides(
        &self,
        overrides: impl IntoIterator<Item = (ScheduleId, Override)>,
    ) -> (Self, Vec<Fault>) {
        let mut next = self.clone();
        let mut faults = Vec::new();
        for (id, over) in overrides {
            let found = check::late_override(self, &id, &over);
            if found.is_empty()
                && let Some(schedule) = next.schedules.get_mut(&id)
            {
                schedule.overrides.push(over);
            }
            faults.extend(found);
        }
        (next, faults)
    }
}

impl Directory {
    /// Returns this directory with other shifts on a schedule that takes them from a calendar.
    #[must_use]
    pub fn with_shifts(&self, schedule: &ScheduleId, shifts: Shifts) -> Self {
        let mut next = self.clone();
        if let Some(schedule) = next.schedules.get_mut(schedule) {
            schedule.shifts = Some(shifts);
        }
        next
    }
}

impl Fallback {
    fn to_operator() -> Self {
        let operator = PersonId::new(OPERATOR);
        let title = Text::both("值守人员", "Operator");
        let always = Layer {
            rotation: Rotation::weekly(jiff::civil::Time::midnight()),
            start: jiff::civil::date(2000, 1, 3).at(0, 0, 0, 0),
            turns: vec![Duty::alone(operator.clone())],
            windows: Vec::new(),
        };
        let rung = |minutes, target| Rung {
            after: SignedDuration::from_mins(minutes),
            targets: vec![target, Target::Person(operator.clone())],
            terms: crate::people::Terms::default(),
        };
        let commander = || Target::Role("commander".into());
        Self {
            ladder: Ladder {
                id: LadderId::new("default"),
                rungs: vec![rung(5, commander()), rung(10, commander())],
                repeat: 0,
                finally: Vec::new(),
            },
            team: Team {
                id: TeamId::new(OPERATOR),
                title: title.clone(),
                members: vec![operator.clone()],
                schedule: Some(ScheduleId::new(OPERATOR)),
            },
            schedule: Schedule {
                id: ScheduleId::new(OPERATOR),
                title,
                zone: Zone::utc(),
                layers: vec![always],
                shifts: None,
                overrides: Vec::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
