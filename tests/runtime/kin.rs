//! Children and hand-offs as the runtime carries them: durably, once, and never out of a rehearsal.

use std::sync::Arc;
use std::time::Duration;

use firebell::engine::{
    Command, Event, Fact, Incident, Mode, Pending, Status, StepAct, StepRef, codec,
};
use firebell::id::IncidentId;
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Runtime};
use firebell::store::{Query, Store, Which};

use crate::mortal::{Death, Mortal};
use crate::stage::{Stage, facts, rest};
use crate::{act, ann, declare};

/// What a person does next, by the state of things.
type Next = fn(&Incident) -> Option<&'static str>;

const PARENT: &str = "playbook: parent
title: Parent
owner: duty
inputs: { many: { type: integer, default: 4 } }
roles: { commander: { title: Commander, assign: { team: duty } } }
phases:
  - id: work
    title: Work
    steps:
      - id: ask
        playbook: child
        with: { found: '{{ many }}' }
        save: { lost: records }
      - { id: then, title: Then, after: [ask], role: commander }
";

const CHILD: &str = "playbook: child
title: Child
owner: duty
inputs: { found: { type: integer, required: true } }
roles: { commander: { title: Commander, assign: { team: duty } } }
phases:
  - id: look
    title: Look
    steps:
      - { id: count, title: Count, role: commander, form: { records: { type: integer } } }
";

const OVER: &str = "playbook: over
title: Over
owner: duty
roles: { commander: { title: Commander, assign: { team: duty } } }
phases:
  - id: work
    title: Work
    steps:
      - { id: go, title: Go, role: commander }
      - { id: give, after: [go], playbook: child, handoff: true, with: { found: 1 } }
";

fn stage() -> Stage {
    Stage::new(&[("parent.yaml", PARENT), ("child.yaml", CHILD), ("over.yaml", OVER)])
}

fn complete(step: &str) -> Command {
    let form = serde_json::Map::new();
    let act = StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None };
    Command::Step { step: StepRef::current(step), act }
}

async fn children(runtime: &Runtime, parent: IncidentId) -> Vec<IncidentId> {
    let parent = runtime.incident(parent).await.unwrap().incident;
    parent.children.keys().copied().collect()
}

async fn child(runtime: &Runtime, parent: IncidentId) -> IncidentId {
    let children = children(runtime, parent).await;
    assert_eq!(children.len(), 1, "{children:?}");
    children[0]
}

async fn incident(runtime: &Runtime, id: IncidentId) -> Arc<Incident> {
    runtime.incident(id).await.unwrap().incident
}

fn stored(stage: &Stage) -> usize {
    let of = |which| stage.store.list(Query { which, before: None, limit: 50 }).unwrap().len();
    of(Which::Open) + of(Which::Ended)
}

#[tokio::test]
async fn a_child_runs_and_its_parent_goes_on_with_what_it_found() {
    let stage = stage();
    let runtime = stage.start(false);
    let parent = declare(&runtime, "parent").await;
    rest(&runtime).await;
    let id = child(&runtime, parent).await;
    let begun = incident(&runtime, id).await;
    assert_eq!(begun.variables.get("found").unwrap().to_plain(), 4);
    assert_eq!(begun.parent.as_ref().unwrap().id, parent);
    let form = serde_json::json!({ "records": 9 }).as_object().unwrap().clone();
    let done = StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None };
    let done = Command::Step { step: StepRef::current("count"), act: done };
    act(&runtime, &ann(), id, done).await.unwrap();
    rest(&runtime).await;
    let now = incident(&runtime, parent).await;
    assert_eq!(now.run(&"then".into()).unwrap().state.name(), "ready");
    assert_eq!(now.variables.get("lost").unwrap().to_plain(), 9);
    for id in [parent, id] {
        let now = incident(&runtime, id).await;
        assert!(now.outbox.values().all(|pending| is_notice(pending)), "every errand has its end");
    }
}

/// Dies after every commit of a whole life, once heard of and once not: what was stored then is all
/// that a new start knows.
#[tokio::test]
async fn whenever_the_process_dies_nothing_is_lost_and_nothing_begins_twice() {
    let lives: [(&str, Next); 2] = [("parent", with_a_child), ("over", handed_over)];
    for (plan, next) in lives {
        // A life without a break says how many commits there are to die after.
        let whole = life(plan, next, None).await;
        assert!(whole > 5, "{whole} commits");
        for after in 1..=whole {
            for silently in [false, true] {
                life(plan, next, Some(Death { after, silently })).await;
            }
        }
    }
}

/// What is to be done next in a parent whose child is not open.
fn with_a_child(parent: &Incident) -> Option<&'static str> {
    let closed = parent.children.values().all(|child| child.status == Some(Status::Closed));
    (closed && !parent.children.is_empty()).then_some("then")
}

/// What is to be done next in an incident that is handed over.
fn handed_over(incident: &Incident) -> Option<&'static str> {
    Some(if incident.earlier.is_empty() { "go" } else { "count" })
}

/// Lives an incident and what it asks for from beginning to end, and dies once on the way. Returns
/// how many commits there were.
async fn life(plan: &str, next: Next, death: Option<Death>) -> u64 {
    let mortal = Mortal::new(death);
    let stage = Stage { store: Arc::clone(&mortal) as Arc<dyn Store>, ..stage() };
    let mut runtime = stage.start(false);
    let mut rounds = 0;
    let id = loop {
        rounds += 1;
        assert!(rounds < 40, "it does not come to its end: {death:?}");
        settle(&runtime, &mortal).await;
        if mortal.is_dead() {
            runtime.drain().await;
            mortal.revive();
            runtime = stage.start(false);
            continue;
        }
        let Some(id) = first(&stage) else {
            let request = DeclareRequest::live(plan);
            let _ = runtime.declare(&ann(), request, CommitOptions::default()).await;
            continue;
        };
        let now = incident(&runtime, id).await;
        if !now.status.is_open() {
            break id;
        }
        let child = now.children.iter().find(|(_, child)| child.is_open()).map(|(id, _)| *id);
        // What is refused is not ready yet, or the process is dying.
        let _ = match (child, next(&now)) {
            (Some(child), _) => act(&runtime, &ann(), child, complete("count")).await,
            (None, Some(step)) => act(&runtime, &ann(), id, complete(step)).await,
            (None, None) => Ok(()),
        };
    };
    check(&stage, &runtime, id, death).await;
    runtime.drain().await;
    mortal.commits()
}

async fn check(stage: &Stage, runtime: &Runtime, id: IncidentId, death: Option<Death>) {
    let now = incident(runtime, id).await;
    assert_eq!(now.status, Status::Closed, "{death:?}");
    assert!(now.outbox.values().all(|pending| is_notice(pending)), "{death:?}");
    assert_eq!(stored(stage), 1 + now.children.len(), "nothing begins twice: {death:?}");
    let all = facts(stage, id);
    let many = |is: fn(&Fact) -> bool| all.iter().filter(|fact| is(fact)).count();
    match now.earlier.len() {
        0 => {
            assert_eq!(now.children.len(), 1, "{death:?}");
            assert_eq!(many(|fact| matches!(fact, Fact::ChildStarted { .. })), 1, "{death:?}");
            assert_eq!(many(|fact| matches!(fact, Fact::ChildReported { .. })), 1, "{death:?}");
            let child = incident(runtime, child(runtime, id).await).await;
            assert_eq!((child.status, child.outbox.is_empty()), (Status::Closed, true));
        }
        handed => {
            assert_eq!((handed, many(|fact| matches!(fact, Fact::HandedOff(_)))), (1, 1));
        }
    }
    let again = Incident::replay(&events(stage, id));
    assert_eq!(again.as_ref(), Some(&*now), "a replay gives what lived: {death:?}");
}

const fn is_notice(pending: &Pending) -> bool {
    matches!(pending, Pending::Notice { .. })
}

fn events(stage: &Stage, id: IncidentId) -> Vec<Event> {
    let stream = stage.store.load(id).unwrap().expect("it is stored");
    stream.events().map(|(_, stored)| codec::decode(&stored.bytes).unwrap()).collect()
}

fn first(stage: &Stage) -> Option<IncidentId> {
    stage.store.by_number(1).unwrap().map(|row| row.id)
}

/// Waits until nothing is under way, or the store is dead.
async fn settle(runtime: &Runtime, mortal: &Mortal) {
    let meters = runtime.meters();
    let mut calm = 0;
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while calm < 50 && !mortal.is_dead() {
        tokio::task::yield_now().await;
        std::thread::yield_now();
        let quiet = meters.in_flight.get() + meters.acting.get() == 0;
        calm = if quiet && runtime.overdue(1).is_empty() { calm + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < patience, "the runtime does not come to rest");
    }
}

#[tokio::test]
async fn a_cancelled_parent_takes_its_child_with_it_across_a_restart() {
    let stage = stage();
    let runtime = stage.start(false);
    let parent = declare(&runtime, "parent").await;
    rest(&runtime).await;
    let id = child(&runtime, parent).await;
    runtime.drain().await;
    // Held from its start: the recall stands in the outbox and nobody carries it.
    let held = stage.start(true);
    let cancel = Command::Cancel { reason: "a test alert".into(), as_is: None };
    act(&held, &ann(), parent, cancel).await.unwrap();
    assert_eq!(incident(&held, id).await.status, Status::Open);
    held.drain().await;
    let runtime = stage.start(false);
    stage.pass(&runtime, jiff::SignedDuration::from_secs(1)).await;
    assert_eq!(incident(&runtime, id).await.status, Status::Cancelled);
    let known = incident(&runtime, parent).await;
    assert_eq!(known.children[&id].status, Some(Status::Cancelled));
    assert!(known.outbox.is_empty());
}

#[tokio::test]
async fn a_plan_that_is_gone_fails_the_step_and_says_so() {
    let stage = Stage::new(&[("parent.yaml", PARENT), ("child.yaml", CHILD)]);
    let runtime = stage.start(true);
    let parent = declare(&runtime, "parent").await;
    std::fs::remove_file(stage.home.path().join("playbooks/child.yaml")).unwrap();
    assert!(!runtime.reload().await.swapped, "the parent calls a plan that is no more");
    runtime.drain().await;
    let runtime = stage.start(false);
    rest(&runtime).await;
    let refused = facts(&stage, parent).into_iter().find_map(|fact| match fact {
        Fact::CallRefused { why, .. } => Some(why),
        _ => None,
    });
    assert_eq!(refused.as_deref(), Some("no_such_playbook: child"));
    let now = incident(&runtime, parent).await;
    assert_eq!(now.run(&"ask".into()).unwrap().state.name(), "failed");
}

#[tokio::test]
async fn meaning_15_the_child_of_a_drill_is_a_drill() {
    let stage = stage();
    let runtime = stage.start(false);
    let request = DeclareRequest { mode: Mode::Drill, ..DeclareRequest::live("parent") };
    let drill = Caller::drill();
    let declared = runtime.declare(&drill, request, CommitOptions::default()).await.unwrap();
    rest(&runtime).await;
    let id = child(&runtime, declared.incident.id).await;
    assert_eq!(incident(&runtime, id).await.mode, Mode::Drill);
    assert!(stage.sent().iter().all(|sent| sent.subject.starts_with("[DRILL]")));
}

#[tokio::test]
async fn meaning_15_nothing_begins_out_of_a_simulation() {
    let stage = stage();
    let runtime = stage.start(false);
    let request = DeclareRequest { mode: Mode::Simulation, ..DeclareRequest::live("parent") };
    let drill = Caller::drill();
    let declared = runtime.declare(&drill, request, CommitOptions::default()).await.unwrap();
    rest(&runtime).await;
    assert_eq!(stored(&stage), 1);
    let now = incident(&runtime, declared.incident.id).await;
    assert_eq!(now.run(&"ask".into()).unwrap().state.name(), "done");
}

#[tokio::test]
async fn an_incident_that_was_handed_over_keeps_its_new_plan_across_a_restart() {
    let stage = stage();
    let runtime = stage.start(false);
    let id = declare(&runtime, "over").await;
    rest(&runtime).await;
    act(&runtime, &ann(), id, complete("go")).await.unwrap();
    rest(&runtime).await;
    assert_eq!(incident(&runtime, id).await.phase.as_str(), "look");
    let row = stage.store.summary(id).unwrap().unwrap();
    assert_eq!(row.playbook.as_str(), "child");
    runtime.drain().await;
    // The files are gone: both plans are pinned.
    for name in ["child.yaml", "over.yaml", "parent.yaml"] {
        std::fs::remove_file(stage.home.path().join("playbooks").join(name)).unwrap();
    }
    let runtime = stage.start(false);
    act(&runtime, &ann(), id, complete("count")).await.unwrap();
    assert_eq!(incident(&runtime, id).await.status, Status::Closed);
}
