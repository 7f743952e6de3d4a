//! Random plans and random acts against the model; random everything against what must always hold.
//! A failing case prints itself and is shrunk; its seed is kept beside this file.

use firebell::engine::{
    self, Command, Incident, LadderSubject, NoticeOutcome, Pending, RequestOutcome, RoleAct,
    SetMoment, StepAct,
};
use firebell::playbook::Playbook;
use firebell::text::Lang;
use proptest::prelude::*;
use serde_json::{Map, json};

use crate::model::{
    Act, Blocks, Cond, Join, Model, NextSpec, OnFailure, PlanSpec, State, StepSpec, VARS, step_name,
};
use crate::world::{PEOPLE, World, bytes, declaration, minutes, plan, step_ref};

/// A part of the cases that are asked for: these cases are whole incidents. `PROPTEST_CASES` asks for
/// more.
fn some_of(part: u32) -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases / part, ..all }
}

fn condition() -> impl Strategy<Value = Cond> {
    let leaf = prop_oneof![
        3 => (0..VARS).prop_map(Cond::Var),
        1 => (0..VARS, prop_oneof![Just("and"), Just("or")], 0..VARS)
            .prop_map(|(one, word, other)| Cond::Text(one, word, other)),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Cond::Any),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Cond::All),
            inner.prop_map(|cond| Cond::Not(Box::new(cond))),
        ]
    })
}

/// A step at a position of its phase: it comes only after earlier ones, so there is no cycle.
fn step(place: usize, steps: usize, phases: usize) -> impl Strategy<Value = StepSpec> {
    let after = prop::collection::btree_set(0..place.max(1), 0..=place.min(3));
    let failure = prop_oneof![
        3 => Just(OnFailure::Stop),
        1 => Just(OnFailure::Continue),
        1 => (0..steps).prop_map(OnFailure::Step),
        1 => (0..phases).prop_map(OnFailure::Phase),
    ];
    let blocks =
        prop_oneof![4 => Just(Blocks::Phase), 1 => Just(Blocks::Close), 2 => Just(Blocks::Nothing)];
    let join = prop_oneof![2 => Just(Join::All), 1 => Just(Join::Any), 1 => Just(Join::Two)];
    let when = prop::option::weighted(0.3, condition());
    let due = prop::option::weighted(0.3, 1..30_u8);
    (after, join, when, failure, blocks, prop::bool::weighted(0.2), due).prop_map(
        move |(after, join, when, on_failure, blocks, sets, due_minutes)| {
            let after: Vec<usize> =
                if place == 0 { Vec::new() } else { after.into_iter().collect() };
            let join = if after.len() < 2 && join == Join::Two { Join::All } else { join };
            // A step going to itself is no plan.
            let on_failure = match on_failure {
                OnFailure::Step(to) if to == place => OnFailure::Continue,
                other => other,
            };
            StepSpec { after, join, when, on_failure, blocks, sets, due_minutes }
        },
    )
}

fn phase(phases: usize) -> impl Strategy<Value = (Vec<StepSpec>, Vec<NextSpec>)> {
    let steps = (1..6_usize).prop_flat_map(move |steps| {
        (0..steps).map(|place| step(place, steps, phases)).collect::<Vec<_>>()
    });
    let next = (0..phases, prop::option::weighted(0.7, condition()), 1..3_u32)
        .prop_map(|(to, when, at_most)| NextSpec { to, when, at_most });
    (steps, prop::collection::vec(next, 0..3))
}

fn plans() -> impl Strategy<Value = PlanSpec> {
    let levels = prop::collection::vec(prop::option::weighted(0.8, condition()), 1..4);
    let assume = prop::option::of(1..5_u8);
    let phases = (1..4_usize).prop_flat_map(|phases| prop::collection::vec(phase(phases), phases));
    (phases, levels, assume).prop_map(|(phases, levels, assume)| {
        // A rule after one without a condition would never be reached.
        let firm = levels.iter().position(Option::is_none).unwrap_or(levels.len());
        let levels = (1_u8..).zip(levels).take(firm + 1).collect();
        PlanSpec { phases, levels, assume }
    })
}

fn act() -> impl Strategy<Value = Act> {
    let step = || 0..5_usize;
    prop_oneof![
        2 => step().prop_map(Act::Start),
        6 => step().prop_map(Act::Complete),
        3 => step().prop_map(Act::Fail),
        2 => step().prop_map(Act::Skip),
        2 => step().prop_map(Act::Retry),
        1 => step().prop_map(Act::Reopen),
        3 => (0..VARS, any::<bool>()).prop_map(|(var, value)| Act::Set(var, value)),
        1 => (1..5_u8).prop_map(Act::SetLevel),
        1 => (0..3_usize).prop_map(Act::Move),
        1 => (1..60_u8).prop_map(Act::Pass),
    ]
}

fn perform(world: &mut World, phase: usize, act: &Act) -> bool {
    let reason = || "so".to_owned();
    let on = |step: &usize, act| Command::Step { step: step_ref(&step_name(phase, *step)), act };
    let complete =
        StepAct::Complete { form: Map::new(), evidence: vec![], measure: None, note: None };
    let command = match act {
        Act::Start(step) => on(step, StepAct::Start),
        Act::Complete(step) => on(step, complete),
        Act::Fail(step) => on(step, StepAct::Fail { reason: reason() }),
        Act::Skip(step) => on(step, StepAct::Skip { reason: reason() }),
        Act::Retry(step) => on(step, StepAct::Retry),
        Act::Reopen(step) => on(step, StepAct::Reopen { reason: reason() }),
        Act::Set(var, value) => {
            let values = json!({ format!("v{var}"): value }).as_object().cloned().unwrap();
            Command::SetInputs { values }
        }
        Act::SetLevel(level) => Command::SetLevel { level: *level, reason: reason() },
        Act::Move(to) => {
            Command::MovePhase { to: format!("p{to}").as_str().into(), reason: reason() }
        }
        Act::Pass(time) => {
            world.pass(minutes(i64::from(*time)));
            return true;
        }
    };
    world.command("ann", command).is_ok()
}

fn shown(world: &World, model: &Model<'_>) -> String {
    let steps = model.states.iter().enumerate().map(|(place, _)| {
        let name = step_name(model.phase, place);
        let run = world.incident.current_run(&name.as_str().into());
        run.map_or("waiting", |run| run.state.name())
    });
    let (level, incident) = (world.incident.level, &world.incident);
    format!(
        "{} visit {} closed {} stuck {} level {}{} {:?}",
        world.phase(),
        incident.visit,
        !incident.status.is_open(),
        incident.stuck.is_some(),
        level.current,
        if level.provisional { "?" } else { "" },
        steps.collect::<Vec<_>>()
    )
}

fn expected(model: &Model<'_>) -> String {
    // What a close cancels is no matter of the flow.
    let names = model.states.iter().map(|state| match state {
        State::Waiting | State::Ready | State::Active if model.closed => "cancelled",
        other => other.name(),
    });
    format!(
        "p{} visit {} closed {} stuck {} level {}{} {:?}",
        model.phase,
        model.visit,
        model.closed,
        model.stuck,
        model.level,
        if model.provisional { "?" } else { "" },
        names.collect::<Vec<_>>()
    )
}

proptest! {
    #![proptest_config(some_of(3))]

    #[test]
    fn the_engine_does_what_the_obvious_model_does(
        spec in plans(),
        acts in prop::collection::vec(act(), 1..24),
    ) {
        let yaml = spec.yaml();
        let mut world = World::declare(&yaml);
        world.thorough = false;
        let mut model = Model::new(&spec);
        prop_assert_eq!(shown(&world, &model), expected(&model), "declared\n{}", yaml);
        for act in &acts {
            let phase = model.phase;
            let accepted = perform(&mut world, phase, act);
            prop_assert_eq!(accepted, model.act(act), "{:?}\n{}\n{}", act, world.story(), yaml);
            prop_assert_eq!(
                shown(&world, &model), expected(&model), "{:?}\n{}\n{}", act, world.story(), yaml
            );
        }
        world.check_all();
    }
}

/// A plan with something of everything.
const EVERYTHING: &str = "
inputs: { n: { type: integer }, xs: { type: list, of: integer, default: [1, 2, 3] }, hot: { type: boolean } }
levels: [ { level: 1, when: n > 100 }, { level: 2, when: n > 10 }, { level: 3, when: n > 1 }, { level: 4 } ]
assume_level: 3
roles:
  commander: { title: C, assign: { schedule: duty }, deputies: [ { team: ops } ], acknowledge_within: 5m, escalate: duty }
  tech: { title: T, assign: { claim: crew }, acknowledge_within: 10m, escalate: duty }
  comms: { title: M, assign: { team: board }, engage: level <= 2, acknowledge_within: 3m }
  ghost: { title: G, assign: { team: silent }, engage: hot }
messages: { page: { text: please }, hello: { text: hello } }
objectives:
  - { id: quick, from: declared, to: { step: a, is: started }, within: 15m }
  - { id: shut, from: detected, to: closed, within: 4h }
  - { id: good, measure: m, at_least: 5 }
phases:
  - id: one
    title: One
    steps:
      - { id: a, role: tech, title: A, due: { within: 10m, warn: [50%] }, escalate: duty, checklist: [ x, { title: y, optional: true } ] }
      - { id: b, role: comms, title: B, after: [a], start_within: 5m, due: { by_level: { 1: 10m, 2: 20m, else: 1h } }, form: { n: { type: integer } } }
      - { id: each, title: E, for_each: { in: xs, as: x, at_most: 2, at_once: 1 }, due: 20m, on_failure: continue }
      - { id: auto, http: { method: POST, url: 'https://ops.example/x', save: { n: /n } }, retry: { attempts: 2, backoff: 30s }, timeout: 2m, on_failure: { go: hand } }
      - { id: hand, title: H, after: [auto], when: steps.auto.failed }
      - { id: tell, notify: { to: [ team/ops, role/tech ], message: hello, until: acknowledged(any) }, due: 30m, blocks: nothing }
      - { id: news, title: N, repeat: { every: 10m, until: hot, at_most: 5 }, blocks: nothing, outlives_phase: true }
      - { id: pause, wait: { for: 5m } }
      - { id: until, wait: { until: n > 0 }, timeout: 1h, on_timeout: continue }
    next:
      - { to: one, when: steps.hand.done, at_most: 2 }
      - { to: two }
  - id: two
    title: Two
    steps:
      - { id: ask, title: Q, decide: { options: [again, over], default: over }, due: 15m }
      - { id: agree, title: G, after: [ask], approve: { by: [ team/ops, role/commander ], quorum: 2 }, on_failure: continue }
      - { id: calc, set: { m2: n + 1 } }
      - { id: last, title: L, due: { within: 2h, from: declared }, blocks: close, measure: m }
    next:
      - { to: one, when: \"steps.ask.answer == 'again'\", at_most: 2 }
      - { to: three, when: \"steps.ask.answer == 'over'\" }
  - { id: three, title: Three, steps: [ { id: end, title: End, evidence: required } ] }
handlers:
  - { event: level_raised, notify: { to: team/board, message: hello }, at_most: 2 }
  - { event: role_vacant, notify: { to: role/commander, message: hello }, at_most: 3 }
  - { event: stuck, go: three, at_most: 1 }
  - { event: alert_resolved, while_phase: [one], go: two, at_most: 2 }
close: auto
";

const STEPS: [&str; 16] = [
    "a", "b", "each", "each:0", "each:1", "auto", "hand", "tell", "news", "pause", "until", "ask",
    "agree", "calc", "last", "end",
];
const ROLES: [&str; 4] = ["commander", "tech", "comms", "ghost"];

#[derive(Debug, Clone)]
enum Deed {
    Command(&'static str, Command),
    Pass(i64),
    Outage(i64),
    Outbox(usize, u8),
    See(usize),
}

fn step_act() -> impl Strategy<Value = StepAct> {
    let reason = || "so".to_owned();
    let form = any::<Option<u8>>().prop_map(|n| match n {
        Some(n) => json!({ "n": n }).as_object().cloned().unwrap(),
        None => Map::new(),
    });
    let evidence = engine::EvidenceItem::Text { text: "seen".into() };
    prop_oneof![
        2 => Just(StepAct::Claim),
        2 => Just(StepAct::Start),
        2 => any::<bool>().prop_map(|done| StepAct::Check { item: "1".into(), done }),
        6 => (form, any::<bool>(), any::<bool>()).prop_map(move |(form, proof, measured)| {
            let evidence = if proof { vec![evidence.clone()] } else { vec![] };
            StepAct::Complete { form, evidence, measure: measured.then_some(7.0), note: None }
        }),
        1 => Just(StepAct::Fail { reason: reason() }),
        1 => Just(StepAct::Skip { reason: reason() }),
        1 => Just(StepAct::Retry),
        1 => Just(StepAct::Reopen { reason: reason() }),
        2 => any::<bool>().prop_map(|again| StepAct::Answer {
            option: if again { "again".into() } else { "over".into() },
            note: None,
        }),
        2 => Just(StepAct::Approve { note: None }),
        1 => Just(StepAct::Reject { reason: reason() }),
    ]
}

fn role_act() -> impl Strategy<Value = RoleAct> {
    let person = || prop::sample::select(PEOPLE.as_slice());
    prop_oneof![
        3 => Just(RoleAct::Claim),
        3 => Just(RoleAct::Acknowledge),
        1 => Just(RoleAct::Decline { reason: None }),
        1 => person().prop_map(|to| RoleAct::Assign { to: to.into() }),
        1 => person().prop_map(|to| RoleAct::HandOver { to: to.into(), note: "see".into() }),
        1 => Just(RoleAct::Release),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let reason = || "so".to_owned();
    let values = |n: Option<i64>, hot: Option<bool>| {
        let mut values = Map::new();
        n.map(|n| values.insert("n".into(), n.into()));
        hot.map(|hot| values.insert("hot".into(), hot.into()));
        Command::SetInputs { values }
    };
    let phase = prop::sample::select(["one", "two", "three"].as_slice());
    let at = crate::world::start();
    prop_oneof![
        24 => (prop::sample::select(STEPS.as_slice()), step_act())
            .prop_map(|(step, act)| Command::Step { step: step_ref(step), act }),
        8 => (prop::sample::select(ROLES.as_slice()), role_act())
            .prop_map(|(role, act)| Command::Role { role: role.into(), act }),
        3 => (any::<Option<i64>>(), any::<Option<bool>>()).prop_map(move |(n, hot)| values(n, hot)),
        1 => (1..5_u8).prop_map(move |level| Command::SetLevel { level, reason: reason() }),
        1 => phase.prop_map(move |to| Command::MovePhase { to: to.into(), reason: reason() }),
        1 => Just(Command::Pause { reason: reason() }),
        2 => Just(Command::Resume),
        1 => Just(Command::Close { force: None }),
        1 => any::<bool>().prop_map(move |forced| Command::Close { force: forced.then(reason) }),
        1 => Just(Command::Cancel { reason: reason() }),
        2 => Just(Command::Reopen { phase: None, reason: reason() }),
        1 => Just(Command::SetMoment { moment: SetMoment::Aware, at }),
        1 => Just(Command::Measure { name: "m".into(), value: 3.0 }),
        1 => Just(Command::Note { text: reason() }),
        1 => any::<bool>().prop_map(|resolved| Command::Alert { alert: Default::default(), resolved }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (prop::sample::select(PEOPLE.as_slice()), command())
            .prop_map(|(person, command)| Deed::Command(person, command)),
        3 => (0..40_i64).prop_map(Deed::Pass),
        1 => (0..400_i64).prop_map(Deed::Outage),
        6 => (0..8_usize, any::<u8>()).prop_map(|(which, how)| Deed::Outbox(which, how)),
        2 => (0..8_usize).prop_map(Deed::See),
    ]
}

fn answer(world: &mut World, which: usize, how: u8) {
    let outbox: Vec<_> = world.incident.outbox.iter().map(|(id, p)| (*id, p.clone())).collect();
    let Some((id, pending)) = outbox.get(which % outbox.len().max(1)) else { return };
    let why = || "because".to_owned();
    match pending.as_ref() {
        Pending::Notice { notice, channel, attempt, .. } => {
            let via = notice.via[*channel].clone();
            let until = world.now.checked_add(minutes(1)).unwrap();
            let outcome = match how % 5 {
                0 | 1 => NoticeOutcome::Delivered { via },
                2 => NoticeOutcome::Retry { attempt: attempt + 1, until, why: why() },
                3 => NoticeOutcome::Refused { via, why: why() },
                _ => NoticeOutcome::HeldBack { why: why() },
            };
            world.outcome(*id, outcome);
        }
        Pending::Request { .. } => {
            let outcome = match how % 4 {
                0 => RequestOutcome::Met { status: 200, saved: vec![] },
                1 | 2 => RequestOutcome::NotMet { status: None, why: why() },
                _ => RequestOutcome::HeldBack { succeeds: how % 8 == 3 },
            };
            world.system(Command::RequestOutcome { request: *id, outcome });
        }
    }
}

fn see(world: &mut World, which: usize) {
    let told: Vec<_> = world.incident.told.iter().map(|(id, t)| (*id, t.person.clone())).collect();
    if let Some((notice, person)) = told.get(which % told.len().max(1)) {
        let seen = Command::AcknowledgeNotice { notice: *notice };
        world.command(person.as_str(), seen).unwrap();
    }
}

fn do_deed(world: &mut World, deed: &Deed) {
    match deed {
        Deed::Command(person, command) => {
            if let Err(rejection) = world.command(person, command.clone()) {
                assert!(rejection.text.missing().is_empty(), "{rejection:?}");
                assert_ne!(rejection.text.get(Lang::Zh), rejection.text.get(Lang::En));
            }
        }
        Deed::Pass(time) => drop(world.pass(minutes(*time))),
        Deed::Outage(time) => drop(world.outage(minutes(*time))),
        Deed::Outbox(which, how) => answer(world, *which, *how),
        Deed::See(which) => see(world, *which),
    }
}

proptest! {
    #![proptest_config(some_of(4))]

    #[test]
    fn whatever_happens_the_promises_hold(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut world = World::declare(EVERYTHING);
        world.thorough = false;
        for deed in &deeds {
            do_deed(&mut world, deed);
        }
        world.check_all();
        // Left alone, time and a working outbox bring every open incident to rest or to a name.
        for _ in 0..40 {
            world.deliver();
            world.pass(minutes(60));
        }
        world.check_all();
    }

    #[test]
    fn replaying_from_any_place_and_going_on_gives_the_same_bytes(
        deeds in prop::collection::vec(deed(), 1..30),
        cut in any::<prop::sample::Index>(),
    ) {
        let run = |deeds: &[Deed], restart: Option<usize>| {
            let mut world = World::declare(EVERYTHING);
            world.thorough = false;
            for (at, deed) in deeds.iter().enumerate() {
                if restart == Some(at) {
                    world.incident = Incident::replay(&world.events).unwrap();
                }
                do_deed(&mut world, deed);
            }
            bytes(&world.events)
        };
        let restart = cut.index(deeds.len());
        prop_assert_eq!(run(&deeds, None), run(&deeds, Some(restart)));
    }
}

#[test]
fn the_shipped_plans_run_to_their_end_when_everyone_does_their_work() {
    for name in ["service-outage", "complaint-surge", "data-leak", "network-attack"] {
        let path = format!("{}/playbooks/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let playbook = Playbook::restore(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut drill = declaration(json!({}));
        drill.drill = Some(firebell::id::DrillRunId::from_u128(1));
        let Ok(mut world) = World::declare_with(playbook, drill) else {
            panic!("{name} cannot be declared")
        };
        world.thorough = false;
        for _ in 0..400 {
            if !world.incident.status.is_open() {
                break;
            }
            work(&mut world);
            world.pass(minutes(10));
        }
        assert!(world.events.len() < 20_000, "{name}");
        world.check_all();
    }
}

/// Everyone does whatever is in front of them.
fn work(world: &mut World) {
    world.deliver();
    for request in world.requests() {
        let outcome = RequestOutcome::Met { status: 200, saved: vec![] };
        world.system(Command::RequestOutcome { request, outcome });
    }
    let keys: Vec<_> = world.incident.runs().map(|run| run.key.clone()).collect();
    for key in keys {
        let name = match key.item {
            Some(item) => format!("{}:{item}", key.step),
            None => key.step.to_string(),
        };
        let evidence = vec![engine::EvidenceItem::Text { text: "seen".into() }];
        let complete = StepAct::Complete { form: Map::new(), evidence, measure: None, note: None };
        if world.act("ann", &name, complete).is_err() {
            let skip = StepAct::Skip { reason: "rehearsed".into() };
            let _ = world.act("ann", &name, skip);
        }
    }
    let _ = LadderSubject::Stuck;
}

#[test]
fn a_random_plan_is_read_as_it_was_meant() {
    let step = StepSpec {
        after: vec![],
        join: Join::All,
        when: Some(Cond::Not(Box::new(Cond::Var(0)))),
        on_failure: OnFailure::Stop,
        blocks: Blocks::Phase,
        sets: false,
        due_minutes: Some(3),
    };
    let spec =
        PlanSpec { phases: vec![(vec![step], vec![])], levels: vec![(4, None)], assume: None };
    let playbook = plan(&spec.yaml());
    assert!(
        playbook.phases[0].steps[0].when.is_some() && playbook.phases[0].steps[0].due.is_some()
    );
}
