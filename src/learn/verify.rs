//! Whether a run proves an action. Pure.

use jiff::Timestamp;

use crate::engine::Actor;
use crate::learn::action::{Action, ActionState, Change, What};
use crate::learn::experience::Experience;

/// Returns the action as a run leaves it; `None` where the run says nothing of it.
///
/// A run says something of an action that is done when it is of the same plan, began after it was
/// done, was real enough and exercised what the action mends. If that went well the action is
/// closed; if not, it is to be done again.
pub(super) fn settle(action: &Action, seen: &Experience, now: Timestamp) -> Option<Action> {
    let ActionState::Done { at: done, .. } = action.state else { return None };
    let is_of_it =
        seen.playbook == action.playbook && seen.began_at >= done && seen.how >= action.at_least;
    if !is_of_it {
        return None;
    }
    let well = seen.went(&action.about)?;
    let mut settled = action.clone();
    let (shown_by, how) = (seen.source, seen.how);
    let what = if well {
        settled.state = ActionState::Verified { at: now, by: shown_by, how };
        What::Verified { shown_by }
    } else {
        settled.state = ActionState::Open;
        What::NotMended { shown_by }
    };
    settled.changes.push(Change { at: now, by: Actor::System, what });
    Some(settled)
}

#[cfg(test)]
mod tests;
