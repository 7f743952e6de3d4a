//! `firebell drill judge` and `firebell drill observe`: what evaluators say of a run.

use serde_json::json;

use super::args::{Common, JudgeDrill, ObserveDrill};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::{Screen, Tone};
use super::wait;
use crate::server::wire::JudgedRun;

/// Rates an answer to a question; without a question, lists the questions and what was said.
///
/// # Errors
/// The server's problem.
pub fn judge(verb: &JudgeDrill, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let client = Client::new(common, screen.lang)?;
    let path = format!("/api/v1/drill-runs/{}/judgements", part(&verb.run));
    let answer = match (&verb.question, &verb.rating) {
        (Some(question), Some(rating)) => {
            let body = json!({ "rating": rating, "note": verb.note });
            wait(client.put(&format!("{path}/{}", part(question)), &body))?
        }
        _ => wait(client.get(&path))?,
    };
    screen.data(&answer, |answer| {
        let read = serde_json::from_value::<JudgedRun>(answer.clone());
        read.map(|judged| sheet(screen, &judged)).unwrap_or_default()
    })
}

/// Writes down something seen.
///
/// # Errors
/// The server's problem.
pub fn observe(verb: &ObserveDrill, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let client = Client::new(common, screen.lang)?;
    let path = format!("/api/v1/drill-runs/{}/observations", part(&verb.run));
    let mut body = json!({ "text": verb.text });
    if let Some(objective) = &verb.objective {
        body["objective"] = json!(objective);
    }
    let answer = wait(client.post(&path, &body))?;
    screen.data(&answer, |_| screen.lang.pick("已记下", "Written down").to_owned())
}

fn sheet(screen: &Screen, judged: &JudgedRun) -> String {
    let lang = screen.lang;
    let mut lines = Vec::new();
    for question in &judged.questions {
        let key = screen.paint(Tone::Faint, &question.key);
        lines.push(format!("{}  {key} [{}]", question.asked.get(lang), question.scale));
        for said in &question.ratings {
            let (at, rating) = (screen.moment(said.at), said.rating.name());
            let changed = match said.before.len() {
                0 => String::new(),
                n => lang.pick(format!(" · 改过 {n} 次"), format!(" · changed {n}×")),
            };
            lines.push(format!("  {rating}  {} · {at}{changed}  {}", said.by, said.note));
        }
    }
    for seen in &judged.observations {
        let about = seen.objective.as_ref().map_or_else(String::new, |id| format!(" [{id}]"));
        lines.push(format!("· {}{about}  {} · {}", seen.text, seen.by, screen.moment(seen.at)));
    }
    if lines.is_empty() {
        let none = "这次演练没有评估问题，也没有观察记录";
        lines.push(lang.pick(none, "No questions and no observations").to_owned());
    }
    lines.join("\n")
}
