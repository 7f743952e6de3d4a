//! Messages about rosters outlive the process that was to send them, and leave once.

use firebell::id::PersonId;
use firebell::notify::{Delivery, Why, WhyCode};
use firebell::people::{
    Change, Directory, Duty, Layer, Override, Parts as People, Rotation, Schedule, Zone,
};
use firebell::runtime::{Caller, NewOverride, RosterSettings, Runtime, Scope};
use firebell::store::Kind;
use jiff::SignedDuration;

use crate::stage::{Stage, person};

/// `ann` is always on call.
fn people() -> Directory {
    let layer = Layer {
        rotation: Rotation::daily(jiff::civil::Time::midnight()),
        start: jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0),
        turns: vec![Duty::alone(PersonId::new("ann"))],
        windows: Vec::new(),
    };
    let duty = Schedule {
        id: "duty".into(),
        title: "Duty".into(),
        zone: Zone::utc(),
        layers: vec![layer],
        shifts: None,
        overrides: Vec::new(),
    };
    Directory::new(People {
        people: vec![person("ann", &["mail"]), person("bo", &["mail"])],
        schedules: vec![duty],
        channels: ["mail"].map(Into::into).into(),
        ..People::default()
    })
    .unwrap()
}

fn start(stage: &Stage, held: bool) -> Runtime {
    stage.start_among(people(), RosterSettings::default(), held)
}

/// Has `bo` stand in for `ann`, who is told of it and so is `bo`.
async fn change(stage: &Stage, runtime: &Runtime) {
    let from = stage.clock_now() + SignedDuration::from_hours(24);
    let to = from + SignedDuration::from_hours(4);
    let change = Change::Replace { out: "ann".into(), with: "bo".into() };
    let change = Override { from, to, change, note: None };
    let new = NewOverride { schedule: "duty".into(), change, reason: None, correction: false };
    let caller = Caller::person("chief", Scope::Commander);
    runtime.add_override(&caller, None, new, |_| None).await.unwrap();
}

fn waiting(stage: &Stage) -> usize {
    let all = stage.store.documents(Kind::RosterNotice, "letter/", 10).unwrap();
    all.iter().filter(|document| document.name.starts_with("letter/")).count()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !holds() {
        tokio::task::yield_now().await;
        assert!(tokio::time::Instant::now() < patience, "never: {what}");
    }
}

#[tokio::test]
async fn a_message_that_was_stored_and_not_sent_leaves_at_the_next_start_and_only_then() {
    let stage = Stage::new(&[]);
    // Nothing leaves before somebody confirms; this one ends between the write and the sending.
    let runtime = start(&stage, true);
    change(&stage, &runtime).await;
    assert_eq!((waiting(&stage), stage.sent().len()), (1, 0));
    runtime.drain().await;
    let runtime = start(&stage, false);
    until("both are told, and that is written down", || waiting(&stage) == 0).await;
    let mut told: Vec<String> = stage.sent().into_iter().map(|sent| sent.address).collect();
    told.sort();
    assert_eq!(told, ["ann@mail.example", "bo@mail.example"]);
    runtime.drain().await;
    let runtime = start(&stage, false);
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.sent().len(), 2, "once");
    runtime.drain().await;
}

#[tokio::test]
async fn who_did_not_take_it_is_tried_again_and_nobody_else() {
    let stage = Stage::new(&[]);
    let runtime = start(&stage, false);
    stage.mail.answer(Delivery::Retry { after: None, why: Why::new(WhyCode::TimedOut) });
    change(&stage, &runtime).await;
    until("both were tried", || stage.sent().len() == 2).await;
    until("one is left", || {
        let left = stage.store.documents(Kind::RosterNotice, "letter/", 1).unwrap();
        left.iter().any(|left| left.version == 2)
    })
    .await;
    stage.clock.advance(SignedDuration::from_mins(6));
    until("the other took it", || waiting(&stage) == 0).await;
    let sent = stage.sent();
    assert_eq!((sent.len(), &sent[2].address), (3, &sent[0].address));
    runtime.drain().await;
}

#[tokio::test]
async fn news_that_nobody_takes_for_half_a_day_is_given_up() {
    let stage = Stage::new(&[]);
    let runtime = start(&stage, false);
    stage.mail.set_down(Some(Delivery::Retry { after: None, why: Why::new(WhyCode::TimedOut) }));
    change(&stage, &runtime).await;
    until("both were tried", || stage.sent().len() == 2).await;
    stage.clock.advance(SignedDuration::from_hours(13));
    until("it is given up", || waiting(&stage) == 0).await;
    assert_eq!(stage.sent().len(), 2);
    runtime.drain().await;
}
