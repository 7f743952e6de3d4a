//! "Am I reachable?": one message to a person over each of their channels, at once and with the
//! channel's own answer. It is no notice of an incident, so it is neither stored nor repeated.

use crate::engine::Mode;
use crate::id::{ChannelId, NoticeId, PersonId};
use crate::notify::Why;
use crate::playbook::diagnostic::nearest;
use crate::text::Text;

use super::direct::{Letter, PATIENCE};
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
                let answer =
                    inner.hand_over(person, &contact.channel, &inner.test(), PATIENCE).await;
                let failed = answer.err().map(|not_taken| not_taken.why);
                tried.push(Tried { channel: contact.channel.clone(), failed });
            }
        }
        Ok(tried)
    }
}

impl Inner {
    /// A message to a person depends on no list of hosts: it is as real as a live one.
    fn test(&self) -> Letter {
        let drawn = self.ids.drill_run(self.clock.now());
        Letter {
            id: NoticeId::from_u128(u128::from_be_bytes(*drawn.as_bytes())),
            mode: Mode::Live,
            purpose: "test",
            subject: Text::both("测试消息", "Test message"),
            text: Text::both(
                "这是 firebell 的一条测试消息，用于确认能否通知到您。无需处理。",
                "This is a test message of firebell, to see whether you can be reached. \
                 Nothing is to be done.",
            ),
            answer: None,
        }
    }
}
