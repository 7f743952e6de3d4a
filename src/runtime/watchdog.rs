//! Tells an outside watcher that firebell is alive, only while it makes progress: a dead firebell
//! must not be silent.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::service::Inner;
use crate::text::Lang;

/// How long one ping may take.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Where and how often to ping.
#[derive(Debug, Clone)]
pub struct Watchdog {
    /// The address; an operator's own, from the configuration.
    pub url: String,
    /// The pause between two pings.
    pub every: SignedDuration,
}

/// Runs until `inner` is drained.
pub(super) async fn run(inner: Arc<Inner>, watchdog: Watchdog) {
    let client = match reqwest::Client::builder()
        .timeout(PING_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
    {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "the watchdog cannot be pinged");
            return;
        }
    };
    loop {
        let until = inner.clock.now().saturating_add(watchdog.every).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = inner.drain.cancelled() => return,
        }
        if let Some(check) = inner.readiness().into_iter().find(|check| !check.ok) {
            let detail = check.detail.get(Lang::En);
            tracing::error!(check = check.name, detail, "not pinging the watchdog");
            continue;
        }
        let answer = client.get(&watchdog.url).send().await;
        if let Err(error) = answer.and_then(reqwest::Response::error_for_status) {
            // The address may carry a secret.
            tracing::warn!(error = %error.without_url(), "the watchdog did not take the ping");
        }
    }
}
