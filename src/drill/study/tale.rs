//! Runs of a study told again: a seed and a number make the same run, and it is read as any
//! incident's timeline is. Pure; it must not know how a tale is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::Study;
use crate::drill::result::Outcome;
use crate::drill::score::{Finding, Verdict};
use crate::drill::simulate::{Simulated, Stage, Take, sample_hashed};
use crate::engine::Fact;
use crate::people::Zone;
use crate::playbook::Playbook;
use crate::text::Text;
use crate::timeline::{Chain, Class, Row, Story, Timeline, Tone};

/// The most rows that are kept of one run: what a reader goes through, not a journal.
pub const ROWS_MAX: usize = 200;

/// One run of a study, made and read again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retold {
    /// Its number.
    pub sample: u32,
    /// What its draws derive from.
    pub seed: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// Its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// What was required and not met.
    pub not_met: Vec<Text>,
    /// What happened; `None` where it could not be declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// A row of a run's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaleRow {
    /// When it happened, in the run's own time.
    pub at: Timestamp,
    /// How many seconds after the declaration.
    pub after: u64,
    /// Who did it.
    pub actor: Text,
    /// How to take it.
    pub tone: Tone,
    /// What happened.
    pub text: Text,
}

/// Makes a run of a study again and tells it; times within sentences are told in `zone`.
#[must_use]
pub fn retell(stage: Stage<'_>, take: Take, sample: u32, zone: &Zone) -> Retold {
    let run = sample_hashed(stage, take, sample);
    let card = run.judged(stage);
    let judgements = card.iter().flat_map(|card| &card.judgements);
    let not_met = judgements.filter(|one| matches!(one.finding, Finding::NotMet { .. }));
    Retold {
        sample,
        seed: take.seed,
        outcome: run.outcome,
        verdict: card.as_ref().map_or(Verdict::NotJudged, |card| card.verdict),
        score: card.as_ref().and_then(|card| card.score),
        not_met: not_met.map(|one| one.asked.clone()).collect(),
        timeline: timeline(stage, &run, zone),
        why: run.why,
    }
}

/// Tells the worst runs of a study, each in at most [`ROWS_MAX`] rows.
pub fn tell_worst(stage: Stage<'_>, take: Take, zone: &Zone, study: &mut Study) {
    for worst in &mut study.worst {
        let Some(timeline) = retell(stage, take, worst.sample, zone).timeline else { continue };
        let declared_at = timeline.incident.declared_at;
        let (rows, left_out) = telling(timeline.rows);
        worst.timeline = rows.into_iter().map(|row| tale_row(row, declared_at)).collect();
        worst.left_out = left_out;
    }
}

fn timeline(stage: Stage<'_>, run: &Simulated, zone: &Zone) -> Option<Timeline> {
    let (earlier, playbook) = plans(stage, run);
    // With children the hash hangs on their journals, too, and says nothing of this one alone.
    let head = run.journal_hash.as_ref().filter(|_| run.others.is_empty());
    let chain = head.map_or(Chain::NotChecked, |head| Chain::Whole {
        events: run.events.len() as u64,
        head: head.to_string(),
    });
    Timeline::build(&Story {
        playbook,
        earlier: &earlier,
        events: &run.events,
        directory: stage.directory,
        messages: &BTreeMap::new(),
        chain: &chain,
        zone,
        as_of: run.ended_at,
    })
}

/// Returns the plans that a run went by before, and the one it ended under.
fn plans<'a>(stage: Stage<'a>, run: &Simulated) -> (Vec<Arc<Playbook>>, &'a Playbook) {
    let takeovers = run.events.iter().filter_map(|event| match &event.fact {
        Fact::HandedOff(takeover) => stage.plans.get(&takeover.to.id),
        _ => None,
    });
    let (mut earlier, mut current) = (Vec::new(), stage.playbook);
    for next in takeovers {
        earlier.extend(stage.plans.get(&current.id).cloned());
        current = next;
    }
    (earlier, current)
}

/// Chooses the rows that tell what went wrong: messages that arrived go first, then the middle.
fn telling(mut rows: Vec<Row>) -> (Vec<Row>, u64) {
    let all = rows.len();
    if rows.len() > ROWS_MAX {
        rows.retain(|row| {
            row.class != Class::Notice || matches!(row.tone, Tone::Warning | Tone::Bad)
        });
    }
    if rows.len() > ROWS_MAX {
        rows.drain(ROWS_MAX / 2..rows.len() - ROWS_MAX / 2);
    }
    let left_out = (all - rows.len()) as u64;
    (rows, left_out)
}

fn tale_row(row: Row, declared_at: Timestamp) -> TaleRow {
    let after = row.occurred_at.duration_since(declared_at).as_secs();
    TaleRow {
        at: row.occurred_at,
        after: u64::try_from(after).unwrap_or(0),
        actor: row.actor,
        tone: row.tone,
        text: row.text,
    }
}
