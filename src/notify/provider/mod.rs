//! The services that messages leave by over HTTP, a file each: how a message is written for them,
//! and what their answers mean. Pure; the posting is done by `hook`.

mod aliyun;
pub mod custom;
mod dingtalk;
mod feishu;
mod gotify;
mod markdown;
mod ntfy;
mod slack;
mod teams;
mod twilio;
mod wecom;

use std::sync::Arc;

use jiff::Timestamp;

use super::channel::{Delivery, Inbound};
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::reply::{Known, Post, Reply, advice};
use super::why::Why;
use crate::text::Text;

pub use aliyun::{AliyunSms, Filled, SERVER as ALIYUN_SERVER};
pub use custom::Custom;
pub use dingtalk::DingTalk;
pub use feishu::Feishu;
pub use gotify::Gotify;
pub use ntfy::Ntfy;
pub use slack::Slack;
pub use teams::Teams;
pub use twilio::{Account, SERVER as TWILIO_SERVER, TwilioSms, TwilioVoice};
pub use wecom::WeCom;

/// A service that takes messages over HTTP. Its implementors are its settings.
pub trait Provider: Send + Sync + std::fmt::Debug + 'static {
    /// Writes a message as the service wants it: several requests where it is longer than one may
    /// be. `outgoing.at()` is the instant of the attempt, for signatures.
    ///
    /// # Errors
    /// What is wrong with the message or its address; it is not tried again.
    fn write(&self, outgoing: &Outgoing) -> Result<Vec<Post>, Why>;

    /// Says what an answer means for this and for further attempts.
    fn judge(&self, reply: &Reply, now: Timestamp) -> Delivery;

    /// Returns the URL that messages to `address` are posted to.
    fn endpoint(&self, address: &str) -> String;

    /// Returns how many messages the service takes in a time.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// Returns what the service's own codes mean.
    fn codes(&self) -> &'static [Known] {
        &[]
    }

    /// Tells whether the service itself made a request, by the signature that came with it.
    fn vouches(&self, call: &Inbound<'_>) -> bool {
        let _ = call;
        false
    }

    /// Says what to do about a reason that came of an answer.
    fn advice(&self, why: &Why) -> Option<Text> {
        advice(why, self.codes()).map(|row| Text::both(row.zh, row.en))
    }
}

/// What an address means on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// Whom to mention in a place that everyone there reads.
    Mention,
    /// A topic.
    Topic,
    /// A telephone number.
    Number,
    /// Whatever the service knows people by.
    Any,
}

/// The services that are known, with their settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// A custom robot of a DingTalk group.
    DingTalk(DingTalk),
    /// A custom bot of a Feishu or Lark group.
    Feishu(Feishu),
    /// A robot of a WeCom group.
    WeCom(WeCom),
    /// An incoming webhook of Slack.
    Slack(Slack),
    /// A workflow of Microsoft Teams.
    Teams(Teams),
    /// A server of ntfy.
    Ntfy(Ntfy),
    /// An application on a server of Gotify.
    Gotify(Gotify),
    /// Short messages by Aliyun.
    AliyunSms(AliyunSms),
    /// Short messages by Twilio.
    TwilioSms(TwilioSms),
    /// Calls by Twilio.
    TwilioVoice(TwilioVoice),
    /// Whatever a form describes.
    Custom(Box<Custom>),
}

impl Service {
    /// Returns what an address means there.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        match self {
            Self::DingTalk(_)
            | Self::Feishu(_)
            | Self::WeCom(_)
            | Self::Slack(_)
            | Self::Teams(_)
            | Self::Gotify(_) => Addresses::Mention,
            Self::Ntfy(_) => Addresses::Topic,
            Self::Custom(custom) => custom.form.addresses,
            Self::AliyunSms(_) | Self::TwilioSms(_) | Self::TwilioVoice(_) => Addresses::Number,
        }
    }

    /// Returns the service as something to speak to.
    #[must_use]
    pub fn provider(self) -> Arc<dyn Provider> {
        match self {
            Self::DingTalk(robot) => Arc::new(robot),
            Self::Feishu(bot) => Arc::new(bot),
            Self::WeCom(robot) => Arc::new(robot),
            Self::Slack(hook) => Arc::new(hook),
            Self::Teams(flow) => Arc::new(flow),
            Self::Ntfy(server) => Arc::new(server),
            Self::Gotify(application) => Arc::new(application),
            Self::AliyunSms(account) => Arc::new(account),
            Self::TwilioSms(account) => Arc::new(account),
            Self::TwilioVoice(account) => Arc::new(account),
            Self::Custom(custom) => Arc::new(*custom),
        }
    }
}

/// Reads a code that a JSON body holds as a number or a text, with its sentence.
fn said(reply: &Reply, code: &[&str], message: &[&str]) -> Option<super::reply::Said> {
    let json = reply.json()?;
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = code.iter().find_map(|name| plain(json.get(*name)?))?;
    let message = message.iter().find_map(|name| plain(json.get(*name)?)).unwrap_or_default();
    Some(super::reply::Said { code, message })
}

#[cfg(test)]
mod tests;
