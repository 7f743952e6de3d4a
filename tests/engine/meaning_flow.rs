//! Meaning 1 to 8: how steps become ready, phases are left, failures halt, incidents end.

use firebell::engine::{
    Command, Fact, Pending, Purpose, RejectionCode, Status, StepAct, StuckReason,
};
use serde_json::json;

use crate::world::{World, minutes, told};

fn phase(steps: &str) -> String {
    format!(
        "phases:\n  - id: one\n    title: One\n    steps:\n{steps}  - id: two\n    title: Two\n    steps:\n      - {{ id: last, title: Last }}\n"
    )
}

#[test]
fn meaning_01_entering_a_phase_opens_a_new_visit_and_its_steps_wait() {
    let mut world = World::declare(
        "
phases:
  - id: one
    title: One
    steps: [ { id: a, title: A }, { id: b, title: B, after: [a] } ]
    next: [ { to: two } ]
  - id: two
    title: Two
    steps: [ { id: c, title: C } ]
    next: [ { to: one, at_most: 3 } ]
",
    );
    assert_eq!((world.phase(), world.incident.visit), ("one", 1));
    assert_eq!((world.state("a"), world.state("b")), ("ready", "unopened"));
    world.complete("a");
    world.complete("b");
    world.complete("c");
    assert_eq!((world.phase(), world.incident.visit), ("one", 3));
    assert_eq!(world.run("a").key.to_string(), "3.a", "a new run, the first is history");
    assert_eq!(world.run("b").visit, 1, "b waits: its run is that of the first visit");
    let refused = world.act("ann", "b", StepAct::Start).unwrap_err();
    assert_eq!(refused.code, RejectionCode::WrongState);
    assert_eq!(refused.details["state"], "waiting");
}

#[test]
fn meaning_02_done_skipped_and_failing_onward_satisfy_after_and_stop_does_not() {
    let mut world = World::declare(&phase(
        "      - { id: done, title: A }
      - { id: skipped, title: B }
      - { id: onward, title: C, on_failure: continue }
      - { id: stopped, title: D }
      - { id: after_good, title: E, after: [done, skipped, onward] }
      - { id: after_stop, title: F, after: [stopped] }
",
    ));
    world.complete("done");
    world.skip("skipped");
    assert_eq!(world.state("after_good"), "unopened");
    world.fail("onward");
    assert_eq!(world.state("after_good"), "ready");
    world.fail("stopped");
    assert_eq!(world.state("after_stop"), "unopened", "halted, not abandoned");
}

#[test]
fn meaning_02_any_and_n_are_satisfied_at_the_nth_or_skipped_as_unreachable() {
    let mut world = World::declare(&phase(
        "      - { id: a, title: A }
      - { id: b, title: B }
      - { id: c, title: C }
      - { id: first, title: F, after: [a, b, c], join: any }
      - { id: second, title: S, after: [a, b, c], join: 2 }
",
    ));
    world.complete("b");
    assert_eq!((world.state("first"), world.state("second")), ("ready", "unopened"));
    world.fail("a");
    assert_eq!(world.state("second"), "unopened", "c may still make it two");
    world.fail("c");
    assert_eq!(world.state("second"), "skipped");
    assert_eq!(world.run("second").state.cause(), Some("unreachable"));
    world.retry("c");
    assert_eq!(world.run("second").state.name(), "waiting", "what was in its way is tried again");
    world.complete("c");
    assert_eq!(world.state("second"), "ready");
}

#[test]
fn meaning_02_when_is_evaluated_once_and_a_skip_does_not_propagate() {
    let mut world = World::declare(
        "
inputs: { hot: { type: boolean, default: false } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A }
      - { id: b, title: B, after: [a], when: hot }
      - { id: c, title: C, after: [b] }
",
    );
    world.complete("a");
    assert_eq!((world.state("b"), world.state("c")), ("skipped", "ready"));
    assert_eq!(world.run("b").state.cause(), Some("condition"));
    world.set(json!({ "hot": true }));
    assert_eq!(world.state("b"), "skipped", "once");
}

#[test]
fn meaning_02_an_unknown_when_counts_as_true_and_says_so() {
    let world = World::declare(
        "
inputs: { hot: { type: boolean } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A, when: hot } ] } ]
",
    );
    assert_eq!(world.state("a"), "ready");
    assert_eq!(world.count(|f| matches!(f, Fact::StepReady { unknown: true, .. })), 1);
}

#[test]
fn meaning_02_steps_without_after_are_judged_on_entry_and_run_in_parallel() {
    let world = World::declare(&phase(
        "      - { id: a, title: A }
      - { id: b, title: B }
      - { id: c, title: C, when: level == 1 }
",
    ));
    assert_eq!(["a", "b", "c"].map(|step| world.state(step)), ["ready", "ready", "skipped"]);
}

const LOOP: &str = "
inputs: { go: { type: string } }
phases:
  - id: one
    title: One
    steps: [ { id: a, title: A } ]
    next:
      - { to: one, when: go == 'again', at_most: 2 }
      - { to: two, when: go == 'again' or go == 'on' }
  - id: two
    title: Two
    steps: [ { id: b, title: B } ]
";

#[test]
fn meaning_03_first_true_next_is_taken() {
    let mut world = World::declare_inputs(LOOP, json!({ "go": "again" }));
    world.complete("a");
    assert_eq!((world.phase(), world.incident.visit), ("one", 2));
    world.set(json!({ "go": "on" }));
    world.complete("a");
    assert_eq!(world.phase(), "two");
}

#[test]
fn meaning_03_a_spent_entry_is_stuck_and_later_ones_are_not_tried() {
    let mut world = World::declare_inputs(LOOP, json!({ "go": "again" }));
    for _ in 0..3 {
        world.complete("a");
    }
    assert_eq!(world.phase(), "one");
    assert_eq!(world.incident.stuck, Some(StuckReason::SpentLoop { next: 0 }));
    world.set(json!({ "go": "on" }));
    assert_eq!((world.phase(), world.stuck()), ("two", false), "a new fact shows a way");
}

#[test]
fn meaning_03_nothing_taken_is_stuck_told_to_the_commander_and_escalates() {
    let mut world = World::declare(
        "
roles:
  commander: { title: C, assign: { team: ops }, escalate: duty }
inputs: { go: { type: string } }
phases:
  - { id: one, title: One, steps: [ { id: a, title: A } ], next: [ { to: two, when: go == 'on' } ] }
  - { id: two, title: Two, steps: [ { id: b, title: B } ] }
",
    );
    let events = world.complete("a");
    assert_eq!(world.incident.stuck, Some(StuckReason::NoWayOut), "unknown counts as false");
    assert_eq!(told(&events), ["ann: stuck"]);
    let events = world.pass(minutes(5));
    assert_eq!(told(&events), ["cy: escalation", "dee: escalation", "ed: escalation"]);
    world.set(json!({ "go": "on" }));
    assert!(!world.stuck() && world.incident.ladders.is_empty(), "the reason went away");
}

#[test]
fn meaning_03_no_next_means_the_following_phase() {
    let mut world = World::declare(&phase("      - { id: a, title: A }\n"));
    world.complete("a");
    assert_eq!(world.phase(), "two");
}

#[test]
fn meaning_03_steps_that_block_nothing_do_not_keep_the_phase_and_are_cancelled_on_leaving() {
    let mut world = World::declare(&phase(
        "      - { id: a, title: A }
      - { id: b, title: B, blocks: nothing }
      - { id: c, title: C, after: [b], blocks: nothing }
",
    ));
    world.complete("a");
    assert_eq!(world.phase(), "two");
    assert_eq!((world.state("b"), world.state("c")), ("cancelled", "cancelled"));
    assert_eq!(world.run("b").state.cause(), Some("phase_left"));
}

const OUTLIVING: &str = "
inputs: { over: { type: boolean, default: false } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A }
      - { id: news, title: N, repeat: { every: 30m, until: over, at_most: 9 }, blocks: nothing, outlives_phase: true }
  - id: two
    title: Two
    steps: [ { id: b, title: B } ]
    next: [ { to: one, when: not over, at_most: 5 }, { to: three } ]
  - id: three
    title: Three
    steps: [ { id: c, title: C } ]
";

#[test]
fn meaning_03_an_outliving_step_runs_on_and_a_new_visit_adopts_it() {
    let mut world = World::declare(OUTLIVING);
    world.complete("a");
    assert_eq!((world.phase(), world.state("news")), ("two", "ready"));
    world.complete("news");
    world.complete("b");
    assert_eq!(world.phase(), "one");
    assert_eq!(world.run("news").key.to_string(), "1.news", "adopted, not started again");
    assert_eq!(world.run("news").visit, 3);
    world.pass(minutes(31));
    assert_eq!(world.run("news").key.to_string(), "1.news#2");
    world.complete("a");
    world.set(json!({ "over": true }));
    assert_eq!(world.state("news"), "cancelled", "its until has come, nobody needs this one");
}

#[test]
fn meaning_03_an_outliving_step_ends_with_the_close() {
    let mut world = World::declare(OUTLIVING);
    world.complete("a");
    world.complete("news");
    world.command("ann", Command::MovePhase { to: "three".into(), reason: "so".into() }).unwrap();
    world.complete("c");
    assert_eq!(world.incident.status, Status::Closed);
    assert_eq!(
        world.count(|f| matches!(f, Fact::StepRepeatEnded { reason, .. } if reason == "closing")),
        1
    );
}

#[test]
fn meaning_04_a_stop_halts_dependents_and_the_end_but_not_neighbours_and_escalates() {
    let mut world = World::declare(
        "
roles:
  commander: { title: C, assign: { team: ops }, escalate: duty }
  tech: { title: T, assign: { team: crew } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, role: tech, title: A, escalate: duty }
      - { id: b, title: B, after: [a] }
      - { id: c, title: C }
  - { id: two, title: Two, steps: [ { id: d, title: D } ] }
",
    );
    let events = world.fail("a");
    assert_eq!(told(&events), ["cy: failed a", "ann: failed a"]);
    assert_eq!(world.incident.ladders.len(), 1);
    assert!(!world.stuck(), "c can still be worked on");
    world.complete("c");
    assert!(matches!(world.incident.stuck, Some(StuckReason::FailedStep { .. })));
    assert_eq!((world.phase(), world.state("b")), ("one", "unopened"));
    world.retry("a");
    assert!(!world.stuck() && world.incident.ladders.is_empty(), "someone acted");
    world.complete("a");
    world.complete("b");
    assert_eq!(world.phase(), "two");
}

#[test]
fn meaning_04_skipping_a_failure_or_moving_the_phase_goes_on() {
    let plan = phase("      - { id: a, title: A }\n      - { id: b, title: B, after: [a] }\n");
    let mut world = World::declare(&plan);
    world.fail("a");
    world.skip("a");
    assert_eq!((world.state("a"), world.state("b")), ("skipped", "ready"));
    let mut world = World::declare(&plan);
    world.fail("a");
    world.command("ann", Command::MovePhase { to: "two".into(), reason: "so".into() }).unwrap();
    assert_eq!((world.phase(), world.stuck()), ("two", false));
    assert!(world.incident.ladders.is_empty());
}

const GO: &str = "
inputs: { hot: { type: boolean, default: false } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A, on_failure: { go: rescue } }
      - { id: slow, title: S }
      - { id: rescue, title: R, after: [slow], when: hot }
  - { id: two, title: Two, steps: [ { id: b, title: B, on_failure: { go: one } } ] }
";

#[test]
fn meaning_05_go_makes_a_step_ready_whatever_its_after_and_when() {
    let mut world = World::declare(GO);
    world.fail("a");
    assert_eq!(world.state("rescue"), "ready");
    assert!(world.run("a").is_settled() && !world.stuck(), "the failed one counts as settled");
    let mut world = World::declare(GO);
    world.complete("slow");
    assert_eq!(world.state("rescue"), "skipped");
    world.fail("a");
    assert_eq!(world.state("rescue"), "ready", "a skipped one too");
}

#[test]
fn meaning_05_go_leaves_alone_what_is_worked_on_or_done() {
    let mut world = World::declare_inputs(GO, json!({ "hot": true }));
    world.complete("slow");
    world.complete("rescue");
    world.fail("a");
    assert_eq!(
        (
            world.phase(),
            world.count(
                |f| matches!(f, Fact::StepReady { key, .. } if key.step.as_str() == "rescue")
            )
        ),
        ("two", 1)
    );
}

#[test]
fn meaning_05_go_to_a_phase_leaves_and_to_the_current_one_does_nothing() {
    let mut world = World::declare(GO);
    world.complete("a");
    world.complete("slow");
    world.fail("b");
    assert_eq!((world.phase(), world.incident.visit), ("one", 3));
    let mut world = World::declare(
        "
phases:
  - { id: one, title: One, steps: [ { id: a, title: A, on_failure: { go: one } }, { id: b, title: B } ] }
  - { id: two, title: Two, steps: [ { id: c, title: C } ] }
",
    );
    world.fail("a");
    assert_eq!((world.phase(), world.incident.visit, world.state("b")), ("one", 1, "ready"));
    world.complete("b");
    assert_eq!(world.phase(), "two", "it counts as settled");
}

const REPEAT: &str = "
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A, repeat: { every: 10m, at_most: 3 } }
      - { id: b, title: B, after: [a] }
objectives:
  - { id: told, from: declared, to: { step: a, is: done }, within: 5m }
  - { id: over, from: declared, to: { step: a, is: settled }, within: 15m }
";

#[test]
fn meaning_06_a_repeat_settles_at_its_last_iteration_and_is_done_at_its_first() {
    let mut world = World::declare(REPEAT);
    world.start("a");
    world.pass(minutes(2));
    world.complete("a");
    assert_eq!(world.state("b"), "ready", "done with the first");
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMet { .. })), 1);
    world.complete("b");
    assert_eq!(world.incident.status, Status::Open, "not settled before the last");
    world.pass(minutes(8));
    assert_eq!(world.run("a").key.to_string(), "1.a#2", "ten minutes from start to start");
    world.complete("a");
    world.pass(minutes(10));
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMissed { .. })), 1);
    world.complete("a");
    assert_eq!(world.incident.status, Status::Closed);
    assert_eq!(
        world.count(|f| matches!(f, Fact::StepRepeatEnded { reason, .. } if reason == "at_most")),
        1
    );
}

#[test]
fn meaning_06_until_and_while_end_a_repeat_after_an_iteration_or_between_two() {
    let plan = |how: &str| {
        format!(
            "
inputs: {{ n: {{ type: integer, default: 0 }} }}
phases:
  - {{ id: one, title: One, steps: [ {{ id: a, title: A, repeat: {{ every: 10m, {how}, at_most: 9 }} }} ] }}
  - {{ id: two, title: Two, steps: [ {{ id: b, title: B }} ] }}
"
        )
    };
    for how in ["until: n > 0", "while: n == 0"] {
        let mut world = World::declare(&plan(how));
        world.complete("a");
        assert_eq!((world.phase(), world.state("a")), ("one", "done"));
        world.set(json!({ "n": 1 }));
        assert_eq!(world.phase(), "two", "{how}: between two");
        let mut world = World::declare(&plan(how));
        world.set(json!({ "n": 1 }));
        assert_eq!(world.state("a"), "ready", "{how}: the iteration under way is finished");
        world.complete("a");
        assert_eq!(world.phase(), "two", "{how}: after it");
    }
}

const HANDLERS: &str = "
inputs: { n: { type: integer, default: 0 } }
levels: [ { level: 1, when: n >= 3 }, { level: 2, when: n >= 2 }, { level: 3, when: n >= 1 }, { level: 4 } ]
messages: { hello: { text: { zh: 你好, en: hello } } }
phases:
  - { id: one, title: One, steps: [ { id: a, title: A } ] }
  - { id: two, title: Two, steps: [ { id: b, title: B } ] }
handlers:
  - { event: level_raised, when: level <= 2, notify: { to: team/board, message: hello }, at_most: 3 }
  - { event: level_raised, notify: { to: role/commander, message: hello } }
  - { event: alert_resolved, while_phase: [one], go: two }
";

#[test]
fn meaning_07_handlers_fire_while_their_condition_holds_at_most_so_often() {
    let mut world = World::declare(HANDLERS);
    assert_eq!(told(&world.set(json!({ "n": 1 }))), ["ann: handler 1"]);
    assert_eq!(told(&world.set(json!({ "n": 2 }))), ["flo: handler 0"], "at_most is 1 unless said");
    assert_eq!(told(&world.set(json!({ "n": 3 }))), ["flo: handler 0"]);
    assert_eq!(world.count(|f| matches!(f, Fact::HandlerFired { .. })), 3);
}

#[test]
fn meaning_07_handlers_answer_only_in_their_phases() {
    let mut world = World::declare(HANDLERS);
    let resolved = || Command::Alert { alert: Default::default(), resolved: true };
    world.command("ann", resolved()).unwrap();
    assert_eq!(world.phase(), "two");
    let events = world.command("ann", resolved()).unwrap();
    assert_eq!((world.phase(), events.len()), ("two", 1));
}

#[test]
fn meaning_07_two_handlers_that_answer_each_other_come_to_rest() {
    let world = World::declare(
        "
phases:
  - { id: one, title: One, steps: [ { id: a, title: A } ] }
  - { id: two, title: Two, steps: [ { id: b, title: B } ] }
handlers:
  - { event: phase_entered, while_phase: [one], go: two, at_most: 50 }
  - { event: phase_entered, while_phase: [two], go: one, at_most: 50 }
",
    );
    assert_eq!((world.phase(), world.incident.visit), ("one", 101));
}

#[test]
fn meaning_07_each_event_is_answered() {
    let plan = "
roles: { commander: { title: C, assign: { team: silent } } }
messages: { hello: { text: hello } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A } ], next: [ { to: one, when: level == 1, at_most: 1 } ] } ]
handlers:
";
    let handler = |event: &str| {
        format!("{plan}  - {{ event: {event}, notify: {{ to: team/board, message: hello }} }}\n")
    };
    for event in ["declared", "phase_entered", "role_vacant"] {
        let world = World::declare(&handler(event));
        let fired = world.count(|f| matches!(f, Fact::HandlerFired { .. }));
        assert_eq!(fired, 1, "{event}");
    }
    let mut world = World::declare(&handler("step_failed"));
    world.fail("a");
    assert_eq!(world.count(|f| matches!(f, Fact::HandlerFired { .. })), 1);
    let mut world = World::declare(&handler("stuck"));
    world.complete("a");
    assert_eq!(world.count(|f| matches!(f, Fact::HandlerFired { .. })), 1);
    let mut world = World::declare(&handler("level_lowered"));
    let set = |level| Command::SetLevel { level, reason: "so".into() };
    world.command("ann", set(2)).unwrap();
    world.command("ann", set(3)).unwrap();
    assert_eq!(world.count(|f| matches!(f, Fact::HandlerFired { .. })), 1);
}

const CLOSING: &str = "
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A }
      - { id: review, title: R, blocks: close }
      - { id: extra, title: X, blocks: nothing }
";

#[test]
fn meaning_08_the_incident_closes_by_itself_when_nothing_blocks_it() {
    let mut world = World::declare(CLOSING);
    world.complete("a");
    assert_eq!(world.incident.status, Status::Open, "the review is open");
    let events = world.complete("review");
    assert_eq!(world.incident.status, Status::Closed);
    assert_eq!(world.run("extra").state.cause(), Some("closed"));
    assert!(told(&events).contains(&"ann: ended".to_owned()));
}

#[test]
fn meaning_08_close_by_person_waits_for_one_who_is_told() {
    let mut world = World::declare(&format!("{CLOSING}close: by_person\n"));
    world.complete("a");
    let events = world.complete("review");
    assert_eq!((world.incident.status, world.incident.close_awaited), (Status::Open, true));
    assert!(told(&events).contains(&"ann: close_awaited".to_owned()));
    world.command("ann", Command::Close { force: None }).unwrap();
    assert_eq!(world.incident.status, Status::Closed);
}

#[test]
fn meaning_08_open_blockers_refuse_a_close_with_the_list_and_a_reason_forces_it() {
    let mut world = World::declare(CLOSING);
    let refused = world.command("ann", Command::Close { force: None }).unwrap_err();
    assert_eq!(refused.code, RejectionCode::Blocked);
    assert_eq!(refused.details["blockers"], json!(["1.a", "1.review"]));
    world.command("ann", Command::Close { force: Some("over".into()) }).unwrap();
    assert_eq!(world.incident.status, Status::Closed);
    assert_eq!(world.run("a").state.cause(), Some("closed"));
    let last = world.events.iter().rev().find(|e| matches!(e.fact, Fact::Closed { .. })).unwrap();
    assert_eq!(last.fact, Fact::Closed { forced: Some("over".into()) });
}

#[test]
fn meaning_08_a_failure_nobody_dealt_with_blocks_the_close() {
    let mut world = World::declare(CLOSING);
    world.complete("review");
    world.fail("a");
    let refused = world.command("ann", Command::Close { force: None }).unwrap_err();
    assert_eq!(refused.details["blockers"], json!(["1.a"]));
}

#[test]
fn meaning_08_reopening_opens_a_new_visit_of_the_phase_named() {
    let mut world = World::declare(&phase("      - { id: a, title: A }\n"));
    world.command("ann", Command::Close { force: Some("over".into()) }).unwrap();
    world
        .command("ann", Command::Reopen { phase: Some("one".into()), reason: "not over".into() })
        .unwrap();
    assert_eq!((world.phase(), world.incident.visit), ("one", 2));
    assert_eq!((world.incident.status, world.state("a")), (Status::Open, "ready"));
    world.command("ann", Command::Close { force: Some("over".into()) }).unwrap();
    world.command("ann", Command::Reopen { phase: None, reason: "again".into() }).unwrap();
    assert_eq!(world.phase(), "two", "the last unless named");
}

#[test]
fn meaning_08_cancelling_withdraws_everything_and_tells_those_who_were_paged() {
    let mut world = World::declare(
        "
roles: { commander: { title: C, assign: { team: ops }, acknowledge_within: 5m, escalate: duty }, tech: { title: T, assign: { claim: crew } } }
messages: { hello: { text: hello } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A }, { id: tell, notify: { to: team/board, message: hello } } ] } ]
",
    );
    let refused = world.command("ann", Command::Cancel { reason: " ".into() }).unwrap_err();
    assert_eq!(refused.code, RejectionCode::BadText);
    let events = world.command("ann", Command::Cancel { reason: "a test".into() }).unwrap();
    assert_eq!(world.incident.status, Status::Cancelled);
    assert_eq!(told(&events), ["ann: ended", "cy: ended", "dee: ended", "ed: ended"]);
    let only_ended = world.incident.outbox.values().all(|pending| {
        matches!(pending.as_ref(), Pending::Notice { notice, .. } if notice.purpose == Purpose::Ended)
    });
    assert!(only_ended);
    assert_eq!(world.run("a").state.cause(), Some("cancelled"));
}

#[test]
fn meaning_08_only_an_administrator_reopens_a_false_alarm() {
    let mut world = World::declare(&phase("      - { id: a, title: A }\n"));
    world.command("ann", Command::Cancel { reason: "a test".into() }).unwrap();
    let reopen = || Command::Reopen { phase: None, reason: "it was real".into() };
    assert_eq!(world.command("ann", reopen()).unwrap_err().code, RejectionCode::AdminOnly);
    world.admin = true;
    world.command("ann", reopen()).unwrap();
    assert_eq!(world.incident.status, Status::Open);
}
