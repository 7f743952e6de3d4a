//! Escalation ladders.

use super::{Sentence, Tone, bad, remark, warning};
use crate::engine::{Fact, LadderSubject};
use crate::text::count;
use crate::timeline::names::Names;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    match fact {
        // Each rung says it when it fires.
        Fact::LadderArmed { .. } => None,
        Fact::RungFired { subject, rung, people, .. } => {
            let (what, n) = (subject_of(names, subject), rung + 1);
            let to = match people.as_slice() {
                [] => names.lang.pick("无人可找", "nobody to be found").to_owned(),
                people => names.people(people),
            };
            let text = names
                .lang
                .pick(format!("升级第 {n} 级（{what}）"), format!("Escalation, rung {n} ({what})"));
            bad(remark(names, text, Some(&to)))
        }
        Fact::RungsMissed { subject, rungs, .. } => {
            let (what, n) = (subject_of(names, subject), rungs.len());
            warning(names.lang.pick(
                format!("firebell 停机期间错过 {n} 级升级（{what}）"),
                format!(
                    "{} passed over while firebell was down ({what})",
                    count(n, "rung", "rungs")
                ),
            ))
        }
        Fact::LadderStopped { subject, why } => {
            let what = subject_of(names, subject);
            let text = names
                .lang
                .pick(format!("升级停止（{what}）"), format!("Escalation stopped ({what})"));
            let (tone, why) = stopped(names, why);
            Some((tone, remark(names, text, Some(why))))
        }
        _ => None,
    }
}

fn stopped<'w>(names: &Names<'_>, why: &'w str) -> (Tone, &'w str) {
    match why {
        "acted" => (Tone::Good, names.lang.pick("已有人处理", "someone acted")),
        "settled" => (Tone::Good, names.lang.pick("事由已解除", "the reason went away")),
        "ended" => (Tone::Plain, names.lang.pick("事件结束", "the incident ended")),
        "exhausted" => {
            (Tone::Bad, names.lang.pick("已到最后一级，无人处理", "at its end, nobody acted"))
        }
        other => (Tone::Plain, other),
    }
}

/// Says what a ladder is climbed for.
pub(in crate::timeline) fn subject_of(names: &Names<'_>, subject: &LadderSubject) -> String {
    match subject {
        LadderSubject::Role { role } => {
            let role = names.role(role);
            names.lang.pick(format!("“{role}”无人确认"), format!("nobody is “{role}”"))
        }
        LadderSubject::Step { key } => {
            let step = names.run(key);
            names.lang.pick(format!("“{step}”无人处理"), format!("nobody acts on “{step}”"))
        }
        LadderSubject::Stuck => names.lang.pick("事件停滞", "the incident is stuck").to_owned(),
        LadderSubject::Clock { key } => {
            let clock = names.clock(key);
            names.lang.pick(format!("法定时限“{clock}”"), format!("the statutory clock “{clock}”"))
        }
        LadderSubject::Notice { .. } => {
            names.lang.pick("通知未送达", "a notice reached nobody").to_owned()
        }
    }
}
