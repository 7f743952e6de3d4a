//! Meaning 11 to 15: deadlines, the two times, ladders, bounds, what a rehearsal holds back.

use firebell::engine::{
    Actor, Command, DeadlineKind, Fact, Mode, NoticeOutcome, Pending, RejectionCode,
    RequestOutcome, RoleAct, SetMoment, Status, StepAct, due,
};
use serde_json::json;

use crate::world::{World, complete, declaration, minutes, plan, step_ref, told};

const DUE: &str = "
roles:
  commander: { title: C, assign: { team: board } }
  tech: { title: T, assign: { team: crew } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A, role: tech, due: { within: 10m, warn: [50%, 80%] }, start_within: 3m, escalate: duty }
      - { id: b, title: B, after: [a], due: { within: 20m, from: declared } }
      - { id: c, title: C, after: [b], due: 5m }
";

#[test]
fn meaning_11_a_deadline_counts_from_ready_or_from_its_anchor_even_while_waiting() {
    let mut world = World::declare(DUE);
    assert_eq!(world.run("a").due_at, Some(world.at(10)));
    assert_eq!(world.run("b").due_at, Some(world.at(20)), "armed while it waits");
    world.start("a");
    let events = world.pass(minutes(20));
    assert!(told(&events).contains(&"flo: waiting_overdue".to_owned()));
    assert!(world.run("b").overdue);
    world.complete("a");
    world.complete("b");
    assert_eq!(world.run("c").due_at, Some(world.at(25)));
}

#[test]
fn meaning_11_the_holder_is_warned_then_overdue_climbs_the_ladder_until_someone_acts() {
    let mut world = World::declare(DUE);
    world.start("a");
    assert_eq!(told(&world.pass(minutes(5))), ["cy: warning a"]);
    assert_eq!(told(&world.pass(minutes(3))), ["cy: warning a"]);
    assert_eq!(told(&world.pass(minutes(2))), ["cy: overdue a"]);
    let events = world.pass(minutes(5));
    assert_eq!(told(&events), ["cy: escalation", "dee: escalation", "ed: escalation"]);
    world.act("cy", "a", StepAct::Claim).unwrap();
    assert!(world.incident.ladders.is_empty());
    assert_eq!(told(&world.pass(minutes(3))), [""; 0], "someone acts");
}

#[test]
fn meaning_11_a_step_that_nobody_starts_in_time_is_overdue_to_start() {
    let mut world = World::declare(DUE);
    let events = world.pass(minutes(3));
    assert_eq!(told(&events), ["cy: overdue a"]);
    assert!(world.run("a").start_overdue && !world.run("a").overdue);
    world.start("a");
    assert!(world.incident.ladders.is_empty());
}

#[test]
fn meaning_11_late_work_is_accepted_and_recorded_late() {
    let mut world = World::declare(DUE);
    world.pass(minutes(15));
    world.complete("a");
    assert_eq!(world.state("a"), "done");
    assert!(world.run("a").overdue, "it was late and stays so");
}

#[test]
fn meaning_11_a_pause_freezes_step_deadlines_ladders_and_acknowledgements() {
    let mut world = World::declare(
        "
roles: { commander: { title: C, assign: { team: board }, acknowledge_within: 30m, escalate: duty } }
phases:
  - id: one
    title: One
    steps:
      - { id: a, title: A, due: 10m, escalate: duty }
      - { id: w, wait: { for: 20m } }
      - { id: b, title: B, due: 30m }
      - { id: z, title: Z, after: [b], due: 10m }
",
    );
    world.pass(minutes(11));
    world.command("ann", Command::Pause { reason: "lunch".into() }).unwrap();
    assert_eq!(world.incident.status, Status::Paused);
    world.pass(minutes(30));
    world.complete("b");
    world.pass(minutes(30));
    assert_eq!(world.count(|f| matches!(f, Fact::RungFired { .. })), 0);
    assert_eq!(world.state("w"), "active");
    world.command("ann", Command::Resume).unwrap();
    let resumed = world.now;
    let after = |m| Some(resumed.checked_add(minutes(m)).unwrap());
    assert_eq!(world.incident.ladders.values().next().unwrap().next_at(), after(4));
    assert_eq!(world.run("w").alarm.map(|alarm| alarm.at()), after(9));
    assert_eq!(world.run("z").due_at, after(10), "armed in the pause, it begins with the end");
    assert_eq!(world.incident.roles["commander"].tenure.until(), after(19));
}

#[test]
fn meaning_11_moments_that_people_set_move_what_counts_from_them() {
    let mut world = World::declare(
        "
phases: [ { id: one, title: One, steps: [ { id: a, title: A, due: { within: 4h, from: aware } } ] } ]
objectives: [ { id: reported, from: detected, to: declared, within: 5m } ]
",
    );
    assert_eq!(world.run("a").due_at, Some(world.at(240)), "until set, the declaration");
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMet { .. })), 1);
    let set = |moment, at| Command::SetMoment { moment, at };
    let earlier = world.at(-60);
    world.command("ann", set(SetMoment::Aware, earlier)).unwrap();
    assert_eq!(world.run("a").due_at, Some(world.at(180)));
    world.command("ann", set(SetMoment::Detected, earlier)).unwrap();
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMissed { .. })), 1);
    let ahead = world.at(3);
    let refused = world.command("ann", set(SetMoment::Aware, ahead)).unwrap_err();
    assert_eq!(refused.code, RejectionCode::ImplausibleTime);
}

#[test]
fn meaning_11_a_decision_takes_its_default_when_due() {
    let mut world = World::declare(
        "
phases: [ { id: one, title: One, steps: [ { id: d, title: D, due: 5m, decide: { options: [yes_, no_], default: no_ } }, { id: e, title: E, after: [d], when: steps.d.answer == 'no_' } ] } ]
",
    );
    world.pass(minutes(5));
    assert_eq!((world.state("d"), world.state("e")), ("done", "ready"));
    assert_eq!(world.run("d").answer.as_deref(), Some("no_"));
}

#[test]
fn meaning_12_what_happened_earlier_is_accepted_within_reason_and_clears_overdue() {
    let mut world = World::declare(DUE);
    world.pass(minutes(15));
    assert!(world.run("a").overdue);
    let command = || Command::Step { step: step_ref("a"), act: complete(json!({})) };
    let ann = || Actor::person("ann");
    let before = world.command_at(ann(), Some(world.at(-1)), command()).unwrap_err();
    assert_eq!(before.code, RejectionCode::ImplausibleTime);
    let ahead = world.command_at(ann(), Some(world.at(18)), command()).unwrap_err();
    assert_eq!(ahead.code, RejectionCode::ImplausibleTime);
    let sent = told(&world.events).len();
    world.command_at(ann(), Some(world.at(9)), command()).unwrap();
    assert!(!world.run("a").overdue, "done in time, told late");
    assert_eq!(world.run("b").ready_at, Some(world.at(9)), "what follows happened with it");
    assert!(told(&world.events).len() >= sent, "nothing is un-sent");
    world
        .command_at(
            ann(),
            Some(world.at(12)),
            Command::Step { step: step_ref("b"), act: complete(json!({})) },
        )
        .unwrap();
    assert_eq!(world.run("c").due_at, Some(world.at(20)), "people have their time from now");
}

#[test]
fn meaning_12_two_minutes_ahead_is_a_clock_that_differs() {
    let mut world = World::declare(DUE);
    let command = Command::Step { step: step_ref("a"), act: StepAct::Start };
    world.command_at(Actor::person("ann"), Some(world.at(2)), command).unwrap();
    assert_eq!(world.state("a"), "active");
}

#[test]
fn meaning_12_an_objective_missed_on_record_is_kept_by_a_later_entry_in_time() {
    let mut world = World::declare(
        "
phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
objectives: [ { id: o, from: declared, to: { step: a, is: done }, within: 5m } ]
",
    );
    world.pass(minutes(10));
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMissed { .. })), 1);
    let command = Command::Step { step: step_ref("a"), act: complete(json!({})) };
    world.command_at(Actor::person("ann"), Some(world.at(4)), command).unwrap();
    assert_eq!(world.count(|f| matches!(f, Fact::ObjectiveMet { .. })), 1);
}

#[test]
fn meaning_12_corrections_are_new_entries() {
    let mut world = World::declare(DUE);
    world.command("ann", Command::Note { text: "ten users".into() }).unwrap();
    let of = world.incident.version;
    let before = world.events.clone();
    world.command("ann", Command::Correct { of, text: "a hundred users".into() }).unwrap();
    assert_eq!(world.events[..before.len()], before);
    let beyond = Command::Correct { of: 9_999, text: "x".into() };
    assert_eq!(world.command("ann", beyond).unwrap_err().code, RejectionCode::UnknownItem);
}

const LADDER: &str = "
roles: { commander: { title: C, assign: { team: ops } } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A, due: 5m, escalate: duty } ] } ]
";

#[test]
fn meaning_13_a_ladder_is_armed_with_absolute_instants_and_climbed_rung_by_rung() {
    let mut world = World::declare(LADDER);
    world.pass(minutes(5));
    let ladder = world.incident.ladders.values().next().unwrap().clone();
    assert_eq!(ladder.rungs, [world.at(10), world.at(20), world.at(30)]);
    world.pass(minutes(5));
    world.deliver();
    assert_eq!(told(&world.pass(minutes(10))), ["ann: escalation"]);
    let events = world.pass(minutes(10));
    assert_eq!(told(&events), ["flo: escalation", "ann: ladder_exhausted"]);
    assert!(world.incident.ladders.is_empty());
}

#[test]
fn meaning_13_people_of_a_rung_are_resolved_when_it_fires() {
    let mut world = World::declare(LADDER);
    world.pass(minutes(10));
    world.role("ann", "commander", RoleAct::Acknowledge).unwrap();
    world.role("ann", "commander", RoleAct::Assign { to: "ed".into() }).unwrap();
    let events = world.pass(minutes(10));
    assert_eq!(told(&events), ["ed: escalation"]);
}

#[test]
fn meaning_13_after_a_downtime_only_the_current_rung_fires_and_the_rest_goes_on_from_now() {
    let mut world = World::declare(LADDER);
    world.pass(minutes(5));
    let events = world.outage(minutes(17));
    assert_eq!(told(&events), ["ann: escalation"], "the first rung was missed");
    let missed = world.events.iter().find_map(|event| match &event.fact {
        Fact::RungsMissed { rungs, remaining, .. } => Some((rungs.clone(), remaining.clone())),
        _ => None,
    });
    assert_eq!(missed, Some((vec![0], vec![world.at(32)])));
    assert_eq!(told(&world.pass(minutes(10))), ["flo: escalation", "ann: ladder_exhausted"]);
}

#[test]
fn meaning_13_a_rung_only_a_little_late_is_no_downtime() {
    let mut world = World::declare(LADDER);
    world.pass(minutes(5));
    world.outage(minutes(8));
    assert_eq!(world.count(|f| matches!(f, Fact::RungsMissed { .. })), 0);
    assert_eq!(world.incident.ladders.values().next().unwrap().next_at(), Some(world.at(20)));
}

#[test]
fn meaning_13_after_hours_of_downtime_nobody_gets_a_storm() {
    let mut world = World::declare(DUE);
    world.start("a");
    world.pass(minutes(12));
    world.deliver();
    let events = world.outage(minutes(600));
    let mut people = told(&events);
    people.sort();
    let mut once = people.clone();
    once.dedup();
    assert_eq!(people, once, "nobody hears the same thing twice");
    assert!(people.len() <= 6, "{people:?}");
}

#[test]
fn meaning_14_a_loop_of_automatic_steps_stops_at_the_bound_on_visits() {
    let endless = "
phases:
  - { id: one, title: One, steps: [ { id: a, set: { x: '1' } } ], next: [ { to: two } ] }
  - { id: two, title: Two, steps: [ { id: b, set: { y: '1' } } ], next: [ { to: one } ] }
";
    let world = World::declare(endless);
    assert!(world.stuck(), "the bound on visits");
    assert_eq!(world.incident.visit, firebell::engine::limits::VISITS_MAX);
}

#[test]
fn meaning_14_a_list_and_a_repeat_stop_at_their_bound() {
    let items: Vec<i32> = (0..50).collect();
    let world = World::declare_inputs(
        "
inputs: { xs: { type: list, of: integer } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A, for_each: { in: xs, as: x, at_most: 10 } } ] } ]
",
        json!({ "xs": items }),
    );
    assert_eq!(world.incident.steps["a"].items.len(), 10);
    assert_eq!(world.count(|f| matches!(f, Fact::StepReady { left_out: 40, .. })), 1);
}

const OUTWARD: &str = "
messages: { hello: { text: hello } }
phases:
  - id: one
    title: One
    steps:
      - { id: tell, notify: { to: customers, via: [status], message: hello } }
      - { id: auto, http: { method: POST, url: 'https://ops.example/x', save: { ticket: /id } } }
      - { id: b, title: B, after: [tell, auto] }
";

#[test]
fn meaning_15_what_the_gate_holds_back_counts_as_delivered_and_leaves_saved_values_unknown() {
    let mut rehearsal = declaration(json!({}));
    rehearsal.mode = Mode::Drill;
    let mut world = World::declare_with(plan(OUTWARD), rehearsal).unwrap();
    let customers = world
        .incident
        .outbox
        .values()
        .find_map(|pending| match pending.as_ref() {
            Pending::Notice { notice, .. } if notice.via[0].as_str() == "status" => Some(notice.id),
            _ => None,
        })
        .unwrap();
    world.outcome(customers, NoticeOutcome::HeldBack { why: "drill".into() });
    assert_eq!(world.state("tell"), "done");
    world.respond(RequestOutcome::HeldBack { succeeds: true });
    assert_eq!((world.state("auto"), world.state("b")), ("done", "ready"));
    assert!(!world.incident.variables.contains_key("ticket"));
}

#[test]
fn meaning_15_the_cast_may_let_a_held_back_request_fail() {
    let mut world = World::declare(OUTWARD);
    world.respond(RequestOutcome::HeldBack { succeeds: false });
    assert_eq!(world.state("auto"), "failed");
}

#[test]
fn a_channel_that_gives_up_falls_to_the_next_and_exhaustion_is_loud() {
    let mut world = World::declare(
        "
roles:
  commander: { title: C, assign: { team: board } }
  tech: { title: T, assign: { team: ops }, acknowledge_within: 1h }
phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
",
    );
    let page = world
        .incident
        .outbox
        .values()
        .find_map(|pending| match pending.as_ref() {
            Pending::Notice { notice, .. } if told_to(notice) == "ann" => Some(notice.clone()),
            _ => None,
        })
        .unwrap();
    let refused = |via: &str| NoticeOutcome::Refused { via: via.into(), why: "no".into() };
    world.outcome(page.id, refused("email"));
    assert_eq!(world.outcome(page.id, refused("email")), [], "a late answer changes nothing");
    let events = world.outcome(page.id, refused("sms"));
    assert_eq!(told(&events), ["flo: notice_failed", "bo: page tech"], "the next is asked");
    assert_eq!(world.holder("tech"), Some("bo"));
}

fn told_to(notice: &firebell::engine::Notice) -> String {
    match &notice.to {
        firebell::engine::Recipient::Person(person) => person.to_string(),
        firebell::engine::Recipient::Audience(_) => String::new(),
    }
}

#[test]
fn a_delayed_notice_waits_and_its_channel_gives_way_in_time() {
    let mut world = World::declare(LADDER);
    let (id, _) = world.incident.outbox.iter().next().map(|(id, p)| (*id, p.clone())).unwrap();
    let until = world.at(1);
    world.outcome(id, NoticeOutcome::Retry { attempt: 1, until, why: "busy".into() });
    assert_eq!(firebell::engine::next_send(&world.incident), Some(until));
    world.pass(minutes(5));
    assert_eq!(world.count(|f| matches!(f, Fact::NoticeRerouted { .. })), 1);
    world.pass(minutes(24 * 60));
    let failed = |f: &Fact| {
        matches!(f, Fact::NoticeEnded { end: firebell::engine::NoticeEnd::Failed { .. }, .. })
    };
    assert!(world.count(failed) >= 1, "after a day the last channel has had its time");
}

#[test]
fn an_instant_that_has_not_come_changes_nothing() {
    let mut world = World::declare(DUE);
    let key = world.run("a").key.clone();
    assert_eq!(world.reached(DeadlineKind::StepDue(key)), []);
    assert!(due(&world.playbook, &world.incident, world.now).is_empty());
}
