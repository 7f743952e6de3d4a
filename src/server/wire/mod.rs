//! The shapes that travel: what requests carry and what answers hold, for the server, the client
//! and the OpenAPI document alike. Plain data; it must not know handlers or storage.
//!
//! Texts people wrote in plans keep both languages ([`Text`](crate::text::Text)): the reader picks.

mod acts;
mod admin;
mod clock;
mod drill;
mod incident;
mod ingest;
mod learn;
mod list;
mod plan;
mod reach;
mod roster;
mod schema;
mod signal;
mod work;

pub use acts::{
    AddEvidence, Answer, Assign, Attached, Because, Cancel, Check, Close, Complete, Correct,
    Declare, Decline, Evidence, Extend, HandOver, Inputs, Level, Link, Measure, Merge, Moment,
    MovePhase, NotNotify, Note, Plain, Redact, Remark, Reopen, ReopenIncident, Submit, Timed,
};
pub use admin::{
    AlertsReloaded, CalendarFrom, CalendarSeen, CertificateReloaded, ChannelTried, Checked,
    Confirmed, Finding, FindingPlace, MakeToken, NewToken, Nothing, OnCall, OnCallNow, Overdue,
    OverdueIncident, Reloaded, TestPage, TestPaged, Token, WhoAmI,
};
pub use clock::{Clock, Draft, Waiver};
pub use drill::{
    AdvanceRun, AskedOfEvaluators, Drill, DrillOverlap, EndRun, JudgedRun, LastRun, MissedDrill,
    Observe, PauseRun, RateDrill, RatedHistory, RunDrill, RunStarted, SeenByEvaluator,
};
pub use incident::{
    Beside, Bridge, Child, EarlierPlan, Incident, Objective, ObjectiveState, Parent, Personal,
    PersonalFound, PersonalState, PlaybookVersion, Role, RoleState, Rollback, Step, StepKind,
    Undoing,
};
pub use ingest::{
    AlertOutcome, Arrival, Change, Ingested, IngestedAlert, MakeSilence, MutedAlert, Replay,
    Replayed, Silence, SilenceTried, TriedAlert, UnmatchedAlert,
};
pub use learn::{
    About, ActionCounts, DecideFinding, EditAction, LearnedAction, LearnedFinding, MakeAction,
    MakeFinding, PlanReady, Readiness,
};
pub use list::{Page, Summary};
pub use plan::{PlanDetail, PlanField, PlanPhase, PlanRole, PlanStep, PlanSummary};
pub use reach::{AskReach, Reached};
pub use roster::{
    By, Handover, HandoverIncident, HandoverNote, HandoverRole, HandoverStep, LeaveNote,
    MadeOverride, MakeCalendar, MakeOverride, MakeSwap, NewCalendar, RosterCalendar, RosterGap,
    RosterTrouble, ShownOverride, ShownSwap,
};
pub use signal::{Monitor, OpenSurge, Signal, SignalFault, SignalGroup, SignalsTaken};
pub use work::{ChecklistItem, FormField, Work};

/// Reads what [`crate::id::incident_number`] wrote, or the bare number; `None` for anything else.
#[must_use]
pub fn read_number(text: &str) -> Option<u64> {
    let digits = match text.strip_prefix("INC-").or_else(|| text.strip_prefix("inc-")) {
        Some(rest) => rest.split_once('-').filter(|(year, _)| is_number(year))?.1,
        None => text,
    };
    is_number(digits).then(|| digits.parse().ok())?
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_with_its_year_and_read_back() {
        let declared = "2026-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(crate::id::incident_number(42, declared), "INC-2026-0042");
        assert_eq!(crate::id::incident_number(12_345, declared), "INC-2026-12345");
        for text in ["INC-2026-0042", "inc-2026-42", "42", "0042"] {
            assert_eq!(read_number(text), Some(42), "{text}");
        }
        for text in ["", "INC-", "INC-2026-", "INC-x-1", "-1", "4 2", "99999999999999999999999"] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }
}
