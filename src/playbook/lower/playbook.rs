//! The top of a plan.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::civil::Date;
use smol_str::SmolStr;

use crate::id::PlaybookId;
use crate::playbook::diagnostic::{Diagnostics, both};
use crate::playbook::lower::declare::declare;
use crate::playbook::lower::{Lowering, NO_SUCH_STATUTE, Notes};
use crate::playbook::model::{Access, Close, Playbook};
use crate::playbook::part::Bundle;
use crate::playbook::statute::{Calendar, Statutes};
use crate::playbook::yaml::{Fields, Node, bad_value, unknown_name};
use crate::text::Text;

/// The most phases of a plan.
const PHASES_MAX: usize = 50;
/// The most steps of a plan.
const STEPS_MAX: usize = 1_000;

/// Reads a plan. The model is there when nothing that it needs is missing; whether it may be used
/// is for the findings to say.
pub(in crate::playbook) fn lower<'n>(
    root: &'n Node,
    statutes: &'n Statutes,
    mut out: Diagnostics,
) -> (Option<Playbook>, Notes<'n>, Diagnostics) {
    let notes = declare(root, &mut out);
    let has_calendar = root.get("calendar").is_some();
    let mut lowering = Lowering { out, notes, statutes: Some(statutes), has_calendar };
    let playbook = lowering.playbook(root);
    (playbook, lowering.notes, lowering.out)
}

impl<'n> Lowering<'n> {
    fn playbook(&mut self, root: &'n Node) -> Option<Playbook> {
        let mut fields = Fields::open(root, Text::both("预案", "a playbook"), &mut self.out)?;
        let id = fields.require("playbook", &mut self.out).and_then(|node| self.slug(node));
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let summary = fields.text("summary", &mut self.out);
        let owner = fields.take("owner").and_then(|node| self.team(node));
        let reviewed_on = fields.take("reviewed_on");
        self.notes.reviewed_on = reviewed_on.map(|node| node.span);
        let reviewed_on = reviewed_on.and_then(|node| self.date(node));
        let review_every = fields.duration("review_every", &mut self.out);
        let risks = fields.list("risks", &mut self.out);
        let risks = risks.iter().filter_map(|node| self.slug(node)).map(SmolStr::new).collect();
        let access = [("open", Access::Open), ("restricted", Access::Restricted)];
        let access = fields.take("access").and_then(|node| node.one_of(&access, &mut self.out));
        let inputs = fields.take("inputs").map(|node| self.fields(node)).unwrap_or_default();
        let levels = fields.list("levels", &mut self.out);
        let levels = self.levels(levels);
        let assume_level = fields.take("assume_level").and_then(|node| self.level(node));
        let calendar = fields.take("calendar").and_then(|node| self.calendar_ref(node));
        let activate_when = fields.list("activate_when", &mut self.out);
        let activate_when = self.activations(activate_when, &inputs);
        let roles = fields.map("roles", &mut self.out);
        let roles = self.named(roles, Self::role, |role| role.id.clone());
        let resources = fields.list("resources", &mut self.out);
        let resources = resources.iter().filter_map(|node| self.resource(node)).collect();
        let partners = fields.list("partners", &mut self.out);
        let partners = partners.iter().filter_map(|node| self.listed_partner(node)).collect();
        let bridge = fields.take("bridge").and_then(|node| self.bridge(node));
        let objectives = fields.list("objectives", &mut self.out);
        let objectives = objectives.iter().filter_map(|node| self.objective(node)).collect();
        let clocks = fields.take("clocks").map(|node| self.clocks(node)).unwrap_or_default();
        let messages = fields.map("messages", &mut self.out);
        let messages = self.named(messages, Self::message, |message| message.id.clone());
        let phases = fields.require("phases", &mut self.out);
        let phases = phases.map(|node| self.phases(node)).unwrap_or_default();
        let handlers = fields.list("handlers", &mut self.out);
        let handlers = self.handlers(handlers);
        let close = [("auto", Close::Auto), ("by_person", Close::ByPerson)];
        let close = fields.take("close").and_then(|node| node.one_of(&close, &mut self.out));
        fields.close(&mut self.out);
        Some(Playbook {
            id: PlaybookId::new(id?),
            hash: SmolStr::default(),
            lazy_index: crate::playbook::LazyIndex::default(),
            bundle: Bundle::default(),
            title: title?,
            summary,
            owner,
            reviewed_on,
            review_every,
            risks,
            access: access.unwrap_or_default(),
            inputs,
            levels,
            assume_level,
            activate_when,
            roles,
            resources,
            partners,
            bridge,
            objectives,
            calendar,
            clocks,
            messages,
            phases,
            handlers,
            close: close.unwrap_or_default(),
        })
    }

    /// Reads the name of a calendar of business days.
    fn calendar_ref(&mut self, node: &'n Node) -> Option<Arc<Calendar>> {
        self.notes.calendar = Some(node.span);
        let name = self.slug(node)?;
        let statutes = self.statutes?;
        let found = statutes.calendar(name).cloned();
        if found.is_none() {
            self.out.push_with(|| {
                let noun = Text::both("工作日历", "calendar");
                let known = statutes.known_calendars.iter().map(String::as_str);
                unknown_name(NO_SUCH_STATUTE, node.span, &noun, name, known).note(Text::both(
                    "日历是预案旁边 `calendars/` 里的 YAML 文件；有误的先修正",
                    "calendars are YAML files in `calendars/` beside the plan; mend a wrong one first",
                ))
            });
        }
        found
    }

    fn named<K: std::hash::Hash + Eq, V>(
        &mut self,
        entries: Vec<&'n crate::playbook::yaml::Entry>,
        read: impl Fn(&mut Self, &'n crate::playbook::yaml::Entry) -> Option<V>,
        key: impl Fn(&V) -> K,
    ) -> IndexMap<K, V> {
        let values = entries.into_iter().filter_map(|entry| read(self, entry));
        values.map(|value| (key(&value), value)).collect()
    }

    fn phases(&mut self, node: &'n Node) -> Vec<crate::playbook::model::Phase> {
        let items = node.list(&mut self.out).unwrap_or_default();
        if items.is_empty() || items.len() > PHASES_MAX {
            let message =
                both!("须有 1 到 {PHASES_MAX} 个阶段", "there must be 1 to {PHASES_MAX} phases");
            self.out.push(bad_value(node.span, message));
        }
        if self.notes.steps.len() > STEPS_MAX {
            let message = both!("步骤超过 {STEPS_MAX} 个", "there are more than {STEPS_MAX} steps");
            self.out.push(bad_value(node.span, message));
        }
        items.iter().filter_map(|node| self.phase(node)).collect()
    }

    /// Reads a day.
    pub(super) fn date(&mut self, node: &Node) -> Option<Date> {
        let text = node.string(&mut self.out)?;
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        if date.is_none() {
            let message = both!("`{text}` 不是日期", "`{text}` is not a date");
            let help = both!("写成 2026-11-01", "write it as 2026-11-01");
            self.out.push(bad_value(node.span, message).help(help));
        }
        date
    }
}
