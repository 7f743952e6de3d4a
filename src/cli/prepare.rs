//! `firebell drill run NAME --dry-run`: what a drill of the server would find if it began.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::args::Common;
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::wait;
use crate::drill::prepare::{AskedPerson, Gravity, Preparation, RoleOutlook, ScriptLine};

/// Asks the server and shows the answer.
///
/// # Errors
/// The server's problem; something keeps the drill from starting.
pub fn run(
    drill: &str,
    at: Option<Timestamp>,
    common: &Common,
    screen: &Screen,
) -> Result<(), Stop> {
    if Path::new(drill).is_file() {
        return Err(Stop::new(
            Exit::Usage,
            screen.lang.pick(
                "`--dry-run` 问的是服务端的人员和渠道，请写演练的名字而不是文件",
                "`--dry-run` asks about the people and channels of a server: give a drill's name, not a file",
            ),
        ));
    }
    let when = at.map_or_else(String::new, |at| format!("?at={}", part(&at.to_string())));
    let path = format!("/api/v1/drills/{}/preparation{when}", part(drill));
    let answer: Json = wait(Client::new(common, screen.lang)?.get(&path))?;
    let found: Preparation = serde_json::from_value(answer.clone()).map_err(|error| {
        let why = screen.lang.pick(
            format!("服务端的答复无法读取：{error}"),
            format!("the server's answer cannot be read: {error}"),
        );
        Stop::new(Exit::Failure, why)
    })?;
    screen.data(&answer, |_| shown(screen, &found))?;
    if found.ready { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn shown(screen: &Screen, found: &Preparation) -> String {
    let lang = screen.lang;
    let verdict = if found.ready {
        screen.paint(Tone::Good, lang.pick("可以开始", "ready"))
    } else {
        screen.paint(Tone::Bad, lang.pick("无法开始", "cannot start"))
    };
    let head = format!("{}  {verdict}  {}", found.title.get(lang), screen.moment(found.at));
    let mut parts = vec![head];
    if !found.findings.is_empty() {
        parts.push(findings(screen, found));
    }
    let several = found.roles.iter().any(|role| role.playbook != found.playbook);
    let heading = [("角色", "ROLE"), ("先找", "FIRST"), ("然后", "THEN"), ("升级", "ESCALATION")];
    let rows = found.roles.iter().map(|role| row(screen, role, several)).collect();
    parts.push(screen.table(&heading, rows));
    if !found.script.is_empty() {
        let title = lang.pick("情景注入", "Injects");
        let lines = found.script.iter().map(|line| script(screen, line));
        parts.push([title.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
    }
    if !found.held_back.is_empty() {
        let title = lang.pick("不会发出的消息", "Messages that are held back");
        let lines = found.held_back.iter().map(|held| {
            let step = held.step.as_ref().map_or("on", |step| step.as_str());
            format!("  {step} → {}  {}", held.to, held.why.get(lang))
        });
        parts.push([title.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
    }
    parts.join("\n\n")
}

fn findings(screen: &Screen, found: &Preparation) -> String {
    let lang = screen.lang;
    let lines = found.findings.iter().map(|one| {
        let word = match one.gravity {
            Gravity::Blocks => screen.paint(Tone::Bad, lang.pick("阻碍", "blocks")),
            Gravity::Warns => screen.paint(Tone::Warn, lang.pick("注意", "warns")),
        };
        format!("{word}  {}\n      {}", one.text.get(lang), one.advice.get(lang))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn row(screen: &Screen, role: &RoleOutlook, several: bool) -> Vec<String> {
    let lang = screen.lang;
    let title = role.title.get(lang);
    let name = if several { format!("{} · {title}", role.playbook) } else { title.to_owned() };
    let more = match role.and_more {
        0 => String::new(),
        n => lang.pick(format!("\n另有 {n} 人"), format!("\nand {n} more")),
    };
    let people = |all: &[AskedPerson]| {
        all.iter().map(|one| person(screen, one)).collect::<Vec<_>>().join("\n")
    };
    let rungs = role.ladder.iter().map(|rung| {
        let names: Vec<&str> = rung.people.iter().map(|one| one.name.get(lang)).collect();
        format!("+{}m {}", rung.after_seconds / 60, names.join(lang.pick("、", ", ")))
    });
    let first = match role.first.is_empty() {
        true => screen.paint(Tone::Bad, lang.pick("无人", "nobody")),
        false => people(&role.first),
    };
    let rungs = rungs.collect::<Vec<_>>().join("\n");
    vec![name, first, format!("{}{more}", people(&role.then)), rungs]
}

/// Names somebody with the ways to them: a cross where nothing leaves, a mark where it was confirmed.
fn person(screen: &Screen, asked: &AskedPerson) -> String {
    let ways = asked.ways.iter().map(|way| {
        let sign = match (&way.bar, way.confirmed) {
            (Some(_), _) => "✗",
            (None, true) => "✓",
            (None, false) => "",
        };
        format!("{}{sign}", way.channel)
    });
    let ways = ways.collect::<Vec<_>>().join(" ");
    let (name, ways) = (asked.name.get(screen.lang), if ways.is_empty() { "✗" } else { &ways });
    let line = format!("{name} ({ways})");
    if asked.is_reached() { line } else { screen.paint(Tone::Bad, &line) }
}

fn script(screen: &Screen, line: &ScriptLine) -> String {
    let lang = screen.lang;
    let when = match (line.at, line.until, line.waits_for.as_deref()) {
        (Some(at), Some(until), _) => format!("{} – {}", screen.moment(at), screen.moment(until)),
        (Some(at), None, _) => screen.moment(at),
        (None, _, Some("condition")) => lang.pick("待条件成立", "on a condition").to_owned(),
        (None, ..) => lang.pick("待某事发生", "after something").to_owned(),
    };
    format!("  {when}  {}", line.what.get(lang))
}
