//! Roles and the people who fill them.

use super::{Sentence, bad, good, plain, remark, warning};
use crate::engine::Fact;
use crate::timeline::names::Names;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    let pick = |zh: String, en: String| names.lang.pick(zh, en);
    match fact {
        Fact::RoleEngaged { role, unknown } => engaged(names, &names.role(role), *unknown),
        Fact::RoleOffered { role, to, .. } => {
            let (role, to) = (names.role(role), names.people(to));
            plain(pick(format!("请{to}认领“{role}”"), format!("{to} asked to take “{role}”")))
        }
        Fact::RoleAssigned { role, to, rank, .. } => {
            let (role, to) = (names.role(role), names.person(to));
            plain(match rank {
                Some(0) | None => {
                    pick(format!("请{to}担任“{role}”"), format!("{to} asked to be “{role}”"))
                }
                Some(_) => {
                    pick(format!("改请{to}担任“{role}”"), format!("{to} asked next to be “{role}”"))
                }
            })
        }
        Fact::RoleAcknowledged { role, by, claimed } => {
            let (role, by) = (names.role(role), names.person(by));
            good(match claimed {
                true => pick(format!("{by}认领“{role}”"), format!("{by} took “{role}”")),
                false => {
                    pick(format!("{by}确认担任“{role}”"), format!("{by} acknowledged “{role}”"))
                }
            })
        }
        Fact::RoleDeclined { role, by, reason } => {
            let (role, by) = (names.role(role), names.person(by));
            let text = pick(format!("{by}回绝“{role}”"), format!("{by} declined “{role}”"));
            warning(remark(names, text, reason.as_deref()))
        }
        Fact::RoleUnanswered { role, asked } => {
            let (role, asked) = (names.role(role), names.people(asked));
            bad(pick(
                format!("{asked}未在时限内确认“{role}”"),
                format!("{asked} did not acknowledge “{role}” in time"),
            ))
        }
        Fact::RoleHandedOver { role, from, to, note, .. } => {
            let (role, from, to) = (names.role(role), names.person(from), names.person(to));
            let text = pick(
                format!("{from}将“{role}”移交{to}"),
                format!("{from} handed “{role}” over to {to}"),
            );
            plain(remark(names, text, Some(note)))
        }
        Fact::RoleReleased { role, by } => {
            let (role, by) = (names.role(role), names.person(by));
            warning(pick(format!("{by}卸任“{role}”"), format!("{by} laid down “{role}”")))
        }
        Fact::RoleVacant { role, .. } => {
            let role = names.role(role);
            bad(pick(format!("“{role}”无人担任"), format!("Nobody is “{role}”")))
        }
        Fact::RoleSought { role } => {
            let role = names.role(role);
            plain(pick(format!("重新寻找“{role}”"), format!("“{role}” is sought again")))
        }
        _ => None,
    }
}

fn engaged(names: &Names<'_>, role: &str, unknown: bool) -> Option<Sentence> {
    let text = names.lang.pick(format!("需要“{role}”"), format!("“{role}” is needed"));
    plain(match unknown {
        true => text + names.lang.pick("（情况未明，按需要处理）", " (not known for sure, so yes)"),
        false => text,
    })
}
