//! The words of `firebell oncall`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

/// Who is on call.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Oncall {
    /// At this instant (default: now)
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// Only this schedule
    #[arg(long)]
    pub schedule: Option<String>,
    /// What to do on a running server; who is on call is read from the configuration
    #[command(subcommand)]
    pub verb: Option<Shift>,
}

/// What to do with rosters on a running server.
#[derive(Debug, Subcommand)]
pub enum Shift {
    /// List overrides in force or to come, and open offers to swap
    List {
        /// Only this schedule
        #[arg(long)]
        schedule: Option<String>,
    },
    /// Change a schedule for a while; whoever is concerned is told
    Override(Override),
    /// Take an override back, from now on
    Withdraw {
        /// Its id
        id: String,
    },
    /// Offer a shift to others, or answer such an offer
    #[command(subcommand)]
    Swap(Swap),
    /// Find hours to come with nobody on call, or with somebody whom nothing reaches
    Gaps {
        /// So many days from now
        #[arg(long, value_name = "N", default_value_t = 14)]
        days: u16,
        /// Only this schedule
        #[arg(long)]
        schedule: Option<String>,
    },
    /// Show the hand-over under way or the next one, or leave a note for it
    Handover {
        /// The schedule
        schedule: String,
        /// What the next shift must know
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Calendars of shifts to subscribe to
    #[command(subcommand)]
    Feed(Feed),
}

/// Calendars of shifts.
#[derive(Debug, Subcommand)]
pub enum Feed {
    /// Make one; its address is shown once
    Create {
        /// The shifts of this person
        #[arg(long, conflicts_with = "schedule", required_unless_present = "schedule")]
        person: Option<String>,
        /// The shifts of this schedule
        #[arg(long)]
        schedule: Option<String>,
    },
    /// List them, without addresses
    List,
    /// Take one back
    Revoke {
        /// Its id
        id: String,
    },
}

/// Changes a schedule for a while.
#[derive(Debug, Args)]
pub struct Override {
    /// The schedule
    pub schedule: String,
    /// From when: 2026-11-22T20:00 in the configured zone, or with an offset
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    pub to: String,
    /// Who is on call; alone, unless --off says for whom
    #[arg(long, required_unless_present = "off")]
    pub person: Option<String>,
    /// Who is not on call
    #[arg(long)]
    pub off: Option<String>,
    /// Words for those concerned
    #[arg(long)]
    pub note: Option<String>,
    /// Why, for those who review it
    #[arg(long)]
    pub reason: Option<String>,
    /// Set right what the roster says of the past; needs --reason
    #[arg(long, requires = "reason")]
    pub correction: bool,
}

/// Offers and answers.
#[derive(Debug, Subcommand)]
pub enum Swap {
    /// Offer a shift of one's own, or a part of it
    Offer {
        /// The schedule
        schedule: String,
        /// From when: 2026-11-22T20:00 in the configured zone, or with an offset
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Until when
        #[arg(long, value_name = "TIME")]
        to: String,
        /// To this person; to anyone of the schedule where missing
        #[arg(long)]
        person: Option<String>,
        /// In return for their shift from then
        #[arg(long, value_name = "TIME", requires = "return_to", requires = "person")]
        return_from: Option<String>,
        /// In return for their shift until then
        #[arg(long, value_name = "TIME", requires = "return_from")]
        return_to: Option<String>,
        /// Until when the offer stands (default: 48 hours)
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Words for those concerned
        #[arg(long)]
        note: Option<String>,
    },
    /// Take an offered shift
    Accept {
        /// Its id
        id: String,
    },
    /// Say no to an offer
    Decline {
        /// Its id
        id: String,
    },
    /// Take an offer back
    Withdraw {
        /// Its id
        id: String,
    },
}
