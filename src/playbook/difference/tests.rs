//! Differences between versions of the shipped outage plan.

use super::*;
use crate::playbook::Playbook;

const PLAN: &str = include_str!("../../../playbooks/service-outage.yaml");

fn load(text: &str) -> Playbook {
    crate::playbook::shipped::load("x.yaml", text)
}

/// Replaces a text of the plan that must be there.
fn edited(from: &str, to: &str) -> Vec<String> {
    assert!(PLAN.contains(from), "{from}");
    let changes = difference(&load(PLAN), &load(&PLAN.replacen(from, to, 1)));
    changes.iter().map(line).collect()
}

fn line(change: &Change) -> String {
    let Subject { kind, name } = &change.subject;
    let what = match &change.what {
        What::Added => "added".to_owned(),
        What::Removed => "removed".to_owned(),
        What::Changed { aspect, before, after } => {
            let say = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
            format!("{aspect:?}: {} → {}", say(before), say(after))
        }
    };
    format!("{kind:?} {name} {what}")
}

#[test]
fn a_plan_does_not_differ_from_itself_nor_from_itself_laid_out_anew() {
    assert_eq!(edited("phases:", "phases: # the states"), Vec::<String>::new());
    assert_eq!(edited("acknowledge_within: 5m", "acknowledge_within: 300s"), Vec::<String>::new());
}

#[test]
fn every_change_of_meaning_is_told_where_it_is() {
    assert_eq!(
        edited("acknowledge_within: 5m", "acknowledge_within: 6m"),
        ["Role commander AcknowledgeWithin: 5m → 6m"]
    );
    assert_eq!(
        edited("within: 30m }\n  - { id: informed", "within: 45m }\n  - { id: informed"),
        ["Objective located Promise: declared → locate done within 30m → declared → locate done \
          within 45m"]
    );
    assert_eq!(edited("access: open", "access: restricted"), ["Plan  Access: open → restricted"]);
}

#[test]
fn a_part_that_comes_or_goes_is_one_line() {
    let input = "\ninputs:\n";
    let more = "\ninputs:\n  extra: { type: boolean, label: { zh: 其他, en: Other } }\n";
    assert_eq!(edited(input, more), ["Input extra added"]);
}
