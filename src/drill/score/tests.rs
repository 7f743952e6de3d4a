//! Handmade journals, judged.

mod patterns;
mod reference;

use super::*;
use jiff::{SignedDuration, Timestamp};

use crate::drill::expect::{Ask, Asked, Pattern, Scale, What};
use crate::engine::{
    Actor, Event, Fact, MessageRef, Mode, Notice, NoticeEnd, PlaybookRef, Purpose, Recipient,
    RunKey,
};
use crate::id::{IncidentId, NoticeId};
use crate::playbook::{Audience, Condition, Context, Expression, Milestone};

const PLAN: &str = include_str!("../fixtures/ten-steps.yaml");

fn plan() -> Playbook {
    Playbook::load("plan.yaml", PLAN.as_bytes(), &Context::default()).playbook.unwrap()
}

/// A journal written by hand: facts at so many minutes after the declaration.
struct Journal {
    events: Vec<Event>,
}

impl Journal {
    fn declared() -> Self {
        let declared = Fact::Declared {
            id: IncidentId::from_u128(1),
            number: 1,
            mode: Mode::Drill,
            playbook: PlaybookRef { id: "ten-steps".into(), hash: "h".into() },
            title: "演练".into(),
            restricted: false,
            dedup_key: None,
            detected_at: None,
            drill: None,
            parent: None,
            beside: None,
        };
        Self { events: Vec::new() }.at(0, declared)
    }

    fn at(mut self, minutes: i64, fact: Fact) -> Self {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event {
            seq,
            occurred_at: at,
            recorded_at: at,
            actor: Actor::System,
            cause: None,
            fact,
        });
        self
    }

    fn engaged(self, minutes: i64, role: &str) -> Self {
        self.at(minutes, Fact::RoleEngaged { role: role.into(), unknown: false })
    }

    fn acknowledged(self, minutes: i64, role: &str) -> Self {
        let by = "li".into();
        self.at(minutes, Fact::RoleAcknowledged { role: role.into(), by, claimed: false })
    }

    fn step_done(self, minutes: i64, step: &str) -> Self {
        let key = || RunKey::first(1, step.into());
        let ready = Fact::StepReady {
            key: key(),
            unknown: false,
            repeats: false,
            items: Vec::new(),
            left_out: 0,
        };
        self.at(0, ready)
            .at(minutes, Fact::StepStarted { key: key() })
            .at(minutes, Fact::StepDone { key: key(), answer: None, note: None })
    }

    fn notice(self, to: Recipient, purpose: Purpose, end: NoticeEnd) -> Self {
        let id = NoticeId::nth(IncidentId::from_u128(1), self.events.len() as u64);
        let notice = Notice {
            id,
            to,
            via: vec!["mail".into()],
            purpose: purpose.clone(),
            message: MessageRef::BuiltIn,
            channel_until: Timestamp::MAX,
            planned: Vec::new(),
            held_until: None,
        };
        self.at(1, Fact::NoticeQueued { notice })
            .at(2, Fact::NoticeEnded { notice: id, purpose, end })
    }

    fn level(self, minutes: i64, to: u8) -> Self {
        let changed = Fact::LevelChanged {
            from: None,
            to,
            provisional: false,
            by_rules: to,
            overruled: None,
        };
        self.at(minutes, changed)
    }

    /// Judges expectations of weight 1 by this journal.
    fn judge(&self, asks: Vec<Ask>, outcome: Outcome) -> Scorecard {
        let expect: Vec<Expectation> = asks.into_iter().map(|ask| counts(1, false, ask)).collect();
        self.judge_weighed(&expect, outcome)
    }

    fn judge_weighed(&self, expect: &[Expectation], outcome: Outcome) -> Scorecard {
        let playbook = plan();
        let mut observed = Observed::default();
        let mut incident = Incident::begin(&self.events[0]).unwrap();
        for event in &self.events {
            incident = crate::engine::evolve(incident, event);
            let level = i64::from(incident.level.current);
            // Enough for conditions on the level, which these tests are limited to.
            observed.see(event, &incident, expect, &mut |condition| match condition {
                Condition::Holds(expression) => expression.source() == format!("level <= {level}"),
                _ => false,
            });
        }
        let pass = Pass { score: 80, probability: None };
        judge(&playbook, expect, pass, outcome, Seen { observed: &observed, incident: &incident })
    }
}

fn counts(weight: u32, critical: bool, ask: Ask) -> Expectation {
    Expectation { weight, critical, part: Part::Respond, when: None, asked: Asked::of(ask) }
}

fn delivered() -> NoticeEnd {
    NoticeEnd::Delivered { via: "mail".into(), within: None }
}

fn held_back() -> NoticeEnd {
    serde_json::from_value(serde_json::json!({ "end": "held_back", "why": "drill" })).unwrap()
}

fn acknowledged(role: &str, minutes: i64) -> Ask {
    let within = Some(SignedDuration::from_mins(minutes));
    Ask::Seen(Pattern { within, ..Pattern::of(What::Acknowledged(role.into())) })
}

fn done(step: &str, minutes: i64) -> Ask {
    let within = Some(SignedDuration::from_mins(minutes));
    Ask::Seen(Pattern { within, ..Pattern::of(What::Step(step.into(), Milestone::Done)) })
}

fn never_notified(audience: Audience) -> Ask {
    Ask::Never(Pattern::of(What::Notified(audience)))
}

/// `met`, `not_met`, `not_applicable`, `not_judged`.
fn names(card: &Scorecard) -> Vec<&'static str> {
    card.judgements
        .iter()
        .map(|judgement| match judgement.finding {
            Finding::Met => "met",
            Finding::NotMet { .. } => "not_met",
            Finding::NotApplicable { .. } => "not_applicable",
            Finding::NotJudged { .. } => "not_judged",
        })
        .collect()
}

#[test]
fn an_acknowledgement_counts_from_when_the_role_was_needed() {
    let journal = Journal::declared()
        .engaged(0, "commander")
        .acknowledged(4, "commander")
        .engaged(30, "comms")
        .acknowledged(36, "comms")
        .engaged(0, "engineering");
    let asks = vec![
        acknowledged("commander", 5),
        acknowledged("comms", 5),
        acknowledged("engineering", 5),
        acknowledged("support", 5),
    ];
    let card = journal.judge(asks, Outcome::Completed);
    assert_eq!(names(&card), ["met", "not_met", "not_met", "not_applicable"]);
    let seconds: Vec<_> = card.judgements.iter().map(|j| j.seconds).collect();
    assert_eq!(seconds, [Some(240.0), Some(360.0), None, None]);
    assert_eq!(card.judgements[0].limit_seconds, Some(300.0));
}

#[test]
fn a_step_is_judged_by_its_milestone_since_the_declaration() {
    let journal = Journal::declared().step_done(25, "confirm").step_done(45, "locate");
    let ready = Ask::Seen(Pattern::of(What::Step("confirm".into(), Milestone::Ready)));
    let asks = vec![done("confirm", 30), done("locate", 30), done("verify", 30), ready];
    assert_eq!(
        names(&journal.judge(asks, Outcome::Completed)),
        ["met", "not_met", "not_met", "met"]
    );
}

#[test]
fn what_was_still_to_come_when_a_run_ended_early_is_not_held_against_it() {
    let journal = Journal::declared().engaged(0, "commander").step_done(20, "confirm");
    let asks = || vec![acknowledged("commander", 5), done("locate", 30), done("confirm", 30)];
    let card = journal.judge(asks(), Outcome::Aborted);
    assert_eq!(
        names(&card),
        ["not_met", "not_judged", "met"],
        "five minutes had passed, not thirty"
    );
    assert_eq!((card.score, card.verdict), (Some(50), Verdict::NotJudged));
    let card = journal.judge(asks(), Outcome::Completed);
    assert_eq!(names(&card), ["not_met", "not_met", "met"]);
}

#[test]
fn an_objective_is_judged_as_the_engine_judged_it_first() {
    let objective = |id: &str| Ask::Objective(id.into());
    let journal = Journal::declared()
        .step_done(15, "isolate")
        .at(15, Fact::ObjectiveMet { objective: "responded".into() })
        .at(60, Fact::ObjectiveMissed { objective: "located".into() })
        .step_done(70, "locate")
        .at(70, Fact::ObjectiveMet { objective: "located".into() });
    let asks = vec![objective("responded"), objective("located")];
    let card = journal.judge(asks, Outcome::Completed);
    assert_eq!(names(&card), ["met", "not_met"]);
    assert_eq!(card.judgements[1].seconds, Some(4_200.0), "the raw time is kept");
    assert_eq!(card.judgements[1].limit_seconds, Some(3_600.0));
    let silent = Journal::declared().judge(vec![objective("responded")], Outcome::Completed);
    assert_eq!(names(&silent), ["not_met"]);
}

#[test]
fn a_role_is_reached_by_a_delivered_page_and_only_asked_for_when_its_condition_held() {
    let page = Purpose::RolePage { role: "comms".into(), also: Vec::new() };
    let to = || Recipient::Person("wang".into());
    let expect = || {
        let when = Condition::Holds(Expression::compile("level <= 2").unwrap());
        let always = counts(1, false, Ask::Reached("comms".into()));
        let grave = counts(1, false, Ask::Reached("comms".into()));
        [always, Expectation { when: Some(when), ..grave }]
    };
    let judged = |journal: Journal| names(&journal.judge_weighed(&expect(), Outcome::Completed));
    let paged = Journal::declared().level(0, 2).notice(to(), page.clone(), delivered());
    assert_eq!(judged(paged), ["met", "met"]);
    let unpaged = Journal::declared().level(0, 2).level(9, 3).notice(to(), page, held_back());
    assert_eq!(judged(unpaged), ["not_met", "not_met"]);
    assert_eq!(judged(Journal::declared().level(0, 3)), ["not_met", "not_applicable"]);
}

#[test]
fn never_looks_at_what_passed_the_gate() {
    let purpose = || Purpose::StepMessage { key: RunKey::first(1, "tell".into()) };
    let customers = || Recipient::Audience(Audience::Customers);
    let never = || vec![never_notified(Audience::Customers)];
    let held = Journal::declared().notice(customers(), purpose(), held_back());
    assert_eq!(names(&held.judge(never(), Outcome::Completed)), ["met"]);
    let sent = Journal::declared().notice(customers(), purpose(), delivered());
    assert_eq!(names(&sent.judge(never(), Outcome::Completed)), ["not_met"]);
    let team = || vec![never_notified(Audience::Team("service".into()))];
    let told = Journal::declared().notice(Recipient::Person("li".into()), purpose(), delivered());
    assert_eq!(names(&told.judge(team(), Outcome::Completed)), ["not_met"]);
}

#[test]
fn weights_make_the_score_and_a_critical_miss_fails_whatever_the_score() {
    let journal = Journal::declared().step_done(10, "confirm");
    let question = || Ask::Evaluator { question: Text::from("?"), scale: Scale::Psmu };
    let good = [counts(9, false, done("confirm", 30)), counts(1, false, done("locate", 30))];
    let card = journal.judge_weighed(&good, Outcome::Completed);
    assert_eq!((card.score, card.verdict), (Some(90), Verdict::Passed));
    let critical = [counts(9, false, done("confirm", 30)), counts(1, true, done("locate", 30))];
    let card = journal.judge_weighed(&critical, Outcome::Completed);
    assert_eq!((card.score, card.verdict), (Some(90), Verdict::Failed));
    let poor = [counts(2, false, done("confirm", 30)), counts(1, false, done("locate", 30))];
    let card = journal.judge_weighed(&poor, Outcome::Completed);
    assert_eq!((card.score, card.verdict), (Some(66), Verdict::Failed), "rounded down");
    let unjudged = [counts(1, true, question())];
    let card = journal.judge_weighed(&unjudged, Outcome::Completed);
    assert_eq!((card.score, card.verdict), (None, Verdict::NotJudged));
    let mixed = |critical| [counts(1, false, done("confirm", 30)), counts(9, critical, question())];
    let card = journal.judge_weighed(&mixed(false), Outcome::Completed);
    assert_eq!((card.score, card.verdict), (Some(100), Verdict::Passed), "the question is open");
    let card = journal.judge_weighed(&mixed(true), Outcome::Completed);
    assert_eq!((card.score, card.verdict), (Some(100), Verdict::NotJudged));
}

#[test]
fn an_error_of_firebell_is_nobodys_failure() {
    let card = Journal::declared().judge(vec![done("confirm", 30)], Outcome::Error);
    assert_eq!(card.verdict, Verdict::NotJudged);
}
