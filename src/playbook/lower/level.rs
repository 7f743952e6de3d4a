//! The level table.

use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{Decides, LEVEL_ORDER, Lowering, Site};
use crate::playbook::model::{LEVEL_MILDEST, LEVEL_WORST, Level, LevelRule};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

impl<'n> Lowering<'n> {
    /// Reads the rules: worst first, each level once, the one without a condition last.
    pub(super) fn levels(&mut self, nodes: &'n [Node]) -> Vec<LevelRule> {
        let mut rules: Vec<LevelRule> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(rule) = self.level_rule(node) else { continue };
            if let Some(before) = rules.last() {
                let problem = if before.when.is_none() {
                    Some(Text::both(
                        "前一条没有条件，这一条永远轮不到",
                        "the rule before has no condition, so this one is never reached",
                    ))
                } else if rule.level <= before.level {
                    Some(Text::both(
                        "等级须由重到轻（1 最重）",
                        "levels must stand worst first (1 is worst)",
                    ))
                } else {
                    None
                };
                if let Some(message) = problem {
                    self.out.push(Diagnostic::new(LEVEL_ORDER, message).at(node.span));
                }
            }
            self.notes.decides(Decides::Level(rules.len()), node.get("when"));
            rules.push(rule);
        }
        rules
    }

    fn level_rule(&mut self, node: &'n Node) -> Option<LevelRule> {
        let what = Text::both("等级规则", "a level rule");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let level = fields.require("level", &mut self.out);
        let level = level.and_then(|node| self.level(node));
        let when = fields.take("when");
        let condition = when.and_then(|node| self.condition(node, Site::Level));
        fields.close(&mut self.out);
        let level = level?;
        if when.is_some() && condition.is_none() {
            return None;
        }
        Some(LevelRule { level, when: condition })
    }

    /// Reads a level from 1 to 4.
    pub(super) fn level(&mut self, node: &Node) -> Option<Level> {
        let (worst, mildest) = (i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST));
        let level = node.integer(worst, mildest, &mut self.out)?;
        Level::try_from(level).ok()
    }

    /// Reads a level written as the key of a mapping.
    pub(super) fn level_key(&mut self, key: &crate::playbook::yaml::Key) -> Option<Level> {
        let level =
            key.text.parse().ok().filter(|level| (LEVEL_WORST..=LEVEL_MILDEST).contains(level));
        if level.is_none() {
            let text = &key.text;
            self.out.push(
                Diagnostic::new(
                    crate::playbook::yaml::BAD_VALUE,
                    both!("`{text}` 不是等级", "`{text}` is not a level"),
                )
                .at(key.span)
                .help(Text::both(
                    "等级为 1 到 4，其余用 else",
                    "levels are 1 to 4; `else` is the rest",
                )),
            );
        }
        level
    }
}
