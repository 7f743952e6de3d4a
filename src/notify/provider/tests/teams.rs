//! Teams: the fake knows the address's signature, the size, and that markup is nobody's.

use super::*;

/// A workflow as the service behaves.
struct Flow;

impl Respond for Flow {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let refuse = |status: u16, code: &str| {
            let error = serde_json::json!({ "error": { "code": code, "message": "m" } });
            ResponseTemplate::new(status).set_body_json(error)
        };
        if !request.url.query_pairs().any(|(key, value)| key == "sig" && value == "s1g") {
            return refuse(401, "DirectApiAuthorizationRequired");
        }
        if request.body.len() > 28 * 1024 {
            return refuse(413, "RequestEntityTooLarge");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let card = &body["attachments"][0];
        match card["contentType"].as_str() {
            Some("application/vnd.microsoft.card.adaptive") => ResponseTemplate::new(202),
            _ => refuse(400, "TriggerInputSchemaMismatch"),
        }
    }
}

fn flow(server: &MockServer, sig: &str) -> Service {
    let url = Secret::new(format!("{}/workflows/1/triggers?sig={sig}", server.uri()));
    Service::Teams(Teams { url })
}

#[tokio::test]
async fn a_page_arrives_as_a_card_of_plain_runs_with_buttons() {
    let server = fake(Flow).await;
    let words = saying("<at>everyone</at> **x** [点我](https://evil.example)");
    assert_eq!(attempt(flow(&server, "s1g"), &to("", words)).await, Delivery::Delivered);
    let body = bodies(&server).await.remove(0);
    insta::assert_json_snapshot!(body["attachments"][0]["content"]);
    assert!(!body.to_string().contains("TextBlock\",\"text"), "only runs: {body}");
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_that_fit() {
    let server = fake(Flow).await;
    let words = saying(&"很长的一行\"。\n".repeat(2_000));
    assert_eq!(attempt(flow(&server, "s1g"), &to("", words)).await, Delivery::Delivered);
    assert_eq!(bodies(&server).await.len(), 3);
}

#[tokio::test]
async fn an_address_without_its_signature_is_the_configuration_s_fault() {
    let server = fake(Flow).await;
    let delivery = attempt(flow(&server, "cut"), &to("", page(Lang::En))).await;
    let Delivery::Misconfigured { why } = delivery else { panic!("{delivery:?}") };
    assert!(why.detail.starts_with("DirectApiAuthorizationRequired"), "{why}");
}

#[test]
fn every_answer_has_its_class() {
    let flow = Teams { url: Secret::new("https://flow.example/x") };
    let error = |code: &str| format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"m\"}}}}");
    for (status, body, wanted) in [
        (202, String::new(), "delivered"),
        (200, "1".into(), "delivered"),
        (200, "Microsoft Teams endpoint returned HTTP error 429".into(), "retry"),
        (404, error("WorkflowNotFound"), "misconfigured"),
        (400, error("WorkflowTriggerIsNotEnabled"), "misconfigured"),
        (401, error("DirectApiAuthorizationRequired"), "misconfigured"),
        (401, error("SecurityTokenInvalid"), "misconfigured"),
        (400, error("TriggerInputSchemaMismatch"), "refused"),
        (429, error("Throttled"), "retry"),
        (502, "<html>".into(), "retry"),
    ] {
        assert_eq!(judged(&flow, status, &body), wanted, "{status} {body}");
    }
}
