//! Tests of `coverage`.

use super::*;
use crate::learn::sample::{PLAN, day, plan, run};

fn find<'a>(coverage: &'a Coverage, kind: PartKind, name: &str) -> &'a Part {
    coverage.parts.iter().find(|part| part.kind == kind && part.name == name).unwrap()
}

#[test]
fn none_is_apart_from_never_assessed() {
    let plan = plan(PLAN);
    let nothing = coverage(&plan, std::iter::empty(), day(0));
    assert!(!nothing.assessed);
    assert!(nothing.parts.iter().all(|part| part.state == PartState::NeverAssessed));
    let seen = run(&plan, 1, 0, How::Exercise);
    let found = coverage(&plan, std::iter::once(&seen), day(0));
    assert_eq!(find(&found, PartKind::Step, "isolate").state, PartState::Exercised);
    assert_eq!(find(&found, PartKind::Step, "verify").state, PartState::None);
    assert_eq!(find(&found, PartKind::Branch, "option/stable/未恢复").state, PartState::None);
    assert_eq!(find(&found, PartKind::Inject, "alert").state, PartState::None);
    assert_eq!(find(&found, PartKind::Deadline, "start/isolate").state, PartState::Exercised);
    let people = &find(&found, PartKind::Role, "commander").people;
    assert_eq!(people[0].person.as_str(), "amir");
}

#[test]
fn it_decays_with_age_and_how_real_it_was_stays_apart() {
    let plan = plan(PLAN);
    let runs = [run(&plan, 1, 0, How::Exercise), run(&plan, 2, 180, How::Simulated)];
    let found = coverage(&plan, runs.iter(), day(180));
    let last = &find(&found, PartKind::Step, "isolate").last;
    let shown: Vec<_> = last.iter().map(|one| (one.how, one.weight)).collect();
    assert_eq!(shown, [(How::Exercise, 0.5), (How::Simulated, 1.0)]);
    let steps = &found.kinds[0];
    assert_eq!((steps.total, steps.exercised, steps.none), (10, 1, 9));
    assert!((steps.percent.exercise - 5.0).abs() < 0.01, "{steps:?}");
    assert!((steps.percent.simulated - 10.0).abs() < 0.01, "{steps:?}");
    assert!(steps.percent.live.abs() < f64::EPSILON);
    let people = &find(&found, PartKind::Role, "commander").people;
    assert_eq!(people.len(), 1, "modelled people hold nothing: {people:?}");
}

#[test]
fn it_is_void_where_the_plan_changed_and_stays_where_it_did_not() {
    let before = plan(PLAN);
    let seen = run(&before, 1, 0, How::Exercise);
    let after = plan(&PLAN.replace("start_within: 30m", "start_within: 10m"));
    assert_ne!(before.hash, after.hash);
    let found = coverage(&after, std::iter::once(&seen), day(0));
    assert_eq!(find(&found, PartKind::Step, "isolate").state, PartState::Void);
    assert_eq!(find(&found, PartKind::Deadline, "start/isolate").state, PartState::Void);
    assert_eq!(find(&found, PartKind::Role, "commander").state, PartState::Exercised);
    assert_eq!(find(&found, PartKind::Step, "verify").state, PartState::None);
    let renamed = plan(&PLAN.replace("en: Isolate", "en: Shut off"));
    let found = coverage(&renamed, std::iter::once(&seen), day(0));
    assert_eq!(find(&found, PartKind::Step, "isolate").state, PartState::Exercised);
}
