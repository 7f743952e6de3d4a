//! What keeps an ended incident from being put away.

use firebell::engine::{ClockAct, ClockRef, Command, StepAct, StepRef};
use firebell::runtime::{CommitOptions, Runtime};
use jiff::SignedDuration;
use serde_json::Map;

use crate::stage::Stage;
use crate::{ann, declare};

const LAW: &str = "
regime: law
title: { zh: 某法, en: Some law }
jurisdiction: { zh: 某地, en: Somewhere }
effective: { from: 2026-01-01 }
verified: true
source: [ { title: { zh: 样例, en: Sample } } ]
stages:
  - id: after
    title: { zh: 事后, en: Afterwards }
    to: { zh: 机关, en: Authority }
    from: closed
    within: 1d
    content: [ { zh: 事后, en: Afterwards } ]
";

const PLAN: &str = "
playbook: leak
title: { zh: 泄露, en: Leak }
clocks: [ { id: law, regime: law, role: commander } ]
roles: { commander: { title: { zh: 指挥, en: Commander }, assign: { team: duty } } }
phases:
  - id: one
    title: { zh: 一, en: One }
    steps: [ { id: look, title: { zh: 看, en: Look }, role: commander } ]
";

async fn ask(runtime: &Runtime, id: firebell::id::IncidentId, command: Command) {
    let done = runtime.execute(&ann(), id, command, CommitOptions::default()).await;
    done.expect("it may be asked");
}

#[tokio::test]
async fn a_stage_that_counts_from_the_close_is_open_in_the_row_until_it_is_submitted() {
    let stage = Stage::new(&[("leak.yaml", PLAN), ("regimes/law.yaml", LAW)]);
    let runtime = stage.start(false);
    let id = declare(&runtime, "leak").await;
    let open = || stage.store.summary(id).unwrap().unwrap().open_clocks;
    assert_eq!(open(), 0);
    let act =
        StepAct::Complete { form: Map::new(), evidence: Vec::new(), measure: None, note: None };
    ask(&runtime, id, Command::Step { step: StepRef::current("look"), act }).await;
    assert_eq!(open(), 1, "the close begins it");
    stage.pass(&runtime, SignedDuration::from_hours(30)).await;
    assert_eq!(open(), 1, "and being late does not end it");
    let act = ClockAct::Submit { reason: Some("a holiday".to_owned()), reference: None };
    let clock = ClockRef { clock: "law".into(), stage: None };
    ask(&runtime, id, Command::Clock { clock, act }).await;
    assert_eq!(open(), 0);
}
