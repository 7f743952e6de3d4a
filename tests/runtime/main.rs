//! The runtime's promises, with the real engine, real dispatching and a clock moved by hand.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]

mod archive;
mod calendars;
mod drills;
mod hung;
mod jumps;
mod kin;
mod learning;
mod letters;
mod monitors;
mod mortal;
mod preparing;
mod probes;
mod redaction;
mod secret;
mod shadow;
mod stage;
mod storm;
mod tabletop;

use firebell::engine::{Command, Fact, NoticeEnd, RoleAct, StepAct, StepRef};
use firebell::id::IncidentId;
use firebell::notify::{Delivery, Why, WhyCode};
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Refusal, Runtime, Scope};
use firebell::store::{Query, Which};
use firebell::text::Lang;
use jiff::SignedDuration;

use crate::stage::{Stage, facts, rest};

const PAGE: &str = "playbook: page
title: Page
owner: duty
roles:
  commander:
    title: Commander
    assign: { team: duty }
    deputies: [ { team: deputies } ]
    acknowledge_within: 5m
phases:
  - id: work
    title: Work
    steps:
      - { id: look, role: commander, title: Look, due: 30m }
";

const CLAIM: &str = "playbook: claim
title: Claim
owner: duty
roles:
  helper: { title: Helper, assign: { claim: pool }, acknowledge_within: 10m }
phases:
  - id: work
    title: Work
    steps: [ { id: help, role: helper, title: Help } ]
";

fn ann() -> Caller {
    Caller::person("ann", Scope::Responder)
}

async fn declare(runtime: &Runtime, plan: &str) -> IncidentId {
    let request = DeclareRequest::live(plan);
    let declared = runtime.declare(&ann(), request, CommitOptions::default()).await;
    declared.expect("the plan can be declared").incident.id
}

async fn act(
    runtime: &Runtime,
    caller: &Caller,
    id: IncidentId,
    command: Command,
) -> Result<(), Refusal> {
    runtime.execute(caller, id, command, CommitOptions::default()).await.map(drop)
}

fn role(role: &str, act: RoleAct) -> Command {
    Command::Role { role: role.into(), act }
}

fn busy() -> Delivery {
    Delivery::Retry { after: None, why: Why::new(WhyCode::Busy) }
}

#[tokio::test]
async fn a_declaration_pages_the_commander_and_the_answer_is_recorded() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "page").await;
    rest(&runtime).await;
    let sent = stage.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert_eq!((sent[0].channel, sent[0].address.as_str()), ("mail", "ann@mail.example"));
    let delivered =
        |fact: &Fact| matches!(fact, Fact::NoticeEnded { end: NoticeEnd::Delivered { .. }, .. });
    assert!(facts(&stage, id).iter().any(delivered));
    assert!(runtime.incident(id).await.unwrap().incident.outbox.is_empty());
}

#[tokio::test]
async fn a_busy_channel_is_tried_again_and_a_refusing_one_left_for_the_next() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    stage.mail.answer(busy());
    stage.mail.answer(Delivery::Refused { why: Why::new(WhyCode::Rejected) });
    let id = declare(&runtime, "page").await;
    rest(&runtime).await;
    assert_eq!(stage.sent().len(), 1);
    stage.pass(&runtime, SignedDuration::from_secs(3)).await;
    let channels: Vec<&str> = stage.sent().iter().map(|sent| sent.channel).collect();
    assert_eq!(channels, ["mail", "mail", "hook"]);
    let all = facts(&stage, id);
    assert!(all.iter().any(|fact| matches!(fact, Fact::NoticeDelayed { attempt: 1, .. })));
    assert!(all.iter().any(|fact| matches!(fact, Fact::NoticeRerouted { .. })));
}

#[tokio::test]
async fn an_unanswered_page_goes_to_the_deputy_even_across_a_restart() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "page").await;
    rest(&runtime).await;
    runtime.drain().await;
    let runtime = stage.start(false);
    stage.pass(&runtime, SignedDuration::from_mins(5)).await;
    let addresses: Vec<String> = stage.sent().iter().map(|sent| sent.address.clone()).collect();
    assert_eq!(addresses[0], "ann@mail.example");
    assert!(addresses.contains(&"bo@mail.example".to_owned()), "{addresses:?}");
    let bo = Caller::person("bo", Scope::Responder);
    act(&runtime, &bo, id, role("commander", RoleAct::Acknowledge)).await.unwrap();
    let now = runtime.incident(id).await.unwrap().incident;
    assert_eq!(now.holder(&"commander".into()).unwrap().as_str(), "bo");
}

#[tokio::test]
async fn of_many_who_claim_at_once_one_wins_and_the_others_learn_who() {
    let stage = Stage::new(&[("claim.yaml", CLAIM)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "claim").await;
    rest(&runtime).await;
    let mut tries = Vec::new();
    for n in 0..48 {
        let caller = Caller::person(["ann", "bo", "cy"][n % 3], Scope::Responder);
        let runtime = runtime.clone();
        tries.push(tokio::spawn(async move {
            let person = caller.actor.acting_person().unwrap().clone();
            (person, act(&runtime, &caller, id, role("helper", RoleAct::Claim)).await)
        }));
    }
    let holder = |runtime: Runtime| async move {
        let now = runtime.incident(id).await.unwrap().incident;
        now.holder(&"helper".into()).cloned().expect("somebody won")
    };
    let mut outcomes = Vec::new();
    for attempt in tries {
        outcomes.push(attempt.await.unwrap());
    }
    let winner = holder(runtime.clone()).await;
    for (person, outcome) in outcomes {
        match outcome {
            Ok(()) => assert_eq!(person, winner),
            Err(Refusal::Rejected(rejection)) => {
                assert_eq!(rejection.code.as_str(), "claim_lost");
                assert_ne!(person, winner, "{rejection}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn the_same_trouble_is_one_incident() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let request = || {
        let dedup_key = Some("db-7 is down".to_owned());
        DeclareRequest { dedup_key, ..DeclareRequest::live("page") }
    };
    let mut declared = Vec::new();
    for _ in 0..8 {
        let runtime = runtime.clone();
        declared.push(tokio::spawn(async move {
            runtime.declare(&ann(), request(), CommitOptions::default()).await.unwrap()
        }));
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut created = 0;
    for one in declared {
        let one = one.await.unwrap();
        ids.insert(one.incident.id);
        created += u32::from(one.created);
    }
    assert_eq!((ids.len(), created), (1, 1));
    let query = Query { which: Which::Open, before: None, limit: 10 };
    assert_eq!(stage.store.list(query).unwrap().len(), 1);
}

#[tokio::test]
async fn a_safe_start_sends_nothing_until_a_person_confirms() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(true);
    declare(&runtime, "page").await;
    stage.pass(&runtime, SignedDuration::from_mins(6)).await;
    assert!(stage.sent().is_empty());
    assert_eq!(runtime.overdue(10).len(), 1);
    runtime.release();
    rest(&runtime).await;
    assert!(!stage.sent().is_empty());
}

#[tokio::test]
async fn a_channel_down_for_an_hour_loses_no_notice_and_floods_nobody_afterwards() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    stage.mail.set_down(Some(busy()));
    stage.hook.set_down(Some(busy()));
    let id = declare(&runtime, "page").await;
    for _ in 0..120 {
        stage.pass(&runtime, SignedDuration::from_secs(30)).await;
    }
    let seen = seen_of(&runtime, "channels");
    assert!(
        seen.contains("nothing has got through over mail for 3"),
        "whoever runs it hears: {seen}"
    );
    stage.mail.set_down(None);
    stage.hook.set_down(None);
    stage.sent.lock().unwrap().clear();
    for _ in 0..40 {
        stage.pass(&runtime, SignedDuration::from_secs(30)).await;
    }
    let now = runtime.incident(id).await.unwrap().incident;
    assert!(now.outbox.is_empty(), "every notice has an end: {:#?}", now.outbox);
    let mut per_person = std::collections::BTreeMap::new();
    for sent in stage.sent() {
        *per_person.entry(sent.address).or_insert(0) += 1;
    }
    assert!(!per_person.is_empty(), "somebody hears of it once the channels are back");
    assert!(per_person.values().all(|count| *count <= 12), "{per_person:?}");
    assert!(!seen_of(&runtime, "channels").contains("mail"), "it got through");
}

fn seen_of(runtime: &Runtime, name: &str) -> String {
    let checks = runtime.readiness();
    let seen = checks.iter().find(|check| check.name == name).expect("it is checked");
    seen.detail.get(Lang::En).to_owned()
}

#[tokio::test]
async fn the_journal_gives_back_what_the_memory_held() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "page").await;
    act(&runtime, &ann(), id, role("commander", RoleAct::Acknowledge)).await.unwrap();
    let start = Command::Step { step: StepRef::current("look"), act: StepAct::Start };
    act(&runtime, &ann(), id, start).await.unwrap();
    rest(&runtime).await;
    let live = runtime.incident(id).await.unwrap().incident;
    runtime.drain().await;
    let again = stage.start(true);
    assert_eq!(*again.incident(id).await.unwrap().incident, *live);
}

#[tokio::test]
async fn a_broken_plan_on_reload_keeps_the_last_good_set_and_running_incidents_their_own() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "page").await;
    let pinned = runtime.incident(id).await.unwrap().playbook.hash.clone();
    stage.write("page.yaml", &PAGE.replace("role: commander, title", "role: comander, title"));
    let report = runtime.reload().await;
    assert!(!report.swapped && report.library.has_errors());
    assert_eq!(runtime.library().playbooks().next().unwrap().hash, pinned);
    let refused = "the last reload was refused for errors in page.yaml";
    assert!(seen_of(&runtime, "plans").contains(refused), "{}", seen_of(&runtime, "plans"));
    stage.write("page.yaml", &PAGE.replace("due: 30m", "due: 20m"));
    assert!(runtime.reload().await.swapped);
    assert!(!seen_of(&runtime, "plans").contains(refused));
    let (new, old) = (declare(&runtime, "page").await, id);
    assert_ne!(runtime.incident(new).await.unwrap().playbook.hash, pinned);
    runtime.drain().await;
    let again = stage.start(true);
    assert_eq!(again.incident(old).await.unwrap().playbook.hash, pinned);
}

#[tokio::test]
async fn an_edit_of_a_step_library_changes_what_is_declared_next_and_nothing_that_runs() {
    let step = "{ id: look, role: commander, title: Look, due: 30m }";
    assert!(PAGE.contains(step), "the plan has the step");
    let library = format!("library: shared\ntitle: Shared\nsteps:\n  - {step}\n");
    let stage = Stage::new(&[("page.yaml", &PAGE.replace(step, "{ use: shared/look }"))]);
    stage.write("steps/shared.yaml", &library);
    let runtime = stage.start(false);
    let old = declare(&runtime, "page").await;
    let pinned = runtime.incident(old).await.unwrap().playbook.hash.clone();
    stage.write("steps/shared.yaml", &library.replace("30m", "20m"));
    assert!(runtime.reload().await.swapped);
    let new = declare(&runtime, "page").await;
    assert_ne!(runtime.incident(new).await.unwrap().playbook.hash, pinned);
    runtime.drain().await;
    stage.write("steps/shared.yaml", "library: shared\ntitle: Shared\nsteps: []\n");
    let again = stage.start(true);
    let restored = again.incident(old).await.unwrap().playbook;
    assert_eq!(restored.hash, pinned);
    let (_, step) = restored.step(&"look".into()).expect("the step of the library");
    assert!(step.due.is_some() && step.role.is_some());
}

#[tokio::test]
async fn a_clock_that_jumps_back_neither_fires_twice_nor_hangs() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "page").await;
    stage.pass(&runtime, SignedDuration::from_mins(5)).await;
    let before = facts(&stage, id);
    stage.pass(&runtime, SignedDuration::from_mins(-60)).await;
    stage.pass(&runtime, SignedDuration::from_mins(60)).await;
    let unanswered = |facts: &[Fact]| {
        facts.iter().filter(|fact| matches!(fact, Fact::RoleUnanswered { .. })).count()
    };
    assert_eq!(unanswered(&before), unanswered(&facts(&stage, id)));
    stage.pass(&runtime, SignedDuration::from_mins(30)).await;
    let all = facts(&stage, id);
    let overdue = all.iter().filter(|fact| matches!(fact, Fact::StepOverdue { .. })).count();
    assert_eq!(overdue, 1);
}
