//! The paper has everything a plan says, once, and breaks on nothing that people wrote.

use jiff::Timestamp;

use super::Occasion;
use crate::people::{
    Contact, Directory, Layer, Partner, Parts, Person, Rotation, Schedule, Team, Zone,
};
use crate::picture::sample;
use crate::picture::tests::well_formed;
use crate::playbook::{Action, Playbook};
use crate::text::{Lang, Text};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn person(id: &str, zh: &str, en: &str) -> Person {
    Person {
        id: id.into(),
        name: Text::both(zh, en),
        lang: Lang::Zh,
        contacts: vec![Contact { channel: "email".into(), address: format!("{id}@shop.example") }],
        drills: true,
        manner: crate::people::Manner::default(),
    }
}

/// Two managers who take weekly turns from Monday, 2 November 2026 on, and a team.
fn directory() -> Directory {
    let turn = |id: &str| crate::people::Duty::alone(id.into());
    let layer = Layer {
        rotation: Rotation::weekly(jiff::civil::Time::midnight()),
        start: jiff::civil::date(2026, 11, 2).at(0, 0, 0, 0),
        turns: vec![turn("chen"), turn("li")],
        windows: Vec::new(),
    };
    let parts = Parts {
        people: vec![person("chen", "陈经理", "Chen"), person("li", "李经理", "Li")],
        teams: vec![Team {
            id: "cs-operations".into(),
            title: "运营".into(),
            members: vec!["li".into(), "chen".into()],
            schedule: None,
        }],
        schedules: vec![Schedule {
            id: "duty-managers".into(),
            title: "值班".into(),
            zone: Zone::utc(),
            layers: vec![layer],
            shifts: None,
            overrides: Vec::new(),
        }],
        partners: vec![Partner {
            id: "cloud-provider".into(),
            title: Text::both("云服务商", "Cloud provider"),
            contacts: vec![Contact {
                channel: "email".into(),
                address: "noc@cloud.example".into(),
            }],
            verified_on: Some(jiff::civil::date(2026, 11, 2)),
        }],
        channels: std::iter::once("email".into()).collect(),
        ..Parts::default()
    };
    Directory::new(parts).expect("a directory without faults")
}

fn print(plan: &Playbook, directory: &Directory, lang: Lang, instant: &str) -> String {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let occasion = Occasion {
        lang,
        zone: &zone,
        directory,
        at: at(instant),
        printed: at("2026-11-21T03:00:00Z"),
    };
    occasion.print(plan)
}

fn printed(plan: &Playbook, lang: Lang) -> String {
    print(plan, &Directory::built_in(), lang, "2026-11-21T03:00:00Z")
}

#[test]
fn every_step_phase_item_and_field_is_on_the_paper_once() {
    for plan in sample::all() {
        for lang in Lang::ALL {
            let page = printed(&plan, lang);
            let count = |part: String| page.matches(&part).count();
            for phase in &plan.phases {
                assert_eq!(count(format!("data-phase=\"{}\"", phase.id)), 1, "{}", phase.id);
                for step in &phase.steps {
                    assert_eq!(count(format!("data-step=\"{}\"", step.id)), 1, "{}", step.id);
                    let Action::Manual(manual) = &step.action else { continue };
                    for name in manual.form.keys() {
                        assert!(count(format!("<code>{name}</code>")) >= 1, "{name}");
                    }
                    for item in &manual.checklist {
                        let text =
                            askama::filters::escape(item.title.get(lang), askama::filters::Html);
                        let text = text.expect("infallible").to_string();
                        assert!(page.contains(&text), "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_page_needs_nothing_else_and_is_well_formed() {
    for plan in sample::all() {
        for lang in Lang::ALL {
            let page = printed(&plan, lang);
            // HTML's empty elements do not end; everything else is held to XML's rules.
            let (_, body) = page.split_once("<body>").expect("a body");
            let body = body.replace("<br>", "<br/>").replace("\n</html>", "");
            if let Err(why) = well_formed(&format!("<body>{}", body.trim_end())) {
                panic!("{}: {why}", plan.id);
            }
            for forbidden in ["<script", "src=", "@import", "url("] {
                assert!(!page.contains(forbidden), "{}: {forbidden}", plan.id);
            }
        }
    }
}

#[test]
fn roles_show_who_holds_them_at_the_instant_and_who_is_next() {
    let plan = sample::plan("service-outage");
    let commander = |instant| {
        let page = print(&plan, &directory(), Lang::En, instant);
        let (_, row) = page.split_once("<b>Incident commander</b>").expect("the role");
        row.split_once("</tr>").expect("a row").0.to_owned()
    };
    let first = commander("2026-11-03T00:00:00Z");
    let (holder, deputies) = first
        .split_once("</td><td class=\"people\">")
        .map_or(("", ""), |(_, rest)| rest.split_once("</td>").unwrap_or((rest, "")));
    assert!(holder.contains("Chen") && holder.contains("chen@shop.example"), "{first}");
    assert!(deputies.contains("Li") && !deputies.contains("Chen"), "{first}");
    let second = commander("2026-11-10T00:00:00Z");
    assert!(second.find("Li") < second.find("Chen"), "{second}");
}

#[test]
fn a_role_that_nobody_fills_says_so() {
    let page =
        print(&sample::plan("service-outage"), &directory(), Lang::Zh, "2026-11-03T00:00:00Z");
    assert!(page.contains("<span class=\"nobody\">无人</span>"));
    assert!(page.contains("云服务商") && page.contains("核实于 2026-11-02"));
    assert!(page.contains("未配置联系方式"), "a partner that the configuration does not have");
    assert!(
        page.contains("值班表 值班") && page.contains("合作方 云服务商"),
        "and so are the others"
    );
}

#[test]
fn every_page_carries_the_version_and_steps_do_not_break() {
    let plan = sample::plan("data-leak");
    let page = printed(&plan, Lang::Zh);
    let stamp =
        format!("data-leak · 版本 {} · 打印于 2026-11-21 11:00 Asia/Shanghai", &plan.hash[..12]);
    let repeated = page
        .split("class=\"stamp\">")
        .skip(1)
        .filter(|after| after.split_once('<').is_some_and(|(text, _)| text.contains(&stamp)));
    assert_eq!(repeated.count(), 2, "above and below");
    assert!(page.contains(".step { ") && page.contains("break-inside: avoid; }"));
    // More specific than the rule that takes the padding from the cells around it.
    assert!(page.contains(".pages td.stamp { padding: 0 0 10px;"), "room below the line above");
    assert!(page.contains(".pages tfoot td.stamp { padding: 10px 0 0; }"), "and above the last");
    assert!(page.contains(plan.hash.as_str()), "the whole hash stands once");
}

#[test]
fn what_was_done_is_entered_later_at_its_true_time() {
    let page = printed(&sample::plan("service-outage"), Lang::En).replace("&#34;", "\"");
    for line in [
        "complete № confirm --form \"users_affected=…\" --form \"channels_down=…\"",
        "check № verify 5",
        "evidence № --step restore_data --text \"…\"",
        "complete № follow_up --measure …",
        "answer № stable \"…\"",
    ] {
        let line = format!("<code>firebell incident {line} --occurred-at …</code>");
        assert_eq!(page.matches(&line).count(), 1, "{line}");
    }
    assert!(!page.contains("complete № inform"), "a notice is not completed by hand");
    let leak = printed(&sample::plan("data-leak"), Lang::Zh).replace("&#34;", "\"");
    assert!(leak.contains("clock submit № cac:supplement --reference \"…\""), "no step submits it");
    assert!(!leak.contains("clock submit № cac:report "), "its step does");
    assert!(leak.contains("firebell incident moment № aware … --grounds \"…\""));
}

#[test]
fn messages_stand_on_the_paper_with_blanks_for_what_only_an_incident_knows() {
    let page = printed(&sample::plan("service-outage"), Lang::Zh);
    assert!(page.contains("您可先使用：[客户可用的替代方式：______]。"), "{page}");
    assert!(!page.contains("{{"));
}

#[test]
fn an_outdated_review_and_missing_people_are_said_first() {
    let plan = sample::plan("service-outage");
    let zone = Zone::utc();
    let directory = Directory::built_in();
    let late = at("2027-08-01T00:00:00Z");
    let occasion =
        Occasion { lang: Lang::En, zone: &zone, directory: &directory, at: late, printed: late };
    let page = occasion.print(&plan);
    assert!(page.contains("to be reviewed by 2027-04-30"), "180 days after 2026-11-01");
    assert!(page.contains("No people are configured"));
    let fresh = print(&plan, &self::directory(), Lang::En, "2026-11-21T03:00:00Z");
    assert!(!fresh.contains("class=\"warning\""));
}
