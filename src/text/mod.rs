//! Bilingual texts. Chinese and English are equals: every text a person reads is a [`Text`].

pub mod json;
pub mod measure;
pub mod phrase;
pub mod system;

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// A language a person can be addressed in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both languages, in the order they are shown.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// Returns the two-letter code, `zh` or `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Picks the language of a POSIX locale (`zh_CN.UTF-8`) or language tag (`en-GB`); anything
    /// that does not begin with `zh` is answered in English.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        if locale.trim_start().to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// Chooses one of two renderings of a fixed text.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Says in English how many there are of something: `1 incident`, `2 incidents`.
#[must_use]
pub fn count<N>(n: N, one: &str, many: &str) -> String
where
    N: Display + PartialEq + From<u8>,
{
    let word = if n == N::from(1) { one } else { many };
    format!("{n} {word}")
}

/// A text with a Chinese and an English rendering, at least one of which is present.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Text {
    /// The same words in either language (`title: Phone`).
    #[serde(untagged)]
    Same(String),
    /// One rendering per language; a missing one falls back to the other.
    #[serde(untagged)]
    Each {
        /// The Chinese rendering.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zh: Option<String>,
        /// The English rendering.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        en: Option<String>,
    },
}

impl Text {
    /// Makes a text that has both renderings.
    #[must_use]
    pub fn both(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Each { zh: Some(zh.into()), en: Some(en.into()) }
    }

    /// Returns the rendering in `lang`, or the other one where that is missing.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match self {
            Self::Same(text) => text,
            Self::Each { zh, en } => {
                let (first, second) = lang.pick((zh, en), (en, zh));
                first.as_deref().or(second.as_deref()).unwrap_or_default()
            }
        }
    }

    /// Returns the languages that would fall back.
    #[must_use]
    pub fn missing(&self) -> Vec<Lang> {
        match self {
            Self::Same(_) => Vec::new(),
            Self::Each { zh, en } => {
                let mut missing = Vec::new();
                if zh.is_none() {
                    missing.push(Lang::Zh);
                }
                if en.is_none() {
                    missing.push(Lang::En);
                }
                missing
            }
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Same(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_language_falls_back_to_the_other() {
        let only_zh = Text::Each { zh: Some("电话".into()), en: None };
        assert_eq!(only_zh.get(Lang::En), "电话");
        assert_eq!(only_zh.missing(), [Lang::En]);
        assert_eq!(Text::both("电话", "Phone").get(Lang::En), "Phone");
    }

    #[test]
    fn one_is_counted_in_the_singular_and_nothing_is_not() {
        let said = [0_usize, 1, 2].map(|n| count(n, "entry", "entries"));
        assert_eq!(said, ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn locales_choose_a_language() {
        assert_eq!(Lang::of_locale("zh_CN.UTF-8"), Lang::Zh);
        assert_eq!(Lang::of_locale("en-GB"), Lang::En);
        assert_eq!(Lang::of_locale("C"), Lang::En);
    }
}
