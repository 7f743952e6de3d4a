//! Incoming webhooks of Slack: blocks of plain text where nothing is markup, links and mentions
//! apart; the answer is a word, and a full channel says how long to wait.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::Provider;
use crate::notify::channel::Delivery;
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, cut};
use crate::notify::reply::{Class, Known, Post, Reply, Said, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// The most characters of the text of a section.
const SECTION_CHARS_MAX: usize = 3_000;

/// The most characters of a header.
const HEADER_CHARS_MAX: usize = 150;

/// What the service's words mean.
const CODES: &[Known] = &[
    known(
        "no_service",
        Class::Mend(WhyCode::Gone),
        "Webhook 已停用或被删除：重新创建并更新地址",
        "the webhook was switched off or removed: make a new one and update its address",
    ),
    known(
        "no_team",
        Class::Mend(WhyCode::Gone),
        "工作区不存在：核对地址",
        "there is no such workspace: check the address",
    ),
    known(
        "no_active_hooks",
        Class::Mend(WhyCode::Gone),
        "Webhook 已停用：重新启用",
        "the webhook is switched off: switch it on",
    ),
    known(
        "channel_not_found",
        Class::Mend(WhyCode::Gone),
        "频道不存在：重新创建 Webhook",
        "the channel is gone: make a webhook for another one",
    ),
    known(
        "channel_is_archived",
        Class::Mend(WhyCode::Gone),
        "频道已归档：恢复它，或换一个频道",
        "the channel is archived: restore it or use another one",
    ),
    known(
        "invalid_token",
        Class::Mend(WhyCode::NotAuthorised),
        "地址中的密钥无效：重新复制",
        "the key in the address is not valid: copy the address again",
    ),
    known(
        "action_prohibited",
        Class::Mend(WhyCode::NotAuthorised),
        "管理员限制了该频道的发言",
        "an administrator has restricted who may post there",
    ),
    known(
        "posting_to_general_channel_denied",
        Class::Mend(WhyCode::NotAuthorised),
        "不允许向 #general 发送：换一个频道",
        "posting to #general is not allowed: use another channel",
    ),
    known("invalid_payload", Class::Never, "请求内容不被接受", "the body is not accepted"),
    known("user_not_found", Class::Never, "被提及的用户不存在", "nobody has the mentioned id"),
    known(
        "rollup_error",
        Class::Later(0),
        "Slack 内部错误，会自动重试",
        "Slack failed inside; it is tried again",
    ),
];

/// A webhook of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slack {
    /// Its address, which is the secret.
    pub url: Secret,
}

/// Escapes a text for places where markup works: without these three nothing can begin a link, a
/// mention or a command.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn link(label: &str, url: &str) -> String {
    let url = url.replace('|', "%7C").replace('>', "%3E").replace('<', "%3C");
    format!("<{url}|{}>", escape(label).replace('|', "¦"))
}

fn plain(text: &str) -> Json {
    // Without `emoji: false`, 12:30:45 and :smile: would become pictures.
    json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } })
}

fn marked(text: &str) -> Json {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// Writes a part as blocks: texts in a row share a section, links in a row another.
fn blocks(part: &Page, mention: Option<&str>) -> Vec<Json> {
    let (title, _) = cut(&part.title, |head| head.chars().count() <= HEADER_CHARS_MAX);
    let header = json!({
        "type": "header",
        "text": { "type": "plain_text", "text": title, "emoji": false },
    });
    let mut out = vec![header];
    out.extend(mention.map(|who| marked(&format!("<@{}>", escape(who)))));
    let links = part.blocks.iter().filter_map(|block| match block {
        Block::Link { label, url } => Some(link(label, url)),
        _ => None,
    });
    let texts = part.blocks.iter().filter(|block| !matches!(block, Block::Link { .. }));
    let text = texts.map(Block::plain).collect::<Vec<_>>().join("\n");
    if !text.trim().is_empty() {
        out.push(plain(text.trim_end()));
    }
    let links = links.collect::<Vec<_>>().join("\n");
    if !links.is_empty() {
        out.push(marked(&links));
    }
    out
}

impl Provider for Slack {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let size = |block: &Block| match block {
            Block::Link { label, url } => link(label, url).chars().count() + 1,
            block => block.plain().chars().count() + 1,
        };
        let mention = outgoing.mention();
        let posts = Page::of(outgoing).parts(SECTION_CHARS_MAX, size).into_iter().map(|part| {
            let body = json!({
                // What the notification on a telephone says.
                "text": escape(&part.title),
                "blocks": blocks(&part, mention),
                "unfurl_links": false,
            });
            Post::json(self.url.expose().to_owned(), &body)
        });
        Ok(posts.collect())
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        let word = reply.body.trim();
        let said = |code: &str| Said { code: code.to_owned(), message: String::new() };
        match CODES.iter().find(|row| row.code == word) {
            Some(row) => by_code(reply, now, Some(said(row.code)), "ok", CODES),
            None if reply.is_success() => {
                by_code(reply, now, (word == "ok").then(|| said("ok")), "ok", CODES)
            }
            None => by_status(reply, now),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.url.expose().to_owned()
    }

    fn pace(&self) -> Option<Pace> {
        // One a second; a short burst is taken.
        Some(Pace { most: 30, within: SignedDuration::from_secs(30) })
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}
