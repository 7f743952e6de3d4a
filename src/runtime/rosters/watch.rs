//! The look-ahead: once a day, and after a start, rosters are read for the weeks to come, and whoever
//! keeps them is told of each gap and each unreachable person once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendars::CalendarSource;
use super::handover::Asking;
use super::tell::{self, Draft};
use crate::id::{PersonId, ScheduleId};
use crate::people::{Directory, Trouble, TroubleKind};
use crate::runtime::service::{Inner, Runtime};
use crate::store::{Change, Expect, Kind, StoreError};
use crate::text::Text;

/// How far ahead the server looks by itself.
pub const LOOK_AHEAD_DAYS: u16 = 14;
/// How far ahead anyone may ask.
pub const LOOK_AHEAD_DAYS_MAX: u16 = 180;
/// How often it looks.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How long after the start it looks first.
const FIRST: SignedDuration = SignedDuration::from_mins(3);
/// How many members of a team that uses a schedule are told, where nobody administers rosters.
const OWNERS_MAX: usize = 3;
/// How many stretches one message tells.
const TOLD_MAX: usize = 10;

/// What the configuration says of rosters beside who has which turn.
#[derive(Debug, Clone, Default)]
pub struct RosterSettings {
    /// Schedules whose gaps are meant.
    pub intended: BTreeSet<ScheduleId>,
    /// Those who administer the installation.
    pub admins: BTreeSet<PersonId>,
    /// How shifts are handed over, where a schedule says.
    pub handovers: BTreeMap<ScheduleId, Asking>,
    /// Where schedules that take their shifts from a calendar have it from.
    pub calendars: BTreeMap<ScheduleId, CalendarSource>,
}

/// What was found when rosters were last looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Stretches in which nobody is on call.
    pub gaps: u64,
    /// Stretches in which somebody is on call whom nothing reaches.
    pub unreachable: u64,
}

/// A stretch that was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    from: Timestamp,
    to: Timestamp,
    kind: TroubleKind,
}

impl Told {
    fn covers(&self, trouble: &Trouble) -> bool {
        self.kind == trouble.kind && self.from < trouble.to && trouble.from < self.to
    }
}

impl Runtime {
    /// Finds what is wrong with rosters in the days from now, over the effective rosters; gaps that
    /// are meant are left out.
    #[must_use]
    pub fn troubles(&self, only: Option<&ScheduleId>, days: u16) -> Vec<Trouble> {
        self.inner().troubles(only, days)
    }

    /// Returns what was found at the last look, counted.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        **self.inner().outlook.load()
    }
}

impl Inner {
    fn troubles(&self, only: Option<&ScheduleId>, days: u16) -> Vec<Trouble> {
        let (directory, now) = (self.directory.load_full(), self.clock.now());
        let ahead = SignedDuration::from_hours(24 * i64::from(days.min(LOOK_AHEAD_DAYS_MAX)));
        let end = now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
        let wanted = directory.schedules().filter(|s| only.is_none_or(|only| *only == s.id));
        let found = wanted.flat_map(|schedule| directory.troubles(&schedule.id, now, end));
        let meant = |trouble: &Trouble| {
            trouble.kind == TroubleKind::Nobody
                && self.roster_settings.intended.contains(&trouble.schedule)
        };
        found.filter(|trouble| !meant(trouble)).collect()
    }

    /// Looks once, and tells of what nobody was told of.
    async fn look_ahead(self: &Arc<Self>) -> Result<(), StoreError> {
        let found = self.troubles(None, LOOK_AHEAD_DAYS);
        let count = |kind| found.iter().filter(|trouble| trouble.kind == kind).count() as u64;
        let (gaps, unreachable) = (count(TroubleKind::Nobody), count(TroubleKind::Unreachable));
        self.outlook.store(Arc::new(Outlook { gaps, unreachable }));
        let mut by_schedule: BTreeMap<ScheduleId, Vec<Trouble>> = BTreeMap::new();
        for trouble in found {
            by_schedule.entry(trouble.schedule.clone()).or_default().push(trouble);
        }
        for (schedule, troubles) in by_schedule {
            self.tell_of_troubles(&schedule, &troubles).await?;
        }
        Ok(())
    }

    async fn tell_of_troubles(
        self: &Arc<Self>,
        schedule: &ScheduleId,
        troubles: &[Trouble],
    ) -> Result<(), StoreError> {
        let name = format!("gaps/{schedule}");
        let document = self.store.document(Kind::RosterNotice, &name)?;
        let known = document.and_then(|known| known.read());
        let mut told: Vec<Told> = known.unwrap_or_default();
        let is_new = |trouble: &&Trouble| !told.iter().any(|told| told.covers(trouble));
        let new: Vec<Trouble> = troubles.iter().filter(is_new).cloned().collect();
        let now = self.clock.now();
        told.retain(|told| told.to > now);
        let seen = troubles.iter().map(|t| Told { from: t.from, to: t.to, kind: t.kind });
        told.retain(|old| !troubles.iter().any(|trouble| old.covers(trouble)));
        told.extend(seen);
        let mut changes = vec![Change::keep(Kind::RosterNotice, name, Expect::Any, &told)];
        if !new.is_empty() {
            let directory = self.directory.load_full();
            let keepers = keepers(&directory, &self.roster_settings, schedule);
            let draft = words(self.place().zone, &directory, schedule, &new);
            changes.extend(self.post(keepers.into_iter(), draft));
        }
        self.store.put(changes).await?;
        self.posted();
        Ok(())
    }
}

/// Looks ahead until `inner` is drained.
pub(in crate::runtime) async fn run(inner: Arc<Inner>) {
    let mut pause = FIRST;
    loop {
        let until = inner.clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = inner.drain.cancelled() => return,
        }
        pause = EVERY;
        if inner.is_held() {
            continue;
        }
        if let Err(error) = inner.look_ahead().await {
            tracing::warn!(%error, "looking ahead on the rosters stopped; it goes on tomorrow");
        }
    }
}

/// Those who are told: who administers the installation, and who leads the teams that use the
/// schedule; where there are none, those who have its turns.
pub(super) fn keepers(
    directory: &Directory,
    settings: &RosterSettings,
    schedule: &ScheduleId,
) -> BTreeSet<PersonId> {
    let teams = directory.teams().filter(|team| team.schedule.as_ref() == Some(schedule));
    let owners = teams.flat_map(|team| team.members.iter().take(OWNERS_MAX));
    let mut keepers: BTreeSet<PersonId> = owners.chain(&settings.admins).cloned().collect();
    keepers.retain(|person| directory.is_reachable(person));
    if keepers.is_empty()
        && let Some(known) = directory.schedule(schedule)
    {
        let people = known.people().into_iter().filter(|person| directory.is_reachable(person));
        keepers.extend(people.take(OWNERS_MAX).cloned());
    }
    keepers
}

fn words(
    zone: &crate::people::Zone,
    directory: &Directory,
    schedule: &ScheduleId,
    new: &[Trouble],
) -> Draft {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for trouble in new.iter().take(TOLD_MAX) {
        let (when_zh, when_en) = tell::span(zone, trouble.from, trouble.to);
        let people: Vec<&str> = trouble.people.iter().map(PersonId::as_str).collect();
        match trouble.kind {
            TroubleKind::Nobody => {
                zh.push(format!("无人值班：{when_zh}"));
                en.push(format!("Nobody is on call: {when_en}"));
            }
            TroubleKind::Unreachable => {
                zh.push(format!("{} 没有联系方式：{when_zh}", people.join("、")));
                en.push(format!("{} cannot be reached: {when_en}", people.join(", ")));
            }
        }
    }
    if new.len() > TOLD_MAX {
        let more = new.len() - TOLD_MAX;
        zh.push(format!("另有 {more} 段"));
        en.push(format!("and {more} more"));
    }
    let (zh_title, en_title) = tell::titles(directory, schedule);
    let subject =
        Text::both(format!("{zh_title}：值班空缺"), format!("{en_title}: gaps in the roster"));
    let help = "\nfirebell oncall gaps · firebell oncall override";
    Draft::new(subject, Text::both(zh.join("\n") + help, en.join("\n") + help))
}
