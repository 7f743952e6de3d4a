//! Step libraries: steps that plans take over with `use:`. Names of the plan (roles, messages,
//! other steps) are open here; they are looked up where a plan uses the step.

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::declare::ids;
use crate::playbook::lower::{DANGLING, Lowering, Notes};
use crate::playbook::yaml::{Fields, Node, UNKNOWN_KEY, bad_value};
use crate::text::Text;

/// The most steps of a library: as many as of a plan.
const STEPS_MAX: usize = 1_000;

/// What places a step among others is the plan's to say.
const PLAN_KEYS: [&str; 2] = ["after", "join"];

/// Checks a library as far as it can be without a plan.
pub(in crate::playbook) fn library<'n>(
    root: &'n Node,
    out: Diagnostics,
) -> (Notes<'n>, Diagnostics) {
    let mut lowering =
        Lowering { out, notes: Notes::default(), statutes: None, has_calendar: true };
    lowering.library(root);
    lowering.out.retain(|found| found.code != DANGLING);
    (lowering.notes, lowering.out)
}

impl<'n> Lowering<'n> {
    fn library(&mut self, root: &'n Node) {
        let what = Text::both("步骤库", "a step library");
        let Some(mut fields) = Fields::open(root, what, &mut self.out) else { return };
        if let Some(name) = fields.require("library", &mut self.out) {
            self.slug(name);
        }
        if let Some(title) = fields.require("title", &mut self.out) {
            title.text(&mut self.out);
        }
        fields.text("summary", &mut self.out);
        if let Some(owner) = fields.take("owner") {
            self.team(owner);
        }
        let steps = fields.require("steps", &mut self.out);
        fields.close(&mut self.out);
        let Some(steps) = steps.and_then(|node| node.list(&mut self.out)) else { return };
        if steps.is_empty() || steps.len() > STEPS_MAX {
            let message =
                both!("须有 1 到 {STEPS_MAX} 个步骤", "there must be 1 to {STEPS_MAX} steps");
            self.out.push(bad_value(root.span, message));
        }
        ids(steps, &mut indexmap::IndexMap::new(), &mut self.out);
        for step in steps {
            self.places_itself(step);
            self.step(step, "");
        }
    }

    fn places_itself(&mut self, step: &Node) {
        for entry in step.as_map().unwrap_or_default() {
            let key = &entry.key.text;
            if PLAN_KEYS.contains(&key.as_str()) {
                let message =
                    both!("步骤库里的步骤没有键 `{key}`", "a step of a library has no key `{key}`");
                let help =
                    Text::both("写在预案里，`use:` 旁边", "write it in the plan, beside `use:`");
                self.out.push(Diagnostic::new(UNKNOWN_KEY, message).at(entry.key.span).help(help));
            }
        }
    }
}
