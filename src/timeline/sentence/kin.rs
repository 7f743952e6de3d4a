//! Children, the parent, and going on by another plan.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{ChildCall, Fact, HandOffCall, Status, Takeover};
use crate::timeline::names::Names;
use crate::timeline::reason;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    match fact {
        Fact::ChildQueued(ChildCall { key, playbook, .. }) => {
            let step = names.run(key);
            plain(pick(
                format!("“{step}”：请求启动预案 {playbook}"),
                format!("“{step}”: the plan {playbook} is asked for"),
            ))
        }
        Fact::ChildStarted { key, number, .. } => {
            let step = names.run(key);
            plain(pick(
                format!("“{step}”：子事件 #{number} 已启动"),
                format!("“{step}”: child incident #{number} has begun"),
            ))
        }
        Fact::CallRefused { key, why, .. } => {
            let step = names.run(key);
            let text = pick(
                format!("“{step}”：预案未能启动"),
                format!("“{step}”: the plan did not begin"),
            );
            bad(remark(names, text, Some(&reason::explain(why, names.lang))))
        }
        Fact::ChildRecalled { key, why, .. } => {
            let step = names.run(key);
            let text = pick(
                format!("“{step}”：撤回子事件"),
                format!("“{step}”: the child incident is called off"),
            );
            warning(remark(names, text, Some(&reason::explain(why.words(), names.lang))))
        }
        Fact::ChildReported { number, status, reason, .. } => {
            reported(names, *number, *status, reason.as_deref())
        }
        Fact::HandOffQueued(HandOffCall { key, playbook, .. }) => {
            let step = names.run(key);
            plain(pick(
                format!("“{step}”：请求移交给预案 {playbook}"),
                format!("“{step}”: the plan {playbook} is asked to take over"),
            ))
        }
        Fact::HandedOff(Takeover { from, to, .. }) => warning(pick(
            format!("事件移交：由预案 {} 改用 {}", from.id, to.id),
            format!("Handed over: the incident goes on by {} instead of {}", to.id, from.id),
        )),
        // The end of the incident, or the step that was waiting, says it.
        Fact::ReportQueued { .. } | Fact::ErrandEnded { .. } => None,
        _ => None,
    }
}

fn reported(
    names: &Names<'_>,
    number: u64,
    status: Status,
    reason: Option<&str>,
) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    let why = reason.map(|reason| reason::explain(reason, names.lang));
    let why = why.as_deref();
    match status {
        Status::Open | Status::Paused => {
            let text = pick(
                format!("子事件 #{number} 重新打开"),
                format!("Child incident #{number} was opened again"),
            );
            warning(remark(names, text, why))
        }
        Status::Closed => {
            let text = pick(
                format!("子事件 #{number} 已关闭"),
                format!("Child incident #{number} closed"),
            );
            good(remark(names, text, why))
        }
        Status::Cancelled => {
            let text = pick(
                format!("子事件 #{number} 已取消"),
                format!("Child incident #{number} was cancelled"),
            );
            warning(remark(names, text, why))
        }
    }
}
