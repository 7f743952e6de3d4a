//! Reads the moment that a time counts from: `declared`, `{ phase: … }`, `{ step: …, is: … }`.

use crate::drill::file::code::NOT_ONE_THING;
use crate::drill::file::pattern::MILESTONES;
use crate::drill::file::words::Plan;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{BAD_VALUE, Data, Fields, Node};
use crate::playbook::{Milestone, Moment};
use crate::text::Text;

const NAMES: [(&str, Moment); 4] = [
    ("detected", Moment::Detected),
    ("aware", Moment::Aware),
    ("declared", Moment::Declared),
    ("closed", Moment::Closed),
];

/// Reads a moment.
pub(super) fn moment(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Moment> {
    if !matches!(node.data, Data::Map(_)) {
        let written = node.string(out)?;
        let found = NAMES.into_iter().find(|(name, _)| *name == written);
        if found.is_none() {
            let wrong = both!("`{written}` 不是时刻", "`{written}` is not a moment");
            let help = both!(
                "步骤写 `{{ step: …, is: done }}`，阶段写 `{{ phase: … }}`",
                "a step is `{{ step: …, is: done }}`, a phase `{{ phase: … }}`"
            );
            let names = NAMES.iter().map(|(name, _)| *name);
            let wrong = Diagnostic::new(BAD_VALUE, wrong).at(node.span);
            out.push(wrong.did_you_mean(written, names).help(help));
        }
        return found.map(|(_, moment)| moment);
    }
    let mut fields = Fields::open(node, Text::both("时刻", "a moment"), out)?;
    let (step, phase) = (fields.take("step"), fields.take("phase"));
    let found = match (step, phase) {
        (Some(step), None) => {
            let step = plan.step(step, out);
            let is = fields.take("is").map(|node| node.one_of(&MILESTONES, out));
            let is = is.unwrap_or(Some(Milestone::Done));
            step.zip(is).map(|(step, is)| Moment::Step(step, is))
        }
        (None, Some(phase)) => plan.phase(phase, out).map(Moment::Phase),
        _ => {
            let message =
                both!("时刻要么是步骤，要么是阶段", "a moment is of a step or of a phase");
            let help = both!("恰好写一个：`step` `phase`", "write exactly one of `step` `phase`");
            out.push(Diagnostic::new(NOT_ONE_THING, message).at(node.span).help(help));
            None
        }
    };
    fields.close(out);
    found
}
