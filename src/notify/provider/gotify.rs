//! Gotify: an application's token says where a message goes; plain text, priorities up to ten.

use jiff::Timestamp;
use serde_json::json;

use super::Provider;
use crate::notify::channel::Delivery;
use crate::notify::outgoing::Outgoing;
use crate::notify::page::{Block, Page};
use crate::notify::reply::{Post, Reply, by_code, by_status};
use crate::notify::secret::Secret;
use crate::notify::why::Why;

/// Bytes of one message: Gotify sets no limit, but telephones show no more.
const MESSAGE_BYTES_MAX: usize = 8_000;

/// An application on a server of Gotify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gotify {
    /// Where the server is, without a slash at its end.
    pub server: String,
    /// The application's token.
    pub token: Secret,
}

/// Its clients ring from 8 on.
const fn priority(level: Option<u8>) -> u8 {
    match level {
        Some(1 | 2) => 10,
        Some(3) => 8,
        Some(_) | None => 5,
    }
}

impl Provider for Gotify {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let level = outgoing.facts().incident.as_ref().map(|incident| incident.level);
        let mut page = Page::of(outgoing);
        if let Some(who) = outgoing.mention() {
            page.blocks.insert(0, Block::Line(who.to_owned()));
        }
        let click = outgoing.facts().links.first().map(|link| link.url.clone());
        let parts = page.parts(MESSAGE_BYTES_MAX, |block| block.plain().len() + 1);
        let posts = parts.into_iter().map(|part| {
            let mut extras = json!({ "client::display": { "contentType": "text/plain" } });
            if let Some(url) = &click {
                extras["client::notification"] = json!({ "click": { "url": url } });
            }
            let body = json!({
                "title": part.title,
                "message": part.plain(),
                "priority": priority(level),
                "extras": extras,
            });
            Post::json(self.endpoint(""), &body)
                .header("x-gotify-key", self.token.expose().to_owned())
        });
        Ok(posts.collect())
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        match reply.is_success() && reply.json().is_none() {
            true => by_code(reply, now, None, "", &[]),
            false => by_status(reply, now),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        format!("{}/message", self.server)
    }
}
