//! How levels, variables and measures change.

use std::sync::Arc;

use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, LevelState};

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::VariablesSet { values, .. } => {
            let known = Arc::make_mut(&mut incident.variables);
            for (name, value) in values {
                known.insert(name.clone(), value.clone());
            }
        }
        Fact::Measured { name, value } => {
            Arc::make_mut(&mut incident.measures).insert(name.clone(), *value);
        }
        Fact::LevelChanged { to, provisional, by_rules, overruled, .. } => {
            // A person's level stays theirs while the rules give other values below it: only a
            // change of the level itself by rule ends it.
            let overruled_at = match overruled {
                Some(_) => Some(*by_rules),
                None if *to == incident.level.current => incident.level.overruled_at,
                None => None,
            };
            incident.level = LevelState {
                current: *to,
                provisional: *provisional,
                by_rules: *by_rules,
                overruled_at,
            };
        }
        Fact::FactsAsked { names } => {
            Arc::make_mut(&mut incident.facts_asked).extend(names.iter().cloned());
        }
        _ => {}
    }
}
