//! What can be wrong with a plan as a whole.

use crate::playbook::diagnostic::Code;

/// One variable declared with two types.
pub const TYPE_CLASH: Code = Code::new("E0205");
/// A name the directory does not know.
pub const NOT_IN_DIRECTORY: Code = Code::new("E0206");
/// The same where nobody is configured and everything leads to the operator.
pub const NOT_CONFIGURED: Code = Code::new("W0206");
/// A message that no channel can carry.
pub const NO_CHANNEL: Code = Code::new("E0207");
/// A role that nobody can fill.
pub const NOBODY: Code = Code::new("E0208");
/// A step that can never become ready.
pub const UNREACHABLE_STEP: Code = Code::new("E0302");
/// A phase that no way leads to.
pub const UNREACHABLE_PHASE: Code = Code::new("E0303");
/// Steps that wait for each other.
pub const STEP_CYCLE: Code = Code::new("E0304");
/// An objective whose moments cannot occur in order.
pub const IMPOSSIBLE_OBJECTIVE: Code = Code::new("E0305");
/// A step that undoes another and stands in the ordinary flow.
pub const IN_THE_FLOW: Code = Code::new("E0310");
/// A deadline counts back from what has no end.
pub const NO_END: Code = Code::new("E0312");
/// A step that changes another system, in a plan that undoes others of its steps but not this.
pub const NOT_UNDONE: Code = Code::new("W0302");
/// An objective on a number that no step records.
pub const NOT_MEASURED: Code = Code::new("W0301");
/// A stage of a clock that nobody sees to, or that says nothing of its content.
pub const CLOCK_UNOWNED: Code = Code::new("W0801");
/// A fact of a regime that nothing in the plan can tell.
pub const FACT_NEVER_SET: Code = Code::new("N0802");
/// A role that one person alone, or nobody, can hold in the weeks to come.
pub const FEW_HOLDERS: Code = Code::new("W0207");
/// Hours to come in which nobody can hold a role.
pub const UNSTAFFED: Code = Code::new("W0208");
/// A partner whose contact nobody has tried for long.
pub const NOT_VERIFIED: Code = Code::new("W0209");
/// A message to the outside that goes over one channel.
pub const SINGLE_CHANNEL: Code = Code::new("W0210");
/// A ladder whose last rung reaches nobody.
pub const LADDER_TO_NOBODY: Code = Code::new("W0211");
/// A wait that nothing ends and nobody is told of.
pub const ENDLESS_WAIT: Code = Code::new("W0303");
/// A deadline shorter than what must come before it.
pub const TOO_SHORT: Code = Code::new("W0304");
/// A way or handler whose condition holds in no run.
pub const NEVER_HOLDS: Code = Code::new("W0305");
/// A plan past its review.
pub const REVIEW_DUE: Code = Code::new("W0306");
/// Two plans that one alert or surge starts.
pub const RIVALS: Code = Code::new("W0307");
/// A condition that always holds.
pub const ALWAYS_HOLDS: Code = Code::new("W0308");
/// A way out after one that is always taken.
pub const NEVER_TRIED: Code = Code::new("W0309");
/// A name that nothing can set.
pub const UNKNOWN_NAME: Code = Code::new("E0402");
/// An expression that fails whatever it is given.
pub const EXPRESSION_FAILS: Code = Code::new("E0403");
/// A condition that no answer satisfies.
pub const NO_SUCH_ANSWER: Code = Code::new("E0406");
/// Personal data where it would be read or written into the journal.
pub const PERSONAL_READ: Code = Code::new("E0407");
/// A template that fails whatever it is given.
pub const TEMPLATE_FAILS: Code = Code::new("E0405");
/// A plan that no file holds.
pub const UNKNOWN_CHILD: Code = Code::new("E0901");
/// An input that the other plan does not ask for.
pub const CHILD_INPUT: Code = Code::new("E0902");
/// A value that does not fit the input of the other plan.
pub const CHILD_INPUT_TYPE: Code = Code::new("E0903");
/// An input that the other plan requires and is not given.
pub const CHILD_INPUT_MISSING: Code = Code::new("E0904");
/// A variable that the other plan cannot set or must keep.
pub const CHILD_OUTPUT: Code = Code::new("E0905");
/// Plans that call each other in a circle.
pub const CHILD_CIRCLE: Code = Code::new("E0906");
/// Children that nest too deep.
pub const CHILD_TOO_DEEP: Code = Code::new("E0907");
/// Values that pass from where few may see them to where everyone may.
pub const CHILD_HIDDEN: Code = Code::new("W0901");
/// A call of a plan that is not at hand.
pub const CHILD_NOT_CHECKED: Code = Code::new("N0901");
/// A calendar that does not cover the weeks to come.
pub const CALENDAR_ENDS: Code = Code::new("W0802");
