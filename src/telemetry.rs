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

/// A histogram for waits that a person or a peer feels, half a millisecond to half a minute.
type WaitHistogram = Family<Route, Histogram, fn() -> Histogram>;

/// The level of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByLevel {
    /// 1 to 4.
    pub level: u8,
}

/// The mode of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByMode {
    /// `live`, `drill` or `simulation`.
    pub mode: &'static str,
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByResult {
    /// A word from a fixed set.
    pub result: &'static str,
}

/// How a notice ended on which channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByChannel {
    /// The channel's name in the configuration.
    pub channel: String,
    /// `delivered`, `retried`, `refused`, `held_back`, `expired`.
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

/// Every metric of one process. Cloning is cheap and shares the values.
pub struct Metrics {
    registry: Registry,
    /// Incidents that run, by level.
    pub incidents_open: Family<ByLevel, Gauge>,
    /// Incidents declared.
    pub incidents_declared: Family<ByMode, Counter>,
    /// Commands decided: `accepted`, `rejected`, `conflict`, `failed`.
    pub commands: Family<ByResult, Counter>,
    /// From handing a batch to the store to its being durable.
    pub commit_seconds: Histogram,
    /// From a step's becoming ready to its end.
    pub step_duration_seconds: Histogram,
    /// Attempts to deliver a notice.
    pub notifications: Family<ByChannel, Counter>,
    /// Notices and requests without an end.
    pub outbox_pending: Gauge,
    /// Age of the oldest of them that is due.
    pub outbox_oldest_seconds: SecondsGauge,
    /// How late the latest deadline was acted on.
    pub scheduler_lag_seconds: SecondsGauge,
    /// Deadlines acted on.
    pub deadlines: Counter,
    /// Runs of drills: `passed`, `failed`, `not_judged`, `aborted`, `interrupted`, `error`.
    pub drill_runs: Family<ByResult, Counter>,
    /// Open incidents that would neither move nor wait for anyone; must stay 0.
    pub audit_findings: Gauge,
    /// Requests that wait for the store's writer.
    pub store_queued: Gauge,
    /// Bytes of the store on disk.
    pub store_disk_bytes: Gauge,
    /// 1 while the store acknowledges appends.
    pub store_writable: Gauge,
    /// Answers given over HTTP.
    pub http_requests: Family<Answered, Counter>,
    /// From a request's head to its answer's head.
    pub http_request_duration_seconds: WaitHistogram,
    /// Open connections.
    pub http_connections: Gauge,
    /// Open event streams.
    pub event_streams: Gauge,
    /// Event streams that fell behind and were told to start over.
    pub event_streams_reset: Counter,
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
    let minute = 60.0;
    Histogram::new([1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0].into_iter().chain([
        10.0 * minute,
        15.0 * minute,
        30.0 * minute,
        60.0 * minute,
        240.0 * minute,
        1_440.0 * minute,
        10_080.0 * minute,
    ]))
}

impl Metrics {
    /// Makes every metric at zero, registered under the prefix `firebell_`.
    #[must_use]
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("firebell"),
            incidents_open: Family::default(),
            incidents_declared: Family::default(),
            commands: Family::default(),
            commit_seconds: waits(),
            step_duration_seconds: work(),
            notifications: Family::default(),
            outbox_pending: Gauge::default(),
            outbox_oldest_seconds: SecondsGauge::default(),
            scheduler_lag_seconds: SecondsGauge::default(),
            deadlines: Counter::default(),
            drill_runs: Family::default(),
            audit_findings: Gauge::default(),
            store_queued: Gauge::default(),
            store_disk_bytes: Gauge::default(),
            store_writable: Gauge::default(),
            http_requests: Family::default(),
            http_request_duration_seconds: Family::new_with_constructor(waits as fn() -> _),
            http_connections: Gauge::default(),
            event_streams: Gauge::default(),
            event_streams_reset: Counter::default(),
        };
        metrics.register_engine();
        metrics.register_server();
        metrics
    }

    fn register_engine(&mut self) {
        let r = &mut self.registry;
        let open = self.incidents_open.clone();
        r.register("incidents_open", "Incidents that run, by level", open);
        let declared = self.incidents_declared.clone();
        r.register("incidents_declared", "Incidents declared, by mode", declared);
        r.register("commands", "Commands decided, by result", self.commands.clone());
        seconds(r, "commit", "From handing a batch to the store to its being durable")(
            self.commit_seconds.clone(),
        );
        seconds(r, "step_duration", "From a step becoming ready to its end")(
            self.step_duration_seconds.clone(),
        );
        let sent = self.notifications.clone();
        r.register("notifications", "Attempts to deliver a notice, by channel and result", sent);
        r.register("outbox_pending", "Notices without an end", self.outbox_pending.clone());
        let oldest = self.outbox_oldest_seconds.clone();
        let help = "Age of the oldest notice that is due";
        r.register_with_unit("outbox_oldest", help, Unit::Seconds, oldest);
        let lag = self.scheduler_lag_seconds.clone();
        let help = "How late the latest deadline was acted on";
        r.register_with_unit("scheduler_lag", help, Unit::Seconds, lag);
        r.register("deadlines", "Deadlines acted on", self.deadlines.clone());
        r.register("drill_runs", "Runs of drills, by result", self.drill_runs.clone());
        let findings = self.audit_findings.clone();
        r.register("audit_findings", "Open incidents that wait for nothing and nobody", findings);
        r.register("store_queued", "Requests waiting for the writer", self.store_queued.clone());
        let disk = self.store_disk_bytes.clone();
        r.register_with_unit("store_disk", "Size of the store", Unit::Bytes, disk);
        let writable = self.store_writable.clone();
        r.register("store_writable", "1 while the store acknowledges appends", writable);
    }

    fn register_server(&mut self) {
        let r = &mut self.registry;
        let requests = self.http_requests.clone();
        r.register("http_requests", "Answers given, by route, method and status", requests);
        let took = self.http_request_duration_seconds.clone();
        let help = "From a request's head to its answer's head";
        r.register_with_unit("http_request_duration", help, Unit::Seconds, took);
        r.register("http_connections", "Open connections", self.http_connections.clone());
        r.register("event_streams", "Open event streams", self.event_streams.clone());
        let reset = self.event_streams_reset.clone();
        r.register("event_streams_reset", "Event streams that fell behind", reset);
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        r.register("build_info", "What runs", build);
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

fn seconds<'a>(
    registry: &'a mut Registry,
    name: &'static str,
    help: &'static str,
) -> impl FnOnce(Histogram) + 'a {
    move |histogram| registry.register_with_unit(name, help, Unit::Seconds, histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_carries_the_prefix_and_base_units() {
        let metrics = Metrics::new();
        metrics.incidents_open.get_or_create(&ByLevel { level: 1 }).set(2);
        metrics.commands.get_or_create(&ByResult { result: "accepted" }).inc();
        metrics.commit_seconds.observe(0.003);
        let text = metrics.render().expect("writes to a string");
        assert!(text.contains("firebell_incidents_open{level=\"1\"} 2"), "{text}");
        assert!(text.contains("firebell_commands_total{result=\"accepted\"} 1"), "{text}");
        assert!(text.contains("firebell_commit_seconds_bucket{le=\"0.005\"} 1"), "{text}");
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
