//! A clock that is wrong for a while: set forward or back around a deadline, and right again.

use firebell::engine::{Command, Fact, Status, StepAct, StepRef, codec};
use firebell::id::IncidentId;
use firebell::runtime::{Caller, Runtime, Scope};
use jiff::{SignedDuration, Timestamp};

use crate::stage::{Stage, facts, rest};
use crate::{PAGE, act, declare};

const DAY_ON: SignedDuration = SignedDuration::from_hours(26);
const HOUR_BACK: SignedDuration = SignedDuration::from_hours(-1);

fn overdue(stage: &Stage, id: IncidentId) -> usize {
    let all = facts(stage, id);
    all.iter().filter(|fact| matches!(fact, Fact::StepOverdue { .. })).count()
}

/// When each event of an incident was recorded.
fn times(stage: &Stage, id: IncidentId) -> Vec<Timestamp> {
    let stream = stage.store.load(id).unwrap().unwrap();
    stream.events().map(|(_, stored)| codec::decode(&stored.bytes).unwrap().recorded_at).collect()
}

/// Declares an incident whose step is due after 30 minutes.
async fn begin(runtime: &Runtime) -> IncidentId {
    let id = declare(runtime, "page").await;
    rest(runtime).await;
    id
}

/// Completes the only step, which closes the incident.
async fn finish(runtime: &Runtime, id: IncidentId) {
    let done = StepAct::Complete {
        form: serde_json::Map::new(),
        evidence: Vec::new(),
        measure: None,
        note: None,
    };
    let command = Command::Step { step: StepRef::current("look"), act: done };
    act(runtime, &Caller::person("ann", Scope::Admin), id, command).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_jumps_around_a_deadline_finds_it_over_once() {
    for minute in [4, 5, 6, 29, 30, 31] {
        for jump in [DAY_ON, HOUR_BACK] {
            let stage = Stage::new(&[("page.yaml", PAGE)]);
            let runtime = stage.start(false);
            let id = begin(&runtime).await;
            stage.pass(&runtime, SignedDuration::from_mins(minute)).await;
            stage.pass(&runtime, jump).await;
            stage.pass(&runtime, -jump).await;
            stage.pass(&runtime, SignedDuration::from_mins(60)).await;
            assert_eq!(overdue(&stage, id), 1, "{jump} in minute {minute}");
            assert!(times(&stage, id).is_sorted(), "{jump} in minute {minute}");
        }
    }
}

#[tokio::test]
async fn work_goes_on_while_the_clock_is_wrong_and_after_it() {
    for jump in [DAY_ON, HOUR_BACK] {
        let stage = Stage::new(&[("page.yaml", PAGE)]);
        let runtime = stage.start(false);
        let old = begin(&runtime).await;
        stage.pass(&runtime, jump).await;
        let between = begin(&runtime).await;
        stage.pass(&runtime, -jump).await;
        let new = begin(&runtime).await;
        stage.pass(&runtime, SignedDuration::from_mins(30)).await;
        assert_eq!(overdue(&stage, new), 1, "{jump}");
        for id in [old, between, new] {
            finish(&runtime, id).await;
            let status = runtime.incident(id).await.unwrap().incident.status;
            assert_eq!(status, Status::Closed, "{jump}");
        }
    }
}
