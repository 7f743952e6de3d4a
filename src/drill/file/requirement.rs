//! Reads `expect`: what the drill requires.

use std::collections::BTreeSet;

use smol_str::{SmolStr, format_smolstr};

use crate::drill::expect::{
    Ask, Asked, DEPTH_MAX, EXPECTATIONS_MAX, Expectation, Rule, Scale, WEIGHT_MAX,
};
use crate::drill::file::code::{BAD_GROUP, NOT_ONE_THING, TOO_MANY};
use crate::drill::file::condition::condition;
use crate::drill::file::words::{Plan, text};
use crate::drill::file::{part, pattern, probe};
use crate::drill::judge::QUESTION;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Fields, Node, bad_value};
use crate::playbook::{is_identifier, is_slug};
use crate::text::Text;

/// The kinds of expectation that are no patterns; each entry of `expect` has exactly one of these
/// keys or of those of patterns.
const KINDS: [&str; 8] =
    ["objective", "reached", "never", "evaluator", "probe", "all", "any", "of"];
const SCALES: [(&str, Scale); 2] = [("PSMU", Scale::Psmu), ("yes-no", Scale::YesNo)];

/// Reads all expectations.
pub(super) fn expectations(
    nodes: &[Node],
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Vec<Expectation> {
    let mut reader = Reader { plan, taken: BTreeSet::new(), count: 0 };
    nodes.iter().map_while(|node| reader.expectation(node, out)).flatten().collect()
}

/// What is known while expectations are read.
struct Reader<'p> {
    plan: Plan<'p>,
    /// The keys given so far.
    taken: BTreeSet<SmolStr>,
    /// How many were read, those within groups included.
    count: usize,
}

impl Reader<'_> {
    /// Reads one; `None` where there is no room for more.
    fn expectation(&mut self, node: &Node, out: &mut Diagnostics) -> Option<Option<Expectation>> {
        self.room(node.span, out)?;
        Some(self.read(node, out))
    }

    fn room(&mut self, place: Span, out: &mut Diagnostics) -> Option<()> {
        self.count += 1;
        if self.count == EXPECTATIONS_MAX + 1 {
            let message = both!(
                "预期最多 {EXPECTATIONS_MAX} 条，组内的也算",
                "a drill has at most {EXPECTATIONS_MAX} expectations, those in groups included"
            );
            out.push(Diagnostic::new(TOO_MANY, message).at(place));
        }
        (self.count <= EXPECTATIONS_MAX).then_some(())
    }

    fn read(&mut self, node: &Node, out: &mut Diagnostics) -> Option<Expectation> {
        let mut fields = Fields::open(node, Text::both("预期", "an expectation"), out)?;
        let weight = fields.integer("weight", 1, i64::from(WEIGHT_MAX), out);
        let weight = weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1);
        let critical = fields.boolean("critical", out).unwrap_or(false);
        let part = part::part(&mut fields, out);
        let when = fields.take("when").map(|node| condition(node, self.plan, out));
        let asked = self.asked(node, &mut fields, 1, out);
        fields.close(out);
        let when = match when {
            Some(condition) => Some(condition?),
            None => None,
        };
        let asked = asked?;
        let part = part.unwrap_or_else(|| part::usual(&asked.ask, self.plan));
        Some(Expectation { weight, critical, part, when, asked })
    }

    fn asked(
        &mut self,
        node: &Node,
        fields: &mut Fields<'_>,
        depth: usize,
        out: &mut Diagnostics,
    ) -> Option<Asked> {
        let id = fields.take("id");
        let ask = self.ask(node, fields, depth, out)?;
        let key = match id {
            None => self.free(ask.to_string().into()),
            Some(id) => self.named(id, &ask, out)?,
        };
        self.taken.insert(key.clone());
        Some(Asked { key, ask })
    }

    /// Returns a key that no other expectation has: two that ask the same are told apart by order.
    fn free(&self, key: SmolStr) -> SmolStr {
        let numbered = (2..).map(|nth| format_smolstr!("{key}#{nth}"));
        let mut keys = std::iter::once(key.clone()).chain(numbered);
        keys.find(|key| !self.taken.contains(key)).unwrap_or(key)
    }

    fn named(&self, id: &Node, ask: &Ask, out: &mut Diagnostics) -> Option<SmolStr> {
        let written = id.string(out)?;
        let key = match ask {
            Ask::Evaluator { .. } => format_smolstr!("{QUESTION}{written}"),
            _ => SmolStr::new(written),
        };
        let message = if !is_identifier(written) && !is_slug(written) {
            both!("`{written}` 不能作代号", "`{written}` cannot name an expectation")
        } else if self.taken.contains(&key) {
            both!("代号 `{written}` 已被占用", "`{written}` names another expectation already")
        } else {
            return Some(key);
        };
        out.push(bad_value(id.span, message));
        None
    }

    fn ask(
        &mut self,
        node: &Node,
        fields: &mut Fields<'_>,
        depth: usize,
        out: &mut Diagnostics,
    ) -> Option<Ask> {
        let plan = self.plan;
        let kinds: Vec<&'static str> = pattern::KINDS.into_iter().chain(KINDS).collect();
        let (key, value) = one_of(fields, &kinds, node, out)?;
        match key {
            "objective" => plan.objective(value, out).map(Ask::Objective),
            "reached" => plan.role(value, out).map(Ask::Reached),
            "never" => pattern::never(value, plan, out).map(Ask::Never),
            "probe" => probe::probe(value, plan, out).map(Ask::Probe),
            "evaluator" => {
                let question = text(value, out);
                let scale = fields.take("scale").and_then(|node| node.one_of(&SCALES, out));
                Some(Ask::Evaluator { question: question?, scale: scale.unwrap_or(Scale::Psmu) })
            }
            "all" => self.group(Rule::All, value, depth, out),
            "any" => self.group(Rule::Any, value, depth, out),
            "of" => {
                let most = i64::try_from(EXPECTATIONS_MAX).unwrap_or(i64::MAX);
                fields.require("at_least", out);
                let least = fields.integer("at_least", 1, most, out);
                let least = least.and_then(|least| u32::try_from(least).ok());
                let group = self.group(Rule::AtLeast(least.unwrap_or(1)), value, depth, out);
                least.and(group)
            }
            kind => pattern::seen(kind, value, fields, plan, out).map(Ask::Seen),
        }
    }

    /// Reads the entries of a group.
    fn group(
        &mut self,
        rule: Rule,
        list: &Node,
        depth: usize,
        out: &mut Diagnostics,
    ) -> Option<Ask> {
        let nodes = list.list(out)?;
        let wrong = |message| Diagnostic::new(BAD_GROUP, message).at(list.span);
        if depth > DEPTH_MAX {
            out.push(wrong(both!(
                "组最多嵌套 {DEPTH_MAX} 层",
                "groups stand in groups at most {DEPTH_MAX} deep"
            )));
            return None;
        }
        if nodes.is_empty() {
            out.push(wrong(both!("组里没有预期", "the group is empty")));
            return None;
        }
        let many = nodes.len();
        if let Rule::AtLeast(least) = rule
            && usize::try_from(least).is_ok_and(|least| least > many)
        {
            out.push(wrong(both!(
                "要求 {least} 项，组里却只有 {many} 项",
                "it wants {least}, and there are {many} in the group"
            )));
            return None;
        }
        let mut of = Vec::new();
        for node in nodes {
            self.room(node.span, out)?;
            let what = Text::both("组里的预期", "an expectation of a group");
            let Some(mut fields) = Fields::open(node, what, out) else { continue };
            of.extend(self.asked(node, &mut fields, depth + 1, out));
            fields.close(out);
        }
        (of.len() == many).then_some(Ask::Group { rule, of })
    }
}

/// Takes the one key of several that an entry has.
pub(super) fn one_of<'n>(
    fields: &mut Fields<'n>,
    kinds: &[&'static str],
    node: &Node,
    out: &mut Diagnostics,
) -> Option<(&'static str, &'n Node)> {
    let mut found: Vec<(&'static str, &'n Node)> = Vec::new();
    for key in kinds {
        found.extend(fields.take(key).map(|value| (*key, value)));
    }
    found.sort_by_key(|(_, value)| value.span);
    if let &[one] = found.as_slice() {
        return Some(one);
    }
    let words: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
    let words = words.join(" ");
    let (place, message) = match found.get(1) {
        Some((_, second)) => {
            (second.span, both!("一条只能有一个预期", "one entry expects one thing"))
        }
        None => (node.span, both!("没有说明预期什么", "it does not say what is expected")),
    };
    out.push(
        Diagnostic::new(NOT_ONE_THING, message)
            .at(place)
            .help(both!("恰好写一个：{words}", "write exactly one of {words}")),
    );
    None
}
