//! `firebell oncall list`, `override`, `swap` …: how rosters are changed on a running server.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value as Json, json};

use super::act::without_nulls;
use super::answer::{rows, text};
use super::args::{Feed, Override, Shift, Swap};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};

/// Runs one verb.
///
/// # Errors
/// The server's problem; a time that is none.
pub async fn run(verb: Shift, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Shift::List { schedule } => list(schedule.as_deref(), client, screen).await,
        Shift::Override(change) => make(change, client, screen).await,
        Shift::Withdraw { id } => {
            client.delete(&format!("/api/v1/overrides/{}", part(&id))).await?;
            screen.remark("调班已撤回", "the override is taken back");
            Ok(())
        }
        Shift::Swap(verb) => swap(verb, client, screen).await,
        Shift::Gaps { days, schedule } => gaps(days, schedule.as_deref(), client, screen).await,
        Shift::Handover { schedule, note } => {
            super::handover::run(&schedule, note, client, screen).await
        }
        Shift::Feed(verb) => feed(verb, client, screen).await,
    }
}

async fn gaps(days: u16, only: Option<&str>, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let only = only.map_or_else(String::new, |only| format!("&schedule={}", part(only)));
    let page = client.get(&format!("/api/v1/oncall/gaps?days={days}{only}")).await?;
    let found = rows(&page, "items").count();
    screen.data(&page, |page| troubles(page, days, screen))?;
    if found == 0 { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn troubles(page: &Json, days: u16, screen: &Screen) -> String {
    let row = |row: &Json| {
        let what = match text(row, "kind") {
            "nobody" => screen.lang.pick("无人值班", "nobody").to_owned(),
            _ => {
                let people = row["people"].as_array().into_iter().flatten();
                let people: Vec<&str> = people.filter_map(Json::as_str).collect();
                let people = people.join(", ");
                screen.lang.pick(format!("{people} 没有联系方式"), format!("{people}: no contact"))
            }
        };
        let (from, to) = (time(screen, row, "from"), time(screen, row, "to"));
        vec![text(row, "schedule").to_owned(), from, to, screen.paint(Tone::Bad, &what)]
    };
    let lines: Vec<_> = rows(page, "items").map(row).collect();
    if lines.is_empty() {
        return screen
            .lang
            .pick(format!("今后 {days} 天没有空缺"), format!("no gaps in the next days: {days}"));
    }
    let heading = [("值班表", "SCHEDULE"), ("自", "FROM"), ("至", "TO"), ("问题", "TROUBLE")];
    screen.table(&heading, lines)
}

async fn feed(verb: Feed, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Feed::Create { person, schedule } => {
            let body = json!({ "person": person, "schedule": schedule,
                "lang": screen.lang.code() });
            let made = client.post("/api/v1/calendars", &without_nulls(body)).await?;
            screen.remark(
                "请立即保存，地址只显示这一次；知道地址的人都能看到班次：",
                "keep it now, the address is shown only this once; whoever knows it sees the shifts:",
            );
            screen.data(&made, |made| {
                let url = text(made, "url");
                let base = if url.starts_with('/') { client.base() } else { "" };
                format!("{base}{url}")
            })
        }
        Feed::List => {
            let page = client.get("/api/v1/calendars").await?;
            screen.data(&page, |page| feeds(page, screen))
        }
        Feed::Revoke { id } => {
            client.delete(&format!("/api/v1/calendars/{}", part(&id))).await?;
            screen.remark("日历已吊销", "the calendar is taken back");
            Ok(())
        }
    }
}

fn feeds(page: &Json, screen: &Screen) -> String {
    let row = |row: &Json| {
        let of = match text(row, "person") {
            "" => text(row, "schedule"),
            person => person,
        };
        let revoked = !row["revoked"].is_null();
        let state = if revoked { state(screen, "withdrawn") } else { String::new() };
        vec![text(row, "id").to_owned(), of.to_owned(), time(screen, &row["made"], "at"), state]
    };
    let lines: Vec<_> = rows(page, "items").map(row).collect();
    if lines.is_empty() {
        return screen.lang.pick("没有日历", "there are no calendars").to_owned();
    }
    let heading = [("编号", "ID"), ("内容", "OF"), ("创建", "CREATED"), ("状态", "STATE")];
    screen.table(&heading, lines)
}

/// Reads an instant: with an offset, or civil time in the zone that tables are in.
///
/// # Errors
/// It is neither.
pub fn instant(text: &str, screen: &Screen) -> Result<Timestamp, Stop> {
    let civil = || text.parse::<DateTime>().ok().and_then(|c| screen.zone.first_showing(c));
    text.parse::<Timestamp>().ok().or_else(civil).ok_or_else(|| {
        let words = screen.lang.pick(
            format!("`{text}` 不是时间；例如 2026-11-22T20:00 或 2026-11-22T20:00+08:00"),
            format!("`{text}` is no time; such as 2026-11-22T20:00 or 2026-11-22T20:00+08:00"),
        );
        Stop::new(Exit::Usage, words)
    })
}

async fn make(change: Override, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let Override { schedule, from, to, person, off, note, reason, correction } = change;
    let body = json!({
        "schedule": schedule, "from": instant(&from, screen)?, "to": instant(&to, screen)?,
        "person": person, "off": off, "note": note, "reason": reason,
        "correction": correction.then_some(true),
    });
    let made = client.post("/api/v1/overrides", &without_nulls(body)).await?;
    screen.data(&made, |made| said(made, screen))
}

fn said(made: &Json, screen: &Screen) -> String {
    let mut lines = vec![screen.lang.pick(
        format!("已调班：{}", text(made, "id")),
        format!("the roster is changed: {}", text(made, "id")),
    )];
    let over = made["over"].as_array().map_or(0, Vec::len);
    if over > 0 {
        lines.push(screen.lang.pick(
            format!("与 {over} 条较早的调班重叠，以此条为准"),
            format!("it wins over earlier overrides that overlap: {over}"),
        ));
    }
    for gap in rows(made, "leaves_gaps") {
        let (from, to) = (time(screen, gap, "from"), time(screen, gap, "to"));
        let words = screen
            .lang
            .pick(format!("无人值班：{from} 至 {to}"), format!("nobody on call: {from} to {to}"));
        lines.push(screen.paint(Tone::Bad, &words));
    }
    lines.join("\n")
}

async fn swap(verb: Swap, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let answer = match verb {
        Swap::Offer { schedule, from, to, person, return_from, return_to, until, note } => {
            let in_return = match (return_from, return_to) {
                (Some(from), Some(to)) => {
                    json!({ "from": instant(&from, screen)?, "to": instant(&to, screen)? })
                }
                _ => Json::Null,
            };
            let until = until.map(|until| instant(&until, screen)).transpose()?;
            let body = json!({
                "schedule": schedule, "from": instant(&from, screen)?,
                "to": instant(&to, screen)?, "person": person, "in_return": in_return,
                "expires_at": until, "note": note,
            });
            client.post("/api/v1/swaps", &without_nulls(body)).await?
        }
        Swap::Accept { id } => answered(&id, "accept", client).await?,
        Swap::Decline { id } => answered(&id, "decline", client).await?,
        Swap::Withdraw { id } => {
            client.delete(&format!("/api/v1/swaps/{}", part(&id))).await?;
            screen.remark("换班申请已撤回", "the offer is withdrawn");
            return Ok(());
        }
    };
    screen.data(&answer, |answer| {
        let (id, state) = (text(answer, "id"), state(screen, text(answer, "state")));
        screen.lang.pick(format!("换班 {id}：{state}"), format!("swap {id}: {state}"))
    })
}

async fn answered(id: &str, act: &str, client: &Client) -> Result<Json, Stop> {
    client.post(&format!("/api/v1/swaps/{}/{act}", part(id)), &json!({})).await
}

async fn list(only: Option<&str>, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let query = only.map_or_else(String::new, |only| format!("schedule={}", part(only)));
    let overrides = client.get(&format!("/api/v1/overrides?{query}")).await?;
    let swaps = client.get(&format!("/api/v1/swaps?state=open&{query}")).await?;
    let both = json!({ "overrides": overrides["items"], "swaps": swaps["items"] });
    screen.data(&both, |both| table(both, screen))
}

fn table(both: &Json, screen: &Screen) -> String {
    let over = rows(both, "overrides").map(|row| {
        let who = match (text(row, "person"), text(row, "off")) {
            ("", off) => screen.lang.pick(format!("{off} 不值班"), format!("{off} is off")),
            (person, "") => person.to_owned(),
            (person, off) => {
                screen.lang.pick(format!("{person} 接替 {off}"), format!("{person} for {off}"))
            }
        };
        line(screen, row, who)
    });
    let swaps = rows(both, "swaps").map(|row| {
        let (by, to) = (text(row, "by"), text(row, "person"));
        let to = if to.is_empty() { screen.lang.pick("任何人", "anyone") } else { to };
        let who = screen.lang.pick(format!("{by} 请 {to} 接班"), format!("{by} asks {to}"));
        line(screen, row, who)
    });
    let lines: Vec<_> = over.chain(swaps).collect();
    if lines.is_empty() {
        return screen.lang.pick("没有调班和换班", "there are no overrides or swaps").to_owned();
    }
    let heading = [
        ("编号", "ID"),
        ("值班表", "SCHEDULE"),
        ("自", "FROM"),
        ("至", "TO"),
        ("变更", "CHANGE"),
        ("状态", "STATE"),
        ("备注", "NOTE"),
    ];
    screen.table(&heading, lines)
}

fn line(screen: &Screen, row: &Json, who: String) -> Vec<String> {
    let note = text(row, "note").to_owned();
    let state = state(screen, text(row, "state"));
    let (id, schedule) = (text(row, "id").to_owned(), text(row, "schedule").to_owned());
    vec![id, schedule, time(screen, row, "from"), time(screen, row, "to"), who, state, note]
}

fn state(screen: &Screen, code: &str) -> String {
    let (tone, zh, en) = match code {
        "upcoming" => (Tone::Faint, "将生效", "upcoming"),
        "in_force" => (Tone::Good, "生效中", "in force"),
        "ended" => (Tone::Faint, "已结束", "ended"),
        "withdrawn" => (Tone::Faint, "已撤回", "withdrawn"),
        "ignored" => (Tone::Bad, "不起作用：所指已不在配置中", "ignored: what it names is gone"),
        "open" => (Tone::Warn, "待回应", "open"),
        "accepted" => (Tone::Good, "已接受", "accepted"),
        "declined" => (Tone::Warn, "已谢绝", "declined"),
        "expired" => (Tone::Faint, "已过期", "expired"),
        other => return other.to_owned(),
    };
    screen.paint(tone, screen.lang.pick(zh, en))
}

pub(super) fn time(screen: &Screen, row: &Json, key: &str) -> String {
    text(row, key).parse().map_or_else(|_| String::new(), |at| screen.time(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::people::Zone;
    use crate::text::Lang;

    fn screen(lang: Lang, zone: &str) -> Screen {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let (output, zone) = (Output::Text, Zone::named(zone).unwrap());
        Screen { output, lang, colour: false, chatty: false, now, zone }
    }

    #[test]
    fn a_time_without_an_offset_is_meant_in_the_configured_zone() {
        let berlin = screen(Lang::En, "Europe/Berlin");
        let at = |text: &str| instant(text, &berlin).map(|at| at.to_string()).ok();
        assert_eq!(at("2026-11-22T20:00").as_deref(), Some("2026-11-22T19:00:00Z"));
        assert_eq!(at("2026-11-22T20:00Z").as_deref(), Some("2026-11-22T20:00:00Z"));
        // The hour that clocks skip begins when they jump.
        assert_eq!(at("2027-03-28T02:30").as_deref(), Some("2027-03-28T01:00:00Z"));
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn a_list_says_who_stands_in_for_whom_in_both_languages() {
        let both = json!({
            "overrides": [
                { "id": "1-days", "schedule": "days", "from": "2026-11-22T08:00:00Z",
                  "to": "2026-11-22T09:00:00Z", "person": "li", "off": "han",
                  "state": "in_force" },
                { "id": "2-days", "schedule": "days", "from": "2026-11-22T08:00:00Z",
                  "to": "2026-11-22T09:00:00Z", "off": "gone", "state": "ignored" },
            ],
            "swaps": [{ "id": "3", "schedule": "days", "from": "2026-11-22T08:00:00Z",
                "to": "2026-11-22T09:00:00Z", "by": "li", "state": "open" }],
        });
        let english = table(&both, &screen(Lang::En, "UTC"));
        for part in ["li for han", "in force", "gone is off", "what it names is gone"] {
            assert!(english.contains(part), "{part}: {english}");
        }
        let chinese = table(&both, &screen(Lang::Zh, "Asia/Shanghai"));
        for part in ["li 接替 han", "li 请 任何人 接班", "16:00 +08:00"] {
            assert!(chinese.contains(part), "{part}: {chinese}");
        }
    }
}
