//! The incident of a simulated run: the same engine as ever, under a clock that is moved by hand,
//! with its journal in memory.

use std::sync::Arc;

use jiff::Timestamp;

use crate::drill::absence::Scene;
use crate::drill::cast::Pace;
use crate::drill::file::Playbooks;
use crate::drill::observe::Observed;
use crate::drill::scenario::Scenario;
use crate::drill::simulate::manners::Manners;
use crate::drill::simulate::setting::{Change, Setting};
use crate::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, Facts, Incident, Outcome, Rejection, change,
    codec, declare, due, next_deadline,
};
use crate::id::{IncidentId, NoticeId, RoleId, StepId};
use crate::people::Directory;
use crate::playbook::{Condition, Playbook};
use crate::store::{Digest, chain};

/// A run gives the same journal whenever it is made, and what it seals is made up.
const CHANCE: Chance = Chance::new([0; 32]);

/// The incident, its journal and the time.
pub(super) struct World<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) playbook: &'a Playbook,
    pub(super) directory: &'a Directory,
    pub(super) change: Change<'a>,
    pub(super) manners: Manners<'a>,
    pub(super) now: Timestamp,
    pub(super) incident: Incident,
    pub(super) observed: Observed,
    /// The last link of the journal's hash chain, where it is kept.
    pub(super) link: Option<Digest>,
    pub(super) events: Vec<Event>,
    /// Roles that an inject makes slower: how many times, and until when.
    pub(super) slowed: Vec<(RoleId, f64, Timestamp)>,
}

/// What every run needs: the drill, the plan and the people.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The drill.
    pub scenario: &'a Scenario,
    /// The plan it rehearses.
    pub playbook: &'a Playbook,
    /// The plans that it may call.
    pub plans: &'a Playbooks,
    /// The people, modelled by the drill's cast.
    pub directory: &'a Directory,
}

impl<'a> World<'a> {
    /// Returns what an absence is looked up in.
    pub(super) const fn scene(&self) -> Scene<'_> {
        let Self { playbook, directory, now, .. } = *self;
        Scene { playbook, directory, incident: Some(&self.incident), now }
    }

    /// Declares the incident.
    pub(super) fn declare(
        setting: Setting<'a>,
        now: Timestamp,
        declaration: Declare,
    ) -> Result<Self, Rejection> {
        let stage = setting.stage;
        let id: IncidentId = declaration.id;
        let ctx = Ctx {
            now,
            occurred_at: None,
            actor: Actor::Drill,
            admin: false,
            directory: stage.directory,
            chance: CHANCE,
            turns: crate::people::Turns::NONE,
        };
        // What is kept apart of made-up people is kept nowhere.
        let Outcome { events, incident, .. } = declare(stage.playbook, declaration, &ctx)?;
        let mut world = Self {
            scenario: stage.scenario,
            playbook: stage.playbook,
            directory: stage.directory,
            change: setting.change,
            manners: setting.manners,
            now,
            incident,
            observed: Observed::default(),
            link: setting.hashed.then(|| chain::genesis(id)),
            events: Vec::new(),
            slowed: Vec::new(),
        };
        world.record(events);
        Ok(world)
    }

    /// Asks something of the incident; tells whether it was done. What modelled people ask for may
    /// have become pointless, and then nothing changes.
    pub(super) fn ask(&mut self, actor: Actor, command: Command) -> bool {
        let (ctx, version) = (self.ctx(actor), self.incident.version);
        match change(self.playbook, &mut self.incident, command, &ctx) {
            Ok(made) => {
                self.record(made.events);
                true
            }
            Err(_) => {
                if self.incident.version != version
                    && let Some(before) = Incident::replay(&self.events)
                {
                    self.incident = before;
                }
                false
            }
        }
    }

    /// Lets the incident go on by another plan.
    pub(super) fn hand_over(&mut self, request: NoticeId, to: &'a Arc<Playbook>) {
        if self.ask(Actor::System, Command::HandOff { request, to: Arc::clone(to) })
            && self.incident.playbook.hash == to.hash
        {
            self.playbook = to;
        }
    }

    const fn ctx(&self, actor: Actor) -> Ctx<'a> {
        let (now, directory) = (self.now, self.directory);
        Ctx {
            now,
            occurred_at: None,
            actor,
            admin: false,
            directory,
            chance: CHANCE,
            turns: crate::people::Turns::NONE,
        }
    }

    fn record(&mut self, events: Vec<Event>) {
        let expect = &self.scenario.expect;
        let scope = Facts::new(self.playbook, &self.incident);
        for event in events {
            self.observed.see(&event, &self.incident, expect, &mut |condition| {
                condition.evaluate(&scope).and_known()
            });
            self.link = self.link.map(|link| chain::link(link, &codec::encode(&event)));
            self.events.push(event);
        }
    }

    /// Returns how fast work on a step goes that begins now.
    pub(super) fn work_pace(&self, step: &StepId) -> Pace {
        let role = self.playbook.step(step).and_then(|(_, step)| step.doer());
        Pace { at: self.now, slower: self.change.work(step) * self.slowed(role) }
    }

    /// Returns how fast a role reacts to what reaches it now.
    pub(super) fn reaction_pace(&self, role: Option<&RoleId>) -> Pace {
        Pace { at: self.now, slower: self.change.reaction(role) * self.slowed(role) }
    }

    fn slowed(&self, role: Option<&RoleId>) -> f64 {
        let meant =
            self.slowed.iter().filter(|(slow, _, until)| Some(slow) == role && *until > self.now);
        meant.map(|(_, times, _)| times).product()
    }

    /// Tells whether a condition holds now; unknown counts as false.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        condition.evaluate(&Facts::new(self.playbook, &self.incident)).and_known()
    }

    /// Returns when the engine must be asked again.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        next_deadline(self.playbook, &self.incident).map(|deadline| deadline.at)
    }

    /// Lets the engine do what is due; tells whether anything changed.
    pub(super) fn meet_deadlines(&mut self) -> bool {
        let mut changed = false;
        for command in due(self.playbook, &self.incident, self.now) {
            changed |= self.ask(Actor::System, command);
        }
        changed
    }
}
