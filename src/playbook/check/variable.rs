//! One variable has one type, wherever it is asked for.

use crate::playbook::check::{Check, TYPE_CLASH};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::text::Text;

impl Check<'_> {
    pub(super) fn variables(&mut self) {
        for (name, places) in &self.notes.variables {
            let mut typed = places.iter().filter_map(|p| Some((p.what.as_ref()?, p.span)));
            let Some((first, declared)) = typed.next() else { continue };
            for (kind, span) in typed {
                if kind.name() == first.name() {
                    continue;
                }
                let (one, other) = (first.name(), kind.name());
                self.out.push(
                    Diagnostic::new(
                        TYPE_CLASH,
                        both!(
                            "`{name}` 先是 {one}，这里又是 {other}",
                            "`{name}` is {one} and here it is {other}"
                        ),
                    )
                    .at(span)
                    .related(declared, both!("{one} 类型", "{one} here"))
                    .help(Text::both("用同一类型，或换一个名称", "use one type, or another name")),
                );
            }
        }
    }
}
