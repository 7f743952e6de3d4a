//! Steps that run another plan: as a child, or by handing the incident over to it. What the other
//! plan asks for and can set is not known here; the rules over several plans see to that.

use indexmap::IndexMap;

use crate::id::{PlaybookId, StepId, VarId};
use crate::playbook::diagnostic::both;
use crate::playbook::lower::action::KINDS;
use crate::playbook::lower::notes::{CallPlace, SavePlace, Shape, WithPlace};
use crate::playbook::lower::{Lowering, Site, step};
use crate::playbook::model::{Action, Child, HandOff};
use crate::playbook::template::JsonTemplate;
use crate::playbook::yaml::{Data, Fields, Node, bad_value, missing};
use crate::text::Text;

/// The most inputs or outputs of one call: as many as a plan may ask for.
const CALL_FIELDS_MAX: usize = super::field::FIELDS_MAX;

impl<'n> Lowering<'n> {
    /// Reads `playbook` and what stands beside it: `with`, `wait`, `save`, `handoff`.
    pub(super) fn other_plan(
        &mut self,
        fields: &mut Fields<'n>,
        plan: &'n Node,
        step: &StepId,
    ) -> Option<Action> {
        let playbook = self.slug(plan).map(PlaybookId::new);
        let handoff = fields.boolean("handoff", &mut self.out).unwrap_or(false);
        let with_node = fields.take("with");
        let (with, given) = with_node.map(|node| self.with(node)).unwrap_or_default();
        let wait_entry = fields.take_entry("wait");
        let wait = wait_entry.map(|entry| &entry.value).filter(|node| !node.is_null());
        let wait = wait.and_then(|node| self.waits_for_child(node)).unwrap_or(true);
        let save_entry = fields.take_entry("save");
        let save_node = save_entry.map(|entry| &entry.value).filter(|node| !node.is_null());
        let (save, taken) = save_node.map(|node| self.save(node, step)).unwrap_or_default();
        for kind in KINDS.into_iter().filter(|kind| *kind != "wait") {
            if let Some(entry) = fields.take_entry(kind) {
                self.out.push(step::conflict(entry.key.span, &["playbook", kind]));
            }
        }
        self.no_work_by_hand(fields, "playbook");
        let playbook = playbook?;
        self.notes.calls.push(CallPlace {
            step: step.clone(),
            plan: plan.span,
            with: given,
            save: taken,
        });
        if !handoff {
            if let (false, Some(entry)) = (wait, save_entry) {
                self.out.push(step::conflict(entry.key.span, &["wait: false", "save"]).note(
                    Text::both(
                        "不等待子事件的步骤在它开始时就完成，那时还没有结果",
                        "a step that does not wait is done when the child begins: it has no \
                         outcome yet",
                    ),
                ));
            }
            return Some(Action::Child(Box::new(Child { playbook, with, wait, save })));
        }
        for entry in [wait_entry, save_entry].into_iter().flatten() {
            self.out.push(step::conflict(entry.key.span, &["handoff", &entry.key.text]).note(
                Text::both(
                    "移交后事件改用另一预案，原步骤不再等待，也没有可保存的结果",
                    "after a hand-off the incident goes on by the other plan: nothing waits here \
                     and nothing comes back",
                ),
            ));
        }
        self.once_only(fields);
        Some(Action::HandOff(Box::new(HandOff { playbook, with })))
    }

    /// Refuses what means something only beside `playbook`.
    pub(super) fn belongs_to_a_call(&mut self, fields: &mut Fields<'n>) {
        if fields.peek("playbook").is_some() {
            return;
        }
        for key in ["with", "save", "handoff"] {
            if let Some(entry) = fields.take_entry(key) {
                let what = both!("有 `{key}` 的步骤", "a step with `{key}`");
                self.out.push(missing(entry.key.span, &what, "playbook"));
            }
        }
    }

    /// Refuses what would make a hand-off happen more than once, or outlast itself.
    fn once_only(&mut self, fields: &mut Fields<'n>) {
        for key in ["repeat", "for_each", "outlives_phase"] {
            if let Some(entry) = fields.take_entry(key) {
                self.out.push(step::conflict(entry.key.span, &["handoff", key]).note(Text::both(
                    "移交只发生一次，之后原预案的步骤不再继续",
                    "an incident is handed over once; no step of the old plan goes on after it",
                )));
            }
        }
    }

    fn waits_for_child(&mut self, node: &'n Node) -> Option<bool> {
        if matches!(node.data, Data::Map(_)) {
            let message = Text::both(
                "`playbook` 旁的 `wait` 只能是 true 或 false",
                "`wait` beside `playbook` is true or false",
            );
            let help = Text::both(
                "等待一段时间请另写一个 `wait` 步骤",
                "to let time pass, write a step of its own with `wait`",
            );
            self.out.push(bad_value(node.span, message).help(help));
            return None;
        }
        node.boolean(&mut self.out)
    }

    fn with(&mut self, node: &'n Node) -> (IndexMap<VarId, JsonTemplate>, Vec<WithPlace>) {
        let (mut with, mut places) = (IndexMap::new(), Vec::new());
        for entry in self.entries(node) {
            let name = self.variable(&entry.key.text, entry.key.span);
            let value = self.json_template(&entry.value, Site::Incident);
            let (Some(name), Some(value)) = (name, value) else { continue };
            let shape = Shape::of(&value);
            places.push(WithPlace {
                name: name.clone(),
                at: entry.key.span,
                value_at: entry.value.span,
                shape,
            });
            with.insert(name, value);
        }
        (with, places)
    }

    /// Reads outputs: `ours: theirs`. Their types are those of the other plan.
    fn save(&mut self, node: &'n Node, step: &StepId) -> (IndexMap<VarId, VarId>, Vec<SavePlace>) {
        let (mut save, mut places) = (IndexMap::new(), Vec::new());
        for entry in self.entries(node) {
            let name = self.variable(&entry.key.text, entry.key.span);
            let theirs = entry.value.string(&mut self.out);
            let theirs = theirs.and_then(|text| self.variable(text, entry.value.span));
            let Some(name) = name else { continue };
            self.can_set(&name, None, entry.key.span);
            self.step_field(step, &name);
            let Some(theirs) = theirs else { continue };
            places.push(SavePlace {
                name: name.clone(),
                at: entry.key.span,
                theirs: theirs.clone(),
                theirs_at: entry.value.span,
            });
            save.insert(name, theirs);
        }
        (save, places)
    }

    fn entries(&mut self, node: &'n Node) -> Vec<&'n crate::playbook::yaml::Entry> {
        let entries = node.map(&mut self.out).unwrap_or_default();
        if entries.len() > CALL_FIELDS_MAX {
            let message =
                both!("超过 {CALL_FIELDS_MAX} 项", "there are more than {CALL_FIELDS_MAX} of them");
            self.out.push(bad_value(node.span, message));
        }
        entries
    }
}
