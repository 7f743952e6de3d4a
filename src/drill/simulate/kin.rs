//! What one incident of a simulated run asks of another: children begin in the same virtual world,
//! are called off, tell of their end; and an incident goes on by another plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::drill::simulate::life::Life;
use crate::drill::simulate::setting::Setting;
use crate::drill::simulate::world::Stage;
use crate::engine::{Actor, ChildOutcome, Command, Declare, Incident, Mode, ParentRef, Pending};
use crate::id::{IncidentId, NoticeId, PersonId, PlaybookId};
use crate::notify::{Why, WhyCode};
use crate::text::Lang;

/// Carries one errand; tells whether there was one.
pub(super) fn carry<'a>(setting: Setting<'a>, lives: &mut Vec<Life<'a>>) -> bool {
    let Some((of, request, pending)) = next(lives) else { return false };
    match pending.as_ref() {
        Pending::Child { .. } => {
            let outcome = begin(setting, lives, (of, &pending));
            lives[of].world.ask(Actor::System, Command::ChildOutcome { request, outcome });
        }
        Pending::Recall { child, why, .. } => {
            let number = lives[of].world.incident.number;
            if let Some(child) = find(lives, *child) {
                let reason = format!("called off by incident {number}: {}", why.words());
                lives[child].world.ask(Actor::System, Command::Cancel { reason, as_is: None });
            }
            lives[of].world.ask(Actor::System, Command::ErrandEnded { request });
        }
        Pending::Report { status, reason, .. } => {
            let incident = &lives[of].world.incident;
            let command = Command::ChildReported {
                child: incident.id,
                number: incident.number,
                status: *status,
                reason: reason.clone(),
                values: Arc::clone(&incident.variables),
            };
            let parent = incident.parent.as_ref().map(|parent| parent.id);
            if let Some(parent) = parent.and_then(|parent| find(lives, parent)) {
                lives[parent].world.ask(Actor::System, command);
            }
            lives[of].world.ask(Actor::System, Command::ErrandEnded { request });
        }
        Pending::HandOff { playbook, .. } => match setting.stage.plans.get(playbook) {
            Some(to) => lives[of].world.hand_over(request, to),
            None => {
                let outcome = ChildOutcome::Refused { why: missing(playbook) };
                lives[of].world.ask(Actor::System, Command::ChildOutcome { request, outcome });
            }
        },
        Pending::Notice { .. } | Pending::Request { .. } => {}
    }
    true
}

/// Tells each incident who is working in another: nobody does two things at a time. Whoever is
/// asked by two incidents goes on with what they began first.
pub(super) fn share_people(lives: &mut [Life<'_>]) {
    if lives.len() < 2 {
        return;
    }
    let working: Vec<BTreeSet<PersonId>> =
        lives.iter().map(|life| life.people.working(&life.world)).collect();
    for (nth, life) in lives.iter_mut().enumerate() {
        let others = working.iter().enumerate().filter(|(other, _)| *other != nth);
        life.people.share(others.flat_map(|(_, people)| people).cloned().collect());
    }
}

/// Returns the next errand, by incident and by the order in which they were asked for. Most of what
/// happens calls for none.
fn next(lives: &mut [Life<'_>]) -> Option<(usize, NoticeId, Arc<Pending>)> {
    lives.iter_mut().enumerate().filter(|(_, life)| life.calls).find_map(|(of, life)| {
        let found =
            life.world.incident.outbox.iter().find_map(|(id, pending)| match pending.as_ref() {
                Pending::Notice { .. } | Pending::Request { .. } => None,
                Pending::Child { .. }
                | Pending::Recall { .. }
                | Pending::Report { .. }
                | Pending::HandOff { .. } => Some((of, *id, Arc::clone(pending))),
            });
        life.calls = found.is_some();
        found
    })
}

fn find(lives: &[Life<'_>], id: IncidentId) -> Option<usize> {
    lives.iter().position(|life| life.world.incident.id == id)
}

fn begin<'a>(
    setting: Setting<'a>,
    lives: &mut Vec<Life<'a>>,
    (of, pending): (usize, &Pending),
) -> ChildOutcome {
    let Pending::Child { key, child, playbook, with, .. } = pending else {
        return ChildOutcome::HeldBack;
    };
    let Some(plan) = setting.stage.plans.get(playbook) else {
        return ChildOutcome::Refused { why: missing(playbook) };
    };
    let from: &Incident = &lives[of].world.incident;
    let parent = ParentRef {
        id: from.id,
        number: from.number,
        playbook: from.playbook.id.clone(),
        key: key.clone(),
        depth: from.parent.as_ref().map_or(0, |parent| parent.depth) + 1,
    };
    let number = lives.len() as u64 + 1;
    let inputs: Map<String, Json> =
        with.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let declaration = Declare {
        inputs,
        drill: from.drill,
        parent: Some(parent),
        ..Declare::new(*child, number, Mode::Simulation)
    };
    let now = lives[of].world.now;
    let manners = setting.manners.of_life(u32::try_from(lives.len()).unwrap_or(u32::MAX));
    let stage = Stage { playbook: plan, ..setting.stage };
    match Life::declare(Setting { stage, manners, ..setting }, now, declaration) {
        Ok(life) => {
            lives.push(life);
            ChildOutcome::Started { number }
        }
        Err(rejection) => {
            let why = Why::with(WhyCode::PlaybookRefused, rejection.text.get(Lang::En));
            ChildOutcome::Refused { why: why.to_string() }
        }
    }
}

fn missing(playbook: &PlaybookId) -> String {
    Why::with(WhyCode::NoSuchPlaybook, playbook).to_string()
}
