//! Plans that are explored: what holds of them, and the shortest story where something does not.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "../model/cases.rs"]
mod cases;
mod random;

use std::path::Path;
use std::sync::Arc;

use firebell::drill::file::Playbooks;
use firebell::drill::stand_in::stand_ins;
use firebell::id::PlaybookId;
use firebell::people::Directory;
use firebell::playbook::{Context, Playbook};
use firebell::proof::{Claim, Detail, House, Proof, Story, prove};
use firebell::runtime::Library;
use firebell::text::Lang;
use jiff::Timestamp;
use proptest::prelude::*;

/// What a debug build explores of a plan in a moment.
const SOME: usize = 600;

fn plan(text: &str) -> Playbook {
    loaded(text).unwrap_or_else(|| panic!("{text}"))
}

fn loaded(text: &str) -> Option<Playbook> {
    let text = format!("title: {{ zh: 试, en: Try }}\nowner: duty\n{text}");
    Playbook::load("plan.yaml", text.as_bytes(), &Context::default()).playbook
}

fn explored(playbook: &Playbook, limit: usize) -> Proof {
    in_detail(playbook, limit, Detail::Kinds)
}

fn in_detail(playbook: &Playbook, limit: usize, detail: Detail) -> Proof {
    let directory: Directory = stand_ins(playbook, &Playbooks::default(), &[]).unwrap();
    let now: Timestamp = "2026-11-11T02:00:00Z".parse().unwrap();
    prove(House { playbook, directory: &directory, now }, limit, detail)
}

fn refuted(claim: &Claim) -> &Story {
    match claim {
        Claim::Refuted(story) => story,
        other => panic!("{other:?}"),
    }
}

const ROLES: &str = "roles:
  commander: { title: { zh: 指挥, en: Commander }, assign: { team: duty }, acknowledge_within: 5m }
";

/// Words a plan of some phases, each with its steps and what follows it.
fn phases(id: &str, before: &str, phases: &[(&str, &str, &str)]) -> Playbook {
    let mut text = format!("playbook: {id}\n{before}{ROLES}phases:\n");
    for (phase, steps, next) in phases {
        text.push_str(&format!(
            "  - id: {phase}\n    title: {{ zh: 段, en: Phase }}\n    steps:\n"
        ));
        for step in steps.lines() {
            text.push_str(&format!(
                "      - {{ title: {{ zh: 步, en: Step }}, {} }}\n",
                step.trim()
            ));
        }
        if !next.is_empty() {
            text.push_str(&format!("    next: [ {next} ]\n"));
        }
    }
    plan(&text)
}

fn told(story: &Story) -> Vec<&str> {
    story.lines.iter().map(|line| line.what.get(Lang::En)).collect()
}

const LOOK: &str = "id: look, role: commander";
const CLOSING: (&str, &str, &str) = ("closing", "id: note, role: commander", "");

#[test]
fn a_plan_of_one_step_has_the_states_one_can_count() {
    let proof = explored(&phases("one", "", &[("work", LOOK, "")]), SOME);
    // Ready, failed, closed; from the first two lead complete, fail, skip and retry.
    assert_eq!((proof.states, proof.moves), (3, 5), "{proof:?}");
    assert_eq!(proof.never_stuck, Claim::Proven);
    assert_eq!(proof.always_ends, Claim::Proven);
    assert_eq!(proof.people_told, Claim::Proven);
    assert!(!proof.cut && !proof.narrowed && proof.defect.is_none());
}

#[test]
fn an_answer_that_no_way_out_was_made_for_is_told_as_the_shortest_story() {
    let work = "id: before, role: commander
        id: over, after: [before], decide: { by: commander, options: [yes, no, maybe] }";
    let next = "{ to: closing, when: 'steps.over.answer == \"yes\"' }, \
                { to: work, when: 'steps.over.answer == \"no\"', at_most: 3 }";
    let playbook = phases("forgotten-answer", "", &[("work", work, next), CLOSING]);
    let proof = explored(&playbook, SOME);
    let story = refuted(&proof.never_stuck);
    assert_eq!(
        told(story),
        ["a person declares the incident", "before (Step): done", "over (Step): answered “maybe”",]
    );
    assert!(story.render(Lang::Zh).contains("选择“maybe”"), "{}", story.render(Lang::Zh));
    let loops: Vec<_> = proof.loops.iter().map(|(phase, most)| (phase.as_str(), *most)).collect();
    assert_eq!(loops, [("work", 3)]);
    assert_eq!(proof.always_ends, Claim::Proven);
}

#[test]
fn a_bound_that_is_spent_is_no_end() {
    let round = [
        "a person declares the incident",
        "look (Step): done, and so again, until the way from work to work was taken 2 times",
        "look (Step): done",
    ];
    let alone = phases("alone", "", &[("work", LOOK, "{ to: work, at_most: 2 }")]);
    let proof = explored(&alone, SOME);
    assert_eq!(proof.never_stuck, Claim::Proven);
    assert_eq!(told(refuted(&proof.always_ends)), round);
    let other = ("other", "id: mend, role: commander", "{ to: work, at_most: 1 }");
    let proof = explored(&phases("circle", "", &[("work", LOOK, ""), other]), SOME);
    assert_eq!(refuted(&proof.always_ends).lines.len(), 5, "{proof:?}");
}

#[test]
fn a_loop_that_the_plan_leads_out_of_ends() {
    let work = "id: over, decide: { by: commander, options: [yes, no] }";
    let again = "{ to: work, when: 'steps.over.answer == \"no\"', at_most: 9 }, { to: closing }";
    let chosen = phases("chosen", "", &[("work", work, again), CLOSING]);
    let stuck = "handlers: [ { event: stuck, go: closing } ]\n";
    let led = [("work", LOOK, "{ to: work, at_most: 9 }"), CLOSING];
    // The bound is never reached: counting is the plan's own.
    let rounds = "inputs: { rounds: { type: integer, default: 0 } }\n";
    let counts = "id: look, role: commander
        id: count, after: [look], set: { rounds: 'rounds + 1' }";
    let next = "{ to: work, when: rounds < 3, at_most: 9 }, { to: closing }";
    for playbook in [
        chosen,
        phases("led", stuck, &led),
        phases("counting", rounds, &[("work", counts, next), CLOSING]),
    ] {
        let proof = explored(&playbook, SOME);
        for claim in [&proof.never_stuck, &proof.always_ends] {
            assert_eq!(*claim, Claim::Proven, "{}", playbook.id);
        }
    }
}

#[test]
fn a_failure_that_leads_on_matters_of_whatever_step() {
    let before = "inputs: { calm: { type: boolean } }
handlers: [ { event: step_failed, go: closing, at_most: 1 } ]
";
    let aside = "id: look, role: commander, blocks: nothing";
    let work = ("work", aside, "{ to: closing, when: calm }");
    let proof = explored(&phases("given-up", before, &[work, CLOSING]), SOME);
    assert_eq!(refuted(&proof.never_stuck).lines.len(), 1);
    assert_eq!(proof.always_ends, Claim::Proven);
}

#[test]
fn a_cancellation_that_must_undo_something_ends() {
    let undone = |undo: &str| {
        let look = "id: look, role: commander, compensate: restore";
        let work = format!("{look}\nid: restore, {undo}");
        let input = "inputs: { calm: { type: boolean, default: false } }\n";
        explored(&phases("undone", input, &[("work", &work, ""), CLOSING]), SOME)
    };
    let proof = undone("role: commander");
    for claim in [&proof.never_stuck, &proof.always_ends, &proof.people_told] {
        assert_eq!(*claim, Claim::Proven);
    }
    let story = undone("wait: { until: calm }").always_ends;
    let cancelled = "the commander cancels the incident";
    let done = "look (Step): done";
    let begun = "a person declares the incident (calm = false)";
    assert_eq!(told(refuted(&story)), [begun, done, cancelled]);
}

#[test]
fn consent_that_only_the_author_could_give_leads_nowhere() {
    let work = "id: draft, role: commander
        id: consent, after: [draft], approve: { by: [role/commander] }";
    let proof = explored(&phases("own-work", "", &[("work", work, "")]), SOME);
    assert!(proof.always_ends.is_refuted(), "{proof:?}");
    let story = refuted(&proof.always_ends);
    assert_eq!(story.lines.len(), 2, "{}", story.render(Lang::En));
}

#[test]
fn conditions_fall_every_way_they_can() {
    let users = "inputs: { users: { type: integer, min: 0 } }\n";
    let next = "{ to: small, when: users < 10 }, { to: large, when: users > 10 }";
    let small = ("small", "id: mend, role: commander", "{ to: end }");
    let large = ("large", "id: rebuild, role: commander", "");
    let end = ("end", "id: note, role: commander", "");
    let proof =
        explored(&phases("thresholds", users, &[("work", LOOK, next), small, large, end]), SOME);
    let story = refuted(&proof.never_stuck);
    // Nobody made a way for exactly ten, nor for not knowing.
    assert_eq!(story.lines.len(), 2, "{}", story.render(Lang::En));
    let begins = told(story)[0];
    assert!(begins.ends_with("(users = 10)") || begins.ends_with("incident"), "{begins}");
}

#[test]
fn a_bound_leaves_open_what_was_not_looked_at() {
    let playbook = shipped("service-outage");
    let proof = explored(&playbook, 50);
    assert!(proof.cut && proof.states == 50);
    assert_eq!(proof.never_stuck, Claim::Open);
}

fn shipped(name: &str) -> Arc<Playbook> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("playbooks/{name}.yaml"));
    let library = Library::of_plan(&file);
    library.playbook(&PlaybookId::new(name)).expect("it is shipped")
}

fn every_promise_is_proven_of(name: &str) {
    let proof = explored(&shipped(name), 100_000);
    for claim in [&proof.never_stuck, &proof.always_ends, &proof.people_told] {
        assert_eq!(*claim, Claim::Proven, "{name}");
    }
    assert!(proof.defect.is_none() && !proof.cut && !proof.narrowed, "{name}");
}

#[test]
fn every_promise_is_proven_of_the_complaint_surge() {
    every_promise_is_proven_of("complaint-surge");
}

#[test]
fn every_promise_is_proven_of_the_data_leak() {
    every_promise_is_proven_of("data-leak");
}

#[test]
fn every_promise_is_proven_of_the_network_attack() {
    every_promise_is_proven_of("network-attack");
}

#[test]
fn every_promise_is_proven_of_the_service_outage() {
    every_promise_is_proven_of("service-outage");
}

/// How many random plans are explored where nothing else is said, and how far in every detail.
const CASES: u32 = 60;
const EVERYTHING: usize = 2_500;

proptest! {
    #![proptest_config(cases::config(CASES, "tests/proof/regressions.txt", 400))]

    #[test]
    fn what_holds_of_one_order_of_each_kind_holds_of_every_order(plan in random::plans()) {
        let text = plan.text();
        let playbook = loaded(&text);
        prop_assume!(playbook.is_some());
        let playbook = playbook.unwrap();
        let all = in_detail(&playbook, EVERYTHING, Detail::All);
        prop_assume!(!all.cut && !all.narrowed);
        let kinds = explored(&playbook, EVERYTHING);
        prop_assert!(!kinds.cut && !kinds.narrowed, "{text}");
        // Bounds are taken to be spent that in fact may never be.
        let counted = kinds.loops.values().all(|most| *most == 1);
        prop_assert!(!counted || kinds.states <= all.states, "{text}");
        for (name, kind, every) in [
            ("stuck", &kinds.never_stuck, &all.never_stuck),
            ("ends", &kinds.always_ends, &all.always_ends),
            ("told", &kinds.people_told, &all.people_told),
        ] {
            prop_assert_eq!(kind.is_refuted(), every.is_refuted(), "{}\n{}: {:#?}", text, name, (kind, every));
        }
        prop_assert!(kinds.defect.is_none() && all.defect.is_none(), "{text}{:?}", all.defect);
    }
}
