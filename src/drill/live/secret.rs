//! Drills that nobody is told of: those who watch over them know when they begin, and nobody is paged
//! by two of them within a week.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Inner;
use crate::drill::absence::Scene;
use crate::drill::announce::{Turn, begins_at, turn};
use crate::drill::archive::{keep_diary, keep_paged};
use crate::drill::calendar::MissedWhy;
use crate::drill::diary::{Diary, Planned};
use crate::drill::exercise::Exercise;
use crate::drill::invitation::confided;
use crate::drill::scenario::Scenario;
use crate::engine::{Fact, Recipient};
use crate::id::PersonId;
use crate::runtime::{LetterAbout, Refusal};
use crate::store::Change;
use crate::text::Text;

/// Lists when the decided runs of a drill without notice begin.
pub(super) fn begins(scenario: &Scenario, diary: Option<&Diary>) -> Vec<Timestamp> {
    let (true, Some(calendar), Some(diary)) =
        (scenario.is_unannounced(), &scenario.calendar, diary)
    else {
        return Vec::new();
    };
    let zone = calendar.schedule.zone();
    let planned = diary.to_start.iter();
    planned.filter_map(|planned| begins_at(scenario.notice, *planned, zone)).collect()
}

impl Inner {
    /// Attends to a run that is decided: starts it when its time has come.
    pub(super) async fn attend(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        (planned, zone): (Planned, &TimeZone),
        diary: &mut Diary,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let paged =
            if scenario.is_unannounced() { self.last_paged(scenario, now).await? } else { None };
        match turn(scenario.notice, planned, zone, now, paged) {
            Turn::Waits(at) => self.confide(scenario, planned, diary, at).await,
            Turn::Begins => self.start_planned(scenario, planned, diary, now).await,
            Turn::PutOff { until } => {
                tracing::info!(drill = %scenario.id, run = %planned.run, "a drill is put off");
                diary.put_off(planned.run, until);
                Ok(self.archive.put(vec![keep_diary(&scenario.id, diary)]).await?)
            }
            Turn::GivenUp(why) => {
                self.call_off(scenario, planned, diary, (why, in_words(why))).await
            }
        }
    }

    /// Tells those who watch over a drill when it begins, once, in the write that notes it.
    async fn confide(
        &self,
        scenario: &Scenario,
        planned: Planned,
        diary: &mut Diary,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        if planned.told || !scenario.is_unannounced() {
            return Ok(());
        }
        let officers = scenario.officers(&self.runtime.directory());
        let (subject, text) = confided(scenario, at, &self.runtime.zone());
        diary.told(planned.run);
        let mut changes = vec![keep_diary(&scenario.id, diary)];
        let officers = officers.into_iter();
        changes.extend(self.runtime.letter(officers, LetterAbout::Drill, subject, text));
        self.archive.put(changes).await?;
        self.runtime.letters_leave();
        Ok(())
    }

    /// Returns the writes that note whom a drill without notice is about to page.
    pub(super) fn startled(
        &self,
        scenario: &Scenario,
        now: Timestamp,
    ) -> Result<Vec<Change>, Refusal> {
        if !scenario.is_unannounced() {
            return Ok(Vec::new());
        }
        let first = self.asked_first(scenario, now)?;
        Ok(first.iter().map(|person| keep_paged(person, now)).collect())
    }

    /// Returns the writes that note whom a drill without notice has paged, once it is over.
    pub(super) async fn paged_in(&self, exercise: &Exercise) -> Result<Vec<Change>, Refusal> {
        let (true, Some(incident)) = (exercise.unannounced, exercise.incident) else {
            return Ok(Vec::new());
        };
        let mut last: BTreeMap<PersonId, Timestamp> = BTreeMap::new();
        for event in self.journal(incident).await?.0 {
            if let Fact::NoticeQueued { notice } = event.fact
                && let Recipient::Person(person) = notice.to
            {
                last.insert(person, event.recorded_at);
            }
        }
        Ok(last.into_iter().map(|(person, at)| keep_paged(&person, at)).collect())
    }

    /// Returns when one of those who would be asked first was last paged by a drill without notice.
    async fn last_paged(
        &self,
        scenario: &Scenario,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        let first = self.asked_first(scenario, now)?;
        let mut last = None;
        for person in &first {
            last = last.max(self.archive.paged(person)?);
        }
        for exercise in self.archive.exercises()?.into_iter().filter(|one| one.unannounced) {
            let Some(incident) = exercise.incident else { continue };
            let seen = self.runtime.incident(incident).await?;
            let busy = seen.incident.roles.values().flat_map(|role| role.tenure.people());
            if busy.into_iter().any(|person| first.contains(person)) {
                last = last.max(Some(now));
            }
        }
        Ok(last)
    }

    fn asked_first(
        &self,
        scenario: &Scenario,
        now: Timestamp,
    ) -> Result<BTreeSet<PersonId>, Refusal> {
        let (playbook, directory) = (self.playbook_of(scenario)?, self.runtime.directory());
        let scene = Scene { playbook: &playbook, directory: &directory, incident: None, now };
        Ok(playbook.roles.keys().flat_map(|role| scene.who_has(role)).collect())
    }
}

fn in_words(why: MissedWhy) -> Text {
    if why == MissedWhy::PagedLately {
        return Text::both(
            "先被找到的人中有人七天内刚被不预告的演练呼叫过，这次的时间窗里再没有合适的时刻",
            "somebody who would be asked first was paged by a drill without notice within the last \
             seven days, and the time it had to begin in has no hour left",
        );
    }
    Text::both(
        "它该开始时 firebell 没有运行，时间窗里再没有合适的时刻",
        "firebell was not running when it was to begin, and the time it had has no hour left",
    )
}
