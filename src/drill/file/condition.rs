//! Reads a condition: an expression, or `{ any: […] }`, `{ all: […] }`, `{ not: … }` of conditions.

use crate::drill::file::code::{BAD_CONDITION, PERSONAL, UNKNOWN_NAME};
use crate::drill::file::words::Plan;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::expression::{CompileError, Name, StepFact};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Data, Node, wrong_type};
use crate::playbook::{Condition, Expression};
use crate::text::Text;

/// Reads a condition whose names the plan must know.
pub(super) fn condition(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Condition> {
    match &node.data {
        Data::String(source) => match Expression::compile(source) {
            Ok(expression) => {
                check_names(&expression, node.span, plan, out);
                Some(Condition::Holds(expression))
            }
            Err(error) => {
                out.push(refused(source, &error, node.span));
                None
            }
        },
        Data::Map(entries) => match entries.as_slice() {
            [entry] => match entry.key.text.as_str() {
                "any" => conditions(&entry.value, plan, out).map(Condition::Any),
                "all" => conditions(&entry.value, plan, out).map(Condition::All),
                "not" => condition(&entry.value, plan, out).map(Box::new).map(Condition::Not),
                other => {
                    out.push(shape(entry.key.span).did_you_mean(other, ["any", "all", "not"]));
                    None
                }
            },
            _ => {
                out.push(shape(node.span));
                None
            }
        },
        _ => {
            out.push(wrong_type(node, &Text::both("条件", "a condition")));
            None
        }
    }
}

fn conditions(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Vec<Condition>> {
    node.list(out)?.iter().map(|item| condition(item, plan, out)).collect()
}

fn shape(span: Span) -> Diagnostic {
    Diagnostic::new(
        BAD_CONDITION,
        both!("条件须恰有 `any`、`all`、`not` 之一", "a condition has one of `any`, `all`, `not`"),
    )
    .at(span)
}

fn refused(source: &str, error: &CompileError, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(BAD_CONDITION, error.text()).at(span);
    match error.candidates() {
        Some((written, candidates)) => diagnostic.did_you_mean(written, candidates),
        None => diagnostic.note(both!("表达式：{source}", "the expression: {source}")),
    }
}

/// Steps, roles and variables that the plan does not have can never hold.
fn check_names(expression: &Expression, span: Span, plan: Plan<'_>, out: &mut Diagnostics) {
    for name in expression.names() {
        if let Name::Variable(field) | Name::Step(_, StepFact::Field(field)) = name
            && plan.is_personal(field)
        {
            out.push(
                Diagnostic::new(
                    PERSONAL,
                    both!(
                        "`{name}` 是个人信息，条件不能读取",
                        "`{name}` is personal data, which no condition may read"
                    ),
                )
                .at(span),
            );
            continue;
        }
        let (written, known): (&str, Vec<&str>) = match name {
            Name::Step(step, _) => (step.as_str(), plan.step_names().collect()),
            Name::Role(role, _) => (role.as_str(), plan.role_names().collect()),
            Name::Variable(variable) => (variable.as_str(), plan.variable_names()),
            Name::Here(_) => {
                out.push(
                    Diagnostic::new(
                        UNKNOWN_NAME,
                        both!(
                            "`{name}` 只在消息里有意义",
                            "`{name}` means something in messages alone"
                        ),
                    )
                    .at(span),
                );
                continue;
            }
            Name::Level
            | Name::Phase
            | Name::Measure(_)
            | Name::Incident(_)
            | Name::Alert(_)
            | Name::Surge(_) => continue,
        };
        if plan.0.is_some() && !known.contains(&written) {
            out.push(
                Diagnostic::new(
                    UNKNOWN_NAME,
                    both!("预案没有 `{written}`", "the playbook has no `{written}`"),
                )
                .at(span)
                .did_you_mean(written, known),
            );
        }
    }
}
