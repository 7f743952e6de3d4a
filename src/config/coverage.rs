//! Hours to come in which a schedule has nobody on call, shown where the schedule stands in the
//! file. The present instant comes in as an argument.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::id::ScheduleId;
use crate::people::{Directory, Schedule, Segment};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::{Source, Span};
use crate::playbook::yaml::{Data, Entry, Node};
use crate::text::Text;

use super::answered::Watched;
use super::code::UNCOVERED;
use super::findings::Findings;
use super::load::Loaded;
use super::model::CalendarPlace;

/// How far ahead is looked: a roster is put right within weeks, not within a year.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How many stretches of one schedule are told; a roster without nights has one every day.
const TOLD_MAX: usize = 5;

/// Where the schedules stand in the file.
#[derive(Debug, Clone)]
pub(super) struct Places {
    file: Source,
    schedules: BTreeMap<ScheduleId, Span>,
    /// Schedules that say their gaps are meant, such as those of office hours.
    intended: BTreeSet<ScheduleId>,
    watched: Watched,
}

impl Places {
    pub(super) fn of(file: &Source, root: &Node) -> Self {
        let entries = match root.get("schedules").map(|node| &node.data) {
            Some(Data::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let end = file.text().len();
        let schedules = entries
            .iter()
            .filter(|entry| entry.key.span.end <= end)
            .map(|entry| (ScheduleId::new(&entry.key.text), entry.key.span))
            .collect();
        let means = |entry: &&Entry| entry.value.get("gaps").is_some_and(|gaps| !gaps.is_null());
        let intended = entries.iter().filter(means);
        let intended = intended.map(|entry| ScheduleId::new(&entry.key.text)).collect();
        Self { file: file.clone(), schedules, intended, watched: Watched::of(root, end) }
    }

    /// Returns the file, as it may be shown.
    pub(super) const fn file(&self) -> &Source {
        &self.file
    }

    /// Returns where monitors and sources stand.
    pub(super) const fn watched(&self) -> &Watched {
        &self.watched
    }
}

impl Loaded {
    /// Finds the hours of the 30 days from `now` in which a schedule of `directory` has nobody on
    /// call. The directory is the configured one, or that with overrides made while running.
    #[must_use]
    pub fn uncovered(&self, directory: &Directory, now: Timestamp) -> Findings {
        let mut out = Diagnostics::new(self.places.file.clone());
        let end = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let told = |schedule: &&Schedule| {
            !self.places.intended.contains(&schedule.id) && !self.awaits_calendar(schedule)
        };
        for schedule in directory.schedules().filter(told) {
            let gaps = schedule.gaps(now, end);
            if let Some(finding) = finding(schedule, &gaps, end) {
                let place = self.places.schedules.get(&schedule.id);
                out.push(place.map_or(finding.clone(), |span| finding.at(*span)));
            }
        }
        out.sort();
        Findings::new(vec![out])
    }

    /// Tells whether a schedule has its shifts behind an address, and they are not known here.
    fn awaits_calendar(&self, schedule: &Schedule) -> bool {
        let calendar = self.config.calendars.get(&schedule.id);
        calendar.is_some_and(|own| matches!(own.place, CalendarPlace::Address { .. }))
            && schedule.shifts.as_ref().is_none_or(|shifts| shifts.list().is_empty())
    }
}

fn finding(schedule: &Schedule, gaps: &[Segment], end: Timestamp) -> Option<Diagnostic> {
    let (first, others) = gaps.split_first()?;
    let (id, n, zone) = (&schedule.id, gaps.len(), schedule.zone.name());
    let (first_zh, first_en) = said(schedule, first, end);
    let message = if others.is_empty() {
        both!(
            "值班表 `{id}` 无人值班：{first_zh}（{zone}）",
            "nobody is on call on `{id}` {first_en} ({zone})"
        )
    } else {
        both!(
            "值班表 `{id}` 今后 30 天内有 {n} 段时间无人值班，最早：{first_zh}（{zone}）",
            "nobody is on call on `{id}` {n} times in the next 30 days, first {first_en} ({zone})"
        )
    };
    let told = others.iter().take(TOLD_MAX - 1);
    let mut finding = told.fold(Diagnostic::new(UNCOVERED, message), |finding, gap| {
        let (zh, en) = said(schedule, gap, end);
        finding.note(Text::both(zh, en))
    });
    if n > TOLD_MAX {
        let more = n - TOLD_MAX;
        finding = finding.note(both!("另有 {more} 段", "and {more} more"));
    }
    Some(finding.help(both!(
        "在 `layers` 中补上这些时间，或在 `overrides` 中指定人员；运行中可用 POST /api/v1/overrides",
        "cover them with a layer, or name someone under `overrides`; \
         on a running server with POST /api/v1/overrides"
    ))
    .help(both!(
        "本来就不值班的时间写上 `gaps: intended`",
        "write `gaps: intended` where nobody is meant to be on call then"
    )))
}

/// Says a stretch in the schedule's own zone; one that goes on at the end of what was looked at is
/// not said to end there.
fn said(schedule: &Schedule, gap: &Segment, end: Timestamp) -> (String, String) {
    let civil = |at| schedule.zone.civil(at).strftime("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (civil(gap.from), civil(gap.to));
    if gap.to == end {
        return (format!("自 {from} 起"), format!("from {from} on"));
    }
    (format!("自 {from} 至 {to}"), format!("from {from} to {to}"))
}
