//! `firebell finding …`, `firebell action …` and `firebell drill due`: what was learned and what is
//! due, over a running server.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::answer::{rows, text};
use super::args::{Action, ActionsOf, Finding, FindingsOf, Output, PartOf, ReportForm};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::word::word;

const FINDINGS: &str = "/api/v1/findings";
const ACTIONS: &str = "/api/v1/actions";

/// Runs one verb of findings.
///
/// # Errors
/// The server's problem.
pub async fn findings(verb: Finding, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Finding::List(of) => {
            let FindingsOf { run, incident, plan, state } = of;
            let filters = [("run", run), ("incident", incident), ("plan", plan), ("state", state)];
            let page = client.get(&format!("{FINDINGS}?{}limit=200", query(filters))).await?;
            screen.data(&page, |page| finding_table(page, screen))
        }
        Finding::Add(add) => {
            let kind = if add.strength { "strength" } else { "improvement" };
            let mut body = about(add.about);
            body.insert("kind".into(), kind.into());
            body.insert("text".into(), add.text.into());
            set(&mut body, [("run", add.run), ("incident", add.incident)]);
            let made = client.post(FINDINGS, &Json::Object(body)).await?;
            screen.data(&made, |made| finding_line(made, screen))
        }
        Finding::Accept { id, reason } => {
            let path = format!("{FINDINGS}/{}/accept", part(&id));
            let decided = client.post(&path, &reason_of(reason)).await?;
            screen.data(&decided, |decided| finding_line(decided, screen))
        }
        Finding::Dismiss { id, reason } => {
            let path = format!("{FINDINGS}/{}/dismiss", part(&id));
            let decided = client.post(&path, &json!({ "reason": reason })).await?;
            screen.data(&decided, |decided| finding_line(decided, screen))
        }
    }
}

/// Runs one verb of actions.
///
/// # Errors
/// The server's problem.
pub async fn actions(verb: Action, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let (id, body) = match verb {
        Action::List(of) => {
            let ActionsOf { plan, owner, status, overdue } = of;
            let overdue = overdue.then(|| "true".to_owned());
            let filters =
                [("plan", plan), ("owner", owner), ("status", status), ("overdue", overdue)];
            let page = client.get(&format!("{ACTIONS}?{}limit=200", query(filters))).await?;
            return screen.data(&page, |page| action_table(page, screen));
        }
        Action::Show { id } => {
            let shown = client.get(&format!("{ACTIONS}/{}", part(&id))).await?;
            return screen.data(&shown, |shown| action_card(shown, screen));
        }
        Action::Add(add) => {
            let mut body = about(add.about);
            body.insert("text".into(), add.text.into());
            body.insert("owner".into(), add.owner.into());
            body.insert("due".into(), add.due.into());
            let more =
                [("playbook", add.plan), ("finding", add.finding), ("at_least", add.at_least)];
            set(&mut body, more);
            set(&mut body, [("run", add.run), ("incident", add.incident)]);
            let made = client.post(ACTIONS, &Json::Object(body)).await?;
            return screen.data(&made, |made| action_card(made, screen));
        }
        Action::Done { id, note } => (id, stand("done", note)),
        Action::Reopen { id, reason } => (id, stand("open", reason)),
        Action::Drop { id, reason } => (id, stand("dropped", Some(reason))),
        Action::Change(change) => {
            let mut body = Map::new();
            let fields = [("text", change.text), ("owner", change.owner), ("due", change.due)];
            set(&mut body, fields);
            (change.id, Json::Object(body))
        }
    };
    let edited = client.patch(&format!("{ACTIONS}/{}", part(&id)), &body).await?;
    screen.data(&edited, |edited| action_card(edited, screen))
}

/// Prints which plans are to be drilled, and ends with a failure where one is overdue.
///
/// # Errors
/// The server's problem; a plan that should have been drilled by now.
pub async fn due(client: &Client, screen: &Screen) -> Result<(), Stop> {
    let ready = client.get("/api/v1/readiness").await?;
    screen.data(&ready, |ready| due_table(ready, screen))?;
    if ready["overdue"].as_u64().unwrap_or(0) > 0 {
        return Err(Stop::silent(Exit::Failure));
    }
    Ok(())
}

/// Prints a report, or writes it into a file.
///
/// # Errors
/// The server's problem; a file that cannot be written.
pub async fn report(
    path: &str,
    form: &ReportForm,
    client: &Client,
    screen: &Screen,
) -> Result<(), Stop> {
    let ReportForm { format, file } = form;
    let format = if screen.output == Output::Json { "json" } else { format };
    let path = format!("{path}?format={format}&lang={}", screen.lang.code());
    let text = client.text(&path).await?;
    let Some(file) = file else { return screen.raw(text.trim_end()) };
    std::fs::write(file, text).map_err(|error| {
        let file = file.display();
        let why = screen.lang.pick(
            format!("写不了 {file}：{error}"),
            format!("{file} could not be written: {error}"),
        );
        Stop::new(Exit::Failure, why)
    })
}

fn query<const N: usize>(filters: [(&str, Option<String>); N]) -> String {
    let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.map(|(name, value)| format!("{name}={}&", part(&value))).collect()
}

fn set<const N: usize>(body: &mut Map<String, Json>, fields: [(&str, Option<String>); N]) {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    body.extend(given.map(|(name, value)| (name.to_owned(), value.into())));
}

fn about(of: PartOf) -> Map<String, Json> {
    let mut body = Map::new();
    let PartOf { step, role, objective, clock } = of;
    set(&mut body, [("step", step), ("role", role), ("objective", objective), ("clock", clock)]);
    body
}

fn reason_of(reason: Option<String>) -> Json {
    reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }))
}

fn stand(status: &str, reason: Option<String>) -> Json {
    let mut body = Map::from_iter([("status".to_owned(), status.into())]);
    set(&mut body, [("reason", reason)]);
    Json::Object(body)
}

/// Names the part of a plan that a finding or an action is about.
fn part_of(json: &Json) -> String {
    let named = ["step", "role", "objective", "clock"].map(|kind| text(json, kind));
    named.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned()
}

/// A text in both languages, or a plain one.
fn words(json: &Json, key: &str, screen: &Screen) -> String {
    let value = &json[key];
    let plain = value.as_str().or_else(|| value[screen.lang.code()].as_str());
    plain.or_else(|| value["zh"].as_str()).unwrap_or_default().to_owned()
}

fn finding_line(finding: &Json, screen: &Screen) -> String {
    let state = word(screen.lang, text(finding, "state"));
    format!("{}  {state}  {}", text(finding, "id"), words(finding, "text", screen))
}

fn finding_table(page: &Json, screen: &Screen) -> String {
    let row = |finding: &Json| {
        let kind = text(finding, "kind");
        let tone = if kind == "strength" { Tone::Good } else { Tone::Warn };
        vec![
            screen.paint(tone, word(screen.lang, kind)),
            word(screen.lang, text(finding, "state")).to_owned(),
            words(finding, "text", screen),
            part_of(finding),
            text(finding, "playbook").to_owned(),
            text(finding, "id").to_owned(),
        ]
    };
    let list: Vec<_> = rows(page, "items").map(row).collect();
    if list.is_empty() {
        return screen.lang.pick("没有发现", "No findings").to_owned();
    }
    let heading = [
        ("类别", "KIND"),
        ("状态", "STATE"),
        ("内容", "FOUND"),
        ("关于", "ABOUT"),
        ("预案", "PLAN"),
        ("编号", "FINDING"),
    ];
    screen.table(&heading, list)
}

/// An action that is open is to be done, while an incident that is open is worked.
fn status_of(action: &Json) -> &str {
    match text(action, "status") {
        "open" => "to_do",
        "done" => "to_verify",
        other => other,
    }
}

fn action_table(page: &Json, screen: &Screen) -> String {
    let row = |action: &Json| {
        let overdue = action["overdue"].as_bool() == Some(true);
        let tone = if overdue { Tone::Bad } else { Tone::Faint };
        vec![
            word(screen.lang, status_of(action)).to_owned(),
            screen.paint(tone, text(action, "due")),
            text(action, "owner").to_owned(),
            text(action, "text").to_owned(),
            part_of(action),
            text(action, "playbook").to_owned(),
            text(action, "id").to_owned(),
        ]
    };
    let list: Vec<_> = rows(page, "items").map(row).collect();
    if list.is_empty() {
        return screen.lang.pick("没有整改项", "No actions").to_owned();
    }
    let heading = [
        ("状态", "STATUS"),
        ("期限", "DUE"),
        ("负责人", "OWNER"),
        ("内容", "TO DO"),
        ("关于", "ABOUT"),
        ("预案", "PLAN"),
        ("编号", "ACTION"),
    ];
    screen.table(&heading, list)
}

fn action_card(action: &Json, screen: &Screen) -> String {
    let status = word(screen.lang, status_of(action));
    let (id, owner, due) = (text(action, "id"), text(action, "owner"), text(action, "due"));
    let (plan, about) = (text(action, "playbook"), part_of(action));
    let mut lines = vec![format!("{id}  {status}"), text(action, "text").to_owned()];
    lines.push(screen.lang.pick(
        format!("负责人 {owner} · 期限 {due} · {plan}：{about}"),
        format!("owner {owner} · due {due} · {plan}: {about}"),
    ));
    for change in rows(action, "changes") {
        let at = text(change, "at").parse::<Timestamp>();
        let at = at.map_or_else(|_| String::new(), |at| screen.moment(at));
        let by = text(&change["by"], "id");
        let why = ["note", "reason"].map(|key| text(change, key)).join("");
        let what = changed(text(change, "changed"), screen);
        let shown_by = ["run", "incident"].map(|kind| text(&change["shown_by"], kind)).join("");
        let said = [&*at, by, what, &*why, &*shown_by];
        let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
        lines.push(format!("  {}", said.join("  ")));
    }
    let closes = words(action, "closes_when", screen);
    if !closes.is_empty() {
        lines.push(screen.paint(Tone::Faint, &closes));
    }
    lines.join("\n")
}

/// Says what was changed of an action.
fn changed<'a>(code: &'a str, screen: &Screen) -> &'a str {
    let (zh, en) = match code {
        "text" => ("改了内容", "another text"),
        "owner" => ("换了负责人", "another owner"),
        "due" => ("改了期限", "another day"),
        "done" => ("标记已完成", "said to be done"),
        "reopened" => ("改回待办", "to be done after all"),
        "not_mended" => ("演练或事件表明未改好", "shown not to be mended"),
        "verified" => ("已验证", "verified"),
        "dropped" => ("已放弃", "dropped"),
        other => return other,
    };
    screen.lang.pick(zh, en)
}

fn due_table(ready: &Json, screen: &Screen) -> String {
    let row = |plan: &Json| {
        let state = text(plan, "state");
        let tone = match state {
            "overdue" => Tone::Bad,
            "due" => Tone::Warn,
            "done" => Tone::Good,
            _ => Tone::Faint,
        };
        let day = |at: &str| at.parse::<Timestamp>().map(|at| screen.moment(at));
        let last = &plan["last_drill"];
        let code = if state == "done" { "drilled" } else { state };
        let count = |key: &str| plan[key].as_u64().unwrap_or_default();
        let stale = rows(plan, "stale").filter_map(Json::as_str);
        vec![
            screen.paint(tone, word(screen.lang, code)),
            text(plan, "playbook").to_owned(),
            format!("{}/{}", count("done_in_year"), count("per_year")),
            day(text(plan, "next_due_at")).unwrap_or_default(),
            day(text(last, "at")).unwrap_or_default(),
            match text(last, "verdict") {
                "failed" => word(screen.lang, "not_passed").to_owned(),
                verdict => word(screen.lang, verdict).to_owned(),
            },
            stale.map(|why| word(screen.lang, why)).collect::<Vec<_>>().join("; "),
        ]
    };
    let list: Vec<_> = rows(ready, "plans").map(row).collect();
    if list.is_empty() {
        return screen.lang.pick("没有预案", "No plans").to_owned();
    }
    let heading = [
        ("演练", "DRILLS"),
        ("预案", "PLAN"),
        ("一年内", "IN A YEAR"),
        ("期限", "NEXT BY"),
        ("上次", "LAST"),
        ("结论", "VERDICT"),
        ("说明", "REMARKS"),
    ];
    let actions = &ready["actions"];
    let count = |key: &str| actions[key].as_u64().unwrap_or_default();
    let (open, late, wait) = (count("open"), count("overdue"), count("to_verify"));
    let below = screen.lang.pick(
        format!("整改项：待办 {open}（逾期 {late}），待验证 {wait}"),
        format!("actions: {open} to do ({late} overdue), {wait} to be verified"),
    );
    format!("{}\n{below}", screen.table(&heading, list))
}
