//! What is stored beside the events of a commit: the words of its notices and requests, and the
//! incident's row for lists. It must not decide anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::engine::{self, Event, Incident};
use crate::id::{NoticeId, PersonId};
use crate::notify;
use crate::playbook::Playbook;
use crate::store::{Digest, StoreError, Summary};
use crate::text::Text;

/// What an entry of the outbox says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rendered {
    /// A message.
    Notice(notify::Rendered),
    /// A request of an `http` step.
    Request(notify::http::Prepared),
}

/// Writes the words of one commit; nothing where nothing leaves.
pub(super) fn encode(rendered: &BTreeMap<NoticeId, Arc<Rendered>>) -> Vec<u8> {
    if rendered.is_empty() {
        return Vec::new();
    }
    serde_json::to_vec(rendered).expect("plain fields always serialise")
}

/// Reads the words of one commit; erased or foreign bytes hold none.
pub(super) fn decode(bytes: &[u8]) -> BTreeMap<NoticeId, Arc<Rendered>> {
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// Reads a stored event.
pub(super) fn decode_event(bytes: &[u8]) -> Result<Event, Refusal> {
    engine::codec::decode(bytes).map_err(|error| {
        Refusal::Store(StoreError::Damaged { what: "an event".to_owned(), why: error.to_string() })
    })
}

/// Makes the incident's row.
pub(super) fn summary(playbook: &Playbook, incident: &Incident) -> Summary {
    Summary {
        id: incident.id,
        number: incident.number,
        playbook: playbook.id.clone(),
        playbook_hash: playbook
            .hash
            .parse()
            .unwrap_or_else(|_| Digest::of(playbook.hash.as_bytes())),
        title: Text::Same(incident.title.to_string()),
        mode: incident.mode,
        status: incident.status,
        stuck: incident.stuck.is_some(),
        level: incident.level.current,
        level_provisional: incident.level.provisional,
        phase: incident.phase.clone(),
        detected_at: incident.detected_at.unwrap_or(incident.declared_at),
        declared_at: incident.declared_at,
        closed_at: incident.ended_at,
        restricted: incident.restricted,
        involved: if incident.restricted { involved(incident) } else { Vec::new() },
        dedup_key: incident.dedup_key.as_deref().map(str::to_owned),
        version: incident.version,
        pending_notices: u32::try_from(incident.outbox.len()).unwrap_or(u32::MAX),
        open_clocks: u32::try_from(open_clocks(incident)).unwrap_or(u32::MAX),
    }
}

/// Counts the stages that wait to be submitted, in time or late: some count from the close.
fn open_clocks(incident: &Incident) -> usize {
    incident.clocks.values().filter(|clock| clock.is_running()).count()
}

/// Who takes part: they may see a restricted incident.
fn involved(incident: &Incident) -> Vec<PersonId> {
    let mut people: Vec<PersonId> =
        incident.roles.values().flat_map(|role| role.tenure.people().to_vec()).collect();
    people.sort();
    people.dedup();
    people
}
