//! What starts a playbook besides a person.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::VarId;
use crate::playbook::diagnostic::both;
use crate::playbook::lower::{DANGLING, Lowering, Noted, Site};
use crate::playbook::model::Activation;
use crate::playbook::template::Template;
use crate::playbook::value::Field;
use crate::playbook::yaml::{Entry, Fields, Node, bad_value, missing, unknown_name};
use crate::text::Text;

impl<'n> Lowering<'n> {
    pub(super) fn activations(
        &mut self,
        nodes: &'n [Node],
        inputs: &IndexMap<VarId, Field>,
    ) -> Vec<Activation> {
        let mut activations = Vec::with_capacity(nodes.len());
        for node in nodes {
            if let Some(activation) = self.activation(node, inputs) {
                self.notes.activations.push(node.span);
                activations.push(activation);
            }
        }
        activations
    }

    fn activation(
        &mut self,
        node: &'n Node,
        inputs: &IndexMap<VarId, Field>,
    ) -> Option<Activation> {
        let what = Text::both("启动条件", "an activation");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let alert = fields.take("alert");
        let surge = fields.take("surge");
        fields.close(&mut self.out);
        match (alert, surge) {
            (Some(alert), None) => self.alert(alert, inputs),
            (None, Some(surge)) => self.surge(surge, inputs),
            (None, None) => {
                self.out.push(missing(node.span, &what, "alert"));
                None
            }
            (Some(_), Some(_)) => {
                self.out.push(super::step::conflict(node.span, &["alert", "surge"]));
                None
            }
        }
    }

    fn alert(&mut self, node: &'n Node, inputs: &IndexMap<VarId, Field>) -> Option<Activation> {
        let what = Text::both("告警条件", "an alert activation");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let labels = fields.require("match", &mut self.out);
        let filled = fields.map("inputs", &mut self.out);
        fields.close(&mut self.out);
        let mut match_labels = BTreeMap::new();
        for entry in labels?.map(&mut self.out)? {
            let Some(value) = entry.value.string(&mut self.out) else { continue };
            match_labels.insert(SmolStr::new(&entry.key.text), value.to_owned());
        }
        if match_labels.is_empty() {
            let message =
                both!("`match` 为空会匹配所有告警", "an empty `match` would answer every alert");
            self.out.push(bad_value(labels?.span, message));
        }
        let inputs = self.filled(&filled, inputs, Site::Alert);
        Some(Activation::Alert { match_labels, inputs })
    }

    /// Reads the inputs that an alert or a surge fills.
    fn filled(
        &mut self,
        filled: &[&'n Entry],
        inputs: &IndexMap<VarId, Field>,
        site: Site,
    ) -> IndexMap<VarId, Template> {
        let mut templates = IndexMap::new();
        for entry in filled {
            let known = inputs.contains_key(entry.key.text.as_str());
            if !known {
                let noun = Text::both("输入项", "input");
                let names = inputs.keys().map(VarId::as_str);
                let written = &entry.key.text;
                self.out
                    .push_with(|| unknown_name(DANGLING, entry.key.span, &noun, written, names));
            }
            let template = self.template(&entry.value, site);
            if known && let Some(template) = template {
                let input = VarId::new(&entry.key.text);
                let noted = Noted { what: input.clone(), span: entry.key.span };
                self.notes.filled_by_tool.push(noted);
                templates.insert(input, template);
            }
        }
        templates
    }

    fn surge(&mut self, node: &'n Node, inputs: &IndexMap<VarId, Field>) -> Option<Activation> {
        let what = Text::both("突增条件", "a surge activation");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let monitor = fields.require("monitor", &mut self.out);
        let at_least = fields.take("at_least");
        let filled = fields.map("inputs", &mut self.out);
        fields.close(&mut self.out);
        let monitor = monitor.and_then(|node| self.label(node));
        let ratio = at_least.and_then(|node| node.number(&mut self.out));
        if let (Some(ratio), Some(node)) = (ratio, at_least)
            && (ratio.is_nan() || ratio <= 1.0)
        {
            let message = both!(
                "倍数须大于 1，否则平日也会启动",
                "the ratio must be above 1, or every ordinary day would start the plan"
            );
            self.out.push(bad_value(node.span, message));
        }
        let inputs = self.filled(&filled, inputs, Site::Surge);
        Some(Activation::Surge { monitor: SmolStr::new(monitor?), at_least: ratio, inputs })
    }
}
