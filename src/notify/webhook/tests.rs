//! Webhooks against a server on the loopback, and against the official verifier.

use jiff::SignedDuration;
use proptest::prelude::*;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::*;
use crate::notify::gate::Pass;
use crate::notify::message::tests::page;
use crate::notify::peer;
use crate::notify::route::Destination;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn settings() -> WebhookSettings {
    let secrets = vec![Secret::new(SECRET), Secret::new(OLD_SECRET)];
    WebhookSettings { secrets, allow_private: true, ..WebhookSettings::default() }
}

fn outgoing(address: &str, at: &str) -> Outgoing {
    let to = Destination { address: address.into(), shared: false };
    Outgoing::new(Pass::for_test(false), to, page(Lang::Zh), at.parse().unwrap())
}

async fn server(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    server
}

async fn deliver(template: ResponseTemplate) -> Delivery {
    let server = server(template).await;
    let webhook = Webhook::new(settings()).unwrap();
    webhook.send(&outgoing(&server.uri(), "2026-11-21T19:00:00Z")).await
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).unwrap().to_str().unwrap()
}

#[tokio::test]
async fn every_answer_has_its_class() {
    let class = |delivery: &Delivery| match delivery {
        Delivery::Delivered => "delivered",
        Delivery::Retry { .. } => "retry",
        Delivery::Refused { .. } => "refused",
        Delivery::Misconfigured { .. } => "misconfigured",
    };
    for (status, wanted) in [
        (200, "delivered"),
        (202, "delivered"),
        (204, "delivered"),
        (301, "misconfigured"),
        (304, "misconfigured"),
        (400, "refused"),
        (401, "misconfigured"),
        (403, "misconfigured"),
        (404, "misconfigured"),
        (405, "refused"),
        (408, "retry"),
        (410, "misconfigured"),
        (413, "refused"),
        (422, "refused"),
        (425, "retry"),
        (429, "retry"),
        (500, "retry"),
        (502, "retry"),
        (503, "retry"),
        (599, "retry"),
    ] {
        let delivery = deliver(ResponseTemplate::new(status)).await;
        assert_eq!(class(&delivery), wanted, "{status}: {delivery:?}");
    }
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_passed_on() {
    for (field, wanted) in
        [("90", Some(90)), ("Sat, 21 Nov 2026 19:02:00 GMT", Some(120)), ("soon", None)]
    {
        for status in [429, 503] {
            let busy = ResponseTemplate::new(status).insert_header("retry-after", field);
            let Delivery::Retry { after, .. } = deliver(busy).await else { panic!("{status}") };
            assert_eq!(after, wanted.map(SignedDuration::from_secs), "{status} {field}");
        }
    }
}

#[tokio::test]
async fn what_the_server_complains_of_is_kept() {
    let no = ResponseTemplate::new(422).set_body_string("{\"error\":\n\"unknown room\"}");
    let Delivery::Refused { why } = deliver(no).await else { panic!() };
    assert_eq!(why.to_string(), "rejected: 422 {\"error\": \"unknown room\"}");
}

#[tokio::test]
async fn retries_keep_the_id_and_the_body_and_sign_a_new_timestamp() {
    let server = server(ResponseTemplate::new(503)).await;
    let webhook = Webhook::new(settings()).unwrap();
    for at in ["2026-11-21T19:00:00Z", "2026-11-21T19:00:07Z"] {
        webhook.send(&outgoing(&server.uri(), at)).await;
    }
    let requests = server.received_requests().await.unwrap();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(first.body, second.body);
    assert_eq!(header(first, ID_HEADER), header(second, ID_HEADER));
    assert_eq!(header(first, TIMESTAMP_HEADER), "1795287600");
    assert_eq!(header(second, TIMESTAMP_HEADER), "1795287607");
    assert_ne!(header(first, SIGNATURE_HEADER), header(second, SIGNATURE_HEADER));
    assert_eq!(header(first, SIGNATURE_HEADER).split(' ').count(), 2, "one for each secret");
    assert_eq!(header(first, "content-type"), "application/json");
}

#[tokio::test]
async fn the_body_says_what_a_program_needs() {
    let server = server(ResponseTemplate::new(200)).await;
    let to = Destination { address: server.uri(), shared: true };
    let mut message = page(Lang::En);
    message.mode = Mode::Drill;
    let at = "2026-11-21T19:00:00Z".parse().unwrap();
    let drill = Outgoing::new(Pass::for_test(true), to, message, at);
    assert_eq!(Webhook::new(settings()).unwrap().send(&drill).await, Delivery::Delivered);
    let requests = server.received_requests().await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn an_address_that_leads_inside_is_the_configuration_s_fault() {
    let webhook = Webhook::new(WebhookSettings { allow_private: false, ..settings() }).unwrap();
    for address in ["https://127.0.0.1/", "no address", "file:///etc/passwd"] {
        let delivery = webhook.send(&outgoing(address, "2026-11-21T19:00:00Z")).await;
        assert!(matches!(delivery, Delivery::Misconfigured { .. }), "{address}: {delivery:?}");
    }
}

#[test]
fn bad_settings_are_named() {
    let field = |change: fn(&mut WebhookSettings)| {
        let mut settings = settings();
        change(&mut settings);
        Webhook::new(settings).unwrap_err().field
    };
    assert_eq!(field(|s| s.secrets.clear()), "secrets");
    assert_eq!(field(|s| s.secrets = vec![Secret::new(SECRET); 5]), "secrets");
    assert_eq!(field(|s| s.secrets[0] = Secret::new("whsec_c2hvcnQ=")), "secrets");
    assert!(!format!("{:?}", settings()).contains("whsec"));
}

#[test]
fn the_official_verifier_accepts_the_signature() {
    let Some(python) = peer::python_with("standardwebhooks") else { return };
    let at = peer::now();
    let outgoing = outgoing("https://hook.example/", &at.to_string());
    let body = body(&outgoing);
    let webhook = Webhook::new(settings()).unwrap();
    let headers = webhook.headers(&outgoing, &body);
    let plain = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let case = serde_json::json!({
        "body": String::from_utf8(body).unwrap(),
        "headers": {
            ID_HEADER: plain(ID_HEADER),
            TIMESTAMP_HEADER: plain(TIMESTAMP_HEADER),
            SIGNATURE_HEADER: plain(SIGNATURE_HEADER),
        },
    });
    for secret in [SECRET, OLD_SECRET] {
        peer::run(&python, "tests/webhook/verify.py", &[secret], &case.to_string());
    }
}

proptest! {
    #[test]
    fn any_status_has_a_class_and_only_success_is_delivered(status in 100_u16..1000) {
        let reply = crate::notify::reply::Reply { status, ..Default::default() };
        let delivered = by_status(&reply, Timestamp::UNIX_EPOCH) == Delivery::Delivered;
        prop_assert_eq!(delivered, (200..300).contains(&status));
    }
}
