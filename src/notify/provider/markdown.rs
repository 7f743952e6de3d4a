//! The Markdown that DingTalk and WeCom show: headings, links, lists and bold, without any way to
//! escape. What people wrote is therefore defused: a mark that would begin something is followed by
//! a character that nobody sees.

use crate::notify::page::Block;

/// Separates a mark from what it would act on; it takes no space on the screen.
const NOTHING: char = '\u{200b}';

/// Takes the power from every mark in a text: mentions, tags, links, emphasis, code, and what makes
/// a line more than a line. Addresses such as `li@shop.example` stay as they are.
#[must_use]
pub fn defuse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        let begins_line = before.is_none();
        match c {
            '@' if before.is_none_or(|b: char| !b.is_ascii_alphanumeric()) => {
                out.extend([c, NOTHING]);
            }
            '*' | '_' | '`' | '<' | ']' => out.extend([c, NOTHING]),
            '#' | '>' | '-' | '+' | '!' if begins_line => out.extend([NOTHING, c]),
            '.' if out.chars().all(|c| c.is_ascii_digit()) => out.extend([NOTHING, c]),
            c => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// Writes a link; characters that would end it are percent-encoded.
#[must_use]
pub fn link(label: &str, url: &str) -> String {
    let url = url.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
    format!("[{}]({url})", defuse(label).replace('[', "\u{ff3b}"))
}

/// Writes a block.
#[must_use]
pub fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("**{}**", defuse(text)),
        Block::Line(text) => defuse(text),
        Block::Item(text) => format!("- {}", defuse(text)),
        Block::Link { label, url } => link(label, url),
        Block::Gap => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        text.replace(NOTHING, "")
    }

    #[test]
    fn nothing_that_people_write_acts_and_everything_is_still_seen() {
        for (text, dangerous) in [
            ("@all 请看", "@all"),
            ("看 @13800000000", "@13800000000"),
            ("<@li> <font color=\"red\">", "<@"),
            ("<at user_id=\"all\">", "<at"),
            ("[点我](https://evil.example)", "]("),
            ("![x](y)", "]("),
            ("**大**", "**"),
            ("`rm`", "`rm`"),
            ("# 标题", "# 标题\u{0}"),
        ] {
            let defused = defuse(text);
            assert!(!defused.contains(dangerous), "{text}: {defused}");
            assert_eq!(seen(&defused), text);
        }
        assert!(defuse("# 标题").starts_with(NOTHING));
        assert!(defuse("1. 第一").starts_with("1\u{200b}."));
    }

    #[test]
    fn addresses_and_commands_can_be_copied() {
        for text in ["li@shop.example", "firebell incident ack 42 commander", "a-b #42 1.5 > 1"] {
            assert_eq!(defuse(text), text);
        }
    }

    #[test]
    fn a_link_cannot_be_ended_early() {
        assert_eq!(link("a", "https://x.example/(1)"), "[a](https://x.example/%281%29)");
        let tricked = link("a](https://evil.example)[b", "https://x.example/");
        assert_eq!(tricked.matches("](").count(), 1, "{tricked}");
    }
}
