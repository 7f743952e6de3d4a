//! Under which choices a step is done: a few alternatives, each a set of choices that must have
//! been taken. Merging two ways that differ in one choice makes the choice irrelevant.

use std::collections::BTreeMap;

use crate::playbook::yaml::Node;

/// The most alternatives kept for one step: real playbooks have one or two.
pub(super) const ALTERNATIVES_MAX: usize = 16;
/// The most answers of one choice: they are kept as the bits of a number.
pub(super) const ANSWERS_MAX: usize = 60;
/// The answer of a switch when no case fits.
pub(super) const DEFAULT: usize = ANSWERS_MAX - 1;
/// The answer of a step with branches when one of them has failed.
pub(super) const FAILED: usize = ANSWERS_MAX - 2;
/// The answer of a step with branches when none of them has failed.
pub(super) const SUCCEEDED: usize = ANSWERS_MAX - 3;
/// The most cases of a switch.
pub(super) const CASES_MAX: usize = ANSWERS_MAX - 3;

/// A choice that a step of the workflow leaves open, with an expression for each answer.
pub(super) type Choice = BTreeMap<usize, String>;

/// For each choice that matters, the answers that are allowed.
type Term = BTreeMap<usize, u64>;

/// When a step is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard(Vec<Term>);

impl Guard {
    /// Whatever was chosen.
    pub(super) fn always() -> Self {
        Self(vec![Term::new()])
    }

    /// Whatever was chosen, as long as nothing leads here.
    pub(super) const fn never() -> Self {
        Self(Vec::new())
    }

    /// The choices that matter.
    pub(super) fn choices(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().flat_map(|term| term.keys().copied())
    }

    pub(super) fn is_always(&self) -> bool {
        self.0.iter().any(Term::is_empty)
    }

    /// Adds that a choice was answered so.
    pub(super) fn and(&self, choice: usize, answer: usize) -> Self {
        let mask = 1_u64 << answer.min(ANSWERS_MAX);
        let narrowed = self.0.iter().filter_map(|term| {
            let mut term = term.clone();
            let allowed = term.entry(choice).or_insert(u64::MAX);
            *allowed &= mask;
            (*allowed != 0).then_some(term)
        });
        Self(narrowed.collect())
    }

    /// Allows another way; `None` when there are too many to follow.
    pub(super) fn or(mut self, other: &Self, full: &dyn Fn(usize) -> u64) -> Option<Self> {
        for term in &other.0 {
            self.0.push(term.clone());
            while self.merge(full) {}
            if self.0.len() > ALTERNATIVES_MAX {
                return None;
            }
        }
        Some(self)
    }

    /// Merges one pair of alternatives, if there is one that can be merged.
    fn merge(&mut self, full: &dyn Fn(usize) -> u64) -> bool {
        for a in 0..self.0.len() {
            for b in a + 1..self.0.len() {
                if let Some(merged) = merged(&self.0[a], &self.0[b], full) {
                    self.0.remove(b);
                    self.0[a] = merged;
                    return true;
                }
            }
        }
        false
    }

    /// Writes it as a condition; `None` where it always holds.
    pub(super) fn condition(&self, choices: &BTreeMap<usize, Choice>) -> Option<Node> {
        if self.is_always() {
            return None;
        }
        let terms: Vec<Node> = self.0.iter().map(|term| of_term(term, choices)).collect();
        Some(combined("any", terms))
    }
}

/// Makes one of two alternatives where one covers the other, or they differ in one choice alone.
fn merged(a: &Term, b: &Term, full: &dyn Fn(usize) -> u64) -> Option<Term> {
    let covers = |wide: &Term, narrow: &Term| {
        wide.iter().all(|(choice, mask)| narrow.get(choice).is_some_and(|n| n & !mask == 0))
    };
    if covers(a, b) {
        return Some(a.clone());
    }
    if covers(b, a) {
        return Some(b.clone());
    }
    if !a.keys().eq(b.keys()) {
        return None;
    }
    let mut differing = a.iter().filter(|(choice, mask)| b.get(choice) != Some(mask));
    let (choice, mask) = differing.next()?;
    if differing.next().is_some() {
        return None;
    }
    let union = mask | b.get(choice)?;
    let full = full(*choice);
    let mut term = a.clone();
    if union & full == full {
        term.remove(choice);
    } else {
        term.insert(*choice, union);
    }
    Some(term)
}

fn of_term(term: &Term, choices: &BTreeMap<usize, Choice>) -> Node {
    let each = term.iter().map(|(choice, mask)| {
        let answers = choices.get(choice).into_iter().flatten();
        let allowed = answers.filter(|(n, _)| (mask >> **n) & 1 == 1);
        combined("any", allowed.map(|(_, said)| Node::text_of(said.as_str())).collect())
    });
    combined("all", each.collect())
}

fn combined(how: &str, mut conditions: Vec<Node>) -> Node {
    if conditions.len() == 1
        && let Some(one) = conditions.pop()
    {
        return one;
    }
    Node::map_of([(how, Node::list_of(conditions))])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &dyn Fn(usize) -> u64 = &|_| 0b11;

    #[test]
    fn both_answers_of_a_choice_make_it_irrelevant() {
        let inner = Guard::always().and(1, 0);
        let (yes, no) = (inner.and(2, 0), inner.and(2, 1));
        assert_eq!(yes.clone().or(&no, TWO), Some(inner.clone()));
        let all = inner.or(&Guard::always().and(1, 1), TWO).expect("two alternatives");
        assert!(all.is_always());
        assert_eq!(Guard::never().or(&yes, TWO), Some(yes));
    }

    #[test]
    fn a_contradiction_is_never_taken() {
        assert_eq!(Guard::always().and(1, 0).and(1, 1), Guard::never());
    }

    #[test]
    fn conditions_are_written_as_any_of_all() {
        let choice = |yes: &str, no: &str| Choice::from([(0, yes.into()), (1, no.into())]);
        let choices = BTreeMap::from([(1, choice("a", "not a")), (2, choice("b", "not b"))]);
        let guard = Guard::always().and(1, 0).or(&Guard::always().and(2, 1), TWO).expect("two");
        let json = guard.condition(&choices).expect("a condition").to_json();
        assert_eq!(json, serde_json::json!({ "any": ["a", "not b"] }));
        let both = Guard::always().and(1, 0).and(2, 1).condition(&choices).expect("a condition");
        assert_eq!(both.to_json(), serde_json::json!({ "all": ["a", "not b"] }));
    }
}
