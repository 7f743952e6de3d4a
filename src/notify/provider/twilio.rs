//! Twilio: short messages of any text, and calls that read a message aloud, twice, and take a key for
//! an answer. What it posts to us is signed with the account's token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use ring::hmac;

use super::{Provider, said};
use crate::notify::channel::{Delivery, Inbound};
use crate::notify::encode::{basic, percent, xml};
use crate::notify::outgoing::Outgoing;
use crate::notify::page::{Block, Page, cut};
use crate::notify::reply::{Class, Known, Post, Reply, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};
use crate::text::Lang;

/// Where the service is.
pub const SERVER: &str = "https://api.twilio.com";

/// The most characters of a short message that the service takes.
const SMS_CHARS_MAX: usize = 1_600;

/// Bytes of what is read aloud: longer than anybody listens at night, within the 4 000 characters
/// that the service takes with everything around it.
const SPOKEN_BYTES_MAX: usize = 1_200;

/// What the service's codes mean.
const CODES: &[Known] = &[
    known("20429", Class::Later(1), "请求过多被限流", "it was sent too much"),
    known(
        "20003",
        Class::Mend(WhyCode::NotAuthorised),
        "账号 SID 或令牌无效",
        "the account's SID or its token is not valid",
    ),
    known(
        "20404",
        Class::Mend(WhyCode::NotAuthorised),
        "账号 SID 不存在",
        "there is no such account",
    ),
    known(
        "21606",
        Class::Mend(WhyCode::NotAuthorised),
        "发送号码 from 不属于该账号或不能发短信",
        "the number in `from` is not the account's or cannot send messages",
    ),
    known(
        "21212",
        Class::Mend(WhyCode::NotAuthorised),
        "发送号码 from 无效",
        "the number in `from` is not valid",
    ),
    known(
        "21608",
        Class::Mend(WhyCode::NotAuthorised),
        "试用账号只能发往已验证的号码",
        "a trial account reaches verified numbers only",
    ),
    known(
        "21408",
        Class::Mend(WhyCode::NotAuthorised),
        "账号未开通该国家或地区",
        "the account may not reach this country",
    ),
    known("21211", Class::Never, "收件号码无效", "the number is not valid"),
    known("21614", Class::Never, "收件号码不能接收短信", "the number takes no messages"),
    known("21610", Class::Never, "收件人已退订", "the recipient has opted out"),
];

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Where the service is, without a slash at its end.
    pub server: String,
    /// The account's SID, `AC…`.
    pub sid: String,
    /// Its token.
    pub token: Secret,
    /// The number that messages come from, or `MG…` for a messaging service.
    pub from: String,
}

impl Account {
    fn url(&self, what: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{what}.json", self.server, percent(&self.sid))
    }

    fn post(&self, what: &str, fields: &[(&str, &str)]) -> Post {
        Post::form(self.url(what), fields)
            .header("authorization", basic(&self.sid, self.token.expose()))
    }
}

/// Tells whether a request to us is signed with the account's token: HMAC-SHA1 over the address and
/// the form's fields in the order of their names, each once, as the service's own library has it. The
/// service signs the address with its port or without: either is taken.
fn vouches(account: &Account, call: &Inbound<'_>) -> bool {
    let Ok(signature) = BASE64.decode(call.signature) else { return false };
    let mut fields: Vec<&(String, String)> = call.fields.iter().collect();
    fields.sort();
    fields.dedup();
    let said: String =
        fields.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect();
    let token = account.token.expose().as_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token);
    let signs = |url: String| hmac::verify(&key, (url + &said).as_bytes(), &signature).is_ok();
    with_and_without_port(call.url).into_iter().any(signs)
}

/// Returns an address with its port, which may be the scheme's own, and without.
fn with_and_without_port(url: &str) -> [String; 2] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match host.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        Some((bare, _)) => [url.to_owned(), format!("{scheme}://{bare}{path}")],
        None => {
            let port = if scheme == "http" { 80 } else { 443 };
            [format!("{scheme}://{host}:{port}{path}"), url.to_owned()]
        }
    }
}

fn judge(reply: &Reply, now: Timestamp) -> Delivery {
    if reply.is_success() {
        let taken = reply.json().is_some_and(|json| json.get("sid").is_some());
        return match taken {
            true => Delivery::Delivered,
            false => by_code(reply, now, None, "", CODES),
        };
    }
    match said(reply, &["code"], &["message"]) {
        Some(said) => by_code(reply, now, Some(said), "", CODES),
        None => by_status(reply, now),
    }
}

/// Short messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioSms(pub Account);

impl Provider for TwilioSms {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let page = Page::of(outgoing);
        let blocks = page.blocks.iter().filter(|block| **block != Block::Gap).map(Block::plain);
        let mut lines = vec![page.title.clone()];
        lines.extend(blocks);
        let text = lines.join("\n");
        let (text, _) = cut(&text, |head| head.chars().count() <= SMS_CHARS_MAX);
        let from = match self.0.from.starts_with("MG") {
            true => "MessagingServiceSid",
            false => "From",
        };
        let fields = [("To", outgoing.address()), (from, &self.0.from), ("Body", text)];
        Ok(vec![self.0.post("Messages", &fields)])
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        judge(reply, now)
    }

    fn endpoint(&self, _address: &str) -> String {
        self.0.url("Messages")
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }

    fn vouches(&self, call: &Inbound<'_>) -> bool {
        vouches(&self.0, call)
    }
}

/// Calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioVoice(pub Account);

/// Writes what the service reads aloud: what is wanted before anything else, no addresses, twice.
fn spoken(outgoing: &Outgoing) -> String {
    let page = Page::of(outgoing);
    let lines = page.blocks.iter().filter_map(|block| match block {
        Block::Heading(text) | Block::Line(text) | Block::Item(text) => Some(text.as_str()),
        Block::Link { .. } | Block::Gap => None,
    });
    let (lang, stop) = match outgoing.lang() {
        Lang::Zh => ("zh-CN", "。"),
        Lang::En => ("en-GB", ". "),
    };
    let text = std::iter::once(page.title.as_str()).chain(lines).collect::<Vec<_>>().join(stop);
    let (text, _) = cut(&text, |head| xml(head).len() <= SPOKEN_BYTES_MAX);
    let said = |text: &str| format!("<Say language=\"{lang}\">{}</Say>", xml(text));
    let Some(answer) = &outgoing.facts().answer else {
        return format!("<Response>{0}<Pause length=\"1\"/>{0}</Response>", said(text));
    };
    let press = match outgoing.lang() {
        Lang::Zh => format!("{}，请按 1。", answer.label),
        Lang::En => format!("For: {}, press 1.", answer.label),
    };
    // A key may be pressed at any time; without one the call ends after the second time.
    format!(
        "<Response><Gather numDigits=\"1\" timeout=\"8\" method=\"POST\" action=\"{}\">\
         {1}{2}<Pause length=\"1\"/>{1}{2}</Gather></Response>",
        xml(&answer.url),
        said(text),
        said(&press),
    )
}

impl Provider for TwilioVoice {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let twiml = spoken(outgoing);
        let fields =
            [("To", outgoing.address()), ("From", &self.0.from), ("Twiml", twiml.as_str())];
        Ok(vec![self.0.post("Calls", &fields)])
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        judge(reply, now)
    }

    fn endpoint(&self, _address: &str) -> String {
        self.0.url("Calls")
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }

    fn vouches(&self, call: &Inbound<'_>) -> bool {
        vouches(&self.0, call)
    }
}
