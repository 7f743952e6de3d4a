//! What a run of a drill or a real incident left to learn from. Stored for real incidents; of a
//! run its result says the same. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use crate::drill::covered::{Covered, covered};
use crate::drill::result::{DrillResult, Outcome};
use crate::drill::score::{Finding, Judgement, Verdict};
use crate::engine::{Event, Incident, Status};
use crate::id::{DrillId, PlaybookId};
use crate::learn::subject::{How, Source, Subject};
use crate::playbook::Playbook;
use crate::text::Text;

/// The version of the stored form; fields are added, never changed.
pub const EXPERIENCE_FORMAT: u8 = 1;

/// What a run or an incident left to learn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// The version of this form.
    pub format: u8,
    /// Which.
    pub source: Source,
    /// How real it was.
    pub how: How,
    /// The plan.
    pub playbook: PlaybookId,
    /// The plan's version.
    pub playbook_hash: SmolStr,
    /// What it was about.
    pub title: Text,
    /// The number, of a real incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The drill and how it went, of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Drilled>,
    /// When it really began.
    pub began_at: Timestamp,
    /// When it really ended.
    pub ended_at: Timestamp,
    /// It came to its end; not broken off.
    pub completed: bool,
    /// What of the plan it exercised; `None` where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<Covered>,
    /// What was asked of it, and what became of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judged>,
}

/// The drill of a run, and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drilled {
    /// The drill.
    pub drill: DrillId,
    /// The hash of what decided the run.
    pub scenario_hash: SmolStr,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// 0 to 100, where anything could be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
}

/// One expectation and whether it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What was asked, stable over runs.
    pub key: SmolStr,
    /// What was asked, in words.
    pub asked: Text,
    /// Whether it was met.
    pub met: bool,
    /// It had to be.
    pub critical: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
}

impl Experience {
    /// Takes what a result says. A simulated run has a time of its own, which is no date.
    #[must_use]
    pub fn of_run(result: &DrillResult) -> Self {
        let how = How::from(result.run_as);
        let began_at = result.ran_at.unwrap_or(result.started_at);
        let ended_at = if how == How::Simulated { began_at } else { result.ended_at };
        Self {
            format: EXPERIENCE_FORMAT,
            source: Source::Run(result.run),
            how,
            playbook: result.playbook.clone(),
            playbook_hash: result.playbook_hash.clone(),
            title: result.title.clone(),
            number: None,
            drill: Some(Drilled {
                drill: result.drill.clone(),
                scenario_hash: result.scenario_hash.clone(),
                outcome: result.outcome,
                verdict: result.verdict,
                score: result.score,
            }),
            began_at,
            ended_at: ended_at.max(began_at),
            completed: result.outcome == Outcome::Completed,
            covered: result.covered.as_deref().cloned(),
            judged: result.judgements.iter().filter_map(judged).collect(),
        }
    }

    /// Takes what the journal of an ended incident says; `None` while it is open, and of a merged or
    /// rehearsed one nothing is asked here.
    #[must_use]
    pub fn of_incident(playbook: &Playbook, incident: &Incident, events: &[Event]) -> Option<Self> {
        Some(Self {
            format: EXPERIENCE_FORMAT,
            source: Source::Incident(incident.id),
            how: How::Live,
            playbook: incident.playbook.id.clone(),
            playbook_hash: incident.playbook.hash.clone(),
            title: Text::Same(incident.title.to_string()),
            number: Some(incident.number),
            drill: None,
            began_at: incident.declared_at,
            ended_at: incident.ended_at?,
            completed: incident.status == Status::Closed,
            covered: Some(covered(playbook, events, std::iter::empty())),
            judged: Vec::new(),
        })
    }

    /// Tells how a part of the plan went; `None` where it was not exercised.
    #[must_use]
    pub fn went(&self, about: &Subject) -> Option<bool> {
        if self.drill.as_ref().is_some_and(|drill| drill.outcome == Outcome::Error) {
            return None;
        }
        let covered = self.covered.as_ref()?;
        let well = match about {
            Subject::Step(step) => {
                let seen = covered.steps.get(step).filter(|seen| seen.worked)?;
                seen.passed() && self.nothing_against(&[format_smolstr!("step/{step}/")])
            }
            Subject::Role(role) => {
                let seen = covered.roles.get(role)?;
                let keys = ["acknowledged", "reached"].map(|key| format_smolstr!("{key}/{role}"));
                seen.passed() && self.nothing_against(&keys)
            }
            Subject::Objective(objective) => {
                *covered.deadlines.get(&format_smolstr!("objective/{objective}"))?
            }
            Subject::Clock(key) => *covered.deadlines.get(&format_smolstr!("clock/{key}"))?,
        };
        Some(well)
    }

    /// Tells that no expectation of these keys was missed; one that ends with `/` begins others.
    fn nothing_against(&self, keys: &[SmolStr]) -> bool {
        let concerns = |judged: &Judged, key: &SmolStr| {
            judged.key == *key || (key.ends_with('/') && judged.key.starts_with(key.as_str()))
        };
        let missed = self.judged.iter().filter(|judged| !judged.met);
        !missed.clone().any(|judged| keys.iter().any(|key| concerns(judged, key)))
    }
}

fn judged(judgement: &Judgement) -> Option<Judged> {
    let (met, why) = match &judgement.finding {
        Finding::Met => (true, None),
        Finding::NotMet { why } => (false, Some(why.clone())),
        Finding::NotApplicable { .. } | Finding::NotJudged { .. } => return None,
    };
    let Judgement { key, asked, critical, .. } = judgement;
    Some(Judged { key: key.clone(), asked: asked.clone(), met, critical: *critical, why })
}
