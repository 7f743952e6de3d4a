//! Drill files: what loads, and every mistake at its place.

mod patterns;

use super::*;
use crate::playbook::diagnostic::{Code, Rendering, Severity};
use crate::playbook::yaml::{DUPLICATE_KEY, MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE};
use crate::text::Lang;

const LANGUAGE_PLAN: &str = include_str!("../../../tests/corpus/good/language.yaml");
const LANGUAGE: &str = include_str!("../fixtures/language.yaml");
const PLAN: &str = include_str!("../fixtures/ten-steps.yaml");
const DRILL: &str = include_str!("../fixtures/ten-steps-drill.yaml");

fn plan(text: &str) -> (PlaybookId, Arc<Playbook>) {
    let plan = crate::playbook::shipped::load("plan.yaml", text);
    (plan.id.clone(), Arc::new(plan))
}

fn read(text: &str, plans: &[&str]) -> (Option<Scenario>, Diagnostics) {
    let playbooks: Playbooks = plans.iter().map(|text| plan(text)).collect();
    load("drill.yaml", text.as_bytes(), &playbooks)
}

fn assert_clean(text: &str, plans: &[&str]) -> Scenario {
    let (scenario, findings) = read(text, plans);
    assert!(findings.is_empty(), "{}", findings.render(Rendering::plain(Lang::En)));
    scenario.unwrap()
}

/// Reads the ten-step drill with one piece of its text replaced, and says what was found.
fn broken(from: &str, to: &str) -> Diagnostics {
    assert_eq!(DRILL.matches(from).count(), 1, "`{from}` stands once in the fixture");
    let (scenario, findings) = read(&DRILL.replace(from, to), &[PLAN]);
    assert_eq!(scenario.is_none(), findings.count(Severity::Error) > 0, "{from} → {to}");
    findings
}

#[test]
fn the_drill_of_the_language_loads_without_findings() {
    let scenario = assert_clean(LANGUAGE, &[LANGUAGE_PLAN]);
    assert_eq!(scenario.id.as_str(), "double-eleven-outage");
    assert_eq!(scenario.playbook.as_str(), "service-outage");
    assert_eq!((scenario.injects.len(), scenario.expect.len()), (5, 6));
    assert_eq!((scenario.samples, scenario.seed, scenario.pass.score), (2000, 42, 80));
    assert_eq!(scenario.abort_when_live, Some(2));
}

#[test]
fn the_shipped_drills_load_without_findings() {
    let shipped = [
        (
            include_str!("../../../drills/service-outage.yaml"),
            include_str!("../../../playbooks/service-outage.yaml"),
        ),
        (
            include_str!("../../../drills/complaint-surge.yaml"),
            include_str!("../../../playbooks/complaint-surge.yaml"),
        ),
        (
            include_str!("../../../drills/data-leak.yaml"),
            include_str!("../../../playbooks/data-leak.yaml"),
        ),
        (
            include_str!("../../../drills/network-attack.yaml"),
            include_str!("../../../playbooks/network-attack.yaml"),
        ),
    ];
    for (drill, plan) in shipped {
        let scenario = assert_clean(drill, &[plan]);
        assert!(scenario.calendar.is_some(), "{} is on the calendar", scenario.id);
    }
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let cases: &[(&str, &str, Code, &str)] = &[
        ("playbook: ten-steps", "playbook: ten-stpes", code::UNKNOWN_PLAYBOOK, "ten-stpes"),
        ("run: simulated", "run: simulate", BAD_VALUE, "simulate"),
        ("run: simulated\n", "", MISSING_KEY, "drill: ten-steps-drill"),
        ("kind: functional", "knid: functional", UNKNOWN_KEY, "knid"),
        ("seed: 42", "seed: many", WRONG_TYPE, "many"),
        ("seed: 42", "seed: 42\nseed: 43", DUPLICATE_KEY, "seed"),
        ("drill: ten-steps-drill", "drill: Ten Steps", BAD_VALUE, "Ten Steps"),
        ("en: Ten-step drill }", "}", code::MISSING_TRANSLATION, "{ zh: 十步演练,"),
        ("\"0 10 1 3,9 *\"", "\"0 10 31 2 *\"", code::BAD_SCHEDULE, "\"0 10 31 2 *\""),
        ("\"0 10 1 3,9 *\"", "\"0 25 1 3,9 *\"", code::BAD_SCHEDULE, "\"0 25 1 3,9 *\""),
        ("Asia/Shanghai", "Asia/Shanghia", code::BAD_SCHEDULE, "Asia/Shanghia"),
        ("Shanghai }", "Shanghai, missed: run-all }", code::BAD_SCHEDULE, "run-all"),
        ("Shanghai }", "Shanghai, grace: 40d }", code::BAD_DURATION, "40d"),
        ("Shanghai }", "Shanghai, blackout: [monday] }", code::BAD_SCHEDULE, "monday"),
        ("p90: 4m", "p90: 1m", code::BAD_TIMING, "{ median: 2m, p90: 1m }"),
        ("median: 2m, p90: 4m", "median: 0s, p90: 4m", code::BAD_TIMING, "{ median: 0s"),
        ("median: 8m", "median: 8 minutes", code::BAD_DURATION, "8 minutes"),
        ("median: 8m", "median: 1mo", code::BAD_DURATION, "1mo"),
        ("fails: 30%", "fails: 130%", code::BAD_SHARE, "130%"),
        ("fails: 30%", "fails: often", code::BAD_SHARE, "often"),
        ("未恢复: 20%", "未恢复: 30%", code::BAD_SHARE, "{ 已恢复: 80%"),
        ("未恢复: 20%", "不知道: 20%", code::UNKNOWN_NAME, "不知道"),
        ("failover: {", "failoever: {", code::UNKNOWN_NAME, "failoever"),
        ("failover: { fails", "tell: { fails", code::NOT_APPLICABLE, "30%"),
        ("stable: { answer", "verify: { answer", code::NOT_APPLICABLE, "{ 已恢复: 80%"),
        ("at: 12m", "at: 31d", code::BAD_DURATION, "31d"),
        ("at: 12m", "at: 30d", code::INJECT_TOO_LATE, "30d"),
        ("at: 12m, ", "", code::NOT_ONE_THING, "{ message:"),
        ("at: 12m,", "at: 12m, level: 1,", code::NOT_ONE_THING, "{ from: media"),
        (", for: 20m", "", code::NOT_ONE_THING, "{ at: 3m"),
        ("at: 0m", "at: 1m", code::NO_STARTING_ALERT, "inject"),
        ("ServiceDown", "SomethingElse", code::NO_STARTING_ALERT, "inject"),
        ("steps.locate.done", "steps.lcoate.done", code::UNKNOWN_NAME, "steps.lcoate.done"),
        ("steps.locate.done", "steps.locate.", code::BAD_CONDITION, "steps.locate."),
        ("set: { users_affected: 1200000", "set: { users: 1", code::UNKNOWN_NAME, "users: 1"),
        ("set: { users_affected: 1200000", "set: { users_affected: lots", BAD_VALUE, "lots"),
        ("objective: responded", "objective: answered", code::UNKNOWN_NAME, "answered"),
        ("acknowledged: commander", "acknowledged: commando", code::UNKNOWN_NAME, "commando"),
        (", within: 10m", "", MISSING_KEY, "acknowledged"),
        ("step: tell", "step: tel", code::UNKNOWN_NAME, "tel,"),
        ("is: done", "is: finished", BAD_VALUE, "finished"),
        ("when: level <= 2 }", "when: levle <= 2 }", code::UNKNOWN_NAME, "levle <= 2"),
        ("notify: customers", "notify: custmers", code::UNKNOWN_NAME, "custmers"),
        ("weight: 3", "weight: 0", BAD_VALUE, "0,"),
        ("scale: PSMU", "scale: 1-10", BAD_VALUE, "1-10"),
        ("score: 80", "score: 101", BAD_VALUE, "101"),
        ("pass:", "samples: 0\npass:", BAD_VALUE, "0\npass"),
        ("pass:", "abort_when: { live_incident: { level: 5 } }\npass:", BAD_VALUE, "5 }"),
        (
            "pass:",
            "notice: { no_notice_within: 7d, hours: nine }\npass:",
            code::BAD_SCHEDULE,
            "nine",
        ),
    ];
    assert_each_is_found(cases);
}

#[test]
fn times_channels_nights_and_surges_that_cannot_be_are_found_at_their_place() {
    const WORK: &str = "failover: { fails: 30% }";
    const DOWN: &str = "channel_down: sms, for: 20m";
    assert_each_is_found(&[
        (
            WORK,
            "locate: { work: { least: 5m, likely: 2m, most: 9m } }",
            code::BAD_TIMING,
            "{ least",
        ),
        (WORK, "locate: { work: { least: 5m, most: 9m } }", MISSING_KEY, "least"),
        (WORK, "locate: { work: { mean: 0m } }", code::BAD_TIMING, "{ mean"),
        (WORK, "locate: { work: { observed: [] } }", code::BAD_TIMING, "{ observed"),
        (WORK, "locate: { work: { mean: 5m, p90: 9m } }", UNKNOWN_KEY, "p90"),
        (
            "cast:\n",
            "cast:\n  roles: { comander: { no_show: 5% } }\n",
            code::UNKNOWN_NAME,
            "comander",
        ),
        (DOWN, "surge: { monitor: m, count: 9, baseline: 0 }", BAD_VALUE, "0"),
        (DOWN, "surge: { monitor: m }", MISSING_KEY, "monitor"),
    ]);
}

#[test]
fn a_cast_says_how_channels_and_nights_are() {
    const NIGHT: &str =
        "night: { from: \"22:00\", to: \"07:00\", timezone: Asia/Shanghai, slower: 2 }";
    let with = |more: &str| DRILL.replacen("cast:\n", &format!("cast:\n  {more}\n"), 1);
    let scenario = assert_clean(&with(NIGHT), &[PLAN]);
    let night = scenario.cast.night.unwrap();
    assert!(night.hours.hold("2027-03-01T15:00:00Z".parse().unwrap()), "23:00 in Shanghai");
    assert!(!night.hours.hold("2027-03-01T02:00:00Z".parse().unwrap()), "10:00 in Shanghai");
    let channels = "channels: { sms: { latency: { mean: 20s }, loss: 3% } }";
    let scenario = assert_clean(&with(channels), &[PLAN]);
    let sms = &scenario.cast.channels["sms"];
    assert!(sms.latency.is_some() && sms.loss.is_some());
    for (from, to, code) in [
        ("22:00", "nine", code::BAD_SCHEDULE),
        ("Asia/Shanghai", "Asia/Nowhere", code::BAD_SCHEDULE),
        ("slower: 2", "slower: 0.5", code::BAD_TIMING),
        ("slower: 2", "slower: 90", code::BAD_TIMING),
    ] {
        let (scenario, findings) = read(&with(&NIGHT.replace(from, to)), &[PLAN]);
        assert!(scenario.is_none() && findings.iter().any(|d| d.code == code), "{to}");
    }
}

/// Breaks the fixture in one place after the other, and expects one finding there.
fn assert_each_is_found(cases: &[(&str, &str, Code, &str)]) {
    let mut misses = Vec::new();
    for (from, to, code, at) in cases {
        let findings = broken(from, to);
        let text = findings.source().text();
        let found: Vec<_> = findings.iter().map(|d| (d.code, d.span.unwrap_or_default())).collect();
        let shown = findings.render(Rendering::plain(Lang::En));
        let hit = found.iter().any(|(c, span)| c == code && text[span.start..].starts_with(at));
        if !hit || found.len() > 2 {
            misses.push(format!("`{from}` → `{to}`: {code} at `{at}`, and no more\n{shown}"));
        }
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn a_drill_neither_holds_personal_data_nor_asks_for_it() {
    let form = "form: { users_affected: { type: integer, min: 0, required: true } }";
    assert_eq!(PLAN.matches(form).count(), 1);
    let asks = form.replace("true } }", "true }, phone: { type: string, personal: true } }");
    let plan = PLAN.replace(form, &asks);
    for (from, to) in [
        ("set: { users_affected: 1200000", "set: { phone: '13800138000'"),
        ("when: steps.locate.done", "when: phone is defined"),
        ("when: level <= 2 }", "when: steps.confirm.phone == '' }"),
    ] {
        let (scenario, findings) = read(&DRILL.replace(from, to), &[&plan]);
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert!(scenario.is_none() && codes == [code::PERSONAL], "{to}: {codes:?}");
    }
    assert_clean(DRILL, &[&plan]);
}

#[test]
fn every_finding_speaks_both_languages() {
    let messy = DRILL
        .replace("playbook: ten-steps", "playbook: nothing")
        .replace("p90: 4m", "p90: 1s")
        .replace("is: done", "is: finished")
        .replace("fails: 30%", "fails: x");
    let (_, findings) = read(&messy, &[PLAN]);
    assert!(findings.iter().count() >= 4, "all problems are collected, not the first");
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for finding in &findings {
        assert!(is_chinese(finding.message.get(Lang::Zh)), "{finding:?}");
        assert!(!is_chinese(finding.message.get(Lang::En)), "{finding:?}");
    }
}

#[test]
fn a_simulated_drill_whose_people_would_never_act_is_refused() {
    let without = broken("default: { acknowledge: { median: 2m, p90: 4m }, ", "default: { ");
    let message = without.iter().next().unwrap().message.get(Lang::En);
    assert!(message.contains("`commander`") && message.contains("nobody would act"), "{message}");
    let start = DRILL.find("cast:").unwrap();
    let end = DRILL.find("injects:").unwrap();
    let (_, findings) = read(&[&DRILL[..start], &DRILL[end..]].concat(), &[PLAN]);
    assert!(findings.iter().any(|d| d.code == code::EMPTY_CAST));
    let exercise = [&DRILL[..start], &DRILL[end..]].concat().replace("seed: 42\n", "");
    assert_clean(&exercise.replace("run: simulated", "run: exercise"), &[PLAN]);
}

/// The ten-step drill as a shadow, which has no schedule and no beginning of its own.
fn shadow(text: &str) -> String {
    let needless =
        |line: &&str| ["schedule:", "start:", "seed:"].iter().any(|key| line.starts_with(key));
    let lines = text.lines().filter(|line| !needless(line)).collect::<Vec<_>>().join("\n");
    lines.replace("run: simulated", "run: shadow")
}

#[test]
fn a_shadow_begins_when_somebody_says_so() {
    let codes = |text: &str| {
        let (_, findings) = read(text, &[PLAN]);
        findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&shadow(DRILL)), []);
    let planned = "schedule: { cron: \"0 10 1 * *\", timezone: UTC }\nnotice: 2h\nstart: inject\n";
    let wanted = [code::SHADOW_PLANNED, code::NO_EFFECT, code::NO_EFFECT];
    assert_eq!(codes(&format!("{planned}{}", shadow(DRILL))), wanted);
}

#[test]
fn settings_without_effect_are_warned_of() {
    let findings = broken("run: simulated", "run: exercise");
    assert!(findings.iter().any(|d| d.code == code::NO_EFFECT), "a seed means nothing to people");
    assert!(!findings.has_errors());
}

#[test]
fn a_drill_without_expectations_is_warned_of() {
    let start = DRILL.find("expect:").unwrap();
    let end = DRILL.find("pass:").unwrap();
    let (scenario, findings) = read(&[&DRILL[..start], &DRILL[end..]].concat(), &[PLAN]);
    assert!(scenario.is_some());
    assert!(findings.iter().any(|d| d.code == code::NOTHING_EXPECTED));
}

#[test]
fn the_hash_covers_what_decides_a_run_and_nothing_else() {
    let hash = |text: &str| assert_clean(text, &[PLAN]).hash;
    let original = hash(DRILL);
    assert_eq!(original.len(), 64);
    let same = [
        DRILL.replace("seed: 42", "seed:     42   # the answer"),
        DRILL.replace("Ten-step drill", "A drill of ten steps"),
        DRILL.replace("3,9 *", "4,10 *"),
        DRILL.replace("seed: 42", "notice: 24h\nseed: 42"),
        DRILL.replace("{ median: 2m, p90: 4m }", "{ p90: 4m, median: 2m }"),
    ];
    for text in same {
        assert_eq!(hash(&text), original);
    }
    assert_ne!(hash(&DRILL.replace("seed: 42", "seed: 43")), original);
    assert_ne!(hash(&DRILL.replace("within: 10m", "within: 11m")), original);
}

/// One of every kind of inject and of trigger.
const INJECTS: &str = r#"
  - { at: 0m, alert: { alertname: ServiceDown, annotations: { users: "250000" } } }
  - { at: 1m, surge: { monitor: complaints, count: 40 } }
  - { at: 2m, channel_slow: sms, by: 3m, for: 20m }
  - { at: 3m, channel_twice: all, for: 20m }
  - { at: 4m, channel_down: all, for: 5m }
  - { within: [10m, 40m], absent: person/lin, for: 30m }
  - { at: 5m, absent: commander, for: 30m }
  - { after: { step: locate, is: done }, slow: support, times: 2.5, for: 30m }
  - { after: { acknowledged: commander }, wait: 5m, level: 1 }
  - { after: { reached: comms }, fail: locate }
  - { after: { phase: recover }, clock_jump: 2h }
  - at: 6m
    contradict:
      - { from: support, text: { zh: 电话已恢复, en: The telephone works } }
      - { from: media, text: { zh: 电话打不通, en: The telephone is dead } }
  - { when: steps.locate.done, set: { users_affected: 1200000 } }
  - { at: 12m, message: { from: media, text: { zh: 记者来电, en: A reporter calls } } }
"#;

/// The ten-step drill with other injects.
fn injecting(injects: &str) -> String {
    let (start, end) = (DRILL.find("injects:").unwrap(), DRILL.find("expect:").unwrap());
    format!("{}injects:{injects}{}", &DRILL[..start], &DRILL[end..])
}

#[test]
fn every_kind_of_inject_on_every_trigger_is_read_and_fits_the_schema() {
    let scenario = assert_clean(&injecting(INJECTS), &[PLAN]);
    let kinds: BTreeMap<&str, usize> =
        scenario.injects.iter().enumerate().fold(BTreeMap::new(), |mut kinds, (n, inject)| {
            kinds.insert(inject.act.kind(), n);
            kinds
        });
    let mut all = INJECT_KINDS.to_vec();
    all.sort_unstable();
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), all);
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for inject in &scenario.injects {
        let words = inject.act.describe();
        let kind = inject.act.kind();
        assert!(is_chinese(words.get(Lang::Zh)) && !is_chinese(words.get(Lang::En)), "{kind}");
    }
    let validator = jsonschema::validator_for(&crate::drill::schema::drill()).unwrap();
    let yaml: serde_json::Value = serde_yaml::from_str(&injecting(INJECTS)).unwrap();
    let problems: Vec<String> = validator.iter_errors(&yaml).map(|e| e.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn injects_that_cannot_be_are_found_at_their_place() {
    const DOWN: &str = "at: 3m, channel_down: sms, for: 20m";
    assert_each_is_found(&[
        (DOWN, "at: 3m, channel_slow: sms, for: 20m", code::NOT_ONE_THING, "{ at: 3m"),
        (DOWN, "at: 3m, channel_down: sms, by: 3m, for: 20m", code::NOT_ONE_THING, "3m, for"),
        (DOWN, "at: 3m, channel_twice: sms", code::NOT_ONE_THING, "{ at: 3m"),
        (DOWN, "at: 3m, slow: support, for: 20m", code::NOT_ONE_THING, "{ at: 3m"),
        (DOWN, "at: 3m, slow: suport, times: 2, for: 20m", code::UNKNOWN_NAME, "suport"),
        (DOWN, "at: 3m, slow: support, times: 0.5, for: 20m", code::BAD_TIMING, "0.5"),
        (DOWN, "at: 3m, slow: support, times: 99, for: 20m", code::BAD_TIMING, "99"),
        (DOWN, "at: 3m, contradict: [ { from: a, text: b } ]", code::NOT_ONE_THING, "[ { from"),
        (DOWN, "at: 3m, when: level <= 2, level: 1", code::NOT_ONE_THING, "level <= 2"),
        (DOWN, "at: 3m, wait: 5m, level: 1", code::NOT_ONE_THING, "5m"),
        (DOWN, "within: [40m, 10m], level: 1", code::NOT_ONE_THING, "[40m"),
        (DOWN, "within: [10m], level: 1", code::NOT_ONE_THING, "[10m"),
        (DOWN, "within: [10m, 30d], level: 1", code::INJECT_TOO_LATE, "30d"),
        (DOWN, "after: { step: locate }, level: 1", code::NOT_ONE_THING, "{ step"),
        (DOWN, "after: { step: lcoate, is: done }, level: 1", code::UNKNOWN_NAME, "lcoate"),
        (DOWN, "after: { phase: recvoer }, level: 1", code::UNKNOWN_NAME, "recvoer"),
        (DOWN, "after: { reached: comms, is: done }, level: 1", code::NOT_ONE_THING, "done"),
        (DOWN, "after: {}, level: 1", code::NOT_ONE_THING, "{}"),
        ("seed: 42", "seed: 42\nlasts: 10m", code::INJECT_TOO_LATE, "12m"),
        ("seed: 42", "seed: 42\nlasts: 40d", code::BAD_DURATION, "40d"),
        ("seed: 42", "seed: 42\npause_when: { live_incident: { level: 9 } }", BAD_VALUE, "9"),
    ]);
}

#[test]
fn a_clock_that_people_look_at_cannot_jump_and_people_cannot_be_slowed() {
    let with = |run: &str, inject: &str| {
        let injects = format!("\n  - {{ at: 3m, {inject} }}\n");
        let text = injecting(&injects).replace("start: inject", "start: declare");
        let text = match run {
            "shadow" => shadow(&text),
            run => text.replace("run: simulated", &format!("run: {run}")).replace("seed: 42\n", ""),
        };
        let (_, findings) = read(&text, &[PLAN]);
        findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    for (run, jumps, slow) in [
        ("simulated", vec![], vec![]),
        ("tabletop", vec![], vec![code::NO_EFFECT]),
        ("exercise", vec![code::CLOCK_JUMPS], vec![code::NO_EFFECT]),
        ("shadow", vec![code::CLOCK_JUMPS], vec![code::NO_EFFECT]),
    ] {
        assert_eq!(with(run, "clock_jump: 2h"), jumps, "{run}");
        assert_eq!(with(run, "slow: support, times: 2, for: 30m"), slow, "{run}");
    }
}

#[test]
fn too_many_injects_or_expectations_are_refused() {
    let inject = "  - { at: 1m, level: 2 }\n".repeat(crate::drill::inject::INJECTS_MAX);
    let (_, findings) = read(&DRILL.replace("injects:\n", &format!("injects:\n{inject}")), &[PLAN]);
    assert!(findings.iter().any(|d| d.code == code::TOO_MANY));
    let expect = "  - { objective: located }\n".repeat(crate::drill::expect::EXPECTATIONS_MAX);
    let (_, findings) = read(&DRILL.replace("expect:\n", &format!("expect:\n{expect}")), &[PLAN]);
    assert!(findings.iter().any(|d| d.code == code::TOO_MANY));
}
