//! What an e-mail looks like: threads, marks, plain and HTML parts. Pure but for nothing: the date
//! and every id come in with the message.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::html;
use crate::notify::outgoing::Outgoing;
use crate::notify::setup::SetupError;
use crate::notify::why::{Why, WhyCode};

/// Who mail comes from; its domain names messages and threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads a mailbox: `firebell@shop.example` or `值守 <firebell@shop.example>`.
    ///
    /// # Errors
    /// Text that is no mailbox.
    pub fn parse(mailbox: &str) -> Result<Self, SetupError> {
        mailbox.parse().map(Self).map_err(|_| {
            SetupError::new(
                "from",
                "不是有效的邮箱，请写成 名称 <user@example.com>",
                "this is not a mailbox, write Name <user@example.com>",
            )
        })
    }

    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// Composes the mail of a message.
///
/// All mail of an incident refers to one thread id, which no message bears, so that it does not
/// matter who received which message first.
///
/// # Errors
/// An address that is none, or text that cannot be put into mail.
pub fn compose(sender: &Sender, outgoing: &Outgoing) -> Result<Message, Why> {
    let to: Mailbox = outgoing.address().parse().map_err(|_| Why::new(WhyCode::BadAddress))?;
    let facts = outgoing.facts();
    let domain = sender.domain();
    let mut builder = Message::builder()
        .from(sender.0.clone())
        .to(to)
        .date(SystemTime::from(outgoing.at()))
        .subject(one_line(&outgoing.subject()))
        .header(AutoSubmitted);
    builder = match &facts.incident {
        Some(incident) => {
            let thread = format!("<{}@{domain}>", incident.id);
            builder
                .message_id(Some(format!("<{}.{}@{domain}>", incident.number, facts.notice)))
                .in_reply_to(thread.clone())
                .references(thread)
                .raw_header(raw(INCIDENT, &incident.number.to_string()))
                .raw_header(raw(LEVEL, &incident.level.to_string()))
        }
        None => builder.message_id(Some(format!("<{}@{domain}>", facts.notice))),
    };
    if outgoing.is_drill() {
        builder = builder.raw_header(raw(DRILL, "yes"));
    }
    // The boundary is derived so that the same message is the same bytes; no text part can hold it
    // by chance, and none on purpose, because the encodings used never write a line like it.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", facts.notice))
        .singlepart(SinglePart::plain(plain(outgoing)))
        .singlepart(SinglePart::html(html::page(outgoing)));
    builder.multipart(parts).map_err(|error| Why::with(WhyCode::BadAddress, error))
}

const INCIDENT: &str = "X-Firebell-Incident";
const LEVEL: &str = "X-Firebell-Level";
const DRILL: &str = "X-Firebell-Drill";

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Tells vacation responders and the like not to answer (RFC 3834 §5).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Joins lines: a subject with a line break would be read as two headers by careless programs.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the plain part: what is wanted, the text, where to go.
fn plain(outgoing: &Outgoing) -> String {
    let (headline, text) = outgoing.paragraphs();
    let links = &outgoing.facts().links;
    let colon = outgoing.lang().pick("：", ": ");
    let lines = links.iter().map(|link| format!("{}{colon}{}", link.label, link.url));
    let mut paragraphs: Vec<String> = headline.into_iter().collect();
    paragraphs.extend([text, lines.collect::<Vec<_>>().join("\n")]);
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    let mut text = paragraphs.join("\n\n");
    text.push('\n');
    text
}

#[cfg(test)]
pub(crate) mod tests;
