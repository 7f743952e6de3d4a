//! The verbs, as a shell sees them.

use std::process::{Command, Output};

use crate::corpus::root;

fn firebell(lang: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
    command.args(args).args(["--lang", lang]).current_dir(root());
    command.output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_exported_is_imported_and_passes_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, yaml) = (folder.path().join("plan.json"), folder.path().join("plan.yaml"));
    let out = firebell("en", &["export", "cacao", "playbooks/service-outage.yaml"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let named = firebell("en", &["export", "cacao", "service-outage"]);
    assert_eq!(named.stdout, out.stdout, "by its file or its name");
    std::fs::write(&json, &out.stdout).expect("a file");
    let out = firebell("zh", &["import", "cacao", &json.display().to_string()]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("完整还原"), "{}", text(&out.stderr));
    std::fs::write(&yaml, &out.stdout).expect("a file");
    let out = firebell("en", &["check", &yaml.display().to_string()]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
}

#[test]
fn exit_codes_tell_what_went_wrong_in_the_language_asked_for() {
    let broken = "tests/corpus/cacao/bad/E0704-dangling-step.json";
    for (args, code, zh) in [
        (vec!["import", "cacao", broken], 1, "工作流中没有它"),
        (vec!["import", "cacao", "nowhere.json"], 3, "无法读取"),
        (vec!["import", "cacao"], 2, ""),
        (vec!["import", "markdown", "nowhere.md"], 3, "无法读取"),
        (vec!["export", "cacao", "nowhere.yaml"], 3, "没有文件 `nowhere.yaml`"),
        (vec!["export", "cacao", "service-outag"], 3, "是否想写 `service-outage`"),
        (vec!["export", "cacao", "tests/corpus/bad/E0202-dangling.yaml"], 1, "没有"),
    ] {
        let out = firebell("zh", &args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains(zh), "{args:?}: {}", text(&out.stderr));
        assert!(out.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn the_report_is_data_when_it_is_all_that_is_asked_for() {
    let out = firebell("zh", &["import", "cacao", "--report"]);
    assert!(text(&out.stdout).contains("on_completion"));
    let file = "tests/corpus/cacao/good/every-step-type.json";
    let out = firebell("en", &["import", "cacao", "--report", file]);
    assert!(text(&out.stderr).contains("what the standard leaves open"));
    assert!(text(&out.stdout).contains("playbook: malware-on-a-server"));
}

#[test]
fn a_runbook_is_drafted() {
    let out = firebell("en", &["import", "markdown", "tests/corpus/runbook/outage.md"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("切换备用通道"));
}
