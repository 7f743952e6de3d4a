//! DingTalk: the fake verifies the signature and the size, counts by the signed minute, and blocks.

use std::sync::Mutex;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;

use super::*;

const SECRET: &str = "SEC0123456789abcdef";

/// A robot as the service behaves.
#[derive(Default)]
struct Robot {
    taken: Mutex<Vec<i64>>,
}

impl Respond for Robot {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = |code: i64, message: &str| {
            ResponseTemplate::new(200)
                .set_body_json(serde_json::json!({ "errcode": code, "errmsg": message }))
        };
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if query("access_token").as_deref() != Some("t0ken") {
            return answer(300_001, "token is not exist");
        }
        let ms = query("timestamp").unwrap_or_default();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{ms}\n{SECRET}").as_bytes());
        let sign = base64::engine::general_purpose::STANDARD.decode(query("sign").unwrap());
        if !sign.is_ok_and(|sign| mac.verify_slice(&sign).is_ok()) {
            return answer(310_000, "sign not match");
        }
        if request.body.len() > 20_000 {
            return answer(40_035, "too long");
        }
        let ms: i64 = ms.parse().unwrap();
        let mut taken = self.taken.lock().unwrap();
        taken.retain(|then| ms - then < 60_000);
        if taken.len() >= 20 {
            return answer(410_100, "send too fast");
        }
        taken.push(ms);
        answer(0, "ok")
    }
}

fn robot(server: &MockServer, secret: &str) -> Service {
    let url = Secret::new(format!("{}/robot/send?access_token=t0ken", server.uri()));
    Service::DingTalk(DingTalk { url, secret: Some(Secret::new(secret)) })
}

#[tokio::test]
async fn a_page_arrives_signed_readable_and_with_a_mention() {
    let server = fake(Robot::default()).await;
    let robot = robot(&server, SECRET);
    assert_eq!(attempt(robot, &to("13800000000", page(Lang::Zh))).await, Delivery::Delivered);
    let body = bodies(&server).await.remove(0);
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn a_wrong_secret_is_the_configuration_s_fault_and_says_what_to_check() {
    let server = fake(Robot::default()).await;
    let service = robot(&server, "SECwrong");
    let provider = service.clone().provider();
    let Delivery::Misconfigured { why } = attempt(service, &to("", page(Lang::Zh))).await else {
        panic!()
    };
    assert_eq!(why.to_string(), "not_authorised: 310000 sign not match");
    assert!(provider.advice(&why).unwrap().get(Lang::En).contains("clock"));
}

#[tokio::test]
async fn what_is_sent_too_fast_waits_for_ten_minutes() {
    let server = fake(Robot::default()).await;
    let service = robot(&server, SECRET);
    for _ in 0..20 {
        let delivery = attempt(service.clone(), &to("", page(Lang::Zh))).await;
        assert_eq!(delivery, Delivery::Delivered);
    }
    let Delivery::Retry { after, .. } = attempt(service, &to("", page(Lang::Zh))).await else {
        panic!()
    };
    assert_eq!(after, Some(SignedDuration::from_mins(10)));
}

#[tokio::test]
async fn a_long_text_arrives_in_numbered_parts_that_fit() {
    let server = fake(Robot::default()).await;
    let words = saying(&"中文\"引号\"很长。".repeat(1_000));
    assert_eq!(attempt(robot(&server, SECRET), &to("", words)).await, Delivery::Delivered);
    let bodies = bodies(&server).await;
    assert_eq!(bodies.len(), 2);
    assert!(bodies[1]["markdown"]["title"].as_str().unwrap().ends_with("(2/2)"));
}

#[tokio::test]
async fn nobody_is_mentioned_by_what_people_wrote() {
    let server = fake(Robot::default()).await;
    let words = saying("@all @13800000000 [点我](https://evil.example)");
    attempt(robot(&server, SECRET), &to("", words)).await;
    let body = bodies(&server).await.remove(0);
    assert_eq!(
        body["at"],
        serde_json::json!({ "atMobiles": [], "atUserIds": [], "isAtAll": false })
    );
    let text = body["markdown"]["text"].as_str().unwrap();
    assert!(!text.contains("@all") && !text.contains("@138") && !text.contains("](https://evil"));
}

#[test]
fn every_code_has_its_class() {
    let robot = DingTalk { url: Secret::new("https://oapi.dingtalk.com/robot/send"), secret: None };
    let answer = |code: &str| format!("{{\"errcode\":{code},\"errmsg\":\"m\"}}");
    holds(
        &robot,
        answer,
        &[
            ("0", "delivered"),
            ("-1", "retry"),
            ("130101", "retry"),
            ("410100", "retry"),
            ("90030", "retry"),
            ("310000", "misconfigured"),
            ("300001", "misconfigured"),
            ("300005", "misconfigured"),
            ("400101", "misconfigured"),
            ("400102", "misconfigured"),
            ("400106", "misconfigured"),
            ("400013", "misconfigured"),
            ("430101", "refused"),
            ("430102", "refused"),
            ("430104", "refused"),
            ("999999", "refused"),
        ],
    );
    stands_strangers(&robot);
    assert!(!format!("{robot:?}").contains("oapi"), "the address holds the token");
}
