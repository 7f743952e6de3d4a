//! Proposes findings from what the journal of a run or an incident shows. Computed anew whenever it
//! is asked; only what a person decides of one is kept. Pure.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use smol_str::{SmolStr, format_smolstr};
use uuid::Uuid;

use crate::drill::covered::{Covered, StepEnd};
use crate::id::{ObjectiveId, PlaybookId, RoleId, StepId};
use crate::learn::experience::{Experience, Judged};
use crate::learn::finding::FindingKind;
use crate::learn::names::Names;
use crate::learn::subject::{How, Source, Subject};
use crate::playbook::Playbook;
use crate::text::{Lang, Text, count};

/// The most proposals of one run: more than anyone decides about.
pub const PROPOSALS_MAX: usize = 100;

/// A proposed finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its identity: the same whenever it is computed.
    pub id: Uuid,
    /// Whether it went well.
    pub kind: FindingKind,
    /// What was found.
    pub text: Text,
    /// What of the plan it is about.
    pub about: Option<Subject>,
    /// Where it was seen.
    pub source: Source,
    /// How real that was.
    pub how: How,
    /// The plan.
    pub playbook: PlaybookId,
    /// The plan's version then.
    pub playbook_hash: SmolStr,
    /// What shows it, stable over versions.
    pub key: SmolStr,
    /// When what shows it had ended.
    pub at: Timestamp,
}

/// Proposes findings. `playbook` is the plan as it is now, for the names; the plan's own names of
/// its parts are shown where it is gone.
#[must_use]
pub fn proposals(experience: &Experience, playbook: Option<&Playbook>) -> Vec<Proposal> {
    let mut found = Found { names: Names(playbook), list: Vec::new() };
    for judged in &experience.judged {
        found.judged(judged);
    }
    if let Some(covered) = &experience.covered {
        found.deadlines(covered);
        found.steps(covered);
        found.roles(covered);
        found.messages(covered);
    }
    let mut proposals: Vec<Proposal> = Vec::new();
    for (kind, key, about, text) in found.list {
        let known = proposals.iter().any(|one| {
            one.key == key || (one.about.is_some() && one.about == about && one.kind == kind)
        });
        if known || proposals.len() == PROPOSALS_MAX {
            continue;
        }
        proposals.push(Proposal {
            id: identity(experience.source, &key),
            kind,
            text,
            about,
            source: experience.source,
            how: experience.how,
            playbook: experience.playbook.clone(),
            playbook_hash: experience.playbook_hash.clone(),
            key,
            at: experience.ended_at,
        });
    }
    proposals
}

/// Identities sort with those of what they were seen in: by time.
fn identity(source: Source, key: &str) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(b"firebell/finding/1\n");
    hasher.update(source.bits().to_be_bytes());
    hasher.update(key.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    let mut bytes = source.bits().to_be_bytes();
    bytes[8..].copy_from_slice(&digest[..8]);
    Uuid::from_bytes(bytes)
}

struct Found<'a> {
    names: Names<'a>,
    list: Vec<(FindingKind, SmolStr, Option<Subject>, Text)>,
}

impl Found<'_> {
    fn better(&mut self, key: SmolStr, about: Option<Subject>, zh: String, en: String) {
        self.list.push((FindingKind::Improvement, key, about, Text::both(zh, en)));
    }

    fn judged(&mut self, judged: &Judged) {
        let about = subject_of(&judged.key);
        let key = format_smolstr!("judged/{}", judged.key);
        let (zh, en) = (judged.asked.get(Lang::Zh), judged.asked.get(Lang::En));
        if !judged.met {
            let why = |lang: Lang| judged.why.as_ref().map_or("", |why| why.get(lang)).to_owned();
            let (zh, en) = (
                format!("未达到预期：{zh}（{}）", why(Lang::Zh)),
                format!("Not met: {en} ({})", why(Lang::En)),
            );
            return self.better(key, about, zh, en);
        }
        if judged.critical {
            let text =
                Text::both(format!("达到关键预期：{zh}"), format!("Met, and critical: {en}"));
            self.list.push((FindingKind::Strength, key, about, text));
        }
    }

    fn deadlines(&mut self, covered: &Covered) {
        for (name, kept) in &covered.deadlines {
            let about = match name.split_once('/') {
                Some(("objective", id)) => Subject::Objective(ObjectiveId::new(id)),
                Some(("clock", key)) => Subject::Clock(SmolStr::new(key)),
                _ => continue,
            };
            let key = format_smolstr!("deadline/{name}");
            let title = self.names.subject(&about);
            let (zh, en) = (title.get(Lang::Zh), title.get(Lang::En));
            if *kept {
                let text = Text::both(format!("按时达到：{zh}"), format!("Kept in time: {en}"));
                self.list.push((FindingKind::Strength, key, Some(about), text));
            } else {
                let (zh, en) = (format!("未按时达到：{zh}"), format!("Missed: {en}"));
                self.better(key, Some(about), zh, en);
            }
        }
    }

    fn steps(&mut self, covered: &Covered) {
        for (step, seen) in &covered.steps {
            let (what, zh, en) = match seen.end {
                StepEnd::Failed => ("failed", "步骤失败", "The step failed"),
                StepEnd::Skipped => ("skipped", "步骤被跳过", "The step was left out"),
                _ if seen.late => ("late", "步骤逾期", "The step was late"),
                _ => continue,
            };
            let title = self.names.step(step);
            let (zh, en) = (
                format!("{zh}：{}", title.get(Lang::Zh)),
                format!("{en}: {}", title.get(Lang::En)),
            );
            let key = format_smolstr!("step/{step}/{what}");
            self.better(key, Some(Subject::Step(step.clone())), zh, en);
        }
    }

    fn roles(&mut self, covered: &Covered) {
        for (role, seen) in &covered.roles {
            let (what, zh, en) = match (seen.holders.is_empty(), seen.vacant, seen.unanswered) {
                (true, ..) => ("never_filled", "角色始终无人担任", "Nobody ever took the role"),
                (_, true, _) => ("vacant", "角色一度无人可找", "At a time nobody was left to ask"),
                (_, _, true) => {
                    ("unanswered", "首先通知的人未应答", "Those asked first were silent")
                }
                _ => continue,
            };
            let title = self.names.role(role);
            let (zh, en) = (
                format!("{zh}：{}", title.get(Lang::Zh)),
                format!("{en}: {}", title.get(Lang::En)),
            );
            let key = format_smolstr!("role/{role}/{what}");
            self.better(key, Some(Subject::Role(role.clone())), zh, en);
        }
    }

    fn messages(&mut self, covered: &Covered) {
        if covered.undelivered > 0 {
            let n = covered.undelivered;
            let zh = format!("{n} 条消息未送达任何人");
            let en = format!("{} reached nobody", count(n, "message", "messages"));
            self.better(SmolStr::new_static("messages/undelivered"), None, zh, en);
        }
        for name in &covered.exhausted {
            let about = exhausted(name);
            let (of_zh, of_en) = match &about {
                Some(about) => {
                    let title = self.names.subject(about);
                    (format!("：{}", title.get(Lang::Zh)), format!(": {}", title.get(Lang::En)))
                }
                None => (String::new(), String::new()),
            };
            let zh = format!("升级到最后一级仍无人处理{of_zh}");
            let en = format!("The ladder was climbed to its end and nobody acted{of_en}");
            self.better(format_smolstr!("exhausted/{name}"), about, zh, en);
        }
    }
}

fn exhausted(name: &str) -> Option<Subject> {
    match name.split_once('/')? {
        ("step", id) => Some(Subject::Step(StepId::new(id))),
        ("role", id) => Some(Subject::Role(RoleId::new(id))),
        ("clock", key) => Some(Subject::Clock(SmolStr::new(key))),
        _ => None,
    }
}

/// Reads what an expectation is about from its key.
fn subject_of(key: &str) -> Option<Subject> {
    match key.split_once('/')? {
        ("objective", id) => Some(Subject::Objective(ObjectiveId::new(id))),
        ("acknowledged" | "reached", id) => Some(Subject::Role(RoleId::new(id))),
        ("step", rest) => Some(Subject::Step(StepId::new(rest.split('/').next()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
