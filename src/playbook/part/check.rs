//! A part checked by itself.

use crate::playbook::check::directory_names;
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::load::Context;
use crate::playbook::lower::{self, NO_SUCH_STATUTE};
use crate::playbook::part::{Part, PartKind, PartName, Shelf, expand};
use crate::playbook::yaml::unknown_name;
use crate::text::Text;

/// Checks a part as far as it can be without a plan that uses it.
#[must_use]
pub fn check(part: &Part, context: &Context<'_>) -> Diagnostics {
    let mut out = match part.name.kind {
        PartKind::Steps => steps(part, context),
        PartKind::Regimes => regime(part, context),
        PartKind::Calendars => lower::calendar(&part.root, Diagnostics::new(part.source.clone())).1,
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

fn regime(part: &Part, context: &Context<'_>) -> Diagnostics {
    let (regime, mut out) = lower::regime(&part.root, Diagnostics::new(part.source.clone()));
    let calendar = regime.and_then(|regime| regime.calendar);
    if let (Some(calendar), Some(shelf)) = (calendar, context.shelf) {
        let name = PartName { kind: PartKind::Calendars, name: calendar.as_str().into() };
        if shelf.get(&name).is_none() {
            let place = part.root.get("calendar").map_or(part.root.span, |node| node.span);
            let noun = Text::both("工作日历", "calendar");
            let known = shelf.of_kind(PartKind::Calendars).map(|part| part.name.name.as_str());
            out.push(unknown_name(NO_SUCH_STATUTE, place, &noun, calendar.as_str(), known));
        }
    }
    out
}
