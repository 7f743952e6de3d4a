//! Alerts of other tools, in the dialects they speak: what arrives becomes [`Alert`]s, and an alert
//! becomes what firebell is asked to do. Pure: it must not know HTTP, keys, the clock or the store.

mod alert;
pub mod alertmanager;
pub mod aliyun;
pub mod apprise;
pub mod change;
pub mod cloudevents;
mod fault;
pub mod form;
pub mod generic;
pub mod grafana;
mod json;
mod ledger;
mod matcher;
mod mute;
pub mod nagios;
pub mod opsgenie;
pub mod pagerduty;
mod route;
mod rule;
pub mod sentry;
pub mod signature;
mod source;
pub mod tencent;

pub use alert::{Alert, News};
pub use fault::Fault;
pub use ledger::{Heard, Held, Key, Lasting, Ledger, TROUBLES_MAX, Verdict};
pub use matcher::Matcher;
pub use mute::{Flapping, INHIBITIONS_MAX, Inhibition, Mute, Policy, SILENCES_MAX, Silence, When};
pub use route::{Errand, incident_keys, route};
pub use rule::{Phrase, Rule, RuleError};
pub use source::{Dialect, Reading, Source, Unread};

/// The largest body: a thousand alerts of some kilobytes.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Alerts of one body: a group of Alertmanager's can hold every machine of a data centre.
pub const ALERTS_MAX: usize = 1_000;
/// Labels and annotations read of one alert, each. Those that plans ask for come first when fewer
/// are kept.
pub const LABELS_MAX: usize = 20_000;
/// Rules of one source; they are tried one after another.
pub const RULES_MAX: usize = 100;
