//! How messages reach people: one for all that is asked of a person, channel after channel, and
//! never into silence.

use firebell::engine::{
    Command, Fact, NoticeEnd, NoticeOutcome, Pending, Purpose, Recipient, next_send,
};
use firebell::id::NoticeId;

use crate::act::{assign, complete};
use crate::case::{Carrier, Case, declared, length, staffed};

const PAGED: &str = "
    roles:
      commander: { title: C, assign: { schedule: duty } }
      r: { title: R, assign: { team: ops }, acknowledge_within: 1h }
    phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
";

/// Declares with channels that answer nothing, and returns the page of a person.
fn paged(who: &str) -> (Case, NoticeId) {
    let mut case = Case::new(PAGED);
    case.carrier = Carrier::Silent;
    case.declare(|_| ()).expect("declared");
    let page = case.incident().outbox.values().find_map(|pending| match pending.as_ref() {
        Pending::Notice { notice, .. } if notice.to == Recipient::Person(who.into()) => {
            Some(notice.id)
        }
        _ => None,
    });
    let page = page.expect("paged");
    (case, page)
}

fn outcome(notice: NoticeId, outcome: NoticeOutcome) -> Command {
    Command::NoticeOutcome { notice, outcome }
}

fn refused(notice: NoticeId, via: &str) -> Command {
    outcome(notice, NoticeOutcome::Refused { via: via.into(), why: "no".to_owned() })
}

#[test]
fn notices_of_one_commit_are_one_for_a_person_and_name_all_that_is_asked() {
    let mut case = declared(
        "
        roles:
          commander: { title: C, assign: { team: managers } }
          tech: { title: T, assign: { team: managers } }
        phases:
          - { id: one, title: One, steps: [ { id: a, title: A, role: tech }, { id: b, title: B } ] }
          - { id: two, title: Two, steps: [ { id: c, title: C, role: tech }, { id: d, title: D } ] }
        ",
    );
    let page = |p: &Purpose| matches!(p, Purpose::RolePage { also, .. } if also.len() == 1);
    assert_eq!(case.told("hal", page), 1);
    assert_eq!(case.hearers(|_| true), ["hal"], "the steps are on the page");
    case.step("cid", "a", complete());
    case.step("cid", "b", complete());
    let ready = |p: &Purpose| matches!(p, Purpose::StepReady { also, .. } if also.len() == 1);
    assert_eq!(case.told("hal", ready), 1);
    assert_eq!(case.hearers(|_| true), ["hal", "hal"]);
}

#[test]
fn notices_to_someone_without_a_channel_are_loud_and_nobody_waits_for_them() {
    let mut case = staffed(PAGED.trim_end().replace("  r:", "  support: { title: S, assign: { claim: service } }\n      engineering: { title: E, assign: { schedule: platform } }\n      r:").as_str());
    case.role("ann", "r", assign("zoe"));
    assert_eq!(case.commander_told("notice_failed"), 1);
    assert_eq!(case.tenure("r").people(), ["fay".into()], "the next is asked");
}

#[test]
fn notices_a_channel_gives_up_fall_to_the_next_and_then_to_the_next_person() {
    let (mut case, page) = paged("fay");
    case.report(refused(page, "email"));
    let before = case.events.len();
    case.report(refused(page, "email"));
    assert_eq!(case.events.len(), before, "a late answer changes nothing");
    case.report(refused(page, "sms"));
    assert_eq!(case.commander_told("notice_failed"), 1, "exhaustion is loud");
    assert_eq!(case.tenure("r").people(), ["gus".into()]);
}

#[test]
fn notices_that_are_delayed_wait_and_a_channel_gives_way_in_time() {
    let (mut case, page) = paged("ann");
    let until = case.at_minute(1);
    let why = "busy".to_owned();
    case.report(outcome(page, NoticeOutcome::Retry { attempt: 1, until, why }));
    let delayed = &case.incident().outbox[&page];
    assert_eq!(delayed.next_at(), until);
    assert_eq!(next_send(case.incident()), Some(case.start), "others need not wait for it");
    case.pass("5m");
    let rerouted =
        |fact: &Fact| matches!(fact, Fact::NoticeRerouted { notice, .. } if *notice == page);
    assert_eq!(case.minutes(rerouted), [5]);
    case.pass("24h");
    let failed = |fact: &Fact| matches!(fact, Fact::NoticeEnded { notice, end: NoticeEnd::Failed { .. }, .. } if *notice == page);
    let lost = case.start + length("24h") + length("5m");
    assert_eq!(case.minutes(failed), [case.minute(lost)], "the last channel has a day");
}
