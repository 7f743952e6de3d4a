//! Whom an event means: people named in its summary, else those who attend it.

use std::collections::BTreeMap;

use crate::id::PersonId;
use crate::people::limits::MAX_ON_DUTY;
use crate::people::person::Person;
use crate::text::Lang;

use super::remark::RemarkKind;

/// The most words of a name; what is longer is no name of a person.
const WORDS_MAX: usize = 8;

/// What people are called: by id, by name in either language, by address.
#[derive(Debug, Clone, Default)]
pub struct Names {
    by_words: BTreeMap<Vec<String>, Vec<PersonId>>,
}

impl Names {
    /// Collects what people are called.
    #[must_use]
    pub fn of<'p>(people: impl IntoIterator<Item = &'p Person>) -> Self {
        let mut names = Self::default();
        for person in people {
            let own = [person.id.as_str(), person.name.get(Lang::Zh), person.name.get(Lang::En)];
            let addresses = person.contacts.iter().map(|contact| contact.address.as_str());
            for name in own.into_iter().chain(addresses.filter(|text| text.contains('@'))) {
                names.add(name, &person.id);
            }
        }
        names
    }

    fn add(&mut self, name: &str, person: &PersonId) {
        let words = words(name);
        if !words.is_empty() && words.len() <= WORDS_MAX {
            let called = self.by_words.entry(words).or_default();
            if !called.contains(person) {
                called.push(person.clone());
            }
        }
    }

    /// Finds whom an event means, first first. Whole words count alone, so that nobody is woken who
    /// only shares a part of a name.
    ///
    /// # Errors
    /// [`RemarkKind::Unmatched`] where it names nobody, [`RemarkKind::Ambiguous`] where a name is that
    /// of several.
    pub(super) fn meant<'a>(
        &self,
        summary: &str,
        attendees: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<PersonId>, RemarkKind> {
        let mut found = self.named_in(summary)?;
        if found.is_empty() {
            for attendee in attendees {
                for person in self.named_in(address(attendee))? {
                    if !found.contains(&person) {
                        found.push(person);
                    }
                }
            }
        }
        found.truncate(MAX_ON_DUTY);
        if found.is_empty() {
            return Err(RemarkKind::Unmatched { summary: super::read::shortened(summary) });
        }
        Ok(found)
    }

    fn named_in(&self, text: &str) -> Result<Vec<PersonId>, RemarkKind> {
        let words = words(text);
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let longest = (1..=WORDS_MAX.min(words.len() - at)).rev();
            let named = longest
                .filter_map(|n| Some((n, self.by_words.get(&words[at..at + n])?.as_slice())))
                .next();
            match named {
                None => at += 1,
                Some((n, [person])) => {
                    if !found.contains(person) {
                        found.push(person.clone());
                    }
                    at += n;
                }
                Some((n, _)) => {
                    let name = super::read::shortened(&words[at..at + n].join(" "));
                    return Err(RemarkKind::Ambiguous { name });
                }
            }
        }
        Ok(found)
    }
}

/// Takes the address out of `mailto:ada@shop.cn`.
fn address(attendee: &str) -> &str {
    let scheme = attendee.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    scheme.map_or(attendee, |scheme| &attendee[scheme.len()..])
}

/// Cuts a text into words; what holds an id or an address together is within a word.
fn words(text: &str) -> Vec<String> {
    let joins = |c: char| matches!(c, '@' | '.' | '_' | '-' | '+');
    text.split(|c: char| !c.is_alphanumeric() && !joins(c))
        .map(|word| word.trim_matches(joins).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}
