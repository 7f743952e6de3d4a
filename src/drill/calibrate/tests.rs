//! Casts that are made of made-up people, whose manner is known.

use super::gather::{Gathered, gather};
use super::*;
use crate::drill::house::House;
use crate::drill::simulate::{Change, Take, sample};
use crate::engine::{Event, Fact, Mode};
use crate::id::DrillRunId;
use crate::text::Lang;

const PLAN: &str = "playbook: small\ntitle: { zh: 小预案, en: Small }\nowner: ops\nroles:\n  \
    lead: { title: { zh: 负责人, en: Lead }, assign: { team: leads }, acknowledge_within: 10m }\n  \
    hand: { title: { zh: 帮手, en: Hand }, assign: { claim: hands }, acknowledge_within: 10m }\n\
    phases:\n  - id: only\n    title: { zh: 唯一, en: Only }\n    steps:\n      \
    - { id: look, role: lead, title: { zh: 看, en: Look } }\n      \
    - { id: mend, role: hand, after: [look], title: { zh: 修, en: Mend } }\n      \
    - { id: wait, after: [look], title: { zh: 等, en: Wait }, wait: { for: 5m } }\n";
const DRILL: &str = "drill: small\ntitle: { zh: 小演练, en: Small }\nplaybook: small\nrun: simulated\ncast:\n  \
    default: { acknowledge: { median: 2m, p90: 6m }, work: { median: 10m, p90: 20m }, no_show: 10% }\n  \
    steps: { mend: { work: { median: 30m, p90: 30m } } }\n";

/// What journals of exercises with these people would show.
fn gathered(runs: u32, mode: Mode) -> (House, Gathered) {
    let house = House::new(PLAN, DRILL);
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    let take = Take { run: DrillRunId::from_u128(1), begin, seed: 11 };
    let mut gathered = Gathered::new();
    for nth in 0..runs {
        let run = sample(house.stage(), take, nth, Change::None);
        let events: Vec<Event> = run.events.into_iter().map(|event| as_if(event, mode)).collect();
        gather(&events, run.ended_at, &mut gathered);
    }
    (house, gathered)
}

fn as_if(mut event: Event, really: Mode) -> Event {
    if let Fact::Declared { mode, .. } = &mut event.fact {
        *mode = really;
    }
    event
}

fn calibrated(runs: u32) -> (House, Calibration) {
    let (house, gathered) = gathered(runs, Mode::Drill);
    let calibration = calibrate(&house.playbook, &gathered[&house.playbook.id]);
    (house, calibration)
}

fn near(found: Option<u64>, wanted: f64, part: f64) {
    let found = found.expect("there is enough of it") as f64;
    assert!((found / wanted - 1.0).abs() < part, "{found} is not {wanted}");
}

#[test]
fn how_people_were_made_up_is_found_again_in_the_journals_of_their_exercises() {
    let (_, found) = calibrated(600);
    let role = |id: &str| found.roles.iter().find(|row| row.role.as_str() == id).unwrap();
    for lead in [&role("lead").answers, &found.answers] {
        near(lead.found.median, 120.0, 0.12);
        near(lead.found.p90, 360.0, 0.2);
        assert!((lead.no_show.unwrap() - 0.1).abs() < 0.05, "{lead:?}");
    }
    // Three are asked at once, and two of them always lose: what they would have taken is unknown.
    let hand = &role("hand").answers.found;
    assert!(hand.censored > hand.came, "{hand:?}");
    near(hand.median, 120.0, 0.2);
    let step = |id: &str| &found.steps.iter().find(|row| row.step.as_str() == id).unwrap().work;
    near(step("look").median, 600.0, 0.08);
    near(step("look").p90, 1_200.0, 0.1);
    near(step("mend").p90, 1_800.0, 0.01);
    assert_eq!(found.steps.len(), 2, "nobody works on what waits");
}

#[test]
fn of_few_nothing_is_claimed() {
    let (_, three) = calibrated(3);
    assert_eq!((three.incidents, three.work.came), (3, 6));
    assert_eq!((three.roles[0].answers.found.median, three.roles[0].answers.no_show), (None, None));
    let (_, ten) = calibrated(10);
    let work = &ten.steps[0].work;
    assert!(work.median.is_some() && work.p90.is_none(), "{work:?}");
    let en = cast::write(&ten, Lang::En);
    assert!(en.contains("too few to tell the 90th percentile (20 are wanted)"), "{en}");
    let zh = cast::write(&three, Lang::Zh);
    assert!(zh.lines().all(|line| line == "cast:" || line.trim_start().starts_with('#')), "{zh}");
    assert!(zh.contains("太少（中位数需要 5 次，P90 需要 20 次）"), "{zh}");
}

#[test]
fn what_is_written_can_be_pasted_into_a_drill() {
    let (house, found) = calibrated(60);
    for lang in Lang::ALL {
        let cast = cast::write(&found, lang);
        let (head, _) = DRILL.split_once("cast:").unwrap();
        let pasted = House::new(PLAN, &format!("{head}{cast}"));
        let default = &pasted.scenario.cast.default;
        assert!(default.acknowledge.is_some() && default.work.is_some(), "{cast}");
        assert_eq!(pasted.scenario.cast.roles.len(), house.playbook.roles.len());
        assert!(pasted.scenario.cast.steps.len() == 2, "{cast}");
    }
    let lead = cast::write(&found, Lang::En);
    assert!(lead.contains("not waited out") && lead.contains("pages ran out ["), "{lead}");
}

#[test]
fn simulations_say_nothing_of_real_people() {
    assert_eq!(gathered(3, Mode::Simulation).1, Gathered::new());
    assert_eq!(gathered(3, Mode::Live).1.values().next().unwrap().incidents, 3);
}

#[test]
fn what_is_still_open_has_lasted_until_now() {
    let (house, _) = gathered(0, Mode::Live);
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    let take = Take { run: DrillRunId::from_u128(1), begin, seed: 11 };
    let run = sample(house.stage(), take, 0, Change::None);
    let until = run.events.iter().position(|e| matches!(e.fact, Fact::StepStarted { .. })).unwrap();
    let events: Vec<Event> =
        run.events.into_iter().take(until + 1).map(|event| as_if(event, Mode::Live)).collect();
    let as_of = events[until].occurred_at + jiff::SignedDuration::from_mins(90);
    let mut found = Gathered::new();
    gather(&events, as_of, &mut found);
    let work: Vec<_> = found[&house.playbook.id].work.values().flatten().collect();
    assert_eq!(work, [&Wait { seconds: 5_400, came: false }]);
}

#[test]
fn roles_and_steps_that_the_plan_has_no_longer_are_left_out() {
    let (_, gathered) = gathered(30, Mode::Live);
    let times = &gathered.values().next().unwrap();
    let renamed = House::new(&PLAN.replace("look", "see").replace("lead", "chief"), DRILL);
    let found = calibrate(&renamed.playbook, times);
    assert_eq!(found.roles.len(), 1);
    assert_eq!(found.steps.iter().map(|row| row.step.as_str()).collect::<Vec<_>>(), ["mend"]);
}
