//! What keeps a body from being read as the dialect has it.

use crate::text::Text;

/// A wrong place of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer to it; empty for the whole.
    pub pointer: String,
    /// What is wrong there.
    pub detail: Text,
}

impl Fault {
    /// Makes a fault at a place.
    #[must_use]
    pub fn at(pointer: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: Text::both(zh, en) }
    }

    /// The value at a place is of another type than wanted.
    #[must_use]
    pub fn wanted(pointer: impl Into<String>, zh: &str, en: &str) -> Self {
        Self::at(pointer, format!("应为{zh}"), format!("it must be {en}"))
    }

    /// More alerts than one body may hold.
    #[must_use]
    pub fn too_many(pointer: impl Into<String>) -> Self {
        let most = super::ALERTS_MAX;
        Self::at(
            pointer,
            format!("一次最多 {most} 条告警；请分批发送"),
            format!("at most {most} alerts at once; send them in parts"),
        )
    }
}
