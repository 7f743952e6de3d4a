//! How levels, variables and measures change.

use std::sync::Arc;

use crate::engine::event::Event;
use crate::engine::fact::Fact;
use crate::engine::incident::{Incident, KeptApart, LevelState};
use crate::playbook::LEVEL_MILDEST;

pub(super) fn apply(incident: &mut Incident, event: &Event) {
    match &event.fact {
        Fact::VariablesSet { values, sealed, .. } => {
            let known = Arc::make_mut(&mut incident.variables);
            for (name, value) in values {
                known.insert(name.clone(), value.clone());
            }
            for (name, reference) in sealed {
                // Journals from before values were kept apart hold them in the open.
                known.remove(name);
                let kept = KeptApart { reference: reference.clone(), erased: false };
                Arc::make_mut(&mut incident.personal).insert(name.clone(), kept);
            }
        }
        Fact::Measured { name, value } => {
            Arc::make_mut(&mut incident.measures).insert(name.clone(), *value);
        }
        Fact::LevelChanged { to, provisional, by_rules, overruled, .. } => {
            // A person's word holds until the rules give worse than they gave when it was said, also
            // where that is the level the person gave (Meaning 9).
            let overruled_at = match overruled {
                Some(_) => Some(*by_rules),
                None => incident.level.overruled_at.filter(|then| by_rules >= then),
            };
            let reached = event.occurred_at;
            if (*to..=LEVEL_MILDEST).any(|level| !incident.levels_reached.contains_key(&level)) {
                let first = Arc::make_mut(&mut incident.levels_reached);
                for level in *to..=LEVEL_MILDEST {
                    first.entry(level).or_insert(reached);
                }
            }
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
