//! Judges a drill from its journal: each expectation, the score, the verdict.
//!
//! The journal is read by folding it, so that a live exercise, a simulated run and a run read back
//! from the store are judged alike. It must not know who ran the drill or how.

mod bench;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use self::bench::Bench;
pub(super) use self::words::describe;
use crate::drill::expect::{Expectation, Part, Rule, Scale};
use crate::drill::judge::Said;
use crate::drill::observe::Observed;
use crate::drill::result::Outcome;
use crate::drill::scenario::Pass;
use crate::engine::Incident;
use crate::playbook::Playbook;
use crate::text::Text;

/// Whether a drill was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The score was reached and every critical expectation met.
    Passed,
    /// It was not, or one was not.
    Failed,
    /// Nothing could be judged, or the run ended before everything could.
    NotJudged,
}

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What is asked for, stable over runs: comparisons match on it.
    pub key: SmolStr,
    /// What is asked for, in words.
    pub asked: Text,
    /// How much it counts.
    pub weight: u32,
    /// The drill fails when it is not met.
    pub critical: bool,
    /// Which part of the work it tells of; missing in results of before there were parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What became of it.
    pub finding: Finding,
    /// How much of its weight was earned, in percent, where it is neither all nor nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<u8>,
    /// How long it took, where it has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How long it might take, where it has a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_seconds: Option<f64>,
    /// How an evaluator answers, of a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// What evaluators said; only in a result that is shown, never in the one that is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Said>,
    /// What came back, of a probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// How many of its parts must be met, of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The parts of a group. Their weights do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Judgement>,
}

impl Judgement {
    /// Makes a judgement of weight 1 of which nothing more is known.
    #[must_use]
    pub fn of(key: &str, asked: Text, finding: Finding) -> Self {
        Self {
            key: key.into(),
            asked,
            weight: 1,
            critical: false,
            part: None,
            finding,
            credit: None,
            seconds: None,
            limit_seconds: None,
            scale: None,
            ratings: Vec::new(),
            seen: None,
            rule: None,
            of: Vec::new(),
        }
    }

    /// Returns how much of its weight was earned, in percent; `None` where it does not count.
    #[must_use]
    pub fn earned(&self) -> Option<u8> {
        match self.finding {
            Finding::Met => Some(self.credit.unwrap_or(100)),
            Finding::NotMet { .. } => Some(self.credit.unwrap_or(0)),
            Finding::NotApplicable { .. } | Finding::NotJudged { .. } => None,
        }
    }
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// It was met.
    Met,
    /// It was not.
    NotMet {
        /// Why not.
        why: Text,
    },
    /// It did not arise, so it does not count.
    NotApplicable {
        /// Why not.
        why: Text,
    },
    /// The journal cannot tell; it does not count.
    NotJudged {
        /// Why not.
        why: Text,
    },
}

/// A drill judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// 0 to 100, over what could be judged, rounded down.
    pub score: Option<u8>,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// Each expectation, in the order of the drill.
    pub judgements: Vec<Judgement>,
    /// The score of each part of the work.
    pub parts: BTreeMap<Part, PartScore>,
}

impl Scorecard {
    /// Sums up judgements: the same for a run that has just ended and for one that evaluators have
    /// said something of.
    #[must_use]
    pub fn sum(judgements: Vec<Judgement>, pass_score: u8, outcome: Outcome) -> Self {
        let score = score(judgements.iter());
        let verdict = verdict(&judgements, score, pass_score, outcome);
        Self { score, verdict, parts: parts(&judgements), judgements }
    }
}

/// How one part of the work went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PartScore {
    /// 0 to 100, over what could be judged, rounded down; `None` where nothing could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// How many expectations were met.
    pub met: u32,
    /// Of how many that could be judged.
    pub of: u32,
    /// How many could not be judged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_judged: u32,
    /// How long each took, in seconds, by key: what no score tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seconds: BTreeMap<SmolStr, f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Scores each part of the work that a judgement tells of.
#[must_use]
pub fn parts(judgements: &[Judgement]) -> BTreeMap<Part, PartScore> {
    let mut parts = BTreeMap::new();
    for part in Part::ALL {
        let of = || judgements.iter().filter(move |judgement| judgement.part == Some(part));
        if of().next().is_none() {
            continue;
        }
        let count = |finding: fn(&Finding) -> bool| {
            u32::try_from(of().filter(|one| finding(&one.finding)).count()).unwrap_or(u32::MAX)
        };
        let met = count(|finding| matches!(finding, Finding::Met));
        let missed = count(|finding| matches!(finding, Finding::NotMet { .. }));
        let mut seconds = BTreeMap::new();
        of().for_each(|judgement| times(judgement, &mut seconds));
        let scored = PartScore {
            score: score(of()),
            met,
            of: met.saturating_add(missed),
            not_judged: count(|finding| matches!(finding, Finding::NotJudged { .. })),
            seconds,
        };
        parts.insert(part, scored);
    }
    parts
}

/// Gathers how long an expectation and the parts of a group took.
fn times(judgement: &Judgement, seconds: &mut BTreeMap<SmolStr, f64>) {
    if let Some(took) = judgement.seconds {
        seconds.insert(judgement.key.clone(), took);
    }
    judgement.of.iter().for_each(|part| times(part, seconds));
}

/// What a run left behind.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The facts gathered from its events.
    pub observed: &'a Observed,
    /// The incident as its last event left it.
    pub incident: &'a Incident,
}

/// Judges a run.
#[must_use]
pub fn judge(
    playbook: &Playbook,
    expect: &[Expectation],
    pass: Pass,
    outcome: Outcome,
    run: Seen<'_>,
) -> Scorecard {
    let over = outcome == Outcome::Completed;
    let mut bench = Bench { playbook, run, over, slot: 0 };
    let judgements: Vec<Judgement> =
        expect.iter().enumerate().map(|(position, one)| bench.judgement(position, one)).collect();
    Scorecard::sum(judgements, pass.score, outcome)
}

fn score<'a>(judgements: impl Iterator<Item = &'a Judgement>) -> Option<u8> {
    let (mut earned, mut all) = (0_u64, 0_u64);
    for judgement in judgements {
        let Some(percent) = judgement.earned() else { continue };
        let weight = u64::from(judgement.weight);
        earned = earned.saturating_add(weight.saturating_mul(u64::from(percent.min(100))));
        all = all.saturating_add(weight);
    }
    earned.checked_div(all).and_then(|percent| u8::try_from(percent).ok())
}

fn verdict(
    judgements: &[Judgement],
    score: Option<u8>,
    pass_score: u8,
    outcome: Outcome,
) -> Verdict {
    let (Some(score), false) = (score, outcome == Outcome::Error) else {
        return Verdict::NotJudged;
    };
    let critical = || judgements.iter().filter(|judgement| judgement.critical);
    if critical().any(|judgement| matches!(judgement.finding, Finding::NotMet { .. })) {
        Verdict::Failed
    } else if outcome == Outcome::Aborted {
        // What was still to come cannot be held against the people, nor for them.
        Verdict::NotJudged
    } else if score < pass_score {
        Verdict::Failed
    } else if critical().any(|judgement| matches!(judgement.finding, Finding::NotJudged { .. })) {
        Verdict::NotJudged
    } else {
        Verdict::Passed
    }
}

#[cfg(test)]
mod tests;
