//! `firebell drill next`: what the drills of a server are planned for, and what did not take place.

use serde_json::Value as Json;

use super::args::Common;
use super::client::Client;
use super::exit::Stop;
use super::screen::{Screen, Tone};
use super::wait;
use crate::server::wire::{Drill, MissedDrill, Page};

/// Asks the server and shows the answer.
///
/// # Errors
/// The server's problem.
pub fn run(common: &Common, screen: &Screen) -> Result<(), Stop> {
    let answer: Json = wait(Client::new(common, screen.lang)?.get("/api/v1/drills"))?;
    screen.data(&answer, |answer| match serde_json::from_value::<Page<Drill>>(answer.clone()) {
        Ok(page) if page.items.is_empty() => screen.lang.pick("没有演练", "No drills").to_owned(),
        Ok(page) => {
            page.items.iter().map(|drill| card(screen, drill)).collect::<Vec<_>>().join("\n\n")
        }
        Err(error) => screen.lang.pick(
            format!("服务端的答复无法读取：{error}"),
            format!("the server's answer cannot be read: {error}"),
        ),
    })
}

fn card(screen: &Screen, drill: &Drill) -> String {
    let lang = screen.lang;
    let mut lines = vec![format!("{}  {}", drill.drill, drill.title.get(lang))];
    for at in &drill.begins {
        let at = screen.moment(*at);
        lines.push(lang.pick(
            format!("    {at}  不预告，请勿告知参加者"),
            format!("    {at}  without notice: tell nobody who takes part"),
        ));
    }
    match (drill.no_notice, drill.next.is_empty()) {
        (true, true) => lines.push(lang.pick("    不预告", "    without notice").to_owned()),
        (true, false) => lines.extend(drill.next.iter().map(|at| {
            let at = screen.moment(*at);
            lang.pick(format!("    不早于 {at}"), format!("    not before {at}"))
        })),
        (false, true) => lines.push(lang.pick("    没有日程", "    no schedule").to_owned()),
        (false, false) => {
            lines.extend(drill.next.iter().map(|at| format!("    {}", screen.moment(*at))));
        }
    }
    for other in &drill.overlaps {
        let (at, id) = (screen.moment(other.at), &other.drill);
        let said = lang
            .pick(format!("    {at} 与 {id} 撞期"), format!("    {at} falls together with {id}"));
        lines.push(screen.paint(Tone::Warn, &said));
    }
    lines.extend(drill.missed.iter().map(|missed| missed_line(screen, missed)));
    lines.join("\n")
}

fn missed_line(screen: &Screen, missed: &MissedDrill) -> String {
    let (lang, at) = (screen.lang, screen.moment(missed.at));
    let code = serde_json::to_value(missed.why).ok();
    let code = code.as_ref().and_then(Json::as_str).unwrap_or_default();
    let why = missed.said.as_ref().map_or(code, |said| said.get(lang));
    let said =
        lang.pick(format!("    {at} 未进行：{why}"), format!("    {at} did not take place: {why}"));
    screen.paint(Tone::Warn, &said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::people::Zone;
    use crate::text::Lang;
    use serde_json::json;

    #[test]
    fn what_is_planned_secret_overlapping_and_missed_is_seen() {
        let drill: Drill = serde_json::from_value(json!({
            "drill": "alarm", "title": { "zh": "警铃", "en": "Alarm" }, "playbook": "outage",
            "kind": "functional", "run": "exercise", "no_notice": true,
            "next": ["2027-03-01T02:00:00Z"], "begins": ["2026-12-02T03:04:00Z"],
            "overlaps": [{ "drill": "other", "at": "2027-03-01T02:00:00Z" }],
            "missed": [{ "at": "2026-09-01T02:00:00Z", "why": "not_ready",
                         "said": { "zh": "“总指挥”无人可找", "en": "nobody is “Lead”" } }],
            "running": [], "last": null,
        }))
        .unwrap();
        let shown = |lang| {
            let now = "2026-12-01T00:00:00Z".parse().unwrap();
            let (output, zone) = (Output::Text, Zone::utc());
            card(&Screen { output, lang, colour: false, chatty: false, now, zone }, &drill)
        };
        let english = shown(Lang::En);
        for part in ["tell nobody", "not before", "together with other", "nobody is “Lead”"] {
            assert!(english.contains(part), "{part}: {english}");
        }
        let chinese = shown(Lang::Zh);
        for part in ["请勿告知", "不早于", "与 other 撞期", "未进行：“总指挥”无人可找"]
        {
            assert!(chinese.contains(part), "{part}: {chinese}");
        }
    }
}
