//! Watches the promises while firebell runs: every open incident goes on by itself or waits on a
//! named person; every notice reaches an end; the ticker, the store and the dispatcher make
//! progress. Looks at a few incidents at a time, so that it costs nothing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::service::Inner;
use super::ticker::HEARTBEAT;
use crate::engine;
use crate::id::IncidentId;
use crate::store::{Health, Query, Which};
use crate::text::count;

/// How often it looks.
const EVERY: SignedDuration = SignedDuration::from_secs(10);
/// How many open incidents it looks at each time.
const SAMPLE: usize = 50;
/// How late the ticker may be before firebell is not ready.
const TICKER_LATE: SignedDuration = SignedDuration::from_secs(15);
/// How long something due may stay untouched before firebell is not ready.
const DUE_LATE: SignedDuration = SignedDuration::from_secs(30);

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The stable name.
    pub name: &'static str,
    /// It holds.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// What the auditor saw last.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// When; `None` before the first look.
    pub at: Option<Timestamp>,
    /// Incidents looked at so far.
    pub looked_at: u64,
    /// Broken promises of the last round through all open incidents, bounded.
    pub violations: Vec<String>,
}

/// The most violations kept for people to read; all are counted.
const VIOLATIONS_KEPT: usize = 20;

/// Runs until `inner` is drained.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut before = None;
    loop {
        let until = inner.clock.now().saturating_add(EVERY).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = inner.drain.cancelled() => return,
        }
        before = look(&inner, before).await;
    }
}

/// Looks at the next few open incidents; returns where to go on.
async fn look(inner: &Arc<Inner>, before: Option<u64>) -> Option<u64> {
    let query = Query { which: Which::Open, before, limit: SAMPLE };
    let store = Arc::clone(&inner.store);
    let rows = match tokio::task::spawn_blocking(move || store.list(query)).await {
        Ok(Ok(rows)) => rows,
        _ => return before,
    };
    let mut found = Vec::new();
    for row in &rows {
        found.extend(violations(inner, row.id).await);
    }
    inner.meters.violations.add(found.len() as u64);
    for violation in &found {
        tracing::error!(%violation, "a promise is broken");
    }
    let mut report = (*inner.audit.load_full()).clone();
    if before.is_none() {
        report.violations.clear();
    }
    report.at = Some(inner.clock.now());
    report.looked_at += rows.len() as u64;
    report.violations.extend(found);
    report.violations.truncate(VIOLATIONS_KEPT);
    inner.audit.store(Arc::new(report));
    (rows.len() == SAMPLE).then(|| rows.last().map(|row| row.number)).flatten()
}

async fn violations(inner: &Arc<Inner>, id: IncidentId) -> Vec<String> {
    match inner.current(id).await {
        Ok(seen) => engine::invariants(&seen.playbook, &seen.incident)
            .into_iter()
            .map(|violation| format!("{id}: {violation:?}"))
            .collect(),
        Err(error) => vec![format!("{id}: {error}")],
    }
}

/// Checks what readiness depends on, now.
pub(super) fn readiness(inner: &Inner) -> Vec<Check> {
    let now = inner.clock.now();
    vec![store(inner), ticker(inner, now), due(inner, now), plans(inner), promises(inner)]
}

fn store(inner: &Inner) -> Check {
    let (ok, detail) = match inner.store.health() {
        Health::Healthy => (true, "appends are durable".to_owned()),
        Health::Full { free, needed } => {
            (false, format!("the disk is full: {free} bytes free, {needed} needed; reads go on"))
        }
        Health::Broken { why } => (false, why),
    };
    Check { name: "store", ok, detail }
}

fn ticker(inner: &Inner, now: Timestamp) -> Check {
    let silent = now.duration_since(inner.last_heartbeat());
    let ok = silent <= TICKER_LATE;
    debug_assert!(HEARTBEAT < TICKER_LATE, "the heartbeat beats between two checks");
    Check { name: "ticker", ok, detail: format!("last beat {} s ago", silent.as_secs()) }
}

fn due(inner: &Inner, now: Timestamp) -> Check {
    if inner.is_held() {
        let waiting = inner.agenda.overdue(now, 1_000).len();
        let waiting = count(waiting, "incident waits", "incidents wait");
        let detail = format!("safe start: {waiting} for a person to confirm");
        return Check { name: "deadlines", ok: true, detail };
    }
    let oldest = inner.agenda.overdue(now, 1).first().map(|(at, _)| now.duration_since(*at));
    let ok = oldest.is_none_or(|late| late <= DUE_LATE);
    let detail = oldest.map_or_else(
        || "nothing is late".to_owned(),
        |late| format!("the oldest is {} s late", late.as_secs()),
    );
    Check { name: "deadlines", ok, detail }
}

fn plans(inner: &Inner) -> Check {
    let library = inner.library.load();
    let bad = library.unreadable().len()
        + library.findings().iter().filter(|findings| findings.has_errors()).count();
    let good = library.playbooks().count();
    // Plans that do not load must be seen, but they do not stop those that do.
    Check { name: "plans", ok: good > 0, detail: format!("{good} in force, {bad} with errors") }
}

fn promises(inner: &Inner) -> Check {
    let report = inner.audit.load();
    let broken = report.violations.len();
    Check {
        name: "promises",
        ok: broken == 0,
        detail: format!(
            "{} looked at, {}",
            count(report.looked_at, "incident", "incidents"),
            count(broken, "broken promise", "broken promises")
        ),
    }
}
