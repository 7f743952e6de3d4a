//! A part checked by itself.

use crate::playbook::check::directory_names;
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::load::Context;
use crate::playbook::lower;
use crate::playbook::part::{Part, PartKind, Shelf, expand};

/// Checks a part as far as it can be without a plan that uses it.
#[must_use]
pub fn check(part: &Part, context: &Context<'_>) -> Diagnostics {
    let mut out = match part.name.kind {
        PartKind::Steps => steps(part, context),
    };
    out.sort();
    out
}

fn steps(part: &Part, context: &Context<'_>) -> Diagnostics {
    let mut root = part.root.clone();
    let mut out = Diagnostics::new(part.source.clone());
    expand(&mut root, context.shelf.unwrap_or(&Shelf::default()), &mut out);
    let (notes, mut out) = lower::library(&root, out);
    if let Some(directory) = context.directory {
        directory_names(&notes, directory, &mut out);
    }
    out
}
