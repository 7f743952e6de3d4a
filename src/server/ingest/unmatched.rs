//! What arrived and led to nothing, kept so that people see it: the latest, each kind once, in
//! documents beside the journal.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::slots::Slots;
use crate::ingest::{Alert, Source};
use crate::server::app::App;
use crate::server::problem::Problem;
use crate::server::wire::UnmatchedAlert;
use crate::store::{Kind, Store};
use crate::text::Text;

/// How many are kept: a page that a person reads.
pub const KEPT_MAX: usize = 200;
/// Labels shown of each, and the bytes of each text.
const LABELS_SHOWN: usize = 20;
const TEXT_BYTES_MAX: usize = 300;

/// Why something led to nothing; a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No plan answers to its labels.
    NoPlan,
    /// No mapping rule holds for it.
    NoRule,
    /// A mapping rule says too little of it.
    Incomplete,
    /// The body is not of the source's dialect.
    Unreadable,
    /// The incident or the plan refused it.
    Refused,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoPlan => "no_plan",
            Self::NoRule => "no_rule",
            Self::Incomplete => "incomplete",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
        }
    }
}

/// Something that led to nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    source: SmolStr,
    name: String,
    dedup_key: String,
    labels: BTreeMap<SmolStr, String>,
    reason: Reason,
    why: Text,
}

impl Seen {
    /// An alert.
    pub fn of(alert: &Alert, reason: Reason, why: Text) -> Self {
        let labels = alert.labels.iter().take(LABELS_SHOWN);
        Self {
            source: alert.source.clone(),
            name: cut(&alert.name),
            dedup_key: cut(&alert.dedup_key),
            labels: labels.map(|(key, value)| (cut(key).into(), cut(value))).collect(),
            reason,
            why,
        }
    }

    /// Something that became no alert.
    pub fn unread(source: &Source, reason: Reason, why: Text) -> Self {
        let (name, dedup_key, labels) = (String::new(), String::new(), BTreeMap::new());
        Self { source: source.id.clone(), name, dedup_key, labels, reason, why }
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

/// The list, each entry in a slot that is written over when it is the one seen longest ago.
#[derive(Debug)]
pub struct Unmatched(Mutex<Slots<UnmatchedAlert>>);

impl Unmatched {
    /// Reads what was kept before.
    pub fn open(store: &dyn Store) -> Self {
        Self(Mutex::new(Slots::open(store, Kind::Unmatched, KEPT_MAX)))
    }

    /// Lists them, the latest first.
    pub fn list(&self) -> Vec<UnmatchedAlert> {
        let mut all: Vec<_> = self.held().all().values().cloned().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.last_at));
        all
    }

    /// Keeps some more; done when they are durable.
    ///
    /// # Errors
    /// The store's own.
    pub async fn keep(&self, app: &App, seen: Vec<Seen>) -> Result<(), Problem> {
        if seen.is_empty() {
            return Ok(());
        }
        let now = app.now();
        let mut changes = BTreeMap::new();
        {
            let mut held = self.held();
            for one in seen {
                tracing::warn!(source = %one.source, reason = one.reason.as_str(), "unmatched");
                let slot = place(&mut held, one, now);
                changes.insert(slot, held.written(slot));
            }
        }
        app.runtime().store().put(changes.into_values().collect()).await?;
        Ok(())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Slots<UnmatchedAlert>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Finds the slot of one: its own, a free one, or that of the one seen longest ago.
fn place(held: &mut Slots<UnmatchedAlert>, seen: Seen, now: Timestamp) -> u64 {
    let same = |other: &UnmatchedAlert| {
        (&other.source, &other.name, &other.dedup_key)
            == (&seen.source, &seen.name, &seen.dedup_key)
            && other.reason == seen.reason.as_str()
    };
    let slot = held.all().iter().find(|(_, one)| same(one)).map(|(slot, _)| *slot);
    if let Some((slot, known)) = slot.and_then(|slot| Some((slot, held.get_mut(slot)?))) {
        (known.last_at, known.labels, known.why) = (now, seen.labels, seen.why);
        known.count = known.count.saturating_add(1);
        return slot;
    }
    let new = UnmatchedAlert {
        source: seen.source,
        name: seen.name,
        dedup_key: seen.dedup_key,
        labels: seen.labels,
        reason: seen.reason.as_str().into(),
        why: seen.why,
        first_at: now,
        last_at: now,
        count: 1,
    };
    let oldest = held.all().iter().min_by_key(|(_, one)| one.last_at).map(|(slot, _)| *slot);
    let slot = oldest.filter(|_| held.all().len() >= KEPT_MAX).unwrap_or_else(|| held.free());
    held.put(slot, new);
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str) -> Seen {
        let alert = Alert::new(&"x".into(), name, name);
        Seen::of(&alert, Reason::NoPlan, Text::both("无", "none"))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_repetition_is_counted_and_the_longest_unseen_makes_room() {
        let store = crate::store::Memory::new();
        let mut held = Slots::open(&store, Kind::Unmatched, KEPT_MAX);
        for n in 0..250_i64 {
            place(&mut held, seen(&n.to_string()), at(n));
            // This one goes on coming.
            place(&mut held, seen("often"), at(n));
        }
        let held: Vec<_> = held.all().values().collect();
        assert_eq!(held.len(), KEPT_MAX);
        let often = held.iter().find(|one| one.name == "often").unwrap();
        assert_eq!((often.count, often.first_at, often.last_at), (250, at(0), at(249)));
        assert!(held.iter().any(|one| one.name == "249"));
        assert!(!held.iter().any(|one| one.name == "0"));
    }

    #[test]
    fn what_is_kept_of_each_is_bounded() {
        let seen = seen(&"长".repeat(10_000));
        assert_eq!(seen.name.len(), TEXT_BYTES_MAX);
    }
}
