//! `firebell ingest test`: what a body that a tool sends would become and begin. Works without a
//! server; nothing is begun, and every trouble counts as new.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::args::Common;
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone, note};
use super::{settings, shift};
use crate::config::Config;
use crate::engine::{self, Actor, Chance, Ctx, Declare, Fact, Mode};
use crate::id::{IncidentId, VarId};
use crate::ingest::{Alert, BODY_BYTES_MAX, Errand, Reading, Source, form, route};
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Diagnostics, Rendering, nearest};
use crate::runtime::Library;

/// What stands for the key that is made for an event without one.
const MADE: &str = "(made)";

#[derive(Serialize)]
struct Tried {
    source: String,
    dialect: &'static str,
    alerts: Vec<Mapped>,
    unread: Vec<String>,
}

#[derive(Serialize)]
struct Mapped {
    alert: Alert,
    /// The rule that made it, counted from 1; none where the dialect says it all.
    rule: Option<usize>,
    starts: Vec<Start>,
    /// The silence of the configuration that would make it wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced: Option<Silenced>,
}

#[derive(Serialize)]
struct Silenced {
    by: String,
    until: Timestamp,
}

#[derive(Serialize)]
struct Start {
    playbook: String,
    title: String,
    dedup_key: String,
    level: Option<u8>,
    inputs: Map<String, Json>,
    /// Inputs that the alert should fill and does not.
    unreadable: Vec<VarId>,
    /// Why the plan would refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// No such source or file; a body that is not of its dialect; silently, an alert that fires and
/// begins nothing.
pub fn run(
    source: &str,
    body: &Path,
    at: Option<&str>,
    common: &Common,
    screen: &Screen,
) -> Result<(), Stop> {
    let at = at.map(|at| shift::instant(at, screen)).transpose()?.unwrap_or(screen.now);
    let config = settings::load(common, None, screen)?.config;
    let source = find(&config, source, screen)?;
    let body = read(source, body, screen)?;
    let reading = source.read(&body, MADE).map_err(|fault| {
        let said = format!("{}: {}", fault.pointer, fault.detail.get(screen.lang));
        let words = screen.lang.pick(
            format!("内容不符合 {} 的格式：{said}", source.dialect.as_str()),
            format!("the body is no {}: {said}", source.dialect.as_str()),
        );
        Stop::new(Exit::Failure, words)
    })?;
    let library = plans(&config, screen);
    let mut tried = try_it(source, reading, &library, &config.directory(), screen);
    for one in &mut tried.alerts {
        let silence = config.alerts.silence(&one.alert, at);
        one.silenced =
            silence.map(|(silence, until)| Silenced { by: silence.id.to_string(), until });
    }
    screen.data(&tried, |tried| words(tried, screen))?;
    let lost = !tried.unread.is_empty()
        || tried
            .alerts
            .iter()
            .any(|one| one.starts.is_empty() && one.alert.status == crate::ingest::News::Firing);
    if lost { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

fn find<'c>(config: &'c Config, name: &str, screen: &Screen) -> Result<&'c Source, Stop> {
    if let Some(found) = config.ingest.get(name) {
        return Ok(&found.source);
    }
    let near = nearest(name, config.ingest.keys().map(|id| id.as_str()));
    let near = near.map_or_else(String::new, |near| {
        screen.lang.pick(format!("；是 {near} 吗？"), format!("; did you mean {near}?"))
    });
    let words = screen.lang.pick(
        format!("配置的 `ingest` 中没有来源 `{name}`{near}"),
        format!("`ingest` in the configuration has no source `{name}`{near}"),
    );
    Err(Stop::new(Exit::NotFound, words))
}

fn read(source: &Source, path: &Path, screen: &Screen) -> Result<Json, Stop> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path);
    let done = opened.and_then(|file| file.take(BODY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    done.map_err(|error| {
        let why = crate::text::system::why(&error, screen.lang);
        let words = screen
            .lang
            .pick(format!("读不了 {shown}：{why}"), format!("cannot read {shown}: {error}"));
        Stop::new(Exit::NotFound, words)
    })?;
    if bytes.len() > BODY_BYTES_MAX {
        let words = screen.lang.pick(
            format!("{shown} 超过服务器接受的 {BODY_BYTES_MAX} 字节"),
            format!("{shown} is larger than the {BODY_BYTES_MAX} bytes that the server takes"),
        );
        return Err(Stop::new(Exit::Failure, words));
    }
    // A form never begins as JSON does.
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_json = is_json.is_none_or(|first| b"{[\"".contains(first));
    if source.dialect.takes_forms() && !is_json {
        return Ok(form::read(&bytes));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let words = screen
            .lang
            .pick(format!("{shown} 不是 JSON：{error}"), format!("{shown} is no JSON: {error}"));
        Stop::new(Exit::Failure, words)
    })
}

fn plans(config: &Config, screen: &Screen) -> Library {
    let files = Library::yaml_files(&config.playbooks);
    let library = Library::of_files(&files, &config.directory(), screen.now, true);
    let rendering = Rendering { lang: screen.lang, colour: screen.colour };
    for found in library.findings().iter().filter(|found| Diagnostics::has_errors(found)) {
        note(found.render(rendering));
    }
    library
}

fn try_it(
    source: &Source,
    reading: Reading,
    library: &Library,
    directory: &Directory,
    screen: &Screen,
) -> Tried {
    let mapped = |(alert, rule): (Alert, Option<usize>)| {
        let plans = library.playbooks().map(|plan| &**plan);
        let errands = route(&alert, plans, &BTreeSet::new(), &|_| None, screen.now);
        let start = |errand| start(errand, library, directory, screen);
        Mapped {
            starts: errands.into_iter().filter_map(start).collect(),
            alert,
            rule: rule.map(|n| n + 1),
            silenced: None,
        }
    };
    Tried {
        source: source.id.to_string(),
        dialect: source.dialect.as_str(),
        alerts: reading.alerts.into_iter().map(mapped).collect(),
        unread: reading
            .unread
            .iter()
            .map(|unread| unread.text().get(screen.lang).to_owned())
            .collect(),
    }
}

/// Tries a declaration with the engine itself; nothing comes of it.
fn start(
    errand: Errand,
    library: &Library,
    directory: &Directory,
    screen: &Screen,
) -> Option<Start> {
    let Errand::Declare { playbook, key, note, detected_at } = errand else { return None };
    let plan = library.playbook(&playbook)?;
    let ctx = Ctx {
        now: screen.now,
        occurred_at: None,
        actor: Actor::System,
        admin: false,
        directory,
        chance: Chance::new([0; 32]),
        turns: crate::people::Turns::NONE,
    };
    let id = IncidentId::from_u128(0);
    let declare = Declare {
        dedup_key: Some(key.clone()),
        alert: Some(note),
        detected_at,
        ..Declare::new(id, 0, Mode::Live)
    };
    let start = Start {
        playbook: playbook.to_string(),
        title: plan.title.get(screen.lang).to_owned(),
        dedup_key: key,
        level: None,
        inputs: Map::new(),
        unreadable: Vec::new(),
        refused: None,
    };
    Some(match engine::declare(&plan, declare, &ctx) {
        Ok(outcome) => filled(start, &plan, &outcome),
        Err(rejection) => {
            Start { refused: Some(rejection.text.get(screen.lang).to_owned()), ..start }
        }
    })
}

fn filled(start: Start, plan: &Playbook, outcome: &engine::Outcome) -> Start {
    let known = &outcome.incident.variables;
    let inputs =
        plan.inputs.keys().filter_map(|name| Some((name.to_string(), known.get(name)?.to_plain())));
    let unreadable = outcome.events.iter().find_map(|event| match &event.fact {
        Fact::AlertReceived { unreadable, .. } => Some(unreadable.clone()),
        _ => None,
    });
    Start {
        level: Some(outcome.incident.level.current),
        inputs: inputs.collect(),
        unreadable: unreadable.unwrap_or_default(),
        ..start
    }
}

fn words(tried: &Tried, screen: &Screen) -> String {
    let lang = screen.lang;
    let mut lines = Vec::new();
    for one in &tried.alerts {
        let alert = &one.alert;
        lines.push(format!("{}  {}", alert.name, screen.paint(Tone::Faint, alert.status.as_str())));
        let mut say = |label: &str, value: &str| lines.push(format!("  {label}: {value}"));
        say(lang.pick("去重键", "key"), &alert.dedup_key);
        match one.rule {
            Some(n) => say(lang.pick("规则", "rule"), &format!("rules[{}]", n - 1)),
            None => say(lang.pick("格式", "dialect"), tried.dialect),
        }
        if let Some(at) = alert.at {
            say(lang.pick("始于", "since"), &screen.time(at));
        }
        for (label, map) in [
            (lang.pick("标签", "label"), &alert.labels),
            (lang.pick("注释", "annotation"), &alert.annotations),
        ] {
            for (key, value) in map {
                say(label, &format!("{key} = {value}"));
            }
        }
        if let Some(Silenced { by, until }) = &one.silenced {
            let until = screen.time(*until);
            let waits = lang.pick(
                format!("静默 {by} 生效，到 {until} 仍未恢复才启动"),
                format!("waits: the silence {by} holds until {until}"),
            );
            lines.push(format!("  {}", screen.paint(Tone::Warn, &waits)));
        }
        if one.starts.is_empty() {
            let nothing = lang.pick("不启动任何预案", "begins no plan");
            lines.push(format!("  {}", screen.paint(Tone::Warn, nothing)));
        }
        lines.extend(one.starts.iter().flat_map(|start| begun(start, screen)));
    }
    for unread in &tried.unread {
        lines.push(screen.paint(Tone::Warn, unread));
    }
    lines.join("\n")
}

fn begun(start: &Start, screen: &Screen) -> Vec<String> {
    let lang = screen.lang;
    let Start { playbook, title, .. } = start;
    let mut lines =
        vec![lang.pick(
            format!("  启动 {playbook}（{title}）"),
            format!("  begins {playbook} ({title})"),
        )];
    if let Some(why) = &start.refused {
        lines.push(format!("    {}", screen.paint(Tone::Bad, why)));
    }
    if let Some(level) = start.level {
        lines.push(format!("    {} {level}", lang.pick("等级", "level")));
    }
    let inputs = start.inputs.iter();
    lines.extend(inputs.map(|(name, value)| format!("    {name} = {value}")));
    for name in &start.unreadable {
        let unknown = lang.pick("告警中没有", "is not in the alert");
        lines.push(format!("    {name} {}", screen.paint(Tone::Warn, unknown)));
    }
    lines
}
