//! Seeking somebody's attention: ways of a page, rungs that did not count, ladders unanswered.

use super::ladder::subject_of;
use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::{AttentionFact, Fact};
use crate::timeline::names::Names;
use crate::timeline::reason;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let Fact::Attention(fact) = fact else { return None };
    match fact {
        AttentionFact::Reached { via, next, at, .. } => {
            let at = names.time(*at);
            plain(names.lang.pick(
                format!("已经由 {via} 通知；若无确认，{at} 改用 {next}"),
                format!("Paged over {via}; unless it is acknowledged, over {next} at {at}"),
            ))
        }
        AttentionFact::WayFailed { via, why, .. } => {
            let text = names.lang.pick(
                format!("渠道 {via} 未能送达；此前已由其他渠道送达"),
                format!("Channel {via} gave up; an earlier one had delivered"),
            );
            warning(remark(names, text, Some(&reason::explain(why, names.lang))))
        }
        AttentionFact::Released { .. } => warning(names.lang.pick(
            "等级升高：不再等待免打扰时段结束，立即通知",
            "The level is worse: a message no longer waits for the end of quiet hours",
        )),
        AttentionFact::RungSkipped { subject, rung, .. } => {
            let (what, n) = (subject_of(names, subject), rung + 1);
            plain(names.lang.pick(
                format!("升级第 {n} 级不在其时段内，跳过（{what}）"),
                format!("Escalation, rung {n} does not count at this time, passed over ({what})"),
            ))
        }
        AttentionFact::Answered { subject, by, wanted, silent } => {
            let (what, by) = (subject_of(names, subject), names.person(by));
            let text = names.lang.pick(
                format!("{by}已响应升级，还需 {wanted} 人（{what}）"),
                format!("{by} answered the escalation, {wanted} more must ({what})"),
            );
            let silent = names.people(silent);
            let missing =
                names.lang.pick(format!("尚未响应：{silent}"), format!("not yet: {silent}"));
            good(remark(
                names,
                text,
                Some(&missing).filter(|_| !silent.is_empty()).map(|s| s.as_str()),
            ))
        }
        // What comes of it says it.
        AttentionFact::AnswerAwaited { .. } => None,
        AttentionFact::NobodyAnswered { subject, round, people, next_at } => {
            let (what, next_at) = (subject_of(names, subject), names.time(*next_at));
            let text = names.lang.pick(
                format!("无人响应（{what}）：第 {round} 次提醒，{next_at} 再次提醒"),
                format!("Nobody answered ({what}): reminder {round}, the next at {next_at}"),
            );
            let to = match people.as_slice() {
                [] => names.lang.pick("无人可找", "nobody to be found").to_owned(),
                people => names.people(people),
            };
            bad(remark(names, text, Some(&to)))
        }
    }
}
