//! Gives what the runtime and the store count their names, and follows the commits for what only
//! events tell. Nothing here is on the way of a request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::broadcast::error::RecvError;

use super::app::App;
use crate::engine::{Event, Fact, Incident, NoticeEnd, Pending, RunKey};
use crate::ingest::Mute;
use crate::runtime::Meter;
use crate::store::{Health, Query, Which};
use crate::telemetry::{ByChannel, ByLevel, ByReason, ByResult, BySchedule, Metrics};

/// How many open incidents are counted by level at most.
const COUNTED_MAX: usize = 20_000;

/// Reads what others count, before the metrics are written.
pub fn refresh(app: &App) {
    let (metrics, meters) = (app.metrics(), app.runtime().meters());
    let commands = |result| metrics.commands.get_or_create_owned(&ByResult { result });
    follow(&metrics.incidents_declared, &meters.declared);
    follow(&commands("committed"), &meters.committed);
    follow(&commands("rejected"), &meters.rejected);
    follow(&commands("conflict"), &meters.conflicts);
    let drills = |result| metrics.drill_runs.get_or_create_owned(&ByResult { result });
    follow(&drills("passed"), &meters.drills_passed);
    follow(&drills("failed"), &meters.drills_failed);
    follow(&drills("not_judged"), &meters.drills_not_judged);
    follow(&metrics.deadlines, &meters.deadlines);
    follow(&metrics.audit_violations, &meters.violations);
    let signals = |result| metrics.signals.get_or_create_owned(&ByResult { result });
    follow(&signals("counted"), &meters.signals_counted);
    follow(&signals("late"), &meters.signals_late);
    follow(&signals("ahead"), &meters.signals_ahead);
    follow(&signals("unwatched"), &meters.signals_unwatched);
    follow(&signals("refused"), &meters.signals_refused);
    metrics.surges_open.set(signed(app.runtime().surges_open()));
    metrics.outbox_in_flight.set(signed(meters.in_flight.get()));
    metrics.scheduler_lag_seconds.set(seconds(meters.deadline_lag_ms.get()));
    let oldest = app.runtime().overdue(1).first().map(|(at, _)| app.now().duration_since(*at));
    let late = oldest.unwrap_or(SignedDuration::ZERO).as_secs_f64();
    metrics.overdue_oldest_seconds.set(late.max(0.0));
    let (loaded, armed) = app.runtime().sizes();
    metrics.incidents_loaded.set(signed(loaded as u64));
    metrics.deadlines_armed.set(signed(armed as u64));
    let outlook = app.runtime().outlook();
    metrics.roster_gaps.set(signed(outlook.gaps));
    metrics.roster_unreachable.set(signed(outlook.unreachable));
    let outstanding = app.learning().outstanding(&|_| true);
    metrics.actions_overdue.set(signed(outstanding.overdue));
    calendars(app, metrics);
    heard(app, metrics);
    store(app, metrics);
}

fn heard(app: &App, metrics: &Metrics) {
    let (arrivals, bytes) = app.ingest().kept().size();
    metrics.ingest_bodies_kept.set(signed(arrivals as u64));
    metrics.ingest_kept_bytes.set(signed(bytes));
    let waiting = app.ingest().hearing().waiting_by_reason();
    for reason in Mute::REASONS {
        let count = waiting.get(reason).copied().unwrap_or(0);
        metrics.alerts_waiting.get_or_create(&ByReason { reason }).set(signed(count));
    }
}

fn calendars(app: &App, metrics: &Metrics) {
    let (calendars, now) = (app.runtime().calendars(), app.now());
    let in_trouble = calendars.values().filter(|standing| standing.trouble.is_some()).count();
    metrics.roster_calendars_in_trouble.set(signed(in_trouble as u64));
    for (schedule, standing) in calendars {
        let Some(good) = standing.good else { continue };
        let schedule = BySchedule { schedule: schedule.to_string() };
        let age = metrics.roster_calendar_age_seconds.get_or_create_owned(&schedule);
        age.set(now.duration_since(good).as_secs_f64().max(0.0));
    }
}

fn store(app: &App, metrics: &Metrics) {
    let store = app.runtime().store();
    let stats = store.stats();
    raise(&metrics.store_appends, stats.appends);
    raise(&metrics.store_events, stats.events);
    raise(&metrics.store_groups, stats.groups);
    raise(&metrics.store_refused, stats.refused);
    let sync = &metrics.store_sync_seconds;
    sync.inc_by((stats.syncing.as_secs_f64() - sync.get()).max(0.0));
    metrics.store_queued.set(signed(stats.queued));
    metrics.store_disk_bytes.set(signed(stats.disk_bytes));
    metrics.store_writable.set(i64::from(store.health() == Health::Healthy));
}

/// Counts the open incidents by level, and the messages they wait to send. Blocks on the disk.
pub fn count_open(app: &App) {
    let mut levels = [0_i64; 4];
    let mut waiting = 0_i64;
    let mut before = None;
    for _ in 0..COUNTED_MAX / Query::MAX_ROWS {
        let query = Query { which: Which::Open, before, limit: Query::MAX_ROWS };
        let Ok(rows) = app.runtime().store().list(query) else { break };
        before = rows.last().map(|row| row.number);
        for row in &rows {
            waiting += i64::from(row.pending_notices);
            if let Some(n) = levels.get_mut(usize::from(row.level).wrapping_sub(1)) {
                *n += 1;
            }
        }
        if rows.len() < Query::MAX_ROWS {
            break;
        }
    }
    app.metrics().outbox_pending.set(waiting);
    for (level, n) in (1..).zip(levels) {
        app.metrics().incidents_open.get_or_create(&ByLevel { level }).set(n);
    }
}

/// Counts the plans that should have been drilled by now. Reckons over all experience.
pub fn count_overdue(app: &App) {
    let plans: Vec<_> = app.runtime().library().playbooks().cloned().collect();
    app.metrics().plans_overdue.set(signed(app.learning().plans_overdue(&plans)));
}

fn follow(counter: &Counter, meter: &Meter) {
    raise(counter, meter.get());
}

fn raise(counter: &Counter, to: u64) {
    // Two scrapes at once must not both add the difference.
    counter.inner().fetch_max(to, Ordering::Relaxed);
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of lag are far below 2^52")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

/// Follows the commits until the server closes.
pub async fn run(app: App) {
    let (mut receiver, _) = app.runtime().bus().listen(None);
    loop {
        let heard = tokio::select! {
            heard = receiver.recv() => heard,
            () = app.closing().cancelled() => return,
        };
        match heard {
            Ok(published) => {
                for event in published.events.iter() {
                    note(app.metrics(), &published.incident, event);
                }
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "the metrics fell behind the commits");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn note(metrics: &Metrics, incident: &Arc<Incident>, event: &Event) {
    match &event.fact {
        Fact::StepDone { key, .. } | Fact::StepFailed { key, .. } => {
            if let Some(took) = took(incident, key) {
                metrics.step_duration_seconds.observe(took.as_secs_f64().max(0.0));
            }
        }
        Fact::NoticeEnded { end, .. } => {
            let (channel, result) = match end {
                NoticeEnd::Delivered { via, .. } => (via.to_string(), "delivered"),
                NoticeEnd::Failed { .. } => (String::new(), "failed"),
                NoticeEnd::HeldBack { .. } => (String::new(), "held_back"),
                NoticeEnd::NoChannel => (String::new(), "no_channel"),
                NoticeEnd::Withdrawn => (String::new(), "withdrawn"),
            };
            metrics.notifications.get_or_create(&ByChannel { channel, result }).inc();
        }
        Fact::NoticeDelayed { notice, .. } => {
            let channel = match incident.outbox.get(notice).map(Arc::as_ref) {
                Some(Pending::Notice { notice, channel, .. }) => notice.via.get(*channel),
                Some(
                    Pending::Request { .. }
                    | Pending::Child { .. }
                    | Pending::Recall { .. }
                    | Pending::Report { .. }
                    | Pending::HandOff { .. },
                )
                | None => None,
            };
            let channel = channel.map(ToString::to_string).unwrap_or_default();
            metrics.notifications.get_or_create(&ByChannel { channel, result: "delayed" }).inc();
        }
        Fact::NoticeRerouted { from, .. } => {
            let label = ByChannel { channel: from.to_string(), result: "refused" };
            metrics.notifications.get_or_create(&label).inc();
        }
        _ => {}
    }
}

fn took(incident: &Incident, key: &RunKey) -> Option<SignedDuration> {
    let run = incident.run_of(key)?;
    Some(run.settled_at?.duration_since(run.ready_at?))
}
