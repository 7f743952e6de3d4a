//! Where evaluators write down what they say of a run, during it and after.

use jiff::Timestamp;
use smol_str::SmolStr;

use super::{Drills, Inner};
use crate::drill::archive::keep_sheet;
use crate::drill::exercise::Exercise;
use crate::drill::judge::{
    EVALUATORS_MAX, Question, Refused, Sheet, questions, questions_of, still_open,
};
use crate::drill::result::DrillResult;
use crate::drill::scenario::RunAs;
use crate::id::{DrillId, DrillRunId, PlaybookId};
use crate::runtime::Refusal;
use crate::store::{Change, StoreError};

/// How often a sheet is read again after someone else wrote it: one evaluator with two windows.
const TRIES: usize = 5;

/// A run as evaluators see it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// The plan; `None` where it cannot be read any more.
    pub playbook: Option<PlaybookId>,
    /// What evaluators are asked.
    pub questions: Vec<Question>,
    /// When it was over; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// What evaluators have said so far, by their names.
    pub sheets: Vec<Sheet>,
}

impl Judged {
    fn of(result: &DrillResult, sheets: Vec<Sheet>) -> Self {
        // A simulated run has a time of its own.
        let ended_at = match (result.run_as, result.ran_at) {
            (RunAs::Simulated, Some(ran_at)) => ran_at,
            _ => result.ended_at,
        };
        Self {
            run: result.run,
            drill: result.drill.clone(),
            playbook: Some(result.playbook.clone()),
            questions: questions(&result.judgements),
            ended_at: Some(ended_at),
            sheets,
        }
    }
}

impl Drills {
    /// Looks at a run as evaluators see it; `None` where there is no such run.
    ///
    /// # Errors
    /// What the store cannot read.
    pub async fn judged(&self, run: DrillRunId) -> Result<Option<Judged>, Refusal> {
        self.inner.judged(run).await
    }

    /// Writes on an evaluator's sheet. What `beside` makes is written with it.
    ///
    /// # Errors
    /// The outer one is the store's, the inner one says why it cannot be written down.
    pub async fn write_down(
        &self,
        judged: &Judged,
        evaluator: SmolStr,
        write: impl Fn(&mut Sheet, Timestamp) -> Result<(), Refused>,
        beside: impl Fn(&Sheet) -> Option<Change>,
    ) -> Result<Result<Sheet, Refused>, Refusal> {
        let archive = self.archive();
        let now = self.inner.runtime.clock().now();
        if let Some(Err(late)) = judged.ended_at.map(|ended_at| still_open(ended_at, now)) {
            return Ok(Err(late));
        }
        let mut tries = 0;
        loop {
            let (kept, expect) = archive.sheet(judged.run, &evaluator)?;
            if kept.is_none() && judged.sheets.len() >= EVALUATORS_MAX {
                return Ok(Err(Refused::Full(EVALUATORS_MAX)));
            }
            let mut sheet = kept
                .unwrap_or_else(|| Sheet::new(judged.run, judged.drill.clone(), evaluator.clone()));
            if let Err(refused) = write(&mut sheet, now) {
                return Ok(Err(refused));
            }
            let changes = std::iter::once(keep_sheet(&sheet, expect)).chain(beside(&sheet));
            match archive.put(changes.collect()).await {
                Err(StoreError::Stale { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    self.inner.results.send_modify(|told| *told += 1);
                    return Ok(Ok(sheet));
                }
            }
        }
    }
}

impl Inner {
    async fn judged(&self, run: DrillRunId) -> Result<Option<Judged>, Refusal> {
        let archive = self.archive.clone();
        let read = tokio::task::spawn_blocking(move || {
            let sheets = archive.sheets(run)?;
            if let Some(result) = archive.result(run)? {
                return Ok(Ok(Judged::of(&result, sheets)));
            }
            let exercise = archive.exercises()?.into_iter().find(|one| one.run == run);
            Ok::<_, StoreError>(Err((exercise, sheets)))
        });
        let found = read.await.map_err(|_| Refusal::Store(StoreError::Stopped))??;
        match found {
            Ok(judged) => Ok(Some(judged)),
            Err((None, _)) => Ok(None),
            Err((Some(exercise), sheets)) => self.under_way(&exercise, sheets).await.map(Some),
        }
    }

    async fn under_way(&self, exercise: &Exercise, sheets: Vec<Sheet>) -> Result<Judged, Refusal> {
        let scenario = self.scenario_of(exercise).await?.ok().map(|(scenario, _)| scenario);
        let expect = scenario.as_ref().map(|scenario| scenario.expect.as_slice());
        Ok(Judged {
            run: exercise.run,
            drill: exercise.drill.clone(),
            playbook: scenario.as_ref().map(|scenario| scenario.playbook.clone()),
            questions: questions_of(expect.unwrap_or_default()),
            ended_at: None,
            sheets,
        })
    }
}
