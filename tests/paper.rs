//! A plan worked on paper while nothing ran is entered afterwards, by the commands that stand on the
//! paper, at the times that were written down.

#![expect(clippy::disallowed_methods, reason = "it works with a real process in real time")]

#[path = "support/process.rs"]
#[expect(dead_code, reason = "other tests use the rest of the server")]
mod process;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use process::{Server, Setup};
use serde_json::Value as Json;

/// Every file of the shipped plans and parts, and the shipped configuration.
fn shipped() -> Setup {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["playbooks", "playbooks/steps", "playbooks/regimes", "playbooks/calendars"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).expect("a text");
                let name = path.file_name().expect("a name").to_string_lossy();
                files.push((&*format!("{folder}/{name}").leak(), text));
            }
        }
    }
    let config = std::fs::read_to_string(root.join("firebell.yaml")).expect("a text");
    Setup { files, config, safe_start: false }
}

struct Desk {
    server: Server,
    /// When the trouble was noticed.
    noticed: Timestamp,
    /// What was written into the blanks: by the name of the option or the field.
    written: BTreeMap<&'static str, &'static str>,
}

impl Desk {
    fn run(&self, words: &[String]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FIREBELL_")) {
            command.env_remove(name);
        }
        command.args(&words[1..]).current_dir(self.server.home.path());
        command.env("FIREBELL_URL", format!("http://{}", self.server.address));
        command.env("FIREBELL_TOKEN", &self.server.token).env("LANG", "en_GB.UTF-8");
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn incident(&self) -> Json {
        let words = ["firebell", "--output", "json", "incident", "show", "1"].map(str::to_owned);
        let (code, shown, why) = self.run(&words);
        assert_eq!(code, Some(0), "{why}");
        serde_json::from_str(&shown).expect("JSON")
    }

    /// Waits until a step can be worked on or needs nobody any more: what the server does by itself
    /// between two entries takes a moment.
    fn state_of(&self, step: &str) -> String {
        for _ in 0..200 {
            let incident = self.incident();
            let steps = incident["steps"].as_array().expect("steps");
            let shown = steps.iter().find(|shown| shown["id"] == step);
            let state = shown.and_then(|shown| shown["state"].as_str()).unwrap_or("waiting");
            if state != "waiting" {
                return state.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("{step} is never reached: {}", self.incident());
    }

    /// Fills the blanks of a line at a minute after the trouble was noticed.
    fn fill(&self, line: &str, minute: i64) -> Vec<String> {
        let at = (self.noticed + SignedDuration::from_mins(minute)).to_string();
        let mut words: Vec<String> = Vec::new();
        for (n, part) in line.split('"').enumerate() {
            match n % 2 {
                0 => words.extend(part.split(' ').filter(|w| !w.is_empty()).map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        for n in 1..words.len() {
            let name = words[n].split_once('=').map_or(words[n - 1].as_str(), |(name, _)| name);
            let value = match name {
                "--occurred-at" => at.clone(),
                "--detected-at" => self.noticed.to_string(),
                other => (*self.written.get(other).unwrap_or(&"as written on paper")).to_owned(),
            };
            words[n] = words[n].replace('№', "1").replace('…', &value);
        }
        words
    }
}

fn lines(page: &str) -> Vec<String> {
    let page = page.replace("&#34;", "\"");
    let codes = page.split("<code>").skip(1).filter_map(|code| code.split("</code>").next());
    codes.filter(|code| code.starts_with("firebell ")).map(str::to_owned).collect()
}

#[test]
fn a_plan_worked_on_paper_is_entered_afterwards_at_its_true_times() {
    let desk = Desk {
        server: Server::start(&shipped()),
        noticed: Timestamp::now() - SignedDuration::from_hours(5),
        written: BTreeMap::from([
            ("--level", "3"),
            ("users_affected", "1200"),
            ("channels_down", "phone,web"),
            ("peak_season", "no"),
            ("partner_at_fault", "否"),
            ("data_damaged", "yes"),
            ("--measure", "96.5"),
            ("stable", "已恢复"),
        ]),
    };
    let print = ["firebell", "paper", "service-outage"].map(str::to_owned);
    let (code, page, why) = desk.run(&print);
    assert_eq!(code, Some(0), "{why}");
    let (steps, general): (Vec<String>, Vec<String>) =
        lines(&page).into_iter().partition(|line| !line.contains("declare") && !is_general(line));
    let declare = general.iter().find(|line| line.contains("declare")).expect("the declaration");
    let (code, _, why) = desk.run(&desk.fill(declare, 0));
    assert_eq!(code, Some(0), "{declare}: {why}");
    let mut minute = 5;
    for line in steps {
        let step = step_of(&line);
        if !matches!(desk.state_of(step).as_str(), "ready" | "active") {
            continue;
        }
        minute += 2;
        let (code, _, why) = desk.run(&desk.fill(&line, minute));
        assert_eq!(code, Some(0), "{line} at minute {minute}: {why}");
    }
    let incident = desk.incident();
    assert!(minute > 40, "only until minute {minute}");
    assert_eq!(incident["status"], "closed", "{incident}");
}

fn is_general(line: &str) -> bool {
    [" ack ", " assign ", " moment ", " rollback ", " skip № ROLE", " note № \"", " skip № STEP"]
        .iter()
        .any(|general| line.contains(general))
}

/// Returns the step that a line is about.
fn step_of(line: &str) -> &str {
    let words: Vec<&str> = line.split(' ').collect();
    let at = words.iter().position(|word| *word == "--step").unwrap_or(3);
    words[at + 1].split(':').next().unwrap_or_default()
}
