//! The incident's life, its phases, remarks, evidence and alerts.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{
    Beside, EvidenceItem, Fact, Mode, ParentRef, RollbackCause, SetMoment, StuckReason, SurgeSeen,
};
use crate::text::count;
use crate::timeline::names::Names;
use crate::timeline::reason;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    course(names, fact).or_else(|| remarks(names, fact))
}

/// Says how the incident went on.
fn course(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    match fact {
        Fact::Declared { title, mode, parent, beside, .. } => match beside {
            None => declared(names, title, *mode, parent.as_ref()),
            Some(beside) => begun_beside(names, title, *beside),
        },
        Fact::MomentSet { moment, at, grounds } => {
            moment_set(names, moment, *at, grounds.as_deref())
        }
        Fact::PhaseEntered { phase, why, .. } => {
            let phase = names.phase(phase);
            let text = pick(format!("进入阶段“{phase}”"), format!("Phase “{phase}” entered"));
            plain(remark(names, text, why.as_deref()))
        }
        // The phase entered next, or the end, says it.
        Fact::PhaseLeft { .. } => None,
        Fact::Stuck { phase, reason } => stuck(names, &names.phase(phase), reason),
        Fact::Unstuck => good(names.lang.pick("不再停滞", "No longer stuck")),
        Fact::Paused { reason } => {
            let text =
                names.lang.pick("暂停，步骤时限停止计时", "Paused; deadlines of steps stand still");
            warning(remark(names, text.to_owned(), Some(reason)))
        }
        Fact::Resumed => {
            plain(names.lang.pick("恢复处置，时限顺延", "Resumed; deadlines move by the pause"))
        }
        Fact::CloseAwaited => {
            plain(names.lang.pick("步骤已全部完成，等待关闭", "All is done; waiting to be closed"))
        }
        Fact::Closed { forced: None } => good(names.lang.pick("事件关闭", "Incident closed")),
        Fact::Closed { forced: Some(why) } => {
            let text = names.lang.pick("未完成即强制关闭", "Closed by force with work left open");
            warning(remark(names, text.to_owned(), Some(why)))
        }
        Fact::Cancelled { reason, as_is } => cancelled(names, reason, as_is.as_deref()),
        Fact::RollbackBegun { cause, reason, steps } => {
            let list: Vec<String> = steps.iter().map(|undoing| names.step(&undoing.step)).collect();
            let (zh, en) = (list.join("、"), list.join(", "));
            let text = match cause {
                RollbackCause::Asked => {
                    pick(format!("开始撤销：{zh}"), format!("Rolling back: {en}"))
                }
                RollbackCause::Cancel => pick(
                    format!("误报，取消前先撤销：{zh}"),
                    format!("False alarm: before it is cancelled, this is undone: {en}"),
                ),
            };
            warning(remark(names, text, Some(reason)))
        }
        Fact::RollbackEnded => good(names.lang.pick("撤销完毕", "Rolled back")),
        Fact::Reopened { reason } => {
            let text = names.lang.pick("事件重新打开", "Incident reopened");
            warning(remark(names, text.to_owned(), Some(reason)))
        }
        _ => None,
    }
}

/// Says what was written down, attached or linked.
fn remarks(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    match fact {
        Fact::Noted { text } => {
            plain(remark(names, names.lang.pick("记录", "Note").to_owned(), Some(text)))
        }
        Fact::Corrected { of, text } => {
            let what = pick(format!("更正第 {of} 条"), format!("Correction of entry {of}"));
            warning(remark(names, what, Some(text)))
        }
        Fact::Merged { into } => plain(pick(
            format!("并入事件 {into}，本事件结束"),
            format!("Merged into incident {into}; this one ends"),
        )),
        Fact::Linked { to, relation } => linked(names, &to.to_string(), relation),
        Fact::Redacted { references, reason } => {
            let n = references.len();
            let places = count(n, "place", "places");
            let what =
                pick(format!("删除 {n} 处个人信息"), format!("Personal data erased in {places}"));
            warning(remark(names, what, Some(reason)))
        }
        Fact::EvidenceAdded { step, moment, evidence } => {
            let of = moment.as_ref().map(|moment| moment_name(names, moment));
            let of = of.or_else(|| step.as_ref().map(|key| names.run(key)));
            evidence_added(names, of.as_deref(), evidence)
        }
        Fact::AlertReceived { alert, unreadable } => {
            let what =
                pick(format!("收到告警 {}", alert.name), format!("Alert received: {}", alert.name));
            let lost = names.list(unreadable.iter().map(|id| names.variable(id)));
            let lost = pick(format!("无法读取：{lost}"), format!("could not be read: {lost}"));
            match unreadable.is_empty() {
                true => warning(what),
                false => warning(format!("{what}{}{lost}", names.lang.pick("；", "; "))),
            }
        }
        Fact::AlertResolved { name } => {
            good(pick(format!("告警 {name} 已恢复"), format!("Alert {name} resolved")))
        }
        Fact::SurgeObserved(seen) => warning(surge(names, seen, false)),
        Fact::SurgeSubsided(seen) => good(surge(names, seen, true)),
        _ => None,
    }
}

fn surge(names: &Names<'_>, seen: &SurgeSeen, over: bool) -> String {
    let SurgeSeen { surge, unreadable } = seen;
    let (monitor, count, window) = (&surge.monitor, surge.count, surge.window);
    let (zh, en) = match over {
        true => ("激增平息", "Surge subsided"),
        false => ("激增", "Surge"),
    };
    let mut told = names.lang.pick(
        format!("{zh}：{monitor}，{window} 分钟内 {count} 件"),
        format!("{en}: {monitor}, {count} in {window} minutes"),
    );
    if let (Some(ratio), Some(usual)) = (surge.ratio, surge.baseline) {
        told += &names.lang.pick(
            format!("，为平常（{usual}）的 {ratio} 倍"),
            format!(", {ratio} times the usual {usual}"),
        );
    }
    if let (true, Some(peak)) = (over, surge.peak) {
        told += &names.lang.pick(format!("，最高 {peak} 倍"), format!(", at most {peak} times"));
    }
    if !over && !surge.groups.is_empty() {
        let groups = surge.group_list();
        told += &names.lang.pick(format!("；主要来自 {groups}"), format!("; mostly from {groups}"));
    }
    if !unreadable.is_empty() {
        let lost = names.list(unreadable.iter().map(|id| names.variable(id)));
        told +=
            &names.lang.pick(format!("；无法读取：{lost}"), format!("; could not be read: {lost}"));
    }
    told
}

fn cancelled(names: &Names<'_>, reason: &str, as_is: Option<&str>) -> Option<Sentence> {
    let text = match reason::is_recall(reason) {
        true => names.lang.pick("事件取消", "Incident cancelled"),
        false => names.lang.pick("误报，事件取消", "False alarm: incident cancelled"),
    };
    let reason = reason::explain(reason, names.lang);
    let text = remark(names, text.to_owned(), Some(&reason));
    warning(match as_is {
        None => text,
        Some(why) => {
            let left = names.lang.pick("；已完成的处置不撤销", "; what was done is left");
            remark(names, format!("{text}{left}"), Some(why))
        }
    })
}

fn declared(
    names: &Names<'_>,
    title: &str,
    mode: Mode,
    parent: Option<&ParentRef>,
) -> Option<Sentence> {
    let what = match mode {
        Mode::Live => names.lang.pick("启动预案", "Incident declared"),
        Mode::Drill => names.lang.pick("演练开始", "Drill begun"),
        Mode::Simulation => names.lang.pick("推演开始", "Simulation begun"),
    };
    let of = parent.map(|parent| {
        let number = parent.number;
        names.lang.pick(format!("（事件 #{number} 的子事件）"), format!(" (child of #{number})"))
    });
    let what = format!("{what}{}", of.unwrap_or_default());
    plain(remark(names, what, Some(title)))
}

fn begun_beside(names: &Names<'_>, title: &str, beside: Beside) -> Option<Sentence> {
    let number = beside.number;
    let what = names.lang.pick(
        format!("影子演练开始（跟随事件 #{number}，什么都不发出）"),
        format!("Shadow begun (beside incident #{number}; nothing leaves)"),
    );
    plain(remark(names, what, Some(title)))
}

fn moment_name(names: &Names<'_>, moment: &SetMoment) -> String {
    match moment {
        SetMoment::Detected => names.lang.pick("发现时间", "when it was noticed").to_owned(),
        SetMoment::Aware => names.lang.pick("知悉时间", "when the organisation knew").to_owned(),
        SetMoment::Named(name) => names.moment(name),
    }
}

fn moment_set(
    names: &Names<'_>,
    moment: &SetMoment,
    at: jiff::Timestamp,
    grounds: Option<&str>,
) -> Option<Sentence> {
    let at = names.time(at);
    let text = match moment {
        SetMoment::Detected => {
            names.lang.pick(format!("登记发现时间：{at}"), format!("Noticed at {at}"))
        }
        SetMoment::Aware => {
            names.lang.pick(format!("登记知悉时间：{at}"), format!("The organisation knew at {at}"))
        }
        SetMoment::Named(name) => {
            let name = names.moment(name);
            names.lang.pick(format!("登记“{name}”：{at}"), format!("“{name}” at {at}"))
        }
    };
    plain(remark(names, text, grounds))
}

fn stuck(names: &Names<'_>, phase: &str, reason: &StuckReason) -> Option<Sentence> {
    let what = names.lang.pick(format!("停滞在阶段“{phase}”"), format!("Stuck in phase “{phase}”"));
    let why = match reason {
        StuckReason::NoWayOut => names.lang.pick("没有可走的出路", "no way out holds").to_owned(),
        StuckReason::SpentLoop { .. } => {
            names.lang.pick("允许的循环次数已用完", "the loop is spent").to_owned()
        }
        StuckReason::FailedStep { key } => {
            let step = names.run(key);
            names.lang.pick(format!("步骤“{step}”失败"), format!("“{step}” failed"))
        }
    };
    bad(remark(names, what, Some(&why)))
}

fn linked(names: &Names<'_>, to: &str, relation: &str) -> Option<Sentence> {
    let how = match relation {
        "duplicate" => names.lang.pick("重复", "a duplicate"),
        "caused_by" => names.lang.pick("由其引起", "caused by it"),
        "related" => names.lang.pick("相关", "related"),
        other => other,
    };
    plain(
        names
            .lang
            .pick(format!("关联事件 {to}（{how}）"), format!("Linked to incident {to} ({how})")),
    )
}

fn evidence_added(names: &Names<'_>, of: Option<&str>, item: &EvidenceItem) -> Option<Sentence> {
    let what = match of {
        Some(step) => names.lang.pick(format!("“{step}”的证据"), format!("Evidence for “{step}”")),
        None => names.lang.pick("证据", "Evidence").to_owned(),
    };
    let content = match item {
        EvidenceItem::Text { text } => text.clone(),
        EvidenceItem::Url { url } => url.clone(),
        EvidenceItem::File { hash, name, size, .. } => {
            let short: String = hash.chars().take(12).collect();
            names.lang.pick(
                format!("{name}（{size} 字节，SHA-256 {short}…）"),
                format!("{name} ({size} bytes, SHA-256 {short}…)"),
            )
        }
    };
    plain(remark(names, what, Some(&content)))
}
