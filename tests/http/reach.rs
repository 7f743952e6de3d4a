//! Asking people whether messages reach them, and what they say without a token: by a link, a key on
//! the telephone, a reply.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use firebell::runtime::Scope;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::app::{BASE, Client, NUMBER, Reply, TOKEN, TestApp};

/// Waits until the outbox holds a mail to somebody with a link, and returns the latest link's path.
pub async fn link_to(app: &TestApp, person: &str) -> String {
    let begins = format!("{BASE}/a/");
    for _ in 0..100_000 {
        let outbox = std::fs::read_dir(app.folder().join("outbox")).into_iter().flatten();
        let written = outbox.map(|entry| entry.unwrap().path());
        let whole = written.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
        let mut mails: Vec<_> = whole.collect();
        mails.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        for path in mails.into_iter().rev() {
            let mail = std::fs::read_to_string(path).unwrap().replace("=\r\n", "");
            let to_them = mail.contains(&format!("To: {person}@example.test"));
            let link = mail.split(&begins).nth(1).filter(|_| to_them);
            if let Some(token) = link {
                let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
                return format!("/a/{}", &token[..end.unwrap_or(token.len())]);
            }
        }
        tokio::task::yield_now().await;
    }
    panic!("no mail to {person} with a link");
}

/// Waits until no contact waits for its channel, and returns how those asked about stand.
async fn standing(client: &Client, query: &str) -> Json {
    loop {
        let page = client.get(&format!("/api/v1/reach?{query}")).await.ok(200);
        let rows = page["items"].as_array().unwrap();
        let on_its_way = |row: &Json| row["standing"] == "waiting" && row["sent_at"] == Json::Null;
        if !rows.iter().any(on_its_way) {
            return page["items"].clone();
        }
        tokio::task::yield_now().await;
    }
}

async fn press(app: &TestApp, link: &str) -> Reply {
    app.anonymous().call(Method::POST, link).send().await
}

#[tokio::test]
async fn whoever_presses_the_button_is_confirmed_and_opening_the_page_changes_nothing() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let asked = chief.post("/api/v1/reach", json!({ "team": "desk" })).await.ok(202);
    let rows = asked["items"].as_array().unwrap();
    standing(&chief, "team=desk").await;
    let whom: Vec<_> = rows.iter().map(|row| row["person"].as_str().unwrap()).collect();
    assert_eq!(whom, ["desk1", "desk2"]);

    let link = link_to(&app, "desk1").await;
    for method in [Method::GET, Method::HEAD] {
        let page = app.anonymous().call(method, &link).send().await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-store"));
        assert!(page.header("content-security-policy").contains("form-action 'self'"));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    }
    let page = app.anonymous().get(&link).await.text();
    assert!(page.contains("<form method=\"post\">") && !page.contains("<script"), "{page}");
    let chinese = app.anonymous().call(Method::GET, &link).header("accept-language", "zh");
    assert!(chinese.send().await.text().contains("我收到了"));
    let before = chief.get("/api/v1/reach?person=desk1").await.ok(200);
    assert_eq!(before["items"][0]["standing"], "waiting");

    app.clock.advance(SignedDuration::from_mins(5));
    assert!(press(&app, &link).await.text().contains("It is confirmed"));
    app.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(press(&app, &link).await.status, 200, "pressing twice is no mistake");
    let after = chief.get("/api/v1/reach?person=desk1").await.ok(200);
    assert_eq!(after["items"][0]["standing"], "confirmed");
    assert_eq!(after["items"][0]["confirmed_at"], "2026-11-21T08:05:00Z");

    app.clock.advance(SignedDuration::from_hours(72));
    let late = link_to(&app, "desk2").await;
    assert_eq!(press(&app, &late).await.status, 410);
    let rows = standing(&chief, "team=desk").await;
    assert_eq!(
        (&rows[0]["standing"], &rows[1]["standing"]),
        (&"confirmed".into(), &"silent".into())
    );
}

#[tokio::test]
async fn a_contact_that_cannot_be_sent_to_says_why_and_names_must_exist() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let never = chief.get("/api/v1/reach").await.ok(200);
    let rows = never["items"].as_array().unwrap();
    assert!(rows.len() == 6 && rows.iter().all(|row| row["standing"] == "never_asked"));
    chief.post("/api/v1/reach", json!({ "channel": "sms" })).await.ok(202);
    let rows = standing(&chief, "channel=sms").await;
    assert_eq!((&rows[0]["person"], &rows[0]["standing"]), (&"out".into(), &"not_sent".into()));
    assert!(!rows[0]["why"].as_str().unwrap().is_empty());
    assert!(!rows.to_string().contains(NUMBER), "no address leaves the directory");
    chief.get("/api/v1/reach?team=dusk").await.problem(404, "unknown_team");
    chief.post("/api/v1/reach", json!({ "person": "dusk" })).await.problem(422, "unknown_person");
    let desk = app.person("desk1", Scope::Responder).await;
    desk.post("/api/v1/reach", json!({})).await.problem(403, "scope_too_low");
}

#[tokio::test]
async fn nobody_is_asked_in_a_group_to_confirm_for_themselves() {
    let app = TestApp::start_sparing(std::sync::Arc::new(firebell::store::Memory::new()), 20);
    let chief = app.person("chief", Scope::Commander).await;
    chief.post("/api/v1/reach", json!({ "channel": "group" })).await.ok(202);
    let rows = standing(&chief, "channel=group").await;
    assert_eq!((&rows[0]["person"], &rows[0]["standing"]), (&"out".into(), &"not_sent".into()));
    // The robot, where nobody listens, was not even tried.
    assert!(rows[0]["why"].as_str().unwrap().contains("请直接问本人"), "{rows}");
}

#[tokio::test]
async fn a_link_that_was_not_made_here_opens_nothing() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    chief.post("/api/v1/reach", json!({ "person": "desk1" })).await.ok(202);
    let link = link_to(&app, "desk1").await;
    let other = TestApp::start();
    for (app, link) in [(&other, link.as_str()), (&app, &link[..link.len() - 1]), (&app, "/a/x")] {
        assert_eq!(app.anonymous().get(link).await.status, 404);
        assert_eq!(press(app, link).await.status, 404);
    }
    assert_eq!(press(&app, &link).await.status, 200, "after a restart, too, as the key is kept");
    let again = TestApp::start_on(std::sync::Arc::clone(&app.store));
    assert_eq!(press(&again, &link).await.status, 200);
}

#[tokio::test]
async fn a_page_is_taken_by_its_link() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let to = json!({ "to": "ada" });
    chief.post(&format!("{path}/roles/commander/assign"), to).await.ok(200);
    let link = link_to(&app, "ada").await;
    let page = app.anonymous().get(&link).await.text();
    assert!(page.contains("Commander") && page.contains("I have it"), "{page}");
    assert_ne!(chief.get(&path).await.ok(200)["roles"]["commander"]["state"], "held");
    assert!(press(&app, &link).await.text().contains("You have incident 1"));
    let taken = chief.get(&path).await.ok(200);
    assert_eq!(taken["roles"]["commander"]["state"], "held");
    assert_eq!(taken["roles"]["commander"]["holder"], "ada", "{}", taken["roles"]);
}

async fn press_as(app: &TestApp, link: &str, body: &str) -> Reply {
    let call = app.anonymous().call(Method::POST, link);
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    call.bytes(body.to_owned()).send().await
}

#[tokio::test]
async fn a_page_is_declined_by_its_link_and_the_record_says_by_what() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let to = json!({ "to": "ada" });
    chief.post(&format!("{path}/roles/commander/assign"), to).await.ok(200);
    let link = link_to(&app, "ada").await;
    let page = app.anonymous().get(&link).await.text();
    for word in ["I have it", "I cannot take it", "value=\"decline\"", "name=\"reason\""] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("DRILL"), "it is no rehearsal");
    let form = page.split("<form").find(|form| form.contains("name=\"reason\"")).unwrap();
    assert!(!form.contains("accept"), "whoever ends the reason with the enter key says no: {form}");
    assert_eq!(press_as(&app, &link, "do=shout").await.status, 400);
    let declined = press_as(&app, &link, "do=decline&reason=on+a+train").await;
    assert!(declined.text().contains("the next is asked"), "{}", declined.text());
    let timeline = chief.get(&format!("{path}/timeline")).await.text();
    assert!(timeline.contains("on a train") && timeline.contains("by link"), "{timeline}");
    assert_ne!(chief.get(&path).await.ok(200)["roles"]["commander"]["holder"], "ada");
}

/// Waits for a mail to somebody whose link leads to a page about something.
async fn link_about(app: &TestApp, person: &str, about: &str) -> String {
    for _ in 0..10_000 {
        let link = link_to(app, person).await;
        if app.anonymous().get(&link).await.text().contains(about) {
            return link;
        }
        tokio::task::yield_now().await;
    }
    panic!("no link to {person} about {about}");
}

#[tokio::test]
async fn a_step_is_begun_and_ended_by_its_link_and_a_late_press_touches_no_other_run() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let desk = app.person("desk1", Scope::Responder).await;
    let path = chief.declare("outage").await;
    desk.post(&format!("{path}/roles/support/claim"), json!({})).await.ok(200);
    let form = json!({ "form": { "users": 5, "regions": ["east"] } });
    desk.post(&format!("{path}/steps/confirm/complete"), form).await.ok(200);
    let link = link_about(&app, "desk1", "Inform a region").await;
    let page = app.anonymous().get(&link).await.text();
    for word in ["I begin", "It is done", "I cannot do it", "waits for you", "value=\"start\""] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(app.anonymous().get(&link).await.text().contains("waits for you"), "nothing changed");
    let begun = press_as(&app, &link, "do=start").await;
    assert!(begun.text().contains("under way"), "{}", begun.text());
    let done = press_as(&app, &link, "do=complete").await;
    assert!(done.text().contains("is now: done"), "{}", done.text());
    let late = press_as(&app, &link, "do=complete").await;
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(app.anonymous().get(&link).await.text().contains("done"));

    let again = json!({ "reason": "look again" });
    desk.post(&format!("{path}/steps/inform:0/reopen"), again).await.ok(200);
    let stale = press_as(&app, &link, "do=start").await;
    assert_eq!(stale.status, 409, "the link names the first run: {}", stale.text());
    let timeline = chief.get(&format!("{path}/timeline")).await.text();
    assert!(timeline.contains("by link"), "{timeline}");
}

#[tokio::test]
async fn a_reply_of_2_declines_and_the_same_reply_twice_does_no_harm() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("outage").await;
    let to = json!({ "to": "out" });
    chief.post(&format!("{path}/roles/commander/assign"), to).await.ok(200);
    assert!(replied(&app, NUMBER, "2 7").await.contains("2 1"), "no such incident waits");
    assert!(replied(&app, NUMBER, "2").await.contains("the next is asked"));
    let holder = |incident: &Json| incident["roles"]["commander"]["holder"].clone();
    assert_ne!(holder(&chief.get(&path).await.ok(200)), "out");
    let again = replied(&app, NUMBER, "2").await;
    assert!(!again.contains("the next is asked"), "{again}");
    let timeline = chief.get(&format!("{path}/timeline")).await.text();
    assert!(timeline.contains("by reply"), "{timeline}");
}

/// Signs as the service documents it.
fn signed(url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let said: String = std::iter::once(url.to_owned())
        .chain(sorted.into_iter().map(|(name, value)| format!("{name}{value}")))
        .collect();
    let algorithm = ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
    let key = ring::hmac::Key::new(algorithm, TOKEN.as_bytes());
    BASE64.encode(ring::hmac::sign(&key, said.as_bytes()))
}

async fn posted(app: &TestApp, path: &str, fields: &[(&str, &str)], signature: &str) -> Reply {
    let pair = |(name, value): &(&str, &str)| {
        format!("{name}={}", value.replace('+', "%2B").replace(' ', "+"))
    };
    let body: Vec<String> = fields.iter().map(pair).collect();
    let call = app.anonymous().call(Method::POST, path);
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    call.header("x-twilio-signature", signature).bytes(body.join("&")).send().await
}

async fn replied(app: &TestApp, from: &str, words: &str) -> String {
    let fields = [("From", from), ("Body", words), ("MessageSid", "SM1")];
    let signature = signed(&format!("{BASE}/inbound/sms"), &fields);
    let reply = posted(app, "/inbound/sms", &fields, &signature).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, "text/xml; charset=utf-8")
    );
    reply.text()
}

#[tokio::test]
async fn a_page_is_taken_by_a_reply_to_a_short_message_that_is_signed() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    assert!(replied(&app, NUMBER, "1").await.contains("Nothing waits"));
    let mut paths = Vec::new();
    for _ in 0..2 {
        let path = chief.declare("outage").await;
        let to = json!({ "to": "out" });
        chief.post(&format!("{path}/roles/commander/assign"), to).await.ok(200);
        paths.push(path);
    }
    let forged = [("From", NUMBER), ("Body", "1")];
    for signature in ["", "AAAA", &signed(&format!("{BASE}/inbound/mail"), &forged)] {
        let reply = posted(&app, "/inbound/sms", &forged, signature).await;
        reply.problem(403, "bad_signature");
    }
    assert!(!replied(&app, "+8613900000000", "1").await.contains("Message"), "strangers");
    assert!(replied(&app, NUMBER, "what?").await.contains("Not understood"));
    assert!(replied(&app, NUMBER, "收到").await.contains("1 2, 1 1"), "which of both?");
    let state = |incident: Json| incident["roles"]["commander"]["state"].clone();
    for path in &paths {
        assert_eq!(state(chief.get(path).await.ok(200)), "assigned");
    }
    assert!(replied(&app, "+86 138 0000 0000", "1 2").await.contains("you have #2"));
    assert_eq!(state(chief.get(&paths[1]).await.ok(200)), "held");
    assert_eq!(state(chief.get(&paths[0]).await.ok(200)), "assigned");
    assert!(replied(&app, NUMBER, "ok").await.contains("you have #1"), "the only one left");
    assert_eq!(state(chief.get(&paths[0]).await.ok(200)), "held");
}

#[tokio::test]
async fn a_contact_is_confirmed_by_a_reply_and_a_page_by_a_key_on_the_telephone() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    chief.post("/api/v1/reach", json!({ "channel": "sms" })).await.ok(202);
    standing(&chief, "channel=sms").await;
    assert!(replied(&app, NUMBER, "1").await.contains("messages reach you here"));
    assert_eq!(standing(&chief, "channel=sms").await[0]["standing"], "confirmed");

    let path = chief.declare("outage").await;
    let to = json!({ "to": "ada" });
    chief.post(&format!("{path}/roles/commander/assign"), to).await.ok(200);
    let link = link_to(&app, "ada").await;
    let url = format!("{BASE}{link}");
    for (digits, signs, status, said) in [
        ("1", false, 403, "bad_signature"),
        ("9", true, 200, "Not confirmed"),
        ("1", true, 200, "You have incident 1"),
    ] {
        let fields = [("CallSid", "CA1"), ("Digits", digits)];
        let signature = if signs { signed(&url, &fields) } else { "AAAA".to_owned() };
        let reply = posted(&app, &link, &fields, &signature).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(said), "{}", reply.text());
    }
    assert_eq!(chief.get(&path).await.ok(200)["roles"]["commander"]["state"], "held");
}
