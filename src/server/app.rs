//! What every handler shares. Cheap to clone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;
use tokio_util::sync::CancellationToken;

use super::auth::Tokens;
use super::envelope::Instances;
use super::idempotent::InFlight;
use super::ingest::Ingest;
use super::tls::Tls;
use crate::config::{Bodies, Findings, Grants, IngestSource};
use crate::drill::live::Drills;
use crate::ingest::Policy;
use crate::learn::Learning;
use crate::runtime::Runtime;
use crate::telemetry::Metrics;
use crate::text::Lang;

/// Reads from the configuration again what keeps alerts from beginning anything.
pub type Reread = Arc<dyn Fn() -> Result<Policy, Findings> + Send + Sync>;

/// What the server is made of.
pub struct Parts {
    /// The only writer.
    pub runtime: Runtime,
    /// The drills.
    pub drills: Drills,
    /// What was learned.
    pub learning: Learning,
    /// The tokens.
    pub tokens: Tokens,
    /// Who may be given a token for what.
    pub grants: Grants,
    /// Where alerts may come from, by id.
    pub ingest: BTreeMap<SmolStr, IngestSource>,
    /// How much of what they send is kept.
    pub bodies: Bodies,
    /// The certificate to show; plain HTTP without.
    pub tls: Option<Tls>,
    /// What keeps alerts from beginning anything.
    pub alerts: Policy,
    /// How that is read again.
    pub reread: Reread,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// The installation, as handlers see it.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    runtime: Runtime,
    drills: Drills,
    learning: Learning,
    tokens: Tokens,
    grants: Grants,
    ingest: Ingest,
    tls: Option<Tls>,
    reread: Reread,
    metrics: Arc<Metrics>,
    in_flight: InFlight,
    instances: Instances,
    closing: CancellationToken,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let now = parts.runtime.clock().now();
        let ingest =
            Ingest::new(parts.ingest, parts.bodies, parts.alerts, parts.runtime.store(), now);
        Self(Arc::new(Shared {
            ingest,
            tls: parts.tls,
            reread: parts.reread,
            runtime: parts.runtime,
            drills: parts.drills,
            learning: parts.learning,
            tokens: parts.tokens,
            grants: parts.grants,
            metrics: parts.metrics,
            in_flight: InFlight::default(),
            instances: Instances::default(),
            closing: CancellationToken::new(),
        }))
    }

    /// Returns the only writer.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// Returns the drills.
    #[must_use]
    pub fn drills(&self) -> &Drills {
        &self.0.drills
    }

    /// Returns what was learned.
    #[must_use]
    pub fn learning(&self) -> &Learning {
        &self.0.learning
    }

    /// Returns who may be given a token for what.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.0.grants
    }

    /// Returns the tokens.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Returns the doors for alerts.
    #[must_use]
    pub(super) fn ingest(&self) -> &Ingest {
        &self.0.ingest
    }

    /// Returns the certificate to show.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.0.tls.as_ref()
    }

    /// Reads again what keeps alerts from beginning anything; tells whether it is another than
    /// before.
    ///
    /// # Errors
    /// What is wrong with the configuration; what held before goes on.
    pub async fn reload_alerts(&self) -> Result<bool, Findings> {
        let reread = Arc::clone(&self.0.reread);
        let Ok(read) = tokio::task::spawn_blocking(move || reread()).await else {
            tracing::error!("the configuration could not be read again");
            return Ok(false);
        };
        Ok(self.ingest().hearing().configure(read?, self.now()))
    }

    /// Returns what is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Returns the keyed requests under way.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    /// Returns what names occurrences of problems.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        &self.0.instances
    }

    /// Returns what tells endless answers that the server closes.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// Returns the language of callers who have not said theirs.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.0.runtime.lang()
    }

    /// Reads the clock everything runs by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.runtime.clock().now()
    }
}
