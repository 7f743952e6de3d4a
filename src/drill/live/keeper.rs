//! Keeps the calendar: looks at the clock, decides, stores the decision, starts what is due.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Inner, gives_way};
use crate::drill::archive::{keep_diary, keep_exercise, keep_result};
use crate::drill::calendar::{Calendar, MissedWhy};
use crate::drill::diary::{Diary, Planned};
use crate::drill::exercise::Exercise;
use crate::drill::invitation::broken;
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::simulate::Take;
use crate::id::DrillId;
use crate::runtime::{LetterAbout, Refusal};
use crate::text::{Lang, Text};

/// The longest sleep: a reload, a jump of the clock or a confirmed safe start is noticed by then.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Keeps the calendar until it is stopped.
pub(super) async fn keep(inner: Arc<Inner>) {
    while !inner.stop.is_cancelled() {
        // Looking takes time: what falls due meanwhile is found from the instant that was looked at.
        let now = inner.runtime.clock().now();
        // Nothing starts by itself before a person has confirmed a safe start.
        if !inner.runtime.is_held() {
            inner.look(now).await;
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
        let looked = diary.look_without(now, why);
        if !looked.changed {
            return Ok(());
        }
        let mut changes = vec![keep_diary(drill, &diary)];
        if looked.missed > 0 {
            let error = why.get(Lang::En);
            tracing::warn!(%drill, error, "planned runs did not take place: its file has errors");
            let (subject, text) = broken(drill, why);
            let admins = self.runtime.administrators().into_iter();
            changes.extend(self.runtime.letter(admins, LetterAbout::Drill, subject, text));
        }
        self.archive.put(changes).await?;
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
        tracing::info!(%drill, %run, %at, late, "a planned drill starts");
        match scenario.run {
            RunAs::Simulated => {
                let take = Take { run, begin: at, seed: scenario.seed };
                let mut result = self.simulate(scenario, take).await?;
                result.planned_at = Some(at);
                diary.started(run);
                let changes = vec![keep_result(&result), keep_diary(drill, diary)];
                self.archive.put(changes).await?;
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
