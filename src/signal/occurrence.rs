//! One counted occurrence, as it is reported. Every part is bounded: whoever reports may be anyone.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::text::Text;

/// The longest line that is read: an occurrence has a name and a few labels.
pub const LINE_BYTES_MAX: usize = 8 * 1024;
/// The most labels of an occurrence.
pub const LABELS_MAX: usize = 16;
/// The longest name of a signal or a label.
const NAME_BYTES_MAX: usize = 64;
/// The longest value of a label.
const VALUE_BYTES_MAX: usize = 256;
/// The most that one occurrence counts for: more is a unit mistaken for a number.
const COUNT_MAX: u32 = 1_000_000;

/// A counted occurrence, borrowed from what was sent where nothing had to be unescaped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occurrence<'a> {
    /// What is counted, such as `complaint`.
    #[serde(borrow)]
    pub signal: Cow<'a, str>,
    /// When it happened; when it arrived where nothing is said.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// How many of them.
    #[serde(default = "one")]
    pub count: u32,
    /// What it is about, by name.
    #[serde(default, borrow, deserialize_with = "labels")]
    pub labels: Vec<Label<'a>>,
    /// The ticket that tells of it.
    #[serde(default, borrow)]
    pub ticket: Option<Cow<'a, str>>,
}

/// What keeps a line from being counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OccurrenceFault {
    /// It is too long.
    #[error("the line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// It is no such object.
    #[error("not an occurrence: {0}")]
    Malformed(String),
    /// A name is empty or too long.
    #[error("`{0}` is empty or longer than it may be")]
    Name(&'static str),
    /// There are too many labels.
    #[error("more than {LABELS_MAX} labels")]
    Labels,
    /// It counts for nothing, or for too much.
    #[error("`count` must lie between 1 and {COUNT_MAX}")]
    Count,
}

impl OccurrenceFault {
    /// Says what is wrong in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::TooLong => format!("一行超过 {LINE_BYTES_MAX} 字节"),
            Self::Malformed(why) => format!("不是一条信号：{why}"),
            Self::Name(what) => format!("`{what}` 为空或过长"),
            Self::Labels => format!("标签超过 {LABELS_MAX} 个"),
            Self::Count => format!("`count` 须在 1 到 {COUNT_MAX} 之间"),
        };
        Text::both(zh, self.to_string())
    }
}

impl<'a> Occurrence<'a> {
    /// Reads one, from one line of JSON.
    ///
    /// # Errors
    ///
    /// Whatever is missing, too long, or not an occurrence.
    pub fn read(line: &'a [u8]) -> Result<Self, OccurrenceFault> {
        if line.len() > LINE_BYTES_MAX {
            return Err(OccurrenceFault::TooLong);
        }
        let read: Self = serde_json::from_slice(line)
            .map_err(|error| OccurrenceFault::Malformed(error.to_string()))?;
        read.bounded()
    }

    /// Returns it when every part of it is within its bounds.
    ///
    /// # Errors
    ///
    /// The first part that is not.
    pub fn bounded(self) -> Result<Self, OccurrenceFault> {
        let named = |text: &str, most| !text.is_empty() && text.len() <= most;
        if !named(&self.signal, NAME_BYTES_MAX) {
            return Err(OccurrenceFault::Name("signal"));
        }
        if !(1..=COUNT_MAX).contains(&self.count) {
            return Err(OccurrenceFault::Count);
        }
        if self.labels.len() > LABELS_MAX {
            return Err(OccurrenceFault::Labels);
        }
        let fits = |(name, value): &Label<'_>| {
            named(name, NAME_BYTES_MAX) && value.len() <= VALUE_BYTES_MAX
        };
        if !self.labels.iter().all(fits) {
            return Err(OccurrenceFault::Name("labels"));
        }
        if self.ticket.as_ref().is_some_and(|ticket| !named(ticket, NAME_BYTES_MAX)) {
            return Err(OccurrenceFault::Name("ticket"));
        }
        Ok(self)
    }

    /// Returns the value of a label; nothing for one that is not there.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

const fn one() -> u32 {
    1
}

/// A label and its value, borrowed from the body where they stand there as they are.
type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Reads a map of labels without a table: there are few, and each is looked for once.
fn labels<'de, D>(deserializer: D) -> Result<Vec<Label<'de>>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Labels;

    impl<'de> Visitor<'de> for Labels {
        type Value = Vec<Label<'de>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map of labels to texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut labels = Vec::with_capacity(map.size_hint().unwrap_or(4).min(LABELS_MAX));
            while let Some((Part(name), Part(value))) = map.next_entry::<Part<'de>, Part<'de>>()? {
                // One more than may be is enough to be refused.
                if labels.len() <= LABELS_MAX {
                    labels.push((name, value));
                }
            }
            Ok(labels)
        }
    }

    #[derive(Deserialize)]
    struct Part<'a>(#[serde(borrow)] Cow<'a, str>);

    deserializer.deserialize_map(Labels)
}
