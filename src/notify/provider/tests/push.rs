//! ntfy and Gotify: the fakes know the token and the topic, and count bytes.

use super::*;

/// A server of ntfy.
struct Topics;

impl Respond for Topics {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let refuse = |status: u16, code: u32, error: &str| {
            ResponseTemplate::new(status)
                .set_body_json(serde_json::json!({ "code": code, "http": status, "error": error }))
        };
        if request.headers.get("authorization").is_none_or(|field| field != "Bearer tk_1") {
            return refuse(403, 40_301, "forbidden");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        if body["topic"] != "duty" || body["message"].as_str().unwrap().len() > 4_096 {
            return refuse(400, 40_009, "invalid request");
        }
        ResponseTemplate::new(200)
            .set_body_json(serde_json::json!({ "id": "x", "event": "message" }))
    }
}

fn ntfy(server: &MockServer, token: &str) -> Service {
    Service::Ntfy(Ntfy { server: server.uri(), token: Some(Secret::new(token)) })
}

#[tokio::test]
async fn a_page_rings_on_its_topic() {
    let server = fake(Topics).await;
    let delivery = attempt(ntfy(&server, "tk_1"), &to("duty", page(Lang::Zh))).await;
    assert_eq!(delivery, Delivery::Delivered);
    insta::assert_json_snapshot!(bodies(&server).await.remove(0));
    let long = attempt(ntfy(&server, "tk_1"), &to("duty", saying(&"长".repeat(2_500)))).await;
    assert_eq!(long, Delivery::Delivered, "in parts");
    let wrong = attempt(ntfy(&server, "tk_2"), &to("duty", page(Lang::Zh))).await;
    assert_eq!(class(&wrong), "misconfigured");
}

#[test]
fn every_answer_of_ntfy_has_its_class() {
    let ntfy = Ntfy { server: "https://ntfy.example".into(), token: None };
    let body = |code: &str| format!("{{\"code\":{code},\"error\":\"m\"}}");
    for (status, code, wanted) in [
        (429, "42901", "retry"),
        (429, "42908", "retry"),
        (401, "40101", "misconfigured"),
        (403, "40301", "misconfigured"),
        (400, "40009", "refused"),
        (400, "40001", "refused"),
        (500, "50001", "retry"),
    ] {
        assert_eq!(judged(&ntfy, status, &body(code)), wanted, "{code}");
    }
    assert_eq!(judged(&ntfy, 200, r#"{"id":"a"}"#), "delivered");
    stands_strangers(&ntfy);
}

/// A server of Gotify.
struct Applications;

impl Respond for Applications {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let known = request.headers.get("x-gotify-key").is_some_and(|field| field == "A1");
        match (request.url.path(), known) {
            ("/message", true) => {
                ResponseTemplate::new(200).set_body_json(serde_json::json!({ "id": 1 }))
            }
            ("/message", false) => ResponseTemplate::new(401)
                .set_body_json(serde_json::json!({ "error": "Unauthorized", "errorCode": 401 })),
            _ => ResponseTemplate::new(404),
        }
    }
}

#[tokio::test]
async fn a_page_rings_on_gotify_and_a_wrong_token_is_said() {
    let server = fake(Applications).await;
    let service =
        |token: &str| Service::Gotify(Gotify { server: server.uri(), token: Secret::new(token) });
    let delivery = attempt(service("A1"), &to("", page(Lang::En))).await;
    assert_eq!(delivery, Delivery::Delivered);
    insta::assert_json_snapshot!(bodies(&server).await.remove(0));
    let wrong = attempt(service("A2"), &to("", page(Lang::En))).await;
    assert_eq!(class(&wrong), "misconfigured");
    let gotify = Gotify { server: server.uri(), token: Secret::new("A1") };
    stands_strangers(&gotify);
}
