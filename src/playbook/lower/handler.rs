//! Handlers: what happens at any time.

use crate::id::PhaseId;
use crate::playbook::lower::{Decides, Lowering, Site, step};
use crate::playbook::model::{Handler, HandlerAct, HandlerEvent};
use crate::playbook::yaml::{Fields, Node, missing};
use crate::text::Text;

/// The most times one handler may fire.
const FIRES_MAX: i64 = 1_000;

const EVENTS: [(&str, HandlerEvent); 10] = [
    ("declared", HandlerEvent::Declared),
    ("level_raised", HandlerEvent::LevelRaised),
    ("level_lowered", HandlerEvent::LevelLowered),
    ("alert_resolved", HandlerEvent::AlertResolved),
    ("surge_subsided", HandlerEvent::SurgeSubsided),
    ("phase_entered", HandlerEvent::PhaseEntered),
    ("role_vacant", HandlerEvent::RoleVacant),
    ("step_failed", HandlerEvent::StepFailed),
    ("clock_breached", HandlerEvent::ClockBreached),
    ("stuck", HandlerEvent::Stuck),
];

impl<'n> Lowering<'n> {
    pub(super) fn handlers(&mut self, nodes: &'n [Node]) -> Vec<Handler> {
        let mut handlers = Vec::with_capacity(nodes.len());
        for node in nodes {
            if let Some(handler) = self.handler(node) {
                self.notes.decides(Decides::Handler(handlers.len()), node.get("when"));
                handlers.push(handler);
            }
        }
        handlers
    }

    fn handler(&mut self, node: &'n Node) -> Option<Handler> {
        let what = Text::both("处理规则", "a handler");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let event = fields.require("event", &mut self.out);
        let event = event.and_then(|node| node.one_of(&EVENTS, &mut self.out));
        let when_node = fields.take("when");
        let when = when_node.and_then(|node| self.condition(node, Site::Incident));
        let while_phase = fields.take("while_phase").map(|n| self.phases_of(n)).unwrap_or_default();
        let at_most = fields.integer("at_most", 1, FIRES_MAX, &mut self.out).unwrap_or(1);
        let notify = fields.take("notify");
        let go = fields.take("go");
        fields.close(&mut self.out);
        let act = match (notify, go) {
            (Some(notify), None) => self.notify(notify).map(HandlerAct::Notify),
            (None, Some(go)) => self.phase_ref(go).map(HandlerAct::Go),
            (None, None) => {
                self.out.push(missing(node.span, &what, "notify"));
                None
            }
            (Some(_), Some(_)) => {
                self.out.push(step::conflict(node.span, &["notify", "go"]));
                None
            }
        };
        if when_node.is_some() && when.is_none() {
            return None;
        }
        let at_most = u32::try_from(at_most).unwrap_or(1);
        Some(Handler { event: event?, when, while_phase, at_most, act: act? })
    }

    /// Reads one phase or a list of them.
    fn phases_of(&mut self, node: &'n Node) -> Vec<PhaseId> {
        match node.as_list() {
            Some(items) => items.iter().filter_map(|item| self.phase_ref(item)).collect(),
            None => self.phase_ref(node).into_iter().collect(),
        }
    }
}
