//! Asks the probes of an exercise when their moment comes. What came back is stored with the
//! exercise, so that a restart does not ask again what was answered.

use super::Inner;
use crate::drill::archive::keep_exercise;
use crate::drill::exercise::Exercise;
use crate::drill::probe::Answered;
use crate::drill::scenario::Scenario;
use crate::engine::{Incident, Status, moment};
use crate::runtime::Refusal;

impl Inner {
    /// Asks what is due and was not asked: at its moment, or when the incident has closed.
    pub(super) async fn look_outside(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: &Incident,
    ) -> Result<(), Refusal> {
        for (key, probe) in scenario.probes() {
            let due = match &probe.at {
                Some(at) => moment(incident, at).is_some(),
                None => incident.status == Status::Closed,
            };
            if !due || exercise.probes.contains_key(key) {
                continue;
            }
            let answered = match self.runtime.look(&probe.url).await {
                Ok((status, body)) => Answered::read(probe, status, &body),
                Err(why) => Answered::none(&why.to_string()),
            };
            exercise.probes.insert(key.clone(), answered);
            self.archive.put(vec![keep_exercise(exercise)]).await?;
        }
        Ok(())
    }
}
