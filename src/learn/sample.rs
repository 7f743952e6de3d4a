//! Runs that tests are about. It must not know what they prove.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::drill::covered::{Covered, RoleSeen, StepEnd, StepSeen, marks_of};
use crate::drill::result::Outcome;
use crate::drill::score::Verdict;
use crate::id::{DrillRunId, PersonId, RoleId, StepId};
use crate::learn::experience::{Drilled, EXPERIENCE_FORMAT, Experience};
use crate::learn::subject::{How, Source};
use crate::playbook::Playbook;
use crate::text::Text;

/// The plan that they run.
pub(super) const PLAN: &str = include_str!("../drill/fixtures/ten-steps.yaml");

pub(super) fn plan(text: &str) -> Playbook {
    crate::playbook::shipped::load("plan.yaml", text)
}

/// The day that tests begin on.
pub(super) fn day(n: i64) -> Timestamp {
    let first: Timestamp = "2026-01-05T02:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * n)
}

pub(super) fn step(end: StepEnd, late: bool) -> StepSeen {
    StepSeen {
        end,
        worked: end != StepEnd::Skipped,
        late,
        to_begin: Some(60),
        to_finish: Some(120),
    }
}

/// A run of a day in which `isolate` was done and `amir` was commander.
pub(super) fn run(plan: &Playbook, number: u128, on: i64, how: How) -> Experience {
    let holders = [PersonId::new("amir")].into();
    Experience {
        format: EXPERIENCE_FORMAT,
        source: Source::Run(DrillRunId::from_u128(number << 64)),
        how,
        playbook: plan.id.clone(),
        playbook_hash: plan.hash.clone(),
        title: Text::both("演练", "Drill"),
        number: None,
        drill: Some(Drilled {
            drill: "ten".into(),
            scenario_hash: "s1".into(),
            outcome: Outcome::Completed,
            verdict: Verdict::Passed,
            score: Some(80),
        }),
        began_at: day(on),
        ended_at: day(on),
        completed: true,
        covered: Some(Covered {
            steps: BTreeMap::from([(StepId::new("isolate"), step(StepEnd::Done, false))]),
            roles: BTreeMap::from([(
                RoleId::new("commander"),
                RoleSeen { holders, ..RoleSeen::default() },
            )]),
            deadlines: BTreeMap::from([
                ("start/isolate".into(), true),
                ("objective/responded".into(), true),
                ("objective/located".into(), false),
            ]),
            marks: marks_of(plan),
            ..Covered::default()
        }),
        judged: Vec::new(),
    }
}
