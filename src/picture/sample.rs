//! Plans that pictures are tried on: the shipped ones, small ones, and one of a hundred steps.

use crate::playbook::Playbook;
use crate::playbook::shipped::{self, PLANS};

/// A plan with every key of the language.
const EVERYTHING: &str = include_str!("../../tests/corpus/good/everything.yaml");

/// Loads a shipped plan.
pub(crate) fn plan(name: &str) -> Playbook {
    shipped::plan(name)
}

/// Every plan that pictures and papers are held to.
pub(crate) fn all() -> Vec<Playbook> {
    let mut all: Vec<Playbook> = PLANS.iter().map(|(name, _)| plan(name)).collect();
    all.push(shipped::load("everything", EVERYTHING));
    all.push(hundred());
    all.push(nasty());
    all
}

/// A plan of one role and one phase with these steps.
pub(crate) fn written(steps: &str) -> Playbook {
    let head = "playbook: small\ntitle: Small\nlevels: [ { level: 4 } ]\n\
                roles: { r: { title: { zh: 负责人, en: Lead }, assign: { team: t } } }\n\
                phases:\n  - id: only\n    title: { zh: 唯一, en: Only }\n    steps:\n";
    shipped::load("small", &format!("{head}{steps}\n"))
}

/// A plan whose titles try to break out of every form.
pub(crate) fn nasty() -> Playbook {
    written(
        r#"      - { id: end, role: r, title: end }
      - { id: quoted, role: r, title: 'say "hi" & <b>bold</b> ]]> {x} [y] `z` |a|', after: [end] }
      - { id: slashed, role: r, title: 'a\b \N \l #quot; %%{init}%% ;', after: [end] }
      - { id: lines, role: r, title: "first\nsecond\tthird\u202E\x01", after: [quoted] }
      - { id: 中文, role: r, title: "关闭受影响系统“隔离”、源头；并在一小时之内向管理层、监管部门与全部受影响的客户逐一通报进展情况", after: [slashed], due: 30m }
      - { id: long, role: r, title: Donaudampfschifffahrtsgesellschaftskapitaenswitwenundwaisenrente, after: [中文] }"#,
    )
}

/// A plan of a hundred steps in four phases and seven roles, with joins, failures, ways back, and
/// what undoes some of them.
pub(crate) fn hundred() -> Playbook {
    let mut text = String::from(
        "playbook: hundred\ntitle: { zh: 百步预案, en: A hundred steps }\nlevels: [ { level: 4 } ]\nroles:\n",
    );
    for role in 0..7 {
        text.push_str(&format!(
            "  r{role}: {{ title: {{ zh: 第{role}处置组负责人, en: Lead of group {role} }}, assign: {{ team: t }} }}\n"
        ));
    }
    text.push_str("phases:\n");
    for phase in 0..4 {
        text.push_str(&format!(
            "  - id: p{phase}\n    title: {{ zh: 第{phase}阶段, en: Phase {phase} }}\n    steps:\n"
        ));
        for step in 0..25 {
            text.push_str(&hundredth(phase, step));
        }
        if phase == 2 {
            text.push_str("    next:\n      - { to: p0, when: steps.s2_0.failed, at_most: 3 }\n      - { to: p3 }\n");
        }
    }
    shipped::load("hundred", &text)
}

/// One of a hundred steps. Numbers mixed by multiplication stand in for chance.
fn hundredth(phase: usize, step: usize) -> String {
    let mixed = (phase * 25 + step) * 7919 % 104_729;
    let id = format!("s{phase}_{step}");
    let role = mixed % 7;
    let mut line = format!(
        "      - {{ id: {id}, role: r{role}, title: {{ zh: 第{phase}阶段第{step}项处置措施并登记结果, en: Measure {step} of phase {phase} and its record }}"
    );
    let before: Vec<String> = [mixed % 5 + 1, mixed % 9 + 2]
        .into_iter()
        .take(1 + mixed % 2)
        .filter(|back| *back <= step && !step.is_multiple_of(6))
        .map(|back| format!("s{phase}_{}", step - back))
        .collect();
    if !before.is_empty() {
        line.push_str(&format!(", after: [{}]", before.join(", ")));
    }
    if !mixed.is_multiple_of(3) {
        line.push_str(&format!(", due: {}m", 5 + mixed % 50));
    }
    if step % 12 == 5 {
        line.push_str(&format!(", timeout: 2h, on_timeout: {{ go: s{phase}_{} }}", step - 3));
    }
    if step % 8 == 3 {
        line.push_str(&format!(", compensate: u{phase}_{step} }}\n"));
        line.push_str(&format!("      - {{ id: u{phase}_{step}, role: r{role}, title: {{ zh: 撤回第{step}项措施, en: Undo measure {step} }}"));
    }
    line.push_str(" }\n");
    line
}
