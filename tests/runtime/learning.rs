//! What is learned while time passes: who is told what falls due, once, and what evaluators say of a
//! run counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell::drill::judge::{Given, Rating};
use firebell::drill::live::{Drills, Started, Terms};
use firebell::drill::score::Verdict;
use firebell::engine::{Command, StepAct, StepRef};
use firebell::id::DrillRunId;
use firebell::learn::cadence::{Cadence, DrillState};
use firebell::learn::readiness::{PlanReadiness, Stale};
use firebell::learn::subject::Subject;
use firebell::learn::{Learning, NewAction};
use firebell::playbook::Playbook;
use firebell::runtime::{Caller, Runtime, Scope};
use jiff::SignedDuration;

use crate::drills::{act, results, until};
use crate::stage::Stage;

const PLAN: &str = "playbook: leak
title: Leak
owner: deputies
roles:
  oncall: { title: On call, assign: { team: duty }, acknowledge_within: 5m }
phases:
  - id: work
    title: Work
    steps: [ { id: look, role: oncall, title: Look } ]
";

const JUDGED: &str = r#"
drill: judged
title: Judged by people
playbook: leak
run: exercise
expect: [ { evaluator: { zh: 冷静吗, en: Were they calm }, scale: PSMU, critical: true } ]
pass: { score: 60 }
"#;

const DAY: SignedDuration = SignedDuration::from_hours(24);

struct House {
    stage: Stage,
    runtime: Runtime,
    drills: Drills,
    learning: Learning,
}

impl House {
    fn open(stage: Stage) -> Self {
        let runtime = stage.start(false);
        let drills = Drills::start(runtime.clone());
        let per_year = Cadence(BTreeMap::default());
        let learning = Learning::start(runtime.clone(), drills.clone(), per_year);
        Self { stage, runtime, drills, learning }
    }

    fn new() -> Self {
        let stage = Stage::new(&[("leak.yaml", PLAN)]);
        std::fs::write(stage.home.path().join("drills/judged.yaml"), JUDGED).unwrap();
        Self::open(stage)
    }

    /// Stops everything, and starts it again on the same store.
    async fn restart(self) -> Self {
        let Self { stage, runtime, drills, learning } = self;
        learning.stop().await;
        drills.stop().await;
        runtime.drain().await;
        Self::open(stage)
    }

    fn plan(&self) -> Arc<Playbook> {
        self.runtime.library().playbook(&"leak".into()).unwrap()
    }

    fn ready(&self) -> PlanReadiness {
        self.learning.readiness(&[self.plan()]).remove(0)
    }

    /// Counts the messages to an address that say something.
    fn told(&self, address: &str, words: &str) -> usize {
        let sent = self.stage.sent();
        let says = |text: &str| text.contains(words);
        let about = |one: &&crate::stage::Sent| {
            one.address == address && (says(&one.subject) || says(&one.text))
        };
        sent.iter().filter(about).count()
    }

    /// Lets time pass hour by hour of looking, until somebody was told.
    async fn hears(&self, address: &str, words: &str) {
        for _ in 0..4 {
            self.stage.pass(&self.runtime, SignedDuration::from_hours(1)).await;
        }
        until(&self.runtime, words, || self.told(address, words) > 0).await;
    }

    /// Runs the exercise to its end.
    async fn drill(&self) -> DrillRunId {
        let before = results(&self.drills).len();
        let started = self.drills.run("judged", Terms::default(), |_| None).await.unwrap();
        let Started::Exercise { run } = started else { panic!("{started:?}") };
        let archive = self.drills.archive();
        let incident = || archive.exercise(run).unwrap().and_then(|one| one.incident);
        until(&self.runtime, "it begins", || incident().is_some()).await;
        let complete = StepAct::Complete {
            form: serde_json::Map::new(),
            evidence: Vec::new(),
            measure: None,
            note: None,
        };
        let command = Command::Step { step: StepRef::current("look"), act: complete };
        act(&self.runtime, incident().unwrap(), command).await;
        until(&self.runtime, "it ends", || results(&self.drills).len() > before).await;
        self.learning.catch_up().await;
        run
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_plan_hears_that_a_drill_falls_due_and_is_overdue_once_each() {
    let house = House::new();
    house.stage.pass(&house.runtime, DAY * 16).await;
    house.hears("bo@mail.example", "a drill falls due").await;
    let house = house.restart().await;
    house.stage.pass(&house.runtime, DAY * 15).await;
    house.hears("bo@mail.example", "a drill is overdue").await;
    assert_eq!(house.ready().state, DrillState::Overdue);
    let house = house.restart().await;
    for _ in 0..3 {
        house.stage.pass(&house.runtime, DAY).await;
    }
    for words in ["a drill falls due", "a drill is overdue"] {
        assert_eq!(house.told("bo@mail.example", words), 1, "{words}: {:?}", house.stage.sent());
        assert_eq!(house.told("ann@mail.example", words), 0, "{words}");
    }
    house.learning.stop().await;
    house.drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_hears_when_a_drilled_plan_changes() {
    let house = House::new();
    house.drill().await;
    assert_eq!(house.ready().stale, []);
    house.stage.write("leak.yaml", &PLAN.replace("title: Look", "title: Look twice"));
    assert!(house.runtime.reload().await.swapped);
    assert!(house.ready().stale.contains(&Stale::ChangedSince), "{:?}", house.ready());
    house.hears("bo@mail.example", "the plan went stale").await;
    house.learning.stop().await;
    house.drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_an_action_hears_that_it_is_overdue() {
    let house = House::new();
    let chief = Caller::person("bo", Scope::Commander);
    let new = NewAction {
        about: Some(Subject::Step("look".into())),
        text: "Write the runbook".to_owned(),
        owner: "cy".into(),
        due: jiff::civil::date(2026, 12, 1),
        finding: None,
        seen_in: None,
        at_least: None,
    };
    house.learning.make_action(&chief, &house.plan(), new, |_| None).await.unwrap();
    assert_eq!(house.learning.outstanding(&|_| true).overdue, 0);
    house.stage.pass(&house.runtime, DAY * 11).await;
    house.hears("cy@mail.example", "overdue").await;
    assert_eq!(house.learning.outstanding(&|_| true).overdue, 1);
    assert!(house.told("cy@mail.example", "Write the runbook") > 0);
    house.learning.stop().await;
    house.drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_evaluators_say_of_a_run_counts_in_readiness_over_a_restart() {
    let house = House::new();
    let run = house.drill().await;
    assert_eq!(house.ready().last_drill.unwrap().verdict, Verdict::NotJudged);
    let judged = house.drills.judged(run).await.unwrap().unwrap();
    let question = judged.questions[0].clone();
    let write = |rating| {
        let question = question.clone();
        move |sheet: &mut firebell::drill::judge::Sheet, at| {
            sheet.rate(&question, Given { rating, note: String::new(), at })
        }
    };
    let down = house.drills.write_down(&judged, "wang".into(), write(Rating::U), |_| None).await;
    down.unwrap().unwrap();
    house.learning.catch_up().await;
    assert_eq!(house.ready().last_drill.unwrap().verdict, Verdict::Failed);
    let down = house.drills.write_down(&judged, "wang".into(), write(Rating::P), |_| None).await;
    down.unwrap().unwrap();
    house.learning.catch_up().await;
    assert_eq!(house.ready().last_drill.unwrap().verdict, Verdict::Passed);
    let house = house.restart().await;
    assert_eq!(house.ready().last_drill.unwrap().verdict, Verdict::Passed);
    house.learning.stop().await;
    house.drills.stop().await;
}
