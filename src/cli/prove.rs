//! `firebell check --prove`: what exploring each plan showed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::refuted;
use super::screen::{Screen, note};
use crate::drill::file::Playbooks;
use crate::drill::stand_in::stand_ins;
use crate::id::{PhaseId, PlaybookId, StepId};
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::Diagnostics;
use crate::proof::{Claim, Detail, House, Proof, Story, prove};
use crate::runtime::Library;
use crate::text::{Lang, count};

/// The most states of one plan: some seconds, and some hundred megabytes.
const STATES_MAX: usize = 100_000;

/// A plan and what was shown of it.
pub(super) struct Proven {
    playbook: PlaybookId,
    proof: Proof,
}

/// A plan's proof as data.
#[derive(Serialize)]
pub(super) struct Row {
    playbook: PlaybookId,
    states: usize,
    moves: usize,
    complete: bool,
    never_stuck: Verdict,
    always_ends: Verdict,
    people_told: Verdict,
    loops: BTreeMap<PhaseId, u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    defect: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Proven,
    Open,
    Refuted {
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        story: Vec<String>,
    },
}

/// Explores every plan of a library.
pub(super) fn all(library: &Library, directory: &Arc<Directory>, screen: &Screen) -> Vec<Proven> {
    library.playbooks().filter_map(|playbook| one(playbook, directory, screen)).collect()
}

/// Without a configuration everyone is one operator, whose single voice makes no quorum: then
/// people are made up.
fn one(playbook: &Playbook, directory: &Directory, screen: &Screen) -> Option<Proven> {
    let made_up = match directory.is_built_in() {
        true => stand_ins(playbook, &Playbooks::default(), &[]).map_err(|faults| {
            let why: Vec<String> = faults
                .iter()
                .map(|fault| fault.kind.message().get(screen.lang).to_owned())
                .collect();
            note(format!("{}: {}", playbook.id, why.join("; ")));
        }),
        false => Ok(directory.clone()),
    };
    let house = House { playbook, directory: &made_up.ok()?, now: screen.now };
    Some(Proven { playbook: playbook.id.clone(), proof: prove(house, STATES_MAX, Detail::Kinds) })
}

impl Proven {
    pub(super) const fn is_refuted(&self) -> bool {
        self.proof.is_refuted()
    }

    /// Returns what was refuted or is open as findings of the plan's file, which is one of `files`.
    pub(super) fn findings(&self, files: &[PathBuf]) -> Option<Diagnostics> {
        refuted::findings(&self.playbook, &self.proof, files)
    }

    /// Returns it as data.
    pub(super) fn row(&self, lang: Lang) -> Row {
        let proof = &self.proof;
        let verdict = |claim: &Claim| match claim {
            Claim::Proven => Verdict::Proven,
            Claim::Open => Verdict::Open,
            Claim::Refuted(story) => {
                Verdict::Refuted { step: story.step.clone(), story: lines(story, lang) }
            }
        };
        Row {
            playbook: self.playbook.clone(),
            states: proof.states,
            moves: proof.moves,
            complete: !proof.cut && !proof.narrowed,
            never_stuck: verdict(&proof.never_stuck),
            always_ends: verdict(&proof.always_ends),
            people_told: verdict(&proof.people_told),
            loops: proof.loops.clone(),
            defect: proof.defect.as_ref().map(|(promise, _)| *promise),
        }
    }

    /// Returns it for people.
    pub(super) fn render(&self, lang: Lang) -> String {
        let proof = &self.proof;
        let (states, moves, id) = (proof.states, proof.moves, &self.playbook);
        let mut text = lang.pick(
            format!("{id}：探索了 {states} 个状态、{moves} 种变化\n"),
            format!("{id}: {states} states and {moves} moves explored\n"),
        );
        if proof.cut || proof.narrowed {
            text.push_str(&lang.pick(
                "    状态太多，未能全部探索\n".to_owned(),
                "    there are more; not all were looked at\n".to_owned(),
            ));
        }
        for (_, promise, claim) in refuted::claims(proof) {
            text.push_str(&said(promise.get(lang), claim, lang));
        }
        for (phase, at_most) in &proof.loops {
            text.push_str(&lang.pick(
                format!("  · 阶段 {phase} 的返回用满 {at_most} 次后，须由指挥决定去向\n"),
                format!(
                    "  · the way back from {phase} may be taken {}; then the commander decides\n",
                    count(*at_most as usize, "time", "times")
                ),
            ));
        }
        if let Some((promise, story)) = &proof.defect {
            text.push_str(&lang.pick(
                format!("  ✗ firebell 的缺陷，请报告：{promise}\n"),
                format!("  ✗ a defect of firebell, please report it: {promise}\n"),
            ));
            text.push_str(&story.render(lang));
        }
        text
    }
}

/// Says what a proof takes for granted.
pub(super) fn assumed(lang: Lang) -> String {
    lang.pick(
        "未探索：宣告之后在步骤表单以外更改输入、人工切换阶段、人工定级、暂停、事件继续时的撤回"
            .to_owned(),
        "not explored: inputs changed after the declaration but by the forms of steps, phases and \
         levels set by hand, pauses, rollbacks while the incident goes on"
            .to_owned(),
    )
}

fn lines(story: &Story, lang: Lang) -> Vec<String> {
    story.lines.iter().map(|line| line.what.get(lang).to_owned()).collect()
}

fn said(promise: &str, claim: &Claim, lang: Lang) -> String {
    match claim {
        Claim::Proven => format!("  ✓ {promise}\n"),
        Claim::Open => {
            let so_far = lang.pick("（就已探索的状态而言）", " (as far as was looked)");
            format!("  ? {promise}{so_far}\n")
        }
        Claim::Refuted(story) => {
            let step = story.step.as_ref().map(|step| format!(" [{step}]")).unwrap_or_default();
            let refuted = lang.pick("不成立，最短的反例：", "refuted; the shortest story:");
            format!("  ✗ {promise}{step} — {refuted}\n{}", story.render(lang))
        }
    }
}
