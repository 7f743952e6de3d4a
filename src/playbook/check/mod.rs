//! Rules over a whole plan: what each part alone cannot know. Must not know how findings are shown.

use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::load::Context;
use crate::playbook::lower::Notes;
use crate::playbook::model::Playbook;

/// Applies every rule.
pub(in crate::playbook) fn check(
    playbook: &Playbook,
    notes: &Notes<'_>,
    context: &Context<'_>,
    out: &mut Diagnostics,
) {
    let _ = (playbook, notes, context, out);
}
