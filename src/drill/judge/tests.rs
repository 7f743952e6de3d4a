//! What evaluators say, counted in.

use super::*;
use crate::drill::expect::Part;
use crate::drill::result::Outcome;
use crate::drill::score::Verdict;
use crate::text::Lang;

const GOLDEN: &str = include_str!("../golden/result-1.json");

fn open() -> Finding {
    Finding::NotJudged { why: Text::from("?") }
}

fn missed() -> Finding {
    Finding::NotMet { why: Text::from("late") }
}

fn asked(key: &str, weight: u32, critical: bool) -> Judgement {
    let scale = Some(Scale::Psmu);
    let part = Some(Part::Communicate);
    Judgement { weight, critical, scale, part, ..Judgement::of(key, Text::from("?"), open()) }
}

fn plain(key: &str, finding: Finding) -> Judgement {
    Judgement::of(key, Text::from("."), finding)
}

fn result(judgements: Vec<Judgement>) -> DrillResult {
    let golden: DrillResult = serde_json::from_str(GOLDEN).unwrap();
    let card = Scorecard::sum(judgements, 80, Outcome::Completed);
    let (score, verdict, parts) = (card.score, card.verdict, card.parts);
    DrillResult { judgements: card.judgements, score, verdict, parts, ..golden }
}

fn given(rating: Rating, minute: i64) -> Given {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
    Given { rating, note: String::new(), at }
}

fn sheet(evaluator: &str, ratings: &[(&str, Rating)]) -> Sheet {
    let mut sheet = Sheet::new(DrillRunId::from_u128(1), "outage".into(), evaluator.into());
    for (key, rating) in ratings {
        let scale = rating.scale();
        let question = Question { key: (*key).into(), asked: Text::from("?"), scale };
        sheet.rate(&question, given(*rating, 1)).unwrap();
    }
    sheet
}

#[test]
fn what_was_only_open_for_want_of_an_evaluator_gets_its_verdict() {
    let kept = result(vec![plain("a", Finding::Met), asked("evaluator/q", 1, true)]);
    assert_eq!((kept.score, kept.verdict), (Some(100), Verdict::NotJudged));
    let cases = [
        (Rating::P, 100, Verdict::Passed),
        (Rating::S, 87, Verdict::Passed),
        (Rating::M, 70, Verdict::Failed),
        (Rating::U, 50, Verdict::Failed),
    ];
    for (rating, score, verdict) in cases {
        let shown = judged(&kept, &[sheet("li", &[("evaluator/q", rating)])]);
        assert_eq!((shown.score, shown.verdict), (Some(score), verdict), "{rating:?}");
        assert_eq!(shown.parts[&Part::Communicate].score, Some(rating.credit()));
        assert_eq!(shown.judgements[1].ratings[0].by, "li");
    }
    assert_eq!(judged(&kept, &[]), kept, "without evaluators nothing changes");
}

#[test]
fn of_evaluators_who_differ_the_median_counts_and_of_two_the_worse() {
    let kept = result(vec![asked("evaluator/q", 1, false)]);
    let cases: &[(&[Rating], u8)] = &[
        (&[Rating::P, Rating::U, Rating::S], 75),
        (&[Rating::P, Rating::S], 75),
        (&[Rating::U, Rating::P, Rating::P], 100),
        (&[Rating::U, Rating::P], 0),
        (&[Rating::M, Rating::P, Rating::S, Rating::S], 75),
    ];
    for (ratings, score) in cases {
        let sheets: Vec<Sheet> = (0_u8..)
            .zip(*ratings)
            .map(|(n, rating)| sheet(&format!("e{n}"), &[("evaluator/q", *rating)]))
            .collect();
        let shown = judged(&kept, &sheets);
        assert_eq!(shown.score, Some(*score), "{ratings:?}");
        assert_eq!(shown.judgements[0].ratings.len(), ratings.len(), "all are shown");
    }
}

#[test]
fn a_group_waits_for_its_question_and_no_longer_than_it_must() {
    let group = |rule, of: Vec<Judgement>| Judgement {
        rule: Some(rule),
        finding: together(rule, &of),
        of,
        ..plain("all/1", open())
    };
    let parts = |other: Finding| vec![plain("a", other), asked("evaluator/q", 1, false)];
    let all = result(vec![group(Rule::All, parts(Finding::Met))]);
    assert!(matches!(all.judgements[0].finding, Finding::NotJudged { .. }));
    let shown = judged(&all, &[sheet("li", &[("evaluator/q", Rating::S)])]);
    assert_eq!((shown.score, shown.verdict), (Some(100), Verdict::Passed), "judged as one");
    let any = result(vec![group(Rule::Any, parts(Finding::Met))]);
    assert_eq!(any.judgements[0].finding, Finding::Met, "the question cannot turn it");
    let lost = result(vec![group(Rule::All, parts(missed()))]);
    let Finding::NotMet { why } = &lost.judgements[0].finding else { panic!("{lost:?}") };
    assert_eq!(why.get(Lang::En), "0 of 2 met, 2 wanted");
}

#[test]
fn parts_of_a_group_that_did_not_arise_do_not_count() {
    let none = || Finding::NotApplicable { why: Text::from("-") };
    type Expected = fn(&Finding) -> bool;
    let cases: &[(Rule, &[Finding], Expected)] = &[
        (Rule::All, &[Finding::Met, none()], |f| *f == Finding::Met),
        (Rule::AtLeast(2), &[Finding::Met, none()], |f| *f == Finding::Met),
        (Rule::AtLeast(2), &[Finding::Met, missed()], |f| matches!(f, Finding::NotMet { .. })),
        (Rule::Any, &[none(), none()], |f| matches!(f, Finding::NotApplicable { .. })),
        (Rule::AtLeast(2), &[Finding::Met, missed(), open()], |f| {
            matches!(f, Finding::NotJudged { .. })
        }),
    ];
    for (rule, findings, expected) in cases {
        let parts: Vec<_> = findings.iter().map(|one| plain("p", one.clone())).collect();
        let found = together(*rule, &parts);
        assert!(expected(&found), "{rule:?} of {findings:?}: {found:?}");
    }
}

#[test]
fn every_change_of_mind_is_kept_and_the_last_one_counts() {
    let key = "evaluator/q";
    let question = Question { key: key.into(), asked: Text::from("?"), scale: Scale::Psmu };
    let mut sheet = sheet("li", &[(key, Rating::U)]);
    sheet.rate(&question, given(Rating::U, 2)).unwrap();
    assert_eq!(sheet.ratings[key].len(), 1, "the same again is no change");
    sheet.rate(&question, given(Rating::P, 3)).unwrap();
    let shown = judged(&result(vec![asked(key, 1, false)]), &[sheet.clone()]);
    assert_eq!(shown.score, Some(100));
    assert_eq!(shown.judgements[0].ratings[0].changed, 1);
    for minute in 0..i64::try_from(CHANGES_MAX).unwrap() - 2 {
        let rating = if minute % 2 == 0 { Rating::S } else { Rating::M };
        sheet.rate(&question, given(rating, minute)).unwrap();
    }
    assert_eq!(sheet.rate(&question, given(Rating::P, 9)), Err(Refused::Full(CHANGES_MAX)));
}

#[test]
fn what_does_not_fit_the_question_is_refused_with_what_would() {
    let asked = questions(&[asked("evaluator/q", 1, false)]);
    assert_eq!(question(&asked, "q").unwrap(), question(&asked, "evaluator/q").unwrap());
    let unknown = question(&asked, "other").unwrap_err();
    assert_eq!(unknown, Refused::NoSuchQuestion(vec!["evaluator/q".into()]));
    assert!(unknown.message().get(Lang::En).contains("evaluator/q"));
    let mut sheet = sheet("li", &[]);
    let wrong = sheet.rate(&asked[0], given(Rating::Yes, 1)).unwrap_err();
    assert_eq!(wrong, Refused::OtherScale(Scale::Psmu));
    let long = Given { note: "字".repeat(NOTE_CHARS_MAX + 1), ..given(Rating::P, 1) };
    assert_eq!(sheet.rate(&asked[0], long), Err(Refused::TooLong));
    let seen =
        |text: &str| Observation { text: text.into(), objective: None, at: Timestamp::UNIX_EPOCH };
    assert_eq!(sheet.observe(seen(" \n")), Err(Refused::Empty));
    for _ in 0..OBSERVATIONS_MAX {
        sheet.observe(seen("the bridge was silent")).unwrap();
    }
    assert_eq!(sheet.observe(seen("more")), Err(Refused::Full(OBSERVATIONS_MAX)));
}

#[test]
fn a_run_is_judged_for_a_month_after_its_end() {
    let end = Timestamp::UNIX_EPOCH;
    assert_eq!(still_open(end, end + JUDGED_WITHIN), Ok(()));
    let late = end + JUDGED_WITHIN + SignedDuration::from_secs(1);
    assert_eq!(still_open(end, late), Err(Refused::TooLate(end)));
}

#[test]
fn the_verdict_of_many_runs_is_not_an_evaluator_s_to_change() {
    let mut kept = result(vec![asked("evaluator/q", 1, true)]);
    kept.odds = Some(crate::drill::result::Odds {
        passed: crate::drill::study::estimate::Share::of(9, 10),
        wanted: 0.5,
    });
    kept.verdict = Verdict::Passed;
    let shown = judged(&kept, &[sheet("li", &[("evaluator/q", Rating::U)])]);
    assert_eq!((shown.score, shown.verdict), (Some(0), Verdict::Passed));
}

#[test]
fn a_sheet_reads_back_as_it_was_written() {
    let golden = r#"{"format":1,"run":"00000000-0000-0000-0000-000000000001","drill":"outage","evaluator":"li","ratings":{"evaluator/q":[{"rating":"S","at":"1970-01-01T00:01:00Z"}]}}"#;
    let sheet = sheet("li", &[("evaluator/q", Rating::S)]);
    assert_eq!(serde_json::to_string(&sheet).unwrap(), golden);
    assert_eq!(serde_json::from_str::<Sheet>(golden).unwrap(), sheet);
}
