//! Recurrences, expanded by a crate that knows them and bounded twice: in what may recur, and in how
//! often.

use chrono::{Datelike as _, Timelike as _};
use jiff::civil::{DateTime, Time};
use rrule::{RRuleSet, Tz};

use super::remark::RemarkKind;

/// The most occurrences that are counted over all events of a file: daily shifts of a hundred people
/// over twenty years. Those before the stretch that matters count too, since they must be passed by.
pub(super) const STEPS_MAX: usize = 750_000;

/// The most characters of a reason.
const WHY_MAX: usize = 200;

/// What a file says of an event that recurs, on its wall clock.
pub(super) struct Recurrence<'a> {
    pub(super) start: DateTime,
    pub(super) rules: &'a [&'a str],
    pub(super) more: Vec<DateTime>,
    pub(super) but: Vec<DateTime>,
    /// Reads the end of a rule.
    pub(super) until: &'a dyn Fn(&str) -> Option<DateTime>,
}

/// The beginnings that were found.
pub(super) struct Starts {
    pub(super) list: Vec<DateTime>,
    /// There are more than could be counted.
    pub(super) is_cut: bool,
}

/// Lists the beginnings in `[from, to]`, in order; takes what it counts from `steps`.
pub(super) fn starts(
    recurrence: &Recurrence<'_>,
    (from, to): (DateTime, DateTime),
    steps: &mut usize,
) -> Result<Starts, RemarkKind> {
    let set = set(recurrence)?.limit();
    let mut starts = Starts { list: Vec::new(), is_cut: false };
    for at in &set {
        let Some(at) = civil(&at).filter(|at| *at <= to) else { break };
        if *steps == 0 {
            starts.is_cut = true;
            break;
        }
        *steps -= 1;
        if at >= from {
            starts.list.push(at);
        }
    }
    // The first is one of them even where the rule passes it by, or only further dates are listed.
    let start = recurrence.start;
    let is_meant = (from..=to).contains(&start) && !recurrence.but.contains(&start);
    if is_meant {
        starts.list.push(start);
    }
    starts.list.sort_unstable();
    starts.list.dedup();
    Ok(starts)
}

fn set(recurrence: &Recurrence<'_>) -> Result<RRuleSet, RemarkKind> {
    let stamp = |at: &DateTime| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut text = format!("DTSTART:{}\n", stamp(&recurrence.start));
    for rule in recurrence.rules {
        text.push_str(&format!("RRULE:{}\n", rewritten(rule, recurrence)?));
    }
    for (name, list) in [("RDATE", &recurrence.more), ("EXDATE", &recurrence.but)] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(stamp).collect();
            text.push_str(&format!("{name}:{}\n", list.join(",")));
        }
    }
    text.trim_end().parse().map_err(|error: rrule::RRuleError| {
        let why = error.to_string().chars().filter(|c| !c.is_control()).take(WHY_MAX).collect();
        RemarkKind::BadRule { why }
    })
}

/// Refuses what no shift does, and puts the end of a rule on the wall clock.
fn rewritten(rule: &str, recurrence: &Recurrence<'_>) -> Result<String, RemarkKind> {
    let mut parts = Vec::new();
    for part in rule.trim().split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.to_ascii_uppercase().as_str() {
            "FREQ" if ["SECONDLY", "MINUTELY"].contains(&value.to_ascii_uppercase().as_str()) => {
                return Err(RemarkKind::TooOften);
            }
            "UNTIL" => {
                let mut until = (recurrence.until)(value).ok_or(RemarkKind::BadTime)?;
                // A day counts to its end.
                if value.trim().len() == 8 {
                    until = until.date().to_datetime(Time::constant(23, 59, 59, 0));
                }
                parts.push(format!("UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ")));
            }
            _ => parts.push(part.to_ascii_uppercase()),
        }
    }
    Ok(parts.join(";"))
}

fn civil(at: &chrono::DateTime<Tz>) -> Option<DateTime> {
    let small = |n: u32| i8::try_from(n).ok();
    let year = i16::try_from(at.year()).ok()?;
    let (month, day) = (small(at.month())?, small(at.day())?);
    let (hour, minute, second) = (small(at.hour())?, small(at.minute())?, small(at.second())?);
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}
