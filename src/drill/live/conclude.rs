//! What an exercise came to: reads its journal back and judges it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::Inner;
use crate::drill::covered::covered;
use crate::drill::exercise::Exercise;
use crate::drill::result::{DrillResult, Outcome, RESULT_FORMAT};
use crate::drill::review::{Review, review};
use crate::drill::scenario::{Kind, RunAs, Scenario};
use crate::drill::score::{Scorecard, Seen, Verdict, judge};
use crate::engine::{Event, Fact, Status, codec};
use crate::id::IncidentId;
use crate::playbook::Playbook;
use crate::runtime::Refusal;
use crate::store::StoreError;
use crate::text::Text;

impl Inner {
    /// Reads the journal back and judges it.
    pub(super) async fn result(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        playbook: &Playbook,
        ended_because: Option<Text>,
    ) -> Result<DrillResult, Refusal> {
        let (events, link) = match exercise.incident {
            Some(incident) => self.journal(incident).await?,
            None => (Vec::new(), None),
        };
        let mut reviewed = review(playbook, &scenario.expect, &events);
        if let Some(review) = &mut reviewed {
            let answers = exercise.probes.clone();
            answers.into_iter().for_each(|(key, answer)| review.observed.answered(key, answer));
        }
        let over_at = exercise.over_at(scenario);
        let live_over = exercise.beside.as_ref().is_some_and(|follows| follows.over);
        let over_at = if live_over { exercise.started_at } else { over_at };
        let (outcome, why) = ending(&events, reviewed.as_ref(), over_at, ended_because);
        let card = reviewed.as_ref().map(|Review { observed, incident }| {
            let seen = Seen { observed, incident };
            judge(playbook, &scenario.expect, scenario.pass, outcome, seen)
        });
        let card = card.unwrap_or(Scorecard {
            score: None,
            verdict: Verdict::NotJudged,
            judgements: Vec::new(),
            parts: BTreeMap::new(),
        });
        let ended_at = events.last().map_or(exercise.started_at, |event| event.recorded_at);
        Ok(DrillResult {
            format: RESULT_FORMAT,
            run: exercise.run,
            drill: scenario.id.clone(),
            title: scenario.title.clone(),
            scenario_hash: scenario.hash.clone(),
            playbook: playbook.id.clone(),
            playbook_hash: playbook.hash.clone(),
            engine: env!("CARGO_PKG_VERSION").into(),
            kind: scenario.kind,
            run_as: scenario.run,
            seed: None,
            incident: exercise.incident,
            planned_at: exercise.planned_at,
            ran_at: Some(exercise.joined_at()),
            started_at: exercise.started_at,
            ended_at: reviewed.and_then(|review| review.incident.ended_at).unwrap_or(ended_at),
            outcome,
            why,
            verdict: card.verdict,
            score: card.score,
            pass_score: scenario.pass.score,
            judgements: card.judgements,
            parts: card.parts,
            odds: None,
            covered: Some(Box::new(covered(
                playbook,
                &events,
                exercise.done.iter().map(|position| scenario.injects[*position].act.kind()),
            ))),
            injects_left: left(exercise, scenario),
            pauses: exercise.pauses.clone(),
            resumed: exercise.resumed.clone(),
            beside: exercise.beside.clone().map(Box::new),
            despite: exercise.despite.clone(),
            events: events.len() as u64,
            journal_hash: link,
        })
    }

    pub(super) async fn journal(
        &self,
        incident: IncidentId,
    ) -> Result<(Vec<Event>, Option<SmolStr>), Refusal> {
        let store = Arc::clone(self.runtime.store());
        let read = tokio::task::spawn_blocking(move || store.load(incident));
        let stream = read.await.map_err(|_| Refusal::Store(StoreError::Stopped))??;
        let Some(stream) = stream else { return Ok((Vec::new(), None)) };
        let events = stream.events().filter_map(|(_, stored)| codec::decode(&stored.bytes).ok());
        let link = SmolStr::new(stream.link().to_string());
        Ok((events.collect(), Some(link)))
    }
}

fn left(exercise: &Exercise, scenario: &Scenario) -> Vec<Text> {
    let injects = exercise.open(scenario).map(|position| &scenario.injects[position]);
    injects.map(|inject| inject.act.describe()).collect()
}

/// Tells how an exercise ended, and why where it did not come to its end.
fn ending(
    events: &[Event],
    reviewed: Option<&Review>,
    over_at: Timestamp,
    ended_because: Option<Text>,
) -> (Outcome, Option<Text>) {
    let cancelled = events.iter().rev().find_map(|event| match &event.fact {
        Fact::Cancelled { reason, .. } => Some(Text::Same(reason.clone())),
        _ => None,
    });
    let ended_at = reviewed.and_then(|review| review.incident.ended_at);
    match reviewed.map(|review| review.incident.status) {
        Some(Status::Closed) => (Outcome::Completed, None),
        // Its time was over: what people did in it counts.
        Some(Status::Cancelled) if ended_at.is_some_and(|at| at >= over_at) => {
            (Outcome::Interrupted, ended_because.or(cancelled))
        }
        Some(Status::Cancelled) => (Outcome::Aborted, ended_because.or(cancelled)),
        Some(Status::Open | Status::Paused) => (Outcome::Interrupted, ended_because),
        None => (Outcome::Error, ended_because),
    }
}

/// Makes the result of an exercise whose drill or plan can no longer be read.
pub(super) fn unreadable(exercise: &Exercise, why: Text) -> DrillResult {
    DrillResult {
        format: RESULT_FORMAT,
        run: exercise.run,
        drill: exercise.drill.clone(),
        title: Text::Same(exercise.drill.to_string()),
        scenario_hash: SmolStr::default(),
        playbook: "".into(),
        playbook_hash: SmolStr::default(),
        engine: env!("CARGO_PKG_VERSION").into(),
        kind: Kind::Functional,
        run_as: RunAs::Exercise,
        seed: None,
        incident: exercise.incident,
        planned_at: exercise.planned_at,
        ran_at: Some(exercise.started_at),
        started_at: exercise.started_at,
        ended_at: exercise.started_at,
        outcome: Outcome::Error,
        why: Some(why),
        verdict: Verdict::NotJudged,
        score: None,
        pass_score: 0,
        judgements: Vec::new(),
        parts: BTreeMap::new(),
        odds: None,
        covered: None,
        injects_left: Vec::new(),
        pauses: exercise.pauses.clone(),
        resumed: exercise.resumed.clone(),
        beside: exercise.beside.clone().map(Box::new),
        despite: exercise.despite.clone(),
        events: 0,
        journal_hash: None,
    }
}
