//! Reads `schedule` and `notice`: when a drill falls due and how it is announced.

use jiff::SignedDuration;
use jiff::civil::Time;

use crate::drill::calendar::{
    BLACKOUTS_MAX, Blackout, BlackoutError, Calendar, GRACE_DEFAULT, GRACE_MAX, Missed, Overlap,
};
use crate::drill::file::code::{BAD_DURATION, BAD_SCHEDULE, TOO_MANY};
use crate::drill::file::words::{duration, take_duration};
use crate::drill::scenario::{Announcement, Officer};
use crate::drill::schedule::{Schedule, ScheduleError};
use crate::id::{PersonId, TeamId};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{BAD_VALUE, Data, Fields, Node};
use crate::text::Text;

/// The most safety officers of a drill: more, and it is no secret.
const OFFICERS_MAX: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum MissedWord {
    Skip,
    RunOnce,
    RunAll,
}

const MISSED: [(&str, MissedWord); 3] = [
    ("skip", MissedWord::Skip),
    ("run-once", MissedWord::RunOnce),
    ("run-all", MissedWord::RunAll),
];
const OVERLAP: [(&str, Overlap); 2] = [("skip", Overlap::Skip), ("allow", Overlap::Allow)];

/// Reads the schedule.
pub(super) fn calendar(node: &Node, out: &mut Diagnostics) -> Option<Calendar> {
    let mut fields = Fields::open(node, Text::both("排期", "a schedule"), out)?;
    let line = fields.require("cron", out);
    let zone = fields.require("timezone", out);
    let missed_node = fields.take("missed");
    let missed = missed_node.and_then(|node| node.one_of(&MISSED, out));
    let grace = fields.take("grace").and_then(|node| grace(node, out)).unwrap_or(GRACE_DEFAULT);
    let overlap = fields.take("overlap").and_then(|node| node.one_of(&OVERLAP, out));
    let blackout = blackouts(fields.list("blackout", out), out);
    fields.close(out);
    let overlap = overlap.unwrap_or(Overlap::Skip);
    let missed = missed.unwrap_or(MissedWord::RunOnce);
    if let (MissedWord::RunAll, Overlap::Skip, Some(node)) = (missed, overlap, missed_node) {
        out.push(
            Diagnostic::new(
                BAD_SCHEDULE,
                both!(
                    "`run-all` 会同时开始几次演练，与 `overlap: skip` 矛盾",
                    "`run-all` starts several runs at once, which `overlap: skip` forbids"
                ),
            )
            .at(node.span)
            .help(both!(
                "加上 `overlap: allow`，或改用 `run-once`",
                "add `overlap: allow`, or write `run-once`"
            )),
        );
    }
    let missed = match missed {
        MissedWord::Skip => Missed::Skip,
        MissedWord::RunOnce => Missed::RunOnce { grace },
        MissedWord::RunAll => Missed::RunAll { grace },
    };
    Some(Calendar { schedule: schedule(line?, zone?, out)?, blackout, missed, overlap })
}

fn schedule(line: &Node, zone: &Node, out: &mut Diagnostics) -> Option<Schedule> {
    let (crontab, name) = (line.string(out), zone.string(out));
    let error = match Schedule::parse(crontab?, name?) {
        Ok(schedule) => return Some(schedule),
        Err(error) => error,
    };
    let place = match error {
        ScheduleError::Crontab(_) => line.span,
        ScheduleError::UnknownZone { .. } => zone.span,
    };
    out.push(Diagnostic::new(BAD_SCHEDULE, error.message()).at(place));
    None
}

fn grace(node: &Node, out: &mut Diagnostics) -> Option<SignedDuration> {
    let grace = duration(node, out)?;
    if grace > GRACE_MAX {
        out.push(
            Diagnostic::new(
                BAD_DURATION,
                both!("补跑期限最长 31 天", "missed runs are made up for within 31 days at most"),
            )
            .at(node.span),
        );
        return None;
    }
    Some(grace)
}

fn blackouts(nodes: &[Node], out: &mut Diagnostics) -> Vec<Blackout> {
    if let Some(beyond) = nodes.get(BLACKOUTS_MAX) {
        out.push(
            Diagnostic::new(
                TOO_MANY,
                both!(
                    "封网期最多 {BLACKOUTS_MAX} 段",
                    "at most {BLACKOUTS_MAX} blackouts are kept"
                ),
            )
            .at(beyond.span),
        );
    }
    nodes.iter().take(BLACKOUTS_MAX).filter_map(|node| blackout(node, out)).collect()
}

fn blackout(node: &Node, out: &mut Diagnostics) -> Option<Blackout> {
    let written = node.string(out)?;
    let message = match Blackout::parse(written) {
        Ok(blackout) => return Some(blackout),
        Err(BlackoutError::NotADate) => {
            both!(
                "`{written}` 不是日期或日期段",
                "`{written}` is neither a day nor a range of days"
            )
        }
        Err(BlackoutError::Reversed) => {
            both!("`{written}` 的末日在首日之前", "`{written}` ends before it begins")
        }
    };
    let help = both!(
        "写 `2026-11-11` 或 `2026-11-01/2026-11-12`，首末两日都算在内",
        "write `2026-11-11` or `2026-11-01/2026-11-12`; both days are included"
    );
    out.push(Diagnostic::new(BAD_SCHEDULE, message).at(node.span).help(help));
    None
}

/// Reads how the drill is announced: `24h`, or `{ no_notice_within: 7d, hours: "09:00-18:00" }`.
pub(super) fn announcement(node: &Node, out: &mut Diagnostics) -> Option<Announcement> {
    if matches!(node.data, Data::String(_)) {
        return duration(node, out).map(Announcement::Ahead);
    }
    let mut fields = Fields::open(node, Text::both("通知方式", "a notice"), out)?;
    fields.require("no_notice_within", out);
    let within = take_duration(&mut fields, "no_notice_within", out);
    let hours = fields.take("hours").map(|node| hours(node, out));
    fields.close(out);
    let all_day = (Time::midnight(), Time::constant(23, 59, 59, 0));
    Some(Announcement::None { within: within?, hours: hours.unwrap_or(Some(all_day))? })
}

/// Reads who watches over a drill: `team/safety`, `person/ann`.
pub(super) fn officers(nodes: &[Node], out: &mut Diagnostics) -> Vec<Officer> {
    if let Some(beyond) = nodes.get(OFFICERS_MAX) {
        let message = both!(
            "安全负责人最多 {OFFICERS_MAX} 个",
            "at most {OFFICERS_MAX} safety officers are named"
        );
        out.push(Diagnostic::new(TOO_MANY, message).at(beyond.span));
    }
    nodes.iter().take(OFFICERS_MAX).filter_map(|node| officer(node, out)).collect()
}

fn officer(node: &Node, out: &mut Diagnostics) -> Option<Officer> {
    let written = node.string(out)?;
    match written.split_once('/') {
        Some(("team", team)) => Some(Officer::Team(TeamId::new(team))),
        Some(("person", person)) => Some(Officer::Person(PersonId::new(person))),
        _ => {
            let message =
                both!("`{written}` 不是人员或团队", "`{written}` is neither a person nor a team");
            let help = both!("写 `team/…` 或 `person/…`", "write `team/…` or `person/…`");
            out.push(Diagnostic::new(BAD_VALUE, message).at(node.span).help(help));
            None
        }
    }
}

fn hours(node: &Node, out: &mut Diagnostics) -> Option<(Time, Time)> {
    let written = node.string(out)?;
    let time = |text: &str| text.trim().parse::<Time>().ok();
    let hours = written.split_once('-').and_then(|(from, to)| time(from).zip(time(to)));
    let hours = hours.filter(|(from, to)| from < to);
    if hours.is_none() {
        out.push(
            Diagnostic::new(
                BAD_SCHEDULE,
                both!("`{written}` 不是时段", "`{written}` is not a span of hours"),
            )
            .at(node.span)
            .help(both!("写法如 `\"09:00-18:00\"`", "like `\"09:00-18:00\"`")),
        );
    }
    hours
}
