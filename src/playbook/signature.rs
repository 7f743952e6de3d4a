//! What other plans may know of a plan: what it asks for, what it can tell, whom it calls. It must
//! not know where anything stands in a file.

use std::collections::BTreeMap;

use crate::id::{PlaybookId, StepId, VarId};
use crate::playbook::model::{Access, Action, Playbook};
use crate::playbook::value::{Field, FieldType, Value};
use indexmap::IndexMap;

/// What other plans may know of a plan.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The plan.
    pub id: PlaybookId,
    /// Who may see its incidents.
    pub access: Access,
    /// What it asks for.
    pub inputs: IndexMap<VarId, Field>,
    /// What it can set, with the type where one is declared.
    pub variables: BTreeMap<VarId, Option<FieldType>>,
    /// What it keeps apart.
    pub personal: Vec<VarId>,
    /// The plans it calls, step by step.
    pub calls: Vec<(StepId, PlaybookId)>,
}

impl Signature {
    /// Reads it off a plan.
    #[must_use]
    pub fn of(plan: &Playbook) -> Self {
        let mut signature = Self {
            id: plan.id.clone(),
            access: plan.access,
            inputs: plan.inputs.clone(),
            variables: BTreeMap::new(),
            personal: plan.index().personal.iter().cloned().collect(),
            calls: Vec::new(),
        };
        signature.declare(&plan.inputs);
        for step in plan.phases.iter().flat_map(|phase| &phase.steps) {
            match &step.action {
                Action::Manual(manual) => signature.declare(&manual.form),
                Action::Http(http) => signature.names(http.save.keys()),
                Action::Set(values) => signature.names(values.keys()),
                Action::Child(child) => {
                    signature.names(child.save.keys());
                    signature.calls.push((step.id.clone(), child.playbook.clone()));
                }
                Action::HandOff(over) => {
                    signature.calls.push((step.id.clone(), over.playbook.clone()));
                }
                Action::Notify(_) | Action::Decide(_) | Action::Approve(_) | Action::Wait(_) => {}
            }
        }
        signature
    }

    fn declare(&mut self, fields: &IndexMap<VarId, Field>) {
        for (name, field) in fields {
            let kind = self.variables.entry(name.clone()).or_default();
            kind.get_or_insert_with(|| field.kind.clone());
        }
    }

    fn names<'v>(&mut self, names: impl Iterator<Item = &'v VarId>) {
        for name in names {
            self.variables.entry(name.clone()).or_default();
        }
    }

    /// Tells whether a value known under a name may be kept by this plan: it can set the name, and
    /// the value is of the declared type.
    #[must_use]
    pub fn takes(&self, name: &VarId, value: &Value) -> bool {
        let open = !self.personal.contains(name);
        match self.variables.get(name) {
            Some(Some(kind)) => open && kind.read(&value.to_plain()).is_ok(),
            Some(None) => open,
            None => false,
        }
    }
}

/// Tells whether values of one type can stand where another is asked for. Texts may turn out to be
/// a choice or a day, so they pass; what can never fit does not.
#[must_use]
pub(super) fn may_be(given: &FieldType, asked: &FieldType) -> bool {
    match (given, asked) {
        (FieldType::List { of: given, .. }, FieldType::List { of: asked, .. }) => {
            may_be(given, asked)
        }
        (FieldType::Integer(_), FieldType::Number(_)) => true,
        _ if given.name() == asked.name() => true,
        _ => is_text(given) && is_text(asked) && (is_free(given) || is_free(asked)),
    }
}

/// Written as text where it leaves its plan.
const fn is_text(kind: &FieldType) -> bool {
    !matches!(
        kind,
        FieldType::Integer(_) | FieldType::Number(_) | FieldType::Boolean | FieldType::List { .. }
    )
}

/// Holds any text.
const fn is_free(kind: &FieldType) -> bool {
    matches!(kind, FieldType::String(_) | FieldType::Text(_))
}

/// Tells whether a text, whatever it says, can never stand for the type.
#[must_use]
pub(super) const fn never_text(kind: &FieldType) -> bool {
    !is_text(kind)
}
