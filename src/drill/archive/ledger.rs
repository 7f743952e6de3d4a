//! Which runs have a result, and in which order something was stored of each. It must not know what
//! a result says.

use std::collections::BTreeMap;

use crate::id::{DrillId, DrillRunId};
use crate::store::Kind;

/// The runs that have a result. Run identities sort by time.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    runs: BTreeMap<DrillRunId, Entry>,
    /// How often something was noted.
    mark: u64,
}

#[derive(Debug)]
struct Entry {
    drill: DrillId,
    /// When something was last stored of it, as a mark.
    stored: u64,
}

impl Ledger {
    /// Notes that a result was stored, or what an evaluator says of one. What is said of a run that
    /// goes on is not noted: its result will be.
    pub fn note(&mut self, kind: Kind, name: &str) {
        let mark = self.mark + 1;
        let noted = match kind {
            Kind::DrillResult => name.rsplit_once('/').and_then(|(drill, run)| {
                let entry = Entry { drill: drill.into(), stored: mark };
                self.runs.insert(run.parse().ok()?, entry);
                Some(())
            }),
            Kind::DrillJudgement => name.split_once('/').and_then(|(run, _)| {
                self.runs.get_mut(&run.parse().ok()?)?.stored = mark;
                Some(())
            }),
            _ => None,
        };
        if noted.is_some() {
            self.mark = mark;
        }
    }

    /// Returns the drill of a run.
    pub fn drill_of(&self, run: DrillRunId) -> Option<DrillId> {
        self.runs.get(&run).map(|entry| entry.drill.clone())
    }

    /// Lists the runs of a drill, or of all, from before a run, the latest first.
    pub fn before(
        &self,
        drill: Option<&DrillId>,
        before: Option<DrillRunId>,
    ) -> Vec<(DrillRunId, DrillId)> {
        let wanted = |entry: &Entry| drill.is_none_or(|drill| *drill == entry.drill);
        let each = match before {
            Some(before) => self.runs.range(..before),
            None => self.runs.range(..),
        };
        let each = each.rev().filter(|(_, entry)| wanted(entry));
        each.map(|(run, entry)| (*run, entry.drill.clone())).collect()
    }

    /// Lists the runs of which something was stored after a mark, the earliest first, and the mark
    /// of now.
    pub fn since(&self, mark: u64) -> (Vec<DrillRunId>, u64) {
        if mark == self.mark {
            return (Vec::new(), mark);
        }
        let new = self.runs.iter().filter(|(_, entry)| entry.stored > mark);
        (new.map(|(run, _)| *run).collect(), self.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(nth: u128) -> DrillRunId {
        DrillRunId::from_u128(nth)
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for (drill, nth) in [("a", 2), ("b", 1), ("a", 3)] {
            ledger.note(Kind::DrillResult, &format!("{drill}/{}", run(nth)));
        }
        ledger
    }

    #[test]
    fn runs_are_found_by_drill_and_place() {
        let (ledger, a) = (ledger(), DrillId::new("a"));
        let of = |drill, before| {
            let found = ledger.before(drill, before).into_iter();
            found.map(|(run, _)| run).collect::<Vec<_>>()
        };
        assert_eq!(of(None, None), [run(3), run(2), run(1)]);
        assert_eq!(of(Some(&a), None), [run(3), run(2)]);
        assert_eq!(of(Some(&a), Some(run(3))), [run(2)]);
        assert_eq!(of(None, Some(run(1))), []);
        assert_eq!(ledger.drill_of(run(1)), Some(DrillId::new("b")));
        assert_eq!(ledger.drill_of(run(9)), None);
    }

    #[test]
    fn only_what_is_new_is_told_and_what_was_said_anew_of_an_old_run() {
        let mut ledger = ledger();
        let (all, mark) = ledger.since(0);
        assert_eq!((all, mark), (vec![run(1), run(2), run(3)], 3));
        assert_eq!(ledger.since(mark), (vec![], 3));
        ledger.note(Kind::DrillJudgement, &format!("{}/ann", run(2)));
        assert_eq!(ledger.since(mark), (vec![run(2)], 4));
        ledger.note(Kind::DrillJudgement, &format!("{}/ann", run(9)));
        ledger.note(Kind::DrillResult, "no run");
        assert_eq!(ledger.since(4), (vec![], 4), "neither is a run with a result");
    }
}
