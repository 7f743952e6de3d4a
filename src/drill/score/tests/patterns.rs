//! Every kind of pattern against a journal that shows it, and one that does not.

use super::*;
use crate::drill::expect::Rule;
use crate::drill::probe::Probe;
use crate::engine::{ClockEvent, ClockFact, ClockKey, ClockLimit, LadderSubject};
use crate::playbook::Moment;

fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn seen(what: What) -> Pattern {
    Pattern::of(what)
}

fn within(what: What, minutes: i64) -> Pattern {
    Pattern { within: Some(mins(minutes)), ..seen(what) }
}

fn by(what: What, role: &str) -> Pattern {
    Pattern { by: Some(role.into()), ..seen(what) }
}

fn key(step: &str) -> RunKey {
    RunKey::first(1, step.into())
}

fn chosen(step: &str, answer: &str) -> Fact {
    Fact::StepDone { key: key(step), answer: Some(answer.into()), note: None }
}

fn rung(subject: LadderSubject) -> Fact {
    Fact::RungFired { subject, rung: 0, people: vec!["wang".into()], wanted: 1, turn: None }
}

fn submitted(late: bool) -> ClockFact {
    ClockFact::Submitted { step: None, late, reason: None, reference: None }
}

impl Journal {
    fn done_by(mut self, minutes: i64, person: &str, fact: Fact) -> Self {
        self = self.at(minutes, fact);
        let last = self.events.last_mut().unwrap();
        last.actor = Actor::person(person);
        self
    }

    fn held(self, minutes: i64, role: &str, person: &str) -> Self {
        let by = person.into();
        self.at(minutes, Fact::RoleAcknowledged { role: role.into(), by, claimed: false })
    }

    fn phase(self, minutes: i64, phase: &str, visit: u32) -> Self {
        let entered = Fact::PhaseEntered { phase: phase.into(), visit, by_next: None, why: None };
        self.at(minutes, entered)
    }

    fn clock(self, minutes: i64, what: ClockFact) -> Self {
        let key = ClockKey { clock: "pipl".into(), stage: "authority".into() };
        self.at(minutes, Fact::Clock(ClockEvent { key, what }))
    }

    fn clock_runs(self, minutes: i64) -> Self {
        let anchor = Timestamp::UNIX_EPOCH + mins(minutes);
        let limit = ClockLimit {
            anchor,
            due_at: Some(anchor + mins(60)),
            internal: false,
            warn_at: Vec::new(),
            uncovered: None,
        };
        self.clock(minutes, ClockFact::Started { limit, unsure: Vec::new(), assumed: false })
    }

    fn closed(self, minutes: i64) -> Self {
        self.at(minutes, Fact::Closed { forced: None })
    }

    /// Judges one ask by a run that came to its end, and one that was broken off.
    fn both(&self, ask: impl Fn() -> Ask) -> [(&'static str, Option<f64>); 2] {
        [Outcome::Completed, Outcome::Aborted].map(|outcome| {
            let card = self.judge(vec![ask()], outcome);
            (names(&card)[0], card.judgements[0].seconds)
        })
    }
}

pub(super) const MET: &str = "met";
pub(super) const MISSED: &str = "not_met";
const NONE: &str = "not_applicable";
pub(super) const OPEN: &str = "not_judged";

/// A journal with a bit of everything.
fn eventful() -> Journal {
    let to = Recipient::Audience(Audience::Customers);
    let message = Purpose::StepMessage { key: key("tell") };
    Journal::declared()
        .phase(0, "report", 1)
        .held(2, "commander", "li")
        .at(6, rung(LadderSubject::Role { role: "comms".into() }))
        .level(8, 2)
        .done_by(10, "li", chosen("assess", "升级"))
        .at(12, Fact::PhaseLeft { phase: "report".into(), visit: 1 })
        .phase(12, "respond", 2)
        .at(20, rung(LadderSubject::Step { key: key("isolate") }))
        .notice(to, message, held_back())
        .done_by(
            25,
            "wang",
            Fact::StepApproved { key: key("consent"), by: "wang".into(), note: None },
        )
        .at(26, Fact::StepDone { key: key("consent"), answer: None, note: None })
        .phase(30, "review", 3)
        .closed(50)
}

#[test]
fn each_pattern_is_judged_by_what_the_events_show() {
    let journal = eventful();
    let decision = |is: &str| What::Decision("assess".into(), is.into());
    let cases: Vec<(Pattern, [&str; 2], Option<i64>)> = vec![
        (seen(What::RoleEscalated("comms".into())), [MET, MET], Some(6)),
        (within(What::RoleEscalated("comms".into()), 5), [MISSED, MISSED], Some(6)),
        (seen(What::RoleEscalated("commander".into())), [MISSED, OPEN], None),
        (within(What::RoleEscalated("commander".into()), 40), [MISSED, MISSED], None),
        (seen(What::StepEscalated("isolate".into())), [MET, MET], Some(20)),
        (seen(What::StepEscalated("locate".into())), [MISSED, OPEN], None),
        (within(decision("升级"), 10), [MET, MET], Some(10)),
        (seen(decision("观察")), [MISSED, OPEN], None),
        (by(decision("升级"), "commander"), [MET, MET], Some(10)),
        (by(decision("升级"), "comms"), [MISSED, OPEN], None),
        (seen(What::Approved("consent".into())), [MET, MET], Some(26)),
        (by(What::Approved("consent".into()), "commander"), [MISSED, OPEN], None),
        (seen(What::PhaseEntered("respond".into())), [MET, MET], Some(12)),
        (seen(What::PhaseDone("report".into())), [MET, MET], Some(12)),
        (seen(What::PhaseDone("review".into())), [MET, MET], Some(50)),
        (seen(What::PhaseEntered("recover".into())), [MISSED, OPEN], None),
        (seen(What::Level(2)), [MET, MET], Some(8)),
        (seen(What::Level(3)), [MET, MET], Some(8)),
        (seen(What::Level(1)), [MISSED, OPEN], None),
        (within(What::Closed, 60), [MET, MET], Some(50)),
        (within(What::Closed, 30), [MISSED, MISSED], Some(50)),
        (seen(What::Noted(Audience::Customers)), [MET, MET], Some(1)),
        (seen(What::Noted(Audience::Regulators)), [MISSED, OPEN], None),
        (seen(What::Notified(Audience::Customers)), [MISSED, OPEN], None),
    ];
    for (pattern, expected, minute) in cases {
        let what = format!("{pattern:?}");
        let found = journal.both(|| Ask::Seen(pattern.clone()));
        assert_eq!(found.map(|(name, _)| name), expected, "{what}");
        let seconds = found[0].1.map(|seconds| seconds / 60.0);
        #[expect(clippy::cast_precision_loss, reason = "some minutes")]
        let minute = minute.map(|minute| minute as f64);
        assert_eq!(seconds, minute, "{what}");
    }
}

#[test]
fn what_must_never_happen_may_happen_after_its_time() {
    let never = |pattern: fn() -> Pattern| move || Ask::Never(pattern());
    let journal = eventful();
    let names = |ask: fn() -> Pattern| journal.both(never(ask)).map(|(name, _)| name);
    assert_eq!(names(|| seen(What::RoleEscalated("comms".into()))), [MISSED, MISSED]);
    assert_eq!(names(|| seen(What::RoleEscalated("commander".into()))), [MET, OPEN]);
    assert_eq!(names(|| within(What::RoleEscalated("comms".into()), 5)), [MET, MET]);
    assert_eq!(names(|| within(What::RoleEscalated("commander".into()), 5)), [MET, MET]);
    assert_eq!(names(|| seen(What::Level(1))), [MET, OPEN]);
    assert_eq!(names(|| seen(What::Noted(Audience::Customers))), [MISSED, MISSED]);
    assert_eq!(names(|| seen(What::Notified(Audience::Customers))), [MET, OPEN]);
    assert_eq!(names(|| by(What::Closed, "commander")), [MET, OPEN], "nobody closed it");
}

#[test]
fn a_time_counts_from_the_moment_that_is_named() {
    let from = |moment: Moment, minutes: i64| {
        move || {
            let what = What::PhaseEntered("review".into());
            Ask::Seen(Pattern { from: Some(moment.clone()), ..within(what, minutes) })
        }
    };
    let journal = eventful();
    let respond = || Moment::Phase("respond".into());
    assert_eq!(journal.both(from(respond(), 18))[0], (MET, Some(18.0 * 60.0)));
    assert_eq!(journal.both(from(respond(), 17))[0], (MISSED, Some(18.0 * 60.0)));
    let later = journal.both(from(Moment::Closed, 5))[0];
    assert_eq!(later, (MET, Some(0.0)), "what was there before took no time");
    let never = journal.both(from(Moment::Phase("recover".into()), 5));
    assert_eq!(never.map(|(name, _)| name), [NONE, OPEN]);
}

#[test]
fn whoever_holds_the_role_at_that_time_must_have_done_it() {
    let done = |person: &str| {
        Journal::declared().held(1, "commander", "li").done_by(
            9,
            person,
            Fact::StepDone { key: key("assess"), answer: None, note: None },
        )
    };
    let ask = || Ask::Seen(by(What::Step("assess".into(), Milestone::Done), "commander"));
    assert_eq!(done("li").both(ask)[0], (MET, Some(540.0)));
    let card = done("wang").judge(vec![ask()], Outcome::Completed);
    let Finding::NotMet { why } = &card.judgements[0].finding else { panic!("{card:?}") };
    assert_eq!(why.get(crate::text::Lang::En), "someone else did it");
    let passed_on = Journal::declared()
        .held(1, "commander", "li")
        .held(5, "commander", "wang")
        .done_by(9, "li", Fact::StepDone { key: key("assess"), answer: None, note: None });
    assert_eq!(passed_on.both(ask)[0].0, MISSED, "it had been passed on");
}

#[test]
fn who_was_given_a_role_holds_it_from_when_they_take_it() {
    let ask = || Ask::Seen(by(What::Step("assess".into(), Milestone::Done), "commander"));
    let given = || {
        let (role, to) = ("commander".into(), "li".into());
        let given = Fact::RoleAssigned { role, to, rank: None, until: None };
        let done = Fact::StepDone { key: key("assess"), answer: None, note: None };
        Journal::declared().at(1, given).done_by(9, "li", done)
    };
    assert_eq!(given().both(ask)[0].0, MISSED, "nobody said that they take it");
    assert_eq!(given().held(12, "commander", "li").both(ask)[0].0, MISSED, "it came too late");
    let by_working = given().held(9, "commander", "li");
    assert_eq!(by_working.both(ask)[0], (MET, Some(540.0)), "work takes the role");
    assert_eq!(given().held(9, "commander", "wang").both(ask)[0].0, MISSED);
    assert_eq!(given().held(9, "comms", "li").both(ask)[0].0, MISSED);
}

#[test]
fn a_clock_is_met_when_all_of_it_that_ran_was_submitted_in_time() {
    let clock = || Ask::Seen(seen(What::Clock("pipl".into(), None)));
    let other = || Ask::Seen(seen(What::Clock("pipl".into(), Some("people".into()))));
    let running = || Journal::declared().clock_runs(5);
    assert_eq!(running().clock(45, submitted(false)).both(clock), [(MET, Some(2_400.0)); 2]);
    let late = running().clock(65, ClockFact::Breached).clock(90, submitted(true));
    assert_eq!(late.both(clock), [(MISSED, Some(5_100.0)); 2]);
    assert_eq!(running().both(clock).map(|(name, _)| name), [MISSED, OPEN]);
    assert_eq!(running().clock(65, ClockFact::Breached).both(clock)[1].0, MISSED);
    let waived = ClockFact::Waived {
        asked_by: "li".into(),
        approved_by: "wang".into(),
        reason: "encrypted".into(),
    };
    assert_eq!(running().clock(9, waived).both(clock)[0].0, NONE);
    assert_eq!(Journal::declared().both(clock)[0].0, NONE);
    assert_eq!(running().clock(45, submitted(false)).both(other)[0].0, NONE);
}

#[test]
fn a_clock_that_a_step_submits_was_submitted_by_whoever_did_the_step() {
    let ask = || Ask::Seen(by(What::Clock("pipl".into(), None), "commander"));
    let submit = |person: &str| {
        let done = Fact::StepDone { key: key("report"), answer: None, note: None };
        let mut journal = Journal::declared()
            .clock_runs(0)
            .held(1, "commander", "li")
            .done_by(30, person, done)
            .clock(30, submitted(false));
        let cause = journal.events.len() as u64 - 1;
        journal.events.last_mut().unwrap().cause = Some(cause);
        journal
    };
    assert_eq!(submit("li").both(ask)[0].0, MET);
    assert_eq!(submit("wang").both(ask)[0].0, MISSED);
}

#[test]
fn a_group_is_judged_as_one_and_shows_its_parts() {
    let level = |level| Asked::of(Ask::Seen(seen(What::Level(level))));
    let closed = |minutes| Asked::of(Ask::Seen(within(What::Closed, minutes)));
    let group = |rule, of| Ask::Group { rule, of };
    let journal = eventful();
    let cases: Vec<(Ask, &str)> = vec![
        (group(Rule::All, vec![level(2), closed(60)]), MET),
        (group(Rule::All, vec![level(1), closed(60)]), MISSED),
        (group(Rule::Any, vec![level(1), closed(60)]), MET),
        (group(Rule::Any, vec![level(1), closed(30)]), MISSED),
        (group(Rule::AtLeast(2), vec![level(1), level(2), closed(60)]), MET),
        (group(Rule::AtLeast(2), vec![level(1), level(2), closed(30)]), MISSED),
        (
            group(
                Rule::All,
                vec![level(2), Asked::of(group(Rule::Any, vec![level(1), closed(60)]))],
            ),
            MET,
        ),
    ];
    for (ask, expected) in cases {
        let key = Asked::of(ask);
        let shown = key.key.clone();
        let expect = [Expectation {
            weight: 3,
            critical: true,
            part: Part::Respond,
            when: None,
            asked: key,
        }];
        let card = journal.judge_weighed(&expect, Outcome::Completed);
        assert_eq!(names(&card), [expected], "{shown}");
        let judged = &card.judgements[0];
        assert!(judged.of.len() > 1 && judged.rule.is_some(), "{shown}");
        let part = &card.parts[&Part::Respond];
        assert_eq!((part.of, part.score), (1, Some(if expected == MET { 100 } else { 0 })));
    }
}

#[test]
fn a_probe_is_judged_by_what_came_back_and_left_open_where_nothing_was_asked() {
    let probe = || Probe {
        url: "https://shop.example/health".into(),
        at: None,
        status: vec![200],
        json: std::collections::BTreeMap::new(),
    };
    let expect = [counts(1, false, Ask::Probe(probe()))];
    let journal = eventful();
    let card = journal.judge_weighed(&expect, Outcome::Completed);
    assert_eq!(names(&card), [OPEN]);
    for (status, expected) in [(200, MET), (503, MISSED)] {
        let mut observed = Observed::default();
        let answer = crate::drill::probe::Answered::read(&probe(), status, b"hello");
        observed.answered(expect[0].asked.key.clone(), answer);
        let incident = Incident::begin(&journal.events[0]).unwrap();
        let seen = Seen { observed: &observed, incident: &incident };
        let card = judge(&plan(), &expect, Pass::default(), Outcome::Completed, seen);
        assert_eq!(names(&card), [expected]);
        assert_eq!(card.judgements[0].seen.as_deref(), Some("hello"));
    }
}

#[test]
fn keys_say_what_is_asked_and_stay_as_they_were() {
    let question = Text::both("口径", "Is it true");
    let cases = [
        (acknowledged("commander", 5), "acknowledged/commander"),
        (done("confirm", 5), "step/confirm/done"),
        (Ask::Reached("comms".into()), "reached/comms"),
        (Ask::Objective("responded".into()), "objective/responded"),
        (never_notified(Audience::Customers), "never/notify/customers"),
        (Ask::Evaluator { question, scale: Scale::Psmu }, "evaluator/Is it true"),
        (Ask::Never(seen(What::Level(1))), "never/level/1"),
        (Ask::Seen(by(What::Closed, "commander")), "closed/by/commander"),
        (Ask::Seen(seen(What::Noted(Audience::Team("a".into())))), "noted/team/a"),
        (
            Ask::Group {
                rule: Rule::AtLeast(1),
                of: vec![Asked::of(Ask::Seen(seen(What::Closed))), Asked::of(done("a", 1))],
            },
            "at_least_1(closed,step/a/done)",
        ),
    ];
    for (ask, key) in cases {
        assert_eq!(Asked::of(ask).key, key);
    }
}
