//! What is stored of one change of shift: its notes, who was asked and who was told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{NoticeId, PersonId, ScheduleId};
use crate::people::Relief;
use crate::runtime::Refusal;
use crate::runtime::rosters::Stamp;
use crate::runtime::service::Inner;
use crate::store::{Change, Document, Expect, Kind, StoreError};

/// How many notes of one change are kept; the latest is told.
pub(super) const NOTES_MAX: usize = 10;
/// How long a change is kept, in hours: a quarter.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 92);
/// How many changes of one schedule are looked at to find the one that an override moved.
const MOVED_MAX: usize = 64;
/// How many old ones are forgotten with one new one.
const FORGOTTEN_AT_ONCE: usize = 10;
/// For how long whoever was asked is not asked again, where the change moved.
const ASKED_LATELY: SignedDuration = SignedDuration::from_hours(12);

/// What is said of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// Those who go are asked for a note.
    Ask,
    /// Those who come are told.
    Tell,
}

/// A note for those who come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverNote {
    /// Its words.
    pub text: String,
    /// Who wrote it, and when.
    pub made: Stamp,
}

/// A message and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// When it was first sent.
    pub at: Timestamp,
    /// Its identity, the same over attempts.
    pub letter: NoticeId,
    /// Whom it is for.
    pub people: Vec<PersonId>,
    /// Those who have it, and those whom nothing reaches.
    pub done: Vec<PersonId>,
}

impl Sent {
    pub(super) fn is_done(&self) -> bool {
        self.waiting().next().is_none()
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &PersonId> {
        self.people.iter().filter(|person| !self.done.contains(person))
    }
}

/// A change of shift as it is stored. Stored for long: fields are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredHandover {
    pub schedule: ScheduleId,
    pub ends: Timestamp,
    pub at: Timestamp,
    pub from: Vec<PersonId>,
    pub to: Vec<PersonId>,
    /// Oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<HandoverNote>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Sent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Sent>,
}

impl StoredHandover {
    fn new(schedule: &ScheduleId, relief: &Relief) -> Self {
        let Relief { ends, at, from, to } = relief.clone();
        let (notes, asked, told) = (Vec::new(), None, None);
        Self { schedule: schedule.clone(), ends, at, from, to, notes, asked, told }
    }

    pub(super) fn relief(&self) -> Relief {
        let (from, to) = (self.from.clone(), self.to.clone());
        Relief { ends: self.ends, at: self.at, from, to }
    }

    pub(super) const fn sent(&self, telling: Telling) -> Option<&Sent> {
        match telling {
            Telling::Ask => self.asked.as_ref(),
            Telling::Tell => self.told.as_ref(),
        }
    }

    pub(super) fn set_sent(&mut self, telling: Telling, sent: Sent) {
        match telling {
            Telling::Ask => self.asked = Some(sent),
            Telling::Tell => self.told = Some(sent),
        }
    }

    /// Takes over what was asked and written for a change that now comes at another time.
    fn adopt(&mut self, moved: Self) {
        self.notes = moved.notes;
        let lately = |asked: &Sent| self.ends.duration_since(asked.at) <= ASKED_LATELY;
        self.asked = moved.asked.filter(lately);
    }
}

/// A change of shift with how it is stored.
pub(super) struct KeptHandover {
    version: Option<u64>,
    /// The name of the record that it takes the place of.
    moved: Option<String>,
    pub stored: StoredHandover,
}

/// Names a change: names of one schedule sort by time.
fn name(schedule: &ScheduleId, at: Timestamp) -> String {
    format!("{schedule}/{:020}", at.as_microsecond().max(0))
}

impl Inner {
    /// Reads what is stored of a change; where an override moved it, what was stored of it before.
    pub(super) fn handover(
        &self,
        schedule: &ScheduleId,
        reliefs: &[Relief],
        relief: &Relief,
    ) -> Result<KeptHandover, StoreError> {
        let document = self.store.document(Kind::Handover, &name(schedule, relief.at))?;
        let mut kept = KeptHandover {
            version: document.as_ref().map(|document| document.version),
            moved: None,
            stored: StoredHandover::new(schedule, relief),
        };
        if let Some(known) = document.as_ref().and_then(Document::read) {
            let StoredHandover { notes, asked, told, .. } = known;
            kept.stored = StoredHandover { notes, asked, told, ..kept.stored };
            return Ok(kept);
        }
        if let Some((name, moved)) = self.moved(schedule, reliefs, relief)? {
            kept.stored.adopt(moved);
            kept.moved = Some(name);
        }
        Ok(kept)
    }

    fn moved(
        &self,
        schedule: &ScheduleId,
        reliefs: &[Relief],
        relief: &Relief,
    ) -> Result<Option<(String, StoredHandover)>, StoreError> {
        let lately = self.clock.now().saturating_sub(ASKED_LATELY).unwrap_or(Timestamp::MIN);
        // What lies beyond what was looked at may still come.
        let horizon = super::after(self.clock.now(), super::LOOK).max(relief.at);
        let of = self.store.documents(Kind::Handover, &name(schedule, lately), MOVED_MAX)?;
        let gone = |known: &StoredHandover| {
            known.schedule == *schedule
                && known.told.is_none()
                && known.at <= horizon
                && !reliefs.iter().any(|other| other.at == known.at)
                && known.from.iter().any(|person| relief.from.contains(person))
        };
        let read = |document: Document| Some((document.read()?, document.name));
        let found = of.into_iter().filter_map(read).find(|(known, _)| gone(known));
        Ok(found.map(|(known, name)| (name, known)))
    }

    /// Writes a change, and forgets what is old. The caller holds the lock of the rosters.
    pub(super) async fn keep(
        &self,
        kept: &mut KeptHandover,
        beside: impl IntoIterator<Item = Change>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (schedule, at) = (&kept.stored.schedule, kept.stored.at);
        let expect = kept.version.map_or(Expect::Absent, Expect::Version);
        let own = name(schedule, at);
        let mut changes = vec![Change::keep(Kind::Handover, own, expect, &kept.stored)];
        changes.extend(beside);
        if let Some(moved) = kept.moved.take() {
            changes.push(Change::delete(Kind::Handover, moved, Expect::Any));
        }
        if kept.version.is_none() {
            let first = format!("{schedule}/");
            let old = name(schedule, now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN));
            let known = self.store.documents(Kind::Handover, &first, FORGOTTEN_AT_ONCE)?;
            let known = known
                .into_iter()
                .filter(|document| document.name.starts_with(&first) && document.name < old);
            let forget = |old: Document| Change::delete(Kind::Handover, old.name, Expect::Any);
            changes.extend(known.map(forget));
        }
        self.store.put(changes).await?;
        kept.version = Some(kept.version.map_or(1, |version| version + 1));
        Ok(())
    }
}
