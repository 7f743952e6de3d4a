//! What conditions say, and what the level follows from them.

use super::Model;
use super::standing::State;
use crate::spec::{Cond, Word};

impl Model<'_> {
    /// Kleene's three values: `None` is unknown.
    pub fn truth(&self, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::Users(n) => self.users.map(|users| users >= *n),
            Cond::Channels(n) => self.channels.map(|channels| channels >= *n),
            Cond::Over => self.over,
            Cond::Level(n) => Some(self.level <= *n),
            Cond::Step(step, word) => Some(self.seen(step, word)),
            Cond::Yes(step) => {
                Some(self.runs.get(step).is_some_and(|run| run.state == State::Done && run.yes))
            }
            // One string is known only where all that it names is.
            Cond::Text(users, word, channels) => {
                let (users, channels) = (self.users? >= *users, self.channels? >= *channels);
                Some(if *word == Word::And { users && channels } else { users || channels })
            }
            Cond::Any(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.truth(part)).collect();
                if parts.contains(&Some(true)) {
                    Some(true)
                } else if parts.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Cond::All(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.truth(part)).collect();
                if parts.contains(&Some(false)) {
                    Some(false)
                } else if parts.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Cond::Not(part) => self.truth(part).map(|truth| !truth),
        }
    }

    fn seen(&self, step: &str, word: &str) -> bool {
        let Some(run) = self.runs.get(step) else { return false };
        match word {
            "done" => run.state == State::Done || run.passed_before,
            word => run.state.name() == word,
        }
    }

    /// What the rules give, and whether a worse rule is unknown.
    pub fn by_rules(&self) -> (u8, bool) {
        let mut unknown = false;
        let mut given = 4;
        for (level, when) in &self.spec.levels {
            match when.as_ref().map_or(Some(true), |when| self.truth(when)) {
                Some(true) => {
                    given = *level;
                    break;
                }
                Some(false) => {}
                None => unknown = true,
            }
        }
        match self.spec.assume {
            Some(assume) if unknown => (given.min(assume), true),
            _ => (given, unknown),
        }
    }

    pub fn judge_level(&mut self) {
        let (rules, provisional) = self.by_rules();
        let before = self.level;
        if self.overruled_at.is_some_and(|then| rules >= then) {
            return;
        }
        // The rules give worse than they gave then: from now on they govern again.
        self.overruled_at = None;
        if rules <= self.level || self.provisional {
            (self.level, self.provisional) = (rules, provisional);
        }
        self.level_changed(before);
    }
}
