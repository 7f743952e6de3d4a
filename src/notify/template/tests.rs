//! Every message is rendered with a sample incident, in both languages: firebell's own are compared
//! with what was agreed, the shipped plans' must come out without a hole.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::engine::{
    Actor, AlertNote, Event, Fact, FailureCause, LadderSubject, Mode, PlaybookRef, RunKey,
    SetMoment, SkipReason, StuckReason, ValueSource,
};
use crate::id::{ChannelId, IncidentId, NoticeId};
use crate::people::{Contact, Partner, Parts, Person};
use crate::playbook::Variables;

const PLANS: [&str; 4] = ["service-outage", "complaint-surge", "data-leak", "network-attack"];

const BASE_URL: &str = "https://bell.example";

fn plan(name: &str) -> Playbook {
    crate::playbook::shipped::plan(name)
}

fn directory() -> Directory {
    let contacts = || vec![Contact { channel: "mail".into(), address: "x@shop.example".into() }];
    let person = |id: &str, zh: &str, en: &str, lang| Person {
        id: id.into(),
        name: crate::text::Text::both(zh, en),
        lang,
        contacts: contacts(),
        drills: false,
        manner: crate::people::Manner::default(),
    };
    Directory::new(Parts {
        people: vec![
            person("li", "李雷", "Li Lei", Lang::Zh),
            person("smith", "史密斯", "Jo Smith", Lang::En),
        ],
        partners: vec![Partner {
            id: "cloud-provider".into(),
            title: "云".into(),
            contacts: contacts(),
            verified_on: None,
        }],
        channels: ["mail".into()].into(),
        ..Parts::default()
    })
    .unwrap()
}

/// Begins an incident of a plan with a sample of everything its messages may speak of.
struct Sample<'a> {
    playbook: &'a Playbook,
    incident: Incident,
    now: Timestamp,
}

impl<'a> Sample<'a> {
    fn new(playbook: &'a Playbook) -> Self {
        let now: Timestamp = "2026-11-21T18:58:00Z".parse().unwrap();
        let declared = Fact::Declared {
            id: IncidentId::from_u128(0x0193_4a5b_0000_7000_8000_0000_0000_002a),
            number: 42,
            mode: Mode::Live,
            playbook: PlaybookRef { id: playbook.id.clone(), hash: playbook.hash.clone() },
            title: "华东客服系统中断".into(),
            restricted: false,
            dedup_key: None,
            detected_at: Some(now - SignedDuration::from_mins(3)),
            drill: None,
            parent: None,
            beside: None,
        };
        let begun = Incident::begin(&event(1, now, declared)).unwrap();
        let mut sample = Self { playbook, incident: begun, now };
        let phase = playbook.phases[0].id.clone();
        sample.happens(Fact::PhaseEntered { phase, visit: 1, by_next: None, why: None });
        sample.happens(Fact::LevelChanged {
            from: None,
            to: 2,
            provisional: true,
            by_rules: 4,
            overruled: None,
        });
        let fields = playbook.inputs.iter().chain(
            playbook.phases.iter().flat_map(|phase| &phase.steps).flat_map(|step| {
                match &step.action {
                    crate::playbook::Action::Manual(manual) => Some(manual.form.iter()),
                    _ => None,
                }
                .into_iter()
                .flatten()
            }),
        );
        let values: Variables =
            fields.map(|(id, field)| (id.clone(), field.kind.sample())).collect();
        sample.happens(Fact::VariablesSet {
            values,
            sealed: BTreeMap::new(),
            source: ValueSource::Input,
        });
        sample.happens(Fact::MomentSet { moment: SetMoment::Aware, at: now, grounds: None });
        let alert = AlertNote { name: "CustomerServiceDown".into(), ..AlertNote::default() };
        sample.happens(Fact::AlertReceived { alert, unreadable: Vec::new() });
        sample
    }

    fn happens(&mut self, fact: Fact) {
        let event = event(self.incident.version + 1, self.now, fact);
        self.incident = crate::engine::evolve(self.incident.clone(), &event);
    }

    fn render(&self, to: Recipient, purpose: Purpose, message: MessageRef) -> Rendered {
        let notice = Notice {
            id: NoticeId::nth(self.incident.id, 1),
            to,
            via: vec![ChannelId::new("mail")],
            purpose,
            message,
            channel_until: self.now + SignedDuration::from_mins(5),
            planned: Vec::new(),
            held_until: None,
        };
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let place = Place { base_url: Some(BASE_URL), zone: &zone, lang: Lang::Zh };
        render(self.playbook, &self.incident, &notice, &directory(), place)
    }

    /// Renders a message of firebell's own for a reader of each language.
    fn both(&self, purpose: &Purpose) -> [Rendered; 2] {
        ["li", "smith"].map(|person| {
            self.render(Recipient::Person(person.into()), purpose.clone(), MessageRef::BuiltIn)
        })
    }

    fn in_minutes(&self, minutes: i64) -> Timestamp {
        self.now + SignedDuration::from_mins(minutes)
    }
}

fn event(seq: u64, at: Timestamp, fact: Fact) -> Event {
    Event { seq, occurred_at: at, recorded_at: at, actor: Actor::System, cause: None, fact }
}

fn key(step: &str) -> RunKey {
    RunKey::first(1, step.into())
}

/// Opens two steps and a role the way the engine does, overdue or failed where asked.
fn outage(playbook: &Playbook) -> Sample<'_> {
    let mut sample = Sample::new(playbook);
    let until = Some(sample.in_minutes(5));
    sample.happens(Fact::RoleEngaged { role: "commander".into(), unknown: false });
    let (role, to) = ("commander".into(), "li".into());
    sample.happens(Fact::RoleAssigned { role, to, rank: Some(0), until });
    for step in ["confirm", "locate"] {
        let due_at = Some(sample.in_minutes(if step == "confirm" { 5 } else { 60 * 30 }));
        let ready = Fact::StepReady {
            key: key(step),
            unknown: false,
            repeats: false,
            items: vec![],
            left_out: 0,
        };
        sample.happens(ready);
        sample.happens(Fact::StepDeadlines {
            key: key(step),
            start_by: Some(sample.in_minutes(2)),
            due_at,
            warn_at: Vec::new(),
            alarm: None,
        });
    }
    sample
}

/// Shows a message as its reader sees it.
fn show(out: &mut String, message: &Rendered) {
    let Rendered { subject, headline, text, links, .. } = message;
    writeln!(out, "[{}] {subject}\n{headline}\n{text}", message.lang.code()).unwrap();
    for link in links {
        writeln!(out, "{} -> {}", link.label, link.url).unwrap();
    }
    out.push('\n');
}

fn show_all(sample: &Sample<'_>, purposes: &[Purpose]) -> String {
    let mut out = String::new();
    for purpose in purposes {
        writeln!(out, "=== {purpose:?}").unwrap();
        for message in sample.both(purpose) {
            show(&mut out, &message);
        }
    }
    out
}

#[test]
fn pages_and_calls_to_work_read_like_this() {
    let playbook = plan("service-outage");
    let mut sample = outage(&playbook);
    let first = [
        Purpose::RolePage { role: "commander".into(), also: vec!["support".into()] },
        Purpose::RolePage { role: "support".into(), also: vec![] },
        Purpose::StepReady { key: key("confirm"), also: vec![key("locate"), key("verify")] },
        Purpose::StepReady { key: key("stable"), also: (0..9).map(|_| key("verify")).collect() },
        Purpose::StepWarning { key: key("confirm") },
        Purpose::StepMessage { key: key("confirm") },
        Purpose::HandlerMessage { handler: 0 },
    ];
    let mut out = show_all(&sample, &first);
    let acknowledged =
        Fact::RoleAcknowledged { role: "commander".into(), by: "li".into(), claimed: false };
    sample.happens(acknowledged);
    let taken = |role: &str| Purpose::RoleTaken { role: role.into() };
    out += &show_all(&sample, &[taken("commander"), taken("support"), Purpose::Ended]);
    sample.happens(Fact::Cancelled { reason: "误报".into(), as_is: None });
    out += &show_all(&sample, &[Purpose::Ended]);
    insta::assert_snapshot!(out);
}

#[test]
fn what_was_said_at_a_hand_over_is_on_the_page_of_the_next() {
    let playbook = plan("service-outage");
    let mut sample = outage(&playbook);
    sample.happens(Fact::RoleHandedOver {
        role: "commander".into(),
        from: "li".into(),
        to: "smith".into(),
        note: "华东机房已切换，等待网络组回电 / East is switched over; network calls back".into(),
        until: Some(sample.in_minutes(5)),
    });
    let page = |also: &[&str]| Purpose::RolePage {
        role: also.first().map_or("commander", |_| "support").into(),
        also: also.iter().copied().map(Into::into).collect(),
    };
    let mut out = show_all(&sample, &[page(&[]), page(&["commander"])]);
    out.push_str("=== in the plan's words\n");
    for person in ["li", "smith"] {
        let to = Recipient::Person(person.into());
        show(&mut out, &sample.render(to, page(&[]), MessageRef::Plan("page".into())));
    }
    insta::assert_snapshot!(out);
    sample.happens(Fact::RoleAcknowledged {
        role: "commander".into(),
        by: "smith".into(),
        claimed: false,
    });
    let [later, _] = sample.both(&page(&[]));
    assert!(!later.text.contains("交接："), "it was said and heard: {}", later.text);
}

#[test]
fn lateness_and_failure_read_like_this() {
    let playbook = plan("service-outage");
    let mut sample = outage(&playbook);
    let late = |which| Fact::StepOverdue { key: key("confirm"), which };
    let step = || Purpose::Escalation {
        subject: LadderSubject::Step { key: key("confirm") },
        unanswered: false,
        also: Vec::new(),
    };
    sample.happens(late(crate::engine::DeadlineName::Start));
    let mut out = show_all(&sample, &[Purpose::StepOverdue { key: key("confirm") }]);
    sample.happens(late(crate::engine::DeadlineName::Due));
    out += &show_all(&sample, &[Purpose::StepOverdue { key: key("confirm") }, step()]);
    sample.happens(Fact::StepClaimed { key: key("confirm"), by: "smith".into() });
    let (cause, why) = (FailureCause::ByPerson, "电话打不通".into());
    sample.happens(Fact::StepFailed {
        key: key("confirm"),
        cause,
        why,
        let_pass: false,
        retry_at: None,
    });
    let failed = |also: &[&str]| Purpose::StepFailed {
        key: key("confirm"),
        also: also.iter().copied().map(key).collect(),
    };
    out += &show_all(&sample, &[failed(&[]), step()]);
    sample.happens(Fact::StepFailed {
        key: key("locate"),
        cause: FailureCause::Error,
        why: "500".into(),
        let_pass: false,
        retry_at: None,
    });
    out += &show_all(&sample, &[failed(&["locate"]), failed(&["locate"; 9])]);
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_commander_is_told_reads_like_this() {
    let playbook = plan("service-outage");
    let mut sample = outage(&playbook);
    sample.happens(Fact::FactsAsked { names: vec!["users_affected".into(), "root".into()] });
    sample.happens(Fact::RoleUnanswered { role: "commander".into(), asked: vec!["li".into()] });
    sample.happens(Fact::RoleVacant { role: "commander".into(), retry_at: None });
    let waiting = || key("verify");
    sample.happens(Fact::StepDeadlines {
        key: waiting(),
        start_by: None,
        due_at: Some(sample.now),
        warn_at: Vec::new(),
        alarm: None,
    });
    let which = crate::engine::DeadlineName::Due;
    sample.happens(Fact::StepOverdue { key: waiting(), which });
    let about = |about: &str| Purpose::Commander { about: about.into() };
    let mut purposes: Vec<Purpose> = [
        "facts_wanted",
        "role_vacant",
        "notice_failed",
        "waiting_overdue",
        "ladder_exhausted",
        "nobody_answered",
        "close_awaited",
        "of something new",
    ]
    .map(about)
    .into();
    purposes.push(Purpose::Escalation {
        subject: LadderSubject::Role { role: "commander".into() },
        unanswered: true,
        also: Vec::new(),
    });
    let notice = NoticeId::nth(sample.incident.id, 1);
    purposes.push(Purpose::Escalation {
        subject: LadderSubject::Notice { notice },
        unanswered: false,
        also: Vec::new(),
    });
    purposes.push(Purpose::Escalation {
        subject: LadderSubject::Role { role: "commander".into() },
        unanswered: false,
        also: ["locate", "confirm"].map(|step| LadderSubject::Step { key: key(step) }).into(),
    });
    let mut out = show_all(&sample, &purposes);
    for reason in [
        StuckReason::NoWayOut,
        StuckReason::SpentLoop { next: 0 },
        StuckReason::FailedStep { key: key("confirm") },
    ] {
        let phase = sample.incident.phase.clone();
        sample.happens(Fact::Stuck { phase, reason });
        let stuck = Purpose::Escalation {
            subject: LadderSubject::Stuck,
            unanswered: false,
            also: Vec::new(),
        };
        out += &show_all(&sample, &[about("stuck"), stuck]);
        sample.happens(Fact::Unstuck);
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_message_of_the_shipped_plans_renders_in_both_languages_without_a_hole() {
    let mut rendered = 0;
    for name in PLANS {
        let playbook = plan(name);
        let sample = Sample::new(&playbook);
        for id in playbook.messages.keys() {
            // As a page, and as the message of each step that sends it.
            let role = playbook.roles.keys().next().unwrap().clone();
            let page = Purpose::RolePage { role, also: vec![] };
            for person in ["li", "smith"] {
                let to = Recipient::Person(person.into());
                let message = sample.render(to, page.clone(), MessageRef::Plan(id.clone()));
                let all = format!("{} {} {}", message.subject, message.headline, message.text);
                for hole in ["{{", "}}", "{%", "undefined", "未知", "unknown"] {
                    assert!(!all.contains(hole), "{name} {id} {person}: {hole} in {all}");
                }
                assert!(message.text.contains("#42"), "{name} {id}: {all}");
                rendered += 1;
            }
        }
    }
    assert!(rendered > 20, "{rendered}");
}

#[test]
fn what_nobody_knows_prints_as_unknown_and_stops_nothing() {
    let playbook = plan("service-outage");
    let mut sample = Sample::new(&playbook);
    sample.incident.variables = std::sync::Arc::default();
    let page = || Purpose::HandlerMessage { handler: 0 };
    let render = |person: &str| {
        let to = Recipient::Person(person.into());
        sample.render(to, page(), MessageRef::Plan("page".into())).text
    };
    assert!(render("li").contains("担任未知"), "{}", render("li"));
    assert!(render("smith").contains("as unknown"), "{}", render("smith"));
}

#[test]
fn strangers_read_the_plan_s_words_and_nothing_of_ours() {
    let playbook = plan("service-outage");
    let sample = outage(&playbook);
    for audience in [
        Audience::Customers,
        Audience::Regulators,
        Audience::Partner("cloud-provider".into()),
        Audience::Channel("status-page".into()),
    ] {
        let purpose = Purpose::StepMessage { key: key("inform") };
        let message = MessageRef::Plan("partner_help".into());
        let message = sample.render(Recipient::Audience(audience), purpose, message);
        assert!(message.outside && message.links.is_empty());
        assert_eq!(message.subject, "请求紧急支援 42");
        let shown = format!("{} {}", message.headline, message.text);
        assert!(!shown.contains(BASE_URL) && !shown.contains("#42"), "{shown}");
    }
}

#[test]
fn a_message_the_plan_no_longer_has_falls_back_to_our_own() {
    let playbook = plan("service-outage");
    let sample = outage(&playbook);
    let page = Purpose::RolePage { role: "commander".into(), also: vec![] };
    let to = || Recipient::Person("li".into());
    let lost = sample.render(to(), page.clone(), MessageRef::Plan("gone".into()));
    assert_eq!(lost, sample.render(to(), page, MessageRef::BuiltIn));
}

#[test]
fn the_subject_stays_the_same_over_an_incident() {
    let playbook = plan("service-outage");
    let mut sample = outage(&playbook);
    let subject = |sample: &Sample<'_>| sample.both(&Purpose::Ended)[0].subject.clone();
    let before = subject(&sample);
    sample.happens(Fact::LevelChanged {
        from: Some(2),
        to: 1,
        provisional: false,
        by_rules: 1,
        overruled: None,
    });
    let reason = SkipReason::ByPerson { reason: "已恢复".into() };
    sample.happens(Fact::StepSkipped { key: key("confirm"), reason });
    assert_eq!(subject(&sample), before);
    assert_eq!(before, "#42 华东客服系统中断");
}

#[test]
fn times_are_told_on_the_reader_s_wall_clock() {
    let playbook = plan("service-outage");
    let sample = outage(&playbook);
    let (zone, directory) = (Zone::named("Asia/Shanghai").unwrap(), directory());
    let view = |lang| View {
        lang,
        zone: &zone,
        playbook: &playbook,
        incident: &sample.incident,
        directory: &directory,
    };
    assert_eq!(view(Lang::Zh).time(sample.in_minutes(7)), "03:05");
    let tomorrow = sample.in_minutes(60 * 24);
    assert_eq!(view(Lang::Zh).time(tomorrow), "11月23日 02:58");
    assert_eq!(view(Lang::En).time(tomorrow), "23 Nov 02:58");
}
