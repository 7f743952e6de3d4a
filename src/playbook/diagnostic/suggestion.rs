//! "Did you mean": the candidate nearest to what was written.

use crate::playbook::diagnostic::both;
use crate::text::Text;

/// Longer lists of candidates help nobody.
const LISTED_MAX: usize = 16;

/// Names longer than this are not compared: the comparison is quadratic.
const COMPARED_CHARS_MAX: usize = 64;

/// The most candidates compared for one advice; a plan has fewer names than this.
const COMPARED_MAX: usize = 500;

/// Returns the candidate that was probably meant: at most a third of its characters differ, or one
/// contains the other.
#[must_use]
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = simplified(written);
    if plain.is_empty() || plain.chars().count() > COMPARED_CHARS_MAX {
        return None;
    }
    candidates
        .into_iter()
        .take(COMPARED_MAX)
        .filter_map(|candidate| {
            let other = simplified(candidate);
            let lengths = (plain.chars().count(), other.chars().count());
            let longest = lengths.0.max(lengths.1);
            if lengths.0.abs_diff(lengths.1) * 3 > longest.max(3) {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&plain, &other);
            let near = distance * 3 <= longest.max(3) && distance < longest;
            near.then_some((distance, candidate))
        })
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// Words an advice: the nearest candidate, or all of them when they are few.
pub(super) fn advice<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<Text> {
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    if let Some(meant) = nearest(written, all.iter().copied()) {
        return Some(both!("是否想写 `{meant}`？", "did you mean `{meant}`?"));
    }
    if all.is_empty() || all.len() > LISTED_MAX {
        return None;
    }
    let list = all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let (zh, en) = (list.join("、"), list.join(", "));
    Some(both!("可以写：{zh}", "possible: {en}"))
}

/// Brings spelling habits together: case, and `-` for `_`.
fn simplified(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let keys = ["acknowledge_within", "assign", "deputies", "title", "负责人"];
        assert_eq!(nearest("acknowledge-within", keys), Some("acknowledge_within"));
        assert_eq!(nearest("asign", keys), Some("assign"));
        assert_eq!(nearest("Title", keys), Some("title"));
        assert_eq!(nearest("tilte", keys), Some("title"));
        assert_eq!(nearest("负责", keys), Some("负责人"));
    }

    #[test]
    fn what_is_far_is_not_suggested() {
        assert_eq!(nearest("colour", ["title", "assign"]), None);
        assert_eq!(nearest("c", ["a"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest(&"x".repeat(10_000), ["x"]), None);
    }

    #[test]
    fn few_candidates_are_listed_and_many_are_not() {
        let advice = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| format!("candidate_{i}")).collect();
            super::advice("zzz", names.iter().map(String::as_str))
        };
        let listed = advice(2).expect("few");
        assert_eq!(listed.get(Lang::En), "possible: `candidate_0`, `candidate_1`");
        assert_eq!(listed.get(Lang::Zh), "可以写：`candidate_0`、`candidate_1`");
        assert_eq!(advice(40), None);
        assert_eq!(advice(0), None);
    }
}
