//! Lists: pages that neither repeat nor lose a row, and filters.

use firebell::runtime::Scope;
use serde_json::json;

use crate::app::{Client, TestApp};

async fn numbers(client: &Client, path: &str) -> (Vec<String>, String) {
    let reply = client.get(path).await;
    let link = reply.header("link").to_owned();
    let page = reply.ok(200);
    let items = page["items"].as_array().unwrap();
    let numbers = items.iter().map(|item| item["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(page.get("next").is_some(), !link.is_empty());
    (numbers, link)
}

#[tokio::test]
async fn following_the_links_gives_every_incident_once_newest_first() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    for _ in 0..7 {
        chief.declare("five").await;
    }
    let mut all = Vec::new();
    let mut path = "/api/v1/incidents?limit=3&playbook=five".to_owned();
    loop {
        let (page, link) = numbers(&chief, &path).await;
        assert!(page.len() <= 3);
        all.extend(page);
        let Some(next) = link.strip_suffix(">; rel=\"next\"") else { break };
        path = next.strip_prefix('<').unwrap().to_owned();
        // What is declared meanwhile is newer and belongs to no later page.
        chief.declare("five").await;
    }
    let expected: Vec<String> = (1..=7).rev().map(|n| format!("INC-2026-{n:04}")).collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn filters_choose() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    chief.declare("five").await;
    let outage = chief.declare("outage").await;
    let cancelled = chief.declare("five").await;
    let why = json!({ "reason": "a false alarm" });
    chief.post(&format!("{cancelled}/cancel"), why).await.ok(200);
    let why = json!({ "level": 1, "reason": "the press calls" });
    chief.post(&format!("{outage}/level"), why).await.ok(200);
    for (query, expected) in [
        ("", vec!["0003", "0002", "0001"]),
        ("?status=open", vec!["0002", "0001"]),
        ("?status=cancelled", vec!["0003"]),
        ("?status=closed", vec![]),
        ("?playbook=outage", vec!["0002"]),
        ("?level=1", vec!["0002"]),
        ("?level=4&status=open", vec!["0001"]),
        ("?mode=live", vec!["0003", "0002", "0001"]),
        ("?mode=drill", vec![]),
    ] {
        let (found, _) = numbers(&chief, &format!("/api/v1/incidents{query}")).await;
        let expected: Vec<String> = expected.iter().map(|n| format!("INC-2026-{n}")).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_or_a_filter_that_makes_no_sense_is_refused() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    for _ in 0..3 {
        chief.declare("five").await;
    }
    for query in ["limit=0", "limit=201", "limit=x", "status=asleep", "colour=red", "level=300"] {
        let reply = chief.get(&format!("/api/v1/incidents?{query}")).await;
        reply.problem(422, "bad_query");
    }
    let page = chief.get("/api/v1/incidents?limit=1").await.ok(200);
    let cursor = page["next"].as_str().unwrap();
    for query in [format!("cursor={cursor}&status=open"), "cursor=AAAA".into(), "cursor=%00".into()]
    {
        let reply = chief.get(&format!("/api/v1/incidents?{query}")).await;
        reply.problem(422, "bad_cursor");
    }
}

#[tokio::test]
async fn plans_are_listed_and_shown_with_what_they_ask_for() {
    let app = TestApp::start();
    let desk = app.person("desk1", Scope::Viewer).await;
    let list = desk.get("/api/v1/playbooks").await.ok(200);
    let ids: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|plan| plan["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        ["attack", "duty", "five", "intake", "mistaken", "outage", "phones"],
        "the restricted plan is not for the desk"
    );
    let plan = desk.get("/api/v1/playbooks/outage").await.ok(200);
    assert_eq!(plan["inputs"][0]["id"], "users");
    assert_eq!(plan["inputs"][0]["label"], json!({ "zh": "受影响用户数", "en": "Users affected" }));
    assert_eq!(plan["phases"][0]["steps"][3]["kind"], "decide");
    assert!(plan["source"].as_str().unwrap().starts_with("playbook: outage"));
    desk.get("/api/v1/playbooks/leak").await.problem(404, "unknown_playbook");
}
