//! Reads when an inject happens: `at`, `within`, `after` or `when`.

use jiff::SignedDuration;

use crate::drill::cue::Cue;
use crate::drill::file::code::{INJECT_TOO_LATE, NOT_ONE_THING, UNKNOWN_NAME};
use crate::drill::file::condition::condition;
use crate::drill::file::pattern::MILESTONES;
use crate::drill::file::script::{Bounds, one_of};
use crate::drill::file::words::{Plan, duration};
use crate::drill::inject::Trigger;
use crate::drill::scenario::LENGTH_MAX;
use crate::id::PhaseId;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

/// The keys that say when; each inject has exactly one of them.
pub const TRIGGERS: [&str; 4] = ["at", "within", "after", "when"];
/// What an inject may come after.
pub const CUES: [&str; 4] = ["step", "acknowledged", "reached", "phase"];

/// Reads when an inject happens.
pub(super) fn trigger(
    node: &Node,
    fields: &mut Fields<'_>,
    (plan, bounds): (Plan<'_>, Bounds),
    out: &mut Diagnostics,
) -> Option<Trigger> {
    let mut found: Vec<(&str, &Node)> = Vec::new();
    for key in TRIGGERS {
        found.extend(fields.take(key).map(|value| (key, value)));
    }
    found.sort_by_key(|(_, value)| value.span);
    let wait = fields.take("wait");
    let (key, value) = match found.as_slice() {
        [one] => *one,
        several => {
            let diagnostic = match several {
                [_, (_, second), ..] => {
                    one_of(second, "它已经写了何时发生", "it says when already")
                }
                _ => one_of(node, "没有说明何时发生", "it does not say when"),
            };
            let words = TRIGGERS.map(|key| format!("`{key}`")).join(" ");
            out.push(diagnostic.help(both!("恰好写一个：{words}", "write exactly one of {words}")));
            return None;
        }
    };
    if let Some(stray) = wait.filter(|_| key != "after") {
        out.push(one_of(stray, "`wait` 只能与 `after` 同用", "`wait` goes with `after`"));
    }
    match key {
        "at" => in_time(value, bounds, out).map(Trigger::At),
        "within" => within(value, bounds, out),
        "after" => {
            let wait = match wait {
                Some(wait) => duration(wait, out)?,
                None => SignedDuration::ZERO,
            };
            Some(Trigger::After { cue: cue(value, plan, out)?, wait })
        }
        _ => condition(value, plan, out).map(Trigger::When),
    }
}

/// Reads how long after the start, while the drill goes on.
fn in_time(node: &Node, bounds: Bounds, out: &mut Diagnostics) -> Option<SignedDuration> {
    let offset = duration(node, out)?;
    if offset < bounds.length {
        return Some(offset);
    }
    let message = both!("演练此时已经结束", "the drill is over by then");
    let note = if bounds.length == LENGTH_MAX {
        both!("演练最长 30 天", "a drill lasts 30 days at most")
    } else {
        let length = bounds.length;
        both!("`lasts` 是 {length:#}", "`lasts` is {length:#}")
    };
    out.push(Diagnostic::new(INJECT_TOO_LATE, message).at(node.span).note(note));
    None
}

fn within(node: &Node, bounds: Bounds, out: &mut Diagnostics) -> Option<Trigger> {
    let items = node.list(out)?;
    let shape = || {
        one_of(node, "`within` 须是先早后晚两个时刻", "`within` has two times, the earlier first")
            .help(both!("写法如 `within: [10m, 40m]`", "like `within: [10m, 40m]`"))
    };
    let [from, to] = items else {
        out.push(shape());
        return None;
    };
    let (from, to) = (in_time(from, bounds, out), in_time(to, bounds, out));
    let (from, to) = (from?, to?);
    if from >= to {
        out.push(shape());
        return None;
    }
    Some(Trigger::Within(from, to))
}

fn cue(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Cue> {
    let mut fields = Fields::open(node, Text::both("触发的事", "what it comes after"), out)?;
    let mut found: Vec<(&str, &Node)> = Vec::new();
    for key in CUES {
        found.extend(fields.take(key).map(|value| (key, value)));
    }
    let is = fields.take("is");
    let cue = match found.as_slice() {
        [("step", step)] => {
            let step = plan.step(step, out);
            let Some(is) = is else {
                out.push(one_of(node, "没有写 `is`", "it does not say `is`"));
                return None;
            };
            let is = is.one_of(&MILESTONES, out);
            step.zip(is).map(|(step, is)| Cue::Step { step, is })
        }
        [("acknowledged", role)] => plan.role(role, out).map(Cue::Acknowledged),
        [("reached", role)] => plan.role(role, out).map(Cue::Reached),
        [(_, phase)] => known_phase(phase, plan, out).map(Cue::Phase),
        _ => {
            let words = CUES.map(|key| format!("`{key}`")).join(" ");
            let message = both!("恰好写一个：{words}", "write exactly one of {words}");
            out.push(Diagnostic::new(NOT_ONE_THING, message).at(node.span));
            None
        }
    };
    if let (Some(stray), false) = (is, matches!(found.as_slice(), [("step", _)])) {
        out.push(one_of(stray, "`is` 只能与 `step` 同用", "`is` goes with `step`"));
    }
    fields.close(out);
    cue
}

fn known_phase(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<PhaseId> {
    let written = node.string(out)?;
    let Some(playbook) = plan.0 else { return Some(PhaseId::new(written)) };
    let names = || playbook.phases.iter().map(|phase| phase.id.as_str());
    if names().any(|name| name == written) {
        return Some(PhaseId::new(written));
    }
    let message = both!("预案没有阶段 `{written}`", "the playbook has no phase `{written}`");
    let unknown = Diagnostic::new(UNKNOWN_NAME, message).at(node.span);
    out.push(unknown.did_you_mean(written, names()));
    None
}
