//! The words of `firebell finding` and `action`.

use clap::{Args, Subcommand};

/// What was found in drills and incidents.
#[derive(Debug, Subcommand)]
pub enum Finding {
    /// List findings, those too that the journals propose
    List(FindingsOf),
    /// Make a finding of a run of a drill or of a real incident
    Add(FindingAdd),
    /// Accept a proposed finding
    Accept {
        /// The finding
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Dismiss a finding, with the reason
    Dismiss {
        /// The finding
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which findings.
#[derive(Debug, Args)]
pub struct FindingsOf {
    /// Those of this run of a drill
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Those of this real incident
    #[arg(long, value_name = "INCIDENT")]
    pub incident: Option<String>,
    /// Those of this plan
    #[arg(long = "playbook", alias = "plan", value_name = "PLAYBOOK")]
    pub plan: Option<String>,
    /// Those that stand so
    #[arg(long, value_parser = ["proposed", "accepted", "dismissed"])]
    pub state: Option<String>,
}

/// A part of a plan.
#[derive(Debug, Args)]
pub struct PartOf {
    /// The step it is about
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// The role it is about
    #[arg(long, value_name = "ROLE", conflicts_with = "step")]
    pub role: Option<String>,
    /// The objective it is about
    #[arg(long, value_name = "OBJECTIVE", conflicts_with_all = ["step", "role"])]
    pub objective: Option<String>,
    /// The stage of a statutory clock it is about, as CLOCK:STAGE
    #[arg(long, value_name = "STAGE", conflicts_with_all = ["step", "role", "objective"])]
    pub clock: Option<String>,
}

/// Makes a finding.
#[derive(Debug, Args)]
pub struct FindingAdd {
    /// What was found
    pub text: String,
    /// The run of a drill it was seen in
    #[arg(long, value_name = "RUN", conflicts_with = "incident")]
    pub run: Option<String>,
    /// The real incident it was seen in
    #[arg(long, value_name = "INCIDENT", required_unless_present = "run")]
    pub incident: Option<String>,
    /// It went well, and should stay
    #[arg(long)]
    pub strength: bool,
    /// What of the plan it is about.
    #[command(flatten)]
    pub about: PartOf,
}

/// What is done about findings.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List actions
    List(ActionsOf),
    /// Show an action with every change of it
    Show {
        /// The action
        id: String,
    },
    /// Make an action: what is done, by whom, until when
    Add(ActionAdd),
    /// Say that an action is done; a later drill that exercises it closes it
    Done {
        /// The action
        id: String,
        /// A remark
        #[arg(long)]
        note: Option<String>,
    },
    /// Say that an action is not done after all
    Reopen {
        /// The action
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Change the text, owner or date of an action
    Change(ActionChange),
    /// Drop an action, with the reason
    Drop {
        /// The action
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which actions.
#[derive(Debug, Args)]
pub struct ActionsOf {
    /// Those of this plan
    #[arg(long = "playbook", alias = "plan", value_name = "PLAYBOOK")]
    pub plan: Option<String>,
    /// Those of this owner
    #[arg(long, value_name = "PERSON")]
    pub owner: Option<String>,
    /// Those that stand so
    #[arg(long, value_parser = ["open", "done", "verified", "dropped"])]
    pub status: Option<String>,
    /// Only those whose day is over
    #[arg(long)]
    pub overdue: bool,
}

/// Makes an action.
#[derive(Debug, Args)]
pub struct ActionAdd {
    /// What is to be done
    pub text: String,
    /// Who does it
    #[arg(long, value_name = "PERSON")]
    pub owner: String,
    /// Until the end of which day, as 2026-12-31
    #[arg(long, value_name = "DAY")]
    pub due: String,
    /// The plan; that of the finding where missing
    #[arg(long = "playbook", alias = "plan", value_name = "PLAYBOOK", required_unless_present_any = ["finding", "run", "incident"])]
    pub plan: Option<String>,
    /// The finding it follows from
    #[arg(long, value_name = "FINDING")]
    pub finding: Option<String>,
    /// The run of a drill it was seen in
    #[arg(long, value_name = "RUN", conflicts_with = "incident")]
    pub run: Option<String>,
    /// The real incident it was seen in
    #[arg(long, value_name = "INCIDENT")]
    pub incident: Option<String>,
    /// What of the plan it mends.
    #[command(flatten)]
    pub about: PartOf,
    /// How real a run must be, at least, to prove it
    #[arg(long, value_parser = ["simulated", "tabletop", "exercise"])]
    pub at_least: Option<String>,
}

/// Changes an action.
#[derive(Debug, Args)]
pub struct ActionChange {
    /// The action
    pub id: String,
    /// Another text
    #[arg(long)]
    pub text: Option<String>,
    /// Another owner
    #[arg(long, value_name = "PERSON")]
    pub owner: Option<String>,
    /// Another day, as 2026-12-31
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
}
