//! What keeps alerts from beginning anything: silences, inhibition, flapping.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Time;
use smol_str::SmolStr;

use crate::ingest::{
    Flapping, INHIBITIONS_MAX, Inhibition, Matcher, Policy, SILENCES_MAX, Silence, When,
};
use crate::people::{Weekdays, Window, Zone};
use crate::playbook::diagnostic::both;
use crate::playbook::yaml::{Entry, Fields, Node, bad_value, missing};
use crate::text::Text;

use super::Reader;
use super::scalar::parse_time;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Labels in which two alerts must agree, or by which they are grouped: a person reads them.
const LABELS_MAX: usize = 20;
/// Changes that make a trouble flap: one must be possible, and a hundred is never.
const CHANGES: std::ops::RangeInclusive<i64> = 2..=100;

impl Reader<'_, '_> {
    pub(super) fn alerts(&mut self, node: Option<&Node>, zone: Option<&Zone>) -> Policy {
        let mut policy = Policy::default();
        let what = Text::both("告警的处理", "the handling of alerts");
        let Some(mut fields) = node.and_then(|node| Fields::open(node, what, self.out)) else {
            return policy;
        };
        let silences = fields.map("silences", self.out);
        self.at_most(node, silences.len(), SILENCES_MAX);
        policy.silences =
            silences.into_iter().filter_map(|entry| self.silence(entry, zone)).collect();
        let inhibit = fields.list("inhibit", self.out);
        self.at_most(node, inhibit.len(), INHIBITIONS_MAX);
        policy.inhibitions = inhibit.iter().filter_map(|node| self.inhibition(node)).collect();
        if let Some(node) = fields.take("flapping") {
            policy.flapping = self.flapping(node);
        }
        let repeat = fields.take("repeat_after").and_then(|node| self.span(node, MINUTE, DAY));
        policy.repeat_after = repeat.unwrap_or(policy.repeat_after);
        fields.close(self.out);
        policy
    }

    fn at_most(&mut self, node: Option<&Node>, count: usize, most: usize) {
        if let Some(node) = node.filter(|_| count > most) {
            let message =
                both!("有 {count} 条，最多 {most} 条", "there are {count}; at most {most}");
            self.out.push(bad_value(node.span, message));
        }
    }

    fn silence(&mut self, entry: &Entry, zone: Option<&Zone>) -> Option<Silence> {
        self.check_id(&entry.key);
        let what = Text::both("静默时段", "a silence");
        let mut fields = Fields::open(&entry.value, what, self.out)?;
        let about = fields.require("match", self.out).and_then(|node| self.matcher(node));
        let days = fields.take("days");
        let from = fields.require("from", self.out);
        let to = fields.require("to", self.out);
        let own = fields.take("timezone").map(|node| self.zone(node));
        let note = fields.string("note", self.out).unwrap_or_default().to_owned();
        fields.close(self.out);
        let zone = match own {
            Some(read) => read?,
            None if zone.is_some() => zone.cloned()?,
            None => {
                let what = Text::both("静默时段", "a silence");
                self.out.push(missing(entry.value.span, &what, "timezone"));
                return None;
            }
        };
        let when = self.when(days, from?, to?, zone)?;
        Some(Silence { id: SmolStr::new(&entry.key.text), about: about?, when, note })
    }

    /// Times of day mean every week, dates once.
    fn when(&mut self, days: Option<&Node>, from: &Node, to: &Node, zone: Zone) -> Option<When> {
        let clock = |node: &Node| -> Option<Time> { parse_time(node.as_str()?) };
        if clock(from).is_some() || days.is_some() {
            let days = days.map_or(Weekdays::ALL, |node| self.days(node));
            let window = Window { days, from: self.time(from)?, to: self.time(to)? };
            return Some(When::Weekly { window, zone });
        }
        let (begins, ends) = (self.instant(from, &zone)?, self.instant(to, &zone)?);
        if ends <= begins {
            let message =
                Text::both("结束不晚于开始", "it ends before it begins, or at the same time");
            self.out.push(bad_value(to.span, message));
            return None;
        }
        Some(When::Once { from: begins, to: ends })
    }

    fn inhibition(&mut self, node: &Node) -> Option<Inhibition> {
        let what = Text::both("抑制规则", "a rule of inhibition");
        let mut fields = Fields::open(node, what, self.out)?;
        let by = fields.require("by", self.out).and_then(|node| self.matcher(node));
        let mutes = fields.require("mutes", self.out).and_then(|node| self.matcher(node));
        let equal = fields.take("equal").map(|node| self.label_names(node));
        fields.close(self.out);
        Some(Inhibition { by: by?, mutes: mutes?, equal: equal.unwrap_or_default() })
    }

    fn flapping(&mut self, node: &Node) -> Flapping {
        let mut flapping = Flapping::default();
        let what = Text::both("抖动的判定", "what counts as flapping");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return flapping };
        let changes = fields.integer("changes", *CHANGES.start(), *CHANGES.end(), self.out);
        let changes = changes.and_then(|changes| usize::try_from(changes).ok());
        flapping.changes = changes.unwrap_or(flapping.changes);
        let within = fields.take("within").and_then(|node| self.span(node, MINUTE, DAY));
        flapping.within = within.unwrap_or(flapping.within);
        let calm = fields.take("calm").and_then(|node| self.span(node, MINUTE, DAY));
        flapping.calm = calm.unwrap_or(flapping.calm);
        fields.close(self.out);
        flapping
    }

    fn matcher(&mut self, node: &Node) -> Option<Matcher> {
        let mut labels = BTreeMap::new();
        for entry in node.map(self.out)? {
            let value = entry.value.string(self.out)?;
            labels.insert(SmolStr::new(&entry.key.text), value.to_owned());
        }
        let matcher = Matcher::new(labels);
        if matcher.is_none() {
            let message = Text::both(
                "没有写标签，会涉及所有告警",
                "it names no label and would be about every alert",
            );
            self.out.push(bad_value(node.span, message));
        }
        matcher
    }

    /// Reads names of labels, one or a list.
    pub(super) fn label_names(&mut self, node: &Node) -> Vec<SmolStr> {
        let one = std::slice::from_ref(node);
        let items = node.as_list().unwrap_or(one);
        self.at_most(Some(node), items.len(), LABELS_MAX);
        items.iter().filter_map(|item| item.string(self.out)).map(SmolStr::new).collect()
    }

    /// Reads a duration for reckoning with instants.
    pub(super) fn span(
        &mut self,
        node: &Node,
        least: Duration,
        most: Duration,
    ) -> Option<SignedDuration> {
        let duration = self.duration(node, least, most)?;
        SignedDuration::try_from(duration).ok()
    }
}
