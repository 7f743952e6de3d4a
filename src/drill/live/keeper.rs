//! Keeps the calendar: looks at the clock, decides, stores the decision, starts what is due.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Inner, gives_way};
use crate::drill::archive::{keep_diary, keep_exercise, keep_result};
use crate::drill::book::Book;
use crate::drill::calendar::{Calendar, MissedWhy};
use crate::drill::diary::{Diary, Looked, Planned};
use crate::drill::exercise::Exercise;
use crate::drill::invitation::{broken, withdrawn};
use crate::drill::scenario::{RunAs, Scenario};
use crate::id::DrillId;
use crate::runtime::{LetterAbout, Refusal};
use crate::text::{Lang, Text};

/// The longest sleep: a reload, a jump of the clock or a confirmed safe start is noticed by then.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Keeps the calendar until it is stopped.
pub(super) async fn keep(inner: Arc<Inner>) {
    let mut known: Option<Arc<Book>> = None;
    while !inner.stop.is_cancelled() {
        // Looking takes time: what falls due meanwhile is found from the instant that was looked at.
        let now = inner.runtime.clock().now();
        // Nothing starts by itself before a person has confirmed a safe start.
        if !inner.runtime.is_held() {
            inner.look(now).await;
            inner.close_diaries(&mut known).await;
        }
        let until = inner.next_look(now);
        tokio::select! {
            () = inner.runtime.clock().sleep_until(until) => {}
            () = inner.changed.notified() => {}
            () = inner.stop.cancelled() => {}
        }
    }
}

impl Inner {
    fn next_look(&self, now: Timestamp) -> Timestamp {
        let latest = now.saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        let book = self.book();
        let planned = book.iter().filter_map(|drill| drill.calendar.as_ref()?.next_after(now));
        planned.min().unwrap_or(latest).min(latest)
    }

    /// Looks at every drill that has a schedule.
    async fn look(self: &Arc<Self>, now: Timestamp) {
        for (drill, why) in self.book().broken() {
            if let Err(error) = self.look_without(drill, why, now).await {
                tracing::error!(%drill, %error, "what it missed could not be kept");
            }
        }
        for scenario in self.book().iter() {
            let Some(calendar) = &scenario.calendar else { continue };
            let drill = &scenario.id;
            if let Err(error) = self.look_at(scenario, calendar, now).await {
                tracing::error!(%drill, %error, "its schedule could not be kept");
            }
            if let Err(error) = self.announce(scenario, now).await {
                tracing::error!(%drill, %error, "it could not be announced");
            }
        }
    }

    /// Records what a drill misses whose file has errors, and tells those who administer firebell.
    async fn look_without(
        &self,
        drill: &DrillId,
        why: &Text,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(mut diary) = self.archive.diary(drill)? else { return Ok(()) };
        let waiting = diary.to_start.clone();
        let looked = diary.look_without(now, why);
        self.keep_missed(drill, (waiting, &diary), looked, broken(drill, why)).await
    }

    /// Closes the diaries of drills that are not planned any more, where the book has changed.
    async fn close_diaries(&self, known: &mut Option<Arc<Book>>) {
        let book = self.book();
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &book)) {
            return;
        }
        match self.close_diaries_but_of(&book).await {
            Ok(()) => *known = Some(book),
            Err(error) => tracing::error!(%error, "what drills that are gone missed is not kept"),
        }
    }

    async fn close_diaries_but_of(&self, book: &Book) -> Result<(), Refusal> {
        let unplanned = |drill: &DrillId| {
            let scenario = book.get(drill.as_str());
            scenario.map_or_else(|| book.is_gone(drill), |drill| drill.calendar.is_none())
        };
        let diaries = self.archive.diaries()?.into_iter();
        for (drill, mut diary) in diaries.filter(|(drill, _)| unplanned(drill)) {
            let why = Text::both("演练文件或其日程已删除", "its file or its schedule is gone");
            let waiting = diary.to_start.clone();
            let looked = diary.close(&why);
            self.keep_missed(&drill, (waiting, &diary), looked, withdrawn(&drill, &why)).await?;
        }
        Ok(())
    }

    /// Keeps what a drill that cannot start missed, and tells those who administer firebell.
    async fn keep_missed(
        &self,
        drill: &DrillId,
        (waited, diary): (Vec<Planned>, &Diary),
        looked: Looked,
        (subject, text): (Text, Text),
    ) -> Result<(), Refusal> {
        if !looked.changed {
            return Ok(());
        }
        let mut changes = vec![keep_diary(drill, diary)];
        if looked.missed > 0 {
            tracing::warn!(%drill, "planned runs did not take place: {}", text.get(Lang::En));
            let admins = self.runtime.administrators().into_iter();
            changes.extend(self.runtime.letter(admins, LetterAbout::Drill, subject, text));
        }
        self.archive.put(changes).await?;
        waited.iter().for_each(|planned| self.forget_simulation(planned.run));
        self.runtime.letters_leave();
        Ok(())
    }

    async fn look_at(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let drill = &scenario.id;
        let Some(mut diary) = self.archive.diary(drill)? else {
            let diary = Diary::begin(calendar, now);
            return Ok(self.archive.put(vec![keep_diary(drill, &diary)]).await?);
        };
        let running = self.is_running(drill);
        let ids = self.runtime.ids();
        let looked = diary.look(calendar, now, running, &mut || ids.drill_run(now));
        if looked.clock_behind {
            let until = diary.decided_until;
            tracing::error!(%drill, %until, "the clock stands far behind what was decided");
        }
        if looked.missed > 0 {
            tracing::warn!(%drill, missed = looked.missed, "planned runs did not take place");
        }
        if looked.changed {
            self.archive.put(vec![keep_diary(drill, &diary)]).await?;
        }
        let zone = calendar.schedule.zone();
        for planned in diary.to_start.clone() {
            self.attend(scenario, (planned, zone), &mut diary, now).await?;
        }
        Ok(())
    }

    /// Starts a planned run. The diary strikes it out in the same write that records its beginning
    /// or its result.
    pub(super) async fn start_planned(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        planned: Planned,
        diary: &mut Diary,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let drill = &scenario.id;
        let Planned { at, run, late, .. } = planned;
        // A simulated one is looked at again until it is there.
        if scenario.run != RunAs::Simulated || !self.is_simulating(run) {
            tracing::info!(%drill, %run, %at, late, "a planned drill starts");
        }
        match scenario.run {
            RunAs::Simulated => {
                // Until it is there the run stays on the list: a stop of firebell loses nothing.
                let Some(result) = self.simulated_for_calendar(scenario, run, at)? else {
                    return Ok(());
                };
                diary.started(run);
                let changes = vec![keep_result(&result), keep_diary(drill, diary)];
                self.archive.put(changes).await?;
                self.forget_simulation(run);
                self.count(result.verdict);
                Ok(())
            }
            RunAs::Exercise | RunAs::Tabletop => {
                if let Some(number) = self.live_incident_for(scenario, &BTreeSet::new()).await? {
                    tracing::warn!(%drill, %at, "{}", gives_way(number).get(Lang::En));
                    diary.give_up(planned, MissedWhy::LiveIncident, Some(gives_way(number)));
                    return Ok(self.archive.put(vec![keep_diary(drill, diary)]).await?);
                }
                if let Some(why) = self.preparation(scenario, now).await?.why_not() {
                    let because = (MissedWhy::NotReady, why);
                    return self.call_off(scenario, planned, diary, because).await;
                }
                diary.started(run);
                let exercise = Exercise::begin(scenario, run, Some(at), now);
                let mut changes = vec![keep_exercise(&exercise), keep_diary(drill, diary)];
                changes.extend(self.startled(scenario, now)?);
                self.archive.put(changes).await?;
                self.conduct(exercise);
                Ok(())
            }
            RunAs::Shadow => {
                tracing::warn!(%drill, %at, run_as = scenario.run.name(), "a shadow goes beside a live incident, not by a calendar");
                diary.give_up(planned, MissedWhy::NotAvailable, None);
                Ok(self.archive.put(vec![keep_diary(drill, diary)]).await?)
            }
        }
    }
}
