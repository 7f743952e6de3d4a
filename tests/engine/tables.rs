//! Every pair of a step's state and an act, of an incident's status and a command, of a role's tenure
//! and an act: what comes of it, as tables that people review.

use std::fmt::Write as _;
use std::sync::Arc;

use firebell::engine::{
    ChildOutcome, Command, DeadlineKind, Event, NoticeOutcome, Pending, Rejection, RejectionCode,
    RequestOutcome, RoleAct, SetMoment, Status, StepAct,
};
use firebell::id::{IncidentId, NoticeId};
use firebell::text::Lang;
use serde_json::{Map, json};

use crate::world::{World, step_ref};

const KINDS: [(&str, &str); 7] = [
    ("manual", "title: X, checklist: [ one, two ]"),
    ("decide", "title: X, decide: { options: [left, right] }"),
    ("approve", "title: X, approve: { by: [ team/ops ], quorum: 2 }"),
    ("http", "http: { method: GET, url: 'https://ops.example/' }"),
    ("wait", "wait: { for: 10m }"),
    ("playbook", "playbook: other"),
    ("notify", "notify: { to: team/board, message: hello, until: acknowledged(all) }"),
];

const STATES: [&str; 8] =
    ["waiting", "ready", "active", "done", "failed", "skipped", "cancelled", "done, phase left"];

fn acts() -> Vec<StepAct> {
    let reason = || "so".to_owned();
    vec![
        StepAct::Claim,
        StepAct::Start,
        StepAct::Check { item: "1".into(), done: true },
        StepAct::Complete { form: Map::new(), evidence: vec![], measure: None, note: None },
        StepAct::Answer { option: "left".into(), note: None },
        StepAct::Approve { note: None },
        StepAct::Reject { reason: reason() },
        StepAct::Fail { reason: reason() },
        StepAct::Skip { reason: reason() },
        StepAct::Retry,
        StepAct::Reopen { reason: reason() },
    ]
}

/// Brings a step `x` of a kind into a state; `None` where that kind never is in it.
fn world_in(kind: &str, fields: &str, state: &str) -> Option<World> {
    let mut world = World::declare(&format!(
        "
messages: {{ hello: {{ text: hello }} }}
phases:
  - id: one
    title: One
    steps:
      - {{ id: gate, title: G }}
      - {{ id: x, after: [gate], {fields} }}
      - {{ id: other, title: O }}
  - {{ id: two, title: Two, steps: [ {{ id: y, title: Y }} ] }}
"
    ));
    let human = ["manual", "decide", "approve"].contains(&kind);
    if state == "waiting" {
        return Some(world);
    }
    world.skip("gate");
    if state == "ready" {
        return human.then_some(world);
    }
    match state {
        "failed" => drop(world.fail("x")),
        "skipped" => drop(world.skip("x")),
        "cancelled" => drop(leave(&mut world)),
        _ => {
            if human {
                world.start("x");
            }
            if state != "active" {
                finish(&mut world, kind);
            }
            if state == "done, phase left" {
                leave(&mut world);
            }
        }
    }
    Some(world)
}

fn leave(world: &mut World) -> Vec<Event> {
    let to = Command::MovePhase { to: "two".into(), reason: "so".into() };
    world.command("ann", to).unwrap()
}

fn finish(world: &mut World, kind: &str) {
    match kind {
        "manual" => {
            for item in ["1", "2"] {
                world.act("ann", "x", StepAct::Check { item: item.into(), done: true }).unwrap();
            }
            drop(world.complete("x"));
        }
        "decide" => drop(world.answer("x", "left")),
        "approve" => {
            for person in ["bo", "cy"] {
                world.act(person, "x", StepAct::Approve { note: None }).unwrap();
            }
        }
        "http" => drop(world.respond(RequestOutcome::Met { status: 200, saved: vec![] })),
        "playbook" => end_child(world),
        "wait" => drop(world.pass(crate::world::minutes(10))),
        _ => {
            world.deliver();
            let told = world.incident.told.keys().copied().collect::<Vec<_>>();
            for notice in told {
                let _ = world.command("flo", Command::AcknowledgeNotice { notice });
            }
        }
    }
    assert_eq!(world.state("x"), "done");
}

/// The one child that is asked for begins and ends.
fn end_child(world: &mut World) {
    let (number, reason, values) = (9, None, Arc::default());
    let call = world.incident.outbox.iter().find_map(|(request, pending)| match **pending {
        Pending::Child { child, .. } => Some((*request, child)),
        _ => None,
    });
    let (request, child) = call.unwrap();
    let outcome = ChildOutcome::Started { number };
    world.system(Command::ChildOutcome { request, outcome });
    let status = Status::Closed;
    world.system(Command::ChildReported { child, number, status, reason, values });
}

fn code(rejection: &Rejection) -> String {
    complete_sentence(rejection);
    format!("! {}", rejection.code.as_str())
}

/// Every refusal speaks both languages, and of a wrong state says what is allowed.
fn complete_sentence(rejection: &Rejection) {
    assert!(rejection.text.missing().is_empty(), "{rejection:?}");
    assert_ne!(rejection.text.get(Lang::Zh), rejection.text.get(Lang::En));
    let states = [RejectionCode::WrongState, RejectionCode::WrongKind, RejectionCode::WrongStatus];
    if states.contains(&rejection.code) {
        assert!(rejection.details.contains_key("allowed"), "{rejection:?}");
    }
}

#[test]
fn every_state_of_a_step_answers_every_act() {
    let mut table = String::new();
    for (kind, fields) in KINDS {
        for state in STATES {
            for act in acts() {
                let Some(mut world) = world_in(kind, fields, state) else { continue };
                let name = act.name();
                // Two items are open in the checklist; bo is no author of what is approved.
                let result = match world.act("bo", "x", act) {
                    Ok(_) => format!("→ {} {}", world.state("x"), world.run("x").key),
                    Err(rejection) => code(&rejection),
                };
                writeln!(table, "{kind:<8} {state:<17} {name:<9} {result}").unwrap();
            }
        }
    }
    insta::assert_snapshot!("step_acts", table);
}

fn commands() -> Vec<(&'static str, Command)> {
    let reason = || "so".to_owned();
    let values = || json!({}).as_object().cloned().unwrap();
    let other = IncidentId::from_u128(99);
    let nowhere = NoticeId::from_u128(1);
    let text = reason;
    let mut all = vec![
        ("role", Command::Role { role: "commander".into(), act: RoleAct::Acknowledge }),
        ("step", Command::Step { step: step_ref("a"), act: StepAct::Start }),
        ("set_level", Command::SetLevel { level: 2, reason: reason() }),
        ("note", Command::Note { text: text() }),
        ("measure", Command::Measure { name: "m".into(), value: 1.0 }),
        ("measure NaN", Command::Measure { name: "m".into(), value: f64::NAN }),
        (
            "set_moment",
            Command::SetMoment {
                moment: SetMoment::Aware,
                at: crate::world::start(),
                grounds: None,
            },
        ),
        ("set_inputs", Command::SetInputs { values: values() }),
        ("set_inputs unknown", {
            let values = json!({ "nope": 1 }).as_object().cloned().unwrap();
            Command::SetInputs { values }
        }),
        ("move_phase", Command::MovePhase { to: "two".into(), reason: reason() }),
        ("move_phase here", Command::MovePhase { to: "one".into(), reason: reason() }),
        ("move_phase nowhere", Command::MovePhase { to: "nope".into(), reason: reason() }),
        ("pause", Command::Pause { reason: reason() }),
        ("resume", Command::Resume),
        ("cancel", Command::Cancel { reason: reason(), as_is: None }),
        ("cancel as it is", Command::Cancel { reason: reason(), as_is: Some(reason()) }),
        ("rollback", Command::Rollback { reason: reason() }),
        ("close", Command::Close { force: None }),
        ("close forced", Command::Close { force: Some(reason()) }),
        ("reopen", Command::Reopen { phase: None, reason: reason() }),
        ("reopen nowhere", Command::Reopen { phase: Some("nope".into()), reason: reason() }),
        ("correct", Command::Correct { of: 1, text: text() }),
        ("redact", Command::Redact { references: vec!["x".into()], reason: reason() }),
        ("merge", Command::Merge { into: other }),
        ("merge itself", Command::Merge { into: crate::world::declaration(json!({})).id }),
        ("link", Command::Link { to: other, relation: "related".into() }),
        ("link badly", Command::Link { to: other, relation: "nope".into() }),
        (
            "add_evidence",
            Command::AddEvidence {
                of: firebell::engine::Proves::Incident,
                evidence: firebell::engine::EvidenceItem::Text { text: text() },
            },
        ),
        ("alert", Command::Alert { alert: Default::default(), resolved: false }),
        ("alert resolved", Command::Alert { alert: Default::default(), resolved: true }),
        ("inject", Command::Inject { values: values() }),
        ("acknowledge_notice", Command::AcknowledgeNotice { notice: nowhere }),
    ];
    all.extend(of_the_machinery());
    all
}

/// What the dispatcher and the clock say, of things that are not there.
fn of_the_machinery() -> Vec<(&'static str, Command)> {
    let (other, nowhere) = (IncidentId::from_u128(99), NoticeId::from_u128(1));
    let outcome = NoticeOutcome::Delivered { via: "email".into(), within: None };
    let answer = RequestOutcome::Met { status: 200, saved: vec![] };
    vec![
        ("notice_outcome", Command::NoticeOutcome { notice: nowhere, outcome }),
        ("request_outcome", Command::RequestOutcome { request: nowhere, outcome: answer }),
        (
            "child_outcome",
            Command::ChildOutcome {
                request: nowhere,
                outcome: ChildOutcome::Started { number: 9 },
            },
        ),
        (
            "child_reported",
            Command::ChildReported {
                child: other,
                number: 9,
                status: Status::Closed,
                reason: None,
                values: Arc::default(),
            },
        ),
        ("errand_ended", Command::ErrandEnded { request: nowhere }),
        ("reached", Command::Reached(DeadlineKind::RoleAcknowledge("commander".into()))),
    ]
}

fn world_of(status: &str) -> World {
    let mut world = World::declare(
        "
phases:
  - id: one
    title: One
    steps: [ { id: a, title: A, compensate: z }, { id: z, title: Z } ]
    next: [ { to: two, when: level == 1 } ]
  - { id: two, title: Two, steps: [ { id: b, title: B } ] }
",
    );
    let reason = || "so".to_owned();
    match status {
        "open" => {}
        "stuck" => drop(world.complete("a")),
        "rolling back" => {
            drop(world.complete("a"));
            drop(world.command("ann", Command::Rollback { reason: reason() }).unwrap());
        }
        "cancelling" => {
            drop(world.complete("a"));
            let cancel = Command::Cancel { reason: reason(), as_is: None };
            drop(world.command("ann", cancel).unwrap());
        }
        "paused" => drop(world.command("ann", Command::Pause { reason: reason() }).unwrap()),
        "closed" => {
            drop(world.command("ann", Command::Close { force: Some(reason()) }).unwrap());
        }
        _ => drop(world.command("ann", Command::Cancel { reason: reason(), as_is: None }).unwrap()),
    }
    world
}

#[test]
fn every_status_of_an_incident_answers_every_command() {
    let mut table = String::new();
    let all = ["open", "stuck", "rolling back", "cancelling", "paused", "closed", "cancelled"];
    for status in all {
        for (name, command) in commands() {
            let mut world = world_of(status);
            let result = match world.command("ann", command) {
                Ok(events) => {
                    let (status, phase) = (world.incident.status.name(), world.phase());
                    format!("→ {status} in {phase}, {} events", events.len())
                }
                Err(rejection) => code(&rejection),
            };
            writeln!(table, "{status:<10} {name:<19} {result}").unwrap();
        }
    }
    insta::assert_snapshot!("incident_commands", table);
}

#[test]
fn every_tenure_of_a_role_answers_every_act() {
    let acts = || {
        [
            ("claim", RoleAct::Claim),
            ("acknowledge", RoleAct::Acknowledge),
            ("decline", RoleAct::Decline { reason: None }),
            ("assign", RoleAct::Assign { to: "flo".into() }),
            ("hand-over", RoleAct::HandOver { to: "flo".into(), note: "see".into() }),
            ("release", RoleAct::Release),
        ]
    };
    let mut table = String::new();
    for tenure in ["vacant", "offered", "assigned", "held"] {
        for who in ["asked", "stranger"] {
            for (name, act) in acts() {
                let mut world = World::declare(
                    "
roles:
  commander: { title: C, assign: { team: board } }
  vacant: { title: V, assign: { team: silent } }
  offered: { title: O, assign: { claim: crew } }
  assigned: { title: A, assign: { team: crew } }
  held: { title: H, assign: { team: crew } }
phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
",
                );
                world.role("cy", "held", RoleAct::Acknowledge).unwrap();
                let person = if who == "asked" { "cy" } else { "bo" };
                let result = match world.role(person, tenure, act) {
                    Ok(_) => {
                        let state = &world.incident.roles[tenure].tenure;
                        let people = state.people().iter().map(ToString::to_string);
                        let people = people.collect::<Vec<_>>().join(" ");
                        format!("→ {} {people}", state.name())
                    }
                    Err(rejection) => code(&rejection),
                };
                writeln!(table, "{tenure:<9} {who:<9} {name:<12} {}", result.trim_end()).unwrap();
            }
        }
    }
    insta::assert_snapshot!("role_acts", table);
}
