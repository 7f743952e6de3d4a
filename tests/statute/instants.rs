//! The instant that ends every stage of every shipped regime, from one that is hard: month ends,
//! leap days, the switch to summer time, holidays, swapped weekends.

use firebell::playbook::statute::{Limit, Reckoning, Start};
use jiff::Timestamp;

use crate::files::{calendars, regimes};

/// Regime, stage, which of its limits, from when, until when, whether it is a target of our own.
type Row = (&'static str, &'static str, usize, &'static str, &'static str, bool);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("cn-incident-reporting", "report", 0, "2026-12-31T20:30:00Z", "2027-01-01T00:30:00Z", false),
    ("cn-incident-reporting", "report_cii", 0, "2028-02-28T15:30:00Z", "2028-02-28T16:30:00Z", false),
    ("cn-incident-reporting", "report_organ", 0, "2028-02-29T15:00:00Z", "2028-02-29T17:00:00Z", false),
    ("cn-incident-reporting", "forward_province", 0, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", false),
    ("cn-incident-reporting", "forward_department", 0, "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z", false),
    ("cn-incident-reporting", "forward_organ", 0, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", false),
    ("cn-incident-reporting", "supplement", 0, "2026-01-01T00:00:00Z", "2026-01-01T04:00:00Z", true),
    ("cn-incident-reporting", "police", 0, "2026-01-01T00:00:00Z", "2026-01-01T04:00:00Z", true),
    // Thirty days over a leap day.
    ("cn-incident-reporting", "summary", 0, "2028-02-10T09:00:00Z", "2028-03-11T09:00:00Z", false),
    ("cn-pipl-57", "authority", 0, "2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z", true),
    ("cn-pipl-57", "individuals", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    ("cn-network-data-security", "defect", 0, "2028-02-28T12:00:00Z", "2028-02-29T12:00:00Z", false),
    ("cn-network-data-security", "defect", 1, "2026-02-28T12:00:00Z", "2026-03-01T12:00:00Z", false),
    ("cn-network-data-security", "incident", 0, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", true),
    ("cn-network-data-security", "interested", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    // National day: a Sunday worked before, a Saturday after.
    ("cn-samr-order-20", "accept", 0, "2026-09-18T02:00:00Z", "2026-09-29T16:00:00Z", false),
    ("cn-samr-order-20", "mediate", 0, "2026-02-13T02:00:00Z", "2026-04-24T16:00:00Z", false),
    ("cn-samr-order-20", "termination", 0, "2026-09-30T02:00:00Z", "2026-10-15T16:00:00Z", false),
    ("cn-samr-order-20", "report", 0, "2026-04-24T02:00:00Z", "2026-05-19T16:00:00Z", false),
    ("cn-samr-order-121", "answer", 0, "2026-04-28T02:00:00Z", "2026-05-03T02:00:00Z", true),
    ("platform-seller-response", "respond", 0, "2026-11-11T00:00:00Z", "2026-11-13T00:00:00Z", true),
    ("platform-seller-response", "resolve", 0, "2026-11-11T00:00:00Z", "2026-11-14T00:00:00Z", true),
    // Hours are hours, over the switch to summer time and back too.
    ("gdpr-33", "notification", 0, "2026-03-28T12:00:00Z", "2026-03-31T12:00:00Z", false),
    ("gdpr-33", "to_controller", 0, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", true),
    ("gdpr-33", "phase", 0, "2026-10-24T12:00:00Z", "2026-10-27T12:00:00Z", true),
    ("gdpr-33", "register", 0, "2026-10-24T12:00:00Z", "2026-10-31T12:00:00Z", true),
    ("gdpr-34", "communication", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    ("nis2-23", "early_warning", 0, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", false),
    ("nis2-23", "notification", 0, "2026-10-24T12:00:00Z", "2026-10-27T12:00:00Z", false),
    ("nis2-23", "intermediate", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    // 31 January and a month; the same in a leap year; over the switch to summer time.
    ("nis2-23", "final", 0, "2026-01-31T11:00:00Z", "2026-02-28T11:00:00Z", false),
    ("nis2-23", "final", 0, "2028-01-31T11:00:00Z", "2028-02-29T11:00:00Z", false),
    ("nis2-23", "final", 0, "2026-03-15T11:00:00Z", "2026-04-15T10:00:00Z", false),
    // At 02:30 on the day the clocks go forward there is no 02:30: the moment of the jump.
    ("nis2-23", "final", 0, "2026-02-28T01:30:00Z", "2026-03-28T01:30:00Z", false),
    ("nis2-23", "final", 0, "2027-02-28T01:30:00Z", "2027-03-28T01:00:00Z", false),
    // On the day they go back there are two: the first.
    ("nis2-23", "final", 0, "2026-09-25T00:30:00Z", "2026-10-25T00:30:00Z", false),
    // Midnight of the zone decides which day it is.
    ("nis2-23", "final", 0, "2026-01-30T23:30:00Z", "2026-02-27T23:30:00Z", false),
    ("nis2-23", "progress", 0, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", true),
    ("nis2-23", "final_after_handling", 0, "2026-12-31T12:00:00Z", "2027-01-31T12:00:00Z", false),
    ("dora", "initial", 0, "2026-01-01T00:00:00Z", "2026-01-01T04:00:00Z", false),
    ("dora", "initial", 1, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", false),
    ("dora", "intermediate", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", false),
    ("dora", "final", 0, "2026-08-31T10:00:00Z", "2026-09-30T10:00:00Z", false),
    // Thanksgiving; Independence Day on a Saturday; a determination at the weekend; over new year.
    ("sec-8k-105", "filing", 0, "2026-11-23T15:00:00Z", "2026-12-01T05:00:00Z", false),
    ("sec-8k-105", "filing", 0, "2026-07-01T15:00:00Z", "2026-07-09T04:00:00Z", false),
    ("sec-8k-105", "filing", 0, "2026-11-21T15:00:00Z", "2026-11-28T05:00:00Z", false),
    ("sec-8k-105", "filing", 0, "2027-12-28T15:00:00Z", "2028-01-05T05:00:00Z", false),
    ("sec-8k-105", "amendment", 0, "2026-12-23T15:00:00Z", "2026-12-31T05:00:00Z", false),
    // Sixty days at the same time of the day, over the switch to summer time.
    ("hipaa", "individuals", 0, "2026-02-01T15:00:00Z", "2026-04-02T14:00:00Z", false),
    ("hipaa", "hhs", 0, "2027-12-31T15:00:00Z", "2028-02-29T15:00:00Z", false),
    ("hipaa", "media", 0, "2026-06-01T15:00:00Z", "2026-07-31T15:00:00Z", false),
    ("hipaa", "yearly_log", 0, "2027-01-01T05:00:00Z", "2027-03-02T05:00:00Z", false),
    ("uk-gdpr", "notification", 0, "2026-03-28T12:00:00Z", "2026-03-31T12:00:00Z", false),
    ("ca-pipeda", "notification", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    ("au-ndb", "assessment", 0, "2026-03-20T03:00:00Z", "2026-04-19T04:00:00Z", false),
    ("au-ndb", "notification", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    ("us-ccpa", "notification", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", true),
    ("pci-dss", "notification", 0, "2026-01-01T00:00:00Z", "2026-01-01T04:00:00Z", true),
    ("us-circia", "incident", 0, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", false),
    ("us-circia", "ransom", 0, "2028-02-28T12:00:00Z", "2028-02-29T12:00:00Z", false),
];

#[test]
fn every_limit_ends_when_the_table_says() {
    let (regimes, calendars) = (regimes(), calendars());
    for &(name, stage, nth, from, until, internal) in TABLE {
        let regime = &regimes[name];
        let stage = regime.stage(&stage.into()).unwrap_or_else(|| panic!("{name}: {stage}"));
        let calendar = regime.calendar.as_ref().map(|id| &calendars[id.as_str()]);
        let with = Reckoning { zone: &regime.zone, calendar, internal: None };
        let start: Timestamp = from.parse().expect(from);
        let reckoned = stage.limits[nth].within.after(start, &with).expect("an instant");
        assert_eq!(reckoned.at.to_string(), until, "{name} {} from {from}", stage.id);
        assert_eq!(reckoned.internal, internal, "{name} {}", stage.id);
        assert_eq!(reckoned.uncovered, None, "{name} {}", stage.id);
    }
}

#[test]
fn the_table_holds_every_limit_of_every_stage() {
    for (name, regime) in regimes() {
        for stage in &regime.stages {
            for nth in 0..stage.limits.len() {
                let there = TABLE
                    .iter()
                    .any(|(r, s, n, ..)| (*r, *s, *n) == (&name, stage.id.as_str(), nth));
                assert!(there, "{name} {} {nth} is not in the table", stage.id);
            }
        }
    }
}

#[test]
fn what_is_promptly_done_has_a_target_of_our_own_and_the_plan_may_set_another() {
    let regimes = regimes();
    let stage = &regimes["pci-dss"].stages[0];
    let Limit::Promptly(Some(_)) = stage.limits[0].within else { panic!("a target") };
    let zone = &regimes["pci-dss"].zone;
    let with = Reckoning { zone, calendar: None, internal: Some("30m".parse().expect("a span")) };
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let reckoned = stage.limits[0].within.after(start, &with).expect("an instant");
    assert_eq!(reckoned.at.to_string(), "2026-01-01T00:30:00Z");
}

#[test]
fn the_moments_are_those_of_the_law() {
    let regimes = regimes();
    let from = |regime: &str, stage: &str| {
        let stage = regimes[regime].stage(&stage.into()).expect("a stage");
        stage.limits.iter().map(|limit| limit.from.clone()).collect::<Vec<_>>()
    };
    assert_eq!(from("gdpr-33", "notification"), [Start::Aware]);
    assert_eq!(from("hipaa", "individuals"), [Start::Detected]);
    assert_eq!(from("nis2-23", "final"), [Start::Submitted("notification".into())]);
    assert_eq!(from("sec-8k-105", "filing"), [Start::Named("materiality_determined".into())]);
    assert_eq!(from("dora", "initial").len(), 2);
}
