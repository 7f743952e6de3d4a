//! Programs of others that tests talk to. They are fetched by `tests/run`; where they are missing
//! the tests say so.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;

/// Finds a Python that has a module: the one `tests/run` names, the one it made, the system's.
///
/// Where there is none the test cannot run: it says so, or fails if `FIREBELL_REQUIRE_SMTP=1`.
pub fn python_with(module: &str) -> Option<PathBuf> {
    let named = std::env::var_os("FIREBELL_TEST_PYTHON").map(PathBuf::from);
    let made = root().join("target/peers/bin/python");
    let found = named.into_iter().chain([made, PathBuf::from("python3")]).find(|python| {
        let import = Command::new(python).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        let message = format!("NOT RUN: no Python with `{module}` (tests/run fetches it)");
        let required = std::env::var_os("FIREBELL_REQUIRE_SMTP").is_some_and(|v| v == "1");
        assert!(!required, "{message}");
        eprintln!("\n!! {message}\n");
    }
    found
}

/// Runs a script of the repository with text on its standard input, and fails if it does; returns
/// what it printed.
pub fn run(python: &Path, script: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(python)
        .arg(root().join(script))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the present instant: peers that check timestamps look at their own clock.
#[expect(clippy::disallowed_methods, reason = "a peer compares with the real clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
