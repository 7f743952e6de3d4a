//! How the server's JSON looks on a terminal. Reads what it knows and leaves out what it does not.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::answer::{rows, text};
use super::incident::tone;
use super::screen::{Screen, Tone};
use super::word::word;
use crate::notify::level_word;

fn when(screen: &Screen, json: &Json, key: &str) -> String {
    text(json, key).parse::<Timestamp>().map_or_else(|_| String::new(), |at| screen.relative(at))
}

fn flag(json: &Json, key: &str) -> bool {
    match json.get(key) {
        Some(Json::Bool(set)) => *set,
        Some(Json::Null) | None => false,
        Some(_) => true,
    }
}

/// A text in both languages, or a plain one.
fn words(screen: &Screen, json: Option<&Json>) -> String {
    match json {
        Some(Json::String(plain)) => plain.clone(),
        Some(both @ Json::Object(_)) => {
            let pick = |lang: &str| text(both, lang).to_owned();
            let first = pick(screen.lang.code());
            if first.is_empty() { pick(screen.lang.pick("en", "zh")) } else { first }
        }
        _ => String::new(),
    }
}

/// Shows a page of incidents.
#[must_use]
pub fn incidents(screen: &Screen, page: &Json) -> String {
    let list: Vec<Vec<String>> = rows(page, "items").map(|i| incident_row(screen, i)).collect();
    if list.is_empty() {
        return screen.lang.pick("没有事件", "No incidents").to_owned();
    }
    let heading = [
        ("编号", "NUMBER"),
        ("等级", "LEVEL"),
        ("状态", "STATUS"),
        ("阶段", "PHASE"),
        ("模式", "MODE"),
        ("发生", "DECLARED"),
        ("标题", "TITLE"),
    ];
    screen.table(&heading, list)
}

fn incident_row(screen: &Screen, incident: &Json) -> Vec<String> {
    let level = incident.get("level").and_then(Json::as_u64).unwrap_or(4);
    let (status, stuck) = (text(incident, "status"), flag(incident, "stuck"));
    let tone = tone(status, stuck, level);
    let shown = status_words(screen, status, stuck);
    vec![
        text(incident, "number").to_owned(),
        screen.paint(tone, &level.to_string()),
        screen.paint(tone, &shown),
        words(screen, incident.get("phase_title").or_else(|| incident.get("phase"))),
        word(screen.lang, text(incident, "mode")).to_owned(),
        when(screen, incident, "declared_at"),
        words(screen, incident.get("title")),
    ]
}

fn status_words(screen: &Screen, status: &str, stuck: bool) -> String {
    let word = word(screen.lang, status);
    let stuck = if stuck { screen.lang.pick("，受阻", ", stuck") } else { "" };
    format!("{word}{stuck}")
}

/// Shows one incident: what it is, who acts, what is open.
#[must_use]
pub fn incident(screen: &Screen, incident: &Json) -> String {
    let level = incident.get("level").and_then(Json::as_u64).unwrap_or(4);
    let status = text(incident, "status");
    let stuck = flag(incident, "stuck");
    let tone = tone(status, stuck, level);
    let shown = status_words(screen, status, stuck);
    let provisional = if flag(incident, "level_provisional") {
        screen.lang.pick("（暂定）", " (provisional)")
    } else {
        ""
    };
    let title = words(screen, incident.get("title"));
    let head = format!("{}  {title}", text(incident, "number"));
    let phase = words(screen, incident.get("phase_title").or_else(|| incident.get("phase")));
    let grade = level_word(u8::try_from(level).unwrap_or(u8::MAX), screen.lang);
    let state = screen.lang.pick(
        format!("{level} 级（{grade}）{provisional} · {shown} · 阶段：{phase}"),
        format!("level {level} ({grade}){provisional} · {shown} · phase: {phase}"),
    );
    let mut parts = vec![head, screen.paint(tone, &state)];
    parts.extend(bridge(screen, incident));
    parts.extend(parent(screen, incident));
    parts.extend(earlier(screen, incident));
    parts.push(String::new());
    parts.push(roles(screen, incident));
    parts.push(String::new());
    parts.push(steps(screen, incident));
    let tables = [clocks(screen, incident), children(screen, incident), personal(screen, incident)];
    for table in tables.into_iter().flatten() {
        parts.push(String::new());
        parts.push(table);
    }
    parts.join("\n")
}

/// Statutory clocks, stage by stage; nothing where the plan has none.
fn clocks(screen: &Screen, incident: &Json) -> Option<String> {
    let list: Vec<_> = rows(incident, "clocks").map(|clock| clock_row(screen, clock)).collect();
    let heading = [
        ("法定时限", "CLOCK"),
        ("状态", "STATE"),
        ("到期", "DUE"),
        ("报告对象", "TO"),
        ("说明", "WHY"),
    ];
    (!list.is_empty()).then(|| screen.table(&heading, list))
}

fn clock_row(screen: &Screen, clock: &Json) -> Vec<String> {
    let state = text(clock, "state");
    let tone = match state {
        "late" | "met_late" => Tone::Bad,
        "running" => Tone::Warn,
        "met" => Tone::Good,
        _ => Tone::Faint,
    };
    let runs = matches!(state, "running" | "late");
    let due = if runs { when(screen, clock, "due_at") } else { String::new() };
    let own = match flag(clock, "internal") && runs {
        true => screen.lang.pick("（内部）", " (our own)"),
        false => "",
    };
    vec![
        text(clock, "key").to_owned(),
        screen.paint(tone, word(screen.lang, state)),
        format!("{due}{own}"),
        words(screen, clock.get("to")),
        clock_why(screen, clock),
    ]
}

/// Why a clock stands as it does: what waits for a person first.
fn clock_why(screen: &Screen, clock: &Json) -> String {
    let lang = screen.lang;
    let asked = clock.get("waiver").filter(|waiver| text(waiver, "approved_by").is_empty());
    let asked = asked.filter(|waiver| waiver.is_object()).map(|waiver| {
        let (by, reason) = (text(waiver, "asked_by"), text(waiver, "reason"));
        lang.pick(
            format!("待批准：{by} 提议不予通知（{reason}）"),
            format!("waits for approval: {by} proposes not to notify ({reason})"),
        )
    });
    let assumed = flag(clock, "assumed").then(|| {
        let said = "counts from the declaration: nobody has said when it was known";
        lang.pick("知悉时刻未登记，暂按启动时刻起算", said).to_owned()
    });
    let unknown: Vec<&str> = rows(clock, "unknown").filter_map(Json::as_str).collect();
    let of_rules = match words(screen, clock.get("because")) {
        said if !said.is_empty() => said,
        _ if unknown.is_empty() => word(lang, text(clock, "why")).to_owned(),
        _ => {
            let list = unknown.join(lang.pick("、", ", "));
            lang.pick(format!("{list} 未知"), format!("{list} unknown"))
        }
    };
    let said = asked.into_iter().chain(assumed).chain([of_rules]);
    let said: Vec<String> = said.filter(|part| !part.is_empty()).collect();
    said.join(lang.pick("；", "; "))
}

/// What is kept apart of people, and its values where the caller may see them.
fn personal(screen: &Screen, incident: &Json) -> Option<String> {
    let all = incident.get("personal").and_then(Json::as_object).filter(|all| !all.is_empty())?;
    let list = all.iter().map(|(field, kept)| {
        let state = word(screen.lang, text(kept, "state")).to_owned();
        vec![field.clone(), state, cell(screen, kept.get("value"))]
    });
    let heading = [("个人信息", "PERSONAL"), ("状态", "STATE"), ("内容", "VALUE")];
    Some(screen.table(&heading, list.collect()))
}

fn bridge(screen: &Screen, incident: &Json) -> Option<String> {
    let bridge = incident.get("bridge")?;
    let url = text(bridge, "url");
    (!url.is_empty()).then(|| format!("{}: {url}", words(screen, bridge.get("title"))))
}

/// Which incident asked for this one.
fn parent(screen: &Screen, incident: &Json) -> Option<String> {
    let parent = incident.get("parent").filter(|parent| parent.is_object())?;
    let number = parent.get("number").and_then(Json::as_u64)?;
    let (plan, key) = (text(parent, "playbook"), text(parent, "key"));
    Some(screen.lang.pick(
        format!("上级事件：#{number}（{plan}，步骤 {key}）"),
        format!("asked for by #{number} ({plan}, step {key})"),
    ))
}

/// Which plans the incident ran before.
fn earlier(screen: &Screen, incident: &Json) -> Option<String> {
    let plans = rows(incident, "earlier_plans").map(|earlier| {
        let plan = earlier.get("playbook").map_or("", |plan| text(plan, "id"));
        format!("{plan} ({})", when(screen, earlier, "until"))
    });
    let plans: Vec<String> = plans.collect();
    let list = plans.join(screen.lang.pick("、", ", "));
    let said = screen.lang.pick(format!("此前的预案：{list}"), format!("plans before: {list}"));
    (!plans.is_empty()).then_some(said)
}

/// Which incidents it asked for.
fn children(screen: &Screen, incident: &Json) -> Option<String> {
    let list: Vec<Vec<String>> = rows(incident, "children")
        .map(|child| {
            let number = child.get("number").and_then(Json::as_u64);
            let status = match text(child, "status") {
                "" => screen.lang.pick("尚未启动", "not begun"),
                status => word(screen.lang, status),
            };
            let awaited = flag(child, "awaited");
            let awaited = if awaited { screen.lang.pick("等待中", "awaited") } else { "" };
            vec![
                number.map_or_else(String::new, |number| format!("#{number}")),
                text(child, "playbook").to_owned(),
                status.to_owned(),
                text(child, "key").to_owned(),
                awaited.to_owned(),
            ]
        })
        .collect();
    let heading =
        [("子事件", "CHILD"), ("预案", "PLAYBOOK"), ("状态", "STATUS"), ("步骤", "STEP"), ("", "")];
    (!list.is_empty()).then(|| screen.table(&heading, list))
}

fn roles(screen: &Screen, incident: &Json) -> String {
    let all = incident.get("roles").and_then(Json::as_object);
    let list = all.into_iter().flatten().map(|(id, role)| {
        let state = text(role, "state");
        let tone = match state {
            "held" => Tone::Good,
            "vacant" => Tone::Bad,
            _ => Tone::Warn,
        };
        let title = words(screen, role.get("title"));
        let name = if title.is_empty() { id.clone() } else { format!("{title} ({id})") };
        vec![name, screen.paint(tone, word(screen.lang, state)), text(role, "holder").to_owned()]
    });
    screen.table(&[("角色", "ROLE"), ("状态", "STATE"), ("人员", "HOLDER")], list.collect())
}

fn steps(screen: &Screen, incident: &Json) -> String {
    let list = rows(incident, "steps").map(|step| {
        let state = text(step, "state");
        let overdue = flag(step, "overdue");
        let tone = match state {
            "failed" => Tone::Bad,
            _ if overdue => Tone::Bad,
            "ready" | "active" => Tone::Warn,
            "done" => Tone::Good,
            _ => Tone::Faint,
        };
        let late = if overdue { screen.lang.pick("已逾期", "overdue") } else { "" };
        let runs = matches!(state, "waiting" | "ready" | "active");
        let due = if runs { when(screen, step, "due_at") } else { String::new() };
        let title = words(screen, step.get("title"));
        vec![
            text(step, "id").to_owned(),
            screen.paint(tone, word(screen.lang, state)),
            text(step, "role").to_owned(),
            format!("{due} {late}").trim().to_owned(),
            title,
        ]
    });
    let heading =
        [("步骤", "STEP"), ("状态", "STATE"), ("角色", "ROLE"), ("时限", "DUE"), ("内容", "WHAT")];
    screen.table(&heading, list.collect())
}

/// Shows any list of objects by the columns named.
#[must_use]
pub fn list(
    screen: &Screen,
    items: &Json,
    columns: &[(&str, &str, &str)],
    nothing: (&str, &str),
) -> String {
    let rows: Vec<Vec<String>> = items
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| columns.iter().map(|(key, _, _)| cell(screen, item.get(*key))).collect())
        .collect();
    if rows.is_empty() {
        return screen.lang.pick(nothing.0, nothing.1).to_owned();
    }
    let heading: Vec<(&str, &str)> = columns.iter().map(|(_, zh, en)| (*zh, *en)).collect();
    screen.table(&heading, rows)
}

fn cell(screen: &Screen, value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => {
            text.parse::<Timestamp>().map_or_else(|_| text.clone(), |at| screen.moment(at))
        }
        Some(Json::Array(items)) => {
            items.iter().map(|item| cell(screen, Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(both @ Json::Object(_)) => words(screen, Some(both)),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::args::Output;
    use crate::people::Zone;
    use crate::text::Lang;

    #[test]
    fn the_incidents_around_one_are_shown_with_their_numbers() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let (output, zone) = (Output::Text, Zone::utc());
        let screen = Screen { output, lang: Lang::En, colour: false, chatty: false, now, zone };
        let incident = json!({
            "parent": { "number": 7, "playbook": "network-attack", "key": "2.leak" },
            "children": [
                { "number": 9, "playbook": "data-leak", "status": "open", "key": "1.ask",
                  "awaited": true },
                { "number": null, "playbook": "data-leak", "status": null, "key": "1.more",
                  "awaited": false },
            ],
        });
        let said = parent(&screen, &incident).unwrap();
        assert_eq!(said, "asked for by #7 (network-attack, step 2.leak)");
        let shown = children(&screen, &incident).unwrap();
        let lines: Vec<Vec<&str>> =
            shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.contains(&vec!["#9", "data-leak", "open", "1.ask", "awaited"]), "{shown}");
        assert!(lines.contains(&vec!["data-leak", "not", "begun", "1.more"]), "{shown}");
        assert_eq!(children(&screen, &json!({})), None);
    }

    #[test]
    fn a_clock_says_what_waits_for_approval_and_what_it_counts_from() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let incident = json!({ "clocks": [{
            "key": "pipl:individuals", "state": "running", "assumed": true,
            "to": { "zh": "个人", "en": "people" }, "unknown": ["harm_avoided"],
            "because": { "zh": "是否已避免危害 未知", "en": "Harm avoided unknown" },
            "waiver": { "asked_by": "ann", "approved_by": null, "reason": "done" },
        }] });
        for (lang, said) in [
            (
                Lang::Zh,
                "待批准：ann 提议不予通知（done）；知悉时刻未登记，暂按启动时刻起算；\
                 是否已避免危害 未知",
            ),
            (
                Lang::En,
                "waits for approval: ann proposes not to notify (done); counts from the \
                 declaration: nobody has said when it was known; Harm avoided unknown",
            ),
        ] {
            let (output, zone) = (Output::Text, Zone::utc());
            let screen = Screen { output, lang, colour: false, chatty: false, now, zone };
            let shown = clocks(&screen, &incident).unwrap();
            assert!(shown.contains(said), "{shown}");
        }
    }

    #[test]
    fn a_list_names_phases_as_people_do() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let (output, zone) = (Output::Text, Zone::utc());
        let screen = Screen { output, lang: Lang::Zh, colour: false, chatty: false, now, zone };
        let titled =
            json!({ "phase": "respond", "phase_title": { "zh": "处置", "en": "Respond" } });
        let gone = json!({ "phase": "old", "title": "x" });
        let shown = incidents(&screen, &json!({ "items": [titled, gone] }));
        assert!(shown.contains("处置") && !shown.contains("respond"), "{shown}");
        assert!(shown.contains("old"), "{shown}");
    }

    #[test]
    fn what_is_kept_apart_is_shown_with_its_state() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let (output, zone) = (Output::Text, Zone::utc());
        let screen = Screen { output, lang: Lang::En, colour: false, chatty: false, now, zone };
        let incident = json!({ "personal": {
            "phone": { "state": "apart", "value": "13800138000" },
            "patient": { "state": "erased" },
        } });
        let shown = personal(&screen, &incident).unwrap();
        let lines: Vec<Vec<&str>> =
            shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["PERSONAL", "STATE", "VALUE"]);
        assert!(lines.contains(&vec!["phone", "kept", "apart", "13800138000"]), "{shown}");
        assert!(lines.contains(&vec!["patient", "erased"]), "{shown}");
        assert_eq!(personal(&screen, &json!({})), None);
    }
}
