//! The path that takes longest when every deadline is used up: through each phase, and from phase
//! to phase. Deadlines that depend on the level count with their longest; a step that promises
//! nothing counts as nothing.

use crate::id::{PhaseId, StepId};
use crate::playbook::{Action, Blocks, Join, Limit, Moment, Phase, Playbook, Span, Step, Wait};

const DAY: u64 = 86_400;
/// A month in this reckoning.
const MONTH: u64 = 30 * DAY;

/// How long something takes at most, and over how many steps: of equal times the longer chain
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Length {
    pub(crate) seconds: u64,
    pub(crate) steps: usize,
}

/// The longest path through a phase.
#[derive(Debug, Default)]
pub(crate) struct Path {
    /// The positions of its steps, from first to last; empty where nothing is promised.
    pub(crate) steps: Vec<usize>,
    /// How long it takes.
    pub(crate) length: Length,
}

/// The longest ways through a plan.
#[derive(Debug)]
pub(crate) struct Paths {
    /// Phase by phase.
    pub(crate) phases: Vec<Path>,
    /// The positions of the phases on the longest way from the first to the end.
    pub(crate) way: Vec<usize>,
    /// How long that takes.
    pub(crate) seconds: u64,
}

/// Finds the longest ways through a plan.
pub(crate) fn paths(plan: &Playbook) -> Paths {
    let onward: Vec<Vec<usize>> = (0..plan.phases.len()).map(|at| onward(plan, at)).collect();
    let phases: Vec<Path> =
        plan.phases.iter().zip(&onward).map(|(p, onward)| path(p, onward.is_empty())).collect();
    let mut best = vec![(0, None); phases.len()];
    for at in (0..phases.len()).rev() {
        let next = onward[at].iter().map(|to| (best[*to].0, *to));
        // Of equal ways the one written first.
        let next = next.reduce(|one, other| if other.0 > one.0 { other } else { one });
        let rest = next.map_or(0, |(seconds, _): (u64, usize)| seconds);
        best[at] = (phases[at].length.seconds.saturating_add(rest), next.map(|(_, to)| to));
    }
    let mut way = Vec::new();
    let mut at = (!phases.is_empty()).then_some(0);
    while let Some(here) = at {
        way.push(here);
        at = best[here].1;
    }
    let seconds = best.first().map_or(0, |(seconds, _)| *seconds);
    Paths { phases, way, seconds }
}

/// Lists the later phases that a phase may be left for; ways back are loops, which no plan means
/// to take.
fn onward(plan: &Playbook, at: usize) -> Vec<usize> {
    let next = plan.phases[at].ways();
    if next.is_empty() {
        return if at + 1 < plan.phases.len() { vec![at + 1] } else { Vec::new() };
    }
    let position = |id: &PhaseId| plan.phases.iter().position(|phase| phase.id == *id);
    next.iter().filter_map(|next| position(&next.to)).filter(|to| *to > at).collect()
}

/// Finds the longest path through a phase to a step that its end, or the close, waits for.
fn path(phase: &Phase, last: bool) -> Path {
    let after = after(phase);
    let mut finish = vec![Length::default(); phase.steps.len()];
    let mut before = vec![None; phase.steps.len()];
    for at in order(&after) {
        let step = &phase.steps[at];
        before[at] = decisive(step.join, &after[at], &finish);
        let start = before[at].map_or(Length::default(), |before: usize| finish[before]);
        finish[at] = Length {
            seconds: end(step, start.seconds, anchor(phase, step, &finish)),
            steps: start.steps + 1,
        };
    }
    let counts = |step: &Step| match step.blocks {
        Blocks::Phase => true,
        Blocks::Close => last,
        Blocks::Nothing => false,
    };
    let ends = (0..phase.steps.len()).filter(|at| counts(&phase.steps[*at]));
    let end = ends.reduce(|one, other| if finish[other] > finish[one] { other } else { one });
    let Some(end) = end.filter(|end| finish[*end].seconds > 0) else { return Path::default() };
    let mut steps = Vec::new();
    let mut at = Some(end);
    while let Some(here) = at {
        steps.push(here);
        at = before[here];
    }
    steps.reverse();
    Path { steps, length: finish[end] }
}

/// Returns the predecessor that a step begins with.
pub(crate) fn decisive(join: Join, after: &[usize], finish: &[Length]) -> Option<usize> {
    let mut before = after.to_vec();
    before.sort_by_key(|at| (finish[*at], *at));
    let nth = match join {
        Join::All => before.len(),
        Join::Any => 1,
        Join::AtLeast(n) => usize::try_from(n).unwrap_or(usize::MAX),
    };
    before.get(nth.clamp(1, before.len().max(1)) - 1).copied()
}

/// Returns for each step of a phase the positions of those it comes after.
pub(crate) fn after(phase: &Phase) -> Vec<Vec<usize>> {
    let position = |id: &StepId| phase.steps.iter().position(|step| step.id == *id);
    phase.steps.iter().map(|step| step.after.iter().filter_map(position).collect()).collect()
}

/// Orders steps so that each stands behind all it comes after, in the plan's order otherwise. What
/// waits for itself, which no checked plan does, stands last.
pub(crate) fn order(after: &[Vec<usize>]) -> Vec<usize> {
    let mut placed = vec![false; after.len()];
    let mut order = Vec::with_capacity(after.len());
    loop {
        let ready = |at: &usize| !placed[*at] && after[*at].iter().all(|before| placed[*before]);
        let next: Vec<usize> = (0..after.len()).filter(ready).collect();
        if next.is_empty() {
            order.extend((0..after.len()).filter(|at| !placed[*at]));
            return order;
        }
        for at in next {
            placed[at] = true;
            order.push(at);
        }
    }
}

/// Returns how long after the phase began the moment may be that a step's deadline counts from;
/// nothing where it counts from the step itself. What lies before the phase counts as its beginning.
fn anchor(phase: &Phase, step: &Step, finish: &[Length]) -> Option<u64> {
    let from = step.due.as_ref()?.from()?;
    let Moment::Step(id, _) = from else { return Some(0) };
    let at = phase.steps.iter().position(|step| step.id == *id);
    Some(at.map_or(0, |at| finish[at].seconds))
}

/// Returns how long after the phase began a step may end by what the plan declares.
fn end(step: &Step, start: u64, anchor: Option<u64>) -> u64 {
    // One that counts back leaves the time that something else gives.
    let Some(due) = step.due.as_ref().filter(|due| due.before().is_none()) else {
        let takes = match &step.action {
            Action::Wait(Wait::For(span)) => seconds(span),
            _ => step.timeout.as_ref().map_or(0, seconds),
        };
        return start.saturating_add(takes);
    };
    let limit = match &due.limit {
        Limit::Fixed(span) => seconds(span),
        Limit::ByLevel { levels, otherwise } => {
            levels.values().chain(otherwise).map(seconds).max().unwrap_or(0)
        }
    };
    match anchor {
        None => start.saturating_add(limit),
        Some(anchor) => start.max(anchor.saturating_add(limit)),
    }
}

/// Returns the length of a span as a calendar gives it on average.
fn seconds(span: &Span) -> u64 {
    let business = u64::from(span.business_days()) * DAY * 7 / 5;
    u64::from(span.months()) * MONTH + business + span.seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::shipped::{load, plan};

    fn written(steps: &str) -> Playbook {
        let head = "playbook: small\ntitle: Small\nlevels: [ { level: 4 } ]\n\
                    roles: { r: { title: { zh: 负责人, en: Lead }, assign: { team: t } } }\n\
                    phases:\n  - id: only\n    title: { zh: 唯一, en: Only }\n    steps:\n";
        load("small", &format!("{head}{steps}\n"))
    }

    fn ids(phase: &Phase, path: &Path) -> Vec<String> {
        path.steps.iter().map(|at| phase.steps[*at].id.to_string()).collect()
    }

    #[test]
    fn the_longest_chain_of_deadlines_is_found_in_each_phase() {
        let plan = plan("service-outage");
        let paths = paths(&plan);
        let found: Vec<_> =
            plan.phases.iter().zip(&paths.phases).map(|(phase, path)| ids(phase, path)).collect();
        assert_eq!(found[0], ["confirm"], "assembling holds nothing up");
        assert_eq!(found[1], ["isolate", "switch_over"]);
        assert_eq!(found[2], ["restore_service", "verify", "observe", "stable", "all_clear"]);
        assert_eq!(found[3], ["evaluation", "lessons", "improve_plan"]);
        assert_eq!(paths.way, [0, 1, 2, 3]);
        assert_eq!(paths.phases[2].length.seconds, (8 * 60 + 30 + 30 + 15) * 60);
    }

    #[test]
    fn whoever_is_first_decides_where_any_will_do() {
        let plan = written(
            "      - { id: slow, role: r, title: A, due: 2h }
      - { id: quick, role: r, title: B, due: 5m }
      - { id: then, role: r, title: C, due: 1h58m, after: [slow, quick], join: any }",
        );
        let paths = paths(&plan);
        assert_eq!(ids(&plan.phases[0], &paths.phases[0]), ["quick", "then"]);
    }

    #[test]
    fn deadlines_from_one_moment_do_not_add_up() {
        let plan = written(
            "      - { id: draft, role: r, title: A, due: { within: 2h, from: declared } }
      - { id: send, role: r, title: B, due: { within: 3h, from: aware }, after: [draft] }
      - { id: ask, role: r, title: C, due: { within: 30m, from: { step: send } }, after: [send] }",
        );
        let path = &paths(&plan).phases[0];
        assert_eq!(ids(&plan.phases[0], path), ["draft", "send", "ask"]);
        assert_eq!(path.length.seconds, (3 * 60 + 30) * 60);
    }

    #[test]
    fn a_plan_without_deadlines_has_no_critical_path() {
        let plan = written("      - { id: a, role: r, title: A }");
        assert!(paths(&plan).phases[0].steps.is_empty());
        assert_eq!(paths(&plan).seconds, 0);
    }
}
