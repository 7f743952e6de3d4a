//! Which language a caller reads, from `Accept-Language`.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use crate::text::Lang;

/// How many entries of the header are looked at; browsers send a handful.
const ENTRIES_MAX: usize = 16;

/// Returns the language the header prefers among Chinese and English; `None` where it names
/// neither, so that the caller's own preference can decide.
#[must_use]
pub fn preferred(headers: &HeaderMap) -> Option<Lang> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Lang)> = None;
    for entry in header.split(',').take(ENTRIES_MAX) {
        let mut parts = entry.split(';');
        let Some(lang) = parts.next().and_then(known) else { continue };
        let weight = parts.find_map(weight).unwrap_or(1.0);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

fn known(tag: &str) -> Option<Lang> {
    let primary = tag.trim().split('-').next()?;
    Lang::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.code()))
}

fn weight(parameter: &str) -> Option<f32> {
    parameter.trim().strip_prefix("q=")?.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(header: &str) -> Option<Lang> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        preferred(&headers)
    }

    #[test]
    fn the_heaviest_known_language_wins_and_the_first_of_equals() {
        assert_eq!(asked("zh-CN,zh;q=0.9,en;q=0.8"), Some(Lang::Zh));
        assert_eq!(asked("en-GB, zh;q=0.9"), Some(Lang::En));
        assert_eq!(asked("fr, en;q=0.3, zh;q=0.7"), Some(Lang::Zh));
        assert_eq!(asked("ZH"), Some(Lang::Zh));
    }

    #[test]
    fn what_names_neither_language_decides_nothing() {
        for header in ["fr", "*", "", "zh;q=0", ";;;,,,", "zhx"] {
            assert_eq!(asked(header), None, "{header}");
        }
        assert_eq!(preferred(&HeaderMap::new()), None);
    }
}
