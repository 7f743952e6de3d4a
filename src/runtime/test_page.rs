//! "Am I reachable?": one message to a person over each of their channels, at once and with the
//! channel's own answer. It is no notice of an incident, so it is neither stored nor repeated.

use crate::engine::{Mode, Recipient};
use crate::id::{ChannelId, NoticeId, PersonId};
use crate::notify::gate::{self, Act, Allowed, Verdict};
use crate::notify::{self, Delivery, Hosts, Outgoing, RENDERED_FORMAT, Rendered, Why, WhyCode};
use crate::people::Person;
use crate::playbook::diagnostic::nearest;
use crate::text::Lang;

use super::service::{Inner, Runtime};
use super::{Missing, Refusal};

/// How one channel answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The channel.
    pub channel: ChannelId,
    /// Why it did not take the message; `None` where it did.
    pub failed: Option<Why>,
}

impl Runtime {
    /// Sends a test message to a person over each of their channels, or over one of them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where the person is not in the directory.
    pub async fn test_page(
        &self,
        person: &PersonId,
        only: Option<&ChannelId>,
    ) -> Result<Vec<Tried>, Refusal> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        let Some(person) = directory.person(person) else {
            let names = directory.people().map(|person| person.id.as_str());
            let closest = nearest(person.as_str(), names).into_iter().map(str::to_owned).collect();
            let name = person.to_string();
            return Err(Refusal::NotFound { what: Missing::Person, name, closest });
        };
        let mut tried = Vec::new();
        for contact in &person.contacts {
            if only.is_none_or(|only| *only == contact.channel) {
                let failed = inner.test(person, &contact.channel).await.err();
                tried.push(Tried { channel: contact.channel.clone(), failed });
            }
        }
        Ok(tried)
    }
}

impl Inner {
    async fn test(&self, person: &Person, channel: &ChannelId) -> Result<(), Why> {
        let configured = self.outbound.channels().get(channel);
        let configured = configured.ok_or_else(|| Why::with(WhyCode::NoSuchChannel, channel))?;
        let directory = self.directory.load_full();
        let to = Recipient::Person(person.id.clone());
        let destination = notify::destination(&directory, &to, channel, None)?;
        let host = configured.channel.host_of(&destination.address);
        let act = Act::Notice { to: &to, channel, drills: configured.drills, host: host.as_ref() };
        // A message to a person depends on no list of hosts: it is as real as a live one.
        let none = Hosts::default();
        let allowed = Allowed {
            directory: &directory,
            drill_hosts: &none,
            http_hosts: &none,
            outages: &[],
            now: self.clock.now(),
        };
        let pass = match gate::pass(Mode::Live, act, allowed) {
            Verdict::Send(pass) => pass,
            Verdict::HoldBack(why) | Verdict::Refuse(why) => return Err(why),
        };
        let outgoing = Outgoing::new(pass, destination, self.words(person), self.clock.now());
        match configured.channel.send(&outgoing).await {
            Delivery::Delivered => Ok(()),
            Delivery::Retry { why, .. }
            | Delivery::Refused { why }
            | Delivery::Misconfigured { why } => Err(why),
        }
    }

    fn words(&self, person: &Person) -> Rendered {
        let now = self.clock.now();
        let (subject, text) = match person.lang {
            Lang::Zh => {
                ("测试消息", "这是 firebell 的一条测试消息，用于确认能否通知到您。无需处理。")
            }
            Lang::En => (
                "Test message",
                "This is a test message of firebell, to see whether you can be reached. \
                 Nothing is to be done.",
            ),
        };
        Rendered {
            format: RENDERED_FORMAT,
            notice: NoticeId::from_u128(u128::from_be_bytes(*self.ids.drill_run(now).as_bytes())),
            at: now,
            purpose: "test".into(),
            lang: person.lang,
            mode: Mode::Live,
            incident: None,
            role: None,
            step: None,
            outside: false,
            subject: subject.to_owned(),
            headline: String::new(),
            text: text.to_owned(),
            links: Vec::new(),
            sms: None,
        }
    }
}
