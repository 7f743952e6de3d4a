//! Tests of `verify`.

use super::*;
use crate::drill::covered::StepEnd;
use crate::drill::result::Outcome;
use crate::id::{ObjectiveId, RoleId, StepId};
use crate::learn::experience::Judged;
use crate::learn::sample::{PLAN, day, plan, run, step};
use crate::learn::subject::{How, Subject};
use crate::text::Text;

fn done(about: Subject, on: i64, at_least: How) -> Action {
    let mut action = crate::learn::action::tests::action(about);
    action.state = ActionState::Done { at: day(on), by: Actor::person("amir") };
    action.at_least = at_least;
    action
}

fn isolate() -> Subject {
    Subject::Step(StepId::new("isolate"))
}

#[test]
fn a_later_run_that_exercises_it_and_goes_well_closes_an_action() {
    let plan = plan(PLAN);
    let seen = run(&plan, 1, 10, How::Exercise);
    for about in [
        isolate(),
        Subject::Role(RoleId::new("commander")),
        Subject::Objective(ObjectiveId::new("responded")),
    ] {
        let settled = settle(&done(about.clone(), 9, How::Exercise), &seen, day(11)).unwrap();
        let verified = ActionState::Verified { at: day(11), by: seen.source, how: How::Exercise };
        assert_eq!(settled.state, verified, "{about}");
        assert_eq!(settled.changes.len(), 1);
    }
}

#[test]
fn a_run_that_goes_badly_opens_it_again() {
    let plan = plan(PLAN);
    let mut late = run(&plan, 1, 10, How::Exercise);
    late.covered.as_mut().unwrap().steps.insert(StepId::new("isolate"), step(StepEnd::Done, true));
    let mut failed = late.clone();
    failed
        .covered
        .as_mut()
        .unwrap()
        .steps
        .insert(StepId::new("isolate"), step(StepEnd::Failed, false));
    let mut missed = run(&plan, 1, 10, How::Exercise);
    missed.judged.push(Judged {
        key: "step/isolate/done".into(),
        asked: Text::Same("isolate".into()),
        met: false,
        critical: false,
        why: None,
    });
    for seen in [late, failed, missed] {
        let settled = settle(&done(isolate(), 9, How::Simulated), &seen, day(11)).unwrap();
        assert_eq!(settled.state, ActionState::Open);
    }
    let objective = Subject::Objective(ObjectiveId::new("located"));
    let seen = run(&plan, 1, 10, How::Exercise);
    let settled = settle(&done(objective, 9, How::Simulated), &seen, day(11)).unwrap();
    assert_eq!(settled.state, ActionState::Open);
}

#[test]
fn a_run_says_nothing_that_is_earlier_or_less_real_or_did_not_get_there_or_of_another_plan() {
    let plan = plan(PLAN);
    let seen = run(&plan, 1, 10, How::Simulated);
    let none = |action: Action, seen: &Experience| assert_eq!(settle(&action, seen, day(11)), None);
    none(done(isolate(), 11, How::Simulated), &seen);
    none(done(isolate(), 9, How::Exercise), &seen);
    none(done(Subject::Step(StepId::new("verify")), 9, How::Simulated), &seen);
    none(done(Subject::Role(RoleId::new("comms")), 9, How::Simulated), &seen);
    none(crate::learn::action::tests::action(isolate()), &seen);
    let mut skipped = seen.clone();
    let steps = &mut skipped.covered.as_mut().unwrap().steps;
    steps.insert(StepId::new("isolate"), step(StepEnd::Skipped, false));
    none(done(isolate(), 9, How::Simulated), &skipped);
    let mut other = seen.clone();
    other.playbook = "another".into();
    none(done(isolate(), 9, How::Simulated), &other);
    let mut broken = seen;
    broken.drill.as_mut().unwrap().outcome = Outcome::Error;
    none(done(isolate(), 9, How::Simulated), &broken);
}
