//! What the law asked, and what became of it: every stage of every statutory clock.

use jiff::Timestamp;
use serde::Serialize;

use super::because::because;
use super::names::Names;
use super::sentence::stop_reason;
use super::story::Story;
use crate::engine::{self, ClockKey, ClockStanding, ClockState, ClockView, Incident, ViewState};
use crate::id::{ClockId, RegimeId, StageId};
use crate::text::{Lang, Text};

/// A stage of a statutory clock and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClockRow {
    /// The clock.
    pub id: ClockId,
    /// The stage.
    pub stage: StageId,
    /// The regime.
    pub regime: RegimeId,
    /// What people call it.
    pub title: Text,
    /// To whom it is reported.
    pub to: Text,
    /// How it stands.
    pub state: ViewState,
    /// The moment it counts from.
    pub started_at: Option<Timestamp>,
    /// By when.
    pub due_at: Option<Timestamp>,
    /// The law names no number: a target of our own.
    pub internal: bool,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// Why it is as it is: late, waived, not due, or due although not everything is known.
    pub why: Option<Text>,
    /// The receipt.
    pub reference: Option<String>,
    /// Someone has compared it with the law.
    pub verified: bool,
}

/// Lists the stages in the order of the plan.
pub(super) fn clocks(story: &Story<'_>, incident: &Incident) -> Vec<ClockRow> {
    let names = Lang::ALL.map(|lang| Names::new(story, lang));
    let views = engine::clocks(story.playbook, incident);
    views.iter().map(|view| row(&names, incident, view)).collect()
}

fn row(names: &[Names<'_>; 2], incident: &Incident, view: &ClockView<'_>) -> ClockRow {
    let (clock, stage) = (view.clock, view.stage);
    let key = ClockKey { clock: clock.id.clone(), stage: stage.id.clone() };
    let [zh, en] = names;
    let limit = view.limit();
    let reference = match view.record.map(|record| &record.standing) {
        Some(ClockStanding::Met { reference, .. }) => reference.clone(),
        _ => None,
    };
    ClockRow {
        id: clock.id.clone(),
        stage: stage.id.clone(),
        regime: clock.regime.id.clone(),
        title: Text::both(zh.clock(&key), en.clock(&key)),
        to: stage.to.clone(),
        state: view.state,
        started_at: limit.map(|limit| limit.anchor),
        due_at: limit.and_then(|limit| limit.due_at),
        internal: limit.is_some_and(|limit| limit.internal),
        submitted_at: view.record.and_then(ClockState::met_at),
        why: why(zh, incident, view)
            .zip(why(en, incident, view))
            .map(|(zh, en)| Text::both(zh, en)),
        reference,
        verified: stage.verified,
    }
}

fn why(names: &Names<'_>, incident: &Incident, view: &ClockView<'_>) -> Option<String> {
    match view.record.map(|record| &record.standing) {
        Some(ClockStanding::Met { reason, .. }) => return reason.clone(),
        Some(ClockStanding::Waived { asked_by, approved_by, reason }) => {
            let (asked, approved) = (names.person(asked_by), names.person(approved_by));
            return Some(names.lang.pick(
                format!("{reason}（{asked}提议，{approved}批准）"),
                format!("{reason} ({asked} proposed, {approved} approved)"),
            ));
        }
        _ => {}
    }
    let because = || because(names.plan(), incident, view, names.lang);
    match &view.why {
        Some(why) => because().or_else(|| Some(stop_reason(names, why).to_owned())),
        None => because(),
    }
}
