//! Levels (Meaning 9): what the rules give, what a person says, and what holds.

use smol_str::SmolStr;

use super::decision::Decision;
use super::reject;
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::incident::LevelState;
use crate::engine::rejection::Rejection;
use crate::playbook::expression::{Truth, Unsure};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST, Level};

/// What the level table gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ruling {
    /// The level.
    pub level: Level,
    /// A worse rule is unknown.
    pub provisional: bool,
    /// What one would have to know for the worse rules.
    pub unknown: Vec<SmolStr>,
}

impl Decision<'_> {
    /// Reads the level table: the first rule that is true gives the level; while a worse one is
    /// unknown it is provisional, and no better than the plan assumes.
    pub fn ruling(&self) -> Ruling {
        let facts = Facts::new(self.playbook, self.incident);
        let mut unknown = Vec::new();
        let mut provisional = false;
        let mut level = LEVEL_MILDEST;
        for rule in &self.playbook.levels {
            let verdict = rule.when.as_ref().map(|when| when.evaluate(&facts));
            match verdict.as_ref().map(|verdict| verdict.truth) {
                None | Some(Truth::Yes) => {
                    level = rule.level;
                    break;
                }
                Some(Truth::No) => {}
                Some(Truth::Unknown) => {
                    provisional = true;
                    unknown.extend(verdict.iter().flat_map(|v| &v.unsure).filter_map(name_of));
                }
            }
        }
        if provisional {
            level = level.min(self.playbook.assume_level.unwrap_or(level));
        }
        unknown.sort_unstable();
        unknown.dedup();
        Ruling { level, provisional, unknown }
    }

    /// Decides the level of a declaration: the rules', or the declaring person's.
    pub fn first_level(&mut self, said: Option<Level>) {
        let ruling = self.ruling();
        let overruled = said.map(|_| "declared".to_owned());
        self.emit(Fact::LevelChanged {
            from: None,
            to: said.unwrap_or(ruling.level),
            provisional: said.is_none() && ruling.provisional,
            by_rules: ruling.level,
            overruled,
        });
        self.ask_for_facts(&ruling);
    }

    /// Weighs the level table again after a fact it depends on changed.
    pub fn weigh_levels(&mut self) {
        let ruling = self.ruling();
        let state = self.incident.level;
        let (to, provisional) = moved(state, &ruling);
        if (to, provisional, ruling.level) != (state.current, state.provisional, state.by_rules) {
            self.emit(Fact::LevelChanged {
                from: Some(state.current),
                to,
                provisional,
                by_rules: ruling.level,
                overruled: None,
            });
        }
        self.ask_for_facts(&ruling);
    }

    /// Asks the commander for what a worse level depends on, each fact once.
    fn ask_for_facts(&mut self, ruling: &Ruling) {
        if !self.incident.level.provisional {
            return;
        }
        let asked = &self.incident.facts_asked;
        let names: Vec<SmolStr> =
            ruling.unknown.iter().filter(|name| !asked.contains(name)).cloned().collect();
        if !names.is_empty() {
            self.emit(Fact::FactsAsked { names });
            self.tell_commander("facts_wanted");
        }
    }

    /// Sets the level over the rules; it holds until they give worse than they give now.
    pub fn set_level(&mut self, level: Level, reason: String) -> Result<(), Rejection> {
        if !(LEVEL_WORST..=LEVEL_MILDEST).contains(&level) {
            return Err(reject::field(
                "/level",
                format!("等级须在 {LEVEL_WORST} 到 {LEVEL_MILDEST} 之间"),
                format!("the level must be {LEVEL_WORST} to {LEVEL_MILDEST}"),
            ));
        }
        let reason = self.text("/reason", reason)?;
        let by_rules = self.ruling().level;
        self.emit(Fact::LevelChanged {
            from: Some(self.incident.level.current),
            to: level,
            provisional: false,
            by_rules,
            overruled: Some(reason),
        });
        Ok(())
    }
}

/// Returns the level and whether it is provisional after the rules gave a ruling.
fn moved(state: LevelState, ruling: &Ruling) -> (Level, bool) {
    let keep = (state.current, state.provisional);
    match state.overruled_at {
        // The person knew what the rules gave; only something worse than that ends their word.
        Some(then) if ruling.level >= then => keep,
        // Better by rule alone only while provisional.
        _ if ruling.level > state.current && !state.provisional => keep,
        _ => (ruling.level, ruling.provisional),
    }
}

fn name_of(unsure: &Unsure) -> Option<SmolStr> {
    match unsure {
        Unsure::Unset(name) => Some(SmolStr::new(name.to_string())),
        Unsure::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(current: Level, provisional: bool, overruled_at: Option<Level>) -> LevelState {
        LevelState { current, provisional, by_rules: current, overruled_at }
    }

    fn ruling(level: Level, provisional: bool) -> Ruling {
        Ruling { level, provisional, unknown: Vec::new() }
    }

    #[test]
    fn meaning_09_worse_applies_at_once_and_better_only_while_provisional() {
        assert_eq!(moved(state(3, false, None), &ruling(1, false)), (1, false));
        assert_eq!(moved(state(2, false, None), &ruling(4, false)), (2, false));
        assert_eq!(moved(state(2, true, None), &ruling(4, false)), (4, false));
        assert_eq!(moved(state(2, true, None), &ruling(3, true)), (3, true));
        assert_eq!(moved(state(2, true, None), &ruling(2, false)), (2, false));
    }

    #[test]
    fn meaning_09_a_persons_level_holds_until_the_rules_give_worse_than_they_gave_then() {
        let lowered = state(4, false, Some(2));
        assert_eq!(moved(lowered, &ruling(2, false)), (4, false));
        assert_eq!(moved(lowered, &ruling(3, false)), (4, false));
        assert_eq!(moved(lowered, &ruling(1, false)), (1, false));
        let raised = state(1, false, Some(3));
        assert_eq!(moved(raised, &ruling(2, false)), (1, false));
    }
}
