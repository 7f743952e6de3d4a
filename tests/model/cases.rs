//! How many random cases are tried, and where those that failed are kept.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Tries `cases` where nothing else is said, keeps what failed in `kept`, and shrinks it in at most
/// so many steps.
pub fn config(cases: u32, kept: &'static str, shrinks: u32) -> Config {
    let said = Config::default();
    Config {
        // 256 is what proptest says where nobody says anything.
        cases: if said.cases == 256 { cases } else { said.cases },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        max_shrink_iters: shrinks,
        ..said
    }
}
