//! Sources of alerts: which dialect each speaks, what opens its door, how its bodies are mapped.

use std::collections::BTreeMap;
use std::time::Duration;

use smol_str::SmolStr;

use crate::config::code::BAD_SECRET;
use crate::config::model::IngestSource;
use crate::ingest::signature::Signing;
use crate::ingest::{Dialect, RULES_MAX, Rule, RuleError, Source};
use crate::notify::Secret;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{Entry, Fields, Node, bad_value};
use crate::text::Text;

use super::Reader;

/// A shorter key could be guessed; what providers give out has 32.
const KEY_CHARS_LEAST: usize = 16;
/// Clocks that are set differ by less.
const WINDOW_LEAST: Duration = Duration::from_secs(10);
/// A longer window would let a body of last night be sent again.
const WINDOW_MOST: Duration = Duration::from_secs(3_600);

/// A source that is silent for less may only be slow.
const SILENT_LEAST: Duration = Duration::from_secs(30);
const SILENT_MOST: Duration = Duration::from_secs(7 * 24 * 3_600);

impl Reader<'_, '_> {
    pub(super) fn ingest(&mut self, node: &Node) -> BTreeMap<SmolStr, IngestSource> {
        let mut sources: BTreeMap<SmolStr, IngestSource> = BTreeMap::new();
        for entry in node.map(self.out).unwrap_or_default() {
            self.check_id(&entry.key);
            let Some(source) = self.source(entry) else { continue };
            let twin = sources.values().find(|other| other.key == source.key);
            if let Some(twin) = twin {
                let (one, other) = (&twin.source.id, &source.source.id);
                let finding = Diagnostic::new(
                    BAD_SECRET,
                    both!(
                        "来源 `{one}` 和 `{other}` 的密钥相同",
                        "the sources `{one}` and `{other}` have the same key"
                    ),
                );
                let help = Text::both("给每个来源各自的密钥", "give each source a key of its own");
                self.out.push(finding.at(entry.key.span).help(help));
            }
            sources.insert(source.source.id.clone(), source);
        }
        sources
    }

    fn source(&mut self, entry: &Entry) -> Option<IngestSource> {
        let what = Text::both("告警来源", "a source of alerts");
        let mut fields = Fields::open(&entry.value, what, self.out)?;
        let dialect = fields.require("dialect", self.out);
        let dialect = dialect.and_then(|node| node.one_of(&Dialect::ALL, self.out));
        let key = fields.require("secret", self.out).and_then(|node| self.ingest_key(node));
        let signature = fields.take("signature");
        let labels = fields.map("labels", self.out);
        let labels = self.fixed(&labels);
        let group_by = fields.take("group_by").map(|node| self.label_names(node));
        let silent = fields.take("silent_after");
        let silent_after = silent.and_then(|node| self.span(node, SILENT_LEAST, SILENT_MOST));
        let rules_at = fields.peek("rules").map(|node| node.span);
        let nodes = fields.list("rules", self.out);
        fields.close(self.out);
        let rules: Vec<Rule> =
            nodes.iter().take(RULES_MAX).filter_map(|node| self.rule(node)).collect();
        let refused = match dialect {
            Some(dialect) if !dialect.takes_rules() && !nodes.is_empty() => Some(both!(
                "`rules` 只用于 `generic` 和 `cloudevents`",
                "`rules` are for `generic` and `cloudevents` alone"
            )),
            _ if nodes.len() > RULES_MAX => {
                Some(both!("规则最多 {RULES_MAX} 条", "at most {RULES_MAX} rules"))
            }
            _ => None,
        };
        if let (Some(message), Some(span)) = (refused, rules_at) {
            self.out.push(bad_value(span, message));
        }
        let signing = self.signing(dialect?, signature);
        let source = Source {
            id: SmolStr::new(&entry.key.text),
            dialect: dialect?,
            labels,
            group_by: group_by.unwrap_or_default(),
            silent_after,
            rules: rules.into(),
        };
        Some(IngestSource { source, key: key?, signing })
    }

    /// Reads how bodies are signed; some dialects always are, most never.
    fn signing(&mut self, dialect: Dialect, node: Option<&Node>) -> Option<Signing> {
        let (can, always) = dialect.signs();
        let node = match node {
            Some(node) if can && !always => node,
            Some(node) => {
                let message = both!(
                    "`signature` 只用于 `grafana`；`sentry` 总是签名",
                    "`signature` is for `grafana` alone; `sentry` always signs"
                );
                self.out.push(bad_value(node.span, message));
                return None;
            }
            None => return always.then(Signing::sentry),
        };
        let mut signing = Signing::grafana();
        let what = Text::both("签名方式", "how bodies are signed");
        let mut fields = Fields::open(node, what, self.out)?;
        if let Some(header) = fields.take("header").and_then(|node| self.header(node)) {
            signing.header = header;
        }
        signing.timestamp = fields.take("timestamp_header").and_then(|node| self.header(node));
        let window = fields.take("window");
        let window = window.and_then(|node| self.duration(node, WINDOW_LEAST, WINDOW_MOST));
        signing.window = window.unwrap_or(signing.window);
        fields.close(self.out);
        Some(signing)
    }

    fn header(&mut self, node: &Node) -> Option<SmolStr> {
        let text = node.string(self.out)?;
        let name = reqwest::header::HeaderName::try_from(text).ok();
        if name.is_none() {
            let message = both!("`{text}` 不是请求头名", "`{text}` is no name of a header");
            self.out.push(bad_value(node.span, message));
        }
        name.map(|name| SmolStr::new(name.as_str()))
    }

    fn ingest_key(&mut self, node: &Node) -> Option<Secret> {
        let key = self.secret(node)?;
        if key.expose().chars().count() < KEY_CHARS_LEAST {
            let finding = Diagnostic::new(
                BAD_SECRET,
                both!(
                    "密钥不足 {KEY_CHARS_LEAST} 个字符，容易被猜到",
                    "the key has fewer than {KEY_CHARS_LEAST} characters and could be guessed"
                ),
            );
            let help = both!(
                "用 `openssl rand -hex 16` 生成 32 个字符",
                "make 32 characters with `openssl rand -hex 16`"
            );
            self.out.push(finding.at(node.span).help(help));
            return None;
        }
        Some(key)
    }

    fn fixed(&mut self, entries: &[&Entry]) -> BTreeMap<SmolStr, String> {
        let mut labels = BTreeMap::new();
        for entry in entries {
            if let Some(value) = entry.value.string(self.out) {
                labels.insert(SmolStr::new(&entry.key.text), value.to_owned());
            }
        }
        labels
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let mut fields = Fields::open(node, Text::both("映射规则", "a mapping rule"), self.out)?;
        let mut rule = Rule::default();
        if let Some(node) = fields.take("when") {
            self.compiled(node, |source| rule.when(source));
        }
        for key in Rule::PHRASES {
            if let Some(node) = fields.take(key) {
                self.compiled(node, |source| rule.say(key, source));
            }
        }
        for entry in fields.map("labels", self.out) {
            self.compiled(&entry.value, |source| rule.label(&entry.key.text, source));
        }
        for entry in fields.map("annotations", self.out) {
            self.compiled(&entry.value, |source| rule.annotation(&entry.key.text, source));
        }
        fields.close(self.out);
        Some(rule)
    }

    fn compiled(&mut self, node: &Node, compile: impl FnOnce(&str) -> Result<(), RuleError>) {
        let Some(source) = node.string(self.out) else { return };
        if let Err(error) = compile(source) {
            self.out.push(bad_value(node.span, error.text()));
        }
    }
}
