//! When a count is a surge.

use smol_str::SmolStr;

/// Occurrences of a signal that carry a value of a label: dropped calls among calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The label.
    pub label: SmolStr,
    /// Its value.
    pub value: SmolStr,
}

/// When a count is a surge.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// So many in the window.
    AtLeast(u64),
    /// So many times what is usual, for so many buckets on end.
    Ratio {
        /// How many times.
        times: f64,
        /// For how many minutes it must hold.
        minutes: u32,
    },
    /// So many in a row carry the mark.
    InARow {
        /// The mark, by its place among the monitor's marks.
        mark: usize,
        /// How many.
        at_least: u32,
    },
    /// Fewer than this part of the window's carry the mark, for so many minutes on end.
    Share {
        /// The mark, by its place among the monitor's marks.
        mark: usize,
        /// The part, between 0 and 1.
        below: f64,
        /// For how many minutes it must hold.
        minutes: u32,
    },
    /// So many different values of a label in the window: people, regions, outlets.
    Distinct {
        /// The label, by its place among the monitor's sources.
        source: usize,
        /// How many.
        at_least: u32,
    },
    /// Any of these.
    Any(Vec<Rule>),
    /// All of these.
    All(Vec<Rule>),
}

/// What a rule is judged by, of one group at one instant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts<'a> {
    /// How many in the window.
    pub count: u64,
    /// How many times what is usual; nothing while that is not known.
    pub ratio: Option<f64>,
    /// How many of the window carry each mark, and how many in a row do.
    pub marked: &'a [(u64, u32)],
    /// How many different values each source had.
    pub distinct: &'a [u32],
    /// The instant, in minutes.
    pub minute: u32,
}

impl Rule {
    /// Judges a group. What a rule must hold for is remembered in `since`, a place for each rule in
    /// the order they are written.
    pub(super) fn holds(&self, facts: &Facts<'_>, since: &mut Vec<Option<u32>>) -> bool {
        since.resize(self.leaves(), None);
        self.judged(facts, since)
    }

    fn judged(&self, facts: &Facts<'_>, since: &mut [Option<u32>]) -> bool {
        let mut held = |now: bool, minutes: u32| {
            let Some(since) = since.first_mut() else { return now };
            if !now {
                *since = None;
                return false;
            }
            facts.minute.saturating_sub(*since.get_or_insert(facts.minute)) >= minutes
        };
        match self {
            Self::AtLeast(least) => facts.count >= *least,
            Self::Ratio { times, minutes } => {
                held(facts.ratio.is_some_and(|ratio| ratio >= *times), *minutes)
            }
            Self::InARow { mark, at_least } => {
                facts.marked.get(*mark).is_some_and(|(_, in_a_row)| in_a_row >= at_least)
            }
            Self::Share { mark, below, minutes } => {
                let marked = facts.marked.get(*mark).map_or(0, |(marked, _)| *marked);
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
                let share = marked as f64 / facts.count.max(1) as f64;
                held(facts.count > 0 && share < *below, *minutes)
            }
            Self::Distinct { source, at_least } => {
                facts.distinct.get(*source).is_some_and(|seen| seen >= at_least)
            }
            // Each is judged, also once the answer is known: what must hold for a time is kept.
            Self::Any(rules) => each(rules, facts, since).into_iter().any(|holds| holds),
            Self::All(rules) => each(rules, facts, since).into_iter().all(|holds| holds),
        }
    }

    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Any(rules) | Self::All(rules) => rules.iter().map(Self::leaves).sum(),
            _ => 1,
        }
    }

    /// Returns the least ratio that is a surge, where there is one.
    #[must_use]
    pub fn least_ratio(&self) -> Option<f64> {
        match self {
            Self::Ratio { times, .. } => Some(*times),
            Self::Any(rules) | Self::All(rules) => {
                rules.iter().filter_map(Self::least_ratio).reduce(f64::min)
            }
            _ => None,
        }
    }

    /// Tells whether it asks for so many in a row: then the order of what comes matters.
    #[must_use]
    pub fn needs_order(&self) -> bool {
        match self {
            Self::InARow { .. } => true,
            Self::Any(rules) | Self::All(rules) => rules.iter().any(Self::needs_order),
            Self::AtLeast(_) | Self::Ratio { .. } | Self::Share { .. } | Self::Distinct { .. } => {
                false
            }
        }
    }

    /// Returns for how many minutes its ratios must hold.
    #[must_use]
    pub fn held(&self) -> u32 {
        match self {
            Self::Ratio { minutes, .. } => *minutes,
            Self::Any(rules) | Self::All(rules) => rules.iter().map(Self::held).max().unwrap_or(0),
            _ => 0,
        }
    }
}

fn each(rules: &[Rule], facts: &Facts<'_>, since: &mut [Option<u32>]) -> Vec<bool> {
    let mut rest = since;
    let mut holds = Vec::with_capacity(rules.len());
    for rule in rules {
        let (own, others) = rest.split_at_mut(rule.leaves().min(rest.len()));
        holds.push(rule.judged(facts, own));
        rest = others;
    }
    holds
}
