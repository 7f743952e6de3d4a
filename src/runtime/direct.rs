//! A message to a person that is about no incident: handed to their channels at once, through the
//! gate like every other. Whoever sends it keeps what became of it; nothing is stored here.

use jiff::SignedDuration;

use super::service::{Inner, Runtime};
use crate::engine::{Mode, Recipient};
use crate::id::{ChannelId, NoticeId, PersonId};
use crate::notify::gate::{self, Act, Pass, Verdict};
use crate::notify::{
    self, Configured, Delivery, Destination, Link, Outgoing, RENDERED_FORMAT, Rendered, Why,
    WhyCode,
};
use crate::people::{Directory, Person};
use crate::text::{Lang, Text};

/// How long a message about no incident waits for a channel's limit: whoever asked is waiting, too.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// A message about no incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its identity, the same over attempts and channels, so that a repetition is known for one.
    pub id: NoticeId,
    /// What it belongs to: the gate asks.
    pub mode: Mode,
    /// What for: a stable name.
    pub purpose: &'static str,
    /// The subject line.
    pub subject: Text,
    /// The text.
    pub text: Text,
    /// What its reader says by a link, and the link.
    pub answer: Option<(Text, String)>,
}

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// The same may succeed later.
    pub again: bool,
    /// Why.
    pub why: Why,
}

impl NotTaken {
    const fn never(why: Why) -> Self {
        Self { again: false, why }
    }
}

impl Runtime {
    /// Hands a message to a person's channels, in their order, until one takes it.
    ///
    /// # Errors
    /// Why the last channel did not; it may be tried again where any channel said so.
    pub async fn tell(&self, person: &PersonId, letter: &Letter) -> Result<ChannelId, NotTaken> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        let nowhere = || NotTaken::never(Why::new(WhyCode::NoAddress));
        let person = directory.person(person).ok_or_else(nowhere)?;
        let (mut again, mut last) = (false, nowhere());
        for contact in &person.contacts {
            match inner.hand_over(person, &contact.channel, letter, PATIENCE).await {
                Ok(()) => return Ok(contact.channel.clone()),
                Err(not_taken) => {
                    again |= not_taken.again;
                    last = not_taken;
                }
            }
        }
        Err(NotTaken { again, ..last })
    }
}

impl Runtime {
    /// Tells what would keep a message of a mode from leaving by a channel; `None` where nothing
    /// would. Nothing leaves.
    #[must_use]
    pub fn bar(&self, mode: Mode, to: &Recipient, channel: &ChannelId) -> Option<Why> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        inner.way_out(&directory, mode, to, channel).err()
    }
}

impl Inner {
    /// Finds where a message goes by a channel, and asks the gate for leave.
    fn way_out(
        &self,
        directory: &Directory,
        mode: Mode,
        to: &Recipient,
        channel: &ChannelId,
    ) -> Result<(&Configured, Destination, Pass), Why> {
        let configured = self.outbound.channels().get(channel);
        let configured = configured.ok_or_else(|| Why::with(WhyCode::NoSuchChannel, channel))?;
        let own = match to {
            Recipient::Person(_) => None,
            Recipient::Audience(_) => configured.to.as_deref(),
        };
        let destination = notify::destination(directory, to, channel, own)?;
        let host = configured.channel.host_of(&destination.address);
        let act = Act::Notice { to, channel, drills: configured.drills, host: host.as_ref() };
        match gate::pass(mode, act, self.allowed(directory, &[])) {
            Verdict::Send(pass) => Ok((configured, destination, pass)),
            Verdict::HoldBack(why) | Verdict::Refuse(why) => Err(why),
        }
    }

    /// Makes one attempt over one channel, whose limit it waits for so long.
    pub(super) async fn hand_over(
        &self,
        person: &Person,
        channel: &ChannelId,
        letter: &Letter,
        patience: SignedDuration,
    ) -> Result<(), NotTaken> {
        let directory = self.directory.load_full();
        let to = Recipient::Person(person.id.clone());
        let (configured, destination, pass) =
            self.way_out(&directory, letter.mode, &to, channel).map_err(NotTaken::never)?;
        let now = self.clock.now();
        let mut words = letter.rendered(person.lang, now);
        if let (Some((label, url)), false) =
            (&letter.answer, configured.is_read_by_many(&destination))
        {
            let label = label.get(person.lang).to_owned();
            words = words.with_answer(Link { label, url: url.clone() });
        }
        let outgoing = Outgoing::new(pass, destination, words, now);
        let until = now.checked_add(patience).unwrap_or(now);
        match self.attempt(channel, configured, outgoing, until).await.delivery {
            Delivery::Delivered => Ok(()),
            Delivery::Retry { why, .. } => Err(NotTaken { again: true, why }),
            Delivery::Refused { why } | Delivery::Misconfigured { why } => {
                Err(NotTaken::never(why))
            }
        }
    }
}

impl Letter {
    fn rendered(&self, lang: Lang, at: jiff::Timestamp) -> Rendered {
        Rendered {
            format: RENDERED_FORMAT,
            notice: self.id,
            at,
            purpose: self.purpose.into(),
            lang,
            mode: self.mode,
            incident: None,
            role: None,
            step: None,
            outside: false,
            subject: self.subject.get(lang).to_owned(),
            headline: String::new(),
            text: self.text.get(lang).to_owned(),
            links: Vec::new(),
            answer: None,
            sms: None,
        }
    }
}
