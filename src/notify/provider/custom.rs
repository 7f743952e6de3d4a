//! Any other service: a form says in templates how a message is written for it and how its answers
//! are read. Shipped forms are data (`notify/provider/presets`); an installation may bring its own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::{Addresses, Provider, markdown, slack};
use crate::notify::channel::Delivery;
use crate::notify::encode;
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Post, Reply, Said, Verb, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// The longest template: what nests too deep could not be compiled.
pub const TEMPLATE_BYTES_MAX: usize = 2_048;

/// What one template may cost: far more than any message needs.
const FUEL: u64 = 100_000;

/// How a service is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What an address means there.
    pub addresses: Addresses,
    /// How requests are made.
    pub verb: Verb,
    /// Where requests go unless a channel says otherwise: scheme and host.
    pub server: Option<String>,
    /// The path and query, a template that begins with `/`; empty where the whole address is given.
    pub path: String,
    /// Header fields, their values templates.
    pub headers: Vec<(SmolStr, String)>,
    /// The body.
    pub body: Body,
    /// The most bytes of a message's text; longer ones are split.
    pub bytes_max: usize,
    /// The most messages a minute.
    pub per_minute: Option<u16>,
    /// Where the truth stands in an answer; by its status where absent.
    pub answer: Option<Read>,
    /// The names of the secrets it wants.
    pub secrets: Vec<SmolStr>,
    /// The names of the settings it wants, with what they are unless given.
    pub settings: BTreeMap<SmolStr, Option<String>>,
}

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON whose texts are templates; one that is a single `{{ … }}` keeps the value's type.
    Json(Json),
    /// A form whose values are templates.
    Form(Vec<(SmolStr, String)>),
    /// A text of a type.
    Text {
        /// The content type.
        kind: String,
        /// The template.
        text: String,
    },
}

/// How an answer's body is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The JSON pointer of its code.
    pub code: String,
    /// The JSON pointer of its sentence.
    pub message: Option<String>,
    /// The code of success.
    pub fine: String,
    /// What other codes mean.
    pub codes: Vec<(String, Class)>,
}

/// A service with what an installation knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// How it is spoken to.
    pub form: Form,
    /// Scheme and host, or the whole address where the form has no path.
    pub base: Secret,
    /// Its secrets.
    pub secrets: BTreeMap<SmolStr, Secret>,
    /// Its settings.
    pub settings: BTreeMap<SmolStr, String>,
}

/// Makes the engine that forms are written for: strict, bounded, nothing escaped by itself.
fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    engine.add_filter("base64", |text: String| encode::base64(text.as_bytes()));
    engine.add_filter("percent", |text: String| encode::percent(&text));
    engine.add_filter("xml", |text: String| encode::xml(&text));
    engine.add_filter("markdown", |text: String| {
        text.lines().map(markdown::defuse).collect::<Vec<_>>().join("\n")
    });
    engine.add_filter("slack", |text: String| slack::escape(&text));
    engine.add_filter("shorten", |text: String, bytes: usize| shorten(&text, bytes.max(4)));
    engine.add_filter("sha256", |text: String| encode::sha256_hex(text.as_bytes()));
    engine.add_filter("hmac_sha256_hex", |text: String, key: String| {
        hex::encode(encode::hmac_sha256(key.as_bytes(), text.as_bytes()))
    });
    engine.add_filter("hmac_sha256_base64", |text: String, key: String| {
        encode::base64(&encode::hmac_sha256(key.as_bytes(), text.as_bytes()))
    });
    engine
}

/// Checks a template of a form; the sentence is the engine's own.
///
/// # Errors
/// What is wrong with it: its length, its grammar, a name that is not known.
pub fn check(template: &str, form: &Form) -> Result<(), String> {
    if template.len() > TEMPLATE_BYTES_MAX {
        return Err(format!("> {TEMPLATE_BYTES_MAX} bytes"));
    }
    let engine = engine();
    let parsed = engine.template_from_str(template).map_err(|error| error.to_string())?;
    let known = |name: &String| match name.split_once('.') {
        Some(("secret", key)) => form.secrets.iter().any(|known| known == key),
        Some(("setting", key)) => form.settings.contains_key(key),
        Some(("time", key)) => ["seconds", "millis", "iso"].contains(&key),
        Some((name, _)) => NAMES.contains(&name),
        None => NAMES.contains(&name.as_str()),
    };
    match parsed.undeclared_variables(true).into_iter().find(|name| !known(name)) {
        Some(name) => Err(format!("unknown name `{name}`")),
        None => Ok(()),
    }
}

/// What templates may name besides `secret.…`, `setting.…` and `time.…`.
pub const NAMES: &[&str] = &[
    "title", "text", "headline", "links", "link", "level", "number", "incident", "role", "lang",
    "drill", "notice", "purpose", "address",
];

/// Those of them that say of a drill that it is one.
const MARKED: [&str; 4] = ["title", "text", "headline", "drill"];

/// Returns what a part of a message is written from.
fn facts(custom: &Custom, outgoing: &Outgoing, part: &Page) -> Value {
    let facts = outgoing.facts();
    let incident = facts.incident.as_ref();
    let texts = part.blocks.iter().filter(|block| !matches!(block, Block::Link { .. }));
    let text = texts.map(Block::plain).collect::<Vec<_>>().join("\n");
    let text = outgoing.marked(text.trim());
    let secrets: BTreeMap<&str, &str> =
        custom.secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
    Value::from(Serde(json!({
        "title": part.title,
        "text": text,
        "headline": outgoing.headline(),
        "links": facts.links,
        "link": facts.links.first().map_or("", |link| link.url.as_str()),
        "level": incident.map_or(4, |incident| incident.level),
        "number": incident.map_or(0, |incident| incident.number),
        "incident": incident.map_or("", |incident| incident.title.as_str()),
        "role": facts.role.as_deref().unwrap_or_default(),
        "lang": outgoing.lang().pick("zh", "en"),
        "drill": outgoing.is_drill(),
        "notice": facts.notice.to_string(),
        "purpose": facts.purpose.as_str(),
        "address": outgoing.mention().unwrap_or_default(),
        "secret": secrets,
        "setting": custom.settings,
        "time": {
            "seconds": outgoing.at().as_second(),
            "millis": outgoing.at().as_millisecond(),
            "iso": outgoing.at().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
    })))
}

/// Fills templates in for one part.
struct Pen {
    engine: Environment<'static>,
    facts: Value,
}

impl Pen {
    fn fill(&self, template: &str) -> Result<String, Why> {
        self.engine.render_str(template, &self.facts).map_err(|error| bad(&error))
    }

    fn fill_json(&self, json: &Json) -> Result<Json, Why> {
        Ok(match json {
            Json::String(text) => match alone(text) {
                Some(expression) => {
                    let compiled = self.engine.compile_expression(expression);
                    let value = compiled.and_then(|compiled| compiled.eval(&self.facts));
                    let value = value.map_err(|error| bad(&error))?;
                    serde_json::to_value(value).unwrap_or(Json::Null)
                }
                None => Json::String(self.fill(text)?),
            },
            Json::Array(items) => Json::Array(
                items.iter().map(|item| self.fill_json(item)).collect::<Result<_, _>>()?,
            ),
            Json::Object(fields) => {
                let fields = fields.iter().map(|(k, v)| Ok((k.clone(), self.fill_json(v)?)));
                Json::Object(fields.collect::<Result<_, Why>>()?)
            }
            plain => plain.clone(),
        })
    }

    fn fill_all(&self, pairs: &[(SmolStr, String)]) -> Result<Vec<(SmolStr, String)>, Why> {
        pairs.iter().map(|(name, text)| Ok((name.clone(), self.fill(text)?))).collect()
    }
}

fn strings<'j>(json: &'j Json, found: &mut Vec<&'j str>) {
    match json {
        Json::String(text) => found.push(text),
        Json::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Json::Object(fields) => fields.values().for_each(|field| strings(field, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Returns the expression of a template that is nothing else.
fn alone(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then_some(inner)
}

fn bad(error: &minijinja::Error) -> Why {
    // The engine's sentence names the place; what it worked on may be a secret and is left out.
    Why::with(WhyCode::BadRequest, error.kind())
}

impl Custom {
    /// Tells whether what it writes says of a drill that it is one.
    fn marks(&self) -> bool {
        let engine = engine();
        let Form { path, headers, body, .. } = &self.form;
        let templates = [path].into_iter().chain(headers.iter().map(|(_, text)| text));
        let mut templates: Vec<&str> = templates.map(String::as_str).collect();
        match body {
            Body::Empty => {}
            Body::Json(json) => strings(json, &mut templates),
            Body::Form(fields) => templates.extend(fields.iter().map(|(_, text)| text.as_str())),
            Body::Text { text, .. } => templates.push(text),
        }
        templates.into_iter().any(|template| {
            let parsed = engine.template_from_str(template).ok();
            let names = parsed.map(|parsed| parsed.undeclared_variables(false));
            names.is_some_and(|names| MARKED.iter().any(|name| names.contains(*name)))
        })
    }

    fn post(&self, outgoing: &Outgoing, part: &Page) -> Result<Post, Why> {
        let pen = Pen { engine: engine(), facts: facts(self, outgoing, part) };
        let Form { verb, path, headers, body, .. } = &self.form;
        let url = format!("{}{}", self.base.expose(), pen.fill(path)?);
        let mut post = match body {
            Body::Empty => Post { verb: *verb, url, headers: Vec::new(), body: Vec::new() },
            Body::Json(json) => Post::json(url, &pen.fill_json(json)?),
            Body::Form(fields) => {
                let fields = pen.fill_all(fields)?;
                let pairs: Vec<(&str, &str)> =
                    fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
                Post::form(url, &pairs)
            }
            Body::Text { kind, text } => {
                let headers = vec![("content-type".into(), kind.clone())];
                Post { verb: *verb, url, headers, body: pen.fill(text)?.into_bytes() }
            }
        };
        post.verb = *verb;
        post.headers.extend(pen.fill_all(headers)?);
        Ok(post)
    }
}

impl Provider for Custom {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        if outgoing.is_drill() && !self.marks() {
            return Err(Why::new(WhyCode::DrillUnmarked));
        }
        let size = |block: &Block| block.plain().len() + 1;
        let parts = Page::of(outgoing).parts(self.form.bytes_max, size);
        parts.iter().map(|part| self.post(outgoing, part)).collect()
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        let Some(read) = &self.form.answer else { return by_status(reply, now) };
        let json = reply.json();
        let at = |pointer: &str| {
            let value = json.as_ref()?.pointer(pointer)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let said = at(&read.code).map(|code| Said {
            code,
            message: read.message.as_deref().and_then(at).unwrap_or_default(),
        });
        let class = said.as_ref().and_then(|said| {
            let found = read.codes.iter().find(|(code, _)| *code == said.code);
            found.map(|(_, class)| *class)
        });
        match (said, class) {
            // The table of a form is data; `by_code` compares with rows, so one is made of it.
            (Some(Said { code, message }), Some(class)) => {
                let said = Said { code: String::new(), message: format!("{code} {message}") };
                by_code(reply, now, Some(said), &read.fine, &[known("", class, "", "")])
            }
            (said, _) => by_code(reply, now, said, &read.fine, &[]),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.base.expose().to_owned()
    }

    fn pace(&self) -> Option<Pace> {
        let most = self.form.per_minute?;
        Some(Pace { most, within: SignedDuration::from_mins(1) })
    }
}
