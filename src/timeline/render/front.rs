//! A report that begins with parts of its own and goes on with a timeline: one page, one look. It
//! must not know what the parts mean.

use super::page::{Cell, Page, Section, Table, page};
use super::{html, markdown};
use crate::people::Zone;
use crate::text::Lang;
use crate::timeline::build::Timeline;
use crate::timeline::sentence::Tone;

/// What stands before the timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Front {
    /// A line that must not be missed: this is a drill.
    pub banner: Option<String>,
    /// The title.
    pub title: String,
    /// What it is about, name by name.
    pub facts: Vec<(String, String)>,
    /// Its parts, in the order in which they are read.
    pub parts: Vec<FrontPart>,
    /// What a reader must know to trust it.
    pub notes: Vec<String>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontPart {
    /// Its stable name.
    pub id: &'static str,
    /// What people call it.
    pub title: String,
    /// Said above the table.
    pub lines: Vec<String>,
    /// The heads of the columns.
    pub head: Vec<&'static str>,
    /// The rows; no table where there are none.
    pub rows: Vec<Vec<(String, Tone)>>,
}

impl Front {
    /// Renders the report in Markdown.
    #[must_use]
    pub fn markdown(self, timeline: Option<&Timeline>, lang: Lang, zone: &Zone) -> String {
        markdown::render(&self.page(timeline, lang, zone))
    }

    /// Renders the report as one page that needs nothing else: no scripts, nothing from elsewhere.
    #[must_use]
    pub fn html(self, timeline: Option<&Timeline>, lang: Lang, zone: &Zone) -> String {
        let page = self.page(timeline, lang, zone);
        match timeline {
            Some(timeline) => html::render(timeline, &page, lang, zone),
            None => html::render_alone(&page, lang),
        }
    }

    fn page(self, timeline: Option<&Timeline>, lang: Lang, zone: &Zone) -> Page {
        let mut sections: Vec<Section> = self.parts.into_iter().map(section).collect();
        let (mut facts, mut notes, mut banner) = (self.facts, self.notes, self.banner);
        if let Some(timeline) = timeline {
            let told = page(timeline, lang, zone);
            facts.extend(told.facts);
            sections.extend(told.sections);
            notes.extend(told.notes);
            banner = banner.or(told.banner);
        }
        Page { banner, title: self.title, facts, sections, notes }
    }
}

fn section(part: FrontPart) -> Section {
    let FrontPart { id, title, lines, head, rows } = part;
    let cells = |row: Vec<(String, Tone)>| -> Vec<Cell> {
        row.into_iter().map(|(text, tone)| Cell::toned(text, tone)).collect()
    };
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(cells).collect();
    let table = (!rows.is_empty()).then_some(Table { head, rows });
    Section { id, title, lines, table }
}
