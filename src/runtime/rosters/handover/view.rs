//! The hand-over of a schedule as people see it, and the notes they write.

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::record::{HandoverNote, KeptHandover, NOTES_MAX};
use super::work::OpenWork;
use super::{LATE_MAX, LOOK, after, words};
use crate::id::{PersonId, ScheduleId};
use crate::people::{Relief, Schedule};
use crate::runtime::rosters::{RosterError, Stamp, known_schedule};
use crate::runtime::service::{Inner, Runtime};
use crate::runtime::{Caller, Scope};
use crate::store::Change;
use crate::text::Text;

/// The longest note, in characters: a page to read at the beginning of a shift.
pub const NOTE_CHARS_MAX: usize = 2_000;
/// For how long after a change it is the one that is meant.
const JUST_NOW: SignedDuration = SignedDuration::from_hours(1);

/// The hand-over that is under way, or the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverView {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What people call it.
    pub title: Text,
    /// How long before a change a note is asked for; `None` where shifts are not handed over.
    pub ask_before: Option<SignedDuration>,
    /// The change; `None` where the same people stay on call.
    pub relief: Option<Relief>,
    /// Its notes, oldest first: the last one counts.
    pub notes: Vec<HandoverNote>,
    /// When those who go were asked.
    pub asked_at: Option<Timestamp>,
    /// When those who come were told.
    pub told_at: Option<Timestamp>,
    /// Who is on call now.
    pub on_call: Vec<PersonId>,
}

impl Runtime {
    /// Returns the hand-over of a schedule that is under way, or the next one. Blocks shortly on
    /// the disk.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn handover(&self, schedule: &ScheduleId) -> Result<HandoverView, RosterError> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        known_schedule(&directory, schedule)?;
        let known = directory.schedule(schedule).expect("it is known");
        let now = inner.clock.now();
        let (reliefs, wanted) = inner.relief_meant(known, now);
        let kept = wanted.map(|relief| inner.handover(schedule, &reliefs, &relief));
        Ok(inner.view(known, kept.transpose()?.as_ref(), now))
    }

    /// Lists the open incidents that have roles filled from a schedule, newest first.
    ///
    /// # Errors
    /// [`RosterError`].
    pub async fn open_work(&self, schedule: &ScheduleId) -> Result<Vec<OpenWork>, RosterError> {
        let directory = self.inner().directory.load_full();
        Ok(self.inner().open_work(&directory, schedule).await?)
    }

    /// Leaves a note for those who come; the one before is kept beside it. Those who were told
    /// already are told the note. What `beside` makes of it is written with it.
    ///
    /// # Errors
    /// [`RosterError`]; nothing has changed.
    pub async fn leave_note(
        &self,
        caller: &Caller,
        token: Option<SmolStr>,
        schedule: &ScheduleId,
        text: String,
        beside: impl FnOnce(&HandoverView) -> Option<Change> + Send,
    ) -> Result<HandoverView, RosterError> {
        let inner = self.inner();
        check(&text)?;
        let _changing = inner.rosters.lock().await;
        let directory = inner.directory.load_full();
        known_schedule(&directory, schedule)?;
        let known = directory.schedule(schedule).expect("it is known");
        let now = inner.clock.now();
        if inner.ask_before(known).is_none() {
            return Err(RosterError::NotOnCall(Text::both(
                format!("值班表 {schedule} 不作交接；可在配置中写 handover"),
                format!("Shifts of {schedule} are not handed over; configure `handover`"),
            )));
        }
        let (reliefs, relief) = inner.relief_of(caller, known, now)?;
        let mut kept = inner.handover(schedule, &reliefs, &relief)?;
        let made = Stamp { at: now, by: caller.actor.clone(), token };
        kept.stored.notes.push(HandoverNote { text, made });
        let more = kept.stored.notes.len().saturating_sub(NOTES_MAX);
        kept.stored.notes.drain(..more);
        let view = inner.view(known, Some(&kept), now);
        let late = kept.stored.told.as_ref().and_then(|told| {
            let draft = words::late(&directory, &kept.stored);
            inner.post(told.people.iter().cloned(), draft)
        });
        inner.keep(&mut kept, beside(&view).into_iter().chain(late), now).await?;
        inner.posted();
        Ok(view)
    }
}

impl Inner {
    fn view(&self, known: &Schedule, kept: Option<&KeptHandover>, now: Timestamp) -> HandoverView {
        let stored = kept.map(|kept| &kept.stored);
        HandoverView {
            schedule: known.id.clone(),
            title: known.title.clone(),
            ask_before: self.ask_before(known),
            relief: stored.map(|stored| stored.relief()),
            notes: stored.map(|stored| stored.notes.clone()).unwrap_or_default(),
            asked_at: stored.and_then(|stored| Some(stored.asked.as_ref()?.at)),
            told_at: stored.and_then(|stored| Some(stored.told.as_ref()?.at)),
            on_call: known.on_call(now),
        }
    }

    /// Lists the changes around now, and picks the one that is meant: the last one where it was
    /// just now and nobody is asked for the next yet, else the next.
    fn relief_meant(&self, known: &Schedule, now: Timestamp) -> (Vec<Relief>, Option<Relief>) {
        let since = now.saturating_sub(LATE_MAX).unwrap_or(Timestamp::MIN);
        let mut reliefs = known.reliefs(since, after(now, LOOK));
        if !reliefs.iter().any(|relief| relief.at > now) {
            reliefs.extend(known.next_relief(now));
        }
        let next = reliefs.iter().find(|relief| relief.at > now);
        let last = reliefs.iter().rfind(|relief| relief.at <= now);
        let before = self.ask_before(known).unwrap_or(super::ASK_BEFORE);
        let asked = next.is_some_and(|next| next.ends.duration_since(now) <= before);
        let fresh = |last: &&Relief| now.duration_since(last.at) <= JUST_NOW && !asked;
        let meant = last.filter(fresh).or(next).or(last).cloned();
        (reliefs, meant)
    }

    /// Picks the change that a caller leaves a note for: the one that is meant, or the next one
    /// where that is the end of their own shift.
    fn relief_of(
        &self,
        caller: &Caller,
        known: &Schedule,
        now: Timestamp,
    ) -> Result<(Vec<Relief>, Relief), RosterError> {
        let (reliefs, meant) = self.relief_meant(known, now);
        let Some(meant) = meant else {
            return Err(RosterError::NotOnCall(Text::both(
                "今后没有交接：一直由同一人值班",
                "There is no change of shift to come: the same people stay on call",
            )));
        };
        let own = caller.actor.acting_person();
        let goes = |relief: &&Relief| own.is_some_and(|own| relief.from.contains(own));
        let next = reliefs.iter().find(|relief| relief.at > now);
        let picked = Some(&meant).filter(goes).or_else(|| next.filter(goes)).cloned();
        match picked {
            Some(relief) => Ok((reliefs, relief)),
            None if caller.scope >= Scope::Commander => Ok((reliefs, meant)),
            None => Err(RosterError::NotYours(Text::both(
                "只有交班的人或指挥可以写交接留言",
                "Only those whose shift ends, or a commander, leave a note",
            ))),
        }
    }
}

fn check(text: &str) -> Result<(), RosterError> {
    let field = |zh: String, en: String| Err(RosterError::Field("/note", Text::both(zh, en)));
    if text.trim().is_empty() {
        return field("请写明留言".to_owned(), "Say something".to_owned());
    }
    if text.chars().count() > NOTE_CHARS_MAX {
        let zh = format!("最多 {NOTE_CHARS_MAX} 个字符");
        return field(zh, format!("At most {NOTE_CHARS_MAX} characters"));
    }
    Ok(())
}
