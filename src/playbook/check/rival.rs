//! Plans that one alert or surge starts together: two groups would work on one trouble.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::playbook::check::RIVALS;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::model::{Activation, Playbook};
use crate::text::Text;

/// Words that a plan is started by what starts an earlier one too; `None` where it is not.
#[must_use]
pub fn rivals(earlier: &Playbook, later: &Playbook) -> Option<Diagnostic> {
    let meets = |one: &Activation| later.activate_when.iter().any(|other| meet(one, other));
    if !earlier.activate_when.iter().any(meets) {
        return None;
    }
    let (one, other) = (&earlier.id, &later.id);
    let found = Diagnostic::new(
        RIVALS,
        both!(
            "同一个告警会同时启动预案 `{one}` 和 `{other}`",
            "one alert starts both playbooks, `{one}` and `{other}`"
        ),
    );
    Some(found.help(Text::both(
        "让两者的 `match` 至少有一个标签取值不同",
        "let their `match` differ in the value of a label",
    )))
}

fn meet(one: &Activation, other: &Activation) -> bool {
    match (one, other) {
        (
            Activation::Alert { match_labels: one, .. },
            Activation::Alert { match_labels: other, .. },
        ) => agree(one, other),
        (Activation::Surge { monitor: one, .. }, Activation::Surge { monitor: other, .. }) => {
            one == other
        }
        (Activation::Alert { .. }, Activation::Surge { .. })
        | (Activation::Surge { .. }, Activation::Alert { .. }) => false,
    }
}

/// Tells whether one alert can have the labels of both: no label has two values, and at least one
/// is asked for by both.
fn agree(one: &BTreeMap<SmolStr, String>, other: &BTreeMap<SmolStr, String>) -> bool {
    let mut shared = one.iter().filter_map(|(label, value)| Some((value, other.get(label)?)));
    let same = shared.clone().all(|(one, other)| one == other);
    same && shared.next().is_some()
}
