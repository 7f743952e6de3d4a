//! What the ledger promises, instant by instant.

use super::*;

use crate::ingest::{Flapping, Inhibition, Matcher, Silence, When};

const NOBODY: &dyn Fn(&Alert) -> bool = &|_| false;
const OPEN: &dyn Fn(&Alert) -> bool = &|_| true;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + minute * 60).unwrap()
}

fn matcher(pairs: &[(&str, &str)]) -> Matcher {
    let pairs = pairs.iter().map(|(key, value)| ((*key).into(), (*value).to_owned()));
    Matcher::new(pairs.collect()).unwrap()
}

fn alert(key: &str, labels: &[(&str, &str)]) -> Alert {
    let mut alert = Alert::new(&"prom".into(), key, key);
    for (label, value) in labels {
        alert.labels.insert((*label).into(), (*value).to_owned());
    }
    alert.completed()
}

fn over(alert: &Alert) -> Alert {
    Alert { status: News::Resolved, ..alert.clone() }
}

fn policy() -> Policy {
    Policy {
        silences: vec![Silence {
            id: "move".into(),
            about: matcher(&[("service", "web")]),
            when: When::Once { from: at(10), to: at(20) },
            note: String::new(),
        }],
        inhibitions: vec![Inhibition {
            by: matcher(&[("alertname", "SiteDown")]),
            mutes: matcher(&[("kind", "app")]),
            equal: vec!["site".into()],
        }],
        ..Policy::default()
    }
}

/// What became of alerts, by verdict.
#[derive(Debug, Default, PartialEq)]
struct Sorted {
    say: Vec<Alert>,
    muted: Vec<(Alert, Mute)>,
    spoken_for: Vec<Alert>,
}

fn sorted(heard: Heard) -> Sorted {
    let mut sorted = Sorted::default();
    for (alert, verdict) in heard {
        match verdict {
            Verdict::Say => sorted.say.push(alert),
            Verdict::Muted(mute) => sorted.muted.push((alert, mute)),
            Verdict::SpokenFor | Verdict::SaidBefore => sorted.spoken_for.push(alert),
        }
    }
    sorted
}

fn said(ledger: &mut Ledger, alert: &Alert, minute: i64) -> Sorted {
    let heard = sorted(ledger.hear(vec![alert.clone()], NOBODY, &policy(), at(minute)));
    for alert in &heard.say {
        ledger.said(alert, at(minute));
    }
    heard
}

#[test]
fn a_silenced_alert_is_said_when_the_silence_ends_and_it_still_fires() {
    let mut ledger = Ledger::default();
    let web = alert("WebSlow", &[("service", "web")]);
    let heard = said(&mut ledger, &web, 12);
    assert_eq!(heard.say, []);
    assert!(matches!(&heard.muted[..], [(_, Mute::Silenced { silence })] if silence == "move"));
    assert_eq!(ledger.next_due(), Some(at(20)));
    assert_eq!(ledger.due(&policy(), at(19)), []);
    assert_eq!(ledger.due(&policy(), at(20)), std::slice::from_ref(&web));
    // It waits until somebody has said it.
    assert_eq!(ledger.due(&policy(), at(21)), std::slice::from_ref(&web));
    ledger.said(&web, at(21));
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn a_silenced_alert_that_ends_in_time_is_never_said() {
    let mut ledger = Ledger::default();
    let web = alert("WebSlow", &[("service", "web")]);
    said(&mut ledger, &web, 12);
    let end = said(&mut ledger, &over(&web), 13);
    assert_eq!(end.say, [over(&web)], "nothing is open for it, so it will lead to nothing");
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn what_an_incident_is_open_for_is_never_muted() {
    let mut ledger = Ledger::default();
    let web = alert("WebSlow", &[("service", "web")]);
    let heard = sorted(ledger.hear(vec![web.clone()], OPEN, &policy(), at(12)));
    assert_eq!((heard.say, heard.muted), (vec![web], vec![]));
}

#[test]
fn a_consequence_is_quiet_while_its_cause_fires_at_the_same_site_alone() {
    let mut ledger = Ledger::default();
    let site = alert("SiteDown", &[("site", "a"), ("kind", "app")]);
    assert_eq!(said(&mut ledger, &site, 0).say.len(), 1, "it does not mute itself");
    let here = alert("AppDown", &[("site", "a"), ("kind", "app")]);
    let there = alert("ShopDown", &[("site", "b"), ("kind", "app")]);
    assert!(matches!(&said(&mut ledger, &here, 1).muted[..],
        [(_, Mute::Inhibited { by })] if by == "SiteDown"));
    assert_eq!(said(&mut ledger, &there, 1).say.len(), 1);
    // Its own end is waited for a little; then it is said.
    said(&mut ledger, &over(&site), 5);
    assert_eq!(ledger.due(&policy(), at(5)), []);
    assert_eq!(ledger.due(&policy(), at(6)), [here]);
}

#[test]
fn a_cause_that_was_not_heard_of_for_long_mutes_nothing() {
    let mut ledger = Ledger::default();
    said(&mut ledger, &alert("SiteDown", &[("site", "a")]), 0);
    let app = alert("AppDown", &[("site", "a"), ("kind", "app")]);
    assert_eq!(said(&mut ledger, &app, 60).muted.len(), 1);
    assert_eq!(ledger.next_due(), Some(at(12 * 60)));
    assert_eq!(ledger.due(&policy(), at(12 * 60)), [app]);
}

#[test]
fn one_that_left_its_group_mutes_no_longer() {
    let mut ledger = Ledger::default();
    let group = |site: &str| Alert {
        dedup_key: "group".to_owned(),
        ..alert("SiteDown", &[("site", site)])
    };
    let both = vec![group("a"), group("b")];
    ledger.hear(both, NOBODY, &policy(), at(0));
    let app = alert("AppDown", &[("site", "a"), ("kind", "app")]);
    said(&mut ledger, &app, 1);
    ledger.hear(vec![group("b")], NOBODY, &policy(), at(2));
    assert_eq!(ledger.due(&policy(), at(3)), [app]);
}

#[test]
fn a_group_is_over_when_all_of_it_is() {
    let mut ledger = Ledger::default();
    let by = ["site".into()];
    let grouped = |mut alert: Alert| {
        alert.group(&by);
        alert
    };
    let one = grouped(alert("Disk", &[("site", "a")]));
    let two = grouped(alert("Fan", &[("site", "a")]));
    assert_eq!(one.dedup_key, two.dedup_key);
    said(&mut ledger, &one, 0);
    assert_eq!(said(&mut ledger, &two, 0).say, std::slice::from_ref(&two));
    assert_eq!(said(&mut ledger, &over(&one), 1).spoken_for.len(), 1);
    // Some tools say of the end no more than the key.
    let bare = Alert { labels: BTreeMap::new(), dedup_key: "Fan".to_owned(), member: None, ..two };
    let end = said(&mut ledger, &grouped(over(&bare)), 2);
    assert_eq!(end.say[0].dedup_key, one.dedup_key);
}

#[test]
fn what_comes_and_goes_is_over_once_it_is_calm() {
    let mut ledger = Ledger::default();
    let disk = alert("Disk", &[]);
    let mut ends = 0;
    for n in 0..10 {
        said(&mut ledger, &disk, 2 * n);
        ends += said(&mut ledger, &over(&disk), 2 * n + 1).say.len();
    }
    assert_eq!(ends, 2, "the sixth change is the third end");
    let calm = Flapping::default().calm.as_mins();
    assert_eq!(ledger.due(&policy(), at(19 + calm - 1)), []);
    assert_eq!(ledger.due(&policy(), at(19 + calm)), [over(&disk)]);
    // Back once more before that: nothing is said of an end.
    said(&mut ledger, &disk, 20);
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn an_open_incident_is_told_again_only_of_news_or_after_a_while() {
    let mut ledger = Ledger::default();
    let disk = alert("Disk", &[]);
    let mut told = 0;
    for minute in 0..30 {
        let heard = sorted(ledger.hear(vec![disk.clone()], OPEN, &policy(), at(minute)));
        told += heard.say.len();
        heard.say.iter().for_each(|alert| ledger.said(alert, at(minute)));
    }
    assert_eq!(told, 3);
    let mut news = disk.clone();
    news.annotations.insert("users".into(), "9".to_owned());
    assert_eq!(sorted(ledger.hear(vec![news], OPEN, &policy(), at(30))).say.len(), 1);
    // The incident was closed by hand: the trouble is there and begins another.
    assert_eq!(sorted(ledger.hear(vec![disk], NOBODY, &policy(), at(30))).say.len(), 1);
}

#[test]
fn what_waits_outlives_the_process() {
    let mut ledger = Ledger::default();
    let web = alert("WebSlow", &[("service", "web")]);
    said(&mut ledger, &web, 12);
    let changes = ledger.take_changes();
    let [Lasting { key, bytes: Some(bytes) }] = &changes[..] else { panic!("{changes:?}") };
    let mut next = Ledger::default();
    next.restore(bytes).unwrap();
    assert_eq!(next.next_due(), Some(at(20)));
    // A silence that the new configuration does not have mutes nothing.
    next.look_again(at(13));
    assert_eq!(next.due(&Policy::default(), at(13)), std::slice::from_ref(&web));
    next.said(&web, at(13));
    assert_eq!(next.take_changes(), [Lasting { key: key.clone(), bytes: None }]);
    assert_eq!(next.take_changes(), []);
}

#[test]
fn what_is_remembered_is_bounded_and_what_waits_stays() {
    let mut ledger = Ledger::default();
    said(&mut ledger, &alert("WebSlow", &[("service", "web")]), 12);
    let many = (0..=TROUBLES_MAX).map(|n| alert(&n.to_string(), &[])).collect();
    ledger.hear(many, NOBODY, &policy(), at(13));
    assert!(ledger.troubles.len() <= TROUBLES_MAX);
    assert_eq!(ledger.waiting().count(), 1);
}
