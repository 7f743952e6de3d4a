//! What those who lead a drill do while it runs, and how it stands then. It must not know where the
//! answers come from.

use serde_json::{Value as Json, json};

use super::args::{Common, StepClock};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::{Screen, Tone};
use super::wait;
use crate::drill::live::{Followed, Progress};

/// Gives an order to a drill under way and shows how it stands after it.
///
/// # Errors
/// The server's problem.
pub fn order(
    run: &str,
    what: &str,
    body: &Json,
    common: &Common,
    screen: &Screen,
) -> Result<(), Stop> {
    let client = Client::new(common, screen.lang)?;
    let answer = wait(client.post(&format!("/api/v1/drill-runs/{}/{what}", part(run)), body))?;
    screen.data(&answer, |answer| match progress(screen, answer) {
        Some(shown) => shown,
        None => screen.lang.pick("演练已结束", "The drill is over").to_owned(),
    })
}

/// Steps the clock of a tabletop.
///
/// # Errors
/// The server's problem.
pub fn advance(verb: &StepClock, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let how_far = &verb.how_far;
    let body = match (&how_far.by, how_far.to) {
        (Some(by), _) => json!({ "by": by }),
        (None, Some(to)) => json!({ "to": to }),
        (None, None) => json!({ "next": true }),
    };
    order(&verb.run, "advance", &body, common, screen)
}

/// Says how a drill under way stands; `None` where the answer is about none.
pub fn progress(screen: &Screen, answer: &Json) -> Option<String> {
    let stands: Progress = serde_json::from_value(answer.clone()).ok()?;
    let lang = screen.lang;
    let state = match stands.state.as_str() {
        "paused" => screen.paint(Tone::Warn, lang.pick("已暂停", "paused")),
        _ => screen.paint(Tone::Good, lang.pick("进行中", "running")),
    };
    let clock = screen.moment(stands.now);
    let mut lines = vec![format!("{}  {state}  {}", stands.title.get(lang), stands.run)];
    lines.push(lang.pick(format!("时钟 {clock}"), format!("clock {clock}")));
    if let Some(incident) = &stands.incident {
        let (number, phase, level) = (incident.number, &incident.phase, incident.level);
        lines.push(lang.pick(
            format!("事件 #{number}  阶段 {phase}  等级 {level}"),
            format!("incident #{number}  phase {phase}  level {level}"),
        ));
    }
    if let Some(beside) = stands.beside {
        let Followed { number, followed, waiting, without_place, .. } = beside;
        lines.push(lang.pick(
            format!(
                "跟随真实事件 #{number}：照做 {followed} 项，等待 {waiting} 项，\
                 预案中没有位置 {without_place} 项"
            ),
            format!(
                "beside the live incident #{number}: {followed} done too, {waiting} waiting, \
                 {without_place} without a place in the plan"
            ),
        ));
    }
    for asked in &stands.asked {
        let people: Vec<&str> = asked.people.iter().map(|person| person.as_str()).collect();
        let (role, people) = (&asked.role, people.join(lang.pick("、", ", ")));
        lines.push(lang.pick(
            format!("等待 {people} 确认担任 {role}"),
            format!("waiting for {people} to be {role}"),
        ));
    }
    if let Some(due) = &stands.due {
        let (at, what) = (screen.moment(due.at), due.what.get(lang));
        lines.push(lang.pick(format!("下一时限 {at}  {what}"), format!("next due {at}  {what}")));
    }
    let (done, left) = (stands.done.len(), stands.left.len());
    lines.push(lang.pick(
        format!("情景注入：已发生 {done}，未发生 {left}"),
        format!("injects: {done} done, {left} to come"),
    ));
    for coming in &stands.left {
        let waits = match coming.waits_for.as_deref() {
            Some("condition") => lang.pick("待条件成立", "on a condition").to_owned(),
            Some(_) => lang.pick("待某事发生", "after something").to_owned(),
            None => coming.at.map_or_else(String::new, |at| screen.moment(at)),
        };
        lines.push(format!("  {waits}  {}", coming.what.get(lang)));
    }
    Some(lines.join("\n"))
}
