//! What notices say, and when they have done their work.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::{ChannelId, MessageId};
use crate::playbook::model::Audience;
use crate::playbook::template::Template;

/// What a notice says.
#[derive(Debug)]
pub struct Message {
    /// Its name in the plan.
    pub id: MessageId,
    /// The subject, for channels that have one.
    pub subject: Option<TextTemplate>,
    /// The body.
    pub text: TextTemplate,
    /// The pre-approved short-message template and its variables.
    pub sms: Option<SmsTemplate>,
}

/// A template in each language; a missing one falls back to the other.
#[derive(Debug)]
pub struct TextTemplate {
    /// The Chinese rendering.
    pub zh: Option<Template>,
    /// The English rendering.
    pub en: Option<Template>,
}

/// A template registered with a short-message provider, and what fills it.
#[derive(Debug)]
pub struct SmsTemplate {
    /// The provider's name for it.
    pub template: SmolStr,
    /// Its variables.
    pub vars: IndexMap<SmolStr, Template>,
}

/// Messages sent by a step or handler.
#[derive(Debug)]
pub struct Notify {
    /// Who hears it.
    pub to: Vec<Audience>,
    /// The channels used; empty means each person's own.
    pub via: Vec<ChannelId>,
    /// What it says.
    pub message: MessageId,
    /// When the step has done its work.
    pub until: NotifyUntil,
}

/// When a notify step has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotifyUntil {
    /// Every notice has been handed to a channel.
    Sent,
    /// Every notice was accepted by its channel.
    #[default]
    Delivered,
    /// So many of the people addressed have acknowledged.
    Acknowledged(HowMany),
}

/// How many of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowMany {
    /// One of them.
    Any,
    /// Each of them.
    All,
    /// At least so many.
    AtLeast(u32),
}
