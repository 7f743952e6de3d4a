//! What is looked at before a drill with people starts, and drills that do not start.

use firebell::drill::calendar::MissedWhy;
use firebell::drill::live::{Drills, Started, Terms};
use firebell::engine::Command;
use firebell::id::{DrillId, IncidentId};
use firebell::people::{Directory, Parts as People, Team};
use firebell::runtime::{Obstacle, Refusal, RosterSettings, Runtime};
use firebell::text::Lang;
use jiff::SignedDuration;

use crate::drills::{EXERCISE, act, done, results, said, stage, until};
use crate::stage::{Stage, person};

const DECEMBER: SignedDuration = SignedDuration::from_hours(10 * 24 + 7);

/// Whoever is on duty or deputises has no contact; `cy` keeps the plan true.
fn nobody() -> Directory {
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|member| (*member).into()).collect(),
        schedule: None,
    };
    Directory::new(People {
        people: vec![person("cy", &["mail"]), person("ann", &["mail"]), person("mute", &[])],
        teams: vec![team("duty", &["mute"]), team("deputies", &["mute"]), team("pool", &["cy"])],
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
            assert!(why.get(Lang::Zh).contains("“值班”无人可找"), "{why:?}");
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
    assert_eq!(said(&stage, id, "begun in spite of this: nobody can be asked"), 1);
    drills.stop().await;
    runtime.drain().await;

    let runtime = start_empty(&stage);
    let drills = Drills::start(runtime.clone());
    until(&runtime, "it goes on", || done(&drills) >= 1).await;
    assert_eq!(said(&stage, id, "begun in spite of this"), 1, "a restart does not say it twice");
    let cancel = Command::Cancel { reason: "enough".into(), as_is: Some("as it is".into()) };
    act(&runtime, id, cancel).await;
    until(&runtime, "it is over", || results(&drills).len() == 1).await;
    let despite = results(&drills).remove(0).despite.unwrap();
    assert!(despite.get(Lang::Zh).contains("“值班”无人可找"));
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
