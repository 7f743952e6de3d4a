//! The words of `firebell simulate`.

use std::num::NonZeroU16;

use clap::{Args, Subcommand};

/// Tries things out in virtual time.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// Say who would be paged, when and by what; end with 1 where somebody needed is not reached
    Page(SimulatePage),
}

/// Tries a page.
#[derive(Debug, Args)]
pub struct SimulatePage {
    /// The playbook's file, or its name in the configured folder
    #[arg(long)]
    pub playbook: String,
    /// 1 (worst) to 4
    #[arg(long)]
    pub level: Option<u8>,
    /// Declared then: 2026-11-22T20:00 in the configured zone, or with an offset (default: now)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// An input; a list is separated by commas; may be repeated
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// never, or after:5m: whoever is paged takes the role so long after
    #[arg(long, value_name = "HOW", default_value = "never")]
    pub answer: String,
    /// Try again every so often, such as 1h, and print only what is wrong; with --days
    #[arg(long, value_name = "LENGTH", requires = "days")]
    pub every: Option<String>,
    /// For so many days
    #[arg(long, value_name = "N", requires = "every")]
    pub days: Option<NonZeroU16>,
    /// Ask the running server for its overrides and swaps; without, the configured rosters alone
    #[arg(long)]
    pub live: bool,
}
