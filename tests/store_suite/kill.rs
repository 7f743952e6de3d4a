//! kill -9 in the middle of writing.

use std::ffi::OsString;

use crate::workload::{Acked, Writing, check};

/// Sets how often the child is killed.
const ROUNDS: &str = "FIREBELL_KILL_ROUNDS";

/// The rounds where nobody asks for more.
const FEW: u64 = 12;

/// After so many rounds on one store a fresh one is begun.
const ROUNDS_A_STORE: u64 = 12;

/// Reads a number of rounds from the environment.
pub fn rounds(name: &str, default: u64) -> u64 {
    let set = std::env::var_os(name).map(OsString::into_string);
    set.map_or(default, |text| text.unwrap().parse().unwrap())
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_half_applied_when_the_process_is_killed() {
    let rounds = rounds(ROUNDS, FEW);
    let mut appends = 0;
    let mut round = 0;
    while round < rounds {
        let dir = tempfile::tempdir().unwrap();
        let mut acked = Acked::new();
        for _ in 0..ROUNDS_A_STORE.min(rounds - round) {
            let mut writing = Writing::start(dir.path());
            // Spread over the child's life, from its first writes on.
            let more = usize::try_from(round * 97 % 400).unwrap();
            writing.go_on(more);
            acked.extend(writing.kill());
            check(dir.path(), &acked);
            appends += more;
            round += 1;
        }
    }
    eprintln!("{rounds} kills, at least {appends} acknowledged appends, none lost");
}
