//! Tests of what a journal is said to have exercised.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::drill::file::load;
use crate::drill::result::DrillResult;
use crate::drill::simulate::{Stage, Take, rehearse};
use crate::drill::stand_in::stand_ins;
use crate::id::DrillRunId;

const PLAN: &str = include_str!("../fixtures/ten-steps.yaml");
const DRILL: &str = include_str!("../fixtures/ten-steps-drill.yaml");

fn plan(text: &str) -> Arc<Playbook> {
    Arc::new(crate::playbook::shipped::load("plan.yaml", text))
}

fn rehearsed(seed: u64) -> DrillResult {
    let playbook = plan(PLAN);
    let plans = BTreeMap::from([(playbook.id.clone(), Arc::clone(&playbook))]);
    let scenario = load("drill.yaml", DRILL.as_bytes(), &plans).0.unwrap();
    let directory = stand_ins(&playbook, &plans, &scenario.injects).unwrap();
    let stage =
        Stage { scenario: &scenario, playbook: &playbook, plans: &plans, directory: &directory };
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    rehearse(stage, Take { run: DrillRunId::from_u128(1), begin, seed }).0
}

#[test]
fn a_run_says_which_steps_it_worked_who_held_roles_and_which_deadlines_it_kept() {
    let covered = rehearsed(42).covered.unwrap();
    assert!(covered.steps.values().any(StepSeen::passed), "{covered:?}");
    assert!(covered.steps.values().any(|seen| seen.to_finish.is_some()), "{covered:?}");
    assert!(covered.roles.values().any(|role| !role.holders.is_empty()), "{covered:?}");
    assert!(!covered.deadlines.is_empty() && !covered.channels.is_empty(), "{covered:?}");
    assert!(covered.steps.keys().all(|step| covered.marks.contains_key(&*format!("step/{step}"))));
}

#[test]
fn what_is_stored_is_read_back_and_small() {
    let covered = rehearsed(42).covered.unwrap();
    let bytes = serde_json::to_vec(&covered).unwrap();
    assert_eq!(serde_json::from_slice::<Covered>(&bytes).unwrap(), *covered);
    assert!(bytes.len() < 16 * 1024, "{}", bytes.len());
}

#[test]
fn the_mark_of_a_part_changes_with_its_meaning_alone() {
    let before = marks_of(&plan(PLAN));
    assert_eq!(before, marks_of(&plan(&format!("# a remark\n{PLAN}"))));
    let due = PLAN.lines().find(|line| line.contains("due:") && line.contains("id:")).unwrap();
    let at = due.find("due: ").unwrap() + "due: ".len();
    let changed = PLAN.replace(due, &format!("{}9{}", &due[..at], &due[at..]));
    let after = marks_of(&plan(&changed));
    let other: Vec<_> =
        before.iter().filter(|(name, mark)| after.get(*name) != Some(*mark)).collect();
    assert_eq!(other.len(), 1, "{other:?}");
    assert!(other[0].0.starts_with("step/"), "{other:?}");
}
