//! What becomes known: inputs, alerts, surges, injects, measures. What cannot be read of an alert
//! or a surge stays unknown and is reported; it never refuses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::decision::Decision;
use super::reject;
use crate::engine::event::{AlertNote, ValueSource};
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::incident::Incident;
use crate::engine::limits::{ALERT_LABELS_MAX, ALERT_VALUE_BYTES_MAX, KEY_BYTES_MAX, MEASURES_MAX};
use crate::engine::rejection::{FieldProblem, Rejection};
use crate::engine::seal::seal;
use crate::engine::surge::{AttachedSurge, SurgeNote, SurgeSeen};
use crate::id::VarId;
use crate::playbook::expression::Scope;
use crate::playbook::value::Problem;
use crate::playbook::{Action, Activation, Field, Template, Value, Variables};

/// Turns problems below a pointer into wrong fields.
pub(super) fn refused(below: &str, problems: Vec<Problem>) -> Rejection {
    let fields = problems.into_iter().map(|problem| FieldProblem {
        pointer: format!("{below}{}", problem.pointer),
        detail: problem.text(),
    });
    reject::fields(fields.collect())
}

impl Decision<'_> {
    /// Reads the inputs of a declaration. Required ones are asked of people; an alert or a drill
    /// declares with what it has.
    pub fn read_inputs(
        &self,
        given: Map<String, Json>,
        complete: bool,
    ) -> Result<Variables, Rejection> {
        let fields = &self.playbook.inputs;
        let json = Json::Object(given);
        let read =
            if complete { Field::read_all(fields, &json) } else { Field::read_some(fields, &json) };
        let mut values: Variables =
            read.map_err(|problems| refused("/inputs", problems))?.into_iter().collect();
        if !complete {
            for (name, field) in fields {
                if let (Some(default), false) = (&field.default, values.contains_key(name)) {
                    values.insert(name.clone(), default.clone());
                }
            }
        }
        Ok(values)
    }

    /// Sets inputs that become known later.
    pub fn set_inputs(&mut self, given: Map<String, Json>) -> Result<(), Rejection> {
        let values = Field::read_some(&self.playbook.inputs, &Json::Object(given))
            .map_err(|problems| refused("/values", problems))?;
        self.set(values.into_iter().collect(), ValueSource::Input);
        Ok(())
    }

    /// Sets what a drill injects: any variable the plan can set, with its type.
    pub fn inject(&mut self, given: Map<String, Json>) -> Result<(), Rejection> {
        let values = Field::read_some(&self.settable(), &Json::Object(given))
            .map_err(|problems| refused("/values", problems))?;
        self.set(values.into_iter().collect(), ValueSource::Inject);
        Ok(())
    }

    pub fn settable(&self) -> IndexMap<VarId, Field> {
        let mut fields = self.playbook.inputs.clone();
        for step in self.playbook.every_step() {
            if let Action::Manual(manual) = &step.action {
                for (name, field) in &manual.form {
                    fields.entry(name.clone()).or_insert_with(|| field.clone());
                }
            }
        }
        fields
    }

    /// Records values that differ from what is known. Of what is kept apart nobody knows whether
    /// it does.
    pub fn set(&mut self, mut values: Variables, source: ValueSource) {
        let known = &self.incident.variables;
        values.retain(|name, value| {
            self.index.personal.contains(name) || known.get(name) != Some(value)
        });
        self.learn(values, source);
    }

    /// Records values: in the open, or by the reference under which they are kept apart.
    pub fn learn(&mut self, values: Variables, source: ValueSource) {
        let is_personal = |name: &VarId| self.index.personal.contains(name);
        let (personal, values): (Variables, Variables) =
            values.into_iter().partition(|(name, _)| is_personal(name));
        if personal.is_empty() && values.is_empty() {
            return;
        }
        let seq = self.incident.version + 1;
        let mut sealed = BTreeMap::new();
        for (name, value) in personal {
            let kept = seal(&self.ctx.chance, self.incident.id, seq, (&name, &value));
            sealed.insert(name, kept.reference.clone());
            self.personal.push(kept);
        }
        self.emit(Fact::VariablesSet { values, sealed, source });
    }

    /// Attaches an alert and takes from it what the plan wants and it holds. A repeated alert moves
    /// only what is unknown or what the alert before it gave: it never overwrites a person's word.
    pub fn receive(&mut self, alert: AlertNote) {
        let alert = bounded(alert);
        let before = self.incident.alert.clone().map(|before| self.read_alert(&before).0);
        let (values, unreadable) = self.read_alert(&alert);
        let values = self.unsaid(values, before.as_ref());
        self.emit(Fact::AlertReceived { alert, unreadable });
        self.set(values, ValueSource::Alert);
    }

    /// Attaches a surge, or what has become of it, and takes from it what the plan wants: as of an
    /// alert. What says nothing new is passed over, and so is the end of one that is not attached.
    pub fn surge(&mut self, surge: SurgeNote, over: bool) {
        let surge = surge.bounded();
        let known = self.incident.surge.clone();
        let is_known =
            known.as_ref().is_some_and(|known| known.over == over && known.note == surge);
        let has_ended = known.as_ref().is_none_or(|known| known.over);
        if is_known || (over && has_ended) {
            return;
        }
        let before = known.map(|known| self.read_surge(&known.note).0);
        let (values, unreadable) = self.read_surge(&surge);
        let values = self.unsaid(values, before.as_ref());
        let seen = SurgeSeen { surge, unreadable };
        self.emit(if over { Fact::SurgeSubsided(seen) } else { Fact::SurgeObserved(seen) });
        self.set(values, ValueSource::Surge);
    }

    /// Keeps of what a tool says only that on which no person had the last word.
    fn unsaid(&self, mut values: Variables, before: Option<&Variables>) -> Variables {
        values.retain(|name, _| {
            let known = self.incident.variables.get(name);
            let given = before.and_then(|before| before.get(name));
            if self.incident.personal.contains_key(name) {
                return false;
            }
            known.is_none() || known == given || self.is_default(name, known)
        });
        values
    }

    fn is_default(&self, name: &VarId, value: Option<&Value>) -> bool {
        let default = self.playbook.inputs.get(name).and_then(|field| field.default.as_ref());
        default.is_some() && default == value
    }

    /// Reads the inputs that a plan takes from an alert; those that cannot be read are named.
    fn read_alert(&self, alert: &AlertNote) -> (Variables, Vec<VarId>) {
        let mut with_alert = self.incident.clone();
        with_alert.alert = Some(Arc::new(alert.clone()));
        self.read_by(self.templates_for(alert), &with_alert)
    }

    /// Reads the inputs that a plan takes from a surge.
    fn read_surge(&self, surge: &SurgeNote) -> (Variables, Vec<VarId>) {
        let mut with_surge = self.incident.clone();
        with_surge.surge = Some(Arc::new(AttachedSurge { note: surge.clone(), over: false }));
        let templates =
            self.playbook.activate_when.iter().find_map(|activation| match activation {
                Activation::Surge { monitor, inputs, .. } => {
                    (*monitor == surge.monitor).then_some(inputs)
                }
                Activation::Alert { .. } => None,
            });
        self.read_by(templates, &with_surge)
    }

    fn read_by(
        &self,
        templates: Option<&IndexMap<VarId, Template>>,
        with: &Incident,
    ) -> (Variables, Vec<VarId>) {
        let facts = Facts::new(self.playbook, with);
        let mut values = Variables::new();
        let mut unreadable = Vec::new();
        for (name, template) in templates.into_iter().flatten() {
            let Some(field) = self.playbook.inputs.get(name) else { continue };
            // What is not there would print as a word for unknown, not as a value.
            let known = template.names().iter().all(|name| facts.fact(name).is_some());
            let text = known.then(|| template.try_render(&facts).ok()).flatten();
            match text.and_then(|text| field.kind.read_text(&text).ok()) {
                Some(value) => {
                    values.insert(name.clone(), value);
                }
                None => unreadable.push(name.clone()),
            }
        }
        (values, unreadable)
    }

    fn templates_for(&self, alert: &AlertNote) -> Option<&IndexMap<VarId, Template>> {
        let mut answering =
            self.playbook.activate_when.iter().filter(|one| one.answers(&alert.labels));
        answering.find_map(|activation| match activation {
            Activation::Alert { inputs, .. } => Some(inputs),
            Activation::Surge { .. } => None,
        })
    }

    /// Takes an alert's news: it is attached, or it is over.
    pub fn alert(&mut self, alert: AlertNote, resolved: bool) -> Result<(), Rejection> {
        if resolved {
            let name = bounded(alert).name;
            self.emit(Fact::AlertResolved { name });
        } else {
            self.receive(alert);
        }
        Ok(())
    }

    /// Records a measured number.
    pub fn measure(&mut self, name: VarId, value: f64) -> Result<(), Rejection> {
        if !value.is_finite() {
            return Err(reject::field("/value", "须为有限的数值", "it must be a finite number"));
        }
        self.bounded("/name", name.as_str().to_owned(), KEY_BYTES_MAX)?;
        let known = &self.incident.measures;
        if known.len() >= MEASURES_MAX && !known.contains_key(&name) {
            return Err(reject::limit("指标", "measures", MEASURES_MAX));
        }
        self.emit(Fact::Measured { name, value });
        Ok(())
    }
}

/// Cuts an alert to what a journal may hold; alerts come from machines and know no bounds.
fn bounded(mut alert: AlertNote) -> AlertNote {
    let cut = |text: &str| {
        let mut end = text.len().min(ALERT_VALUE_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].to_owned()
    };
    alert.name = cut(&alert.name).into();
    for map in [&mut alert.labels, &mut alert.annotations] {
        *map = std::mem::take(map)
            .into_iter()
            .take(ALERT_LABELS_MAX)
            .map(|(key, value)| (cut(&key).into(), cut(&value)))
            .collect();
    }
    alert
}
