//! A calendar file as shifts.

use std::collections::{BTreeMap, BTreeSet};

use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::{SignedDuration, Timestamp};

use super::ends::Ends;
use super::expand::{self, Recurrence, STEPS_MAX, Starts};
use super::names::Names;
use super::remark::{Remark, RemarkKind};
use super::when::{Moment, moment};
use crate::id::PersonId;
use crate::people::Zone;
use crate::people::shift::{Shift, Shifts};
use crate::text::Text;

/// The largest file: half a year of hand-made shifts is a tenth of it.
pub const CALENDAR_BYTES_MAX: usize = 1024 * 1024;
/// The most events of a file.
pub const EVENTS_MAX: usize = 5_000;
/// The most shifts that come of a file: half a year of four changes an hour.
pub const SHIFTS_MAX: usize = 20_000;
/// The most remarks that are kept of a file.
const REMARKS_MAX: usize = 20;
/// How far back shifts are read: as far as overrides set the past right.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 62);
/// How far ahead: twice as far as anything looks, so that a server that runs for a year still does.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 800);
/// How deep parts of a file may lie in each other: a calendar, an event, an alarm.
const DEPTH_MAX: usize = 4;

/// What a calendar means in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The shifts.
    pub shifts: Shifts,
    /// What in it means nothing, or not what was meant.
    pub remarks: Vec<Remark>,
}

/// The file is no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCalendar {
    /// It has more than [`CALENDAR_BYTES_MAX`] bytes.
    TooLarge,
    /// It holds more than [`EVENTS_MAX`] events.
    TooMany,
    /// Parts lie in each other too deep.
    TooDeep,
    /// It is not UTF-8.
    NotText,
    /// It does not begin as calendars do.
    NoBeginning,
    /// It is not in the format, or breaks off.
    Malformed,
}

impl NoCalendar {
    /// Says in both languages what is wrong.
    #[must_use]
    pub fn message(self) -> Text {
        match self {
            Self::TooLarge => Text::both(
                format!("超过 {CALENDAR_BYTES_MAX} 字节；导出较短的时段"),
                format!("has more than {CALENDAR_BYTES_MAX} bytes; export a shorter time"),
            ),
            Self::TooMany => Text::both(
                format!("超过 {EVENTS_MAX} 个事件；导出较短的时段"),
                format!("has more than {EVENTS_MAX} events; export a shorter time"),
            ),
            Self::TooDeep => Text::both("各部分嵌套过深", "its parts lie in each other too deep"),
            Self::NotText => Text::both("不是 UTF-8", "is not UTF-8"),
            Self::NoBeginning => Text::both(
                "不是 iCalendar 文件：开头须为 BEGIN:VCALENDAR",
                "is no iCalendar file, which begins with BEGIN:VCALENDAR",
            ),
            Self::Malformed => Text::both(
                "不是完整的 iCalendar 文件：请重新导出",
                "is no whole iCalendar file; export it again",
            ),
        }
    }
}

/// How a calendar is read.
pub struct Reader<'a> {
    /// The zone of times that name none.
    pub zone: &'a Zone,
    /// What people are called.
    pub names: &'a Names,
    /// The first instant that matters.
    pub from: Timestamp,
    /// The first instant that no longer matters.
    pub to: Timestamp,
}

/// An event of the file.
struct Event<'f> {
    part: &'f Component<'f>,
    uid: String,
    line: u32,
}

impl<'a> Reader<'a> {
    /// Reads what matters around an instant.
    #[must_use]
    pub fn around(now: Timestamp, zone: &'a Zone, names: &'a Names) -> Self {
        let from = now.saturating_sub(PAST).unwrap_or(Timestamp::MIN);
        let to = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        Self { zone, names, from, to }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NoCalendar`]. What is wrong with single events is a remark.
    pub fn read(&self, text: &str) -> Result<Reading, NoCalendar> {
        if text.len() > CALENDAR_BYTES_MAX {
            return Err(NoCalendar::TooLarge);
        }
        let text = text.trim_start_matches(['\u{feff}', '\r', '\n']);
        if !text.starts_with("BEGIN:VCALENDAR") {
            return Err(NoCalendar::NoBeginning);
        }
        let lines = lines(text)?;
        if lines.len() > EVENTS_MAX {
            return Err(NoCalendar::TooMany);
        }
        let unfolded = unfold(text);
        let calendar = read_calendar(&unfolded).map_err(|_| NoCalendar::Malformed)?;
        let parts = calendar.components.iter();
        let events = parts.filter(|part| part.name.as_str().eq_ignore_ascii_case("VEVENT"));
        let events: Vec<Event<'_>> = events
            .enumerate()
            .map(|(n, part)| {
                let line = lines.get(n).copied().unwrap_or(0);
                let uid = property(part, "UID").map(|uid| uid.val.as_str().to_owned());
                let uid = uid.filter(|uid| !uid.is_empty());
                Event { part, uid: uid.unwrap_or_else(|| format!("#{}", n + 1)), line }
            })
            .collect();
        // Where the parser stopped early, the rest would be missing without a word.
        if events.len() != lines.len() {
            return Err(NoCalendar::Malformed);
        }
        Ok(self.shifts(&events))
    }

    fn shifts(&self, events: &[Event<'_>]) -> Reading {
        let mut out = Out { steps: STEPS_MAX, shifts: Vec::new(), remarks: Vec::new() };
        let mut replaced: BTreeMap<&str, BTreeSet<Timestamp>> = BTreeMap::new();
        for event in events.iter().filter(|event| !event.is_and_future()) {
            if let Some(of) = property(event.part, "RECURRENCE-ID")
                && let Some(at) = self.moment(of)
            {
                replaced.entry(&event.uid).or_default().insert(at.instant());
            }
        }
        for event in events {
            let is_exception = property(event.part, "RECURRENCE-ID").is_some();
            let none = BTreeSet::new();
            let gone = replaced.get(event.uid.as_str()).filter(|_| !is_exception);
            if let Err(kind) = self.event(event, gone.unwrap_or(&none), is_exception, &mut out) {
                out.remark(event, kind);
            }
            if out.shifts.len() > SHIFTS_MAX {
                out.shifts.truncate(SHIFTS_MAX);
                out.remark(event, RemarkKind::TooMany);
                break;
            }
        }
        Reading { shifts: Shifts::new(out.shifts), remarks: out.remarks }
    }

    fn event(
        &self,
        event: &Event<'_>,
        gone: &BTreeSet<Timestamp>,
        is_exception: bool,
        out: &mut Out,
    ) -> Result<(), RemarkKind> {
        if event.is_and_future() {
            return Err(RemarkKind::AndFuture);
        }
        let status = property(event.part, "STATUS").map(|status| status.val.as_str());
        if status.is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(());
        }
        let start = property(event.part, "DTSTART").and_then(|start| self.moment(start));
        let start = start.ok_or(RemarkKind::NoStart)?;
        let ends = Ends::of(event.part, &start, |end| self.moment(end))?;
        let starts = if is_exception {
            Starts { list: vec![start.civil], is_cut: false }
        } else {
            self.starts(event.part, &start, ends.reach(), &mut out.steps)?
        };
        let mut who: Option<Vec<PersonId>> = None;
        for civil in starts.list {
            let Some(from) = start.at(civil).filter(|from| !gone.contains(from)) else { continue };
            let Some(to) = ends.after(&start, civil, from) else { continue };
            if to <= self.from || from >= self.to || to <= from {
                continue;
            }
            // Only an event that matters is asked whose it is: last year's may name those who left.
            let who = match &who {
                Some(who) => who.clone(),
                None => who.insert(self.who(event.part)?).clone(),
            };
            out.shifts.push(Shift { from, to, who });
            if out.shifts.len() > SHIFTS_MAX {
                break;
            }
        }
        if starts.is_cut { Err(RemarkKind::TooMany) } else { Ok(()) }
    }

    fn who(&self, part: &Component<'_>) -> Result<Vec<PersonId>, RemarkKind> {
        let summary = property(part, "SUMMARY").map_or("", |summary| summary.val.as_str());
        let attendees = properties(part, "ATTENDEE").filter(|attendee| {
            let answer = param(attendee, "PARTSTAT");
            !answer.is_some_and(|answer| answer.eq_ignore_ascii_case("DECLINED"))
        });
        self.names.meant(summary, attendees.map(|attendee| attendee.val.as_str()))
    }

    /// Lists the beginnings of an event on the wall clock.
    fn starts(
        &self,
        part: &Component<'_>,
        start: &Moment,
        reach: SignedDuration,
        steps: &mut usize,
    ) -> Result<Starts, RemarkKind> {
        let all = |name: &str| -> Result<Vec<_>, RemarkKind> {
            let mut found = Vec::new();
            for list in properties(part, name) {
                for one in list.val.as_str().split(',') {
                    let at = moment(one, param(list, "TZID"), self.zone);
                    found.push(start.on_its_clock(&at.ok_or(RemarkKind::BadTime)?));
                }
            }
            Ok(found)
        };
        let rules: Vec<&str> = properties(part, "RRULE").map(|rule| rule.val.as_str()).collect();
        if rules.is_empty() && property(part, "RDATE").is_none() {
            return Ok(Starts { list: vec![start.civil], is_cut: false });
        }
        let day = SignedDuration::from_hours(24);
        let from = self.from.saturating_sub(reach).and_then(|from| from.saturating_sub(day));
        let from = from.unwrap_or(Timestamp::MIN);
        let to = self.to.saturating_add(day).unwrap_or(Timestamp::MAX);
        let recurrence = Recurrence {
            start: start.civil,
            rules: &rules,
            more: all("RDATE")?,
            but: all("EXDATE")?,
            until: &|until| moment(until, None, &start.zone).map(|at| start.on_its_clock(&at)),
        };
        expand::starts(&recurrence, (start.zone.civil(from), start.zone.civil(to)), steps)
    }

    fn moment(&self, property: &Property<'_>) -> Option<Moment> {
        moment(property.val.as_str(), param(property, "TZID"), self.zone)
    }
}

impl Event<'_> {
    /// Tells whether it changes an occurrence and all that follow.
    fn is_and_future(&self) -> bool {
        property(self.part, "RECURRENCE-ID").is_some_and(|of| param(of, "RANGE").is_some())
    }
}

struct Out {
    /// How many occurrences may still be counted.
    steps: usize,
    shifts: Vec<Shift>,
    remarks: Vec<Remark>,
}

impl Out {
    fn remark(&mut self, event: &Event<'_>, kind: RemarkKind) {
        if self.remarks.len() < REMARKS_MAX {
            let uid = shortened(&event.uid);
            self.remarks.push(Remark { uid, line: event.line, kind });
        }
    }
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect()
}

/// Lists the lines on which events begin, from 1, and refuses parts that lie too deep.
fn lines(text: &str) -> Result<Vec<u32>, NoCalendar> {
    let (mut depth, mut lines) = (0_usize, Vec::new());
    for (n, line) in (1..).zip(text.lines()) {
        let upper = line.get(..6).map(str::to_ascii_uppercase);
        match upper.as_deref() {
            Some("BEGIN:") => {
                depth += 1;
                if depth == 2 && line[6..].trim().eq_ignore_ascii_case("VEVENT") {
                    lines.push(n);
                }
            }
            _ if line.len() >= 4 && line.as_bytes()[..4].eq_ignore_ascii_case(b"END:") => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(NoCalendar::TooDeep);
        }
    }
    if depth == 0 { Ok(lines) } else { Err(NoCalendar::Malformed) }
}

fn properties<'p>(part: &'p Component<'p>, name: &str) -> impl Iterator<Item = &'p Property<'p>> {
    part.properties.iter().filter(move |own| own.name.as_str().eq_ignore_ascii_case(name))
}

pub(super) fn property<'p>(part: &'p Component<'p>, name: &str) -> Option<&'p Property<'p>> {
    part.properties.iter().find(|own| own.name.as_str().eq_ignore_ascii_case(name))
}

fn param<'p>(property: &'p Property<'p>, key: &str) -> Option<&'p str> {
    let found = property.params.iter().find(|own| own.key.as_str().eq_ignore_ascii_case(key));
    found?.val.as_ref().map(|value| value.as_str().trim_matches('"'))
}
