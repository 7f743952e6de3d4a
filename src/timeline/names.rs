//! What people call the things that events name.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::engine::{Actor, ClockKey, Event, Fact, Recipient, Reference, RunKey, Through};
use crate::id::{MomentId, ObjectiveId, PersonId, PhaseId, RoleId, StepId, VarId};
use crate::people::{Directory, Zone};
use crate::playbook::{Action, Audience, Field, Playbook, Value};
use crate::text::Lang;

use super::story::Story;

/// Titles, names and wall-clock times in one language.
pub(super) struct Names<'a> {
    pub(super) lang: Lang,
    /// The plans, each with the place of its first event, the latest last.
    plans: Vec<(u64, &'a Playbook)>,
    /// The place of the event that is spoken of.
    at: Cell<u64>,
    latest: &'a Playbook,
    directory: &'a Directory,
    zone: &'a Zone,
    /// The items of for-each runs, by visit and step.
    items: BTreeMap<(u32, &'a StepId), &'a [Value]>,
    /// References of what was erased.
    erased: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    pub(super) fn new(story: &Story<'a>, lang: Lang) -> Self {
        let items = story.events.iter().filter_map(|event| match &event.fact {
            Fact::StepReady { key, items, .. } if !items.is_empty() => {
                Some(((key.visit, &key.step), items.as_slice()))
            }
            _ => None,
        });
        let erased = story.events.iter().filter_map(|event| match &event.fact {
            Fact::Redacted { references, .. } => Some(references.iter().map(String::as_str)),
            _ => None,
        });
        Self {
            lang,
            erased: erased.flatten().collect(),
            plans: plans(story),
            at: Cell::new(u64::MAX),
            latest: story.playbook,
            directory: story.directory,
            zone: story.zone,
            items: items.collect(),
        }
    }

    /// Speaks of an event from here on: names are those of the plan it happened under.
    pub(super) fn speak_of(&self, event: &Event) {
        self.at.set(event.seq);
    }

    /// Returns the plan that the event spoken of happened under.
    pub(super) fn plan(&self) -> &'a Playbook {
        let at = self.at.get();
        let own = self.plans.iter().rev().find(|(from, _)| *from <= at);
        own.map_or(self.latest, |(_, plan)| *plan)
    }

    /// Finds something in the plan spoken of, else in the others: a hand-off names both.
    fn find<T>(&self, find: impl Fn(&'a Playbook) -> Option<T>) -> Option<T> {
        find(self.plan()).or_else(|| self.plans.iter().rev().find_map(|(_, plan)| find(plan)))
    }

    /// Tells whether what was kept apart under a reference is erased by now.
    pub(super) fn is_erased(&self, reference: &Reference) -> bool {
        self.erased.contains(reference.as_str())
    }

    pub(super) fn role(&self, id: &RoleId) -> String {
        let role = self.find(|plan| plan.roles.get(id));
        role.map_or_else(|| id.to_string(), |role| role.title.get(self.lang).to_owned())
    }

    pub(super) fn step(&self, id: &StepId) -> String {
        let title = self.find(|plan| Some(plan.step(id)?.1)).and_then(|step| step.title.as_ref());
        title.map_or_else(|| id.to_string(), |title| title.get(self.lang).to_owned())
    }

    pub(super) fn phase(&self, id: &PhaseId) -> String {
        let phase = self.find(|plan| plan.phase(id));
        phase.map_or_else(|| id.to_string(), |phase| phase.title.get(self.lang).to_owned())
    }

    pub(super) fn objective(&self, id: &ObjectiveId) -> String {
        let found = self.find(|plan| plan.objectives.iter().find(|known| known.id == *id));
        let title = found.and_then(|objective| objective.title.as_ref());
        title.map_or_else(|| id.to_string(), |title| title.get(self.lang).to_owned())
    }

    pub(super) fn clock(&self, key: &ClockKey) -> String {
        let clock = self.find(|plan| plan.clocks.iter().find(|clock| clock.id == key.clock));
        let named = clock.and_then(|clock| Some((clock, clock.stage(&key.stage)?)));
        named.map_or_else(
            || key.to_string(),
            |(clock, stage)| {
                let (clock, stage) = (clock.title().get(self.lang), stage.title.get(self.lang));
                self.lang.pick(format!("{clock}·{stage}"), format!("{clock}: {stage}"))
            },
        )
    }

    pub(super) fn moment(&self, id: &MomentId) -> String {
        let clocks = self.plans.iter().rev().flat_map(|(_, plan)| &plan.clocks);
        let title = clocks.filter_map(|clock| clock.regime.moments.get(id)).next();
        title.map_or_else(|| id.to_string(), |title| title.get(self.lang).to_owned())
    }

    pub(super) fn person(&self, id: &PersonId) -> String {
        let person = self.directory.person(id);
        person.map_or_else(|| id.to_string(), |person| person.name.get(self.lang).to_owned())
    }

    /// Lists people in one phrase.
    pub(super) fn people<'p>(&self, ids: impl IntoIterator<Item = &'p PersonId>) -> String {
        self.list(ids.into_iter().map(|id| self.person(id)))
    }

    /// Joins words as a list is joined.
    pub(super) fn list(&self, words: impl IntoIterator<Item = String>) -> String {
        words.into_iter().collect::<Vec<_>>().join(self.lang.pick("、", ", "))
    }

    /// Names a run: its step, its item, which iteration and which attempt where not the first.
    pub(super) fn run(&self, key: &RunKey) -> String {
        let mut name = self.step(&key.step);
        let (open, close) = self.lang.pick(("（", "）"), (" (", ")"));
        let mut add = |what: String| name.push_str(&format!("{open}{what}{close}"));
        if let Some(n) = key.item {
            let known = self.items.get(&(key.visit, &key.step)).and_then(|i| i.get(n as usize));
            add(known.map_or_else(|| format!("#{}", n + 1), ToString::to_string));
        }
        if key.iteration > 1 {
            let n = key.iteration;
            add(self.lang.pick(format!("第 {n} 轮"), format!("round {n}")));
        }
        if key.attempt > 1 {
            let n = key.attempt;
            add(self.lang.pick(format!("第 {n} 次尝试"), format!("attempt {n}")));
        }
        name
    }

    pub(super) fn recipient(&self, to: &Recipient) -> String {
        match to {
            Recipient::Person(id) => self.person(id),
            Recipient::Audience(audience) => self.audience(audience),
        }
    }

    fn audience(&self, audience: &Audience) -> String {
        let pick = |zh: &str, en: &str| self.lang.pick(zh, en).to_owned();
        match audience {
            Audience::Customers => pick("客户", "customers"),
            Audience::Regulators => pick("监管部门", "regulators"),
            Audience::Role(role) => self.role(role),
            Audience::Team(team) => {
                let team_of = self.directory.team(team).filter(|known| known.id == *team);
                team_of.map_or_else(|| team.to_string(), |t| t.title.get(self.lang).to_owned())
            }
            Audience::Partner(partner) => {
                let known = self.directory.partner(partner);
                known.map_or_else(|| partner.to_string(), |p| p.title.get(self.lang).to_owned())
            }
            Audience::Channel(channel) => {
                self.lang.pick(format!("渠道 {channel}"), format!("channel {channel}"))
            }
        }
    }

    pub(super) fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person { id, on_behalf_of: None, through: None } => self.person(id),
            Actor::Person { id, on_behalf_of: None, through: Some(through) } => {
                let (who, by) = (self.person(id), self.through(*through));
                self.lang.pick(format!("{who}（{by}）"), format!("{who} ({by})"))
            }
            Actor::Person { id, on_behalf_of: Some(other), .. } => {
                let (who, other) = (self.person(id), self.person(other));
                self.lang.pick(format!("{who}（代{other}）"), format!("{who} for {other}"))
            }
            Actor::Service { name } => name.to_string(),
            Actor::System => "firebell".to_owned(),
            Actor::Drill => self.lang.pick("演练脚本", "drill script").to_owned(),
        }
    }

    fn through(&self, through: Through) -> &'static str {
        match through {
            Through::Link => self.lang.pick("经链接", "by link"),
            Through::Reply => self.lang.pick("经短信回复", "by reply"),
            Through::Telephone => self.lang.pick("经电话按键", "by telephone"),
        }
    }

    /// Names a variable by its label, where the plan gives it one.
    pub(super) fn variable(&self, id: &VarId) -> String {
        let field = self.find(|plan| plan.inputs.get(id).or_else(|| form_field(plan, id)));
        let label = field.and_then(|field| field.label.as_ref());
        label.map_or_else(|| id.to_string(), |label| label.get(self.lang).to_owned())
    }

    /// Says an instant with its date.
    pub(super) fn time(&self, at: Timestamp) -> String {
        self.zone.civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn form_field<'p>(plan: &'p Playbook, id: &VarId) -> Option<&'p Field> {
    plan.every_step().find_map(|step| match &step.action {
        Action::Manual(manual) => manual.form.get(id),
        _ => None,
    })
}

fn plans<'a>(story: &Story<'a>) -> Vec<(u64, &'a Playbook)> {
    let mut from = 0;
    let mut plans = Vec::new();
    for (plan, events) in story.stretches() {
        plans.push((from, plan));
        from = events.last().map_or(from, |event| event.seq + 1);
    }
    plans
}
