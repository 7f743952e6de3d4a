//! Changes of shift: those who go are asked for a note ahead, those who come are told it at the
//! change, with what is open. What was asked and told is durable, so that a restart neither repeats nor
//! forgets it, and a change that fell into a short downtime is told after it.

mod record;
mod view;
mod words;
mod work;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::tell::Draft;
use crate::id::{PersonId, ScheduleId};
use crate::people::{Directory, Relief, Schedule};
use crate::runtime::Refusal;
use crate::runtime::service::Inner;
use record::{KeptHandover, Sent, Telling};

pub use record::HandoverNote;
pub use view::{HandoverView, NOTE_CHARS_MAX};
pub use work::{OpenStage, OpenStep, OpenWork};

/// How long before a change a note is asked for, where nothing is configured.
pub const ASK_BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// The longest such time.
pub const ASK_BEFORE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How long after a change its news is still of use.
const LATE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// How far ahead changes are looked for: a shift may end long before the next begins.
const LOOK: SignedDuration = SignedDuration::from_hours(24 * 9);
/// How often everything is looked at, whatever comes.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How long after a message that nobody took the next attempt is made.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// How far an override may reach back and still be news.
const SLACK: SignedDuration = SignedDuration::from_mins(6);

/// How the shifts of a schedule are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Nobody is asked and nobody is told.
    Off,
    /// Those who go are asked for a note so long before.
    Before(SignedDuration),
}

/// What is to be done at a change, now.
struct Due {
    relief: Relief,
    telling: Telling,
}

impl Inner {
    /// Returns how long before a change of shift a note is asked for; `None` where shifts are not
    /// handed over. Where nothing is configured they are if there is somebody to hand over to.
    fn ask_before(&self, schedule: &Schedule) -> Option<SignedDuration> {
        match self.roster_settings.handovers.get(&schedule.id) {
            Some(Asking::Off) => None,
            Some(Asking::Before(before)) => Some((*before).min(ASK_BEFORE_MAX)),
            None => (schedule.people().len() > 1).then_some(ASK_BEFORE),
        }
    }

    /// Does what is due at the changes after `since`; returns when to look again.
    async fn attend(self: &Arc<Self>, since: Timestamp) -> Timestamp {
        let (directory, now) = (self.directory.load_full(), self.clock.now());
        let mut next = after(now, EVERY);
        for schedule in directory.schedules() {
            let Some(before) = self.ask_before(schedule) else { continue };
            let reliefs = schedule.reliefs(since, after(now, LOOK));
            let mut due = Vec::new();
            for relief in reliefs.iter().cloned() {
                let ask_at = relief.ends.saturating_sub(before).unwrap_or(Timestamp::MIN);
                let telling = match () {
                    () if relief.at <= now => Telling::Tell,
                    () if ask_at <= now => Telling::Ask,
                    () => {
                        next = next.min(ask_at);
                        continue;
                    }
                };
                if telling == Telling::Ask {
                    next = next.min(relief.at);
                }
                due.push(Due { relief, telling });
            }
            match self.attend_all(&directory, schedule, &reliefs, due).await {
                Ok(true) => {}
                Ok(false) => next = next.min(after(now, AGAIN)),
                Err(error) => {
                    let schedule = &schedule.id;
                    tracing::warn!(%schedule, ?error, "a shift was not handed over; tried again");
                    next = next.min(after(now, AGAIN));
                }
            }
        }
        next
    }

    /// Sends what was not sent; tells whether all of it was taken, or never will be.
    async fn attend_all(
        self: &Arc<Self>,
        directory: &Arc<Directory>,
        schedule: &Schedule,
        reliefs: &[Relief],
        due: Vec<Due>,
    ) -> Result<bool, Refusal> {
        let mut all = true;
        for Due { relief, telling } in due {
            let Some((kept, sent)) = self.begin(schedule, reliefs, &relief, telling).await? else {
                continue;
            };
            let draft = match telling {
                Telling::Ask => words::ask(self.place().zone, directory, &kept.stored),
                Telling::Tell => {
                    let open = self.open_work(directory, &schedule.id).await?;
                    words::tell(self.place().zone, directory, &kept.stored, &open)
                }
            };
            let done = self.send(draft, &sent).await;
            all &= self.end(&schedule.id, reliefs, &relief, telling, done).await?;
        }
        Ok(all)
    }

    /// Makes one attempt with everybody who did not take it yet; returns those who are done with.
    async fn send(self: &Arc<Self>, draft: Draft, sent: &Sent) -> Vec<PersonId> {
        let letter = Arc::new(draft.letter(sent.letter));
        let mut attempts = JoinSet::new();
        for person in sent.waiting() {
            let (inner, letter, person) = (Arc::clone(self), Arc::clone(&letter), person.clone());
            attempts.spawn(async move {
                let again = inner.tell_one(&person, &letter).await;
                (!again).then_some(person)
            });
        }
        attempts.join_all().await.into_iter().flatten().collect()
    }

    /// Writes down what is about to be sent; `None` where nothing is left to send.
    async fn begin(
        &self,
        schedule: &Schedule,
        reliefs: &[Relief],
        relief: &Relief,
        telling: Telling,
    ) -> Result<Option<(KeptHandover, Sent)>, Refusal> {
        let _changing = self.rosters.lock().await;
        let mut kept = self.handover(&schedule.id, reliefs, relief)?;
        let now = self.clock.now();
        // Whoever has written a note need not be asked for one.
        if telling == Telling::Ask && !kept.stored.notes.is_empty() {
            return Ok(None);
        }
        if let Some(sent) = kept.stored.sent(telling) {
            let sent = sent.clone();
            return Ok((!sent.is_done()).then_some((kept, sent)));
        }
        let people = match telling {
            Telling::Ask => relief.going().cloned().collect(),
            Telling::Tell => relief.coming().cloned().collect(),
        };
        let sent = Sent { at: now, letter: self.next_letter(), people, done: Vec::new() };
        if sent.people.is_empty() {
            return Ok(None);
        }
        kept.stored.set_sent(telling, sent.clone());
        self.keep(&mut kept, None, now).await?;
        Ok(Some((kept, sent)))
    }

    /// Writes down who is done with; tells whether everybody is.
    async fn end(
        &self,
        schedule: &ScheduleId,
        reliefs: &[Relief],
        relief: &Relief,
        telling: Telling,
        done: Vec<PersonId>,
    ) -> Result<bool, Refusal> {
        let _changing = self.rosters.lock().await;
        // A note may have come in between: what is there now is changed.
        let mut kept = self.handover(schedule, reliefs, relief)?;
        let Some(mut sent) = kept.stored.sent(telling).cloned() else { return Ok(true) };
        sent.done.extend(done);
        let all = sent.is_done();
        kept.stored.set_sent(telling, sent);
        self.keep(&mut kept, None, self.clock.now()).await?;
        Ok(all)
    }
}

fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Hands shifts over until `inner` is drained.
pub(in crate::runtime) async fn run(inner: Arc<Inner>) {
    let mut since = inner.clock.now().saturating_sub(LATE_MAX).unwrap_or(Timestamp::MIN);
    loop {
        let begun = inner.clock.now();
        // What is told late is told for so long; a correction of the past is no news.
        let oldest = begun.saturating_sub(LATE_MAX).unwrap_or(Timestamp::MIN);
        let next = if inner.is_held() {
            after(begun, AGAIN)
        } else {
            let next = inner.attend(since.max(oldest)).await;
            let retried = next <= after(begun, AGAIN);
            if !retried {
                since = begun.saturating_sub(SLACK).unwrap_or(begun);
            }
            next
        };
        tokio::select! {
            () = inner.clock.sleep_until(next) => {}
            () = inner.rosters_moved.notified() => {}
            () = inner.drain.cancelled() => return,
        }
    }
}
