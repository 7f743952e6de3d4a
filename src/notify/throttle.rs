//! How many messages one person gets over one channel in a time, pure: a storm must not bury the one
//! message that matters, nor teach people to look away. What was held back is not sent one by one
//! when there is room again, but put together.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::pace::{DIGEST_MAX, GATHER};
use crate::id::{ChannelId, PersonId};

/// The span that is looked at.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How many messages in that span a person gets who says nothing else: one every five seconds is
/// more than anybody reads.
pub const MOST: u16 = 120;

/// How many contacts are remembered: those of a whole directory in a storm.
const CONTACTS_MAX: usize = 10_000;

/// A person over a channel.
pub type Contact = (ChannelId, PersonId);

/// What is to become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It leaves by itself.
    Now,
    /// It leaves with the others that are gathered for its reader until then.
    Together(Timestamp),
    /// It is looked at again then.
    Later(Timestamp),
}

/// What left for whom lately.
#[derive(Debug, Default)]
pub struct Throttle(BTreeMap<Contact, Lately>);

/// What left for one contact lately.
#[derive(Debug, Default)]
struct Lately {
    sent: VecDeque<Timestamp>,
    /// Something was held back that was not sent since.
    held: bool,
    gathering: Option<Gathering>,
}

/// One message into which others are put.
#[derive(Debug)]
struct Gathering {
    until: Timestamp,
    count: usize,
}

impl Throttle {
    /// Counts a message and tells what becomes of it.
    ///
    /// `pressing` leaves whatever came before: the page of a worst incident is never held back.
    pub fn admit(&mut self, contact: Contact, most: u16, pressing: bool, now: Timestamp) -> Leave {
        let since = now.saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
        if self.0.len() >= CONTACTS_MAX {
            let recent = |at: &Timestamp| *at > since;
            self.0.retain(|_, lately| lately.held || lately.sent.back().is_some_and(recent));
        }
        self.0.entry(contact).or_default().admit(usize::from(most.max(1)), pressing, now)
    }
}

impl Lately {
    fn admit(&mut self, most: usize, pressing: bool, now: Timestamp) -> Leave {
        let since = now.saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
        while self.sent.front().is_some_and(|at| *at <= since) {
            self.sent.pop_front();
        }
        self.gathering.take_if(|gathering| gathering.until <= now);
        if pressing {
            self.sent.push_back(now);
            return Leave::Now;
        }
        if let Some(gathering) = self.gathering.as_mut().filter(|g| g.count < DIGEST_MAX) {
            gathering.count += 1;
            return Leave::Together(gathering.until);
        }
        if let (true, Some(first)) = (self.sent.len() >= most, self.sent.front()) {
            self.held = true;
            return Leave::Later(first.saturating_add(WITHIN).unwrap_or(Timestamp::MAX));
        }
        self.sent.push_back(now);
        // A full one goes on in the next, which leaves at the same time.
        let open = self.gathering.take().map(|gathering| gathering.until);
        let until = open.or_else(|| {
            std::mem::take(&mut self.held)
                .then(|| now.saturating_add(GATHER).unwrap_or(Timestamp::MAX))
        });
        match until {
            Some(until) => {
                self.gathering = Some(Gathering { until, count: 1 });
                Leave::Together(until)
            }
            None => Leave::Now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST_HERE: u16 = 2;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn admit(throttle: &mut Throttle, who: &str, pressing: bool, second: i64) -> Leave {
        throttle.admit(("mail".into(), who.into()), MOST_HERE, pressing, at(second))
    }

    #[test]
    fn a_contact_gets_so_many_in_any_span_and_the_worst_page_always() {
        let mut throttle = Throttle::default();
        let mut admit = |who: &str, pressing, second| admit(&mut throttle, who, pressing, second);
        assert_eq!([admit("li", false, 0), admit("li", false, 60)], [Leave::Now, Leave::Now]);
        let later = Leave::Later(at(600));
        assert_eq!(admit("li", false, 61), later, "when the first is ten minutes old");
        assert_eq!(admit("wang", false, 61), Leave::Now, "another has their own count");
        assert_eq!(admit("li", true, 62), Leave::Now, "a page of a worst incident");
        assert_eq!(admit("li", false, 600), Leave::Later(at(660)), "which counts as well");
        assert_eq!(admit("li", false, 663), Leave::Together(at(665)), "with whatever else waited");
        assert_eq!(admit("li", false, 1300), Leave::Now);
    }

    #[test]
    fn what_was_held_back_leaves_together_and_a_full_message_goes_on_in_another() {
        let mut throttle = Throttle::default();
        let mut admit = |second| admit(&mut throttle, "li", false, second);
        assert_eq!([admit(0), admit(0)], [Leave::Now; 2]);
        assert!((0..120).all(|_| admit(1) == Leave::Later(at(600))));
        let together = (0..120).filter(|_| admit(600) == Leave::Together(at(602))).count();
        assert_eq!(together, usize::from(MOST_HERE) * DIGEST_MAX, "two messages, and no third");
        assert_eq!(admit(601), Leave::Later(at(1200)));
        assert_eq!(admit(1200), Leave::Together(at(1202)), "the rest");
    }
}
