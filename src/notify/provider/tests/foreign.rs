//! Signatures beside independent implementations, Apprise's and the providers' own, which
//! `tests/run` fetches.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::notify::channel::Inbound;
use crate::notify::peer;

#[test]
fn apprise_signs_for_dingtalk_as_we_do() {
    let Some(python) = peer::python_with("apprise") else { return };
    let robot = DingTalk {
        url: Secret::new("https://oapi.dingtalk.com/robot/send?access_token=abc"),
        secret: Some(Secret::new("SEC0123456789abcdef")),
    };
    let url = robot.write(&to("", page(Lang::Zh))).unwrap().remove(0).url;
    let case = json!({ "secret": "SEC0123456789abcdef", "url": url });
    peer::run(&python, "tests/channels/of_dingtalk.py", &[], &case.to_string());
}

#[test]
fn alibaba_cloud_signs_for_its_messages_as_we_do() {
    let Some(python) = peer::python_with("alibabacloud_openapi_util") else { return };
    let service = AliyunSms {
        server: "https://dysmsapi.aliyuncs.com".into(),
        key_id: "LTAI1".into(),
        key_secret: Secret::new("s3cret+/="),
        sign: "某商城 (测试)".into(),
        template: Some("SMS_1".into()),
        vars: vec![("what".into(), Filled::Title), ("no".into(), Filled::Number)],
    };
    let words = saying("数据库 ~'*! & = + 100%");
    let post = service.write(&to("+8613800000000", words)).unwrap().remove(0);
    let headers: BTreeMap<_, _> = post.headers.into_iter().collect();
    let case = json!({ "url": post.url, "headers": headers, "secret": "s3cret+/=" });
    peer::run(&python, "tests/channels/of_aliyun.py", &[], &case.to_string());
}

fn account() -> TwilioSms {
    TwilioSms(Account {
        server: TWILIO_SERVER.into(),
        sid: "AC1".into(),
        token: Secret::new("12345"),
        from: "+15550000".into(),
    })
}

const FIELDS: [(&str, &str); 5] = [
    ("From", "+8613800000000"),
    ("Body", "收到 & ok=1 #42"),
    ("Digits", "1"),
    ("CallSid", "CA1234567890ABCDE"),
    ("Empty", ""),
];

fn fields() -> Vec<(String, String)> {
    FIELDS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[test]
fn what_twilio_s_own_library_signs_is_taken_and_nothing_else() {
    let Some(python) = peer::python_with("twilio") else { return };
    let url = "https://bell.shop.example/inbound/sms";
    let ask = |url: &str| {
        let case = json!({ "token": "12345", "url": url, "fields": BTreeMap::from(FIELDS) });
        peer::run(&python, "tests/channels/of_twilio.py", &[], &case.to_string())
    };
    let (signature, with_port) = (ask(url), ask("https://bell.shop.example:443/inbound/sms"));
    let (signature, with_port) = (signature.trim(), with_port.trim());
    assert_ne!(signature, with_port);
    let vouches = |url: &str, fields: &[(String, String)], signature: &str| {
        account().vouches(&Inbound { url, fields, signature })
    };
    let own = "https://bell.shop.example:8443/inbound/sms";
    for (url, signature) in [(url, signature), (url, with_port), (own, signature)] {
        assert!(vouches(url, &fields(), signature), "{url}");
    }
    let twice = [fields(), fields()].concat();
    assert!(vouches(url, &twice, signature), "what is sent twice is signed once");
    assert!(!vouches("https://bell.shop.example/inbound/sms2", &fields(), signature));
    let mut altered = fields();
    altered[2].1 = "2".to_owned();
    assert!(!vouches(url, &altered, signature));
    assert!(!vouches(url, &fields()[1..], signature));
    for forged in ["", "AAAA", "not base64!", &signature[1..]] {
        assert!(!vouches(url, &fields(), forged), "{forged}");
    }
}
