//! How a drill under way stands, for those who lead it: its clock, its script, what falls due, who is
//! asked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Drills, Inner};
use crate::drill::exercise::{Exercise, Look};
use crate::drill::inject::Trigger;
use crate::drill::scenario::{RunAs, Scenario};
use crate::engine::{self, DeadlineKind, LadderSubject, Status, Tenure};
use crate::id::{DrillId, DrillRunId, IncidentId, PersonId, PhaseId, RoleId};
use crate::playbook::{Level, Playbook};
use crate::runtime::{Committed, Refusal};
use crate::text::Text;

/// How a drill under way stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// What people call it.
    pub title: Text,
    /// `running` or `paused`.
    pub state: String,
    /// `exercise`, `tabletop` or `shadow`.
    #[schema(value_type = String)]
    pub run_as: RunAs,
    /// When it began.
    pub started_at: Timestamp,
    /// What its clock says; of a tabletop, where somebody has stepped it.
    pub now: Timestamp,
    /// How many seconds it has stood still so far.
    pub paused_seconds: i64,
    /// When firebell took it up again after it had stopped in the middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Timestamp>,
    /// What it has followed of a live incident, where it goes beside one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Followed>,
    /// Its incident, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Stands>,
    /// Injects that have happened.
    pub done: Vec<Text>,
    /// Injects still to come, those whose instant is known first.
    pub left: Vec<Coming>,
    /// What falls due next in the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Who is asked to take a role and has not answered.
    pub asked: Vec<Asked>,
}

/// What a shadow has followed of its live incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Followed {
    /// The live incident.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// How many deeds of those who work on it were done in the rehearsal too.
    pub followed: u32,
    /// How many wait for their step.
    pub waiting: usize,
    /// How many had no place in the plan.
    pub without_place: u32,
}

/// How the incident of a drill stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stands {
    /// Which.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// Its phase.
    pub phase: PhaseId,
    /// Its level.
    pub level: Level,
}

/// An inject that is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coming {
    /// When, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What it waits for, where that is not the clock: `condition` or `event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// What happens.
    pub what: Text,
}

/// What falls due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Text,
}

/// Somebody who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// To be what.
    pub role: RoleId,
    /// Who.
    pub people: Vec<PersonId>,
    /// By when they must answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Drills {
    /// Tells how a run under way stands; `None` where it is not under way. Blocks on the disk.
    ///
    /// # Errors
    /// What the store cannot read.
    pub async fn progress(&self, run: DrillRunId) -> Result<Option<Progress>, Refusal> {
        let inner = &self.inner;
        let Some(exercise) = inner.archive.exercise(run)? else { return Ok(None) };
        let Ok((scenario, playbook)) = inner.scenario_of(&exercise).await? else { return Ok(None) };
        let seen = match exercise.incident {
            Some(incident) => Some(inner.runtime.incident(incident).await?),
            None => None,
        };
        inner.progress(&exercise, &scenario, &playbook, seen.as_ref()).await.map(Some)
    }
}

impl Inner {
    async fn progress(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        playbook: &Playbook,
        seen: Option<&Committed>,
    ) -> Result<Progress, Refusal> {
        let now = self.now_of(exercise);
        let incident = seen.map(|seen| &*seen.incident);
        let listener = match exercise.incident {
            Some(incident) => self.listen(exercise, scenario, incident).await?,
            None => crate::drill::cue::Listener::default(),
        };
        let heard = |cue: &_| listener.heard(cue, incident?);
        let look = Look { now, heard: &heard, holds: &|_| false };
        let stood = exercise.pauses.iter().map(|pause| {
            pause.to.unwrap_or(now.max(pause.from)).duration_since(pause.from).as_secs()
        });
        let paused = incident.is_some_and(|incident| incident.status == Status::Paused);
        let injects = &scenario.injects;
        Ok(Progress {
            run: exercise.run,
            drill: exercise.drill.clone(),
            title: scenario.title.clone(),
            state: if paused { "paused" } else { "running" }.to_owned(),
            run_as: scenario.run,
            started_at: exercise.started_at,
            now,
            paused_seconds: stood.sum(),
            resumed: exercise.resumed.clone(),
            beside: exercise.beside.as_ref().map(|follows| Followed {
                id: follows.of.id,
                number: follows.of.number,
                followed: follows.followed,
                waiting: follows.waiting.len(),
                without_place: follows.without_place,
            }),
            incident: incident.map(|incident| Stands {
                id: incident.id,
                number: incident.number,
                phase: incident.phase.clone(),
                level: incident.level.current,
            }),
            done: exercise
                .done
                .iter()
                .filter_map(|n| Some(injects.get(*n)?.act.describe()))
                .collect(),
            left: left(exercise, scenario, look),
            due: seen.and_then(|seen| due(playbook, seen)),
            asked: incident.map(asked).unwrap_or_default(),
        })
    }
}

fn left(exercise: &Exercise, scenario: &Scenario, look: Look<'_>) -> Vec<Coming> {
    let timed = exercise.ahead(scenario, look);
    let known = |position: &usize| timed.iter().any(|(_, other)| other == position);
    let coming = timed.iter().map(|(at, position)| (Some(*at), *position));
    let waiting = exercise.open(scenario).filter(|position| !known(position));
    coming
        .chain(waiting.map(|position| (None, position)))
        .map(|(at, position)| {
            let inject = &scenario.injects[position];
            let waits_for = match inject.trigger {
                Trigger::When(_) => Some("condition"),
                Trigger::After { .. } if at.is_none() => Some("event"),
                Trigger::At(_) | Trigger::Within(..) | Trigger::After { .. } => None,
            };
            let waits_for = waits_for.map(str::to_owned);
            Coming { at, waits_for, what: inject.act.describe() }
        })
        .collect()
}

fn due(playbook: &Playbook, seen: &Committed) -> Option<Due> {
    let deadline = engine::next_deadline(&seen.playbook, &seen.incident)?;
    Some(Due { at: deadline.at, what: due_words(playbook, &deadline.kind) })
}

fn due_words(playbook: &Playbook, kind: &DeadlineKind) -> Text {
    let named = |zh: &str, name: &Text, en: &str| {
        use crate::text::Lang::{En, Zh};
        Text::both(format!("{}{zh}", name.get(Zh)), format!("{}{en}", name.get(En)))
    };
    let step = |key: &engine::RunKey| {
        let title = playbook.step(&key.step).and_then(|(_, step)| step.title.clone());
        title.unwrap_or_else(|| Text::Same(key.step.to_string()))
    };
    let role = |role: &RoleId| {
        let title = playbook.roles.get(role).map(|role| role.title.clone());
        title.unwrap_or_else(|| Text::Same(role.to_string()))
    };
    match kind {
        DeadlineKind::RoleAcknowledge(id) => {
            named("：应已确认", &role(id), ": must be acknowledged")
        }
        DeadlineKind::StepWarning(key) => named("：时限预警", &step(key), ": warning of its limit"),
        DeadlineKind::StepStart(key) => named("：应已开始", &step(key), ": must be started"),
        DeadlineKind::StepDue(key) => named("：应已完成", &step(key), ": must be finished"),
        DeadlineKind::StepAlarm(key) => named("：到时", &step(key), ": its time comes"),
        DeadlineKind::Rung(LadderSubject::Role { role: id }) => {
            named("：升级", &role(id), ": escalates")
        }
        DeadlineKind::Rung(_) => Text::both("升级", "an escalation"),
        DeadlineKind::Objective(id) => {
            named("：目标时限", &Text::Same(id.to_string()), ": an objective's limit")
        }
        DeadlineKind::NoticeChannel(_) => {
            Text::both("消息改走下一渠道", "a message's next channel")
        }
        DeadlineKind::ClockWarning(key) => {
            named("：法定时限预警", &Text::Same(key.clock.to_string()), ": warning of the clock")
        }
        DeadlineKind::ClockDue(key) => {
            named("：法定时限到", &Text::Same(key.clock.to_string()), ": the clock runs out")
        }
    }
}

fn asked(incident: &engine::Incident) -> Vec<Asked> {
    let asks = incident.roles.iter().filter_map(|(role, state)| {
        let (people, until) = match &state.tenure {
            Tenure::Offered { to, until } => (to.clone(), *until),
            Tenure::Assigned { to, until } => (vec![to.clone()], *until),
            Tenure::Vacant | Tenure::Held { .. } => return None,
        };
        Some(Asked { role: role.clone(), people, until })
    });
    asks.collect()
}
