//! Calendars of business days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};

use crate::id::CalendarId;
use crate::people::Zone;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::{CALENDAR_GAP, Lowering, Notes};
use crate::playbook::source::Span;
use crate::playbook::statute::{
    Calendar, Covers, Holiday, Pattern, SpecialDays, YEAR_MAX, YEAR_MIN,
};
use crate::playbook::yaml::{Entry, Fields, Node, bad_value, missing};
use crate::text::Text;

/// The most days of one range: a year of holidays is a slip of the finger.
const RANGE_DAYS_MAX: usize = 60;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Reads a calendar. It is there when nothing that it needs is missing.
pub(in crate::playbook) fn calendar(
    root: &Node,
    out: Diagnostics,
) -> (Option<Calendar>, Diagnostics) {
    let mut lowering =
        Lowering { out, notes: Notes::default(), statutes: None, has_calendar: true };
    let calendar = lowering.calendar(root);
    (calendar, lowering.out)
}

impl<'n> Lowering<'n> {
    fn calendar(&mut self, root: &'n Node) -> Option<Calendar> {
        let what = Text::both("工作日历", "a calendar");
        let mut fields = Fields::open(root, what.clone(), &mut self.out)?;
        let id = fields.require("calendar", &mut self.out).and_then(|node| self.slug(node));
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let zone = fields.require("timezone", &mut self.out).and_then(|node| self.zone(node));
        let day_ends = fields.take("day_ends").and_then(|node| self.time(node));
        let weekend = fields.list("weekend", &mut self.out);
        let weekend = weekend.iter().filter_map(|node| node.one_of(&WEEKDAYS, &mut self.out));
        let weekend: BTreeSet<u8> =
            weekend.map(|day| day.to_monday_one_offset().unsigned_abs()).collect();
        let verified = fields.require("verified", &mut self.out);
        let verified = verified.and_then(|node| node.boolean(&mut self.out));
        let source = fields.require("source", &mut self.out);
        let source = source.map(|node| self.origins(node)).unwrap_or_default();
        let covers = fields.take("covers");
        let years = fields.take("years");
        let holidays = fields.list("holidays", &mut self.out);
        let holidays = holidays.iter().filter_map(|node| self.holiday(node)).collect();
        fields.close(&mut self.out);
        let covers = match (covers, years) {
            (Some(covers), None) => self.covers(covers),
            (None, Some(years)) => self.years(years, &weekend),
            (None, None) => {
                self.out.push(missing(root.span, &what, "years"));
                None
            }
            (Some(_), Some(_)) => {
                self.out.push(super::step::conflict(root.span, &["covers", "years"]));
                None
            }
        };
        let title = title?;
        let (id, zone, covers) = (CalendarId::new(id?), zone?, covers?);
        let verified = verified?;
        Some(Calendar { id, title, zone, day_ends, weekend, covers, holidays, source, verified })
    }

    /// Reads the name of a time zone.
    pub(super) fn zone(&mut self, node: &Node) -> Option<Zone> {
        let name = node.string(&mut self.out)?;
        let zone = Zone::named(name);
        if zone.is_err() {
            let message = both!("没有时区 `{name}`", "there is no time zone `{name}`");
            let help = both!("写成 Asia/Shanghai", "write it as Asia/Shanghai");
            self.out.push(bad_value(node.span, message).help(help));
        }
        zone.ok()
    }

    fn time(&mut self, node: &Node) -> Option<Time> {
        let text = node.string(&mut self.out)?;
        let time: Option<Time> = (text.len() == 5).then(|| text.parse().ok()).flatten();
        if time.is_none() {
            let message = both!("`{text}` 不是时刻", "`{text}` is no time of the day");
            let help =
                both!("写成 \"17:30\"；到午夜则不写", "write \"17:30\"; leave it out for midnight");
            self.out.push(bad_value(node.span, message).help(help));
        }
        time
    }

    fn covers(&mut self, node: &'n Node) -> Option<Covers> {
        let what = Text::both("覆盖年份", "the years covered");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let (least, most) = (i64::from(YEAR_MIN), i64::from(YEAR_MAX));
        let mut year = |key| {
            let node = fields.require(key, &mut self.out)?;
            i16::try_from(node.integer(least, most, &mut self.out)?).ok()
        };
        let (from, to) = (year("from"), year("to"));
        fields.close(&mut self.out);
        let (from, to) = (from?, to?);
        if from > to {
            let message = both!("{from} 晚于 {to}", "{from} is after {to}");
            self.out.push(bad_value(node.span, message));
            return None;
        }
        Some(Covers::Rules { from, to })
    }

    fn years(&mut self, node: &'n Node, weekend: &BTreeSet<u8>) -> Option<Covers> {
        let mut years: BTreeMap<i16, SpecialDays> = BTreeMap::new();
        for entry in node.map(&mut self.out)? {
            let Some(year) = self.year(entry) else { continue };
            let days = self.special_days(&entry.value, year, weekend).unwrap_or_default();
            years.insert(year, days);
        }
        let (Some(first), Some(last)) = (years.keys().next(), years.keys().next_back()) else {
            let message = Text::both("至少须有一年", "there must be at least one year");
            self.out.push(bad_value(node.span, message));
            return None;
        };
        if let Some(gap) = (*first..=*last).find(|year| !years.contains_key(year)) {
            let message = both!(
                "缺少 {gap} 年：{first} 到 {last} 之间须连续",
                "{gap} is missing: from {first} to {last} no year may be left out"
            );
            self.out.push(
                Diagnostic::new(CALENDAR_GAP, message)
                    .at(node.span)
                    .help(both!("补上 {gap} 年的安排", "add the days of {gap}")),
            );
        }
        Some(Covers::Listed(years))
    }

    fn year(&mut self, entry: &Entry) -> Option<i16> {
        let text = &entry.key.text;
        let year = text.parse().ok().filter(|year| (YEAR_MIN..=YEAR_MAX).contains(year));
        if year.is_none() {
            let message = both!("`{text}` 不是年份", "`{text}` is not a year");
            self.out.push(bad_value(entry.key.span, message));
        }
        year
    }

    fn special_days(
        &mut self,
        node: &'n Node,
        year: i16,
        weekend: &BTreeSet<u8>,
    ) -> Option<SpecialDays> {
        let what = Text::both("一年的安排", "the days of a year");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let off = fields.list("off", &mut self.out);
        let off = self.dates(off, year);
        let worked_nodes = fields.list("worked", &mut self.out);
        let worked = self.dates(worked_nodes, year);
        fields.close(&mut self.out);
        for day in &worked {
            let number = day.weekday().to_monday_one_offset().unsigned_abs();
            let problem = if off.contains(day) {
                both!("{day} 既休又班", "{day} is both off and worked")
            } else if !weekend.contains(&number) {
                both!(
                    "{day} 不在周末，本就上班",
                    "{day} is no day of the weekend and worked anyway"
                )
            } else {
                continue;
            };
            self.out.push(Diagnostic::new(CALENDAR_GAP, problem).at(node.span));
        }
        Some(SpecialDays { off, worked })
    }

    /// Reads `2026-01-01` and `2026-10-01/2026-10-07`, all within one year.
    fn dates(&mut self, nodes: &[Node], year: i16) -> BTreeSet<Date> {
        let mut dates = BTreeSet::new();
        for node in nodes {
            let Some(text) = node.string(&mut self.out) else { continue };
            let (from, to) = text.split_once('/').unwrap_or((text, text));
            let (Some(from), Some(to)) = (iso_date(from), iso_date(to)) else {
                let message = both!("`{text}` 不是日期", "`{text}` is not a date");
                let help = both!(
                    "写成 2026-01-01 或 2026-10-01/2026-10-07",
                    "write 2026-01-01 or 2026-10-01/2026-10-07"
                );
                self.out.push(bad_value(node.span, message).help(help));
                continue;
            };
            if from.year() != year || to.year() != year || from > to {
                let message = both!("`{text}` 不在 {year} 年", "`{text}` does not lie in {year}");
                self.out.push(Diagnostic::new(CALENDAR_GAP, message).at(node.span));
                continue;
            }
            let days = std::iter::successors(Some(from), |day| day.tomorrow().ok());
            dates.extend(days.take_while(|day| *day <= to).take(RANGE_DAYS_MAX));
        }
        dates
    }

    fn holiday(&mut self, node: &'n Node) -> Option<Holiday> {
        let what = Text::both("节日", "a holiday");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let on = fields.take("on");
        let nth = fields.integer("nth", -1, 5, &mut self.out);
        let weekday = fields.take("weekday").and_then(|n| n.one_of(&WEEKDAYS, &mut self.out));
        let month = fields.integer("month", 1, 12, &mut self.out);
        let observed = [("nearest", true), ("as_is", false)];
        let observed = fields.take("observed").and_then(|n| n.one_of(&observed, &mut self.out));
        let span = fields.span();
        fields.close(&mut self.out);
        let on = match (on, nth, weekday, month) {
            (Some(on), None, None, None) => self.month_and_day(on),
            (None, Some(nth), Some(weekday), Some(month)) if nth != 0 => Some(Pattern::Weekday {
                nth: i8::try_from(nth).ok()?,
                weekday,
                month: i8::try_from(month).ok()?,
            }),
            _ => {
                self.out.push(missing(span, &what, "on").help(Text::both(
                    "写 `on: \"07-04\"`，或 `nth`（-1 为最后一个）、`weekday`、`month`",
                    "write `on: \"07-04\"`, or `nth` (-1 is the last), `weekday` and `month`",
                )));
                None
            }
        };
        Some(Holiday { title: title?, on: on?, observed_nearest: observed.unwrap_or(false) })
    }

    fn month_and_day(&mut self, node: &Node) -> Option<Pattern> {
        let text = node.string(&mut self.out)?;
        let parts = text.split_once('-').filter(|_| text.len() == 5);
        let parsed = parts.and_then(|(m, d)| Some((m.parse().ok()?, d.parse().ok()?)));
        // A leap year holds every day there is.
        let there = parsed.filter(|(month, day)| Date::new(2024, *month, *day).is_ok());
        if there.is_none() {
            let message = both!("`{text}` 不是月和日", "`{text}` is no month and day");
            self.out.push(
                bad_value(node.span, message)
                    .help(both!("写成 \"07-04\"", "write it as \"07-04\"")),
            );
        }
        there.map(|(month, day)| Pattern::Fixed { month, day })
    }
}

/// Reads a day; the span of a finding is the caller's.
fn iso_date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// Words a finding about where something was read.
pub(super) fn no_origin(span: Span) -> Diagnostic {
    bad_value(span, Text::both("须写明出处", "say where it was read"))
}
