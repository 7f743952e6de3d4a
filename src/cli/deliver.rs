//! `firebell ingest send|recent|replay`: alerts and a running server. A monitoring tool runs `send`
//! itself, so that it needs no token of a person: the key of its source is enough.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::args::Common;
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::Screen;
use super::{settings, view};
use crate::ingest::{BODY_BYTES_MAX, nagios};
use crate::text::system;

/// Where the key of the source stands when no file is named.
const KEY_VARIABLE: &str = "FIREBELL_INGEST_KEY";
/// The longest file with a key: one line.
const KEY_BYTES_MAX: u64 = 4 * 1024;

const COLUMNS: [(&str, &str, &str); 5] = [
    ("at", "时间", "AT"),
    ("accepted", "已接受", "ACCEPTED"),
    ("bytes", "字节", "BYTES"),
    ("outcome", "结果", "OUTCOME"),
    ("hash", "哈希", "HASH"),
];

/// What is sent.
pub enum Sent {
    /// The notification that the environment describes.
    Nagios,
    /// A file; `-` is standard input.
    File(PathBuf),
}

/// Sends an alert to the generic door of a source.
///
/// # Errors
/// No key, nothing to send, or the server's problem.
pub async fn send(
    source: &str,
    key_file: Option<&Path>,
    sent: Sent,
    common: &Common,
    screen: &Screen,
) -> Result<(), Stop> {
    let body = match sent {
        Sent::File(path) => file(&path, screen)?,
        Sent::Nagios => {
            let find = |name: &str| settings::environment(&format!("{}{name}", nagios::PREFIX));
            let found = nagios::alert(find).map_err(|fault| {
                Stop::new(Exit::Usage, fault.detail.get(screen.lang).to_owned())
            })?;
            match found {
                Some(body) => body,
                None => {
                    screen.remark(
                        "这不是告警通知，未发送",
                        "this is no news of trouble, nothing is sent",
                    );
                    return Ok(());
                }
            }
        }
    };
    let common = Common { token: Some(key(key_file, screen)?), ..common.clone() };
    let client = Client::new(&common, screen.lang)?;
    let answer = client.post(&format!("/ingest/generic/{}", part(source)), &body).await?;
    screen.data(&answer, outcomes)
}

/// Lists what a source sent lately.
///
/// # Errors
/// The server's problem.
pub async fn recent(source: &str, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let mut page = client.get(&format!("/api/v1/ingest/{}/recent", part(source))).await?;
    for item in page["items"].as_array_mut().into_iter().flatten() {
        let outcome = match item["why"].get(screen.lang.code()) {
            Some(why) => why.clone(),
            None => Json::from(outcomes(item)),
        };
        item["outcome"] = outcome;
    }
    screen.data(&page, |page| {
        let none = ("没有收到内容", "Nothing has arrived");
        view::list(screen, page.get("items").unwrap_or(&Json::Null), &COLUMNS, none)
    })
}

/// Maps a body anew that the server keeps.
///
/// # Errors
/// The server's problem.
pub async fn replay(hash: &str, send: bool, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let path = format!("/api/v1/ingest/bodies/{}/replay", part(hash));
    let answer = client.post(&path, &json!({ "send": send })).await?;
    screen.data(&answer, |answer| {
        let mut lines = vec![outcomes(answer)];
        let unread = answer["unread"].as_array().into_iter().flatten();
        let said = unread.filter_map(|text| text.get(screen.lang.code())?.as_str());
        lines.extend(said.map(str::to_owned));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    })?;
    if !send {
        screen.remark("以上只是推演；加 --send 执行", "nothing was done; add --send to do it");
    }
    Ok(())
}

/// One line for each alert: its name, what became of it, and where.
fn outcomes(answer: &Json) -> String {
    let line = |alert: &Json| {
        let say = |key: &str| alert.get(key).and_then(Json::as_str);
        let parts = [say("name"), say("outcome"), say("playbook"), say("incident")];
        parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
    };
    let alerts = answer["alerts"].as_array().into_iter().flatten();
    alerts.map(line).collect::<Vec<_>>().join("\n")
}

fn key(file: Option<&Path>, screen: &Screen) -> Result<String, Stop> {
    let Some(path) = file else {
        return settings::environment(KEY_VARIABLE).ok_or_else(|| {
            let words = screen.lang.pick(
                format!("缺少来源的密钥：用 --key-file 或 {KEY_VARIABLE} 提供"),
                format!("the key of the source is missing: give --key-file or {KEY_VARIABLE}"),
            );
            Stop::new(Exit::Usage, words)
        });
    };
    let mut text = String::new();
    let opened = std::fs::File::open(path);
    opened
        .and_then(|file| file.take(KEY_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| unreadable(path, &error, screen))?;
    Ok(text.trim().to_owned())
}

fn file(path: &Path, screen: &Screen) -> Result<Json, Stop> {
    let most = BODY_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    let done = if path.as_os_str() == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|error| unreadable(path, &error, screen))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let shown = path.display();
        let words = screen
            .lang
            .pick(format!("{shown} 不是 JSON：{error}"), format!("{shown} is no JSON: {error}"));
        Stop::new(Exit::Failure, words)
    })
}

fn unreadable(path: &Path, error: &std::io::Error, screen: &Screen) -> Stop {
    let (shown, why) = (path.display(), system::why(error, screen.lang));
    let words =
        screen.lang.pick(format!("读不了 {shown}：{why}"), format!("cannot read {shown}: {error}"));
    Stop::new(Exit::NotFound, words)
}
