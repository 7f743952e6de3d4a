//! Plans that call each other in a circle, and calls that nest too deep.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::PlaybookId;
use crate::playbook::check::{CHILD_CIRCLE, CHILD_TOO_DEEP};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::CallPlace;
use crate::playbook::signature::Signature;
use crate::text::Text;

/// How deep children may nest: whoever follows an incident from its outermost to its innermost part
/// can still hold all of it in mind.
pub const CHILDREN_NEST_MAX: u32 = 5;

type All = BTreeMap<PlaybookId, Signature>;

/// Looks at the calls of one plan: each that leads back to it, and each that leads too deep.
pub(super) fn look(of: &Signature, all: &All, places: &[CallPlace], out: &mut Vec<Diagnostic>) {
    for (place, (_, id)) in places.iter().zip(&of.calls) {
        if let Some(way) = way_back(id, &of.id, all) {
            let path = [&of.id].into_iter().chain(&way).map(PlaybookId::as_str);
            let path = path.collect::<Vec<_>>().join(" → ");
            let message =
                both!("预案互相调用：{path}", "these plans call each other in a circle: {path}");
            let help = Text::both(
                "去掉其中一个 `playbook` 步骤：没有什么能结束这个循环",
                "remove one of these `playbook` steps: nothing would end the circle",
            );
            out.push(Diagnostic::new(CHILD_CIRCLE, message).at(place.plan).help(help));
        } else if depth(id, all) >= CHILDREN_NEST_MAX {
            let message = both!(
                "子事件会嵌套超过 {CHILDREN_NEST_MAX} 层",
                "children would nest deeper than {CHILDREN_NEST_MAX}"
            );
            let help = Text::both(
                "让较外层的预案直接调用较内层的预案",
                "let an outer plan call the inner ones itself",
            );
            out.push(Diagnostic::new(CHILD_TOO_DEEP, message).at(place.plan).help(help));
        }
    }
}

/// Finds a shortest way of calls from one plan to another, both included.
fn way_back(from: &PlaybookId, to: &PlaybookId, all: &All) -> Option<Vec<PlaybookId>> {
    let mut came: BTreeMap<PlaybookId, PlaybookId> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([from.clone()]);
    let mut seen = BTreeSet::from([from.clone()]);
    while let Some(at) = open.pop_front() {
        if at == *to {
            let mut way = vec![at];
            while let Some(before) = way.last().and_then(|last| came.get(last)) {
                way.push(before.clone());
            }
            way.reverse();
            return Some(way);
        }
        for (_, next) in all.get(&at).into_iter().flat_map(|plan| &plan.calls) {
            if seen.insert(next.clone()) {
                came.insert(next.clone(), at.clone());
                open.push_back(next.clone());
            }
        }
    }
    None
}

/// Returns how deep the calls of a plan nest below it. Plans in a circle are told by that rule; here
/// the count stops at the bound, level by level, so it ends for every set of plans.
fn depth(of: &PlaybookId, all: &All) -> u32 {
    let mut level = BTreeSet::from([of]);
    for deep in 0..CHILDREN_NEST_MAX {
        let next = level.iter().filter_map(|id| all.get(*id));
        level = next.flat_map(|plan| plan.calls.iter().map(|(_, id)| id)).collect();
        if level.is_empty() {
            return deep;
        }
    }
    CHILDREN_NEST_MAX
}
