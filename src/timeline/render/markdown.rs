//! A report in Markdown, for tickets and wikis. What people wrote cannot become markup.

use std::fmt::Write as _;

use super::page::{Page, Table};

/// Renders a report.
pub(super) fn render(page: &Page) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!("# {}\n", escape(&page.title)));
    if let Some(banner) = &page.banner {
        line(&format!("> **{}**\n", escape(banner)));
    }
    for (name, value) in &page.facts {
        line(&format!("- {}: {}", escape(name), escape(value)));
    }
    for section in &page.sections {
        line(&format!("\n## {}\n", escape(&section.title)));
        for text in &section.lines {
            line(&escape(text));
        }
        if let Some(table) = &section.table {
            if !section.lines.is_empty() {
                line("");
            }
            line(rows(table).trim_end());
        }
    }
    line("\n---\n");
    for note in &page.notes {
        line(&format!("{}  ", escape(note)));
    }
    out
}

fn rows(table: &Table) -> String {
    let mut out = String::new();
    let mut row = |cells: Vec<String>| {
        let written = writeln!(out, "| {} |", cells.join(" | "));
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    };
    row(table.head.iter().map(|cell| escape(cell)).collect());
    row(table.head.iter().map(|_| "---".to_owned()).collect());
    for cells in &table.rows {
        row(cells.iter().map(|cell| escape(&cell.text)).collect());
    }
    out
}

/// Makes text stand for itself: no markup, no HTML, no new row.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        assert_eq!(escape("a|b\nc"), "a\\|b c");
        assert_eq!(escape("<script>"), "&lt;script&gt;");
        assert_eq!(escape("[x](javascript:1)"), "\\[x\\](javascript:1)");
        assert_eq!(escape("# *a* `b` ![i](u)"), "\\# \\*a\\* \\`b\\` \\!\\[i\\](u)");
    }
}
