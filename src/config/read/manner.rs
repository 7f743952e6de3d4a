//! How people want to be reached: contact rules and quiet hours. What contradicts itself, or would
//! leave somebody unreached, is told where it stands.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Time;

use super::Reader;
use crate::config::code::{NO_RULE, UNKNOWN_REFERENCE, WRONG_ROSTER};
use crate::id::ChannelId;
use crate::people::{
    ContactRule, Hours, Manner, Person, Quiet, Way, Weekdays, Window, Zone, limits,
};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Fields, Node};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST};
use crate::text::Text;

const MOST_RULES: usize = limits::MAX_CONTACT_RULES;
const MOST_WAYS: usize = limits::MAX_CONTACTS;

/// The least number of messages in ten minutes: whoever wants fewer is not on call.
const AT_MOST_LEAST: i64 = 5;

/// The levels that quiet hours hold back where none are named.
const QUIET_LEVELS: [u8; 2] = [3, 4];

impl Reader<'_, '_> {
    /// Reads a person's `contact_rules`, `quiet`, `tell_of_end` and `at_most`; the contacts were read before.
    pub(super) fn manner(&mut self, fields: &mut Fields<'_>, person: &Person) -> Manner {
        let rules = fields.take("contact_rules");
        let quiet = fields.take("quiet").and_then(|node| self.quiet(node));
        let no_endings = fields.boolean("tell_of_end", self.out) == Some(false);
        let at_most = self.at_most_to_one(fields);
        let Some(node) = rules else {
            return Manner { rules: Vec::new(), quiet, no_endings, at_most };
        };
        let items = node.list(self.out).unwrap_or_default();
        if items.len() > MOST_RULES {
            self.refuse(
                node.span,
                both!("规则超过 {MOST_RULES} 条", "more than {MOST_RULES} rules"),
            );
        }
        let rules: Vec<ContactRule> =
            items.iter().filter_map(|item| self.contact_rule(item, person)).collect();
        if rules.len() == items.len() {
            self.warn_of_levels_without_rule(&rules, node.span);
        }
        Manner { rules, quiet, no_endings, at_most }
    }

    /// Reads how many messages one person gets in ten minutes.
    pub(super) fn at_most_to_one(&mut self, fields: &mut Fields<'_>) -> Option<u16> {
        let at_most = fields.integer("at_most", AT_MOST_LEAST, i64::from(u16::MAX), self.out);
        at_most.and_then(|most| u16::try_from(most).ok())
    }

    fn refuse(&mut self, at: Span, message: Text) {
        self.out.push(Diagnostic::new(WRONG_ROSTER, message).at(at));
    }

    fn contact_rule(&mut self, node: &Node, person: &Person) -> Option<ContactRule> {
        let what = Text::both("联系规则", "a contact rule");
        let mut fields = Fields::open(node, what, self.out)?;
        let levels = fields.take("levels").map(|node| self.levels(node)).unwrap_or_default();
        let ways = fields.require("by", self.out);
        fields.close(self.out);
        let ways = ways?;
        let items = ways.list(self.out)?;
        if items.is_empty() || items.len() > MOST_WAYS {
            self.refuse(
                ways.span,
                both!("一条规则写 1 到 {MOST_WAYS} 种方式", "a rule names 1 to {MOST_WAYS} ways"),
            );
            return None;
        }
        let mut by: Vec<Way> = Vec::with_capacity(items.len());
        for item in items {
            let way = self.way(item, person)?;
            let (same, earlier) = (
                by.iter().any(|known| known.channel == way.channel),
                by.last().is_some_and(|last| way.after < last.after),
            );
            if same {
                let id = &way.channel;
                self.refuse(
                    item.span,
                    both!(
                        "渠道 `{id}` 在这条规则中出现了两次",
                        "channel `{id}` stands in this rule twice"
                    ),
                );
            } else if earlier {
                self.refuse(item.span, both!(
                    "`after` 从通知发出算起，须不短于前一种方式的",
                    "`after` counts from the page: it must not be shorter than that of the way before"
                ));
            }
            by.push(way);
        }
        Some(ContactRule { levels, by })
    }

    /// Reads a way: `{ channel, after? }`, on a channel that the person has a contact on.
    fn way(&mut self, node: &Node, person: &Person) -> Option<Way> {
        let what = Text::both("一种联系方式", "a way of contact");
        let mut fields = Fields::open(node, what, self.out)?;
        let channel = fields.require("channel", self.out);
        let longest = Duration::from_secs(limits::MAX_WAY_HOURS.unsigned_abs() * 3_600);
        let after =
            fields.take("after").and_then(|node| self.duration(node, Duration::ZERO, longest));
        fields.close(self.out);
        let node = channel?;
        let channel = ChannelId::new(node.string(self.out)?);
        if person.address_on(&channel).is_none() {
            let (id, who) = (channel.as_str(), person.id.as_str());
            let known: Vec<&str> = person.contacts.iter().map(|c| c.channel.as_str()).collect();
            let finding = if self.channels.contains_key(&channel) {
                Diagnostic::new(
                    UNKNOWN_REFERENCE,
                    both!(
                        "`{who}` 在渠道 `{id}` 上没有联系方式",
                        "`{who}` has no contact on channel `{id}`"
                    ),
                )
                .help(both!("在 `contacts` 中补上", "add it to `contacts`"))
            } else {
                Diagnostic::new(
                    UNKNOWN_REFERENCE,
                    both!("没有名为 `{id}` 的渠道", "no channel is called `{id}`"),
                )
            };
            self.out.push(finding.at(node.span).did_you_mean(id, known));
            return None;
        }
        let after = after.and_then(|after| SignedDuration::try_from(after).ok());
        Some(Way { channel, after: after.unwrap_or(SignedDuration::ZERO) })
    }

    fn levels(&mut self, node: &Node) -> Vec<u8> {
        let one = std::slice::from_ref(node);
        let items = node.as_list().unwrap_or(one);
        let (worst, mildest) = (i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST));
        let levels = items.iter().filter_map(|item| item.integer(worst, mildest, self.out));
        levels.filter_map(|level| u8::try_from(level).ok()).collect()
    }

    fn warn_of_levels_without_rule(&mut self, rules: &[ContactRule], at: Span) {
        let bare: Vec<String> = (LEVEL_WORST..=LEVEL_MILDEST)
            .filter(|level| !rules.iter().any(|rule| rule.is_for(*level)))
            .map(|level| level.to_string())
            .collect();
        if !bare.is_empty() {
            let (zh, en) = (bare.join("、"), bare.join(", "));
            let finding = Diagnostic::new(
                NO_RULE,
                both!("没有规则适用于等级 {zh}", "no rule is for level {en}"),
            );
            self.out.push(finding.at(at).help(both!(
                "那时按 `contacts` 的顺序联系；最后加一条不写 `levels` 的规则即可覆盖其余等级",
                "`contacts` are then tried in their order; a last rule without `levels` is for all others"
            )));
        }
    }

    /// Reads quiet hours; those that would silence the worst level are refused.
    fn quiet(&mut self, node: &Node) -> Option<Quiet> {
        let what = Text::both("免打扰时段", "quiet hours");
        let mut fields = Fields::open(node, what, self.out)?;
        let levels = fields.take("levels");
        let hours = self.hours(&mut fields, node.span);
        let levels = levels.map_or_else(|| QUIET_LEVELS.to_vec(), |node| {
            let levels = self.levels(node);
            if levels.contains(&LEVEL_WORST) {
                self.refuse(node.span, both!(
                    "免打扰不能用于 {LEVEL_WORST} 级事件：最严重的事件必须随时能叫醒人",
                    "quiet hours cannot hold back level {LEVEL_WORST}: the worst must always wake someone"
                ));
            }
            levels
        });
        fields.close(self.out);
        let hours = hours?;
        if hours.window.from == hours.window.to {
            self.refuse(
                node.span,
                both!(
                    "免打扰不能是全天：那样谁也叫不醒",
                    "quiet hours cannot be the whole day: nothing would ever arrive"
                ),
            );
        }
        Some(Quiet { hours, levels })
    }

    /// Reads `{ days?, from, to, timezone? }`; the zone of the configuration where none is named.
    pub(super) fn hours(&mut self, fields: &mut Fields<'_>, at: Span) -> Option<Hours> {
        let days = fields.take("days").map_or(Weekdays::ALL, |node| self.days(node));
        let from = fields.require("from", self.out).and_then(|node| self.time(node));
        let to = fields.require("to", self.out).and_then(|node| self.time(node));
        let zone = match fields.take("timezone") {
            Some(node) => self.zone(node),
            None => self.zone_of_file(at),
        };
        let (from, to): (Time, Time) = (from?, to?);
        Some(Hours { window: Window { days, from, to }, zone: zone? })
    }

    /// Returns the zone of the configuration; hours mean nothing without one.
    fn zone_of_file(&mut self, at: Span) -> Option<Zone> {
        if self.timezone.is_none() {
            self.out.push(
                Diagnostic::new(
                    WRONG_ROSTER,
                    both!("不知道这些时间属于哪个时区", "these hours are of no known time zone"),
                )
                .at(at)
                .help(both!(
                    "在这里或文件顶层写 `timezone: Asia/Shanghai`",
                    "write `timezone: Asia/Shanghai` here or at the top of the file"
                )),
            );
        }
        self.timezone.clone()
    }
}
