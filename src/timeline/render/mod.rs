//! A timeline in the forms that people and programs read.

mod clocks;
mod csv;
mod front;
mod html;
mod kin;
mod markdown;
mod page;
mod tables;
mod text;

use std::str::FromStr;

pub use front::{Front, FrontPart};

use super::build::Timeline;
use crate::people::Zone;
use crate::text::Lang;

/// A form of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For programs: everything, in both languages.
    Json,
    /// For tickets and wikis.
    Markdown,
    /// The rows, for spreadsheets; begins with a byte-order mark, without which they misread
    /// Chinese.
    Csv,
    /// One self-contained page, ready to print.
    Html,
    /// For a terminal.
    Text,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Markdown, Self::Csv, Self::Html, Self::Text];

    /// Returns the name used in queries and for files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Text => "text",
        }
    }

    /// Returns the media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// A name that is no format's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a timeline comes as json, md, csv, html or text")]
pub struct UnknownFormat;

impl Timeline {
    /// Renders the timeline; times are told in `zone`, words in `lang`.
    #[must_use]
    pub fn render(&self, format: Format, lang: Lang, zone: &Zone) -> String {
        match format {
            Format::Json => {
                let mut json =
                    serde_json::to_string_pretty(self).expect("plain fields always serialise");
                json.push('\n');
                json
            }
            Format::Csv => csv::render(self, lang),
            Format::Markdown => markdown::render(&page::page(self, lang, zone)),
            Format::Html => html::render(self, &page::page(self, lang, zone), lang, zone),
            Format::Text => text::render(self, lang, zone),
        }
    }
}

#[cfg(test)]
mod tests;
