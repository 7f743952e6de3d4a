//! Why an expression cannot be used, or not be decided.

use std::ops::Range;

use crate::playbook::diagnostic::both;
use crate::playbook::expression::{
    FILTERS, NESTING_MAX, Name, NameError, SOURCE_BYTES_MAX, TESTS, chinese,
};
use crate::text::Text;

/// Why a text is not an expression or template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileError {
    /// Longer than [`SOURCE_BYTES_MAX`].
    TooLong,
    /// Brackets deeper than [`NESTING_MAX`].
    TooNested(usize),
    /// `*`, which could write a list out a million times.
    Multiplication(usize),
    /// A statement that messages may not hold.
    Statement(Range<usize>, String),
    /// The grammar does not allow it.
    Syntax(Option<Range<usize>>, String),
    /// A filter nobody knows.
    UnknownFilter(Range<usize>, String),
    /// A test nobody knows.
    UnknownTest(Range<usize>, String),
    /// A built-in name that leads nowhere.
    Name(NameError),
}

impl CompileError {
    /// Returns where in the text it is, if that is known.
    #[must_use]
    pub fn range(&self) -> Option<Range<usize>> {
        match self {
            Self::TooNested(at) | Self::Multiplication(at) => Some(*at..*at + 1),
            Self::Statement(range, _)
            | Self::UnknownFilter(range, _)
            | Self::UnknownTest(range, _) => Some(range.clone()),
            Self::Syntax(range, _) => range.clone(),
            Self::TooLong | Self::Name(_) => None,
        }
    }

    /// Moves the error to where the text stands in a larger one.
    #[must_use]
    pub(in crate::playbook) fn shifted(self, by: usize) -> Self {
        let shift = |range: Range<usize>| range.start + by..range.end + by;
        match self {
            Self::TooNested(at) => Self::TooNested(at + by),
            Self::Multiplication(at) => Self::Multiplication(at + by),
            Self::Statement(range, word) => Self::Statement(shift(range), word),
            Self::Syntax(range, said) => Self::Syntax(range.map(shift), said),
            Self::UnknownFilter(range, word) => Self::UnknownFilter(shift(range), word),
            Self::UnknownTest(range, word) => Self::UnknownTest(shift(range), word),
            Self::TooLong | Self::Name(_) => self,
        }
    }

    /// Says what is wrong in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::TooLong => both!(
                "表达式或模板超过 {SOURCE_BYTES_MAX} 字节",
                "an expression or template has more than {SOURCE_BYTES_MAX} bytes"
            ),
            Self::TooNested(_) => both!(
                "括号嵌套超过 {NESTING_MAX} 层",
                "brackets are nested deeper than {NESTING_MAX}"
            ),
            Self::Multiplication(_) => both!("不能使用乘号 `*`", "`*` is not available"),
            Self::Statement(_, word) => {
                both!("模板里不能使用 `{word}`", "a template cannot use `{word}`")
            }
            Self::Syntax(_, said) => {
                let reason = chinese(said);
                both!("表达式写法有误：{reason}", "this does not parse: {said}")
            }
            Self::UnknownFilter(_, word) => both!("没有过滤器 `{word}`", "no filter `{word}`"),
            Self::UnknownTest(_, word) => both!("没有判断 `is {word}`", "no test `is {word}`"),
            Self::Name(NameError::Incomplete { path, form }) => {
                both!("`{path}` 不完整，应写成 `{form}`", "`{path}` is incomplete; write `{form}`")
            }
            Self::Name(NameError::NoSuchFact { path, .. }) => {
                both!("没有 `{path}`", "there is no `{path}`")
            }
        }
    }

    /// Returns what was written and what could have been meant, where that is a closed set.
    #[must_use]
    pub fn candidates(&self) -> Option<(&str, Vec<&str>)> {
        match self {
            Self::UnknownFilter(_, word) => Some((word, FILTERS.to_vec())),
            Self::UnknownTest(_, word) => Some((word, TESTS.to_vec())),
            Self::Name(NameError::NoSuchFact { path, known }) => {
                let last = path.rsplit('.').next().unwrap_or(path);
                Some((last, known.clone()))
            }
            _ => None,
        }
    }
}

/// Why a truth or value is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsure {
    /// Nobody has set what the name stands for.
    Unset(Name),
    /// The expression failed on the facts it was given.
    Failed {
        /// The expression.
        source: String,
        /// What the evaluation said.
        said: String,
    },
}

impl Unsure {
    /// Says why in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Unset(name) => both!("`{name}` 尚不清楚", "`{name}` is not known yet"),
            Self::Failed { source, said } => {
                let reason = chinese(said);
                both!("`{source}` 无法计算：{reason}", "`{source}` cannot be computed: {said}")
            }
        }
    }
}
