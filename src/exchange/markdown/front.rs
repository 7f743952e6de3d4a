//! What stands before a Markdown text between two lines of dashes: data about it, as site makers and
//! wikis write it. It must not know what becomes of it.

/// Parts a text from what stands before it.
pub(super) fn split(text: &str) -> (Option<&str>, &str) {
    let none = (None, text);
    let Some(inside) = text.strip_prefix("---").and_then(after_break) else { return none };
    let mut at = 0;
    for line in inside.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            let front = inside[..at].trim_end();
            return if is_data(front) { (Some(front), &inside[at + line.len()..]) } else { none };
        }
        at += line.len();
    }
    none
}

fn after_break(rest: &str) -> Option<&str> {
    let (blank, rest) = rest.split_once('\n')?;
    blank.trim().is_empty().then_some(rest)
}

/// Tells names with values from words between two rules.
fn is_data(front: &str) -> bool {
    let mut lines = front.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(is_entry)
        && lines.all(|line| is_entry(line) || line.starts_with([' ', '\t', '#']) || is_item(line))
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ")
}

fn is_entry(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        !name.is_empty() && name.chars().all(named) && (value.is_empty() || value.starts_with(' '))
    })
}

/// Returns the title that stands before a text.
pub(super) fn title(front: &str) -> Option<String> {
    let said = front.lines().find_map(|line| line.strip_prefix("title:"))?.trim();
    let quoted = ['"', '\''].into_iter().find_map(|q| said.strip_prefix(q)?.strip_suffix(q));
    let said = quoted.unwrap_or(said).trim();
    // A value of several lines begins with a mark.
    (!said.is_empty() && !said.starts_with(['|', '>', '{', '['])).then(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_before_a_text_is_told_from_a_rule() {
        let (front, body) = split("---\ntitle: \"Data: leak\"\ntags:\n- a\n---\n# Text\n");
        assert_eq!(front, Some("title: \"Data: leak\"\ntags:\n- a"));
        assert_eq!(body, "# Text\n");
        assert_eq!(front.and_then(title).as_deref(), Some("Data: leak"));
        for text in ["---\n\n1. x\n\n---\n", "---\n1. x\n---\n", "---\ntitle: x\n", "# x\n"] {
            assert_eq!(split(text), (None, text));
        }
        assert_eq!(title("title:\nauthor: x"), None);
        assert_eq!(title("title: |"), None);
    }
}
