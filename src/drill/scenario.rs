//! A drill as it is run: parsed, checked against its playbook, immutable, known by its hash.
//! It must not know source positions or how a run goes.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::calendar::Calendar;
use crate::drill::cast::{Cast, Share};
use crate::drill::expect::Expectation;
use crate::drill::inject::{Inject, InjectAct, Trigger};
use crate::drill::probe::Probe;
use crate::engine::{AlertNote, SurgeNote};
use crate::id::{DrillId, PersonId, PlaybookId, TeamId};
use crate::people::Directory;
use crate::playbook::Level;
use crate::text::Text;

/// The longest a drill goes on, in its own time: past a month nobody rehearses any more, and a
/// simulated run that has not ended by then is going round in circles.
pub const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A drill.
#[derive(Debug)]
pub struct Scenario {
    /// The slug it is known by.
    pub id: DrillId,
    /// SHA-256, in hex, of everything that decides how a run goes. Its title, its schedule and its
    /// announcement are left out, so that moving a drill does not end its series of results.
    pub hash: SmolStr,
    /// The source text.
    pub source: String,
    /// What people call it.
    pub title: Text,
    /// The plan it rehearses.
    pub playbook: PlaybookId,
    /// What it is called and reported as.
    pub kind: Kind,
    /// How it is run.
    pub run: RunAs,
    /// When it falls due; `None` only by hand.
    pub calendar: Option<Calendar>,
    /// How it is announced.
    pub notice: Announcement,
    /// Who is told ahead of a drill that nobody else is told of, and sees when it begins.
    pub safety_officers: Vec<Officer>,
    /// What begins the incident.
    pub start: Start,
    /// Inputs given when declaring, by name.
    pub inputs: Map<String, Json>,
    /// How many simulated runs the probability is estimated from.
    pub samples: u32,
    /// What the draws of a simulated run derive from.
    pub seed: u64,
    /// The modelled people.
    pub cast: Cast,
    /// What the drill makes happen.
    pub injects: Vec<Inject>,
    /// What it requires.
    pub expect: Vec<Expectation>,
    /// When it counts as passed.
    pub pass: Pass,
    /// The live level (this or worse) that ends a running exercise.
    pub abort_when_live: Option<Level>,
    /// The live level (this or worse) that pauses a running exercise.
    pub pause_when_live: Option<Level>,
    /// How long it goes on, where the drill says; then it is ended and judged.
    pub lasts: Option<SignedDuration>,
}

/// What a drill is called and reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 桌面: talked through.
    Tabletop,
    /// 实操: one function, worked for real.
    Functional,
    /// 综合: everyone.
    FullScale,
}

/// How a drill is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunAs {
    /// Virtual time, modelled people, nothing leaves.
    Simulated,
    /// Real time, real people, real channels, messages marked as a drill.
    Exercise,
    /// A facilitator steps the clock.
    Tabletop,
    /// Beside a live incident, recording what would have been sent.
    Shadow,
}

impl RunAs {
    /// Returns the word used in drill files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Exercise => "exercise",
            Self::Tabletop => "tabletop",
            Self::Shadow => "shadow",
        }
    }
}

/// How a drill is announced to those who take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// So long before it starts; nothing means at its start.
    Ahead(SignedDuration),
    /// Not at all: it starts at a random time after it falls due.
    None {
        /// How long after, at most.
        within: SignedDuration,
        /// Between these times of day.
        hours: (Time, Time),
    },
}

/// Who watches over a drill that nobody else is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Officer {
    /// Every member of a team.
    Team(TeamId),
    /// A person.
    Person(PersonId),
}

/// What begins the incident of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The alert or surge injected first.
    Inject,
    /// A declaration.
    Declare,
}

/// What begins the incident of a drill that does not begin by a declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Starter<'a> {
    /// An alert.
    Alert(&'a AlertNote),
    /// A surge.
    Surge(&'a SurgeNote),
}

impl<'a> Starter<'a> {
    /// Returns it as a declaration takes it.
    #[must_use]
    pub const fn split(self) -> (Option<&'a AlertNote>, Option<&'a SurgeNote>) {
        match self {
            Self::Alert(alert) => (Some(alert), None),
            Self::Surge(surge) => (None, Some(surge)),
        }
    }
}

/// When a drill counts as passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pass {
    /// The least score, 0 to 100.
    pub score: u8,
    /// The least share of simulated runs that reach it.
    pub probability: Option<Share>,
}

impl Default for Pass {
    /// Where a drill does not say, every expectation must hold.
    fn default() -> Self {
        Self { score: 100, probability: None }
    }
}

impl Scenario {
    /// Makes a drill of a plan in which nothing happens and nothing is required.
    #[must_use]
    pub fn empty(playbook: PlaybookId) -> Self {
        Self {
            id: DrillId::new("empty"),
            hash: SmolStr::default(),
            source: String::new(),
            title: Text::both("演练", "Drill"),
            playbook,
            kind: Kind::Functional,
            run: RunAs::Simulated,
            calendar: None,
            notice: Announcement::Ahead(SignedDuration::ZERO),
            safety_officers: Vec::new(),
            start: Start::Declare,
            inputs: Map::new(),
            samples: 1,
            seed: 0,
            cast: Cast::default(),
            injects: Vec::new(),
            expect: Vec::new(),
            pass: Pass::default(),
            abort_when_live: None,
            pause_when_live: None,
            lasts: None,
        }
    }

    /// Returns those who watch over it, as far as the directory knows them.
    #[must_use]
    pub fn officers(&self, directory: &Directory) -> BTreeSet<PersonId> {
        let people = self.safety_officers.iter().flat_map(|officer| match officer {
            Officer::Team(team) => directory.team_members(team).to_vec(),
            Officer::Person(person) => {
                directory.person(person).map(|person| person.id.clone()).into_iter().collect()
            }
        });
        people.collect()
    }

    /// Tells whether those who take part must not know when it begins.
    #[must_use]
    pub const fn is_unannounced(&self) -> bool {
        matches!(self.notice, Announcement::None { .. })
            && matches!(self.run, RunAs::Exercise | RunAs::Tabletop)
    }

    /// Returns how long it goes on at most, in its own time.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        self.lasts.unwrap_or(LENGTH_MAX)
    }

    /// Returns what begins the drill's incident, and its position among the injects.
    #[must_use]
    pub fn starter(&self) -> Option<(usize, Starter<'_>)> {
        if self.start == Start::Declare {
            return None;
        }
        let mut injects = self.injects.iter().enumerate();
        injects.find_map(|(position, inject)| match (&inject.trigger, &inject.act) {
            (Trigger::At(at), InjectAct::Alert(alert)) if at.is_zero() => {
                Some((position, Starter::Alert(alert)))
            }
            (Trigger::At(at), InjectAct::Surge { surge, over: false }) if at.is_zero() => {
                Some((position, Starter::Surge(surge)))
            }
            _ => None,
        })
    }

    /// Lists what it asks of something outside, with the keys of the answers.
    #[must_use]
    pub fn probes(&self) -> Vec<(&SmolStr, &Probe)> {
        let mut found = Vec::new();
        self.expect.iter().for_each(|one| one.asked.probes(&mut found));
        found
    }
}
