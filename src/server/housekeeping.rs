//! What is done once in a while: answers too old to be repeated are forgotten, uses of tokens are
//! written down.

use jiff::{SignedDuration, Timestamp};

use super::app::App;
use super::kept;

/// How often.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How long the answer to a keyed request is kept at least.
pub const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Runs until the server closes, and once more then.
pub async fn run(app: App) {
    loop {
        let next = app.now().saturating_add(EVERY).unwrap_or(Timestamp::MAX);
        let closing = tokio::select! {
            () = app.runtime().clock().sleep_until(next) => false,
            () = app.closing().cancelled() => true,
        };
        tidy(&app).await;
        if closing {
            return;
        }
    }
}

async fn tidy(app: &App) {
    let before = app.now().saturating_sub(ANSWERS_KEPT).unwrap_or(Timestamp::MIN);
    let store = app.runtime().store();
    let forgotten = match store.forget_idempotency(before).await {
        Ok(_) => kept::forget(&**store, before).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = forgotten {
        tracing::warn!(%error, "old answers could not be forgotten");
    }
    app.ingest().kept().tidy(app);
    if let Err(error) = app.tokens().note_uses().await {
        tracing::warn!(%error, "the uses of tokens could not be written down");
    }
}
