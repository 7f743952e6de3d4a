//! Asks the probes of an exercise when their moment comes, beside its script: whatever is slow
//! outside holds up no inject. What came back is stored with the exercise, so that a restart does
//! not ask again what was answered.

use std::collections::BTreeSet;

use smol_str::SmolStr;
use tokio::task::JoinSet;

use super::Inner;
use crate::drill::archive::keep_exercise;
use crate::drill::exercise::Exercise;
use crate::drill::probe::Answered;
use crate::drill::scenario::Scenario;
use crate::engine::{Incident, Status, moment};
use crate::notify::Why;
use crate::runtime::Refusal;

/// What came back of a probe, by its key.
type Came = (SmolStr, Result<(u16, Vec<u8>), Why>);

/// The probes that are asked and have not answered. Dropping it gives them up.
#[derive(Default)]
pub(super) struct Asking {
    asked: BTreeSet<SmolStr>,
    under_way: JoinSet<Came>,
    came: Vec<Came>,
}

impl Asking {
    /// Completes when a probe has answered; never, where none is asked.
    pub(super) async fn heard(&mut self) {
        match self.under_way.join_next().await {
            Some(joined) => self.came.extend(joined.ok()),
            None => std::future::pending().await,
        }
    }
}

impl Inner {
    /// Asks what is due and was not asked, at its moment or when the incident has closed, and keeps
    /// what came back.
    pub(super) async fn look_outside(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: &Incident,
        asking: &mut Asking,
    ) -> Result<(), Refusal> {
        for (key, probe) in scenario.probes() {
            let due = match &probe.at {
                Some(at) => moment(incident, at).is_some(),
                None => incident.status == Status::Closed,
            };
            if !due || exercise.probes.contains_key(key) || !asking.asked.insert(key.clone()) {
                continue;
            }
            let (runtime, key, url) = (self.runtime.clone(), key.clone(), probe.url.clone());
            asking.under_way.spawn(async move { (key, runtime.look(&url).await) });
        }
        self.keep_answers(exercise, scenario, asking).await
    }

    /// Waits for the answers to what was asked: each comes, or is given up, within seconds.
    pub(super) async fn hear_out(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        asking: &mut Asking,
    ) -> Result<(), Refusal> {
        while !asking.under_way.is_empty() {
            asking.heard().await;
        }
        self.keep_answers(exercise, scenario, asking).await
    }

    async fn keep_answers(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        asking: &mut Asking,
    ) -> Result<(), Refusal> {
        if asking.came.is_empty() {
            return Ok(());
        }
        let probes = scenario.probes();
        for (key, came) in asking.came.drain(..) {
            let Some((_, probe)) = probes.iter().find(|(known, _)| **known == key) else {
                continue;
            };
            let answered = match came {
                Ok((status, body)) => Answered::read(probe, status, &body),
                Err(why) => Answered::none(&why.to_string()),
            };
            exercise.probes.insert(key, answered);
        }
        Ok(self.archive.put(vec![keep_exercise(exercise)]).await?)
    }
}
