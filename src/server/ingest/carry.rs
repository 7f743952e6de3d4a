//! Carries alerts to the runtime. What the runtime refuses for good stays visible; what it cannot do
//! now the sender sends again: a trouble is begun once, whatever is repeated.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::unmatched::{Reason, Seen};
use crate::engine::limits::TEXT_BYTES_MAX;
use crate::engine::{Actor, Command, Mode};
use crate::id::{IncidentId, PlaybookId};
use crate::ingest::{Alert, Errand, News, Reading, Source, Unread, Verdict, incident_keys, route};
use crate::playbook::Access;
use crate::runtime::{Caller, CommitOptions, DeclareRequest, Library, Refusal, Scope};
use crate::server::app::App;
use crate::server::problem::Problem;
use crate::server::wire::{AlertOutcome, Ingested, IngestedAlert};
use crate::store::StoreError;
use crate::text::Text;

/// How often an alert is routed: the incident that was open may end in between.
const TRIES_MAX: usize = 3;

/// What was asked already for this body: the members of a group speak with one voice.
type Asked = BTreeSet<(PlaybookId, String, News)>;

/// The plans that a body is carried to.
struct Plans {
    library: Arc<Library>,
    /// Those that have left and may still have incidents.
    departed: BTreeSet<PlaybookId>,
}

impl Plans {
    fn of(app: &App) -> Self {
        let library = app.runtime().library();
        let departed = app.ingest().departed(library.playbooks().map(|plan| &plan.id));
        Self { library, departed }
    }

    /// Tells whether an incident is open for an alert, whichever plan it runs.
    fn is_open(&self, app: &App, alert: &Alert) -> bool {
        let (store, key_for) = (app.runtime().store(), incident_keys(alert));
        let present = self.library.playbooks().map(|plan| &plan.id);
        let mut all = present.chain(&self.departed);
        all.any(|plan| store.by_dedup_key(Mode::Live, &key_for(plan)).is_some())
    }

    fn errands(&self, app: &App, alert: &Alert) -> Vec<Errand> {
        let plans = self.library.playbooks().map(|plan| &**plan);
        let open = |key: &str| app.runtime().store().by_dedup_key(Mode::Live, key);
        route(alert, plans, &self.departed, &open, app.now())
    }
}

/// Carries everything that was read of one body.
///
/// # Errors
/// The runtime cannot take it now; nothing is lost by sending all of it again.
pub async fn carry(app: &App, source: &Source, reading: Reading) -> Result<Ingested, Problem> {
    let (read, rules): (_, Vec<_>) = reading.alerts.into_iter().unzip();
    let plans = Plans::of(app);
    let open = |alert: &Alert| plans.is_open(app, alert);
    let heard = app.ingest().hearing().hear(app, read, &open).await?;
    let mut asked = Asked::new();
    let mut alerts = Vec::new();
    let mut seen = Vec::new();
    for ((alert, verdict), rule) in heard.into_iter().zip(rules) {
        match verdict {
            Verdict::Say => {
                alerts.extend(carry_one(app, &plans, (&alert, rule), &mut asked, &mut seen).await?);
            }
            Verdict::Muted(_) => alerts.push(told(&alert, rule, AlertOutcome::Muted, None)),
            Verdict::SpokenFor => alerts.push(told(&alert, rule, AlertOutcome::Grouped, None)),
            Verdict::SaidBefore => alerts.push(told(&alert, rule, AlertOutcome::Repeated, None)),
        }
    }
    for unread in reading.unread {
        let reason = match unread {
            Unread::NoRule { .. } => Reason::NoRule,
            Unread::Fault(_) => Reason::Incomplete,
        };
        seen.push(Seen::unread(source, reason, unread.text()));
    }
    let unmatched = seen.len();
    app.ingest().unmatched().keep(app, seen).await?;
    Ok(Ingested { alerts, unmatched })
}

/// Carries an alert that waited. That it was said is for the caller to write down.
///
/// # Errors
/// The runtime cannot take it now; it waits on.
pub async fn say(app: &App, alert: &Alert) -> Result<(), Problem> {
    let mut seen = Vec::new();
    carry_one(app, &Plans::of(app), (alert, None), &mut Asked::new(), &mut seen).await?;
    app.ingest().unmatched().keep(app, seen).await
}

async fn carry_one(
    app: &App,
    plans: &Plans,
    (alert, rule): (&Alert, Option<usize>),
    asked: &mut Asked,
    seen: &mut Vec<Seen>,
) -> Result<Vec<IngestedAlert>, Problem> {
    let outcomes = one(app, plans, alert, asked).await?;
    app.ingest().hearing().state().ledger.said(alert, app.now());
    let mut alerts = Vec::new();
    if outcomes.is_empty() {
        let outcome = of_nobody(alert);
        if outcome == AlertOutcome::Unmatched {
            seen.push(Seen::of(alert, Reason::NoPlan, no_plan()));
        }
        alerts.push(told(alert, rule, outcome, None));
    }
    for done in outcomes {
        if let Some(why) = done.why {
            seen.push(Seen::of(alert, Reason::Refused, why));
        }
        alerts.push(told(alert, rule, done.outcome, done.incident));
    }
    Ok(alerts)
}

/// Says what carrying would lead to, and does nothing. What the plans would refuse is not foreseen.
pub fn foresee(app: &App, reading: &Reading) -> Vec<IngestedAlert> {
    let plans = Plans::of(app);
    let mut asked = Asked::new();
    let mut alerts = Vec::new();
    for (alert, rule) in &reading.alerts {
        let errands = plans.errands(app, alert);
        if errands.is_empty() {
            alerts.push(told(alert, *rule, of_nobody(alert), None));
        }
        for errand in errands {
            let playbook = plan_of(&errand).clone();
            let hidden = is_hidden(app, &playbook);
            let grouped = !asked.insert((playbook.clone(), alert.dedup_key.clone(), alert.status));
            let (outcome, incident) = outcome_of(&errand);
            let outcome = if grouped { AlertOutcome::Grouped } else { outcome };
            let mut told = told(alert, *rule, outcome, None);
            if !hidden && !grouped {
                (told.playbook, told.incident) = (Some(playbook), incident);
            }
            alerts.push(told);
        }
    }
    alerts
}

const fn outcome_of(errand: &Errand) -> (AlertOutcome, Option<IncidentId>) {
    match errand {
        Errand::Declare { .. } => (AlertOutcome::Declared, None),
        Errand::Attach { incident, .. } => (AlertOutcome::Attached, Some(*incident)),
        Errand::Resolve { incident, .. } => (AlertOutcome::Resolved, Some(*incident)),
        Errand::Acknowledge { incident, .. } => (AlertOutcome::Acknowledged, Some(*incident)),
        Errand::Note { incident, .. } => (AlertOutcome::Noted, Some(*incident)),
    }
}

/// What an alert comes to that asks for nothing.
fn of_nobody(alert: &Alert) -> AlertOutcome {
    if alert.status == News::Firing { AlertOutcome::Unmatched } else { AlertOutcome::Ignored }
}

/// Keeps a body visible that is not of the source's dialect.
pub async fn unreadable(app: &App, source: &Source, why: &Text) {
    let seen = Seen::unread(source, Reason::Unreadable, why.clone());
    if let Err(problem) = app.ingest().unmatched().keep(app, vec![seen]).await {
        tracing::warn!(source = %source.id, code = problem.kind.code(), "not kept");
    }
}

fn no_plan() -> Text {
    Text::both(
        "没有预案的 activate_when 与这些标签相符",
        "no plan's `activate_when` answers to these labels",
    )
}

fn told(
    alert: &Alert,
    rule: Option<usize>,
    outcome: AlertOutcome,
    incident: Option<(PlaybookId, IncidentId)>,
) -> IngestedAlert {
    let (playbook, incident) = incident.unzip();
    IngestedAlert {
        name: alert.name.clone(),
        dedup_key: alert.member.as_ref().unwrap_or(&alert.dedup_key).clone(),
        outcome,
        playbook,
        incident,
        rule: rule.map(|n| n + 1),
    }
}

/// What one errand came to.
struct Done {
    outcome: AlertOutcome,
    incident: Option<(PlaybookId, IncidentId)>,
    why: Option<Text>,
}

async fn one(
    app: &App,
    plans: &Plans,
    alert: &Alert,
    asked: &mut Asked,
) -> Result<Vec<Done>, Problem> {
    let mut done = Vec::new();
    let mut refused = Vec::new();
    for n in 0..TRIES_MAX {
        refused.clear();
        for errand in plans.errands(app, alert) {
            let playbook = plan_of(&errand).clone();
            let hidden = is_hidden(app, &playbook);
            let mark = (playbook, alert.dedup_key.clone(), alert.status);
            if asked.contains(&mark) {
                if n == 0 {
                    done.push(Done { outcome: AlertOutcome::Grouped, incident: None, why: None });
                }
                continue;
            }
            match run(app, alert, errand).await {
                Ok((outcome, incident)) => {
                    let incident = (!hidden).then(|| (mark.0.clone(), incident));
                    asked.insert(mark);
                    done.push(Done { outcome, incident, why: None });
                }
                Err(refusal) if is_for_good(&refusal) => refused.push(refusal),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        if refused.is_empty() {
            break;
        }
    }
    for refusal in refused {
        let why = Some(Problem::from(refusal).detail.clone());
        done.push(Done { outcome: AlertOutcome::Refused, incident: None, why });
    }
    Ok(done)
}

/// A source is no reader: of a restricted plan, and of one that is gone, it hears nothing.
fn is_hidden(app: &App, plan: &PlaybookId) -> bool {
    let plan = app.runtime().library().playbook(plan);
    plan.is_none_or(|plan| plan.access == Access::Restricted)
}

const fn plan_of(errand: &Errand) -> &PlaybookId {
    match errand {
        Errand::Declare { playbook, .. }
        | Errand::Attach { playbook, .. }
        | Errand::Resolve { playbook, .. }
        | Errand::Acknowledge { playbook, .. }
        | Errand::Note { playbook, .. } => playbook,
    }
}

async fn run(
    app: &App,
    alert: &Alert,
    errand: Errand,
) -> Result<(AlertOutcome, IncidentId), Refusal> {
    let actor = Actor::Service { name: alert.source.clone() };
    let caller = Caller { actor, scope: Scope::Responder };
    let (outcome, incident, command) = match errand {
        Errand::Declare { playbook, key, note, detected_at } => {
            let request = DeclareRequest {
                dedup_key: Some(key),
                alert: Some(note.clone()),
                detected_at,
                ..DeclareRequest::live(playbook)
            };
            let options = CommitOptions::default();
            let committed = app.runtime().declare(&caller, request, options).await?;
            let id = committed.incident.id;
            if committed.created {
                return Ok((AlertOutcome::Declared, id));
            }
            // Another body was first.
            (AlertOutcome::Attached, id, Command::Alert { alert: note, resolved: false })
        }
        Errand::Attach { incident, note, .. } => {
            (AlertOutcome::Attached, incident, Command::Alert { alert: note, resolved: false })
        }
        Errand::Resolve { incident, note, .. } => {
            (AlertOutcome::Resolved, incident, Command::Alert { alert: note, resolved: true })
        }
        Errand::Acknowledge { incident, said, .. } => {
            let source = &alert.source;
            let seen = format!(
                "告警已在来源 {source} 处确认 / The alert was acknowledged at its source, {source}"
            );
            let text = said.map_or(seen.clone(), |said| format!("{seen}: {said}"));
            (AlertOutcome::Acknowledged, incident, note(text))
        }
        Errand::Note { incident, said, .. } => {
            let source = &alert.source;
            let text = format!("来源 {source} 处的备注 / Remark at the source {source}: {said}");
            (AlertOutcome::Noted, incident, note(text))
        }
    };
    let options = CommitOptions::default();
    let committed = app.runtime().execute(&caller, incident, command, options).await?;
    Ok((outcome, committed.incident.id))
}

/// A remark, cut to what the journal takes.
pub(super) fn note(mut text: String) -> Command {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    Command::Note { text }
}

/// Tells whether sending it again would meet the same answer.
const fn is_for_good(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Rejected(_) | Refusal::NotFound { .. } => true,
        Refusal::Store(error) => matches!(
            error,
            StoreError::TooLarge { .. } | StoreError::Invalid { .. } | StoreError::Damaged { .. }
        ),
        Refusal::VersionMismatch { .. }
        | Refusal::Answered(_)
        | Refusal::KeyReused
        | Refusal::Drill(..)
        | Refusal::NoPublicUrl
        | Refusal::Unavailable(_) => false,
    }
}
