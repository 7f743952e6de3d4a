//! Every place that shows a drill's incident says that it is one: in either language, to people and
//! to programs.

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::{Value as Json, json};

use crate::app::{Client, TestApp};
use crate::reach::link_to;
use crate::streams::Stream;

/// Begins an exercise; returns its run and its incident.
async fn begin(chief: &Client) -> (String, String) {
    let begun = chief.post("/api/v1/drills/walk-drill/run", json!({})).await.ok(202);
    let run = begun["run"].as_str().unwrap().to_owned();
    for _ in 0..100_000 {
        let stands = chief.get(&format!("/api/v1/drill-runs/{run}")).await.ok(200);
        if let Some(id) = stands["incident"]["id"].as_str() {
            return (run, id.to_owned());
        }
        tokio::task::yield_now().await;
    }
    panic!("the exercise does not declare its incident");
}

async fn read(client: &Client, path: &str, lang: &str) -> String {
    let reply = client.call(Method::GET, path).header("accept-language", lang).send().await;
    assert_eq!(reply.status, 200, "{path}");
    reply.text()
}

/// What says to people that it is a drill. Markdown escapes brackets.
fn marked(text: &str, lang: &str) -> bool {
    text.replace('\\', "").contains(if lang == "zh" { "【演练】" } else { "[DRILL]" })
}

#[tokio::test]
async fn whatever_shows_the_incident_of_a_drill_says_that_it_is_one() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Admin).await;
    let mut stream = Stream::open(&chief, "", None).await;
    let (run, id) = begin(&chief).await;

    // To programs.
    let told = stream.next_of("declared").await;
    assert_eq!(told.data["mode"], "drill", "the stream: {:?}", told.data);
    let incident = chief.get(&format!("/api/v1/incidents/{id}")).await.ok(200);
    assert_eq!(incident["mode"], "drill");
    let list = chief.get("/api/v1/incidents").await.ok(200);
    let row = list["items"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str());
    assert_eq!(row.unwrap()["mode"], "drill");
    let timeline = format!("/api/v1/incidents/{id}/timeline");
    let json: Json = serde_json::from_str(&read(&chief, &timeline, "en").await).unwrap();
    assert_eq!(json["incident"]["mode"], "drill");
    let csv = read(&chief, &format!("{timeline}?format=csv"), "en").await;
    let mut rows = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    assert_eq!(rows.headers().unwrap().iter().next_back(), Some("mode"));
    assert!(rows.records().all(|row| row.unwrap().iter().next_back() == Some("drill")), "{csv}");

    // To people.
    for lang in ["zh", "en"] {
        for format in ["md", "html"] {
            let text = read(&chief, &format!("{timeline}?format={format}"), lang).await;
            assert!(marked(&text, lang), "{format} in {lang}: {text}");
        }
    }
    let page = app.anonymous().get(&link_to(&app, "chief").await).await.text();
    let banner = ["<p class=\"drill\">演练</p>", "<p class=\"drill\">DRILL</p>"];
    assert!(banner.iter().any(|word| page.contains(word)), "the page of an answer: {page}");
    let outbox = std::fs::read_dir(app.folder().join("outbox")).unwrap();
    let mails = outbox.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap());
    for mail in mails {
        let plain = mail.replace("=\r\n", "");
        // 【演练】 in the encodings of mail: base64 of a subject, quoted-printable of a body.
        let says =
            ["[DRILL]", "=5BDRILL=5D", "44CQ5ryU57uD44CR", "=E3=80=90=E6=BC=94=E7=BB=83=E3=80=91"];
        assert!(says.iter().any(|word| plain.contains(word)), "{mail}");
    }

    let abort = format!("/api/v1/drill-runs/{run}/abort");
    chief.post(&abort, json!({ "reason": "enough" })).await.ok(200);
    for lang in ["zh", "en"] {
        for path in
            [format!("/api/v1/drill-runs/{run}/report"), format!("/api/v1/incidents/{id}/report")]
        {
            for format in ["markdown", "html"] {
                let path = format!("{path}?format={format}&lang={lang}");
                let text = settled(&chief, &path).await;
                assert!(marked(&text, lang), "{path}: {text}");
            }
        }
    }
}

/// Reads what is there once the run is judged.
async fn settled(client: &Client, path: &str) -> String {
    for _ in 0..10_000 {
        let reply = client.get(path).await;
        if reply.status == 200 {
            return reply.text();
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing at {path}");
}
