//! Incidents that ask for others, and that go on by another plan, as callers see them.

use firebell::runtime::Scope;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};

/// Reads an incident again and again until it is as it should be: what goes between incidents is
/// carried a moment after the answer.
async fn when(client: &Client, path: &str, ready: impl Fn(&Json) -> bool) -> Json {
    for _ in 0..2_000 {
        let incident = client.get(path).await.ok(200);
        if ready(&incident) {
            return incident;
        }
        tokio::task::yield_now().await;
    }
    panic!("{}", client.get(path).await.text());
}

async fn complete(client: &Client, incident: &str, step: &str) {
    client.post(&format!("{incident}/steps/{step}/complete"), json!({})).await.ok(200);
}

#[tokio::test]
async fn a_parent_shows_its_children_and_a_child_its_parent() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let attack = chief.declare("attack").await;
    complete(&chief, &attack, "block").await;
    let parent = when(&chief, &attack, |i| i["children"][0]["status"] == "open").await;
    let child = &parent["children"][0];
    assert_eq!(child["playbook"], "five");
    assert_eq!((&child["key"], &child["awaited"]), (&json!("1.clean"), &json!(true)));
    let path = format!("/api/v1/incidents/{}", child["number"]);
    let shown = chief.get(&path).await.ok(200);
    assert_eq!(shown["parent"]["id"], parent["id"]);
    assert_eq!(shown["parent"]["number"], 1);
    assert_eq!(shown["mode"], "live");
    let step = parent["steps"].as_array().unwrap().iter().find(|s| s["id"] == "clean").unwrap();
    assert_eq!((&step["kind"], &step["state"]), (&json!("playbook"), &json!("active")));
    assert_eq!(child["href"], format!("/api/v1/incidents/{}", child["id"].as_str().unwrap()));
    assert_eq!(chief.get(child["href"].as_str().unwrap()).await.ok(200)["number"], "INC-2026-0002");
    assert_eq!(
        shown["parent"]["href"],
        format!("/api/v1/incidents/{}", parent["id"].as_str().unwrap())
    );
    let why = json!({ "reason": "a false alarm" });
    chief.post(&format!("{path}/cancel"), why).await.ok(200);
    let parent = when(&chief, &attack, |i| i["children"][0]["status"] == "cancelled").await;
    let step = parent["steps"].as_array().unwrap().iter().find(|s| s["id"] == "clean").unwrap();
    assert_eq!((&step["state"], &step["cause"]), (&json!("failed"), &json!("by_person")));
    let told = chief.get(&format!("{attack}/timeline?format=text&lang=en")).await.text();
    assert!(told.contains("child incident #2 has begun"), "{told}");
    assert!(told.contains("Child incident #2 was cancelled: a false alarm"), "{told}");
    let told = chief.get(&format!("{path}/timeline?format=text&lang=en")).await.text();
    assert!(told.contains("(child of #1)"), "{told}");
}

#[tokio::test]
async fn every_form_of_the_timeline_names_the_incidents_around_one() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let attack = chief.declare("attack").await;
    complete(&chief, &attack, "block").await;
    let parent = when(&chief, &attack, |i| i["children"][0]["status"] == "open").await;
    let (child, path) = (&parent["children"][0]["id"], "/api/v1/incidents/2");
    let json = chief.get(&format!("{attack}/timeline")).await.ok(200);
    assert_eq!((&json["children"][0]["id"], &json["children"][0]["number"]), (child, &json!(2)));
    let json = chief.get(&format!("{path}/timeline")).await.ok(200);
    assert_eq!((&json["parent"]["id"], &json["parent"]["number"]), (&parent["id"], &json!(1)));
    for (lang, of_parent, of_child) in
        [("en", "Child incidents", "Asked for by"), ("zh", "子事件", "上级事件")]
    {
        for format in ["md", "html"] {
            let told = |path: &str| format!("{path}/timeline?format={format}&lang={lang}");
            let page = chief.get(&told(&attack)).await.text();
            assert!(page.contains(of_parent) && page.contains(child.as_str().unwrap()), "{page}");
            let page = chief.get(&told(path)).await.text();
            assert!(page.contains(of_child) && page.contains("attack, "), "{page}");
            assert!(!page.contains(&format!("## {of_parent}")), "{page}");
            assert!(!page.contains(&format!("<h2>{of_parent}")), "{page}");
        }
        let told = chief.get(&format!("{attack}/timeline?format=text&lang={lang}")).await.text();
        let line =
            if lang == "zh" { "子事件 #2：five，" } else { "Child incident #2: five, " };
        assert!(told.contains(line), "{told}");
    }
}

#[tokio::test]
async fn children_are_listed_by_their_parent_page_by_page() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let attack = chief.declare("attack").await;
    complete(&chief, &attack, "block").await;
    when(&chief, &attack, |i| i["children"][0]["status"] == "open").await;
    let why = json!({ "reason": "the wrong one" });
    chief.post("/api/v1/incidents/2/cancel", why).await.ok(200);
    when(&chief, &attack, |i| i["children"][0]["status"] == "cancelled").await;
    chief.declare("five").await;
    chief.post(&format!("{attack}/steps/clean/retry"), json!({})).await.ok(200);
    when(&chief, &attack, |i| i["children"][1]["status"] == "open").await;
    let numbers = |page: &Json| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|row| row["number"].as_str().unwrap().to_owned()).collect()
    };
    for parent in ["1", "INC-2026-0001"] {
        let page = chief.get(&format!("/api/v1/incidents?parent={parent}")).await.ok(200);
        assert_eq!(numbers(&page), ["INC-2026-0004", "INC-2026-0002"], "{parent}");
        assert_eq!(page["next"], Json::Null);
    }
    let page = chief.get("/api/v1/incidents?parent=1&limit=1").await;
    let link = page.header("link").to_owned();
    assert_eq!(numbers(&page.ok(200)), ["INC-2026-0004"]);
    let next = link.trim_start_matches('<').split_once('>').unwrap().0;
    let page = chief.get(next).await.ok(200);
    assert_eq!((numbers(&page), &page["next"]), (vec!["INC-2026-0002".to_owned()], &Json::Null));
    let none = chief.get("/api/v1/incidents?parent=2").await.ok(200);
    assert_eq!(numbers(&none), Vec::<String>::new());
    let ended = chief.get("/api/v1/incidents?parent=1&status=cancelled").await.ok(200);
    assert_eq!(numbers(&ended), ["INC-2026-0002"]);
    chief.get("/api/v1/incidents?parent=99").await.problem(404, "unknown_incident");
    let reader = app.person("ada", Scope::Viewer).await;
    assert_eq!(numbers(&reader.get("/api/v1/incidents?parent=1").await.ok(200)).len(), 2);
}

#[tokio::test]
async fn an_incident_that_was_handed_over_shows_both_plans() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let path = chief.declare("mistaken").await;
    complete(&chief, &path, "one").await;
    let incident = when(&chief, &path, |i| i["playbook"]["id"] == "five").await;
    assert_eq!(incident["earlier_plans"][0]["playbook"]["id"], "mistaken");
    assert_eq!(incident["earlier_plans"][0]["objectives"]["quick"], "met");
    assert_eq!(incident["phase"], "work");
    complete(&chief, &path, "one").await;
    let told = chief.get(&format!("{path}/timeline?format=text&lang=en")).await.text();
    // A step of the same name in either plan is told by the title it had there.
    for words in ["First guess", "Phase “Guess” entered", "“One”", "Known in ten minutes"] {
        assert!(told.contains(words), "{words} in\n{told}");
    }
    let told = chief.get(&format!("{path}/timeline")).await.ok(200);
    let objective = &told["objectives"][0];
    assert_eq!((&objective["id"], &objective["verdict"]), (&json!("quick"), &json!("met")));
}

#[tokio::test]
async fn a_plan_is_checked_against_the_plans_it_calls() {
    let app = TestApp::start();
    let ada = app.person("ada", Scope::Commander).await;
    let plan = |call: &str| {
        format!(
            "playbook: new\ntitle: {{ zh: 新, en: New }}\nphases:\n  - {{ id: one, title: {{ zh: 一, \
             en: One }}, steps: [ {{ id: a, playbook: {call} }} ] }}\n"
        )
    };
    let mut codes = Vec::new();
    for call in ["five", "outage, with: { users: many }", "gone"] {
        let sent = ada.call(axum::http::Method::POST, "/api/v1/playbooks/check");
        let sent = sent.header("content-type", "application/yaml").bytes(plan(call));
        let checked = sent.send().await.ok(200);
        let found = checked["findings"].as_array().unwrap().iter();
        codes.push(found.map(|f| f["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(codes, [vec![], vec!["E0903".to_owned()], vec!["N0901".to_owned()]]);
}
