//! Which alert asks for what. Must not know dialects.

use super::*;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::playbook::shipped;

fn plan(id: &str, activations: &str) -> Playbook {
    let text = format!(
        "playbook: {id}\ntitle: Small\nlevels: [ {{ level: 4 }} ]\n\
         inputs: {{ users: {{ type: integer, label: Users }} }}\n\
         {activations}\
         roles: {{ r: {{ title: {{ zh: 负责人, en: Lead }}, assign: {{ team: t }} }} }}\n\
         phases:\n  - id: only\n    title: {{ zh: 唯一, en: Only }}\n    steps:\n      \
         - {{ id: one, role: r, title: {{ zh: 一, en: One }} }}\n"
    );
    shipped::load(id, &text)
}

const DOWN: &str = "activate_when: [ { alert: { match: { alertname: Down, env: prod }, \
                    inputs: { users: \"{{ alert.annotations.zz_users }}\" } } } ]\n";

fn alert(status: News, labels: &[(&str, &str)]) -> Alert {
    let mut alert = Alert::new(&"prom".into(), "Down", "group-1");
    alert.status = status;
    alert.labels = labels.iter().map(|(k, v)| ((*k).into(), (*v).to_owned())).collect();
    alert
}

fn none() -> BTreeSet<PlaybookId> {
    BTreeSet::new()
}

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

const MATCHING: [(&str, &str); 3] = [("alertname", "Down"), ("env", "prod"), ("more", "x")];

#[test]
fn an_alert_begins_the_plans_whose_labels_it_has_exactly() {
    let plans = [plan("one", DOWN), plan("two", DOWN), plan("none", "")];
    for (labels, begun) in [
        (&MATCHING[..], 2),
        (&MATCHING[..1], 0),
        (&[("alertname", "Down"), ("env", "Prod")][..], 0),
        (&[][..], 0),
    ] {
        let errands = route(&alert(News::Firing, labels), plans.iter(), &none(), &|_| None, now());
        assert_eq!(errands.len(), begun, "{labels:?}");
        assert!(errands.iter().all(|errand| matches!(errand, Errand::Declare { .. })));
    }
}

#[test]
fn the_same_trouble_comes_to_the_incident_that_is_open_for_it() {
    let plans = [plan("one", DOWN)];
    let id = IncidentId::nth_child("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(), 1, 1);
    let asked = RefCell::new(Vec::new());
    let open = |key: &str| {
        asked.borrow_mut().push(key.to_owned());
        Some(id)
    };
    // The labels have changed since: the key decides.
    for (status, labels) in [
        (News::Firing, &MATCHING[..]),
        (News::Firing, &[][..]),
        (News::Resolved, &[][..]),
        (News::Acknowledged, &[][..]),
    ] {
        let errands = route(&alert(status, labels), plans.iter(), &none(), &open, now());
        let [errand] = errands.as_slice() else { panic!("{errands:?}") };
        let fits = match status {
            News::Firing => matches!(errand, Errand::Attach { incident, .. } if *incident == id),
            News::Resolved => matches!(errand, Errand::Resolve { incident, .. } if *incident == id),
            News::Acknowledged => {
                matches!(errand, Errand::Acknowledge { incident, .. } if *incident == id)
            }
            News::Noted => unreachable!("not in the table"),
        };
        assert!(fits, "{status:?}: {errand:?}");
    }
    assert!(asked.borrow().iter().all(|key| key == "prom/one/group-1"));
}

#[test]
fn what_is_over_or_seen_begins_nothing() {
    let plans = [plan("one", DOWN)];
    for status in [News::Resolved, News::Acknowledged] {
        assert_eq!(route(&alert(status, &MATCHING), plans.iter(), &none(), &|_| None, now()), []);
    }
}

#[test]
fn an_incident_hears_of_its_alert_when_its_plan_is_gone() {
    let id = IncidentId::nth_child("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(), 1, 1);
    let open = |key: &str| (key == "prom/gone/group-1").then_some(id);
    let departed = [PlaybookId::new("gone"), PlaybookId::new("other")].into();
    let told = |status| {
        let mut alert = alert(status, &MATCHING);
        alert.annotations.insert("note".into(), "hm".to_owned());
        // The plan of this name answers to alerts no longer.
        let errands = route(&alert, [plan("none", "")].iter(), &departed, &open, now());
        let [errand] = errands.as_slice() else { panic!("{errands:?}") };
        errand.clone()
    };
    assert!(matches!(told(News::Resolved), Errand::Resolve { incident, .. } if incident == id));
    assert!(matches!(told(News::Firing), Errand::Attach { .. }));
    assert!(matches!(told(News::Noted), Errand::Note { said, .. } if said == "hm"));
    let plans = [plan("gone", "")];
    let errands = route(&alert(News::Resolved, &[]), plans.iter(), &none(), &open, now());
    assert!(matches!(errands.as_slice(), [Errand::Resolve { .. }]));
}

#[test]
fn a_plan_that_took_the_place_of_another_begins_nothing_for_what_is_being_dealt_with() {
    let id = IncidentId::nth_child("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(), 1, 1);
    let departed = [PlaybookId::new("gone")].into();
    let asked = |is_open: bool| {
        let open = |key: &str| (is_open && key == "prom/gone/group-1").then_some(id);
        let plans = [plan("one", DOWN)];
        route(&alert(News::Firing, &MATCHING), plans.iter(), &departed, &open, now())
    };
    assert!(matches!(asked(true).as_slice(), [Errand::Attach { incident, .. }] if *incident == id));
    assert!(matches!(asked(false).as_slice(), [Errand::Declare { .. }]));
}

#[test]
fn a_clock_that_runs_ahead_or_was_never_set_says_nothing_of_the_beginning() {
    let plans = [plan("one", DOWN)];
    for (at, known) in [
        ("2026-11-21T07:00:00Z", true),
        ("2026-11-21T08:01:00Z", true),
        ("2026-11-21T11:00:00Z", false),
        ("2026-11-01T08:00:00Z", true),
        ("2026-09-01T08:00:00Z", false),
        ("1970-01-01T00:00:00Z", false),
        ("0001-01-01T00:00:00Z", false),
    ] {
        let mut alert = alert(News::Firing, &MATCHING);
        alert.at = Some(at.parse().unwrap());
        let errands = route(&alert, plans.iter(), &none(), &|_| None, now());
        let [Errand::Declare { detected_at, .. }] = errands.as_slice() else { panic!() };
        assert_eq!(detected_at.is_some(), known, "{at}");
    }
}

#[test]
fn of_ten_thousand_labels_those_the_plan_asks_for_are_kept() {
    let many = |prefix: &str| -> BTreeMap<SmolStr, String> {
        (0..10_000).map(|n| (format!("{prefix}{n:05}").into(), n.to_string())).collect()
    };
    let mut alert = alert(News::Firing, &[]);
    alert.labels = many("a");
    alert.annotations = many("a");
    alert.labels.insert("env".into(), "prod".to_owned());
    alert.labels.insert("alertname".into(), "Down".to_owned());
    alert.annotations.insert("zz_users".into(), "12".to_owned());
    let note = note(&alert, &wanted(&plan("one", DOWN)));
    assert_eq!((note.labels.len(), note.annotations.len()), (ALERT_LABELS_MAX, ALERT_LABELS_MAX));
    assert_eq!((note.labels["env"].as_str(), note.labels["alertname"].as_str()), ("prod", "Down"));
    assert_eq!(note.annotations["zz_users"], "12");
}

#[test]
fn a_long_key_is_known_by_its_hash() {
    let mut alert = alert(News::Firing, &[]);
    let key = |alert: &Alert| incident_keys(alert)(&PlaybookId::new("one"));
    alert.dedup_key = "中".repeat(100);
    assert!(key(&alert).ends_with('中'));
    alert.dedup_key = "k".repeat(100_000);
    assert_eq!(key(&alert).len(), "prom/one/sha256:".len() + 64);
}
