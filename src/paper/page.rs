//! The paper as one page that needs nothing else: print it from a browser.

use askama::Template;

use super::blank::Room;
use super::people::Reached;
use super::sheet::{Occasion, Sheet, sheet};
use crate::playbook::Playbook;
use crate::text::Lang;

#[derive(Template)]
#[template(path = "paper/sheet.html", whitespace = "minimize")]
struct Paper {
    lang: Lang,
    sheet: Sheet,
}

impl Paper {
    /// Chooses one of two renderings of a fixed text.
    fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(zh, en)
    }

    /// Returns the language's tag.
    fn tag(&self) -> &'static str {
        self.lang.pick("zh-CN", "en")
    }

    /// Says people with their addresses.
    fn everyone(people: &[Reached]) -> String {
        let said = people.iter().map(|person| match person.contacts.as_slice() {
            [] => person.name.clone(),
            contacts => format!("{}\u{a0}— {}", person.name, contacts.join(" · ")),
        });
        said.collect::<Vec<_>>().join("\n")
    }
}

impl Room {
    /// Returns how many lines are left for the answer.
    const fn lines(&self) -> usize {
        match self {
            Self::Line => 1,
            Self::Lines => 3,
            Self::Options(_) => 0,
        }
    }

    /// Returns what can be ticked.
    fn options(&self) -> &[String] {
        match self {
            Self::Options(options) => options,
            Self::Line | Self::Lines => &[],
        }
    }
}

impl Occasion<'_> {
    /// Renders a plan as one self-contained HTML page. Everything that people wrote is escaped.
    #[must_use]
    pub fn print(&self, plan: &Playbook) -> String {
        let paper = Paper { lang: self.lang, sheet: sheet(plan, self) };
        let mut page = paper.render().expect("writing to a string does not fail");
        page.push('\n');
        page
    }
}
