//! One compiled expression.

use std::fmt;
use std::sync::Arc;

use minijinja::ErrorKind;
use minijinja::value::Value as Inner;
use smol_str::SmolStr;

use crate::playbook::expression::{
    CompileError, Context, Name, Scope, Shape, Unsure, sandbox, scan,
};
use crate::playbook::value::Value;

/// A compiled expression that knows the names it uses.
pub struct Expression {
    source: SmolStr,
    names: Vec<Name>,
    shape: Arc<Shape>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A text that is too long or does not parse, that names filters nobody knows, or built-in
    /// names that lead nowhere. Whether variables and steps exist is for the caller to check:
    /// [`Expression::names`].
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        scan(source)?;
        let environment = sandbox::strict();
        let compiled = environment
            .compile_expression_owned(source.to_owned())
            .map_err(|error| syntax(&error))?;
        let paths = compiled.undeclared_variables(true);
        let names = undeclared(paths.into_iter().collect())?;
        Ok(Self { source: SmolStr::new(source), shape: Shape::of(&names), names, compiled })
    }

    /// Returns the text it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the names it uses, sorted.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Computes the value.
    ///
    /// # Errors
    /// A name nobody has set; a computation that fails or gives what is no value.
    pub fn value(&self, scope: &dyn Scope) -> Result<Value, Unsure> {
        let inner = self.evaluate(scope)?;
        let json = serde_json::to_value(&inner).map_err(|error| self.failed(&error))?;
        Value::infer(&json).ok_or_else(|| self.failed(&"the result is no value"))
    }

    /// Computes whether it holds.
    ///
    /// # Errors
    /// A name nobody has set; a computation that fails.
    pub fn truth(&self, scope: &dyn Scope) -> Result<bool, Unsure> {
        self.evaluate(scope).map(|value| value.is_true())
    }

    /// Returns what goes wrong on the facts of `scope`, which must have them all; something that is
    /// not there, such as a list's third item, may be there another time and is not wrong.
    pub(in crate::playbook) fn failure(&self, scope: &dyn Scope) -> Option<String> {
        let context = Context::complete(&self.shape, &self.names, scope).ok()?;
        let error = self.compiled.eval(context).err()?;
        (error.kind() != ErrorKind::UndefinedError).then(|| plain(&error))
    }

    fn evaluate(&self, scope: &dyn Scope) -> Result<Inner, Unsure> {
        let context = Context::complete(&self.shape, &self.names, scope)?;
        let value = self.compiled.eval(context).map_err(|error| self.failed(&plain(&error)))?;
        if value.is_undefined() { Err(self.failed(&"undefined value")) } else { Ok(value) }
    }

    fn failed(&self, said: &dyn fmt::Display) -> Unsure {
        Unsure::Failed { source: self.source.to_string(), said: said.to_string() }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Turns the engine's dotted paths into names, sorted, none leading through another.
pub(in crate::playbook) fn undeclared(mut paths: Vec<String>) -> Result<Vec<Name>, CompileError> {
    paths.sort_unstable();
    let mut names = Vec::with_capacity(paths.len());
    for path in paths {
        names.push(Name::parse(&path).map_err(CompileError::Name)?);
    }
    names.sort_unstable();
    names.dedup();
    let all: Vec<Vec<SmolStr>> = names.iter().map(Name::path).collect();
    let mut whole = all
        .iter()
        .map(|path| !all.iter().any(|other| other.len() < path.len() && path.starts_with(other)));
    names.retain(|_| whole.next().unwrap_or(true));
    Ok(names)
}

/// Words an error of the engine without its place.
pub(in crate::playbook) fn plain(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

pub(in crate::playbook) fn syntax(error: &minijinja::Error) -> CompileError {
    CompileError::Syntax(error.range(), plain(error))
}
