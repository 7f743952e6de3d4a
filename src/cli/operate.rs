//! What keeps a running server in order from a terminal: `firebell reload`, `firebell safe-start`,
//! `firebell test-page`.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::act::without_nulls;
use super::answer::{rows, text};
use super::args::{SafeStart, TestPage};
use super::client::Client;
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use crate::text::Text;

/// Lets the server read its plans and drills again.
///
/// # Errors
/// The server's problem; plans with errors, of which the last good set stays in force; a calendar's file
/// that is not taken.
pub async fn reload(client: &Client, screen: &Screen) -> Result<(), Stop> {
    let answer = client.post("/api/v1/reload", &json!({})).await?;
    screen.data(&answer, |answer| reloaded(screen, answer))?;
    let swapped = answer.get("swapped").and_then(Json::as_bool).unwrap_or_default();
    let alerts = answer.get("alerts").is_none_or(|alerts| rows(alerts, "findings").count() == 0);
    let is_left = |own: &Json| text(own, "from") == "file" && !own["trouble"].is_null();
    let calendars = !rows(&answer, "calendars").any(is_left);
    if swapped && alerts && calendars { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn reloaded(screen: &Screen, answer: &Json) -> String {
    let of_alerts = answer.get("alerts").unwrap_or(&Json::Null);
    let mut lines: Vec<String> = rows(answer, "findings")
        .chain(rows(of_alerts, "findings"))
        .map(|found| {
            let tone = if text(found, "severity") == "error" { Tone::Bad } else { Tone::Warn };
            let code = screen.paint(tone, text(found, "code"));
            let (file, message) = (text(found, "file"), text(found, "message"));
            format!("{file}:{}:{}  {code}  {message}", found["line"], found["column"])
        })
        .collect();
    let unreadable = rows(answer, "unreadable").filter_map(Json::as_str);
    lines.extend(unreadable.map(|line| screen.paint(Tone::Bad, line)));
    for calendar in rows(answer, "calendars").filter(|own| !own["trouble"].is_null()) {
        let schedule = text(calendar, "schedule");
        let why: Text = serde_json::from_value(calendar["trouble"].clone())
            .unwrap_or_else(|_| Text::Same(String::new()));
        let why = why.get(screen.lang);
        let line = screen.lang.pick(
            format!("{schedule} 的日历未采用，仍用原来的：{why}"),
            format!("{schedule}: its calendar is not taken, the last good one stays: {why}"),
        );
        lines.push(screen.paint(Tone::Bad, &line));
    }
    let (plans, drills) = (&answer["playbooks"], &answer["drills"]);
    if rows(of_alerts, "findings").count() > 0 {
        let words =
            ("配置有错误；`alerts` 仍按原来的执行", "the configuration is wrong; `alerts` stays");
        lines.push(screen.lang.pick(words.0, words.1).to_owned());
    } else if of_alerts["swapped"] == true {
        let words = ("配置中的 `alerts` 已生效", "`alerts` of the configuration is in force");
        lines.push(screen.lang.pick(words.0, words.1).to_owned());
    }
    lines.push(if answer["swapped"] == true {
        screen.lang.pick(
            format!("已生效：预案 {plans} 个，演练 {drills} 个"),
            format!("in force: playbooks {plans}, drills {drills}"),
        )
    } else {
        screen.lang.pick(
            format!("有错误，未采用；仍使用原来的预案 {plans} 个、演练 {drills} 个"),
            format!(
                "there are errors; the last good set stays: playbooks {plans}, drills {drills}"
            ),
        )
    });
    lines.join("\n")
}

/// Shows what a safely started server would do at once, or lets it.
///
/// # Errors
/// The server's problem.
pub async fn safe_start(args: &SafeStart, client: &Client, screen: &Screen) -> Result<(), Stop> {
    if args.confirm {
        let answer = client.post("/api/v1/safe-start/confirm", &json!({})).await?;
        return screen.data(&answer, |answer| {
            let words = if answer["was_held"] == true {
                ("已放行：到期事项开始处理，消息开始发送", "it acts now: what is due is dealt with")
            } else {
                ("本来就未暂停，无需放行", "it was not waiting; nothing has changed")
            };
            screen.lang.pick(words.0, words.1).to_owned()
        });
    }
    let answer = client.get("/api/v1/safe-start").await?;
    screen.data(&answer, |answer| waiting(screen, answer))
}

fn waiting(screen: &Screen, answer: &Json) -> String {
    if answer["held"] != true {
        return screen.lang.pick("未处于安全启动", "it is not waiting for anyone").to_owned();
    }
    let row = |late: &Json| {
        let since = text(late, "since").parse().map(|at: Timestamp| screen.moment(at));
        vec![text(late, "id").to_owned(), since.unwrap_or_default()]
    };
    let list: Vec<_> = rows(answer, "overdue").map(row).collect();
    let next = screen.lang.pick(
        "安全启动：确认前不发送任何消息。放行：firebell safe-start --confirm",
        "safe start: nothing is sent until you confirm with firebell safe-start --confirm",
    );
    if list.is_empty() {
        let nothing = screen.lang.pick("没有到期事项", "nothing is due");
        return format!("{nothing}\n{next}");
    }
    let table = screen.table(&[("事件", "INCIDENT"), ("到期", "DUE SINCE")], list);
    format!("{table}\n\n{next}")
}

/// Sends a test message to a person over each of their channels.
///
/// # Errors
/// The server's problem; a channel that did not take it.
pub async fn test_page(args: &TestPage, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let body = without_nulls(json!({ "person": args.person, "channel": args.channel }));
    let answer = client.post("/api/v1/test-page", &body).await?;
    screen.data(&answer, |answer| paged(screen, answer))?;
    let mut channels = rows(&answer, "channels").peekable();
    let reached = channels.peek().is_some() && channels.all(|channel| channel["ok"] == true);
    if reached { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn paged(screen: &Screen, answer: &Json) -> String {
    let person = text(answer, "person");
    let row = |channel: &Json| {
        let mark = if channel["ok"] == true {
            screen.paint(Tone::Good, screen.lang.pick("已发出", "sent"))
        } else {
            screen.paint(Tone::Bad, screen.lang.pick("失败", "failed"))
        };
        vec![text(channel, "channel").to_owned(), mark, text(channel, "why").to_owned()]
    };
    let list: Vec<_> = rows(answer, "channels").map(row).collect();
    if list.is_empty() {
        let none = screen.lang.pick("没有可用的联系方式", "has no channel to be reached over");
        return format!("{person} {none}");
    }
    let heading = [("渠道", "CHANNEL"), ("结果", "RESULT"), ("说明", "WHY")];
    format!("{person}\n{}", screen.table(&heading, list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::people::Zone;
    use crate::text::Lang;

    fn screen(lang: Lang) -> Screen {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        Screen { output: Output::Text, lang, colour: false, chatty: false, now, zone: Zone::utc() }
    }

    #[test]
    fn a_set_that_is_refused_says_why_and_what_stays() {
        let answer = json!({
            "swapped": false, "playbooks": 4, "drills": 3, "unreadable": ["x.yaml: gone"],
            "findings": [{
                "code": "E0106", "severity": "error", "file": "a.yaml", "line": 3, "column": 5,
                "message": "no such thing",
            }],
        });
        assert_eq!(
            reloaded(&screen(Lang::En), &answer),
            "a.yaml:3:5  E0106  no such thing\nx.yaml: gone\n\
             there are errors; the last good set stays: playbooks 4, drills 3"
        );
        assert!(reloaded(&screen(Lang::Zh), &answer).ends_with("预案 4 个、演练 3 个"));
    }

    #[test]
    fn what_became_of_the_alerts_of_the_configuration_is_told() {
        let answer = |findings: Json, swapped: bool| {
            json!({ "swapped": true, "playbooks": 4, "drills": 3, "findings": [],
                "unreadable": [], "alerts": { "swapped": swapped, "findings": findings } })
        };
        let found = json!([{ "code": "E0606", "severity": "error", "file": "firebell.yaml",
            "line": 3, "column": 5, "message": "no such zone" }]);
        assert_eq!(
            reloaded(&screen(Lang::En), &answer(found, false)),
            "firebell.yaml:3:5  E0606  no such zone\nthe configuration is wrong; `alerts` stays\n\
             in force: playbooks 4, drills 3"
        );
        assert!(reloaded(&screen(Lang::Zh), &answer(json!([]), true)).starts_with("配置中的"));
    }

    #[test]
    fn who_waits_for_a_confirmation_says_how_it_is_given() {
        let answer = json!({
            "held": true, "overdue": [{ "id": "i1", "since": "2026-11-21T07:00:00Z" }],
        });
        for lang in [Lang::En, Lang::Zh] {
            let shown = waiting(&screen(lang), &answer);
            assert!(shown.contains("i1") && shown.contains("safe-start --confirm"), "{shown}");
        }
        let idle = json!({ "held": false, "overdue": [] });
        assert_eq!(waiting(&screen(Lang::En), &idle), "it is not waiting for anyone");
    }

    #[test]
    fn each_channel_of_a_test_message_is_told_with_its_answer() {
        let answer = json!({ "person": "li", "channels": [
            { "channel": "mail", "ok": true }, { "channel": "hook", "ok": false, "why": "down" },
        ] });
        let shown = paged(&screen(Lang::En), &answer);
        let lines: Vec<Vec<&str>> =
            shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2..], [vec!["mail", "sent"], vec!["hook", "failed", "down"]]);
    }
}
