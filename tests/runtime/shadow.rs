//! A rehearsal beside a live incident: it does what is done there, sends nothing, and is judged when the
//! live one is over.

use firebell::drill::live::{Drills, Started, Terms};
use firebell::drill::result::{DrillResult, Outcome};
use firebell::drill::score::Verdict;
use firebell::engine::{Command, Fact, Mode, NoticeEnd, RoleAct, Status, StepAct, StepRef};
use firebell::id::{DrillRunId, IncidentId};
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Runtime, Scope};
use firebell::text::Lang;
use jiff::{SignedDuration, Timestamp};

use crate::drills::{act, results, said, until};
use crate::stage::{Stage, facts, rest};

/// The plan that people work by.
const NOW: &str = r#"
playbook: outage
title: { zh: 中断, en: Outage }
inputs: { users: { type: integer } }
levels: [ { level: 2, when: users >= 1000 }, { level: 3 } ]
roles:
  oncall: { title: { zh: 值班, en: On call }, assign: { team: duty }, deputies: [ { team: deputies } ], acknowledge_within: 5m }
phases:
  - id: respond
    title: { zh: 处置, en: Respond }
    steps:
      - id: fix
        role: oncall
        title: { zh: 修复, en: Fix }
        form: { cause: { type: text, required: true } }
"#;

/// The plan that is tried: it tells people, asks somebody to look first, and wants a note on the cause.
const NEW: &str = r#"
playbook: outage-new
title: { zh: 新中断, en: New outage }
inputs: { users: { type: integer } }
levels: [ { level: 2, when: users >= 1000 }, { level: 3 } ]
roles:
  oncall: { title: { zh: 值班, en: On call }, assign: { team: duty }, deputies: [ { team: deputies } ], acknowledge_within: 5m }
messages:
  update: { text: { zh: 处理中, en: In progress } }
phases:
  - id: respond
    title: { zh: 处置, en: Respond }
    steps:
      - { id: tell, notify: { to: [team/pool, customers], via: [mail], message: update } }
      - id: fix
        role: oncall
        title: { zh: 修复, en: Fix }
        form: { cause: { type: text, required: true } }
        checklist: [ { zh: 查日志, en: Look at the logs } ]
      - { id: warn, role: oncall, due: 15m, title: { zh: 通报, en: Warn } }
"#;

const SHADOW: &str = r#"
drill: try-new
title: { zh: 试新预案, en: Try the new plan }
playbook: outage-new
run: shadow
expect:
  - { acknowledged: oncall, within: 5m, critical: true }
  - { step: fix, is: done, within: 1h }
  - { never: { notify: customers } }
pass: { score: 100 }
"#;

fn stage() -> Stage {
    let stage = Stage::new(&[("outage.yaml", NOW), ("new.yaml", NEW)]);
    std::fs::write(stage.home.path().join("drills/shadow.yaml"), SHADOW).unwrap();
    stage
}

async fn declare(runtime: &Runtime) -> IncidentId {
    let inputs = serde_json::Map::from_iter([("users".to_owned(), 7.into())]);
    let request = DeclareRequest { inputs, ..DeclareRequest::live("outage") };
    let caller = Caller::person("bo", Scope::Responder);
    let options = CommitOptions::default();
    runtime.declare(&caller, request, options).await.unwrap().incident.id
}

async fn begin(runtime: &Runtime, drills: &Drills, live: IncidentId) -> (DrillRunId, IncidentId) {
    let terms = Terms { beside: Some(live), ..Terms::default() };
    let Started::Exercise { run } = drills.run("try-new", terms, |_| None).await.unwrap() else {
        panic!("a shadow goes on in the background")
    };
    let incident =
        || drills.archive().exercise(run).unwrap().and_then(|exercise| exercise.incident);
    until(runtime, "the shadow declares its incident", || incident().is_some()).await;
    (run, incident().unwrap())
}

fn followed(drills: &Drills, run: DrillRunId) -> u32 {
    let exercise = drills.archive().exercise(run).unwrap();
    exercise.and_then(|exercise| exercise.beside).map_or(0, |follows| follows.followed)
}

fn take() -> Command {
    Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }
}

fn fix() -> Command {
    let form = serde_json::Map::from_iter([("cause".to_owned(), "disk".into())]);
    let act = StepAct::Complete { form, evidence: Vec::new(), measure: None, note: None };
    Command::Step { step: StepRef::current("fix"), act }
}

async fn cancel(runtime: &Runtime, id: IncidentId) {
    let caller = Caller::person("ann", Scope::Commander);
    let command = Command::Cancel { reason: "over".to_owned(), as_is: None };
    runtime.execute(&caller, id, command, CommitOptions::default()).await.unwrap();
}

/// Returns when each role was acknowledged and the step was done, since the declaration.
fn course(stage: &Stage, id: IncidentId) -> Vec<(String, SignedDuration)> {
    let events = crate::stage::events(stage, id);
    let begun = events[0].recorded_at;
    let told = |fact: &Fact| match fact {
        Fact::RoleAcknowledged { role, by, .. } => Some(format!("{by} is {role}")),
        Fact::StepDone { key, .. } if key.step.as_str() == "fix" => Some("fixed".to_owned()),
        Fact::LevelChanged { to, .. } => Some(format!("level {to}")),
        _ => None,
    };
    let at = |at: Timestamp| at.duration_since(begun);
    events.iter().filter_map(|event| Some((told(&event.fact)?, at(event.recorded_at)))).collect()
}

fn sent_of(stage: &Stage, id: IncidentId) -> usize {
    let delivered =
        |fact: &&Fact| matches!(fact, Fact::NoticeEnded { end: NoticeEnd::Delivered { .. }, .. });
    facts(stage, id).iter().filter(delivered).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_in_the_live_incident_is_done_beside_it_and_nothing_leaves() {
    let stage = stage();
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let live = declare(&runtime).await;
    rest(&runtime).await;
    stage.pass(&runtime, SignedDuration::from_mins(2)).await;
    act(&runtime, live, take()).await;
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;

    // It joins late, and what had happened before has happened at its own instant.
    let before = stage.sent().len();
    let (run, shadow) = begin(&runtime, &drills, live).await;
    until(&runtime, "it catches up", || followed(&drills, run) == 1).await;
    let seen = runtime.incident(shadow).await.unwrap().incident;
    assert_eq!(seen.mode, Mode::Drill);
    assert_eq!(seen.beside.map(|of| of.id), Some(live));
    assert_eq!(seen.declared_at, runtime.incident(live).await.unwrap().incident.declared_at);
    assert_eq!(course(&stage, shadow), course(&stage, live));

    // What becomes known and what is worked follows at once; what only the new plan asks for stays open.
    let known = serde_json::Map::from_iter([("users".to_owned(), 5000.into())]);
    act(&runtime, live, Command::SetInputs { values: known }).await;
    until(&runtime, "the facts are followed", || followed(&drills, run) == 2).await;
    stage.pass(&runtime, SignedDuration::from_mins(4)).await;
    stage.pass(&runtime, SignedDuration::from_mins(9)).await;
    let overdue = || {
        let is = |fact: &Fact| matches!(fact, Fact::StepOverdue { key, .. } if key.step.as_str() == "warn");
        facts(&stage, shadow).iter().any(is)
    };
    until(&runtime, "its own limits run out", overdue).await;
    act(&runtime, live, fix()).await;
    let over = || results(&drills).len() == 1;
    until(&runtime, "the live incident is over, and the shadow with it", over).await;
    assert_eq!(course(&stage, shadow), course(&stage, live));

    let live_seen = runtime.incident(live).await.unwrap().incident;
    assert_eq!(live_seen.status, Status::Closed);
    let result: DrillResult = results(&drills).remove(0);
    assert_eq!((result.outcome, result.verdict), (Outcome::Interrupted, Verdict::Passed));
    let why = result.why.unwrap();
    let number = format!("#{}", live_seen.number);
    assert!(why.get(Lang::En).contains(&number) && why.get(Lang::Zh).contains(&number), "{why:?}");
    let beside = result.beside.unwrap();
    assert_eq!((beside.of.number, beside.without_place), (live_seen.number, 0));

    assert_eq!(sent_of(&stage, shadow), 0);
    let of_live = sent_of(&stage, live);
    rest(&runtime).await;
    assert!(stage.sent().len() <= before + of_live, "only the live incident writes to anyone");
    assert!(
        stage.sent().iter().all(|sent| !sent.text.contains("DRILL") && !sent.text.contains("演练"))
    );
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_was_interrupted_comes_out_as_if_it_had_not_been() {
    let stage = stage();
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let live = declare(&runtime).await;
    let (run, shadow) = begin(&runtime, &drills, live).await;
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    drills.stop().await;

    // firebell's drills stand still while people work on the incident.
    stage.pass(&runtime, SignedDuration::from_mins(2)).await;
    act(&runtime, live, take()).await;
    stage.pass(&runtime, SignedDuration::from_mins(3)).await;
    let known = serde_json::Map::from_iter([("users".to_owned(), 5000.into())]);
    act(&runtime, live, Command::SetInputs { values: known }).await;
    stage.pass(&runtime, SignedDuration::from_mins(30)).await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    until(&runtime, "it catches up", || followed(&drills, run) == 2).await;
    assert_eq!(course(&stage, shadow), course(&stage, live));
    let overdue = crate::stage::events(&stage, shadow).into_iter().find_map(|event| {
        matches!(event.fact, Fact::StepOverdue { .. }).then_some(event.recorded_at)
    });
    let declared = runtime.incident(shadow).await.unwrap().incident.declared_at;
    let after = overdue.unwrap().duration_since(declared);
    assert_eq!(after, SignedDuration::from_mins(15), "a limit passes at its own instant");
    cancel(&runtime, live).await;
    until(&runtime, "it ends with the live one", || results(&drills).len() == 1).await;
    assert_eq!(results(&drills)[0].resumed.len(), 1);
    assert_eq!(sent_of(&stage, shadow), 0);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_needs_a_live_incident_that_goes_on() {
    let stage = stage();
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let refused = |terms: Terms| {
        let drills = drills.clone();
        async move { drills.run("try-new", terms, |_| None).await.unwrap_err().to_string() }
    };
    let why = refused(Terms::default()).await;
    assert!(why.contains("none of the playbook outage-new"), "{why}");
    let live = declare(&runtime).await;
    let (run, shadow) = begin(&runtime, &drills, live).await;
    cancel(&runtime, shadow).await;
    until(&runtime, "it is over", || drills.archive().result(run).unwrap().is_some()).await;
    assert_eq!(results(&drills)[0].outcome, Outcome::Aborted);
    let why = refused(Terms { beside: Some(shadow), ..Terms::default() }).await;
    assert!(why.contains("rehearsal itself"), "{why}");
    cancel(&runtime, live).await;
    let why = refused(Terms { beside: Some(live), ..Terms::default() }).await;
    assert!(why.contains("firebell replay"), "{why}");
    assert_eq!(said(&stage, live, "shadow"), 0, "the live incident does not know");
    drills.stop().await;
}
