//! Swaps: a person offers a shift, or a part of one, to another or to anyone of the schedule;
//! accepting it makes the overrides of both sides in one write.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::record::stored_overrides;
use super::tell::{News, SwapNews};
use super::{
    KeptOverride, RosterError, Stamp, StoredOverride, known_person, known_schedule, missing, tell,
};
use crate::id::{PersonId, ScheduleId};
use crate::people::{Change as Shift, Directory, Override};
use crate::runtime::service::{Inner, Runtime};
use crate::runtime::{Caller, Missing, Refusal, Scope};
use crate::store::{Change, Expect, Kind, StoreError};
use crate::text::Text;

/// The most swaps that are kept and shown; those settled longest ago are forgotten first.
const SWAPS_MAX: usize = 2_000;
/// How many settled ones are forgotten with one new one.
const FORGOTTEN_AT_ONCE: usize = 50;
/// How long an offer stands where nobody says.
const STANDS_FOR: SignedDuration = SignedDuration::from_hours(48);
/// The longest shift offered at once.
const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(24 * 31);
/// How far ahead a shift may be offered.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24 * 400);
/// The longest note, in characters.
const NOTE_MAX: usize = 500;

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// An offer to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferSwap {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What is given away.
    pub give: Span,
    /// What is wanted in return; nothing where missing.
    pub take: Option<Span>,
    /// Who is asked; anyone of the schedule where missing.
    pub to: Option<PersonId>,
    /// Until when it stands.
    pub expires_at: Option<Timestamp>,
    /// Words for whoever is asked.
    pub note: Option<String>,
}

/// How an offer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// Somebody takes the shift.
    Accepted {
        /// Who.
        by: PersonId,
        /// The overrides that were made of it.
        overrides: Vec<String>,
    },
    /// Whoever was asked said no.
    Declined,
    /// Whoever offered it took it back.
    Withdrawn,
}

/// An offer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The schedule.
    pub schedule: ScheduleId,
    /// Whose shift it is.
    pub by: PersonId,
    /// What is given away.
    pub give: Span,
    /// What is wanted in return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Span>,
    /// Who is asked; anyone of the schedule where missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    /// Words for whoever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who offered it.
    pub made: Stamp,
    /// Until when it stands.
    pub expires_at: Timestamp,
    /// Those who said no to an offer to anyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<PersonId>,
    /// How it ended, and who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<(Stamp, Settled)>,
}

/// How an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwapState {
    /// It can be accepted.
    Open,
    /// Somebody takes the shift.
    Accepted,
    /// Whoever was asked said no.
    Declined,
    /// Whoever offered it took it back.
    Withdrawn,
    /// Nobody took it in time.
    Expired,
}

impl Swap {
    /// Tells how it stands at an instant.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SwapState {
        match &self.settled {
            Some((_, Settled::Accepted { .. })) => SwapState::Accepted,
            Some((_, Settled::Declined)) => SwapState::Declined,
            Some((_, Settled::Withdrawn)) => SwapState::Withdrawn,
            None if self.expires_at <= now => SwapState::Expired,
            None => SwapState::Open,
        }
    }

    fn write(&self, id: &str, expect: Expect) -> Change {
        Change::keep(Kind::Swap, id, expect, self)
    }

    /// Returns the overrides that carry it out, taken by `taker`.
    fn overrides(&self, id: &str, taker: &PersonId, stamp: &Stamp) -> Vec<StoredOverride> {
        let half = |span: Span, out: &PersonId, with: &PersonId| StoredOverride {
            schedule: self.schedule.clone(),
            change: Override {
                from: span.from,
                to: span.to,
                change: Shift::Replace { out: out.clone(), with: with.clone() },
                note: self.note.clone(),
            },
            reason: None,
            correction: false,
            made: Some(stamp.clone()),
            swap: Some(id.to_owned()),
            withdrawn: None,
        };
        let given = half(self.give, &self.by, taker);
        let taken = self.take.map(|take| half(take, taker, &self.by));
        std::iter::once(given).chain(taken).collect()
    }
}

/// An offer with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSwap {
    /// Its id.
    pub id: String,
    /// The version of its document.
    pub version: u64,
    /// What is stored.
    pub swap: Swap,
}

impl Runtime {
    /// Offers a shift of the caller; whoever is asked is told.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn offer_swap(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        offer: OfferSwap,
        beside: impl FnOnce(&KeptSwap) -> Option<Change> + Send,
    ) -> Result<KeptSwap, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (directory, now) = (inner.directory.load_full(), inner.clock.now());
        let by = caller.actor.acting_person().cloned().ok_or_else(only_people)?;
        check_offer(&directory, &by, &offer, now)?;
        let stamp = Stamp { at: now, by: caller.actor.clone(), token };
        let latest = offer.give.from.min(offer.take.map_or(offer.give.from, |take| take.from));
        let stands = now.saturating_add(STANDS_FOR).unwrap_or(Timestamp::MAX).min(latest);
        let swap = Swap {
            schedule: offer.schedule,
            by,
            give: offer.give,
            take: offer.take,
            to: offer.to,
            note: offer.note,
            made: stamp,
            expires_at: offer.expires_at.unwrap_or(stands),
            declined: Vec::new(),
            settled: None,
        };
        let all = inner.swaps()?;
        if all.len() >= SWAPS_MAX {
            let (zh, en) = ("待处理的换班申请过多", "There are too many open swaps");
            return Err(Refusal::Unavailable(Text::both(zh, en)).into());
        }
        let at = super::next_name(all.last().map(|kept| kept.id.as_str()), now);
        let kept = KeptSwap { id: format!("{at:020}"), version: 1, swap };
        let mut changes = vec![kept.swap.write(&kept.id, Expect::Absent)];
        changes.extend(beside(&kept));
        changes.extend(forgotten(&all, now));
        changes.extend(inner.tell_of_swap(&kept, SwapNews::Offered, &directory));
        inner.store.put(changes).await?;
        inner.posted();
        Ok(kept)
    }

    /// Takes an offered shift: the overrides of both sides are made in one write.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn accept_swap(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        id: &str,
        beside: impl FnOnce(&KeptSwap) -> Option<Change> + Send,
    ) -> Result<KeptSwap, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (directory, now) = (inner.directory.load_full(), inner.clock.now());
        let (mut kept, taker) = inner.open_swap(caller, &directory, id, now)?;
        let swap = &kept.swap;
        on_call_in(&directory, &swap.schedule, &swap.by, swap.give)?;
        if let Some(take) = swap.take {
            on_call_in(&directory, &swap.schedule, &taker, take)?;
        }
        let stamp = Stamp { at: now, by: caller.actor.clone(), token };
        let all = stored_overrides(&*inner.store)?;
        let first = super::next_name(all.last().map(|kept| kept.id.as_str()), now);
        let halves = swap.overrides(&kept.id, &taker, &stamp);
        let named = (first..).zip(halves).map(|(name, stored)| {
            let id = format!("{name:020}-{}", stored.schedule);
            KeptOverride { id, version: 1, stored }
        });
        let made: Vec<KeptOverride> = named.collect();
        let overrides = made.iter().map(|half| half.id.clone()).collect();
        kept.swap.settled = Some((stamp, Settled::Accepted { by: taker.clone(), overrides }));
        let expect = Expect::Version(kept.version);
        kept.version += 1;
        let mut changes = vec![kept.swap.write(&kept.id, expect)];
        changes.extend(made.iter().map(|half| half.stored.write(&half.id, Expect::Absent)));
        changes.extend(beside(&kept));
        for half in &made {
            let letter = tell::of_override(inner.place().zone, &directory, half, News::Made);
            let people = [kept.swap.by.clone(), taker.clone()].into_iter();
            changes.extend(inner.post(people.filter(|person| *person != taker), letter));
        }
        inner.store.put(changes).await?;
        inner.lay_anew()?;
        inner.posted();
        Ok(kept)
    }

    /// Says no to an offer; one to anyone goes on for the others.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn decline_swap(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        id: &str,
    ) -> Result<KeptSwap, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (directory, now) = (inner.directory.load_full(), inner.clock.now());
        let (mut kept, who) = inner.open_swap(caller, &directory, id, now)?;
        if kept.swap.to.is_some() {
            let stamp = Stamp { at: now, by: caller.actor.clone(), token };
            kept.swap.settled = Some((stamp, Settled::Declined));
        } else if !kept.swap.declined.contains(&who) {
            kept.swap.declined.push(who);
        }
        let told = match &kept.swap.to {
            Some(_) => inner.tell_of_swap(&kept, SwapNews::Declined, &directory),
            None => None,
        };
        inner.rewrite(kept, told).await
    }

    /// Takes an offer back.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn withdraw_swap(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        id: &str,
    ) -> Result<KeptSwap, RosterError> {
        let inner = self.inner();
        let _changing = inner.rosters.lock().await;
        let (directory, now) = (inner.directory.load_full(), inner.clock.now());
        let mut kept = inner.swap(id)?;
        let own = caller.actor.acting_person() == Some(&kept.swap.by);
        if !own && caller.scope < Scope::Commander {
            return Err(RosterError::NotYours(Text::both(
                "只有提出者或指挥可以撤回换班申请",
                "Only who offered the swap, or a commander, may withdraw it",
            )));
        }
        match kept.swap.state(now) {
            SwapState::Withdrawn => return Ok(kept),
            SwapState::Open => {}
            state => return Err(settled(state)),
        }
        let stamp = Stamp { at: now, by: caller.actor.clone(), token };
        kept.swap.settled = Some((stamp, Settled::Withdrawn));
        let told = inner.tell_of_swap(&kept, SwapNews::Withdrawn, &directory);
        inner.rewrite(kept, told).await
    }

    /// Lists offers, oldest first. Blocks shortly on the disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn swaps(&self) -> Result<Vec<KeptSwap>, StoreError> {
        self.inner().swaps()
    }
}

impl Inner {
    fn swaps(&self) -> Result<Vec<KeptSwap>, StoreError> {
        let documents = self.store.documents(Kind::Swap, "", SWAPS_MAX)?;
        let read = documents.into_iter().map(|document| {
            let swap =
                serde_json::from_slice(&document.content).map_err(|error| StoreError::Damaged {
                    what: format!("swap {}", document.name),
                    why: error.to_string(),
                })?;
            Ok(KeptSwap { id: document.name, version: document.version, swap })
        });
        read.collect()
    }

    fn swap(&self, id: &str) -> Result<KeptSwap, RosterError> {
        let found = self.swaps()?.into_iter().find(|kept| kept.id == id);
        found.ok_or_else(|| missing(Missing::Swap, id, std::iter::empty()).into())
    }

    /// Finds an open offer that the caller may answer, and as whom.
    fn open_swap(
        &self,
        caller: &Caller,
        directory: &Directory,
        id: &str,
        now: Timestamp,
    ) -> Result<(KeptSwap, PersonId), RosterError> {
        let kept = self.swap(id)?;
        let who = caller.actor.acting_person().cloned().ok_or_else(only_people)?;
        let swap = &kept.swap;
        let asked = swap.to.as_ref().map_or_else(
            || directory.takes_turns(&swap.schedule, &who) && who != swap.by,
            |to| *to == who,
        );
        if !asked {
            return Err(RosterError::NotYours(Text::both(
                "此换班申请没有问到您",
                "This swap is not offered to you",
            )));
        }
        match swap.state(now) {
            SwapState::Open => Ok((kept, who)),
            state => Err(settled(state)),
        }
    }

    async fn rewrite(
        &self,
        mut kept: KeptSwap,
        told: Option<Change>,
    ) -> Result<KeptSwap, RosterError> {
        let own = kept.swap.write(&kept.id, Expect::Version(kept.version));
        self.store.put(std::iter::once(own).chain(told).collect()).await?;
        self.posted();
        kept.version += 1;
        Ok(kept)
    }

    fn tell_of_swap(
        &self,
        kept: &KeptSwap,
        news: SwapNews,
        directory: &Directory,
    ) -> Option<Change> {
        let swap = &kept.swap;
        let letter = tell::of_swap(self.place().zone, directory, kept, news);
        let asked: Vec<PersonId> = match (&swap.to, directory.schedule(&swap.schedule)) {
            (Some(to), _) => vec![to.clone()],
            (None, Some(schedule)) => schedule.people().into_iter().cloned().collect(),
            (None, None) => Vec::new(),
        };
        match news {
            SwapNews::Offered | SwapNews::Withdrawn => {
                self.post(asked.into_iter().filter(|person| *person != swap.by), letter)
            }
            SwapNews::Declined => self.post(std::iter::once(swap.by.clone()), letter),
        }
    }
}

fn check_offer(
    directory: &Directory,
    by: &PersonId,
    offer: &OfferSwap,
    now: Timestamp,
) -> Result<(), RosterError> {
    known_schedule(directory, &offer.schedule)?;
    let field = |pointer, zh: &str, en: &str| Err(RosterError::Field(pointer, Text::both(zh, en)));
    for (pointer, span) in [("/from", Some(offer.give)), ("/in_return", offer.take)] {
        let Some(Span { from, to }) = span else { continue };
        if to <= from || to.duration_since(from) > LENGTH_MAX {
            return field(
                pointer,
                "结束应晚于开始，且最长 31 天",
                "It must end after it begins, and last 31 days at most",
            );
        }
        if from <= now || from.duration_since(now) > AHEAD_MAX {
            return field(
                pointer,
                "应在今后 400 天内开始",
                "It must begin within 400 days from now",
            );
        }
    }
    if let Some(to) = &offer.to {
        known_person(directory, to)?;
        if to == by {
            return field("/person", "不能与自己换班", "Nobody swaps with themselves");
        }
    } else if offer.take.is_some() {
        return field(
            "/person",
            "换取班次时请写明与谁换",
            "Name the person whose shift is wanted in return",
        );
    }
    if offer.expires_at.is_some_and(|at| at <= now || at > offer.give.from) {
        return field(
            "/expires_at",
            "应在现在与班次开始之间",
            "It must lie between now and the beginning of the shift",
        );
    }
    if offer.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return field("/note", "最多 500 个字符", "At most 500 characters");
    }
    on_call_in(directory, &offer.schedule, by, offer.give)?;
    match (&offer.to, offer.take) {
        (Some(to), Some(take)) => on_call_in(directory, &offer.schedule, to, take),
        _ => Ok(()),
    }
}

fn on_call_in(
    directory: &Directory,
    schedule: &ScheduleId,
    person: &PersonId,
    Span { from, to }: Span,
) -> Result<(), RosterError> {
    let segments = directory.segments(schedule, from, to);
    if segments.iter().any(|segment| segment.who.contains(person)) {
        return Ok(());
    }
    Err(RosterError::NotOnCall(Text::both(
        format!("{person} 在这段时间没有班"),
        format!("{person} has no shift in that time"),
    )))
}

fn only_people() -> RosterError {
    RosterError::NotYours(Text::both("只有人员可以换班", "Only people swap shifts"))
}

fn settled(state: SwapState) -> RosterError {
    let (zh, en) = match state {
        SwapState::Open => ("仍然有效", "open"),
        SwapState::Accepted => ("已被接受", "accepted already"),
        SwapState::Declined => ("已被谢绝", "declined already"),
        SwapState::Withdrawn => ("已撤回", "withdrawn"),
        SwapState::Expired => ("已过期", "expired"),
    };
    RosterError::Settled(Text::both(format!("换班申请{zh}"), format!("The swap is {en}")))
}

/// Forgets the oldest settled offers where there are too many.
fn forgotten(all: &[KeptSwap], now: Timestamp) -> Vec<Change> {
    if all.len() < SWAPS_MAX / 2 {
        return Vec::new();
    }
    let settled = all.iter().filter(|kept| kept.swap.state(now) != SwapState::Open);
    settled
        .take(FORGOTTEN_AT_ONCE)
        .map(|kept| Change::delete(Kind::Swap, kept.id.as_str(), Expect::Any))
        .collect()
}
