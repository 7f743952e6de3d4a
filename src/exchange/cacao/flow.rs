//! Phases in the standard's structured control flow. Steps of a phase run in layers: what waits
//! for nothing, then what waits for those. Phases that follow each other become one chain; phases
//! that lead back become a `while` around a `switch` over the present phase, because the standard
//! knows no other loop.

use std::collections::BTreeMap;

use crate::exchange::cacao::export::Export;
use crate::exchange::cacao::words;
use crate::exchange::draft::put;
use crate::id::StepId;
use crate::playbook::yaml::Node;
use crate::playbook::{Phase, Playbook, Repeat, Step};

/// The variable that holds the present phase.
pub(super) const PHASE_VARIABLE: &str = "__firebell_phase__";
/// Its value after the last phase; no phase can have this name.
const OVER: &str = "end-of-plan";

/// Tells whether each phase leads to the one that follows it and nowhere else.
pub(super) fn is_straight(plan: &Playbook) -> bool {
    plan.phases.iter().enumerate().all(|(n, phase)| match phase.next.as_slice() {
        [] => true,
        [way] => {
            let following = plan.phases.get(n + 1).map(|phase| &phase.id);
            way.when.is_none() && following == Some(&way.to)
        }
        _ => false,
    })
}

/// Returns the condition under which a repetition goes on, where there is one.
pub(super) fn goes_on(repeat: &Repeat) -> Option<String> {
    match (&repeat.while_true, &repeat.until) {
        (Some(condition), _) => Some(words::condition(condition)),
        (None, Some(until)) => Some(format!("not ({})", words::condition(until))),
        (None, None) => None,
    }
}

/// The properties of a step with a condition.
pub(super) fn conditional(condition: &str, on_true: &str, next: &str) -> Vec<(String, Node)> {
    let mut entries = Vec::new();
    put(&mut entries, "on_completion", next);
    put(&mut entries, "condition", condition);
    put(&mut entries, "on_true", on_true);
    entries
}

impl Export<'_> {
    /// Adds the whole workflow and returns where it starts.
    pub(super) fn workflow(&mut self) -> String {
        let end = self.end.clone();
        let (plan, straight) = (self.plan, is_straight(self.plan));
        let mut next = end.clone();
        if straight {
            for phase in plan.phases.iter().rev() {
                next = self.phase(phase, &next);
            }
        } else {
            next = self.rounds();
        }
        let mut entries = Vec::new();
        put(&mut entries, "on_completion", next);
        let start = self.add("start", "start", entries);
        self.add("end", "end", Vec::new());
        start
    }

    /// Adds the loop over the phases and returns it.
    fn rounds(&mut self) -> String {
        let end = self.end.clone();
        let plan = self.plan;
        let mut cases: Vec<(String, Node)> = Vec::new();
        for (n, phase) in plan.phases.iter().enumerate() {
            let following = plan.phases.get(n + 1).map_or(OVER, |phase| phase.id.as_str());
            let ways = self.ways(phase, following);
            let head = self.phase(phase, &ways);
            put(&mut cases, phase.id.as_str(), head);
        }
        let mut entries = Vec::new();
        put(&mut entries, "on_completion", end.clone());
        put(&mut entries, "switch", format!("{PHASE_VARIABLE}:value"));
        put(&mut entries, "cases", Node::map_of(cases));
        let switch = self.add("switch-condition", "phases", entries);
        let condition = format!("{PHASE_VARIABLE}:value != '{OVER}'");
        self.add("while-condition", "phases", conditional(&condition, &switch, &end))
    }

    /// Adds the ways out of a phase, tried in order, and returns the first.
    fn ways(&mut self, phase: &Phase, following: &str) -> String {
        let end = self.end.clone();
        if phase.next.is_empty() {
            return self.enter(phase, following, 0);
        }
        let mut next = end.clone();
        for (n, way) in phase.next.iter().enumerate().rev() {
            let enter = self.enter(phase, way.to.as_str(), n);
            next = match &way.when {
                None => enter,
                Some(when) => {
                    let mut entries = conditional(&words::condition(when), &enter, &end);
                    put(&mut entries, "on_false", next);
                    self.add("if-condition", &format!("{}->{n}", phase.id), entries)
                }
            };
        }
        next
    }

    /// Adds the step that makes another phase the present one.
    fn enter(&mut self, phase: &Phase, to: &str, n: usize) -> String {
        let end = self.end.clone();
        let says = match to {
            OVER => self.lang.pick("结束预案".to_owned(), "End the plan".to_owned()),
            to => self.lang.pick(format!("进入阶段 {to}"), format!("Enter the phase {to}")),
        };
        let command = Node::map_of([
            ("type", Node::text_of("manual")),
            ("command", Node::text_of(format!("{PHASE_VARIABLE} = {to}"))),
        ]);
        let mut entries = Vec::new();
        put(&mut entries, "name", says);
        put(&mut entries, "on_completion", end);
        put(&mut entries, "commands", Node::list_of([command]));
        put(&mut entries, "agent", self.machine());
        put(&mut entries, "out_args", Node::list_of([Node::text_of(PHASE_VARIABLE)]));
        self.add("action", &format!("{}->{n}", phase.id), entries)
    }

    /// Adds the steps of a phase, layer by layer, and returns where they begin.
    fn phase(&mut self, phase: &Phase, next: &str) -> String {
        let end = self.end.clone();
        let mut next = next.to_owned();
        for (n, layer) in layers(phase).iter().enumerate().rev() {
            next = match layer.as_slice() {
                [one] => self.unit(phase, one, &next),
                several => {
                    let heads: Vec<Node> = several
                        .iter()
                        .map(|step| Node::text_of(self.unit(phase, step, &end)))
                        .collect();
                    let mut entries = Vec::new();
                    put(&mut entries, "name", phase.title.get(self.lang));
                    put(&mut entries, "on_completion", next);
                    put(&mut entries, "next_steps", Node::list_of(heads));
                    self.add("parallel", &format!("{}.{n}", phase.id), entries)
                }
            };
        }
        next
    }
}

/// Sorts the steps of a phase into layers: each waits for steps of earlier layers alone.
fn layers(phase: &Phase) -> Vec<Vec<&Step>> {
    let steps: BTreeMap<&StepId, &Step> = phase.steps.iter().map(|s| (&s.id, s)).collect();
    let mut depth: BTreeMap<&StepId, usize> = BTreeMap::new();
    let mut open: Vec<&Step> = phase.steps.iter().rev().collect();
    while let Some(step) = open.last().copied() {
        let known = |id| steps.get(id).filter(|before| !depth.contains_key(&before.id));
        let missing: Vec<&Step> = step.after.iter().filter_map(known).copied().collect();
        if missing.is_empty() {
            let before = step.after.iter().filter_map(|id| depth.get(id));
            let mine = before.max().map_or(0, |deepest| deepest + 1);
            depth.insert(&step.id, mine);
            open.pop();
        } else {
            // Steps of a plan that loaded do not wait for each other in a circle.
            open.extend(missing);
        }
    }
    let mut layers: Vec<Vec<&Step>> = Vec::new();
    for step in &phase.steps {
        let at = depth.get(&step.id).copied().unwrap_or_default();
        if layers.len() <= at {
            layers.resize_with(at + 1, Vec::new);
        }
        layers[at].push(step);
    }
    layers
}
