//! People made up for a simulated run where nobody is configured: two on call for every schedule,
//! three in every team, so that deputies, ladders and absences mean something. Nothing reaches
//! them. It must not know how a run goes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::drill::file::Playbooks;
use crate::drill::inject::{Channels, Inject, InjectAct};
use crate::id::{ChannelId, LadderId, PartnerId, PersonId, ScheduleId, TeamId};
use crate::people::{
    Contact, Directory, Duty, Fault, Ladder, Layer, Partner, Parts, Person, Rotation, Rung,
    Schedule, Source, Target, Team, Zone,
};
use crate::playbook::{Action, Approver, Audience, HandlerAct, Notify, Playbook, Signature};
use crate::text::{Lang, Text};

/// How many stand-ins are on call together.
const ON_CALL: usize = 2;
/// How many stand-ins a team has.
const TEAM: usize = 3;
/// When a made-up ladder's rungs fire.
const RUNGS_AFTER_MINUTES: [i64; 3] = [5, 10, 15];
/// The channel every stand-in has.
const CHANNEL: &str = "stand-in";

/// Makes up everyone that a plan, those it calls, and the injects of its drill name.
///
/// # Errors
/// Faults of the made-up directory: names that nothing may be called.
pub fn stand_ins(
    playbook: &Playbook,
    plans: &Playbooks,
    injects: &[Inject],
) -> Result<Directory, Vec<Fault>> {
    let mut wanted = Wanted::default();
    for plan in called(playbook, plans) {
        wanted.of_roles(plan);
        wanted.of_steps(plan);
    }
    for inject in injects {
        if let InjectAct::Channel { which: Channels::One(channel), .. } = &inject.act {
            wanted.channels.insert(channel.clone());
        }
    }
    Directory::new(wanted.make_up(playbook))
}

/// Returns a plan and all that it calls, each once.
pub(in crate::drill) fn called<'p>(
    playbook: &'p Playbook,
    plans: &'p Playbooks,
) -> Vec<&'p Playbook> {
    let mut all = vec![playbook];
    let mut looked_at = 0;
    while let Some(plan) = all.get(looked_at) {
        let further = Signature::of(plan).calls;
        for (_, id) in further {
            let known = plans.get(&id).filter(|_| all.iter().all(|known| known.id != id));
            all.extend(known.map(AsRef::as_ref));
        }
        looked_at += 1;
    }
    all
}

/// Everything the plan names.
#[derive(Default)]
struct Wanted {
    schedules: BTreeSet<ScheduleId>,
    teams: BTreeSet<TeamId>,
    ladders: BTreeSet<LadderId>,
    /// Channels a drill may take down come first with everyone, so that it shows.
    channels: BTreeSet<ChannelId>,
    /// Channels that only the plan's own messages use.
    via: BTreeSet<ChannelId>,
}

impl Wanted {
    fn of_roles(&mut self, playbook: &Playbook) {
        for role in playbook.roles.values() {
            for source in std::iter::once(&role.assign).chain(&role.deputies) {
                match source {
                    Source::Schedule(schedule) => drop(self.schedules.insert(schedule.clone())),
                    Source::Team(team) | Source::Claim(team) => {
                        self.teams.insert(team.clone());
                    }
                }
            }
            self.ladders.extend(role.escalate.clone());
        }
        self.teams.extend(playbook.owner.clone());
    }

    fn of_steps(&mut self, playbook: &Playbook) {
        for step in playbook.every_step() {
            self.ladders.extend(step.escalate.clone());
            match &step.action {
                Action::Notify(notify) => self.of_notify(notify),
                Action::Approve(approve) => {
                    self.teams.extend(approve.by.iter().filter_map(|approver| match approver {
                        Approver::Team(team) => Some(team.clone()),
                        Approver::Role(_) => None,
                    }));
                }
                Action::Manual(_)
                | Action::Http(_)
                | Action::Decide(_)
                | Action::Wait(_)
                | Action::Set(_)
                | Action::Child(_)
                | Action::HandOff(_) => {}
            }
        }
        for handler in &playbook.handlers {
            if let HandlerAct::Notify(notify) = &handler.act {
                self.of_notify(notify);
            }
        }
    }

    fn of_notify(&mut self, notify: &Notify) {
        self.via.extend(notify.via.iter().cloned());
        for audience in &notify.to {
            match audience {
                Audience::Team(team) => drop(self.teams.insert(team.clone())),
                Audience::Channel(channel) => drop(self.via.insert(channel.clone())),
                Audience::Role(_)
                | Audience::Partner(_)
                | Audience::Customers
                | Audience::Regulators => {}
            }
        }
    }

    fn make_up(self, playbook: &Playbook) -> Parts {
        let stand_in = ChannelId::new(CHANNEL);
        let contacts: Vec<Contact> = self
            .channels
            .iter()
            .chain(std::iter::once(&stand_in))
            .chain(self.via.iter().filter(|channel| !self.channels.contains(*channel)))
            .map(|channel| Contact { channel: channel.clone(), address: "stand-in".to_owned() })
            .collect();
        let mut people: BTreeMap<PersonId, Person> = BTreeMap::new();
        let mut hire = |of: &str, count: usize| -> Vec<PersonId> {
            let ids: Vec<PersonId> =
                (1..=count).map(|n| PersonId::new(format!("{of}-{n}"))).collect();
            for id in &ids {
                let person = Person {
                    id: id.clone(),
                    name: Text::Same(id.to_string()),
                    lang: Lang::default(),
                    contacts: contacts.clone(),
                    drills: true,
                    manner: crate::people::Manner::default(),
                };
                people.insert(id.clone(), person);
            }
            ids
        };
        let schedules: Vec<Schedule> =
            self.schedules.iter().map(|id| schedule(id, hire(id.as_str(), ON_CALL))).collect();
        let teams: Vec<Team> = self
            .teams
            .iter()
            .map(|id| Team {
                id: id.clone(),
                title: Text::Same(id.to_string()),
                members: hire(id.as_str(), TEAM),
                schedule: None,
            })
            .collect();
        let last_resort = hire("management", 1);
        let ladders = self.ladders.iter().map(|id| ladder(id, playbook, &last_resort)).collect();
        let mut channels = self.channels;
        channels.extend(self.via);
        channels.insert(stand_in);
        Parts {
            people: people.into_values().collect(),
            teams,
            schedules,
            ladders,
            partners: playbook.partners.iter().map(partner).collect(),
            channels,
            last_resort,
        }
    }
}

fn schedule(id: &ScheduleId, people: Vec<PersonId>) -> Schedule {
    let layer = Layer {
        rotation: Rotation::weekly(jiff::civil::Time::midnight()),
        start: jiff::civil::date(2000, 1, 3).at(0, 0, 0, 0),
        turns: Duty::together(people).into_iter().collect(),
        windows: Vec::new(),
    };
    Schedule {
        id: id.clone(),
        title: Text::Same(id.to_string()),
        zone: Zone::utc(),
        layers: vec![layer],
        shifts: None,
        overrides: Vec::new(),
    }
}

fn ladder(id: &LadderId, playbook: &Playbook, last_resort: &[PersonId]) -> Ladder {
    let mut targets: Vec<Target> =
        playbook.commander().cloned().map(Target::Role).into_iter().collect();
    targets.extend(last_resort.iter().cloned().map(Target::Person));
    let rungs = RUNGS_AFTER_MINUTES.map(|minutes| Rung {
        after: SignedDuration::from_mins(minutes),
        targets: targets.clone(),
        terms: crate::people::Terms::default(),
    });
    Ladder { id: id.clone(), rungs: rungs.into(), repeat: 0, finally: Vec::new() }
}

fn partner(id: &PartnerId) -> Partner {
    Partner {
        id: id.clone(),
        title: Text::Same(id.to_string()),
        contacts: Vec::new(),
        verified_on: None,
    }
}
