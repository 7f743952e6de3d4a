//! Logs and metrics: how they are set up, and every metric by name. It must not know incidents,
//! people or HTTP; label values come in as short texts from bounded sets, never as identities.

use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter does not parse.
    #[error("the log filter `{filter}` does not parse: {why}; write `info` or `firebell=debug`")]
    Filter {
        /// What was given.
        filter: String,
        /// What the parser said.
        why: String,
    },
    /// Logging was set up before.
    #[error("logging is already set up")]
    Again,
}

/// Sends log lines to standard error, in colour on a terminal unless `NO_COLOR` asked otherwise.
///
/// `filter` is written as in `RUST_LOG`: `info`, `warn,firebell::notify=debug`.
///
/// # Errors
/// [`LogError::Filter`] when the filter does not parse, [`LogError::Again`] on a second call.
pub fn init_logs(format: LogFormat, filter: &str, color: bool) -> Result<(), LogError> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|e| LogError::Filter { filter: filter.to_owned(), why: e.to_string() })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    let set = match format {
        LogFormat::Text => builder.with_ansi(color && std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    set.map_err(|_| LogError::Again)
}

/// A gauge of fractional seconds.
pub type SecondsGauge = Gauge<f64, AtomicU64>;
/// A counter of fractional seconds.
pub type SecondsCounter = Counter<f64, AtomicU64>;

/// A histogram for waits that a person or a peer feels, half a millisecond to half a minute.
type WaitHistogram = Family<Route, Histogram, fn() -> Histogram>;

/// The level of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByLevel {
    /// 1 to 4.
    pub level: u8,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BySchedule {
    /// Its id in the configuration.
    pub schedule: String,
}

/// No label: for what is there or not.
pub type Unlabelled = Vec<(String, String)>;

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByResult {
    /// A word from a fixed set.
    pub result: &'static str,
}

/// Why something waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByReason {
    /// A word from a fixed set.
    pub reason: &'static str,
}

/// How an attempt to deliver a notice ended on which channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByChannel {
    /// The channel's name in the configuration.
    pub channel: String,
    /// `delivered` or `refused`; `held_back`, `failed` and `no_channel` carry no channel.
    pub result: &'static str,
}

/// A route of the HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    /// The path as the router knows it, with placeholders.
    pub route: String,
}

/// A request to a route and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// The path as the router knows it, with placeholders.
    pub route: String,
    /// The method.
    pub method: &'static str,
    /// The status code.
    pub status: u16,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $field:ident: $type:ty = $name:literal $(in $unit:ident)?;)*) => {
        /// Every metric of one process.
        pub struct Metrics {
            registry: Registry,
            $($(#[doc = $help])+ pub $field: $type,)*
        }

        impl Metrics {
            fn register(&mut self) {
                let registry = &mut self.registry;
                $({
                    let help = concat!($($help),+).trim().trim_end_matches('.');
                    let unit: Option<Unit> = None$(.or(Some(Unit::$unit)))?;
                    match unit {
                        None => registry.register($name, help, self.$field.clone()),
                        Some(unit) => {
                            registry.register_with_unit($name, help, unit, self.$field.clone());
                        }
                    }
                })*
            }
        }
    };
}

metrics! {
    /// Incidents that run, by level.
    incidents_open: Family<ByLevel, Gauge> = "incidents_open";
    /// Incidents declared.
    incidents_declared: Counter = "incidents_declared";
    /// Incidents in memory.
    incidents_loaded: Gauge = "incidents_loaded";
    /// Commands decided: committed, rejected, conflict.
    commands: Family<ByResult, Counter> = "commands";
    /// From a step's becoming ready to its end.
    step_duration_seconds: Histogram = "step_duration" in Seconds;
    /// Attempts to deliver a notice, by channel and result.
    notifications: Family<ByChannel, Counter> = "notifications";
    /// Messages and requests that open incidents have still to send.
    outbox_pending: Gauge = "outbox_pending";
    /// Messages and requests being sent now.
    outbox_in_flight: Gauge = "outbox_in_flight";
    /// For how long the oldest deadline or send has been due.
    overdue_oldest_seconds: SecondsGauge = "overdue_oldest" in Seconds;
    /// Stretches of the next 14 days in which nobody is on call.
    roster_gaps: Gauge = "roster_gaps";
    /// Stretches of the next 14 days in which somebody is on call whom nothing reaches.
    roster_unreachable: Gauge = "roster_unreachable";
    /// How long ago the calendar of a schedule was last seen to hold the shifts in force.
    roster_calendar_age_seconds: Family<BySchedule, SecondsGauge> = "roster_calendar_age" in Seconds;
    /// Calendars whose last reading was not taken.
    roster_calendars_in_trouble: Gauge = "roster_calendars_in_trouble";
    /// Plans that should have been drilled by now.
    plans_overdue: Gauge = "plans_overdue";
    /// Actions that are to be done and whose day is over.
    actions_overdue: Gauge = "actions_overdue";
    /// How late the latest deadline was acted on.
    scheduler_lag_seconds: SecondsGauge = "scheduler_lag" in Seconds;
    /// Instants ahead.
    deadlines_armed: Gauge = "deadlines_armed";
    /// Deadlines acted on.
    deadlines: Counter = "deadlines";
    /// Runs of drills, by result.
    drill_runs: Family<ByResult, Counter> = "drill_runs";
    /// Reports of occurrences: counted, late, ahead, unwatched, refused.
    signals: Family<ByResult, Counter> = "signals";
    /// Surges that go on.
    surges_open: Gauge = "surges_open";
    /// Broken promises that the auditor found; must stay 0.
    audit_violations: Counter = "audit_violations";
    /// Appends made durable.
    store_appends: Counter = "store_appends";
    /// Events made durable.
    store_events: Counter = "store_events";
    /// Groups of appends made durable together.
    store_groups: Counter = "store_groups";
    /// Appends refused because too many waited.
    store_refused: Counter = "store_refused";
    /// Time spent in making groups durable.
    store_sync_seconds: SecondsCounter = "store_sync" in Seconds;
    /// Appends that wait for the writer.
    store_queued: Gauge = "store_queued";
    /// Size of the store.
    store_disk_bytes: Gauge = "store_disk" in Bytes;
    /// 1 while the store acknowledges appends.
    store_writable: Gauge = "store_writable";
    /// Answers given over HTTP, by route, method and status.
    http_requests: Family<Answered, Counter> = "http_requests";
    /// From a request's head to its answer's head.
    http_request_duration_seconds: WaitHistogram = "http_request_duration" in Seconds;
    /// Open connections.
    http_connections: Gauge = "http_connections";
    /// Bodies of other tools, by how they ended: accepted, replayed, rejected, unauthenticated, too_large,
    /// busy, timed_out, failed.
    ingest_bodies: Family<ByResult, Counter> = "ingest_bodies";
    /// Arrivals of bodies that are kept.
    ingest_bodies_kept: Gauge = "ingest_bodies_kept";
    /// Size of the bodies that are kept.
    ingest_kept_bytes: Gauge = "ingest_kept" in Bytes;
    /// Alerts that wait, by what mutes them: silenced, inhibited, flapping.
    alerts_waiting: Family<ByReason, Gauge> = "alerts_waiting";
    /// When the certificate of the server ends, in seconds since 1970; missing without TLS.
    tls_certificate_expires: Family<Unlabelled, Gauge> = "tls_certificate_expires_timestamp" in Seconds;
    /// Open event streams.
    event_streams: Gauge = "event_streams";
    /// Event streams that fell behind and were told to start over.
    event_streams_reset: Counter = "event_streams_reset";
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn waits() -> Histogram {
    Histogram::new([
        0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

fn work() -> Histogram {
    let minutes = [10.0, 15.0, 30.0, 60.0, 240.0, 1_440.0, 10_080.0].map(|minutes| minutes * 60.0);
    Histogram::new([1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0].into_iter().chain(minutes))
}

impl Metrics {
    /// Makes every metric at zero, registered under the prefix `firebell_`.
    #[must_use]
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("firebell"),
            incidents_open: Family::default(),
            incidents_declared: Counter::default(),
            incidents_loaded: Gauge::default(),
            commands: Family::default(),
            step_duration_seconds: work(),
            notifications: Family::default(),
            outbox_pending: Gauge::default(),
            outbox_in_flight: Gauge::default(),
            overdue_oldest_seconds: SecondsGauge::default(),
            roster_gaps: Gauge::default(),
            roster_unreachable: Gauge::default(),
            roster_calendar_age_seconds: Family::default(),
            roster_calendars_in_trouble: Gauge::default(),
            plans_overdue: Gauge::default(),
            actions_overdue: Gauge::default(),
            scheduler_lag_seconds: SecondsGauge::default(),
            deadlines_armed: Gauge::default(),
            deadlines: Counter::default(),
            drill_runs: Family::default(),
            signals: Family::default(),
            surges_open: Gauge::default(),
            audit_violations: Counter::default(),
            store_appends: Counter::default(),
            store_events: Counter::default(),
            store_groups: Counter::default(),
            store_refused: Counter::default(),
            store_sync_seconds: SecondsCounter::default(),
            store_queued: Gauge::default(),
            store_disk_bytes: Gauge::default(),
            store_writable: Gauge::default(),
            http_requests: Family::default(),
            http_request_duration_seconds: Family::new_with_constructor(waits as fn() -> _),
            http_connections: Gauge::default(),
            ingest_bodies: Family::default(),
            ingest_bodies_kept: Gauge::default(),
            ingest_kept_bytes: Gauge::default(),
            alerts_waiting: Family::default(),
            tls_certificate_expires: Family::default(),
            event_streams: Gauge::default(),
            event_streams_reset: Counter::default(),
        };
        metrics.register();
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        metrics.registry.register("build_info", "What runs", build);
        metrics
    }

    /// Writes all metrics in the OpenMetrics text format, which readers of Prometheus' text format
    /// 0.0.4 understand too.
    ///
    /// # Errors
    /// Never in practice: writing to a string does not fail.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 << 10);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_carries_the_prefix_and_base_units() {
        let metrics = Metrics::new();
        metrics.incidents_open.get_or_create(&ByLevel { level: 1 }).set(2);
        metrics.commands.get_or_create(&ByResult { result: "committed" }).inc();
        metrics.step_duration_seconds.observe(42.0);
        let text = metrics.render().expect("writes to a string");
        assert!(text.contains("firebell_incidents_open{level=\"1\"} 2"), "{text}");
        assert!(text.contains("firebell_commands_total{result=\"committed\"} 1"), "{text}");
        assert!(text.contains("firebell_step_duration_seconds_bucket{le=\"60.0\"} 1"), "{text}");
        assert!(text.contains("firebell_build_info{version=\""), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
        let strangers = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.starts_with("firebell_"))
            .collect::<Vec<_>>();
        assert!(strangers.is_empty(), "{strangers:?}");
    }

    #[test]
    fn a_filter_that_does_not_parse_is_refused_with_advice() {
        let error = init_logs(LogFormat::Text, "firebell=loud=very", false).expect_err("refused");
        assert!(error.to_string().contains("firebell=debug"), "{error}");
    }
}
