//! `firebell channel test`: one message over one channel, and what became of it in words. Works
//! without a server, so that a channel can be set up before anything depends on it.

use serde::Serialize;

use super::args::{Channel, ChannelTest, Common};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::{outbound, settings};
use crate::engine::{Mode, Recipient};
use crate::id::{ChannelId, NoticeId};
use crate::notify::gate::{self, Act, Allowed, Verdict};
use crate::notify::{
    Configured, Delivery, Destination, Hosts, Outgoing, RENDERED_FORMAT, Rendered, Why,
};
use crate::people::Directory;
use crate::playbook::Audience;
use crate::playbook::diagnostic::nearest;
use crate::text::Lang;

/// What became of the message.
#[derive(Debug, Serialize)]
struct Tried {
    channel: ChannelId,
    /// `delivered`, `retry`, `refused` or `misconfigured`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// Sends one message over a channel and explains the answer.
///
/// # Errors
/// No such channel; the message was not taken.
pub fn run(verb: Channel, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let Channel::Test(args) = verb;
    let config = settings::load(common, None, screen)?.config;
    let outbound = outbound::open(&config, screen)?;
    let id = ChannelId::new(&args.name);
    let Some(configured) = outbound.channels().get(&id) else {
        let names: Vec<&str> = outbound.channels().ids().map(ChannelId::as_str).collect();
        return Err(unknown(&args.name, &names, screen));
    };
    let directory = config.directory();
    let outgoing = outgoing(&id, configured, &args, &directory, screen, config.lang)?;
    let delivery = super::wait(async { Ok(configured.channel.send(&outgoing).await) })?;
    let tried = tried(id, configured, &delivery, screen.lang);
    let well = delivery == Delivery::Delivered;
    screen.data(&tried, |tried| told(tried, screen))?;
    if well { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

fn unknown(name: &str, names: &[&str], screen: &Screen) -> Stop {
    let known = names.join(screen.lang.pick("、", ", "));
    let closest = nearest(name, names.iter().copied());
    let words = screen.lang.pick(
        format!("没有渠道 `{name}`；已配置：{known}"),
        format!("there is no channel `{name}`; configured: {known}"),
    );
    let guess = closest.map(|guess| {
        screen.lang.pick(format!("。是不是 `{guess}`？"), format!(". Did you mean `{guess}`?"))
    });
    Stop::new(Exit::NotFound, format!("{words}{}", guess.unwrap_or_default()))
}

/// Makes the message ready, with the gate's leave like every other.
fn outgoing(
    id: &ChannelId,
    configured: &Configured,
    args: &ChannelTest,
    directory: &Directory,
    screen: &Screen,
    lang: Lang,
) -> Result<Outgoing, Stop> {
    let Some(address) = args.to.clone().or_else(|| configured.to.clone()) else {
        let words = screen.lang.pick(
            "该渠道没有自己的地址：用 --to 指定收件地址",
            "the channel has no address of its own: name one with --to",
        );
        return Err(Stop::new(Exit::Usage, words));
    };
    let host = configured.channel.host_of(&address);
    let to = Recipient::Audience(Audience::Channel(id.clone()));
    let act = Act::Notice { to: &to, channel: id, drills: configured.drills, host: host.as_ref() };
    let none = Hosts::default();
    let allowed =
        Allowed { directory, drill_hosts: &none, http_hosts: &none, outages: &[], now: screen.now };
    match gate::pass(Mode::Live, act, allowed) {
        Verdict::Send(pass) => {
            let to = Destination { address, shared: args.to.is_none() };
            Ok(Outgoing::new(pass, to, words(screen.now, lang), screen.now))
        }
        Verdict::HoldBack(why) | Verdict::Refuse(why) => {
            Err(Stop::new(Exit::Failure, why.sentence(screen.lang)))
        }
    }
}

fn words(now: jiff::Timestamp, lang: Lang) -> Rendered {
    let text = lang.pick(
        "这是 firebell 的一条测试消息，用于确认该渠道能否送达。无需处理。",
        "This is a test message of firebell, to see whether this channel works. Nothing is to be \
         done.",
    );
    Rendered {
        format: RENDERED_FORMAT,
        notice: NoticeId::from_u128(now.as_nanosecond().unsigned_abs()),
        at: now,
        purpose: "test".into(),
        lang,
        mode: Mode::Live,
        incident: None,
        role: None,
        step: None,
        outside: false,
        subject: lang.pick("测试消息", "Test message").to_owned(),
        headline: String::new(),
        text: text.to_owned(),
        links: Vec::new(),
        answer: None,
        sms: None,
    }
}

fn tried(channel: ChannelId, configured: &Configured, delivery: &Delivery, lang: Lang) -> Tried {
    let (outcome, why): (_, Option<&Why>) = match delivery {
        Delivery::Delivered => ("delivered", None),
        Delivery::Retry { why, .. } => ("retry", Some(why)),
        Delivery::Refused { why } => ("refused", Some(why)),
        Delivery::Misconfigured { why } => ("misconfigured", Some(why)),
    };
    let advice = why.and_then(|why| configured.channel.advice(why));
    Tried {
        channel,
        outcome,
        why: why.map(|why| why.sentence(lang)),
        advice: advice.map(|text| text.get(lang).to_owned()),
    }
}

fn told(tried: &Tried, screen: &Screen) -> String {
    let (tone, word) = match tried.outcome {
        "delivered" => (
            Tone::Good,
            screen.lang.pick(
                "对方已接收。请到该渠道确认看得到这条消息",
                "the other side took it; look there whether it can be seen",
            ),
        ),
        "retry" => (
            Tone::Warn,
            screen.lang.pick(
                "暂时未送达；真实通知会自动重试",
                "not taken now; a real notice would be tried again",
            ),
        ),
        "refused" => (Tone::Bad, screen.lang.pick("这条消息被拒收", "this message was refused")),
        _ => (
            Tone::Bad,
            screen.lang.pick("渠道配置需要修改", "the channel's configuration must be mended"),
        ),
    };
    let mut lines = vec![format!("{}  {}", tried.channel, screen.paint(tone, word))];
    lines.extend(tried.why.clone());
    lines.extend(
        tried
            .advice
            .as_ref()
            .map(|advice| format!("{}{advice}", screen.lang.pick("处理办法：", "what to do: "))),
    );
    lines.join("\n")
}
