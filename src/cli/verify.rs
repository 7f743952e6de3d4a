//! `firebell verify`: recomputes every hash chain of the journal, offline.

use serde_json::json;

use super::args::{Common, Verify};
use super::exit::{Exit, Stop};
use super::progress;
use super::screen::{Screen, Tone, note};
use super::settings;
use crate::config::Config;
use crate::id::IncidentId;
use crate::store::{Audit, OpenReport, Options, Sled, Store, StoreError};
use crate::text::count;

/// Checks one incident or all.
///
/// # Errors
/// The first broken link of each incident that has one; a store that cannot be opened.
pub fn run(args: &Verify, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let (store, report) = open(&config, screen)?;
    let audit = match &args.incident {
        None => everything(&store, screen)?,
        Some(id) => one(&store, id, screen)?,
    };
    let data = json!({
        "incidents": audit.incidents,
        "events": audit.events,
        "broken": audit.broken.iter().map(|link| json!({
            "incident": link.incident, "number": link.number, "event": link.event, "why": link.why,
        })).collect::<Vec<_>>(),
        "repaired_at_open": report.repaired,
    });
    screen.data(&data, |_| words(screen, &audit))?;
    if audit.broken.is_empty() { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn words(screen: &Screen, audit: &Audit) -> String {
    let mut lines: Vec<String> =
        audit.broken.iter().map(|link| screen.paint(Tone::Bad, &link.to_string())).collect();
    let (incidents, events, broken) = (audit.incidents, audit.events, audit.broken.len());
    let checked =
        [count(incidents, "incident", "incidents"), count(events, "event", "events")].join(", ");
    let found = count(broken, "chain is broken", "chains are broken");
    lines.push(screen.lang.pick(
        format!("已校验 {incidents} 个事件、{events} 条记录，{broken} 条链断裂"),
        format!("{checked} checked; {found}"),
    ));
    lines.join("\n")
}

fn everything(store: &Sled, screen: &Screen) -> Result<Audit, Stop> {
    let bar = progress::bar(screen, None, false);
    let audit = store.verify_all(&mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    audit.map_err(|error| refused(screen, &error))
}

fn one(store: &Sled, id: &str, screen: &Screen) -> Result<Audit, Stop> {
    let unknown = || {
        let words =
            screen.lang.pick(format!("没有事件 {id}"), format!("there is no incident {id}"));
        Stop::new(Exit::NotFound, words)
    };
    let refuse = |error: StoreError| refused(screen, &error);
    let by_number = id.rsplit('-').next().and_then(|n| n.parse().ok());
    let incident = match (id.parse::<IncidentId>(), by_number) {
        (Ok(incident), _) => incident,
        (Err(_), Some(number)) => store.by_number(number).map_err(refuse)?.ok_or_else(unknown)?.id,
        (Err(_), None) => return Err(unknown()),
    };
    let verdict = store.verify(incident).map_err(refuse)?.ok_or_else(unknown)?;
    let mut audit = Audit::default();
    audit.add(verdict);
    Ok(audit)
}

/// Opens the store of a configuration and says what was out of the ordinary.
///
/// # Errors
/// There is none; a running server holds it, or it does not open.
pub fn open(config: &Config, screen: &Screen) -> Result<(Sled, OpenReport), Stop> {
    if !Sled::is_in(&config.data) {
        return Err(Stop::new(Exit::NotFound, nothing_in(config, screen)));
    }
    let opened = Sled::open(&config.data, Options::default());
    let opened = opened.map_err(|error| refused(screen, &error))?;
    for line in remarks(&opened.report, screen) {
        note(screen.paint(Tone::Warn, &line));
    }
    Ok((opened.store, opened.report))
}

/// Says that a folder holds no journal. Opening one would make it, and a misspelt folder would look
/// like a journal in which all is well.
#[must_use]
pub fn nothing_in(config: &Config, screen: &Screen) -> String {
    let data = config.data.display();
    screen.lang.pick(
        format!("{data} 中没有日志；请用 --data 指定数据目录（firebell serve 首次启动时创建）"),
        format!("there is no journal in {data}; name the data folder with --data (the first start of firebell serve makes it)"),
    )
}

/// Says what happened while a store was opened, one sentence each.
#[must_use]
pub fn remarks(report: &OpenReport, screen: &Screen) -> Vec<String> {
    let mut lines = Vec::new();
    for file in &report.set_aside {
        let file = file.display();
        lines.push(screen.lang.pick(
            format!("快照文件已损坏，移到 {file}；数据已由日志重建"),
            format!("a damaged snapshot file was set aside as {file}; the log rebuilt everything"),
        ));
    }
    if let Some(copy) = &report.copy {
        let copy = copy.display();
        lines.push(screen.lang.pick(
            format!("修复前的副本在 {copy}，确认无误后可删除"),
            format!("a copy from before the repair is in {copy}; delete it when all is well"),
        ));
    }
    if let Some(audit) = &report.audit {
        let (events, broken) = (audit.events, audit.broken.len());
        let zh = format!("修复后校验：{events} 条记录，{broken} 条链断裂");
        let events = count(events, "event", "events");
        let broken = count(broken, "broken chain", "broken chains");
        let en = format!("checked after the repair: {events}, {broken}");
        lines.push(screen.lang.pick(zh, en));
    }
    lines.extend(report.damaged.iter().cloned());
    lines
}

/// Turns a store's refusal into a sentence and an exit code.
#[must_use]
pub fn refused(screen: &Screen, error: &StoreError) -> Stop {
    let exit = match error {
        StoreError::Unknown(_) => Exit::NotFound,
        StoreError::Locked { .. } | StoreError::Busy { .. } | StoreError::Full { .. } => {
            Exit::Unavailable
        }
        _ => Exit::Failure,
    };
    Stop::new(exit, error.text().get(screen.lang))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::text::Lang;

    #[test]
    fn what_was_checked_is_counted_as_people_count() {
        let screen = |lang| Screen {
            output: Output::Text,
            lang,
            colour: false,
            chatty: false,
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: crate::people::Zone::utc(),
        };
        let one = Audit { incidents: 1, events: 1, broken: Vec::new() };
        assert_eq!(words(&screen(Lang::Zh), &one), "已校验 1 个事件、1 条记录，0 条链断裂");
        assert_eq!(
            words(&screen(Lang::En), &one),
            "1 incident, 1 event checked; 0 chains are broken"
        );
    }
}
