//! What facts conditions can name.

use std::fmt::Write as _;

use super::*;
use crate::drill::house::House;
use crate::drill::inject::Trigger;
use crate::drill::simulate::{Take, simulate};
use crate::engine::{Facts, evolve};
use crate::id::DrillRunId;

const PLAN: &str = include_str!("../fixtures/forty-steps.yaml");
const DRILL: &str = include_str!("../fixtures/forty-steps-drill.yaml");

/// A drill of the same plan whose injects wait for all that a condition can name of it.
fn everything_named(house: &House) -> House {
    let steps = house.playbook.every_step().map(|step| step.id.as_str());
    let of_steps =
        steps.flat_map(|id| ["active", "done", "overdue"].map(|is| format!("steps.{id}.{is}")));
    let roles = house.playbook.roles.keys();
    let of_roles =
        roles.flat_map(|id| ["acknowledged", "engaged"].map(|is| format!("roles.{id}.{is}")));
    let others =
        ["level <= 2", "phase == \"review\"", "users_affected > 500000"].map(str::to_owned);
    let mut drill =
        DRILL.split("injects:").next().unwrap().replace("start: inject", "start: declare");
    drill.push_str("injects:\n");
    for condition in of_steps.chain(of_roles).chain(others) {
        let _ = writeln!(drill, "  - {{ when: '{condition}', level: 1 }}");
    }
    House::new(PLAN, &drill)
}

#[test]
fn what_no_condition_can_name_turns_none_of_them() {
    let house = House::new(PLAN, DRILL);
    let asking = everything_named(&house);
    let conditions: Vec<&Condition> = asking
        .scenario
        .injects
        .iter()
        .filter_map(|inject| match &inject.trigger {
            Trigger::When(condition) => Some(condition),
            Trigger::At(_) | Trigger::Within(..) | Trigger::After { .. } => None,
        })
        .collect();
    assert_eq!(conditions.len(), 40 * 3 + 8 * 2 + 3);
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    let run = simulate(house.stage(), Take { run: DrillRunId::from_u128(1), begin, seed: 42 });
    let hold = |incident: &Incident| -> Vec<bool> {
        let facts = Facts::new(&house.playbook, incident);
        conditions.iter().map(|condition| condition.evaluate(&facts).and_known()).collect()
    };
    let mut incident = Incident::begin(&run.events[0]).unwrap();
    let (mut before, mut turned) = (hold(&incident), 0);
    for event in &run.events[1..] {
        incident = evolve(incident, event);
        let after = hold(&incident);
        if after != before {
            assert!(may_change_conditions(&event.fact), "{:?}", event.fact);
            turned += 1;
        }
        before = after;
    }
    assert!(turned > 100, "most of them held at some time: {turned}");
}
