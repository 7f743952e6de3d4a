//! Messages and requests: only what a reader must know. The table of notices tells the rest.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{Fact, NoticeEnd, Recipient};
use crate::notify::WhyCode;
use crate::timeline::names::Names;
use crate::timeline::reason;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    match fact {
        Fact::NoticeQueued { notice } => match &notice.to {
            // Who was paged shows with the role or step; what goes out of the house shows here.
            Recipient::Person(person) => {
                let (person, until) = (names.person(person), names.time(notice.held_until?));
                plain(pick(
                    format!("{person}的联系规则：通知等到 {until} 发出"),
                    format!("By the rules of {person} a message waits until {until}"),
                ))
            }
            to @ Recipient::Audience(_) => {
                let to = names.recipient(to);
                plain(pick(format!("向{to}发出通报"), format!("Message to {to}")))
            }
        },
        Fact::NoticeRerouted { from, to, why, .. } => {
            let text = pick(
                format!("渠道 {from} 未能送达，改用 {to}"),
                format!("Channel {from} gave up, trying {to}"),
            );
            warning(remark(names, text, Some(&reason::explain(why, names.lang))))
        }
        Fact::NoticeEnded { end, .. } => ended(names, end),
        Fact::NoticeAcknowledged { by, .. } => {
            let by = names.person(by);
            good(pick(format!("{by}已收到通知"), format!("{by} has seen a notice")))
        }
        Fact::RequestEnded { status, held_back, .. } => request_ended(names, *status, *held_back),
        Fact::NoticeDelayed { why, until, .. } if why == WhyCode::Throttled.as_str() => {
            let (why, until) = (reason::explain(why, names.lang), names.time(*until));
            plain(pick(
                format!("通知暂缓到 {until}：{why}"),
                format!("A message is held until {until}: {why}"),
            ))
        }
        Fact::NoticeDelayed { .. } | Fact::RequestQueued { .. } => None,
        _ => None,
    }
}

fn ended(names: &Names<'_>, end: &NoticeEnd) -> Option<Sentence> {
    match end {
        NoticeEnd::Delivered { .. } | NoticeEnd::Withdrawn => None,
        NoticeEnd::Failed { why } => {
            let text = names.lang.pick("通知未送达任何人", "A notice reached nobody");
            bad(remark(names, text.to_owned(), Some(&reason::explain(why, names.lang))))
        }
        // A simulation holds back everything; saying so each time would drown the rest.
        NoticeEnd::HeldBack { why } if why == WhyCode::Simulation.as_str() => None,
        NoticeEnd::HeldBack { why } => {
            let text = names.lang.pick("通知被拦下，未发出", "A notice was held back");
            plain(remark(names, text.to_owned(), Some(&reason::explain(why, names.lang))))
        }
        NoticeEnd::NoChannel => {
            bad(names.lang.pick("收件人没有任何渠道", "A recipient has no channel at all"))
        }
    }
}

fn request_ended(names: &Names<'_>, status: Option<u16>, held_back: bool) -> Option<Sentence> {
    if held_back {
        return plain(names.lang.pick("请求被拦下，未发出", "A request was held back"));
    }
    match status {
        Some(status) => plain(
            names
                .lang
                .pick(format!("请求返回 {status}"), format!("A request was answered {status}")),
        ),
        None => warning(names.lang.pick("请求没有应答", "A request had no answer")),
    }
}
