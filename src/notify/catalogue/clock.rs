//! What is said of statutory clocks to whoever sees to them, and to the commander.

use super::{Line, NAMED_MAX, Words, line, say};
use crate::engine::{ClockKey, ClockWord};
use crate::notify::view::View;

/// Says something of one or several stages.
pub(super) fn words(view: View<'_>, key: &ClockKey, word: ClockWord, also: &[ClockKey]) -> Words {
    let named = std::iter::once(key).chain(also).take(NAMED_MAX).map(|key| view.clock(key));
    let name = view.named(named);
    let (zh, en) = match word {
        ClockWord::Started => {
            (format!("法定时限开始：{name}"), format!("A statutory clock runs: {name}"))
        }
        ClockWord::Shortened => {
            (format!("法定时限提前：{name}"), format!("A statutory clock became shorter: {name}"))
        }
        ClockWord::Warning => {
            (format!("法定时限将到：{name}"), format!("A statutory clock runs out soon: {name}"))
        }
        ClockWord::Breached => {
            (format!("法定时限已过：{name}"), format!("A statutory clock has run out: {name}"))
        }
        ClockWord::FoundLate => (
            format!("法定时限实为逾期提交：{name}"),
            format!("A statutory clock was met late after all: {name}"),
        ),
        ClockWord::WaiverAsked => {
            (format!("有人提议不予通知：{name}"), format!("Not to notify is proposed: {name}"))
        }
    };
    let mut words = say(view, zh, en, [reason(view, key, word), Some(what_to_do(word))]);
    let limits =
        std::iter::once(key).chain(also).take(NAMED_MAX).filter_map(|key| limit(view, key));
    let limits: Vec<String> = limits.map(|(zh, en)| view.lang.pick(zh, en)).collect();
    words.lines.splice(0..0, limits);
    words
}

/// Says by when a stage is due and to whom.
fn limit(view: View<'_>, key: &ClockKey) -> Option<Line> {
    let due_at = view.incident.clocks.get(key)?.due_at()?;
    let internal = view.incident.clocks.get(key)?.limit.as_ref()?.internal;
    let clock = view.playbook.clocks.iter().find(|clock| clock.id == key.clock)?;
    let to = clock.stage(&key.stage)?.to.get(view.lang);
    let (name, at) = (view.clock(key), view.date_time(due_at));
    let (zh, en) = match internal {
        true => ("内部目标", "our own target"),
        false => ("法定时限", "the limit"),
    };
    Some(line(
        format!("{name}：{zh} {at}，报告对象：{to}"),
        format!("{name}: {en} is {at}, to {to}"),
    ))
}

fn reason(view: View<'_>, key: &ClockKey, word: ClockWord) -> Option<Line> {
    let state = view.incident.clocks.get(key)?;
    match word {
        ClockWord::WaiverAsked => {
            let (by, reason) = state.asked.as_ref()?;
            let by = view.person(by);
            Some(line(format!("{by}：{reason}"), format!("{by}: {reason}")))
        }
        ClockWord::Started if !state.unsure.is_empty() => {
            let names = state.unsure.join(", ");
            Some(line(
                format!("尚不清楚：{names}；未定事项按需要报告处理。"),
                format!("Not known yet: {names}. What is unknown counts as due."),
            ))
        }
        _ => None,
    }
}

fn what_to_do(word: ClockWord) -> Line {
    match word {
        ClockWord::WaiverAsked => line(
            "须由提议人以外的人批准；批准前时限照常计时。",
            "Someone other than the proposer must approve; until then the clock runs on.",
        ),
        ClockWord::Breached => {
            line("请立即提交并说明逾期原因。", "Submit at once, and say why it is late.")
        }
        ClockWord::FoundLate => line(
            "更正后的起算时刻使提交成为逾期：请登记逾期原因。",
            "The moment it counts from was corrected: record why it was late.",
        ),
        ClockWord::Started | ClockWord::Shortened | ClockWord::Warning => line(
            "请在时限前提交并登记，或由另一人批准不予通知。",
            "Submit it in time and record that, or have another person approve not to notify.",
        ),
    }
}

/// Says that a stage's ladder is climbed.
pub(super) fn escalation(view: View<'_>, key: &ClockKey) -> Words {
    let name = view.clock(key);
    let late = view.incident.clocks.get(key).is_some_and(|state| state.breached_at.is_some());
    let (zh, en) = match late {
        true => ("已过，尚未提交", "has run out and was not submitted"),
        false => ("将到，尚未提交", "runs out soon and was not submitted"),
    };
    say(
        view,
        format!("升级：法定时限“{name}”{zh}"),
        format!("Escalation: the statutory clock “{name}” {en}"),
        [
            limit(view, key),
            Some(line("请确保有人立即提交。", "Make sure that someone submits it now.")),
        ],
    )
}

/// Says to the commander what concerns the clocks of the incident.
pub(super) fn commander(view: View<'_>, about: &str) -> Words {
    let here = |wanted: &dyn Fn(&crate::engine::ClockState) -> bool| {
        let keys = view.incident.clocks.iter().filter(|(_, state)| wanted(state));
        view.named(keys.take(NAMED_MAX).map(|(key, _)| view.clock(key)))
    };
    match about {
        "clock_breached" => {
            let names = here(&|state| state.is_running() && state.breached_at.is_some());
            say(
                view,
                format!("法定时限已过：{names}"),
                format!("A statutory clock has run out: {names}"),
                [Some(what_to_do(ClockWord::Breached))],
            )
        }
        "clock_found_late" => {
            let names = here(&crate::engine::ClockState::lacks_reason);
            say(
                view,
                format!("法定时限实为逾期提交：{names}"),
                format!("A statutory clock was met late after all: {names}"),
                [Some(what_to_do(ClockWord::FoundLate))],
            )
        }
        "waiver_asked" => {
            let names = here(&|state| state.asked.is_some());
            say(
                view,
                format!("有人提议不予通知：{names}"),
                format!("Not to notify is proposed: {names}"),
                [Some(what_to_do(ClockWord::WaiverAsked))],
            )
        }
        _ => {
            let uncovered =
                |state: &crate::engine::ClockState| state.limit.as_ref()?.uncovered.map(|_| ());
            let names = here(&|state| uncovered(state).is_some());
            say(
                view,
                format!("工作日历未覆盖到期年份：{names}"),
                format!("The calendar does not cover the year: {names}"),
                [Some(line(
                    "按全部平日计算，请人工核对到期日。",
                    "Every weekday was counted; check the date by hand.",
                ))],
            )
        }
    }
}
