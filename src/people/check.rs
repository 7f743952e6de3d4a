//! Checks the parts of a directory against each other and against their bounds.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::id::{PersonId, ScheduleId};

use super::directory::{Directory, Parts};
use super::fault::{Fault, FaultKind, Noun};
use super::ladder::{Ladder, Target};
use super::limits;
use super::person::{Contact, Team};
use super::schedule::{Layer, Override, Schedule};
use super::shift::Shifts;

/// Returns everything that is wrong with the parts, in the order of the configuration file.
pub(super) fn faults(parts: &Parts) -> Vec<Fault> {
    let mut check = Check::of(parts);
    check.bound("/people", parts.people.len(), limits::MAX_PEOPLE);
    check.unique("/people", parts.people.iter().map(|p| p.id.as_str()));
    for person in &parts.people {
        check.contacts(&format!("/people/{}", person.id), &person.contacts);
    }
    check.bound("/teams", parts.teams.len(), limits::MAX_OF_A_KIND);
    check.unique("/teams", parts.teams.iter().map(|t| t.id.as_str()));
    for team in &parts.teams {
        check.team(team);
    }
    check.bound("/schedules", parts.schedules.len(), limits::MAX_OF_A_KIND);
    check.unique("/schedules", parts.schedules.iter().map(|s| s.id.as_str()));
    for schedule in &parts.schedules {
        check.schedule(schedule);
    }
    check.bound("/escalations", parts.ladders.len(), limits::MAX_OF_A_KIND);
    check.unique("/escalations", parts.ladders.iter().map(|l| l.id.as_str()));
    for ladder in &parts.ladders {
        check.ladder(ladder);
    }
    check.bound("/partners", parts.partners.len(), limits::MAX_OF_A_KIND);
    check.unique("/partners", parts.partners.iter().map(|p| p.id.as_str()));
    for partner in &parts.partners {
        check.contacts(&format!("/partners/{}", partner.id), &partner.contacts);
    }
    check.faults
}

/// Returns what is wrong with an override that is laid over a directory later.
pub(super) fn late_override(
    directory: &Directory,
    schedule: &ScheduleId,
    over: &Override,
) -> Vec<Fault> {
    let at = format!("/schedules/{schedule}/overrides");
    let mut faults = Vec::new();
    let mut unknown = |noun, id: &str| {
        let kind = FaultKind::Unknown { noun, id: id.to_owned() };
        faults.push(Fault { at: at.clone(), kind });
    };
    match directory.schedules().find(|s| s.id == *schedule) {
        None => unknown(Noun::Schedule, schedule.as_str()),
        Some(known) if known.overrides.len() >= limits::MAX_OVERRIDES => {
            let kind = FaultKind::TooMany { limit: limits::MAX_OVERRIDES };
            faults.push(Fault { at: at.clone(), kind });
        }
        Some(_) => {
            for person in over.named() {
                if directory.person(person).is_none() {
                    unknown(Noun::Person, person.as_str());
                }
            }
        }
    }
    if over.to <= over.from {
        faults.push(Fault { at, kind: FaultKind::Backwards });
    }
    faults
}

/// What exists, and what was found wrong so far.
struct Check<'a> {
    people: BTreeSet<&'a str>,
    teams: BTreeSet<&'a str>,
    schedules: BTreeSet<&'a str>,
    channels: BTreeSet<&'a str>,
    faults: Vec<Fault>,
}

impl<'a> Check<'a> {
    fn of(parts: &'a Parts) -> Self {
        Self {
            people: parts.people.iter().map(|p| p.id.as_str()).collect(),
            teams: parts.teams.iter().map(|t| t.id.as_str()).collect(),
            schedules: parts.schedules.iter().map(|s| s.id.as_str()).collect(),
            channels: parts.channels.iter().map(|c| c.as_str()).collect(),
            faults: Vec::new(),
        }
    }

    fn found(&mut self, at: &str, kind: FaultKind) {
        self.faults.push(Fault { at: at.to_owned(), kind });
    }

    fn bound(&mut self, at: &str, len: usize, limit: usize) {
        if len > limit {
            self.found(at, FaultKind::TooMany { limit });
        }
    }

    fn filled(&mut self, at: &str, len: usize, limit: usize) {
        if len == 0 {
            self.found(at, FaultKind::Empty);
        }
        self.bound(at, len, limit);
    }

    fn unique<'n>(&mut self, at: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.found(&format!("{at}/{name}"), FaultKind::Twice { id: name.to_owned() });
            }
        }
    }

    fn refers(&mut self, at: &str, noun: Noun, id: &str) {
        let known = match noun {
            Noun::Person => &self.people,
            Noun::Team => &self.teams,
            Noun::Schedule => &self.schedules,
            Noun::Channel => &self.channels,
            Noun::Ladder | Noun::Partner => return,
        };
        if !known.contains(id) {
            self.found(at, FaultKind::Unknown { noun, id: id.to_owned() });
        }
    }

    fn people(&mut self, at: &str, people: &[PersonId]) {
        let mut seen = BTreeSet::new();
        for (i, person) in people.iter().enumerate() {
            let at = format!("{at}/{i}");
            self.refers(&at, Noun::Person, person.as_str());
            if !seen.insert(person) {
                self.found(&at, FaultKind::Twice { id: person.to_string() });
            }
        }
    }

    fn contacts(&mut self, at: &str, contacts: &[Contact]) {
        self.bound(&format!("{at}/contacts"), contacts.len(), limits::MAX_CONTACTS);
        for (i, contact) in contacts.iter().enumerate() {
            self.refers(&format!("{at}/contacts/{i}"), Noun::Channel, contact.channel.as_str());
        }
    }

    fn team(&mut self, team: &Team) {
        let at = format!("/teams/{}", team.id);
        let members = format!("{at}/members");
        self.filled(&members, team.members.len(), limits::MAX_MEMBERS);
        self.people(&members, &team.members);
        if let Some(schedule) = &team.schedule {
            self.refers(&format!("{at}/schedule"), Noun::Schedule, schedule.as_str());
        }
    }

    fn schedule(&mut self, schedule: &Schedule) {
        let at = format!("/schedules/{}", schedule.id);
        let layers = format!("{at}/layers");
        // A calendar needs no layers under it.
        match schedule.shifts {
            None => self.filled(&layers, schedule.layers.len(), limits::MAX_LAYERS),
            Some(_) => self.bound(&layers, schedule.layers.len(), limits::MAX_LAYERS),
        }
        let shifts = schedule.shifts.iter().flat_map(Shifts::list);
        let on_shifts: BTreeSet<&PersonId> = shifts.flat_map(|shift| &shift.who).collect();
        for person in on_shifts {
            self.refers(&format!("{at}/ical"), Noun::Person, person.as_str());
        }
        for (i, layer) in schedule.layers.iter().enumerate() {
            self.layer(&format!("{layers}/{i}"), layer);
        }
        let overrides = format!("{at}/overrides");
        self.bound(&overrides, schedule.overrides.len(), limits::MAX_OVERRIDES);
        for (i, over) in schedule.overrides.iter().enumerate() {
            let at = format!("{overrides}/{i}");
            for person in over.named() {
                self.refers(&at, Noun::Person, person.as_str());
            }
            if over.to <= over.from {
                self.found(&at, FaultKind::Backwards);
            }
            let earlier = schedule.overrides.iter().take(i);
            if let Some(with) = earlier.into_iter().position(|other| other.contradicts(over)) {
                self.found(&at, FaultKind::Overlap { with });
            }
        }
    }

    fn layer(&mut self, at: &str, layer: &Layer) {
        let members = format!("{at}/members");
        self.filled(&members, layer.turns.len(), limits::MAX_TURNS);
        for (i, duty) in layer.turns.iter().enumerate() {
            let at = format!("{members}/{i}");
            self.bound(&at, duty.people().len(), limits::MAX_ON_DUTY);
            match duty.people() {
                [alone] => self.refers(&at, Noun::Person, alone.as_str()),
                together => self.people(&at, together),
            }
        }
        let windows = format!("{at}/restrictions");
        self.bound(&windows, layer.windows.len(), limits::MAX_WINDOWS);
        for (i, window) in layer.windows.iter().enumerate() {
            if window.days.is_empty() {
                self.found(&format!("{windows}/{i}"), FaultKind::Empty);
            }
        }
    }

    fn ladder(&mut self, ladder: &Ladder) {
        let at = format!("/escalations/{}", ladder.id);
        let rungs = format!("{at}/rungs");
        self.filled(&rungs, ladder.rungs.len(), limits::MAX_RUNGS);
        self.bound(
            &format!("{at}/repeat"),
            usize::from(ladder.repeat),
            usize::from(limits::MAX_REPEAT),
        );
        for (i, rung) in ladder.rungs.iter().enumerate() {
            let at = format!("{rungs}/{i}");
            let longest = SignedDuration::from_hours(limits::MAX_RUNG_HOURS);
            if rung.after.is_negative() || rung.after > longest {
                let kind = FaultKind::Wait { limit_hours: limits::MAX_RUNG_HOURS };
                self.found(&format!("{at}/after"), kind);
            }
            let targets = format!("{at}/to");
            self.filled(&targets, rung.targets.len(), limits::MAX_TARGETS);
            self.targets(&targets, &rung.targets);
        }
        let finally = format!("{at}/finally");
        self.bound(&finally, ladder.finally.len(), limits::MAX_TARGETS);
        self.targets(&finally, &ladder.finally);
    }

    fn targets(&mut self, at: &str, targets: &[Target]) {
        for (i, target) in targets.iter().enumerate() {
            let (noun, id) = match target {
                Target::Schedule(id) => (Noun::Schedule, id.as_str()),
                Target::Team(id) => (Noun::Team, id.as_str()),
                Target::Person(id) => (Noun::Person, id.as_str()),
                Target::Channel(id) => (Noun::Channel, id.as_str()),
                Target::Role(_) => continue,
            };
            self.refers(&format!("{at}/{i}"), noun, id);
        }
    }
}

impl Override {
    /// Returns the persons it names.
    fn named(&self) -> impl Iterator<Item = &PersonId> {
        self.off().into_iter().chain(self.person())
    }

    /// Tells whether two overrides hold at the same time and cannot both be meant.
    fn contradicts(&self, other: &Self) -> bool {
        let together = self.from < other.to && other.from < self.to;
        let clash = match (self.off(), other.off()) {
            (Some(one), Some(another)) => one == another,
            (None, _) | (_, None) => true,
        };
        together && clash
    }
}
