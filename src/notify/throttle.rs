//! How many messages one person gets over one channel in a time, pure: a storm must not bury the one
//! message that matters, nor teach people to look away. Channels with a limit of their own put many
//! into one instead, and are not asked.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::id::{ChannelId, PersonId};

/// The span that is looked at.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How many messages in that span a person gets who says nothing else: one every five seconds is
/// more than anybody reads.
pub const MOST: u16 = 120;

/// How many contacts are remembered: those of a whole directory in a storm.
const CONTACTS_MAX: usize = 10_000;

/// What left for whom lately.
#[derive(Debug, Default)]
pub struct Throttle(BTreeMap<(ChannelId, PersonId), VecDeque<Timestamp>>);

impl Throttle {
    /// Counts a message and tells whether it may leave now.
    ///
    /// `pressing` leaves whatever came before: the page of a worst incident is never held back.
    ///
    /// # Errors
    /// When it may leave.
    pub fn admit(
        &mut self,
        contact: (ChannelId, PersonId),
        most: u16,
        pressing: bool,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        let since = now.saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
        if self.0.len() >= CONTACTS_MAX {
            self.0.retain(|_, sent| sent.back().is_some_and(|at| *at > since));
        }
        let sent = self.0.entry(contact).or_default();
        while sent.front().is_some_and(|at| *at <= since) {
            sent.pop_front();
        }
        let full = sent.len() >= usize::from(most.max(1));
        if let (true, false, Some(first)) = (full, pressing, sent.front()) {
            return Err(first.saturating_add(WITHIN).unwrap_or(Timestamp::MAX));
        }
        sent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_gets_so_many_in_any_span_and_the_worst_page_always() {
        let mut throttle = Throttle::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut admit = |who: &str, pressing, second| {
            throttle
                .admit(("mail".into(), who.into()), 2, pressing, at(second))
                .map_err(|until| until.as_second())
        };
        assert_eq!([admit("li", false, 0), admit("li", false, 60)], [Ok(()), Ok(())]);
        assert_eq!(admit("li", false, 61), Err(600), "when the first is ten minutes old");
        assert_eq!(admit("wang", false, 61), Ok(()), "another has their own count");
        assert_eq!(admit("li", true, 62), Ok(()), "a page of a worst incident");
        assert_eq!(admit("li", false, 600), Err(660), "which counts as well");
        assert_eq!(admit("li", false, 663), Ok(()));
    }
}
