//! Puts a timeline together.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::clocks::{self, ClockRow};
use super::kin::{self, ChildRow, ParentRow};
use super::lanes::{self, Lanes};
use super::measures::{self, Measure};
use super::notable::{self, Notable};
use super::notices::{self, NoticeRow, NoticeTotals};
use super::objectives::{self, ObjectiveRow};
use super::roles::{self, RoleRow};
use super::rows::{self, Row};
use super::story::{Chain, Story};
use crate::engine::{Incident, Mode, Status, evolve};
use crate::id::{DrillRunId, IncidentId, PlaybookId};
use crate::playbook::Level;
use crate::text::Text;

/// The version of the JSON form. Fields are added, never changed.
pub const TIMELINE_FORMAT: u8 = 1;

/// An incident as reviewers read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The version of this form.
    pub format: u8,
    /// Which incident, and where it stands.
    pub incident: Head,
    /// The five times.
    pub measures: Vec<Measure>,
    /// What the plan promised.
    pub objectives: Vec<ObjectiveRow>,
    /// What the law asked; nothing where the plan has no clocks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockRow>,
    /// The incident that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentRow>,
    /// The incidents it asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildRow>,
    /// What did not go as planned.
    pub notables: Vec<Notable>,
    /// Who worked on what when.
    pub lanes: Lanes,
    /// Who was asked for which role.
    pub roles: Vec<RoleRow>,
    /// What became of the messages as a whole.
    pub notice_totals: NoticeTotals,
    /// The messages.
    pub notices: Vec<NoticeRow>,
    /// What happened.
    pub rows: Vec<Row>,
    /// What is known of the journal's hash chain.
    pub chain: Chain,
}

/// Which incident, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// What it is about.
    pub title: String,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// No way out of its phase can be taken.
    pub stuck: bool,
    /// Its severity.
    pub level: Level,
    /// The worst it ever had.
    pub level_worst: Level,
    /// A worse rule is still unknown.
    pub level_provisional: bool,
    /// What people call its phase.
    pub phase: Text,
    /// The plan.
    pub playbook: PlaybookId,
    /// What people call the plan.
    pub playbook_title: Text,
    /// The hash of the plan's version.
    pub playbook_hash: String,
    /// The drill that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillRunId>,
    /// When the trouble was noticed, where recorded.
    pub detected_at: Option<Timestamp>,
    /// When the organisation knew, where recorded.
    pub aware_at: Option<Timestamp>,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// From the declaration to its end, or to the instant this is told at.
    pub lasted: SignedDuration,
    /// How many events it has.
    pub events: u64,
    /// The instant this is told at.
    pub as_of: Timestamp,
    /// The zone that printed times are told in.
    pub zone: String,
}

impl Timeline {
    /// Tells the timeline of an incident; `None` where the events do not begin with a declaration.
    #[must_use]
    pub fn build(story: &Story<'_>) -> Option<Self> {
        let (first, rest) = story.events.split_first()?;
        let incident = rest.iter().fold(Incident::begin(first)?, evolve);
        let notices = notices::notices(story);
        Some(Self {
            format: TIMELINE_FORMAT,
            incident: head(story, &incident),
            measures: measures::measures(story, &incident),
            objectives: objectives::objectives(story, &incident),
            clocks: clocks::clocks(story, &incident),
            parent: kin::parent(&incident),
            children: kin::children(story, &incident),
            lanes: lanes::lanes(story, &incident),
            notables: notable::notables(story),
            roles: roles::roles(story),
            notice_totals: notices::totals(&notices),
            notices,
            rows: rows::rows(story),
            chain: story.chain.clone(),
        })
    }
}

fn head(story: &Story<'_>, incident: &Incident) -> Head {
    use crate::engine::Fact;
    let levels = story.events.iter().filter_map(|event| match event.fact {
        Fact::LevelChanged { to, .. } => Some(to),
        _ => None,
    });
    let end = incident.ended_at.unwrap_or(story.as_of);
    let phase = story.playbook.phase(&incident.phase).map(|phase| phase.title.clone());
    Head {
        id: incident.id,
        number: incident.number,
        title: incident.title.to_string(),
        mode: incident.mode,
        status: incident.status,
        stuck: incident.stuck.is_some(),
        level: incident.level.current,
        level_worst: levels.min().unwrap_or(incident.level.current),
        level_provisional: incident.level.provisional,
        phase: phase.unwrap_or_else(|| incident.phase.as_str().into()),
        playbook: incident.playbook.id.clone(),
        playbook_title: story.playbook.title.clone(),
        playbook_hash: incident.playbook.hash.to_string(),
        drill: incident.drill,
        detected_at: incident.detected_at,
        aware_at: incident.aware_at,
        declared_at: incident.declared_at,
        ended_at: incident.ended_at,
        lasted: end.duration_since(incident.declared_at),
        events: incident.version,
        as_of: story.as_of,
        zone: story.zone.name().to_owned(),
    }
}
