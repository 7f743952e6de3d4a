//! Messages and the ways out.
//!
//! A notice is rendered once, when it is committed ([`render`]). When it is sent, [`destination`]
//! finds the address, the [`gate`] decides by the incident's mode whether it may leave, and a
//! [`Channel`] makes one attempt; [`retry`] says when the next one is due. Rendering, routing,
//! retry and the gate are pure; each channel is one file. It must not know the store or the server,
//! nor keep anything: what became of a message is told to the engine.

mod address;
mod catalogue;
mod cause;
mod channel;
mod channels;
mod client;
pub mod digest;
mod email;
mod encode;
pub mod gate;
mod hook;
mod hosts;
pub mod http;
pub mod look;
mod message;
mod outgoing;
pub mod pace;
mod page;
#[cfg(test)]
mod peer;
mod provider;
mod reply;
pub mod retry;
mod route;
mod scope;
mod secret;
mod setup;
mod signature;
mod template;
pub mod throttle;
mod view;
mod webhook;
mod why;

pub use channel::{Channel, Delivery, Inbound};
pub use channels::{ChannelSettings, Channels, Configured, KindSettings};
pub use client::{
    Answer, Call, Client, ClientSettings, Lookup, install_tls_provider, system_lookup,
};
pub use email::{Credentials, Eml, EmlSettings, Security, Smtp, SmtpSettings};
pub use encode::xml;
pub use hook::HookSettings;
pub use hosts::{Host, Hosts};
pub use message::{ANSWER_PATH, IncidentLine, Link, RENDERED_FORMAT, Rendered, Sms, Unreadable};
pub use outgoing::Outgoing;
pub use provider::custom;
pub use provider::{
    ALIYUN_SERVER, Account, Addresses, AliyunSms, DingTalk, Feishu, Filled, Gotify, Ntfy, Service,
    Slack, TWILIO_SERVER, Teams, TwilioSms, TwilioVoice, WeCom,
};
pub use reply::{Class, Verb};
pub use route::{Destination, destination};
pub use secret::Secret;
pub use setup::SetupError;
pub use template::{Place, headline, incident_url, purpose_code, render};
pub use view::level_word;
pub use webhook::{Webhook, WebhookSettings};
pub use why::{Why, WhyCode};
