//! The engine behind expressions and templates, cut down to what cannot be made to run long or
//! grow large: a plan may come from anyone who can send one to be checked.
//!
//! Instructions are counted. What is left is growth: texts multiply by `*` and by statements that
//! rebind names (both refused before compiling), by `replace` and `join` (bounded here), and by
//! printing lists inside lists, which doubles escapes at each level (bounded by [`NESTING_MAX`]).

use std::sync::LazyLock;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, filters, tests};

use crate::text::Lang;

/// The longest expression or template: two screens of text.
pub const SOURCE_BYTES_MAX: usize = 2_048;
/// The deepest brackets.
pub const NESTING_MAX: usize = 8;
/// Instructions one evaluation may take: a loop over a thousand items with some twenty each.
const FUEL: u64 = 20_000;
/// The longest text a filter may make.
const FILTERED_BYTES_MAX: usize = 64 * 1024;

/// The filters an expression may use.
pub const FILTERS: &[&str] = &[
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "reject",
    "replace",
    "reverse",
    "round",
    "select",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
];

/// The tests that may follow `is`.
pub const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];

static STRICT: LazyLock<Environment<'static>> =
    LazyLock::new(|| sandbox(UndefinedBehavior::Strict));

static MESSAGES: LazyLock<[Environment<'static>; 2]> = LazyLock::new(|| {
    Lang::ALL.map(|lang| {
        let mut environment = sandbox(UndefinedBehavior::Chainable);
        environment.set_formatter(move |out, state, value| {
            if value.is_undefined() || value.is_none() {
                return Ok(out.write_str(unknown(lang))?);
            }
            minijinja::escape_formatter(out, state, value)
        });
        environment
    })
});

/// Returns what is printed for what nobody knows.
pub(in crate::playbook) const fn unknown(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "未知",
        Lang::En => "unknown",
    }
}

/// Returns the environment of conditions: a missing name is an error.
pub(super) fn strict() -> &'static Environment<'static> {
    &STRICT
}

/// Returns the environment of messages in a language: a missing name prints as unknown.
pub(in crate::playbook) fn messages(lang: Lang) -> &'static Environment<'static> {
    match lang {
        Lang::Zh => &MESSAGES[0],
        Lang::En => &MESSAGES[1],
    }
}

/// Returns an environment of messages that can hold a template of its own.
pub(in crate::playbook) fn environment_of(lang: Lang) -> Environment<'static> {
    messages(lang).clone()
}

fn sandbox(undefined: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(undefined);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    add_filters(&mut environment);
    add_tests(&mut environment);
    environment
}

fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("abs", filters::abs);
    environment.add_filter("bool", filters::bool);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("count", filters::length);
    environment.add_filter("d", filters::default);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("list", filters::list);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("max", filters::max);
    environment.add_filter("min", filters::min);
    environment.add_filter("reject", filters::reject);
    environment.add_filter("replace", replace);
    environment.add_filter("reverse", filters::reverse);
    environment.add_filter("round", filters::round);
    environment.add_filter("select", filters::select);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("split", filters::split);
    environment.add_filter("string", filters::string);
    environment.add_filter("sum", filters::sum);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("unique", filters::unique);
    environment.add_filter("upper", filters::upper);
}

fn add_tests(environment: &mut Environment<'static>) {
    environment.add_test("boolean", tests::is_boolean);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("divisibleby", tests::is_divisibleby);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("equalto", tests::is_eq);
    environment.add_test("even", tests::is_even);
    environment.add_test("false", tests::is_false);
    environment.add_test("float", tests::is_float);
    environment.add_test("ge", tests::is_ge);
    environment.add_test("greaterthan", tests::is_gt);
    environment.add_test("gt", tests::is_gt);
    environment.add_test("in", tests::is_in);
    environment.add_test("integer", tests::is_integer);
    environment.add_test("iterable", tests::is_iterable);
    environment.add_test("le", tests::is_le);
    environment.add_test("lessthan", tests::is_lt);
    environment.add_test("lt", tests::is_lt);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("none", tests::is_none);
    environment.add_test("number", tests::is_number);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("string", tests::is_string);
    environment.add_test("true", tests::is_true);
    environment.add_test("undefined", tests::is_undefined);
}

fn too_large() -> Error {
    Error::new(ErrorKind::InvalidOperation, "the text grows too large")
}

fn join(items: &Value, separator: Option<&str>) -> Result<String, Error> {
    let mut out = String::new();
    for (n, item) in items.try_iter()?.enumerate() {
        if n > 0 {
            out.push_str(separator.unwrap_or_default());
        }
        match item.as_str() {
            Some(text) => out.push_str(text),
            None => out.push_str(&item.to_string()),
        }
        if out.len() > FILTERED_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(out)
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let found = text.matches(from).count();
    let most = found.saturating_mul(to.len()).saturating_add(text.len());
    if most > FILTERED_BYTES_MAX { Err(too_large()) } else { Ok(text.replace(from, to)) }
}
