//! The command line: one file per verb. It must hold no rules of incidents; it parses arguments,
//! calls, and prints. Data goes to standard output, messages to standard error.

mod act;
mod annotate;
mod answer;
mod args;
mod backup;
mod calibrate;
mod channel;
mod check;
mod chinese;
mod client;
mod clock;
mod deliver;
mod diff;
mod doctor;
mod drill;
mod exchange;
mod exit;
mod explain;
mod graph;
mod handover;
mod incident;
mod ingest;
mod jury;
mod lead;
mod learn;
mod monitor;
mod odds;
mod oncall;
mod operate;
mod outbound;
mod pages;
mod paper;
mod plan;
mod planned;
mod prepare;
mod progress;
mod prove;
mod reach;
mod refuted;
mod replay;
mod result;
mod schema;
mod screen;
mod serve;
mod settings;
mod shift;
mod silence;
mod simulate;
mod timeline;
mod token;
mod trend;
mod usage;
mod verify;
mod view;
mod word;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Common, Ingest, Output, Simulate, Verb};
use self::client::Client;
use self::deliver::Sent;
use self::exit::{Exit, Stop};
use self::screen::Screen;
use crate::clock::{Clock, SystemClock};
use crate::text::Lang;

/// Runs the verb on the command line and returns its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error).into(),
    };
    let screen = Screen::new(
        &cli.common,
        &settings::environment,
        SystemClock.now(),
        settings::zone(&cli.common),
    );
    let stop = match dispatch(cli.verb, &cli.common, &screen) {
        Ok(()) => return Exit::Ok.into(),
        Err(stop) => stop,
    };
    let said = stop.said(screen.lang);
    if !said.is_empty() {
        let word = screen.lang.pick("错误", "error");
        let word = screen.paint(screen::Tone::Bad, word);
        screen::note(format_args!("{word}: {said}"));
    }
    stop.exit.into()
}

fn dispatch(verb: Verb, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let call = |work: Call<'_>| {
        let client = Client::new(common, screen.lang)?;
        wait(work(client))
    };
    has_form(&verb, screen)?;
    match verb {
        Verb::Serve(args) => serve::run(args, common, screen),
        Verb::Check(args) => check::run(&args, common, screen),
        Verb::Diff(args) => diff::run(&args, screen),
        Verb::Explain(args) => explain::run(&args, screen),
        Verb::Schema(args) => schema::run(&args, screen),
        Verb::Graph(args) => graph::run(&args, common, screen),
        Verb::Paper(args) => paper::run(&args, common, screen),
        Verb::Import(args) => exchange::import(&args, screen),
        Verb::Export(args) => exchange::export(&args, common, screen),
        Verb::Incident(verb) => call(Box::new(|client| {
            Box::pin(async move { incident::run(verb, &client, screen).await })
        })),
        Verb::Drill(verb) => drill::run(verb, common, screen),
        Verb::Finding(verb) => call(Box::new(|client| {
            Box::pin(async move { learn::findings(verb, &client, screen).await })
        })),
        Verb::Action(verb) => call(Box::new(|client| {
            Box::pin(async move { learn::actions(verb, &client, screen).await })
        })),
        Verb::Timeline(args) => call(Box::new(|client| {
            Box::pin(async move { timeline::run(&args, &client, screen).await })
        })),
        Verb::Replay(args) => call(Box::new(|client| {
            Box::pin(async move { replay::run(&args, &client, screen).await })
        })),
        Verb::Verify(args) => verify::run(&args, common, screen),
        Verb::Backup(args) => call(Box::new(|client| {
            Box::pin(async move { backup::save(&args, &client, screen).await })
        })),
        Verb::Restore(args) => backup::restore(&args, common, screen),
        Verb::Doctor => doctor::run(common, screen),
        Verb::Token(verb) => call(Box::new(|client| {
            Box::pin(async move { token::run(verb, &client, screen).await })
        })),
        Verb::Oncall(args) => oncall::run(args, common, screen),
        Verb::Ingest(verb) => deliver(verb, common, screen),
        Verb::Simulate(Simulate::Page(args)) => simulate::run(&args, common, screen),
        Verb::Monitor(verb) => monitor::run(&verb, common, screen),
        Verb::Reload => {
            call(Box::new(|client| Box::pin(async move { operate::reload(&client, screen).await })))
        }
        Verb::SafeStart(args) => call(Box::new(|client| {
            Box::pin(async move { operate::safe_start(&args, &client, screen).await })
        })),
        Verb::TestPage(args) => call(Box::new(|client| {
            Box::pin(async move { operate::test_page(&args, &client, screen).await })
        })),
        Verb::Reach(verb) => call(Box::new(|client| {
            Box::pin(async move { reach::run(verb, &client, screen).await })
        })),
        Verb::Silence(verb) => call(Box::new(|client| {
            Box::pin(async move { silence::run(verb, &client, screen).await })
        })),
        Verb::Channel(verb) => channel::run(verb, common, screen),
        Verb::Completions(args) => pages::completions(args.shell, screen.lang),
        Verb::Man(args) => pages::man(args.dir.as_deref(), screen.lang),
    }
}

/// Tells whether a verb has the form of output that is asked for.
fn has_form(verb: &Verb, screen: &Screen) -> Result<(), Stop> {
    if screen.output.is_for_check() && !matches!(verb, Verb::Check(_)) {
        let words = screen.lang.pick(
            "sarif 和 github 只用于 firebell check",
            "sarif and github are forms of `firebell check` alone",
        );
        return Err(Stop::new(Exit::Usage, words));
    }
    if screen.output == Output::Json
        && let Some(what) = verb.only_text()
    {
        let words = screen.lang.pick(
            format!("该命令只输出{}，没有 JSON 形式；请去掉 --output json", what.get(Lang::Zh)),
            format!(
                "this prints {} and has no JSON form; leave out --output json",
                what.get(Lang::En)
            ),
        );
        return Err(Stop::new(Exit::Usage, words));
    }
    Ok(())
}

fn deliver(verb: Ingest, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let client = || Client::new(common, screen.lang);
    match verb {
        Ingest::Test { source, body, at } => {
            ingest::run(&source, &body, at.as_deref(), common, screen)
        }
        Ingest::Send { source, key_file, body, .. } => {
            let sent = body.map_or(Sent::Nagios, Sent::File);
            wait(deliver::send(&source, key_file.as_deref(), sent, common, screen))
        }
        Ingest::Recent { source } => wait(deliver::recent(&source, &client()?, screen)),
        Ingest::Replay { hash, send } => wait(deliver::replay(&hash, send, &client()?, screen)),
    }
}

type Work<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;
type Call<'a> = Box<dyn FnOnce(Client) -> Work<'a> + 'a>;

/// Runs a client verb to its end on a small runtime of its own.
fn wait<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
