//! The set of the channels that are configured, and how each is built of its settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::channel::Channel;
use super::email::{Eml, EmlSettings, Smtp, SmtpSettings};
use super::hook::{Hook, HookSettings};
use super::route::Destination;
use super::setup::SetupError;
use super::webhook::{Webhook, WebhookSettings};
use crate::id::ChannelId;

/// The settings of one channel.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// How messages leave.
    pub kind: KindSettings,
    /// Where messages to no person on it go.
    pub to: Option<String>,
    /// It may carry the messages of drills.
    pub drills: bool,
    /// How many messages one person gets over it in ten minutes; what each person says, else
    /// [`throttle::MOST`](super::throttle::MOST), where absent.
    pub at_most: Option<u16>,
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
    /// How many messages one person gets over it in ten minutes; what each person says, else
    /// [`throttle::MOST`](super::throttle::MOST), where absent.
    pub at_most: Option<u16>,
}

impl Configured {
    /// Tells whether many read what goes to an address on it: what speaks for one person must not
    /// stand there.
    #[must_use]
    pub fn is_read_by_many(&self, to: &Destination) -> bool {
        to.shared || self.channel.is_shared()
    }
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
        for (id, ChannelSettings { kind, to, drills, at_most }) in settings {
            match build(kind) {
                Ok(channel) => channels.insert(id, Configured { channel, to, drills, at_most }),
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

    #[test]
    fn channels_that_cannot_be_built_are_all_named() {
        let bad = || ChannelSettings {
            kind: KindSettings::Webhook(WebhookSettings::default()),
            to: None,
            drills: false,
            at_most: None,
        };
        let errors = Channels::build([("a".into(), bad()), ("b".into(), bad())]).unwrap_err();
        let named: Vec<&str> = errors.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(named, ["a", "b"]);
    }
}
