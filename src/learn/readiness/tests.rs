//! Tests of `readiness`.

use std::collections::BTreeMap;

use super::*;
use crate::learn::sample::{PLAN, day, plan, run};

fn ready(plan: &Playbook, runs: &[Experience], on: i64) -> PlanReadiness {
    let cadence = Cadence(BTreeMap::from([("system-failure".to_owned(), 2)]));
    let zone = Zone::utc();
    let runs: Vec<&Experience> = runs.iter().rev().collect();
    let with = Reckoning { cadence: &cadence, zone: &zone, now: day(on) };
    plan_readiness(plan, &runs, day(0), with)
}

fn failing() -> Playbook {
    plan(&format!("{PLAN}\nrisks: [system-failure, loss]\n"))
}

#[test]
fn the_most_demanding_class_says_how_often_and_others_are_due_once() {
    assert_eq!(ready(&failing(), &[], 0).per_year, 2);
    assert_eq!(ready(&plan(PLAN), &[], 0).per_year, 1);
}

#[test]
fn a_drill_that_came_to_its_end_counts_whatever_its_verdict() {
    let plan = failing();
    let mut failed = run(&plan, 1, 0, How::Exercise);
    failed.drill.as_mut().unwrap().verdict = Verdict::Failed;
    let mut aborted = run(&plan, 2, 100, How::Exercise);
    aborted.drill.as_mut().unwrap().outcome = Outcome::Aborted;
    aborted.completed = false;
    let found = ready(&plan, &[failed, aborted], 110);
    assert_eq!((found.state, found.done_in_year), (DrillState::Done, 1));
    assert_eq!(found.last_drill.unwrap().verdict, Verdict::Failed);
    assert_eq!(found.trend.len(), 2);
    let found = ready(&plan, &[run(&plan, 1, 0, How::Exercise)], 183);
    assert_eq!(found.state, DrillState::Overdue);
}

#[test]
fn real_incidents_are_no_drills() {
    let plan = failing();
    let mut live = run(&plan, 1, 0, How::Live);
    live.drill = None;
    let found = ready(&plan, &[live], 1);
    assert_eq!((found.state, found.done_in_year), (DrillState::Due, 0));
    assert_eq!(found.last_live_at, Some(day(0)));
    assert!(found.coverage.assessed);
}

#[test]
fn what_was_drilled_grows_stale() {
    let old = plan(PLAN);
    assert_eq!(ready(&old, &[], 0).stale, [Stale::NeverDrilled]);
    let seen = [run(&old, 1, 0, How::Simulated)];
    assert_eq!(ready(&old, &seen, 0).stale, [Stale::OnlySimulated, Stale::UncoveredSteps]);
    let new = plan(&PLAN.replace("start_within: 30m", "start_within: 10m"));
    let found = ready(&new, &[run(&old, 1, 0, How::Exercise)], 0);
    assert_eq!(found.stale, [Stale::ChangedSince, Stale::UncoveredSteps]);
    assert!(found.coverage.uncovered_steps.contains(&"isolate".into()));
    let reviewed = plan(&format!("{PLAN}\nreviewed_on: 2026-01-05\nreview_every: 30d\n"));
    assert!(!ready(&reviewed, &[], 29).stale.contains(&Stale::ReviewOverdue));
    assert!(ready(&reviewed, &[], 31).stale.contains(&Stale::ReviewOverdue));
}

#[test]
fn only_the_same_drill_of_the_same_plan_run_the_same_way_is_compared() {
    let plan = plan(PLAN);
    let mut better = run(&plan, 2, 10, How::Exercise);
    better.drill.as_mut().unwrap().score = Some(95);
    let mut other = run(&plan, 3, 20, How::Exercise);
    other.drill.as_mut().unwrap().scenario_hash = "s2".into();
    let found = ready(&plan, &[run(&plan, 1, 0, How::Exercise), better, other], 20);
    let shown: Vec<_> = found.trend.iter().map(|run| (run.is_break, run.score_change)).collect();
    assert_eq!(shown, [(true, None), (false, Some(15)), (true, None)]);
}
