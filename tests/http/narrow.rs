//! The page that a link opens, on the narrowest telephone there is: 320 pixels. It is laid out by a
//! real browser where there is one.

use std::process::Command;

use axum::http::Method;
use firebell::runtime::Scope;
use serde_json::json;

use crate::app::TestApp;
use crate::reach::link_to;

/// The width that a page must fit, in pixels.
const WIDTH: u32 = 320;

/// A word that gives no browser a place to break it.
const UNBROKEN: &str = "Donaudampfschifffahrtsgesellschaftskapitänsmützenträger";

/// Returns what reaches beyond the width, as a browser lays a page out; `None` without a browser.
fn beyond(page: &str) -> Option<String> {
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    let measure = "const d = f.contentDocument; const out = [...d.querySelectorAll('*')]\
        .filter(e => e.getBoundingClientRect().right > WIDTH + 0.5).map(e => e.tagName);\
        o.textContent = '[' + d.body.innerText.length + ' read, beyond: ' + out.join() + ']'"
        .replace("WIDTH", &WIDTH.to_string());
    let holder = format!(
        "<iframe id=f style=\"width:{WIDTH}px;height:568px;border:0\" srcdoc=\"{quoted}\"></iframe>\
         <pre id=o></pre><script>f.onload = () => {{ {measure} }}</script>"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html");
    std::fs::write(&file, holder).expect("a file");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", folder.path().join("browser").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, measured) = said.split_once("<pre id=\"o\">[").expect("the page was laid out");
    let (read, beyond) = measured.split_once(" read, beyond: ").expect("a measure");
    assert!(read.parse::<usize>().is_ok_and(|read| read > 10), "the page was empty: {said}");
    Some(beyond.split(']').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_a_link_opens_fits_the_narrowest_telephone_in_both_languages() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let body = json!({ "playbook": "outage", "title": format!("{UNBROKEN}{UNBROKEN}") });
    let declared = chief.post("/api/v1/incidents", body).await.ok(201);
    let path = format!("/api/v1/incidents/{}", declared["id"].as_str().unwrap());
    chief.post(&format!("{path}/roles/commander/assign"), json!({ "to": "ada" })).await.ok(200);
    let link = link_to(&app, "ada").await;
    for method in [Method::GET, Method::POST] {
        for lang in ["zh", "en"] {
            let call = app.anonymous().call(method.clone(), &link);
            let page = call.header("accept-language", lang).send().await.text();
            assert!(method == Method::POST || page.contains(UNBROKEN), "{page}");
            let Some(beyond) = beyond(&page) else {
                eprintln!("LEFT OUT: there is no chromium to lay the page out");
                return;
            };
            assert_eq!(beyond, "", "{method} in {lang}: {page}");
        }
    }
}
