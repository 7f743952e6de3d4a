//! What keeps an alert from beginning anything: silences, inhibition, flapping. Pure: what fires is
//! for the [`Ledger`](super::Ledger) to know.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::alert::Alert;
use super::matcher::Matcher;
use crate::people::{Window, Zone};
use crate::text::Text;

/// Silences of an installation; a person looks through them.
pub const SILENCES_MAX: usize = 500;
/// Rules of inhibition: each is held against all that fires.
pub const INHIBITIONS_MAX: usize = 50;

/// A time in which some alerts begin nothing: work that was announced.
#[derive(Debug, Clone, PartialEq)]
pub struct Silence {
    /// Its id.
    pub id: SmolStr,
    /// Which alerts.
    pub about: Matcher,
    /// When.
    pub when: When,
    /// Why, as whoever made it says.
    pub note: String,
}

/// When a silence holds.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// Once.
    Once {
        /// From this instant.
        from: Timestamp,
        /// To this one, which does not belong to it.
        to: Timestamp,
    },
    /// Every week.
    Weekly {
        /// On which days, between which times.
        window: Window,
        /// By the clocks of this zone.
        zone: Zone,
    },
}

impl When {
    /// Returns the end of what holds at an instant; `None` where nothing does.
    #[must_use]
    pub fn ends(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Once { from, to } => (*from <= at && at < *to).then_some(*to),
            Self::Weekly { window, zone } => window.ends(zone, at),
        }
    }
}

impl Silence {
    /// Returns until when it keeps an alert quiet; `None` where it does not.
    #[must_use]
    pub fn ends(&self, alert: &Alert, at: Timestamp) -> Option<Timestamp> {
        self.when.ends(at).filter(|_| self.about.holds(&alert.labels))
    }
}

/// "While the one fires, the others say nothing new."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibition {
    /// The one that fires.
    pub by: Matcher,
    /// Those that begin nothing meanwhile.
    pub mutes: Matcher,
    /// Labels in which the two must agree; missing in both counts as agreeing.
    pub equal: Vec<SmolStr>,
}

impl Inhibition {
    /// Tells whether one alert keeps another quiet. None does so to itself.
    #[must_use]
    pub fn holds(&self, by: &Alert, other: &Alert) -> bool {
        self.by.holds(&by.labels)
            && self.mutes.holds(&other.labels)
            && by.labels != other.labels
            && self.equal.iter().all(|label| by.labels.get(label) == other.labels.get(label))
    }
}

/// When a trouble that comes and goes counts as flapping, and when it is calm again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// So many changes between firing and over,
    pub changes: usize,
    /// in this time;
    pub within: SignedDuration,
    /// "it is over" is then believed after this time without another change.
    pub calm: SignedDuration,
}

impl Default for Flapping {
    /// Three times there and gone within a quarter of an hour; people need about as long to look.
    fn default() -> Self {
        let quarter = SignedDuration::from_mins(15);
        Self { changes: 6, within: quarter, calm: SignedDuration::from_mins(5) }
    }
}

/// What an installation has said about alerts that shall not begin anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Announced work.
    pub silences: Vec<Silence>,
    /// Consequences of others.
    pub inhibitions: Vec<Inhibition>,
    /// Those that come and go.
    pub flapping: Flapping,
    /// An alert that says word for word what it said before is told again after this time.
    pub repeat_after: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            silences: Vec::new(),
            inhibitions: Vec::new(),
            flapping: Flapping::default(),
            // Rarely enough to read, often enough to know that it still fires.
            repeat_after: SignedDuration::from_mins(10),
        }
    }
}

impl Policy {
    /// Tells whether an alert could keep others quiet.
    #[must_use]
    pub fn inhibits(&self, alert: &Alert) -> bool {
        self.inhibitions.iter().any(|one| one.by.holds(&alert.labels))
    }

    /// Finds the silence that keeps an alert quiet the longest.
    #[must_use]
    pub fn silence(&self, alert: &Alert, at: Timestamp) -> Option<(&Silence, Timestamp)> {
        let holding = self.silences.iter().filter_map(|one| Some((one, one.ends(alert, at)?)));
        holding.max_by_key(|(_, end)| *end)
    }
}

/// Why an alert began nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Mute {
    /// Work was announced.
    Silenced {
        /// The silence.
        silence: SmolStr,
    },
    /// Another alert explains it.
    Inhibited {
        /// That alert's name.
        by: String,
    },
    /// It comes and goes.
    Flapping,
}

impl Mute {
    /// Every stable word.
    pub const REASONS: [&'static str; 3] = ["silenced", "inhibited", "flapping"];

    /// Returns the stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Silenced { .. } => "silenced",
            Self::Inhibited { .. } => "inhibited",
            Self::Flapping => "flapping",
        }
    }

    /// Says it in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Silenced { silence } => Text::both(
                format!("处于静默时段 {silence}；结束时仍未恢复则照常处理"),
                format!("the silence {silence} holds; what still fires at its end is acted on"),
            ),
            Self::Inhibited { by } => Text::both(
                format!("“{by}”正在告警，此告警被抑制；它恢复后仍未恢复则照常处理"),
                format!("it is inhibited while “{by}” fires; what still fires after is acted on"),
            ),
            Self::Flapping => Text::both(
                "反复告警与恢复；平稳之后才算恢复",
                "it comes and goes; it counts as over once it is calm",
            ),
        }
    }
}
