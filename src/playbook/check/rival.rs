//! Plans that one alert or surge starts together: two groups would work on one trouble.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::playbook::check::RIVALS;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::load::Loaded;
use crate::playbook::model::{Activation, Playbook};
use crate::text::Text;

/// Words that a plan is started by what starts an earlier one too; `None` where it is not.
#[must_use]
pub fn rivals(earlier: &Playbook, later: &Loaded) -> Option<Diagnostic> {
    let plan = later.playbook.as_ref()?;
    let meets = |other: &Activation| earlier.activate_when.iter().any(|one| meet(one, other));
    let at = plan.activate_when.iter().position(meets)?;
    let (one, other) = (&earlier.id, &plan.id);
    let found = Diagnostic::new(
        RIVALS,
        both!(
            "同一个告警会同时启动预案 `{one}` 和 `{other}`",
            "one alert starts both playbooks, `{one}` and `{other}`"
        ),
    );
    let found = match later.activations.get(at) {
        Some(span) => found.at(*span),
        None => found,
    };
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
