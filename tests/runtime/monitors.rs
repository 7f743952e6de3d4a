//! Surges: found from what was counted, told to incidents, and kept over deaths.

use std::sync::Arc;
use std::time::Duration;

use firebell::clock::Clock as _;
use firebell::engine::{Fact, ValueSource};
use firebell::id::IncidentId;
use firebell::people::Zone;
use firebell::playbook::HandlerEvent;
use firebell::runtime::{MonitorView, Runtime};
use firebell::signal::{Baseline, Form, Gather, Monitor, Rule, Spread, Standing, read_body};
use firebell::store::{Kind, Query, Which};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Builder;

use crate::stage::{Stage, facts};

const PLAN: &str = "playbook: surge
title: Surge
owner: duty
inputs:
  times: { type: number }
  about: { type: string }
levels:
  - { level: 2, when: times >= 6.0 }
  - { level: 4 }
activate_when:
  - surge:
      monitor: complaints
      at_least: 3.0
      inputs: { times: '{{ surge.ratio }}', about: '{{ surge.top }}' }
messages:
  told: { subject: Told, text: 'Now {{ surge.ratio }} of {{ surge.baseline }}' }
roles:
  commander: { title: Commander, assign: { team: duty } }
phases:
  - id: work
    title: Work
    steps:
      - { id: look, role: commander, title: Look }
handlers:
  - { event: surge_subsided, notify: { to: role/commander, message: told } }
";

fn monitor() -> Monitor {
    Monitor {
        id: "complaints".into(),
        signal: "complaint".into(),
        window: 60,
        group_by: vec!["category".into()],
        spread: Spread::Anywhere,
        minimum: 10,
        rule: Rule::Ratio { times: 3.0, minutes: 2 },
        marks: Vec::new(),
        sources: Vec::new(),
        baseline: Baseline { weeks: 4, floor: 1.0 },
        chance: 1e-4,
        levels: Vec::new(),
        clear_below: 1.5,
        clear_for: 10,
        cool_down: 60,
        late: 10,
        groups_max: 100,
        zone: Zone::utc(),
    }
}

/// One life of a server: what it does on its own threads ends with it, whatever it was doing.
fn life<T>(stage: &Stage, body: impl AsyncFnOnce(&Runtime) -> T) -> T {
    let threads = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let told = threads.block_on(async {
        let runtime = stage.start_watching(vec![monitor()]);
        body(&runtime).await
    });
    threads.shutdown_timeout(Duration::from_secs(5));
    told
}

async fn count(stage: &Stage, runtime: &Runtime, category: &str, count: u32) {
    let mut gather = Gather::new(runtime.wanted_signals(), stage.clock.now());
    let line = format!(
        r#"{{"signal":"complaint","count":{count},"ticket":"T-9","labels":{{"category":"{category}"}}}}"#
    );
    read_body(line.as_bytes(), Form::Json, &mut gather).unwrap();
    runtime.count_signals(gather.batch(), None).await.unwrap();
}

/// Moves the clock and waits until the monitors have looked.
async fn pass(stage: &Stage, runtime: &Runtime, time: SignedDuration) -> MonitorView {
    stage.clock.advance(time);
    looked(stage, runtime).await
}

async fn looked(stage: &Stage, runtime: &Runtime) -> MonitorView {
    let now = stage.clock.now().as_second();
    let minute = Timestamp::from_second(now - now % 60).unwrap();
    until(|| {
        let view = runtime.monitors().remove(0);
        (view.looked_at == minute).then_some(view)
    })
    .await
}

async fn until<T>(mut there: impl FnMut() -> Option<T>) -> T {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = there() {
            return found;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
        assert!(tokio::time::Instant::now() < patience, "it never comes");
    }
}

/// Twenty complaints an hour, for as long as it takes to know what is usual.
async fn learn(stage: &Stage, runtime: &Runtime) {
    for _ in 0..80 {
        count(stage, runtime, "delivery", 20).await;
        pass(stage, runtime, SignedDuration::from_hours(1)).await;
    }
}

fn incidents(stage: &Stage) -> Vec<IncidentId> {
    let query = Query { which: Which::All, before: None, limit: 10 };
    stage.store.list(query).unwrap().into_iter().map(|row| row.id).collect()
}

/// Waits until the incident's journal holds so many facts of a kind; returns them all.
async fn told(stage: &Stage, id: IncidentId, n: usize, kind: fn(&Fact) -> bool) -> Vec<Fact> {
    until(|| {
        let all = facts(stage, id);
        (all.iter().filter(|fact| kind(fact)).count() >= n).then_some(all)
    })
    .await
}

fn is_observed(fact: &Fact) -> bool {
    matches!(fact, Fact::SurgeObserved(_))
}

#[test]
fn a_surge_begins_its_plan_with_proof_feeds_it_and_tells_when_it_is_over() {
    let stage = Stage::new(&[("surge.yaml", PLAN)]);
    life(&stage, async |runtime: &Runtime| {
        learn(&stage, runtime).await;
        assert_eq!(looked(&stage, runtime).await.standing, Standing::Quiet);
        count(&stage, runtime, "delivery", 80).await;
        for _ in 0..3 {
            assert!(incidents(&stage).is_empty());
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        let id = until(|| incidents(&stage).first().copied()).await;
        let is_proof = |fact: &Fact| matches!(fact, Fact::EvidenceAdded { .. });
        let all = told(&stage, id, 2, is_proof).await;
        let seen = all.iter().find_map(|fact| match fact {
            Fact::SurgeObserved(seen) => Some(seen.surge.clone()),
            _ => None,
        });
        let seen = seen.expect("it is attached");
        assert_eq!((seen.ratio, seen.baseline, seen.count), (Some(4.0), Some(20.0), 80));
        assert_eq!((seen.groups[0].name.as_str(), seen.tickets.len()), ("delivery", 1));
        let set = all.iter().find_map(|fact| match fact {
            Fact::VariablesSet { values, source: ValueSource::Surge, .. } => Some(values.clone()),
            _ => None,
        });
        assert_eq!(set.unwrap().len(), 2, "both inputs are read");
        // It grows, and the level with it; a little more is nothing new.
        count(&stage, runtime, "delivery", 60).await;
        pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        let all = told(&stage, id, 2, is_observed).await;
        let raised = |fact: &Fact| matches!(fact, Fact::LevelChanged { to: 2, .. });
        assert!(all.iter().any(raised), "{all:#?}");
        count(&stage, runtime, "delivery", 2).await;
        pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        let observed = facts(&stage, id).iter().filter(|fact| is_observed(fact)).count();
        assert_eq!(observed, 2);
        let is_over = |fact: &Fact| matches!(fact, Fact::SurgeSubsided(_));
        for _ in 0..80 {
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        let all = told(&stage, id, 1, is_over).await;
        let fired = |fact: &Fact| {
            matches!(fact, Fact::HandlerFired { event: HandlerEvent::SurgeSubsided, .. })
        };
        assert!(all.iter().any(fired));
        assert_eq!(incidents(&stage), [id]);
    });
}

#[test]
fn a_death_at_any_time_loses_no_count_and_tells_nothing_twice() {
    let stage = Stage::new(&[("surge.yaml", PLAN)]);
    life(&stage, async |runtime: &Runtime| learn(&stage, runtime).await);
    let before = life(&stage, async |runtime: &Runtime| {
        let before = looked(&stage, runtime).await;
        assert_eq!((before.tallied.counted, before.standing), (1_600, Standing::Quiet));
        count(&stage, runtime, "delivery", 40).await;
        count(&stage, runtime, "billing", 40).await;
        pass(&stage, runtime, SignedDuration::from_mins(1)).await
    });
    let id = life(&stage, async |runtime: &Runtime| {
        let after = looked(&stage, runtime).await;
        assert_eq!((after.tallied, after.outlook.top), (before.tallied, before.outlook.top));
        for _ in 0..3 {
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        until(|| incidents(&stage).first().copied()).await
    });
    life(&stage, async |runtime: &Runtime| {
        for _ in 0..3 {
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        let told_of = facts(&stage, id).iter().filter(|fact| is_observed(fact)).count();
        assert_eq!(told_of, 1, "the new life tells nothing again");
        for _ in 0..100 {
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        let is_over = |fact: &Fact| matches!(fact, Fact::SurgeSubsided(_));
        told(&stage, id, 1, is_over).await;
    });
    life(&stage, async |runtime: &Runtime| {
        for _ in 0..3 {
            pass(&stage, runtime, SignedDuration::from_mins(1)).await;
        }
        assert_eq!(looked(&stage, runtime).await.standing, Standing::Quiet);
    });
    assert_eq!(incidents(&stage), [id]);
    let all = facts(&stage, id);
    let of = |kind: fn(&Fact) -> bool| all.iter().filter(|fact| kind(fact)).count();
    assert_eq!(of(|fact| matches!(fact, Fact::SurgeSubsided(_))), 1);
}

#[test]
fn what_is_kept_is_folded_and_does_not_grow_with_time() {
    let stage = Stage::new(&[("surge.yaml", PLAN)]);
    life(&stage, async |runtime: &Runtime| {
        learn(&stage, runtime).await;
        runtime.drain().await;
    });
    let kept = stage.store.documents(Kind::Monitor, "", 1_000).unwrap();
    let names: Vec<&str> = kept.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names.len(), 3, "an index, the monitor, its groups: {names:?}");
    let store = Arc::clone(&stage.store);
    life(&stage, async |runtime: &Runtime| {
        assert_eq!(looked(&stage, runtime).await.tallied.counted, 1_600);
        assert!(store.documents(Kind::Monitor, "", 1_000).unwrap().len() <= 3);
    });
}
