//! The incidents around one: which asked for it, and which it asked for.

use serde::Serialize;

use super::names::Names;
use super::story::Story;
use crate::engine::{Fact, Incident, Status};
use crate::id::{IncidentId, PlaybookId};
use crate::text::{Lang, Text};

/// The incident that asked for this one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParentRow {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// Its plan when it asked.
    pub playbook: PlaybookId,
}

/// An incident that this one asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChildRow {
    /// Its identity.
    pub id: IncidentId,
    /// Its number; `None` before it began.
    pub number: Option<u64>,
    /// Its plan.
    pub playbook: PlaybookId,
    /// What people call the step that asked.
    pub step: Text,
    /// Where it stands as far as this incident was told; `None` before it began.
    pub status: Option<Status>,
}

pub(super) fn parent(incident: &Incident) -> Option<ParentRow> {
    let parent = incident.parent.as_deref()?;
    let (id, number) = (parent.id, parent.number);
    Some(ParentRow { id, number, playbook: parent.playbook.clone() })
}

/// Lists the children in the order in which they were asked for.
pub(super) fn children(story: &Story<'_>, incident: &Incident) -> Vec<ChildRow> {
    let [zh, en] = Lang::ALL.map(|lang| Names::new(story, lang));
    let asked = story.events.iter().filter_map(|event| match &event.fact {
        Fact::ChildQueued(call) => Some((event, call)),
        _ => None,
    });
    let row = |(event, call): (_, &crate::engine::ChildCall)| {
        zh.speak_of(event);
        en.speak_of(event);
        let known = incident.children.get(&call.child);
        ChildRow {
            id: call.child,
            number: known.and_then(|child| child.number),
            playbook: call.playbook.clone(),
            step: Text::both(zh.run(&call.key), en.run(&call.key)),
            status: known.and_then(|child| child.status),
        }
    };
    asked.map(row).collect()
}
