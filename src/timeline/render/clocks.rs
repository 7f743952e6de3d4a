//! The table of statutory clocks.

use super::page::{Cell, Section, Words, dash};
use super::tables::section;
use crate::engine::ViewState;
use crate::text::Lang;
use crate::timeline::build::Timeline;
use crate::timeline::clocks::ClockRow;
use crate::timeline::sentence::Tone;

/// Builds the section; `None` where the plan has no clocks.
pub(super) fn clocks(timeline: &Timeline, words: Words<'_>) -> Option<Section> {
    if timeline.clocks.is_empty() {
        return None;
    }
    let lang = words.lang;
    let rows = timeline.clocks.iter().map(|row| cells(row, words)).collect();
    let head = vec![
        lang.pick("法定时限", "Clock"),
        lang.pick("报告对象", "To"),
        lang.pick("结果", "Result"),
        lang.pick("起算", "From"),
        lang.pick("到期", "Due"),
        lang.pick("提交", "Submitted"),
        lang.pick("说明", "Why"),
    ];
    let title = lang.pick("法定时限", "Statutory clocks");
    Some(section("clocks", title, lines(timeline, lang), head, rows, "", words))
}

fn lines(timeline: &Timeline, lang: Lang) -> Vec<String> {
    let unverified = timeline.clocks.iter().filter(|row| !row.verified).count();
    let mut lines = Vec::new();
    if unverified > 0 {
        lines.push(lang.pick(
            format!("其中 {unverified} 项尚未与法规原文核对。本表不是法律意见。"),
            format!(
                "{unverified} of them were not compared with the law. This is no legal advice."
            ),
        ));
    }
    lines
}

fn cells(row: &ClockRow, words: Words<'_>) -> Vec<Cell> {
    let lang = words.lang;
    let tone = match row.state {
        ViewState::Met => Tone::Good,
        ViewState::Late | ViewState::MetLate => Tone::Bad,
        ViewState::Running => Tone::Warning,
        ViewState::Waiting | ViewState::NotDue | ViewState::Waived => Tone::Plain,
    };
    let due = words.time_or_dash(row.due_at);
    let due = match row.internal && row.due_at.is_some() {
        true => lang.pick(format!("{due}（内部）"), format!("{due} (our own)")),
        false => due,
    };
    let receipt = row
        .reference
        .as_ref()
        .map(|receipt| lang.pick(format!("回执 {receipt}"), format!("receipt {receipt}")));
    let why = row.why.as_ref().map(|why| why.get(lang).to_owned());
    let said: Vec<String> = receipt.into_iter().chain(why).collect();
    let said = if said.is_empty() { dash() } else { said.join(lang.pick("；", "; ")) };
    vec![
        Cell::plain(row.title.get(lang)),
        Cell::plain(row.to.get(lang)),
        Cell::toned(row.state.word(lang), tone),
        Cell::plain(words.time_or_dash(row.started_at)),
        Cell::plain(due),
        Cell::plain(words.time_or_dash(row.submitted_at)),
        Cell::plain(said),
    ]
}

/// Says in a line each how the clocks stand, for a terminal.
pub(super) fn said(timeline: &Timeline, words: Words<'_>) -> Vec<String> {
    let lang = words.lang;
    let say = |row: &ClockRow| {
        let (title, state) = (row.title.get(lang), row.state.word(lang));
        let due = match (row.state.is_open(), row.due_at) {
            (true, Some(_)) => {
                let at = words.time_or_dash(row.due_at);
                lang.pick(format!("，到期 {at}"), format!(", due {at}"))
            }
            _ => String::new(),
        };
        let why = row.why.as_ref().map(|why| why.get(lang));
        let why = why
            .map_or_else(String::new, |why| lang.pick(format!("（{why}）"), format!(" ({why})")));
        lang.pick(format!("{title}：{state}{due}{why}"), format!("{title}: {state}{due}{why}"))
    };
    timeline.clocks.iter().map(say).collect()
}
