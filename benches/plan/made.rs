//! Plans made to measure: a hundred steps in two languages, and a playbook of the standard as large
//! as one may be.

use std::fmt::Write as _;

/// The phases of the plan, each with [`STEPS`] steps.
const PHASES: usize = 5;
/// The steps of one phase.
const STEPS: usize = 20;
/// The most bytes of a file that is read.
pub const MEBIBYTE: usize = 1024 * 1024;

const HEAD: &str = r#"playbook: hundred-steps
title: { zh: 一百步预案, en: A plan of a hundred steps }
summary: { zh: 用于测量的预案, en: A plan made to measure }
owner: duty
reviewed_on: 2026-11-01
review_every: 180d
risks: [system-failure]
inputs:
  users_affected: { type: integer, min: 0, label: { zh: 受影响用户数, en: Users affected } }
  channels_down: { type: list, of: string, default: [] }
levels:
  - { level: 1, when: { any: [ users_affected >= 1000000, channels_down|length >= 3 ] } }
  - { level: 2, when: users_affected >= 100000 }
  - { level: 3 }
assume_level: 2
roles:
  commander: { title: { zh: 总指挥, en: Commander }, assign: { team: duty }, acknowledge_within: 5m, escalate: duty }
  support: { title: { zh: 客服, en: Service }, assign: { team: service }, acknowledge_within: 10m }
  engineering: { title: { zh: 技术, en: Engineering }, assign: { team: platform }, acknowledge_within: 5m }
  comms: { title: { zh: 公关, en: Communications }, assign: { team: marketing }, engage: level <= 2 }
objectives:
  - { id: located, from: declared, to: { step: s1_9, is: done }, within: 12h }
messages:
  notice:
    subject: { zh: "{{ incident.title }}：进展", en: "{{ incident.title }}: progress" }
    text: { zh: "{{ level }} 级，受影响 {{ users_affected }} 人。", en: "Level {{ level }}, {{ users_affected }} people." }
phases:
"#;

/// Writes the plan of a hundred steps, all that the language has in them: work with forms and lists,
/// messages, decisions and waits, most of it in a line, some of it side by side.
pub fn hundred_steps() -> String {
    let mut text = HEAD.to_owned();
    for phase in 0..PHASES {
        writeln!(text, "  - id: p{phase}\n    title: {{ zh: 阶段{phase}, en: Phase {phase} }}")
            .expect("a string takes all");
        text.push_str("    steps:\n");
        for step in 0..STEPS {
            writeln!(text, "      - {}", one_step(phase, step)).expect("a string takes all");
        }
    }
    text
}

fn one_step(phase: usize, step: usize) -> String {
    let id = |step: usize| format!("s{phase}_{step}");
    // Of every five, two stand side by side.
    let after = match (step, step % 5) {
        (0, _) => String::new(),
        (_, 3) => format!("after: [{}], ", id(step - 2)),
        (_, 4) => format!("after: [{}, {}], ", id(step - 2), id(step - 1)),
        _ => format!("after: [{}], ", id(step - 1)),
    };
    let role = ["commander", "support", "engineering"][step % 3];
    let what = match step % 10 {
        2 => format!(
            "role: {role}, due: 30m, form: {{ found_{phase}_{step}: {{ type: text, label: {{ zh: \
             结果, en: Found }} }} }}"
        ),
        5 => "notify: { to: team/service, message: notice }".to_owned(),
        6 => format!(
            "role: {role}, when: users_affected >= {}, due: {{ by_level: {{ 1: 10m, 2: 20m, else: \
             1h }} }}",
            1_000 * (step + 1)
        ),
        7 => "decide: { by: commander, options: [继续, 暂缓] }, due: 15m".to_owned(),
        8 => "wait: { for: 5m }".to_owned(),
        _ => format!(
            "role: {role}, due: 1h, checklist: [ {{ zh: 核对, en: Compare }}, {{ zh: 记录, en: \
             Write down }} ]"
        ),
    };
    format!(
        "{{ id: {}, {after}title: {{ zh: 第{phase}阶段第{step}步, en: Step {step} of phase \
         {phase} }}, {what} }}",
        id(step)
    )
}

/// Writes a CACAO 2.0 playbook of so many actions in a line, with words that fill `bytes`.
pub fn cacao(actions: usize, bytes: usize) -> String {
    let bare = written(actions, 0).len();
    written(actions, bytes.saturating_sub(bare) / actions)
}

fn written(actions: usize, words: usize) -> String {
    let id = |kind: &str, n: usize| format!("{kind}--00000000-0000-5000-a000-{n:012x}");
    let (team, start, end) = (id("group", 0), id("start", 0), id("end", 0));
    let mut text = format!(
        "{{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"name\":\"Large\",\
         \"agent_definitions\":{{\"{team}\":{{\"type\":\"group\",\"name\":\"Team\"}}}},\
         \"workflow_start\":\"{start}\",\"workflow\":{{\"{end}\":{{\"type\":\"end\"}},\
         \"{start}\":{{\"type\":\"start\",\"on_completion\":\"{}\"}}",
        id("action", 1)
    );
    let words = "Look at the gateway first. ".repeat(words / 27 + 1)[..words].to_owned();
    for n in 1..=actions {
        let next = if n == actions { end.clone() } else { id("action", n + 1) };
        write!(
            text,
            ",\"{}\":{{\"type\":\"action\",\"name\":\"Step {n}\",\"description\":\"{words}\",\
             \"agent\":\"{team}\",\"commands\":[{{\"type\":\"manual\",\"command\":\"look\"}}],\
             \"on_completion\":\"{next}\"}}",
            id("action", n)
        )
        .expect("a string takes all");
    }
    text + "}}"
}
