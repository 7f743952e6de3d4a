//! Nothing opens without a token of the right scope.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::Value as Json;

use crate::app::TestApp;

/// What anyone may read: it holds no secrets.
const OPEN: [&str; 5] = ["/livez", "/readyz", "/metrics", "/openapi.json", "/schema/playbook.json"];

/// What a signature opens: of a link, or of the service that posts.
const SIGNED: [(&str, u16); 3] =
    [("/a/token", 404), ("/ical/file", 404), ("/inbound/channel", 403)];

/// Every operation of the document: method, path with something in its placeholders, and the scope
/// that the document says it needs.
fn operations() -> Vec<(Method, String, Option<Scope>)> {
    let document: Json = serde_json::from_str(firebell::server::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let said = operation["description"].as_str().unwrap_or_default();
            let scope = said
                .split("Needs the scope `")
                .nth(1)
                .map(|rest| rest.split('`').next().unwrap_or_default().parse::<Scope>().unwrap());
            let method = method.to_uppercase().parse().unwrap();
            let nobody = uuid::Uuid::nil().to_string();
            let path = path.replace("{id}", &nobody).replace(['{', '}'], "");
            all.push((method, path, scope));
        }
    }
    assert!(all.len() > 50, "the table was read");
    all
}

#[tokio::test]
async fn every_route_but_the_open_ones_refuses_without_a_token() {
    let app = TestApp::start();
    for (method, path, scope) in operations() {
        let reply = app.anonymous().call(method.clone(), &path).send().await;
        if path.starts_with("/ingest/pagerduty") {
            // Its key stands in the body, and its answers are its own.
            assert_eq!(reply.ok(400)["status"], "invalid event");
        } else if path.starts_with("/ingest/opsgenie") {
            assert!(reply.ok(401)["message"].is_string(), "{path}");
        } else if path.starts_with("/ingest/") {
            reply.problem(401, "unauthenticated");
        } else if OPEN.contains(&path.as_str()) {
            assert_eq!(scope, None, "{path}");
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        } else if let Some((_, status)) = SIGNED.iter().find(|(signed, _)| *signed == path) {
            assert_eq!(scope, None, "{path}");
            assert_eq!(reply.status, *status, "{method} {path}: {}", reply.text());
        } else {
            assert!(scope.is_some(), "{method} {path} says no scope");
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"firebell\"", "{path}");
            reply.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn every_route_refuses_a_scope_below_its_own_and_admits_its_own() {
    let app = TestApp::start();
    let mut clients = Vec::new();
    for scope in Scope::ALL {
        clients.push((scope, app.person("ada", scope).await));
    }
    for (method, path, needs) in operations() {
        // A stream and a backup are answers without an end, or with a large one.
        let Some(needs) = needs else { continue };
        for (scope, client) in &clients {
            let response = client.call(method.clone(), &path).begin().await;
            let refused = response.status() == 403;
            assert_eq!(refused, *scope < needs, "{method} {path} for {scope}");
        }
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_and_says_why() {
    let app = TestApp::start();
    let mut client = app.person("ada", Scope::Admin).await;
    let mine = client.get("/api/v1/whoami").await.ok(200);
    assert_eq!((&mine["person"], &mine["scope"]), (&"ada".into(), &"admin".into()));
    let whole = client.token.clone().unwrap();
    for bad in ["", "nonsense", &whole[..whole.len() - 1], &whole.to_uppercase()] {
        client.token = Some(bad.to_owned());
        client.get("/api/v1/whoami").await.problem(401, "unauthenticated");
    }
    let basic = app.anonymous().call(Method::GET, "/api/v1/whoami");
    basic
        .header("authorization", &format!("Basic {whole}"))
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_ends_with_its_time_or_when_it_is_taken_back() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    let made = admin
        .post(
            "/api/v1/tokens",
            serde_json::json!({
                "person": "desk1", "scope": "responder", "label": "phone",
                "expires_at": "2026-11-21T09:00:00Z",
            }),
        )
        .await
        .ok(201);
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("fbt_"), "{secret}");
    let mut phone = app.anonymous();
    phone.token = Some(secret.to_owned());
    assert_eq!(phone.get("/api/v1/whoami").await.ok(200)["person"], "desk1");
    app.clock.advance(jiff::SignedDuration::from_hours(2));
    phone.get("/api/v1/whoami").await.problem(401, "token_expired");

    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/tokens/{id}");
    let revoked = admin.call(Method::DELETE, &path).send().await.ok(200);
    assert_eq!(revoked["revoked_at"], "2026-11-21T10:00:00Z");
    phone.get("/api/v1/whoami").await.problem(401, "token_revoked");
    let list = admin.get("/api/v1/tokens").await.text();
    assert!(list.contains("phone") && !list.contains(&secret[17..]), "{list}");
    admin.call(Method::DELETE, "/api/v1/tokens/none").send().await.problem(404, "unknown_token");
}

#[tokio::test]
async fn tokens_are_made_for_people_who_exist_and_times_that_lie_ahead() {
    let app = TestApp::start();
    let admin = app.person("ada", Scope::Admin).await;
    for (body, pointer) in [
        (serde_json::json!({ "scope": "viewer" }), "/person"),
        (serde_json::json!({ "scope": "viewer", "person": "ada", "service": "x" }), "/person"),
        (serde_json::json!({ "scope": "viewer", "person": "nobody" }), "/person"),
        (serde_json::json!({ "scope": "viewer", "service": "" }), "/service"),
        (serde_json::json!({ "scope": "god", "person": "ada" }), "/scope"),
        (
            serde_json::json!({ "scope": "viewer", "person": "ada", "expires_at": crate::app::START }),
            "/expires_at",
        ),
    ] {
        let problem = admin.post("/api/v1/tokens", body).await.problem(422, "invalid_fields");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test]
async fn acting_for_another_needs_the_commander_scope_and_shows() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let incident = chief.declare("outage").await;
    let notes = format!("{incident}/notes");
    let note = serde_json::json!({ "text": "on the telephone" });
    let call = |client: &crate::app::Client, other: &str| {
        client.call(Method::POST, &notes).header("firebell-on-behalf-of", other).json(&note)
    };
    call(&chief, "desk1").send().await.ok(200);
    let id: firebell::id::IncidentId = incident.rsplit('/').next().unwrap().parse().unwrap();
    let stream = app.store.load(id).unwrap().unwrap();
    let stored: Vec<String> = stream
        .events()
        .map(|(_, event)| String::from_utf8_lossy(&event.bytes).into_owned())
        .collect();
    let shows = |event: &String| {
        event.contains("\"on_behalf_of\":\"desk1\"") && event.contains("\"id\":\"chief\"")
    };
    assert!(stored.iter().any(shows), "{stored:#?}");

    call(&chief, "nobody").send().await.problem(422, "unknown_person");
    let desk = app.person("desk2", Scope::Responder).await;
    call(&desk, "desk1").send().await.problem(403, "scope_too_low");
    let bot = app.service("bot", Scope::Admin).await;
    call(&bot, "desk1").send().await.problem(403, "not_a_person");
}

#[tokio::test]
async fn a_token_is_made_for_no_more_than_the_configuration_grants() {
    use firebell::config::Grants;
    let grants = Grants {
        people: [("desk1".into(), [Scope::Responder].into())].into(),
        ..Grants::default()
    };
    let app = TestApp::start_with(std::sync::Arc::new(firebell::store::Memory::new()), grants);
    let admin = app.person("ada", Scope::Admin).await;
    for (person, scope, allowed) in [
        ("desk1", "viewer", true),
        ("desk1", "responder", true),
        ("desk1", "commander", false),
        ("desk2", "viewer", false),
    ] {
        let body = serde_json::json!({ "person": person, "scope": scope });
        let reply = admin.post("/api/v1/tokens", body).await;
        if allowed {
            reply.ok(201);
        } else {
            let problem = reply.problem(422, "invalid_fields");
            assert_eq!(problem["errors"][0]["pointer"], "/scope");
        }
    }
}
