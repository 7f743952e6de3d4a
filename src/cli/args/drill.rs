//! The words of `firebell drill`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::drill::study::RUNS_MAX;

/// Works drills.
#[derive(Debug, Subcommand)]
pub enum Drill {
    /// List drills with their next five starts
    List,
    /// Say what the drills of a server are planned for, and what did not take place
    Next,
    /// Run a drill: a file simulated on the spot, or a drill of the server by name
    Run {
        /// The drill's name, or its file
        drill: String,
        /// Another seed than the file's
        #[arg(long)]
        seed: Option<u64>,
        /// The live incident that a shadow goes beside; the latest of its plan where missing
        #[arg(long, value_name = "INCIDENT")]
        beside: Option<String>,
        /// Start nothing: say who would be asked, what would happen, and what stands in the way;
        /// ends with 1 where it could not start
        #[arg(long, conflicts_with_all = ["seed", "force"])]
        dry_run: bool,
        /// With --dry-run: as at this instant (RFC 3339)
        #[arg(long, requires = "dry_run")]
        at: Option<Timestamp>,
        /// Start a drill with people whatever stands in its way; its timeline then says so
        #[arg(long)]
        force: bool,
    },
    /// Simulate a drill's file many times: how likely the plan holds, and what it depends on
    Simulate(Odds),
    /// Simulate two plans with one drill under the same luck
    Compare(Versus),
    /// Print a drill's cast, made of how people really answered and worked
    Calibrate(Calibrate),
    /// List results
    Runs {
        /// Only of this drill
        #[arg(long)]
        drill: Option<String>,
    },
    /// Say which plans are to be drilled; ends with 1 where one is overdue
    Due,
    /// Print the report of a run for those who review it
    Report {
        /// The run
        run: String,
        /// In which form, and where.
        #[command(flatten)]
        form: ReportForm,
    },
    /// Show one result, or how a drill under way stands
    Show {
        /// The run
        run: String,
    },
    /// Show the runs of a drill one after another, and whether it gets better
    Trend {
        /// The drill's name
        drill: String,
    },
    /// Answer a question to evaluators; without one, list the questions and what was said
    Judge(JudgeDrill),
    /// Write down what an evaluator saw
    Observe(ObserveDrill),
    /// Let a drill under way stand still
    Pause {
        /// The run
        run: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let a drill go on that stands still
    Resume {
        /// The run
        run: String,
    },
    /// Stop a drill under way for good
    Abort {
        /// The run
        run: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Step the clock of a tabletop
    Advance(StepClock),
}

/// Says what an evaluator thinks.
#[derive(Debug, Args)]
pub struct JudgeDrill {
    /// The run
    pub run: String,
    /// The question's key
    #[arg(requires = "rating")]
    pub question: Option<String>,
    /// P, S, M or U; or yes or no
    #[arg(long, requires = "question", value_parser = ["P", "S", "M", "U", "yes", "no"])]
    pub rating: Option<String>,
    /// Why
    #[arg(long, requires = "rating", default_value = "", hide_default_value = true)]
    pub note: String,
}

/// Says what an evaluator saw.
#[derive(Debug, Args)]
pub struct ObserveDrill {
    /// The run
    pub run: String,
    /// What was seen
    pub text: String,
    /// The objective it is about
    #[arg(long)]
    pub objective: Option<String>,
}

/// Steps the clock of a tabletop.
#[derive(Debug, Args)]
pub struct StepClock {
    /// The run
    pub run: String,
    /// How far.
    #[command(flatten)]
    pub how_far: HowFar,
}

/// How far a clock is stepped; one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct HowFar {
    /// By so much, `10m`
    #[arg(long)]
    pub by: Option<String>,
    /// To this instant
    #[arg(long)]
    pub to: Option<Timestamp>,
    /// To whatever comes next: an inject or a deadline
    #[arg(long)]
    pub next: bool,
}

/// In which form a report is printed, and where.
#[derive(Debug, Args)]
pub struct ReportForm {
    /// In this form
    #[arg(long, value_parser = ["markdown", "html", "json"], default_value = "markdown")]
    pub format: String,
    /// Write it into this file
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Simulates a drill many times.
#[derive(Debug, Args)]
pub struct Odds {
    /// The drill's file
    pub drill: PathBuf,
    /// Which runs are made
    #[command(flatten)]
    pub runs: Runs,
    /// Leave out what changes one thing at a time
    #[arg(long)]
    pub no_trials: bool,
    /// Write the report as one self-contained page as well
    #[arg(long, value_name = "PAGE")]
    pub html: Option<PathBuf>,
    /// Print the timeline of one run, by its number, in place of the report
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["runs", "no_trials", "html"])]
    #[arg(value_parser = clap::value_parser!(u32).range(..i64::from(RUNS_MAX)))]
    pub sample: Option<u32>,
}

/// Makes a cast of the past.
#[derive(Debug, Args)]
pub struct Calibrate {
    /// The plan whose incidents and exercises are read
    #[arg(long)]
    pub playbook: String,
    /// Only what was declared since this instant
    #[arg(long)]
    pub since: Option<Timestamp>,
}

/// Simulates two plans with one drill.
#[derive(Debug, Args)]
pub struct Versus {
    /// The first plan's file
    pub before: PathBuf,
    /// The second plan's file
    pub after: PathBuf,
    /// The drill's file
    #[arg(long)]
    pub drill: PathBuf,
    /// Which runs are made
    #[command(flatten)]
    pub runs: Runs,
}

/// Which simulated runs are made.
#[derive(Debug, Args)]
pub struct Runs {
    /// How many runs (default: the file's `samples`)
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(RUNS_MAX)))]
    pub runs: Option<u32>,
    /// Another seed than the file's
    #[arg(long)]
    pub seed: Option<u64>,
    /// When every run begins: who is on call is looked up then (default: the first working morning
    /// on which every role's roster has somebody)
    #[arg(long)]
    pub at: Option<Timestamp>,
}
