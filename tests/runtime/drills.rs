//! Drills through the runtime: the calendar across restarts, exercises with real people.

use std::time::Duration;

use firebell::drill::calendar::MissedWhy;
use firebell::drill::invitation::Told;
use firebell::drill::live::{Drills, Started, Terms};
use firebell::drill::result::{DrillResult, Outcome};
use firebell::drill::score::Verdict;
use firebell::engine::{Command, Fact, Mode, NoticeEnd, Recipient, RoleAct, StepAct, StepRef};
use firebell::id::{DrillId, IncidentId};
use firebell::notify::{Delivery, Why, WhyCode};
use firebell::runtime::{Caller, CommitOptions, DeclareRequest, Refusal, Runtime, Scope};
use jiff::{SignedDuration, Timestamp};

use crate::stage::{Sent, Stage, facts, rest};

const PLAN: &str = r#"
playbook: outage
title: { zh: 中断, en: Outage }
inputs: { users: { type: integer } }
levels: [ { level: 2, when: users >= 1000 }, { level: 3 } ]
activate_when: [ { alert: { match: { alertname: Down } } } ]
roles:
  oncall: { title: { zh: 值班, en: On call }, assign: { team: duty }, deputies: [ { team: deputies } ], acknowledge_within: 5m }
messages:
  update: { text: { zh: 处理中, en: In progress } }
phases:
  - id: respond
    title: { zh: 处置, en: Respond }
    steps:
      - { id: tell, notify: { to: [team/pool, customers], via: [mail], message: update } }
      - { id: fix, role: oncall, title: { zh: 修复, en: Fix } }
"#;

pub const EXERCISE: &str = r#"
drill: fire-alarm
title: { zh: 警铃演练, en: Fire alarm }
playbook: outage
run: exercise
start: inject
schedule: { cron: "0 10 1 12 *", timezone: UTC }
injects:
  - { at: 0m, alert: { alertname: Down } }
  - { at: 10m, set: { users: 5000 } }
  - { at: 20m, message: { from: media, text: { zh: 记者来电, en: A reporter calls } } }
  - { when: level <= 2, message: { from: customer, text: { zh: 客户投诉, en: Customers complain } } }
expect:
  - { acknowledged: oncall, within: 5m, critical: true }
  - { step: fix, is: done, within: 1h }
  - { never: { notify: customers } }
pass: { score: 100 }
abort_when: { live_incident: { level: 2 } }
"#;

const SIMULATED: &str = r#"
drill: dry-run
title: { zh: 推演, en: Dry run }
playbook: outage
run: simulated
schedule: { cron: "0 10 1 * *", timezone: UTC, missed: run-once }
cast: { default: { acknowledge: { median: 1m, p90: 2m }, work: { median: 5m, p90: 9m } } }
expect: [ { step: fix, is: done, within: 1h } ]
"#;

const DECEMBER: SignedDuration = SignedDuration::from_hours(10 * 24 + 7);

/// A stage with drills beside its plans.
pub fn stage(drills: &[(&str, &str)]) -> Stage {
    let stage = Stage::new(&[("outage.yaml", PLAN)]);
    for (name, text) in drills {
        std::fs::write(stage.home.path().join("drills").join(name), text).unwrap();
    }
    stage
}

/// Lets the tasks of drills work until something holds.
pub async fn until(runtime: &Runtime, what: &str, holds: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        rest(runtime).await;
        assert!(tokio::time::Instant::now() < patience, "in vain: {what}");
    }
    rest(runtime).await;
}

pub fn results(drills: &Drills) -> Vec<DrillResult> {
    drills.archive().results(None, 100).unwrap()
}

async fn settled(runtime: &Runtime, drills: &Drills, drill: &str) {
    let known = || drills.archive().diary(&DrillId::new(drill)).unwrap().is_some();
    until(runtime, "the calendar is looked at", known).await;
}

pub async fn act(runtime: &Runtime, id: IncidentId, command: Command) {
    let caller = Caller::person("ann", Scope::Responder);
    runtime.execute(&caller, id, command, CommitOptions::default()).await.unwrap();
}

/// Starts the exercise by hand and returns its incident.
async fn begin_exercise(runtime: &Runtime, drills: &Drills) -> IncidentId {
    let Started::Exercise { .. } =
        drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap()
    else {
        panic!("an exercise goes on in the background")
    };
    let incident = || drills.archive().exercises().unwrap().into_iter().find_map(|e| e.incident);
    until(runtime, "the exercise declares its incident", || incident().is_some()).await;
    incident().unwrap()
}

pub fn done(drills: &Drills) -> usize {
    drills.archive().exercises().unwrap().first().map_or(0, |exercise| exercise.done.len())
}

pub fn said(stage: &Stage, id: IncidentId, words: &str) -> usize {
    let noted = |fact: &&Fact| matches!(fact, Fact::Noted { text } if text.contains(words));
    facts(stage, id).iter().filter(noted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_simulated_drill_runs_once_whatever_restarts() {
    let stage = stage(&[("dry.yaml", SIMULATED)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "dry-run").await;
    stage.clock.advance(DECEMBER);
    until(&runtime, "it runs", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    let planned: Timestamp = "2026-12-01T10:00:00Z".parse().unwrap();
    assert_eq!((result.planned_at, result.started_at), (Some(planned), planned));
    assert_eq!((result.outcome, result.verdict), (Outcome::Completed, Verdict::Passed));
    drills.stop().await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    for _ in 0..5 {
        stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    }
    assert_eq!(results(&drills).len(), 1, "nothing fires twice");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_downtime_missed_is_made_up_for_once_and_recorded() {
    let stage = stage(&[("dry.yaml", &SIMULATED.replace("run-once", "run-once, grace: 3d"))]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "dry-run").await;
    drills.stop().await;
    runtime.drain().await;
    // Two firsts of a month pass while firebell is down.
    stage.clock.advance(SignedDuration::from_hours(24 * 42));

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    until(&runtime, "the late run takes place", || results(&drills).len() == 1).await;
    let diary = drills.archive().diary(&DrillId::new("dry-run")).unwrap().unwrap();
    let missed: Vec<_> = diary.missed.iter().map(|m| (m.at.to_string(), m.why)).collect();
    assert_eq!(missed, [("2026-12-01T10:00:00Z".to_owned(), MissedWhy::Downtime)]);
    assert_eq!(results(&drills)[0].planned_at, Some("2027-01-01T10:00:00Z".parse().unwrap()));
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_simulated_drill_holds_up_nothing_else_that_is_planned_and_a_stop_loses_nothing() {
    // It takes far longer than anybody here waits.
    let endless = SIMULATED
        .replace("run: simulated", "run: simulated\nsamples: 100000\npass: { probability: 0.5 }");
    let endless = endless.replace("0 10 1 * *", "0 10 1 12 *");
    let stage = stage(&[("dry.yaml", &endless), ("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "dry-run").await;
    settled(&runtime, &drills, "fire-alarm").await;
    stage.clock.advance(DECEMBER);
    let waiting = || drills.archive().diary(&DrillId::new("dry-run")).unwrap().unwrap().to_start;
    until(&runtime, "the long one is under way", || {
        waiting().first().is_some_and(|planned| drills.simulating(planned.run).is_some())
    })
    .await;
    let begun = || !drills.archive().exercises().unwrap().is_empty();
    until(&runtime, "the exercise begins beside it", begun).await;
    let run = waiting()[0].run;
    assert!(drills.simulating(run).is_some(), "and it goes on");
    drills.stop().await;
    assert_eq!(waiting()[0].run, run, "it is reckoned again at the next start");
    assert_eq!(results(&drills), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_by_itself_until_a_safe_start_is_confirmed() {
    let stage = stage(&[("dry.yaml", SIMULATED)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "dry-run").await;
    drills.stop().await;
    runtime.drain().await;
    stage.clock.advance(DECEMBER);

    let runtime = stage.start(true);
    let drills = Drills::start(runtime.clone());
    stage.pass(&runtime, SignedDuration::from_mins(2)).await;
    assert_eq!(results(&drills), []);
    runtime.release();
    stage.clock.advance(SignedDuration::from_mins(1));
    until(&runtime, "it runs", || results(&drills).len() == 1).await;
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_pages_real_people_as_a_drill_and_is_judged_by_itself() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    assert_eq!(runtime.incident(id).await.unwrap().incident.mode, Mode::Drill);
    rest(&runtime).await;
    let sent = stage.sent();
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|s| s.text.contains("[DRILL]") || s.subject.contains("[DRILL]")));

    act(&runtime, id, Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }).await;
    stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    until(&runtime, "the situation changes and customers complain", || done(&drills) == 3).await;
    assert_eq!(runtime.incident(id).await.unwrap().incident.level.current, 2);
    assert_eq!((said(&stage, id, "Customers complain"), said(&stage, id, "reporter")), (1, 0));
    stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    until(&runtime, "the reporter calls", || done(&drills) == 4).await;

    let complete = StepAct::Complete {
        form: serde_json::Map::new(),
        evidence: Vec::new(),
        measure: None,
        note: None,
    };
    act(&runtime, id, Command::Step { step: StepRef::current("fix"), act: complete }).await;
    until(&runtime, "the exercise is judged", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    assert_eq!((result.outcome, result.verdict), (Outcome::Completed, Verdict::Passed));
    assert_eq!((result.score, result.incident), (Some(100), Some(id)));
    assert_eq!(result.ran_at, Some(result.started_at));
    assert_eq!(result.injects_left, []);
    assert_eq!(drills.archive().exercises().unwrap(), []);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_goes_on_after_a_restart_and_repeats_nothing() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    until(&runtime, "two injects", || done(&drills) == 3).await;
    drills.stop().await;
    runtime.drain().await;
    // The file changes while firebell is down; the exercise keeps what it began with.
    std::fs::remove_file(stage.home.path().join("drills/alarm.yaml")).unwrap();
    stage.clock.advance(SignedDuration::from_mins(30));

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    until(&runtime, "the last inject", || done(&drills) == 4).await;
    assert_eq!(said(&stage, id, "Customers complain"), 1);
    assert_eq!(said(&stage, id, "reporter"), 1);
    let reason = "enough".to_owned();
    let caller = Caller::person("ann", Scope::Commander);
    let cancel = Command::Cancel { reason, as_is: None };
    runtime.execute(&caller, id, cancel, CommitOptions::default()).await.unwrap();
    until(&runtime, "the exercise is judged", || results(&drills).len() == 1).await;
    let result = results(&drills).remove(0);
    assert_eq!((result.outcome, result.verdict), (Outcome::Aborted, Verdict::Failed));
    assert_eq!(result.why.unwrap().get(firebell::text::Lang::En), "enough");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_gives_way_to_a_grave_live_incident() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    let declare = |level| {
        let request = DeclareRequest { level: Some(level), ..DeclareRequest::live("outage") };
        let caller = Caller::person("bo", Scope::Responder);
        let runtime = runtime.clone();
        async move { runtime.declare(&caller, request, CommitOptions::default()).await.unwrap() }
    };
    declare(3).await;
    rest(&runtime).await;
    assert!(runtime.incident(id).await.unwrap().incident.status.is_open(), "a mild one is none");
    declare(2).await;
    until(&runtime, "the exercise gives way", || results(&drills).len() == 1).await;
    assert_eq!(results(&drills)[0].outcome, Outcome::Aborted);
    let refused = drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap_err();
    assert!(refused.to_string().contains("gives way"), "{refused}");

    // A planned one does not start either, and that is recorded.
    settled(&runtime, &drills, "fire-alarm").await;
    stage.clock.advance(DECEMBER);
    let missed = || drills.archive().diary(&DrillId::new("fire-alarm")).unwrap().unwrap().missed;
    until(&runtime, "the planned run is given up", || !missed().is_empty()).await;
    assert_eq!(missed()[0].why, MissedWhy::LiveIncident);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_is_refused_with_a_reason() {
    let stage = stage(&[("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    match drills.run("fire-alrm", Terms::default(), |_| None).await.unwrap_err() {
        Refusal::NotFound { closest, .. } => assert_eq!(closest, ["fire-alarm"]),
        other => panic!("{other}"),
    }
    begin_exercise(&runtime, &drills).await;
    let refused = drills.run("fire-alarm", Terms::default(), |_| None).await.unwrap_err();
    assert!(refused.to_string().contains("under way"), "{refused}");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_the_next_starts_and_the_same_run_gives_the_same_journal() {
    let stage = stage(&[("dry.yaml", SIMULATED), ("alarm.yaml", EXERCISE)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let mut hashes = Vec::new();
    for seed in [None, None, Some(7)] {
        let Started::Simulated(result) =
            drills.run("dry-run", Terms { seed, ..Terms::default() }, |_| None).await.unwrap()
        else {
            panic!("a simulated run is over at once")
        };
        hashes.push(result.journal_hash.unwrap());
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
    let rows = drills.rows(5).unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.scenario.id.to_string()).collect();
    assert_eq!(names, ["dry-run", "fire-alarm"]);
    assert_eq!(rows[0].next.len(), 5);
    assert_eq!(rows[0].next[0], "2026-12-01T10:00:00Z".parse().unwrap());
    let last = rows[0].last.as_ref().unwrap();
    assert_eq!(drills.archive().result(last.run).unwrap().as_ref(), Some(last));
    assert_eq!(drills.archive().previous(last).unwrap().unwrap().journal_hash.unwrap(), hashes[1]);
    drills.stop().await;
}

/// Whoever ended as told, by person: `delivered hook`, `drill_absent`.
fn ends(stage: &Stage, id: IncidentId) -> Vec<(String, String)> {
    let facts = facts(stage, id);
    let to = |notice| {
        facts.iter().find_map(|fact| match fact {
            Fact::NoticeQueued { notice: queued } if queued.id == notice => match &queued.to {
                Recipient::Person(person) => Some(person.to_string()),
                Recipient::Audience(_) => None,
            },
            _ => None,
        })
    };
    let ended = facts.iter().filter_map(|fact| match fact {
        Fact::NoticeEnded { notice, end, .. } => Some((*notice, end)),
        _ => None,
    });
    let how = |end: &NoticeEnd| match end {
        NoticeEnd::Delivered { via, .. } => format!("delivered {via}"),
        NoticeEnd::HeldBack { why } => why.clone(),
        NoticeEnd::Failed { .. } => "failed".to_owned(),
        other => format!("{other:?}"),
    };
    ended.filter_map(|(notice, end)| Some((to(notice)?, how(end)))).collect()
}

fn with_injects(injects: &str) -> String {
    let start = EXERCISE.find("  - { at: 10m").unwrap();
    let end = EXERCISE.find("expect:").unwrap();
    let text = format!("{}{injects}{}", &EXERCISE[..start], &EXERCISE[end..]);
    text.replace("abort_when: { live_incident: { level: 2 } }\n", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_a_drill_takes_down_is_down_for_its_messages_alone() {
    let text = with_injects("  - { at: 0m, channel_down: mail, for: 20m }\n");
    let stage = stage(&[("alarm.yaml", &text)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    until(&runtime, "everyone was tried", || ends(&stage, id).len() >= 4).await;
    assert!(stage.sent().iter().all(|sent| sent.channel == "hook"), "{:?}", stage.sent());
    let told = ends(&stage, id);
    assert!(told.contains(&("ann".to_owned(), "delivered hook".to_owned())), "{told:?}");
    assert!(told.contains(&("bo".to_owned(), "failed".to_owned())), "mail is all bo has: {told:?}");

    // A live incident in the meantime knows nothing of it.
    let caller = Caller::person("bo", Scope::Responder);
    let live = DeclareRequest::live("outage");
    runtime.declare(&caller, live, CommitOptions::default()).await.unwrap();
    rest(&runtime).await;
    assert!(stage.sent().iter().any(|sent| sent.channel == "mail"));

    // The outage outlives a restart and ends by itself.
    drills.stop().await;
    runtime.drain().await;
    stage.clock.advance(SignedDuration::from_mins(5));
    let before = stage.sent().len();
    let runtime = stage.start(false);
    rest(&runtime).await;
    let sent = stage.sent();
    let hurried: Vec<_> =
        sent[before..].iter().filter(|sent| sent.subject.contains("[DRILL]")).collect();
    assert!(hurried.iter().all(|sent| sent.channel == "hook"), "before the drill: {hurried:?}");
    let drills = Drills::start(runtime.clone());
    let paged = || ends(&stage, id).iter().filter(|(who, _)| who == "bo").count();
    until(&runtime, "the deputy is paged in vain", || paged() >= 2).await;
    let mailed = |at: &str| {
        let drilled =
            |sent: &&Sent| sent.text.contains("[DRILL]") || sent.subject.contains("[DRILL]");
        stage.sent().iter().filter(drilled).filter(|sent| sent.channel == at).count()
    };
    assert_eq!(mailed("mail"), 0);
    stage.pass(&runtime, SignedDuration::from_mins(16)).await;
    until(&runtime, "mail works again", || mailed("mail") > 0).await;
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_absent_in_a_drill_gets_none_of_its_pages_and_the_deputy_steps_in() {
    let text = with_injects("  - { at: 0m, absent: oncall, for: 30m }\n");
    let stage = stage(&[("alarm.yaml", &text)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    until(&runtime, "the absence is noted", || done(&drills) == 2).await;
    rest(&runtime).await;
    assert_eq!(said(&stage, id, "oncall is absent"), 1);
    let told = ends(&stage, id);
    assert!(told.contains(&("ann".to_owned(), "drill_absent".to_owned())), "{told:?}");
    let sent_to = |who: &str| {
        let here = |sent: &&Sent| sent.address.starts_with(who);
        stage.sent().iter().filter(here).count()
    };
    let before = sent_to("bo");
    stage.pass(&runtime, SignedDuration::from_mins(5)).await;
    until(&runtime, "the deputy is paged", || sent_to("bo") > before).await;
    let caller = Caller::person("bo", Scope::Responder);
    let takes = Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge };
    runtime.execute(&caller, id, takes, CommitOptions::default()).await.unwrap();
    assert!(stage.sent().iter().all(|sent| !sent.address.starts_with("ann")), "{:?}", stage.sent());
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_channel_holds_a_drills_messages_and_a_stuttering_one_says_them_twice() {
    let late = with_injects("  - { at: 0m, channel_slow: all, by: 3m, for: 20m }\n");
    let twice = with_injects("  - { at: 0m, channel_twice: mail, for: 20m }\n");
    let twice = twice.replace("fire-alarm", "echo-alarm");
    let stage = stage(&[("late.yaml", &late), ("twice.yaml", &twice)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    until(&runtime, "it is noted", || done(&drills) == 2).await;
    rest(&runtime).await;
    assert_eq!(stage.sent(), [], "nothing leaves yet");
    let delayed = |fact: &Fact| matches!(fact, Fact::NoticeDelayed { why, .. } if why.starts_with("drill_channel_slow"));
    assert!(facts(&stage, id).iter().any(delayed), "the timeline says why");
    stage.pass(&runtime, SignedDuration::from_mins(3)).await;
    until(&runtime, "they leave", || stage.sent().len() >= 2).await;
    let cancel = Command::Cancel { reason: "enough".into(), as_is: None };
    act(&runtime, id, cancel).await;
    until(&runtime, "it is over", || results(&drills).len() == 1).await;

    let before = stage.sent().len();
    drills.run("echo-alarm", Terms::default(), |_| None).await.unwrap();
    until(&runtime, "it is said twice", || stage.sent().len() >= before + 2).await;
    let sent = stage.sent().split_off(before);
    let to_ann: Vec<_> = sent.iter().filter(|sent| sent.address == "ann@mail.example").collect();
    assert!(to_ann.len() >= 2 && to_ann[0] == to_ann[1], "{sent:?}");
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_hears_what_an_inject_waits_for_and_goes_on_from_there_after_a_restart() {
    let injects = "  - { after: { acknowledged: oncall }, wait: 5m, message: now }\n  \
                   - { at: 1m, contradict: [ { from: a, text: up }, { from: b, text: down } ] }\n";
    let stage = stage(&[("alarm.yaml", &with_injects(injects))]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    let id = begin_exercise(&runtime, &drills).await;
    stage.pass(&runtime, SignedDuration::from_mins(2)).await;
    until(&runtime, "reports disagree", || done(&drills) == 2).await;
    assert_eq!(said(&stage, id, "contradicting report"), 2);
    act(&runtime, id, Command::Role { role: "oncall".into(), act: RoleAct::Acknowledge }).await;
    stage.pass(&runtime, SignedDuration::from_mins(4)).await;
    assert_eq!(said(&stage, id, "now"), 0);
    drills.stop().await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    until(&runtime, "five minutes after", || done(&drills) == 3).await;
    assert_eq!(said(&stage, id, "now"), 1);
    drills.stop().await;
}

fn invited(stage: &Stage) -> Vec<Sent> {
    stage.sent().into_iter().filter(|sent| sent.subject.contains("Coming drill")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_take_part_are_told_ahead_once_whatever_restarts() {
    let text = EXERCISE.replace("start: inject\n", "start: inject\nnotice: 24h\n");
    let stage = stage(&[("alarm.yaml", &text)]);
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "fire-alarm").await;
    // It begins on 1 December at 10:00 UTC.
    stage.clock.advance(DECEMBER - SignedDuration::from_hours(25));
    stage.pass(&runtime, SignedDuration::from_mins(1)).await;
    assert_eq!(invited(&stage), [], "too early");
    stage.pass(&runtime, SignedDuration::from_hours(1)).await;
    until(&runtime, "both are told", || invited(&stage).len() == 2).await;
    let told = invited(&stage);
    let addresses: Vec<&str> = told.iter().map(|sent| sent.address.as_str()).collect();
    assert_eq!(addresses, ["ann@mail.example", "bo@mail.example"], "who is asked, and the deputy");
    let first = &told[0];
    assert_eq!(first.subject, "[DRILL] Coming drill: Fire alarm");
    assert!(first.text.contains("2026-12-01 18:00 (Asia/Shanghai)"), "{}", first.text);
    assert!(first.text.contains("You may be asked to be: On call."), "{}", first.text);
    for _ in 0..3 {
        stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    }
    drills.stop().await;
    runtime.drain().await;

    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    for _ in 0..3 {
        stage.pass(&runtime, SignedDuration::from_mins(10)).await;
    }
    assert_eq!(invited(&stage).len(), 2, "nobody is told twice");
    stage.clock.advance(SignedDuration::from_hours(24));
    let begun = || !drills.archive().exercises().unwrap().is_empty();
    until(&runtime, "the drill begins", begun).await;
    assert_eq!(invited(&stage).len(), 2);
    drills.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_told_of_a_drill_now_is_told_later() {
    let text = EXERCISE.replace("start: inject\n", "start: inject\nnotice: 24h\n");
    let stage = stage(&[("alarm.yaml", &text)]);
    let why = Why::new(WhyCode::Busy);
    stage.mail.set_down(Some(Delivery::Retry { after: None, why }));
    let runtime = stage.start(false);
    let drills = Drills::start(runtime.clone());
    settled(&runtime, &drills, "fire-alarm").await;
    stage.clock.advance(DECEMBER - SignedDuration::from_hours(23));
    let (drill, at) = (DrillId::new("fire-alarm"), "2026-12-01T10:00:00Z".parse().unwrap());
    let told = || {
        let kept = drills.archive().invitation(&drill, at).unwrap();
        let people = kept.map(|invitation| invitation.people).unwrap_or_default();
        people.into_values().map(|guest| guest.told).collect::<Vec<_>>()
    };
    let hook = Told::Yes { via: "hook".into() };
    let first = [hook.clone(), Told::NotYet];
    until(&runtime, "ann has another channel", || told() == first).await;
    stage.mail.set_down(None);
    stage.pass(&runtime, SignedDuration::from_mins(4)).await;
    assert_eq!(told(), first, "not at once");
    stage.pass(&runtime, SignedDuration::from_mins(2)).await;
    let then = [hook, Told::Yes { via: "mail".into() }];
    until(&runtime, "bo is told later", || told() == then).await;
    drills.stop().await;
}
