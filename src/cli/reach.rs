//! `firebell reach …`: whether messages reach people, asked of them over a running server.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::act::without_nulls;
use super::answer::{self, instant, text};
use super::args::{Reach, ReachOf, ReachShow};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};

/// Runs one verb.
///
/// # Errors
/// The server's problem; a contact that was not confirmed in the time that was asked for.
pub async fn run(verb: Reach, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Reach::Check(of) => {
            let ReachOf { person, team, channel } = of;
            let body = json!({ "person": person, "team": team, "channel": channel });
            let answer = client.post("/api/v1/reach", &without_nulls(body)).await?;
            screen.data(&answer, |answer| asked(screen, answer))
        }
        Reach::Show(args) => show(&args, client, screen).await,
    }
}

async fn show(args: &ReachShow, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let ReachOf { person, team, channel } = &args.of;
    let wanted = [("person", person), ("team", team), ("channel", channel)];
    let query: Vec<String> = wanted
        .into_iter()
        .filter_map(|(key, name)| Some(format!("{key}={}", part(name.as_deref()?))))
        .collect();
    let answer = client.get(&format!("/api/v1/reach?{}", query.join("&"))).await?;
    screen.data(&answer, |answer| table(screen, answer))?;
    let Some(days) = args.days else { return Ok(()) };
    let since = screen.now - SignedDuration::from_hours(24 * i64::from(days));
    let fresh = |row: &Json| instant(row, "confirmed_at").is_some_and(|at| at >= since);
    if rows(&answer).all(fresh) { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn rows(answer: &Json) -> impl Iterator<Item = &Json> {
    answer::rows(answer, "items")
}

fn asked(screen: &Screen, answer: &Json) -> String {
    match rows(answer).count() {
        0 => screen.lang.pick("没有可询问的联系方式", "there is no contact to ask").to_owned(),
        count => screen.lang.pick(
            format!("正在询问 {count} 个联系方式；结果：firebell reach show"),
            format!("contacts asked: {count}; see firebell reach show"),
        ),
    }
}

fn table(screen: &Screen, answer: &Json) -> String {
    let moment =
        |row: &Json, key: &str| instant(row, key).map_or_else(String::new, |at| screen.moment(at));
    let row = |row: &Json| {
        let name = row["name"].get(screen.lang.code()).or(Some(&row["name"]));
        let name = name.and_then(Json::as_str).unwrap_or_default();
        let person = text(row, "person");
        let person = match name == person || name.is_empty() {
            true => person.to_owned(),
            false => format!("{name} ({person})"),
        };
        let (tone, word) = standing(text(row, "standing"));
        let word = screen.paint(tone, screen.lang.pick(word.0, word.1));
        let confirmed = moment(row, "confirmed_at");
        let (channel, why) = (text(row, "channel").to_owned(), text(row, "why").to_owned());
        vec![person, channel, word, confirmed, moment(row, "asked_at"), why]
    };
    let list: Vec<_> = rows(answer).map(row).collect();
    if list.is_empty() {
        return screen.lang.pick("没有联系方式", "there are no contacts").to_owned();
    }
    let all = list.len();
    let confirmed = rows(answer).filter(|row| text(row, "standing") == "confirmed").count();
    let heading = [
        ("人员", "PERSON"),
        ("渠道", "CHANNEL"),
        ("状态", "STATE"),
        ("最近确认", "LAST CONFIRMED"),
        ("最近询问", "LAST ASKED"),
        ("说明", "WHY"),
    ];
    let sum = screen.lang.pick(
        format!("已确认 {confirmed} 个，共 {all} 个"),
        format!("confirmed: {confirmed} of {all}"),
    );
    format!("{}\n\n{sum}", screen.table(&heading, list))
}

fn standing(code: &str) -> (Tone, (&'static str, &'static str)) {
    match code {
        "confirmed" => (Tone::Good, ("已确认", "confirmed")),
        "waiting" => (Tone::Faint, ("等待确认", "waiting")),
        "silent" => (Tone::Bad, ("逾期未确认", "silent")),
        "not_sent" => (Tone::Bad, ("未发出", "not sent")),
        _ => (Tone::Warn, ("从未询问", "never asked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::people::Zone;
    use crate::text::Lang;

    #[test]
    fn who_confirmed_and_who_did_not_is_seen_at_a_glance() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let answer = json!({ "items": [
            { "person": "li", "name": { "zh": "李雷", "en": "Li Lei" }, "channel": "mail",
              "standing": "confirmed", "asked_at": "2026-11-20T08:00:00Z",
              "confirmed_at": "2026-11-20T08:05:00Z" },
            { "person": "han", "name": "han", "channel": "sms", "standing": "not_sent",
              "asked_at": "2026-11-20T08:00:00Z", "why": "no such number" },
        ] });
        let shown = |lang| {
            let (output, zone) = (Output::Text, Zone::utc());
            let screen = Screen { output, lang, colour: false, chatty: false, now, zone };
            table(&screen, &answer)
        };
        let english = shown(Lang::En);
        assert!(english.contains("Li Lei (li)") && english.contains("confirmed: 1 of 2"));
        assert!(english.contains("no such number"), "{english}");
        let chinese = shown(Lang::Zh);
        assert!(chinese.contains("李雷 (li)") && chinese.contains("未发出"), "{chinese}");
    }
}
