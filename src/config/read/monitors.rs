//! Monitors: what is counted, and when it is a surge.

use std::time::Duration;

use smol_str::SmolStr;

use crate::people::Zone;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{BAD_VALUE, CONFLICT, Entry, Fields, Node, missing};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST, Level};
use crate::signal::{Baseline, Mark, Monitor, Rule, Spread};
use crate::text::Text;

use super::Reader;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The longest window: what takes longer is a trend, not a surge.
const WINDOW_DAYS_MAX: u64 = 7;
/// The latest an occurrence may arrive: the window must still be there.
const LATE_HOURS_MAX: u64 = 6;
/// The most monitors: each looks at all its groups once a minute.
const MONITORS_MAX: usize = 200;
/// The most groups of a monitor, in memory all at once.
const GROUPS_MAX: i64 = 100_000;
/// How many groups a monitor has where nothing is said.
const GROUPS: i64 = 1_000;
/// The most labels a monitor tells groups apart by.
const LABELS_MAX: usize = 4;
/// The most rules in one monitor, however they are nested.
const RULES_MAX: usize = 32;
/// How deep rules nest.
const DEPTH_MAX: usize = 4;
/// How far below the least ratio a surge must fall to be over, where nothing is said.
const CLEARS_AT: f64 = 0.6;
/// How likely by chance alone a ratio may be where nothing is said: of ten thousand looks one.
const CHANCE: f64 = 1e-4;
/// Weeks compared where nothing is said.
const WEEKS: i64 = 4;

/// The kinds of rules: each has one of these keys.
const KINDS: [&str; 7] = ["at_least", "ratio", "in_a_row", "share_below", "distinct", "any", "all"];

impl Reader<'_, '_> {
    pub(super) fn monitors(&mut self, entries: &[&Entry], zone: &Zone) -> Vec<Monitor> {
        if let Some(beyond) = entries.get(MONITORS_MAX) {
            let message = both!("监测超过 {MONITORS_MAX} 个", "more than {MONITORS_MAX} monitors");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(beyond.key.span));
        }
        let entries = entries.iter().take(MONITORS_MAX);
        entries.filter_map(|entry| self.monitor(entry, zone)).collect()
    }

    fn monitor(&mut self, entry: &Entry, zone: &Zone) -> Option<Monitor> {
        self.check_id(&entry.key);
        let what = Text::both("监测", "a monitor");
        let mut fields = Fields::open(&entry.value, what, self.out)?;
        let signal = fields.require("signal", self.out).and_then(|node| node.string(self.out));
        let signal = signal.map(SmolStr::new);
        let window = fields.require("window", self.out);
        let window = window.and_then(|node| self.minutes(node, 1, WINDOW_DAYS_MAX * DAY));
        let labels = fields.list("group_by", self.out);
        let group_by = self.labels(labels);
        let spread = fields.take("look").and_then(|node| {
            node.one_of(&[("anywhere", Spread::Anywhere), ("total", Spread::Total)], self.out)
        });
        let minimum = fields.integer("minimum", 1, 1_000_000_000, self.out).unwrap_or(10);
        let mut asked = Asked::default();
        let rule = fields.require("rule", self.out);
        let rule = rule.and_then(|node| self.surge_rule(node, &mut asked, DEPTH_MAX));
        let baseline = fields.take("baseline").map(|node| self.baseline(node));
        let chance = fields.take("chance").and_then(|node| self.chance(node));
        let levels = fields.take("levels").map(|node| self.ratios(node)).unwrap_or_default();
        let clear = fields.take("clear").map(|node| self.clear(node)).unwrap_or_default();
        let cool_down = fields.take("cool_down").and_then(|node| self.minutes(node, 0, 7 * DAY));
        let late = fields.take("late");
        let late = late.and_then(|node| self.minutes(node, 0, LATE_HOURS_MAX * HOUR));
        let groups_max = fields.integer("groups_max", 1, GROUPS_MAX, self.out).unwrap_or(GROUPS);
        let own = fields.take("timezone").and_then(|node| self.zone(node));
        // Where it only watches, `answered` does not ask for a plan.
        if let Some(begins) = fields.take("begins") {
            begins.one_of(&[("nothing", ())], self.out);
        }
        fields.close(self.out);
        let (window, rule) = (window?, rule?);
        let least = rule.least_ratio().unwrap_or(1.0);
        Some(Monitor {
            id: SmolStr::new(&entry.key.text),
            signal: signal?,
            window,
            group_by,
            spread: spread.unwrap_or(Spread::Anywhere),
            minimum: minimum.unsigned_abs(),
            marks: asked.marks,
            sources: asked.sources,
            baseline: baseline.unwrap_or(Baseline { weeks: 4, floor: 1.0 }),
            chance: chance.unwrap_or(CHANCE),
            levels,
            clear_below: clear.0.unwrap_or((least * CLEARS_AT).max(1.0)),
            clear_for: clear.1.unwrap_or(window / 2),
            cool_down: cool_down.unwrap_or(window),
            late: late.unwrap_or(10),
            groups_max: usize::try_from(groups_max).unwrap_or(1),
            zone: own.unwrap_or_else(|| zone.clone()),
            rule,
        })
    }

    /// Reads a stretch of time in whole minutes, between bounds in minutes and seconds.
    fn minutes(&mut self, node: &Node, least: u64, most_seconds: u64) -> Option<u32> {
        let (least, most) =
            (Duration::from_secs(least * MINUTE), Duration::from_secs(most_seconds));
        let read = self.duration(node, least, most)?;
        u32::try_from(read.as_secs().div_ceil(MINUTE)).ok()
    }

    fn labels(&mut self, nodes: &[Node]) -> Vec<SmolStr> {
        if let Some(beyond) = nodes.get(LABELS_MAX) {
            let message = both!("标签超过 {LABELS_MAX} 个", "more than {LABELS_MAX} labels");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(beyond.span));
        }
        let names = nodes.iter().take(LABELS_MAX).filter_map(|node| node.string(self.out));
        names.map(SmolStr::new).collect()
    }

    /// Reads `{ ratio: 3.0, for: 10m }` and its kin.
    fn surge_rule(&mut self, node: &Node, asked: &mut Asked, depth: usize) -> Option<Rule> {
        let what = Text::both("激增规则", "a rule");
        asked.rules += 1;
        if depth == 0 || asked.rules > RULES_MAX {
            let message = both!(
                "规则最多 {RULES_MAX} 条、嵌套 {DEPTH_MAX} 层",
                "at most {RULES_MAX} rules, nested {DEPTH_MAX} deep"
            );
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
            return None;
        }
        let mut fields = Fields::open(node, what.clone(), self.out)?;
        let found: Vec<_> =
            KINDS.iter().filter_map(|kind| Some((*kind, fields.take(kind)?))).collect();
        let (kind, value) = match found.as_slice() {
            [one] => *one,
            [] => {
                self.out.push(missing(node.span, &what, "ratio"));
                return None;
            }
            [(one, _), (other, at), ..] => {
                let message = both!(
                    "`{one}` 与 `{other}` 不能写在一起",
                    "`{one}` and `{other}` do not go together"
                );
                self.out.push(Diagnostic::new(CONFLICT, message).at(at.span).help(both!(
                    "写成 `any: [ … ]` 或 `all: [ … ]`",
                    "write `any: [ … ]` or `all: [ … ]`"
                )));
                return None;
            }
        };
        let held = fields.take("for").and_then(|node| self.minutes(node, 0, DAY)).unwrap_or(0);
        let marked = matches!(kind, "in_a_row" | "share_below");
        let of = marked.then(|| fields.require("of", self.out)).flatten();
        let mark = of.and_then(|node| self.mark(node)).map(|mark| asked.mark(mark));
        let counted = kind == "distinct";
        let least = counted.then(|| fields.integer("least", 1, 10_000, self.out)).flatten();
        fields.close(self.out);
        match kind {
            "at_least" => {
                let least = value.integer(1, 1_000_000_000, self.out)?;
                Some(Rule::AtLeast(least.unsigned_abs()))
            }
            "ratio" => {
                let times = self.above(value, 1.0)?;
                Some(Rule::Ratio { times, minutes: held })
            }
            "in_a_row" => {
                let least = value.integer(1, 1_000_000, self.out)?;
                Some(Rule::InARow { mark: mark?, at_least: u32::try_from(least).ok()? })
            }
            "share_below" => {
                let below = self.above(value, 0.0).filter(|below| *below <= 1.0)?;
                Some(Rule::Share { mark: mark?, below, minutes: held })
            }
            "distinct" => {
                let source = asked.source(value.string(self.out)?);
                Some(Rule::Distinct { source, at_least: u32::try_from(least?).ok()? })
            }
            any_or_all => {
                let rules = value.list(self.out)?.iter();
                let rules: Vec<Rule> =
                    rules.filter_map(|node| self.surge_rule(node, asked, depth - 1)).collect();
                Some(if any_or_all == "any" { Rule::Any(rules) } else { Rule::All(rules) })
            }
        }
    }

    /// Reads `{ outcome: dropped }`: one label and its value.
    fn mark(&mut self, node: &Node) -> Option<Mark> {
        let entries = node.map(self.out)?;
        let [entry] = entries.as_slice() else {
            let message = both!("写一个标签和它的值", "write one label and its value");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
            return None;
        };
        let value = entry.value.string(self.out)?;
        Some(Mark { label: SmolStr::new(&entry.key.text), value: SmolStr::new(value) })
    }

    fn above(&mut self, node: &Node, least: f64) -> Option<f64> {
        let number = node.number(self.out)?;
        if !number.is_finite() || number <= least {
            let message = both!("须大于 {least}", "must be above {least}");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
            return None;
        }
        Some(number)
    }

    fn chance(&mut self, node: &Node) -> Option<f64> {
        let chance = self.above(node, 0.0)?;
        if chance > 1.0 {
            let message = both!("须不大于 1", "must be at most 1");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
            return None;
        }
        Some(chance)
    }

    fn baseline(&mut self, node: &Node) -> Baseline {
        let mut baseline = Baseline { weeks: 4, floor: 1.0 };
        let what = Text::both("基线", "a baseline");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return baseline };
        let weeks = fields.integer("weeks", 1, 12, self.out).unwrap_or(WEEKS);
        baseline.weeks = u32::try_from(weeks).unwrap_or(4);
        let floor = fields.take("floor").and_then(|node| self.above(node, 0.0));
        baseline.floor = floor.unwrap_or(1.0);
        fields.close(self.out);
        baseline
    }

    /// Reads `{ 1: 5.0, 2: 4.0 }`: the ratio from which each level holds, worst first.
    fn ratios(&mut self, node: &Node) -> Vec<(Level, f64)> {
        let mut levels: Vec<(Level, f64)> = Vec::new();
        for entry in node.map(self.out).unwrap_or_default() {
            let level = entry.key.text.parse::<Level>().ok();
            let Some(level) = level.filter(|l| (LEVEL_WORST..=LEVEL_MILDEST).contains(l)) else {
                let message = both!("等级是 1 到 4", "levels are 1 to 4");
                self.out.push(Diagnostic::new(BAD_VALUE, message).at(entry.key.span));
                continue;
            };
            if let Some(ratio) = self.above(&entry.value, 0.0) {
                levels.push((level, ratio));
            }
        }
        levels.sort_by_key(|(level, _)| *level);
        let falls = levels.windows(2).all(|pair| pair[0].1 > pair[1].1);
        if !falls {
            let message = both!("等级越重，倍数须越大", "a worse level wants a greater ratio");
            self.out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
        }
        levels
    }

    fn clear(&mut self, node: &Node) -> (Option<f64>, Option<u32>) {
        let what = Text::both("平息条件", "what ends a surge");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return (None, None) };
        let below = fields.take("below").and_then(|node| self.above(node, 0.0));
        let held = fields.take("for").and_then(|node| self.minutes(node, 0, DAY));
        fields.close(self.out);
        (below, held)
    }
}

/// What the rules of one monitor ask for beside counts.
#[derive(Default)]
struct Asked {
    marks: Vec<Mark>,
    sources: Vec<SmolStr>,
    rules: usize,
}

impl Asked {
    fn mark(&mut self, mark: Mark) -> usize {
        let known = self.marks.iter().position(|known| *known == mark);
        known.unwrap_or_else(|| {
            self.marks.push(mark);
            self.marks.len() - 1
        })
    }

    fn source(&mut self, label: &str) -> usize {
        let known = self.sources.iter().position(|known| known == label);
        known.unwrap_or_else(|| {
            self.sources.push(SmolStr::new(label));
            self.sources.len() - 1
        })
    }
}
