//! Runbooks in Markdown.

use firebell::exchange::Draft;
use firebell::exchange::markdown::import;
use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Action, CheckItem, Context, Playbook};
use firebell::text::{Lang, Text};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::corpus::read;

fn drafted(text: &str, lang: Lang) -> Draft {
    import("runbook.md", text.as_bytes(), lang)
        .unwrap_or_else(|found| panic!("{}\n{text}", found.render(Rendering::plain(Lang::En))))
}

fn plan_of(text: &str, lang: Lang) -> (Playbook, String) {
    let yaml = drafted(text, lang).to_yaml();
    let loaded = Playbook::load("x.yaml", yaml.as_bytes(), &Context::default());
    (loaded.playbook.unwrap_or_else(|| panic!("{yaml}")), yaml)
}

/// Every word that a person reads in a plan.
fn words(plan: &Playbook) -> String {
    fn items(list: &[CheckItem], out: &mut Vec<String>) {
        for item in list {
            out.push(item.title.get(Lang::En).to_owned());
            items(&item.items, out);
        }
    }
    let text = |text: &Option<Text>| text.iter().map(|t| t.get(Lang::En).to_owned()).collect();
    let mut out: Vec<String> = text(&plan.summary);
    for phase in &plan.phases {
        out.push(phase.title.get(Lang::En).to_owned());
        for step in &phase.steps {
            out.extend(text(&step.title) as Vec<String>);
            let Action::Manual(manual) = &step.action else { panic!("work for a person") };
            out.extend(text(&manual.instructions) as Vec<String>);
            items(&manual.checklist, &mut out);
        }
    }
    out.join("\n")
}

#[test]
fn a_runbook_becomes_a_draft_with_its_questions() {
    let text = String::from_utf8(read("tests/corpus/runbook/outage.md")).expect("UTF-8");
    for lang in Lang::ALL {
        let (_, yaml) = plan_of(&text, lang);
        insta::assert_snapshot!(format!("runbook-{}", lang.code()), yaml);
    }
}

#[test]
fn an_empty_runbook_and_one_of_sixty_chapters_are_refused() {
    let code = |text: &str| {
        let found = import("x.md", text.as_bytes(), Lang::En).expect_err("refused");
        found.iter().next().map(|finding| finding.code.as_str().to_owned())
    };
    assert_eq!(code("").as_deref(), Some("E0712"));
    assert_eq!(code("just words").as_deref(), Some("E0712"));
    let chapters: String = (0..60).map(|n| format!("## {n}\n\n1. x\n")).collect();
    assert_eq!(code(&chapters).as_deref(), Some("E0709"));
    assert_eq!(code(&"1. x\n".repeat(5_000)).as_deref(), Some("E0709"));
    assert_eq!(code(&"x".repeat(2_000_000)).as_deref(), Some("E0101"));
}

#[test]
fn hostile_nesting_is_read_in_bounded_time() {
    let nested: String = (0..400).map(|n| format!("{}- x{n}\n", "  ".repeat(n))).collect();
    let (plan, _) = plan_of(&nested, Lang::En);
    let words = words(&plan);
    assert!((0..400).all(|n| words.contains(&format!("x{n}"))));
    for text in ["> ".repeat(50_000), "- ".repeat(5_000), "[".repeat(50_000), "| ".repeat(50_000)] {
        let _ = import("x.md", text.as_bytes(), Lang::En);
    }
}

#[test]
fn what_stands_before_a_runbook_names_it_and_is_kept_beside_it() {
    let text = "---\ntitle: Leak, first hour\nowner: security\n---\n# Runbook 7\n\n1. Call\n";
    let (plan, yaml) = plan_of(text, Lang::En);
    assert_eq!(plan.title.get(Lang::En), "Leak, first hour");
    assert_eq!(plan.phases.len(), 1);
    assert!(yaml.contains("# owner: security\n"), "{yaml}");
    assert!(words(&plan).contains("Runbook 7"), "the heading is another name");
    let (plan, yaml) = plan_of("---\n\n1. Call\n\n---\n\n2. Wait\n", Lang::En);
    assert_eq!(plan.every_step().count(), 2, "two rules are no front matter: {yaml}");
}

#[test]
fn what_is_ticked_or_struck_through_stays_with_a_question() {
    let text = "# Plan\n\n- [x] Old alarm\n  - [X] ~~Siren~~\n- [ ] Phone\n";
    let (plan, yaml) = plan_of(text, Lang::En);
    assert_eq!(words(&plan).matches("Old alarm").count(), 1);
    assert!(words(&plan).contains("~~Siren~~"));
    for said in ["# Ticked in the runbook: Old alarm;", "Ticked in the runbook: ~~Siren~~;"] {
        assert!(yaml.contains(said), "{yaml}");
    }
    assert!(!yaml.contains("Ticked in the runbook: Phone"), "{yaml}");
    assert!(yaml.contains("struck through"), "{yaml}");
    assert!(plan_of(text, Lang::Zh).1.contains("手册中已勾选：Old alarm"));
}

#[test]
fn cells_without_a_column_and_columns_without_a_cell_are_kept() {
    let text = "| a | owner |\n|---|---|\n| call | | by `x\\|y` | 5m |\n| stop | | |\n\n\
                | lone | heads |\n|---|---|\n\nSee[^1].\n\n[^1]: underneath\n";
    let (plan, _) = plan_of(text, Lang::En);
    let words = words(&plan);
    for said in ["call", "owner:", "by `x|y`", "5m", "stop", "lone", "heads", "[^1]: underneath"] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

/// A document of what runbooks are made of, and the items that must not be lost.
fn documents() -> impl Strategy<Value = (String, Vec<String>)> {
    let word = "[a-z一-龥][a-z0-9一-龥：,，'\"?!%]{0,11}";
    // What stands before and around the words of an item.
    let marks = prop::sample::select(vec![("", ""), ("[ ] ", ""), ("[x] ", ""), ("", "~~")]);
    let cell = "([a-z一-龥][a-z0-9一-龥]{0,8})?";
    let blocks = prop_oneof![
        (1_usize..5, word)
            .prop_map(|(level, said)| (format!("{} {said}\n", "#".repeat(level)), vec![said])),
        prop::collection::vec(word, 1..4).prop_map(|words| {
            let lines = words.iter().enumerate().map(|(n, w)| format!("{}. {w}\n", n + 1));
            (lines.collect(), words)
        }),
        prop::collection::vec((word, 0_usize..7, marks), 1..8).prop_map(|items| {
            let mut deep = 0;
            let mut text = String::new();
            let mut words = Vec::new();
            for (said, depth, (mark, around)) in items {
                deep = depth.min(deep + 1);
                if words.is_empty() {
                    deep = 0;
                }
                text += &format!("{}- {mark}{around}{said}{around}\n", "  ".repeat(deep));
                words.push(said);
            }
            (text, words)
        }),
        (word, word, prop::collection::vec(prop::collection::vec(cell, 1..4), 1..4)).prop_map(
            |(one, two, rows)| {
                let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
                let lines: String = rows.iter().map(line).collect();
                let cells = rows.into_iter().flatten().filter(|cell| !cell.is_empty());
                let text = format!("| {one} | {two} |\n|---|---|\n{lines}");
                (text, cells.chain([one, two]).collect())
            }
        ),
        word.prop_map(|said| (format!("{said}\n"), vec![said])),
    ];
    let front = prop::option::of("[a-z]{1,9}");
    (front, prop::collection::vec(blocks, 1..10)).prop_map(|(front, blocks)| {
        let text: Vec<String> = blocks.iter().map(|(text, _)| text.clone()).collect();
        let text = text.join("\n<!-- -->\n\n");
        let mut items: Vec<String> = blocks.into_iter().flat_map(|(_, words)| words).collect();
        let Some(front) = front else { return (text, items) };
        items.push(front.clone());
        (format!("---\nauthor: {front}\ntitle: t{front}\n---\n{text}"), items)
    })
}

proptest! {
    #[test]
    fn no_item_is_lost((text, items) in documents()) {
        let work = text.lines().any(|line| {
            line.trim_start().starts_with("- ") || line.starts_with(['|', '1'])
        });
        let chapters = text.lines().filter(|line| line.starts_with('#')).count();
        // Words below one title alone are no plan.
        prop_assume!(work || chapters > 1);
        let draft = drafted(&text, Lang::En);
        let (plan, _) = plan_of(&text, Lang::En);
        let notes: Vec<&str> = draft.remarks.iter().map(|(_, said)| said).collect();
        let words = format!("{}\n{}\n{}", plan.title.get(Lang::En), words(&plan), notes.join("\n"));
        let words: String = words.nfc().collect();
        for item in items {
            let item: String = item.nfc().collect();
            prop_assert!(words.contains(item.trim_end_matches([':', '：'])), "{item}\n{text}\n{words}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([#>*|`\\[\\]() \\n-]|1\\. |\\PC){0,60}") {
        if let Err(found) = import("x.md", text.as_bytes(), Lang::Zh) {
            let codes: Vec<&str> = found.iter().map(|f| f.code.as_str()).collect();
            prop_assert_eq!(codes, ["E0712"]);
        }
    }
}
