//! Personal values are sealed wherever they come from: no event and no state ever holds one, and
//! nothing depends on one, so that erasing it changes no replay.

use firebell::engine::{
    Actor, AlertNote, Command, Event, Fact, Incident, Reference, RequestOutcome, SALT_BYTES,
    ValueSource, codec, unseal,
};
use firebell::id::VarId;
use firebell::playbook::{Value, Variables};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::world::{World, bytes, complete, declaration, plan};

/// Nothing else in a test reads like it.
const PHONE: &str = "138-0013-8000";

/// A plan with a personal input, a form that asks for it again, and every other way to set it. No
/// check lets the alert or the conditions pass; plans from before the check have them.
const PLAN: &str = "
inputs: { phone: { type: string, personal: true }, n: { type: integer } }
activate_when:
  - alert: { match: { alertname: Down }, inputs: { phone: \"{{ alert.annotations.tel }}\" } }
phases:
  - id: one
    title: One
    steps:
      - { id: ask, title: A, form: { phone: { type: string, personal: true, required: true, min_length: 3 } } }
      - { id: call, http: { method: GET, url: \"https://crm.example/\", save: { phone: /tel } } }
      - { id: made_up, set: { phone: \"'138-0013-' ~ '8000'\" } }
      - { id: reads, title: R, when: phone == '138-0013-8000' }
      - { id: reads_step, title: R, after: [ask], when: steps.ask.phone == '138-0013-8000' }
";

fn object(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

/// Checks what must hold after any way of setting it, and returns the reference.
#[track_caller]
fn assert_sealed(world: &World, events: &[Event], source: &ValueSource) -> Reference {
    let stored = bytes(&world.events);
    for event in &stored {
        let text = String::from_utf8_lossy(event);
        assert!(!text.contains(PHONE), "{text}");
    }
    assert!(!format!("{:?}", world.incident).contains(PHONE));
    let sealed = events.iter().find_map(|event| match &event.fact {
        Fact::VariablesSet { sealed, source: from, .. } if from == source => {
            sealed.get(&VarId::new("phone")).cloned()
        }
        _ => None,
    });
    let reference = sealed.unwrap_or_else(|| panic!("nothing sealed\n{}", world.story()));
    let kept: Vec<_> = world.personal.iter().filter(|k| k.reference == reference).collect();
    assert_eq!(kept.len(), 1, "{reference} is kept once");
    let value = unseal(&reference, &kept[0].content).unwrap();
    assert_eq!(value, Value::String(PHONE.into()));
    assert_eq!(kept[0].content.len(), SALT_BYTES + PHONE.len() + 2);
    reference
}

fn latest(world: &World) -> (&str, bool) {
    let kept = &world.incident.personal[&VarId::new("phone")];
    (kept.reference.as_str(), kept.erased)
}

#[test]
fn a_personal_value_is_sealed_whatever_it_comes_from() {
    // Computed by a step as soon as the phase begins.
    let mut world = World::declare_inputs(PLAN, json!({ "phone": PHONE, "n": 5 }));
    let key = |step: &str| world.run(step).key.clone();
    let (ask, call, made_up) = (key("ask"), key("call"), key("made_up"));
    let all = world.events.clone();
    let mut references = vec![
        assert_sealed(&world, &all, &ValueSource::Input),
        assert_sealed(&world, &all, &ValueSource::Set { key: made_up }),
    ];
    let events = world.set(json!({ "phone": PHONE }));
    references.push(assert_sealed(&world, &events, &ValueSource::Input));
    let values = object(json!({ "phone": PHONE }));
    let events = world.command_at(Actor::Drill, None, Command::Inject { values }).unwrap();
    references.push(assert_sealed(&world, &events, &ValueSource::Inject));
    let events = world.complete_with("ask", json!({ "phone": PHONE }));
    references.push(assert_sealed(&world, &events, &ValueSource::Form { key: ask }));
    let saved = vec![(VarId::new("phone"), Value::String(PHONE.into()))];
    let events = world.respond(RequestOutcome::Met { status: 200, saved });
    references.push(assert_sealed(&world, &events, &ValueSource::Saved { key: call }));
    assert_eq!(latest(&world), (references[5].as_str(), false));
    let different: std::collections::BTreeSet<_> = references.iter().collect();
    assert_eq!(different.len(), 6, "one value, sealed six times, cannot be recognised");
    assert_eq!(world.personal.len(), 6);
    assert_eq!(world.incident.variables[&VarId::new("n")], Value::Integer(5));
}

#[test]
fn what_a_person_said_outlives_a_repeated_alert() {
    let tel = [("tel".into(), PHONE.to_owned())];
    let alert = AlertNote { name: "Down".into(), annotations: tel.into(), ..AlertNote::default() };
    let labels = [("alertname".into(), "Down".to_owned())].into();
    let alert = AlertNote { labels, ..alert };
    let mut world = World::declare(PLAN);
    let before = latest(&world).0.to_owned();
    let again = Command::Alert { alert, resolved: false };
    world.system(again);
    assert_eq!(latest(&world).0, before);
}

#[test]
fn a_personal_value_is_held_against_its_type_like_any_other() {
    let mut world = World::declare(PLAN);
    let kept = world.personal.len();
    for (form, detail) in [
        (json!({}), "it is required"),
        (json!({ "phone": 5 }), "it must be one line of text"),
        (json!({ "phone": "1" }), "it must have a length of at least 3"),
    ] {
        let refused = world.act("ann", "ask", complete(form)).unwrap_err();
        assert_eq!(refused.fields[0].pointer, "/form/phone");
        assert_eq!(refused.fields[0].detail.get(firebell::text::Lang::En), detail);
    }
    let inputs = declaration(json!({ "phone": ["x"] }));
    let refused = World::declare_with(plan(PLAN), inputs).err().unwrap();
    assert_eq!(refused.fields[0].pointer, "/inputs/phone");
    assert_eq!(world.personal.len(), kept, "what is refused is kept nowhere");
}

#[test]
fn no_condition_learns_a_personal_value() {
    let mut world = World::declare_inputs(PLAN, json!({ "phone": PHONE }));
    // Unknown, and in a `when` that counts as true.
    assert_eq!(world.state("reads"), "ready");
    let of_reads = |event: &&Event| matches!(&event.fact, Fact::StepReady { key, .. } if key.step.as_str() == "reads");
    let ready = world.events.iter().find(of_reads).unwrap();
    assert!(matches!(ready.fact, Fact::StepReady { unknown: true, .. }), "{ready:?}");
    world.complete_with("ask", json!({ "phone": PHONE }));
    assert_eq!(world.state("reads_step"), "skipped", "a step's answer is nothing, never unknown");
}

#[test]
fn an_erased_value_is_known_as_such_and_may_be_given_anew() {
    let mut world = World::declare_inputs(PLAN, json!({ "phone": PHONE }));
    let reference = latest(&world).0.to_owned();
    let redact = |references: Vec<String>| Command::Redact { references, reason: "asked".into() };
    world.command("ann", redact(vec!["another".into()])).unwrap();
    assert_eq!(latest(&world), (reference.as_str(), false));
    world.command("ann", redact(vec!["another".into(), reference.clone()])).unwrap();
    assert_eq!(latest(&world), (reference.as_str(), true));
    world.set(json!({ "phone": PHONE }));
    assert!(latest(&world).0 != reference && !latest(&world).1);
}

#[test]
fn a_journal_from_before_gives_the_state_it_gave() {
    let world = World::declare(PLAN);
    let mut events = world.events.clone();
    let values = Variables::from([(VarId::new("phone"), Value::String(PHONE.into()))]);
    let open =
        Fact::VariablesSet { values, sealed: Default::default(), source: ValueSource::Input };
    let last = events.last().unwrap().clone();
    let mut add = |fact: Fact| {
        let seq = events.len() as u64 + 1;
        events.push(Event { seq, fact, ..last.clone() });
        let stored: Vec<Event> =
            bytes(&events).iter().map(|bytes| codec::decode(bytes).unwrap()).collect();
        assert_eq!(stored, events);
        Incident::replay(&events).unwrap()
    };
    let incident = add(open);
    assert_eq!(incident.variables[&VarId::new("phone")], Value::String(PHONE.into()));
    // The first value kept apart takes the place of the open one.
    let sealed = [(VarId::new("phone"), Reference::new("9f86"))].into();
    let values = Variables::new();
    let incident = add(Fact::VariablesSet { values, sealed, source: ValueSource::Input });
    assert!(!incident.variables.contains_key(&VarId::new("phone")));
    assert_eq!(incident.personal[&VarId::new("phone")].reference.as_str(), "9f86");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_event_tells_anything_of_what_was_sealed(
        answers in prop::collection::vec(("[a-z0-9]{0,12}", any::<bool>()), 1..6),
    ) {
        // Two runs that differ in the personal answers alone differ in their references alone.
        let tell = |marked: bool| {
            let mut world = World::declare(PLAN);
            for (answer, as_input) in &answers {
                let said = if marked { format!("PII {answer}") } else { "nothing".to_owned() };
                if *as_input {
                    world.set(json!({ "phone": said }));
                } else if world.state("ask") == "ready" {
                    world.complete_with("ask", json!({ "phone": said }));
                }
            }
            world
        };
        let (one, other) = (tell(true), tell(false));
        let without_references = |world: &World| {
            let events = world.events.iter().cloned().map(|mut event| {
                if let Fact::VariablesSet { sealed, .. } = &mut event.fact {
                    sealed.values_mut().for_each(|kept| *kept = Reference::new("…"));
                }
                event
            });
            bytes(&events.collect::<Vec<_>>())
        };
        prop_assert_eq!(without_references(&one), without_references(&other));
        for kept in &one.personal {
            let value = unseal(&kept.reference, &kept.content);
            prop_assert!(matches!(value, Ok(Value::String(_))), "{:?}", value);
        }
        let stored: Vec<u8> = bytes(&one.events).concat();
        prop_assert!(!String::from_utf8_lossy(&stored).contains("PII"));
    }
}
