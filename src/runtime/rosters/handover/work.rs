//! What is open for a schedule: the incidents whose roles are filled from it, and of these roles
//! the holders, the steps that wait, and the next limits.

use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::{Incident, Mode, Run, StepState, ViewState, clocks};
use crate::id::{IncidentId, PersonId, RoleId, ScheduleId};
use crate::people::{Directory, Source};
use crate::playbook::{Playbook, Role};
use crate::runtime::service::Inner;
use crate::runtime::{Committed, Refusal};
use crate::store::{Query, Which};
use crate::text::Text;

/// How many open incidents are looked at, newest first; nobody takes over more.
const LOOKED_AT_MAX: usize = 5_000;

/// An open incident with what of it belongs to a schedule.
#[derive(Debug, Clone)]
pub struct OpenWork {
    /// The incident.
    pub seen: Committed,
    /// The roles filled from the schedule, with who holds them or was given them.
    pub roles: Vec<(RoleId, Option<PersonId>)>,
    /// Their steps that may be worked on, the nearest limit first.
    pub steps: Vec<OpenStep>,
    /// Their stages of statutory clocks that run, the nearest limit first.
    pub stages: Vec<OpenStage>,
}

/// A step that may be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenStep {
    /// What people call it.
    pub title: Text,
    /// Whose it is.
    pub role: RoleId,
    /// By when it must be done, else begun.
    pub due_at: Option<Timestamp>,
    /// That has passed.
    pub overdue: bool,
}

/// A stage of a statutory clock that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenStage {
    /// What people call its clock.
    pub title: Text,
    /// Whose it is.
    pub role: RoleId,
    /// By when.
    pub due_at: Option<Timestamp>,
    /// That has passed.
    pub late: bool,
}

impl OpenWork {
    /// Returns the nearest limit.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        let steps = self.steps.iter().filter_map(|step| step.due_at);
        steps.chain(self.stages.iter().filter_map(|stage| stage.due_at)).min()
    }

    /// Tells whether a person has or had a part in it.
    pub(super) fn involves(&self, person: &PersonId) -> bool {
        let incident = &self.seen.incident;
        let has = |role: &Arc<_>| holds(role, person);
        incident.paged.contains(person) || incident.roles.values().any(has)
    }
}

fn holds(role: &crate::engine::RoleState, person: &PersonId) -> bool {
    role.tenure.people().contains(person)
}

impl Inner {
    /// Reads the open live incidents that have roles filled from a schedule, newest first.
    pub(in crate::runtime) async fn open_work(
        self: &Arc<Self>,
        directory: &Directory,
        schedule: &ScheduleId,
    ) -> Result<Vec<OpenWork>, Refusal> {
        let mut found = Vec::new();
        for id in self.open_incidents()? {
            let seen = match self.current(id).await {
                Ok(seen) => seen,
                Err(Refusal::NotFound { .. }) => continue,
                Err(other) => return Err(other),
            };
            let roles = roles(directory, schedule, &seen.playbook, &seen.incident);
            if roles.is_empty() || !seen.incident.status.is_open() {
                continue;
            }
            let steps = steps(&seen.playbook, &seen.incident, &roles);
            let stages = stages(&seen.playbook, &seen.incident, &roles);
            found.push(OpenWork { seen, roles, steps, stages });
        }
        Ok(found)
    }

    fn open_incidents(&self) -> Result<Vec<IncidentId>, Refusal> {
        let (mut ids, mut before, mut seen) = (Vec::new(), None, 0);
        loop {
            let query = Query { which: Which::Open, before, limit: Query::MAX_ROWS };
            let rows = self.store.list(query)?;
            seen += rows.len();
            before = rows.last().map(|row| row.number);
            let whole = rows.len() == Query::MAX_ROWS;
            ids.extend(rows.into_iter().filter(|row| row.mode == Mode::Live).map(|row| row.id));
            if !whole || seen >= LOOKED_AT_MAX {
                return Ok(ids);
            }
        }
    }
}

/// Lists the engaged roles that a schedule fills: by itself, or as the roster of a team.
fn roles(
    directory: &Directory,
    schedule: &ScheduleId,
    playbook: &Playbook,
    incident: &Incident,
) -> Vec<(RoleId, Option<PersonId>)> {
    let leads = |source: &Source| match source {
        Source::Schedule(id) => id == schedule,
        Source::Team(team) => {
            directory.team(team).is_some_and(|team| team.schedule.as_ref() == Some(schedule))
        }
        Source::Claim(_) => false,
    };
    let filled = |role: &&Role| leads(&role.assign) || role.deputies.iter().any(leads);
    playbook
        .roles
        .values()
        .filter(filled)
        .filter_map(|role| {
            let state = incident.roles.get(&role.id).filter(|state| state.engaged)?;
            Some((role.id.clone(), state.tenure.holder().cloned()))
        })
        .collect()
}

fn has(roles: &[(RoleId, Option<PersonId>)], role: &RoleId) -> bool {
    roles.iter().any(|(id, _)| id == role)
}

fn steps(
    playbook: &Playbook,
    incident: &Incident,
    roles: &[(RoleId, Option<PersonId>)],
) -> Vec<OpenStep> {
    let mut open = Vec::new();
    for step in playbook.every_step() {
        let Some(role) = step.role.as_ref().filter(|role| has(roles, role)) else { continue };
        let Some(record) = incident.steps.get(&step.id) else { continue };
        let own = record.items.is_empty().then_some(&record.run);
        let runs = own.into_iter().chain(record.items.iter().map(AsRef::as_ref));
        let waits = |run: &&Run| matches!(run.state, StepState::Ready | StepState::Active);
        open.extend(runs.filter(waits).map(|run| OpenStep {
            title: step.title.clone().unwrap_or_else(|| step.id.as_str().into()),
            role: role.clone(),
            due_at: run.due_at.or(run.start_by.filter(|_| run.started_at.is_none())),
            overdue: run.overdue || run.start_overdue,
        }));
    }
    open.sort_by_key(|step| (step.due_at.is_none(), step.due_at));
    open
}

fn stages(
    playbook: &Playbook,
    incident: &Incident,
    roles: &[(RoleId, Option<PersonId>)],
) -> Vec<OpenStage> {
    let open = clocks(playbook, incident).into_iter().filter_map(|clock| {
        let role = clock.role.filter(|role| has(roles, role))?;
        let limit = clock.limit().filter(|_| clock.state.is_open())?;
        Some(OpenStage {
            title: clock.clock.title().clone(),
            role: role.clone(),
            due_at: limit.due_at,
            late: clock.state == ViewState::Late,
        })
    });
    let mut open: Vec<OpenStage> = open.collect();
    open.sort_by_key(|stage| (stage.due_at.is_none(), stage.due_at));
    open
}
