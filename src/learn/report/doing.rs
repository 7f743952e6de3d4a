//! What is done about a run or an incident, and what it showed of earlier actions.

use std::sync::Arc;

use super::{Reader, plain};
use crate::learn::action::{Action, ActionStatus, Settled};
use crate::learn::subject::Source;
use crate::timeline::{FrontPart, Tone};

/// Lists all actions that follow from it, with a finding or without one.
pub(super) fn actions(actions: &[Arc<Action>], reader: Reader<'_>) -> FrontPart {
    let lang = reader.lang;
    let row = |action: &Arc<Action>| {
        let tone = match action.state.status() {
            ActionStatus::Verified => Tone::Good,
            ActionStatus::Open => Tone::Warning,
            ActionStatus::Done | ActionStatus::Dropped => Tone::Plain,
        };
        vec![
            plain(&*action.text),
            plain(action.about.to_string()),
            plain(action.owner.to_string()),
            plain(action.due.to_string()),
            (action.state.words().get(lang).to_owned(), tone),
        ]
    };
    let rows: Vec<_> = actions.iter().map(row).collect();
    let nothing = || vec![reader.say("没有整改项。", "No actions.")];
    FrontPart {
        id: "actions",
        title: reader.say("整改项", "Actions"),
        lines: if rows.is_empty() { nothing() } else { Vec::new() },
        head: vec![
            lang.pick("内容", "To do"),
            lang.pick("关于", "About"),
            lang.pick("负责人", "Owner"),
            lang.pick("期限", "Due"),
            lang.pick("状态", "Status"),
        ],
        rows,
    }
}

/// Lists the earlier actions of which it showed whether they mended anything.
pub(super) fn settled(
    actions: &[Arc<Action>],
    by: Source,
    reader: Reader<'_>,
) -> Option<FrontPart> {
    let lang = reader.lang;
    let row = |action: &Arc<Action>| {
        let said = match action.settled_in(by)? {
            Settled::Mended => (reader.say("已改好，关闭", "mended, and closed"), Tone::Good),
            Settled::NotMended => {
                (reader.say("未改好，重新打开", "not mended, and open again"), Tone::Bad)
            }
        };
        let (text, about, owner) = (&*action.text, action.about.to_string(), &action.owner);
        Some(vec![plain(text), plain(about), plain(owner.to_string()), said])
    };
    let rows: Vec<_> = actions.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| FrontPart {
        id: "settled",
        title: reader.say("对以往整改项的验证", "What it showed of earlier actions"),
        lines: Vec::new(),
        head: vec![
            lang.pick("内容", "To do"),
            lang.pick("关于", "About"),
            lang.pick("负责人", "Owner"),
            lang.pick("验证结果", "Shown"),
        ],
        rows,
    })
}
