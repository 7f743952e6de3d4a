//! Personal values, as far as a reader may see them.

use std::collections::BTreeMap;

use crate::engine::{Incident, KeptApart};
use crate::id::VarId;
use crate::playbook::{Playbook, Value};
use crate::runtime::PersonalValue;
use crate::server::wire::{Personal, PersonalState};

/// What a reader is shown of personal values.
#[derive(Debug, Clone)]
pub enum Sight {
    /// That they are kept apart: to those who only look.
    Outline,
    /// By which reference: in answers that are stored, so that a value is in one place alone.
    References,
    /// The values: to those who act on the incident.
    Values(BTreeMap<VarId, PersonalValue>),
}

impl Sight {
    /// Returns the value of a variable, where it is there and may be seen.
    pub(super) fn value(&self, name: &VarId) -> Option<&Value> {
        match self {
            Self::Values(values) => match values.get(name)? {
                PersonalValue::Kept(value) => Some(value),
                PersonalValue::Erased | PersonalValue::Damaged => None,
            },
            Self::Outline | Self::References => None,
        }
    }
}

/// Shows every personal value that was ever given: the latest of each variable.
#[must_use]
pub fn personal(
    playbook: &Playbook,
    incident: &Incident,
    sight: &Sight,
) -> BTreeMap<VarId, Personal> {
    let in_journal = incident.variables.iter().filter(|(name, _)| playbook.is_personal(name));
    let in_journal = in_journal.map(|(name, value)| (name.clone(), recorded(value, sight)));
    let apart = incident.personal.iter();
    in_journal.chain(apart.map(|(name, kept)| (name.clone(), show(name, kept, sight)))).collect()
}

/// A value that stands in the journal since before such values were kept apart.
fn recorded(value: &Value, sight: &Sight) -> Personal {
    let value = matches!(sight, Sight::Values(_)).then(|| value.to_plain());
    Personal { state: PersonalState::Recorded, reference: None, value }
}

fn show(name: &VarId, kept: &KeptApart, sight: &Sight) -> Personal {
    let state = match sight {
        _ if kept.erased => PersonalState::Erased,
        Sight::Outline | Sight::References => PersonalState::Apart,
        Sight::Values(values) => match values.get(name) {
            Some(PersonalValue::Kept(_)) => PersonalState::Apart,
            Some(PersonalValue::Erased) | None => PersonalState::Erased,
            Some(PersonalValue::Damaged) => PersonalState::Damaged,
        },
    };
    let reference = match sight {
        Sight::Outline => None,
        Sight::References | Sight::Values(_) => Some(kept.reference.as_str().to_owned()),
    };
    Personal { state, reference, value: sight.value(name).map(Value::to_plain) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Reference;

    #[test]
    fn a_value_is_shown_in_one_case_alone() {
        let name = VarId::new("phone");
        let value = Value::String("13800138000".into());
        let found =
            [PersonalValue::Kept(value), PersonalValue::Erased, PersonalValue::Damaged].map(Some);
        let open = found.into_iter().chain([None]).map(|found| {
            Sight::Values(found.map(|found| (name.clone(), found)).into_iter().collect())
        });
        let shown = |sight: &Sight, erased: bool| {
            let kept = KeptApart { reference: Reference::new("9f86"), erased };
            let Personal { state, reference, value } = show(&name, &kept, sight);
            (state, reference.is_some(), value.is_some())
        };
        use PersonalState::{Apart, Damaged, Erased};
        let expected = [
            (Apart, false, false),
            (Apart, true, false),
            (Apart, true, true),
            (Erased, true, false),
            (Damaged, true, false),
            (Erased, true, false),
        ];
        for (sight, expected) in
            [Sight::Outline, Sight::References].into_iter().chain(open).zip(expected)
        {
            assert_eq!(shown(&sight, false), expected, "{sight:?}");
        }
        assert_eq!(shown(&Sight::Outline, true), (Erased, false, false));
        assert_eq!(shown(&Sight::References, true), (Erased, true, false));
    }

    const PLAN: &str = "
playbook: ask
title: Ask
inputs: { phone: { type: string, personal: true }, n: { type: integer } }
phases: [ { id: one, title: One } ]
";

    /// A journal from before personal values were kept apart.
    fn incident_from_before() -> Incident {
        let event = |seq: u64, fact: &str| {
            let at = "2026-11-01T08:00:00Z";
            let json = format!(
                r#"{{"v":1,"seq":{seq},"occurred_at":"{at}","recorded_at":"{at}",
                    "actor":{{"kind":"system"}},{fact}}}"#
            );
            crate::engine::codec::decode(json.as_bytes()).unwrap()
        };
        let events = [
            event(
                1,
                r#""type":"declared","id":"01927f6e-0000-7000-8000-000000000001","number":1,
                   "mode":"live","playbook":{"id":"ask","hash":"x"},"title":"Ask""#,
            ),
            event(
                2,
                r#""type":"variables_set","values":{"n":3,"phone":"13800138000"},
                   "source":{"from":"input"}"#,
            ),
        ];
        Incident::replay(&events).unwrap()
    }

    #[test]
    fn a_value_that_stands_in_the_journal_is_shown_to_those_who_act_alone() {
        let (plan, incident) = (Playbook::restore(PLAN).unwrap(), incident_from_before());
        for (sight, value) in [
            (Sight::Outline, None),
            (Sight::References, None),
            (Sight::Values(BTreeMap::new()), Some("13800138000".into())),
        ] {
            let shown = super::super::incident(&plan, &incident, Vec::new(), &sight);
            let expected = Personal { state: PersonalState::Recorded, reference: None, value };
            assert_eq!(shown.personal, BTreeMap::from([(VarId::new("phone"), expected)]));
            assert_eq!(shown.variables, BTreeMap::from([(VarId::new("n"), 3.into())]));
        }
    }
}
