//! `firebell serve`: puts the parts together, runs them, and takes them apart in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Common, Serve};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone, note};
use super::verify::{refused, remarks};
use super::{outbound, settings};
use crate::clock::SystemClock;
use crate::config::{Config, Handover, Loaded, StoreKind};
use crate::drill::book::Book;
use crate::drill::live::{self, Drills};
use crate::id::{PersonId, ScheduleId};
use crate::learn::Learning;
use crate::learn::cadence::Cadence;
use crate::playbook::diagnostic::{Diagnostics, Rendering};
use crate::runtime::{self, Asking, Parts, RosterSettings, Runtime, Scope, Watchdog};
use crate::server::{self, App, Limits, Reread, Tls, Tokens};
use crate::store::{Memory, Options, Sled, Store};
use crate::telemetry::{self, LogFormat, Metrics};
use crate::text::{self, system};

/// What is logged when `FIREBELL_LOG` does not say.
const LOG_FILTER: &str = "info";

/// Runs the server until it is told to stop.
///
/// # Errors
/// A wrong configuration, a store that does not open, an address that is taken.
pub fn run(args: Serve, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let again = settings::again(common, args.listen.clone());
    let loaded = settings::load(common, args.listen, screen)?;
    let filter = settings::environment("FIREBELL_LOG").unwrap_or_else(|| LOG_FILTER.to_owned());
    let format = match settings::environment("FIREBELL_LOG_FORMAT").as_deref() {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Text,
    };
    telemetry::init_logs(format, &filter, !common.no_color)
        .map_err(|error| Stop::new(Exit::Usage, error.to_string()))?;
    let store = open(&loaded.config, screen)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let reread: Reread = Arc::new(move || again().map(|loaded| loaded.config.alerts));
    runtime.block_on(serve(loaded, store, (args.safe_start, reread), screen))
}

fn open(config: &Config, screen: &Screen) -> Result<Arc<dyn Store>, Stop> {
    match config.store.kind {
        StoreKind::Memory => Ok(Arc::new(Memory::new())),
        StoreKind::Sled => {
            let opened = Sled::open(&config.data, Options::default());
            let opened = opened.map_err(|error| refused(screen, &error))?;
            for line in remarks(&opened.report, screen) {
                tracing::warn!("{line}");
            }
            Ok(Arc::new(opened.store))
        }
    }
}

async fn serve(
    loaded: Loaded,
    store: Arc<dyn Store>,
    (safe_start, reread): (bool, Reread),
    screen: &Screen,
) -> Result<(), Stop> {
    let config = &loaded.config;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        let at = config.listen;
        let words = screen.lang.pick(
            format!(
                "无法监听 {at}：{}；可用 --listen 换一个地址",
                system::why(&error, screen.lang)
            ),
            format!("cannot listen on {at}: {error}; choose another address with --listen"),
        );
        Stop::new(Exit::Unavailable, words)
    })?;
    let tls = certificate(config, screen)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let runtime = Runtime::start(parts(config, store, safe_start, screen)?);
    report_plans(&runtime, screen);
    report_watched(&loaded, &runtime, screen);
    let drills = Drills::start(runtime.clone());
    let cadence = Cadence(config.drills.per_year.clone());
    let learning = Learning::start(runtime.clone(), drills.clone(), cadence);
    let tokens = Tokens::open(Arc::clone(runtime.store()));
    let tokens = tokens.map_err(|error| refused(screen, &error))?;
    let metrics = Arc::new(Metrics::new());
    let (grants, runtime_of_app) = (config.grants.clone(), runtime.clone());
    let app = App::new(server::Parts {
        runtime: runtime_of_app,
        drills: drills.clone(),
        learning: learning.clone(),
        tokens,
        grants,
        ingest: config.ingest.clone(),
        bodies: config.retention.bodies,
        tls,
        alerts: config.alerts.clone(),
        reread,
        metrics,
    });
    first_token(&app, screen).await?;
    let address = listener.local_addr()?;
    screen.remark(
        &format!("firebell 正在监听 {scheme}://{address}（Ctrl-C 停止）"),
        &format!("firebell listens on {scheme}://{address} (Ctrl-C stops it)"),
    );
    if safe_start {
        report_overdue(&runtime, screen);
    }
    let reloads = tokio::spawn(reload_on_hangup(app.clone()));
    let router = server::router(app.clone());
    server::serve(listener, router, app, Limits::default(), stopped()).await;
    reloads.abort();
    learning.stop().await;
    drills.stop().await;
    runtime.drain().await;
    Ok(())
}

fn parts(
    config: &Config,
    store: Arc<dyn Store>,
    safe_start: bool,
    screen: &Screen,
) -> Result<Parts, Stop> {
    let directory = config.directory();
    let outages = live::outages(&store).map_err(|error| refused(screen, &error))?;
    let clocks = live::clocks(&store).map_err(|error| refused(screen, &error))?;
    Ok(Parts {
        clock: Arc::new(SystemClock),
        store,
        directory,
        outbound: outbound::open(config, screen)?,
        playbooks: config.playbooks.clone(),
        drills: config.drills.dir.clone(),
        drill_check: Arc::new(Book::check),
        evidence: config.data.join("evidence"),
        base_url: config.public_url.clone(),
        zone: config.timezone.clone().unwrap_or_else(settings::machine_zone),
        lang: config.lang,
        watchdog: config.watchdog.as_ref().map(|watchdog| Watchdog {
            url: watchdog.url.clone(),
            every: watchdog.every.try_into().unwrap_or(jiff::SignedDuration::from_mins(1)),
        }),
        archive_after: config.retention.archive_after.and_then(|after| after.try_into().ok()),
        outages,
        clocks,
        rosters: RosterSettings {
            intended: config.intended_gaps.clone(),
            admins: administrators(config),
            handovers: handovers(config),
            calendars: outbound::calendars(config, screen)?,
        },
        monitors: config.monitors.clone(),
        safe_start,
    })
}

fn handovers(config: &Config) -> BTreeMap<ScheduleId, Asking> {
    let asking = |asked: &Handover| match asked {
        Handover::Off => Asking::Off,
        Handover::AskBefore(before) => {
            Asking::Before((*before).try_into().unwrap_or(runtime::ASK_BEFORE))
        }
    };
    config.handovers.iter().map(|(id, asked)| (id.clone(), asking(asked))).collect()
}

fn administrators(config: &Config) -> BTreeSet<PersonId> {
    let grants = &config.grants;
    grants.people.keys().filter(|person| grants.has(person, Scope::Admin)).cloned().collect()
}

/// Reads the certificate, where one is configured.
fn certificate(config: &Config, screen: &Screen) -> Result<Option<Tls>, Stop> {
    let Some(paths) = &config.tls else { return Ok(None) };
    let tls = Tls::open(paths);
    let tls = tls.map_err(|why| Stop::new(Exit::Failure, why.get(screen.lang).to_owned()))?;
    if tls.until() < screen.now.saturating_add(server::RENEWAL).unwrap_or(jiff::Timestamp::MAX) {
        let until = screen.moment(tls.until());
        screen.remark(
            &format!("证书将于 {until} 到期，请更新"),
            &format!("the certificate ends at {until}, renew it"),
        );
    }
    Ok(Some(tls))
}

/// A first start has no token, so one for the administrator is made and shown once.
async fn first_token(app: &App, screen: &Screen) -> Result<(), Stop> {
    let made = app.tokens().first_start(app.now()).await;
    let made = made.map_err(|error| Stop::new(Exit::Failure, error.to_string()))?;
    let Some(token) = made else { return Ok(()) };
    screen.remark(
        "首次启动：管理员令牌只显示这一次，请妥善保存",
        "first start: the administrator's token is shown only this once, keep it",
    );
    screen.raw(&format!("FIREBELL_TOKEN={}", token.reveal()))
}

fn report_plans(runtime: &Runtime, screen: &Screen) {
    let library = runtime.library();
    for found in library.findings() {
        note(found.render(Rendering { lang: screen.lang, colour: screen.colour }));
    }
    for line in library.unreadable() {
        tracing::warn!("{}", line.say(screen.lang));
    }
    let (plans, drills) = (library.playbooks().count(), library.drill_files().len());
    tracing::info!(plans, drills, "plans are in force");
}

fn report_watched(loaded: &Loaded, runtime: &Runtime, screen: &Screen) {
    let uncovered = loaded.uncovered(&runtime.directory(), runtime.clock().now());
    let library = runtime.library();
    let unanswered = loaded.unanswered(library.playbooks().map(|plan| &**plan));
    for finding in uncovered.iter().chain(unanswered.iter()).flat_map(Diagnostics::iter) {
        tracing::warn!("{}", finding.message.get(screen.lang));
    }
}

fn report_overdue(runtime: &Runtime, screen: &Screen) {
    let overdue = runtime.overdue(usize::MAX);
    let count = overdue.len();
    screen.remark(
        &format!(
            "安全启动：{count} 个事件有到期事项，确认前不发送任何消息\
             （firebell safe-start --confirm）"
        ),
        &format!(
            "safe start: {} something due; nothing is sent until you confirm \
             (firebell safe-start --confirm)",
            text::count(count, "incident has", "incidents have")
        ),
    );
    for (at, incident) in overdue.iter().take(20) {
        let line = format!("  {incident}  {}", screen.moment(*at));
        note(screen.paint(Tone::Warn, &line));
    }
}

async fn reload_on_hangup(app: App) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        if let Some(tls) = app.tls() {
            server::log_reload(&tls.reload(app.now()));
        }
        match app.reload_alerts().await {
            Ok(true) => tracing::info!("`alerts` of the configuration is in force anew"),
            Ok(false) => {}
            Err(wrong) => {
                let wrong = wrong.render(Rendering::plain(crate::text::Lang::En));
                tracing::error!("kept the last good `alerts`: {wrong}");
            }
        }
        let report = app.runtime().reload().await;
        for (schedule, standing) in app.runtime().calendars() {
            if let Some((_, why)) = &standing.trouble {
                let why = why.get(text::Lang::En);
                tracing::error!(%schedule, why, "kept the last good calendar");
            }
        }
        if report.swapped {
            tracing::info!(plans = report.playbooks, "reloaded");
        } else {
            for found in report.library.findings() {
                let rendering = Rendering::plain(crate::text::Lang::En);
                tracing::error!("kept the last good plans: {}", found.render(rendering));
            }
        }
    }
}

/// Completes when the process is asked to end.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
