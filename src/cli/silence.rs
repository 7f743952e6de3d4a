//! `firebell silence …`: alerts that shall begin nothing for a time, over a running server.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::answer::{instant, rows, text};
use super::args::{Silence, SilenceOf};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::shift;

const PATH: &str = "/api/v1/silences";

/// Runs one verb.
///
/// # Errors
/// The server's problem; a label that is no `NAME=VALUE`.
pub async fn run(verb: Silence, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Silence::List => {
            let silences = client.get(PATH).await?;
            let muted = client.get("/api/v1/ingest/muted").await?;
            let all = json!({ "silences": silences["items"], "muted": muted["items"] });
            screen.data(&all, |all| shown(all, screen))
        }
        Silence::Add(of) => {
            let made = client.post(PATH, &body(of, screen)?).await?;
            screen.data(&made, |made| {
                let (id, to) = (text(made, "id"), moment(made, "to", screen));
                let said = (format!("已静默，至 {to}：{id}"), format!("silenced until {to}: {id}"));
                screen.lang.pick(said.0, said.1)
            })
        }
        Silence::Preview(of) => {
            let path = format!("{PATH}/preview");
            let tried = client.post(&path, &body(of, screen)?).await?;
            screen.data(&tried, |tried| said(tried, screen))
        }
        Silence::End { id } => {
            client.delete(&format!("{PATH}/{}", part(&id))).await?;
            screen.remark(&format!("静默 {id} 已结束"), &format!("the silence {id} has ended"));
            Ok(())
        }
    }
}

fn body(of: SilenceOf, screen: &Screen) -> Result<Json, Stop> {
    let mut labels = BTreeMap::new();
    for label in &of.labels {
        let Some((name, value)) = label.split_once('=') else {
            let words = screen.lang.pick(
                format!("`{label}` 不是标签；写作 名称=值"),
                format!("`{label}` is no label; write NAME=VALUE"),
            );
            return Err(Stop::new(Exit::Usage, words));
        };
        labels.insert(name, value);
    }
    let instant = |text: Option<String>| text.map(|text| shift::instant(&text, screen)).transpose();
    let from = instant(of.from)?;
    let to = match instant(of.until)? {
        Some(until) => until,
        None => from.unwrap_or(screen.now) + of.length.unwrap_or(SignedDuration::from_hours(1)),
    };
    let mut body = json!({ "match": labels, "to": to, "note": of.note.unwrap_or_default() });
    if let Some(from) = from {
        body["from"] = json!(from);
    }
    Ok(body)
}

fn moment(json: &Json, key: &str, screen: &Screen) -> String {
    instant(json, key).map_or_else(String::new, |at| screen.moment(at))
}

fn labels(json: &Json, key: &str) -> String {
    let pairs = json.get(key).and_then(Json::as_object).into_iter().flatten();
    let pair =
        |(name, value): (&String, &Json)| format!("{name}={}", value.as_str().unwrap_or_default());
    pairs.map(pair).collect::<Vec<_>>().join(" ")
}

fn shown(all: &Json, screen: &Screen) -> String {
    let pick = |zh: &'static str, en: &'static str| screen.lang.pick(zh, en);
    let silence = |row: &Json| {
        let holds = row["holds"].as_bool() == Some(true);
        let state = match holds {
            true => screen.paint(Tone::Warn, pick("生效中", "holds")),
            false => screen.paint(Tone::Faint, pick("未生效", "does not")),
        };
        let by = if row["configured"] == true {
            pick("配置", "configuration")
        } else {
            text(row, "by")
        };
        let (from, to) = (moment(row, "from", screen), moment(row, "to", screen));
        let (id, note) = (text(row, "id").to_owned(), text(row, "note").to_owned());
        vec![id, state, labels(row, "match"), from, to, by.to_owned(), note]
    };
    let heading = [
        ("静默", "SILENCE"),
        ("状态", "STATE"),
        ("标签", "LABELS"),
        ("开始", "FROM"),
        ("结束", "TO"),
        ("设定者", "BY"),
        ("说明", "NOTE"),
    ];
    let list: Vec<_> = rows(all, "silences").map(silence).collect();
    let mut parts = vec![match list.is_empty() {
        true => pick("没有静默", "there are no silences").to_owned(),
        false => screen.table(&heading, list),
    }];
    let waits = |row: &Json| {
        let why = row["why"].get(screen.lang.code()).or(Some(&row["why"]));
        let why = why.and_then(Json::as_str).unwrap_or_default().to_owned();
        vec![
            text(row, "source").to_owned(),
            text(row, "name").to_owned(),
            moment(row, "since", screen),
            why,
        ]
    };
    let waiting: Vec<_> = rows(all, "muted").map(waits).collect();
    if !waiting.is_empty() {
        let heading = [
            ("来源", "SOURCE"),
            ("告警", "ALERT"),
            ("始于", "SINCE"),
            ("等待的原因", "WAITS BECAUSE"),
        ];
        parts.push(screen.table(&heading, waiting));
    }
    parts.join("\n\n")
}

fn said(tried: &Json, screen: &Screen) -> String {
    let looked_at = &tried["looked_at"];
    let row = |row: &Json| {
        let (source, name) = (text(row, "source").to_owned(), text(row, "name").to_owned());
        vec![moment(row, "at", screen), source, name, labels(row, "labels")]
    };
    let muted: Vec<_> = rows(tried, "muted").map(row).collect();
    let count = muted.len();
    let sum = screen.lang.pick(
        format!("最近 {looked_at} 条告警中，会被静默的有 {count} 条"),
        format!("of the latest {looked_at} alerts it would have muted {count}"),
    );
    if muted.is_empty() {
        return sum;
    }
    let heading = [("时间", "AT"), ("来源", "SOURCE"), ("告警", "ALERT"), ("标签", "LABELS")];
    format!("{}\n\n{sum}", screen.table(&heading, muted))
}
