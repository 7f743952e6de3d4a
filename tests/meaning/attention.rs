//! How attention is sought: one person over several ways, a ladder of several people, and what
//! happens when nobody answers.

use firebell::engine::{
    AttentionFact, Command, Fact, NoticeEnd, NoticeOutcome, Pending, Purpose, Recipient, RoleAct,
    Status,
};
use firebell::id::{ChannelId, NoticeId};
use firebell::people::{
    ContactRule, Directory, Hours, Ladder, Manner, Parts, Person, Pick, Quiet, Rung, Target, Terms,
    Way, Weekdays, Window, Zone,
};
use jiff::SignedDuration;
use jiff::civil::Time;

use crate::act::complete;
use crate::case::{Carrier, Case, staffed};
use crate::people::directory;

const PLAN: &str = "
    roles: { commander: { title: C, assign: { schedule: duty }, acknowledge_within: 1h } }
    phases: [ { id: one, title: One, steps: [ { id: a, title: A } ] } ]
";

/// 08:00 in Coordinated Universal Time is when every case begins.
const LATE: &str = "
    roles: { commander: { title: C, assign: { schedule: duty } } }
    levels: [ { level: 3 } ]
    phases:
      - { id: one, title: One, steps: [ { id: a, title: A, due: 5m, escalate: duty } ] }
";

/// Gives a person rules for how to be reached.
fn with_manner(directory: &Directory, who: &str, manner: Manner) -> Directory {
    let parts = Parts {
        people: directory
            .people()
            .cloned()
            .map(|person| match person.id.as_str() == who {
                true => Person { manner: manner.clone(), ..person },
                false => person,
            })
            .collect(),
        ..parts_of(directory)
    };
    Directory::new(parts).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Replaces a ladder.
fn with_ladder(directory: &Directory, ladder: Ladder) -> Directory {
    let others = directory.ladders().filter(|known| known.id != ladder.id).cloned();
    let ladders = others.chain([ladder.clone()]).collect();
    let parts = Parts { ladders, ..parts_of(directory) };
    Directory::new(parts).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn parts_of(directory: &Directory) -> Parts {
    Parts {
        people: directory.people().cloned().collect(),
        teams: directory.teams().cloned().collect(),
        schedules: directory.schedules().cloned().collect(),
        ladders: directory.ladders().cloned().collect(),
        partners: directory.partners().cloned().collect(),
        channels: ["email", "sms", "status"].map(ChannelId::from).into(),
        last_resort: vec!["hal".into()],
    }
}

fn rules(ways: &[(&str, i64)]) -> Manner {
    let way = |(channel, minutes): &(&str, i64)| Way {
        channel: (*channel).into(),
        after: SignedDuration::from_mins(*minutes),
    };
    let by = ways.iter().map(way).collect();
    Manner { rules: vec![ContactRule { levels: Vec::new(), by }], ..Manner::default() }
}

fn hours(from: i8, to: i8) -> Hours {
    let time = |hour| Time::constant(hour, 0, 0, 0);
    let window = Window { days: Weekdays::ALL, from: time(from), to: time(to) };
    Hours { window, zone: Zone::utc() }
}

fn declared_by(plan: &str, manner: Manner, carrier: Carrier) -> Case {
    let mut case = Case::new(plan);
    case.directory = with_manner(&case.directory, "ann", manner);
    case.carrier = carrier;
    case.declare(|_| ()).expect("declared");
    case
}

/// The minutes at which ways took the page, and which.
fn reached(case: &Case) -> Vec<(i64, String)> {
    let of = |event: &firebell::engine::Event| match &event.fact {
        Fact::Attention(AttentionFact::Reached { via, .. })
        | Fact::NoticeEnded { end: NoticeEnd::Delivered { via, .. }, .. } => {
            Some((case.minute(event.recorded_at), via.to_string()))
        }
        _ => None,
    };
    case.events.iter().filter_map(of).collect()
}

fn page_of(case: &Case, who: &str) -> NoticeId {
    let page = case.incident().outbox.values().find_map(|pending| match pending.as_ref() {
        Pending::Notice { notice, .. } if notice.to == Recipient::Person(who.into()) => {
            Some(notice.id)
        }
        _ => None,
    });
    page.expect("a page in the outbox")
}

#[test]
fn attention_a_page_goes_from_way_to_way_while_nobody_acknowledges() {
    let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
    assert_eq!(reached(&case), [(0, "email".to_owned())]);
    case.pass("1h");
    assert_eq!(reached(&case), [(0, "email".to_owned()), (2, "sms".to_owned())]);
    assert!(case.incident().outbox.is_empty());
}

#[test]
fn attention_an_acknowledgement_stops_the_ways_that_would_follow() {
    for by_role in [true, false] {
        let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
        case.pass("1m");
        let notice = page_of(&case, "ann");
        match by_role {
            true => case.role("ann", "commander", RoleAct::Acknowledge),
            false => case.tell("ann", Command::AcknowledgeNotice { notice }),
        }
        assert!(case.incident().outbox.is_empty(), "nothing waits to leave");
        case.pass("30m");
        assert_eq!(reached(&case).iter().filter(|(_, via)| via == "sms").count(), 0);
        assert!(case.incident().told.contains_key(&notice), "a late \"seen\" is still taken");
    }
}

#[test]
fn attention_the_end_of_the_incident_stops_the_ways_that_would_follow() {
    let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
    case.tell("hal", Command::Cancel { reason: "a mistake".into(), as_is: None });
    assert_eq!(case.status(), Status::Cancelled);
    case.pass("30m");
    let pages = reached(&case);
    assert!(pages.iter().all(|(_, via)| via == "email"), "{pages:?}");
}

#[test]
fn attention_a_way_that_fails_gives_its_turn_to_the_next_at_once() {
    let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 20)]), Carrier::Silent);
    let notice = page_of(&case, "ann");
    let refused = |via: &str| NoticeOutcome::Refused { via: via.into(), why: "no".to_owned() };
    case.report(Command::NoticeOutcome { notice, outcome: refused("email") });
    let sms = case.incident().outbox[&notice].next_at();
    assert_eq!(case.minute(sms), 0, "nobody waits for a way that does not work");
}

#[test]
fn attention_what_an_earlier_way_delivered_has_not_reached_nobody() {
    let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
    case.pass("1m");
    let notice = page_of(&case, "ann");
    case.carrier = Carrier::Refuses;
    case.pass("5m");
    let failed = |fact: &Fact| matches!(fact, Fact::Attention(AttentionFact::WayFailed { via, .. }) if *via == "sms".into());
    assert_eq!(case.minutes(failed), [2]);
    assert_eq!(case.commander_told("notice_failed"), 0);
    assert!(case.incident().told.contains_key(&notice));
}

#[test]
fn attention_a_short_outage_neither_repeats_nor_loses_a_way() {
    let ways = [("email", 0), ("sms", 4)];
    let mut case = declared_by(PLAN, rules(&ways), Carrier::Delivers);
    case.pass("3m");
    case.sleep("4m");
    case.pass("1h");
    assert_eq!(reached(&case), [(0, "email".to_owned()), (7, "sms".to_owned())]);
}

#[test]
fn attention_plain_messages_take_the_first_way_alone() {
    let mut case = declared_by(LATE, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
    case.role("ann", "commander", RoleAct::Acknowledge);
    let before = reached(&case).len();
    case.pass("10m");
    let after = reached(&case).split_off(before);
    assert!(!after.is_empty() && after.iter().all(|(_, via)| via == "email"), "{after:?}");
}

#[test]
fn attention_quiet_hours_hold_a_page_back_and_succession_goes_on() {
    let quiet = Quiet { hours: hours(7, 9), levels: vec![3, 4] };
    let manner = Manner { quiet: Some(quiet), ..Manner::default() };
    let mut case = declared_by(LATE, manner, Carrier::Delivers);
    let notice = page_of(&case, "ann");
    let waits = case.incident().outbox[&notice].next_at();
    assert_eq!(case.minute(waits), 60, "till 9 o'clock");
    case.pass("30m");
    assert!(case.told("hal", |p| matches!(p, Purpose::Escalation { .. })) > 0, "never silent");
    case.pass("40m");
    assert!(reached(&case).contains(&(60, "email".to_owned())));
}

#[test]
fn attention_a_worse_level_ends_the_rest_at_once() {
    let quiet = Quiet { hours: hours(7, 9), levels: vec![3, 4] };
    let manner = Manner { quiet: Some(quiet), ..Manner::default() };
    let mut case = declared_by(LATE, manner, Carrier::Delivers);
    case.pass("3m");
    case.tell("hal", Command::SetLevel { level: 1, reason: "worse".into() });
    let released = |f: &Fact| matches!(f, Fact::Attention(AttentionFact::Released { .. }));
    assert_eq!(case.minutes(released), [3]);
    assert!(reached(&case).contains(&(3, "email".to_owned())), "{:?}", reached(&case));
}

#[test]
fn attention_people_without_rules_are_reached_as_ever() {
    let mut case = declared_by(PLAN, Manner::default(), Carrier::Delivers);
    case.pass("50m");
    assert_eq!(reached(&case), [(0, "email".to_owned())]);
}

#[test]
fn attention_the_end_is_told_once_to_those_paged_over_the_way_that_reached_them() {
    let mut case = declared_by(PLAN, rules(&[("email", 0), ("sms", 2)]), Carrier::Delivers);
    case.pass("10m");
    case.tell("hal", Command::Cancel { reason: "a mistake".into(), as_is: None });
    let told: Vec<(String, String)> = case
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::NoticeQueued { notice } if notice.purpose == Purpose::Ended => {
                Some((format!("{:?}", notice.to), notice.via[0].to_string()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 1, "only ann was paged: {told:?}");
    assert!(told[0].0.contains("ann") && told[0].1 == "sms", "{told:?}");
}

#[test]
fn attention_whoever_does_not_want_to_hear_of_the_end_does_not() {
    let manner = Manner { no_endings: true, ..Manner::default() };
    let mut case = declared_by(PLAN, manner, Carrier::Delivers);
    case.tell("hal", Command::Cancel { reason: "a mistake".into(), as_is: None });
    assert_eq!(case.told("ann", |p| *p == Purpose::Ended), 0);
}

#[test]
fn attention_the_end_waits_for_the_morning_in_quiet_hours() {
    let quiet = Quiet { hours: hours(9, 11), levels: vec![3, 4] };
    let manner = Manner { quiet: Some(quiet), ..Manner::default() };
    let mut case = declared_by(LATE, manner, Carrier::Delivers);
    case.pass("65m");
    case.tell("hal", Command::Cancel { reason: "a mistake".into(), as_is: None });
    let ended = page_of(&case, "ann");
    assert_eq!(case.minute(case.incident().outbox[&ended].next_at()), 180, "11 o'clock");
}

// ---- ladders ----------------------------------------------------------------------------------

fn rung(minutes: i64, team: &str, terms: Terms) -> Rung {
    let after = SignedDuration::from_mins(minutes);
    Rung { after, targets: vec![Target::Team(team.into())], terms }
}

fn ladder(rungs: Vec<Rung>, repeat: u8, finally: Vec<Target>) -> Ladder {
    Ladder { id: "duty".into(), rungs, repeat, finally }
}

/// Step a is late at 5 minutes and climbs the ladder.
fn late(ladder: Ladder) -> Case {
    let mut case = Case::new(LATE);
    case.directory = with_ladder(&directory(), ladder);
    case.declare(|_| ()).expect("declared");
    case.role("ann", "commander", RoleAct::Acknowledge);
    case
}

fn fired(case: &Case) -> Vec<(i64, Vec<String>)> {
    let of = |event: &firebell::engine::Event| match &event.fact {
        Fact::RungFired { people, .. } => {
            let people = people.iter().map(ToString::to_string).collect();
            Some((case.minute(event.recorded_at), people))
        }
        _ => None,
    };
    case.events.iter().filter_map(of).collect()
}

fn escalated(p: &Purpose) -> bool {
    matches!(p, Purpose::Escalation { .. })
}

#[test]
fn attention_one_of_several_is_called_in_turn_over_all_incidents() {
    let next = Terms { pick: Pick::Next, ..Terms::default() };
    let rungs = vec![rung(0, "service", next)];
    let mut turns = firebell::people::Turns::default();
    let mut called = Vec::new();
    for _ in 0..6 {
        let mut case = Case::new(LATE);
        case.directory = with_ladder(&directory(), ladder(rungs.clone(), 0, Vec::new()));
        case.turns = turns.clone();
        case.declare(|_| ()).expect("declared");
        case.role("ann", "commander", RoleAct::Acknowledge);
        case.pass("6m");
        called.extend(fired(&case).into_iter().flat_map(|(_, people)| people));
        turns = case.turns.clone();
    }
    assert_eq!(called, ["cid", "dan", "eve", "cid", "dan", "eve"]);
}

#[test]
fn attention_a_rung_that_several_must_answer_goes_on_till_they_did() {
    let two = Terms { acknowledge: 2, ..Terms::default() };
    let rungs = vec![rung(0, "service", two), rung(30, "managers", Terms::default())];
    let mut case = late(ladder(rungs, 0, Vec::new()));
    case.carrier = Carrier::Silent;
    case.pass("6m");
    let page = |case: &Case, who: &str| page_of(case, who);
    let (cid, dan) = (page(&case, "cid"), page(&case, "dan"));
    case.tell("cid", Command::AcknowledgeNotice { notice: cid });
    assert!(case.climbs_for("a"), "one of two");
    let answered = case.last(|f| matches!(f, Fact::Attention(AttentionFact::Answered { .. })));
    let Fact::Attention(AttentionFact::Answered { wanted, silent, .. }) = &answered.fact else {
        unreachable!("just found")
    };
    assert_eq!((*wanted, silent.as_slice()), (1, ["dan".into(), "eve".into()].as_slice()));
    case.tell("cid", Command::AcknowledgeNotice { notice: cid });
    assert!(case.climbs_for("a"), "the same person twice is one person");
    case.tell("dan", Command::AcknowledgeNotice { notice: dan });
    assert!(!case.climbs_for("a"));
    case.pass("2h");
    assert_eq!(fired(&case).len(), 1);
}

#[test]
fn attention_whoever_answered_is_not_called_again_by_later_rungs() {
    let two = || Terms { acknowledge: 2, ..Terms::default() };
    let mut case = late(ladder(vec![rung(10, "ops", two())], 1, Vec::new()));
    case.carrier = Carrier::Silent;
    case.pass("16m");
    let notice = page_of(&case, "fay");
    case.tell("fay", Command::AcknowledgeNotice { notice });
    case.pass("20m");
    let called: Vec<Vec<String>> = fired(&case).into_iter().map(|(_, people)| people).collect();
    assert_eq!(called, [vec!["fay", "gus"], vec!["gus"]]);
}

#[test]
fn attention_a_rung_outside_its_hours_leaves_its_place_to_the_next() {
    let at_night = Terms { when: Some(hours(20, 6)), ..Terms::default() };
    let rungs = vec![
        rung(1, "service", at_night.clone()),
        rung(30, "ops", Terms::default()),
        rung(10, "managers", Terms::default()),
    ];
    let mut case = late(ladder(rungs, 0, Vec::new()));
    case.pass("1h");
    let expected = [(6, vec!["fay".to_owned(), "gus".to_owned()]), (16, vec!["hal".to_owned()])];
    assert_eq!(fired(&case), expected, "at once, and those after it keep their distance");
    let skipped =
        |f: &Fact| matches!(f, Fact::Attention(AttentionFact::RungSkipped { rung: 0, .. }));
    assert_eq!(case.minutes(skipped), [6]);
}

#[test]
fn attention_a_ladder_none_of_whose_rungs_counts_is_told_at_once() {
    let at_night = Terms { when: Some(hours(20, 6)), ..Terms::default() };
    let mut case = late(ladder(vec![rung(1, "service", at_night)], 3, Vec::new()));
    case.pass("20m");
    let nobody = |f: &Fact| matches!(f, Fact::Attention(AttentionFact::NobodyAnswered { .. }));
    assert_eq!(case.minutes(nobody), [6]);
    assert_eq!(case.told("hal", escalated), 1, "the last resort of the installation");
}

#[test]
fn attention_the_last_rung_never_ends_in_silence() {
    let finally = vec![Target::Team("ops".into())];
    let mut case = late(ladder(vec![rung(5, "service", Terms::default())], 0, finally));
    case.pass("24h");
    let nobody = |f: &Fact| matches!(f, Fact::Attention(AttentionFact::NobodyAnswered { .. }));
    let minutes = case.minutes(nobody);
    // Due at 5, the rung at 10, ten minutes to answer; then ever longer, at most two hours.
    assert_eq!(minutes[..6], [20, 35, 65, 125, 245, 365]);
    assert_eq!(case.told("fay", escalated), minutes.len());
    assert!(case.commander_told("nobody_answered") >= minutes.len(), "the commander, too");
    case.step("cid", "a", complete());
    let before = case.count(nobody);
    case.pass("24h");
    assert_eq!(case.count(nobody), before, "somebody acted");
}

#[test]
fn attention_a_pause_holds_reminders_back_and_resuming_brings_them() {
    let mut case = late(ladder(vec![rung(5, "service", Terms::default())], 0, Vec::new()));
    case.pass("12m");
    case.tell("ann", Command::Pause { reason: "a drill".into() });
    case.pass("60m");
    let nobody = |f: &Fact| matches!(f, Fact::Attention(AttentionFact::NobodyAnswered { .. }));
    assert_eq!(case.count(nobody), 0);
    case.tell("ann", Command::Resume);
    case.pass("30m");
    assert_eq!(case.minutes(nobody)[0], 80, "an hour later");
}

#[test]
fn attention_a_role_that_is_taken_ends_the_ladder_and_its_pages() {
    let mut case = staffed(
        "
    phases: [ { id: one, title: One, steps: [ { id: a, title: A, role: support, due: 5m, escalate: duty } ] } ]
    ",
    );
    case.pass("11m");
    assert!(case.climbs_for("a"));
    case.step("cid", "a", complete());
    assert!(case.incident().ladders.is_empty());
}

/// Eight roles that nobody can be found for, whose ladders all begin at once.
fn eight_empty_roles() -> Case {
    let roles: Vec<String> = (1..=8)
        .map(|n| format!("r{n}: {{ title: R{n}, assign: {{ team: ghosts }}, escalate: duty }}"))
        .collect();
    let plan = format!(
        "
    roles:
      commander: {{ title: C, assign: {{ schedule: duty }} }}
      {}
    phases: [ {{ id: one, title: One, steps: [ {{ id: a, title: A }} ] }} ]
    ",
        roles.join("\n      ")
    );
    let mut case = Case::new(&plan);
    let to_group = vec![Target::Channel("status".into())];
    let rungs = vec![rung(5, "managers", Terms::default())];
    case.directory = with_ladder(&directory(), ladder(rungs, 0, to_group));
    case.carrier = Carrier::Silent;
    case.declare(|_| ()).expect("declared");
    case
}

#[test]
fn attention_whoever_several_ladders_call_at_once_gets_one_message_that_names_all() {
    let mut case = eight_empty_roles();
    case.pass("5m");
    assert_eq!((fired(&case).len(), case.incident().ladders.len()), (8, 8), "each on record");
    let named = |case: &Case| -> Vec<usize> {
        let of = |event: &firebell::engine::Event| match &event.fact {
            Fact::NoticeQueued { notice } => Some(notice.purpose.ladders().count()),
            _ => None,
        };
        case.events.iter().filter_map(of).filter(|count| *count > 0).collect()
    };
    assert_eq!(named(&case), [8]);
    case.pass("10m");
    assert_eq!(named(&case), [8, 8], "the group's last resort, too");
}

#[test]
fn attention_an_answer_counts_for_every_ladder_that_its_message_names() {
    let mut case = eight_empty_roles();
    case.pass("5m");
    let page = page_of(&case, "hal");
    case.role("hal", "r1", RoleAct::Claim);
    assert_eq!(case.incident().ladders.len(), 7);
    assert!(case.incident().outbox.contains_key(&page), "seven others still need somebody");
    case.tell("hal", Command::AcknowledgeNotice { notice: page });
    assert!(case.incident().ladders.is_empty());
}

#[test]
fn attention_a_message_of_several_ladders_is_withdrawn_with_the_last_of_them() {
    let mut case = eight_empty_roles();
    case.pass("5m");
    let page = page_of(&case, "hal");
    for n in 1..=8 {
        assert!(case.incident().outbox.contains_key(&page), "before the {n}th");
        case.role("cid", &format!("r{n}"), RoleAct::Claim);
    }
    assert!(!case.incident().outbox.contains_key(&page));
}
