//! How what was written on paper is entered later at its true time: commands with blanks, each
//! accepted as it stands once its blanks are filled. What firebell does by itself is not entered.

use crate::playbook::{
    Action, CheckItem, Clock, Compensate, Evidence, Manual, Moment, Phase, Playbook, Step,
};
use crate::text::Lang;

/// Stands where something is to be filled in.
const BLANK: &str = "…";

/// Says how the results of a step are entered, one line for each.
pub(super) fn of_step(plan: &Playbook, step: &Step) -> Vec<String> {
    let id = match step.for_each {
        // An item of a for-each is named after a colon.
        Some(_) => format!("{}:{BLANK}", step.id),
        None => step.id.to_string(),
    };
    let late = if submits(plan, step) { format!(" --note \"{BLANK}\"") } else { String::new() };
    match &step.action {
        Action::Manual(manual) => manual_work(manual, &id, &late),
        Action::Decide(_) => vec![act(&format!("answer № {id} \"{BLANK}\"{late}"))],
        Action::Approve(_) => vec![
            act(&format!("approve № {id}{late}")),
            act(&format!("reject № {id} --reason \"{BLANK}\"")),
        ],
        Action::Notify(_)
        | Action::Http(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => Vec::new(),
    }
}

fn manual_work(manual: &Manual, id: &str, late: &str) -> Vec<String> {
    let mut lines = Vec::new();
    ticks(&manual.checklist, "", &mut |path| lines.push(act(&format!("check № {id} {path}"))));
    if manual.evidence == Evidence::Required {
        lines.push(act(&format!("evidence № --step {id} --text \"{BLANK}\"")));
    }
    let mut complete = format!("complete № {id}");
    for name in manual.form.keys() {
        complete.push_str(&format!(" --form \"{name}={BLANK}\""));
    }
    if manual.measure.is_some() {
        complete.push_str(&format!(" --measure {BLANK}"));
    }
    complete.push_str(late);
    lines.push(act(&complete));
    lines
}

/// Visits the items that are ticked one by one: ticking an item ticks what lies below it.
fn ticks(items: &[CheckItem], above: &str, visit: &mut dyn FnMut(&str)) {
    for (place, item) in (1_usize..).zip(items) {
        let path = format!("{above}{place}");
        if item.items.is_empty() {
            visit(&path);
        } else {
            ticks(&item.items, &format!("{path}."), visit);
        }
    }
}

/// Tells whether a step submits what a law asks for: entered late, it says why.
fn submits(plan: &Playbook, step: &Step) -> bool {
    plan.clocks.iter().any(|clock| clock.met_by.values().any(|by| *by == step.id))
}

/// Says how a stage of a clock is entered that no step submits.
pub(super) fn of_stage(clock: &Clock, stage: &crate::playbook::statute::Stage) -> Option<String> {
    let by_hand = !clock.met_by.contains_key(&stage.id);
    let (clock, stage) = (&clock.id, &stage.id);
    by_hand.then(|| act(&format!("clock submit № {clock}:{stage} --reference \"{BLANK}\"")))
}

/// Says how the incident itself is entered: declared, staffed, with what it counts from.
pub(super) fn of_plan(plan: &Playbook, lang: Lang) -> Vec<String> {
    let mut declare = format!("firebell incident declare {} --title \"{BLANK}\"", plan.id);
    declare.push_str(&format!(" --level {BLANK} --detected-at {BLANK}"));
    for name in plan.inputs.keys() {
        declare.push_str(&format!(" --input \"{name}={BLANK}\""));
    }
    let role = lang.pick("角色", "ROLE");
    let mut lines =
        vec![declare, act(&format!("ack № {role}")), act(&format!("assign № {role} --to {BLANK}"))];
    if !plan.clocks.is_empty() || counts_from_awareness(plan) {
        lines.push(format!("firebell incident moment № aware {BLANK} --grounds \"{BLANK}\""));
    }
    if has_undoing(plan) {
        lines.push(act(&format!("rollback № --reason \"{BLANK}\"")));
    }
    lines.push(act(&format!("skip № {} --reason \"{BLANK}\"", lang.pick("步骤", "STEP"))));
    lines.push(act(&format!("note № \"{BLANK}\"")));
    lines
}

fn counts_from_awareness(plan: &Playbook) -> bool {
    let mut dues = plan.every_step().flat_map(|step| [&step.due, &step.start_within]);
    dues.any(|due| due.as_ref().is_some_and(|due| due.from() == Some(&Moment::Aware)))
}

fn has_undoing(plan: &Playbook) -> bool {
    let mut steps = plan.phases.iter().flat_map(Phase::every_step);
    steps.any(|step| matches!(step.compensate, Some(Compensate::Step(_))))
}

fn act(what: &str) -> String {
    format!("firebell incident {what} --occurred-at {BLANK}")
}
