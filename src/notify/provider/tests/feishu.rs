//! Feishu: the fake verifies the signature in the body, its age, and the size.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;

use super::*;

const SECRET: &str = "f31shu";

/// A bot as the service behaves.
struct Bot;

impl Respond for Bot {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = |code: i64, message: &str| {
            ResponseTemplate::new(200)
                .set_body_json(serde_json::json!({ "code": code, "msg": message, "data": {} }))
        };
        if request.body.len() > 20 * 1024 {
            return answer(9499, "Bad Request");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let stamp = body["timestamp"].as_str().unwrap_or_default();
        let key = format!("{stamp}\n{SECRET}");
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let sign = body["sign"].as_str().unwrap_or_default();
        let sign = base64::engine::general_purpose::STANDARD.decode(sign).unwrap();
        let age = at().as_second() - stamp.parse::<i64>().unwrap_or_default();
        if mac.verify_slice(&sign).is_err() || age.abs() > 3600 {
            return answer(19_021, "sign match fail or timestamp is not within one hour");
        }
        match body["msg_type"].as_str() {
            Some("post") => answer(0, "success"),
            _ => answer(9499, "Bad Request"),
        }
    }
}

fn bot(server: &MockServer, secret: &str) -> Service {
    let url = Secret::new(format!("{}/open-apis/bot/v2/hook/x", server.uri()));
    Service::Feishu(Feishu { url, secret: Some(Secret::new(secret)) })
}

#[tokio::test]
async fn a_page_arrives_signed_and_in_pieces_that_hold_no_markup() {
    let server = fake(Bot).await;
    let words =
        Rendered { text: "<at user_id=\"all\">所有人</at>\n**x**".into(), ..page(Lang::Zh) };
    let delivery = attempt(bot(&server, SECRET), &to("ou_abc", words)).await;
    assert_eq!(delivery, Delivery::Delivered);
    let body = bodies(&server).await.remove(0);
    insta::assert_json_snapshot!(body["content"]);
}

#[tokio::test]
async fn a_wrong_secret_is_the_configuration_s_fault() {
    let server = fake(Bot).await;
    let delivery = attempt(bot(&server, "wrong"), &to("", page(Lang::En))).await;
    let Delivery::Misconfigured { why } = delivery else { panic!("{delivery:?}") };
    assert!(why.detail.starts_with("19021 "), "{why}");
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_that_fit() {
    let server = fake(Bot).await;
    let words = saying(&"很长的一行\\\"。\n".repeat(2_000));
    assert_eq!(attempt(bot(&server, SECRET), &to("", words)).await, Delivery::Delivered);
    assert_eq!(bodies(&server).await.len(), 3);
}

#[test]
fn the_pause_that_the_service_asks_for_is_kept() {
    let bot = Feishu { url: Secret::new(""), secret: None };
    let body = r#"{"code":99991400,"msg":"request trigger frequency limit"}"#.to_owned();
    let headers = [("x-ogw-ratelimit-reset".to_owned(), "43".to_owned())].into();
    let reply = Reply { status: 429, headers, body };
    let Delivery::Retry { after, .. } = bot.judge(&reply, at()) else { panic!() };
    assert_eq!(after, Some(SignedDuration::from_secs(43)));
}

#[test]
fn every_code_has_its_class() {
    let bot = Feishu { url: Secret::new("https://open.feishu.cn/x"), secret: None };
    let answer = |code: &str| format!("{{\"code\":{code},\"msg\":\"m\"}}");
    holds(
        &bot,
        answer,
        &[
            ("0", "delivered"),
            ("11232", "retry"),
            ("99991400", "retry"),
            ("19001", "misconfigured"),
            ("19021", "misconfigured"),
            ("19022", "misconfigured"),
            ("19024", "misconfigured"),
            ("9499", "refused"),
            ("1", "refused"),
        ],
    );
    assert_eq!(judged(&bot, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#), "delivered");
    stands_strangers(&bot);
    assert!(!format!("{bot:?}").contains("open.feishu"));
}
