//! The page of small studies, in both languages, and of studies that went wrong.

use super::super::tale::{ROWS_MAX, retell, tell_worst};
use super::super::tests::{House, design, outage, step};
use super::*;
use crate::drill::simulate::simulate;
use crate::drill::study::report::Trials;
use crate::picture::tests::well_formed;
use crate::text::Text;
use crate::timeline::Chain;

fn shanghai() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

/// Studies a plan with its worst runs told.
fn told(house: &House, runs: u32, trials: bool) -> Study {
    let mut study = house.study(runs, trials);
    tell_worst(house.stage(), design(runs, trials).take, &shanghai(), &mut study);
    study
}

/// Returns the page without the styles, which change more often than what is said.
fn printed(study: &Study, lang: Lang) -> String {
    let page = page(study, lang, &shanghai());
    let (_, body) = page.split_once("</style>").expect("styles");
    if let Err(why) = well_formed(&body.replace("</head>", "").replace("</html>", "")) {
        panic!("{why}\n{body}");
    }
    for forbidden in ["<script", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(forbidden), "the page needs nothing else: {forbidden}");
    }
    for nowhere in ["=\"NaN", "=\"inf", "=\"-inf"] {
        assert!(!page.contains(nowhere), "nothing is drawn outside of everything: {nowhere}");
    }
    let pictures = page.matches("<svg ").count();
    assert_eq!(page.matches("<desc>").count(), pictures, "each says what it shows");
    assert!(page.matches("<caption>").count() >= pictures, "each has a table beside it");
    body.to_owned()
}

fn small() -> House {
    let steps = step("a", "one", "") + &step("b", "two", "a");
    let cast = "  steps: { a: { work: { mean: 10m } }, b: { work: { mean: 40m } } }\n";
    let house = House::small(&["one", "two"], &steps, cast);
    let plan = house.source.replace(
        "phases:\n",
        "objectives:\n  - { id: soon, title: { zh: 尽快, en: Soon }, from: declared, to: { step: b, is: done }, within: 30m }\nphases:\n",
    );
    let drill = house.scenario.source.replace("within: 1h", "within: 15m");
    House::new(&plan, &format!("{drill}pass: {{ score: 100, probability: 90% }}\n"))
}

#[test]
fn a_small_study_reads_like_this() {
    let study = told(&small(), 60, true);
    insta::assert_snapshot!("small_zh", printed(&study, Lang::Zh));
    insta::assert_snapshot!("small_en", printed(&study, Lang::En));
}

#[test]
fn the_outage_drill_has_a_page_with_every_part() {
    let study = told(&outage(), 8, true);
    for lang in Lang::ALL {
        let page = printed(&study, lang);
        let parts =
            ["promises", "expectations", "parts", "ended", "milestones", "critical", "trials"];
        for part in parts.into_iter().chain(["worst", "exact"]) {
            assert!(page.contains(&format!("<section id=\"{part}\">")), "{part}");
        }
        assert_eq!(page.matches("<details open=\"\">").count(), study.worst.len());
    }
}

#[test]
fn what_people_wrote_is_text_however_hostile_it_is() {
    let mut study = told(&small(), 40, true);
    let hostile = [
        "<script>alert(1)</script>".to_owned(),
        "\"' onload=\"x\" & </title></svg>".to_owned(),
        "\u{202e}הפסקה גדולה\u{202c} ".repeat(4),
        "客服中断".repeat(50),
    ];
    for text in hostile {
        study.title = Text::Same(text.clone());
        study.promises.iter_mut().for_each(|row| row.title = Text::Same(text.clone()));
        study.expectations.iter_mut().for_each(|row| row.asked = Text::Same(text.clone()));
        study.milestones.iter_mut().for_each(|row| row.title = Text::Same(text.clone()));
        study.critical.iter_mut().for_each(|row| row.title = Text::Same(text.clone()));
        study.roles.iter_mut().for_each(|row| row.title = Text::Same(text.clone()));
        for worst in &mut study.worst {
            worst.not_met = vec![Text::Same(text.clone())];
            worst.timeline.iter_mut().for_each(|row| row.text = Text::Same(text.clone()));
        }
        for lang in Lang::ALL {
            printed(&study, lang);
        }
    }
}

#[test]
fn a_study_in_which_nothing_ended_says_so() {
    let cast = "  roles: { one: { no_show: 100% } }\n";
    let study = told(&House::small(&["one"], &step("a", "one", ""), cast), 20, true);
    assert_eq!((study.completed.hits, &study.ended), (0, &None));
    let page = printed(&study, Lang::En);
    assert!(page.contains("No run came to its end.") && page.contains("no end"), "{page}");
    assert!(printed(&study, Lang::Zh).contains("没有一次走到结束。"));
    assert!(study.worst.iter().all(|row| row.timeline.len() <= ROWS_MAX));
}

#[test]
fn a_study_that_promises_and_requires_nothing_judges_nothing() {
    let house = House::small(&["one"], &step("a", "one", ""), "");
    let (drill, _) = house.scenario.source.split_once("expect:").expect("it requires something");
    let study = told(&House::new(&house.source, drill), 10, false);
    let page = printed(&study, Lang::En);
    for said in
        ["so nothing is judged", "The plan promises nothing.", "The drill requires nothing."]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Probability of passing"), "{page}");
}

#[test]
fn a_single_pair_has_no_interval_and_a_single_run_a_page() {
    let mut study = told(&small(), 1, true);
    printed(&study, Lang::En);
    study.trials = Some(Trials::default());
    study.worst.clear();
    printed(&study, Lang::Zh);
}

#[test]
fn a_run_that_is_told_again_is_the_run_that_was_counted() {
    let (house, zone) = (outage(), shanghai());
    let study = told(&house, 30, false);
    let take = design(30, false).take;
    for worst in &study.worst {
        let run = retell(house.stage(), take, worst.sample, &zone);
        assert_eq!(
            (run.verdict, run.score, run.outcome),
            (worst.verdict, worst.score, worst.outcome)
        );
        assert_eq!(run.not_met, worst.not_met);
        let timeline = run.timeline.unwrap();
        let rows = worst.timeline.len() as u64 + worst.left_out;
        assert_eq!(rows, timeline.rows.len() as u64, "what is left out is counted");
        let last = timeline.rows.last().unwrap();
        assert_eq!(worst.timeline.last().unwrap().text, last.text, "the end is told");
    }
    let first = retell(house.stage(), take, 0, &zone).timeline.unwrap();
    let simulated = simulate(house.stage(), take);
    let head = simulated.journal_hash.unwrap().to_string();
    assert_eq!(first.chain, Chain::Whole { events: simulated.events.len() as u64, head });
}
