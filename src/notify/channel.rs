//! What every way out has in common: what it is given, what it answers, and the set of those that
//! are configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::email::{Eml, EmlSettings, Smtp, SmtpSettings};
use super::gate::Pass;
use super::hook::{Hook, HookSettings};
use super::hosts::Host;
use super::message::Rendered;
use super::pace::Pace;
use super::route::Destination;
use super::setup::SetupError;
use super::webhook::{Webhook, WebhookSettings};
use super::why::Why;
use crate::id::ChannelId;
use crate::text::{Lang, Text};

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

    /// Says what to do about a reason that came of an answer; `None` where the reason says it all.
    fn advice(&self, why: &Why) -> Option<Text> {
        let _ = why;
        None
    }
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

/// A message with its address and its leave to go, ready for one attempt.
///
/// It can only be made with a [`Pass`], and its words only be read with what the pass demands: a
/// channel cannot forget to mark a drill.
#[derive(Debug)]
pub struct Outgoing {
    pass: Pass,
    to: Destination,
    rendered: Rendered,
    at: Timestamp,
}

impl Outgoing {
    /// Makes a message ready; `at` is the instant of the attempt.
    #[must_use]
    pub const fn new(pass: Pass, to: Destination, rendered: Rendered, at: Timestamp) -> Self {
        Self { pass, to, rendered, at }
    }

    /// Returns the address in the channel's own form.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.to.address
    }

    /// Returns whom a message to a shared place is meant for, as that place knows them; `None` where
    /// it goes to everyone there.
    #[must_use]
    pub fn mention(&self) -> Option<&str> {
        (!self.to.shared && !self.to.address.is_empty()).then_some(self.to.address.as_str())
    }

    /// Returns the same message with other words: what leaves in its place with its leave.
    #[must_use]
    pub fn saying(self, rendered: Rendered) -> Self {
        Self { rendered, ..self }
    }

    /// Tells whether someone is asked to act, by the stable name of what it is for.
    #[must_use]
    pub fn asks_to_act(&self) -> bool {
        matches!(
            self.rendered.purpose.as_str(),
            "role_page" | "step_ready" | "step_overdue" | "escalation" | "clock"
        )
    }

    /// Returns the instant of the attempt.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Tells whether it is part of a drill.
    #[must_use]
    pub const fn is_drill(&self) -> bool {
        self.pass.is_drill()
    }

    /// Returns the facts about the message: ids, level, links. For its words use the methods here.
    #[must_use]
    pub const fn facts(&self) -> &Rendered {
        &self.rendered
    }

    /// Returns the language it is written in.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.rendered.lang
    }

    /// Returns the subject line, marked where it must be.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}{}", self.prefix(), self.rendered.subject)
    }

    /// Returns the line that says what is wanted, marked where it must be; may be empty.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.rendered.headline.as_str() {
            "" => String::new(),
            line => format!("{}{line}", self.prefix()),
        }
    }

    /// Returns the text, marked where it must be.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.prefix(), self.rendered.text)
    }

    /// Returns the headline and the text for a channel that shows them together: the first that is
    /// not empty is marked where it must be.
    #[must_use]
    pub fn paragraphs(&self) -> (Option<String>, String) {
        match self.rendered.headline.as_str() {
            "" => (None, self.text()),
            _ => (Some(self.headline()), self.rendered.text.clone()),
        }
    }

    fn prefix(&self) -> &'static str {
        self.pass.prefix(self.rendered.lang)
    }
}

/// The settings of one channel.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// How messages leave.
    pub kind: KindSettings,
    /// Where messages to no person on it go.
    pub to: Option<String>,
    /// It may carry the messages of drills.
    pub drills: bool,
}

/// How messages leave by a channel.
#[derive(Debug, Clone)]
pub enum KindSettings {
    /// E-mail through a server.
    Smtp(SmtpSettings),
    /// E-mail written to files.
    Eml(EmlSettings),
    /// Signed HTTP posts.
    Webhook(WebhookSettings),
    /// A service that takes messages over HTTP.
    Hook(HookSettings),
}

/// A channel as it is configured.
#[derive(Clone)]
pub struct Configured {
    /// The channel.
    pub channel: Arc<dyn Channel>,
    /// Where messages to no person on it go.
    pub to: Option<String>,
    /// It may carry the messages of drills.
    pub drills: bool,
}

/// The configured channels.
#[derive(Clone, Default)]
pub struct Channels(BTreeMap<ChannelId, Configured>);

impl Channels {
    /// Builds every channel.
    ///
    /// # Errors
    /// Every channel whose settings cannot be used, not only the first.
    pub fn build(
        settings: impl IntoIterator<Item = (ChannelId, ChannelSettings)>,
    ) -> Result<Self, Vec<(ChannelId, SetupError)>> {
        let (mut channels, mut errors) = (Self::default(), Vec::new());
        for (id, ChannelSettings { kind, to, drills }) in settings {
            match build(kind) {
                Ok(channel) => channels.insert(id, Configured { channel, to, drills }),
                Err(error) => errors.push((id, error)),
            }
        }
        if errors.is_empty() { Ok(channels) } else { Err(errors) }
    }

    /// Adds or replaces a channel.
    pub fn insert(&mut self, id: ChannelId, channel: Configured) {
        self.0.insert(id, channel);
    }

    /// Finds a channel.
    #[must_use]
    pub fn get(&self, id: &ChannelId) -> Option<&Configured> {
        self.0.get(id)
    }

    /// Returns all channels, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&ChannelId, &Configured)> {
        self.0.iter()
    }

    /// Returns the names of all channels, in order.
    pub fn ids(&self) -> impl Iterator<Item = &ChannelId> {
        self.0.keys()
    }
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn build(kind: KindSettings) -> Result<Arc<dyn Channel>, SetupError> {
    Ok(match kind {
        KindSettings::Smtp(settings) => Arc::new(Smtp::new(settings)?),
        KindSettings::Eml(settings) => Arc::new(Eml::new(settings)?),
        KindSettings::Webhook(settings) => Arc::new(Webhook::new(settings)?),
        KindSettings::Hook(settings) => Arc::new(Hook::new(settings)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::page;

    fn outgoing(lang: Lang, drill: bool) -> Outgoing {
        let to = Destination { address: "li@shop.example".into(), shared: false };
        Outgoing::new(Pass::for_test(drill), to, page(lang), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn every_line_of_a_drill_that_people_see_first_is_marked() {
        for (lang, prefix) in [(Lang::Zh, "【演练】"), (Lang::En, "[DRILL] ")] {
            let drill = outgoing(lang, true);
            for line in [drill.subject(), drill.headline(), drill.text()] {
                assert!(line.starts_with(prefix), "{line}");
            }
            let (headline, text) = drill.paragraphs();
            assert!(headline.unwrap().starts_with(prefix) && !text.starts_with(prefix));
            let mut plain = outgoing(lang, true);
            plain.rendered.headline.clear();
            let (headline, text) = plain.paragraphs();
            assert!(headline.is_none() && text.starts_with(prefix), "{text}");
            let live = outgoing(lang, false);
            for line in [live.subject(), live.headline(), live.text()] {
                assert!(!line.contains(prefix.trim()), "{line}");
            }
        }
    }

    #[test]
    fn channels_that_cannot_be_built_are_all_named() {
        let bad = || ChannelSettings {
            kind: KindSettings::Webhook(WebhookSettings::default()),
            to: None,
            drills: false,
        };
        let errors = Channels::build([("a".into(), bad()), ("b".into(), bad())]).unwrap_err();
        let named: Vec<&str> = errors.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(named, ["a", "b"]);
    }
}
