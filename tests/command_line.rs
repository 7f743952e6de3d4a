//! The program as a shell uses it: where its output goes, and what it says when nobody reads on.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Verbs that print without a server, on what a clone holds.
const OFFLINE: [&[&str]; 8] = [
    &["check"],
    &["completions", "bash"],
    &["drill", "list"],
    &["drill", "run", "drills/data-leak.yaml"],
    &["man"],
    &["oncall", "--schedule", "nobody-has-this"],
    &["oncall"],
    &["schema"],
];

fn firebell(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
    command.args(args).current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    command.env("LANG", "en_GB.UTF-8").stdin(Stdio::null());
    command
}

/// Returns a pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_of_standard_output_who_leaves_ends_a_verb_quietly() {
    for args in OFFLINE {
        let open = firebell(args).output().expect("it runs");
        let cut = firebell(args).stdout(closed()).output().expect("it runs");
        let said = String::from_utf8_lossy(&cut.stderr);
        assert_eq!(said, String::from_utf8_lossy(&open.stderr), "{args:?}");
        let quiet = cut.status.code() == Some(0) || open.stdout.is_empty();
        assert!(quiet, "{args:?} ended with {:?}: {said}", cut.status);
    }
}

#[test]
fn a_reader_of_standard_error_who_leaves_changes_no_exit_code() {
    for args in OFFLINE {
        let open = firebell(args).output().expect("it runs");
        let cut = firebell(args).stderr(closed()).output().expect("it runs");
        assert_eq!(cut.status.code(), open.status.code(), "{args:?}");
        assert_eq!(cut.stdout.is_empty(), open.stdout.is_empty(), "{args:?}");
    }
}
