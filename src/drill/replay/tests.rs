//! An incident replayed under its own plan comes out as it was; under another as it would have been.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::drill::file::load;
use crate::drill::simulate::sample;
use crate::drill::stand_in::stand_ins;
use crate::playbook::diagnostic::Rendering;
use crate::text::Lang;

struct House {
    plans: Playbooks,
    playbook: Arc<Playbook>,
    scenario: Scenario,
    directory: Directory,
}

impl House {
    fn new(plan: &str, drill: &str) -> Self {
        let playbook = Arc::new(crate::playbook::shipped::load("plan.yaml", plan));
        let plans = BTreeMap::from([(playbook.id.clone(), Arc::clone(&playbook))]);
        let (scenario, findings) = load("drill.yaml", drill.as_bytes(), &plans);
        let shown = findings.render(Rendering::plain(Lang::En));
        let scenario = scenario.unwrap_or_else(|| panic!("{shown}"));
        let directory = stand_ins(&playbook, &plans, &scenario.injects).unwrap();
        Self { plans, playbook, scenario, directory }
    }

    /// Makes up an incident that really was: one of the drill's runs.
    fn incident(&self, nth: u32) -> Vec<Event> {
        let Self { plans, playbook, scenario, directory } = self;
        let stage = Stage { scenario, playbook, plans, directory };
        let begin = "2027-03-01T02:00:00Z".parse().unwrap();
        let take = Take { run: DrillRunId::from_u128(1), begin, seed: 7 };
        sample(stage, take, nth, crate::drill::simulate::Change::None).events
    }

    fn replayed(&self, events: &[Event], other: &Playbook) -> Replayed {
        let original = Original { playbook: &self.playbook, events };
        replay(original, other, &self.plans, &self.directory).unwrap()
    }
}

macro_rules! shipped {
    ($name:literal) => {
        House::new(
            include_str!(concat!("../../../playbooks/", $name, ".yaml")),
            include_str!(concat!("../../../drills/", $name, ".yaml")),
        )
    };
}

/// A page takes two seconds to its channel in either run, and a person may answer a page that the
/// other run sends a moment later.
const NEAR: u64 = 10;

#[test]
fn an_incident_under_its_own_plan_comes_out_as_it_was() {
    for (name, house) in [
        ("service-outage", shipped!("service-outage")),
        ("data-leak", shipped!("data-leak")),
        ("network-attack", shipped!("network-attack")),
        ("complaint-surge", shipped!("complaint-surge")),
    ] {
        for nth in 0..20 {
            let events = house.incident(nth);
            let replayed = house.replayed(&events, &house.playbook);
            let Exact { promises_alike, promises, most_seconds, only_one } = replayed.exact;
            let other: Vec<_> = replayed
                .milestones
                .iter()
                .filter(|row| row.at.before != row.at.after)
                .map(|row| (row.id.as_str(), row.at.before, row.at.after))
                .collect();
            assert_eq!(promises_alike, promises, "{name} {nth}: {:#?}", replayed.promises);
            assert!(most_seconds <= NEAR, "{name} {nth}: {other:?}");
            assert_eq!(only_one, 0, "{name} {nth}: {other:?}");
            assert_eq!(replayed.lost, [], "{name} {nth}");
        }
    }
}

const PLAN: &str = r"playbook: small
title: { zh: 小预案, en: Small }
owner: ops
roles:
  one: { title: { zh: 角色, en: Role }, assign: { team: one }, acknowledge_within: 5m }
objectives:
  - { id: mended, title: { zh: 修复, en: Mended }, within: 60m, from: declared, to: { step: b, is: done } }
phases:
  - id: only
    title: { zh: 唯一, en: Only }
    steps:
      - { id: a, role: one, title: { zh: 甲, en: A } }
      - { id: b, role: one, title: { zh: 乙, en: B }, after: [a] }
";

const DRILL: &str = r"drill: small
title: { zh: 小演练, en: Small }
playbook: small
run: simulated
cast:
  default: { acknowledge: { observed: [30s] }, work: { observed: [40m] } }
expect: [ { step: a, is: done, within: 1h } ]
";

fn small(plan: &str) -> Playbook {
    crate::playbook::shipped::load("plan.yaml", plan)
}

fn mended(replayed: &Replayed) -> &Replay<PromiseKind> {
    replayed.promises.iter().find(|row| row.id == "mended").unwrap()
}

#[test]
fn steps_beside_each_other_would_have_kept_what_steps_in_a_row_missed() {
    let house = House::new(PLAN, DRILL);
    let beside = small(&PLAN.replace(", after: [a]", ""));
    let replayed = house.replayed(&house.incident(0), &beside);
    let row = mended(&replayed);
    assert_eq!(row.before.unwrap().kept, Some(false), "{replayed:#?}");
    assert_eq!(row.after.unwrap().kept, Some(true), "{replayed:#?}");
    assert!(row.sure && replayed.guessed.is_empty(), "{replayed:#?}");
    assert_eq!(row.limit, Some(3_600));
    let (was, would_be) = (row.before.unwrap().seconds, row.after.unwrap().seconds);
    assert!(was.unwrap() - would_be.unwrap() >= 2_400, "{replayed:#?}");
    let json = serde_json::to_string(&replayed).unwrap();
    assert_eq!(serde_json::from_str::<Replayed>(&json).unwrap(), replayed);
}

#[test]
fn a_step_that_nobody_did_is_guessed_and_what_rests_on_it_is_not_sure() {
    let house = House::new(PLAN, DRILL);
    let longer = small(&PLAN.replace(
        "      - { id: b, role: one, title: { zh: 乙, en: B }, after: [a] }",
        "      - { id: c, role: one, title: { zh: 丙, en: C } }\n      \
         - { id: b, role: one, title: { zh: 乙, en: B }, after: [c] }",
    ));
    let replayed = house.replayed(&house.incident(0), &longer);
    assert_eq!(replayed.guessed, [Guessed::Step { step: "c".into() }]);
    let row = mended(&replayed);
    assert_eq!(row.after.unwrap().kept, Some(false));
    assert!(!row.sure, "were it nothing, it would have been kept: {replayed:#?}");
}

#[test]
fn work_that_the_other_plan_has_no_step_for_is_told() {
    let house = House::new(PLAN, DRILL);
    let shorter = small(
        &PLAN
            .replace("      - { id: a, role: one, title: { zh: 甲, en: A } }\n", "")
            .replace(", after: [a]", ""),
    );
    let replayed = house.replayed(&house.incident(0), &shorter);
    assert_eq!(replayed.lost, [Text::both("甲", "A")]);
    assert_eq!(mended(&replayed).after.unwrap().kept, Some(true));
}

#[test]
fn a_journal_that_does_not_begin_is_not_replayed() {
    let house = House::new(PLAN, DRILL);
    let original = Original { playbook: &house.playbook, events: &[] };
    assert_eq!(replay(original, &house.playbook, &house.plans, &house.directory), None);
}
