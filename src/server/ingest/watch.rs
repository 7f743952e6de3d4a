//! Says what waited once nothing mutes it any more, and which sources have fallen silent.

use jiff::{SignedDuration, Timestamp};

use super::carry;
use crate::ingest::Reading;
use crate::server::app::App;

/// How often it looks when nothing is known to be due.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How long it rests after something could not be done.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Runs until the server closes.
pub async fn run(app: App) {
    loop {
        let now = app.now();
        let in_the_end = now.saturating_add(EVERY).unwrap_or(Timestamp::MAX);
        let next = app.ingest().hearing().next(now).map_or(in_the_end, |next| next.min(in_the_end));
        tokio::select! {
            () = app.runtime().clock().sleep_until(next) => {}
            () = app.ingest().hearing().changed() => {}
            () = app.closing().cancelled() => return,
        }
        if !look(&app).await {
            let later = app.now().saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
            tokio::select! {
                () = app.runtime().clock().sleep_until(later) => {}
                () = app.closing().cancelled() => return,
            }
        }
    }
}

/// Does what is due; tells whether all of it could be done.
async fn look(app: &App) -> bool {
    let now = app.now();
    let due = {
        let mut state = app.ingest().hearing().state();
        let state = &mut *state;
        state.ledger.due(&state.policy, now)
    };
    let mut done = true;
    for alert in due {
        done &= carry::say(app, &alert).await.inspect_err(late).is_ok();
    }
    // Once for all of them; what could not be written is tried again at the next look.
    let written = app.ingest().hearing().write(&**app.runtime().store()).await;
    if let Err(error) = written {
        tracing::warn!(%error, "what was said of alerts that waited is not yet written down");
        done = false;
    }
    let beats = app.ingest().hearing().state().beats.due(now);
    for alert in beats {
        let Some(source) = app.ingest().named(&alert.source) else { continue };
        let reading = Reading { alerts: vec![(alert.clone(), None)], unread: Vec::new() };
        tracing::info!(source = %alert.source, status = alert.status.as_str(), "heartbeat");
        match carry::carry(app, source, reading).await {
            Ok(_) => app.ingest().hearing().state().beats.said(&alert),
            Err(problem) => {
                late(&problem);
                done = false;
            }
        }
    }
    forget_old(app).await;
    done
}

fn late(problem: &crate::server::problem::Problem) {
    tracing::warn!(code = problem.kind.code(), "an alert that waited could not be said yet");
}

async fn forget_old(app: &App) {
    let old = app.ingest().hearing().state().silences.old(app.now());
    for id in old {
        if let Err(error) =
            app.ingest().hearing().erase_silence(&**app.runtime().store(), &id, app.now()).await
        {
            tracing::warn!(%error, "an old silence could not be forgotten");
        }
    }
}
