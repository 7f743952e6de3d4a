//! Channels: the ways out.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::code::{BAD_SECRET, INSECURE};
use crate::config::model::{Channel, ChannelKind, Login, Smtp, SmtpTls, Webhook};
use crate::id::ChannelId;
use crate::notify::Secret;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{BAD_VALUE, Entry, Fields, Node, missing};
use crate::text::Text;

use super::Reader;
use super::hooks::{KNOWN, Known};
use super::scalar::is_loopback;

/// How long one attempt may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A peer that needs less than this does not exist.
const TIMEOUT_LEAST: Duration = Duration::from_secs(1);
/// A page that waits longer than this should have gone another way.
const TIMEOUT_MOST: Duration = Duration::from_secs(60);
/// Key lengths that Standard Webhooks allows, in bytes.
const WEBHOOK_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

#[derive(Clone, Copy)]
enum Kind {
    Smtp,
    Eml,
    Webhook,
    Hook(Known),
}

impl Reader<'_, '_> {
    /// Reads the channels; returns the ids of all, also of those that could not be read.
    pub(super) fn channels(&mut self, node: &Node) -> BTreeSet<ChannelId> {
        let mut ids = BTreeSet::new();
        for entry in node.map(self.out).unwrap_or_default() {
            self.check_id(&entry.key);
            let id = ChannelId::new(&entry.key.text);
            ids.insert(id.clone());
            if let Some(channel) = self.channel(entry, id.clone()) {
                self.channels.insert(id, channel);
            }
        }
        ids
    }

    fn channel(&mut self, entry: &Entry, id: ChannelId) -> Option<Channel> {
        let mut fields = Fields::open(&entry.value, Text::both("渠道", "a channel"), self.out)?;
        let drill = fields.boolean("drill", self.out).unwrap_or(false);
        let own = [("smtp", Kind::Smtp), ("eml", Kind::Eml), ("webhook", Kind::Webhook)];
        let services = KNOWN.iter().map(|(name, known)| (*name, Kind::Hook(*known)));
        let kinds: Vec<_> = own.into_iter().chain(services).collect();
        let at_most = self.at_most_to_one(&mut fields);
        let kind = fields.require("kind", self.out)?.one_of(&kinds, self.out)?;
        let kind = match kind {
            Kind::Smtp => self.smtp(&mut fields).map(|(smtp, to)| (ChannelKind::Smtp(smtp), to)),
            Kind::Eml => {
                let to = fields.take("to").and_then(|node| self.mailbox(node));
                let dir = fields.require("dir", self.out).and_then(|node| self.path(node));
                dir.map(|dir| (ChannelKind::Eml { dir }, to))
            }
            Kind::Webhook => self.webhook(&mut fields),
            Kind::Hook(known) => self.hook(known, &mut fields),
        };
        fields.close(self.out);
        kind.map(|(kind, to)| Channel { id, drill, to, at_most, kind })
    }

    fn smtp(&mut self, fields: &mut Fields<'_>) -> Option<(Smtp, Option<String>)> {
        let modes = [
            ("starttls", SmtpTls::StartTls),
            ("implicit", SmtpTls::Implicit),
            ("none", SmtpTls::None),
        ];
        let host = fields.require("host", self.out);
        let tls_node = fields.take("tls");
        let tls = tls_node.map_or(Some(SmtpTls::StartTls), |n| n.one_of(&modes, self.out));
        let port = fields.integer("port", 1, i64::from(u16::MAX), self.out);
        let login = self.login(fields);
        let from = fields.require("from", self.out).and_then(|node| self.mailbox(node));
        let to = fields.take("to").and_then(|node| self.mailbox(node));
        let timeout = self.timeout(fields);
        let host = host?.string(self.out)?.to_owned();
        let tls = tls?;
        if let (SmtpTls::None, Some(node)) = (tls, tls_node)
            && !is_loopback(&host)
        {
            let finding = Diagnostic::new(
                INSECURE,
                both!(
                    "与 `{host}` 的邮件连接没有加密",
                    "mail to `{host}` would travel in the clear"
                ),
            );
            self.out.push(finding.at(node.span).help(both!(
                "改用 `starttls` 或 `implicit`；`none` 只允许用于本机",
                "use `starttls` or `implicit`; `none` is for this machine only"
            )));
        }
        let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(tls.default_port());
        Some((Smtp { host, port, tls, login, from: from?, timeout }, to))
    }

    /// Reads a user name and password, which come together or not at all.
    fn login(&mut self, fields: &mut Fields<'_>) -> Option<Login> {
        let username = fields.string("username", self.out);
        let password = fields.take("password");
        match (username, password) {
            (Some(username), Some(node)) => {
                let password = self.secret(node)?;
                Some(Login { username: username.to_owned(), password })
            }
            (Some(_), None) => {
                let what = Text::both("有 `username` 的渠道", "a channel with `username`");
                self.out.push(missing(fields.span(), &what, "password"));
                None
            }
            (None, Some(node)) => {
                let what = Text::both("有 `password` 的渠道", "a channel with `password`");
                self.out.push(missing(node.span, &what, "username"));
                None
            }
            (None, None) => None,
        }
    }

    fn webhook(&mut self, fields: &mut Fields<'_>) -> Option<(ChannelKind, Option<String>)> {
        let allow_private = fields.boolean("allow_private", self.out).unwrap_or(false);
        let url = fields.take("url").and_then(|node| self.url(node, allow_private));
        let secret = fields.require("secret", self.out).and_then(|node| self.webhook_key(node));
        let timeout = self.timeout(fields);
        Some((ChannelKind::Webhook(Webhook { secret: secret?, allow_private, timeout }), url))
    }

    fn webhook_key(&mut self, node: &Node) -> Option<Secret> {
        let secret = self.secret(node)?;
        let key = secret.expose().strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
        if key.is_some_and(|key| WEBHOOK_KEY_BYTES.contains(&key.len())) {
            return Some(secret);
        }
        let (least, most) = WEBHOOK_KEY_BYTES.into_inner();
        let finding = Diagnostic::new(
            BAD_SECRET,
            both!("这不是 webhook 签名密钥", "this is not a webhook signing secret"),
        );
        self.out.push(finding.at(node.span).help(both!(
            "应为 `whsec_` 加 {least}–{most} 字节的 base64：\
             `echo whsec_$(openssl rand -base64 32)`",
            "it is `whsec_` and {least}–{most} bytes in base64: \
             `echo whsec_$(openssl rand -base64 32)`"
        )));
        None
    }

    pub(super) fn timeout(&mut self, fields: &mut Fields<'_>) -> Duration {
        let read = fields
            .take("timeout")
            .and_then(|node| self.duration(node, TIMEOUT_LEAST, TIMEOUT_MOST));
        read.unwrap_or(TIMEOUT)
    }

    /// Checks an address in the form its channel wants.
    pub(super) fn address(&mut self, channel: &ChannelId, node: &Node) -> Option<String> {
        let address = match self.channels.get(channel).map(|channel| &channel.kind) {
            Some(ChannelKind::Webhook(webhook)) => {
                let allow_plain = webhook.allow_private;
                self.url(node, allow_plain)?
            }
            Some(ChannelKind::Smtp(_) | ChannelKind::Eml { .. }) => self.mailbox(node)?,
            Some(ChannelKind::Hook(hook)) => {
                let addresses = hook.service.addresses();
                self.hook_address(addresses, node)?
            }
            None => return node.string(self.out).map(str::to_owned),
        };
        if address.len() > ADDRESS_BYTES_MAX {
            let finding = Diagnostic::new(
                BAD_VALUE,
                both!(
                    "地址超过 {ADDRESS_BYTES_MAX} 字节",
                    "the address is longer than {ADDRESS_BYTES_MAX} bytes"
                ),
            );
            self.out.push(finding.at(node.span));
            return None;
        }
        Some(address)
    }
}

/// The longest address: it is stored with every notice.
const ADDRESS_BYTES_MAX: usize = 1_024;
