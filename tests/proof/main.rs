//! Plans that are explored: what holds of them, and the shortest story where something does not.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

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
use proptest::test_runner::{Config, FileFailurePersistence};

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

#[test]
fn a_plan_of_one_step_has_the_states_one_can_count() {
    let playbook = plan(&format!(
        "playbook: one\n{ROLES}phases:
  - id: work
    title: {{ zh: 处置, en: Work }}
    steps:
      - {{ id: look, role: commander, title: {{ zh: 看, en: Look }} }}
"
    ));
    let proof = explored(&playbook, SOME);
    // Ready, failed, closed; from the first two lead complete, fail, skip and retry.
    assert_eq!((proof.states, proof.moves), (3, 5), "{proof:?}");
    assert_eq!(proof.never_stuck, Claim::Proven);
    assert_eq!(proof.always_ends, Claim::Proven);
    assert_eq!(proof.people_told, Claim::Proven);
    assert!(!proof.cut && !proof.narrowed && proof.defect.is_none());
}

#[test]
fn an_answer_that_no_way_out_was_made_for_is_told_as_the_shortest_story() {
    let playbook = plan(&format!(
        "playbook: forgotten-answer\n{ROLES}phases:
  - id: work
    title: {{ zh: 处置, en: Work }}
    steps:
      - {{ id: before, role: commander, title: {{ zh: 先, en: First }} }}
      - {{ id: over, after: [before], title: {{ zh: 结束了吗, en: Is it over }}, decide: {{ by: commander, options: [yes, no, maybe] }} }}
    next:
      - {{ to: after, when: 'steps.over.answer == \"yes\"' }}
      - {{ to: work, when: 'steps.over.answer == \"no\"', at_most: 3 }}
  - id: after
    title: {{ zh: 复盘, en: Review }}
    steps:
      - {{ id: lessons, role: commander, title: {{ zh: 复盘, en: Lessons }} }}
"
    ));
    let proof = explored(&playbook, SOME);
    let story = refuted(&proof.never_stuck);
    let told: Vec<&str> = story.lines.iter().map(|line| line.what.get(Lang::En)).collect();
    assert_eq!(
        told,
        [
            "a person declares the incident",
            "before (First): done",
            "over (Is it over): answered “maybe”",
        ]
    );
    assert!(story.render(Lang::Zh).contains("选择“maybe”"), "{}", story.render(Lang::Zh));
    assert_eq!(
        proof.loops.iter().next().map(|(phase, most)| (phase.as_str(), *most)),
        Some(("work", 3))
    );
    assert_eq!(proof.always_ends, Claim::Proven);
}

#[test]
fn consent_that_only_the_author_could_give_leads_nowhere() {
    let playbook = plan(&format!(
        "playbook: own-work\n{ROLES}phases:
  - id: work
    title: {{ zh: 处置, en: Work }}
    steps:
      - {{ id: draft, role: commander, title: {{ zh: 起草, en: Draft }} }}
      - {{ id: consent, after: [draft], title: {{ zh: 审批, en: Consent }}, approve: {{ by: [role/commander] }} }}
"
    ));
    let proof = explored(&playbook, SOME);
    assert!(proof.always_ends.is_refuted(), "{proof:?}");
    let story = refuted(&proof.always_ends);
    assert_eq!(story.lines.len(), 2, "{}", story.render(Lang::En));
}

#[test]
fn conditions_fall_every_way_they_can() {
    let playbook = plan(&format!(
        "playbook: thresholds\ninputs:\n  users: {{ type: integer, min: 0 }}\n{ROLES}phases:
  - id: work
    title: {{ zh: 处置, en: Work }}
    steps:
      - {{ id: look, role: commander, title: {{ zh: 看, en: Look }} }}
    next:
      - {{ to: small, when: users < 10 }}
      - {{ to: large, when: users > 10 }}
  - id: small
    title: {{ zh: 小, en: Small }}
    steps: [ {{ id: mend, role: commander, title: {{ zh: 修, en: Mend }} }} ]
    next: [ {{ to: large, when: 'false' }}, {{ to: end }} ]
  - id: large
    title: {{ zh: 大, en: Large }}
    steps: [ {{ id: rebuild, role: commander, title: {{ zh: 重建, en: Rebuild }} }} ]
  - id: end
    title: {{ zh: 终, en: End }}
    steps: [ {{ id: note, role: commander, title: {{ zh: 记, en: Note }} }} ]
"
    ));
    let proof = explored(&playbook, SOME);
    let story = refuted(&proof.never_stuck);
    // Nobody made a way for exactly ten, nor for not knowing.
    assert_eq!(story.lines.len(), 2, "{}", story.render(Lang::En));
    let begins = story.lines[0].what.get(Lang::En);
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

#[test]
fn every_promise_is_proven_of_the_shipped_plans() {
    for name in ["complaint-surge", "data-leak", "network-attack", "service-outage"] {
        let proof = explored(&shipped(name), 100_000);
        for claim in [&proof.never_stuck, &proof.always_ends, &proof.people_told] {
            assert_eq!(*claim, Claim::Proven, "{name}");
        }
        assert!(proof.defect.is_none() && !proof.cut && !proof.narrowed, "{name}");
    }
}

/// How many random plans are explored where nothing else is said, and how far in every detail.
const CASES: u32 = 60;
const EVERYTHING: usize = 2_500;

fn config() -> Config {
    let said = Config::default();
    let kept = FileFailurePersistence::Direct("tests/proof/regressions.txt");
    Config {
        // 256 is what proptest says where nobody says anything.
        cases: if said.cases == 256 { CASES } else { said.cases },
        failure_persistence: Some(Box::new(kept)),
        max_shrink_iters: 400,
        ..said
    }
}

proptest! {
    #![proptest_config(config())]

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
        prop_assert!(kinds.states <= all.states, "{text}");
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
