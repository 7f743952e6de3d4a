//! Rules over a whole plan: what each part alone cannot know. Must not know how findings are shown.

mod clock;
mod code;
mod compensation;
mod directory;
mod flow;
mod name;
mod objective;
mod personal;
mod sample;
mod step;
mod together;
mod variable;

pub use code::{
    CHILD_CIRCLE, CHILD_HIDDEN, CHILD_INPUT, CHILD_INPUT_MISSING, CHILD_INPUT_TYPE,
    CHILD_NOT_CHECKED, CHILD_OUTPUT, CHILD_TOO_DEEP, CLOCK_UNOWNED, EXPRESSION_FAILS,
    FACT_NEVER_SET, IMPOSSIBLE_OBJECTIVE, IN_THE_FLOW, NO_CHANNEL, NO_SUCH_ANSWER, NOBODY,
    NOT_CONFIGURED, NOT_IN_DIRECTORY, NOT_MEASURED, NOT_UNDONE, PERSONAL_READ, STEP_CYCLE,
    TEMPLATE_FAILS, TYPE_CLASH, UNKNOWN_CHILD, UNKNOWN_NAME, UNREACHABLE_PHASE, UNREACHABLE_STEP,
};
pub use together::{CHILDREN_NEST_MAX, Scope, check_together};

pub(in crate::playbook) use directory::directory_names;

use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::load::Context;
use crate::playbook::lower::Notes;
use crate::playbook::model::Playbook;

/// What every rule is given.
struct Check<'a> {
    playbook: &'a Playbook,
    notes: &'a Notes<'a>,
    out: &'a mut Diagnostics,
}

/// Applies every rule. Rules over the whole flow wait until each part is sound: with parts missing
/// they would find only the consequences.
pub(in crate::playbook) fn check(
    playbook: &Playbook,
    notes: &Notes<'_>,
    context: &Context<'_>,
    out: &mut Diagnostics,
) {
    let parts_are_sound = !out.has_errors();
    let mut check = Check { playbook, notes, out };
    check.variables();
    check.personal();
    check.names();
    if parts_are_sound {
        let ways = check.flow();
        check.steps();
        check.compensations();
        check.objectives(&ways);
    }
    check.clocks();
    check.addressed();
    if let Some(directory) = context.directory {
        check.directory(directory);
    }
}
