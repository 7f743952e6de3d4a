//! Phases and their ways out.

use crate::id::PhaseId;
use crate::playbook::lower::{Decides, Lowering, Site};
use crate::playbook::model::{Next, Phase, Step};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

/// The most times one way out may be taken.
const TAKEN_MAX: i64 = 100;

impl<'n> Lowering<'n> {
    pub(super) fn phase(&mut self, node: &'n Node) -> Option<Phase> {
        let mut fields = Fields::open(node, Text::both("阶段", "a phase"), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let steps = fields.list("steps", &mut self.out);
        let next = fields.list("next", &mut self.out);
        fields.close(&mut self.out);
        let name = node.get("id").and_then(Node::as_str).unwrap_or_default();
        let steps: Vec<Step> = steps.iter().filter_map(|step| self.step(step, name)).collect();
        let undoes = |step: &Step| self.notes.compensations.iter().any(|n| n.what.1 == step.id);
        let (compensations, steps) = steps.into_iter().partition(undoes);
        let mut ways = Vec::with_capacity(next.len());
        let mut places = Vec::with_capacity(next.len());
        let id = id.map(PhaseId::new);
        for node in next {
            if let Some(way) = self.next(node) {
                if let Some(id) = &id {
                    let what = Decides::Next(id.clone(), ways.len());
                    self.notes.decides(what, node.get("when"));
                }
                ways.push(way);
                places.push(node.span);
            }
        }
        let id = id?;
        self.notes.next.insert(id.clone(), places);
        Some(Phase { id, title: title?, steps, compensations, next: ways })
    }

    fn next(&mut self, node: &'n Node) -> Option<Next> {
        let mut fields = Fields::open(node, Text::both("出口", "a way out"), &mut self.out)?;
        let to = fields.require("to", &mut self.out).and_then(|node| self.phase_ref(node));
        let when = fields.take("when");
        let condition = when.and_then(|node| self.condition(node, Site::Incident));
        let at_most = fields.integer("at_most", 1, TAKEN_MAX, &mut self.out);
        fields.close(&mut self.out);
        if when.is_some() && condition.is_none() {
            return None;
        }
        let at_most = at_most.and_then(|n| u32::try_from(n).ok());
        Some(Next { to: to?, when: condition, at_most })
    }
}
