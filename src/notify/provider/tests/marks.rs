//! Whatever service carries it: what a drill sends says in every part that it is a drill, and what
//! is in earnest never does.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::notify::message::Sms;
use crate::notify::provider::custom::{Body, Form};
use crate::notify::reply::Verb;

fn drill(lang: Lang, drill: bool, words: impl FnOnce(&mut Rendered)) -> Outgoing {
    let mut rendered = page(lang);
    words(&mut rendered);
    let to = Destination { address: "+8613800000000".into(), shared: false };
    Outgoing::new(Pass::for_test(drill), to, rendered, at())
}

/// A form that shows so much of a message.
fn form(body: Body) -> Service {
    let form = Form {
        addresses: Addresses::Any,
        verb: Verb::Post,
        server: None,
        path: "/".into(),
        headers: Vec::new(),
        body,
        bytes_max: 1_000,
        per_minute: None,
        answer: None,
        secrets: Vec::new(),
        settings: BTreeMap::new(),
    };
    let base = Secret::new("https://push.example");
    let (secrets, settings) = (BTreeMap::new(), BTreeMap::new());
    Service::Custom(Box::new(Custom { form, base, secrets, settings }))
}

fn sms(vars: &[(&str, Filled)]) -> AliyunSms {
    AliyunSms {
        server: ALIYUN_SERVER.into(),
        key_id: "id".into(),
        key_secret: Secret::new("key"),
        sign: "Shop".into(),
        template: Some("SMS_1".into()),
        vars: vars.iter().map(|(name, what)| ((*name).into(), *what)).collect(),
    }
}

/// Every service that words leave by. Each has a name here, so that a new one is not forgotten.
fn services() -> Vec<Service> {
    let url = || Secret::new("https://hook.example/k3y");
    let account = || Account {
        server: TWILIO_SERVER.into(),
        sid: "AC1".into(),
        token: Secret::new("t0ken"),
        from: "+15005550006".into(),
    };
    let server = || "https://push.example".to_owned();
    let all = vec![
        Service::DingTalk(DingTalk { url: url(), secret: None }),
        Service::Feishu(Feishu { url: url(), secret: None }),
        Service::WeCom(WeCom { url: url() }),
        Service::Slack(Slack { url: url() }),
        Service::Teams(Teams { url: url() }),
        Service::Ntfy(Ntfy { server: server(), token: None }),
        Service::Gotify(Gotify { server: server(), token: Secret::new("t0ken") }),
        Service::AliyunSms(sms(&[("link", Filled::Link), ("what", Filled::Headline)])),
        Service::TwilioSms(TwilioSms(account())),
        Service::TwilioVoice(TwilioVoice(account())),
        form(Body::Text { kind: "text/plain".into(), text: "{{ text }}".into() }),
    ];
    let kinds: std::collections::BTreeSet<&str> = all.iter().map(name).collect();
    assert_eq!(kinds.len(), all.len());
    all
}

const fn name(service: &Service) -> &'static str {
    match service {
        Service::DingTalk(_) => "dingtalk",
        Service::Feishu(_) => "feishu",
        Service::WeCom(_) => "wecom",
        Service::Slack(_) => "slack",
        Service::Teams(_) => "teams",
        Service::Ntfy(_) => "ntfy",
        Service::Gotify(_) => "gotify",
        Service::AliyunSms(_) => "aliyun sms",
        Service::TwilioSms(_) => "twilio sms",
        Service::TwilioVoice(_) => "twilio voice",
        Service::Custom(_) => "custom",
    }
}

/// Everything that a request says, as who receives it reads it.
fn said(post: &Post) -> String {
    let readable = |text: &str| {
        let url = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
        url.query_pairs().map(|(name, value)| format!("{name}={value}\n")).collect::<String>()
    };
    let body = String::from_utf8(post.body.clone()).unwrap();
    let query = post.url.split_once('?').map(|(_, query)| readable(query)).unwrap_or_default();
    // Markup escapes brackets.
    format!("{query}{}{body}", readable(&body)).replace('\\', "")
}

#[test]
fn every_part_of_what_a_drill_sends_says_so_and_nothing_else_does() {
    for service in services() {
        let called = name(&service);
        let provider = service.provider();
        for (lang, mark) in [(Lang::Zh, "演练"), (Lang::En, "DRILL")] {
            for (headline, repeated) in [("Come", 1), ("", 1), ("Come", 700), ("", 700)] {
                let words = |rendered: &mut Rendered| {
                    rendered.headline = headline.into();
                    rendered.text = format!("{}\n", "A line of text. ".repeat(10)).repeat(repeated);
                };
                let posts = provider.write(&drill(lang, true, words)).unwrap();
                for (nth, post) in posts.iter().enumerate() {
                    let (text, all) = (said(post), posts.len());
                    assert!(text.contains(mark), "{called}, {nth} of {all}: {text}");
                }
                for post in provider.write(&drill(lang, false, words)).unwrap() {
                    assert!(!said(&post).contains(mark), "{called}: {}", said(&post));
                }
            }
        }
    }
}

#[test]
fn what_could_not_be_told_from_the_real_thing_does_not_leave() {
    let number = form(Body::Json(json!({ "to": "{{ address }}", "n": "{{ number }}" })));
    for service in
        [number, Service::AliyunSms(sms(&[])), Service::AliyunSms(sms(&[("l", Filled::Link)]))]
    {
        let called = name(&service);
        let provider = service.provider();
        let why = provider.write(&drill(Lang::Zh, true, |_| {})).unwrap_err();
        assert_eq!(why.code, crate::notify::why::WhyCode::DrillUnmarked, "{called}");
        assert!(provider.write(&drill(Lang::Zh, false, |_| {})).is_ok(), "{called}");
    }
    let planned = |rendered: &mut Rendered| {
        rendered.sms = Some(Sms { template: "SMS_2".into(), vars: Vec::new() });
    };
    let provider = Service::AliyunSms(sms(&[("n", Filled::Number)])).provider();
    assert!(provider.write(&drill(Lang::Zh, true, planned)).is_err());
}
