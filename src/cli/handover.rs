//! `firebell oncall handover`: what is handed over at a change of shift, and the note for it.

use serde_json::{Value as Json, json};

use super::answer::{rows, text};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::{Screen, Tone};
use super::shift::time;

/// Shows the hand-over of a schedule, or leaves a note.
///
/// # Errors
/// The server's problem.
pub async fn run(
    schedule: &str,
    note: Option<String>,
    client: &Client,
    screen: &Screen,
) -> Result<(), Stop> {
    let path = format!("/api/v1/schedules/{}/handover", part(schedule));
    let Some(note) = note else {
        let found = client.get(&path).await?;
        return screen.data(&found, |found| shown(found, screen));
    };
    let left = client.post(&path, &json!({ "note": note })).await?;
    screen.data(&left, |left| {
        let at = time(screen, left, "at");
        screen.lang.pick(format!("留言将于 {at} 交给接班人"), format!("the note is for {at}"))
    })
}

fn shown(found: &Json, screen: &Screen) -> String {
    let (lang, mut lines) = (screen.lang, Vec::new());
    let people = |key: &str| {
        let names: Vec<&str> =
            found[key].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        match names.is_empty() {
            true => lang.pick("无人", "nobody").to_owned(),
            false => names.join(", "),
        }
    };
    let (from, to, at) = (people("from"), people("to"), time(screen, found, "at"));
    lines.push(match at.is_empty() {
        true => lang.pick(format!("{from} 一直值班，没有交接"), format!("{from} stays on call")),
        false => format!("{from} → {to}: {at}"),
    });
    if found["ask_before_s"].is_null() {
        let off = lang.pick("此值班表不作交接通知", "nobody is asked or told");
        lines.push(screen.paint(Tone::Faint, off));
    }
    lines.push(match &found["note"] {
        Json::Null => lang.pick("没有留言", "there is no note").to_owned(),
        note => format!("{}: {}", author(note), text(note, "text")),
    });
    if rows(found, "open").next().is_none() {
        lines.push(lang.pick("没有未结束的事件", "no incident is open").to_owned());
        return lines.join("\n");
    }
    lines.push(open(found, screen));
    let more = found["more"].as_u64().unwrap_or_default();
    if more > 0 {
        lines.push(lang.pick(format!("另有 {more} 起"), format!("and {more} more")));
    }
    lines.join("\n")
}

fn author(note: &Json) -> &str {
    let made = &note["made"];
    if text(made, "person").is_empty() { text(made, "service") } else { text(made, "person") }
}

fn open(found: &Json, screen: &Screen) -> String {
    let row = |work: &Json| {
        let holders: Vec<String> = rows(work, "roles")
            .map(|role| format!("{} {}", text(role, "role"), text(role, "holder")))
            .collect();
        let (steps, clocks) = (rows(work, "steps").count(), rows(work, "clocks").count());
        vec![
            text(work, "number").to_owned(),
            text(work, "title").to_owned(),
            holders.join(", "),
            (steps + clocks).to_string(),
            time(screen, work, "next_at"),
        ]
    };
    let heading = [
        ("编号", "INCIDENT"),
        ("标题", "TITLE"),
        ("角色", "ROLES"),
        ("待办", "OPEN"),
        ("最近时限", "NEXT LIMIT"),
    ];
    screen.table(&heading, rows(found, "open").map(row).collect())
}
