//! Plans that call each other in a circle, and calls that nest too deep.

use std::collections::{BTreeMap, VecDeque};

use super::of_call;
use crate::id::PlaybookId;
use crate::playbook::check::{CHILD_CIRCLE, CHILD_TOO_DEEP};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::CallPlace;
use crate::playbook::signature::Signature;
use crate::text::Text;

/// How deep children may nest: whoever follows an incident from its outermost to its innermost part
/// can still hold all of it in mind.
pub const CHILDREN_NEST_MAX: u32 = 5;
/// The most plans of a circle that are named.
const NAMED_MAX: usize = 10;

type All = BTreeMap<PlaybookId, Signature>;

/// Who calls whom, looked at once for all plans of a set.
pub(super) struct Calls<'a> {
    callers: BTreeMap<&'a PlaybookId, Vec<&'a PlaybookId>>,
    /// How deep the calls of a plan nest below it, up to the bound.
    depth: BTreeMap<&'a PlaybookId, u32>,
}

impl<'a> Calls<'a> {
    pub(super) fn of(all: &'a All) -> Self {
        let mut callers: BTreeMap<&PlaybookId, Vec<&PlaybookId>> = BTreeMap::new();
        for (caller, plan) in all {
            for (_, id) in &plan.calls {
                let known = callers.entry(id).or_default();
                // The calls of one plan come one after the other.
                if known.last() != Some(&caller) {
                    known.push(caller);
                }
            }
        }
        let mut depth: BTreeMap<&PlaybookId, u32> = all.keys().map(|id| (id, 0)).collect();
        // Round by round the calls are followed one further, so it ends in circles too.
        for _ in 0..CHILDREN_NEST_MAX {
            let below = |id: &PlaybookId| depth.get(id).copied().unwrap_or(0);
            let deeper = |plan: &Signature| plan.calls.iter().map(|(_, id)| below(id) + 1).max();
            depth = all.iter().map(|(id, plan)| (id, deeper(plan).unwrap_or(0))).collect();
        }
        Self { callers, depth }
    }

    /// Looks at the calls of one plan: each that leads back to it, and each that leads too deep.
    pub(super) fn look(&self, of: &Signature, places: &[CallPlace], out: &mut Vec<Diagnostic>) {
        let back = self.ways_back(&of.id);
        for (place, (_, id)) in places.iter().zip(&of.calls) {
            if *id == of.id || back.contains_key(id) {
                out.push(circle(place, &of.id, id, &back));
            } else if self.depth.get(id).is_some_and(|depth| *depth >= CHILDREN_NEST_MAX) {
                out.push(too_deep(place));
            }
        }
    }

    /// Returns for each plan that leads to this one which it calls on a shortest way there.
    fn ways_back(&self, to: &PlaybookId) -> BTreeMap<&'a PlaybookId, &'a PlaybookId> {
        let mut back = BTreeMap::new();
        let Some((to, _)) = self.callers.get_key_value(to) else { return back };
        let to = *to;
        let mut open = VecDeque::from([to]);
        while let Some(at) = open.pop_front() {
            for caller in self.callers.get(at).into_iter().flatten().copied() {
                if caller != to && !back.contains_key(caller) {
                    back.insert(caller, at);
                    open.push_back(caller);
                }
            }
        }
        back
    }
}

fn circle(
    place: &CallPlace,
    of: &PlaybookId,
    called: &PlaybookId,
    back: &BTreeMap<&PlaybookId, &PlaybookId>,
) -> Diagnostic {
    let mut way = vec![of.as_str(), called.as_str()];
    let mut at = called;
    while let Some(next) = back.get(at).filter(|_| at != of) {
        at = next;
        way.push(at.as_str());
    }
    if way.len() > NAMED_MAX {
        let last = way.len() - 2;
        way.splice(NAMED_MAX - 2..last, ["…"]);
    }
    let path = way.join(" → ");
    let message = both!("预案互相调用：{path}", "these plans call each other in a circle: {path}");
    let help = Text::both(
        "去掉其中一个 `playbook` 步骤：没有什么能结束这个循环",
        "remove one of these `playbook` steps: nothing would end the circle",
    );
    of_call(CHILD_CIRCLE, place, message, help)
}

fn too_deep(place: &CallPlace) -> Diagnostic {
    let message = both!(
        "子事件会嵌套超过 {CHILDREN_NEST_MAX} 层",
        "children would nest deeper than {CHILDREN_NEST_MAX}"
    );
    let help = Text::both(
        "让较外层的预案直接调用较内层的预案",
        "let an outer plan call the inner ones itself",
    );
    of_call(CHILD_TOO_DEEP, place, message, help)
}
