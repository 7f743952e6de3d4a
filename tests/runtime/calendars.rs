//! Calendars behind addresses and in files: what replaces the copy in force, what never does, what a
//! start without network knows, and who is told of a copy that grows old.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell::id::PersonId;
use firebell::notify::{Client, ClientSettings, Secret};
use firebell::people::{Directory, Parts as People, Schedule, Shifts, Zone};
use firebell::runtime::{CalendarPlace, CalendarSource, CalendarStanding, RosterSettings, Runtime};
use firebell::text::Lang;
use jiff::SignedDuration;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage::{Stage, person};

/// What an address holds that only those may know who may read the calendar.
const PRIVATE: &str = "private-0a1b2c3d";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A calendar in which somebody has the week from 21 to 28 November 2026.
fn week(who: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{who}\r\n\
         DTSTART:20261121T000000Z\r\nDTEND:20261128T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// `bo` keeps the rosters; whose shifts are on `duty` the calendar says.
fn people() -> Directory {
    let duty = Schedule {
        id: "duty".into(),
        title: "Duty".into(),
        zone: Zone::utc(),
        layers: Vec::new(),
        shifts: Some(Shifts::default()),
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

fn settings(place: CalendarPlace) -> RosterSettings {
    let every = SignedDuration::from_mins(15);
    let source = CalendarSource { place, every };
    let admins = BTreeSet::from([PersonId::new("bo")]);
    RosterSettings {
        calendars: [("duty".into(), source)].into(),
        // What is tested is not that a week's calendar ends.
        intended: BTreeSet::from(["duty".into()]),
        admins,
        ..RosterSettings::default()
    }
}

fn behind(url: &str) -> RosterSettings {
    let client = Client::new(ClientSettings::new(true)).unwrap();
    settings(CalendarPlace::Address { url: Secret::new(url), client })
}

fn address(server: &MockServer) -> String {
    format!("{}/{PRIVATE}/basic.ics", server.uri())
}

async fn answer(server: &MockServer, template: ResponseTemplate) {
    server.reset().await;
    Mock::given(path(format!("/{PRIVATE}/basic.ics"))).respond_with(template).mount(server).await;
}

fn good(who: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(week(who)).insert_header("etag", "\"1\"")
}

fn standing(runtime: &Runtime) -> Arc<CalendarStanding> {
    Arc::clone(&runtime.calendars()["duty"])
}

fn on_call(runtime: &Runtime) -> Vec<PersonId> {
    runtime.directory().on_call(&"duty".into(), runtime.clock().now())
}

/// Waits for what is done beside.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !holds() {
        tokio::task::yield_now().await;
        assert!(tokio::time::Instant::now() < patience, "never: {what}");
    }
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

/// Moves the clock to the next reading, in trouble or not, and waits until it has ended.
async fn read_again(stage: &Stage, runtime: &Runtime) {
    let before = stage.clock_now();
    stage.clock.advance(SignedDuration::from_mins(17));
    let ended = || {
        let standing = standing(runtime);
        let troubled = standing.trouble.as_ref();
        standing.good > Some(before) || troubled.is_some_and(|(since, _)| *since > before)
    };
    until("the calendar was read again", ended).await;
}

#[tokio::test]
async fn a_calendar_is_asked_for_by_what_it_was_and_holds_when_it_changes() {
    let (stage, server) = (Stage::new(&[]), MockServer::start().await);
    answer(&server, good("ann")).await;
    let runtime = stage.start_among(people(), behind(&address(&server)), false);
    until("it was fetched", || !on_call(&runtime).is_empty()).await;
    assert_eq!(on_call(&runtime), ["ann".into()]);
    until("that is known", || standing(&runtime).good.is_some()).await;
    // Nothing else is answered than a question whether it changed.
    server.reset().await;
    let unchanged = ResponseTemplate::new(304);
    Mock::given(header("if-none-match", "\"1\"")).respond_with(unchanged).mount(&server).await;
    read_again(&stage, &runtime).await;
    assert_eq!((standing(&runtime).trouble.clone(), requests(&server).await), (None, 1));
    assert_eq!(on_call(&runtime), ["ann".into()]);
    answer(&server, good("bo")).await;
    read_again(&stage, &runtime).await;
    assert_eq!(on_call(&runtime), ["bo".into()]);
    assert!(!standing(&runtime).is_old(stage.clock_now()));
    runtime.drain().await;
}

#[tokio::test]
async fn what_is_no_calendar_never_replaces_one_that_is() {
    let (stage, server) = (Stage::new(&[]), MockServer::start().await);
    answer(&server, good("ann")).await;
    let runtime = stage.start_among(people(), behind(&address(&server)), false);
    until("it was fetched", || standing(&runtime).good.is_some()).await;
    let ok = |body: &str| ResponseTemplate::new(200).set_body_string(body);
    let elsewhere = ResponseTemplate::new(302)
        .insert_header("location", "http://169.254.169.254/latest/meta-data/");
    let huge = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 50 << 20]);
    let half = week("ann");
    let stranger = week("Nobody at all");
    let none = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n";
    let bad = [
        ("a page", ok("<!doctype html><title>Sign in</title>"), "BEGIN:VCALENDAR"),
        ("noise", ResponseTemplate::new(200).set_body_bytes([0xff, 0xfe]), "UTF-8"),
        ("half of it", ok(&half[..half.len() / 2]), "no whole iCalendar"),
        ("strangers", ok(&stranger), "no event ahead is a shift of anybody"),
        ("an empty one", ok(none), "no shift ahead"),
        ("too much", huge, "more than 1048576 bytes"),
        ("a redirect", elsewhere, "answers 302"),
        ("a fault", ResponseTemplate::new(500), "answers 500"),
        ("gone", ResponseTemplate::new(404), "answers 404"),
        ("a 304 for nothing", ResponseTemplate::new(204), "answers 204"),
    ];
    for (case, template, expected) in bad {
        answer(&server, template).await;
        let good = standing(&runtime).good;
        stage.clock.advance(SignedDuration::from_mins(17));
        let said = || {
            let trouble = standing(&runtime).trouble.clone();
            trouble.map(|(_, why)| why.get(Lang::En).to_owned()).unwrap_or_default()
        };
        until(case, || said().contains(expected)).await;
        assert_eq!((on_call(&runtime), standing(&runtime).good), (vec!["ann".into()], good));
        assert!(!format!("{:?}", standing(&runtime)).contains(PRIVATE), "{case}");
    }
    // One that never answers is left by the clock of the house.
    answer(&server, ok("late").set_delay(std::time::Duration::from_secs(3_600))).await;
    stage.clock.advance(SignedDuration::from_mins(17));
    while requests(&server).await == 0 {
        tokio::task::yield_now().await;
    }
    stage.clock.advance(SignedDuration::from_mins(2));
    let timed_out = || format!("{:?}", standing(&runtime).trouble).contains("too long");
    until("it is not waited for", timed_out).await;
    assert_eq!(on_call(&runtime), ["ann".into()]);
    answer(&server, good("bo")).await;
    stage.clock.advance(SignedDuration::from_mins(17));
    until("it is read again", || standing(&runtime).trouble.is_none()).await;
    assert_eq!(on_call(&runtime), ["bo".into()]);
    runtime.drain().await;
}

#[tokio::test]
async fn an_address_of_this_network_is_not_called_unless_that_is_allowed() {
    let (stage, server) = (Stage::new(&[]), MockServer::start().await);
    answer(&server, good("ann")).await;
    let client = Client::new(ClientSettings::new(false)).unwrap();
    let url = address(&server).replace("http://", "https://");
    let place = CalendarPlace::Address { url: Secret::new(url), client };
    let runtime = stage.start_among(people(), settings(place), false);
    until("it is refused", || standing(&runtime).trouble.is_some()).await;
    assert_eq!((on_call(&runtime), requests(&server).await), (Vec::new(), 0));
    let said = format!("{:?}", standing(&runtime));
    assert!(!said.contains(PRIVATE) && !said.contains("good: Some"), "{said}");
    runtime.drain().await;
}

#[tokio::test]
async fn a_start_without_network_uses_the_last_good_copy_and_its_age_is_told_once() {
    // A server of its own is gone when it is dropped.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = MockServer::builder().listener(listener).start().await;
    let stage = Stage::new(&[]);
    answer(&server, good("ann")).await;
    let url = address(&server);
    let runtime = stage.start_among(people(), behind(&url), false);
    until("it was fetched", || standing(&runtime).good.is_some()).await;
    let good = standing(&runtime).good;
    runtime.drain().await;
    drop(server);
    stage.clock.advance(HOUR);
    let runtime = stage.start_among(people(), behind(&url), false);
    assert_eq!(on_call(&runtime), ["ann".into()], "before anything was fetched");
    until("it fails", || standing(&runtime).trouble.is_some()).await;
    assert_eq!((standing(&runtime).good, stage.sent().len()), (good, 0));
    stage.clock.advance(HOUR * 25);
    until("it is told", || !stage.sent().is_empty()).await;
    let [told] = stage.sent().try_into().unwrap();
    assert!(told.address.starts_with("bo@") && told.subject.contains("Duty"), "{told:?}");
    assert!(told.text.contains("2026-11-21 11:00 (Asia/Shanghai)"), "{told:?}");
    assert!(!format!("{told:?}").contains(PRIVATE));
    assert_eq!(on_call(&runtime), ["ann".into()], "shifts are used however old they are");
    runtime.drain().await;
    let runtime = stage.start_among(people(), behind(&url), false);
    stage.clock.advance(HOUR * 25);
    let since = stage.clock_now() - HOUR;
    until("it fails anew", || standing(&runtime).trouble.is_some()).await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(standing(&runtime).is_old(since));
    assert_eq!(stage.sent().len(), 1, "once, over starts");
    runtime.drain().await;
    // What another address gave is no copy of this one.
    let other = stage.start_among(people(), behind("http://127.0.0.1:1/other.ics"), false);
    assert_eq!((on_call(&other), standing(&other).good), (Vec::new(), None));
    other.drain().await;
}

#[tokio::test]
async fn a_changed_file_is_read_by_itself_and_by_a_reload_and_a_broken_one_is_left() {
    let stage = Stage::new(&[]);
    let file = stage.home.path().join("duty.ics");
    std::fs::write(&file, week("ann")).unwrap();
    let rosters = || settings(CalendarPlace::File(file.clone()));
    let runtime = stage.start_among(people(), rosters(), false);
    runtime.reload().await;
    assert_eq!(on_call(&runtime), ["ann".into()]);
    std::fs::write(&file, week("bo")).unwrap();
    runtime.reload().await;
    assert_eq!((on_call(&runtime), standing(&runtime).shifts), (vec!["bo".into()], 1));
    std::fs::write(&file, "half a fi").unwrap();
    runtime.reload().await;
    assert_eq!(on_call(&runtime), ["bo".into()]);
    assert!(standing(&runtime).trouble.is_some());
    std::fs::write(&file, week("ann")).unwrap();
    stage.clock.advance(SignedDuration::from_mins(17));
    until("it is read by itself", || on_call(&runtime) == ["ann".into()]).await;
    until("that is known", || standing(&runtime).trouble.is_none()).await;
    std::fs::remove_file(&file).unwrap();
    runtime.reload().await;
    assert_eq!(on_call(&runtime), ["ann".into()]);
    assert!(standing(&runtime).trouble.is_some());
    runtime.drain().await;
}
