//! What comes in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use firebell::exchange::cacao::{Origin, import};
use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Action, Context, Playbook, Step};
use firebell::text::Lang;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::corpus::{files, read};

fn plan_of(bytes: &[u8], lang: Lang) -> (Playbook, String) {
    let imported = import("x.json", bytes, lang)
        .unwrap_or_else(|found| panic!("{}", found.render(Rendering::plain(Lang::En))));
    assert_eq!(imported.origin, Origin::Standard);
    let yaml = imported.draft.to_yaml();
    let loaded = Playbook::load("x.yaml", yaml.as_bytes(), &Context::default());
    let said = loaded.findings.render(Rendering::plain(Lang::En));
    (loaded.playbook.unwrap_or_else(|| panic!("{said}\n{yaml}")), yaml)
}

fn step<'a>(plan: &'a Playbook, title: &str) -> &'a Step {
    let steps = plan.phases.iter().flat_map(|phase| &phase.steps);
    let mut found = steps.filter(|step| {
        step.title.as_ref().is_some_and(|said| said.get(Lang::En).starts_with(title))
    });
    found.next().unwrap_or_else(|| panic!("no step `{title}`"))
}

/// Fails where a step asks about a decision of its phase that it does not wait for: unknown counts
/// as true in `when`, and the step would be done whatever is decided.
fn asks_only_what_is_decided(plan: &Playbook, yaml: &str) {
    for phase in &plan.phases {
        let mut decides: BTreeMap<String, &str> = BTreeMap::new();
        let mut before: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in &phase.steps {
            decides.insert(format!("steps.{}.", step.id), step.id.as_str());
            if let Action::Set(set) = &step.action {
                decides.extend(set.keys().map(|name| (name.to_string(), step.id.as_str())));
            }
            let mut all: BTreeSet<&str> = step.after.iter().map(|id| id.as_str()).collect();
            for earlier in &step.after {
                // Steps are written in an order in which each comes after what it waits for.
                all.extend(before[earlier.as_str()].iter().copied());
            }
            for name in step.when.iter().flat_map(|when| when.names()) {
                let name = name.to_string();
                let asked = decides.iter().find(|(known, _)| match known.ends_with('.') {
                    true => name.starts_with(known.as_str()),
                    false => name == **known,
                });
                let (_, asked) = asked.unwrap_or_else(|| panic!("{} asks {name}\n{yaml}", step.id));
                assert!(all.contains(asked), "{} does not wait for {asked}\n{yaml}", step.id);
            }
            before.insert(step.id.as_str(), all);
        }
    }
}

#[test]
fn a_playbook_of_every_step_type_becomes_a_plan() {
    for lang in Lang::ALL {
        let (plan, yaml) = plan_of(&read("tests/corpus/cacao/good/every-step-type.json"), lang);
        asks_only_what_is_decided(&plan, &yaml);
        insta::assert_snapshot!(format!("every-step-type-{}", lang.code()), yaml);
    }
}

#[test]
fn commands_stay_inert_and_requests_stay_requests() {
    let (plan, _) = plan_of(&read("tests/corpus/cacao/good/every-step-type.json"), Lang::En);
    let Action::Manual(scan) = &step(&plan, "Scan").action else { panic!("work for a person") };
    let said = scan.instructions.as_ref().expect("instructions").get(Lang::En);
    assert!(said.contains("rm -rf /") && said.contains("````"), "{said}");
    assert_eq!(scan.form.keys().map(|id| id.as_str()).collect::<Vec<_>>(), ["clean"]);
    let Action::Http(block) = &step(&plan, "Block the host").action else { panic!("a request") };
    assert_eq!(block.url.source(), "https://fw.example.com/block");
    let Action::Manual(told) = &step(&plan, "Tell the users").action else { panic!("a person") };
    let said = told.instructions.as_ref().expect("instructions").get(Lang::En);
    assert!(said.contains("Get-Process"), "{said}");
}

/// A playbook of one request, as an http-api command with these definitions.
fn request(command: &str, agent: Option<Value>, target: Option<Value>) -> Value {
    let id = |kind: &str| format!("{kind}--00000000-0000-4000-8000-000000000001");
    let (start, act, end) = (id("start"), id("action"), id("end"));
    let mut action = json!({
        "type": "action", "name": "Block", "on_completion": end,
        "commands": [{ "type": "http-api", "command": command }],
    });
    let mut playbook = json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": id("playbook"), "name": "Block",
        "created_by": id("identity"), "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z", "workflow_start": start,
        "playbook_variables": { "users": { "type": "integer", "value": "3" } },
    });
    let agent = agent.unwrap_or_else(|| json!({ "type": "individual", "name": "Duty" }));
    let agent_id = id(agent["type"].as_str().expect("a type"));
    action["agent"] = json!(agent_id);
    playbook["agent_definitions"] = json!({ agent_id: agent });
    if let Some(target) = target {
        action["targets"] = json!([id("http-api")]);
        playbook["target_definitions"] = json!({ id("http-api"): target });
    }
    playbook["workflow"] = json!({
        start: { "type": "start", "on_completion": act }, act: action, end: { "type": "end" },
    });
    playbook
}

#[test]
fn a_request_goes_to_its_own_url_its_target_or_its_agent() {
    let at = |address: Value| json!({ "type": "http-api", "name": "fw", "address": address });
    let agent = || Some(at(json!({ "url": ["https://agent.example/api"] })));
    let ported = json!({
        "type": "http-api", "name": "fw", "port": "8443",
        "address": { "ipv4": ["192.0.2.7", "192.0.2.8"] },
    });
    for (command, agent, target, wanted) in [
        ("POST https://own.example/block HTTP/1.1", None, None, "https://own.example/block"),
        ("POST https://own.example/x HTTP/1.1", agent(), None, "https://own.example/x"),
        ("POST /block HTTP/1.1", agent(), None, "https://agent.example/api/block"),
        ("POST /block HTTP/1.1", agent(), Some(ported), "https://192.0.2.7:8443/block"),
    ] {
        let playbook = request(command, agent, target).to_string();
        let (plan, yaml) = plan_of(playbook.as_bytes(), Lang::En);
        let Action::Http(block) = &step(&plan, "Block").action else { panic!("{yaml}") };
        assert_eq!(block.url.source(), wanted, "{yaml}");
        let others = yaml.contains("not used: https://192.0.2.8:8443");
        assert_eq!(others, wanted.contains("192.0.2.7"), "{yaml}");
    }
    let (plan, yaml) =
        plan_of(request("POST /block HTTP/1.1", None, None).to_string().as_bytes(), Lang::En);
    assert!(matches!(step(&plan, "Block").action, Action::Manual(_)), "{yaml}");
}

#[test]
fn a_variable_whose_name_the_standard_forbids_is_kept_with_a_remark() {
    let playbook = request("POST https://own.example/x HTTP/1.1", None, None).to_string();
    for (lang, said) in [(Lang::En, "# `users` is no name"), (Lang::Zh, "# CACAO 变量 `users`")] {
        let (plan, yaml) = plan_of(playbook.as_bytes(), lang);
        assert!(plan.inputs.keys().any(|name| name.as_str() == "users"), "{yaml}");
        assert!(yaml.contains(said), "{yaml}");
    }
}

#[test]
fn times_are_kept() {
    let (plan, _) = plan_of(&read("tests/corpus/cacao/good/every-step-type.json"), Lang::En);
    let timeout = |title: &str| step(&plan, title).timeout.expect("a timeout").to_string();
    assert_eq!([timeout("Scan"), timeout("Block the host")], ["10m", "5s"]);
    let wait = plan.phases.iter().flat_map(|p| &p.steps).find_map(|step| match &step.action {
        Action::Wait(firebell::playbook::Wait::For(span)) => Some(span.to_string()),
        _ => None,
    });
    assert_eq!(wait.as_deref(), Some("1m30s"));
}

#[test]
fn what_is_broken_is_refused_for_the_reason_in_its_name() {
    for path in files("tests/corpus/cacao/bad", "json") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("a file");
        let found = import("x.json", &bytes, Lang::En).expect_err(&name);
        let said = found.render(Rendering::plain(Lang::En));
        let codes: BTreeSet<&str> = found.iter().map(|f| f.code.as_str()).collect();
        assert!(codes.contains(&name[..5]), "{name}\n{said}");
        for finding in &found {
            assert!(finding.message.missing().is_empty(), "{name}: {:?}", finding.message);
        }
        insta::assert_snapshot!(
            name,
            format!("{said}\n{}", found.render(Rendering::plain(Lang::Zh)))
        );
    }
}

/// Makes a playbook of so many steps, each followed by the next.
fn chain(steps: usize) -> String {
    let id = |kind: &str, n: usize| format!("{kind}--00000000-0000-5000-a000-{n:012x}");
    let (group, end) = (id("group", 0), id("end", 0));
    let mut text = format!(
        "{{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"name\":\"x\",\
         \"agent_definitions\":{{\"{group}\":{{\"name\":\"g\"}}}},\
         \"workflow_start\":\"{0}\",\"workflow\":{{\"{end}\":{{\"type\":\"end\"}},\
         \"{0}\":{{\"type\":\"start\",\"on_completion\":\"{1}\"}}",
        id("start", 0),
        id("if-condition", 1),
    );
    for n in 1..=steps {
        let next = if n == steps { end.clone() } else { id("if-condition", n + 1) };
        write!(
            text,
            ",\"{}\":{{\"type\":\"if-condition\",\"condition\":\"c\",\"on_true\":\"{end}\",\
             \"on_completion\":\"{next}\"}}",
            id("if-condition", n)
        )
        .expect("a string takes all");
    }
    text + "}}"
}

#[test]
fn a_thousand_steps_are_a_plan_and_more_are_refused() {
    plan_of(chain(900).as_bytes(), Lang::En);
    for (steps, code) in [(1_001, "E0709"), (3_000, "E0709"), (60_000, "E0101")] {
        let found = import("x.json", chain(steps).as_bytes(), Lang::Zh).expect_err("too many");
        assert_eq!(found.iter().next().map(|f| f.code.as_str()), Some(code), "{steps}");
    }
    let tiny = (0..10_001).map(|n| format!("\"s{n}\":0")).collect::<Vec<_>>().join(",");
    let tiny = format!(
        "{{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"name\":\"\",\"workflow\":{{{tiny}}}}}"
    );
    let found = import("x.json", tiny.as_bytes(), Lang::En).expect_err("too many");
    assert_eq!(found.iter().next().map(|f| f.code.as_str()), Some("E0709"));
}

/// Every place of a document, as JSON pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{n}"), out);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                places(item, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        _ => {}
    }
    out.push(at.to_owned());
}

#[test]
fn any_single_change_is_read_or_refused_and_never_breaks_the_reader() {
    let bytes = read("tests/corpus/cacao/good/every-step-type.json");
    let root: Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut at = Vec::new();
    places(&root, "", &mut at);
    let ids: Vec<Value> =
        root["workflow"].as_object().expect("steps").keys().map(|id| json!(id)).collect();
    for (n, pointer) in at.iter().enumerate() {
        for change in [json!(null), json!(["x"]), json!(-1), ids[n % ids.len()].clone()] {
            let mut changed = root.clone();
            *changed.pointer_mut(pointer).expect("a place") = change;
            // A plan that is printed loads: `import` refuses one that does not, and says why.
            if let Err(found) = import("x.json", changed.to_string().as_bytes(), Lang::En) {
                let codes: Vec<&str> = found.iter().map(|f| f.code.as_str()).collect();
                let own = codes.iter().all(|code| code.starts_with("E07"));
                assert!(
                    own && !codes.is_empty(),
                    "{pointer}: {codes:?} {}",
                    found.render(Rendering::plain(Lang::En))
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = import("x.json", &bytes, Lang::En);
    }

    #[test]
    fn any_wiring_of_steps_is_read_or_refused(
        kinds in prop::collection::vec(0_usize..5, 1..9),
        wires in prop::collection::vec((0_usize..10, 0_usize..10, 0_usize..10), 9),
    ) {
        let names = ["action", "if-condition", "while-condition", "parallel", "switch-condition"];
        let id = |n: usize| match kinds.get(n) {
            Some(kind) => format!("{}--00000000-0000-5000-a000-{n:012x}", names[*kind]),
            None => "end--00000000-0000-5000-a000-000000000000".to_owned(),
        };
        // Forward wires alone, so that most of them make a playbook.
        let to = |from: usize, wire: usize| id(from + 1 + wire % (kinds.len() - from));
        let group = "group--00000000-0000-5000-a000-000000000000";
        let start = "start--00000000-0000-5000-a000-000000000000";
        let mut workflow = json!({ id(kinds.len()): { "type": "end" }, start: { "type": "start", "on_completion": id(0) } });
        for (n, kind) in kinds.iter().enumerate() {
            let (a, b, c) = wires[n];
            let mut step = json!({ "type": names[*kind], "name": format!("s{n}"), "on_completion": if a < 6 { id(n + 1) } else { to(n, a) } });
            match kind {
                0 => {
                    step["agent"] = json!(group);
                    step["commands"] = json!([{ "type": "manual", "command": "x" }]);
                    if b % 3 == 0 {
                        step["on_success"] = step["on_completion"].take();
                        step.as_object_mut().expect("a step").remove("on_completion");
                        step["on_failure"] = json!(to(n, c));
                    }
                }
                1 => { step["condition"] = json!("is it"); step["on_true"] = json!(to(n, b)); step["on_false"] = json!(to(n, c)); }
                2 => { step["condition"] = json!("is it"); step["on_true"] = json!(to(n, b)); }
                3 => step["next_steps"] = json!([to(n, b), to(n, c)]),
                _ => { step["switch"] = json!("which"); step["cases"] = json!({ "a": to(n, b), "default": to(n, c) }); }
            }
            workflow[id(n)] = step;
        }
        let playbook = json!({
            "type": "playbook", "spec_version": "cacao-2.0", "name": "x",
            "agent_definitions": { group: { "type": "group", "name": "g" } },
            "workflow_start": start, "workflow": workflow,
        });
        match import("x.json", playbook.to_string().as_bytes(), Lang::En) {
            Ok(imported) => {
                let yaml = imported.draft.to_yaml();
                let loaded = Playbook::load("x.yaml", yaml.as_bytes(), &Context::default());
                asks_only_what_is_decided(&loaded.playbook.expect("a plan"), &yaml);
            }
            Err(found) => {
                let codes: Vec<&str> = found.iter().map(|f| f.code.as_str()).collect();
                let own = codes.iter().all(|code| code.starts_with("E07"));
                let said = found.render(Rendering::plain(Lang::En));
                prop_assert!(own && !codes.is_empty(), "{codes:?} {playbook:#} {said}");
            }
        }
    }
}
