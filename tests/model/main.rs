//! The engine against a slow, obvious model of the language: random plans, random people, random
//! time. After every command both must say the same, and what must always hold is checked.
//!
//! `PROPTEST_CASES` sets how many cases are tried; a failing one is shrunk, printed with its plan
//! and its story, and its seed is kept in `regressions.txt`.

#[path = "../meaning/people.rs"]
mod people;
#[path = "../meaning/story.rs"]
mod story;

mod anything;
mod cases;
mod driver;
mod engine;
mod generate;
mod history;
mod laws;
mod reference;
mod spec;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// How many cases are tried where nothing else is said: some seconds' worth.
const CASES: u32 = 400;
/// As many of the longer ones, whose plans are real.
const CASES_OF_ANYTHING: u32 = 48;
/// How many commands one case has at most; twice as many where the plans are real.
const COMMANDS_MAX: usize = 40;

fn config(cases: u32) -> Config {
    cases::config(cases, "tests/model/regressions.txt", 4_000)
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn the_engine_does_what_the_model_says(
        plan in generate::plan(),
        users in proptest::option::of(0_i64..6),
        level in proptest::option::weighted(0.2, 1_u8..=4),
        commands in generate::commands(COMMANDS_MAX),
    ) {
        let spec = plan.spec();
        driver::run(&spec, users, level, &commands).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(CASES_OF_ANYTHING))]

    #[test]
    fn nothing_that_anyone_does_breaks_what_must_hold(
        plan in anything::plan(),
        declared in anything::declared(),
        commands in generate::commands(2 * COMMANDS_MAX),
        restart in 0..2 * COMMANDS_MAX,
    ) {
        anything::run(plan, declared, &commands, restart).map_err(TestCaseError::fail)?;
    }
}
