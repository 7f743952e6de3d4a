//! Channels to services over HTTP: robots, push, short messages, calls. Every service has a line in
//! [`KNOWN`] and a function that reads its settings.

use smol_str::SmolStr;

use crate::config::model::{ChannelKind, Hook};
use crate::notify::{
    ALIYUN_SERVER, Account, Addresses, AliyunSms, DingTalk, Feishu, Filled, Gotify, Ntfy, Secret,
    Service, Slack, TWILIO_SERVER, Teams, TwilioSms, TwilioVoice, WeCom,
};
use crate::playbook::diagnostic::both;
use crate::playbook::yaml::{Fields, Node};

use super::Reader;
use crate::config::code::{BAD_SECRET, INSECURE};
use crate::playbook::diagnostic::Diagnostic;

use super::scalar::is_loopback;

/// The most messages a minute that anybody sets.
const PER_MINUTE_MOST: i64 = 6_000;

/// The longest id of an account, number, signature: they stand in every request.
const WORD_CHARS_MAX: usize = 128;

/// Where ntfy is unless configured.
const NTFY_SERVER: &str = "https://ntfy.sh";

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    DingTalk,
    Feishu,
    WeCom,
    Slack,
    Teams,
    Ntfy,
    Gotify,
    AliyunSms,
    TwilioSms,
    TwilioVoice,
    Custom,
}

/// The kinds of channels that are services, by the name they have in the file.
pub(super) const KNOWN: [(&str, Known); 12] = [
    ("dingtalk", Known::DingTalk),
    ("feishu", Known::Feishu),
    ("lark", Known::Feishu),
    ("wecom", Known::WeCom),
    ("slack", Known::Slack),
    ("teams", Known::Teams),
    ("ntfy", Known::Ntfy),
    ("gotify", Known::Gotify),
    ("aliyun-sms", Known::AliyunSms),
    ("twilio-sms", Known::TwilioSms),
    ("twilio-voice", Known::TwilioVoice),
    ("http", Known::Custom),
];

impl Reader<'_, '_> {
    /// Reads a channel to a service, with the address of messages to nobody in particular.
    pub(super) fn hook(
        &mut self,
        known: Known,
        fields: &mut Fields<'_>,
    ) -> Option<(ChannelKind, Option<String>)> {
        let allow_private = fields.boolean("allow_private", self.out).unwrap_or(false);
        let timeout = self.timeout(fields);
        let per_minute = fields.integer("per_minute", 1, PER_MINUTE_MOST, self.out);
        let service = self.service(known, allow_private, fields);
        let to = match service.as_ref().map(Service::addresses) {
            // The place itself: everyone there reads it, and nobody is mentioned.
            Some(Addresses::Mention) => Some(String::new()),
            Some(addresses) => {
                fields.take("to").and_then(|node| self.hook_address(addresses, node))
            }
            None => None,
        };
        let per_minute = per_minute.and_then(|most| u16::try_from(most).ok());
        let hook = Hook { service: service?, allow_private, timeout, per_minute };
        Some((ChannelKind::Hook(hook), to))
    }

    fn service(
        &mut self,
        known: Known,
        allow_private: bool,
        fields: &mut Fields<'_>,
    ) -> Option<Service> {
        Some(match known {
            Known::DingTalk => {
                let url = self.secret_url(fields, allow_private);
                let secret = self.secret_or_none(fields, "secret")?;
                Service::DingTalk(DingTalk { url: url?, secret })
            }
            Known::Feishu => {
                let url = self.secret_url(fields, allow_private);
                let secret = self.secret_or_none(fields, "secret")?;
                Service::Feishu(Feishu { url: url?, secret })
            }
            Known::WeCom => Service::WeCom(WeCom { url: self.secret_url(fields, allow_private)? }),
            Known::Slack => Service::Slack(Slack { url: self.secret_url(fields, allow_private)? }),
            Known::Teams => Service::Teams(Teams { url: self.secret_url(fields, allow_private)? }),
            Known::Ntfy => {
                let server = self.server(fields, NTFY_SERVER, allow_private);
                let token = self.secret_or_none(fields, "token")?;
                Service::Ntfy(Ntfy { server: server?, token })
            }
            Known::Gotify => {
                let server = fields.require("server", self.out);
                let token = fields.require("token", self.out).and_then(|node| self.secret(node));
                let server = server.and_then(|node| self.url(node, allow_private))?;
                Service::Gotify(Gotify { server: bare(&server), token: token? })
            }
            Known::Custom => Service::Custom(Box::new(self.custom(fields, allow_private)?)),
            Known::AliyunSms => Service::AliyunSms(self.aliyun(fields, allow_private)?),
            Known::TwilioSms => Service::TwilioSms(TwilioSms(self.twilio(fields, allow_private)?)),
            Known::TwilioVoice => {
                Service::TwilioVoice(TwilioVoice(self.twilio(fields, allow_private)?))
            }
        })
    }

    /// Reads an address that is itself a secret. It is called `secret_url` so that nobody writes it
    /// into the file, and so that it is blotted out where somebody did.
    pub(super) fn secret_url(
        &mut self,
        fields: &mut Fields<'_>,
        allow_plain: bool,
    ) -> Option<Secret> {
        let node = fields.require("secret_url", self.out)?;
        self.secret_address(node, allow_plain)
    }

    /// Reads where an address is kept, and the address; it is never shown.
    pub(super) fn secret_address(&mut self, node: &Node, allow_plain: bool) -> Option<Secret> {
        let secret = self.secret(node)?;
        let url = reqwest::Url::parse(secret.expose()).ok();
        let host = url.as_ref().and_then(|url| url.host_str());
        let (Some(url), Some(host)) = (&url, host) else {
            self.wrong_secret(
                node,
                both!("密钥里存的不是网址", "what is kept there is not a URL"),
                both!(
                    "存入完整地址，以 `https://` 开头",
                    "keep the whole address there, from `https://` on"
                ),
            );
            return None;
        };
        if url.scheme() != "https" && !allow_plain && !is_loopback(host) {
            let finding = Diagnostic::new(
                INSECURE,
                both!("`{host}` 以明文方式调用", "`{host}` would be called in the clear"),
            );
            self.out.push(finding.at(node.span).help(both!("改用 `https://`", "use `https://`")));
            return None;
        }
        Some(secret)
    }

    fn wrong_secret(&mut self, node: &Node, message: crate::text::Text, help: crate::text::Text) {
        self.out.push(Diagnostic::new(BAD_SECRET, message).at(node.span).help(help));
    }

    /// Reads a secret that may be missing; `None` where it is there and cannot be read.
    fn secret_or_none(
        &mut self,
        fields: &mut Fields<'_>,
        key: &'static str,
    ) -> Option<Option<Secret>> {
        match fields.take(key) {
            Some(node) => self.secret(node).map(Some),
            None => Some(None),
        }
    }

    fn server(
        &mut self,
        fields: &mut Fields<'_>,
        default: &str,
        allow_plain: bool,
    ) -> Option<String> {
        match fields.take("server") {
            Some(node) => self.url(node, allow_plain).map(|url| bare(&url)),
            None => Some(default.to_owned()),
        }
    }

    fn twilio(&mut self, fields: &mut Fields<'_>, allow_plain: bool) -> Option<Account> {
        let server = self.server(fields, TWILIO_SERVER, allow_plain);
        let sid = self.word(fields, "account");
        let token = fields.require("token", self.out).and_then(|node| self.secret(node));
        let from = self.word(fields, "from");
        Some(Account { server: server?, sid: sid?, token: token?, from: from? })
    }

    fn aliyun(&mut self, fields: &mut Fields<'_>, allow_plain: bool) -> Option<AliyunSms> {
        let server = self.server(fields, ALIYUN_SERVER, allow_plain);
        let key_id = self.word(fields, "key_id");
        let key_secret = fields.require("key_secret", self.out).and_then(|node| self.secret(node));
        let sign = self.word(fields, "sign");
        let template = fields.string("template", self.out).map(SmolStr::new);
        let fills = [
            ("number", Filled::Number),
            ("title", Filled::Title),
            ("level", Filled::Level),
            ("headline", Filled::Headline),
            ("role", Filled::Role),
            ("link", Filled::Link),
        ];
        let mut vars = Vec::new();
        for entry in fields.map("vars", self.out) {
            if let Some(filled) = entry.value.one_of(&fills, self.out) {
                vars.push((SmolStr::new(&entry.key.text), filled));
            }
        }
        let (server, key_id, key_secret, sign) = (server?, key_id?, key_secret?, sign?);
        Some(AliyunSms { server, key_id, key_secret, sign, template, vars })
    }

    /// Reads a short text in one line.
    fn word(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
        let node = fields.require(key, self.out)?;
        let text = node.string(self.out)?;
        let good = !text.is_empty()
            && text.chars().count() <= WORD_CHARS_MAX
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if !good {
            self.bad(
                node,
                both!("`{key}` 无效", "this is no `{key}`"),
                both!(
                    "不含空白，最多 {WORD_CHARS_MAX} 个字符",
                    "no spaces, at most {WORD_CHARS_MAX} characters"
                ),
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// Checks an address in the form its service wants.
    pub(super) fn hook_address(&mut self, addresses: Addresses, node: &Node) -> Option<String> {
        let text = node.string(self.out)?;
        let (good, help) = match addresses {
            Addresses::Mention => (
                text.chars().all(|c| c.is_alphanumeric() || "@._+-".contains(c)),
                both!(
                    "写在群里提及此人所用的手机号或用户 ID",
                    "write the number or id this person is mentioned by there"
                ),
            ),
            Addresses::Any => (
                !text.chars().any(char::is_control),
                both!("不含控制字符，不为空", "it is not empty and holds no control characters"),
            ),
            Addresses::Topic => (
                text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
                both!("写主题名：字母、数字、`-`、`_`", "write a topic: letters, digits, `-`, `_`"),
            ),
            Addresses::Number => (
                text.strip_prefix('+').is_some_and(|rest| {
                    (8..=15).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_digit())
                }),
                both!(
                    "写带国家区号的号码，例如 `+8613800000000`（加引号）",
                    "write it with its country, such as `\"+8613800000000\"`"
                ),
            ),
        };
        let good = good && !text.is_empty() && text.chars().count() <= WORD_CHARS_MAX;
        if !good {
            self.bad(
                node,
                both!("`{text}` 不是该渠道的地址", "`{text}` is no address on this channel"),
                help,
            );
            return None;
        }
        Some(text.to_owned())
    }
}

fn bare(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}
