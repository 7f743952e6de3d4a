//! The facts of one evaluation as the engine behind expressions wants them: a tree that follows the
//! names the expression uses, and holds nothing else.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Serde, Value as Inner};
use smol_str::SmolStr;

use crate::playbook::expression::{Fact, Name, Scope, Unsure};
use crate::playbook::value::Value;
use crate::text::Lang;

/// What an evaluation is for; it decides how a duration or an instant looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::playbook) enum Use {
    /// Compared and computed with: durations are seconds.
    Compute,
    /// Printed for people in a language.
    Print(Lang),
}

/// The tree of names an expression uses, made once.
#[derive(Debug, Default)]
pub(in crate::playbook) struct Shape {
    children: Vec<(SmolStr, Branch)>,
}

#[derive(Debug)]
enum Branch {
    /// The place of the name in the expression's list.
    Leaf(usize),
    Below(Arc<Shape>),
}

/// The place of a name in the expression's list, and the words that lead to it.
type Path = (usize, Vec<SmolStr>);

impl Shape {
    /// Builds the tree of a list of names, none of which leads through another.
    pub(in crate::playbook) fn of(names: &[Name]) -> Arc<Self> {
        let paths: Vec<Path> = names.iter().enumerate().map(|(n, name)| (n, name.path())).collect();
        Arc::new(Self::grow(&paths))
    }

    fn grow(paths: &[Path]) -> Self {
        let mut groups: Vec<(SmolStr, Vec<Path>)> = Vec::new();
        for (n, path) in paths {
            let Some((head, tail)) = path.split_first() else { continue };
            let rest = (*n, tail.to_vec());
            match groups.iter_mut().find(|(word, _)| word == head) {
                Some((_, group)) => group.push(rest),
                None => groups.push((head.clone(), vec![rest])),
            }
        }
        let children = groups.into_iter().map(|(word, group)| {
            let branch = match group.iter().find(|(_, tail)| tail.is_empty()) {
                Some((n, _)) => Branch::Leaf(*n),
                None => Branch::Below(Arc::new(Self::grow(&group))),
            };
            (word, branch)
        });
        Self { children: children.collect() }
    }
}

/// The facts of one evaluation.
#[derive(Debug)]
pub(in crate::playbook) struct Context {
    shape: Arc<Shape>,
    values: Arc<Vec<Inner>>,
}

impl Context {
    /// Asks the scope for every name; stops at the first that nobody has set.
    pub(in crate::playbook) fn complete(
        shape: &Arc<Shape>,
        names: &[Name],
        scope: &dyn Scope,
    ) -> Result<Inner, Unsure> {
        let mut values = Vec::with_capacity(names.len());
        for name in names {
            match scope.fact(name) {
                Some(fact) => values.push(inner(fact, Use::Compute)),
                None => return Err(Unsure::Unset(name.clone())),
            }
        }
        Ok(Self::object(shape, values))
    }

    /// Asks the scope for every name; what nobody has set stays undefined.
    pub(in crate::playbook) fn partial(
        shape: &Arc<Shape>,
        names: &[Name],
        scope: &dyn Scope,
        lang: Lang,
    ) -> Inner {
        let value =
            |name| scope.fact(name).map_or(Inner::UNDEFINED, |fact| inner(fact, Use::Print(lang)));
        Self::object(shape, names.iter().map(value).collect())
    }

    fn object(shape: &Arc<Shape>, values: Vec<Inner>) -> Inner {
        Inner::from_object(Self { shape: Arc::clone(shape), values: Arc::new(values) })
    }
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Inner) -> Option<Inner> {
        let word = key.as_str()?;
        let (_, branch) = self.shape.children.iter().find(|(name, _)| name == word)?;
        match branch {
            Branch::Leaf(n) => self.values.get(*n).cloned(),
            Branch::Below(shape) => Some(Inner::from_object(Self {
                shape: Arc::clone(shape),
                values: Arc::clone(&self.values),
            })),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

fn inner(fact: Fact<'_>, usage: Use) -> Inner {
    match fact {
        Fact::Nothing => Inner::from(()),
        Fact::Boolean(value) => Inner::from(value),
        Fact::Integer(value) => Inner::from(value),
        Fact::Number(value) => Inner::from(value),
        Fact::Text(text) => Inner::from(text),
        Fact::Words(text) => Inner::from(text.get(match usage {
            Use::Compute => Lang::default(),
            Use::Print(lang) => lang,
        })),
        Fact::Value(value) => inner_value(value, usage),
        Fact::Json(json) => Inner::from(Serde(json)),
    }
}

fn inner_value(value: &Value, usage: Use) -> Inner {
    match value {
        Value::Integer(value) => Inner::from(*value),
        Value::Number(value) => Inner::from(*value),
        Value::String(value) => Inner::from(value.as_str()),
        Value::Boolean(value) => Inner::from(*value),
        Value::Date(value) => Inner::from(value.to_string()),
        Value::Datetime(value) => Inner::from(value.to_string()),
        Value::Duration(value) => match (usage, value.fixed()) {
            (Use::Compute, Some(length)) => Inner::from(length.as_secs()),
            _ => Inner::from(value.to_string()),
        },
        Value::Person(value) => Inner::from(value.as_str()),
        Value::List(items) => items.iter().map(|item| inner_value(item, usage)).collect(),
    }
}
