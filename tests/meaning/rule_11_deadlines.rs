//! Meaning 11: from when deadlines count, what a breach does, and what a pause freezes.

use firebell::engine::{
    Command, DeadlineKind, DeadlineName, Fact, NoticeEnd, ObjectiveState, Purpose, RejectionCode,
    RequestOutcome, SetMoment, StepAct,
};
use firebell::id::StepId;

use crate::act::{complete, move_to, pause, skip};
use crate::case::{Carrier, Case, declared_as, staffed};

fn plan(steps: &str) -> String {
    let steps: String = steps.lines().map(|line| format!("      {}\n", line.trim())).collect();
    format!(
        "phases:\n  - id: one\n    title: One\n    steps:\n{steps}  \
         - {{ id: two, title: Two, steps: [ {{ id: x, title: X, due: {{ within: 1h, from: {{ phase: two }} }} }} ] }}\n"
    )
}

fn overdue(step: &'static str, name: DeadlineName) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::StepOverdue { key, which } if key.step.as_str() == step && *which == name)
}

#[test]
fn meaning_11_due_counts_from_ready() {
    let mut case =
        staffed(&plan("- { id: a, title: A }\n- { id: b, title: B, after: [a], due: 5m }"));
    case.pass("7m");
    case.step("cid", "a", complete());
    assert_eq!(case.due("b"), Some(12));
}

#[test]
fn meaning_11_business_days_end_with_the_last_of_them_on_the_plans_calendar() {
    // Begun on a Saturday afternoon in Shanghai.
    let steps = "- { id: a, title: A, due: 3bd }\n\
                 - { id: b, title: B, due: { by_level: { 1: 1bd, else: 1bd2h } } }\n\
                 - { id: c, title: C, start_within: 30bd, due: 1mo1bd }";
    let case = staffed(&format!("calendar: cn\n{}", plan(steps)));
    let at = |step: &str| case.due(step).map(|minutes| case.at_minute(minutes).to_string());
    assert_eq!(at("a").as_deref(), Some("2026-11-25T16:00:00Z"), "the end of Wednesday there");
    assert_eq!(at("b").as_deref(), Some("2026-11-23T18:00:00Z"), "and two hours");
    assert_eq!(at("c").as_deref(), Some("2026-12-22T16:00:00Z"), "a month, then the next day");
}

#[test]
fn meaning_11_a_deadline_may_count_from_any_moment() {
    let mut case = staffed(&plan(
        "- { id: a, title: A, due: { within: 30m, from: declared } }\n\
         - { id: b, title: B, due: { within: 10m, from: { step: c, is: started } } }\n\
         - { id: c, title: C }",
    ));
    assert_eq!(case.due("a"), Some(30));
    assert_eq!(case.run("b").due_at, None, "the moment has not come");
    case.pass("4m");
    case.step("cid", "c", StepAct::Start);
    assert_eq!(case.due("b"), Some(14));
    case.tell("ann", move_to("two"));
    assert_eq!(case.due("x"), Some(64));
}

#[test]
fn meaning_11_detected_counts_from_when_the_trouble_was_noticed() {
    let mut case = declared_as(
        &plan("- { id: a, title: A, due: { within: 30m, from: detected } }"),
        |declare| {
            declare.detected_at = Some("2026-11-21T07:50:00Z".parse().expect("an instant"));
        },
    );
    assert_eq!(case.due("a"), Some(20));
    case.pass("1m");
}

#[test]
fn meaning_11_aware_is_the_declaration_until_someone_sets_it() {
    let mut case = staffed(&plan("- { id: a, title: A, due: { within: 30m, from: aware } }"));
    assert_eq!(case.due("a"), Some(30));
    let at = case.at_minute(-10);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(case.due("a"), Some(20));
    let at = case.at_minute(3);
    let ahead =
        case.refused("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(ahead.code, RejectionCode::ImplausibleTime);
}

#[test]
fn meaning_11_detected_may_be_set_later_and_objectives_follow() {
    let mut case = staffed(&format!(
        "objectives: [ {{ id: reported, from: detected, to: declared, within: 5m }} ]\n{}",
        plan("- { id: a, title: A }")
    ));
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMet { .. })), 1);
    let at = case.at_minute(-60);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Detected, at, grounds: None });
    assert_eq!(case.count(|fact| matches!(fact, Fact::ObjectiveMissed { .. })), 1);
}

#[test]
fn meaning_11_an_instant_that_has_not_come_changes_nothing() {
    let mut case = staffed(&plan("- { id: a, title: A, due: 5m }"));
    let (before, key) = (case.events.len(), case.run("a").key.clone());
    case.report(Command::Reached(DeadlineKind::StepDue(key)));
    assert_eq!(case.events.len(), before);
}

#[test]
fn meaning_11_a_breach_is_recorded_once_and_late_work_is_accepted() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, due: 5m }"));
    case.pass("20m");
    assert_eq!(case.minutes(overdue("a", DeadlineName::Due)), [5]);
    assert!(case.run("a").overdue);
    case.step("cid", "a", complete());
    assert_eq!(case.state("a"), "done");
    let done = case.last(|fact| matches!(fact, Fact::StepDone { .. }));
    assert_eq!(case.minute(done.occurred_at), 20);
    assert!(case.run("a").overdue, "it was late and stays so");
}

#[test]
fn meaning_11_the_holder_hears_of_the_breach() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, due: 5m }"));
    case.pass("6m");
    assert_eq!(case.told("cid", |p| matches!(p, Purpose::StepOverdue { .. })), 1);
}

#[test]
fn meaning_11_the_steps_ladder_climbs_until_someone_acts() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, due: 5m, escalate: long }"));
    case.pass("26m");
    let rungs = |case: &Case| case.minutes(|fact| matches!(fact, Fact::RungFired { .. }));
    assert_eq!(rungs(&case), [15, 25]);
    case.step("cid", "a", StepAct::Start);
    case.pass("1h");
    assert_eq!(rungs(&case), [15, 25], "someone acted");
}

#[test]
fn meaning_11_an_attempt_that_was_late_climbs_no_longer_when_the_next_begins() {
    let mut case = staffed(&plan(
        "- { id: h, http: { url: 'https://ops.example/x' }, timeout: 3m, due: 1m, escalate: long, \
         retry: { attempts: 2, backoff: 1m } }\n- { id: b, title: B }",
    ));
    case.carrier = Carrier::Silent;
    case.pass("2m");
    assert!(case.climbs_for("h"));
    case.pass("2m");
    assert_eq!((case.run("h").key.attempt, case.climbs_for("h")), (2, false));
    let met = RequestOutcome::Met { status: 200, saved: Vec::new() };
    case.answer_request("h", met);
    case.carrier = Carrier::Delivers;
    case.dispatch();
    assert_eq!(case.told("ann", |p| matches!(p, Purpose::StepOverdue { .. })), 1);
    case.pass("1h");
    assert_eq!(case.count(|fact| matches!(fact, Fact::RungFired { .. })), 0, "it is done");
    let withdrawn = |fact: &Fact| {
        matches!(
            fact,
            Fact::NoticeEnded {
                purpose: Purpose::StepOverdue { .. },
                end: NoticeEnd::Withdrawn,
                ..
            }
        )
    };
    assert_eq!(case.count(withdrawn), 1, "nobody is told of what is over");
}

#[test]
fn meaning_11_start_within_is_met_by_starting() {
    let body =
        plan("- { id: a, title: A, role: support, start_within: 5m, due: 1h, escalate: duty }");
    let mut late = staffed(&body);
    late.pass("6m");
    assert_eq!(late.minutes(overdue("a", DeadlineName::Start)), [5]);
    assert!(late.climbs_for("a") && late.run("a").start_overdue && !late.run("a").overdue);
    late.step("cid", "a", StepAct::Start);
    assert!(!late.climbs_for("a"));
    let mut early = staffed(&body);
    early.step("cid", "a", StepAct::Start);
    early.pass("6m");
    assert_eq!(early.minutes(overdue("a", DeadlineName::Start)), [0_i64; 0]);
}

#[test]
fn meaning_11_claiming_is_not_starting() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, start_within: 5m }"));
    case.step("cid", "a", StepAct::Claim);
    case.pass("6m");
    assert_eq!(case.minutes(overdue("a", DeadlineName::Start)), [5]);
}

#[test]
fn meaning_11_an_anchored_deadline_runs_also_while_the_step_waits_and_tells_the_commander() {
    let mut case = staffed(&plan(
        "- { id: a, title: A }\n\
         - { id: b, title: B, role: support, after: [a], due: { within: 30m, from: declared } }",
    ));
    case.pass("31m");
    assert_eq!(case.state("b"), "waiting");
    assert_eq!(case.minutes(overdue("b", DeadlineName::Due)), [30]);
    assert_eq!(case.commander_told("waiting_overdue"), 1);
    case.step("cid", "a", complete());
    assert_eq!(case.state("b"), "ready");
    assert!(case.run("b").overdue, "it is overdue the moment it is ready");
    case.step("cid", "b", complete());
    assert_eq!(case.state("b"), "done");
}

#[test]
fn meaning_11_warnings_come_at_their_share_of_the_time() {
    let mut case = staffed(&plan(
        "- { id: a, title: A, role: support, due: { within: 10m, warn: [50%, 80%] } }",
    ));
    case.pass("20m");
    let warned = |fact: &Fact| matches!(fact, Fact::StepWarned { .. });
    assert_eq!(case.minutes(warned), [5, 8]);
    assert_eq!(case.told("cid", |p| matches!(p, Purpose::StepWarning { .. })), 2);
}

#[test]
fn meaning_11_work_that_is_done_in_time_warns_nobody() {
    let mut case = staffed(&plan(
        "- { id: a, title: A, role: support, due: { within: 10m, warn: [50%] } }\n- { id: b, title: B }",
    ));
    case.pass("3m");
    case.step("cid", "a", complete());
    case.pass("1h");
    assert_eq!(case.count(|f| matches!(f, Fact::StepWarned { .. } | Fact::StepOverdue { .. })), 0);
}

#[test]
fn meaning_11_skipping_ends_the_deadline() {
    let mut case = staffed(&plan(
        "- { id: a, title: A, role: support, due: 5m, escalate: duty }\n- { id: b, title: B }",
    ));
    case.pass("6m");
    assert!(case.climbs_for("a"));
    case.step("ann", "a", skip());
    assert!(!case.climbs_for("a"));
}

#[test]
fn meaning_11_a_pause_freezes_step_deadlines() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, due: 10m }"));
    case.pass("4m");
    case.tell("ann", pause());
    case.pass("2h");
    assert_eq!(case.count(|f| matches!(f, Fact::StepOverdue { .. })), 0);
    case.tell("ann", Command::Resume);
    assert_eq!(case.due("a"), Some(130));
    case.pass("7m");
    assert_eq!(case.minutes(overdue("a", DeadlineName::Due)), [130]);
}

#[test]
fn meaning_11_a_pause_freezes_ladders() {
    let mut case = staffed(&plan("- { id: a, title: A, role: support, due: 5m, escalate: duty }"));
    case.pass("6m");
    case.tell("ann", pause());
    case.pass("1h");
    case.tell("ann", Command::Resume);
    case.pass("30m");
    let rungs = case.minutes(|fact| matches!(fact, Fact::RungFired { .. }));
    assert_eq!(rungs, [70, 80]);
}

#[test]
fn meaning_11_a_pause_freezes_waits_and_the_time_to_acknowledge() {
    let mut case = crate::case::declared(&plan("- { id: w, wait: { for: 20m } }"));
    case.pass("4m");
    case.tell("ann", pause());
    case.pass("1h");
    assert_eq!(case.count(|fact| matches!(fact, Fact::RoleUnanswered { .. })), 0);
    case.tell("ann", Command::Resume);
    assert_eq!(case.tenure("engineering").until(), Some(case.at_minute(65)));
    case.pass("16m");
    assert_eq!(case.minutes(|fact| matches!(fact, Fact::StepDone { .. })), [80]);
}

#[test]
fn meaning_11_what_is_armed_during_a_pause_is_not_moved_twice() {
    let mut case =
        staffed(&plan("- { id: a, title: A }\n- { id: b, title: B, after: [a], due: 10m }"));
    case.tell("ann", pause());
    case.pass("20m");
    case.step("cid", "a", complete());
    case.pass("30m");
    case.tell("ann", Command::Resume);
    assert_eq!(case.due("b"), Some(60), "ten minutes are left when it goes on");
}

#[test]
fn meaning_11_what_happens_to_a_step_during_a_pause_does_not_move_its_deadline() {
    let mut case = staffed(&plan(
        "- { id: a, title: A, due: 10m, timeout: 30m }\n\
         - { id: h, after: [b], http: { url: 'https://ops.example/x' }, timeout: 5m, due: 10m }\n\
         - { id: b, title: B }",
    ));
    case.pass("4m");
    case.tell("ann", pause());
    case.pass("20m");
    case.step("cid", "a", StepAct::Start);
    case.step("cid", "b", complete());
    case.pass("30m");
    case.tell("ann", Command::Resume);
    assert_eq!(case.due("a"), Some(60), "six of its ten minutes were left");
    assert_eq!(case.due("h"), Some(64), "all of its ten minutes were left");
}

#[test]
fn meaning_11_a_level_that_changes_during_a_pause_leaves_it_its_time() {
    let mut case = staffed(
        "
        levels: [ { level: 4 } ]
        phases:
          - id: one
            title: One
            steps: [ { id: a, title: A, due: { by_level: { 1: 30m, else: 60m } } } ]
        ",
    );
    case.pass("10m");
    case.tell("ann", pause());
    case.pass("100m");
    case.tell("ann", crate::act::set_level(1));
    case.pass("50m");
    case.tell("ann", Command::Resume);
    assert_eq!(case.due("a"), Some(180), "twenty of thirty minutes were left");
}

#[test]
fn meaning_11_a_pause_before_a_deadline_begins_does_not_lengthen_it() {
    let mut case = staffed(&plan(
        "- { id: b, title: B, due: { within: 10m, from: { step: c, is: started } } }\n\
         - { id: c, title: C }",
    ));
    case.tell("ann", pause());
    case.pass("1h");
    case.tell("ann", Command::Resume);
    case.step("cid", "c", StepAct::Start);
    assert_eq!(case.due("b"), Some(70));
}

#[test]
fn meaning_11_a_pause_never_freezes_objectives() {
    let mut case = staffed(&format!(
        "objectives: [ {{ id: o, from: declared, to: {{ step: a, is: done }}, within: 15m }} ]\n{}",
        plan("- { id: a, title: A }")
    ));
    case.tell("ann", pause());
    case.pass("20m");
    let state = case.incident().objectives.values().next().copied();
    assert_eq!(state, Some(ObjectiveState::Missed(case.at_minute(15))));
}

#[test]
fn meaning_11_pausing_twice_and_resuming_what_runs_are_refused() {
    let mut case = staffed(&plan("- { id: a, title: A }"));
    let wrong = RejectionCode::WrongStatus;
    assert_eq!(case.refused("ann", Command::Resume).code, wrong);
    case.tell("ann", pause());
    assert_eq!(case.refused("ann", pause()).code, wrong);
}

#[test]
fn meaning_11_objectives_are_kept_or_missed_at_their_instant() {
    let mut case = staffed(&format!(
        "objectives:\n  - {{ id: kept, from: declared, to: {{ step: a, is: started }}, within: 15m }}\n  \
         - {{ id: missed, from: {{ step: a, is: started }}, to: {{ step: a, is: done }}, within: 10m }}\n{}",
        plan("- { id: a, title: A }\n- { id: b, title: B }")
    ));
    case.pass("3m");
    case.step("cid", "a", StepAct::Start);
    case.pass("20m");
    case.step("cid", "a", complete());
    let met = |fact: &Fact| matches!(fact, Fact::ObjectiveMet { objective } if objective.as_str() == "kept");
    let missed = |fact: &Fact| matches!(fact, Fact::ObjectiveMissed { objective } if objective.as_str() == "missed");
    assert_eq!(case.minutes(met), [3]);
    assert_eq!(case.minutes(missed), [13]);
    assert_eq!(
        case.incident().milestone(&StepId::new("a"), firebell::playbook::Milestone::Done),
        Some(case.at_minute(23))
    );
}

const ANCHORED_LOOP: &str = "
    phases:
      - id: one
        title: One
        steps:
          - { id: first, title: First }
          - { id: a, title: A, after: [first] }
          - { id: b, title: B, due: { by_level: { 1: 8m, else: 10m }, from: { step: a, is: MILESTONE } } }
      - { id: two, title: Two, steps: [ { id: c, title: C } ], next: [ { to: one, at_most: 2 } ] }
";

#[test]
fn meaning_11_a_loop_starts_anchored_deadlines_afresh() {
    for milestone in ["ready", "started", "done", "settled"] {
        let mut case = staffed(&ANCHORED_LOOP.replace("MILESTONE", milestone));
        for step in ["first", "a", "b", "c"] {
            case.step("cid", step, complete());
        }
        case.pass("30m");
        case.step("cid", "first", complete());
        assert_eq!(case.due("b"), (milestone == "ready").then_some(40), "{milestone}");
        case.step("cid", "a", complete());
        assert_eq!((case.due("b"), case.run("b").overdue), (Some(40), false), "{milestone}");
    }
}

#[test]
fn meaning_11_a_deadline_stays_though_its_anchor_is_worked_on_again() {
    let mut case = staffed(&ANCHORED_LOOP.replace("MILESTONE", "started"));
    case.step("cid", "first", complete());
    case.step("cid", "a", complete());
    case.pass("1m");
    case.step("cid", "a", crate::act::reopen());
    case.tell("ann", crate::act::set_level(2));
    assert_eq!(case.due("b"), Some(10));
}

#[test]
fn meaning_11_a_loop_starts_its_deadlines_afresh() {
    let mut case = staffed(
        "
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A, due: 5m } ] }
          - { id: two, title: Two, steps: [ { id: b, title: B } ], next: [ { to: one, at_most: 2 } ] }
        ",
    );
    case.pass("6m");
    case.step("cid", "a", complete());
    case.step("cid", "b", complete());
    assert_eq!((case.due("a"), case.run("a").overdue), (Some(11), false));
}
