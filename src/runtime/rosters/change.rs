//! Making and taking back overrides: who may, for how long, and what it does to the roster.

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::record::{OVERRIDES_MAX, Standing, stored_overrides};
use super::{KeptOverride, RosterError, Stamp, StoredOverride, known_person, known_schedule, tell};
use crate::id::{PersonId, ScheduleId};
use crate::people::{Directory, Override, Segment};
use crate::runtime::service::{Inner, Runtime};
use crate::runtime::{Caller, Missing, Refusal, Scope};
use crate::store::{Change, Expect, Kind, StoreError};
use crate::text::Text;

/// The longest override, in days: a quarter. What lasts longer belongs into the configuration.
pub const OVERRIDE_DAYS_MAX: i64 = 92;
/// How far ahead an override may begin, in days: a year and a month of holidays.
const AHEAD_DAYS_MAX: i64 = 400;
/// How far back a correction may reach, in days: the month that is being accounted for.
const BACK_DAYS_MAX: i64 = 62;
/// How far the clock of whoever asks may be behind.
const SLACK: SignedDuration = SignedDuration::from_mins(5);
/// The longest note and reason, in characters.
const WORDS_MAX: usize = 500;
/// How long an override is kept after its end, in days: over a year, for whoever settles accounts.
const KEPT_DAYS: i64 = 400;
/// How many old ones are forgotten with one new one.
const FORGOTTEN_AT_ONCE: usize = 100;

/// An override to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOverride {
    /// The schedule.
    pub schedule: ScheduleId,
    /// The change.
    pub change: Override,
    /// Why, for those who review it; a correction needs one.
    pub reason: Option<String>,
    /// It sets right what the roster said of the past.
    pub correction: bool,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The override.
    pub kept: KeptOverride,
    /// The ids of the overrides that it wins over while both hold.
    pub over: Vec<String>,
    /// The stretches of it in which nobody is on call.
    pub gaps: Vec<Segment>,
}

/// Which overrides are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this schedule.
    pub schedule: Option<ScheduleId>,
    /// Those that hold at or after this instant.
    pub from: Option<Timestamp>,
    /// Those that hold before this instant.
    pub to: Option<Timestamp>,
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

impl Runtime {
    /// Makes an override: durable, and in force when this returns. What `beside` makes of it is
    /// written with it. The people concerned are told.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn add_override(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        new: NewOverride,
        beside: impl FnOnce(&Made) -> Option<Change> + Send,
    ) -> Result<Made, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (base, now) = (inner.base_directory.load_full(), inner.clock.now());
        let directory = inner.directory.load_full();
        check(&base, &directory, caller, &new, now)?;
        let stamp = Stamp { at: now, by: caller.actor.clone(), token };
        let stored = StoredOverride {
            schedule: new.schedule,
            change: new.change,
            reason: new.reason,
            correction: new.correction,
            made: Some(stamp),
            swap: None,
            withdrawn: None,
        };
        let all = stored_overrides(&*inner.store)?;
        let made = laid(&directory, &all, stored, now);
        if !made.gaps.is_empty() && caller.scope < Scope::Commander {
            return Err(RosterError::LeavesNobody(Text::both(
                "这样将无人值班；请指定接班人，或由指挥来调整",
                "Nobody would be on call; name who stands in, or ask a commander to do it",
            )));
        }
        let mut changes = vec![made.kept.stored.write(&made.kept.id, Expect::Absent)];
        changes.extend(beside(&made));
        changes.extend(forgotten(&all, now)?);
        changes.extend(inner.tell_of_override(&made.kept, tell::News::Made, &directory));
        inner.store.put(changes).await?;
        inner.lay_anew()?;
        inner.posted();
        Ok(made)
    }

    /// Takes an override back, and the other half of a swap with it. What it did until now stays
    /// done. Taking back twice is allowed.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn withdraw_override(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        id: &str,
    ) -> Result<KeptOverride, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (now, all) = (inner.clock.now(), stored_overrides(&*inner.store)?);
        let unknown = || Refusal::NotFound {
            what: Missing::Override,
            name: id.to_owned(),
            closest: Vec::new(),
        };
        let found = all.iter().find(|kept| kept.id == id).ok_or_else(unknown)?;
        if found.stored.withdrawn.is_some() {
            return Ok(found.clone());
        }
        may_withdraw(caller, found)?;
        if found.stored.change.to <= now {
            return Err(RosterError::Ended(Text::both(
                "此调班已结束；过去的班次只能以 correction 更正",
                "This override has ended; the past is set right with `correction` alone",
            )));
        }
        let swap = found.stored.swap.as_ref();
        let halves = all.iter().filter(|kept| {
            let half = swap.is_some() && kept.stored.swap.as_ref() == swap;
            (kept.id == id || half)
                && kept.stored.withdrawn.is_none()
                && kept.stored.change.to > now
        });
        let mut changed: Vec<KeptOverride> = halves.cloned().collect();
        for kept in &mut changed {
            let by = caller.actor.clone();
            kept.stored.withdrawn = Some(Stamp { at: now, by, token: token.clone() });
        }
        let write =
            |kept: &KeptOverride| kept.stored.write(&kept.id, Expect::Version(kept.version));
        let mut changes: Vec<Change> = changed.iter().map(write).collect();
        let directory = inner.directory.load_full();
        let tell = |kept| inner.tell_of_override(kept, tell::News::Withdrawn, &directory);
        changes.extend(changed.iter().filter_map(tell));
        inner.store.put(changes).await?;
        inner.lay_anew()?;
        inner.posted();
        changed.into_iter().find(|kept| kept.id == id).ok_or_else(|| unknown().into())
    }

    /// Lists overrides in the order in which they were made, with how they stand. Blocks shortly on
    /// the disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn overrides(&self, wanted: &Wanted) -> Result<Vec<(KeptOverride, Standing)>, StoreError> {
        let inner = self.inner();
        let (base, now) = (inner.base_directory.load_full(), inner.clock.now());
        let of = |kept: &KeptOverride| {
            let change = &kept.stored.change;
            wanted.schedule.as_ref().is_none_or(|only| *only == kept.stored.schedule)
                && wanted.from.is_none_or(|from| change.to > from)
                && wanted.to.is_none_or(|to| change.from < to)
        };
        let all = stored_overrides(&*inner.store)?.into_iter().filter(of);
        Ok(all.map(|kept| (kept.stored.standing(&base, now), kept)).map(|(s, k)| (k, s)).collect())
    }
}

impl Inner {
    fn tell_of_override(
        &self,
        kept: &KeptOverride,
        news: tell::News,
        before: &Directory,
    ) -> Option<Change> {
        let letter = tell::of_override(self.place().zone, before, kept, news);
        let stamp = match news {
            tell::News::Made => &kept.stored.made,
            tell::News::Withdrawn => &kept.stored.withdrawn,
        };
        let doer = stamp.as_ref().and_then(|stamp| stamp.by.acting_person());
        let people = tell::concerned(before, kept);
        self.post(people.into_iter().filter(|person| Some(person) != doer), letter)
    }
}

/// Checks everything that can be said without the other overrides.
fn check(
    base: &Directory,
    directory: &Directory,
    caller: &Caller,
    new: &NewOverride,
    now: Timestamp,
) -> Result<(), RosterError> {
    known_schedule(base, &new.schedule)?;
    for person in new.change.off().into_iter().chain(new.change.person()) {
        known_person(base, person)?;
    }
    let faults = base.override_faults(&new.schedule, &new.change);
    if !faults.is_empty() {
        return Err(RosterError::Faults(faults));
    }
    bounded(new, now)?;
    may_make(directory, caller, new)
}

fn bounded(new: &NewOverride, now: Timestamp) -> Result<(), RosterError> {
    let Override { from, to, note, .. } = &new.change;
    let field =
        |pointer, zh: String, en: String| Err(RosterError::Field(pointer, Text::both(zh, en)));
    let long = |words: &Option<String>| {
        words.as_ref().is_some_and(|words| words.chars().count() > WORDS_MAX)
    };
    for (pointer, words) in [("/note", note), ("/reason", &new.reason)] {
        if long(words) {
            let (zh, en) = (format!("最多 {WORDS_MAX} 个字符"), format!("At most {WORDS_MAX}"));
            return field(pointer, zh, format!("{en} characters"));
        }
    }
    if to.duration_since(*from) > days(OVERRIDE_DAYS_MAX) {
        let zh = format!("一次调班最长 {OVERRIDE_DAYS_MAX} 天；更长的请写入配置");
        let en = format!("At most {OVERRIDE_DAYS_MAX} days; what lasts longer is configured");
        return field("/to", zh, en);
    }
    if from.duration_since(now) > days(AHEAD_DAYS_MAX) {
        let zh = format!("最早只能提前 {AHEAD_DAYS_MAX} 天");
        return field("/from", zh, format!("At most {AHEAD_DAYS_MAX} days ahead"));
    }
    if now.duration_since(*from) <= SLACK {
        return Ok(());
    }
    if !new.correction {
        let zh = "不能改动已过去的班次；更正历史请加 correction 和 reason";
        let en = "This lies in the past; to set the past right, give `correction` and `reason`";
        return field("/from", zh.to_owned(), en.to_owned());
    }
    if now.duration_since(*from) > days(BACK_DAYS_MAX) {
        let zh = format!("更正最多回溯 {BACK_DAYS_MAX} 天");
        return field("/from", zh, format!("A correction reaches back {BACK_DAYS_MAX} days"));
    }
    if new.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
        let (zh, en) = ("更正须写明原因", "A correction needs a reason");
        return field("/reason", zh.to_owned(), en.to_owned());
    }
    Ok(())
}

/// A commander may change any shift. Everyone else may give their own away, or take one over.
fn may_make(directory: &Directory, caller: &Caller, new: &NewOverride) -> Result<(), RosterError> {
    let NewOverride { schedule, change, .. } = new;
    if caller.scope >= Scope::Commander {
        return Ok(());
    }
    let not_yours = |zh: &str, en: &str| Err(RosterError::NotYours(Text::both(zh, en)));
    let Some(own) = caller.actor.acting_person() else {
        return not_yours(
            "程序令牌调整班次需要 commander 权限",
            "A service changes shifts with the commander scope alone",
        );
    };
    if new.correction {
        return not_yours(
            "更正历史需要 commander 权限",
            "Setting the past right needs the commander scope",
        );
    }
    let takes_over = change.person() == Some(own);
    let gives_away = change.off() == Some(own);
    if !takes_over && !gives_away {
        return not_yours(
            "只能转出自己的班次，或由自己接班；其他调整需要 commander 权限",
            "You may give your own shift away or take one over; \
             all else needs the commander scope",
        );
    }
    let has_shift = |person: &PersonId| {
        let segments = directory.segments(schedule, change.from, change.to);
        segments.iter().any(|segment| segment.who.contains(person))
    };
    match change.off() {
        Some(off) if !has_shift(off) => Err(RosterError::NotOnCall(Text::both(
            format!("{off} 在这段时间没有班"),
            format!("{off} has no shift in that time"),
        ))),
        _ => Ok(()),
    }
}

fn may_withdraw(caller: &Caller, kept: &KeptOverride) -> Result<(), RosterError> {
    let own = caller.actor.acting_person();
    let made_by = kept.stored.made.as_ref().and_then(|made| made.by.acting_person());
    if caller.scope >= Scope::Commander || (own.is_some() && own == made_by) {
        return Ok(());
    }
    Err(RosterError::NotYours(Text::both(
        "只有提出者或指挥可以撤回此调班",
        "Only who made this override, or a commander, may take it back",
    )))
}

/// Works out what an override does among the others.
fn laid(
    directory: &Directory,
    all: &[KeptOverride],
    stored: StoredOverride,
    now: Timestamp,
) -> Made {
    let at = super::next_name(all.last().map(|kept| kept.id.as_str()), now);
    let id = format!("{at:020}-{}", stored.schedule);
    let met = all.iter().filter(|kept| kept.stored.meets(&stored.schedule, &stored.change));
    let over = met.map(|kept| kept.id.clone()).collect();
    let (next, _) = directory.with_overrides([(stored.schedule.clone(), stored.change.clone())]);
    let gaps = next.gaps(&stored.schedule, stored.change.from, stored.change.to);
    let were = directory.gaps(&stored.schedule, stored.change.from, stored.change.to);
    // A gap that was there before is no news of this override.
    let new = |gap: &Segment| !were.iter().any(|was| was.from <= gap.from && gap.to <= was.to);
    let gaps = gaps.into_iter().filter(new).collect();
    Made { kept: KeptOverride { id, version: 1, stored }, over, gaps }
}

/// Forgets what ended long ago.
fn forgotten(all: &[KeptOverride], now: Timestamp) -> Result<Vec<Change>, RosterError> {
    let old = |kept: &&KeptOverride| now.duration_since(kept.stored.change.to) > days(KEPT_DAYS);
    let gone: Vec<Change> = all
        .iter()
        .filter(old)
        .take(FORGOTTEN_AT_ONCE)
        .map(|kept| Change::delete(Kind::Override, kept.id.as_str(), Expect::Any))
        .collect();
    if all.len() >= OVERRIDES_MAX && gone.is_empty() {
        let why = Text::both(
            format!("调班记录已达 {OVERRIDES_MAX} 条的上限"),
            format!("There are {OVERRIDES_MAX} overrides already"),
        );
        return Err(Refusal::Unavailable(why).into());
    }
    Ok(gone)
}
