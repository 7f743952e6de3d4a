//! Objectives.

use crate::id::{ObjectiveId, VarId};
use crate::playbook::diagnostic::both;
use crate::playbook::lower::Lowering;
use crate::playbook::model::{Objective, Promise};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Fields, Node, bad_value, missing};
use crate::text::Text;

impl<'n> Lowering<'n> {
    pub(super) fn objective(&mut self, node: &'n Node) -> Option<Objective> {
        let what = Text::both("目标时限", "an objective");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let title = fields.text("title", &mut self.out);
        let measure = fields.take("measure");
        let promise = match measure {
            Some(measure) => self.measure(measure, &mut fields, &what),
            None => self.within(&mut fields, &what),
        };
        fields.close(&mut self.out);
        Some(Objective { id: ObjectiveId::new(id?), title, promise: promise? })
    }

    fn within(&mut self, fields: &mut Fields<'n>, what: &Text) -> Option<Promise> {
        let from = fields.take("from");
        let to = fields.take("to");
        let within = fields.take("within");
        for (key, node) in [("from", from), ("to", to), ("within", within)] {
            if node.is_none() {
                self.out.push(missing(fields.span(), what, key));
            }
        }
        let from = from.and_then(|node| self.moment(node));
        let to = to.and_then(|node| self.moment(node));
        let within = within.and_then(|node| self.calendar_free(node));
        Some(Promise::Within { from: from?, to: to?, within: within? })
    }

    fn measure(&mut self, node: &'n Node, fields: &mut Fields<'n>, what: &Text) -> Option<Promise> {
        let measure = self.measure_name(node);
        let least = fields.take("at_least");
        let most = fields.take("at_most");
        if least.is_none() && most.is_none() {
            self.out.push(missing(fields.span(), what, "at_least"));
        }
        let at_least = least.and_then(|node| node.number(&mut self.out));
        let at_most = most.and_then(|node| node.number(&mut self.out));
        if let (Some(least), Some(most)) = (at_least, at_most)
            && least > most
        {
            let message = both!("最小值 {least} 大于最大值 {most}", "{least} is above {most}");
            self.out.push(bad_value(fields.span(), message));
        }
        Some(Promise::Measure { measure: measure?, at_least, at_most })
    }

    /// Reads the name of a measure.
    pub(super) fn measure_name(&mut self, node: &Node) -> Option<VarId> {
        let name = node.string(&mut self.out)?;
        self.identifier(name, node.span).map(VarId::new)
    }

    /// Notes that a step records a measure.
    pub(super) fn records(&mut self, measure: &VarId, span: Span) {
        self.notes.measures.entry(measure.clone()).or_insert(span);
    }
}
