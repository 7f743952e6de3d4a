//! What exploring refuted, as findings with a place in the plan's file: for programs that show
//! findings beside the source. It must not explore.

use std::path::{Path, PathBuf};

use crate::id::{PhaseId, PlaybookId, StepId};
use crate::playbook::diagnostic::{Code, Diagnostic, Diagnostics, both};
use crate::playbook::source::{BYTES_MAX, Source, Span};
use crate::playbook::yaml::{self, Node};
use crate::proof::{Claim, Proof, Story};
use crate::text::{Lang, Text};

/// A state in which nobody can act and nothing falls due.
pub const STUCK: Code = Code::new("E1001");
/// A state from which no way leads to the end.
pub const ENDLESS: Code = Code::new("E1002");
/// An open step of which nobody who may act was told.
pub const UNTOLD: Code = Code::new("E1003");
/// The engine did what it must never do.
pub const DEFECT: Code = Code::new("E1004");
/// A promise that was neither proven nor refuted.
pub const OPEN: Code = Code::new("N1001");

/// What is claimed of every plan.
pub(super) fn claims(proof: &Proof) -> [(Code, Text, &Claim); 3] {
    [
        (STUCK, Text::both("不会卡住", "it is never stuck"), &proof.never_stuck),
        (ENDLESS, Text::both("总能走到结束", "a way always leads to the end"), &proof.always_ends),
        (
            UNTOLD,
            Text::both("每个步骤都有人知道", "somebody is told of every step"),
            &proof.people_told,
        ),
    ]
}

/// Finds the file of a plan among those that were checked.
pub(super) fn file_of(plan: &PlaybookId, files: &[PathBuf]) -> Option<(Source, Node)> {
    files.iter().find_map(|file| {
        let (source, root) = read(file)?;
        let is_it = root.get("playbook").and_then(Node::as_str) == Some(plan.as_str());
        is_it.then_some((source, root))
    })
}

/// Reads a file that checking has read before; what it found wrong is no plan.
fn read(file: &Path) -> Option<(Source, Node)> {
    let known = std::fs::metadata(file).is_ok_and(|file| file.len() <= BYTES_MAX as u64);
    let bytes = known.then(|| std::fs::read(file).ok()).flatten()?;
    yaml::load(&file.display().to_string(), &bytes).ok()
}

/// Lists what was refuted of a plan, each at the step or phase that its story ends in, and what is
/// open, at the plan's name.
pub(super) fn findings(plan: &PlaybookId, proof: &Proof, files: &[PathBuf]) -> Option<Diagnostics> {
    let proven = claims(proof).iter().all(|(.., claim)| matches!(claim, Claim::Proven));
    if proven && proof.defect.is_none() {
        return None;
    }
    let (source, root) = file_of(plan, files)?;
    let mut found = Diagnostics::new(source);
    for (code, promise, claim) in claims(proof) {
        let story = match claim {
            Claim::Proven => continue,
            Claim::Open => {
                found.push(open(plan, &promise, proof.states).at(name(&root).unwrap_or_default()));
                continue;
            }
            Claim::Refuted(story) => story,
        };
        let words = |lang: Lang| {
            let promise = promise.get(lang);
            let refuted = lang.pick("不成立，最短的反例：", "refuted; the shortest story:");
            format!("{plan}: {promise} — {refuted}\n{}", told(story, lang))
        };
        let message = Text::both(words(Lang::Zh), words(Lang::En));
        found.push(Diagnostic::new(code, message).at(place(&root, story)));
    }
    if let Some((promise, story)) = &proof.defect {
        let words = |lang: Lang| {
            let defect =
                lang.pick("firebell 的缺陷，请报告", "a defect of firebell, please report it");
            format!("{plan}: {defect}: {promise}\n{}", told(story, lang))
        };
        let message = Text::both(words(Lang::Zh), words(Lang::En));
        found.push(Diagnostic::new(DEFECT, message).at(place(&root, story)));
    }
    Some(found)
}

fn open(plan: &PlaybookId, promise: &Text, states: usize) -> Diagnostic {
    let (zh, en) = (promise.get(Lang::Zh), promise.get(Lang::En));
    let message = both!(
        "{plan}: {zh} — 探索的 {states} 个状态中没有反例，但未能全部探索",
        "{plan}: {en} — neither proven nor refuted: {states} states speak for it, and there are more"
    );
    Diagnostic::new(OPEN, message)
}

fn name(root: &Node) -> Option<Span> {
    root.get("playbook").map(|name| name.span)
}

/// Tells a story without the room that a terminal leaves before its lines.
fn told(story: &Story, lang: Lang) -> String {
    let lines: Vec<String> =
        story.render(lang).lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}

/// Returns where the step stands that a story is about, else the phase it ends in, else the plan's
/// name.
fn place(root: &Node, story: &Story) -> Span {
    let entered = story.lines.iter().rev().find_map(|line| line.phase.as_ref());
    let step = story.step.as_ref().and_then(|step| step_in(root, step));
    let phase = || entered.and_then(|phase| phase_in(root, phase));
    step.or_else(phase).or_else(|| name(root)).unwrap_or_default()
}

fn phase_in(root: &Node, id: &PhaseId) -> Option<Span> {
    named(root.get("phases")?.as_list()?, id.as_str())
}

fn step_in(root: &Node, id: &StepId) -> Option<Span> {
    let phases = root.get("phases")?.as_list()?;
    let steps = phases.iter().filter_map(|phase| phase.get("steps")?.as_list());
    steps.into_iter().find_map(|steps| named(steps, id.as_str()))
}

fn named(nodes: &[Node], id: &str) -> Option<Span> {
    let ids = nodes.iter().filter_map(|node| node.get("id"));
    ids.into_iter().find(|known| known.as_str() == Some(id)).map(|known| known.span)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::proof::Told;

    fn proof(never_stuck: Claim, defect: Option<(&'static str, Story)>) -> Proof {
        Proof {
            states: 3,
            moves: 2,
            cut: false,
            narrowed: false,
            never_stuck,
            always_ends: Claim::Proven,
            people_told: Claim::Proven,
            loops: std::collections::BTreeMap::new(),
            defect,
        }
    }

    fn story(step: Option<&str>) -> Story {
        let line = |zh: &str, en: &str, phase: Option<&str>| Told {
            after: SignedDuration::from_mins(5),
            what: Text::both(zh, en),
            phase: phase.map(PhaseId::from),
        };
        let lines = vec![line("宣告", "declared", Some("one")), line("完成", "done", Some("two"))];
        Story { lines, step: step.map(StepId::from) }
    }

    #[test]
    fn what_is_refuted_stands_at_its_step_its_phase_or_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.yaml");
        let text =
            "playbook: tried\nphases:\n  - id: one\n    steps: [ { id: look } ]\n  - id: two\n";
        std::fs::write(&file, text).unwrap();
        let files = [folder.path().join("gone.yaml"), file];
        let plan = PlaybookId::from("tried");
        let row = |step: Option<&str>, text: &str| {
            let proof = proof(Claim::Refuted(story(step)), None);
            let rows = findings(&plan, &proof, &files).unwrap().rows(Lang::En);
            assert_eq!(rows.len(), 1, "{text}");
            (rows[0].code.as_str().to_owned(), rows[0].line, rows[0].message.clone())
        };
        let (code, line, message) = row(Some("look"), "a step");
        assert_eq!((code.as_str(), line), ("E1001", 4));
        assert_eq!(
            message,
            "tried: it is never stuck — refuted; the shortest story:\n1. +5m      declared; phase \
             one\n2. +5m      done; phase two"
        );
        assert_eq!(row(Some("borrowed"), "a step of elsewhere").1, 5);
        assert_eq!(row(None, "a phase").1, 5);
        assert!(findings(&plan, &proof(Claim::Proven, None), &files).is_none());
        let open = findings(&plan, &proof(Claim::Open, None), &files).unwrap().rows(Lang::En);
        assert_eq!((open[0].code.as_str(), open[0].line), ("N1001", 1));
        assert!(open[0].message.contains("never stuck — neither proven nor refuted: 3 states"));
        let broken = proof(Claim::Proven, Some(("replay is the same", story(None))));
        let rows = findings(&plan, &broken, &files).unwrap().rows(Lang::Zh);
        assert_eq!(rows[0].code, DEFECT);
        assert!(rows[0].message.contains("firebell 的缺陷"), "{}", rows[0].message);
    }
}
