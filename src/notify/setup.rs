//! What can be wrong with a channel's settings, said before the first message is lost by it.

use crate::text::{Lang, Text};

/// Why a channel cannot be built from its settings. It never repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .field, .text.get(Lang::En))]
pub struct SetupError {
    /// The setting at fault, by its name in the configuration.
    pub field: &'static str,
    /// What is wrong with it and what to do.
    pub text: Text,
}

impl SetupError {
    /// Makes an error about a setting with a sentence in Chinese and in English.
    #[must_use]
    pub fn new(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field, text: Text::both(zh, en) }
    }
}
