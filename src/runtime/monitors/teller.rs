//! Lets incidents know of surges: a surge begins the plans that answer to it, through the same door
//! as alerts, keeps feeding the incidents, and tells them when it is over. What was told is compared
//! with what is, once a minute: whatever a death interrupts is done then.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::engine::{Actor, Command, EvidenceItem, Mode, Proves, SurgeGroup, SurgeNote};
use crate::id::{IncidentId, PlaybookId};
use crate::playbook::{Activation, Playbook};
use crate::runtime::executor::{CommitOptions, DeclareRequest};
use crate::runtime::service::Inner;
use crate::runtime::{Caller, Refusal, Scope};
use crate::signal::{Monitor, Surge, Told, chart, table};
use crate::store::{Change, Expect, Kind, StoreError};

/// Names what was told of a monitor's surge.
const TOLD: &str = "told/";
/// More monitors than may be configured.
const EPISODES_MAX: usize = 1_000;

/// One surge, with whom it was told to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Episode {
    began: Timestamp,
    plans: BTreeMap<PlaybookId, Heard>,
}

/// An incident that was told, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Heard {
    incident: IncidentId,
    told: Told,
}

/// A surge as its monitor sees it now.
pub(super) struct Now {
    pub monitor: Monitor,
    pub surge: Option<Surge>,
    /// The last one that is over.
    pub ended: Option<Surge>,
}

/// Runs until `inner` is drained.
pub(in crate::runtime) async fn run(inner: Arc<Inner>) {
    let mut episodes = match read(&inner) {
        Ok(episodes) => episodes,
        Err(error) => {
            tracing::error!(%error, "what was told of surges cannot be read; it is told again");
            BTreeMap::new()
        }
    };
    loop {
        tokio::select! {
            biased;
            () = inner.drain.cancelled() => return,
            () = inner.monitors.looked.notified() => {}
        }
        if inner.is_held() {
            continue;
        }
        for now in inner.monitors.now() {
            let known = episodes.get(&now.monitor.id).cloned();
            let next = tell(&inner, &now, known.clone()).await;
            if next != known && keep(&inner, &now.monitor.id, next.as_ref()).await {
                match next {
                    Some(next) => episodes.insert(now.monitor.id, next),
                    None => episodes.remove(&now.monitor.id),
                };
            }
        }
    }
}

/// Tells whoever is to know; returns what they know then.
async fn tell(inner: &Arc<Inner>, now: &Now, known: Option<Episode>) -> Option<Episode> {
    let began = now.surge.as_ref().map(|surge| surge.began);
    let known = match known {
        Some(known) if Some(known.began) != began => over(inner, now, known).await,
        known => known,
    };
    let Some(surge) = &now.surge else { return known };
    // Those that could not be told that the one before is over hear that first.
    let mut episode = match known {
        Some(known) if known.began != surge.began => return Some(known),
        Some(known) => known,
        None => Episode { began: surge.began, plans: BTreeMap::new() },
    };
    let library = inner.library.load_full();
    for plan in library.playbooks() {
        if !asks(plan, &now.monitor) {
            continue;
        }
        let told = episode.plans.get(&plan.id);
        let is_new = told.is_none();
        if told.is_some_and(|heard| !heard.told.is_old(surge)) {
            continue;
        }
        let key = format!("surge/{}/{}", now.monitor.id, plan.id);
        let open = inner.store.by_dedup_key(Mode::Live, &key);
        let mut activations = plan.activate_when.iter();
        let answers = activations.any(|one| one.answers_surge(&now.monitor.id, surge.ratio));
        if open.is_none() && (!is_new || !answers) {
            continue;
        }
        match report(inner, now, surge, (plan, key), (open, is_new)).await {
            Ok(incident) => {
                let heard = Heard { incident, told: Told::of(surge) };
                episode.plans.insert(plan.id.clone(), heard);
            }
            Err(error) => {
                let monitor = &now.monitor.id;
                tracing::warn!(%monitor, playbook = %plan.id, %error, "a surge could not be told");
            }
        }
    }
    Some(episode)
}

/// Tells whether a plan asks for a monitor's surges.
fn asks(plan: &Playbook, monitor: &Monitor) -> bool {
    plan.activate_when.iter().any(|activation| match activation {
        Activation::Surge { monitor: of, .. } => *of == monitor.id,
        Activation::Alert { .. } => false,
    })
}

/// Tells one plan's incident, which is begun where none is open; shows it the surge the first time.
async fn report(
    inner: &Arc<Inner>,
    now: &Now,
    surge: &Surge,
    (plan, key): (&Playbook, String),
    (open, is_new): (Option<IncidentId>, bool),
) -> Result<IncidentId, Refusal> {
    let caller = caller(&now.monitor);
    let note = note(&now.monitor, surge);
    let mut attach = open;
    if open.is_none() {
        let request = DeclareRequest {
            dedup_key: Some(key),
            surge: Some(note.clone()),
            detected_at: Some(surge.began),
            ..DeclareRequest::live(plan.id.clone())
        };
        let committed = inner.declare(&caller, request, CommitOptions::default()).await?;
        let id = committed.incident.id;
        if committed.created {
            show(inner, &caller, now, surge, id).await?;
            return Ok(id);
        }
        attach = Some(id);
    }
    let Some(id) = attach else { return Err(Refusal::Store(StoreError::Stopped)) };
    let command = Command::Surge { surge: note, over: false };
    inner.execute(&caller, id, command, CommitOptions::default()).await?;
    if is_new {
        show(inner, &caller, now, surge, id).await?;
    }
    Ok(id)
}

/// Attaches the chart of a surge and the same in words.
async fn show(
    inner: &Arc<Inner>,
    caller: &Caller,
    now: &Now,
    surge: &Surge,
    id: IncidentId,
) -> Result<(), Refusal> {
    let files = [
        ("svg", "image/svg+xml", chart(&now.monitor, surge)),
        ("md", "text/markdown", table(&now.monitor, surge)),
    ];
    for (ending, media_type, content) in files {
        let name = inner.ids.file(inner.clock.now());
        let kept = async {
            let mut upload = inner.evidence.upload(name).await?;
            upload.push(content.as_bytes()).await?;
            upload.finish().await
        };
        let mut kept = match kept.await {
            Ok(kept) => kept,
            Err(error) => {
                // The incident is worth more than its picture.
                tracing::warn!(incident = %id, %error, "the chart of a surge could not be kept");
                return Ok(());
            }
        };
        let evidence = EvidenceItem::File {
            hash: kept.hash.clone(),
            name: format!("surge-{}.{ending}", now.monitor.id),
            media_type: media_type.to_owned(),
            size: kept.size,
        };
        kept.offer();
        let command = Command::AddEvidence { of: Proves::Incident, evidence };
        let shown = inner.execute(caller, id, command, CommitOptions::default()).await;
        if let Err(refusal) = shown {
            if !refusal.is_doubtful() {
                kept.withdraw();
            }
            return if is_for_good(&refusal) { Ok(()) } else { Err(refusal) };
        }
    }
    Ok(())
}

/// Tells the incidents of a surge that it is over; returns what is left of it.
async fn over(inner: &Arc<Inner>, now: &Now, mut episode: Episode) -> Option<Episode> {
    let ended = now.ended.as_ref().filter(|ended| ended.began == episode.began);
    let note = match ended {
        Some(ended) => note(&now.monitor, ended),
        // The monitor counts something else now: all that is known is that nothing surges.
        None => SurgeNote { monitor: now.monitor.id.clone(), ..SurgeNote::default() },
    };
    let mut left = BTreeMap::new();
    for (plan, heard) in std::mem::take(&mut episode.plans) {
        let command = Command::Surge { surge: note.clone(), over: true };
        let options = CommitOptions::default();
        match inner.execute(&caller(&now.monitor), heard.incident, command, options).await {
            Err(refusal) if !is_for_good(&refusal) => {
                tracing::warn!(incident = %heard.incident, %refusal, "not told that a surge is over");
                left.insert(plan, heard);
            }
            _ => {}
        }
    }
    episode.plans = left;
    (!episode.plans.is_empty()).then_some(episode)
}

fn caller(monitor: &Monitor) -> Caller {
    Caller { actor: Actor::Service { name: monitor.id.clone() }, scope: Scope::Responder }
}

fn note(monitor: &Monitor, surge: &Surge) -> SurgeNote {
    // People read two digits, and no rule needs more.
    let shown = |number: f64| (number * 100.0).round() / 100.0;
    let group = |group: &crate::signal::Contributor| SurgeGroup {
        name: group.name(),
        count: group.count,
        baseline: group.usual.map(shown),
    };
    SurgeNote {
        monitor: monitor.id.clone(),
        window: monitor.window,
        count: surge.count,
        baseline: surge.usual.map(shown),
        ratio: surge.ratio.map(shown),
        peak: surge.peak.map(shown),
        level: surge.level,
        groups: surge.top.iter().map(group).collect(),
        tickets: surge.tickets.clone(),
    }
}

/// Tells whether telling it again would meet the same answer: the incident has ended, or is gone.
const fn is_for_good(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Rejected(_) | Refusal::NotFound { .. })
}

fn read(inner: &Inner) -> Result<BTreeMap<SmolStr, Episode>, StoreError> {
    let mut episodes = BTreeMap::new();
    for document in inner.store.documents(Kind::Monitor, TOLD, EPISODES_MAX)? {
        let Some(monitor) = document.name.strip_prefix(TOLD) else { break };
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            what: document.name.clone(),
            why: error.to_string(),
        };
        let episode = serde_json::from_slice(&document.content).map_err(damaged)?;
        episodes.insert(SmolStr::new(monitor), episode);
    }
    Ok(episodes)
}

/// Keeps what was told; tells whether that is durable.
async fn keep(inner: &Inner, monitor: &str, episode: Option<&Episode>) -> bool {
    let name = format!("{TOLD}{monitor}");
    let change = match episode.map(serde_json::to_vec) {
        Some(Ok(content)) => Change::write(Kind::Monitor, name, Expect::Any, content),
        Some(Err(_)) => return false,
        None => Change::delete(Kind::Monitor, name, Expect::Any),
    };
    let kept = inner.store.put(vec![change]).await;
    kept.inspect_err(|error| tracing::warn!(monitor, %error, "not noted what was told")).is_ok()
}
