//! Small values that stand all over a drill file: durations, percentages, names of the plan.

use jiff::SignedDuration;

use crate::drill::cast::Share;
use crate::drill::file::code::{BAD_DURATION, BAD_SHARE, UNKNOWN_NAME};
use crate::drill::scenario::LENGTH_MAX;
use crate::id::{ObjectiveId, PhaseId, RoleId, StepId, VarId};
use crate::playbook::Span;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Fields, Node};
use crate::playbook::{Action, FieldType, Playbook, Step};
use crate::text::{Lang, Text};

/// Reads a duration of fixed length, at most the length of a drill.
pub(super) fn duration(node: &Node, out: &mut Diagnostics) -> Option<SignedDuration> {
    let written = node.string(out)?;
    let wrong = |message| Diagnostic::new(BAD_DURATION, message).at(node.span);
    let span = match written.parse::<Span>() {
        Ok(span) => span,
        Err(error) => {
            let why = error.text();
            let (zh, en) = (why.get(Lang::Zh), why.get(Lang::En));
            let message =
                both!("`{written}` 不是时长：{zh}", "`{written}` is not a duration: {en}");
            out.push(
                wrong(message).help(both!("写法如 `90s` `5m` `1h30m`", "like `90s` `5m` `1h30m`")),
            );
            return None;
        }
    };
    let Some(fixed) = span.fixed() else {
        out.push(wrong(both!(
            "演练里的时长不能用月或工作日：`{written}`",
            "durations of a drill have no months or business days: `{written}`"
        )));
        return None;
    };
    if fixed > LENGTH_MAX {
        out.push(wrong(both!(
            "`{written}` 比最长的演练（30 天）还长",
            "`{written}` is longer than the longest drill (30 days)"
        )));
        return None;
    }
    Some(fixed)
}

/// Reads the duration of a key.
pub(super) fn take_duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    out: &mut Diagnostics,
) -> Option<SignedDuration> {
    fields.take(key).and_then(|node| duration(node, out))
}

/// Reads a percentage, `2%`.
pub(super) fn percent(node: &Node, out: &mut Diagnostics) -> Option<Share> {
    let written = node.string(out)?;
    let number = written.strip_suffix('%').and_then(|digits| digits.trim().parse::<f64>().ok());
    let share = number.and_then(|percent| Share::new(percent / 100.0));
    if share.is_none() {
        out.push(
            Diagnostic::new(
                BAD_SHARE,
                both!("`{written}` 不是百分比", "`{written}` is not a percentage"),
            )
            .at(node.span)
            .help(both!("写 `0%` 到 `100%`", "write `0%` to `100%`")),
        );
    }
    share
}

/// Reads a text for people; a language that is missing is warned of.
pub(super) fn text(node: &Node, out: &mut Diagnostics) -> Option<Text> {
    node.text(out)
}

/// The plan a drill rehearses, where it is known; names are looked up in it.
#[derive(Clone, Copy)]
pub(super) struct Plan<'p>(pub Option<&'p Playbook>);

impl<'p> Plan<'p> {
    /// Reads a role.
    pub(super) fn role(self, node: &Node, out: &mut Diagnostics) -> Option<RoleId> {
        let written = node.string(out)?;
        let known = || self.role_names();
        self.known(node, written, &Text::both("角色", "role"), known, out).map(RoleId::new)
    }

    /// Reads a step.
    pub(super) fn step(self, node: &Node, out: &mut Diagnostics) -> Option<StepId> {
        let written = node.string(out)?;
        let known = || self.step_names();
        self.known(node, written, &Text::both("步骤", "step"), known, out).map(StepId::new)
    }

    /// Reads a phase.
    pub(super) fn phase(self, node: &Node, out: &mut Diagnostics) -> Option<PhaseId> {
        let written = node.string(out)?;
        let phases = self.0.map(|plan| plan.phases.as_slice()).unwrap_or_default();
        let known = || phases.iter().map(|phase| phase.id.as_str());
        let what = Text::both("阶段", "phase");
        self.known(node, written, &what, known, out).map(PhaseId::new)
    }

    /// Reads an objective.
    pub(super) fn objective(self, node: &Node, out: &mut Diagnostics) -> Option<ObjectiveId> {
        let written = node.string(out)?;
        let objectives = self.0.map(|plan| plan.objectives.as_slice()).unwrap_or_default();
        let known = || objectives.iter().map(|objective| objective.id.as_str());
        let what = Text::both("目标", "objective");
        self.known(node, written, &what, known, out).map(ObjectiveId::new)
    }

    /// Reads an input.
    pub(super) fn input(self, node: &Node, out: &mut Diagnostics) -> Option<VarId> {
        let written = node.string(out)?;
        let known = || self.0.into_iter().flat_map(|plan| plan.inputs.keys()).map(VarId::as_str);
        self.known(node, written, &Text::both("输入项", "input"), known, out).map(VarId::new)
    }

    /// Walks the names of the plan's roles.
    pub(super) fn role_names(self) -> impl Iterator<Item = &'p str> {
        self.0.into_iter().flat_map(|plan| plan.roles.keys()).map(RoleId::as_str)
    }

    /// Walks the names of the plan's steps.
    pub(super) fn step_names(self) -> impl Iterator<Item = &'p str> {
        self.steps().map(|step| step.id.as_str())
    }

    /// Lists everything that can ever be set: inputs, form answers, saved and computed values.
    pub(super) fn variable_names(self) -> Vec<&'p str> {
        let mut names: Vec<&str> =
            self.0.into_iter().flat_map(|plan| plan.inputs.keys()).map(VarId::as_str).collect();
        for step in self.steps() {
            match &step.action {
                Action::Manual(manual) => names.extend(manual.form.keys().map(VarId::as_str)),
                Action::Http(http) => names.extend(http.save.keys().map(VarId::as_str)),
                Action::Set(values) => names.extend(values.keys().map(VarId::as_str)),
                Action::Child(child) => names.extend(child.save.keys().map(VarId::as_str)),
                Action::Notify(_)
                | Action::Decide(_)
                | Action::Approve(_)
                | Action::Wait(_)
                | Action::HandOff(_) => {}
            }
        }
        names
    }

    /// Reads a variable: whatever the plan can set.
    pub(super) fn variable(self, node: &Node, out: &mut Diagnostics) -> Option<VarId> {
        let written = node.string(out)?;
        let known = || self.variable_names().into_iter();
        self.known(node, written, &Text::both("变量", "variable"), known, out).map(VarId::new)
    }

    /// Returns the declared type of a variable: of an input, or of a form's field.
    pub(super) fn type_of(self, name: &VarId) -> Option<&'p FieldType> {
        let input = self.0.and_then(|plan| plan.inputs.get(name));
        let field = input.or_else(|| {
            self.steps().find_map(|step| match &step.action {
                Action::Manual(manual) => manual.form.get(name),
                _ => None,
            })
        });
        field.map(|field| &field.kind)
    }

    /// Tells whether the plan keeps a variable apart as personal data.
    pub(super) fn is_personal(self, name: &VarId) -> bool {
        self.0.is_some_and(|plan| plan.is_personal(name))
    }

    /// Finds a step that has been looked up.
    pub(super) fn find(self, step: &StepId) -> Option<&'p Step> {
        self.steps().find(|candidate| candidate.id == *step)
    }

    /// Walks all steps of the plan.
    pub(super) fn steps(self) -> impl Iterator<Item = &'p Step> {
        self.0.into_iter().flat_map(Playbook::every_step)
    }

    /// Returns the name when the plan has it, or when no plan is there to ask.
    fn known<'a, 'w, I: Iterator<Item = &'a str>>(
        self,
        place: &Node,
        written: &'w str,
        what: &Text,
        names: impl Fn() -> I,
        out: &mut Diagnostics,
    ) -> Option<&'w str> {
        if self.0.is_none() || names().any(|name| name == written) {
            return Some(written);
        }
        let (zh, en) = (what.get(Lang::Zh), what.get(Lang::En));
        out.push(
            Diagnostic::new(
                UNKNOWN_NAME,
                both!("预案没有{zh} `{written}`", "the playbook has no {en} `{written}`"),
            )
            .at(place.span)
            .did_you_mean(written, names()),
        );
        None
    }
}
