//! Objectives whose moments can occur, one after the other.

use std::collections::BTreeSet;

use crate::id::{PhaseId, StepId, VarId};
use crate::playbook::check::{Check, IMPOSSIBLE_OBJECTIVE, NOT_MEASURED};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::model::{Action, Milestone, Moment, Objective, Phase, Promise};
use crate::text::Text;

impl Check<'_> {
    pub(super) fn objectives(&mut self) {
        let playbook = self.playbook;
        for objective in &playbook.objectives {
            match &objective.promise {
                Promise::Within { from, to, .. } => {
                    if let Some(why) = self.impossible(from, to) {
                        self.cannot_be_met(objective, why);
                    }
                }
                Promise::Measure { measure, .. } => {
                    if !self.notes.measures.contains_key(measure) {
                        self.unmeasured(objective, measure);
                    }
                }
            }
        }
    }

    /// Tells whether anything records a measure or promises something about it.
    pub(super) fn is_measured(&self, measure: &VarId) -> bool {
        let promised = self.playbook.objectives.iter().any(|objective| {
            matches!(&objective.promise, Promise::Measure { measure: m, .. } if m == measure)
        });
        promised || self.notes.measures.contains_key(measure)
    }

    fn cannot_be_met(&mut self, objective: &Objective, why: Text) {
        let id = &objective.id;
        let found = Diagnostic::new(
            IMPOSSIBLE_OBJECTIVE,
            both!("目标 `{id}` 无法达成", "the objective `{id}` can never be met"),
        )
        .label(why);
        self.out.push(match self.notes.objectives.get(id.as_str()) {
            Some(span) => found.at(*span),
            None => found,
        });
    }

    fn unmeasured(&mut self, objective: &Objective, measure: &VarId) {
        let id = &objective.id;
        let found = Diagnostic::new(
            NOT_MEASURED,
            both!(
                "没有步骤记录 `{measure}`，目标 `{id}` 要靠人想起来填",
                "no step records `{measure}`: someone must remember it for the objective `{id}`"
            ),
        )
        .help(both!(
            "给一个人工步骤加上 `measure: {measure}`",
            "add `measure: {measure}` to a step that a person does"
        ));
        self.out.push(match self.notes.objectives.get(id.as_str()) {
            Some(span) => found.at(*span),
            None => found,
        });
    }

    fn impossible(&self, from: &Moment, to: &Moment) -> Option<Text> {
        if from == to {
            return Some(Text::both("起点和终点相同", "it begins where it ends"));
        }
        if let Some(why) = self.cannot_occur(from).or_else(|| self.cannot_occur(to)) {
            return Some(why);
        }
        let backwards = || Some(Text::both("终点先于起点", "its end comes before its start"));
        match (from, to) {
            (Moment::Closed, _) | (_, Moment::Detected) => backwards(),
            (Moment::Detected | Moment::Aware, _) | (Moment::Declared, Moment::Aware) => None,
            (_, Moment::Declared) => backwards(),
            _ => {
                let (first, last) = (self.phase_of(from)?, self.phase_of(to)?);
                let together = first.id == last.id;
                let before = match (from, to) {
                    (Moment::Step(from, _), Moment::Step(to, _)) => comes_after(first, from, to),
                    (Moment::Step(..), Moment::Phase(_)) => together,
                    _ => false,
                };
                let apart = !together && !self.leads(first, last);
                if before || apart { backwards() } else { None }
            }
        }
    }

    fn leads(&self, from: &Phase, to: &Phase) -> bool {
        let place = |phase: &Phase| self.playbook.index().phase(&phase.id);
        place(from)
            .zip(place(to))
            .is_some_and(|(from, to)| self.playbook.enterable_after(from).contains(&to))
    }

    fn phase_of(&self, moment: &Moment) -> Option<&Phase> {
        match moment {
            Moment::Phase(id) => self.phase(id),
            Moment::Step(id, _) => self.playbook.step(id).map(|(phase, _)| phase),
            _ => None,
        }
    }

    fn phase(&self, id: &PhaseId) -> Option<&Phase> {
        self.playbook.phase(id)
    }

    fn cannot_occur(&self, moment: &Moment) -> Option<Text> {
        let Moment::Step(id, Milestone::Failed) = moment else { return None };
        match self.playbook.step(id).map(|(_, step)| &step.action) {
            Some(Action::Wait(_)) => {
                Some(both!("等待步骤 `{id}` 不会失败", "the wait `{id}` cannot fail"))
            }
            _ => None,
        }
    }
}

/// Tells whether `later` waits for `earlier`, directly or not.
fn comes_after(phase: &Phase, later: &StepId, earlier: &StepId) -> bool {
    let mut open = vec![later];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(step) = phase.steps.iter().find(|step| step.id == *id) else { continue };
        for before in &step.after {
            if before == earlier {
                return true;
            }
            if seen.insert(before) {
                open.push(before);
            }
        }
    }
    false
}
