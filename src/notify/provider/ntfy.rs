//! ntfy: a topic is an address, the body is JSON, what is too long would become an attachment.

use jiff::Timestamp;
use serde_json::json;

use super::{Provider, said};
use crate::notify::channel::Delivery;
use crate::notify::outgoing::Outgoing;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Known, Post, Reply, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// The most bytes of a message before it becomes an attachment, which no lock screen shows.
const MESSAGE_BYTES_MAX: usize = 4_000;

/// The longest title.
const TITLE_BYTES_MAX: usize = 250;

/// Buttons of one message.
const ACTIONS_MAX: usize = 3;

/// What the service's codes mean.
const CODES: &[Known] = &[
    known("42901", Class::Later(60), "请求过多被限流", "it was sent too much"),
    known("42908", Class::Later(3_600), "当日消息数已用完", "the day's messages are used up"),
    known(
        "40101",
        Class::Mend(WhyCode::NotAuthorised),
        "访问令牌 token 无效",
        "the `token` is not valid",
    ),
    known(
        "40301",
        Class::Mend(WhyCode::NotAuthorised),
        "令牌无权向该主题发送",
        "the `token` may not publish to this topic",
    ),
    known("40009", Class::Never, "主题名无效", "the topic's name is not valid"),
];

/// A server of ntfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ntfy {
    /// Where it is, without a slash at its end.
    pub server: String,
    /// An access token, where the server wants one.
    pub token: Option<Secret>,
}

/// How loud a message is: what calls people by night comes through whatever they have silenced.
const fn priority(level: Option<u8>) -> u8 {
    match level {
        Some(1 | 2) => 5,
        Some(3) => 4,
        Some(_) | None => 3,
    }
}

impl Provider for Ntfy {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let topic = outgoing.address();
        let level = outgoing.facts().incident.as_ref().map(|incident| incident.level);
        let page = Page::of(outgoing);
        let links: Vec<Block> = page
            .blocks
            .iter()
            .filter(|block| matches!(block, Block::Link { .. }))
            .take(ACTIONS_MAX)
            .cloned()
            .collect();
        let actions: Vec<_> = links
            .iter()
            .filter_map(|block| match block {
                Block::Link { label, url } => {
                    Some(json!({ "action": "view", "label": label, "url": url }))
                }
                _ => None,
            })
            .collect();
        let title = shorten(&page.title, TITLE_BYTES_MAX);
        let text = Page { title, blocks: page.blocks };
        let parts = text.parts(MESSAGE_BYTES_MAX, |block| block.plain().len() + 1);
        let posts = parts.into_iter().map(|part| {
            let body = json!({
                "topic": topic,
                "title": part.title,
                "message": part.plain(),
                "priority": priority(level),
                "actions": actions,
            });
            let post = Post::json(self.server.clone(), &body);
            match &self.token {
                Some(token) => post.header("authorization", format!("Bearer {}", token.expose())),
                None => post,
            }
        });
        Ok(posts.collect())
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        match said(reply, &["code"], &["error"]) {
            Some(said) => by_code(reply, now, Some(said), "", CODES),
            None if reply.is_success() && reply.json().is_none() => {
                by_code(reply, now, None, "", CODES)
            }
            None => by_status(reply, now),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.server.clone()
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}
