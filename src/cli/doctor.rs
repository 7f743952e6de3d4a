//! `firebell doctor`: looks for trouble in an installation, offline, and says what to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::args::Common;
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::settings;
use super::verify::{nothing_in, refused, remarks};
use super::word::word;
use crate::config::{Config, Findings, Loaded};
use crate::drill::book::Book;
use crate::id::{PlaybookId, ScheduleId};
use crate::learn::cadence::Cadence;
use crate::learn::{Glance, glance};
use crate::people::Directory;
use crate::playbook::diagnostic::Diagnostics;
use crate::runtime::{
    CalendarStanding, Library, said_calendar, stored_calendars, stored_overrides, with_overrides,
};
use crate::server::{RENEWAL, Tls};
use crate::store::{Health, Options, Sled, Store};
use crate::text::count;

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
}

/// Prints one line for everything looked at.
///
/// # Errors
/// Something needs attention.
pub fn run(common: &Common, screen: &Screen) -> Result<(), Stop> {
    let loaded = settings::load(common, None, screen)?;
    let mut found = vec![Finding {
        what: "configuration",
        ok: !loaded.warnings.has_errors(),
        detail: loaded.file.as_ref().map_or_else(
            || screen.lang.pick("无配置文件，使用默认值", "no file, defaults are used").to_owned(),
            |file| file.display().to_string(),
        ),
    }];
    found.extend(certificate(&loaded.config, screen));
    let library = library(&loaded.config, screen);
    found.push(plans(&library, screen));
    let (of_store, directory, opened) = store(&loaded.config, screen)?;
    found.push(rosters(&loaded, &directory, screen));
    found.push(watched(&loaded, &library, screen));
    found.extend(of_store);
    found.extend(opened.map(|store| readiness(&loaded.config, &library, &store, screen)));
    let ok = found.iter().all(|finding| finding.ok);
    screen.data(&found, |found| lines(found, screen))?;
    if ok { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn lines(found: &[Finding], screen: &Screen) -> String {
    let line = |finding: &Finding| {
        let mark =
            if finding.ok { screen.paint(Tone::Good, "ok") } else { screen.paint(Tone::Bad, "!!") };
        vec![mark, word(screen.lang, finding.what).to_owned(), finding.detail.clone()]
    };
    let heading = [("", ""), ("项目", "WHAT"), ("说明", "DETAIL")];
    screen.table(&heading, found.iter().map(line).collect())
}

/// Tells whether the certificate can be used, and for how long.
fn certificate(config: &Config, screen: &Screen) -> Option<Finding> {
    let what = "certificate";
    let tls = match Tls::open(config.tls.as_ref()?) {
        Ok(tls) => tls,
        Err(why) => {
            return Some(Finding { what, ok: false, detail: why.get(screen.lang).to_owned() });
        }
    };
    let days = tls.until().duration_since(screen.now).as_hours().div_euclid(24);
    let (ok, until) =
        (tls.until() > screen.now.saturating_add(RENEWAL).ok()?, screen.moment(tls.until()));
    let detail = if ok {
        screen.lang.pick(format!("有效至 {until}"), format!("good until {until}"))
    } else {
        screen.lang.pick(
            format!("{until} 到期（剩 {days} 天），请更新；更新后自动生效"),
            format!(
                "ends at {until} ({}); renew it, the new one is taken into force by itself",
                count(days, "day left", "days left")
            ),
        )
    };
    Some(Finding { what, ok, detail })
}

fn library(config: &Config, screen: &Screen) -> Library {
    let library =
        Library::read(&config.playbooks, &config.drills.dir, &config.directory(), screen.now);
    let findings = Book::check(&library);
    library.with_findings(findings)
}

fn plans(library: &Library, screen: &Screen) -> Finding {
    let (plans, drills) = (library.playbooks().count(), library.drill_files().len());
    let bad = library.unreadable().len()
        + library.findings().iter().filter(|findings| findings.has_errors()).count();
    let read = [count(plans, "playbook", "playbooks"), count(drills, "drill", "drills")].join(", ");
    let detail = screen.lang.pick(
        format!("预案 {plans} 个、演练 {drills} 个，{bad} 个有错误（firebell check）"),
        format!("{read}, {bad} with errors (firebell check)"),
    );
    Finding { what: "plans", ok: bad == 0 && plans > 0, detail }
}

/// Tells whether someone is on call at any time soon, with what was changed while running.
fn rosters(loaded: &Loaded, directory: &Directory, screen: &Screen) -> Finding {
    let uncovered = loaded.uncovered(directory, screen.now);
    let covered = ("今后 30 天始终有人值班", "someone is on call at any time for 30 days");
    Finding { what: "rosters", ok: uncovered.is_empty(), detail: said(&uncovered, covered, screen) }
}

/// Tells whether what is watched begins something.
fn watched(loaded: &Loaded, library: &Library, screen: &Screen) -> Finding {
    let unanswered = loaded.unanswered(library.playbooks().map(|plan| &**plan));
    let answered = (
        "监测的激增和来源的沉默都有预案响应",
        "a plan answers to every monitor and to every source that may fall silent",
    );
    let detail = said(&unanswered, answered, screen);
    Finding { what: "watched", ok: unanswered.is_empty(), detail }
}

/// Says what was found, with what to do where that is the same for all; else that all is well.
fn said(findings: &Findings, well: (&str, &str), screen: &Screen) -> String {
    let found = || findings.iter().flat_map(Diagnostics::iter);
    let help = found().next().into_iter().flat_map(|finding| &finding.help);
    let texts = found().map(|finding| &finding.message).chain(help);
    let lines: Vec<&str> = texts.map(|text| text.get(screen.lang)).collect();
    if lines.is_empty() { screen.lang.pick(well.0, well.1).to_owned() } else { lines.join("\n") }
}

/// Tells how old the copies of calendars are that are behind addresses.
fn calendars(
    standings: BTreeMap<ScheduleId, Arc<CalendarStanding>>,
    screen: &Screen,
) -> Option<Finding> {
    let fetched = standings.into_iter().filter(|(_, standing)| !standing.is_file);
    let mut ok = true;
    let lines: Vec<String> = fetched
        .map(|(schedule, standing)| {
            let age = standing.good.map(|good| screen.now.duration_since(good));
            ok &= standing.good.is_some() && !standing.is_old(screen.now);
            let said = said_calendar(&standing, age);
            screen.lang.pick(
                format!("{schedule}：{}", said.get(screen.lang)),
                format!("{schedule}: {}", said.get(screen.lang)),
            )
        })
        .collect();
    (!lines.is_empty()).then(|| Finding { what: "calendars", ok, detail: lines.join("\n") })
}

/// Tells whether plans are drilled as often as they are to be, and actions done by their day. What
/// was never drilled and has time left is said, and is no trouble.
fn readiness(
    config: &Config,
    library: &Library,
    store: &Arc<dyn Store>,
    screen: &Screen,
) -> Finding {
    let cadence = Cadence(config.drills.per_year.clone());
    let zone = config.timezone.clone().unwrap_or_else(settings::machine_zone);
    let plans = library.playbooks().map(|plan| &**plan);
    let Glance { overdue, never, actions_overdue } =
        glance(store, plans, &cadence, &zone, screen.now);
    let ok = overdue.is_empty() && actions_overdue == 0;
    let mut said = Vec::new();
    let named = |plans: &[PlaybookId]| {
        let names: Vec<&str> = plans.iter().map(PlaybookId::as_str).collect();
        names.join(screen.lang.pick("、", ", "))
    };
    if !overdue.is_empty() {
        let plans = named(&overdue);
        said.push(screen.lang.pick(
            format!("演练逾期：{plans}（firebell drill due）"),
            format!("drills are overdue of {plans} (firebell drill due)"),
        ));
    }
    if actions_overdue > 0 {
        let actions = count(actions_overdue, "action is", "actions are");
        said.push(screen.lang.pick(
            format!("整改项逾期 {actions_overdue} 项（firebell action list --overdue）"),
            format!("{actions} overdue (firebell action list --overdue)"),
        ));
    }
    if !never.is_empty() {
        let plans = named(&never);
        said.push(screen.lang.pick(
            format!("从未演练：{plans}（firebell drill list）"),
            format!("never drilled: {plans} (firebell drill list)"),
        ));
    }
    if said.is_empty() {
        let well = ("演练与整改均按期", "drills and actions are in time");
        said.push(screen.lang.pick(well.0, well.1).to_owned());
    }
    Finding { what: "readiness", ok, detail: said.join("\n") }
}

/// What is found of a store, the people as they are with what it keeps, and the store if it opens.
type Looked = (Vec<Finding>, Arc<Directory>, Option<Arc<dyn Store>>);

/// Looks at the store; returns the people as they are with the calendars and the changes of rosters
/// that it keeps.
fn store(config: &Config, screen: &Screen) -> Result<Looked, Stop> {
    let directory = config.directory();
    if !Sled::is_in(&config.data) {
        let detail = nothing_in(config, screen);
        return Ok((vec![Finding { what: "store", ok: true, detail }], directory, None));
    }
    let opened = match Sled::open(&config.data, Options::default()) {
        Ok(opened) => opened,
        Err(error) => {
            let detail = refused(screen, &error).message;
            return Ok((vec![Finding { what: "store", ok: false, detail }], directory, None));
        }
    };
    let sources = super::outbound::calendars(config, screen)?;
    let (directory, standings) = stored_calendars(&opened.store, &sources, directory, screen.now);
    let directory = stored_overrides(&opened.store)
        .map_or(Arc::clone(&directory), |stored| Arc::new(with_overrides(&directory, &stored)));
    let mut found: Vec<Finding> = calendars(standings, screen).into_iter().collect();
    let remarks = remarks(&opened.report, screen);
    let detail = if remarks.is_empty() {
        let active = opened.report.active;
        screen.lang.pick(
            format!("正常，{active} 个未结束的事件"),
            format!("sound, {}", count(active, "open incident", "open incidents")),
        )
    } else {
        remarks.join("; ")
    };
    found.push(Finding { what: "store", ok: opened.report.is_ordinary(), detail });
    found.push(disk(&opened.store, screen));
    Ok((found, directory, Some(Arc::new(opened.store))))
}

fn disk(store: &Sled, screen: &Screen) -> Finding {
    let (ok, detail) = match store.health() {
        Health::Healthy => (true, screen.lang.pick("空间充足", "there is room").to_owned()),
        Health::Full { free, needed } => {
            let full = screen.lang.pick(
                format!("磁盘将满：剩余 {free} 字节，至少需要 {needed} 字节"),
                format!("the disk is nearly full: {free} bytes free, {needed} needed"),
            );
            (false, full)
        }
        Health::Broken { why } => (false, why),
    };
    Finding { what: "disk", ok, detail }
}
