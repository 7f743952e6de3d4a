//! Random plans, small enough to be explored in every order and with every answer.

use proptest::prelude::*;

/// What a step is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Plain,
    AsksYes { required: bool },
    AsksNumber { required: bool },
    Decides,
    DecidesInTime,
    Consents,
    Sets,
    Waits,
    Tells,
    Each,
    Repeats,
}

/// One step, its references given as numbers that are read modulo what there is.
#[derive(Debug, Clone)]
struct Step {
    kind: Kind,
    after: Vec<usize>,
    any: bool,
    when: Option<(usize, usize)>,
    by_helper: bool,
    blocks: usize,
    failing: (usize, usize),
    undone: bool,
}

/// The way back from the second phase: when it is taken, how often at most.
type Back = (Option<(usize, usize)>, usize);

/// A plan of two phases, or of three where the second leads back.
#[derive(Debug, Clone)]
pub struct Plan {
    levels: bool,
    engage: Option<(usize, usize)>,
    first: Vec<Step>,
    next: Option<(usize, usize)>,
    back: Option<(usize, usize)>,
    otherwise: bool,
    second: Vec<Step>,
    round: Option<Back>,
    gives_up: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        3 => Just(Kind::Plain),
        2 => any::<bool>().prop_map(|required| Kind::AsksYes { required }),
        2 => any::<bool>().prop_map(|required| Kind::AsksNumber { required }),
        2 => Just(Kind::Decides),
        1 => Just(Kind::DecidesInTime),
        1 => Just(Kind::Consents),
        1 => Just(Kind::Sets),
        1 => Just(Kind::Waits),
        1 => Just(Kind::Tells),
        1 => Just(Kind::Each),
        1 => Just(Kind::Repeats),
    ];
    let after = prop::collection::vec(0..3_usize, 0..3);
    let when = prop::option::of((0..9_usize, 0..3_usize));
    let failing = (0..6_usize, 0..3_usize);
    let undone = prop::bool::weighted(0.15);
    (kind, after, prop::bool::weighted(0.2), when, any::<bool>(), 0..5_usize, failing, undone)
        .prop_map(|(kind, after, any, when, by_helper, blocks, failing, undone)| Step {
            kind,
            after,
            any,
            when,
            by_helper,
            blocks,
            failing,
            undone,
        })
}

/// Returns random plans.
pub fn plans() -> impl Strategy<Value = Plan> {
    let condition = || prop::option::of((0..9_usize, 0..3_usize));
    let steps = |most| prop::collection::vec(step(), 1..=most);
    let gives_up = prop::bool::weighted(0.1);
    let ways = (condition(), condition(), any::<bool>());
    let round = prop::option::weighted(0.3, (condition(), 1..3_usize));
    (any::<bool>(), condition(), steps(3), ways, steps(2), round, gives_up).prop_map(
        |(levels, engage, first, (next, back, otherwise), second, round, gives_up)| Plan {
            levels,
            engage,
            first,
            next,
            back,
            otherwise,
            second,
            round,
            gives_up,
        },
    )
}

/// Words a condition over the variables, the level and the steps of a phase.
fn condition((which, at): (usize, usize), phase: &str, steps: &[Step]) -> String {
    let at = at % steps.len();
    let of = |word: &str| format!("steps.{phase}{at}.{word}");
    match (which, steps[at].kind) {
        (0, _) => "yes".to_owned(),
        (1, _) => "not yes".to_owned(),
        (2, _) => "number >= 10".to_owned(),
        (3, _) => "level <= 2".to_owned(),
        (4, Kind::Decides | Kind::DecidesInTime) => of("answer == \"a\""),
        (5, _) => of("failed"),
        (6, _) => "{ any: [ yes, number >= 10 ] }".to_owned(),
        (7, _) => format!("{{ all: [ not yes, {} ] }}", of("done")),
        (8, _) => of("settled"),
        _ => of("done"),
    }
}

impl Plan {
    /// Writes the plan.
    pub fn text(&self) -> String {
        let mut text = String::from("playbook: random\ninputs:\n");
        text.push_str("  yes: { type: boolean }\n  number: { type: integer, min: 0 }\n");
        text.push_str("  list: { type: list, of: string, default: [] }\n");
        if self.levels {
            text.push_str(
                "levels:\n  - { level: 2, when: number >= 10 }\n  - { level: 3, when: yes }\n  \
                 - { level: 4 }\nassume_level: 3\n",
            );
        }
        text.push_str(
            "roles:\n  commander: { title: { zh: 指挥, en: Commander }, assign: { team: duty } }\n",
        );
        let engage = self.engage.map(|asked| condition(asked, "a", &self.first));
        let engage = engage.map(|asked| format!(", engage: {asked}")).unwrap_or_default();
        text.push_str(&format!(
            "  helper: {{ title: {{ zh: 助手, en: Helper }}, assign: {{ team: help }}{engage} }}\n"
        ));
        text.push_str("messages:\n  word: { text: { zh: 说, en: Said } }\n");
        if self.gives_up {
            text.push_str("handlers:\n  - { event: step_failed, go: second, at_most: 1 }\n");
        }
        text.push_str("phases:\n  - id: first\n    title: { zh: 一, en: First }\n    steps:\n");
        steps(&mut text, "a", &self.first);
        let next = |to: &str, asked: (usize, usize), bound: &str| {
            let when = condition(asked, "a", &self.first);
            format!("      - {{ to: {to}, when: {when}{bound} }}\n")
        };
        text.push_str("    next:\n");
        if let Some(back) = self.back {
            text.push_str(&next("first", back, ", at_most: 2"));
        }
        match self.next {
            Some(asked) if self.back.is_some() || !self.otherwise => {
                text.push_str(&next("second", asked, ""));
            }
            _ => text.push_str("      - { to: second }\n"),
        }
        text.push_str("  - id: second\n    title: { zh: 二, en: Second }\n    steps:\n");
        steps(&mut text, "b", &self.second);
        match self.round {
            Some((None, at_most)) => {
                text.push_str(&format!("    next: [ {{ to: first, at_most: {at_most} }} ]\n"));
            }
            Some((Some(asked), at_most)) => {
                let when = condition(asked, "b", &self.second);
                text.push_str(&format!(
                    "    next: [ {{ to: first, when: {when}, at_most: {at_most} }}, {{ to: third }} \
                     ]\n  - id: third\n    title: {{ zh: 三, en: Third }}\n    steps: [ {{ id: c, \
                     role: commander, title: {{ zh: 步, en: Step }} }} ]\n"
                ));
            }
            None => {}
        }
        text
    }
}

fn steps(text: &mut String, phase: &str, steps: &[Step]) {
    for (at, step) in steps.iter().enumerate() {
        let role = if step.by_helper { "helper" } else { "commander" };
        let form = |field: &str, kind: &str, required: bool| {
            format!(
                "role: {role}, form: {{ {field}: {{ type: {kind}, required: {required}, \
                 label: {{ zh: 问, en: Asked }} }} }}"
            )
        };
        let does = match step.kind {
            Kind::Plain => format!("role: {role}"),
            Kind::AsksYes { required } => form("yes", "boolean", required),
            Kind::AsksNumber { required } => form("number", "integer", required),
            Kind::DecidesInTime => {
                format!("decide: {{ by: {role}, options: [a, b], default: b }}, due: 1h")
            }
            Kind::Tells => "notify: { to: role/commander, message: word }".to_owned(),
            Kind::Each => format!("role: {role}, for_each: {{ in: list, as: item, at_most: 3 }}"),
            Kind::Repeats => format!("role: {role}, repeat: {{ every: 1h, at_most: 2 }}"),
            Kind::Decides => format!("decide: {{ by: {role}, options: [a, b] }}"),
            Kind::Consents => format!("approve: {{ by: [role/{role}] }}"),
            Kind::Sets => "set: { yes: 'true' }".to_owned(),
            Kind::Waits => "wait: { for: 1h }".to_owned(),
        };
        let mut more = String::new();
        let mut before: Vec<String> =
            step.after.iter().filter(|_| at > 0).map(|n| format!("{phase}{}", n % at)).collect();
        before.sort_unstable();
        before.dedup();
        if !before.is_empty() {
            more.push_str(&format!(", after: [{}]", before.join(", ")));
        }
        if step.any && before.len() > 1 {
            more.push_str(", join: any");
        }
        if let Some(when) = step.when {
            more.push_str(&format!(", when: {}", condition(when, phase, steps)));
        }
        match step.blocks {
            0 => more.push_str(", blocks: nothing"),
            1 => more.push_str(", blocks: close"),
            _ => {}
        }
        match step.failing {
            (0, _) => more.push_str(", on_failure: continue"),
            (1, to) if to % steps.len() != at => {
                more.push_str(&format!(", on_failure: {{ go: {phase}{} }}", to % steps.len()));
            }
            (2, _) if phase == "a" => more.push_str(", on_failure: { go: second }"),
            _ => {}
        }
        if step.undone {
            more.push_str(&format!(", compensate: undo_{phase}{at}"));
            let when = if step.by_helper { ", when: yes" } else { "" };
            text.push_str(&format!(
                "      - {{ id: undo_{phase}{at}, role: {role}, title: {{ zh: 撤, en: Undo \
                 }}{when} }}\n"
            ));
        }
        text.push_str(&format!(
            "      - {{ id: {phase}{at}, title: {{ zh: 步, en: Step }}, {does}{more} }}\n"
        ));
    }
}
