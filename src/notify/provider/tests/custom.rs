//! Forms: what they write, how they read answers, and what they cannot do.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::notify::provider::custom::{Body, Form, Read, check};
use crate::notify::reply::{Class, Verb};

/// A form that uses everything.
fn form() -> Form {
    Form {
        addresses: Addresses::Any,
        verb: Verb::Put,
        server: None,
        path: "/v1/{{ address|percent }}?t={{ time.millis }}".into(),
        headers: vec![(
            "x-sign".into(),
            "{{ (time.seconds ~ '.' ~ title)|hmac_sha256_hex(secret.key) }}".into(),
        )],
        body: Body::Json(json!({
            "title": "{{ title }}",
            "lines": ["{{ text|slack }}", true, 7],
            "urgent": "{{ level <= 2 }}",
            "level": "{{ level }}",
            "app": "{{ setting.app }}",
            "links": "{{ links }}",
        })),
        bytes_max: 1_000,
        per_minute: Some(60),
        answer: Some(Read {
            code: "/status/code".into(),
            message: Some("/status/text".into()),
            fine: "0".into(),
            codes: vec![("9".into(), Class::Later(0)), ("8".into(), Class::Never)],
        }),
        secrets: vec!["key".into()],
        settings: BTreeMap::from([("app".into(), Some("bell".into()))]),
    }
}

fn custom(server: &str, form: Form) -> Custom {
    Custom {
        form,
        base: Secret::new(server),
        secrets: BTreeMap::from([("key".into(), Secret::new("k3y"))]),
        settings: BTreeMap::from([("app".into(), "bell".into())]),
    }
}

/// A service that verifies the signature its form describes.
struct Anything;

impl Respond for Anything {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let text = format!("1795287600.{}", body["title"].as_str().unwrap());
        let sign = hex::encode(crate::notify::encode::hmac_sha256(b"k3y", text.as_bytes()));
        let signed = request.headers["x-sign"] == sign.as_str();
        let code = if signed && request.url.path() == "/v1/a%2Fb" { 0 } else { 8 };
        let answer = json!({ "status": { "code": code, "text": "m" } });
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

#[tokio::test]
async fn a_form_writes_signs_and_reads_what_its_service_wants() {
    let server = fake(Anything).await;
    let service = Service::Custom(Box::new(custom(&server.uri(), form())));
    let delivery = attempt(service, &to("a/b", saying("<!here> \"{{ secret.key }}\""))).await;
    assert_eq!(delivery, Delivery::Delivered);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].method.as_str(), "PUT");
    insta::assert_json_snapshot!(bodies(&server).await.remove(0));
}

#[test]
fn answers_are_read_as_the_form_says() {
    let custom = custom("https://a.example", form());
    let answer = |code: &str| format!("{{\"status\":{{\"code\":{code}}}}}");
    for (status, body, wanted) in [
        (200, answer("0"), "delivered"),
        (200, answer("\"0\""), "delivered"),
        (200, answer("9"), "retry"),
        (200, answer("8"), "refused"),
        (200, answer("5"), "refused"),
        (503, answer("5"), "retry"),
    ] {
        assert_eq!(judged(&custom, status, &body), wanted, "{status} {body}");
    }
    stands_strangers(&custom);
}

#[test]
fn a_template_may_name_what_there_is_and_nothing_else() {
    let form = form();
    for good in [
        "{{ title }} {{ secret.key }} {{ setting.app }} {{ time.iso }}",
        "{% for link in links %}{{ link.url|percent }}{% endfor %}",
        "{{ text|markdown|shorten(100)|base64|sha256|xml }}",
    ] {
        assert_eq!(check(good, &form), Ok(()), "{good}");
    }
    for bad in
        ["{{ titel }}", "{{ secret.other }}", "{{ setting.x }}", "{{ title", "{{ time.zone }}"]
    {
        assert!(check(bad, &form).is_err(), "{bad}");
    }
    assert!(check(&"(".repeat(3_000), &form).is_err(), "too long");
}

#[test]
fn a_form_cannot_run_for_ever_or_leave_its_host() {
    let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    let endless = custom("https://a.example", Form { path: format!("/{loops}"), ..form() });
    assert!(endless.write(&to("a", page(Lang::En))).is_err());
    let custom = custom("https://a.example", Form { path: "/{{ address }}".into(), ..form() });
    let url = custom.write(&to("@evil.example", page(Lang::En))).unwrap().remove(0).url;
    assert_eq!(reqwest::Url::parse(&url).unwrap().host_str(), Some("a.example"));
}
