//! Twilio and Aliyun: the fakes know the account and the numbers, verify signatures, and answer
//! with the services' codes.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::notify::message::{Link, Sms};

/// An account of Twilio.
struct Twilio;

fn form(request: &Request) -> BTreeMap<String, String> {
    let query = String::from_utf8(request.body.clone()).unwrap();
    let url = reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

impl Respond for Twilio {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let refuse = |status: u16, code: u32, message: &str| {
            let body = serde_json::json!({ "code": code, "message": message, "status": status });
            ResponseTemplate::new(status).set_body_json(body)
        };
        // "AC1:t0ken" in base64.
        if request.headers.get("authorization").is_none_or(|f| f != "Basic QUMxOnQwa2Vu") {
            return refuse(401, 20_003, "Authenticate");
        }
        let form = form(request);
        match form["To"].as_str() {
            "+15005550001" => return refuse(400, 21_211, "Invalid 'To' Phone Number"),
            "+15005550004" => return refuse(400, 21_610, "Attempt to send to unsubscribed"),
            "+15005550009" => return refuse(429, 20_429, "Too Many Requests"),
            _ => {}
        }
        let taken = match request.url.path() {
            "/2010-04-01/Accounts/AC1/Messages.json" => form["Body"].chars().count() <= 1_600,
            "/2010-04-01/Accounts/AC1/Calls.json" => {
                let spoken = form["Twiml"].as_str();
                let begins = ["<Response><Say", "<Response><Gather"];
                begins.iter().any(|begin| spoken.starts_with(begin)) && spoken.len() <= 4_000
            }
            _ => return refuse(404, 20_404, "not found"),
        };
        match taken {
            true => ResponseTemplate::new(201).set_body_json(serde_json::json!({ "sid": "SM1" })),
            false => refuse(400, 21_617, "too long"),
        }
    }
}

fn account(server: &MockServer, token: &str) -> Account {
    Account {
        server: server.uri(),
        sid: "AC1".into(),
        token: Secret::new(token),
        from: "+15005550006".into(),
    }
}

#[tokio::test]
async fn a_short_message_leaves_by_twilio_and_its_refusals_have_their_class() {
    let server = fake(Twilio).await;
    let sms = |token: &str| Service::TwilioSms(TwilioSms(account(&server, token)));
    for (number, token, wanted) in [
        ("+8613800000000", "t0ken", "delivered"),
        ("+15005550001", "t0ken", "refused"),
        ("+15005550004", "t0ken", "refused"),
        ("+15005550009", "t0ken", "retry"),
        ("+8613800000000", "old", "misconfigured"),
    ] {
        let delivery = attempt(sms(token), &to(number, page(Lang::Zh))).await;
        assert_eq!(class(&delivery), wanted, "{number}: {delivery:?}");
    }
    let sent = form(&server.received_requests().await.unwrap()[0]);
    insta::assert_json_snapshot!(sent);
    let long = attempt(sms("t0ken"), &to("+8613800000000", saying(&"长".repeat(5_000)))).await;
    assert_eq!(long, Delivery::Delivered);
}

#[tokio::test]
async fn a_call_reads_the_message_twice_and_no_word_of_it_is_markup() {
    let server = fake(Twilio).await;
    let voice = Service::TwilioVoice(TwilioVoice(account(&server, "t0ken")));
    let words = saying("</Say><Hangup/> & \u{1b}[1m\n长");
    let delivery = attempt(voice.clone(), &to("+8613800000000", words)).await;
    assert_eq!(delivery, Delivery::Delivered);
    insta::assert_snapshot!(form(&server.received_requests().await.unwrap()[0])["Twiml"]);
    let long = attempt(voice, &to("+8613800000000", saying(&"长&".repeat(5_000)))).await;
    assert_eq!(long, Delivery::Delivered);
}

#[tokio::test]
async fn a_call_takes_a_key_for_an_answer_where_there_is_something_to_answer() {
    let server = fake(Twilio).await;
    let voice = Service::TwilioVoice(TwilioVoice(account(&server, "t0ken")));
    for (lang, label, press) in [
        (Lang::Zh, "我来处理", "我来处理，请按 1。"),
        (Lang::En, "I have it", "For: I have it, press 1."),
    ] {
        let url = "https://bell.example/a/x?y&z\"".to_owned();
        let link = Link { label: label.to_owned(), url };
        let words = Rendered { text: "长&".repeat(5_000), ..page(lang) }.with_answer(link);
        let delivery = attempt(voice.clone(), &to("+8613800000000", words)).await;
        assert_eq!(delivery, Delivery::Delivered);
        let calls = server.received_requests().await.unwrap();
        let spoken = form(calls.last().unwrap())["Twiml"].clone();
        let action = "method=\"POST\" action=\"https://bell.example/a/x?y&amp;z&quot;\">";
        assert!(spoken.contains(action), "{spoken}");
        assert_eq!(spoken.matches(press).count(), 2, "{spoken}");
        assert!(spoken.ends_with("</Gather></Response>"), "{spoken}");
    }
}

/// An account of Aliyun: verifies the signature from what arrived.
struct Aliyun;

const KEY_SECRET: &str = "aliyun-s3cret";

fn verified(request: &Request) -> bool {
    let field = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let authorization = field("authorization");
    let signed = authorization.split("SignedHeaders=").nth(1).unwrap();
    let (names, signature) = signed.split_once(",Signature=").unwrap();
    let listed: String = names.split(';').map(|n| format!("{n}:{}\n", field(n))).collect();
    let query = request.url.query().unwrap();
    let digest = hex::encode(Sha256::digest(&request.body));
    let canonical = format!("POST\n/\n{query}\n{listed}\n{names}\n{digest}");
    let text = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY_SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    field("x-acs-content-sha256") == digest
        && hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

impl Respond for Aliyun {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = |status: u16, code: &str| {
            let body = serde_json::json!({ "Code": code, "Message": "m", "RequestId": "1" });
            ResponseTemplate::new(status).set_body_json(body)
        };
        if !verified(request) {
            return answer(400, "SignatureDoesNotMatch");
        }
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let vars: BTreeMap<String, String> = serde_json::from_str(&query["TemplateParam"]).unwrap();
        match (query["PhoneNumbers"].as_str(), query["SignName"].as_str()) {
            ("13800000009", _) => answer(200, "isv.BUSINESS_LIMIT_CONTROL"),
            (_, "某商城") if vars.values().all(|v| v.chars().count() <= 35) => answer(200, "OK"),
            (_, "某商城") => answer(200, "isv.PARAM_LENGTH_LIMIT"),
            _ => answer(200, "isv.SMS_SIGNATURE_ILLEGAL"),
        }
    }
}

fn aliyun(server: &MockServer, secret: &str, sign: &str) -> Service {
    Service::AliyunSms(AliyunSms {
        server: server.uri(),
        key_id: "LTAI1".into(),
        key_secret: Secret::new(secret),
        sign: sign.into(),
        template: Some("SMS_1".into()),
        vars: vec![("no".into(), Filled::Number), ("what".into(), Filled::Title)],
    })
}

#[tokio::test]
async fn a_registered_template_leaves_by_aliyun_and_its_refusals_have_their_class() {
    let server = fake(Aliyun).await;
    for (number, secret, sign, wanted) in [
        ("+8613800000000", KEY_SECRET, "某商城", "delivered"),
        ("+8613800000009", KEY_SECRET, "某商城", "refused"),
        ("+8613800000000", KEY_SECRET, "别人", "misconfigured"),
        ("+8613800000000", "old", "某商城", "misconfigured"),
    ] {
        let service = aliyun(&server, secret, sign);
        let delivery = attempt(service, &to(number, page(Lang::Zh))).await;
        assert_eq!(class(&delivery), wanted, "{number} {sign}: {delivery:?}");
    }
    let plan = Rendered {
        sms: Some(Sms {
            template: "SMS_9".into(),
            vars: vec![("what".into(), "长".repeat(99)), ("when".into(), "03:05".into())],
        }),
        ..page(Lang::Zh)
    };
    let service = aliyun(&server, KEY_SECRET, "某商城");
    assert_eq!(attempt(service, &to("+8613800000000", plan)).await, Delivery::Delivered);
    let requests = server.received_requests().await.unwrap();
    let first: BTreeMap<String, String> = requests[0].url.query_pairs().into_owned().collect();
    assert_eq!(first["TemplateParam"], r#"{"no":"42","what":"客服系统中断 <华东>"}"#);
    let last: BTreeMap<String, String> = requests[4].url.query_pairs().into_owned().collect();
    assert_eq!(last["TemplateCode"], "SMS_9", "the plan's own template comes first");
}

#[test]
fn a_drill_s_short_message_says_so_in_its_first_variable() {
    let Service::AliyunSms(aliyun) = Service::AliyunSms(AliyunSms {
        server: "https://dysmsapi.aliyuncs.com".into(),
        key_id: "k".into(),
        key_secret: Secret::new("s"),
        sign: "某商城".into(),
        template: Some("SMS_1".into()),
        vars: vec![("a".into(), Filled::Title)],
    }) else {
        panic!()
    };
    let address = Destination { address: "+8613800000000".into(), shared: false };
    let drill = Outgoing::new(Pass::for_test(true), address, page(Lang::Zh), at());
    let post = aliyun.write(&drill).unwrap().remove(0);
    let url = reqwest::Url::parse(&post.url).unwrap();
    let vars = url.query_pairs().find(|(name, _)| name == "TemplateParam").unwrap().1.into_owned();
    assert!(vars.contains("演练客服系统中断"), "{vars}");
}

#[test]
fn every_code_of_aliyun_has_its_class() {
    let Service::AliyunSms(aliyun) = Service::AliyunSms(AliyunSms {
        server: "https://dysmsapi.aliyuncs.com".into(),
        key_id: "k".into(),
        key_secret: Secret::new("s"),
        sign: "s".into(),
        template: None,
        vars: Vec::new(),
    }) else {
        panic!()
    };
    let answer = |code: &str| format!("{{\"Code\":\"{code}\",\"Message\":\"m\"}}");
    holds(
        &aliyun,
        answer,
        &[
            ("OK", "delivered"),
            ("isv.BUSINESS_LIMIT_CONTROL", "refused"),
            ("Throttling.User", "retry"),
            ("Throttling", "retry"),
            ("isp.SYSTEM_ERROR", "retry"),
            ("isv.SYSTEM_ERROR", "retry"),
            ("isv.OUT_OF_SERVICE", "misconfigured"),
            ("isv.AMOUNT_NOT_ENOUGH", "misconfigured"),
            ("isv.SMS_SIGNATURE_ILLEGAL", "misconfigured"),
            ("isv.SMS_TEMPLATE_ILLEGAL", "misconfigured"),
            ("isv.SMS_SIGN_ILLEGAL", "misconfigured"),
            ("SignatureDoesNotMatch", "misconfigured"),
            ("InvalidAccessKeyId.NotFound", "misconfigured"),
            ("InvalidTimeStamp.Expired", "misconfigured"),
            ("isv.MOBILE_NUMBER_ILLEGAL", "refused"),
            ("isv.INVALID_PARAMETERS", "refused"),
            ("isv.TEMPLATE_MISSING_PARAMETERS", "refused"),
            ("isv.PARAM_LENGTH_LIMIT", "refused"),
            ("isv.BLACK_KEY_CONTROL_LIMIT", "refused"),
        ],
    );
    stands_strangers(&aliyun);
}
