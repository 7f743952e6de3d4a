//! Reads `surge`: what a monitor reports in a drill.

use smol_str::SmolStr;

use crate::drill::file::words::take_duration;
use crate::drill::inject::InjectAct;
use crate::engine::{SurgeGroup, SurgeNote};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{BAD_VALUE, Fields, Node};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST};
use crate::text::Text;

/// How many minutes a monitor looks at where the drill does not say.
const WINDOW_MINUTES: u32 = 60;
/// More than any monitor counts in a window.
const COUNT_MAX: i64 = 1_000_000_000;

/// Reads `{ monitor, count, baseline?, window?, groups?, tickets?, level?, subsided? }`. The ratio
/// follows from count and baseline.
pub(super) fn surge(node: &Node, out: &mut Diagnostics) -> Option<InjectAct> {
    let mut fields = Fields::open(node, Text::both("激增", "a surge"), out)?;
    let monitor = fields.require("monitor", out).and_then(|node| node.string(out));
    fields.require("count", out);
    let count = fields.integer("count", 0, COUNT_MAX, out).and_then(|n| u64::try_from(n).ok());
    let baseline = fields.take("baseline").and_then(|node| positive(node, out));
    let window = take_duration(&mut fields, "window", out);
    let window = window.and_then(|window| u32::try_from(window.as_mins()).ok());
    let level = fields.integer("level", i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST), out);
    let groups = groups(&mut fields, out);
    let tickets = fields.list("tickets", out).iter();
    let tickets = tickets.filter_map(|node| node.string(out).map(SmolStr::new)).collect();
    let over = fields.boolean("subsided", out).unwrap_or(false);
    fields.close(out);
    let (monitor, count) = (SmolStr::new(monitor?), count?);
    let ratio = baseline.map(|baseline| count as f64 / baseline);
    let surge = SurgeNote {
        monitor,
        window: window.unwrap_or(WINDOW_MINUTES),
        count,
        baseline,
        ratio,
        peak: ratio,
        level: level.and_then(|level| u8::try_from(level).ok()),
        groups,
        tickets,
    };
    Some(InjectAct::Surge { surge, over })
}

fn positive(node: &Node, out: &mut Diagnostics) -> Option<f64> {
    let number = node.number(out)?;
    if number > 0.0 {
        return Some(number);
    }
    let wrong = both!("`baseline` 必须大于零", "`baseline` must be more than nothing");
    out.push(Diagnostic::new(BAD_VALUE, wrong).at(node.span));
    None
}

/// Reads the groups, the greatest first.
fn groups(fields: &mut Fields<'_>, out: &mut Diagnostics) -> Vec<SurgeGroup> {
    let mut groups: Vec<SurgeGroup> = fields
        .map("groups", out)
        .into_iter()
        .filter_map(|entry| {
            let count = entry.value.integer(0, COUNT_MAX, out)?;
            let count = u64::try_from(count).ok()?;
            Some(SurgeGroup { name: entry.key.text.clone(), count, baseline: None })
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}
