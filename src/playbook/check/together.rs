//! Rules over several plans: what one asks of another is there, fits, and does not go round in
//! circles. A plan whose counterpart is not at hand is left alone, and says so.

mod circle;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{PlaybookId, VarId};
use crate::playbook::check::{
    CHILD_HIDDEN, CHILD_INPUT, CHILD_INPUT_MISSING, CHILD_INPUT_TYPE, CHILD_NOT_CHECKED,
    CHILD_OUTPUT, TYPE_CLASH, UNKNOWN_CHILD,
};
use crate::playbook::diagnostic::{Code, Diagnostic, both};
use crate::playbook::load::Loaded;
use crate::playbook::lower::{CallPlace, SavePlace, Shape, WithPlace};
use crate::playbook::model::{Access, Playbook};
use crate::playbook::signature::{Signature, may_be, never_text};
use crate::playbook::value::Field;
use crate::playbook::yaml::unknown_name;
use crate::text::{Lang, Text};

pub use circle::CHILDREN_NEST_MAX;

/// What the plans that are checked are among.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Plans that are known and not checked themselves.
    pub others: &'a [Arc<Playbook>],
    /// There are no further plans: one that is not here is nowhere.
    pub whole: bool,
}

/// Applies the rules over several plans to those just loaded: findings are added to each, and a
/// plan with errors is no longer given.
pub fn check_together(plans: &mut [Loaded], scope: Scope<'_>) {
    let mut all: BTreeMap<PlaybookId, Signature> = BTreeMap::new();
    for other in scope.others {
        all.insert(other.id.clone(), Signature::of(other));
    }
    for plan in plans.iter().filter_map(|plan| plan.signature.as_ref()) {
        all.insert(plan.id.clone(), plan.clone());
    }
    // Of a file that does not read at all nobody knows which plan it holds.
    let whole = scope.whole && plans.iter().all(|plan| plan.signature.is_some());
    let calls = circle::Calls::of(&all);
    for plan in plans.iter_mut() {
        let of = plan.signature.as_ref();
        let found = of.map(|of| Together { of, all: &all, calls: &calls, whole }.look(plan));
        for diagnostic in found.into_iter().flatten() {
            plan.findings.push(diagnostic);
        }
        plan.findings.sort();
        if plan.findings.has_errors() {
            plan.playbook = None;
        }
    }
}

/// One plan among others.
struct Together<'a> {
    of: &'a Signature,
    all: &'a BTreeMap<PlaybookId, Signature>,
    calls: &'a circle::Calls<'a>,
    whole: bool,
}

impl Together<'_> {
    fn look(&self, plan: &Loaded) -> Vec<Diagnostic> {
        let mut out = Vec::new();
        for (place, (_, id)) in plan.calls.iter().zip(&self.of.calls) {
            match self.all.get(id) {
                Some(other) => {
                    let handoff = plan.hands_over(&place.step);
                    self.inputs(place, other, handoff, &mut out);
                    self.outputs(place, other, &mut out);
                    self.hidden(place, other, handoff, &mut out);
                }
                None if self.whole => out.push(self.unknown(place, id)),
                None => out.push(not_checked(place, id)),
            }
        }
        self.calls.look(self.of, &plan.calls, &mut out);
        out
    }

    fn unknown(&self, place: &CallPlace, id: &PlaybookId) -> Diagnostic {
        let others = self.all.keys().filter(|other| **other != self.of.id);
        let noun = Text::both("预案", "playbook");
        unknown_name(UNKNOWN_CHILD, place.plan, &noun, id.as_str(), others.map(PlaybookId::as_str))
    }

    fn inputs(
        &self,
        place: &CallPlace,
        other: &Signature,
        handoff: bool,
        out: &mut Vec<Diagnostic>,
    ) {
        for given in &place.with {
            let Some(field) = other.inputs.get(&given.name) else {
                let known = other.inputs.keys().map(VarId::as_str);
                let (id, name) = (&other.id, &given.name);
                let found = Diagnostic::new(
                    CHILD_INPUT,
                    both!("预案 `{id}` 没有输入项 `{name}`", "`{id}` has no input `{name}`"),
                );
                out.push(found.at(given.at).did_you_mean(name.as_str(), known));
                continue;
            };
            if let Some(why) = self.misfit(given, field) {
                let (id, name) = (&other.id, &given.name);
                let (zh, en) = (why.get(Lang::Zh), why.get(Lang::En));
                let message = both!(
                    "不符合预案 `{id}` 的输入项 `{name}`：{zh}",
                    "this does not fit the input `{name}` of `{id}`: {en}"
                );
                out.push(Diagnostic::new(CHILD_INPUT_TYPE, message).at(given.value_at));
            }
        }
        for (name, field) in &other.inputs {
            let given = place.with.iter().any(|given| given.name == *name);
            let kept = handoff && self.of.variables.contains_key(name);
            if field.required && field.default.is_none() && !given && !kept {
                out.push(self.missing(place, other, name, field));
            }
        }
    }

    fn missing(
        &self,
        place: &CallPlace,
        other: &Signature,
        name: &VarId,
        field: &Field,
    ) -> Diagnostic {
        let id = &other.id;
        let message = both!(
            "预案 `{id}` 必填的输入项 `{name}` 没有给出",
            "the input `{name}`, which `{id}` requires, is not given"
        );
        let help = if field.personal {
            both!(
                "个人信息不能经 `with` 传递；请在 `{id}` 中改为由人在步骤表单里填写",
                "personal data cannot pass through `with`; let a person of `{id}` fill it in, in \
                 a step's form"
            )
        } else {
            both!("加上 `with: {{ {name}: … }}`", "add `with: {{ {name}: … }}`")
        };
        of_call(CHILD_INPUT_MISSING, place, message, help)
    }

    /// Says why a value can never fit an input; of what may fit nothing.
    fn misfit(&self, given: &WithPlace, field: &Field) -> Option<Text> {
        let asked = field.kind.name();
        match &given.shape {
            Shape::Fixed(json) => {
                let problems = field.kind.read(json).err()?;
                problems.into_iter().next().map(|problem| problem.text())
            }
            Shape::Variable(name) => {
                let kind = self.of.variables.get(name)?.as_ref()?;
                let held = kind.name();
                (!may_be(kind, &field.kind)).then(|| {
                    both!("`{name}` 是 {held}，而它是 {asked}", "`{name}` is {held}, it is {asked}")
                })
            }
            Shape::Text => never_text(&field.kind)
                .then(|| both!("这是文本，而它是 {asked}", "this is text, it is {asked}")),
            Shape::Any => None,
        }
    }

    fn outputs(&self, place: &CallPlace, other: &Signature, out: &mut Vec<Diagnostic>) {
        let id = &other.id;
        for taken in &place.save {
            let theirs = &taken.theirs;
            if other.personal.contains(theirs) {
                let message = both!(
                    "预案 `{id}` 的 `{theirs}` 是个人信息，不能取出",
                    "`{theirs}` of `{id}` is personal data, which cannot be taken out"
                );
                out.push(Diagnostic::new(CHILD_OUTPUT, message).at(taken.theirs_at));
                continue;
            }
            match other.variables.get(theirs) {
                None => {
                    let known = other.variables.keys().map(VarId::as_str);
                    let message = both!(
                        "预案 `{id}` 中没有什么能设置 `{theirs}`",
                        "nothing in `{id}` can set `{theirs}`"
                    );
                    let found = Diagnostic::new(CHILD_OUTPUT, message).at(taken.theirs_at);
                    out.push(found.did_you_mean(theirs.as_str(), known));
                }
                Some(Some(kind)) => out.extend(self.clash(taken, kind, other)),
                Some(None) => {}
            }
        }
    }

    /// What is taken has the type the other plan gives it; one variable has one type.
    fn clash(
        &self,
        taken: &SavePlace,
        kind: &crate::playbook::value::FieldType,
        other: &Signature,
    ) -> Option<Diagnostic> {
        let ours = self.of.variables.get(&taken.name)?.as_ref()?;
        let (one, another, name, id) = (ours.name(), kind.name(), &taken.name, &other.id);
        (one != another).then(|| {
            let message = both!(
                "`{name}` 在这里是 {one}，预案 `{id}` 给出的是 {another}",
                "`{name}` is {one} here, and `{id}` gives {another}"
            );
            Diagnostic::new(TYPE_CLASH, message)
                .at(taken.at)
                .help(Text::both("用同一类型，或换一个名称", "use one type, or another name"))
        })
    }

    /// What only some may see does not pass to where all may see it. An incident that is handed over
    /// stays as closed as it was.
    fn hidden(
        &self,
        place: &CallPlace,
        other: &Signature,
        handoff: bool,
        out: &mut Vec<Diagnostic>,
    ) {
        let mut said = place.with.iter().filter(|given| !matches!(given.shape, Shape::Fixed(_)));
        let id = &other.id;
        let (from, at) = match (self.of.access, other.access) {
            (Access::Restricted, Access::Open) if !handoff => {
                (Some(&self.of.id), said.next().map(|given| given.at))
            }
            (Access::Open, Access::Restricted) => {
                (Some(id), place.save.first().map(|taken| taken.at))
            }
            (Access::Open, Access::Open) | (Access::Restricted, _) => (None, None),
        };
        let (Some(from), Some(at)) = (from, at) else { return };
        let message = both!(
            "`{from}` 仅限有关人员查看，这些值会出现在所有人可见的事件里",
            "only those involved may see `{from}`; these values go where everyone may see them"
        );
        let help = Text::both(
            "两个预案用同样的 `access`，或不传递这些值",
            "give both plans the same `access`, or leave these values out",
        );
        out.push(Diagnostic::new(CHILD_HIDDEN, message).at(at).help(help));
    }
}

fn not_checked(place: &CallPlace, id: &PlaybookId) -> Diagnostic {
    let message = both!(
        "没有检查对预案 `{id}` 的调用：它不在所检查的文件中",
        "the call of `{id}` was not checked: that plan is not among the files checked"
    );
    let help = Text::both(
        "检查整个目录：firebell check playbooks/",
        "check the folder: firebell check playbooks/",
    );
    of_call(CHILD_NOT_CHECKED, place, message, help)
}

/// Words something about a call, at the name of the other plan.
fn of_call(code: Code, place: &CallPlace, message: Text, help: Text) -> Diagnostic {
    Diagnostic::new(code, message).at(place.plan).help(help)
}
