//! The words of `firebell ingest`, `silence` and `monitor`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::SignedDuration;

/// Works what other tools send.
#[derive(Debug, Subcommand)]
pub enum Ingest {
    /// Print what a body would become, the rule that matched and what it would begin
    Test {
        /// The source it comes from, as the configuration names it
        #[arg(long, value_name = "NAME")]
        source: String,
        /// The file with the body, as JSON
        #[arg(long, value_name = "FILE")]
        body: PathBuf,
        /// When it arrives, for the silences of the configuration; now where missing
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Send an alert with the key of a source, as a monitoring tool does
    Send {
        /// The source it comes from, of the dialect `generic`
        #[arg(long, value_name = "NAME")]
        source: String,
        /// The file with the key of the source (default: FIREBELL_INGEST_KEY)
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// The file with the body, as JSON; - for standard input
        #[arg(long, value_name = "FILE", conflicts_with = "from_nagios")]
        body: Option<PathBuf>,
        /// Take the notification from the NAGIOS_ macros of the environment
        #[arg(long, required_unless_present = "body")]
        from_nagios: bool,
    },
    /// List what a source sent lately, accepted and rejected
    Recent {
        /// The source, as the configuration names it
        #[arg(value_name = "NAME")]
        source: String,
    },
    /// Map a body anew that the server keeps, and show what would happen
    Replay {
        /// Its hash, as `recent` lists it
        #[arg(value_name = "HASH")]
        hash: String,
        /// Do it, as if it had arrived now
        #[arg(long)]
        send: bool,
    },
}

/// Alerts that shall begin nothing for a time.
#[derive(Debug, Subcommand)]
pub enum Silence {
    /// List silences, and the alerts that wait
    List,
    /// Silence the alerts that have these labels
    Add(SilenceOf),
    /// Show which of the latest alerts a silence would have muted
    Preview(SilenceOf),
    /// End a silence now; what waits for its end is acted on
    End {
        /// The silence
        id: String,
    },
}

/// Which alerts, and how long.
#[derive(Debug, Args)]
pub struct SilenceOf {
    /// The labels that the alerts have, exactly
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub labels: Vec<String>,
    /// How long (default: 1h)
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub length: Option<SignedDuration>,
    /// When it begins; now where missing
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why, for those who come to look
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Works monitors.
#[derive(Debug, Subcommand)]
pub enum Monitor {
    /// Replay a past: when a monitor would have fired, and what ratio would suit
    Backtest(Backtest),
}

/// Replays a past.
#[derive(Debug, Args)]
pub struct Backtest {
    /// The monitor of the configuration
    #[arg(long, value_name = "NAME")]
    pub monitor: String,
    /// CSV with the columns `at` and `count`; every other column is a label
    #[arg(long, value_name = "FILE")]
    pub history: PathBuf,
    /// CSV with the columns `from` and `until`: when something was really wrong
    #[arg(long, value_name = "FILE")]
    pub known: Option<PathBuf>,
}
