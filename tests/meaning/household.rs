//! Several incidents under test: one asks for others, and what the dispatcher would carry between
//! them is carried here, one errand at a time.

use std::sync::Arc;

use firebell::engine::{ChildOutcome, Command, ParentRef, Pending, Status};
use firebell::id::{IncidentId, NoticeId};
use serde_json::Value as Json;

use crate::act::object;
use crate::case::{Case, staffed_with};

/// The most errands carried at one instant: more is a circle.
const ERRANDS_MAX: usize = 500;

/// An incident, those it asked for, and the plans there are.
pub struct Household {
    /// Plans by name, as their authors would write them.
    plans: Vec<(&'static str, &'static str)>,
    /// The incidents, the first one first; its children follow in the order in which they began.
    pub cases: Vec<Case>,
}

impl Household {
    /// Declares the first incident, with its roles held, and carries what it asks for.
    pub fn of(body: &str, plans: &[(&'static str, &'static str)]) -> Self {
        let mut household = Self::before_anything(body, Json::Null, plans);
        household.carry();
        household
    }

    /// As [`Self::of`], with inputs.
    pub fn with(body: &str, inputs: Json, plans: &[(&'static str, &'static str)]) -> Self {
        let mut household = Self::before_anything(body, inputs, plans);
        household.carry();
        household
    }

    /// Declares the first incident; nothing is carried yet.
    pub fn before_anything(
        body: &str,
        inputs: Json,
        plans: &[(&'static str, &'static str)],
    ) -> Self {
        Self { plans: plans.to_vec(), cases: vec![staffed_with(body, inputs)] }
    }

    /// The first incident.
    pub fn parent(&mut self) -> &mut Case {
        &mut self.cases[0]
    }

    /// A child, by the order in which they began, from 1.
    pub fn child(&mut self, nth: usize) -> &mut Case {
        &mut self.cases[nth]
    }

    /// How many children have begun.
    pub fn children(&self) -> usize {
        self.cases.len() - 1
    }

    /// Lets time pass for all of them, and carries what comes of it.
    pub fn pass(&mut self, time: &str) {
        for case in &mut self.cases {
            case.pass(time);
        }
        self.carry();
    }

    /// Carries every errand until there is none.
    pub fn carry(&mut self) {
        for _ in 0..ERRANDS_MAX {
            if !self.carry_one() {
                return;
            }
        }
        panic!("errands without end");
    }

    /// Carries one errand; tells whether there was one.
    pub fn carry_one(&mut self) -> bool {
        for of in 0..self.cases.len() {
            let mut waiting = self.cases[of].incident().outbox.iter();
            let kin = waiting.find_map(|(id, pending)| match pending.as_ref() {
                Pending::Notice { .. } | Pending::Request { .. } => None,
                kin => Some((*id, kin.clone())),
            });
            if let Some((request, pending)) = kin {
                self.errand(of, request, pending);
                return true;
            }
        }
        false
    }

    fn errand(&mut self, of: usize, request: NoticeId, pending: Pending) {
        match pending {
            Pending::Child { .. } => {
                let outcome = self.begin(of, &pending);
                self.cases[of].report(Command::ChildOutcome { request, outcome });
            }
            Pending::Recall { child, why, .. } => {
                let number = self.cases[of].incident().number;
                if let Some(at) = self.find(child) {
                    let reason = format!("called off by incident {number}: {}", why.words());
                    // One that has ended refuses, and that is well.
                    let _ = self.cases[at].ask(Command::Cancel { reason, as_is: None }, |_| ());
                }
                self.cases[of].report(Command::ErrandEnded { request });
            }
            Pending::Report { status, reason, .. } => {
                self.deliver_report(of, status, reason);
                self.cases[of].report(Command::ErrandEnded { request });
            }
            Pending::HandOff { playbook, .. } => match self.plan(playbook.as_str()) {
                Some(body) => self.cases[of].hand_over(request, crate::plan::load(body)),
                None => {
                    let outcome = ChildOutcome::Refused { why: "no_such_playbook".to_owned() };
                    self.cases[of].report(Command::ChildOutcome { request, outcome });
                }
            },
            Pending::Notice { .. } | Pending::Request { .. } => {}
        }
    }

    /// Tells the parent of an incident where it stands.
    pub fn deliver_report(&mut self, of: usize, status: Status, reason: Option<String>) {
        let incident = self.cases[of].incident();
        let values = Arc::clone(&incident.variables);
        let (child, number) = (incident.id, incident.number);
        let parent = incident.parent.as_ref().expect("a child has a parent").id;
        let at = self.find(parent).expect("the parent is in the house");
        self.cases[at].report(Command::ChildReported { child, number, status, reason, values });
    }

    /// Lets a child begin as the dispatcher would, once; returns what is told of it.
    pub fn begin(&mut self, of: usize, pending: &Pending) -> ChildOutcome {
        let Pending::Child { key, child, playbook, with, .. } = pending else {
            panic!("no child is asked for")
        };
        if let Some(known) = self.find(*child) {
            return ChildOutcome::Started { number: self.cases[known].incident().number };
        }
        let Some(body) = self.plan(playbook.as_str()) else {
            return ChildOutcome::Refused { why: "no_such_playbook".to_owned() };
        };
        let from = self.cases[of].incident();
        let parent = ParentRef {
            id: from.id,
            number: from.number,
            playbook: from.playbook.id.clone(),
            key: key.clone(),
            depth: from.parent.as_ref().map_or(0, |parent| parent.depth) + 1,
        };
        let mode = from.mode;
        let inputs = with.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let mut case = Case::new(body);
        (case.start, case.now) = (self.cases[of].now, self.cases[of].now);
        let number = self.cases.len() as u64 + 1;
        let declared = case.declare(|declare| {
            (declare.id, declare.number, declare.mode) = (*child, number, mode);
            (declare.inputs, declare.parent) = (object(Json::Object(inputs)), Some(parent));
        });
        match declared {
            Ok(()) => {
                self.cases.push(case);
                ChildOutcome::Started { number }
            }
            Err(refused) => ChildOutcome::Refused { why: refused.to_string() },
        }
    }

    fn plan(&self, name: &str) -> Option<&'static str> {
        self.plans.iter().find(|(known, _)| *known == name).map(|(_, body)| *body)
    }

    fn find(&self, id: IncidentId) -> Option<usize> {
        self.cases.iter().position(|case| case.incident().id == id)
    }
}
