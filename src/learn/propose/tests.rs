//! Tests of `propose`.

use super::*;
use crate::drill::covered::{RoleSeen, StepEnd};
use crate::learn::sample::{PLAN, plan, run, step};

fn said(experience: &Experience, plan: &Playbook) -> Vec<(FindingKind, String, String)> {
    let said = proposals(experience, Some(plan)).into_iter();
    said.map(|one| (one.kind, one.key.to_string(), one.text.get(Lang::En).to_owned())).collect()
}

#[test]
fn what_the_journal_shows_is_proposed_once_each() {
    let plan = plan(PLAN);
    let mut seen = run(&plan, 1, 0, How::Exercise);
    let covered = seen.covered.as_mut().unwrap();
    covered.steps.insert(StepId::new("confirm"), step(StepEnd::Done, true));
    covered.steps.insert(StepId::new("locate"), step(StepEnd::Failed, true));
    covered.steps.insert(StepId::new("verify"), step(StepEnd::Skipped, false));
    covered.roles.insert(RoleId::new("comms"), RoleSeen::default());
    covered.undelivered = 2;
    covered.exhausted.insert("incident".into());
    covered.exhausted.insert("role/comms".into());
    seen.judged = vec![
        Judged {
            key: "step/locate/done".into(),
            asked: Text::both("定位完成", "Locate: done"),
            met: false,
            critical: true,
            why: Some(Text::both("太晚", "too late")),
        },
        Judged {
            key: "acknowledged/commander".into(),
            asked: Text::both("总指挥已确认", "Commander acknowledged"),
            met: true,
            critical: true,
            why: None,
        },
    ];
    use FindingKind::{Improvement, Strength};
    let expected = [
        (Improvement, "judged/step/locate/done", "Not met: Locate: done (too late)"),
        (Strength, "judged/acknowledged/commander", "Met, and critical: Commander acknowledged"),
        (Improvement, "deadline/objective/located", "Missed: located"),
        (Strength, "deadline/objective/responded", "Kept in time: responded"),
        (Improvement, "step/confirm/late", "The step was late: Confirm"),
        (Improvement, "step/verify/skipped", "The step was left out: Verify"),
        (Improvement, "role/comms/never_filled", "Nobody ever took the role: Communications"),
        (Improvement, "messages/undelivered", "2 messages reached nobody"),
        (Improvement, "exhausted/incident", "The ladder was climbed to its end and nobody acted"),
    ];
    let expected = expected.map(|(kind, key, text)| (kind, key.to_owned(), text.to_owned()));
    assert_eq!(said(&seen, &plan), expected);
}

#[test]
fn a_proposal_keeps_its_identity_which_begins_as_that_of_its_run() {
    let plan = plan(PLAN);
    let seen = run(&plan, 1, 0, How::Exercise);
    let (first, again) = (proposals(&seen, Some(&plan)), proposals(&seen, None));
    let ids = |all: &[Proposal]| all.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&again));
    let head = &seen.source.bits().to_be_bytes()[..8];
    assert!(!first.is_empty() && first.iter().all(|one| &one.id.as_bytes()[..8] == head));
    let mut ids = ids(&first);
    ids.dedup();
    assert_eq!(ids.len(), first.len());
}
