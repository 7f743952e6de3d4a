//! Runs of steps.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{DeadlineName, Fact, FailureCause, RunKey, SkipReason, StepCancelReason};
use crate::text::count;
use crate::timeline::names::Names;
use crate::timeline::reason;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    work(names, fact).or_else(|| turns(names, fact))
}

/// Says how the work on a step went.
fn work(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    let of = |key: &RunKey| names.run(key);
    match fact {
        Fact::StepReady { key, unknown, left_out, .. } => {
            ready(names, &of(key), *unknown, *left_out)
        }
        Fact::StepClaimed { key, by } => {
            let (step, by) = (of(key), names.person(by));
            plain(pick(format!("{by}领取“{step}”"), format!("{by} took “{step}”")))
        }
        Fact::StepStarted { key } => {
            let step = of(key);
            plain(pick(format!("开始“{step}”"), format!("“{step}” begun")))
        }
        Fact::StepChecked { key, item, done } => {
            let step = of(key);
            plain(match done {
                true => pick(
                    format!("“{step}”第 {item} 项完成"),
                    format!("“{step}”: item {item} ticked"),
                ),
                false => pick(
                    format!("“{step}”第 {item} 项撤销"),
                    format!("“{step}”: item {item} unticked"),
                ),
            })
        }
        Fact::StepApproved { key, by, note } => {
            let (step, by) = (of(key), names.person(by));
            let text = pick(format!("{by}同意“{step}”"), format!("{by} approved “{step}”"));
            good(remark(names, text, note.as_deref()))
        }
        Fact::StepDone { key, answer, note } => {
            let step = of(key);
            let text = match answer {
                Some(answer) => pick(format!("“{step}”：{answer}"), format!("“{step}”: {answer}")),
                None => pick(format!("完成“{step}”"), format!("“{step}” done")),
            };
            let note = note.as_deref().map(|note| reason::explain(note, names.lang));
            good(remark(names, text, note.as_deref()))
        }
        Fact::StepFailed { key, cause, why, retry_at, .. } => {
            failed(names, &of(key), *cause, why, retry_at.is_some())
        }
        _ => None,
    }
}

/// Says what turn a step took.
fn turns(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    let of = |key: &RunKey| names.run(key);
    match fact {
        Fact::StepSkipped { key, reason } => {
            let step = of(key);
            let text = pick(format!("跳过“{step}”"), format!("“{step}” skipped"));
            warning(remark(names, text, Some(&skip_reason(names, reason))))
        }
        Fact::StepCancelled { key, reason } => {
            let step = of(key);
            let text = pick(format!("“{step}”不再需要"), format!("“{step}” no longer wanted"));
            plain(remark(names, text, Some(cancel_reason(names, *reason))))
        }
        Fact::StepRetried { key } => {
            let step = of(key);
            plain(pick(format!("重试“{step}”"), format!("“{step}” tried again")))
        }
        Fact::StepReopened { key, reason } => {
            let step = of(key);
            let text = pick(format!("重做“{step}”"), format!("“{step}” reopened"));
            warning(remark(names, text, Some(reason)))
        }
        Fact::StepRepeatEnded { key, reason } => {
            let step = of(key);
            let text = pick(format!("“{step}”不再重复"), format!("“{step}” repeats no more"));
            plain(remark(names, text, Some(repeat_reason(names, reason))))
        }
        Fact::StepWarned { key, .. } => {
            let step = of(key);
            warning(pick(format!("“{step}”即将到期"), format!("“{step}” is soon due")))
        }
        Fact::StepOverdue { key, which } => overdue(names, &of(key), *which),
        // Deadlines are drawn in the picture; the others say nothing a reader misses.
        Fact::StepDeadlines { .. }
        | Fact::StepAwaits { .. }
        | Fact::StepIterated { .. }
        | Fact::StepAdopted { .. } => None,
        _ => None,
    }
}

fn ready(names: &Names<'_>, step: &str, unknown: bool, left_out: u32) -> Option<Sentence> {
    let mut text = names.lang.pick(format!("“{step}”可以开始"), format!("“{step}” may begin"));
    if unknown {
        text.push_str(names.lang.pick("（情况未明，按需要处理）", " (not known for sure, so yes)"));
    }
    if left_out == 0 {
        return plain(text);
    }
    let left = names.lang.pick(
        format!("超出上限，{left_out} 项未纳入"),
        format!(
            "{} left out",
            count(left_out, "item beyond the bound is", "items beyond the bound are")
        ),
    );
    warning(remark(names, text, Some(&left)))
}

fn failed(
    names: &Names<'_>,
    step: &str,
    cause: FailureCause,
    why: &str,
    again: bool,
) -> Option<Sentence> {
    let cause = failure_cause(names, cause);
    let mut text =
        names.lang.pick(format!("“{step}”失败，{cause}"), format!("“{step}” failed: {cause}"));
    if again {
        text.push_str(names.lang.pick("，将重试", ", to be tried again"));
    }
    let why = reason::explain(why, names.lang);
    let text = remark(names, text, Some(&why));
    if again { warning(text) } else { bad(text) }
}

fn overdue(names: &Names<'_>, step: &str, which: DeadlineName) -> Option<Sentence> {
    bad(match which {
        DeadlineName::Start => {
            names.lang.pick(format!("“{step}”逾期未开始"), format!("“{step}” not begun in time"))
        }
        DeadlineName::Due => {
            names.lang.pick(format!("“{step}”逾期未完成"), format!("“{step}” not finished in time"))
        }
    })
}

/// Says why a step failed, in kind.
pub(in crate::timeline) fn failure_cause(names: &Names<'_>, cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::Error => names.lang.pick("执行出错", "an error"),
        FailureCause::Timeout => names.lang.pick("超时", "out of time"),
        FailureCause::ByPerson => names.lang.pick("处理人报告", "reported by a person"),
        FailureCause::Rejected => names.lang.pick("审批被拒绝", "consent refused"),
    }
}

/// Says why a step was skipped.
pub(in crate::timeline) fn skip_reason(names: &Names<'_>, reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition => names.lang.pick("条件不成立", "its condition is false").to_owned(),
        SkipReason::Unreachable => {
            names.lang.pick("前序步骤已无法满足", "what comes before can no longer be").to_owned()
        }
        SkipReason::NoItems => {
            names.lang.pick("没有对象", "there is nothing to do it for").to_owned()
        }
        SkipReason::ByPerson { reason } => reason.clone(),
    }
}

fn cancel_reason(names: &Names<'_>, reason: StepCancelReason) -> &'static str {
    match reason {
        StepCancelReason::PhaseLeft => names.lang.pick("阶段已结束", "its phase was left"),
        StepCancelReason::Closed => names.lang.pick("事件已关闭", "the incident was closed"),
        StepCancelReason::Cancelled => names.lang.pick("事件已取消", "the incident was cancelled"),
        StepCancelReason::HandedOff => {
            names.lang.pick("已移交给另一预案", "the incident goes on by another plan")
        }
    }
}

fn repeat_reason<'r>(names: &Names<'_>, reason: &'r str) -> &'r str {
    match reason {
        "until" => names.lang.pick("结束条件已满足", "its end has come"),
        "at_most" => names.lang.pick("已达次数上限", "done as often as allowed"),
        "closing" => names.lang.pick("事件结束", "the incident ends"),
        other => other,
    }
}
