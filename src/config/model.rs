//! The checked configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;

use crate::id::{ChannelId, PersonId, ScheduleId};
use crate::ingest::signature::Signing;
use crate::ingest::{Policy, Source};
use crate::people::{Directory, Zone};
use crate::signal::Monitor;
use crate::text::{Lang, Text};

use super::scope::Scope;
use crate::notify::{Secret, Service};

/// Everything an installation can set, checked and with defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How people reach the server; links in messages begin with it. Without a final slash.
    pub public_url: Option<String>,
    /// The language of those whose own is not known.
    pub lang: Lang,
    /// The zone that people are told times in; the machine's own where absent.
    pub timezone: Option<Zone>,
    /// The directory that holds everything that must survive.
    pub data: PathBuf,
    /// The directory of playbooks.
    pub playbooks: PathBuf,
    /// Where drills are and how often they are due.
    pub drills: Drills,
    /// What keeps the journal.
    pub store: Store,
    /// What watches the signals.
    pub monitors: Vec<Monitor>,
    /// The ways out, by id.
    pub channels: BTreeMap<ChannelId, Channel>,
    /// Who may be given a token for what.
    pub grants: Grants,
    /// What is pinged while everything makes progress.
    pub watchdog: Option<Watchdog>,
    /// The hosts that drills may really call.
    pub drill_hosts: Vec<Host>,
    /// The hosts that `http` steps may call.
    pub http_hosts: Vec<Host>,
    /// The certificate to show; plain HTTP without.
    pub tls: Option<Tls>,
    /// How long things are kept close at hand.
    pub retention: Retention,
    /// Schedules whose gaps are meant.
    pub intended_gaps: BTreeSet<ScheduleId>,
    /// How shifts are handed over, for schedules that say.
    pub handovers: BTreeMap<ScheduleId, Handover>,
    /// Where schedules that take their shifts from a calendar have it from.
    pub calendars: BTreeMap<ScheduleId, Calendar>,
    /// Where alerts may come from, by id.
    pub ingest: BTreeMap<SmolStr, IngestSource>,
    /// What keeps alerts from beginning anything.
    pub alerts: Policy,
    pub(super) directory: Arc<Directory>,
}

impl Config {
    /// Returns the people and rosters; the built-in ones where nobody is configured.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }
}

/// How the shifts of a schedule are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// Nobody is asked and nobody is told.
    Off,
    /// Those who go are asked for a note so long before.
    AskBefore(Duration),
}

/// A calendar that a schedule takes its shifts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Where it is.
    pub place: CalendarPlace,
    /// How often it is read anew.
    pub refresh: Duration,
}

/// Where a calendar is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarPlace {
    /// In a file, which was read with the configuration.
    File(PathBuf),
    /// Behind an address, which a running server calls. Whoever knows it may read the calendar.
    Address {
        /// The URL.
        url: Secret,
        /// Loopback and private networks may be called, and plain `http` used.
        allow_private: bool,
    },
}

/// Where the certificate of the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, its own certificate first, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// Authorities that every client must have a certificate of, in PEM.
    pub client_ca: Option<PathBuf>,
}

/// A tool that may send alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestSource {
    /// How it is read.
    pub source: Source,
    /// What opens its door, and nothing else; what its bodies are signed with where they are.
    pub key: Secret,
    /// How its bodies are signed; with a signature no key is taken.
    pub signing: Option<Signing>,
}

/// Where drills are and how often they are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drills {
    /// The directory of drill files.
    pub dir: PathBuf,
    /// Drills due in a year, by class of risk.
    pub per_year: BTreeMap<String, u8>,
}

/// What keeps the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Which implementation.
    pub kind: StoreKind,
    /// Memory for its cache, in bytes.
    pub cache_bytes: u64,
}

/// The implementations of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// On this machine's disk.
    Sled,
    /// In memory, lost at the end; for trying things out.
    Memory,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whether it may carry the messages of drills.
    pub drill: bool,
    /// Where messages to the channel itself, not to a person on it, go.
    pub to: Option<String>,
    /// How many messages one person gets over it in ten minutes.
    pub at_most: Option<u16>,
    /// What it is.
    pub kind: ChannelKind,
}

/// The kinds of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelKind {
    /// E-mail over SMTP.
    Smtp(Smtp),
    /// E-mail written as `.eml` files into a directory.
    Eml {
        /// The directory.
        dir: PathBuf,
    },
    /// Signed HTTP calls.
    Webhook(Webhook),
    /// A service that takes messages over HTTP.
    Hook(Hook),
}

/// A service that takes messages over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Who is spoken to.
    pub service: Service,
    /// Whether private and loopback addresses may be called.
    pub allow_private: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How many messages it takes a minute; the service's own limit where absent.
    pub per_minute: Option<u16>,
}

/// E-mail over SMTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// The server's name.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// How to log in, where the server wants it.
    pub login: Option<Login>,
    /// The sender, a mailbox such as `Duty <duty@shop.example>`.
    pub from: String,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// A user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// How a connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Plain at first, then upgraded; refused when the server cannot.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all; only to this machine.
    None,
}

impl SmtpTls {
    /// Returns the port that goes with it where none is given.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// Signed HTTP calls, as in Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The signing secret, `whsec_` and base64.
    pub secret: Secret,
    /// Whether private and loopback addresses may be called.
    pub allow_private: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// Who may be given a token for what. Those not listed may be given none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// The scopes of persons.
    pub people: BTreeMap<PersonId, BTreeSet<Scope>>,
    /// The scopes of services, with their titles.
    pub services: BTreeMap<String, (Text, BTreeSet<Scope>)>,
}

impl Grants {
    /// Tells whether a person has this very scope.
    #[must_use]
    pub fn has(&self, person: &PersonId, scope: Scope) -> bool {
        self.people.get(person).is_some_and(|scopes| scopes.contains(&scope))
    }
}

/// What is pinged while everything makes progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchdog {
    /// The URL to call.
    pub url: String,
    /// How often.
    pub every: Duration,
}

/// How long things are kept close at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// How long after its close an incident is moved to the archive; never where absent.
    pub archive_after: Option<Duration>,
    /// How much of what other tools send is kept.
    pub bodies: Bodies,
}

/// How much of what other tools send is kept, whichever bound is met first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bodies {
    /// How many arrivals; none keeps nothing.
    pub count: usize,
    /// Their bytes.
    pub bytes: u64,
    /// For how long.
    pub age: Duration,
}

impl Default for Bodies {
    /// A week of an ordinary installation, and little enough for any disk.
    fn default() -> Self {
        Self { count: 1_000, bytes: 64 << 20, age: Duration::from_secs(7 * 24 * 3_600) }
    }
}

/// A host that may be called, with or without a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// The name or address, in lower case.
    pub name: String,
    /// The only port allowed; any where absent.
    pub port: Option<u16>,
}

impl Host {
    /// Parses `host` or `host:port`; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                (name, Some(port.parse().ok().filter(|port| *port > 0)?))
            }
            _ => (text, None),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        let is_label = |label: &str| {
            let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
                && edge(label.chars().next())
                && edge(label.chars().last())
        };
        let is_name = name.len() <= 253 && name.split('.').all(is_label);
        (is_address || is_name).then_some(Self { name, port })
    }

    /// Tells whether a call to `host` and `port` is allowed by this entry.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        self.name.eq_ignore_ascii_case(host) && self.port.is_none_or(|only| only == port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_address_with_or_without_a_port() {
        for (text, host, port, allowed) in [
            ("ops.example", "OPS.example", 443, true),
            ("ops.example", "ops.example.evil", 443, false),
            ("ops.example:8443", "ops.example", 443, false),
            ("ops.example:8443", "ops.example", 8443, true),
            ("10.0.0.5", "10.0.0.5", 80, true),
            ("::1", "[::1]", 80, true),
            ("[::1]:8080", "::1", 8080, true),
        ] {
            let parsed = Host::parse(text).unwrap_or_else(|| panic!("{text} must parse"));
            assert_eq!(parsed.allows(host, port), allowed, "{text} {host}:{port}");
        }
    }

    #[test]
    fn a_url_is_not_a_host() {
        for text in ["https://ops.example", "ops.example/x", "", "a b", "ops:0", "ops:99999", ".x"]
        {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
