//! Workflows of Microsoft Teams: an Adaptive Card whose texts are runs, where nothing is markup.
//! What is accepted is not yet posted: the flow runs afterwards and may fail unheard.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::Provider;
use crate::notify::channel::Delivery;
use crate::notify::outgoing::Outgoing;
use crate::notify::pace::Pace;
use crate::notify::page::{Block, Page, shorten};
use crate::notify::reply::{Class, Known, Post, Reply, Said, by_code, by_status, known};
use crate::notify::secret::Secret;
use crate::notify::why::{Why, WhyCode};

/// Room for the blocks as they stand in the body: a message may have 28 KB in all.
const BLOCKS_BYTES_MAX: usize = 24_000;

/// The longest title.
const TITLE_BYTES_MAX: usize = 400;

/// Buttons on one card: more are hidden behind a menu.
const BUTTONS_MAX: usize = 6;

/// What the service's codes mean.
const CODES: &[Known] = &[
    known(
        "WorkflowNotFound",
        Class::Mend(WhyCode::Gone),
        "工作流已被删除：重新创建并更新地址",
        "the workflow was removed: make a new one and update its address",
    ),
    known(
        "WorkflowTriggerIsNotEnabled",
        Class::Mend(WhyCode::Gone),
        "工作流已停用：在 Power Automate 中启用",
        "the workflow is switched off: switch it on in Power Automate",
    ),
    known(
        "DirectApiAuthorizationRequired",
        Class::Mend(WhyCode::NotAuthorised),
        "地址缺少签名 sig：重新复制完整地址",
        "the address lacks its `sig`: copy the whole address again",
    ),
];

/// A workflow that posts to a channel or chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teams {
    /// Its address with `sig`.
    pub url: Secret,
}

fn runs(text: &str, bold: bool) -> Json {
    let weight = if bold { "Bolder" } else { "Default" };
    json!({
        "type": "RichTextBlock",
        "spacing": "Small",
        "inlines": [{ "type": "TextRun", "text": text, "weight": weight }],
    })
}

fn element(block: &Block) -> Json {
    match block {
        Block::Heading(text) => runs(text, true),
        Block::Line(text) => runs(text, false),
        Block::Item(text) => runs(&format!("• {text}"), false),
        Block::Link { label, url } => json!({
            "type": "RichTextBlock",
            "inlines": [{ "type": "TextRun", "text": label, "underline": true,
                "selectAction": { "type": "Action.OpenUrl", "url": url } }],
        }),
        Block::Gap => runs(" ", false),
    }
}

fn card(part: &Page) -> Json {
    let title = json!({
        "type": "RichTextBlock",
        "inlines": [{ "type": "TextRun", "text": part.title, "weight": "Bolder", "size": "Large" }],
    });
    let (links, texts): (Vec<&Block>, Vec<&Block>) =
        part.blocks.iter().partition(|block| matches!(block, Block::Link { .. }));
    // The first links are buttons; the rest stay where a card has room for any number of them.
    let more = links.iter().skip(BUTTONS_MAX).copied();
    let body: Vec<Json> =
        std::iter::once(title).chain(texts.into_iter().chain(more).map(element)).collect();
    let actions: Vec<Json> = links
        .iter()
        .take(BUTTONS_MAX)
        .filter_map(|block| match block {
            Block::Link { label, url } => {
                Some(json!({ "type": "Action.OpenUrl", "title": label, "url": url }))
            }
            _ => None,
        })
        .collect();
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": part.title,
        "msteams": { "width": "Full" },
        "body": body,
        "actions": actions,
    })
}

impl Provider for Teams {
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why> {
        let mut page = Page::of(outgoing);
        page.title = shorten(&page.title, TITLE_BYTES_MAX);
        // A mention needs the person's account, which a workflow does not know: the name is said.
        if let Some(who) = outgoing.mention() {
            page.blocks.insert(0, Block::Line(who.to_owned()));
        }
        let size = |block: &Block| element(block).to_string().len() + 1;
        let posts = page.parts(BLOCKS_BYTES_MAX, size).into_iter().map(|part| {
            let body = json!({
                "type": "message",
                "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": null,
                    "content": card(&part),
                }],
            });
            Post::json(self.url.expose().to_owned(), &body)
        });
        Ok(posts.collect())
    }

    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery {
        // Old connectors answer 200 and tell in words that there was too much.
        if reply.is_success() && reply.body.contains("HTTP error 429") {
            return by_status(&Reply { status: 429, ..reply.clone() }, now);
        }
        let error = reply.json().and_then(|json| {
            let text = |key: &str| Some(json.get("error")?.get(key)?.as_str()?.to_owned());
            Some(Said { code: text("code")?, message: text("message").unwrap_or_default() })
        });
        match error {
            Some(said) => by_code(reply, now, Some(said), "", CODES),
            None => by_status(reply, now),
        }
    }

    fn endpoint(&self, _address: &str) -> String {
        self.url.expose().to_owned()
    }

    fn pace(&self) -> Option<Pace> {
        // Four a second; half of that leaves room for others who post there.
        Some(Pace { most: 20, within: SignedDuration::from_secs(10) })
    }

    fn codes(&self) -> &'static [Known] {
        CODES
    }
}
