//! Robots of WeCom groups: the key stands in the address and nothing is signed; limits are in
//! bytes; only plain texts mention anybody; 200 with the truth in `errcode`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::{Provider, markdown, said};
use crate::notify::channel::Delivery;
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Known, Post, Reply, by_code, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// The most bytes of a Markdown message.
const MARKDOWN_BYTES_MAX: usize = 4_096;

/// The most bytes of a plain text.
const TEXT_BYTES_MAX: usize = 2_048;

/// The longest title, with its heading mark, its line end and its number among the parts.
const TITLE_BYTES_MAX: usize = 200;

/// What a title's heading takes of a message's room. A defused title may be four times as long as
/// it was: a mark has one byte, the character that takes its power three.
const TITLE_ROOM: usize = 4 * TITLE_BYTES_MAX + 32;

/// What the service's codes mean.
const CODES: &[Known] = &[
    known(
        "-1",
        Class::Later(0),
        "企业微信系统繁忙，会自动重试",
        "WeCom is busy; it is tried again",
    ),
    known(
        "45009",
        Class::Later(60),
        "发送过快：每个机器人每分钟 20 条，检查是否有别的程序共用它",
        "it was sent too much: a robot takes 20 a minute; does another program use it too?",
    ),
    known(
        "45033",
        Class::Later(5),
        "同时的请求过多，会自动重试",
        "too many requests at once; it is tried again",
    ),
    known(
        "93000",
        Class::Mend(WhyCode::Gone),
        "机器人的 key 无效：重新复制 Webhook 地址",
        "the robot's key is not valid: copy its webhook address again",
    ),
    known("40058", Class::Never, "内容过长或格式有误", "it is too long or of the wrong form"),
    known("40008", Class::Never, "消息类型不被接受", "this type of message is not accepted"),
];

/// A robot of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeCom {
    /// Its webhook address with the `key`.
    pub url: Secret,
}

/// Writes a part for nobody in particular.
fn in_markdown(part: &Page) -> Json {
    let lines = part.blocks.iter().map(markdown::block).collect::<Vec<_>>().join("\n");
    let content = format!("### {}\n{lines}", markdown::defuse(&part.title));
    json!({ "msgtype": "markdown", "markdown": { "content": content } })
}

/// Keeps `<@somebody>` in what people wrote from mentioning them.
fn plain(text: &str) -> String {
    text.replace("<@", "<\u{200b}@")
}

/// Writes a part for somebody, who is mentioned by number or by name.
fn in_plain_text(part: &Page, who: &str) -> Json {
    let content = plain(&format!("{}\n{}", part.title, part.plain()));
    let list = match who.chars().all(|c| c.is_ascii_digit() || c == '+') {
        true => "mentioned_mobile_list",
        false => "mentioned_list",
    };
    json!({ "msgtype": "text", "text": { "content": content, list: [who] } })
}

impl Provider for WeCom {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let mut page = Page::of(outgoing);
        page.title = shorten(&page.title, TITLE_BYTES_MAX);
        let post = |body: &Json| Post::json(self.url.expose().to_owned(), body);
        Ok(match outgoing.mention() {
            Some(who) => {
                let size = |block: &Block| plain(&block.plain()).len() + 1;
                let parts = page.parts(TEXT_BYTES_MAX - TITLE_ROOM, size);
                parts.iter().map(|part| post(&in_plain_text(part, who))).collect()
            }
            None => {
                let size = |block: &Block| markdown::block(block).len() + 1;
                let parts = page.parts(MARKDOWN_BYTES_MAX - TITLE_ROOM, size);
                parts.iter().map(|part| post(&in_markdown(part))).collect()
            }
        })
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        by_code(reply, now, said(reply, &["errcode"], &["errmsg"]), "0", CODES)
    }

    fn endpoint(&self, _address: &str) -> String {
        self.url.expose().to_owned()
    }

    fn pace(&self) -> Option<Pace> {
        // Two below the limit: the other side's minute is not ours.
        Some(Pace { most: 18, within: SignedDuration::from_mins(1) })
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}
