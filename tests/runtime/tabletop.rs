//! Drills that people lead: paused and resumed, stepped by hand, taken up again after a restart.

use firebell::drill::live::{Drills, Order, Progress, Started, Step, Terms};
use firebell::drill::result::Outcome;
use firebell::engine::{Command, Fact, Mode, RoleAct, Status};
use firebell::id::{DrillRunId, IncidentId};
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Refusal, Runtime, Scope};
use firebell::text::Lang;
use jiff::{SignedDuration, Timestamp};

use crate::drills::{EXERCISE, act, done, results, said, stage, until};
use crate::stage::{Stage, facts, rest};

fn chief() -> Caller {
    Caller::person("ann", Scope::Commander)
}

/// Starts a drill by hand; returns its run and its incident.
async fn begin(runtime: &Runtime, drills: &Drills, name: &str) -> (DrillRunId, IncidentId) {
    let Started::Exercise { run } = drills.run(name, Terms::default(), |_| None).await.unwrap()
    else {
        panic!("it goes on in the background")
    };
    let incident = || drills.archive().exercise(run).unwrap().and_then(|e| e.incident);
    until(runtime, "it declares its incident", || incident().is_some()).await;
    (run, incident().unwrap())
}

async fn stands(drills: &Drills, run: DrillRunId) -> Progress {
    drills.progress(run).await.unwrap().expect("it is under way")
}

fn tabletop() -> String {
    EXERCISE.replace("run: exercise", "run: tabletop").replace("fire-alarm", "table-alarm")
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// When facts of a kind were recorded, in minutes from the declaration.
fn recorded(stage: &Stage, id: IncidentId, of: impl Fn(&Fact) -> bool) -> Vec<i64> {
    let stream = stage.store.load(id).unwrap().unwrap();
    let events: Vec<_> = stream
        .events()
        .map(|(_, stored)| firebell::engine::codec::decode(&stored.bytes).unwrap())
        .collect();
    let begin = events[0].recorded_at;
    let of_kind = events.iter().filter(|event| of(&event.fact));
    of_kind.map(|event| event.recorded_at.duration_since(begin).as_mins()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_script_and_deadlines_and_is_reported() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let (run, id) = begin(&runtime, &drills, "fire-alarm").await;
    stage.pass(&runtime, minutes(4)).await;
    let reason = "lunch".to_owned();
    drills.order(run, &chief(), Order::Pause { reason: reason.clone() }).await.unwrap();
    assert_eq!(runtime.incident(id).await.unwrap().incident.status, Status::Paused);
    let again = drills.order(run, &chief(), Order::Pause { reason }).await.unwrap_err();
    assert!(matches!(again, Refusal::Rejected(_)), "{again}");
    stage.pass(&runtime, minutes(30)).await;
    assert_eq!(done(&drills), 1, "nothing of the script happens");
    assert!(recorded(&stage, id, |fact| matches!(fact, Fact::RoleUnanswered { .. })).is_empty());
    assert_eq!(stands(&drills, run).await.state, "paused");

    // It stands still over a restart, too.
    drills.stop().await;
    runtime.drain().await;
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    stage.pass(&runtime, minutes(6)).await;
    drills.order(run, &chief(), Order::Resume).await.unwrap();
    until(&runtime, "the pause is noted", || {
        drills.archive().exercise(run).unwrap().is_some_and(|e| !e.is_paused())
    })
    .await;
    stage.pass(&runtime, minutes(5)).await;
    assert_eq!(done(&drills), 1, "ten minutes of the drill have not passed");
    stage.pass(&runtime, minutes(1)).await;
    until(&runtime, "the script goes on", || done(&drills) >= 2).await;
    let reason = "enough".to_owned();
    drills.order(run, &chief(), Order::Abort { reason }).await.unwrap();
    until(&runtime, "it is judged", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    let stood = result.pauses[0].to.unwrap().duration_since(result.pauses[0].from);
    assert_eq!((result.pauses.len(), stood.as_mins()), (1, 36));
    assert_eq!(result.resumed.len(), 1, "and says that it was taken up again");
    assert_eq!(result.outcome, Outcome::Aborted);
    assert_eq!(result.why.unwrap().get(Lang::En), "enough");
    let over = drills.order(run, &chief(), Order::Resume).await.unwrap_err();
    assert!(over.to_string().contains("is over"), "{over}");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_may_stand_still_for_a_live_incident_until_people_say_otherwise() {
    let text = EXERCISE.replace("abort_when", "pause_when");
    let stage = stage(&[("alarm.yaml", &text)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let (run, id) = begin(&runtime, &drills, "fire-alarm").await;
    let request = DeclareRequest { level: Some(2), ..DeclareRequest::live("outage") };
    runtime.declare(&chief(), request, CommitOptions::default()).await.unwrap();
    let paused = || {
        let kept = drills.archive().exercise(run).unwrap();
        kept.is_some_and(|exercise| exercise.is_paused())
    };
    until(&runtime, "it stands still", paused).await;
    assert!(runtime.incident(id).await.unwrap().incident.status.is_open());
    // The live incident goes on, and people go on all the same.
    drills.order(run, &chief(), Order::Resume).await.unwrap();
    until(&runtime, "it goes on", || !paused()).await;
    stage.pass(&runtime, minutes(10)).await;
    until(&runtime, "the script goes on", || done(&drills) >= 2).await;
    assert_eq!(results(&drills), []);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tabletop_is_stepped_and_everything_happens_at_its_own_instant() {
    let stage = stage(&[("table.yaml", &tabletop())]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let (run, id) = begin(&runtime, &drills, "table-alarm").await;
    rest(&runtime).await;
    assert_eq!(runtime.incident(id).await.unwrap().incident.mode, Mode::Drill);
    let sent = stage.sent();
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|s| s.text.contains("[DRILL]") || s.subject.contains("[DRILL]")));
    // The real clock does not matter.
    let before = stands(&drills, run).await;
    stage.pass(&runtime, minutes(90)).await;
    let after = stands(&drills, run).await;
    assert_eq!((before.now, &before.left, &before.due), (after.now, &after.left, &after.due));
    assert_eq!(after.asked[0].role.as_str(), "oncall");
    assert_eq!(done(&drills), 1);

    let step = async |step| drills.order(run, &chief(), Order::Advance(step)).await;
    step(Step::By(minutes(6))).await.unwrap();
    let unanswered = |fact: &Fact| matches!(fact, Fact::RoleUnanswered { .. });
    assert_eq!(recorded(&stage, id, unanswered), [5], "at its instant, not at the step's end");
    assert_eq!(stands(&drills, run).await.now, before.now + minutes(6));
    let caller = Caller::person("bo", Scope::Responder);
    let takes = Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge };
    runtime.execute(&caller, id, takes, CommitOptions::default()).await.unwrap();
    let taken = |fact: &Fact| matches!(fact, Fact::RoleAcknowledged { .. });
    assert_eq!(recorded(&stage, id, taken), [6], "people answer in the time of the tabletop");

    // Over a restart the clock stands where it stood.
    drills.stop().await;
    runtime.drain().await;
    stage.clock.advance(minutes(600));
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    rest(&runtime).await;
    let step = async |step| drills.order(run, &chief(), Order::Advance(step)).await;
    assert_eq!(stands(&drills, run).await.now, before.now + minutes(6));
    let back = step(Step::To(before.now)).await.unwrap_err();
    assert!(back.to_string().contains("cannot go back"), "{back}");
    step(Step::To(before.now + minutes(10))).await.unwrap();
    until(&runtime, "what follows from it", || done(&drills) == 3).await;
    step(Step::Next).await.unwrap();
    assert_eq!(stands(&drills, run).await.now, before.now + minutes(20));
    assert_eq!(said(&stage, id, "reporter"), 1);
    let noted = |fact: &Fact| matches!(fact, Fact::Noted { text } if text.contains("reporter"));
    assert_eq!(recorded(&stage, id, noted), [20]);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_tabletop_may_jump_and_that_of_an_exercise_is_not_stepped() {
    let jump = tabletop().replace(
        "  - { at: 20m, message: { from: media, text: { zh: 记者来电, en: A reporter calls } } }",
        "  - { at: 20m, clock_jump: 2h }",
    );
    let stage = stage(&[("table.yaml", &jump), ("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let (run, _) = begin(&runtime, &drills, "table-alarm").await;
    let begun = stands(&drills, run).await.now;
    let step = Order::Advance(Step::By(minutes(20)));
    drills.order(run, &chief(), step.clone()).await.unwrap();
    assert_eq!(stands(&drills, run).await.now, begun + minutes(140));
    drills.order(run, &chief(), Order::Abort { reason: "enough".into() }).await.unwrap();
    until(&runtime, "it is over", || results(&drills).len() == 1).await;

    let (run, _) = begin(&runtime, &drills, "fire-alarm").await;
    let real = drills.order(run, &chief(), step).await.unwrap_err();
    assert!(real.to_string().contains("real clock"), "{real}");
    let nobody = DrillRunId::from_u128(7);
    let unknown = drills.order(nobody, &chief(), Order::Resume).await.unwrap_err();
    assert!(matches!(unknown, Refusal::NotFound { .. }), "{unknown}");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_has_lasted_its_time_is_ended_and_judged_on_what_happened() {
    let text = EXERCISE.replace("start: inject\n", "start: inject\nlasts: 30m\n");
    let stage = stage(&[("alarm.yaml", &text)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let (_, id) = begin(&runtime, &drills, "fire-alarm").await;
    act(&runtime, id, Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }).await;
    for _ in 0..30 {
        stage.pass(&runtime, minutes(1)).await;
    }
    until(&runtime, "it is judged", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    assert_eq!(result.outcome, Outcome::Interrupted);
    assert!(result.why.unwrap().get(Lang::En).contains("`lasts`"));
    assert!(result.score.is_some(), "what happened in time counts");
    let begun: Timestamp = result.started_at;
    assert_eq!(result.ended_at.duration_since(begun).as_mins(), 30);
    assert!(facts(&stage, id).iter().any(|fact| matches!(fact, Fact::Cancelled { .. })));
    drills.stop().await;
}
