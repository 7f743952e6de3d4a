//! What undoes a step stands outside the ordinary flow. What contains the trouble can be undone, and
//! whoever says how to undo anything says it of everything that is done to the outside.

use crate::id::StepId;
use crate::playbook::check::{Check, IN_THE_FLOW, NOT_UNDONE};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::model::{Action, Compensate, OnFailure, Phase, Step};
use crate::text::{Lang, Text};

/// Requests that change nothing where they go.
const SAFE_METHODS: [&str; 2] = ["GET", "HEAD"];

impl Check<'_> {
    pub(super) fn compensations(&mut self) {
        let playbook = self.playbook;
        for phase in &playbook.phases {
            for step in &phase.compensations {
                if let Some(why) = in_the_flow(phase, step) {
                    self.belongs_to_the_flow(&step.id, why);
                }
            }
        }
        let undoes = playbook.phases.iter().any(|phase| !phase.compensations.is_empty());
        let flow = playbook.phases.iter().flat_map(|phase| &phase.steps);
        for step in flow.filter(|step| step.compensate.is_none()) {
            if contains(step) {
                self.not_undone(&step.id, both_of(&step.id, "遏制了事态", "contains the trouble"));
            } else if undoes && changes_the_outside(step) {
                let said = both_of(&step.id, "改变了外部系统", "changes another system");
                self.not_undone(&step.id, said);
            }
        }
    }

    fn belongs_to_the_flow(&mut self, id: &StepId, why: Text) {
        let found = Diagnostic::new(
            IN_THE_FLOW,
            both!(
                "`{id}` 用来撤销别的步骤，不能处于正常流程中",
                "`{id}` undoes another step and has no place in the ordinary flow"
            ),
        )
        .label(why);
        let said = self.notes.compensations.iter().find(|noted| noted.what.1 == *id);
        let found = match said {
            Some(noted) => found.related(noted.span, Text::both("在此用来撤销", "undoes this")),
            None => found,
        };
        self.told_of(id, found);
    }

    fn not_undone(&mut self, id: &StepId, what: Text) {
        let found = Diagnostic::new(NOT_UNDONE, what).help(Text::both(
            "加上 `compensate: 步骤`；不需要撤销就写 `compensate: nothing`",
            "add `compensate: step`, or `compensate: nothing` where nothing is to be undone",
        ));
        self.told_of(id, found);
    }
}

fn both_of(id: &StepId, zh: &str, en: &str) -> Text {
    both!("`{id}` {zh}，预案没有写怎样撤销", "`{id}` {en} and the plan does not say how to undo it")
}

/// Words by which authors call what cuts something off to stop the harm: in names and English
/// titles as whole words, in Chinese titles anywhere.
const CONTAINS_EN: [&str; 6] =
    ["isolate", "contain", "quarantine", "block", "disconnect", "blackhole"];
const CONTAINS_ZH: [&str; 8] = ["隔离", "遏制", "止损", "切断", "阻断", "封禁", "封锁", "断网"];
/// Words by which they call the opposite.
const LIFTS: [&str; 8] =
    ["lift", "unblock", "restore", "reconnect", "解除", "恢复", "取消", "撤销"];

/// Tells whether a step cuts something off to stop the harm, by its name and title.
fn contains(step: &Step) -> bool {
    let works = matches!(&step.action, Action::Manual(_)) || changes_the_outside(step);
    let title = |lang| step.title.as_ref().map_or("", |title| title.get(lang));
    let (zh, en) = (title(Lang::Zh), title(Lang::En).to_lowercase());
    let said = format!("{} {en}", step.id);
    let words = said.split(|c: char| !c.is_alphabetic());
    let called = words.into_iter().any(|word| CONTAINS_EN.contains(&word))
        || CONTAINS_ZH.iter().any(|word| zh.contains(word) || step.id.as_str().contains(word));
    let lifted = LIFTS.iter().any(|word| said.contains(word) || zh.contains(word));
    works && called && !lifted
}

fn changes_the_outside(step: &Step) -> bool {
    matches!(&step.action, Action::Http(http) if !SAFE_METHODS.contains(&http.method.as_str()))
}

/// Returns why a step that undoes another belongs to the ordinary flow, if it does.
fn in_the_flow(phase: &Phase, step: &Step) -> Option<Text> {
    if matches!(step.compensate, Some(Compensate::Step(_))) {
        return Some(Text::both("它自己也要撤销", "it is itself undone"));
    }
    if !step.after.is_empty() {
        return Some(Text::both("它有 `after`", "it has `after`"));
    }
    if step.repeat.is_some() || step.for_each.is_some() || step.outlives_phase {
        return Some(Text::both(
            "撤销步骤只做一次，不能重复、逐项或跨阶段",
            "it is done once: it neither repeats, nor runs for each item, nor outlives its phase",
        ));
    }
    let goes = |way: &OnFailure| matches!(way, OnFailure::GoStep(_) | OnFailure::GoPhase(_));
    if goes(&step.on_failure) || goes(&step.on_timeout) {
        return Some(Text::both("它的失败会转到别处", "its failure goes elsewhere"));
    }
    let leads = |way: &OnFailure| matches!(way, OnFailure::GoStep(to) if *to == step.id);
    let named = phase.every_step().any(|other| {
        other.after.contains(&step.id) || leads(&other.on_failure) || leads(&other.on_timeout)
    });
    named.then(|| Text::both("正常流程里有步骤指向它", "a step of the flow names it"))
}
