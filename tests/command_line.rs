//! The program as a shell uses it: where its output goes, and what it says when nobody reads on.

use std::path::Path;
use std::process::{Command, Stdio};

/// Verbs that print without a server, on what a clone holds.
const OFFLINE: [&[&str]; 12] = [
    &["check"],
    &["completions", "bash"],
    &["diff", "playbooks/data-leak.yaml", "playbooks/network-attack.yaml"],
    &["drill", "list"],
    &["drill", "run", "src/drill/fixtures/one-run.yaml"],
    &["explain", "E0302"],
    &["graph", "service-outage"],
    &["man"],
    &["oncall", "--schedule", "nobody-has-this"],
    &["oncall"],
    &["paper", "service-outage", "--at", "2026-11-21T21:00:00+08:00"],
    &["schema"],
];

fn firebell(args: &[&str]) -> Command {
    firebell_in(Path::new(env!("CARGO_MANIFEST_DIR")), args)
}

fn firebell_in(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
    // What is set for this run of the tests is nothing the program is told.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FIREBELL_")) {
        command.env_remove(name);
    }
    command.args(args).current_dir(folder);
    command.env("LANG", "en_GB.UTF-8").stdin(Stdio::null());
    command
}

/// Runs to the end and returns the exit code, standard output and standard error.
fn said(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Returns a pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_of_standard_output_who_leaves_ends_a_verb_quietly() {
    for args in OFFLINE {
        let open = firebell(args).output().expect("it runs");
        let cut = firebell(args).stdout(closed()).output().expect("it runs");
        let said = String::from_utf8_lossy(&cut.stderr);
        assert_eq!(said, String::from_utf8_lossy(&open.stderr), "{args:?}");
        let quiet = cut.status.code() == Some(0) || open.stdout.is_empty();
        assert!(quiet, "{args:?} ended with {:?}: {said}", cut.status);
    }
}

#[test]
fn a_reader_of_standard_error_who_leaves_changes_no_exit_code() {
    for args in OFFLINE {
        let open = firebell(args).output().expect("it runs");
        let cut = firebell(args).stderr(closed()).output().expect("it runs");
        assert_eq!(cut.status.code(), open.status.code(), "{args:?}");
        assert_eq!(cut.stdout.is_empty(), open.stdout.is_empty(), "{args:?}");
    }
}

/// Nobody is on call before a day that no test sees.
const UNCOVERED: &str = "channels:
  mail: { kind: eml, dir: outbox }
people:
  ann: { name: Ann, contacts: { mail: ann@example.com } }
schedules:
  nights:
    timezone: Asia/Shanghai
    layers:
      - { rotation: weekly, start: 2999-01-07, hand_off: \"09:00\", members: [ann] }
";

#[test]
fn hours_without_anyone_on_call_are_warned_of_where_the_installation_is_checked() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("firebell.yaml"), UNCOVERED).expect("a file");
    for folder in ["playbooks", "drills"] {
        std::fs::create_dir(home.path().join(folder)).expect("a folder");
    }
    let run = |args: &[&str]| said(firebell_in(home.path(), args));
    let (code, _, told) = run(&["check"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("warning[W0604]: nobody is on call on `nights` from"), "{told}");
    assert!(told.contains("firebell.yaml:6:3") && told.contains("(Asia/Shanghai)"), "{told}");
    assert!(told.contains("0 files checked: 0 errors, 1 warning\n"), "{told}");
    let (code, _, told) = run(&["check", "--lang", "zh"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("值班表 `nights` 无人值班：自 ") && told.contains("（Asia/Shanghai）"),
        "{told}"
    );
    assert_eq!(run(&["check", "--deny", "warnings"]).0, Some(1));
    let (_, rows, _) = run(&["check", "--output", "json"]);
    assert!(rows.contains("\"W0604\""), "{rows}");
    assert_eq!(run(&["check", "playbooks", "--deny", "warnings"]).0, Some(0));

    let (code, found, _) = run(&["doctor"]);
    assert_eq!(code, Some(1), "{found}");
    assert!(found.contains("!!  rosters"), "{found}");
    assert!(found.contains("cover them with a layer"), "{found}");
    assert!(found.contains("there is no journal in data"), "{found}");
    assert!(!home.path().join("data").exists(), "looking makes nothing");
}

#[test]
fn what_is_watched_and_begins_nothing_is_told_by_check_and_doctor() {
    let home = tempfile::tempdir().expect("a folder");
    let monitor = "monitors:\n  calls: { signal: call, window: 1h, rule: { at_least: 9 } }\n";
    std::fs::write(home.path().join("firebell.yaml"), monitor).expect("a file");
    let run = |args: &[&str]| said(firebell_in(home.path(), args));
    let (code, _, told) = run(&["check"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("warning[W0607]: no plan's `activate_when` names the monitor `calls`"));
    let (code, found, _) = run(&["doctor", "--lang", "zh"]);
    assert_eq!(code, Some(1), "{found}");
    assert!(found.contains("没有预案的 `activate_when` 写到监测 `calls`"), "{found}");
    std::fs::write(
        home.path().join("firebell.yaml"),
        monitor.replace("9 }", "9 }, begins: nothing"),
    )
    .expect("a file");
    let (_, _, told) = run(&["check"]);
    assert!(!told.contains("W0607"), "{told}");
}

#[test]
fn a_folder_without_a_journal_is_not_found_to_be_in_order() {
    let home = tempfile::tempdir().expect("a folder");
    let (code, out, why) = said(firebell_in(home.path(), &["verify", "--data", "dta"]));
    assert_eq!((code, out.as_str()), (Some(3), ""), "{why}");
    assert!(why.contains("there is no journal in dta"), "{why}");
    assert!(!home.path().join("dta").exists(), "looking makes nothing");
}

#[test]
fn what_has_one_form_alone_refuses_to_be_json() {
    for args in [&["paper", "service-outage"][..], &["import", "markdown", "README.md"]] {
        let (code, out, why) = said(firebell(&[args, &["--output", "json"]].concat()));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {why}");
        assert!(why.contains("has no JSON form"), "{args:?}: {why}");
    }
}

#[test]
fn a_list_of_drills_fits_a_narrow_terminal_and_names_five_starts_each() {
    for (lang, way) in [("en", "simulated · service-outage"), ("zh", "推演 · service-outage")] {
        let (code, out, why) = said(firebell(&["drill", "list", "--lang", lang]));
        assert_eq!(code, Some(0), "{why}");
        assert!(out.contains(way), "{out}");
        assert_eq!(out.lines().filter(|line| line.starts_with("    20")).count(), 4 * 5, "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    }
}

#[test]
fn a_simulated_drill_leaves_a_page_and_each_of_its_runs_can_be_read_again() {
    let home = tempfile::tempdir().expect("a folder");
    let page = home.path().join("report.html");
    let file = page.to_str().expect("a path");
    let drill = ["drill", "simulate", "drills/data-leak.yaml"];
    let many = [&drill[..], &["--runs", "40", "--no-trials", "--html", file]].concat();
    let (_, out, why) = said(firebell(&[&many[..], &["--output", "json"]].concat()));
    let html = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{error}: {why}"));
    assert!(html.contains("<html lang=\"en\">") && html.contains("[DRILL]"), "{html}");
    let study: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let worst = &study["worst"][0];
    let told = worst["timeline"].as_array().expect("rows");
    let number = worst["sample"].to_string();
    let again = [&drill[..], &["--sample", &number]].concat();
    let (code, text, why) = said(firebell(&again));
    assert_eq!(code, Some(0), "{why}");
    assert!(text.starts_with(&format!("run {number} (seed ")), "{text}");
    let ends = [told.first(), told.last()].map(|row| &row.expect("a row")["text"]["en"]);
    for sentence in ends.iter().filter_map(|text| text.as_str()) {
        assert!(text.contains(sentence), "{sentence} is not in {text}");
    }
    let nowhere = home.path().join("none").join("report.html");
    let lost = [&many[..6], &["--html", nowhere.to_str().expect("a path")]].concat();
    let (code, _, why) = said(firebell(&lost));
    assert_eq!(code, Some(1), "{why}");
    assert!(why.contains("report.html could not be written"), "{why}");
    let (code, ..) = said(firebell(&[&again[..], &["--html", file]].concat()));
    assert_eq!(code, Some(2), "one run is no report");
}

#[test]
fn a_plan_is_compared_with_a_version_of_it_that_lies_elsewhere() {
    let home = tempfile::tempdir().expect("a folder");
    let ours = "playbooks/service-outage.yaml";
    let plan = std::fs::read_to_string(ours).expect("it ships");
    let kept = "acknowledge_within: 5m";
    assert!(plan.contains(kept), "something to change");
    let write = |name: &str, text: &str| {
        let file = home.path().join(name);
        std::fs::write(&file, text).expect("a file");
        file.to_str().expect("a path").to_owned()
    };
    std::fs::create_dir(home.path().join("steps")).expect("a folder");
    write("steps/command.yaml", &std::fs::read_to_string("playbooks/steps/command.yaml").unwrap());
    let hurried = write("hurried.yaml", &plan.replace(kept, "acknowledge_within: 1m"));
    let drill = ["--drill", "drills/service-outage.yaml", "--runs", "20"];
    let compare = |file: &str, more: &[&str]| {
        said(firebell(&[&["drill", "compare", ours, file][..], &drill, more].concat()))
    };
    let (code, out, why) = compare(&hurried, &["--output", "json"]);
    assert_eq!(code, Some(0), "{why}");
    let versus: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_ne!(versus["before"]["hash"], versus["after"]["hash"], "{out}");
    assert_ne!(versus["ended_change"]["mean"], 0.0, "{out}");
    let (code, _, why) = compare("playbooks/data-leak.yaml", &[]);
    assert_eq!(code, Some(1), "{why}");
    assert!(why.contains("rehearses service-outage"), "{why}");
    let (code, _, why) = compare(&write("none.yaml", "title: Nothing\n"), &[]);
    assert_eq!(code, Some(1), "{why}");
    assert!(why.contains("is no plan"), "{why}");
}

#[test]
fn hours_that_are_meant_to_be_uncovered_are_not_warned_of() {
    let home = tempfile::tempdir().expect("a folder");
    let meant = UNCOVERED.replacen("    layers:", "    gaps: intended\n    layers:", 1);
    assert_ne!(meant, UNCOVERED);
    std::fs::write(home.path().join("firebell.yaml"), meant).expect("a file");
    for folder in ["playbooks", "drills"] {
        std::fs::create_dir(home.path().join(folder)).expect("a folder");
    }
    let (code, _, told) = said(firebell_in(home.path(), &["check", "--deny", "warnings"]));
    assert_eq!(code, Some(0), "{told}");
    let wrong = UNCOVERED.replacen("    layers:", "    gaps: maybe\n    layers:", 1);
    std::fs::write(home.path().join("firebell.yaml"), wrong).expect("a file");
    assert_eq!(said(firebell_in(home.path(), &["check"])).0, Some(1));
}

fn ran(args: &[&str]) -> (Option<i32>, String) {
    let (code, out, _) = said(firebell(args));
    (code, out)
}

#[test]
fn two_versions_of_a_plan_are_compared_by_meaning() {
    let plan = "playbooks/service-outage.yaml";
    assert_eq!(ran(&["diff", plan, plan, "--exit-code"]).0, Some(0));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(plan)).expect("it ships");
    let dir = tempfile::tempdir().expect("a folder");
    let new = dir.path().join("new.yaml");
    let steps = dir.path().join("steps");
    std::fs::create_dir(&steps).expect("a folder");
    let library = "playbooks/steps/command.yaml";
    std::fs::copy(root.join(library), steps.join("command.yaml")).expect("a file");
    let later = text.replacen("acknowledge_within: 5m", "acknowledge_within: 9m", 1);
    std::fs::write(&new, format!("# a remark\n{later}")).expect("a file");
    let new = new.to_str().expect("a plain path");
    let (code, out) = ran(&["diff", plan, new, "--exit-code", "--output", "json"]);
    let changes: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let expected = serde_json::json!([{
        "matter": "deadlines", "kind": "role", "name": "commander", "change": "changed",
        "aspect": "acknowledge_within", "before": "5m", "after": "9m",
    }]);
    assert_eq!((code, changes), (Some(1), expected));
    let (_, zh) = ran(&["diff", plan, new, "--lang", "zh"]);
    assert!(zh.contains("5 分") && zh.contains("9 分") && !zh.contains("5m"), "{zh}");
    assert_eq!(ran(&["diff", plan, "nowhere.yaml"]).0, Some(3));
}

#[test]
fn a_finding_is_explained_and_an_unknown_one_is_not_found() {
    let (code, out) = ran(&["explain", "e0301"]);
    assert!(code == Some(0) && out.starts_with("E0301  Nothing bounds the loop"), "{out}");
    assert_eq!(ran(&["explain", "E9999"]).0, Some(3));
}

/// Two people hand over every day.
const TURNS: &str = "people:
  ann: { contacts: { email: ann@example.com } }
  bo: { contacts: { email: bo@example.com } }
schedules:
  days:
    timezone: UTC
    layers:
      - { rotation: daily, start: 2020-01-01, hand_off: \"09:00\", members: [ann, bo] }
";

#[test]
fn times_are_told_in_the_configured_zone_else_in_that_of_the_machine() {
    let home = tempfile::tempdir().expect("a folder");
    let oncall = |head: &str, variables: &[(&str, &str)]| {
        std::fs::write(home.path().join("firebell.yaml"), format!("{head}{TURNS}"))
            .expect("a file");
        let mut command = firebell_in(home.path(), &["oncall", "--at", "2026-11-21T12:00:00Z"]);
        command.env("TZ", "Asia/Tokyo").envs(variables.iter().copied());
        let (code, table, told) = said(command);
        assert_eq!((code, told.as_str()), (Some(0), ""));
        table
    };
    let own = oncall("", &[]);
    assert!(own.contains("2026-11-22 18:00 +09:00"), "{own}");
    let configured = oncall("timezone: Asia/Shanghai\n", &[]);
    assert!(configured.contains("2026-11-22 17:00 +08:00"), "{configured}");
    let overruled =
        oncall("timezone: Asia/Shanghai\n", &[("FIREBELL_TIMEZONE", "America/New_York")]);
    assert!(overruled.contains("2026-11-22 04:00 -05:00"), "{overruled}");
}

#[test]
fn findings_are_written_for_code_scanning_and_for_pipelines() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = dir.path().join("plan.yaml");
    std::fs::write(&plan, "playbook: x\ntitle: X\nphasse: []\n").expect("a file");
    let plan = plan.to_str().expect("a plain path");
    let (code, out) = ran(&["check", plan, "--output", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let typo = results.iter().find(|result| result["ruleId"] == "E0106").expect("the typo");
    assert_eq!(typo["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    assert_eq!(code, Some(1));
    let (code, out) = ran(&["check", plan, "--output", "github"]);
    assert!(
        code == Some(1) && out.contains(",line=3,col=1,endLine=3,endColumn=7,title=E0106::"),
        "{out}"
    );
    assert_eq!(ran(&["check", "--output", "github"]), (Some(0), String::new()));
    assert_eq!(ran(&["oncall", "--output", "sarif"]).0, Some(2));
}

/// A plan with an answer that no way out was made for, and people of its own.
const FORGETFUL: &str = "playbook: forgetful
title: { zh: 试, en: Try }
owner: duty
roles:
  commander: { title: { zh: 指挥, en: Commander }, assign: { team: duty }, acknowledge_within: 5m }
phases:
  - id: work
    title: { zh: 处置, en: Work }
    steps:
      - { id: over, title: { zh: 结束了吗, en: Is it over }, decide: { by: commander, options: [yes, no, maybe] } }
    next:
      - { to: after, when: 'steps.over.answer == \"yes\"' }
      - { to: work, when: 'steps.over.answer == \"no\"', at_most: 3 }
  - id: after
    title: { zh: 复盘, en: Review }
    steps: [ { id: lessons, role: commander, title: { zh: 复盘, en: Lessons } } ]
";

#[test]
fn what_is_refuted_stands_beside_the_plan_in_every_form() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("plan.yaml"), FORGETFUL).expect("a file");
    let proven =
        |form| said(firebell_in(dir.path(), &["check", "plan.yaml", "--prove", "--output", form]));
    let (code, out, why) = proven("sarif");
    assert_eq!(code, Some(1), "{out} {why}");
    let log: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let stuck = results.iter().find(|result| result["ruleId"] == "E1001").expect("the story");
    assert_eq!(stuck["level"], "error");
    let place = &stuck["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"plan.yaml".into(), &7.into())
    );
    let story = stuck["message"]["text"].as_str().expect("words");
    assert!(story.contains("answered “maybe”"), "{story}");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(rules.iter().any(|rule| rule["id"] == "E1001" && rule["shortDescription"].is_object()));
    let (code, out, _) = proven("github");
    let line = out.lines().find(|line| line.contains("title=E1001")).expect("a line");
    assert!(code == Some(1) && line.starts_with("::error file=plan.yaml,line=7,"), "{line}");
    assert!(line.contains("%0A1. +0m"), "{line}");
    let (code, out, _) = proven("json");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let proof = &report["proofs"][0];
    assert_eq!((code, &proof["playbook"]), (Some(1), &"forgetful".into()));
    assert_eq!(proof["never_stuck"]["verdict"], "refuted");
    assert!(proof["never_stuck"]["story"].as_array().expect("a story").len() > 1);
    assert_eq!(proof["always_ends"]["verdict"], "proven");
    assert!(proof["states"].as_u64() > Some(1));
}

#[test]
fn a_plan_is_drawn_by_its_name_or_its_file_in_every_form_and_language() {
    let (_, by_name, _) = said(firebell(&["graph", "service-outage", "--format", "mermaid"]));
    let file = "playbooks/service-outage.yaml";
    let (code, by_file, quiet) = said(firebell(&["graph", file, "--format", "mermaid"]));
    assert_eq!((code, quiet.as_str()), (Some(0), ""));
    assert_eq!(by_name, by_file);
    assert!(by_file.contains("flowchart TB") && by_file.contains("Confirm scope and impact"));
    let (_, dot, _) = said(firebell(&["--lang", "zh", "graph", file, "--format", "dot"]));
    assert!(dot.starts_with("digraph \"service-outage\"") && dot.contains("确认故障范围和影响"));
    let (_, svg, _) = said(firebell(&["graph", file]));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    let (_, json, _) = said(firebell(&["--output", "json", "graph", file]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["playbook"], "service-outage");
}

#[test]
fn a_plan_that_is_not_there_or_is_wrong_is_not_drawn() {
    let (code, drawn, why) = said(firebell(&["graph", "service-outag"]));
    assert_eq!((code, drawn.as_str()), (Some(3), ""));
    assert!(why.contains("did you mean `service-outage`"), "{why}");
    let (code, drawn, why) = said(firebell(&["graph", "tests/corpus/bad/E0202-dangling.yaml"]));
    assert_eq!((code, drawn.as_str()), (Some(1), ""));
    assert!(why.contains("E0202"), "{why}");
    let (code, _, why) = said(firebell(&["graph", "drills/service-outage.yaml"]));
    assert_eq!(code, Some(2));
    assert!(why.contains("is a drill"), "{why}");
}

#[test]
fn a_plan_is_printed_with_those_on_duty_at_the_instant_asked_for() {
    let at = |instant| {
        let (code, page, quiet) = said(firebell(&["paper", "service-outage", "--at", instant]));
        assert_eq!((code, quiet.as_str()), (Some(0), ""));
        let (_, row) = page.split_once("<b>Incident commander</b>").expect("the role");
        let holder = row.split("class=\"people\">").nth(1).expect("a holder");
        holder.split_once("</td>").expect("a cell").0.to_owned()
    };
    assert!(at("2026-11-03T10:00:00+08:00").contains("Duty manager 1"));
    assert!(at("2026-11-10T10:00:00+08:00").contains("Duty manager 2"));
    let (code, page, why) = said(firebell(&["paper", "no-such-plan"]));
    assert_eq!((code, page.as_str()), (Some(3), ""));
    assert!(why.contains("no-such-plan"), "{why}");
}

#[test]
fn help_and_usage_errors_are_in_the_language_of_the_locale_or_the_flag() {
    let chinese = |args: &[&str]| {
        let mut command = firebell(args);
        command.env("LANG", "zh_CN.UTF-8").env_remove("LC_ALL");
        said(command)
    };
    let (code, out, why) = chinese(&["check", "--help"]);
    assert_eq!((code, why.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("像检查代码一样检查预案和演练\n\n用法：firebell check [选项]"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "no terminal, no colours: {out}");
    assert!(chinese(&["check", "--help", "--lang", "en"]).1.contains("Usage: firebell check"));
    let (code, out, why) = chinese(&["chek"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(why.starts_with("错误: 没有命令 'chek'"), "{why}");
    let (code, _, page) = chinese(&[]);
    assert_eq!(code, Some(2));
    assert!(page.contains("命令：\n  serve "), "{page}");
    let (_, english, _) = said(firebell(&["help", "incident"]));
    assert!(english.contains("Usage: firebell incident [OPTIONS] <COMMAND>"), "{english}");
    let (code, _, why) = said(firebell(&["--lang=zh", "check", "--prov"]));
    assert!(code == Some(2) && why.contains("有相近的参数：'--prove'"), "{why}");
}

#[test]
fn manual_pages_and_completions_are_written_in_both_languages() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().to_str().expect("a plain path");
    for (lang, heading, words) in
        [("en", ".SH OPTIONS", "Treat warnings as errors"), ("zh", ".SH 选项", "把警告当作错误")]
    {
        assert_eq!(said(firebell(&["man", "--lang", lang, "--dir", folder])).0, Some(0));
        let page = std::fs::read_to_string(dir.path().join("firebell-check.1")).expect("a page");
        assert!(page.contains(heading) && page.contains(words), "{page}");
        let english = lang == "en";
        for left in ["Possible values", ".SH NAME", ".SH SYNOPSIS", "[default", "Print help"] {
            assert_eq!(page.contains(left), english, "{left} in {page}");
        }
        let (_, script, _) = said(firebell(&["completions", "fish", "--lang", lang]));
        assert!(script.contains(words), "{lang}");
    }
}

/// A folder with a source of alerts, a plan that answers to it, and a body.
fn with_ingest(body: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    std::fs::create_dir(folder.path().join("playbooks")).expect("a folder");
    write("playbooks/phones.yaml", include_str!("http/plans/phones.yaml"));
    write("key", "0123456789abcdef0123456789abcdef");
    write("body.json", body);
    write(
        "firebell.yaml",
        "ingest:\n  checks:\n    dialect: generic\n    secret: file:key\n    labels: { env: prod }\n    \
         rules:\n      - { when: body.kind == \"check\", name: \"{{ body.check }}\", \
         annotations: { users: \"{{ body.users }}\" } }\n",
    );
    folder
}

#[test]
fn a_body_is_tried_without_a_server_and_its_fate_is_told_in_both_languages() {
    let args = ["ingest", "test", "--source", "checks", "--body", "body.json"];
    let folder = with_ingest(r#"{ "kind": "check", "check": "PhonesDown", "users": 1200 }"#);
    for (lang, wanted) in [
        ("en", ["rule: rules[0]", "begins phones (Telephones down)", "level 2", "users = 1200"]),
        ("zh", ["规则: rules[0]", "启动 phones（电话中断）", "等级 2", "users = 1200"]),
    ] {
        let (code, out, err) =
            said(firebell_in(folder.path(), &[&args[..], &["--lang", lang]].concat()));
        assert_eq!(code, Some(0), "{out}{err}");
        for words in wanted {
            assert!(out.contains(words), "{words}: {out}");
        }
    }
    let (_, out, _) =
        said(firebell_in(folder.path(), &[&args[..], &["--output", "json"]].concat()));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["alerts"][0]["rule"], 1);
    assert_eq!(json["alerts"][0]["starts"][0]["inputs"]["users"], 1200);
}

#[test]
fn a_body_that_begins_nothing_is_a_failure_for_scripts() {
    let args = ["ingest", "test", "--source", "checks", "--body", "body.json"];
    for (body, code, words) in [
        (r#"{ "kind": "check", "check": "Other" }"#, 1, "begins no plan"),
        (r#"{ "kind": "other" }"#, 1, "no mapping rule holds"),
        ("{", 1, "is no JSON"),
    ] {
        let folder = with_ingest(body);
        let (got, out, err) = said(firebell_in(folder.path(), &args));
        assert_eq!(got, Some(code), "{out}{err}");
        assert!(out.contains(words) || err.contains(words), "{words}: {out}{err}");
    }
    let folder = with_ingest("{}");
    let (code, _, err) = said(firebell_in(
        folder.path(),
        &["ingest", "test", "--source", "chekcs", "--body", "body.json"],
    ));
    assert_eq!(code, Some(3));
    assert!(err.contains("did you mean checks?"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_tried_without_a_server_and_its_answer_explained() {
    use wiremock::matchers::query_param;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let robot = MockServer::start().await;
    for (token, code) in [("good", 0), ("signed", 310_000)] {
        let body = serde_json::json!({ "errcode": code, "errmsg": "said" });
        let answer = ResponseTemplate::new(200).set_body_json(body);
        let mock = Mock::given(query_param("access_token", token)).respond_with(answer);
        mock.mount(&robot).await;
    }
    let home = tempfile::tempdir().expect("a folder");
    let text = "channels:\n  robot: { kind: dingtalk, secret_url: env:ROBOT, allow_private: true }\n  \
                mail: { kind: eml, dir: out }\n";
    std::fs::write(home.path().join("firebell.yaml"), text).expect("a file");
    let tried = |token: &str, args: &[&str]| {
        let mut command = firebell_in(home.path(), &["channel", "test"]);
        let url = format!("{}/robot/send?access_token={token}", robot.uri());
        command.args(args).env("ROBOT", url);
        let (code, out, told) = said(command);
        assert!(!out.contains("access_token") && !told.contains("access_token"), "{out}{told}");
        (code, out + &told)
    };
    let (code, out) = tried("good", &["robot"]);
    assert!(code == Some(0) && out.contains("took it"), "{out}");
    let (code, out) = tried("signed", &["robot"]);
    assert!(code == Some(1) && out.contains("310000") && out.contains("what to do"), "{out}");
    let (code, out) = tried("signed", &["robot", "--lang", "zh"]);
    assert!(code == Some(1) && out.contains("处理办法"), "{out}");
    let (code, out) = tried("signed", &["robot", "--output", "json"]);
    assert!(code == Some(1) && out.contains("\"outcome\": \"misconfigured\""), "{out}");
    let (code, out) = tried("good", &["robbot"]);
    assert!(code == Some(3) && out.contains("Did you mean `robot`?"), "{out}");
    let (code, out) = tried("good", &["mail"]);
    assert!(code == Some(2) && out.contains("--to"), "{out}");
}

/// A server that says so of readiness, and the command that asks it.
async fn drill_due(overdue: u64, lang: &str) -> (Option<i32>, String, String) {
    use wiremock::matchers::{method, path};
    let server = wiremock::MockServer::start().await;
    let plan = serde_json::json!({
        "playbook": "leak", "state": if overdue > 0 { "overdue" } else { "done" },
        "done_in_year": 1, "per_year": 2, "next_due_at": "2026-12-01T00:00:00Z", "stale": [],
    });
    let ready = serde_json::json!({
        "as_of": "2026-11-22T00:00:00Z", "overdue": overdue, "due": 0, "done": 1 - overdue,
        "actions": { "open": 2, "overdue": 1, "to_verify": 0 }, "plans": [plan],
    });
    let answer = wiremock::ResponseTemplate::new(200).set_body_json(ready);
    wiremock::Mock::given(method("GET"))
        .and(path("/api/v1/readiness"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let home = tempfile::tempdir().expect("a folder");
    let command =
        firebell_in(home.path(), &["drill", "due", "--url", &server.uri(), "--lang", lang]);
    tokio::task::spawn_blocking(move || said(command)).await.expect("it runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_overdue_is_told_and_ends_with_a_failure() {
    let (code, told, _) = drill_due(1, "en").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("overdue") && told.contains("2 to do (1 overdue)"), "{told}");
    let (code, told, _) = drill_due(1, "zh").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("逾期") && told.contains("待办 2（逾期 1）"), "{told}");
    let (code, told, _) = drill_due(0, "en").await;
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn what_was_not_drilled_in_time_is_told_by_doctor() {
    use firebell::store::{Change, Expect, Kind, Options, Sled, Store};
    let home = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| said(firebell_in(home.path(), args));
    let plan = "playbook: leak\ntitle: Leak\nroles: { lead: { title: Lead, assign: { team: duty } } }\nphases:\n  - id: work\n    title: Work\n    steps: [ { id: look, title: Look, role: lead } ]\n";
    std::fs::create_dir(home.path().join("playbooks")).expect("a folder");
    std::fs::write(home.path().join("playbooks/leak.yaml"), plan).expect("a file");
    let keep = |changes: Vec<Change>| {
        let store = Sled::open(&home.path().join("data"), Options::default()).expect("it opens");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        if !changes.is_empty() {
            runtime.block_on(store.store.put(changes)).expect("it is kept");
        }
    };
    keep(Vec::new());
    let (_, found, _) = run(&["doctor"]);
    assert!(found.contains("ok  readiness") && found.contains("never drilled: leak"), "{found}");

    let action = serde_json::json!({
        "format": 1, "id": "00000000-0000-0000-0000-000000000007", "playbook": "leak",
        "about": { "step": "look" }, "text": "Look closer", "owner": "amir",
        "due": "2020-02-01", "at_least": "simulated", "state": { "status": "open" },
        "made_at": "2020-01-01T00:00:00Z", "made_by": { "kind": "system" },
    });
    keep(vec![
        Change::keep(Kind::Reminder, "known/leak", Expect::Any, &"2020-01-01T00:00:00Z"),
        Change::keep(Kind::Action, "7", Expect::Any, &action),
    ]);
    let (code, found, _) = run(&["doctor"]);
    assert_eq!(code, Some(1), "{found}");
    assert!(found.contains("!!  readiness"), "{found}");
    assert!(found.contains("drills are overdue of leak"), "{found}");
    assert!(found.contains("1 action is overdue"), "{found}");
    let (_, found, _) = run(&["doctor", "--lang", "zh"]);
    assert!(found.contains("演练逾期：leak") && found.contains("整改项逾期 1 项"), "{found}");
}
