//! Which channels take messages and which do not, as the latest attempts showed: for whoever runs
//! firebell, who must hear of a dead mail server before the incidents do. It must not know messages.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::id::ChannelId;

/// The channels that take nothing now, each with since when.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<BTreeMap<ChannelId, Timestamp>>);

impl Standing {
    /// Notes an attempt in vain; tells whether it is the first after one that was none.
    pub(super) fn in_vain(&self, channel: &ChannelId, now: Timestamp) -> bool {
        let mut down = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = !down.contains_key(channel);
        down.entry(channel.clone()).or_insert(now);
        first
    }

    /// Notes that a message was taken; returns since when none was.
    pub(super) fn taken(&self, channel: &ChannelId) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(channel)
    }

    /// Lists the channels that take nothing now.
    pub(super) fn down(&self) -> Vec<(ChannelId, Timestamp)> {
        let down = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        down.iter().map(|(channel, since)| (channel.clone(), *since)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_down_from_its_first_attempt_in_vain_until_one_that_is_none() {
        let standing = Standing::default();
        let (mail, at) = (ChannelId::new("mail"), |s| Timestamp::from_second(s).unwrap());
        assert!(standing.in_vain(&mail, at(1)));
        assert!(!standing.in_vain(&mail, at(2)), "said once");
        assert_eq!(standing.down(), [(mail.clone(), at(1))]);
        assert_eq!(standing.taken(&mail), Some(at(1)));
        assert_eq!(standing.taken(&mail), None);
        assert_eq!(standing.down(), []);
    }
}
