//! Calendars that schedules take their shifts from, while firebell runs: read anew again and again,
//! from a file or an address. What is not a good calendar never takes the place of one that is: the last
//! good copy stays in force, its age is shown, and whoever keeps the roster is told once when it grows
//! old. Copies of what is behind an address are durable, so that a start needs no network.

mod copy;
mod fetch;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, Notify};

use super::watch::keepers;
use crate::id::ScheduleId;
use crate::notify::{Client, Secret};
use crate::people::ical::{Names, NoCalendar, Reader, Reading, Remark, fitness};
use crate::people::{Directory, Shifts};
use crate::runtime::service::{Inner, Runtime};
use crate::store::{Digest, Store, StoreError};
use crate::text::Text;
use copy::{Copy, Seen};
use fetch::{Found, Validators};

pub use words::said as said_calendar;

/// How long a copy is used without a warning after its source was last read.
pub const CALENDAR_OLD: SignedDuration = SignedDuration::from_hours(24);
/// How long after a reading that failed the next one is made, at most.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// How long what a calendar means is used before it is worked out anew: it reaches two years ahead
/// of the day on which it was read.
const EXPANDED: SignedDuration = SignedDuration::from_hours(24);
/// By how much of itself a pause is longer or shorter, so that many calendars of one provider are not
/// asked for in the same second.
const JITTER: f64 = 0.1;

/// A calendar that a schedule takes its shifts from.
#[derive(Debug, Clone)]
pub struct CalendarSource {
    /// Where it is.
    pub place: CalendarPlace,
    /// How often it is read.
    pub every: SignedDuration,
}

/// Where a calendar is.
#[derive(Debug, Clone)]
pub enum CalendarPlace {
    /// In a file.
    File(PathBuf),
    /// Behind an address, which is never shown.
    Address {
        /// The URL.
        url: Secret,
        /// What calls it.
        client: Client,
    },
}

impl CalendarPlace {
    const fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// How a calendar stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarStanding {
    /// It is a file on this machine; else behind an address.
    pub is_file: bool,
    /// When its source was last seen to hold what is in force; `None` where nothing good was ever
    /// read.
    pub good: Option<Timestamp>,
    /// How many shifts are in force.
    pub shifts: usize,
    /// What of it was left out.
    pub left_out: Vec<Remark>,
    /// Since when it cannot be read, and why.
    pub trouble: Option<(Timestamp, Text)>,
}

impl CalendarStanding {
    /// Tells whether what is in force is so old that somebody must look.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        let since = self.good.or(self.trouble.as_ref().map(|(since, _)| *since));
        since.is_some_and(|since| now.duration_since(since) >= CALENDAR_OLD)
    }
}

/// The calendars of an installation.
pub(in crate::runtime) struct Calendars {
    by_schedule: BTreeMap<ScheduleId, Calendar>,
}

struct Calendar {
    source: CalendarSource,
    /// Held while it is read.
    known: Mutex<Known>,
    standing: ArcSwap<CalendarStanding>,
    /// Somebody asked for a reading now.
    hurry: Notify,
}

/// What is known of the copy in force.
#[derive(Default)]
struct Known {
    digest: Option<Digest>,
    validators: Validators,
    expanded: Option<Timestamp>,
    told: bool,
}

impl Calendars {
    /// Takes up the copies that are stored; returns the people with their shifts as well. Blocks on
    /// the disk.
    pub(in crate::runtime) fn open(
        sources: &BTreeMap<ScheduleId, CalendarSource>,
        store: &dyn Store,
        base: Arc<Directory>,
        now: Timestamp,
    ) -> (Self, Arc<Directory>) {
        let (mut directory, mut by_schedule) = (base, BTreeMap::new());
        for (id, source) in sources {
            let taken = take_up(id, source, store, &directory, now);
            let (standing, known, shifts) = taken.unwrap_or_else(|error| {
                tracing::error!(schedule = %id, %error, "the copy of a calendar cannot be read");
                (blank(source, &directory, id, now), Known::default(), None)
            });
            if let Some(shifts) = shifts {
                directory = Arc::new(directory.with_shifts(id, shifts));
            }
            let calendar = Calendar {
                source: source.clone(),
                known: Mutex::new(known),
                standing: ArcSwap::from_pointee(standing),
                hurry: Notify::new(),
            };
            by_schedule.insert(id.clone(), calendar);
        }
        (Self { by_schedule }, directory)
    }

    /// Lists how they stand, by schedule.
    pub(in crate::runtime) fn standings(&self) -> BTreeMap<ScheduleId, Arc<CalendarStanding>> {
        let each = self.by_schedule.iter();
        each.map(|(id, calendar)| (id.clone(), calendar.standing.load_full())).collect()
    }
}

/// Lays the stored copies of calendars over the configured people, and says how each stands: for those
/// who look while nothing runs. Blocks on the disk.
#[must_use]
pub fn stored_calendars(
    store: &dyn Store,
    sources: &BTreeMap<ScheduleId, CalendarSource>,
    base: Arc<Directory>,
    now: Timestamp,
) -> (Arc<Directory>, BTreeMap<ScheduleId, Arc<CalendarStanding>>) {
    let (calendars, directory) = Calendars::open(sources, store, base, now);
    (directory, calendars.standings())
}

/// How a calendar stands of which nothing is stored: a file was read with the configuration.
fn blank(
    source: &CalendarSource,
    directory: &Directory,
    id: &ScheduleId,
    now: Timestamp,
) -> CalendarStanding {
    let is_file = source.place.is_file();
    let shifts = directory.schedule(id).and_then(|schedule| schedule.shifts.as_ref());
    CalendarStanding {
        is_file,
        good: is_file.then_some(now),
        shifts: shifts.map_or(0, |shifts| shifts.list().len()),
        left_out: Vec::new(),
        trouble: None,
    }
}

type TakenUp = (CalendarStanding, Known, Option<Shifts>);

fn take_up(
    id: &ScheduleId,
    source: &CalendarSource,
    store: &dyn Store,
    directory: &Directory,
    now: Timestamp,
) -> Result<TakenUp, StoreError> {
    let mut standing = blank(source, directory, id, now);
    let mut known = Known::default();
    let CalendarPlace::Address { url, .. } = &source.place else {
        return Ok((standing, known, None));
    };
    let of = Digest::of(url.expose().as_bytes());
    let seen = Seen::read(store, id, of)?;
    known.told = seen.told;
    standing.trouble = seen.trouble;
    let Some(copy) = Copy::read(store, id, of)? else { return Ok((standing, known, None)) };
    let reading = match read(directory, id, copy.body.as_bytes(), now) {
        Ok(reading) => reading,
        Err(why) => {
            standing.trouble = Some((now, why.message()));
            return Ok((standing, known, None));
        }
    };
    standing.good = seen.good;
    standing.shifts = reading.shifts.list().len();
    standing.left_out = reading.remarks;
    known.digest = Some(Digest::of(copy.body.as_bytes()));
    known.validators = copy.validators;
    known.expanded = Some(now);
    Ok((standing, known, Some(reading.shifts)))
}

fn read(
    directory: &Directory,
    id: &ScheduleId,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Reading, NoCalendar> {
    let text = std::str::from_utf8(bytes).map_err(|_| NoCalendar::NotText)?;
    let names = Names::of(directory.people());
    let utc = crate::people::Zone::utc();
    let zone = directory.schedule(id).map_or(&utc, |schedule| &schedule.zone);
    Reader::around(now, zone, &names).read(text)
}

/// How long to wait before the next reading; `chance` lies between 0 and 1.
fn pause(every: SignedDuration, in_trouble: bool, chance: f64) -> SignedDuration {
    let base = if in_trouble { every.min(AGAIN) } else { every };
    let seconds = base.as_secs_f64() * (1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0));
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(base)
}

impl Runtime {
    /// Returns how the calendars of schedules stand.
    #[must_use]
    pub fn calendars(&self) -> BTreeMap<ScheduleId, Arc<CalendarStanding>> {
        self.inner().calendars.standings()
    }

    /// Reads the files of calendars anew, and has those behind addresses fetched soon.
    pub(in crate::runtime) async fn read_calendars(&self) {
        let inner = self.inner();
        for (id, calendar) in &inner.calendars.by_schedule {
            if calendar.source.place.is_file() {
                inner.renew(id, calendar).await;
            } else {
                calendar.hurry.notify_one();
            }
        }
    }
}

impl Inner {
    /// Reads one calendar, and puts it in force where it is good and new.
    async fn renew(self: &Arc<Self>, id: &ScheduleId, calendar: &Calendar) {
        let mut known = calendar.known.lock().await;
        let now = self.clock.now();
        // What is worked out once a day needs the whole text.
        let fresh = |at: Timestamp| now.duration_since(at) < EXPANDED;
        let validators = match known.expanded {
            Some(at) if fresh(at) => known.validators.clone(),
            _ => Validators::default(),
        };
        let found = match &calendar.source.place {
            CalendarPlace::File(path) => fetch::file(path.clone()).await,
            CalendarPlace::Address { url, client } => {
                fetch::address(&*self.clock, client, url, validators).await
            }
        };
        let judged = match found {
            Ok(Found::Unchanged) => Ok(()),
            Ok(Found::Text { bytes, validators }) => {
                self.take(id, calendar, &mut known, (bytes, validators)).await
            }
            Err(why) => Err(why),
        };
        self.settle(id, calendar, &mut known, judged).await;
    }

    /// Judges what was read, keeps it, and puts it in force.
    async fn take(
        &self,
        id: &ScheduleId,
        calendar: &Calendar,
        known: &mut Known,
        (bytes, validators): (Vec<u8>, Validators),
    ) -> Result<(), Text> {
        let (digest, now) = (Digest::of(&bytes), self.clock.now());
        let is_same = known.digest == Some(digest);
        if is_same && known.expanded.is_some_and(|at| now.duration_since(at) < EXPANDED) {
            known.validators = validators;
            return Ok(());
        }
        let (base, of) = (self.base_directory.load_full(), id.clone());
        let before = base.schedule(id).and_then(|schedule| schedule.shifts.clone());
        let read = tokio::task::spawn_blocking(move || {
            let reading = read(&base, &of, &bytes, now);
            (reading, bytes)
        });
        let Ok((reading, bytes)) = read.await else { return Err(words::unexpected()) };
        let reading = reading.map_err(NoCalendar::message)?;
        fitness(&reading, before.as_ref(), now).map_err(|unfit| unfit.message())?;
        if let CalendarPlace::Address { url, .. } = &calendar.source.place
            && !is_same
        {
            let body = String::from_utf8(bytes).map_err(|_| NoCalendar::NotText.message())?;
            let of = Digest::of(url.expose().as_bytes());
            let copy = Copy { of, validators: validators.clone(), body };
            let kept = self.store.put(vec![copy.write(id)]).await;
            kept.map_err(|error| words::not_kept(&error))?;
        }
        if before.as_ref() != Some(&reading.shifts) {
            let laid = self.lay_shifts(id, reading.shifts.clone()).await;
            laid.map_err(|error| words::not_kept(&error))?;
        }
        (known.digest, known.validators) = (Some(digest), validators);
        known.expanded = Some(now);
        let mut standing = (*calendar.standing.load_full()).clone();
        standing.shifts = reading.shifts.list().len();
        if !reading.remarks.is_empty() && reading.remarks != standing.left_out {
            let (n, first) = (reading.remarks.len(), reading.remarks[0].message());
            let first = first.get(crate::text::Lang::En).to_owned();
            tracing::warn!(schedule = %id, n, first, "events of a calendar were left out");
        }
        standing.left_out = reading.remarks;
        calendar.standing.store(Arc::new(standing));
        Ok(())
    }

    async fn lay_shifts(&self, id: &ScheduleId, shifts: Shifts) -> Result<(), StoreError> {
        let _changing = self.rosters.lock().await;
        let base = self.base_directory.load_full();
        self.base_directory.store(Arc::new(base.with_shifts(id, shifts)));
        self.lay_anew()
    }

    /// Writes down how a reading ended, and tells of a copy that grows old.
    async fn settle(
        self: &Arc<Self>,
        id: &ScheduleId,
        calendar: &Calendar,
        known: &mut Known,
        judged: Result<(), Text>,
    ) {
        let now = self.clock.now();
        let mut standing = (*calendar.standing.load_full()).clone();
        match judged {
            Ok(()) => {
                if standing.trouble.take().is_some() {
                    tracing::info!(schedule = %id, "the calendar can be read again");
                }
                standing.good = Some(now);
                known.told = false;
            }
            Err(why) => {
                let was = standing.trouble.take();
                if was.as_ref().is_none_or(|(_, before)| *before != why) {
                    let why = why.get(crate::text::Lang::En);
                    tracing::warn!(schedule = %id, why, "a calendar is not taken; the last good one stays");
                }
                standing.trouble = Some((was.map_or(now, |(since, _)| since), why));
            }
        }
        let mut changes = Vec::new();
        let tells = standing.is_old(now) && !known.told && !self.is_held();
        known.told |= tells;
        if let CalendarPlace::Address { url, .. } = &calendar.source.place {
            let (good, trouble) = (standing.good, standing.trouble.clone());
            let of = Digest::of(url.expose().as_bytes());
            changes.push(Seen { of, good, trouble, told: known.told }.write(id));
        }
        if tells {
            let directory = self.directory.load_full();
            let people = keepers(&directory, &self.roster_settings, id);
            let draft = words::old(self.place().zone, &directory, id, &standing);
            changes.extend(self.post(people.into_iter(), draft));
        }
        calendar.standing.store(Arc::new(standing));
        if changes.is_empty() {
            return;
        }
        match self.store.put(changes).await {
            Ok(_) => self.posted(),
            Err(error) => {
                tracing::warn!(schedule = %id, %error, "how a calendar stands was not kept");
            }
        }
    }
}

/// Reads every calendar, each in its own time, until `inner` is drained.
pub(in crate::runtime) fn run(inner: &Arc<Inner>) {
    for id in inner.calendars.by_schedule.keys() {
        inner.tasks.spawn(follow(Arc::clone(inner), id.clone()));
    }
}

async fn follow(inner: Arc<Inner>, id: ScheduleId) {
    let Some(calendar) = inner.calendars.by_schedule.get(&id) else { return };
    // A file was read a moment ago, with the configuration.
    let mut is_due = !calendar.source.place.is_file();
    loop {
        let begun = inner.clock.now();
        if is_due {
            tokio::select! {
                () = inner.renew(&id, calendar) => {}
                () = inner.drain.cancelled() => return,
            }
        }
        is_due = true;
        let in_trouble = calendar.standing.load().trouble.is_some();
        let pause = pause(calendar.source.every, in_trouble, chance());
        let until = begun.saturating_add(pause).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = calendar.hurry.notified() => {}
            () = inner.drain.cancelled() => return,
        }
    }
}

fn chance() -> f64 {
    f64::from(u32::from_ne_bytes(crate::chance::draw::<4>())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_by_a_tenth_and_are_short_in_trouble() {
        let [every, rare] = [SignedDuration::from_mins(2), SignedDuration::from_hours(6)];
        let minutes = |pause: SignedDuration| pause.as_secs_f64() / 60.0;
        let cases = [
            (every, false, 0.0, 1.8),
            (every, false, 0.5, 2.0),
            (every, false, 1.0, 2.2),
            (every, true, 0.5, 2.0),
            (rare, true, 0.5, 5.0),
            (rare, false, 0.5, 360.0),
        ];
        for (of, in_trouble, chance, expected) in cases {
            let found = minutes(pause(of, in_trouble, chance));
            assert!((found - expected).abs() < 1e-6, "{of:#} {in_trouble} {chance}: {found}");
        }
    }
}
