//! `firebell explain`: what a finding means and what to do. The words stand in `docs/`, for those who
//! read there.

use serde_json::json;

use super::args::Explain;
use super::exit::{Exit, Stop};
use super::screen::Screen;
use crate::playbook::diagnostic::nearest;
use crate::text::Lang;

const ZH: &str = include_str!("../../docs/findings.zh.md");
const EN: &str = include_str!("../../docs/findings.en.md");

/// One kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its code.
    pub code: &'a str,
    /// What it is, in a few words.
    pub title: &'a str,
    /// What it means and what to do.
    pub words: &'a str,
}

/// Explains one kind of finding, or lists them all.
///
/// # Errors
/// A code that does not exist, with the nearest ones.
pub fn run(args: &Explain, screen: &Screen) -> Result<(), Stop> {
    let entries = entries(screen.lang);
    let Some(code) = &args.code else {
        let list: Vec<_> =
            entries.iter().map(|e| json!({"code": e.code, "title": e.title})).collect();
        return screen.data(&list, |_| {
            let rows = entries.iter().map(|e| vec![e.code.to_owned(), e.title.to_owned()]);
            screen.table(&[("代码", "CODE"), ("含义", "MEANING")], rows.collect())
        });
    };
    let wanted = code.to_ascii_uppercase();
    let Some(entry) = entries.iter().find(|entry| entry.code == wanted) else {
        let near = nearest(&wanted, entries.iter().map(|entry| entry.code));
        let near = near.map_or_else(String::new, |near| {
            screen.lang.pick(format!("；是 {near} 吗？"), format!("; did you mean {near}?"))
        });
        let words = screen.lang.pick(
            format!("没有 {code} 这种结果{near}"),
            format!("there is no finding {code}{near}"),
        );
        return Err(Stop::new(Exit::NotFound, words));
    };
    let data = json!({ "code": entry.code, "title": entry.title, "explanation": entry.words });
    screen.data(&data, |_| format!("{}  {}\n\n{}", entry.code, entry.title, entry.words))
}

/// Reads the document of a language.
#[must_use]
pub fn entries(lang: Lang) -> Vec<Entry<'static>> {
    let sections = lang.pick(ZH, EN).split("\n## ").skip(1);
    let entry = |section: &'static str| {
        let (head, words) = section.split_once('\n')?;
        let (code, title) = head.split_once(' ')?;
        Some(Entry { code, title, words: words.trim() })
    };
    sections.filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_finding_is_explained_in_both_languages_and_nothing_else() {
        let codes = |lang| entries(lang).iter().map(|e| e.code).collect::<Vec<_>>();
        let (mut zh, en) = (codes(Lang::Zh), codes(Lang::En));
        assert_eq!(zh, en, "the two documents explain the same, in the same order");
        zh.sort_unstable();
        let mut known = declared();
        known.sort();
        assert_eq!(zh, known);
    }

    /// The codes that the sources declare as constants.
    fn declared() -> Vec<String> {
        let mut found = Vec::new();
        let mut folders =
            vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read_to_string(&path).unwrap_or_default();
                    let constants = text.lines().filter(|line| line.starts_with("pub const "));
                    found.extend(constants.filter_map(|line| {
                        let (_, rest) = line.split_once("Code::new(\"")?;
                        Some(rest[..5].to_owned())
                    }));
                }
            }
        }
        found
    }

    #[test]
    fn every_explanation_has_words() {
        for lang in Lang::ALL {
            assert!(entries(lang).iter().all(|entry| entry.words.chars().count() > 15), "{lang:?}");
        }
    }
}
