//! Channels of `kind: http`: a form written in the file or shipped as a preset, with the secrets
//! and settings it wants. What forms mean is in `notify`; here they are read and checked.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::notify::custom::{Body, Custom, Form, Read, check};
use crate::notify::{Addresses, Class, Secret, Verb, WhyCode};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{self, BAD_VALUE, Data, Entry, Fields, Node, missing};
use crate::text::Text;

use super::Reader;

/// The shipped forms.
pub(in crate::config) const PRESETS: [(&str, &str); 7] = [
    ("bark", include_str!("../../notify/provider/presets/bark.yaml")),
    ("discord", include_str!("../../notify/provider/presets/discord.yaml")),
    ("mattermost", include_str!("../../notify/provider/presets/mattermost.yaml")),
    ("pushover", include_str!("../../notify/provider/presets/pushover.yaml")),
    ("pushplus", include_str!("../../notify/provider/presets/pushplus.yaml")),
    ("serverchan", include_str!("../../notify/provider/presets/serverchan.yaml")),
    ("telegram", include_str!("../../notify/provider/presets/telegram.yaml")),
];

/// Bytes of a message's text unless the form says otherwise.
const BYTES_MAX: i64 = 4_000;
/// A text that is split smaller than this says nothing.
const BYTES_LEAST: i64 = 140;
/// More than any service takes in one message.
const BYTES_MOST: i64 = 60_000;

impl Reader<'_, '_> {
    /// Reads a channel that a form describes.
    pub(super) fn custom(&mut self, fields: &mut Fields<'_>, allow_plain: bool) -> Option<Custom> {
        let form = match fields.take("preset") {
            Some(node) => {
                let names = PRESETS.map(|(name, text)| (name, (name, text)));
                let (name, text) = node.one_of(&names, self.out)?;
                let (_, root) = yaml::load(name, text.as_bytes()).ok()?;
                let mut form = Fields::open(&root, Text::both("预设", "a preset"), self.out)?;
                let read = self.form(&mut form);
                form.close(self.out);
                read
            }
            None => self.form(fields),
        };
        let given = fields.take("keys");
        let secrets = form.as_ref().map(|form| self.keys(given, form, fields));
        let values = fields.take("values");
        let settings = form.as_ref().map(|form| self.values(values, form, fields));
        let base = self.base(fields, form.as_ref(), allow_plain);
        Some(Custom { base: base?, secrets: secrets??, settings: settings??, form: form? })
    }

    /// Reads where a service is: a server that the form names or the channel, or a whole address
    /// that is a secret.
    fn base(
        &mut self,
        fields: &mut Fields<'_>,
        form: Option<&Form>,
        allow_plain: bool,
    ) -> Option<Secret> {
        if let Some(node) = fields.take("server") {
            return self.url(node, allow_plain).map(|url| Secret::new(url.trim_end_matches('/')));
        }
        match form {
            Some(Form { server: Some(server), .. }) => Some(Secret::new(server.as_str())),
            _ => self.secret_url(fields, allow_plain),
        }
    }

    fn keys(
        &mut self,
        node: Option<&Node>,
        form: &Form,
        fields: &Fields<'_>,
    ) -> Option<BTreeMap<SmolStr, Secret>> {
        let entries = node.and_then(|node| node.map(self.out)).unwrap_or_default();
        let mut secrets = BTreeMap::new();
        for entry in entries {
            if self.wanted(entry, form.secrets.iter()) {
                secrets.insert(SmolStr::new(&entry.key.text), self.secret(&entry.value)?);
            }
        }
        for name in form.secrets.iter().filter(|name| !secrets.contains_key(*name)) {
            let what = Text::both("该渠道的 `keys`", "`keys` of this channel");
            self.out.push(missing(node.map_or(fields.span(), |node| node.span), &what, name));
        }
        (secrets.len() == form.secrets.len()).then_some(secrets)
    }

    fn values(
        &mut self,
        node: Option<&Node>,
        form: &Form,
        fields: &Fields<'_>,
    ) -> Option<BTreeMap<SmolStr, String>> {
        let entries = node.and_then(|node| node.map(self.out)).unwrap_or_default();
        let mut given = BTreeMap::new();
        for entry in entries {
            if self.wanted(entry, form.settings.keys()) {
                let text = entry.value.string(self.out)?;
                given.insert(SmolStr::new(&entry.key.text), text.to_owned());
            }
        }
        for (name, default) in &form.settings {
            match default {
                _ if given.contains_key(name) => {}
                Some(default) => {
                    given.insert(name.clone(), default.clone());
                }
                None => {
                    let what = Text::both("该渠道的 `values`", "`values` of this channel");
                    let span = node.map_or(fields.span(), |node| node.span);
                    self.out.push(missing(span, &what, name));
                }
            }
        }
        (given.len() == form.settings.len()).then_some(given)
    }

    fn wanted<'n>(&mut self, entry: &Entry, names: impl Iterator<Item = &'n SmolStr>) -> bool {
        let names: Vec<&SmolStr> = names.collect();
        let wanted = names.iter().any(|name| **name == entry.key.text);
        if !wanted {
            let written = &entry.key.text;
            let finding = Diagnostic::new(
                BAD_VALUE,
                both!("该渠道用不到 `{written}`", "this channel has no use for `{written}`"),
            );
            let names = names.iter().map(|name| name.as_str());
            self.out.push(finding.at(entry.key.span).did_you_mean(written, names));
        }
        wanted
    }

    /// Reads a form.
    fn form(&mut self, fields: &mut Fields<'_>) -> Option<Form> {
        let kinds = [
            ("any", Addresses::Any),
            ("mention", Addresses::Mention),
            ("topic", Addresses::Topic),
            ("number", Addresses::Number),
        ];
        let addresses = fields.take("addresses");
        let addresses =
            addresses.map_or(Some(Addresses::Any), |node| node.one_of(&kinds, self.out));
        let secrets = fields.list("secrets", self.out).iter();
        let secrets = secrets.filter_map(|node| node.string(self.out).map(SmolStr::new)).collect();
        let mut settings = BTreeMap::new();
        for entry in fields.map("settings", self.out) {
            let default = match &entry.value.data {
                Data::Null => None,
                _ => entry.value.string(self.out).map(str::to_owned),
            };
            settings.insert(SmolStr::new(&entry.key.text), default);
        }
        let per_minute = fields.integer("per_minute", 1, i64::from(u16::MAX), self.out);
        let answer = fields.take("answer").and_then(|node| self.answer(node));
        let request = fields.require("request", self.out)?;
        let form = Form {
            addresses: addresses?,
            per_minute: per_minute.and_then(|most| u16::try_from(most).ok()),
            answer,
            secrets,
            settings,
            verb: Verb::Post,
            server: None,
            path: String::new(),
            headers: Vec::new(),
            body: Body::Empty,
            bytes_max: 0,
        };
        self.request(request, form)
    }

    fn request(&mut self, node: &Node, mut form: Form) -> Option<Form> {
        let mut fields = Fields::open(node, Text::both("请求", "a request"), self.out)?;
        let verbs = [("GET", Verb::Get), ("POST", Verb::Post), ("PUT", Verb::Put)];
        let verb = fields.take("method");
        form.verb = verb.map_or(Some(Verb::Post), |node| node.one_of(&verbs, self.out))?;
        form.server = match fields.take("server") {
            Some(node) => Some(self.url(node, false)?.trim_end_matches('/').to_owned()),
            None => None,
        };
        if let Some(node) = fields.take("path") {
            form.path = self.template(node, &form)?;
            if !form.path.starts_with('/') {
                self.bad(
                    node,
                    both!("路径须以 `/` 开头", "a path begins with `/`"),
                    both!("主机写在 `server`", "the host stands in `server`"),
                );
                return None;
            }
        }
        for entry in fields.map("headers", self.out) {
            let value = self.template(&entry.value, &form)?;
            form.headers.push((SmolStr::new(&entry.key.text), value));
        }
        let most = fields.integer("bytes_max", BYTES_LEAST, BYTES_MOST, self.out);
        form.bytes_max = usize::try_from(most.unwrap_or(BYTES_MAX)).ok()?;
        if let Some(node) = fields.take("json") {
            self.templates(node, &form)?;
            form.body = Body::Json(node.to_json());
        } else if let Some(node) = fields.take("form") {
            let mut pairs = Vec::new();
            for entry in node.map(self.out)? {
                let text = self.template(&entry.value, &form)?;
                pairs.push((SmolStr::new(&entry.key.text), text));
            }
            form.body = Body::Form(pairs);
        } else if let Some(node) = fields.take("text") {
            let kind = "text/plain; charset=utf-8".to_owned();
            form.body = Body::Text { kind, text: self.template(node, &form)? };
        }
        fields.close(self.out);
        Some(form)
    }

    /// Checks every text below a node as a template.
    fn templates(&mut self, node: &Node, form: &Form) -> Option<()> {
        match &node.data {
            Data::List(items) => items.iter().try_for_each(|item| self.templates(item, form)),
            Data::Map(entries) => {
                entries.iter().try_for_each(|entry| self.templates(&entry.value, form))
            }
            Data::String(_) => self.template(node, form).map(drop),
            Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Number(_) => Some(()),
        }
    }

    fn template(&mut self, node: &Node, form: &Form) -> Option<String> {
        let text = node.string(self.out)?;
        match check(text, form) {
            Ok(()) => Some(text.to_owned()),
            Err(problem) => {
                let finding = Diagnostic::new(
                    BAD_VALUE,
                    both!("模板有误：{problem}", "the template is wrong: {problem}"),
                );
                self.out.push(finding.at(node.span));
                None
            }
        }
    }

    fn answer(&mut self, node: &Node) -> Option<Read> {
        let mut fields = Fields::open(node, Text::both("应答", "an answer"), self.out)?;
        let code = fields.require("code", self.out).and_then(|node| node.string(self.out));
        let message = fields.string("message", self.out).map(str::to_owned);
        let fine = fields.require("fine", self.out).and_then(|node| node.string(self.out));
        let classes = [
            ("later", Class::Later(0)),
            ("never", Class::Never),
            ("mend", Class::Mend(WhyCode::NotAuthorised)),
        ];
        let mut codes = Vec::new();
        for entry in fields.map("codes", self.out) {
            if let Some(class) = entry.value.one_of(&classes, self.out) {
                codes.push((entry.key.text.to_string(), class));
            }
        }
        fields.close(self.out);
        Some(Read { code: code?.to_owned(), message, fine: fine?.to_owned(), codes })
    }
}
