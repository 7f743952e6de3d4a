//! Reads how long things take, how channels carry messages, and when everyone is slower.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Time;

use crate::drill::cast::{ChannelManner, Night, SLOWER_MAX};
use crate::drill::file::code::{BAD_SCHEDULE, BAD_TIMING};
use crate::drill::file::words::{duration, percent, take_duration};
use crate::drill::timing::{OBSERVED_MAX, Timing, TimingError};
use crate::id::ChannelId;
use crate::people::{Hours, Weekdays, Window, Zone};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

/// Reads `{ median, p90 }`, `{ least, likely, most }`, `{ mean }` or `{ observed: […] }`.
pub(super) fn timing(node: &Node, out: &mut Diagnostics) -> Option<Timing> {
    let mut fields = Fields::open(node, Text::both("用时", "a timing"), out)?;
    let made = if let Some(times) = fields.take("observed") {
        let times = times.list(out).unwrap_or_default();
        let read: Vec<SignedDuration> =
            times.iter().filter_map(|time| duration(time, out)).collect();
        (read.len() == times.len()).then(|| Timing::observed(read))
    } else if fields.peek("mean").is_some() {
        take_duration(&mut fields, "mean", out).map(Timing::memoryless)
    } else if ["least", "likely", "most"].iter().any(|key| fields.peek(key).is_some()) {
        let mut take = |key| {
            fields.require(key, out);
            take_duration(&mut fields, key, out)
        };
        let (least, likely, most) = (take("least"), take("likely"), take("most"));
        least
            .zip(likely)
            .zip(most)
            .map(|((least, likely), most)| Timing::judged(least, likely, most))
    } else {
        fields.require("median", out);
        let median = take_duration(&mut fields, "median", out);
        fields.require("p90", out);
        let p90 = take_duration(&mut fields, "p90", out);
        median.zip(p90).map(|(median, p90)| Timing::new(median, p90))
    };
    fields.close(out);
    made?.map_err(|error| out.push(refusal(error).at(node.span))).ok()
}

fn refusal(error: TimingError) -> Diagnostic {
    let message = match error {
        TimingError::NotPositive => {
            both!("用时必须大于零", "every time must be more than nothing")
        }
        TimingError::Reversed => both!(
            "次序颠倒：后面的时间不能更短，例如九成的时候不会比一半的时候更快",
            "the times are in the wrong order: nine in ten cannot be faster than one in two"
        ),
        TimingError::TooLong => both!("用时过长", "the timing is too long"),
        TimingError::Count => both!(
            "`observed` 要有 1 到 {OBSERVED_MAX} 个时长",
            "`observed` takes 1 to {OBSERVED_MAX} durations"
        ),
    };
    Diagnostic::new(BAD_TIMING, message)
}

/// Reads `channels`: what becomes of messages that a channel took.
pub(super) fn channels(
    fields: &mut Fields<'_>,
    out: &mut Diagnostics,
) -> BTreeMap<ChannelId, ChannelManner> {
    let mut channels = BTreeMap::new();
    for entry in fields.map("channels", out) {
        let what = Text::both("渠道的表现", "how a channel carries messages");
        let Some(mut fields) = Fields::open(&entry.value, what, out) else { continue };
        let latency = fields.take("latency").and_then(|node| timing(node, out));
        let loss = fields.take("loss").and_then(|node| percent(node, out));
        fields.close(out);
        channels.insert(ChannelId::new(&entry.key.text), ChannelManner { latency, loss });
    }
    channels
}

/// Reads `night: { from, to, timezone, slower }`.
pub(super) fn night(node: &Node, out: &mut Diagnostics) -> Option<Night> {
    let mut fields = Fields::open(node, Text::both("夜间", "the night"), out)?;
    let from = fields.require("from", out).and_then(|node| time(node, out));
    let to = fields.require("to", out).and_then(|node| time(node, out));
    let zone = fields.require("timezone", out).and_then(|node| zone(node, out));
    let slower = fields.require("slower", out).and_then(|node| slower(node, "slower", out));
    fields.close(out);
    let window = Window { days: Weekdays::ALL, from: from?, to: to? };
    Some(Night { hours: Hours { window, zone: zone? }, slower: slower? })
}

fn time(node: &Node, out: &mut Diagnostics) -> Option<Time> {
    let written = node.string(out)?;
    let time = written.parse().ok();
    if time.is_none() {
        let wrong = both!("`{written}` 不是时刻", "`{written}` is not a time of day");
        out.push(Diagnostic::new(BAD_SCHEDULE, wrong).at(node.span));
    }
    time
}

fn zone(node: &Node, out: &mut Diagnostics) -> Option<Zone> {
    let written = node.string(out)?;
    let zone = Zone::named(written).ok();
    if zone.is_none() {
        let wrong = both!("没有时区 `{written}`", "there is no time zone `{written}`");
        let help = both!("如 `Asia/Shanghai`", "like `Asia/Shanghai`");
        out.push(Diagnostic::new(BAD_SCHEDULE, wrong).at(node.span).help(help));
    }
    zone
}

/// Reads how many times as long something takes, under the key it stands at.
pub(super) fn slower(node: &Node, key: &str, out: &mut Diagnostics) -> Option<f64> {
    let number = node.number(out)?;
    if (1.0..=SLOWER_MAX).contains(&number) {
        return Some(number);
    }
    let wrong =
        both!("`{key}` 应在 1 与 {SLOWER_MAX} 之间", "`{key}` is a number from 1 to {SLOWER_MAX}");
    out.push(Diagnostic::new(BAD_TIMING, wrong).at(node.span));
    None
}
