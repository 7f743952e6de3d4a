//! What is looked at before a drill with people starts, and drills that do not start.

use firebell::drill::calendar::MissedWhy;
use firebell::drill::diary::MissedRun;
use firebell::drill::live::{Drills, Started, Terms};
use firebell::drill::result::Outcome;
use firebell::drill::score::Verdict;
use firebell::engine::{Command, RoleAct, StepAct, StepRef};
use firebell::id::{DrillId, IncidentId};
use firebell::people::{Directory, Parts as People, Person, Team};
use firebell::runtime::{Caller, CommitOptions, Obstacle, Refusal, RosterSettings, Runtime, Scope};
use firebell::text::Lang;
use jiff::SignedDuration;

use crate::drills::{EXERCISE, act, done, results, said, stage, until};
use crate::stage::{Stage, person};

const DECEMBER: SignedDuration = SignedDuration::from_hours(10 * 24 + 7);

/// Whoever is on duty or deputises takes no part in drills; `cy` keeps the plan true.
fn nobody() -> Directory {
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|member| (*member).into()).collect(),
        schedule: None,
    };
    let spared = |id| Person { drills: false, ..person(id, &["mail"]) };
    Directory::new(People {
        people: vec![person("cy", &["mail"]), spared("ann"), spared("bo")],
        teams: vec![team("duty", &["ann"]), team("deputies", &["bo"]), team("pool", &["cy"])],
        channels: ["mail", "hook"].map(firebell::id::ChannelId::new).into(),
        ..People::default()
    })
    .unwrap()
}

fn start_empty(stage: &Stage) -> Runtime {
    stage.start_among(nobody(), RosterSettings::default(), false)
}

fn incident(drills: &Drills) -> Option<IncidentId> {
    drills.archive().exercises().unwrap().into_iter().find_map(|exercise| exercise.incident)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_nobody_could_play_is_refused_and_started_all_the_same_where_asked() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = start_empty(&stage);
    let drills = Drills::start(runtime.clone());
    let found = drills.preparation("fire-alarm", None).await.unwrap();
    assert!(!found.ready, "{found:?}");
    match drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap_err() {
        Refusal::Drill(Obstacle::NotReady, why) => {
            assert!(why.get(Lang::Zh).contains("能担任“值班”的人都收不到演练消息"), "{why:?}");
            assert!(why.get(Lang::En).contains("--force"), "{why:?}");
        }
        other => panic!("{other}"),
    }
    assert!(drills.archive().exercises().unwrap().is_empty(), "nothing has begun");

    let terms = Terms { anyway: true, ..Terms::default() };
    let started = drills.run("fire-alarm", terms, |_| None).await.unwrap();
    assert!(matches!(started, Started::Exercise { .. }));
    until(&runtime, "it is declared", || incident(&drills).is_some()).await;
    let id = incident(&drills).unwrap();
    assert_eq!(said(&stage, id, "begun in spite of this: no message of a drill"), 1);
    drills.stop().await;
    runtime.drain().await;

    let runtime = start_empty(&stage);
    let drills = Drills::start(runtime.clone());
    until(&runtime, "it goes on", || done(&drills) >= 1).await;
    assert_eq!(said(&stage, id, "begun in spite of this"), 1, "a restart does not say it twice");
    let cancel = Command::Cancel { reason: "enough".into(), as_is: Some("as it is".into()) };
    let chief = Caller::person("cy", Scope::Commander);
    runtime.execute(&chief, id, cancel, CommitOptions::default()).await.unwrap();
    until(&runtime, "it is over", || results(&drills).len() == 1).await;
    let despite = results(&drills).remove(0).despite.unwrap();
    assert!(despite.get(Lang::Zh).contains("能担任“值班”的人"));
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_drill_that_nobody_could_play_does_not_start_and_the_owner_hears_why() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let plan = std::fs::read_to_string(stage.home.path().join("playbooks/outage.yaml")).unwrap();
    stage.write("outage.yaml", &plan.replace("roles:", "owner: pool\nroles:"));
    let runtime = start_empty(&stage);
    let drills = Drills::start(runtime.clone());
    let diary = || drills.archive().diary(&DrillId::new("fire-alarm")).unwrap();
    until(&runtime, "the calendar is looked at", || diary().is_some()).await;
    stage.clock.advance(DECEMBER);
    until(&runtime, "it is given up", || !diary().unwrap().missed.is_empty()).await;
    let missed = diary().unwrap().missed.remove(0);
    assert_eq!(missed.why, MissedWhy::NotReady);
    assert!(missed.said.unwrap().get(Lang::En).contains("“On call”"));
    assert!(drills.archive().exercises().unwrap().is_empty());
    let told = || {
        stage
            .sent()
            .into_iter()
            .filter(|one| one.subject.starts_with("[DRILL] Not started"))
            .count()
    };
    until(&runtime, "the owner hears of it", || told() > 0).await;
    drills.stop().await;
    runtime.drain().await;

    let runtime = start_empty(&stage);
    let drills = Drills::start(runtime.clone());
    for _ in 0..5 {
        stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    }
    assert_eq!(told(), 1, "once, whatever restarts");
    assert_eq!(
        drills.archive().diary(&DrillId::new("fire-alarm")).unwrap().unwrap().missed.len(),
        1
    );
    drills.stop().await;
}

/// Starts anew with the plan changed in between, and lets the drill's time come.
async fn missed_after(change: impl Fn(&Stage)) -> MissedRun {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let alarm = DrillId::new("fire-alarm");
    let known = || drills.archive().diary(&alarm).unwrap().is_some();
    until(&runtime, "the calendar is looked at", known).await;
    drills.stop().await;
    runtime.drain().await;
    change(&stage);

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    stage.clock.advance(DECEMBER);
    let missed = || drills.archive().diary(&alarm).unwrap().unwrap().missed;
    until(&runtime, "it is missed", || !missed().is_empty()).await;
    for _ in 0..3 {
        stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    }
    assert_eq!(missed().len(), 1, "once");
    assert!(drills.archive().exercises().unwrap().is_empty(), "it does not start");
    drills.stop().await;
    missed().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_whose_plan_is_gone_when_its_time_comes_does_not_start_and_the_diary_says_why() {
    let remove = |stage: &Stage| {
        std::fs::remove_file(stage.home.path().join("playbooks/outage.yaml")).unwrap();
    };
    let missed = missed_after(remove).await;
    assert_eq!(missed.why, MissedWhy::NotInForce);
    let said = missed.said.unwrap();
    assert!(said.get(Lang::En).contains("there is no playbook `outage`"), "{said:?}");
    assert!(said.get(Lang::Zh).contains("没有预案 `outage`"), "{said:?}");
}

/// Gives the plan's step another name.
fn rename_the_step(stage: &Stage) {
    let path = stage.home.path().join("playbooks/outage.yaml");
    let plan = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, plan.replace("id: fix", "id: mend")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_whose_steps_are_gone_when_its_time_comes_does_not_start_either() {
    let missed = missed_after(rename_the_step).await;
    assert_eq!(missed.why, MissedWhy::NotInForce);
    assert!(missed.said.unwrap().get(Lang::En).contains("no step `fix`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_under_way_goes_on_with_the_plan_it_began_with() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap();
    until(&runtime, "it is declared", || incident(&drills).is_some()).await;
    let id = incident(&drills).unwrap();
    rename_the_step(&stage);
    assert!(runtime.reload().await.swapped);
    assert!(drills.book().get("fire-alarm").is_none(), "the drill does not fit the new plan");

    act(&runtime, id, Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }).await;
    stage.pass(&runtime, SignedDuration::from_mins(20)).await;
    until(&runtime, "its script goes on", || done(&drills) == 4).await;
    let complete = StepAct::Complete {
        form: serde_json::Map::new(),
        evidence: Vec::new(),
        measure: None,
        note: None,
    };
    act(&runtime, id, Command::Step { step: StepRef::current("fix"), act: complete }).await;
    until(&runtime, "it is judged", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    assert_eq!((result.outcome, result.verdict), (Outcome::Completed, Verdict::Passed));
    drills.stop().await;
}
