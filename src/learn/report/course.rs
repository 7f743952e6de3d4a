//! What kept a run or an incident from going straight to its end: when it stood still, was taken up
//! again or was broken off, and why.

use jiff::Timestamp;

use super::{Reader, Report, plain};
use crate::drill::result::{DrillResult, Outcome};
use crate::learn::subject::How;
use crate::timeline::{FrontPart, Row, Timeline, Tone, span};

/// The events of a journal that tell of it, as they are stored. How it ended otherwise stands above.
const TOLD: [&str; 9] = [
    "paused",
    "resumed",
    "stuck",
    "unstuck",
    "rollback_begun",
    "rollback_ended",
    "cancelled",
    "merged",
    "reopened",
];

/// Something that happened: when, what, who did it.
type Happened = (Timestamp, (String, Tone), String);

/// Tells what happened, the earliest first; `None` where it went straight to its end.
pub(super) fn course(report: &Report, reader: Reader<'_>) -> Option<FrontPart> {
    let lang = reader.lang;
    let timeline = report.timeline.as_ref();
    let mut all: Vec<Happened> = Vec::new();
    if let Some(timeline) = timeline {
        all.extend(of_journal(timeline).map(|row| {
            let text = (row.text.get(lang).to_owned(), row.tone);
            (row.occurred_at, text, row.actor.get(lang).to_owned())
        }));
    }
    if let Some(result) = &report.result {
        if timeline.is_none() {
            all.extend(stood_still(result, reader));
        }
        // A tabletop's journal goes by another clock than the one it was taken up by.
        let gaps = timeline.filter(|_| report.how != How::Tabletop);
        all.extend(result.resumed.iter().map(|at| taken_up(*at, gaps, reader)));
        let told = timeline.is_some_and(|one| one.rows.iter().any(|row| row.code == "cancelled"));
        all.extend(broken_off(result, reader).filter(|_| !told));
    }
    all.sort_by_key(|(at, ..)| *at);
    let rows: Vec<_> = all
        .into_iter()
        .map(|(at, what, who)| vec![plain(reader.time(at)), what, plain(who)])
        .collect();
    (!rows.is_empty()).then(|| FrontPart {
        id: "course",
        title: reader.say("暂停、中断与恢复", "Pauses, restarts and breaks"),
        lines: Vec::new(),
        head: vec![
            lang.pick("时间", "When"),
            lang.pick("情况", "What happened"),
            lang.pick("由谁", "By"),
        ],
        rows,
    })
}

fn of_journal(timeline: &Timeline) -> impl Iterator<Item = &Row> {
    timeline.rows.iter().filter(|row| TOLD.contains(&row.code.as_str()))
}

/// Of a run whose journal is gone, its result still says when it stood still.
fn stood_still(result: &DrillResult, reader: Reader<'_>) -> Vec<Happened> {
    let mut all = Vec::new();
    for pause in &result.pauses {
        let stands = reader.say("演练暂停", "The drill stood still");
        all.push((pause.from, (stands, Tone::Warning), String::new()));
        let goes_on = reader.say("演练继续", "The drill went on");
        all.extend(pause.to.map(|to| (to, plain(goes_on), String::new())));
    }
    all
}

/// How long nobody attended to it is known only from what the journal recorded last.
fn taken_up(at: Timestamp, timeline: Option<&Timeline>, reader: Reader<'_>) -> Happened {
    let rows = timeline.into_iter().flat_map(|timeline| &timeline.rows);
    let last = rows.map(|row| row.recorded_at).filter(|recorded| *recorded < at).max();
    let text = match last {
        Some(last) => {
            let gap = span::say(at.duration_since(last), reader.lang);
            let last = reader.time(last);
            reader.lang.pick(
                format!("firebell 停止后接续演练；无人值守至多 {gap}（此前最后一条记录在 {last}）"),
                format!(
                    "Taken up again after firebell had stopped; unattended for at most {gap} (the \
                     last record before is of {last})"
                ),
            )
        }
        None => reader.say("firebell 停止后接续演练", "Taken up again after firebell had stopped"),
    };
    (at, (text, Tone::Warning), "firebell".to_owned())
}

fn broken_off(result: &DrillResult, reader: Reader<'_>) -> impl Iterator<Item = Happened> {
    let what = match result.outcome {
        Outcome::Completed => None,
        Outcome::Aborted => Some(reader.say("演练中止", "The drill was aborted")),
        Outcome::Interrupted => Some(reader.say("演练中断", "The drill was interrupted")),
        Outcome::Error => Some(reader.say("演练出错", "The drill failed to run")),
    };
    let why = result.why.as_ref().map(|why| why.get(reader.lang));
    let text = |what: String| match why {
        Some(why) => format!("{what}{}{why}", reader.lang.pick("：", ": ")),
        None => what,
    };
    let row = what.map(|what| (result.ended_at, (text(what), Tone::Bad), String::new()));
    row.into_iter()
}
