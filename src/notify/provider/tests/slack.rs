//! Slack: the fake knows the address and counts the characters of blocks.

use super::*;

/// A webhook as the service behaves.
struct Channel;

impl Respond for Channel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = |status: u16, word: &str| ResponseTemplate::new(status).set_body_string(word);
        if request.url.path() != "/services/T0/B0/k3y" {
            return answer(404, "no_service");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let blocks = body["blocks"].as_array().unwrap();
        let fits = blocks.len() <= 50
            && blocks.iter().all(|block| {
                let length = block["text"]["text"].as_str().unwrap().chars().count();
                let most = if block["type"] == "header" { 150 } else { 3_000 };
                (1..=most).contains(&length)
            });
        if fits { answer(200, "ok") } else { answer(400, "invalid_blocks") }
    }
}

fn hook(server: &MockServer, key: &str) -> Service {
    Service::Slack(Slack { url: Secret::new(format!("{}/services/T0/B0/{key}", server.uri())) })
}

#[tokio::test]
async fn a_page_arrives_in_blocks_where_what_people_wrote_is_no_markup() {
    let server = fake(Channel).await;
    let words = Rendered {
        subject: "#42 <!channel> & *x*".into(),
        ..saying("<!here> <@U1> *x* 12:30:45\n& <https://evil.example|click>")
    };
    let delivery = attempt(hook(&server, "k3y"), &to("U0123ABC", words)).await;
    assert_eq!(delivery, Delivery::Delivered);
    insta::assert_json_snapshot!(bodies(&server).await.remove(0));
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_that_fit() {
    let server = fake(Channel).await;
    let words = Rendered { subject: "题".repeat(400), ..saying(&"长".repeat(7_000)) };
    assert_eq!(attempt(hook(&server, "k3y"), &to("", words)).await, Delivery::Delivered);
    assert_eq!(bodies(&server).await.len(), 3);
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_the_configuration_s_fault() {
    let server = fake(Channel).await;
    let delivery = attempt(hook(&server, "old"), &to("", page(Lang::En))).await;
    let Delivery::Misconfigured { why } = delivery else { panic!("{delivery:?}") };
    assert!(why.to_string().starts_with("gone: no_service"), "{why}");
}

#[test]
fn every_word_has_its_class() {
    let hook = Slack { url: Secret::new("https://hooks.slack.example/x") };
    for (status, word, wanted) in [
        (200, "ok", "delivered"),
        (404, "no_service", "misconfigured"),
        (404, "no_team", "misconfigured"),
        (404, "no_active_hooks", "misconfigured"),
        (404, "channel_not_found", "misconfigured"),
        (410, "channel_is_archived", "misconfigured"),
        (403, "invalid_token", "misconfigured"),
        (403, "action_prohibited", "misconfigured"),
        (403, "posting_to_general_channel_denied", "misconfigured"),
        (400, "invalid_payload", "refused"),
        (400, "user_not_found", "refused"),
        (500, "rollup_error", "retry"),
        (429, "rate_limited", "retry"),
        (400, "anything_else", "refused"),
    ] {
        assert_eq!(judged(&hook, status, word), wanted, "{word}");
    }
    stands_strangers(&hook);
}
