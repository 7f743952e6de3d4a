//! Drills that nobody is told of but those who watch over them.

use firebell::drill::live::{Drills, Terms};
use firebell::id::DrillId;
use firebell::runtime::{RosterSettings, Runtime};
use jiff::{SignedDuration, Timestamp};

use crate::drills::{EXERCISE, stage, until};
use crate::stage::{Sent, Stage, people};

const DECEMBER: SignedDuration = SignedDuration::from_hours(10 * 24 + 7);
const SCHEDULE: &str = "schedule: { cron: \"0 10 1 12 *\", timezone: UTC }\n";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// An exercise without notice, watched over by `cy`.
fn quiet(name: &str, within: &str) -> String {
    let notice = format!(
        "notice: {{ no_notice_within: {within}, hours: \"09:00-18:00\" }}\n\
         safety_officers: [person/cy]\nstart: inject"
    );
    EXERCISE.replace("fire-alarm", name).replace("start: inject", &notice)
}

fn begins(drills: &Drills, name: &str) -> Vec<Timestamp> {
    let rows = drills.rows(0).unwrap();
    rows.into_iter().find(|row| row.scenario.id.as_str() == name).unwrap().begins
}

fn confided(stage: &Stage) -> Vec<Sent> {
    let subject = "[DRILL] For safety officers only";
    stage.sent().into_iter().filter(|one| one.subject.starts_with(subject)).collect()
}

async fn settled(runtime: &Runtime, drills: &Drills, names: &[&str]) {
    for name in names {
        let known = || drills.archive().diary(&DrillId::new(*name)).unwrap().is_some();
        until(runtime, "the calendar is looked at", known).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_safety_officers_alone_are_told_when_it_begins_and_a_restart_keeps_the_instant() {
    let stage = stage(&[("quiet.yaml", &quiet("quiet", "7d"))]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, &["quiet"]).await;
    assert!(begins(&drills, "quiet").is_empty(), "nothing is drawn before it falls due");
    stage.clock.advance(DECEMBER);
    until(&runtime, "it is drawn", || !begins(&drills, "quiet").is_empty()).await;
    let at = begins(&drills, "quiet")[0];
    assert!(at > stage.clock_now());
    until(&runtime, "its officer is told", || !confided(&stage).is_empty()).await;
    let told = confided(&stage).remove(0);
    assert_eq!(told.address, "cy@mail.example");
    assert!(told.text.contains("Nobody who takes part knows"), "{}", told.text);
    drills.stop().await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    assert_eq!(begins(&drills, "quiet"), [at]);
    assert_eq!(confided(&stage).len(), 1, "nobody is told twice");
    let of_players = stage.sent().into_iter().filter(|one| !one.address.starts_with("cy@"));
    assert_eq!(of_players.count(), 0, "those who take part hear nothing");
    let wait = at.duration_since(stage.clock_now());
    stage.pass(&runtime, wait).await;
    until(&runtime, "it begins", || !drills.archive().exercises().unwrap().is_empty()).await;
    assert!(begins(&drills, "quiet").is_empty());
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_taken_away_before_its_hour_does_not_begin_and_whoever_administers_hears_so()
 {
    let stage = stage(&[("quiet.yaml", &quiet("quiet", "7d"))]);
    let chiefs = RosterSettings { admins: ["bo".into()].into(), ..RosterSettings::default() };
    let runtime = stage.start_among(people(), chiefs, false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, &["quiet"]).await;
    stage.clock.advance(DECEMBER);
    until(&runtime, "it is drawn", || !begins(&drills, "quiet").is_empty()).await;
    let at = begins(&drills, "quiet")[0];
    std::fs::remove_file(stage.home.path().join("drills/quiet.yaml")).unwrap();
    assert!(runtime.reload().await.swapped);
    let diary = || drills.archive().diary(&DrillId::new("quiet")).unwrap().unwrap();
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    until(&runtime, "it is given up", || diary().to_start.is_empty()).await;
    assert_eq!(diary().missed.len(), 1);
    let told = || {
        let sent = stage.sent().into_iter();
        sent.filter(|one| one.subject == "[DRILL] Not started: quiet").collect::<Vec<_>>()
    };
    until(&runtime, "it is told", || !told().is_empty()).await;
    assert!(told()[0].text.contains("its file or its schedule is gone"), "{:?}", told());
    stage.pass(&runtime, at.duration_since(stage.clock_now()) + HOUR).await;
    assert!(drills.archive().exercises().unwrap().is_empty());
    assert_eq!((diary().missed.len(), told().len()), (1, 1), "once");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_paged_by_one_is_left_in_peace_by_the_next_for_a_week() {
    let by_hand = quiet("one", "7d").replace(SCHEDULE, "");
    let drills_of = [("one.yaml", by_hand), ("two.yaml", quiet("two", "21d"))];
    let stage = stage(&drills_of.each_ref().map(|(file, text)| (*file, text.as_str())));
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, &["two"]).await;
    stage.clock.advance(DECEMBER);
    until(&runtime, "the second is drawn", || !begins(&drills, "two").is_empty()).await;
    let first_draw = begins(&drills, "two")[0];
    let diary = || drills.archive().diary(&DrillId::new("two")).unwrap().unwrap();
    assert_eq!(diary().to_start[0].not_before, None);
    let ahead = first_draw.duration_since(stage.clock_now()) - HOUR;
    stage.clock.advance(ahead.max(SignedDuration::ZERO));
    drills.run("one", Terms::default(), |_| None).await.unwrap();
    let paged = stage.clock_now();
    assert_eq!(drills.archive().paged(&"ann".into()).unwrap(), Some(paged));
    stage.clock.advance(first_draw.duration_since(paged));
    let settled = || {
        let diary = diary();
        diary.to_start.first().is_some_and(|one| one.not_before.is_some())
            || !diary.missed.is_empty()
    };
    until(&runtime, "the second is put off, or has no time left", settled).await;
    if let Some(planned) = diary().to_start.first() {
        let week = SignedDuration::from_hours(7 * 24);
        assert!(planned.not_before.unwrap() >= paged + week);
        let again = begins(&drills, "two")[0];
        assert!(again >= paged + week, "{again}");
    } else {
        let said = diary().missed.remove(0).said.unwrap();
        assert!(said.get(firebell::text::Lang::En).contains("paged by a drill without notice"));
    }
    assert!(
        drills.archive().exercises().unwrap().iter().all(|one| one.drill.as_str() != "two"),
        "it has not begun"
    );
    drills.stop().await;
}
