//! Tests of reports: both languages, both forms, and what people wrote stays text.

use super::*;
use crate::id::StepId;
use crate::learn::propose::proposals;
use crate::learn::sample::{PLAN, day, plan, run};
use crate::learn::subject::Subject;

fn report(how: How) -> Report {
    let plan = plan(PLAN);
    let golden = include_str!("../../drill/golden/result-1.json");
    let mut action = crate::learn::action::tests::action(Subject::Step(StepId::new("isolate")));
    action.text = "<script>alert(1)</script> | *bold*".into();
    let seen = run(&plan, 1, 0, how);
    let findings = proposals(&seen, Some(&plan)).into_iter();
    Report {
        format: REPORT_FORMAT,
        title: Text::both("十步演练", "Ten steps"),
        how,
        result: (how != How::Live).then(|| serde_json::from_str(golden).unwrap()),
        sheets: Vec::new(),
        findings: findings.map(|one| Arc::new(Finding::proposed(one))).collect(),
        actions: vec![Arc::new(action)],
        timeline: None,
        as_of: day(1),
    }
}

fn rendered(how: How, form: ReportForm, lang: Lang) -> String {
    report(how).render(form, lang, &Zone::named("Asia/Shanghai").unwrap())
}

#[test]
fn a_report_reads_like_this() {
    let exercise = How::Exercise;
    insta::assert_snapshot!("report_zh_md", rendered(exercise, ReportForm::Markdown, Lang::Zh));
    insta::assert_snapshot!("report_en_md", rendered(exercise, ReportForm::Markdown, Lang::En));
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
    let html = rendered(How::Exercise, ReportForm::Html, Lang::En);
    assert!(!html.contains("<script") && html.contains("alert(1)"), "{html}");
    assert!(!html.contains("src=") && !html.contains("http://"), "{html}");
    let markdown = rendered(How::Exercise, ReportForm::Markdown, Lang::En);
    assert!(
        markdown.contains("&lt;script&gt;") && markdown.contains("\\| \\*bold\\*"),
        "{markdown}"
    );
}
