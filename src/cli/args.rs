//! The words of the command line. It must not do anything.

mod alerts;
mod drill;
mod learn;
mod oncall;
mod simulate;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::act::Act;
use super::clock::Clock;
use crate::text::Text;

pub use alerts::{Backtest, Ingest, Monitor, Silence, SilenceOf};
pub use drill::{
    Calibrate, Drill, JudgeDrill, ObserveDrill, Odds, ReportForm, Runs, StepClock, Versus,
};
pub use learn::{Action, ActionsOf, Finding, FindingsOf, PartOf};
pub use oncall::{Feed, Oncall, Override, Shift, Swap};
pub use simulate::{Simulate, SimulatePage};

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// Tables and sentences for people.
    #[default]
    Text,
    /// Stable JSON for programs.
    Json,
    /// SARIF 2.1.0, for code scanning; of check alone.
    Sarif,
    /// Workflow commands of GitHub Actions; of check alone.
    Github,
}

impl Output {
    /// Tells whether only findings have this form.
    #[must_use]
    pub const fn is_for_check(self) -> bool {
        matches!(self, Self::Sarif | Self::Github)
    }
}

/// A language, as written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LangArg {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Incident response and emergency plans
#[derive(Debug, Parser)]
#[command(name = "firebell", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 ok · 1 findings or failure · 2 usage · 3 not found · \
                        4 conflict · 5 unavailable")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// What every verb understands.
    #[command(flatten)]
    pub common: Common,
}

/// Options of every verb.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// The configuration file (default: ./firebell.yaml where it exists)
    #[arg(
        long,
        global = true,
        env = "FIREBELL_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub config: Option<PathBuf>,
    /// The data folder (default: ./data)
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Tables for people, or stable JSON
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub output: Output,
    /// The language of messages (default: the locale's)
    #[arg(long, global = true, value_enum)]
    pub lang: Option<LangArg>,
    /// The server that client verbs talk to
    #[arg(long, global = true, env = "FIREBELL_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<String>,
    /// The token that client verbs present
    #[arg(
        long,
        global = true,
        env = "FIREBELL_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub token: Option<String>,
    /// Leave out progress bars and remarks
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print without colour (also: NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server
    Serve(Serve),
    /// Check playbooks and drills like code
    Check(Check),
    /// Explain a finding of check
    Explain(Explain),
    /// What changed between two versions of a plan, in meaning
    Diff(Diff),
    /// Print the JSON Schema of playbooks or drills
    Schema(Schema),
    /// Draw a playbook: phases, steps by lane, deadlines, the longest path
    Graph(Graph),
    /// Print a playbook as a checklist for paper, with who is on duty, in HTML
    Paper(Paper),
    /// Make a plan of a CACAO playbook or a Markdown runbook
    Import(Import),
    /// Print a plan as a CACAO playbook
    Export(Export),
    /// Declare, list, show and work incidents
    #[command(subcommand)]
    Incident(Incident),
    /// List, run and compare drills
    #[command(subcommand)]
    Drill(Drill),
    /// What was found in drills and incidents: list, make, accept, dismiss
    #[command(subcommand)]
    Finding(Finding),
    /// What is done about findings, by whom, until when
    #[command(subcommand)]
    Action(Action),
    /// Print the timeline of an incident
    Timeline(Timeline),
    /// Run another plan with what people really did in an incident
    Replay(Replay),
    /// Check every hash chain of the journal
    Verify(Verify),
    /// Save everything into one archive, online
    Backup(Backup),
    /// Unpack an archive into an empty data folder
    Restore(Restore),
    /// Look for trouble in the installation, repair what is safe, say what to do
    Doctor,
    /// Create, list and revoke access tokens
    #[command(subcommand)]
    Token(Token),
    /// Who is on call
    Oncall(Oncall),
    /// Try out who would be paged, over the configured rosters
    #[command(subcommand)]
    Simulate(Simulate),
    /// Try, send and replay what other tools send
    #[command(subcommand)]
    Ingest(Ingest),
    /// Monitors: what they would have done with the past
    #[command(subcommand)]
    Monitor(Monitor),
    /// Read plans and drills again on a running server
    Reload,
    /// Show what a safely started server would do at once, or let it
    SafeStart(SafeStart),
    /// Send a test message to a person: am I reachable?
    TestPage(TestPage),
    /// Ask people whether messages reach them, and show who confirmed
    #[command(subcommand)]
    Reach(Reach),
    /// Silence alerts for a time, and show which alerts wait
    #[command(subcommand)]
    Silence(Silence),
    /// Try a channel out
    #[command(subcommand)]
    Channel(Channel),
    /// Print shell completions
    Completions(Completions),
    /// Write manual pages
    Man(Man),
}

impl Verb {
    /// Names what a verb prints that has one form alone, for which JSON is asked in vain.
    #[must_use]
    pub fn only_text(&self) -> Option<Text> {
        match self {
            Self::Paper(_) => Some(Text::both(" HTML", "HTML")),
            Self::Import(_) => Some(Text::both(" YAML", "YAML")),
            Self::Completions(_) => Some(Text::both("补全脚本", "a script for a shell")),
            Self::Man(_) => Some(Text::both("手册页", "manual pages")),
            Self::Serve(_)
            | Self::Check(_)
            | Self::Explain(_)
            | Self::Diff(_)
            | Self::Schema(_)
            | Self::Graph(_)
            | Self::Export(_)
            | Self::Incident(_)
            | Self::Drill(_)
            | Self::Finding(_)
            | Self::Action(_)
            | Self::Timeline(_)
            | Self::Replay(_)
            | Self::Verify(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Doctor
            | Self::Token(_)
            | Self::Oncall(_)
            | Self::Simulate(_)
            | Self::Ingest(_)
            | Self::Monitor(_)
            | Self::Reload
            | Self::SafeStart(_)
            | Self::TestPage(_)
            | Self::Reach(_)
            | Self::Silence(_)
            | Self::Channel(_) => None,
        }
    }
}

/// Runs the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// The address to listen on (default: 127.0.0.1:8080)
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// List overdue work and send nothing until a person confirms
    #[arg(long)]
    pub safe_start: bool,
}

/// Deals with a safely started server.
#[derive(Debug, Args)]
pub struct SafeStart {
    /// Let it deal with what is due and send messages
    #[arg(long)]
    pub confirm: bool,
}

/// Sends a test message.
#[derive(Debug, Args)]
pub struct TestPage {
    /// The person; oneself where missing
    pub person: Option<String>,
    /// Over this channel alone
    #[arg(long)]
    pub channel: Option<String>,
}

/// Whether messages reach people.
#[derive(Debug, Subcommand)]
pub enum Reach {
    /// Ask contacts to confirm that messages reach them; everyone's where nothing is said
    Check(ReachOf),
    /// Show who confirmed, who did not, and when each contact was last confirmed
    Show(ReachShow),
}

/// Whose contacts.
#[derive(Debug, Args)]
pub struct ReachOf {
    /// Those of this person
    #[arg(long)]
    pub person: Option<String>,
    /// Those of the members of this team
    #[arg(long)]
    pub team: Option<String>,
    /// Those on this channel
    #[arg(long)]
    pub channel: Option<String>,
}

/// Shows how contacts stand.
#[derive(Debug, Args)]
pub struct ReachShow {
    /// Whose
    #[command(flatten)]
    pub of: ReachOf,
    /// End with 1 where a contact was not confirmed in the last so many days
    #[arg(long, value_name = "N")]
    pub days: Option<u16>,
}

/// What to do with a channel.
#[derive(Debug, Subcommand)]
pub enum Channel {
    /// Send one test message over a channel and explain the answer
    Test(ChannelTest),
}

/// Tries a channel.
#[derive(Debug, Args)]
pub struct ChannelTest {
    /// The channel, by its name in the configuration
    pub name: String,
    /// To this address on it; the channel's own where missing
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
}

/// Compares plans.
#[derive(Debug, Args)]
pub struct Diff {
    /// The old version
    pub old: PathBuf,
    /// The new version
    pub new: PathBuf,
    /// End with 1 when the meaning differs
    #[arg(long)]
    pub exit_code: bool,
}

/// Replays an incident.
#[derive(Debug, Args)]
pub struct Replay {
    /// The incident's number or id
    pub incident: String,
    /// The other plan: a file, or the name of one in force
    #[arg(long)]
    pub playbook: String,
    /// End with 1 when a promise that was kept would have been missed
    #[arg(long)]
    pub exit_code: bool,
}

/// Explains findings.
#[derive(Debug, Args)]
pub struct Explain {
    /// Such as E0106; all of them where missing
    pub code: Option<String>,
}

/// Checks files.
#[derive(Debug, Args)]
pub struct Check {
    /// Files or folders (default: playbooks and drills)
    pub paths: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub deny: Option<String>,
    /// Also print notes, such as laws nobody has compared with their text
    #[arg(long)]
    pub all: bool,
    /// Explore everything that can happen to each plan, and prove that it is never stuck
    #[arg(long)]
    pub prove: bool,
}

/// Which schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaOf {
    /// Of playbooks.
    Playbook,
    /// Of drills.
    Drill,
    /// Of step libraries.
    Library,
    /// Regimes
    Regime,
    /// Calendars of business days
    Calendar,
}

/// Prints a schema.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which
    #[arg(value_enum, default_value = "playbook")]
    pub of: SchemaOf,
}

/// How a graph is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GraphFormat {
    /// For wikis and code hosts that draw it themselves.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// One self-contained picture.
    #[default]
    Svg,
}

/// Draws a playbook.
#[derive(Debug, Args)]
pub struct Graph {
    /// The playbook's file, or its name in the configured folder
    pub playbook: String,
    /// How
    #[arg(long, value_enum, default_value = "svg")]
    pub format: GraphFormat,
}

/// Prints a playbook for paper.
#[derive(Debug, Args)]
pub struct Paper {
    /// The playbook's file, or its name in the configured folder
    pub playbook: String,
    /// With those on duty at this instant (default: now)
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
}

/// Makes plans of other files.
#[derive(Debug, Args)]
pub struct Import {
    /// From what
    #[command(subcommand)]
    pub from: ImportFrom,
}

/// What a plan is made of.
#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// A CACAO 2.0 playbook (OASIS), as JSON
    Cacao {
        /// The file; only --report does without
        #[arg(required_unless_present = "report")]
        file: Option<PathBuf>,
        /// Say what the standard leaves open and what firebell chose
        #[arg(long)]
        report: bool,
    },
    /// A runbook in Markdown: headings, lists, checkboxes and tables
    Markdown {
        /// The file
        file: PathBuf,
    },
}

/// Prints plans for others.
#[derive(Debug, Args)]
pub struct Export {
    /// As what
    #[command(subcommand)]
    pub to: ExportTo,
}

/// What a plan is printed as.
#[derive(Debug, Subcommand)]
pub enum ExportTo {
    /// A CACAO 2.0 playbook (OASIS); names are in the language of messages
    Cacao {
        /// The playbook's file, or its name in the configured folder
        playbook: String,
        /// When it was made (default: the plan's reviewed_on)
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
    },
}

/// Works incidents.
#[derive(Debug, Subcommand)]
pub enum Incident {
    /// Declare a live incident
    Declare {
        /// The playbook
        playbook: String,
        /// What it is about
        #[arg(long)]
        title: Option<String>,
        /// 1 (worst) to 4
        #[arg(long)]
        level: Option<u8>,
        /// An input; a list is separated by commas; may be repeated
        #[arg(long = "input", value_name = "NAME=VALUE")]
        inputs: Vec<String>,
        /// When the trouble was noticed
        #[arg(long, value_name = "TIME")]
        detected_at: Option<Timestamp>,
        /// The same trouble carries the same key
        #[arg(long)]
        dedup_key: Option<String>,
    },
    /// Print the report of an incident for those who review it
    Report {
        /// The incident
        incident: String,
        /// In which form, and where.
        #[command(flatten)]
        form: ReportForm,
    },
    /// List incidents
    List {
        /// open, paused, closed or cancelled
        #[arg(long)]
        status: Option<String>,
        /// Only of this playbook
        #[arg(long)]
        playbook: Option<String>,
        /// Only those that this incident asked for: its number or id
        #[arg(long, value_name = "INCIDENT")]
        parent: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show an incident and what to do now
    Show {
        /// Its number or id
        incident: String,
    },
    /// Attach proof: words, an address or a file
    Evidence {
        /// Its number or id
        incident: String,
        /// The step it proves
        #[arg(long)]
        step: Option<String>,
        /// The moment it shows: detected, aware, or a moment of a regime
        #[arg(long, conflicts_with = "step")]
        moment: Option<String>,
        /// Words
        #[arg(long, group = "proof")]
        text: Option<String>,
        /// An address
        #[arg(long, group = "proof")]
        link: Option<String>,
        /// A file of at most 10 MiB
        #[arg(group = "proof", required_unless_present_any = ["text", "link"])]
        file: Option<PathBuf>,
        /// When it came to be, where that was earlier
        #[arg(long, value_name = "TIME")]
        occurred_at: Option<Timestamp>,
    },
    /// Statutory clocks: submit, decide not to notify, extend, draft
    #[command(subcommand)]
    Clock(Clock),
    #[command(flatten)]
    Act(Act),
}

/// How a timeline is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TimelineFormat {
    /// For the terminal.
    #[default]
    Text,
    /// JSON.
    Json,
    /// Markdown.
    Md,
    /// One self-contained page.
    Html,
    /// Comma-separated values.
    Csv,
}

/// Prints a timeline.
#[derive(Debug, Args)]
pub struct Timeline {
    /// The incident's number or id
    pub incident: String,
    /// How
    #[arg(long, value_enum, default_value = "text")]
    pub format: TimelineFormat,
}

/// Checks hash chains.
#[derive(Debug, Args)]
pub struct Verify {
    /// Only this incident, by id
    pub incident: Option<String>,
}

/// Saves everything.
#[derive(Debug, Args)]
pub struct Backup {
    /// The archive to write
    pub to: PathBuf,
}

/// Unpacks an archive.
#[derive(Debug, Args)]
pub struct Restore {
    /// The archive to read
    pub from: PathBuf,
}

/// Works tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Create a token; its secret is shown once
    Create {
        /// The person it belongs to
        #[arg(long, conflicts_with = "service")]
        person: Option<String>,
        /// The service it belongs to
        #[arg(long)]
        service: Option<String>,
        /// viewer, responder, commander or admin
        #[arg(long, default_value = "responder")]
        scope: String,
        /// When it ends
        #[arg(long, value_name = "TIME")]
        expires_at: Option<Timestamp>,
    },
    /// List tokens, without secrets
    List,
    /// Revoke a token
    Revoke {
        /// Its id
        id: String,
    },
}

/// Prints completions.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Writes manual pages.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write to; one page goes to standard output without it
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
