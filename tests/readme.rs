//! The README's tour, word for word: its `sh` blocks run as one script against a server that is
//! started as the README says, in a copy of what a clone holds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long the server may take to say that it serves.
const START: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the contents of the fenced blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == fence {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Puts what a clone holds and the tour touches into a folder of its own.
fn clone_into(folder: &Path) {
    fs::copy(root().join("firebell.yaml"), folder.join("firebell.yaml")).expect("the sample");
    for name in ["playbooks", "drills"] {
        copy(&root().join(name), &folder.join(name));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a shipped folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a shipped file");
        }
    }
}

/// A server that is stopped when the test ends, however it ends.
struct Server {
    child: Child,
    url: String,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `firebell serve` in a folder and waits for the token that it prints once.
fn serve(folder: &Path) -> Server {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let mut child = Command::new(env!("CARGO_BIN_EXE_firebell"))
        .args(["serve", "--listen", &address.to_string()])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    let output = child.stdout.take().expect("its output");
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(token) = line.trim().strip_prefix("FIREBELL_TOKEN=") {
                let _ = send.send(token.to_owned());
            }
        }
    });
    let mut server = Server { child, url: format!("http://{address}"), token: String::new() };
    server.token = receive.recv_timeout(START).expect("the token is printed at the first start");
    server
}

#[test]
fn the_tour_works_word_for_word() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let tour = blocks(&readme, "sh");
    assert!(tour.len() > 3, "the README has a tour");
    let folder = tempfile::tempdir().expect("a temporary folder");
    clone_into(folder.path());
    let server = serve(folder.path());
    let programs = Path::new(env!("CARGO_BIN_EXE_firebell")).parent().expect("a folder");
    let others = std::env::var_os("PATH").expect("a PATH");
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&others));
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail\n{}", tour.join("\n"))])
        .current_dir(folder.path())
        .env("FIREBELL_URL", &server.url)
        .env("FIREBELL_TOKEN", &server.token)
        .env("PATH", std::env::join_paths(path).expect("folders without colons"))
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    for promised in ["\"level\":2", "\"phase\":\"respond\"", "确认故障范围和影响"] {
        assert!(said.contains(promised), "no {promised} in\n{said}");
    }
}

#[test]
fn blocks_are_taken_by_their_language() {
    let text = "```sh\na\nb\n```\n```console\nc\n```\n```sh\nd\n```\n";
    assert_eq!(blocks(text, "sh"), ["a\nb", "d"]);
}

/// What the README's fragments of a plan stand in.
const PLAN: &str = "playbook: readme
title: { zh: 说明, en: From the README }
owner: security
access: restricted
inputs:
  accounts: { type: integer, min: 0, label: { zh: 账号数, en: Accounts } }
  cause: { type: choice, options: [attack, error], label: { zh: 原因, en: Cause } }
roles:
  commander: { title: { zh: 总指挥, en: Commander }, assign: { schedule: duty-managers }, deputies: [ { team: cs-operations } ] }
  security: { title: { zh: 安全, en: Security }, assign: { schedule: security }, deputies: [ { team: security } ] }
  legal: { title: { zh: 法务, en: Legal }, assign: { schedule: legal }, deputies: [ { team: legal } ] }
";

#[test]
fn the_fragments_of_a_plan_make_a_plan_without_findings() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let fragments = blocks(&readme, "yaml");
    assert_eq!(fragments.len(), 2, "steps, and clocks");
    let folder = tempfile::tempdir().expect("a temporary folder");
    clone_into(folder.path());
    let plan = format!("{PLAN}{}\n", fragments.join("\n"));
    fs::write(folder.path().join("playbooks/readme.yaml"), plan).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_firebell"))
        .args(["check", "playbooks", "--deny", "warnings"])
        .env("LANG", "en_GB.UTF-8")
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn what_the_readme_calls_is_understood() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let consoles = blocks(&readme, "console");
    let lines = consoles.iter().flat_map(|block| block.lines());
    let mut clocks = 0;
    for line in lines.filter(|line| line.starts_with("firebell incident clock")) {
        let output = Command::new("bash")
            .args(["-c", &line.replacen("firebell", env!("CARGO_BIN_EXE_firebell"), 1)])
            // Nobody listens there: a line that is understood finds no server.
            .env("FIREBELL_URL", "http://127.0.0.1:9")
            .env("FIREBELL_TOKEN", "fbt_nobody")
            .output()
            .expect("bash");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{line}: {said}");
        clocks += 1;
    }
    assert_eq!(clocks, 4);
}
