//! A plan in the standard's words. It must not lose anything: what has no word goes into the
//! extension.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::exchange::cacao::{extension, flow, ids, step, variable};
use crate::exchange::draft::put;
use crate::exchange::json;
use crate::id::StepId;

use crate::playbook::yaml::{self, Node};
use crate::playbook::{Phase, Playbook, Step};
use crate::text::{Lang, Text};

/// What an export needs beside the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The language of names and descriptions: the standard has room for one.
    pub lang: Lang,
    /// When the plan was made and last changed.
    pub at: Timestamp,
}

/// Writes a plan as a CACAO 2.0 playbook. The same plan and stamp give the same bytes.
#[must_use]
pub fn export(plan: &Playbook, stamp: Stamp) -> String {
    json::write(&tree(plan, stamp)) + "\n"
}

/// Makes the playbook as a tree.
pub(super) fn tree(plan: &Playbook, stamp: Stamp) -> Node {
    let written = plan.tree();
    let mut out = Export {
        plan,
        lang: stamp.lang,
        end: ids::of("end", plan.id.as_str(), "end"),
        written: written.as_ref().map(extension::steps).unwrap_or_default(),
        workflow: Vec::new(),
        targets: BTreeMap::new(),
    };
    let start = out.workflow();
    out.playbook(&start, stamp, written.as_ref())
}

/// A playbook of the standard on its way out.
pub(super) struct Export<'a> {
    pub(super) plan: &'a Playbook,
    pub(super) lang: Lang,
    /// The one `end` step, where every branch ends.
    pub(super) end: String,
    /// The steps as they are written in the plan.
    pub(super) written: BTreeMap<&'a str, &'a Node>,
    workflow: Vec<(String, Node)>,
    targets: BTreeMap<String, Node>,
}

impl<'a> Export<'a> {
    fn playbook(self, start: &str, stamp: Stamp, written: Option<&Node>) -> Node {
        let (plan, lang) = (self.plan, self.lang);
        let id = plan.id.as_str();
        let owner = plan.owner.as_ref().map_or(id, |owner| owner.as_str());
        let author = ids::of("identity", "", owner);
        let at = stamp.at.to_string();
        let mut out = Vec::new();
        put(&mut out, "type", "playbook");
        put(&mut out, "spec_version", "cacao-2.0");
        put(&mut out, "id", ids::of("playbook", id, "playbook"));
        put(&mut out, "name", plan.title.get(lang));
        if let Some(summary) = &plan.summary {
            put(&mut out, "description", summary.get(lang));
        }
        put(&mut out, "created_by", author.clone());
        put(&mut out, "created", at.clone());
        put(&mut out, "modified", at);
        if !plan.risks.is_empty() {
            let labels = plan.risks.iter().map(|risk| Node::text_of(risk.as_str()));
            put(&mut out, "labels", Node::list_of(labels));
        }
        let variables = self.variables();
        if variables.as_map().is_some_and(|entries| !entries.is_empty()) {
            put(&mut out, "playbook_variables", variables);
        }
        put(&mut out, "workflow_start", start);
        put(&mut out, "agent_definitions", self.agents());
        if !self.targets.is_empty() {
            put(&mut out, "target_definitions", Node::map_of(self.targets));
        }
        put(&mut out, "extension_definitions", extension::definition(&author));
        if let Some(written) = written {
            put(&mut out, "playbook_extensions", extension::playbook(written, &plan.bundle, lang));
        }
        // Written last, although it is what the playbook is about: it is long.
        put(&mut out, "workflow", Node::map_of(self.workflow));
        Node::map_of(out)
    }

    fn variables(&self) -> Node {
        let mut out: Vec<(String, Node)> = Vec::new();
        for (name, field) in &self.plan.inputs {
            let mut entries = Vec::new();
            put(&mut entries, "type", variable::type_of(field));
            let label = field.label.as_ref().map_or(name.as_str(), |label| label.get(self.lang));
            put(&mut entries, "description", label);
            if let Some(default) = &field.default {
                put(&mut entries, "value", variable::value(default));
            }
            put(&mut entries, "external", Node::of(yaml::Data::Bool(true)));
            out.push((variable::outward(name.as_str()), Node::map_of(entries)));
        }
        if !flow::is_straight(self.plan) {
            let mut entries = Vec::new();
            put(&mut entries, "type", "string");
            let says = Text::both("当前阶段", "The present phase");
            put(&mut entries, "description", says.get(self.lang));
            let first = self.plan.phases.first().map_or("", |phase| phase.id.as_str());
            put(&mut entries, "value", first);
            out.push((flow::PHASE_VARIABLE.to_owned(), Node::map_of(entries)));
        }
        Node::map_of(out)
    }

    fn agents(&self) -> Node {
        let mut out: Vec<(String, Node)> = Vec::new();
        for (id, role) in &self.plan.roles {
            let mut entries = Vec::new();
            put(&mut entries, "type", "group");
            put(&mut entries, "name", role.title.get(self.lang));
            out.push((self.agent(id.as_str()), Node::map_of(entries)));
        }
        let mut entries = Vec::new();
        put(&mut entries, "type", "organization");
        put(&mut entries, "name", "firebell");
        let says = Text::both("由程序自动执行的步骤", "Steps that a program does by itself");
        put(&mut entries, "description", says.get(self.lang));
        out.push((self.machine(), Node::map_of(entries)));
        Node::map_of(out)
    }

    /// The actor that stands for a role.
    pub(super) fn agent(&self, role: &str) -> String {
        ids::of("group", self.plan.id.as_str(), role)
    }

    /// The actor that stands for the program.
    pub(super) fn machine(&self) -> String {
        ids::of("organization", "", "firebell")
    }

    /// Makes the id of a part of the workflow.
    pub(super) fn id(&self, kind: &str, name: &str) -> String {
        ids::of(kind, self.plan.id.as_str(), name)
    }

    /// Adds a step to the workflow and returns its id.
    pub(super) fn add(&mut self, kind: &str, name: &str, entries: Vec<(String, Node)>) -> String {
        let id = self.id(kind, name);
        let all = std::iter::once(("type".to_owned(), Node::text_of(kind))).chain(entries);
        self.workflow.push((id.clone(), Node::map_of(all)));
        id
    }

    /// Adds the address that requests go to and returns its id.
    pub(super) fn target(&mut self, address: &str) -> String {
        let id = self.id("http-api", address);
        let url = Node::list_of([Node::text_of(address)]);
        let target = Node::map_of([
            ("type", Node::text_of("http-api")),
            ("name", Node::text_of(address)),
            ("address", Node::map_of([("url", url)])),
        ]);
        self.targets.insert(id.clone(), target);
        id
    }

    /// Adds one step of the plan and what stands around it; returns where it begins.
    pub(super) fn unit(&mut self, phase: &Phase, of: &Step, next: &str) -> String {
        let end = self.end.clone();
        let repeated = of.repeat.as_ref().and_then(flow::goes_on);
        let wrapped = repeated.is_some() || of.when.is_some();
        let mut head = step::action(self, phase, of, if wrapped { &end } else { next });
        let name = of.id.as_str();
        if let Some(condition) = repeated {
            let next = if of.when.is_some() { &end } else { next };
            head = self.add("while-condition", name, flow::conditional(&condition, &head, next));
        }
        if let Some(when) = &of.when {
            let condition = super::words::condition(when);
            head = self.add("if-condition", name, flow::conditional(&condition, &head, next));
        }
        head
    }

    /// Finds a step as it is written in the plan.
    pub(super) fn as_written(&self, step: &StepId) -> Option<&'a Node> {
        self.written.get(step.as_str()).copied()
    }
}
