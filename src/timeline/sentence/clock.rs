//! Statutory clocks.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{ClockEvent, ClockFact, ClockKey, ClockLimit, Fact};
use crate::timeline::because;
use crate::timeline::names::Names;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let Fact::Clock(ClockEvent { key, what }) = fact else { return None };
    let name = names.clock(key);
    match what {
        ClockFact::Started { limit, unsure, assumed } => {
            let until = until(names, limit);
            let text = names.lang.pick(
                format!("法定时限“{name}”开始，{until}"),
                format!("The statutory clock “{name}” runs, {until}"),
            );
            let why = unknown(names, unsure, *assumed);
            if limit.uncovered.is_some() {
                warning(remark(names, text, why.as_deref()))
            } else {
                plain(remark(names, text, why.as_deref()))
            }
        }
        ClockFact::Shortened { limit, .. } => {
            let until = until(names, limit);
            warning(names.lang.pick(
                format!("法定时限“{name}”提前，{until}"),
                format!("The statutory clock “{name}” became shorter, {until}"),
            ))
        }
        ClockFact::Kept { would_be } => {
            let at = names.time(*would_be);
            plain(names.lang.pick(
                format!("法定时限“{name}”本可延至 {at}，未延长"),
                format!(
                    "The statutory clock “{name}” would have ended {at}; it was not made longer"
                ),
            ))
        }
        // Whoever forces the close ends our watch, not the duty.
        ClockFact::Stopped { why } if why == "forced_close" => bad(names.lang.pick(
            format!("强制关闭时法定时限“{name}”尚未报送，此后不再提醒"),
            format!(
                "The close was forced while the statutory clock “{name}” was open; nobody is \
                 reminded of it any more"
            ),
        )),
        ClockFact::Stopped { why } => {
            let text = names.lang.pick(
                format!("法定时限“{name}”不再需要"),
                format!("The statutory clock “{name}” is not due"),
            );
            plain(remark(names, text, Some(&stopped(names, key, why))))
        }
        ClockFact::Warned { .. } => warning(names.lang.pick(
            format!("法定时限“{name}”将到"),
            format!("The statutory clock “{name}” runs out soon"),
        )),
        ClockFact::Breached => bad(names.lang.pick(
            format!("法定时限“{name}”已过"),
            format!("The statutory clock “{name}” has run out"),
        )),
        ClockFact::Submitted { .. } | ClockFact::Judged { .. } | ClockFact::Explained { .. } => {
            submitted(names, &name, what)
        }
        ClockFact::WaiverAsked { .. }
        | ClockFact::WaiverRefused { .. }
        | ClockFact::Waived { .. } => waiver(names, &name, what),
        ClockFact::Extended { limit, by, document, .. } => {
            extended(names, &name, limit, by, document)
        }
    }
}

fn extended(
    names: &Names<'_>,
    name: &str,
    limit: &ClockLimit,
    by: &str,
    document: &str,
) -> Option<Sentence> {
    let until = until(names, limit);
    let text = names.lang.pick(
        format!("{by}准予延期：“{name}”，{until}"),
        format!("{by} granted more time for “{name}”, {until}"),
    );
    plain(remark(names, text, Some(document)))
}

fn judged(names: &Names<'_>, name: &str, limit: &ClockLimit, late: bool) -> Option<Sentence> {
    let due_at = limit.due_at.map_or_else(String::new, |due_at| names.time(due_at));
    if late {
        return bad(names.lang.pick(
            format!("起算时刻已更正：“{name}”应于 {due_at} 前提交，提交逾期"),
            format!("A moment was corrected: “{name}” had been due {due_at} and was late"),
        ));
    }
    plain(names.lang.pick(
        format!("起算时刻已更正：“{name}”应于 {due_at} 前提交，提交未逾期"),
        format!("A moment was corrected: “{name}” had been due {due_at} and was in time"),
    ))
}

fn submitted(names: &Names<'_>, name: &str, what: &ClockFact) -> Option<Sentence> {
    let (late, reason, reference) = match what {
        ClockFact::Submitted { late, reason, reference, .. } => (late, reason, reference),
        ClockFact::Judged { limit, late, .. } => return judged(names, name, limit, *late),
        ClockFact::Explained { reason } => {
            let text = names
                .lang
                .pick(format!("补充“{name}”逾期原因"), format!("Why “{name}” was late was added"));
            return plain(remark(names, text, Some(reason)));
        }
        _ => return None,
    };
    let receipt = reference.as_ref().map_or_else(String::new, |reference| {
        names.lang.pick(format!("（回执 {reference}）"), format!(" (receipt {reference})"))
    });
    if *late {
        let text = names.lang.pick(
            format!("逾期提交“{name}”{receipt}"),
            format!("“{name}” was submitted late{receipt}"),
        );
        return warning(remark(names, text, reason.as_deref()));
    }
    let text = names
        .lang
        .pick(format!("已提交“{name}”{receipt}"), format!("“{name}” was submitted{receipt}"));
    good(remark(names, text, reason.as_deref()))
}

fn waiver(names: &Names<'_>, name: &str, what: &ClockFact) -> Option<Sentence> {
    match what {
        ClockFact::WaiverAsked { by, reason } => {
            let by = names.person(by);
            let text = names.lang.pick(
                format!("{by}提议不予通知“{name}”"),
                format!("{by} proposes not to notify “{name}”"),
            );
            plain(remark(names, text, Some(reason)))
        }
        ClockFact::WaiverRefused { by, reason } => {
            let by = names.person(by);
            let text = names.lang.pick(
                format!("{by}不同意不予通知“{name}”"),
                format!("{by} refused not to notify “{name}”"),
            );
            plain(remark(names, text, reason.as_deref()))
        }
        ClockFact::Waived { asked_by, approved_by, reason } => {
            let (asked, approved) = (names.person(asked_by), names.person(approved_by));
            let text = names.lang.pick(
                format!("决定不予通知“{name}”（{asked}提议，{approved}批准）"),
                format!("“{name}” is not notified ({asked} proposed, {approved} approved)"),
            );
            plain(remark(names, text, Some(reason)))
        }
        _ => None,
    }
}

fn until(names: &Names<'_>, limit: &ClockLimit) -> String {
    let Some(due_at) = limit.due_at else {
        return names.lang.pick("须立即办理", "to be done promptly").to_owned();
    };
    let at = names.time(due_at);
    let mut said = match limit.internal {
        true => names.lang.pick(format!("内部目标 {at}"), format!("our own target is {at}")),
        false => names.lang.pick(format!("至 {at}"), format!("until {at}")),
    };
    if let Some(year) = limit.uncovered {
        said += &names.lang.pick(
            format!("（日历未覆盖 {year} 年，请核对）"),
            format!(" (the calendar does not cover {year}; check it)"),
        );
    }
    said
}

fn unknown(names: &Names<'_>, unsure: &[smol_str::SmolStr], assumed: bool) -> Option<String> {
    let mut said = Vec::new();
    said.extend(because::unknown(names.plan(), unsure.iter().map(AsRef::as_ref), names.lang));
    if assumed {
        said.push(names.lang.pick(
            "知悉时刻未登记，以启动时刻代替".to_owned(),
            "nobody has said when the organisation knew: the declaration stands in".to_owned(),
        ));
    }
    (!said.is_empty()).then(|| said.join(names.lang.pick("；", "; ")))
}

/// Says why a clock is not due; of conditions, which they are.
fn stopped(names: &Names<'_>, key: &ClockKey, why: &str) -> String {
    let plan = names.plan();
    let clock = plan.clocks.iter().find(|clock| clock.id == key.clock && why == "condition");
    let stage = clock.and_then(|clock| Some((clock, clock.stage(&key.stage)?)));
    let said = stage.and_then(|(c, s)| because::conditions_said(plan, c, s, names.lang));
    said.unwrap_or_else(|| stop_reason(names, why).to_owned())
}

/// Says why a clock is not due.
pub(in crate::timeline) fn stop_reason<'w>(names: &Names<'_>, why: &'w str) -> &'w str {
    match why {
        "condition" => names.lang.pick("条件不成立", "its condition does not hold"),
        "not_in_force" => names.lang.pick("法规未施行", "the law is not in force"),
        "previous" => names.lang.pick("前一阶段未提交", "the stage before it was not submitted"),
        "anchor_lost" => names.lang.pick("起算时刻已失效", "its moment is undone"),
        "cancelled" => names.lang.pick("误报", "a false alarm"),
        "merged" => names.lang.pick("事件已并入他处", "worked in another incident"),
        "handed_off" => names.lang.pick("改按另一预案处置", "the incident goes on by another plan"),
        "forced_close" => names.lang.pick("强制关闭", "the close was forced"),
        "never_came" => names.lang.pick("起算时刻未出现", "its moment never came"),
        other => other,
    }
}
