//! What an alert asks of firebell: begin a plan, tell an incident, or nothing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use crate::engine::AlertNote;
use crate::engine::limits::{ALERT_LABELS_MAX, CLOCK_SKEW};
use crate::id::{IncidentId, PlaybookId};
use crate::playbook::expression::Name;
use crate::playbook::{Activation, Playbook};

/// A key longer than this is known by its hash; it stands in lists beside titles.
const KEY_BYTES_PLAIN: usize = 300;

/// How long ago a trouble may have begun that becomes known now.
const BEGAN_BEFORE_MAX: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Something to ask of the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum Errand {
    /// Begin a plan.
    Declare {
        /// The plan.
        playbook: PlaybookId,
        /// The incident's deduplication key.
        key: String,
        /// What is kept of the alert.
        note: AlertNote,
        /// When the trouble began, where that can be so.
        detected_at: Option<Timestamp>,
    },
    /// Tell an open incident that the alert came, or came again.
    Attach {
        /// The plan it was begun by.
        playbook: PlaybookId,
        /// The incident.
        incident: IncidentId,
        /// What is kept of the alert.
        note: AlertNote,
    },
    /// Tell an open incident that it is over.
    Resolve {
        /// The plan it was begun by.
        playbook: PlaybookId,
        /// The incident.
        incident: IncidentId,
        /// What is kept of the alert.
        note: AlertNote,
    },
    /// Tell an open incident that somebody has seen the alert at its source.
    Acknowledge {
        /// The plan it was begun by.
        playbook: PlaybookId,
        /// The incident.
        incident: IncidentId,
        /// What was said of it there.
        said: Option<String>,
    },
    /// Tell an open incident what somebody remarked on the alert at its source.
    Note {
        /// The plan it was begun by.
        playbook: PlaybookId,
        /// The incident.
        incident: IncidentId,
        /// The remark.
        said: String,
    },
}

/// Finds what an alert asks for. `open` finds the open incident with a deduplication key; `departed`
/// are plans that are no longer there and may still have incidents.
///
/// An open incident hears of its alert whatever the labels are by now, and whether or not its plan is
/// still there; another begins only where the alert fires and a plan answers to its labels. A plan
/// that took the place of one that left begins nothing for a trouble that is being dealt with.
pub fn route<'p>(
    alert: &Alert,
    plans: impl Iterator<Item = &'p Playbook>,
    departed: &BTreeSet<PlaybookId>,
    open: &dyn Fn(&str) -> Option<IncidentId>,
    now: Timestamp,
) -> Vec<Errand> {
    let key_for = incident_keys(alert);
    let orphans = departed.iter().filter_map(|plan| Some((plan, open(&key_for(plan))?)));
    let orphans: Vec<_> = orphans.collect();
    let fires = alert.status == News::Firing && orphans.is_empty();
    let asks = |plan: &'p Playbook| {
        let key = key_for(&plan.id);
        if let Some(incident) = open(&key) {
            return tell(alert, plan.id.clone(), incident, note(alert, &wanted(plan)));
        }
        let answers = || plan.activate_when.iter().any(|one| one.answers(&alert.labels));
        (fires && answers()).then(|| Errand::Declare {
            playbook: plan.id.clone(),
            key,
            note: note(alert, &wanted(plan)),
            detected_at: plausible(alert.at, now),
        })
    };
    let mut errands: Vec<Errand> = plans.filter_map(asks).collect();
    errands.extend(orphans.into_iter().filter_map(|(plan, incident)| {
        tell(alert, plan.clone(), incident, note(alert, &BTreeSet::new()))
    }));
    errands
}

/// What an open incident is told.
fn tell(
    alert: &Alert,
    playbook: PlaybookId,
    incident: IncidentId,
    note: AlertNote,
) -> Option<Errand> {
    let said = alert.annotations.get("note").cloned();
    Some(match alert.status {
        News::Firing => Errand::Attach { playbook, incident, note },
        News::Resolved => Errand::Resolve { playbook, incident, note },
        News::Acknowledged => Errand::Acknowledge { playbook, incident, said },
        News::Noted => Errand::Note { playbook, incident, said: said? },
    })
}

/// Names the trouble of an alert for one plan after the other: it may begin several.
pub fn incident_keys(alert: &Alert) -> impl Fn(&PlaybookId) -> String {
    let key = &alert.dedup_key;
    let trouble = if key.len() <= KEY_BYTES_PLAIN {
        Cow::Borrowed(key.as_str())
    } else {
        Cow::Owned(format!("sha256:{}", hex::encode(Sha256::digest(key.as_bytes()))))
    };
    move |plan| format!("{}/{plan}/{trouble}", alert.source)
}

/// The clock of a source may be wrong, or say nothing (the year 1, 1970): what would lie ahead or long
/// ago is not known, and no limit of the law is reckoned from it.
fn plausible(at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let latest = now.saturating_add(CLOCK_SKEW).unwrap_or(now);
    let earliest = now.saturating_sub(BEGAN_BEFORE_MAX).unwrap_or(now);
    at.filter(|at| (earliest..=latest).contains(at))
}

/// Makes what the journal keeps of an alert. Of more labels than fit, those that are wanted are kept
/// first.
fn note(alert: &Alert, wanted: &BTreeSet<&SmolStr>) -> AlertNote {
    let kept = |map: &std::collections::BTreeMap<SmolStr, String>| {
        let (first, rest): (Vec<_>, Vec<_>) =
            map.iter().partition(|(key, _)| wanted.contains(*key));
        let all = first.into_iter().chain(rest).take(ALERT_LABELS_MAX);
        all.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    AlertNote {
        name: SmolStr::new(&alert.name),
        labels: kept(&alert.labels),
        annotations: kept(&alert.annotations),
    }
}

/// The labels and annotations that a plan asks for, in its activations and its inputs.
fn wanted(plan: &Playbook) -> BTreeSet<&SmolStr> {
    let mut wanted = BTreeSet::new();
    for activation in &plan.activate_when {
        let Activation::Alert { match_labels, inputs } = activation else { continue };
        wanted.extend(match_labels.keys());
        for name in inputs.values().flat_map(|template| template.names()) {
            if let Name::Alert(path) = name {
                wanted.extend(path.get(1));
            }
        }
    }
    wanted
}

#[cfg(test)]
mod tests;
