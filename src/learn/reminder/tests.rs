//! Tests of `reminder`.

use super::*;
use crate::id::StepId;
use crate::learn::subject::Subject;

fn notes(action: &Action, at: &str) -> Vec<(String, To)> {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    let found = of_action(action, &Text::both("预案", "Plan"), &zone, at.parse().unwrap());
    let prefix = format!("action/{}/", action.id);
    found
        .into_iter()
        .map(|note| (note.key.strip_prefix(&prefix).unwrap().to_owned(), note.to))
        .collect()
}

#[test]
fn an_owner_is_told_before_at_and_every_week_after_the_day_and_the_plan_after_four() {
    // Due on the first of February; nine in Shanghai is one in UTC.
    let action = crate::learn::action::tests::action(Subject::Step(StepId::new("isolate")));
    let owner = |stage: &str| (format!("2026-02-01/amir/{stage}"), To::Owner);
    for (at, stage) in [
        ("2026-01-29T00:59:00Z", None),
        ("2026-01-29T01:00:00Z", Some("soon")),
        ("2026-01-31T23:00:00Z", Some("soon")),
        ("2026-02-01T01:00:00Z", Some("due")),
        ("2026-02-02T01:00:00Z", Some("overdue/0")),
        ("2026-02-08T00:59:00Z", Some("overdue/0")),
        ("2026-02-08T01:00:00Z", Some("overdue/1")),
        ("2026-02-15T01:00:00Z", Some("overdue/2")),
    ] {
        assert_eq!(notes(&action, at), stage.map(owner).into_iter().collect::<Vec<_>>(), "{at}");
    }
    let long = notes(&action, "2026-03-01T01:00:00Z");
    assert_eq!(long, [owner("overdue/4"), ("2026-02-01/long".to_owned(), To::Plan)]);
}

#[test]
fn what_is_done_or_closed_reminds_nobody() {
    let mut action = crate::learn::action::tests::action(Subject::Step(StepId::new("isolate")));
    let by = crate::engine::Actor::System;
    action.state = ActionState::Done { at: Timestamp::UNIX_EPOCH, by };
    assert_eq!(notes(&action, "2026-03-01T01:00:00Z"), []);
}
