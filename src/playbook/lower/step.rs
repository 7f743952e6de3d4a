//! Steps: what is common to all kinds.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::id::{StepId, VarId};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{DANGLING, Decides, JOIN_TOO_MANY, Lowering, NO_BOUND, Site};
use crate::playbook::model::{
    Action, Blocks, Compensate, ForEach, Join, OnFailure, Repeat, Retry, Step,
};
use crate::playbook::source::Span;
use crate::playbook::value::LIST_ITEMS_MAX;
use crate::playbook::yaml::{
    BAD_VALUE, CONFLICT, Data, Fields, Node, missing, unknown_name, wrong_type,
};
use crate::text::Text;

/// The most iterations of a repeat: a year of hourly work.
const ITERATIONS_MAX: i64 = 10_000;
/// The most attempts of an automatic step.
const ATTEMPTS_MAX: i64 = 20;

const BLOCKS: [(&str, Blocks); 3] =
    [("phase", Blocks::Phase), ("close", Blocks::Close), ("nothing", Blocks::Nothing)];

impl<'n> Lowering<'n> {
    /// Reads a step of the phase of that name.
    pub(super) fn step(&mut self, node: &'n Node, phase: &'n str) -> Option<Step> {
        let what = Text::both("步骤", "a step");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let id = StepId::new(id.unwrap_or_default());
        let title = fields.text("title", &mut self.out);
        let action = self.action(&mut fields, &id);
        if title.is_none() && action.as_ref().is_some_and(Action::is_human) {
            self.out.push(missing(
                node.span,
                &Text::both("人工步骤", "a step for people"),
                "title",
            ));
        }
        let role = fields.take("role").and_then(|node| self.role_ref(node));
        let lane = fields.take("lane").and_then(|node| self.label(node)).map(SmolStr::new);
        let after_node = fields.take("after");
        let after = after_node.map(|node| self.after(node, phase)).unwrap_or_default();
        if let Some(after) = after_node {
            self.notes.after.insert(id.clone(), after.span);
        }
        let join = fields.take("join").map(|node| self.join(node, after.len())).unwrap_or_default();
        let when = fields.take("when");
        self.note_conditions(node, &id);
        let when = when.and_then(|node| self.condition(node, Site::Incident));
        let start_within = fields.take("start_within").and_then(|node| self.due(node));
        let due = fields.take("due").and_then(|node| self.due(node));
        self.default_has_time(node, action.as_ref(), due.is_some());
        let escalate = fields.take("escalate").and_then(|node| self.ladder(node));
        let retry = fields.take("retry").and_then(|node| self.retry(node)).unwrap_or_default();
        let timeout = fields.take("timeout").and_then(|node| self.calendar_free(node));
        let on_failure = self.on_failure(&mut fields, "on_failure", &id, phase);
        let on_timeout = self.on_failure(&mut fields, "on_timeout", &id, phase);
        let blocks = fields.take("blocks").and_then(|node| node.one_of(&BLOCKS, &mut self.out));
        let outlives_phase = fields.boolean("outlives_phase", &mut self.out).unwrap_or(false);
        let repeat = fields.take("repeat").and_then(|node| self.repeat(node));
        let for_each = fields.take("for_each").and_then(|node| self.for_each(node));
        let compensate = fields.take("compensate");
        let compensate = compensate.and_then(|node| self.compensate(node, &id, phase));
        self.belongs_to_a_call(&mut fields);
        fields.close(&mut self.out);
        let blocks = blocks.unwrap_or_default();
        Some(Step {
            id,
            title,
            action: action?,
            role,
            lane,
            after,
            join,
            when,
            start_within,
            due,
            escalate,
            retry,
            timeout,
            on_failure,
            on_timeout,
            blocks,
            outlives_phase,
            repeat,
            for_each,
            compensate,
        })
    }

    /// Notes where the conditions of a step stand.
    fn note_conditions(&mut self, node: &'n Node, id: &StepId) {
        let below = |key: &str, condition: &str| node.get(key).and_then(|of| of.get(condition));
        let notes = &mut self.notes;
        notes.decides(Decides::Step(id.clone()), node.get("when"));
        notes.decides(Decides::Wait(id.clone()), below("wait", "until"));
        notes.decides(Decides::Until(id.clone()), below("repeat", "until"));
        notes.decides(Decides::While(id.clone()), below("repeat", "while"));
    }

    /// Reads `nothing`, or the step of this phase that undoes this one.
    fn compensate(&mut self, node: &'n Node, step: &StepId, phase: &str) -> Option<Compensate> {
        let name = node.string(&mut self.out)?;
        if name == "nothing" {
            return Some(Compensate::Nothing);
        }
        if self.notes.steps.get(name).is_some_and(|place| place.phase == phase) {
            let by = StepId::new(name);
            let what = (step.clone(), by.clone());
            self.notes.compensations.push(super::Noted { what, span: node.span });
            return Some(Compensate::Step(by));
        }
        let noun = Text::both("本阶段的步骤", "step of this phase");
        let steps = self.notes.steps.iter().filter(|(_, place)| place.phase == phase);
        let names = steps.map(|(name, _)| *name).chain(["nothing"]);
        self.out.push_with(|| unknown_name(DANGLING, node.span, &noun, name, names));
        None
    }

    /// A default answer is taken when the step falls due.
    fn default_has_time(&mut self, node: &Node, action: Option<&Action>, is_due: bool) {
        let chosen = matches!(action, Some(Action::Decide(decide)) if decide.default.is_some());
        if chosen && !is_due {
            let what = Text::both("有默认答案的决定", "a decision with a default");
            self.out.push(missing(node.span, &what, "due"));
        }
    }

    /// Reads one predecessor or a list: steps of the same phase.
    fn after(&mut self, node: &'n Node, phase: &str) -> Vec<StepId> {
        let items = node.as_list().unwrap_or_else(|| std::slice::from_ref(node));
        let mut after: Vec<StepId> = Vec::with_capacity(items.len());
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for item in items {
            let Some(name) = item.string(&mut self.out) else { continue };
            match self.notes.steps.get(name) {
                Some(place) if place.phase == phase => {
                    if seen.insert(name) {
                        after.push(StepId::new(name));
                    }
                }
                Some(place) => {
                    let other = place.phase;
                    self.out.push(
                        Diagnostic::new(
                            DANGLING,
                            both!(
                                "`{name}` 属于阶段 `{other}`，`after` 只能写同一阶段的步骤",
                                "`{name}` is in the phase `{other}`; `after` names steps of the \
                                 same phase"
                            ),
                        )
                        .at(item.span)
                        .related(place.span, Text::both("声明于此", "declared here")),
                    );
                }
                None => {
                    let noun = Text::both("步骤", "step");
                    let steps = self.notes.steps.iter();
                    let near = steps.filter(|(_, place)| place.phase == phase);
                    let names = near.map(|(name, _)| *name);
                    self.out.push_with(|| unknown_name(DANGLING, item.span, &noun, name, names));
                }
            }
        }
        after
    }

    /// Reads `all`, `any` or how many of the predecessors.
    fn join(&mut self, node: &'n Node, of: usize) -> Join {
        let Data::Integer(_) = node.data else {
            let choices = [("all", Join::All), ("any", Join::Any)];
            return node.one_of(&choices, &mut self.out).unwrap_or_default();
        };
        let Some(n) = node.integer(1, i64::from(u32::MAX), &mut self.out) else {
            return Join::All;
        };
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        if usize::try_from(n).is_ok_and(|n| n > of) {
            self.out.push(
                Diagnostic::new(
                    JOIN_TOO_MANY,
                    both!(
                        "要求 {n} 个前置步骤，`after` 只有 {of} 个",
                        "`join` asks for {n} and `after` names {of}"
                    ),
                )
                .at(node.span),
            );
        }
        Join::AtLeast(n)
    }

    fn retry(&mut self, node: &'n Node) -> Option<Retry> {
        let mut fields = Fields::open(node, Text::both("重试", "a retry"), &mut self.out)?;
        let attempts = fields.require("attempts", &mut self.out);
        let attempts = attempts.and_then(|node| node.integer(1, ATTEMPTS_MAX, &mut self.out));
        let backoff = fields.take("backoff").and_then(|node| self.calendar_free(node));
        fields.close(&mut self.out);
        Some(Retry { attempts: u32::try_from(attempts?).ok()?, backoff })
    }

    /// Reads `stop`, `continue` or `{ go: step or phase }`.
    fn on_failure(
        &mut self,
        fields: &mut Fields<'n>,
        key: &'static str,
        step: &StepId,
        phase: &str,
    ) -> OnFailure {
        let Some(node) = fields.take(key) else { return OnFailure::Stop };
        if node.as_map().is_none() {
            let choices = [("stop", false), ("continue", true)];
            return match node.one_of(&choices, &mut self.out) {
                Some(true) => OnFailure::Continue,
                _ => OnFailure::Stop,
            };
        }
        let what = Text::both("失败处理", "what a failure does");
        let go = Fields::open(node, what, &mut self.out).and_then(|mut fields| {
            let go = fields.require("go", &mut self.out);
            fields.close(&mut self.out);
            go
        });
        go.and_then(|node| self.go(node, step, phase)).unwrap_or_default()
    }

    fn go(&mut self, node: &'n Node, step: &StepId, phase: &str) -> Option<OnFailure> {
        let name = node.string(&mut self.out)?;
        if self.notes.steps.get(name).is_some_and(|place| place.phase == phase) {
            return Some(OnFailure::GoStep(StepId::new(name)));
        }
        if self.notes.phases.contains_key(name) {
            let to = crate::id::PhaseId::new(name);
            let what = (step.clone(), to.clone());
            self.notes.failure_ways.push(super::Noted { what, span: node.span });
            return Some(OnFailure::GoPhase(to));
        }
        let noun = Text::both("本阶段的步骤或阶段", "step of this phase, or phase,");
        let steps = self.notes.steps.iter().filter(|(_, place)| place.phase == phase);
        let names: Vec<&str> =
            steps.map(|(name, _)| *name).chain(self.notes.phases.keys().copied()).collect();
        self.out.push_with(|| unknown_name(DANGLING, node.span, &noun, name, names));
        None
    }

    fn repeat(&mut self, node: &'n Node) -> Option<Repeat> {
        let what = Text::both("重复", "a repeat");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let every = fields.require("every", &mut self.out);
        let every = every.and_then(|node| self.calendar_free(node));
        let until_node = fields.take("until");
        let while_node = fields.take("while");
        let at_most = self.bound(&mut fields, ITERATIONS_MAX);
        fields.close(&mut self.out);
        if until_node.is_some() && while_node.is_some() {
            self.out.push(conflict(node.span, &["until", "while"]));
        }
        let until = until_node.and_then(|node| self.condition(node, Site::Incident));
        let while_true = while_node.and_then(|node| self.condition(node, Site::Incident));
        Some(Repeat { every: every?, until, while_true, at_most: at_most? })
    }

    fn for_each(&mut self, node: &'n Node) -> Option<ForEach> {
        let what = Text::both("逐项", "a for-each");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let list = fields.require("in", &mut self.out);
        let list = list.and_then(|node| self.expression(node, Site::Incident));
        let bind = fields.require("as", &mut self.out);
        let bind = bind.and_then(|node| {
            let text = node.string(&mut self.out)?;
            let name = self.variable(text, node.span)?;
            self.can_set(&name, None, node.span);
            Some(name)
        });
        let most = i64::try_from(LIST_ITEMS_MAX).unwrap_or(i64::MAX);
        let at_most = self.bound(&mut fields, most);
        let at_once = fields.integer("at_once", 1, most, &mut self.out);
        fields.close(&mut self.out);
        let at_once = at_once.and_then(|n| u32::try_from(n).ok());
        Some(ForEach { list: list?, bind: bind?, at_most: at_most?, at_once })
    }

    /// Reads the `at_most` that every loop must have.
    fn bound(&mut self, fields: &mut Fields<'n>, most: i64) -> Option<u32> {
        let Some(node) = fields.take("at_most") else {
            self.out.push(
                Diagnostic::new(NO_BOUND, Text::both("循环没有上限", "nothing bounds this loop"))
                    .at(fields.span())
                    .help(Text::both("加上 `at_most: 次数`", "add `at_most: times`")),
            );
            return None;
        };
        u32::try_from(node.integer(1, most, &mut self.out)?).ok()
    }

    /// Notes a field that `steps.<id>.<field>` may name.
    pub(super) fn step_field(&mut self, step: &StepId, field: &VarId) {
        self.notes.step_fields.entry(step.clone()).or_default().push(field.clone());
    }
}

/// Words keys that exclude each other.
pub(super) fn conflict(span: Span, keys: &[&str]) -> Diagnostic {
    let list = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
    let (zh, en) = (list.join("、"), list.join(", "));
    Diagnostic::new(CONFLICT, both!("{zh} 只能写一个", "write only one of {en}")).at(span)
}

/// Words a value that is none of a few forms.
pub(super) fn wanted(node: &Node, zh: &str, en: &str) -> Diagnostic {
    match node.as_str() {
        Some(text) => {
            Diagnostic::new(BAD_VALUE, both!("`{text}` 应为{zh}", "`{text}` should be {en}"))
                .at(node.span)
        }
        None => wrong_type(node, &Text::both(zh, en)),
    }
}
