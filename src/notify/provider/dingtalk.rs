//! Custom robots of DingTalk groups: signed by timestamp in milliseconds, Markdown, 200 with the
//! truth in `errcode`, twenty messages a minute or ten minutes of silence.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Provider, markdown, said};
use crate::notify::channel::Delivery;
use crate::notify::encode::{base64, hmac_sha256, json_bytes, percent};
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Known, Post, Reply, by_code, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// Room for the text as it stands in the body: the service takes 20 000 bytes in all.
const TEXT_BYTES_MAX: usize = 18_000;

/// The longest title: it is shown in the list of conversations.
const TITLE_BYTES_MAX: usize = 200;

/// How long the service refuses everything once it was sent too much.
const BLOCKED_SECONDS: u32 = 600;

/// Ends a line: a single line break is not shown.
const END: &str = "  \n";

/// What the service's codes mean.
const CODES: &[Known] = &[
    known("-1", Class::Later(0), "钉钉系统繁忙，会自动重试", "DingTalk is busy; it is tried again"),
    known(
        "130101",
        Class::Later(BLOCKED_SECONDS),
        "该机器人每分钟最多 20 条，超出后停发 10 分钟：检查是否有别的程序共用它",
        "a robot takes 20 a minute, then nothing for 10 minutes: does another program use it too?",
    ),
    known(
        "410100",
        Class::Later(BLOCKED_SECONDS),
        "发送过快被限流 10 分钟：检查是否有别的程序共用该机器人",
        "it was sent too much and is silent for 10 minutes: does another program use it too?",
    ),
    known(
        "90030",
        Class::Later(BLOCKED_SECONDS),
        "该机器人的调用次数已到上限",
        "the robot has used up its calls",
    ),
    known(
        "310000",
        Class::Mend(WhyCode::NotAuthorised),
        "机器人的安全设置不放行：核对加签密钥 secret、服务器时钟、关键词和 IP 白名单",
        "the robot's security settings refuse it: check `secret`, this machine's clock, the \
         keywords and the list of addresses",
    ),
    known(
        "300001",
        Class::Mend(WhyCode::NotAuthorised),
        "access_token 无效：重新复制机器人的 Webhook 地址",
        "the access_token is not valid: copy the robot's webhook address again",
    ),
    known(
        "300005",
        Class::Mend(WhyCode::NotAuthorised),
        "access_token 无效：重新复制机器人的 Webhook 地址",
        "the access_token is not valid: copy the robot's webhook address again",
    ),
    known(
        "400101",
        Class::Mend(WhyCode::Gone),
        "access_token 不存在：重新复制机器人的 Webhook 地址",
        "there is no such access_token: copy the robot's webhook address again",
    ),
    known(
        "400102",
        Class::Mend(WhyCode::Gone),
        "机器人已停用：在群设置中启用",
        "the robot is switched off: switch it on in the group's settings",
    ),
    known(
        "400106",
        Class::Mend(WhyCode::Gone),
        "机器人已被删除：重新添加并更新地址",
        "the robot was removed: add it again and update its address",
    ),
    known(
        "400013",
        Class::Mend(WhyCode::Gone),
        "群已解散：换一个群的机器人",
        "the group was dissolved: use another group's robot",
    ),
    known("430101", Class::Never, "内容含有不安全的外链", "it holds a link that is refused"),
    known("430102", Class::Never, "内容含有不合适的文本", "it holds words that are refused"),
    known("430104", Class::Never, "内容不合适，被拒收", "its content is refused"),
];

/// A robot of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DingTalk {
    /// Its webhook address with the `access_token`.
    pub url: Secret,
    /// The key it is signed with, `SEC…`; none where the robot goes by keywords or addresses.
    pub secret: Option<Secret>,
}

impl DingTalk {
    /// Returns the address of a request made at an instant.
    fn signed(&self, at: Timestamp) -> String {
        let url = self.url.expose();
        let Some(secret) = &self.secret else { return url.to_owned() };
        let (ms, key) = (at.as_millisecond(), secret.expose());
        let mac = hmac_sha256(key.as_bytes(), format!("{ms}\n{key}").as_bytes());
        let more = if url.contains('?') { '&' } else { '?' };
        format!("{url}{more}timestamp={ms}&sign={}", percent(&base64(&mac)))
    }
}

fn text(part: &Page, mention: Option<&str>) -> String {
    let mut lines = vec![format!("#### {}\n", markdown::defuse(&part.title))];
    // Who is mentioned must also stand in the text.
    lines.extend(mention.map(|who| format!("@{who}{END}")));
    lines.extend(part.blocks.iter().map(|block| match block {
        Block::Gap => "\n".to_owned(),
        block => format!("{}{END}", markdown::block(block)),
    }));
    lines.concat()
}

impl Provider for DingTalk {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let mut page = Page::of(outgoing);
        page.title = shorten(&page.title, TITLE_BYTES_MAX);
        let size = |block: &Block| json_bytes(&markdown::block(block)) + END.len() + 2;
        let mention = outgoing.mention().map(|who| who.trim_start_matches("+86-"));
        let (mobile, user) = match mention {
            Some(who) if who.chars().all(|c| c.is_ascii_digit() || "+-".contains(c)) => {
                (vec![who], vec![])
            }
            Some(who) => (vec![], vec![who]),
            None => (vec![], vec![]),
        };
        let at = json!({ "atMobiles": mobile, "atUserIds": user, "isAtAll": false });
        let posts = page.parts(TEXT_BYTES_MAX, size).into_iter().map(|part| {
            let text = text(&part, mention);
            let body = json!({
                "msgtype": "markdown",
                "markdown": { "title": part.title, "text": text },
                "at": at,
            });
            Post::json(self.signed(outgoing.at()), &body)
        });
        Ok(posts.collect())
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
