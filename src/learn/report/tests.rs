//! Tests of reports: both languages, both forms, and what people wrote stays text.

use super::*;
use crate::drill::exercise::Pause;
use crate::drill::judge::{Observation, SHEET_FORMAT};
use crate::engine::Actor;
use crate::id::StepId;
use crate::learn::action::{ActionState, Change, What};
use crate::learn::propose::proposals;
use crate::learn::sample::{PLAN, day, plan, run};
use crate::learn::subject::Subject;
use crate::timeline::sample::Sample;
use crate::timeline::{Class, Row, Story};

/// What a stranger may write wherever they may write.
const HOSTILE: &str = "<script>alert(1)</script> | *bold* [x](javascript:y)";

fn report(how: How) -> Report {
    let plan = plan(PLAN);
    let golden = include_str!("../../drill/golden/result-1.json");
    let action = |text: &str| crate::learn::action::Action {
        text: text.into(),
        ..crate::learn::action::tests::action(Subject::Step(StepId::new("isolate")))
    };
    let seen = run(&plan, 1, 0, how);
    let source = seen.source;
    let mut mended = action("Write the runbook");
    mended.state = ActionState::Verified { at: day(1), by: source, how };
    let what = What::Verified { shown_by: source };
    mended.changes.push(Change { at: day(1), by: Actor::System, what });
    let findings = proposals(&seen, Some(&plan)).into_iter();
    Report {
        format: REPORT_FORMAT,
        title: Text::both("十步演练", "Ten steps"),
        source,
        how,
        result: (how != How::Live).then(|| serde_json::from_str(golden).unwrap()),
        sheets: Vec::new(),
        findings: findings.map(|one| Arc::new(Finding::proposed(one))).collect(),
        actions: vec![Arc::new(action(HOSTILE))],
        settled: vec![Arc::new(mended)],
        timeline: None,
        as_of: day(1),
    }
}

/// An exercise that stood still, was taken up again and was aborted, with an evaluator who is no
/// friend.
fn troubled() -> Report {
    let mut report = report(How::Exercise);
    let result = report.result.as_mut().unwrap();
    result.pauses = vec![Pause { from: day(0), to: Some(day(1)) }];
    result.resumed = vec![day(2)];
    result.outcome = Outcome::Aborted;
    result.why = Some(Text::Same(HOSTILE.to_owned()));
    result.title = Text::Same(HOSTILE.to_owned());
    result.ended_at = day(3);
    report.title = Text::Same(HOSTILE.to_owned());
    report.sheets = vec![Sheet {
        format: SHEET_FORMAT,
        run: result.run,
        drill: result.drill.clone(),
        evaluator: HOSTILE.into(),
        ratings: std::collections::BTreeMap::new(),
        observations: vec![Observation {
            text: HOSTILE.to_owned(),
            objective: Some("responded".into()),
            at: day(1),
        }],
    }];
    report
}

/// A real incident that stood still.
fn real() -> Report {
    let mut sample = Sample::played();
    sample.events.truncate(30);
    let as_of = sample.events.last().unwrap().recorded_at;
    let mut timeline = Timeline::build(&Story { as_of, ..sample.story() }).unwrap();
    let row = |at: Timestamp, code: &str, zh: &str, en: &str| Row {
        seq: 90,
        occurred_at: at,
        recorded_at: at,
        recorded_late: false,
        actor: Text::both("王磊", "Wang Lei"),
        class: Class::Incident,
        code: code.into(),
        tone: Tone::Warning,
        text: Text::both(zh, en),
        personal: std::collections::BTreeMap::new(),
    };
    timeline.rows.extend([
        row(as_of, "paused", "暂停：等待厂商", "Paused: waiting for the vendor"),
        row(as_of + SignedDuration::from_mins(9), "resumed", "恢复处置", "Resumed"),
    ]);
    Report { timeline: Some(timeline), ..report(How::Live) }
}

fn told(report: &Report, form: ReportForm, lang: Lang) -> String {
    report.render(form, lang, &Zone::named("Asia/Shanghai").unwrap())
}

fn rendered(how: How, form: ReportForm, lang: Lang) -> String {
    report(how).render(form, lang, &Zone::named("Asia/Shanghai").unwrap())
}

#[test]
fn the_report_of_a_drill_reads_like_this() {
    let (md, html) = (ReportForm::Markdown, ReportForm::Html);
    insta::assert_snapshot!("drill_zh_md", told(&troubled(), md, Lang::Zh));
    insta::assert_snapshot!("drill_en_md", told(&troubled(), md, Lang::En));
    insta::assert_snapshot!("drill_zh_html", told(&troubled(), html, Lang::Zh));
    insta::assert_snapshot!("drill_en_html", told(&troubled(), html, Lang::En));
}

#[test]
fn the_report_of_an_incident_reads_like_this() {
    let (md, html) = (ReportForm::Markdown, ReportForm::Html);
    insta::assert_snapshot!("incident_zh_md", told(&real(), md, Lang::Zh));
    insta::assert_snapshot!("incident_en_md", told(&real(), md, Lang::En));
    insta::assert_snapshot!("incident_zh_html", told(&real(), html, Lang::Zh));
    insta::assert_snapshot!("incident_en_html", told(&real(), html, Lang::En));
}

#[test]
fn a_run_that_went_straight_to_its_end_says_nothing_of_breaks() {
    for lang in Lang::ALL {
        let html = rendered(How::Exercise, ReportForm::Html, lang);
        assert!(!html.contains("id=\"course\""), "{html}");
    }
}

#[test]
fn a_restart_says_for_how_long_nobody_attended_at_most() {
    let mut report = Report { how: How::Exercise, ..real() };
    report.result = troubled().result;
    let rows = &report.timeline.as_ref().unwrap().rows;
    let last = rows.iter().map(|row| row.recorded_at).max().unwrap();
    let at = last + SignedDuration::from_mins(40);
    report.result.as_mut().unwrap().resumed = vec![at];
    let en = told(&report, ReportForm::Markdown, Lang::En);
    assert!(en.contains("unattended for at most 40 min"), "{en}");
    let zh = told(&report, ReportForm::Markdown, Lang::Zh);
    assert!(zh.contains("无人值守至多 40 分"), "{zh}");
    report.how = How::Tabletop;
    let en = told(&report, ReportForm::Markdown, Lang::En);
    assert!(!en.contains("unattended") && en.contains("Taken up again"), "{en}");
}

#[test]
fn a_drills_report_is_unmistakably_one_and_a_real_incidents_is_not() {
    for (how, zh, en) in [
        (How::Simulated, "【推演】", "[SIMULATION]"),
        (How::Tabletop, "【演练】", "[DRILL]"),
        (How::Exercise, "【演练】", "[DRILL]"),
    ] {
        assert!(rendered(how, ReportForm::Html, Lang::Zh).contains(zh));
        assert!(rendered(how, ReportForm::Html, Lang::En).contains(en));
    }
    assert!(!rendered(How::Live, ReportForm::Html, Lang::En).contains("[DRILL]"));
}

#[test]
fn what_people_wrote_stays_text_and_the_page_runs_nothing() {
    for lang in Lang::ALL {
        let html = told(&troubled(), ReportForm::Html, lang);
        assert!(!html.contains("<script") && html.contains("alert(1)"), "{html}");
        assert!(!html.contains("src=") && !html.contains("href=\"java"), "{html}");
        let markdown = told(&troubled(), ReportForm::Markdown, lang);
        assert!(!markdown.contains("<script") && markdown.contains("&lt;script&gt;"), "{markdown}");
        assert!(markdown.contains("\\[x\\](java") && markdown.contains("\\*bold\\*"), "{markdown}");
    }
}
