//! Plans that are explored: what holds of them, and the shortest story where something does not.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::sync::Arc;

use firebell::drill::file::Playbooks;
use firebell::drill::stand_in::stand_ins;
use firebell::id::PlaybookId;
use firebell::people::Directory;
use firebell::playbook::{Context, Playbook};
use firebell::proof::{Claim, House, Proof, Story, prove};
use firebell::runtime::Library;
use firebell::text::Lang;
use jiff::Timestamp;

/// What a debug build explores of a plan in a moment.
const SOME: usize = 600;

fn plan(text: &str) -> Playbook {
    let text = format!("title: {{ zh: 试, en: Try }}\nowner: duty\n{text}");
    let loaded = Playbook::load("plan.yaml", text.as_bytes(), &Context::default());
    let findings = loaded.findings;
    loaded.playbook.unwrap_or_else(|| panic!("{findings:?}"))
}

fn explored(playbook: &Playbook, limit: usize) -> Proof {
    let directory: Directory = stand_ins(playbook, &Playbooks::default(), &[]).unwrap();
    let now: Timestamp = "2026-11-11T02:00:00Z".parse().unwrap();
    prove(House { playbook, directory: &directory, now }, limit)
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
fn nothing_is_refuted_of_the_shipped_plans_as_far_as_a_debug_build_looks() {
    for name in ["complaint-surge", "data-leak", "network-attack", "service-outage"] {
        let playbook = shipped(name);
        let proof = explored(&playbook, SOME);
        assert!(!proof.is_refuted(), "{name}: {proof:#?}");
        assert_eq!(proof.states, SOME, "{name}");
    }
}
