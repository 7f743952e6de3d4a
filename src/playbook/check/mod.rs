//! Rules over a whole plan: what each part alone cannot know. Must not know how findings are shown.

mod backward;
mod clock;
mod code;
mod compensation;
mod condition;
mod directory;
mod earliest;
mod flow;
mod latest;
mod literal;
mod name;
mod objective;
mod outcome;
mod personal;
mod promise;
mod rival;
mod sample;
mod staffing;
mod step;
mod together;
mod variable;

pub use code::{
    ALWAYS_HOLDS, CALENDAR_ENDS, CHILD_CIRCLE, CHILD_HIDDEN, CHILD_INPUT, CHILD_INPUT_MISSING,
    CHILD_INPUT_TYPE, CHILD_NOT_CHECKED, CHILD_OUTPUT, CHILD_TOO_DEEP, CLOCK_UNOWNED, ENDLESS_WAIT,
    EXPRESSION_FAILS, FACT_NEVER_SET, FEW_HOLDERS, IMPOSSIBLE_OBJECTIVE, IN_THE_FLOW,
    LADDER_TO_NOBODY, NEVER_HOLDS, NEVER_TRIED, NO_CHANNEL, NO_END, NO_SUCH_ANSWER, NOBODY,
    NOT_CONFIGURED, NOT_IN_DIRECTORY, NOT_MEASURED, NOT_UNDONE, NOT_VERIFIED, PERSONAL_READ,
    REVIEW_DUE, RIVALS, SINGLE_CHANNEL, STEP_CYCLE, TEMPLATE_FAILS, TOO_SHORT, TYPE_CLASH,
    UNKNOWN_CHILD, UNKNOWN_NAME, UNREACHABLE_PHASE, UNREACHABLE_STEP, UNSTAFFED,
};
pub use together::{CHILDREN_NEST_MAX, Scope, check_together};

pub(in crate::playbook) use directory::directory_names;
pub use rival::rivals;

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
    check.terms();
    if parts_are_sound {
        check.flow();
        check.steps();
        check.compensations();
        check.objectives();
        check.too_short();
        check.lead_times();
        // What cannot be decided because of a mistake in it is told as that.
        if !check.out.has_errors() {
            check.conditions();
        }
        check.triggers();
        check.endless_waits();
    }
    check.clocks();
    check.addressed();
    if let Some(now) = context.now {
        check.review(now);
        check.calendar_ends(now);
    }
    if let Some(directory) = context.directory {
        check.directory(directory);
        if let Some(now) = context.now.filter(|_| !directory.is_built_in()) {
            check.staffing(directory, now);
        }
    }
}
