//! The rows of a timeline for spreadsheets.

use ::csv::Writer;

use crate::text::Lang;
use crate::timeline::build::Timeline;

/// Tells spreadsheets that the file is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The columns. Programs know them by these names in either language.
const COLUMNS: [&str; 10] = [
    "seq",
    "occurred_at",
    "recorded_at",
    "recorded_late",
    "actor",
    "class",
    "event",
    "tone",
    "text",
    // In every row: a row that is copied elsewhere must not pass for a real one.
    "mode",
];

/// Renders the rows, in UTC as RFC 3339.
pub(super) fn render(timeline: &Timeline, lang: Lang) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let rows = timeline.rows.iter().map(|row| {
        let tone = serde_json::to_value(row.tone).ok();
        let tone = tone.as_ref().and_then(|tone| tone.as_str()).unwrap_or_default().to_owned();
        [
            row.seq.to_string(),
            row.occurred_at.to_string(),
            row.recorded_at.to_string(),
            row.recorded_late.to_string(),
            harmless(row.actor.get(lang)),
            row.class.word(Lang::En).to_owned(),
            row.code.clone(),
            tone,
            harmless(row.text.get(lang)),
            timeline.incident.mode.name().to_owned(),
        ]
    });
    let written = writer
        .write_record(COLUMNS)
        .and_then(|()| rows.into_iter().try_for_each(|row| writer.write_record(row)));
    debug_assert!(written.is_ok(), "rows of equal length into memory cannot fail");
    let bytes = writer.into_inner().unwrap_or_default();
    let mut text = String::from(BYTE_ORDER_MARK);
    text.push_str(&String::from_utf8_lossy(&bytes));
    text
}

/// Keeps a cell from being run as a formula: a quote before what a spreadsheet would calculate.
fn harmless(text: &str) -> String {
    match text.trim_start_matches([' ', '\u{a0}', '\u{3000}']).chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", " =1", "＝1", "\r\n=1"] {
            assert_eq!(harmless(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "完成“定位根因”", "1 = 1", "“=1”"] {
            assert_eq!(harmless(text), text);
        }
    }
}
