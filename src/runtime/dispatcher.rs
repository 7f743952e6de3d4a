//! The outbox's way out: claim → gate → channel → the answer back as a command. A message leaves
//! at least once; its identity is constant, so a receiver can tell a repetition.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cells::Loaded;
use super::kin;
use super::outbox::Rendered;
use super::sending::{Sending, send};
use super::service::Inner;
use crate::engine::{Command, Incident, Notice, NoticeOutcome, Pending, RequestOutcome, RunKey};
use crate::id::{DrillRunId, IncidentId, NoticeId};
use crate::notify::gate::{self, Act, Run};
use crate::notify::{self, Why, WhyCode, http};

/// How long to wait before an answer that could not be committed is tried again.
pub(super) const COMMIT_AGAIN: Duration = Duration::from_secs(1);

/// One thing that is about to leave.
struct Errand {
    from: Arc<Incident>,
    incident: IncidentId,
    run: Run,
    drill: Option<DrillRunId>,
    id: NoticeId,
    what: What,
}

enum What {
    Notice {
        notice: Notice,
        channel: usize,
        attempt: u32,
        until: Timestamp,
        words: Option<Box<notify::Rendered>>,
    },
    Request {
        key: RunKey,
        prepared: Option<http::Prepared>,
    },
    Kin(Pending),
}

impl Inner {
    /// Sends what is to be sent now; returns when the next one is.
    pub(super) fn dispatch(self: &Arc<Self>, loaded: &Loaded, now: Timestamp) -> Option<Timestamp> {
        let mut later = None;
        for (id, pending) in loaded.incident.outbox.iter() {
            let at = pending.next_at();
            if at > now || self.is_held() {
                later = Some(later.map_or(at, |earlier: Timestamp| earlier.min(at)));
            } else if self.outbound.claim(*id) {
                let errand = errand(loaded, *id, pending);
                self.meters.in_flight.count();
                self.tasks.spawn(run(Arc::clone(self), errand));
            }
        }
        later
    }
}

fn errand(loaded: &Loaded, id: NoticeId, pending: &Pending) -> Errand {
    let rendered = loaded.rendered.get(&id).map(Arc::as_ref);
    let what = match pending {
        Pending::Notice { notice, channel, attempt, channel_until, .. } => What::Notice {
            notice: notice.clone(),
            channel: *channel,
            attempt: *attempt,
            until: *channel_until,
            words: match rendered {
                Some(Rendered::Notice(words)) => Some(Box::new(words.clone())),
                Some(Rendered::Request(_)) | None => None,
            },
        },
        Pending::Request { key, .. } => What::Request {
            key: key.clone(),
            prepared: match rendered {
                Some(Rendered::Request(prepared)) => Some(prepared.clone()),
                Some(Rendered::Notice(_)) | None => None,
            },
        },
        kin @ (Pending::Child { .. }
        | Pending::Recall { .. }
        | Pending::Report { .. }
        | Pending::HandOff { .. }) => What::Kin(kin.clone()),
    };
    let from = Arc::clone(&loaded.incident);
    let (run, incident, drill) = (Run::from(&*from), from.id, from.drill);
    Errand { from, incident, run, drill, id, what }
}

/// Runs one errand to its committed end. The claim is held until then, so nothing leaves twice
/// while its answer is on the way.
async fn run(inner: Arc<Inner>, errand: Errand) {
    let Errand { incident, id, run, drill, .. } = errand;
    let command = match errand.what {
        What::Notice { notice, channel, attempt, until, words } => {
            let sending = Sending { run, drill, notice: &notice, channel, attempt, until };
            let outcome = send(&inner, incident, &sending, words.map(|words| *words)).await;
            outcome.map(|outcome| Command::NoticeOutcome { notice: id, outcome })
        }
        What::Request { key, prepared } => {
            let outcome = request(&inner, run, &key, prepared).await;
            Some(Command::RequestOutcome { request: id, outcome })
        }
        What::Kin(pending) => kin::carry(&inner, &errand.from, id, &pending).await,
    };
    let goes_on = matches!(
        command,
        Some(Command::NoticeOutcome { outcome: NoticeOutcome::Refused { .. }, .. }) | None
    );
    if let Some(command) = command {
        inner.cells.cell(incident).leave(command);
        keep(&inner, incident).await;
    }
    inner.outbound.release(id);
    inner.meters.in_flight.take();
    if goes_on && !inner.drain.is_cancelled() {
        // While the claim was held, the next channel could not be tried.
        keep(&inner, incident).await;
    }
}

/// Commits what was left for an incident, again and again until the store takes it.
async fn keep(inner: &Arc<Inner>, incident: IncidentId) {
    while let Err(error) = inner.advance(incident, false).await {
        tracing::warn!(%incident, %error, "a channel's answer could not be kept; trying again");
        tokio::select! {
            () = tokio::time::sleep(COMMIT_AGAIN) => {}
            () = inner.drain.cancelled() => return,
        }
    }
}

/// Makes the request of an `http` step, unless the gate holds it back.
async fn request(
    inner: &Arc<Inner>,
    run: Run,
    key: &RunKey,
    prepared: Option<http::Prepared>,
) -> RequestOutcome {
    let not_made = |why: Why| RequestOutcome::NotMet { status: None, why: why.to_string() };
    let Some(prepared) = prepared else { return not_made(Why::new(WhyCode::BadRequest)) };
    let host = match prepared.host() {
        Ok(host) => host,
        Err(why) => return not_made(why),
    };
    let Ok(_permit) = inner.outbound.requests.acquire().await else {
        return not_made(Why::new(WhyCode::Busy));
    };
    let verdict = {
        let directory = inner.directory.load();
        gate::pass(run, Act::Request { host: &host }, inner.allowed(&directory, &[]))
    };
    match verdict {
        gate::Verdict::Send(pass) => http::send(&inner.outbound.http, pass, &prepared).await,
        // A cast may say otherwise; without one a held-back request counts as success.
        gate::Verdict::HoldBack(why) => {
            tracing::info!(step = %key, %why, "held back");
            inner.meters.held_back.count();
            RequestOutcome::HeldBack { succeeds: true }
        }
        gate::Verdict::Refuse(why) => not_made(why),
    }
}
