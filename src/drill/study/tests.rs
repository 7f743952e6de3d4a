//! Many runs against what theory says of small plans, and against themselves.

use super::estimate::Spread;
use super::report::{MilestoneKind, TrialOf};
use super::*;
pub(super) use crate::drill::house::House;
use crate::drill::score::Verdict;
use crate::id::DrillRunId;

impl House {
    /// A plan of steps, and a cast; roles are filled at once, so that time goes into the steps.
    pub(super) fn small(roles: &[&str], steps: &str, cast: &str) -> Self {
        let roles: String = roles
            .iter()
            .map(|role| {
                format!(
                    "  {role}: {{ title: {{ zh: 角色, en: Role }}, assign: {{ team: {role} }}, acknowledge_within: 5m }}\n"
                )
            })
            .collect();
        let plan = format!(
            "playbook: small\ntitle: {{ zh: 小预案, en: Small }}\nowner: ops\nroles:\n{roles}\
             phases:\n  - id: only\n    title: {{ zh: 唯一, en: Only }}\n    steps:\n{steps}"
        );
        let drill = format!(
            "drill: small\ntitle: {{ zh: 小演练, en: Small }}\nplaybook: small\nrun: simulated\n\
             cast:\n  default: {{ acknowledge: {{ observed: [1s] }}, work: {{ observed: [1s] }} }}\n{cast}\
             expect: [ {{ step: a, is: done, within: 1h }} ]\n"
        );
        Self::new(&plan, &drill)
    }

    pub(super) fn study(&self, runs: u32, trials: bool) -> Study {
        study(self.stage(), design(runs, trials), &|_| {})
    }
}

pub(super) fn design(runs: u32, trials: bool) -> Design {
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    Design { take: Take { run: DrillRunId::from_u128(1), begin, seed: 42 }, runs, trials }
}

const RUNS: u32 = 4_000;

pub(super) fn step(id: &str, role: &str, after: &str) -> String {
    format!(
        "      - {{ id: {id}, role: {role}, title: {{ zh: {id}, en: {id} }}, after: [{after}] }}\n"
    )
}

/// Seconds from the declaration to the first second of work: the page, its answer, the start.
const HEAD: f64 = 3.0;
const HOUR: f64 = 3_600.0;

fn near(found: f64, wanted: f64, part: f64, what: &str) {
    assert!((found / wanted - 1.0).abs() < part, "{what}: {found} is not {wanted}");
}

/// Holds mean, median and 90th percentile, in hours, against theory: four standard errors of 4,000
/// runs are 4 to 6 parts in a hundred.
fn is(ended: &Spread, head: f64, mean: f64, p50: f64, p90: f64) {
    near((ended.mean - head) / HOUR, mean, 0.05, "mean");
    near((ended.p50.seconds as f64 - head) / HOUR, p50, 0.06, "median");
    near((ended.p90.seconds as f64 - head) / HOUR, p90, 0.06, "90th percentile");
}

const TWO: &str = "  steps:\n    a: { work: { mean: 1h } }\n    b: { work: { mean: 1h } }\n";

#[test]
fn steps_one_after_the_other_take_the_sum_of_their_times() {
    let steps = step("a", "one", "") + &step("b", "one", "a");
    let study = House::small(&["one"], &steps, TWO).study(RUNS, false);
    // The sum of two exponentials is an Erlang distribution of shape 2.
    is(&study.ended.unwrap(), HEAD, 2.0, 1.678_35, 3.889_72);
    assert_eq!(study.completed.hits, u64::from(RUNS));
    assert!(study.critical.iter().all(|row| row.share.hits == u64::from(RUNS)));
}

#[test]
fn steps_beside_each_other_take_the_longest_of_their_times() {
    let steps = step("a", "one", "") + &step("b", "two", "");
    let study = House::small(&["one", "two"], &steps, TWO).study(RUNS, false);
    // P(both ≤ t) = (1 − e^−t)².
    is(&study.ended.unwrap(), HEAD, 1.5, 1.227_95, 2.969_45);
    for row in &study.critical {
        assert!((row.share.share - 0.5).abs() < 0.035, "either is the last as often: {row:?}");
    }
}

#[test]
fn one_who_has_two_roles_does_one_thing_after_the_other() {
    let plan = House::small(&["one", "two"], &(step("a", "one", "") + &step("b", "two", "")), TWO);
    let source = plan.source.clone();
    let same = source.replace("assign: { team: two }", "assign: { team: one }");
    assert_ne!(same, source);
    let study = House::new(&same, &plan.scenario.source).study(RUNS, false);
    is(&study.ended.unwrap(), HEAD, 2.0, 1.678_35, 3.889_72);
}

#[test]
fn attempts_that_fail_are_made_again_and_in_the_end_left_out() {
    let cast = "  steps:\n    a: { work: { mean: 1h }, fails: 30% }\n";
    let study = House::small(&["commander"], &step("a", "commander", ""), cast).study(RUNS, false);
    let done = study.milestones.iter().find(|row| row.id == "a").unwrap();
    // One attempt and three more; all four fail in 0.3⁴ of the runs.
    let expected = 1.0 - 0.3_f64.powi(4);
    assert!(done.reached.low <= expected && expected <= done.reached.high, "{:?}", done.reached);
    // The time to the first success of those that had one, of Σ k·0.3^(k−1)·0.7 attempts.
    let attempts: f64 = (1..=4).map(|k| f64::from(k) * 0.3_f64.powi(k - 1) * 0.7).sum();
    near(done.took.as_ref().unwrap().mean / HOUR, attempts / expected, 0.05, "mean to the success");
}

#[test]
fn a_page_that_nobody_answers_goes_to_the_next_after_its_time() {
    let house = House::small(
        &["one"],
        &step("a", "one", ""),
        "  roles: { one: { acknowledge: { observed: [1m] }, no_show: 40% } }\n",
    );
    let study = house.study(RUNS, false);
    let taken = study.milestones.iter().find(|row| row.kind == MilestoneKind::Role).unwrap();
    // A team has three; the k-th page is answered in 0.6·0.4^k of the runs, two seconds and a
    // minute after it left. After three the role is sought anew, a quarter, then half an hour later.
    let rounds = [0.0, 1_800.0, 4_500.0, 8_100.0];
    let pages = (0..12).map(|k| (k, rounds[k / 3] + 300.0 * (k % 3) as f64 + 62.0));
    let mean: f64 = pages.map(|(k, at)| 0.6 * 0.4_f64.powi(k as i32) * at).sum();
    let took = taken.took.as_ref().unwrap();
    near(took.mean, mean, 0.06, "mean until somebody answers");
    assert_eq!((took.least, took.p50.seconds), (62, 62), "three in five answer the first");
    assert_eq!(took.p90.seconds, 662, "94 in 100 answer one of three");
    assert_eq!(taken.reached.hits, u64::from(RUNS), "the search goes on until somebody answers");
}

#[test]
fn a_share_is_judged_by_its_interval() {
    let steps = step("a", "one", "");
    let house = |wanted: &str| {
        let cast = "  steps: { a: { work: { mean: 1h } } }\n";
        let house = House::small(&["one"], &steps, cast);
        let drill =
            format!("{}pass: {{ score: 100, probability: {wanted} }}\n", house.scenario.source);
        House::new(&house.source, &drill)
    };
    // An exponential of an hour is over within the hour in 1 − 1/e of the runs, 63.2 %.
    let share = house("50%").study(RUNS, false).passed;
    assert!(share.low < 0.632 && 0.632 < share.high, "{share:?}");
    let verdict = |wanted: &str| house(wanted).study(RUNS, false).verdict;
    assert_eq!(verdict("50%"), Verdict::Passed);
    assert_eq!(verdict("80%"), Verdict::Failed);
    assert_eq!(verdict("63.2%"), Verdict::NotJudged);
}

#[test]
fn the_plan_that_is_measured_has_forty_steps_eight_roles_and_ten_injects() {
    let (plan, drill) = (
        include_str!("../fixtures/forty-steps.yaml"),
        include_str!("../fixtures/forty-steps-drill.yaml"),
    );
    let house = House::new(plan, drill);
    let (steps, roles) = (house.playbook.every_step().count(), house.playbook.roles.len());
    assert_eq!((steps, roles, house.scenario.injects.len()), (40, 8, 10));
    let study = house.study(60, false);
    assert_eq!(study.completed.hits, 60, "{:?}", study.why);
    // What is measured is a house that is run well, not one in which everything fails at once.
    assert!((0.6..0.95).contains(&study.passed.share), "{:?}", study.passed);
}

pub(super) fn outage() -> House {
    House::new(
        include_str!("../../../playbooks/service-outage.yaml"),
        include_str!("../../../drills/service-outage.yaml"),
    )
}

#[test]
fn the_number_of_threads_and_the_order_of_runs_change_nothing() {
    let house = outage();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| house.study(150, false))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one, three);
    assert!(one.completed.share > 0.9, "{:?} {:?}", one.completed, one.why);
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), one);
}

#[test]
fn trials_name_who_and_what_the_plan_depends_on() {
    let steps = step("a", "one", "") + &step("b", "two", "");
    let cast = "  steps: { a: { work: { mean: 1h } }, b: { work: { mean: 1m } } }\n";
    let study = House::small(&["one", "two"], &steps, cast).study(400, true);
    let trials = study.trials.unwrap();
    let of_step = |id: &str| {
        trials.steps.iter().find(|one| one.of == TrialOf::Step(id.into())).unwrap().ended.unwrap()
    };
    near(of_step("a").mean / HOUR, 1.0, 0.3, "an hour more");
    assert!(of_step("a").is_real());
    assert!(trials.people.iter().all(|one| one.never_ended == 0), "each has two behind them");
    assert!(trials.people.iter().any(|one| one.ended.is_some()));
}

#[test]
fn a_plan_beside_itself_does_not_differ_and_beside_a_slower_one_it_does() {
    let house = outage();
    let same = versus(house.stage(), house.stage(), design(60, false), &|_| {});
    assert_eq!(same.passed[0], same.passed[1]);
    assert!(same.steps.iter().all(|step| step.change.mean.abs() < 1e-9));
    let source = &house.source;
    let needle = "      - id: locate\n";
    assert!(source.contains(needle), "the plan has a step to be held up");
    let before =
        "      - { id: look_twice, role: engineering, title: { zh: 复核, en: Look twice } }\n";
    let slower =
        source.replacen(needle, &format!("{before}{needle}        after: [look_twice]\n"), 1);
    let slower = House::new(&slower, &house.scenario.source);
    let versus = versus(house.stage(), slower.stage(), design(60, false), &|_| {});
    let located = versus.steps.iter().find(|step| step.step.as_str() == "locate").unwrap();
    assert!(located.change.is_real() && located.change.mean > 0.0, "{located:?}");
}

#[test]
fn progress_is_told_run_by_run() {
    let told = std::sync::atomic::AtomicU64::new(0);
    let steps = step("a", "one", "");
    let house = House::small(&["one"], &steps, "");
    let _ = study(house.stage(), design(200, true), &|runs| {
        told.fetch_add(runs, std::sync::atomic::Ordering::Relaxed);
    });
    let told = told.into_inner();
    assert!((200..=runs_of(design(200, true))).contains(&told), "{told}");
}
