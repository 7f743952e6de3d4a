//! Schedules: layers, restrictions and overrides; calendars are read beside it.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};

use crate::config::code::{BAD_ADDRESS, WRONG_ROSTER};
use crate::config::model::Handover;
use crate::id::PersonId;
use crate::people::{Change, Duty, Layer, Override, Rotation, Schedule, Weekdays, Window, Zone};
use crate::playbook::diagnostic::{Diagnostic, both, nearest};
use crate::playbook::yaml::{BAD_VALUE, Data, Entry, Fields, Node};
use crate::text::Text;

use super::Reader;
use super::scalar::{parse_civil, parse_duration, parse_moment};

/// How long before a change of shift those who go may be asked for a note: long enough to write it,
/// and at most a day.
const ASK_LEAST: Duration = Duration::from_secs(60);
const ASK_MOST: Duration = Duration::from_secs(24 * 3_600);

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The longest turn: a year.
const TURN_DAYS_MAX: u64 = 366;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// How often a layer is handed over, before the time of day is known.
#[derive(Clone, Copy)]
enum Every {
    Hours(NonZeroU16),
    Days(NonZeroU16),
}

impl Reader<'_, '_> {
    pub(super) fn schedules(&mut self, entries: Vec<&Entry>) -> Vec<Schedule> {
        entries.into_iter().map(|entry| self.schedule(entry)).collect()
    }

    fn schedule(&mut self, entry: &Entry) -> Schedule {
        self.check_id(&entry.key);
        let mut schedule = Schedule {
            id: entry.key.text.as_str().into(),
            title: Text::Same(entry.key.text.clone()),
            zone: Zone::utc(),
            layers: Vec::new(),
            shifts: None,
            overrides: Vec::new(),
        };
        let what = Text::both("值班表", "a schedule");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return schedule };
        if let Some(title) = fields.text("title", self.out) {
            schedule.title = title;
        }
        if let Some(zone) = fields.require("timezone", self.out).and_then(|node| self.zone(node)) {
            schedule.zone = zone;
        }
        let calendar = fields.take("ical");
        schedule.shifts = calendar.map(|node| self.calendar(node, &schedule.id, &schedule.zone));
        // Under a calendar layers are for the hours that it leaves empty.
        let layers = if calendar.is_some() {
            fields.take("layers")
        } else {
            fields.require("layers", self.out)
        };
        let layers = layers.and_then(|node| node.list(self.out));
        schedule.layers = layers.unwrap_or_default().iter().map(|node| self.layer(node)).collect();
        // Where the gaps are meant, `coverage` does not tell of them.
        if let Some(gaps) = fields.take("gaps")
            && gaps.one_of(&[("intended", ())], self.out).is_some()
        {
            self.intended_gaps.insert(schedule.id.clone());
        }
        if let Some(asking) = fields.take("handover").and_then(|node| self.handover(node)) {
            self.handovers.insert(schedule.id.clone(), asking);
        }
        let overrides = fields.list("overrides", self.out);
        schedule.overrides = overrides.iter().map(|node| self.over(node, &schedule.zone)).collect();
        fields.close(self.out);
        schedule
    }

    /// Reads `off`, or `{ ask_before: 30m }`.
    fn handover(&mut self, node: &Node) -> Option<Handover> {
        if node.as_map().is_none() {
            return node.one_of(&[("off", Handover::Off)], self.out);
        }
        let mut fields = Fields::open(node, Text::both("交接", "a hand-over"), self.out)?;
        let before = fields.require("ask_before", self.out);
        let before = before.and_then(|node| self.duration(node, ASK_LEAST, ASK_MOST));
        fields.close(self.out);
        before.map(Handover::AskBefore)
    }

    pub(super) fn zone(&mut self, node: &Node) -> Option<Zone> {
        let name = node.string(self.out)?;
        let zone = Zone::named(name).ok();
        if zone.is_none() {
            let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
            let finding = Diagnostic::new(
                BAD_ADDRESS,
                both!("没有名为 `{name}` 的时区", "no time zone is called `{name}`"),
            );
            let finding =
                finding.at(node.span).did_you_mean(name, names.iter().map(String::as_str));
            self.out.push(finding.note(both!(
                "时区用 IANA 名称，例如 `Asia/Shanghai`",
                "zones have IANA names, such as `Asia/Shanghai`"
            )));
        }
        zone
    }

    /// Reads a layer; what cannot be read has a stand-in, so that its people are checked too.
    fn layer(&mut self, node: &Node) -> Layer {
        let mut layer = Layer {
            rotation: Rotation::weekly(Time::midnight()),
            start: DateTime::constant(2000, 1, 3, 0, 0, 0, 0),
            turns: Vec::new(),
            windows: Vec::new(),
        };
        let what = Text::both("班次层", "a layer");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return layer };
        let every = fields.require("rotation", self.out).and_then(|node| self.rotation(node));
        let hand_off = fields.take("hand_off").and_then(|node| self.time(node));
        let start = fields.require("start", self.out).and_then(|node| self.start(node));
        if let Some((date, time)) = start {
            let at = hand_off.or(time).unwrap_or(Time::midnight());
            layer.start = date.to_datetime(time.unwrap_or(at));
            layer.rotation = match every {
                Some(Every::Hours(hours)) => Rotation::Hours(hours),
                Some(Every::Days(every)) => Rotation::Days { every, at },
                None => layer.rotation,
            };
            if hand_off.is_none() && time.is_none() {
                let what =
                    Text::both("没有写明起始时刻的班次层", "a layer whose start has no time");
                self.out.push(crate::playbook::yaml::missing(node.span, &what, "hand_off"));
            }
        }
        let members = fields.require("members", self.out).and_then(|node| node.list(self.out));
        layer.turns = members.unwrap_or_default().iter().map(|node| self.duty(node)).collect();
        let windows = fields.list("restrictions", self.out);
        layer.windows = windows.iter().map(|node| self.window(node)).collect();
        fields.close(self.out);
        layer
    }

    /// Reads `daily`, `weekly`, or how long a turn lasts: `12h`, `3d`, `2w`.
    fn rotation(&mut self, node: &Node) -> Option<Every> {
        let text = node.string(self.out)?;
        let seconds = match text {
            "daily" => Some(DAY),
            "weekly" => Some(7 * DAY),
            turn => parse_duration(turn).map(|turn| turn.as_secs()),
        };
        let whole = |unit: u64| {
            let seconds = seconds.filter(|s| s % unit == 0 && *s <= TURN_DAYS_MAX * DAY)?;
            NonZeroU16::new(u16::try_from(seconds / unit).ok()?)
        };
        // `24h` is counted in hours from the start, `1d` in days with a hand-off time.
        let in_hours = text.ends_with('h');
        let every = match (whole(DAY).filter(|_| !in_hours), whole(HOUR)) {
            (Some(days), _) => Some(Every::Days(days)),
            (None, Some(hours)) => Some(Every::Hours(hours)),
            (None, None) => None,
        };
        if every.is_none() {
            let finding = Diagnostic::new(
                BAD_VALUE,
                both!("`{text}` 不是轮换方式", "`{text}` is not a rotation"),
            );
            let meant = nearest(text, ["daily", "weekly"]);
            self.out.push(finding.at(node.span).did_you_mean(text, meant).help(both!(
                "写 `daily`、`weekly`，或每班时长：`12h`、`3d`、`2w`，最长 {TURN_DAYS_MAX} 天",
                "write `daily`, `weekly`, or how long a turn lasts: `12h`, `3d`, `2w`; \
                 at most {TURN_DAYS_MAX} days"
            )));
        }
        every
    }

    fn start(&mut self, node: &Node) -> Option<(jiff::civil::Date, Option<Time>)> {
        let text = node.string(self.out)?;
        let start = parse_moment(text);
        if start.is_none() {
            self.bad_moment(node, text);
        }
        start
    }

    fn bad_moment(&mut self, node: &Node, text: &str) {
        self.bad(
            node,
            both!("`{text}` 不是日期时间", "`{text}` is not a date and time"),
            both!("例如 `2026-11-02T09:00`", "such as `2026-11-02T09:00`"),
        );
    }

    /// Reads one turn: a person, or a list of people who have it together.
    fn duty(&mut self, node: &Node) -> Duty {
        let Data::List(items) = &node.data else { return Duty::alone(self.name(node)) };
        let together = items.iter().map(|item| self.name(item)).collect();
        Duty::together(together).unwrap_or_else(|| {
            let finding =
                Diagnostic::new(WRONG_ROSTER, both!("这一班没有人", "this turn has nobody"));
            self.out.push(
                finding.at(node.span).help(both!("写上人员或删去", "name someone or remove it")),
            );
            Duty::alone(PersonId::new(""))
        })
    }

    fn window(&mut self, node: &Node) -> Window {
        let mut window =
            Window { days: Weekdays::ALL, from: Time::midnight(), to: Time::midnight() };
        let what = Text::both("时段限制", "a restriction");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return window };
        if let Some(days) = fields.take("days") {
            window.days = self.days(days);
        }
        if let Some(from) = fields.take("from").and_then(|node| self.time(node)) {
            window.from = from;
        }
        if let Some(to) = fields.take("to").and_then(|node| self.time(node)) {
            window.to = to;
        }
        fields.close(self.out);
        window
    }

    /// Reads weekdays: `mon-fri`, `sat`, or a list of such.
    pub(super) fn days(&mut self, node: &Node) -> Weekdays {
        let one = std::slice::from_ref(node);
        let items = node.as_list().unwrap_or(one);
        let days: Vec<Weekday> = items.iter().flat_map(|item| self.day_range(item)).collect();
        // What could not be read is reported; an empty set would be reported again.
        if days.is_empty() && !items.is_empty() {
            Weekdays::ALL
        } else {
            days.into_iter().collect()
        }
    }

    fn day_range(&mut self, node: &Node) -> Vec<Weekday> {
        let Some(text) = node.string(self.out) else { return Vec::new() };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let find = |name: &str| WEEKDAYS.iter().position(|(word, _)| *word == name.trim());
        match (find(first), find(last)) {
            (Some(first), Some(last)) => {
                let length = (last + 7 - first) % 7 + 1;
                (first..first + length).map(|n| WEEKDAYS[n % 7].1).collect()
            }
            _ => {
                let finding = Diagnostic::new(
                    BAD_VALUE,
                    both!("`{text}` 不是星期", "`{text}` is not a weekday"),
                );
                let words = WEEKDAYS.iter().map(|(word, _)| *word).chain(["mon-fri"]);
                self.out.push(finding.at(node.span).did_you_mean(text, words));
                Vec::new()
            }
        }
    }

    fn over(&mut self, node: &Node, zone: &Zone) -> Override {
        let mut over = Override {
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::MAX,
            change: Change::Put(PersonId::new("")),
            note: None,
        };
        let what = Text::both("调班", "an override");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return over };
        let from = fields.require("from", self.out).and_then(|node| self.instant(node, zone));
        let to = fields.require("to", self.out).and_then(|node| self.instant(node, zone));
        if let (Some(from), Some(to)) = (from, to) {
            (over.from, over.to) = (from, to);
        } else {
            // Half an override overlaps with nothing.
            over.to =
                over.from.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap_or(over.to);
        }
        let person = fields.require("person", self.out).map(|node| self.name(node));
        let out = fields.take("replaces").map(|node| self.name(node));
        over.change = match (out, person) {
            (Some(out), Some(with)) => Change::Replace { out, with },
            (None, Some(person)) => Change::Put(person),
            (_, None) => over.change,
        };
        over.note = fields.string("note", self.out).map(str::to_owned);
        fields.close(self.out);
        over
    }

    /// Reads an instant: civil time in the schedule's zone, or one with its own offset.
    pub(super) fn instant(&mut self, node: &Node, zone: &Zone) -> Option<Timestamp> {
        let text = node.string(self.out)?;
        let instant = text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| parse_civil(text).and_then(|civil| zone.first_showing(civil)));
        if instant.is_none() {
            self.bad_moment(node, text);
        }
        instant
    }
}
