//! Every name in an expression or template stands for something, and every one of them works with
//! values of the declared types.

use smol_str::SmolStr;

use crate::id::VarId;
use crate::playbook::check::sample::{Answered, Samples};
use crate::playbook::check::{
    Check, EXPRESSION_FAILS, NO_SUCH_ANSWER, TEMPLATE_FAILS, UNKNOWN_NAME,
};
use crate::playbook::diagnostic::{Code, Diagnostic, both};
use crate::playbook::expression::{Expression, Name, StepFact, StepWord, chinese};
use crate::playbook::lower::{Form, Site, Used, inside};
use crate::playbook::model::Action;
use crate::playbook::source::Span;
use crate::playbook::template::{JsonTemplate, Template};
use crate::playbook::yaml::unknown_name;
use crate::text::Text;

/// A text compiled again: the model has taken the first away.
enum Compiled {
    Expression(Expression),
    Template(Template),
    Json(JsonTemplate),
}

impl Compiled {
    fn of(used: &Used<'_>) -> Option<Self> {
        let source = used.node.as_str()?;
        match used.form {
            Form::Condition | Form::Value => Expression::compile(source).ok().map(Self::Expression),
            Form::Template(lang) => Template::compile(source, lang).ok().map(Self::Template),
            Form::Json => JsonTemplate::text(source).ok().map(Self::Json),
        }
    }

    fn names(&self) -> Vec<&Name> {
        match self {
            Self::Expression(expression) => expression.names().iter().collect(),
            Self::Template(template) => template.names().iter().collect(),
            Self::Json(json) => {
                let mut names = Vec::new();
                json.names(&mut names);
                names
            }
        }
    }
}

impl Check<'_> {
    pub(super) fn names(&mut self) {
        let samples = Samples::new(self.playbook, &self.notes.variables);
        for used in &self.notes.used {
            if self.out.is_full() {
                return;
            }
            let Some(compiled) = Compiled::of(used) else { continue };
            let mut sound = true;
            for name in compiled.names() {
                if let Some(found) = self.unknown(name, used) {
                    self.out.push(found);
                    sound = false;
                }
            }
            if sound {
                self.try_out(&compiled, used, &samples);
                self.answerable(&compiled, used);
            }
        }
    }

    /// Words a name that cannot be known where it stands.
    fn unknown(&self, name: &Name, used: &Used<'_>) -> Option<Diagnostic> {
        if let Some(message) = self.out_of_place(name, used.site) {
            return Some(Diagnostic::new(UNKNOWN_NAME, message).at(self.place(name, used)));
        }
        let none = |zh: &str, en: &str, written: &str, known: Vec<&str>| {
            let noun = Text::both(zh, en);
            Some(unknown_name(UNKNOWN_NAME, self.place(name, used), &noun, written, known))
        };
        match name {
            Name::Variable(id) if !self.notes.variables.contains_key(id) => {
                let known = self.notes.variables.keys().map(VarId::as_str);
                let known = known.chain(["level", "phase"]).collect();
                let found = none("变量", "variable", id.as_str(), known)?;
                Some(found.note(Text::both(
                    "变量来自输入、表单、`save` 和 `set`",
                    "variables come from inputs, forms, `save` and `set`",
                )))
            }
            Name::Step(id, fact) => match self.playbook.step(id) {
                None => {
                    let known = self.notes.steps.keys().copied().collect();
                    none("步骤", "step", id.as_str(), known)
                }
                Some((_, step)) => self
                    .unknown_fact(name, fact, &step.action, used)
                    .or_else(|| self.reads_personal(name, self.place(name, used))),
            },
            Name::Role(id, _) if !self.notes.roles.contains_key(id.as_str()) => {
                none("角色", "role", id.as_str(), self.notes.roles.keys().copied().collect())
            }
            Name::Measure(id) if !self.is_measured(id) => {
                let known = self.notes.measures.keys().map(VarId::as_str).collect();
                none("测量值", "measure", id.as_str(), known)
            }
            _ => self.reads_personal(name, self.place(name, used)),
        }
    }

    fn out_of_place(&self, name: &Name, site: Site) -> Option<Text> {
        match (site, name) {
            (Site::Level, Name::Level) => {
                Some(both!("等级规则不能以等级为条件", "a level rule cannot depend on the level"))
            }
            (Site::Alert, Name::Alert(_)) => None,
            (Site::Alert, _) => Some(both!(
                "告警到来时只有 `alert.…`，没有 `{name}`",
                "only `alert.…` is there when an alert comes in, not `{name}`"
            )),
            (Site::Surge, Name::Surge(_)) => None,
            (Site::Surge, _) => Some(both!(
                "激增到来时只有 `surge.…`，没有 `{name}`",
                "only `surge.…` is there when a surge comes in, not `{name}`"
            )),
            (Site::Incident | Site::Level, Name::Here(_)) => {
                Some(both!("`{name}` 只能用于消息", "`{name}` is there in messages only"))
            }
            _ => None,
        }
    }

    fn unknown_fact(
        &self,
        name: &Name,
        fact: &StepFact,
        action: &Action,
        used: &Used<'_>,
    ) -> Option<Diagnostic> {
        let Name::Step(id, _) = name else { return None };
        match fact {
            StepFact::Word(StepWord::Answer) if !matches!(action, Action::Decide(_)) => Some(
                Diagnostic::new(
                    UNKNOWN_NAME,
                    both!("步骤 `{id}` 没有可选的答案", "the step `{id}` has no answer"),
                )
                .at(self.place(name, used))
                .help(Text::both(
                    "只有 `decide` 步骤有 `answer`",
                    "only `decide` steps have an `answer`",
                )),
            ),
            StepFact::Word(_) => None,
            StepFact::Field(field) => {
                let fields = self.notes.step_fields.get(id).map(Vec::as_slice).unwrap_or_default();
                if fields.contains(field) {
                    return None;
                }
                let words = StepWord::ALL.iter().map(|word| word.as_str());
                let known: Vec<&str> = fields.iter().map(VarId::as_str).chain(words).collect();
                Some(
                    Diagnostic::new(
                        UNKNOWN_NAME,
                        both!("步骤 `{id}` 没有 `{field}`", "the step `{id}` has no `{field}`"),
                    )
                    .at(self.place(name, used))
                    .did_you_mean(field.as_str(), known),
                )
            }
        }
    }

    /// Finds where a name stands in its text.
    fn place(&self, name: &Name, used: &Used<'_>) -> Span {
        let text = used.node.as_str().unwrap_or_default();
        let written = name.to_string();
        match text.find(&written) {
            Some(at) => inside(self.out.sources(), used.node, Span::new(at, at + written.len())),
            None => used.node.span,
        }
    }

    /// A condition on nothing but the answer of a decision holds for one of its options, or while
    /// there is none yet.
    fn answerable(&mut self, compiled: &Compiled, used: &Used<'_>) {
        let Compiled::Expression(expression) = compiled else { return };
        let [Name::Step(id, StepFact::Word(StepWord::Answer))] = expression.names() else { return };
        let Some((_, step)) = self.playbook.step(id) else { return };
        let Action::Decide(decide) = &step.action else { return };
        let held = |answer: Option<&str>| expression.truth(&Answered(answer)).unwrap_or(true);
        let mut options = decide.options.iter().map(SmolStr::as_str);
        if used.form != Form::Condition || held(None) || options.any(|option| held(Some(option))) {
            return;
        }
        let list = decide.options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>();
        let (zh, en) = (list.join("、"), list.join(", "));
        self.out.push(
            Diagnostic::new(
                NO_SUCH_ANSWER,
                both!("`{id}` 的任何答案都不满足它", "no answer to `{id}` makes this hold"),
            )
            .at(used.node.span)
            .help(both!("可选答案：{zh}", "the options are {en}")),
        );
    }

    /// Evaluates a text with sample values of the declared types.
    fn try_out(&mut self, compiled: &Compiled, used: &Used<'_>, samples: &Samples<'_>) {
        let (code, said): (Code, Option<String>) = match compiled {
            Compiled::Expression(expression) => (EXPRESSION_FAILS, samples.failure(expression)),
            Compiled::Json(JsonTemplate::Value(expression)) => {
                (TEMPLATE_FAILS, samples.failure(expression))
            }
            Compiled::Template(template) | Compiled::Json(JsonTemplate::Text(template)) => {
                (TEMPLATE_FAILS, samples.template_failure(template))
            }
            Compiled::Json(_) => return,
        };
        if let Some(said) = said {
            let reason = chinese(&said);
            self.out.push(
                Diagnostic::new(
                    code,
                    both!("无法计算：{reason}", "this cannot be computed: {said}"),
                )
                .at(used.node.span)
                .note(Text::both(
                    "用声明类型的示例值试算得出",
                    "found by trying it with sample values of the declared types",
                )),
            );
        }
    }
}
