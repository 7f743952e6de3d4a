//! What people change: findings made and decided about, actions made and worked on. Each change is
//! durable before it holds.

use std::sync::Arc;

use jiff::civil::Date;
use smol_str::SmolStr;
use uuid::Uuid;

use super::{Inner, Kept, LearnError, Learning};
use crate::id::PersonId;
use crate::learn::action::{ACTION_FORMAT, Action, ActionState, Edit};
use crate::learn::finding::{
    FINDING_FORMAT, Finding, FindingKind, FindingState, REASON_CHARS_MAX, TEXT_CHARS_MAX,
};
use crate::learn::shelf::{keep_action, keep_finding};
use crate::learn::subject::{How, Source, Subject};
use crate::playbook::Playbook;
use crate::runtime::Caller;
use crate::store::{Change, Expect, StoreError};
use crate::text::Text;

/// The most findings: a dozen of each of thousands of runs, and they fit in memory.
pub const FINDINGS_MAX: usize = 50_000;
/// The most actions; who has more open has no plan for them.
pub const ACTIONS_MAX: usize = 20_000;

/// A finding that a person makes.
#[derive(Debug, Clone)]
pub struct NewFinding {
    /// Where it was seen.
    pub source: Source,
    /// How real that was.
    pub how: How,
    /// The plan's version then.
    pub version: SmolStr,
    /// Whether it went well.
    pub kind: FindingKind,
    /// What was found.
    pub text: String,
    /// What of the plan it is about.
    pub about: Option<Subject>,
}

/// An action that a person makes.
#[derive(Debug, Clone)]
pub struct NewAction {
    /// What of the plan it mends; that of its finding where missing.
    pub about: Option<Subject>,
    /// What is to be done.
    pub text: String,
    /// Who does it.
    pub owner: PersonId,
    /// Until the end of which day.
    pub due: Date,
    /// The finding it follows from.
    pub finding: Option<Uuid>,
    /// Where its cause was seen; that of its finding where missing.
    pub seen_in: Option<Source>,
    /// How real a run must be, at least, to prove it.
    pub at_least: Option<How>,
}

impl Learning {
    /// Makes a finding of a run or an incident of a plan. What `beside` makes of it is written with
    /// it.
    ///
    /// # Errors
    /// [`LearnError`]; nothing has changed.
    pub async fn make_finding(
        &self,
        caller: &Caller,
        playbook: &Playbook,
        new: NewFinding,
        beside: impl FnOnce(&Kept<Finding>) -> Option<Change>,
    ) -> Result<Kept<Finding>, LearnError> {
        let inner = &self.inner;
        let NewFinding { source, how, version, kind, text, about } = new;
        let text = bounded("/text", text, TEXT_CHARS_MAX)?;
        known_part(about.as_ref(), playbook)?;
        let _writing = inner.writing.lock().await;
        if inner.state().findings.len() >= FINDINGS_MAX {
            return Err(too_many(FINDINGS_MAX));
        }
        let finding = Finding {
            format: FINDING_FORMAT,
            id: inner.identity(),
            kind,
            text: Text::Same(text),
            about,
            source,
            how,
            playbook: playbook.id.clone(),
            playbook_hash: version,
            state: FindingState::Accepted,
            shown_by: None,
            at: inner.now(),
            by: caller.actor.clone(),
            decided: Vec::new(),
        };
        let kept = Kept { version: 1, value: Arc::new(finding) };
        inner.put_finding(kept, Expect::Absent, beside).await
    }

    /// Accepts a finding, or dismisses it.
    ///
    /// # Errors
    /// [`LearnError`]; nothing has changed.
    pub async fn decide_finding(
        &self,
        caller: &Caller,
        id: Uuid,
        state: FindingState,
        reason: Option<String>,
        beside: impl FnOnce(&Kept<Finding>) -> Option<Change>,
    ) -> Result<Kept<Finding>, LearnError> {
        let inner = &self.inner;
        let reason = reason.map(|one| bounded("/reason", one, REASON_CHARS_MAX)).transpose()?;
        if state == FindingState::Dismissed && reason.is_none() {
            return Err(LearnError::Field(
                "/reason",
                Text::both("请写明不采纳的理由", "Say why it is dismissed"),
            ));
        }
        let _writing = inner.writing.lock().await;
        let known = inner.finding(id).ok_or(LearnError::NoFinding)?;
        if known.value.state == state {
            return Ok(known);
        }
        let decided = (*known.value).clone();
        let decided = decided.decide(state, reason, caller.actor.clone(), inner.now());
        let decided = decided.ok_or_else(|| {
            LearnError::TooMany(Text::both(
                "该发现已反复改判，不再改动",
                "This finding was decided too often to change again",
            ))
        })?;
        let version = known.version;
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let kept = Kept { version: version + 1, value: Arc::new(decided) };
        inner.put_finding(kept, expect, beside).await
    }

    /// Makes an action of a plan.
    ///
    /// # Errors
    /// [`LearnError`]; nothing has changed.
    pub async fn make_action(
        &self,
        caller: &Caller,
        playbook: &Playbook,
        new: NewAction,
        beside: impl FnOnce(&Kept<Action>) -> Option<Change>,
    ) -> Result<Kept<Action>, LearnError> {
        let inner = &self.inner;
        let text = bounded("/text", new.text, TEXT_CHARS_MAX)?;
        inner.known_person(&new.owner)?;
        let finding = new.finding.map(|id| inner.finding(id).ok_or(LearnError::NoFinding));
        let finding = finding.transpose()?;
        if finding.as_ref().is_some_and(|one| one.value.playbook != playbook.id) {
            return Err(LearnError::NoFinding);
        }
        let of_finding = finding.as_ref().and_then(|one| one.value.about.clone());
        let about = new.about.or(of_finding).ok_or_else(|| {
            LearnError::Field(
                "/step",
                Text::both(
                    "请写明整改的是哪个 step、role、objective 或 clock：之后的演练据此验证",
                    "Say which `step`, `role`, `objective` or `clock` it mends: a later drill is \
                     held to that",
                ),
            )
        })?;
        known_part(Some(&about), playbook)?;
        let seen_in = new.seen_in.or(finding.as_ref().map(|one| one.value.source));
        let seen = finding.map_or(How::Simulated, |one| one.value.how);
        let _writing = inner.writing.lock().await;
        if inner.state().actions.len() >= ACTIONS_MAX {
            return Err(too_many(ACTIONS_MAX));
        }
        let action = Action {
            format: ACTION_FORMAT,
            id: inner.identity(),
            playbook: playbook.id.clone(),
            about,
            text,
            owner: new.owner,
            due: new.due,
            finding: new.finding,
            seen_in,
            // Nobody is to wait for a real incident.
            at_least: new.at_least.unwrap_or(seen).min(How::Exercise),
            state: ActionState::Open,
            made_at: inner.now(),
            made_by: caller.actor.clone(),
            changes: Vec::new(),
        };
        let kept = Kept { version: 1, value: Arc::new(action) };
        inner.put_action(kept, Expect::Absent, beside).await
    }

    /// Changes an action; `expected` is the version that the caller saw.
    ///
    /// # Errors
    /// [`LearnError`]; nothing has changed.
    pub async fn edit_action(
        &self,
        caller: &Caller,
        id: Uuid,
        expected: Option<u64>,
        mut edit: Edit,
        beside: impl FnOnce(&Kept<Action>) -> Option<Change>,
    ) -> Result<Kept<Action>, LearnError> {
        let inner = &self.inner;
        edit.text = edit.text.map(|one| bounded("/text", one, TEXT_CHARS_MAX)).transpose()?;
        edit.reason =
            edit.reason.map(|one| bounded("/reason", one, REASON_CHARS_MAX)).transpose()?;
        edit.owner.as_ref().map_or(Ok(()), |owner| inner.known_person(owner))?;
        let kept = {
            let _writing = inner.writing.lock().await;
            let known = inner.state().actions.get(&id).cloned().ok_or(LearnError::NoAction)?;
            if expected.is_some_and(|expected| expected != known.version) {
                return Err(LearnError::Stale(known.version));
            }
            let (before, now) = ((*known.value).clone(), inner.now());
            let after = before.edit(edit, &caller.actor, caller.scope, now);
            let after = after.map_err(LearnError::NotChanged)?;
            if after == *known.value {
                return Ok(known);
            }
            let kept = Kept { version: known.version + 1, value: Arc::new(after) };
            inner.put_action(kept, Expect::Version(known.version), beside).await?
        };
        Ok(kept)
    }
}

impl Inner {
    fn identity(&self) -> Uuid {
        Uuid::from_bytes(*self.runtime.ids().drill_run(self.now()).as_bytes())
    }

    fn known_person(&self, person: &PersonId) -> Result<(), LearnError> {
        if self.runtime.directory().person(person).is_some() {
            return Ok(());
        }
        Err(LearnError::Field(
            "/owner",
            Text::both(
                format!("通讯录中没有“{person}”"),
                format!("There is no `{person}` in the directory"),
            ),
        ))
    }

    async fn put_finding(
        &self,
        mut kept: Kept<Finding>,
        expect: Expect,
        beside: impl FnOnce(&Kept<Finding>) -> Option<Change>,
    ) -> Result<Kept<Finding>, LearnError> {
        let change = keep_finding(&kept.value, expect);
        kept.version = self.put(change, beside(&kept)).await?;
        self.state().findings.insert(kept.value.id, kept.clone());
        Ok(kept)
    }

    async fn put_action(
        &self,
        mut kept: Kept<Action>,
        expect: Expect,
        beside: impl FnOnce(&Kept<Action>) -> Option<Change>,
    ) -> Result<Kept<Action>, LearnError> {
        let change = keep_action(&kept.value, expect);
        kept.version = self.put(change, beside(&kept)).await?;
        self.state().actions.insert(kept.value.id, kept.clone());
        Ok(kept)
    }

    async fn put(&self, change: Change, beside: Option<Change>) -> Result<u64, StoreError> {
        let changes = [change].into_iter().chain(beside).collect();
        let versions = self.runtime.store().put(changes).await?;
        Ok(versions.first().copied().unwrap_or(1))
    }
}

fn bounded(pointer: &'static str, text: String, most: usize) -> Result<String, LearnError> {
    let trimmed = text.trim();
    let wrong = if trimmed.is_empty() {
        Text::both("不能为空", "must not be empty")
    } else if trimmed.chars().count() > most {
        Text::both(format!("不超过 {most} 个字"), format!("at most {most} characters"))
    } else if trimmed.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        Text::both("不能含控制字符", "must hold no control characters")
    } else {
        return Ok(trimmed.to_owned());
    };
    Err(LearnError::Field(pointer, wrong))
}

fn known_part(about: Option<&Subject>, playbook: &Playbook) -> Result<(), LearnError> {
    let Some(about) = about.filter(|about| !about.is_in(playbook)) else { return Ok(()) };
    let pointer = match about {
        Subject::Step(_) => "/step",
        Subject::Role(_) => "/role",
        Subject::Objective(_) => "/objective",
        Subject::Clock(_) => "/clock",
    };
    let (id, name) = (&playbook.id, about.name());
    Err(LearnError::Field(
        pointer,
        Text::both(
            format!("预案 {id} 中没有“{name}”"),
            format!("The playbook {id} has no `{name}`"),
        ),
    ))
}

fn too_many(most: usize) -> LearnError {
    LearnError::TooMany(Text::both(
        format!("已达上限 {most}；请先清理不再需要的"),
        format!("There are {most} already, the most that are kept"),
    ))
}
