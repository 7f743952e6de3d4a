//! The incidents around one, as a report shows them.

use super::page::{Cell, Section, Words, dash};
use super::tables::section;
use crate::engine::Status;
use crate::text::Lang;
use crate::timeline::build::Timeline;
use crate::timeline::kin::ChildRow;
use crate::timeline::sentence::Tone;

/// Says which incident asked for this one.
pub(super) fn parent(timeline: &Timeline) -> Option<String> {
    let parent = timeline.parent.as_ref()?;
    Some(format!("#{} ({}, {})", parent.number, parent.playbook, parent.id))
}

/// Builds the section of children; `None` where there are none.
pub(super) fn children(timeline: &Timeline, words: Words<'_>) -> Option<Section> {
    let lang = words.lang;
    if timeline.children.is_empty() {
        return None;
    }
    let rows = timeline.children.iter().map(|child| {
        let (state, tone) = state(child, lang);
        vec![
            Cell::plain(number(child)),
            Cell::plain(child.playbook.as_str()),
            Cell::plain(child.step.get(lang)),
            Cell::toned(state, tone),
            Cell::plain(child.id.to_string()),
        ]
    });
    let head = vec![
        lang.pick("子事件", "Child"),
        lang.pick("预案", "Playbook"),
        lang.pick("步骤", "Step"),
        lang.pick("状态", "State"),
        lang.pick("编号", "Id"),
    ];
    let title = lang.pick("子事件", "Child incidents");
    Some(section("children", title, Vec::new(), head, rows.collect(), "", words))
}

/// Says in a line each which incidents stand around it, for a terminal.
pub(super) fn said(timeline: &Timeline, lang: Lang) -> Vec<String> {
    let asked = parent(timeline).map(|parent| {
        lang.pick(format!("上级事件：{parent}"), format!("Asked for by incident {parent}"))
    });
    let children = timeline.children.iter().map(|child| {
        let (number, (state, _)) = (number(child), state(child, lang));
        let (plan, step) = (&child.playbook, child.step.get(lang));
        lang.pick(
            format!("子事件 {number}：{plan}，“{step}”，{state}"),
            format!("Child incident {number}: {plan}, “{step}”, {state}"),
        )
    });
    asked.into_iter().chain(children).collect()
}

fn number(child: &ChildRow) -> String {
    child.number.map_or_else(dash, |number| format!("#{number}"))
}

fn state(child: &ChildRow, lang: Lang) -> (&'static str, Tone) {
    match child.status {
        None => (lang.pick("尚未启动", "not begun"), Tone::Plain),
        Some(Status::Open) => (lang.pick("处置中", "open"), Tone::Warning),
        Some(Status::Paused) => (lang.pick("已暂停", "paused"), Tone::Warning),
        Some(Status::Closed) => (lang.pick("已关闭", "closed"), Tone::Good),
        Some(Status::Cancelled) => (lang.pick("已取消", "cancelled"), Tone::Warning),
    }
}
