//! A roster as a calendar to subscribe to.

use icalendar::{Calendar, Component, Event, Property};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::id::{PersonId, ScheduleId};
use crate::people::Directory;
use crate::text::Lang;

/// How far back a calendar shows shifts: the month that is being accounted for.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How far ahead: half a year of holidays to plan.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 180);
/// The most entries: half a year of shifts that change every hour.
const ENTRIES_MAX: usize = 5_000;

/// Who made the file, as the format wants it said.
const MAKER: &str = "-//firebell//rosters//EN";

/// One shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who has it.
    pub who: Vec<PersonId>,
}

/// A calendar of shifts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What it is called.
    pub title: String,
    /// The shifts, by beginning.
    pub entries: Vec<Entry>,
    /// The day that it is made for, at its beginning: what a reader sees twice on one day is the
    /// same to the byte unless the roster changed.
    pub day: Timestamp,
    own: bool,
}

fn day(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(24 * 3_600)).unwrap_or(now)
}

impl Feed {
    /// Makes the calendar of a schedule; `None` where there is no such schedule.
    #[must_use]
    pub fn of_schedule(
        directory: &Directory,
        id: &ScheduleId,
        now: Timestamp,
        lang: Lang,
    ) -> Option<Self> {
        let schedule = directory.schedule(id)?;
        let entries = shifts(directory, id, day(now), |who| who);
        let title = schedule.title.get(lang).to_owned();
        Some(Self { title, entries, day: day(now), own: false })
    }

    /// Makes the calendar of a person's own shifts; `None` where there is no such person.
    #[must_use]
    pub fn of_person(
        directory: &Directory,
        id: &PersonId,
        now: Timestamp,
        lang: Lang,
    ) -> Option<Self> {
        let person = directory.person(id)?;
        let own = |who: Vec<PersonId>| if who.contains(id) { vec![id.clone()] } else { Vec::new() };
        let mut entries: Vec<Entry> = directory
            .schedules()
            .flat_map(|schedule| shifts(directory, &schedule.id, day(now), own))
            .collect();
        entries.sort_by(|a, b| (a.from, &a.schedule).cmp(&(b.from, &b.schedule)));
        entries.truncate(ENTRIES_MAX);
        let name = person.name.get(lang);
        let title = lang.pick(format!("值班：{name}"), format!("On call: {name}"));
        Some(Self { title, entries, day: day(now), own: true })
    }

    /// Writes it as a file: CRLF, folded, UTC. Names are in the reader's language; addresses are not
    /// in it.
    #[must_use]
    pub fn write(&self, directory: &Directory, lang: Lang) -> String {
        let mut calendar = Calendar::empty();
        for (key, value) in [
            ("VERSION", "2.0"),
            ("PRODID", MAKER),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
            ("REFRESH-INTERVAL;VALUE=DURATION", "PT1H"),
            ("X-PUBLISHED-TTL", "PT1H"),
        ] {
            calendar.append_property(Property::new(key, value));
        }
        calendar.name(&plain(&self.title));
        for entry in &self.entries {
            calendar.push(self.event(entry, directory, lang));
        }
        calendar.to_string()
    }

    fn event(&self, entry: &Entry, directory: &Directory, lang: Lang) -> Event {
        let name = |person: &PersonId| {
            directory
                .person(person)
                .map_or(person.as_str(), |known| known.name.get(lang))
                .to_owned()
        };
        let schedule = directory.schedule(&entry.schedule);
        let title = schedule.map_or(entry.schedule.as_str(), |known| known.title.get(lang));
        let who: Vec<String> = entry.who.iter().map(name).collect();
        let who = who.join(lang.pick("、", ", "));
        let summary = if self.own {
            lang.pick(format!("值班：{title}"), format!("On call: {title}"))
        } else {
            lang.pick(format!("{title}：{who}"), format!("{title}: {who}"))
        };
        let mut event = Event::new();
        event
            .uid(&uid(entry))
            .add_property("DTSTAMP", utc(self.day))
            .add_property("DTSTART", utc(entry.from))
            .add_property("DTEND", utc(entry.to))
            .summary(&plain(&summary))
            .add_property("TRANSP", "TRANSPARENT");
        event.done()
    }
}

/// Lists the shifts of a schedule around a day; neighbours of the same people are one.
fn shifts(
    directory: &Directory,
    id: &ScheduleId,
    day: Timestamp,
    keep: impl Fn(Vec<PersonId>) -> Vec<PersonId>,
) -> Vec<Entry> {
    let from = day.saturating_sub(PAST).unwrap_or(Timestamp::MIN);
    let to = day.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut entries: Vec<Entry> = Vec::new();
    for segment in directory.segments(id, from, to) {
        let who = keep(segment.who);
        let is_full = entries.len() >= ENTRIES_MAX;
        match entries.last_mut() {
            _ if who.is_empty() => {}
            Some(last) if last.who == who && last.to == segment.from => last.to = segment.to,
            _ if is_full => break,
            _ => {
                let schedule = id.clone();
                entries.push(Entry { schedule, from: segment.from, to: segment.to, who });
            }
        }
    }
    entries
}

/// Names a shift: the same shift has the same name in every reading, whatever language and whoever
/// reads.
fn uid(entry: &Entry) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"firebell/shift/1\n");
    hasher.update(entry.schedule.as_str());
    for person in &entry.who {
        hasher.update(b"\n");
        hasher.update(person.as_str());
    }
    hasher.update(entry.from.as_second().to_be_bytes());
    format!("{}@firebell", hex::encode(&hasher.finalize()[..16]))
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A line of the format is a line: what would end it becomes a space.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Contact, Duty, Layer, Parts, Person, Rotation, Schedule, Zone};

    const NOW: &str = "2026-11-22T09:30:00Z";

    fn directory() -> Directory {
        let person = |id: &str, zh: &str, en: &str| Person {
            id: id.into(),
            name: crate::text::Text::both(zh, en),
            lang: Lang::Zh,
            contacts: vec![Contact { channel: "mail".into(), address: "li@shop.example".into() }],
            drills: true,
            manner: crate::people::Manner::default(),
        };
        let layer = Layer {
            rotation: Rotation::weekly(jiff::civil::time(9, 0, 0, 0)),
            start: jiff::civil::date(2026, 1, 5).at(9, 0, 0, 0),
            turns: ["li", "han"].map(|id| Duty::alone(id.into())).to_vec(),
            windows: Vec::new(),
        };
        let schedule = Schedule {
            id: "days".into(),
            title: crate::text::Text::both("值班, 客服; 热线\r\nX-EVIL:1", "Help, desk; line"),
            zone: Zone::named("Europe/Berlin").unwrap(),
            layers: vec![layer],
            shifts: None,
            overrides: Vec::new(),
        };
        Directory::new(Parts {
            people: vec![
                person("li", &"李雷".repeat(20), "Li Lei"),
                person("han", "韩梅梅", "Han Meimei"),
            ],
            schedules: vec![schedule],
            channels: ["mail".into()].into(),
            ..Parts::default()
        })
        .unwrap()
    }

    fn written(lang: Lang) -> String {
        let (directory, now) = (directory(), NOW.parse().unwrap());
        let feed = Feed::of_schedule(&directory, &"days".into(), now, lang).unwrap();
        feed.write(&directory, lang)
    }

    #[test]
    fn a_calendar_is_folded_escaped_and_without_addresses() {
        for lang in [Lang::Zh, Lang::En] {
            let text = written(lang);
            assert!(text.ends_with("END:VCALENDAR\r\n") && !text.contains("shop.example"));
            for line in text.split("\r\n") {
                assert!(line.len() <= 75 && !line.contains('\n'), "{line}");
                assert!(!line.starts_with("X-EVIL"), "{line}");
            }
            assert!(text.contains("METHOD:PUBLISH\r\n"));
        }
        assert!(written(Lang::En).contains("SUMMARY:Help\\, desk\\; line: Li Lei\r\n"));
    }

    #[test]
    fn a_calendar_read_back_is_the_roster() {
        let directory = directory();
        let read: Calendar = written(Lang::En).parse().unwrap();
        let from: Timestamp = "2026-10-23T00:00:00Z".parse().unwrap();
        let to: Timestamp = "2027-05-21T00:00:00Z".parse().unwrap();
        let expected = directory.segments(&"days".into(), from, to);
        let events: Vec<_> = read.events().collect();
        assert_eq!(events.len(), expected.len());
        for (event, segment) in events.iter().zip(&expected) {
            assert_eq!(event.property_value("DTSTART"), Some(utc(segment.from).as_str()));
            assert_eq!(event.property_value("DTEND"), Some(utc(segment.to).as_str()));
        }
        // Summer time: the hand-off stays at nine on the wall, so it moves in UTC.
        let starts: Vec<_> = events.iter().filter_map(|e| e.property_value("DTSTART")).collect();
        assert!(starts.contains(&"20270322T080000Z") && starts.contains(&"20270329T070000Z"));
    }

    #[test]
    fn a_shift_has_the_same_name_on_any_day_in_any_language_and_for_whoever_reads() {
        let uids = |feed: &Feed| feed.entries.iter().map(uid).collect::<Vec<_>>();
        let (directory, today) = (directory(), NOW.parse().unwrap());
        let next = "2026-11-24T00:00:00Z".parse().unwrap();
        let of = |now, lang| Feed::of_schedule(&directory, &"days".into(), now, lang).unwrap();
        let own = Feed::of_person(&directory, &"li".into(), today, Lang::Zh).unwrap();
        let (all, later) = (uids(&of(today, Lang::Zh)), uids(&of(next, Lang::En)));
        // The first is cut off where the window begins, and the window has moved.
        assert_eq!(all[1..], later[1..all.len()]);
        assert!(uids(&own)[1..].iter().all(|one| all.contains(one)));
        let same_day: Timestamp = "2026-11-22T23:59:59Z".parse().unwrap();
        let text = |now| of(now, Lang::Zh).write(&directory, Lang::Zh);
        assert_eq!(text(today), text(same_day), "to the byte");
    }
}
