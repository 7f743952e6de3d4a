//! What is kept of a run of a drill, and how two runs compare. Plain data with a format version;
//! it must not know where it is stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::covered::Covered;
use crate::drill::exercise::Pause;
use crate::drill::expect::Part;
use crate::drill::scenario::{Kind, RunAs};
use crate::drill::score::{Finding, Judgement, PartScore, Verdict};
use crate::drill::shadow::Shadowing;
use crate::drill::study::estimate::Share;
use crate::id::{DrillId, DrillRunId, IncidentId, PlaybookId};
use crate::text::Text;

/// The version of the stored form; fields are added, never changed.
pub const RESULT_FORMAT: u8 = 1;
/// A time must change by more than this share of the earlier one to be called better or worse;
/// people vary.
const NOTABLE_SHARE: f64 = 0.1;
/// And by more than this many seconds.
const NOTABLE_SECONDS: f64 = 30.0;

/// How a run ended. Whether it was any good is the [`Verdict`]'s business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The incident came to its end.
    Completed,
    /// Someone, or a live incident, ended it early.
    Aborted,
    /// It came to a standstill, or lasted longer than any drill.
    Interrupted,
    /// firebell could not run it.
    Error,
}

/// A planned run that did not happen, or one that did: everything a series of results needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillResult {
    /// The version of this form.
    pub format: u8,
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// Its title when it ran.
    pub title: Text,
    /// The hash of what decided the run.
    pub scenario_hash: SmolStr,
    /// The plan.
    pub playbook: PlaybookId,
    /// The plan's version.
    pub playbook_hash: SmolStr,
    /// firebell's version.
    pub engine: SmolStr,
    /// What it is called and reported as.
    pub kind: Kind,
    /// How it was run.
    pub run_as: RunAs,
    /// The seed, of a simulated run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The incident, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The instant it was planned for, of a scheduled run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_at: Option<Timestamp>,
    /// When it was really begun; a simulated run has a time of its own beside it. Missing where no
    /// server ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_at: Option<Timestamp>,
    /// When it began, in its own time.
    pub started_at: Timestamp,
    /// When it ended, in its own time.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not run to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// 0 to 100, over what could be judged; `None` where nothing could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The least score to pass.
    pub pass_score: u8,
    /// Each expectation and what became of it.
    pub judgements: Vec<Judgement>,
    /// The score of each part of the work that an expectation tells of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<Part, PartScore>,
    /// How likely it is to be passed, of a simulated drill that asks for a probability; the verdict
    /// is then that of the probability, and score and judgements are those of the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odds: Option<Odds>,
    /// What of the plan was exercised; missing in results of versions that did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<Box<Covered>>,
    /// Injects that never happened, because the run was over or their condition never held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injects_left: Vec<Text>,
    /// When it stood still, of a run with people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// When firebell took it up again after it had stopped in the middle, of a run with people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Timestamp>,
    /// What was followed of a live incident, of a run that went beside one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Box<Shadowing>>,
    /// What was found to stand in its way, where it was begun all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite: Option<Text>,
    /// How many events the run has.
    pub events: u64,
    /// The last link of the run's hash chain, in hex: the same for the same run of a simulation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_hash: Option<SmolStr>,
}

/// How many runs were passed, and how many ought to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Odds {
    /// The share of runs that were passed.
    pub passed: Share,
    /// The least share that counts as passed.
    pub wanted: f64,
}

impl Odds {
    /// Judges the share by its whole interval: what luck alone could turn is not judged.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.passed.low >= self.wanted {
            Verdict::Passed
        } else if self.passed.high < self.wanted {
            Verdict::Failed
        } else {
            Verdict::NotJudged
        }
    }
}

/// How a run compares with an earlier one of the same drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The earlier run.
    pub before: DrillRunId,
    /// The later run.
    pub after: DrillRunId,
    /// Both ran the same scenario in the same way; only then do changes tell of people or plan.
    pub comparable: bool,
    /// The plan changed in between.
    pub plan_changed: bool,
    /// Points gained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_change: Option<i16>,
    /// What was met and is no longer, or has become notably slower.
    pub regressions: Vec<Change>,
    /// What was not met and now is, or has become notably faster.
    pub improvements: Vec<Change>,
    /// Every expectation with a time in both runs.
    pub times: Vec<Change>,
}

/// One expectation in two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The expectation.
    pub asked: Text,
    /// What became of it before.
    pub before: Finding,
    /// What became of it after.
    pub after: Finding,
    /// Seconds it took before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_before: Option<f64>,
    /// Seconds it took after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_after: Option<f64>,
}

enum Direction {
    Better,
    Worse,
    Alike,
}

impl Change {
    fn direction(&self) -> Direction {
        match (&self.before, &self.after) {
            (Finding::Met, Finding::NotMet { .. }) => return Direction::Worse,
            (Finding::NotMet { .. }, Finding::Met) => return Direction::Better,
            _ => {}
        }
        let (Some(before), Some(after)) = (self.seconds_before, self.seconds_after) else {
            return Direction::Alike;
        };
        let change = after - before;
        if change.abs() <= NOTABLE_SECONDS || change.abs() <= before.abs() * NOTABLE_SHARE {
            Direction::Alike
        } else if change > 0.0 {
            Direction::Worse
        } else {
            Direction::Better
        }
    }
}

impl DrillResult {
    /// Compares this run with an earlier one of the same drill.
    #[must_use]
    pub fn compare(&self, before: &Self) -> Comparison {
        let score = |result: &Self| result.score.map(i16::from);
        let mut comparison = Comparison {
            before: before.run,
            after: self.run,
            comparable: self.scenario_hash == before.scenario_hash && self.run_as == before.run_as,
            plan_changed: self.playbook_hash != before.playbook_hash,
            score_change: score(self).zip(score(before)).map(|(after, before)| after - before),
            regressions: Vec::new(),
            improvements: Vec::new(),
            times: Vec::new(),
        };
        for after in &self.judgements {
            let Some(earlier) = before.judgements.iter().find(|j| j.key == after.key) else {
                continue;
            };
            let change = Change {
                asked: after.asked.clone(),
                before: earlier.finding.clone(),
                after: after.finding.clone(),
                seconds_before: earlier.seconds,
                seconds_after: after.seconds,
            };
            match change.direction() {
                Direction::Better => comparison.improvements.push(change.clone()),
                Direction::Worse => comparison.regressions.push(change.clone()),
                Direction::Alike => {}
            }
            if change.seconds_before.is_some() && change.seconds_after.is_some() {
                comparison.times.push(change);
            }
        }
        comparison
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(key: &str, finding: Finding, seconds: Option<f64>) -> Judgement {
        Judgement {
            seconds,
            limit_seconds: Some(300.0),
            ..Judgement::of(key, Text::Same(key.into()), finding)
        }
    }

    fn not_met() -> Finding {
        Finding::NotMet { why: Text::both("太晚", "too late") }
    }

    fn result(run: u128, score: u8, judgements: Vec<Judgement>) -> DrillResult {
        DrillResult {
            format: RESULT_FORMAT,
            run: DrillRunId::from_u128(run),
            drill: "outage".into(),
            title: Text::both("演练", "Drill"),
            scenario_hash: "s1".into(),
            playbook: "service-outage".into(),
            playbook_hash: "p1".into(),
            engine: "0.1.0".into(),
            kind: Kind::Functional,
            run_as: RunAs::Simulated,
            seed: Some(42),
            incident: None,
            planned_at: None,
            ran_at: None,
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: Timestamp::UNIX_EPOCH,
            outcome: Outcome::Completed,
            why: None,
            verdict: Verdict::Passed,
            score: Some(score),
            pass_score: 80,
            judgements,
            parts: BTreeMap::new(),
            odds: None,
            covered: None,
            injects_left: Vec::new(),
            pauses: Vec::new(),
            resumed: Vec::new(),
            beside: None,
            despite: None,
            events: 10,
            journal_hash: Some("abc".into()),
        }
    }

    #[test]
    fn a_comparison_names_what_became_better_and_worse() {
        let before = result(
            1,
            60,
            vec![
                judgement("a", Finding::Met, Some(100.0)),
                judgement("b", not_met(), Some(400.0)),
                judgement("c", Finding::Met, Some(100.0)),
                judgement("d", Finding::Met, Some(1000.0)),
                judgement("gone", Finding::Met, None),
            ],
        );
        let after = result(
            2,
            85,
            vec![
                judgement("a", not_met(), Some(500.0)),
                judgement("b", Finding::Met, Some(200.0)),
                judgement("c", Finding::Met, Some(120.0)),
                judgement("d", Finding::Met, Some(1200.0)),
                judgement("new", Finding::Met, None),
            ],
        );
        let comparison = after.compare(&before);
        let names = |changes: &[Change]| -> Vec<String> {
            changes.iter().map(|c| c.asked.get(crate::text::Lang::En).to_owned()).collect()
        };
        assert!(comparison.comparable && !comparison.plan_changed);
        assert_eq!(comparison.score_change, Some(25));
        assert_eq!(names(&comparison.regressions), ["a", "d"]);
        assert_eq!(names(&comparison.improvements), ["b"]);
        assert_eq!(names(&comparison.times), ["a", "b", "c", "d"]);
    }

    #[test]
    fn another_scenario_or_way_of_running_is_not_comparable() {
        let before = result(1, 60, Vec::new());
        let mut after = result(2, 60, Vec::new());
        after.scenario_hash = "s2".into();
        assert!(!after.compare(&before).comparable);
        let mut exercise = result(2, 60, Vec::new());
        exercise.run_as = RunAs::Exercise;
        exercise.playbook_hash = "p2".into();
        let comparison = exercise.compare(&before);
        assert!(!comparison.comparable && comparison.plan_changed);
    }

    #[test]
    fn a_result_of_format_1_still_loads() {
        let golden = include_str!("golden/result-1.json");
        let loaded: DrillResult = serde_json::from_str(golden).unwrap();
        assert_eq!(loaded, result(1, 60, vec![judgement("b", not_met(), Some(400.0))]));
        assert_eq!(serde_json::to_string_pretty(&loaded).unwrap(), golden.trim_end());
    }
}
