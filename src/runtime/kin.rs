//! Carries what one incident asks of another: a child begins, is called off, tells its parent of its
//! end; and looks up the plan an incident is handed over to. Each is done at least once; the other
//! side knows a repetition by the identity that was drawn when it was asked for.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::dispatcher::COMMIT_AGAIN;
use super::executor::CommitOptions;
use super::service::Inner;
use super::{Caller, Missing, Refusal};
use crate::engine::{
    self, ChildOutcome, Command, Declare, Incident, Mode, ParentRef, Pending, RecallReason, RunKey,
};
use crate::id::{IncidentId, NoticeId, PlaybookId, VarId};
use crate::notify::gate::{self, Act, Pass};
use crate::notify::{Why, WhyCode};
use crate::people::Turns;
use crate::store::StoreError;
use crate::text::Lang;

type With = std::collections::BTreeMap<VarId, Json>;

/// Carries one entry of the outbox; `None` where it is to be tried again, after a while.
pub(super) async fn carry(
    inner: &Arc<Inner>,
    from: &Incident,
    request: NoticeId,
    pending: &Pending,
) -> Option<Command> {
    let done = match pending {
        Pending::Child { key, child, playbook, with, .. } => {
            let outcome = begin(inner, from, Call { key, child: *child, playbook, with }).await;
            outcome.map(|outcome| Command::ChildOutcome { request, outcome })
        }
        Pending::HandOff { playbook, .. } => Ok(take_over(inner, request, playbook)),
        Pending::Recall { child, why, .. } => {
            let done = call_off(inner, from.number, *child, *why).await;
            done.map(|()| Command::ErrandEnded { request })
        }
        Pending::Report { status, reason, .. } => {
            let command = Command::ChildReported {
                child: from.id,
                number: from.number,
                status: *status,
                reason: reason.clone(),
                values: Arc::clone(&from.variables),
            };
            let parent = from.parent.as_ref().map(|parent| parent.id);
            let told = tell(inner, parent, command).await;
            told.map(|()| Command::ErrandEnded { request })
        }
        Pending::Notice { .. } | Pending::Request { .. } => return None,
    };
    match done {
        Ok(command) => Some(command),
        Err(refusal) => {
            tracing::warn!(incident = %from.id, %refusal, "could not reach another incident; trying again");
            tokio::select! {
                () = tokio::time::sleep(COMMIT_AGAIN) => {}
                () = inner.drain.cancelled() => {}
            }
            None
        }
    }
}

/// A child that is asked for.
struct Call<'a> {
    key: &'a RunKey,
    child: IncidentId,
    playbook: &'a PlaybookId,
    with: &'a With,
}

/// Lets a child begin, unless an earlier try has.
async fn begin(
    inner: &Arc<Inner>,
    from: &Incident,
    call: Call<'_>,
) -> Result<ChildOutcome, Refusal> {
    match inner.current(call.child).await {
        Ok(known) => return Ok(ChildOutcome::Started { number: known.incident.number }),
        Err(Refusal::NotFound { .. }) => {}
        Err(other) => return Err(other),
    }
    let verdict = {
        let directory = inner.directory.load();
        gate::pass(from, Act::Child, inner.allowed(&directory, &[]))
    };
    match verdict {
        gate::Verdict::Send(pass) => declare(inner, from, call, &pass).await,
        gate::Verdict::HoldBack(why) => {
            tracing::info!(step = %call.key, %why, "held back");
            inner.meters.held_back.count();
            Ok(ChildOutcome::HeldBack)
        }
        gate::Verdict::Refuse(why) => Ok(ChildOutcome::Refused { why: why.to_string() }),
    }
}

async fn declare(
    inner: &Arc<Inner>,
    from: &Incident,
    call: Call<'_>,
    pass: &Pass,
) -> Result<ChildOutcome, Refusal> {
    let Some(playbook) = inner.library.load().playbook(call.playbook) else {
        let why = Why::with(WhyCode::NoSuchPlaybook, call.playbook).to_string();
        return Ok(ChildOutcome::Refused { why });
    };
    let parent = ParentRef {
        id: from.id,
        number: from.number,
        playbook: from.playbook.id.clone(),
        key: call.key.clone(),
        depth: from.parent.as_ref().map_or(0, |parent| parent.depth) + 1,
    };
    // The gate says what leaves a rehearsal: nothing but a rehearsal.
    let mode = if pass.is_drill() { Mode::Drill } else { Mode::Live };
    let number = inner.ids.number();
    let declaration = Declare {
        inputs: json(call.with),
        drill: from.drill,
        parent: Some(parent),
        ..Declare::new(call.child, number, mode)
    };
    let (caller, options) = (Caller::system(), CommitOptions::default());
    let directory = inner.directory.load_full();
    let outcome = {
        let ctx =
            inner.context(&caller, inner.now_of(from.drill), &options, &directory, Turns::NONE);
        engine::declare(&playbook, declaration, &ctx)
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(rejection) => {
            inner.meters.rejected.count();
            let why = Why::with(WhyCode::PlaybookRefused, rejection.text.get(Lang::En));
            return Ok(ChildOutcome::Refused { why: why.to_string() });
        }
    };
    let cell = inner.cells.cell(call.child);
    let mut state = cell.state.lock().await;
    inner.commit(&mut state, &playbook, None, outcome, &options).await?;
    inner.meters.declared.count();
    Ok(ChildOutcome::Started { number })
}

fn json(with: &With) -> Map<String, Json> {
    with.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// Looks up the plan that an incident is handed over to.
fn take_over(inner: &Inner, request: NoticeId, playbook: &PlaybookId) -> Command {
    match inner.library.load().playbook(playbook) {
        Some(to) => Command::HandOff { request, to },
        None => {
            let why = Why::with(WhyCode::NoSuchPlaybook, playbook).to_string();
            Command::ChildOutcome { request, outcome: ChildOutcome::Refused { why } }
        }
    }
}

/// Cancels a child that its parent no longer wants. One that never began, or has ended, is left.
async fn call_off(
    inner: &Arc<Inner>,
    parent: u64,
    child: IncidentId,
    why: RecallReason,
) -> Result<(), Refusal> {
    let reason = format!("called off by incident {parent}: {}", why.words());
    tell(inner, Some(child), Command::Cancel { reason, as_is: None }).await
}

/// Tells another incident something. What it refuses for good is no reason to try again.
async fn tell(inner: &Arc<Inner>, to: Option<IncidentId>, command: Command) -> Result<(), Refusal> {
    let Some(to) = to else { return Ok(()) };
    match inner.execute(&Caller::system(), to, command, CommitOptions::default()).await {
        Ok(_) | Err(Refusal::Rejected(_) | Refusal::NotFound { what: Missing::Incident, .. }) => {
            Ok(())
        }
        Err(
            refusal @ Refusal::Store(
                StoreError::Conflict { .. }
                | StoreError::Busy { .. }
                | StoreError::Full { .. }
                | StoreError::Failed { .. }
                | StoreError::Stopped,
            ),
        ) => Err(refusal),
        Err(refusal) => {
            tracing::error!(incident = %to, %refusal, "another incident cannot be told; it must be looked at");
            Ok(())
        }
    }
}
