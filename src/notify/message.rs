//! A notice as it reads, rendered when it was committed and stored beside the events. What a channel
//! sends is made of this and of nothing that may have changed since.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::engine::Mode;
use crate::id::{IncidentId, NoticeId};
use crate::playbook::Level;
use crate::text::Lang;

/// The version of the stored form. Stored messages are sent after an upgrade: fields are added with
/// a default, never changed.
pub const RENDERED_FORMAT: u8 = 1;

/// The path of links by which a reader answers; what follows is the token.
pub const ANSWER_PATH: &str = "/a/";

/// A rendered notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// The version of this form.
    pub format: u8,
    /// The notice, the same over attempts and channels.
    pub notice: NoticeId,
    /// When it was written: the instant of the commit that caused it.
    pub at: Timestamp,
    /// What for: the stable name of its purpose, `role_page`.
    pub purpose: SmolStr,
    /// The language it is written in.
    pub lang: Lang,
    /// Live, drill or simulation.
    pub mode: Mode,
    /// The incident it is about; none for a test of the channel itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentLine>,
    /// The role it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<SmolStr>,
    /// The run of a step it is about, as it is shown: `2.locate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<SmolStr>,
    /// It goes to strangers (customers, regulators, partners) or to a shared address: the plan's
    /// words and nothing of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// The subject line. Constant over an incident for our own people, so that mail programs keep
    /// its messages together.
    pub subject: String,
    /// What is wanted, in one line; may be empty where the plan's text says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub headline: String,
    /// The text, lines separated by `\n`.
    pub text: String,
    /// Where to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The link by which its reader answers, which is the first of the links; whoever posts to it
    /// has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Link>,
    /// The provider's template for short messages, where the plan names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Sms>,
}

/// What a message says about its incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentLine {
    /// Its identity.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// What it is about.
    pub title: String,
    /// Its severity when the message was written.
    pub level: Level,
}

/// A named address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is there.
    pub label: String,
    /// Where it is.
    pub url: String,
}

/// A registered template for short messages with its variables filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// The provider's name for it.
    pub template: SmolStr,
    /// Its variables, in the plan's order.
    pub vars: Vec<(SmolStr, String)>,
}

/// A stored message that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a stored message cannot be read: {0}")]
pub struct Unreadable(#[from] serde_json::Error);

impl Rendered {
    /// Adds the link by which its reader answers, before all others.
    #[must_use]
    pub fn with_answer(mut self, link: Link) -> Self {
        self.links.insert(0, link.clone());
        self.answer = Some(link);
        self
    }

    /// Returns the stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain fields always serialise")
    }

    /// Reads the stored form of this and every earlier version.
    ///
    /// # Errors
    /// Bytes that were not written by [`Rendered::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A page to a commander at night.
    pub(crate) fn page(lang: Lang) -> Rendered {
        let incident = IncidentId::from_u128(0x0193_4a5b_0000_7000_8000_0000_0000_002a);
        Rendered {
            format: RENDERED_FORMAT,
            notice: NoticeId::nth(incident, 1),
            at: "2026-11-21T19:00:00Z".parse().unwrap(),
            purpose: "role_page".into(),
            lang,
            mode: Mode::Live,
            incident: Some(IncidentLine {
                id: incident,
                number: 42,
                title: "客服系统中断 <华东>".into(),
                level: 2,
            }),
            role: Some("commander".into()),
            step: None,
            outside: false,
            subject: "#42 客服系统中断 <华东>".into(),
            headline: lang.pick("请确认担任总指挥", "Please take the role of commander").into(),
            text: "等级：2 级\n请于 03:05 前确认 & 接手".into(),
            links: vec![Link {
                label: lang.pick("事件页面", "Incident").into(),
                url: "https://bell.example/incidents/42?a=1&b=2".into(),
            }],
            answer: None,
            sms: None,
        }
    }

    #[test]
    fn a_message_survives_being_stored() {
        let page = page(Lang::Zh);
        assert_eq!(Rendered::from_bytes(&page.to_bytes()).unwrap(), page);
    }

    #[test]
    fn a_message_stored_by_version_1_still_loads() {
        let stored = r##"{"format":1,"notice":"02694b60-0000-e000-0000-000000000054",
            "at":"2026-11-21T19:00:00Z","purpose":"ended","lang":"en","mode":"drill",
            "incident":{"id":"01934a5b-0000-7000-8000-00000000002a","number":42,
            "title":"Outage","level":2},"subject":"#42 Outage","text":"It is over."}"##;
        let read = Rendered::from_bytes(stored.as_bytes()).unwrap();
        assert!(read.links.is_empty() && read.headline.is_empty() && !read.outside);
        assert_eq!((read.incident.unwrap().number, read.text.as_str()), (42, "It is over."));
    }
}
