//! Silences: those of the configuration, and those that people make while firebell runs. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::ingest::{Matcher, SILENCES_MAX, Silence, When};

/// How long an ended silence is still shown.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A silence that a person made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeSilence {
    /// Its id.
    pub id: SmolStr,
    /// Which alerts.
    pub about: Matcher,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; brought forward when somebody ends it.
    pub to: Timestamp,
    /// Why.
    pub note: String,
    /// Who made it.
    pub by: String,
    /// When that was.
    pub made_at: Timestamp,
}

impl MadeSilence {
    /// Returns it as what mutes.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Silence {
            id: self.id.clone(),
            about: self.about.clone(),
            when: When::Once { from: self.from, to: self.to },
            note: self.note.clone(),
        }
    }
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Silences {
    configured: Vec<Silence>,
    made: BTreeMap<SmolStr, MadeSilence>,
}

impl Silences {
    /// Puts them together.
    pub fn new(configured: Vec<Silence>, made: impl Iterator<Item = MadeSilence>) -> Self {
        Self { configured, made: made.map(|one| (one.id.clone(), one)).collect() }
    }

    /// Returns what mutes.
    pub fn all(&self) -> Vec<Silence> {
        let made = self.made.values().map(MadeSilence::silence);
        self.configured.iter().cloned().chain(made).collect()
    }

    /// Puts others in the place of those of the configuration.
    pub fn configure(&mut self, configured: Vec<Silence>) {
        self.configured = configured;
    }

    /// Returns those of the configuration.
    pub fn configured(&self) -> &[Silence] {
        &self.configured
    }

    /// Returns those that people made, the latest first.
    pub fn made(&self) -> Vec<&MadeSilence> {
        let mut made: Vec<_> = self.made.values().collect();
        made.sort_by_key(|one| std::cmp::Reverse(one.made_at));
        made
    }

    /// Finds one that a person made.
    pub fn get(&self, id: &str) -> Option<&MadeSilence> {
        self.made.get(id)
    }

    /// Tells whether one more may be made.
    pub fn has_room(&self) -> bool {
        self.made.len() < SILENCES_MAX
    }

    /// Adds one, or writes over the one with its id.
    pub fn put(&mut self, silence: MadeSilence) {
        self.made.insert(silence.id.clone(), silence);
    }

    /// Names those that ended long ago.
    pub fn old(&self, now: Timestamp) -> Vec<SmolStr> {
        let before = now.saturating_sub(SHOWN_AFTER).unwrap_or(Timestamp::MIN);
        self.made.values().filter(|one| one.to < before).map(|one| one.id.clone()).collect()
    }

    /// Forgets one.
    pub fn forget(&mut self, id: &str) {
        self.made.remove(id);
    }
}
