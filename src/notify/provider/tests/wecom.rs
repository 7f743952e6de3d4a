//! WeCom: the fake knows the key and counts the bytes of the content.

use super::*;

/// A robot as the service behaves.
struct Robot;

impl Respond for Robot {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = |code: i64, message: &str| {
            ResponseTemplate::new(200)
                .set_body_json(serde_json::json!({ "errcode": code, "errmsg": message }))
        };
        if request.url.query() != Some("key=k3y") {
            return answer(93_000, "invalid webhook url");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let kind = body["msgtype"].as_str().unwrap_or_default();
        let most = match kind {
            "text" => 2_048,
            "markdown" => 4_096,
            _ => return answer(40_008, "invalid message type"),
        };
        match body[kind]["content"].as_str() {
            Some(content) if content.len() <= most => answer(0, "ok"),
            _ => answer(40_058, "exceed max length"),
        }
    }
}

fn robot(server: &MockServer, key: &str) -> Service {
    let url = Secret::new(format!("{}/cgi-bin/webhook/send?key={key}", server.uri()));
    Service::WeCom(WeCom { url })
}

#[tokio::test]
async fn everyone_is_told_in_markdown_and_somebody_in_plain_text_with_a_mention() {
    let server = fake(Robot).await;
    for address in ["", "13800000000", "lilei"] {
        let delivery = attempt(robot(&server, "k3y"), &to(address, page(Lang::Zh))).await;
        assert_eq!(delivery, Delivery::Delivered);
    }
    insta::assert_json_snapshot!(bodies(&server).await);
}

#[tokio::test]
async fn limits_are_kept_in_bytes_whatever_the_text() {
    for text in ["中".repeat(2_500), "*".repeat(3_000), "<@li>".repeat(400), "a\n".repeat(2_000)] {
        for address in ["", "lilei"] {
            let server = fake(Robot).await;
            let words = Rendered { subject: "*<@".repeat(200), ..saying(&text) };
            let delivery = attempt(robot(&server, "k3y"), &to(address, words)).await;
            assert_eq!(delivery, Delivery::Delivered, "{address} {}", &text[..6]);
        }
    }
}

#[tokio::test]
async fn nobody_is_mentioned_by_what_people_wrote() {
    let server = fake(Robot).await;
    for address in ["", "lilei"] {
        attempt(robot(&server, "k3y"), &to(address, saying("<@han> <@all>"))).await;
    }
    for body in bodies(&server).await {
        assert!(!body.to_string().contains("<@"), "{body}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_the_configuration_s_fault() {
    let server = fake(Robot).await;
    let delivery = attempt(robot(&server, "old"), &to("", page(Lang::En))).await;
    assert_eq!(class(&delivery), "misconfigured");
}

#[test]
fn every_code_has_its_class() {
    let robot = WeCom { url: Secret::new("https://qyapi.weixin.qq.com/x") };
    let answer = |code: &str| format!("{{\"errcode\":{code},\"errmsg\":\"m\"}}");
    holds(
        &robot,
        answer,
        &[
            ("0", "delivered"),
            ("-1", "retry"),
            ("45009", "retry"),
            ("45033", "retry"),
            ("93000", "misconfigured"),
            ("40058", "refused"),
            ("40008", "refused"),
            ("81013", "refused"),
        ],
    );
    stands_strangers(&robot);
}
