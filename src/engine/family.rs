//! The families of facts: who decides them, folds them and says them. A fact of no family does not
//! compile.

use super::fact::Fact;

/// What an event changes: each family has its own file that decides and one that evolves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The incident's life, phases, remarks and evidence.
    Lifecycle,
    /// Level, variables and measures.
    Level,
    /// Roles.
    Role,
    /// Runs of steps.
    Step,
    /// Ladders.
    Ladder,
    /// Pages that go from way to way, and what ladders meet.
    Attention,
    /// Handlers and objectives.
    Rule,
    /// Statutory clocks.
    Clock,
    /// Notices and requests.
    Outbox,
    /// Children, the parent, other plans.
    Kin,
}

macro_rules! families {
    ($($family:ident: $($fact:ident)+;)+) => {
        impl Fact {
            /// Returns the family a fact belongs to.
            #[must_use]
            pub const fn family(&self) -> Family {
                match self {
                    $($(Self::$fact { .. })|+ => Family::$family,)+
                }
            }
        }
    };
}

families! {
    Lifecycle: Declared MomentSet PhaseEntered PhaseLeft Stuck Unstuck Paused Resumed CloseAwaited
        Closed Cancelled RollbackBegun RollbackEnded Reopened Noted Corrected Merged Linked Redacted EvidenceAdded
        AlertReceived AlertResolved SurgeObserved SurgeSubsided;
    Level: VariablesSet Measured LevelChanged FactsAsked;
    Role: RoleEngaged RoleOffered RoleAssigned RoleAcknowledged RoleDeclined RoleUnanswered
        RoleHandedOver RoleReleased RoleVacant RoleSought;
    Step: StepReady StepDeadlines StepClaimed StepStarted StepChecked StepApproved StepDone
        StepFailed StepSkipped StepCancelled StepAwaits StepRetried StepReopened StepIterated
        StepRepeatEnded StepAdopted StepWarned StepOverdue;
    Ladder: LadderArmed RungFired RungsMissed LadderStopped;
    Attention: Attention;
    Rule: HandlerFired ObjectiveMet ObjectiveMissed;
    Clock: Clock;
    Outbox: NoticeQueued NoticeDelayed NoticeRerouted NoticeEnded NoticeAcknowledged RequestQueued
        RequestEnded;
    Kin: ChildQueued ChildStarted CallRefused ChildRecalled ChildReported ReportQueued ErrandEnded
        HandOffQueued HandedOff;
}
