//! The HTML part of a mail: the same words as the plain part, larger where they matter on a phone at
//! night. One column, no images, nothing loaded, styles inline because mail programs drop the rest.

use askama::Template;

use crate::notify::message::Link;
use crate::notify::outgoing::Outgoing;

#[derive(Template)]
#[template(
    ext = "html",
    whitespace = "minimize",
    source = r#"<!DOCTYPE html>
<html lang="{{ lang }}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ subject }}</title></head>
<body style="margin:0;background:#f4f4f5;color:#18181b;font:16px/1.6 -apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif">
<div style="max-width:36em;margin:0 auto;padding:16px">
<div style="background:#fff;border-radius:8px;padding:20px;border-top:6px solid {{ colour }}">
{% if drill %}<p style="margin:0 0 12px;padding:6px 10px;background:#ede9fe;color:#5b21b6">{{ drill_note }}</p>
{% endif %}{% if let Some(headline) = headline %}<h1 style="margin:0 0 12px;font-size:20px">{{ headline }}</h1>
{% endif %}{% for line in text.lines() %}<p style="margin:0 0 6px">{{ line }}</p>
{% endfor %}{% for link in links %}<p style="margin:12px 0 0">{% if link.is_web() %}<a href="{{ link.url }}" style="display:inline-block;padding:8px 16px;border-radius:6px;background:#18181b;color:#fff;text-decoration:none">{{ link.label }}</a><br><small style="color:#52525b;word-break:break-all">{{ link.url }}</small>{% else %}{{ link.label }}: {{ link.url }}{% endif %}</p>
{% endfor %}</div></div></body></html>
"#
)]
struct Page<'a> {
    lang: &'static str,
    subject: String,
    colour: &'static str,
    drill: bool,
    drill_note: &'static str,
    headline: Option<String>,
    text: String,
    links: &'a [Link],
}

/// Renders the HTML part. Everything that people wrote is escaped.
pub(super) fn page(outgoing: &Outgoing) -> String {
    let facts = outgoing.facts();
    let (headline, text) = outgoing.paragraphs();
    let page = Page {
        lang: outgoing.lang().pick("zh-CN", "en"),
        subject: outgoing.subject(),
        colour: colour(facts.incident.as_ref().map(|incident| incident.level)),
        drill: outgoing.is_drill(),
        drill_note: outgoing
            .lang()
            .pick("这是演练，不是真实事件。", "This is a drill, not a real incident."),
        headline,
        text,
        links: &facts.links,
    };
    page.render().expect("writing to a string does not fail")
}

/// The colour codes of the national emergency warning levels: red, orange, yellow, blue.
fn colour(level: Option<u8>) -> &'static str {
    match level {
        Some(1) => "#dc2626",
        Some(2) => "#ea580c",
        Some(3) => "#ca8a04",
        Some(_) => "#2563eb",
        None => "#71717a",
    }
}

impl Link {
    /// Tells whether it may be made clickable: a plan's template could make anything else of it.
    fn is_web(&self) -> bool {
        ["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme))
    }
}
