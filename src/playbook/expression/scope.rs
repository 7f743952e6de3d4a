//! Where an expression's facts come from.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::playbook::expression::Name;
use crate::playbook::value::Value;
use crate::text::Text;

/// Answers for the names of an expression.
pub trait Scope {
    /// Returns what `name` stands for now; `None` where nobody has set it.
    ///
    /// Facts of steps and roles are never unset: a step that was not yet reached is not done, a
    /// vacant role is held by [`Fact::Nothing`].
    fn fact(&self, name: &Name) -> Option<Fact<'_>>;
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Fact<'a> {
    /// Known to be nothing: an answer not yet given, a vacant role.
    Nothing,
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A text that is printed in the reader's language.
    Words(&'a Text),
    /// The value of a variable.
    Value(&'a Value),
    /// Anything, such as a part of an alert.
    Json(&'a Json),
}

impl Fact<'static> {
    /// Makes a text of something printable.
    #[must_use]
    pub fn text(text: impl ToString) -> Self {
        Self::Text(Cow::Owned(text.to_string()))
    }
}

/// Two scopes, the first asked first.
impl<A: Scope + ?Sized, B: Scope + ?Sized> Scope for (&A, &B) {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        self.0.fact(name).or_else(|| self.1.fact(name))
    }
}
