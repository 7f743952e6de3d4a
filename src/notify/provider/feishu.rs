//! Custom bots of Feishu and Lark groups: signed in the body by timestamp in seconds, a text in
//! pieces where nothing is markup, 200 with the truth in `code`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::{Provider, said};
use crate::notify::channel::Delivery;
use crate::notify::encode::{base64, hmac_sha256, json_bytes};
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Known, Post, Reply, by_code, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};
use crate::text::Lang;

/// Room for the pieces as they stand in the body: the service takes 20 KB in all.
const CONTENT_BYTES_MAX: usize = 18_000;

/// The longest title.
const TITLE_BYTES_MAX: usize = 200;

/// Says how many seconds to wait where too much was sent.
const RESET_HEADER: &str = "x-ogw-ratelimit-reset";

const BUSY: (&str, &str) = (
    "发送过快被限流：机器人每分钟 100 条、每秒 5 条",
    "it was sent too much: a bot takes 100 a minute and 5 a second",
);

/// What the service's codes mean.
const CODES: &[Known] = &[
    known("11232", Class::Later(1), BUSY.0, BUSY.1),
    known("99991400", Class::Later(1), BUSY.0, BUSY.1),
    known(
        "19001",
        Class::Mend(WhyCode::Gone),
        "机器人地址无效：重新复制 Webhook 地址",
        "there is no such bot: copy its webhook address again",
    ),
    known(
        "19021",
        Class::Mend(WhyCode::NotAuthorised),
        "签名不符：核对密钥 secret，服务器时钟误差须在 1 小时内",
        "the signature is not accepted: check `secret`; this machine's clock may be off by an hour",
    ),
    known(
        "19022",
        Class::Mend(WhyCode::NotAuthorised),
        "本机地址不在机器人的 IP 白名单中",
        "this machine is not on the bot's list of addresses",
    ),
    known(
        "19024",
        Class::Mend(WhyCode::NotAuthorised),
        "内容不含机器人要求的关键词：改用签名校验",
        "the bot wants a keyword in every message: let it check signatures instead",
    ),
    known("9499", Class::Never, "请求内容不被接受", "the body is not accepted"),
];

/// A bot of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feishu {
    /// Its webhook address.
    pub url: Secret,
    /// The key it is signed with; none where the bot goes by keywords or addresses.
    pub secret: Option<Secret>,
}

/// Writes a block as a line of pieces.
fn line(block: &Block) -> Json {
    match block {
        Block::Heading(text) => json!([{ "tag": "text", "text": text, "style": ["bold"] }]),
        Block::Line(text) => json!([{ "tag": "text", "text": text }]),
        Block::Item(text) => json!([{ "tag": "text", "text": format!("• {text}") }]),
        Block::Link { label, url } => json!([{ "tag": "a", "text": label, "href": url }]),
        Block::Gap => json!([{ "tag": "text", "text": "" }]),
    }
}

impl Feishu {
    fn body(&self, part: &Page, outgoing: &Outgoing) -> Json {
        let mention = outgoing.mention().map(|who| json!([{ "tag": "at", "user_id": who }]));
        let lines: Vec<Json> = mention.into_iter().chain(part.blocks.iter().map(line)).collect();
        let lang = match outgoing.lang() {
            Lang::Zh => "zh_cn",
            Lang::En => "en_us",
        };
        let post = json!({ lang: { "title": part.title, "content": lines } });
        let mut body = json!({ "msg_type": "post", "content": { "post": post } });
        if let Some(secret) = &self.secret {
            let seconds = outgoing.at().as_second();
            let key = format!("{seconds}\n{}", secret.expose());
            body["timestamp"] = json!(seconds.to_string());
            // The service takes what others sign as the key, and signs nothing with it.
            body["sign"] = json!(base64(&hmac_sha256(key.as_bytes(), b"")));
        }
        body
    }
}

impl Provider for Feishu {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let mut page = Page::of(outgoing);
        page.title = shorten(&page.title, TITLE_BYTES_MAX);
        let size =
            |block: &Block| line(block).to_string().len().max(json_bytes(&block.plain())) + 1;
        let parts = page.parts(CONTENT_BYTES_MAX, size);
        let post = |part: &Page| Post::json(self.url.expose().into(), &self.body(part, outgoing));
        Ok(parts.iter().map(post).collect())
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        // Older addresses answer with names in another style.
        let said = said(reply, &["code", "StatusCode"], &["msg", "StatusMessage"]);
        let delivery = by_code(reply, now, said, "0", CODES);
        let reset =
            reply.headers.get(RESET_HEADER).and_then(|field| field.trim().parse::<u32>().ok());
        match (delivery, reset) {
            (Delivery::Retry { after, why }, Some(seconds)) => {
                let reset = Some(SignedDuration::from_secs(i64::from(seconds)));
                Delivery::Retry { after: after.max(reset), why }
            }
            (delivery, _) => delivery,
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.url.expose().to_owned()
    }

    fn pace(&self) -> Option<Pace> {
        // A hundred a minute, less what the other side's minute may differ by.
        Some(Pace { most: 90, within: SignedDuration::from_mins(1) })
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}
