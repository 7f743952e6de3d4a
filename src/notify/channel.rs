//! What every way out has in common: what it is given and what it answers.

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::hosts::Host;
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::why::Why;
use crate::text::Text;

/// One way out.
pub trait Channel: Send + Sync + 'static {
    /// Makes one attempt to deliver a message. It always comes back, within the channel's timeout.
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery>;

    /// Returns the host that a message to `address` is posted to; `None` for channels that post to
    /// none, or for an address that names none.
    fn host_of(&self, address: &str) -> Option<Host> {
        let _ = address;
        None
    }

    /// Returns how many messages the other side takes in a time; `None` where it sets no limit.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// Returns as how many messages the other side counts one: long ones leave in parts.
    fn weight(&self, outgoing: &Outgoing) -> usize {
        let _ = outgoing;
        1
    }

    /// Tells whether everyone in one place reads what goes there, whoever it is addressed to: what
    /// speaks for one person alone must not stand there.
    fn is_shared(&self) -> bool {
        false
    }

    /// Tells whether the other side itself made a request to us.
    fn vouches(&self, call: &Inbound<'_>) -> bool {
        let _ = call;
        false
    }

    /// Says what to do about a reason that came of an answer; `None` where the reason says it all.
    fn advice(&self, why: &Why) -> Option<Text> {
        let _ = why;
        None
    }
}

/// A request that says it comes from a channel's other side.
#[derive(Debug, Clone, Copy)]
pub struct Inbound<'a> {
    /// The address it was made to, as the other side knows it.
    pub url: &'a str,
    /// The fields of its form.
    pub fields: &'a [(String, String)],
    /// The signature that came with it.
    pub signature: &'a str,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The other side took responsibility for it.
    Delivered,
    /// It may work later.
    Retry {
        /// The pause that the other side asked for.
        after: Option<SignedDuration>,
        /// Why.
        why: Why,
    },
    /// This message will never be taken there.
    Refused {
        /// Why.
        why: Why,
    },
    /// No message will be taken there until someone mends the configuration.
    Misconfigured {
        /// Why.
        why: Why,
    },
}
