//! Statutory clocks: begun, shortened, stopped, warned of, breached, submitted, waived.

use firebell::engine::{
    ClockAct, ClockFact, ClockRef, Command, EvidenceItem, Fact, LadderSubject, Proves, Purpose,
    RejectionCode, SetMoment, Status, StepAct, StepRef, ViewState, clocks,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::act::{
    answer, approve, cancel, close, complete, complete_with, force_close, pause, set, set_level,
};
use crate::case::{Case, staffed, staffed_with};

const PLAN: &str = "
inputs: { people: { type: integer }, abroad: { type: boolean }, urgent: { type: boolean } }
clocks:
  - id: law
    regime: law
    role: support
    escalate: duty
    when: not urgent or urgent
    met_by: { final: wrap_up }
    moments: { material: { step: judge, is: done } }
phases:
  - id: one
    title: One
    steps:
      - { id: judge, role: engineering, title: Judge, blocks: nothing }
      - { id: wrap_up, role: support, title: Wrap up, blocks: nothing }
      - { id: work, role: support, title: Work }
";

fn named(stage: &str) -> ClockRef {
    ClockRef { clock: "law".into(), stage: Some(stage.into()) }
}

fn act(stage: &str, act: ClockAct) -> Command {
    Command::Clock { clock: named(stage), act }
}

fn submit() -> ClockAct {
    ClockAct::Submit { reason: None, reference: None }
}

fn submit_because(reason: &str) -> ClockAct {
    ClockAct::Submit { reason: Some(reason.to_owned()), reference: Some("R-1".to_owned()) }
}

fn ask_waiver() -> ClockAct {
    ClockAct::AskWaiver { reason: "nobody was harmed".to_owned() }
}

fn answer_waiver(approve: bool) -> ClockAct {
    ClockAct::AnswerWaiver { approve, reason: None }
}

fn moment(case: &Case, name: &str, minute: i64) -> Command {
    let moment = SetMoment::Named(name.into());
    let grounds = Some("the board said so".to_owned());
    Command::SetMoment { moment, at: case.at_minute(minute), grounds }
}

fn state(case: &Case, stage: &str) -> ViewState {
    let views = clocks(&case.playbook, case.incident());
    views.iter().find(|view| view.stage.id.as_str() == stage).expect(stage).state
}

fn why(case: &Case, stage: &str) -> String {
    let views = clocks(&case.playbook, case.incident());
    let view = views.iter().find(|view| view.stage.id.as_str() == stage).expect(stage);
    view.why.as_deref().unwrap_or_default().to_owned()
}

fn unsure(case: &Case, stage: &str) -> Vec<String> {
    let views = clocks(&case.playbook, case.incident());
    let view = views.iter().find(|view| view.stage.id.as_str() == stage).expect(stage);
    view.unsure.iter().map(ToString::to_string).collect()
}

fn due(case: &Case, stage: &str) -> Option<i64> {
    let views = clocks(&case.playbook, case.incident());
    let view = views.iter().find(|view| view.stage.id.as_str() == stage).expect(stage);
    Some(case.minute(view.limit()?.due_at?))
}

fn reasons(case: &Case) -> Vec<String> {
    let events = case.events.iter().filter_map(|event| match &event.fact {
        Fact::Clock(clock) => match &clock.what {
            ClockFact::Submitted { reason, .. } => reason.clone(),
            _ => None,
        },
        _ => None,
    });
    events.collect()
}

fn happened(case: &Case, stage: &str, is: impl Fn(&ClockFact) -> bool) -> Vec<i64> {
    case.minutes(
        |fact| matches!(fact, Fact::Clock(c) if c.key.stage.as_str() == stage && is(&c.what)),
    )
}

#[test]
fn clocks_count_what_is_unknown_as_due_and_say_so() {
    let case = staffed(PLAN);
    assert_eq!(state(&case, "report"), ViewState::Running);
    assert_eq!(unsure(&case, "report"), ["people", "urgent"]);
    assert_eq!(due(&case, "report"), Some(240));
    let views = clocks(&case.playbook, case.incident());
    assert!(views[0].record.expect("begun").assumed, "nobody has said when they knew");
}

#[test]
fn clocks_whose_condition_is_false_are_not_due() {
    let mut case = staffed_with(PLAN, json!({ "people": 5, "abroad": false, "urgent": true }));
    assert_eq!(
        (state(&case, "report"), why(&case, "report").as_str()),
        (ViewState::NotDue, "condition")
    );
    assert_eq!(state(&case, "filing"), ViewState::NotDue);
    case.tell("ann", set(json!({ "people": 500 })));
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::Running, Some(240)));
    assert!(unsure(&case, "report").is_empty());
}

#[test]
fn clocks_stop_when_the_scope_shrinks_and_start_again_from_the_same_moment() {
    let mut case = staffed(PLAN);
    case.pass("30m");
    case.tell("ann", set(json!({ "people": 5 })));
    assert_eq!(state(&case, "report"), ViewState::NotDue);
    case.pass("30m");
    case.tell("ann", set(json!({ "people": 500 })));
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::Running, Some(240)));
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Started { .. })), [0, 60]);
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Stopped { .. })), [30]);
}

#[test]
fn clocks_become_shorter_when_the_organisation_knew_earlier() {
    let mut case = staffed(PLAN);
    case.pass("10m");
    let at = case.at_minute(-60);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(due(&case, "report"), Some(180));
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Shortened { .. })), [10]);
}

#[test]
fn what_was_submitted_is_held_to_the_limit_of_a_moment_corrected_later() {
    let mut case = staffed(PLAN);
    case.pass("3h");
    case.tell("cid", act("report", submit()));
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::Met, Some(240)));
    let knew = |case: &mut Case, minute| {
        let at = case.at_minute(minute);
        case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    };
    knew(&mut case, -30);
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::Met, Some(210)));
    knew(&mut case, -90);
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::MetLate, Some(150)));
    let judged = happened(&case, "report", |f| matches!(f, ClockFact::Judged { .. }));
    assert_eq!(judged, [180, 180]);
    assert_eq!(case.commander_told("clock_found_late"), 1);
    knew(&mut case, 0);
    assert_eq!(state(&case, "report"), ViewState::MetLate, "no later moment makes it good");
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Kept { .. })), [180]);

    assert_eq!(case.refused("cid", act("report", submit())).code, RejectionCode::WrongClockState);
    case.tell("cid", act("report", submit_because("found in the mail of a supplier")));
    let explained = happened(&case, "report", |f| matches!(f, ClockFact::Explained { .. }));
    assert_eq!(explained, [180]);
    let again = act("report", submit_because("twice"));
    assert_eq!(case.refused("cid", again).code, RejectionCode::WrongClockState);
    assert_eq!(due(&case, "final"), Some(300), "what follows counts from the submission");
}

#[test]
fn a_moment_has_as_many_proofs_as_there_are() {
    let mut case = staffed(PLAN);
    let shows = |moment: SetMoment, n: u32| Command::AddEvidence {
        of: Proves::Moment(moment),
        evidence: EvidenceItem::Url { url: format!("https://example.org/{n}") },
    };
    for n in 1..=3 {
        case.tell("ann", shows(SetMoment::Aware, n));
    }
    case.tell("ann", shows(SetMoment::Named("material".into()), 4));
    let of_aware = |fact: &Fact| {
        let Fact::EvidenceAdded { moment, step: None, .. } = fact else { return false };
        *moment == Some(SetMoment::Aware)
    };
    assert_eq!(case.count(of_aware), 3);
    let unknown = case.refused("ann", shows(SetMoment::Named("nope".into()), 5));
    assert_eq!(unknown.code, RejectionCode::UnknownMoment);
}

#[test]
fn a_moment_after_the_submission_judges_nothing() {
    let mut case = staffed(PLAN);
    case.pass("10m");
    case.tell("cid", act("report", submit()));
    case.pass("10m");
    let at = case.at_minute(15);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(state(&case, "report"), ViewState::Met);
    assert!(happened(&case, "report", |f| matches!(f, ClockFact::Judged { .. })).is_empty());
    assert!(happened(&case, "report", |f| matches!(f, ClockFact::Kept { .. })).is_empty());
}

#[test]
fn clocks_are_never_silently_made_longer() {
    let mut case = staffed(PLAN);
    case.pass("90m");
    let at = case.at_minute(60);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(due(&case, "report"), Some(240), "it stays");
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Kept { .. })), [90]);
    case.tell("ann", set(json!({ "people": 1000 })));
    let kept = happened(&case, "report", |f| matches!(f, ClockFact::Kept { .. }));
    assert_eq!(kept, [90], "and is recorded once");
}

#[test]
fn clocks_warn_their_owner_escalate_before_the_end_and_are_breached() {
    let mut case = staffed(PLAN);
    let of = |word: &'static str| {
        move |purpose: &Purpose| {
            let said = serde_json::to_value(purpose).expect("JSON");
            matches!(purpose, Purpose::Clock { .. }) && said["word"] == word
        }
    };
    assert!(case.told("cid", of("started")) > 0 || case.told("ann", of("started")) > 0);
    case.pass("191m");
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Warned { .. })), [120]);
    assert!(!case.incident().ladders.keys().any(LadderSubject::is_of_clock));
    case.pass("10m");
    assert!(case.incident().ladders.keys().any(LadderSubject::is_of_clock), "80 percent");
    case.pass("60m");
    assert_eq!(
        happened(&case, "report", |f| matches!(f, ClockFact::Warned { .. })),
        [120, 192, 228]
    );
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Breached)), [240]);
    assert_eq!(state(&case, "report"), ViewState::Late);
    assert_eq!(case.told("cid", of("warning")), 3);
    assert_eq!(case.told("cid", of("breached")), 1);
    assert_eq!(case.commander_told("clock_breached"), 1);
    case.tell("cid", act("report", submit_because("the line was down")));
    assert!(!case.incident().ladders.keys().any(LadderSubject::is_of_clock));
}

#[test]
fn a_breach_fires_its_handler() {
    let plan = format!(
        "{PLAN}messages: {{ gone: {{ text: Too late }} }}\nhandlers:\n  - {{ event: clock_breached, notify: {{ to: role/commander, message: gone }} }}\n"
    );
    let mut case = staffed(&plan);
    assert_eq!(case.count(|f| matches!(f, Fact::HandlerFired { .. })), 0);
    case.pass("5h");
    assert_eq!(case.count(|f| matches!(f, Fact::HandlerFired { .. })), 1);
}

#[test]
fn a_pause_never_freezes_a_clock_nor_its_ladder() {
    let mut case = staffed(PLAN);
    case.tell("ann", pause());
    case.pass("241m");
    assert_eq!(case.status(), Status::Paused);
    assert_eq!(happened(&case, "report", |f| matches!(f, ClockFact::Breached)), [240]);
    let rung = |f: &Fact| matches!(f, Fact::RungFired { subject: LadderSubject::Clock { .. }, .. });
    assert!(case.count(rung) > 0, "the ladder is climbed during the pause");
    case.tell("ann", Command::Resume);
    assert_eq!(due(&case, "report"), Some(240));
}

#[test]
fn a_late_submission_needs_a_reason_and_keeps_it() {
    let mut case = staffed(PLAN);
    case.pass("5h");
    let refused = case.refused("cid", act("report", submit()));
    assert_eq!(refused.code, RejectionCode::LateReasonRequired);
    case.tell("cid", act("report", submit_because("the line was down")));
    assert_eq!(state(&case, "report"), ViewState::MetLate);
    let again = case.refused("cid", act("report", submit()));
    assert_eq!(again.code, RejectionCode::WrongClockState);
}

#[test]
fn what_was_submitted_in_time_and_recorded_later_is_not_late() {
    let mut case = staffed(PLAN);
    case.pass("5h");
    let at = case.at_minute(200);
    let refused = case.ask(act("report", submit()), |ctx| {
        ctx.actor = firebell::engine::Actor::person("cid");
        ctx.occurred_at = Some(at);
    });
    assert_eq!(refused, None);
    assert_eq!(state(&case, "report"), ViewState::Met);
    let earlier = case.at_minute(-1);
    let mut other = staffed(PLAN);
    let refused = other.ask(act("report", submit()), |ctx| {
        ctx.actor = firebell::engine::Actor::person("cid");
        ctx.occurred_at = Some(earlier);
    });
    assert_eq!(refused.map(|r| r.code), Some(RejectionCode::ImplausibleTime));
}

#[test]
fn nothing_is_done_to_a_clock_ahead_of_now_or_before_it_began() {
    let extend = |case: &Case| ClockAct::Extend {
        until: case.at_minute(600),
        by: "The authority".to_owned(),
        document: "Letter 7".to_owned(),
    };
    let acts: [&dyn Fn(&Case) -> ClockAct; 3] = [&|_| submit(), &|_| ask_waiver(), &extend];
    for act_of in acts {
        for minute in [-1, 63] {
            let mut case = staffed(PLAN);
            case.pass("1h");
            let (at, act_of) = (case.at_minute(minute), act_of(&case));
            let refused = case.ask(act("report", act_of), |ctx| {
                ctx.actor = firebell::engine::Actor::person("cid");
                ctx.occurred_at = Some(at);
            });
            assert_eq!(refused.map(|r| r.code), Some(RejectionCode::ImplausibleTime), "{minute}");
        }
    }
}

#[test]
fn a_chained_stage_counts_from_the_submission_of_the_one_before() {
    let mut case = staffed(PLAN);
    assert_eq!(state(&case, "final"), ViewState::Waiting);
    case.pass("30m");
    case.tell("cid", act("report", submit()));
    assert_eq!((state(&case, "final"), due(&case, "final")), (ViewState::Running, Some(150)));
    case.pass("10m");
    case.step("cid", "wrap_up", complete());
    assert_eq!(state(&case, "final"), ViewState::Met, "its step submits it");
}

#[test]
fn a_step_that_submits_late_says_why_in_its_remark() {
    let mut case = staffed(PLAN);
    case.tell("cid", act("report", submit()));
    case.pass("3h");
    assert_eq!(case.step_refused("cid", "wrap_up", complete()), RejectionCode::LateReasonRequired);
    let firebell::engine::StepAct::Complete { form, evidence, measure, .. } = complete() else {
        panic!("a completion");
    };
    let note = Some("the author was ill".to_owned());
    case.step(
        "cid",
        "wrap_up",
        firebell::engine::StepAct::Complete { form, evidence, measure, note },
    );
    assert_eq!(state(&case, "final"), ViewState::MetLate);
    assert_eq!(why(&case, "final"), "");
}

#[test]
fn a_decision_that_submits_late_says_why_in_its_remark() {
    let mut case = staffed(&PLAN.replace(
        "{ id: wrap_up, role: support, title: Wrap up, blocks: nothing }",
        "{ id: wrap_up, title: Wrap up, blocks: nothing, decide: { by: support, options: [sent, not sent] } }",
    ));
    case.tell("cid", act("report", submit()));
    case.pass("3h");
    let refused = case.step_refused("cid", "wrap_up", answer("sent"));
    assert_eq!(refused, RejectionCode::LateReasonRequired);
    let note = Some("the author was ill".to_owned());
    case.step("cid", "wrap_up", StepAct::Answer { option: "sent".into(), note });
    assert_eq!(state(&case, "final"), ViewState::MetLate);
    assert_eq!(reasons(&case), ["the author was ill"]);
}

#[test]
fn of_those_who_approve_a_late_submission_the_one_who_completes_the_quorum_says_why() {
    let mut case = staffed(&PLAN.replace(
        "{ id: wrap_up, role: support, title: Wrap up, blocks: nothing }",
        "{ id: wrap_up, title: Wrap up, blocks: nothing, approve: { by: [role/support, role/engineering], quorum: 2 } }",
    ));
    case.tell("cid", act("report", submit()));
    case.pass("3h");
    case.step("cid", "wrap_up", approve());
    assert_eq!(case.step_refused("bob", "wrap_up", approve()), RejectionCode::LateReasonRequired);
    let note = Some("the author was ill".to_owned());
    case.step("bob", "wrap_up", StepAct::Approve { note });
    assert_eq!(state(&case, "final"), ViewState::MetLate);
    assert_eq!(reasons(&case), ["the author was ill"]);
}

#[test]
fn what_a_step_submitted_in_time_and_was_written_down_later_needs_no_reason() {
    let mut case = staffed(PLAN);
    case.tell("cid", act("report", submit()));
    case.pass("3h");
    let at = case.at_minute(100);
    let command = Command::Step { step: StepRef::current("wrap_up"), act: complete() };
    let refused = case.ask(command, |ctx| {
        ctx.actor = firebell::engine::Actor::person("cid");
        ctx.occurred_at = Some(at);
    });
    assert_eq!(refused, None);
    assert_eq!(state(&case, "final"), ViewState::Met, "paper tells the true time");
}

#[test]
fn a_stage_after_one_that_is_not_due_is_not_due_either() {
    let mut case = staffed(PLAN);
    case.tell("cid", act("report", ask_waiver()));
    case.tell("ann", act("report", answer_waiver(true)));
    assert_eq!(state(&case, "report"), ViewState::Waived);
    assert_eq!(
        (state(&case, "final"), why(&case, "final").as_str()),
        (ViewState::NotDue, "previous")
    );
}

#[test]
fn not_to_notify_is_decided_by_two_people_and_the_clock_runs_on_until_then() {
    let mut case = staffed(PLAN);
    let refused = case.refused("ann", act("report", answer_waiver(true)));
    assert_eq!(refused.code, RejectionCode::WrongClockState, "nobody has proposed it");
    let silent = ClockAct::AskWaiver { reason: " ".to_owned() };
    assert_eq!(case.refused("cid", act("report", silent)).code, RejectionCode::BadText);
    case.tell("cid", act("report", ask_waiver()));
    assert_eq!(state(&case, "report"), ViewState::Running);
    let own = case.refused("cid", act("report", answer_waiver(true)));
    assert_eq!(own.code, RejectionCode::MayNotApprove);
    case.tell("ann", act("report", answer_waiver(false)));
    assert_eq!(state(&case, "report"), ViewState::Running);
    case.tell("cid", act("report", ask_waiver()));
    case.tell("ann", act("report", answer_waiver(true)));
    assert_eq!(state(&case, "report"), ViewState::Waived);
    case.pass("5h");
    assert!(happened(&case, "report", |f| matches!(f, ClockFact::Breached)).is_empty());
}

#[test]
fn whoever_acts_for_another_does_not_approve_their_own_proposal() {
    let mut case = staffed(PLAN);
    case.tell("cid", act("report", ask_waiver()));
    let refused = case.ask(act("report", answer_waiver(true)), |ctx| {
        let on_behalf_of = Some("ann".into());
        ctx.actor =
            firebell::engine::Actor::Person { id: "cid".into(), on_behalf_of, through: None };
    });
    assert_eq!(refused.map(|r| r.code), Some(RejectionCode::MayNotApprove));
}

#[test]
fn a_named_moment_starts_its_stage_by_a_person_or_by_the_plan() {
    let mut case = staffed_with(PLAN, json!({ "abroad": true }));
    assert_eq!(state(&case, "filing"), ViewState::Waiting);
    case.pass("20m");
    let command = moment(&case, "material", 10);
    case.tell("ann", command);
    assert_eq!((state(&case, "filing"), due(&case, "filing")), (ViewState::Running, Some(130)));
    let mut other = staffed_with(PLAN, json!({ "abroad": true }));
    other.pass("20m");
    other.step("bob", "judge", complete());
    assert_eq!(due(&other, "filing"), Some(140), "the step stands for the moment");
    let command = moment(&other, "nonsense", 1);
    assert_eq!(other.refused("ann", command).code, RejectionCode::UnknownMoment);
}

#[test]
fn of_several_limits_the_earliest_that_is_known_holds() {
    let mut case = staffed_with(PLAN, json!({ "abroad": true }));
    case.pass("10m");
    case.tell("ann", set_level(1));
    assert_eq!(due(&case, "filing"), Some(610), "ten hours from the level");
    let command = moment(&case, "material", 10);
    case.tell("ann", command);
    assert_eq!(due(&case, "filing"), Some(130), "two from the determination");
}

#[test]
fn a_stage_on_demand_is_due_each_time_its_moment_comes_and_has_a_target_of_our_own() {
    let mut case = staffed(PLAN);
    assert_eq!(state(&case, "supplement"), ViewState::Waiting);
    case.pass("10m");
    let command = moment(&case, "new_facts", 10);
    case.tell("ann", command);
    assert_eq!(due(&case, "supplement"), Some(70));
    case.pass("2h");
    assert_eq!(state(&case, "supplement"), ViewState::Late);
    case.tell("cid", act("supplement", submit()));
    assert_eq!(state(&case, "supplement"), ViewState::Met, "our own target makes nothing late");
    let command = moment(&case, "new_facts", 120);
    case.tell("ann", command);
    assert_eq!(
        (state(&case, "supplement"), due(&case, "supplement")),
        (ViewState::Running, Some(180))
    );
}

#[test]
fn meaning_08_an_open_clock_blocks_the_close_until_it_is_submitted() {
    let mut case = staffed_with(PLAN, json!({ "abroad": false }));
    case.step("cid", "work", complete());
    assert_eq!(case.status(), Status::Open, "the plan is done but the law is not");
    let refused = case.refused("ann", close());
    assert_eq!(refused.code, RejectionCode::Blocked);
    assert_eq!(refused.details["clocks"], json!(["law:report"]));
    case.tell("cid", act("report", submit()));
    let refused = case.refused("ann", close());
    assert_eq!(refused.details["clocks"], json!(["law:final"]));
    case.step("cid", "wrap_up", complete());
    assert_eq!(case.status(), Status::Closed, "it closes by itself");
}

#[test]
fn meaning_08_a_moment_that_somebody_must_set_blocks_the_close_too() {
    let mut case = staffed_with(PLAN, json!({ "people": 1, "abroad": true }));
    case.step("cid", "work", complete());
    let refused = case.refused("ann", close());
    assert_eq!(refused.details["clocks"], json!(["law:filing"]));
    case.tell("ann", set(json!({ "abroad": false })));
    assert_eq!(case.status(), Status::Closed);
}

#[test]
fn meaning_08_a_forced_close_keeps_the_record_of_what_was_open() {
    let mut case = staffed(PLAN);
    case.tell("ann", force_close());
    assert_eq!(case.status(), Status::Closed);
    assert_eq!(
        (state(&case, "report"), why(&case, "report").as_str()),
        (ViewState::NotDue, "forced_close")
    );
    let stopped = happened(&case, "report", |f| matches!(f, ClockFact::Stopped { .. }));
    assert_eq!(stopped, [0]);
}

#[test]
fn meaning_08_a_false_alarm_stops_every_clock() {
    let mut case = staffed(PLAN);
    case.tell("ann", cancel());
    assert_eq!(
        (state(&case, "report"), why(&case, "report").as_str()),
        (ViewState::NotDue, "cancelled")
    );
    assert_eq!(case.next(), None);
}

#[test]
fn a_stage_that_counts_from_the_close_runs_on_afterwards() {
    let mut case = staffed_with(PLAN, json!({ "people": 1, "abroad": false }));
    case.pass("1h");
    case.step("cid", "work", complete());
    assert_eq!(case.status(), Status::Closed);
    assert_eq!(
        (state(&case, "after"), due(&case, "after")),
        (ViewState::Running, Some(60 + 24 * 60))
    );
    case.pass("25h");
    assert_eq!(state(&case, "after"), ViewState::Late);
    case.tell("cid", act("after", submit_because("holiday")));
    assert_eq!(state(&case, "after"), ViewState::MetLate);
    assert_eq!(case.incident().ladders.len(), 0);
}

#[test]
fn a_reopened_incident_has_not_closed() {
    let mut case = staffed_with(PLAN, json!({ "people": 1, "abroad": false }));
    case.step("cid", "work", complete());
    case.tell("ann", Command::Reopen { phase: None, reason: "it is back".to_owned() });
    assert_eq!(state(&case, "after"), ViewState::NotDue);
    assert_eq!(why(&case, "after"), "anchor_lost");
    case.pass("1h");
    case.step("cid", "work", complete());
    assert_eq!(due(&case, "after"), Some(60 + 24 * 60));
}

#[test]
fn more_time_comes_from_an_authority_within_what_the_law_foresees() {
    let mut case = staffed(PLAN);
    case.pass("3h");
    let extend = |case: &Case, minutes: i64| ClockAct::Extend {
        until: case.at_minute(minutes),
        by: "The authority".to_owned(),
        document: "Letter 7".to_owned(),
    };
    let too_far = act("report", extend(&case, 240 + 3 * 24 * 60));
    assert_eq!(case.refused("ann", too_far).code, RejectionCode::InvalidFields);
    let grant = act("report", extend(&case, 600));
    case.tell("ann", grant);
    assert_eq!(due(&case, "report"), Some(600));
    case.tell("ann", set(json!({ "people": 1000 })));
    assert_eq!(due(&case, "report"), Some(600), "no rule takes it back");
    case.tell("cid", act("report", submit()));
    let final_ = act("final", extend(&case, 600));
    assert_eq!(case.refused("ann", final_).code, RejectionCode::WrongClockState);
}

#[test]
fn a_stage_is_named_where_several_are_open_and_need_not_be_where_one_is() {
    let mut case = staffed_with(PLAN, json!({ "abroad": true }));
    case.pass("10m");
    let command = moment(&case, "material", 10);
    case.tell("ann", command);
    let alone = |act| Command::Clock { clock: ClockRef { clock: "law".into(), stage: None }, act };
    let refused = case.refused("cid", alone(submit()));
    assert_eq!(refused.code, RejectionCode::AmbiguousClock);
    case.tell("cid", act("filing", submit()));
    case.tell("cid", alone(submit()));
    assert_eq!(state(&case, "report"), ViewState::Met);
    let unknown =
        Command::Clock { clock: ClockRef { clock: "lwa".into(), stage: None }, act: submit() };
    assert_eq!(case.refused("cid", unknown).code, RejectionCode::UnknownClock);
    assert_eq!(case.refused("cid", act("nope", submit())).code, RejectionCode::UnknownClock);
}

#[test]
fn a_law_that_is_not_in_force_asks_for_nothing() {
    let mut case = staffed(PLAN);
    case.pass("1m");
    let at = case.start - SignedDuration::from_hours(24 * 400);
    case.tell("ann", Command::SetMoment { moment: SetMoment::Aware, at, grounds: None });
    assert_eq!(
        (state(&case, "report"), why(&case, "report").as_str()),
        (ViewState::NotDue, "not_in_force")
    );
}

#[test]
fn a_form_answer_that_makes_it_due_starts_the_clock_in_the_same_commit() {
    let plan = PLAN.replace(
        "{ id: judge, role: engineering, title: Judge, blocks: nothing }",
        "{ id: judge, role: engineering, title: Judge, blocks: nothing, form: { people: { type: integer } } }",
    );
    let mut case = staffed_with(&plan, json!({ "people": 1 }));
    case.pass("10m");
    case.step("bob", "judge", complete_with(json!({ "people": 100 })));
    assert_eq!((state(&case, "report"), due(&case, "report")), (ViewState::Running, Some(240)));
}
