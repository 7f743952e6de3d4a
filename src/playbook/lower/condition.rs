//! Conditions, expressions and templates.

use crate::playbook::diagnostic::{Code, Diagnostic, both};
use crate::playbook::expression::{CompileError, Condition, Expression};
use crate::playbook::lower::{BAD_EXPRESSION, BAD_TEMPLATE, Form, Lowering, Site, Used};
use crate::playbook::model::TextTemplate;
use crate::playbook::source::Span;
use crate::playbook::sources::Sources;
use crate::playbook::template::{JsonTemplate, Template};
use crate::playbook::yaml::{Data, Fields, Node, bad_value, missing, wrong_type};
use crate::text::{Lang, Text};

/// The most expressions and templates of one plan: compiling them is what costs; the longest real
/// plan has 150.
const COMPILED_MAX: usize = 2_000;

impl<'n> Lowering<'n> {
    /// Reads an expression, or `{ any: […] }`, `{ all: […] }`, `{ not: … }` of conditions.
    pub(super) fn condition(&mut self, node: &'n Node, at: Site) -> Option<Condition> {
        match &node.data {
            Data::String(source) => {
                self.note(node, Form::Condition, at)?;
                let compiled = Expression::compile(source);
                self.compiled(compiled, node, BAD_EXPRESSION).map(Condition::Holds)
            }
            Data::Map(_) => self.combined(node, at),
            _ => {
                let wanted = Text::both(
                    "文本（表达式）或 any、all、not",
                    "text (an expression) or any, all, not",
                );
                self.out.push(wrong_type(node, &wanted));
                None
            }
        }
    }

    fn combined(&mut self, node: &'n Node, at: Site) -> Option<Condition> {
        let what = Text::both("条件", "a condition");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let any = fields.take("any");
        let all = fields.take("all");
        let not = fields.take("not");
        fields.close(&mut self.out);
        match (any, all, not) {
            (Some(list), None, None) => self.conditions(list, at).map(Condition::Any),
            (None, Some(list), None) => self.conditions(list, at).map(Condition::All),
            (None, None, Some(inner)) => {
                self.condition(inner, at).map(|inner| Condition::Not(Box::new(inner)))
            }
            (None, None, None) => {
                self.out.push(missing(node.span, &what, "any"));
                None
            }
            _ => {
                self.out.push(super::step::conflict(node.span, &["any", "all", "not"]));
                None
            }
        }
    }

    fn conditions(&mut self, node: &'n Node, at: Site) -> Option<Vec<Condition>> {
        let items = node.list(&mut self.out)?;
        if items.is_empty() {
            let message = Text::both("列表不能为空", "the list must not be empty");
            self.out.push(bad_value(node.span, message));
        }
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            all.extend(self.condition(item, at));
        }
        (all.len() == items.len() && !items.is_empty()).then_some(all)
    }

    /// Reads an expression whose value is used.
    pub(super) fn expression(&mut self, node: &'n Node, at: Site) -> Option<Expression> {
        let source = node.string(&mut self.out)?;
        self.note(node, Form::Value, at)?;
        let compiled = Expression::compile(source);
        self.compiled(compiled, node, BAD_EXPRESSION)
    }

    /// Reads a template that does not depend on the reader's language.
    pub(super) fn template(&mut self, node: &'n Node, at: Site) -> Option<Template> {
        self.template_in(node, Lang::En, at)
    }

    fn template_in(&mut self, node: &'n Node, lang: Lang, at: Site) -> Option<Template> {
        let source = node.string(&mut self.out)?;
        self.note(node, Form::Template(lang), at)?;
        let compiled = Template::compile(source, lang);
        self.compiled(compiled, node, BAD_TEMPLATE)
    }

    /// Reads a template for people: a string or `{ zh: …, en: … }`.
    pub(super) fn text_template(&mut self, node: &'n Node, at: Site) -> Option<TextTemplate> {
        if let Some(source) = node.as_str() {
            let zh = self.template_in(node, Lang::Zh, at);
            // A mistake in it is reported once.
            let en = zh.is_some().then(|| Template::compile(source, Lang::En).ok()).flatten();
            return Some(TextTemplate { zh, en });
        }
        node.text(&mut self.out)?;
        let zh = node.get("zh").filter(|zh| zh.as_str().is_some());
        let en = node.get("en").filter(|en| en.as_str().is_some());
        let zh = zh.and_then(|zh| self.template_in(zh, Lang::Zh, at));
        let en = en.and_then(|en| self.template_in(en, Lang::En, at));
        Some(TextTemplate { zh, en })
    }

    /// Reads a JSON value with templates in its texts.
    pub(super) fn json_template(&mut self, node: &'n Node, at: Site) -> Option<JsonTemplate> {
        match &node.data {
            Data::String(source) => {
                self.note(node, Form::Json, at)?;
                let compiled = JsonTemplate::text(source);
                self.compiled(compiled, node, BAD_TEMPLATE)
            }
            Data::List(items) => {
                let items = items.iter().filter_map(|item| self.json_template(item, at)).collect();
                Some(JsonTemplate::List(items))
            }
            Data::Map(_) => {
                let entries = node.map(&mut self.out)?.into_iter().filter_map(|entry| {
                    let value = self.json_template(&entry.value, at)?;
                    Some((entry.key.text.clone(), value))
                });
                Some(JsonTemplate::Object(entries.collect()))
            }
            _ => Some(JsonTemplate::Fixed(node.to_json())),
        }
    }

    /// Notes a text to be compiled; `None` where the plan has too many of them.
    fn note(&mut self, node: &'n Node, form: Form, at: Site) -> Option<()> {
        if self.notes.used.len() >= COMPILED_MAX {
            self.out.push_with(|| {
                let message = both!(
                    "表达式和模板超过 {COMPILED_MAX} 个",
                    "there are more than {COMPILED_MAX} expressions and templates"
                );
                bad_value(node.span, message)
            });
            return None;
        }
        self.notes.used.push(Used { node, form, site: at });
        Some(())
    }

    fn compiled<T>(
        &mut self,
        result: Result<T, CompileError>,
        node: &Node,
        code: Code,
    ) -> Option<T> {
        match result {
            Ok(compiled) => Some(compiled),
            Err(error) => {
                let diagnostic = uncompiled(self.out.sources(), node, code, &error);
                self.out.push(diagnostic);
                None
            }
        }
    }
}

/// Words a text that does not compile, at the exact place where that can be told.
fn uncompiled(sources: &Sources, node: &Node, code: Code, error: &CompileError) -> Diagnostic {
    let span = error
        .range()
        .map_or(node.span, |range| inside(sources, node, Span::new(range.start, range.end)));
    let diagnostic = Diagnostic::new(code, error.text()).at(span);
    match error.candidates() {
        Some((written, known)) => diagnostic.did_you_mean(written, known),
        None => diagnostic,
    }
}

/// Moves a range of a scalar's text to the file, where the scalar is written as it reads: plain,
/// or quoted without escapes. Else the whole scalar is the place.
pub(in crate::playbook) fn inside(sources: &Sources, node: &Node, range: Span) -> Span {
    let Some(text) = node.as_str() else { return node.span };
    let written = sources.slice(node.span);
    let unquoted = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    let start = if written == text {
        node.span.start
    } else if unquoted == text {
        node.span.start + 1
    } else {
        return node.span;
    };
    let at = |byte: usize| start + text.floor_char_boundary(byte.min(text.len()));
    Span::new(at(range.start), at(range.end.max(range.start + 1)))
}
