//! Why a value does not fit its type, for people and for programs.

use std::fmt;

use smol_str::SmolStr;

use crate::playbook::diagnostic::both;
use crate::playbook::duration::SpanError;
use crate::text::Text;

/// A value that does not fit, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer (RFC 6901) below what was validated: empty, or `/2` for the third item.
    pub pointer: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// Nothing where something must be.
    Required,
    /// Another type than the one named.
    WrongType(&'static str),
    /// Below the least value.
    TooSmall(String),
    /// Above the greatest value.
    TooLarge(String),
    /// Fewer characters or items than the least.
    TooShort(usize),
    /// More characters or items than the most.
    TooLong(usize),
    /// None of the choices.
    NotAChoice(Vec<SmolStr>),
    /// Not a duration.
    NotADuration(SpanError),
    /// A name that no input or form field has.
    UnknownField(Option<SmolStr>),
}

impl Problem {
    /// Makes a problem of the validated value itself.
    #[must_use]
    pub const fn here(kind: ProblemKind) -> Self {
        Self { pointer: String::new(), kind }
    }

    /// Makes a problem of the field `name` of an object.
    #[must_use]
    pub fn of_field(name: &str, kind: ProblemKind) -> Self {
        Self::here(kind).below(name)
    }

    /// Moves the problem below a key or index of what surrounds the validated value.
    #[must_use]
    pub fn below(mut self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        self.pointer.insert_str(0, &format!("/{key}"));
        self
    }

    /// Says what is wrong in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match &self.kind {
            ProblemKind::Required => both!("必填", "it is required"),
            ProblemKind::WrongType(wanted) => {
                let zh = chinese(wanted);
                both!("应为{zh}", "it must be {wanted}")
            }
            ProblemKind::TooSmall(least) => {
                both!("不得小于 {least}", "it must be at least {least}")
            }
            ProblemKind::TooLarge(most) => both!("不得大于 {most}", "it must be at most {most}"),
            ProblemKind::TooShort(least) => {
                both!("长度至少为 {least}", "it must have a length of at least {least}")
            }
            ProblemKind::TooLong(most) => {
                both!("长度至多为 {most}", "it must have a length of at most {most}")
            }
            ProblemKind::NotAChoice(options) => {
                let list = options.join(" | ");
                both!("须为其中之一：{list}", "it must be one of: {list}")
            }
            ProblemKind::NotADuration(error) => error.text(),
            ProblemKind::UnknownField(None) => both!("没有这一项", "there is no such field"),
            ProblemKind::UnknownField(Some(meant)) => {
                both!(
                    "没有这一项，是否想写 `{meant}`？",
                    "there is no such field; did you mean `{meant}`?"
                )
            }
        }
    }
}

/// Names a type in Chinese; the English names are the keys.
fn chinese(wanted: &str) -> &str {
    match wanted {
        "an integer" => "整数",
        "a number" => "数字",
        "text" => "文本",
        "one line of text" => "单行文本",
        "true or false" => "true 或 false",
        "a date such as 2026-11-01" => "日期，如 2026-11-01",
        "an instant such as 2026-11-01T08:00:00+08:00" => "时刻，如 2026-11-01T08:00:00+08:00",
        "a duration such as 1h30m" => "时长，如 1h30m",
        "a list" => "列表",
        "the name of a person" => "人员标识",
        "an object" => "对象",
        other => other,
    }
}
