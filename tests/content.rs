//! What is shipped: the plans, their drills and the sample configuration. A service centre must be
//! able to adopt them as they stand, so nothing in them may be found fault with.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use firebell::config::{self, Flags};
use firebell::drill::file::{self, Playbooks};
use firebell::drill::scenario::{RunAs, Scenario};
use firebell::drill::score::Verdict;
use firebell::drill::simulate::{Stage, Take};
use firebell::drill::study::rehearse_as_asked;
use firebell::engine::{Actor, Chance, Ctx, Declare, Fact, Mode, declare};
use firebell::id::{DrillRunId, IncidentId};
use firebell::playbook::diagnostic::{Diagnostics, Rendering};
use firebell::playbook::{Action, Playbook, Promise, Step};
use firebell::runtime::Library;
use firebell::text::Lang;
use jiff::Timestamp;

const PLANS: [&str; 4] = ["complaint-surge", "data-leak", "network-attack", "service-outage"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(root().join(folder))
        .expect("the folder is shipped")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .map(|path| {
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            (name, fs::read(&path).expect("a shipped file"))
        })
        .collect();
    files.sort();
    files
}

fn configuration() -> config::Loaded {
    let flags = Flags { config: Some(root().join("firebell.yaml")), ..Flags::default() };
    config::load(&flags, &BTreeMap::new(), jiff::Timestamp::UNIX_EPOCH)
        .unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn faults(findings: &Diagnostics) -> String {
    findings.render(Rendering::plain(Lang::En))
}

fn playbooks() -> Playbooks {
    let directory = configuration().config.directory();
    let plans = Library::yaml_files(&root().join("playbooks"));
    let now = "2026-11-22T00:00:00Z".parse().expect("an instant");
    let library = Library::of_files(&plans, &directory, now, true);
    let found: String = library.findings().iter().map(faults).collect();
    assert!(found.is_empty() && library.unreadable().is_empty(), "{found}");
    library.playbooks().map(|plan| (plan.id.clone(), Arc::clone(plan))).collect()
}

#[test]
fn the_sample_configuration_has_no_findings() {
    let loaded = configuration();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn every_plan_is_without_findings() {
    let ids: Vec<String> = playbooks().keys().map(ToString::to_string).collect();
    assert_eq!(ids, PLANS);
}

fn drills() -> Vec<Scenario> {
    let playbooks = playbooks();
    let load = |(name, bytes): (String, Vec<u8>)| {
        let (scenario, findings) = file::load(&name, &bytes, &playbooks);
        assert!(findings.is_empty(), "{}", faults(&findings));
        scenario.expect("a drill without findings loads")
    };
    files("drills").into_iter().map(load).collect()
}

#[test]
fn every_drill_is_without_findings() {
    assert!(drills().len() >= PLANS.len());
}

#[test]
fn every_plan_is_drilled_twice_a_year() {
    let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
    let (from, to) = (instant("2027-01-01T00:00:00+08:00"), instant("2028-01-01T00:00:00+08:00"));
    let drills = drills();
    for plan in PLANS {
        let of_plan = drills.iter().filter(|drill| drill.playbook.as_str() == plan);
        let calendars = of_plan.filter_map(|drill| drill.calendar.as_ref());
        let fires: Vec<Timestamp> = calendars
            .flat_map(|calendar| calendar.upcoming(from, 5))
            .filter(|at| *at < to)
            .collect();
        assert_eq!(fires.len(), 2, "{plan}: {fires:?}");
    }
}

#[test]
fn every_plan_has_what_a_plan_must_state() {
    for plan in playbooks().values() {
        let id = &plan.id;
        assert!(plan.summary.is_some() && plan.owner.is_some(), "{id}: purpose and owner");
        assert!(plan.reviewed_on.is_some() && plan.review_every.is_some(), "{id}: review");
        assert!(!plan.activate_when.is_empty(), "{id}: activation condition");
        assert!(!plan.resources.is_empty() && !plan.partners.is_empty(), "{id}: resources");
        assert!(plan.roles.len() >= 5, "{id}: an emergency group of several departments");
        let measurable = |promise: &Promise| matches!(promise, Promise::Within { .. });
        assert!(plan.objectives.iter().any(|o| measurable(&o.promise)), "{id}: objectives");
        for step in plan.phases.iter().flat_map(|phase| &phase.steps) {
            let answered = step.role.is_some() || !step.action.is_human() || decided(step);
            assert!(answered, "{id}: `{}` names who is responsible", step.id);
        }
        let last = plan.phases.last().expect("a plan has phases");
        assert!(last.steps.iter().any(|s| s.id.as_str() == "lessons"), "{id}: lessons");
    }
}

fn decided(step: &Step) -> bool {
    match &step.action {
        Action::Decide(decide) => decide.by.is_some(),
        Action::Approve(approve) => !approve.by.is_empty(),
        _ => false,
    }
}

/// Service answers customers about a leak; it does not own the handling of data.
#[test]
fn service_answers_about_a_leak_and_owns_nothing_else_of_it() {
    let playbooks = playbooks();
    let plan = &playbooks["data-leak"];
    let steps = plan.phases.iter().flat_map(|phase| &phase.steps);
    let of_support: Vec<&str> = steps
        .filter(|step| step.role.as_ref().is_some_and(|role| role.as_str() == "support"))
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(of_support, ["answer_users", "follow_up"]);
}

fn declared(plan: &Playbook) -> Vec<Fact> {
    let directory = configuration().config.directory();
    let ctx = Ctx {
        now: "2026-11-21T03:00:00+08:00".parse().expect("an instant"),
        occurred_at: None,
        actor: Actor::person("duty-manager-1"),
        admin: false,
        directory: &directory,
        chance: Chance::new([7; 32]),
        turns: firebell::people::Turns::NONE,
    };
    let declaration = Declare::new(IncidentId::from_u128(1), 1, Mode::Live);
    let outcome = declare(plan, declaration, &ctx).expect("a plan can be declared");
    outcome.events.into_iter().map(|event| event.fact).collect()
}

/// At three in the morning, with nothing known but that it happened.
#[test]
fn declaring_a_plan_finds_someone_for_every_role_at_once() {
    for plan in playbooks().values() {
        let facts = declared(plan);
        let engaged = facts.iter().filter(|f| matches!(f, Fact::RoleEngaged { .. })).count();
        let paged = |fact: &&Fact| match fact {
            Fact::RoleAssigned { .. } => true,
            Fact::RoleOffered { to, .. } => !to.is_empty(),
            _ => false,
        };
        assert_eq!(facts.iter().filter(paged).count(), engaged, "{}: {facts:?}", plan.id);
        assert!(engaged >= 5, "{}: a whole group", plan.id);
        let queued = facts.iter().filter(|f| matches!(f, Fact::NoticeQueued { .. })).count();
        assert!(queued >= engaged, "{}: everyone is told", plan.id);
        let others = facts.len() - queued;
        assert!((15..=45).contains(&others), "{}: {others} events to declare", plan.id);
    }
}

/// One Monday morning in virtual time, with the drill's own seed.
/// So many runs tell a plan that does not hold from one that does.
const SAMPLES: u32 = 200;

#[test]
fn every_plan_holds_in_its_drill_with_the_sampled_emergency_group() {
    let (playbooks, directory) = (playbooks(), configuration().config.directory());
    for mut scenario in drills().into_iter().filter(|drill| drill.run == RunAs::Simulated) {
        scenario.samples = SAMPLES;
        let playbook = &playbooks[&scenario.playbook];
        let (plans, directory) = (&playbooks, &*directory);
        let stage = Stage { scenario: &scenario, playbook, plans, directory };
        let take = Take {
            run: DrillRunId::from_u128(1),
            begin: "2027-03-01T10:00:00+08:00".parse().expect("an instant"),
            seed: scenario.seed,
        };
        let result = rehearse_as_asked(stage, take);
        let holds = result
            .odds
            .map_or(result.verdict == Verdict::Passed, |odds| odds.passed.share >= odds.wanted);
        assert!(holds, "{}: {result:?}", scenario.id);
    }
}
