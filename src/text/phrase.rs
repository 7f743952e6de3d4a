//! Sentences that libraries have in English alone, in Chinese: known ones by their fixed parts, with
//! places for what varies. It must not know any library.

/// English and its Chinese. `{}` stands for what varies in the English; `{0}` is the first of them
/// in the Chinese, `{1}` the second.
pub type Phrase = (&'static str, &'static str);

/// Says a sentence in Chinese by the first phrase that it is, what varies as it is.
#[must_use]
pub fn chinese(said: &str, phrases: &[Phrase]) -> Option<String> {
    chinese_with(said, phrases, |varying| varying.to_owned())
}

/// Says a sentence in Chinese, what varies by `word`.
pub fn chinese_with(
    said: &str,
    phrases: &[Phrase],
    word: impl Fn(&str) -> String,
) -> Option<String> {
    phrases.iter().find_map(|(english, chinese)| {
        let varying = varying(said, english)?;
        let mut sentence = (*chinese).to_owned();
        for (n, part) in varying.into_iter().enumerate() {
            sentence = sentence.replacen(&format!("{{{n}}}"), &word(part), 1);
        }
        Some(sentence)
    })
}

/// Says a sentence in Chinese where it is known, else quotes it.
#[must_use]
pub fn chinese_or_quoted(said: &str, phrases: &[Phrase]) -> String {
    chinese(said, phrases).unwrap_or_else(|| format!("“{said}”"))
}

/// Returns what a parser says without the place at its end, which callers say in their own words.
#[must_use]
pub fn placeless(said: &str) -> &str {
    said.rfind(" at line ").map_or(said, |at| &said[..at])
}

/// Returns what stands where a phrase has `{}`; `None` where it is another sentence.
fn varying<'a>(said: &'a str, phrase: &str) -> Option<Vec<&'a str>> {
    let mut fixed = phrase.split("{}");
    let mut rest = said.strip_prefix(fixed.next()?)?;
    let mut found = Vec::new();
    let mut fixed = fixed.peekable();
    while let Some(part) = fixed.next() {
        // The last place takes all that the phrase leaves; others end where it goes on.
        let end = match fixed.peek() {
            None => rest
                .len()
                .checked_sub(part.len())
                .filter(|at| rest[..].ends_with(part) && *at > 0)?,
            Some(_) => rest.find(part).filter(|_| !part.is_empty())?,
        };
        found.push(&rest[..end]);
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASES: &[Phrase] = &[
        ("expected value", "缺少值"),
        ("unexpected {}, expected {}", "此处应为 {1}，而不是 {0}"),
        ("unclosed bracket '{}'", "括号 '{0}' 没有闭合"),
    ];

    #[test]
    fn a_known_sentence_is_said_with_what_varies_in_its_place() {
        let said = |text| chinese(text, PHRASES);
        assert_eq!(said("expected value").as_deref(), Some("缺少值"));
        assert_eq!(said("unexpected a, expected b, c").as_deref(), Some("此处应为 b, c，而不是 a"));
        assert_eq!(said("unclosed bracket '['").as_deref(), Some("括号 '[' 没有闭合"));
        let upper = chinese_with("unexpected a, expected b", PHRASES, str::to_uppercase);
        assert_eq!(upper.as_deref(), Some("此处应为 B，而不是 A"));
    }

    #[test]
    fn another_sentence_is_quoted() {
        for text in ["expected values", "unexpected a", "unclosed bracket ''", "", "unexpected "] {
            assert_eq!(chinese(text, PHRASES), None, "{text}");
        }
        assert_eq!(chinese_or_quoted("oh", PHRASES), "“oh”");
    }
}
