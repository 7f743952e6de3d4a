//! Children and parents: a child is asked for, begins, is recalled, ends; what it found comes back
//! (Meaning 8, 14). The wish stands in the outbox until the shell has carried it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::decision::{Decision, Voice};
use crate::engine::command::ChildOutcome;
use crate::engine::event::ValueSource;
use crate::engine::fact::Fact;
use crate::engine::facts::Facts;
use crate::engine::incident::Pending;
use crate::engine::kin::{ChildCall, HandOffCall, RecallReason};
use crate::engine::limits::CHILDREN_MAX;
use crate::engine::mode::Status;
use crate::engine::run::{FailureCause, RunKey, StepState};
use crate::id::{IncidentId, NoticeId, VarId};
use crate::playbook::expression::{Fact as Known, Name, Scope};
use crate::playbook::{Action, CHILDREN_NEST_MAX, Child, HandOff, JsonTemplate, Variables};
use indexmap::IndexMap;

/// A child as it tells of itself.
pub(super) struct ChildNews {
    pub child: IncidentId,
    pub number: u64,
    pub status: Status,
    pub reason: Option<String>,
    pub values: Arc<Variables>,
}

impl Decision<'_> {
    /// Returns the identity of the next entry of the outbox.
    pub fn next_request(&self) -> NoticeId {
        NoticeId::nth(self.incident.id, self.incident.notices_ever + 1)
    }

    /// Asks for the child of a step that began.
    pub fn ask_for_child(&mut self, key: &RunKey, call: &Child) {
        let depth = self.incident.parent.as_ref().map_or(0, |parent| parent.depth);
        if depth >= CHILDREN_NEST_MAX {
            let why = format!("children nest at most {CHILDREN_NEST_MAX} deep");
            self.fail(key, FailureCause::Error, why);
            return;
        }
        if self.incident.children.len() >= CHILDREN_MAX {
            let why = format!("an incident has at most {CHILDREN_MAX} children");
            self.fail(key, FailureCause::Error, why);
            return;
        }
        let (request, with) = (self.next_request(), self.given(key, &call.with));
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let nth = self.incident.notices_ever + 1;
        self.emit(Fact::ChildQueued(ChildCall {
            request,
            key: key.clone(),
            child: IncidentId::nth_child(self.incident.id, nth, millis),
            playbook: call.playbook.clone(),
            with,
            detached: !call.wait,
        }));
    }

    /// Asks for another plan to take over.
    pub fn ask_for_hand_off(&mut self, key: &RunKey, over: &HandOff) {
        let (request, with) = (self.next_request(), self.given(key, &over.with));
        let (key, playbook) = (key.clone(), over.playbook.clone());
        self.emit(Fact::HandOffQueued(HandOffCall { request, key, playbook, with }));
    }

    /// Fills in what is given to another plan. What rests on an unknown is left out: to the other
    /// plan it is unknown, not a word for it.
    fn given(&self, key: &RunKey, with: &IndexMap<VarId, JsonTemplate>) -> BTreeMap<VarId, Json> {
        let facts = match self.incident.run_of(key) {
            Some(run) => Facts::of_run(self.playbook, self.incident, run),
            None => Facts::new(self.playbook, self.incident),
        };
        let known =
            |name: &Name| facts.fact(name).is_some_and(|fact| !matches!(fact, Known::Nothing));
        let mut values = BTreeMap::new();
        for (name, template) in with {
            let is_text = matches!(template, JsonTemplate::Text(_));
            let mut names = Vec::new();
            template.names(&mut names);
            if is_text && !names.into_iter().all(known) {
                continue;
            }
            let value = template.render(&facts);
            if !value.is_null() {
                values.insert(name.clone(), value);
            }
        }
        values
    }

    /// Takes what came of a call; a late answer changes nothing but what is known of the child.
    pub fn child_outcome(&mut self, request: NoticeId, outcome: ChildOutcome) {
        let Some(pending) = self.incident.outbox.get(&request).cloned() else { return };
        match (pending.as_ref(), outcome) {
            (Pending::Child { key, child, .. }, ChildOutcome::Started { number }) => {
                self.child_started(request, key, *child, number);
            }
            (Pending::Recall { key, child, .. }, ChildOutcome::Started { number }) => {
                let (key, child) = (key.clone(), *child);
                self.emit(Fact::ChildStarted { request, key, child, number });
            }
            (Pending::Recall { .. }, ChildOutcome::Refused { .. } | ChildOutcome::HeldBack) => {
                self.emit(Fact::ErrandEnded { request });
            }
            (Pending::Child { key, .. }, ChildOutcome::HeldBack) => {
                let why = "held back".to_owned();
                let seq =
                    self.emit(Fact::CallRefused { request, key: key.clone(), why: why.clone() });
                if self.is_active(key) {
                    self.after_direct(seq, |decision| {
                        let (key, answer, note) = (key.clone(), None, Some(why));
                        decision.emit(Fact::StepDone { key, answer, note });
                    });
                }
            }
            (
                Pending::Child { key, .. } | Pending::HandOff { key, .. },
                ChildOutcome::Refused { why },
            ) => {
                self.call_refused(request, key, why);
            }
            _ => {}
        }
    }

    fn child_started(&mut self, request: NoticeId, key: &RunKey, child: IncidentId, number: u64) {
        let started = Fact::ChildStarted { request, key: key.clone(), child, number };
        let seq = self.emit(started);
        let detached = self.incident.children.get(&child).is_some_and(|known| known.detached);
        if detached && self.is_active(key) {
            self.after_direct(seq, |decision| {
                decision.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            });
        }
    }

    /// The other plan cannot run: its step fails, and says why.
    pub fn call_refused(&mut self, request: NoticeId, key: &RunKey, why: String) {
        let refused = Fact::CallRefused { request, key: key.clone(), why: why.clone() };
        let seq = self.emit(refused);
        if self.is_active(key) {
            self.after_direct(seq, |decision| decision.fail(key, FailureCause::Error, why));
        }
    }

    /// Tells whether a run goes on in an incident that does.
    pub fn is_active(&self, key: &RunKey) -> bool {
        let active = |run: &crate::engine::run::Run| run.state == StepState::Active;
        self.incident.status.is_open() && self.incident.run_of(key).is_some_and(active)
    }

    /// A child ended or was opened again. The step that waits for it ends with it; a second report
    /// of the same changes nothing.
    pub fn child_reported(&mut self, news: ChildNews) {
        let ChildNews { child, number, status, reason, values } = news;
        let Some(known) = self.incident.children.get(&child).cloned() else { return };
        if known.status == Some(status) {
            return;
        }
        let key = known.key.clone();
        // A child that ends at once may tell so before its beginning was told.
        if known.status.is_none() {
            let call = self.incident.outbox.iter().find(|(_, pending)| {
                matches!(pending.as_ref(), Pending::Child { child: of, .. } if *of == child)
            });
            if let Some(request) = call.map(|(request, _)| *request) {
                self.child_started(request, &key, child, number);
            }
        }
        let why = reason.clone();
        let told = Fact::ChildReported { key: key.clone(), child, number, status, reason };
        let seq = self.emit(told);
        let waits = self.incident.run_of(&key).is_some_and(|run| run.child == Some(child));
        if !waits || !self.is_active(&key) {
            return;
        }
        self.after_direct(seq, |decision| match status {
            Status::Open | Status::Paused => {}
            Status::Closed => decision.child_closed(&key, &values),
            Status::Cancelled => {
                let why = why.unwrap_or_default();
                let why = format!("incident {number} was cancelled: {why}");
                // A person called it a false alarm: no attempt follows by itself.
                decision.fail(&key, FailureCause::ByPerson, why);
            }
        });
    }

    /// What the child knows under the names that the step saves becomes known here.
    fn child_closed(&mut self, key: &RunKey, values: &Variables) {
        let Some(step) = self.step(&key.step) else { return };
        if let Action::Child(call) = &step.action {
            let fields = self.settable();
            let mut saved = Variables::new();
            for (ours, theirs) in &call.save {
                let Some(value) = values.get(theirs) else { continue };
                let fits =
                    |field: &crate::playbook::Field| field.kind.read(&value.to_plain()).is_ok();
                if fields.get(ours).is_none_or(fits) {
                    saved.insert(ours.clone(), value.clone());
                }
            }
            if !saved.is_empty() {
                self.learn(saved, ValueSource::Child { key: key.clone() });
            }
        }
        self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
    }

    /// A run no longer waits for what it asked of the outside: its request, its child, its hand-off.
    pub fn drop_request(&mut self, key: &RunKey, why: RecallReason) {
        let Some(run) = self.incident.run_of(key) else { return };
        let (request, child) = (run.request, run.child);
        let pending = request.and_then(|request| self.incident.outbox.get(&request));
        match (request, pending.map(AsRef::as_ref)) {
            (Some(request), Some(Pending::HandOff { .. })) => {
                self.emit(Fact::ErrandEnded { request });
            }
            (Some(request), Some(Pending::Request { .. })) => {
                self.emit(Fact::RequestEnded { request, status: None, held_back: false });
            }
            _ => {
                if let Some(child) = child {
                    self.recall(key, child, request, why);
                }
            }
        }
    }

    /// Recalls a child: one that has not begun never does, one that is waited for is cancelled, one
    /// that nobody waits for lives on.
    fn recall(
        &mut self,
        key: &RunKey,
        child: IncidentId,
        call: Option<NoticeId>,
        why: RecallReason,
    ) {
        let Some(known) = self.incident.children.get(&child) else { return };
        let unwanted = match known.status {
            None => true,
            Some(status) => status.is_open() && !known.detached,
        };
        if unwanted {
            let request = call.unwrap_or_else(|| self.next_request());
            self.emit(Fact::ChildRecalled { request, key: key.clone(), child, why });
        }
    }

    /// The parent is to hear where this incident stands.
    pub fn report(&mut self, reason: Option<String>) {
        if self.incident.parent.is_none() {
            return;
        }
        let (request, status) = (self.next_request(), self.incident.status);
        self.voice = Voice::Rule(self.incident.version);
        self.emit(Fact::ReportQueued { request, status, reason });
    }

    /// A recall or a report was carried.
    pub fn errand_ended(&mut self, request: NoticeId) {
        let carried = matches!(
            self.incident.outbox.get(&request).map(AsRef::as_ref),
            Some(Pending::Recall { .. } | Pending::Report { .. })
        );
        if carried {
            self.emit(Fact::ErrandEnded { request });
        }
    }
}
