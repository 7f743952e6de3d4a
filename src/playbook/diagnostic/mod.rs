//! What a checker says about a file: a code, a place, words in both languages. It must not know
//! what is being checked; plans, drills and the configuration all speak through it.

mod code;
mod collection;
mod finding;
mod render;
mod suggestion;

pub use code::{Code, Severity};
pub use collection::{Diagnostics, FINDINGS_MAX};
pub use finding::Diagnostic;
pub use render::{RelatedPlace, Rendering, Row};
pub use suggestion::nearest;

/// Writes one sentence in both languages with the same captured names, Chinese first.
macro_rules! both {
    ($zh:literal, $en:literal) => {
        $crate::text::Text::both(format!($zh), format!($en))
    };
}
pub(crate) use both;
