//! What lies beyond firebell in a simulated run: channels that take messages, systems that answer
//! requests. Nothing leaves; audiences that only a live incident reaches are held back, as the gate
//! does.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::drill::past::End;
use crate::drill::simulate::agenda::{Agenda, Happening};
use crate::drill::simulate::people::{People, role_of};
use crate::drill::simulate::world::World;
use crate::engine::{
    Actor, AttentionFact, Command, Fact, NoticeOutcome, Pending, Purpose, Recipient, RunKey,
};
use crate::id::{ChannelId, NoticeId};
use crate::notify::gate::{Faults, Outage};
use crate::notify::{Why, WhyCode};

/// How soon a channel that takes nothing is tried again; each time twice as long.
const RETRY: SignedDuration = SignedDuration::from_secs(15);
/// How often that time doubles.
const DOUBLINGS_MAX: u32 = 4;
/// How long a request takes where the drill does not say.
const ANSWER: SignedDuration = SignedDuration::from_secs(2);

/// The channels and systems outside.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// What is wrong with channels.
    outages: Vec<Outage>,
    /// What is on its way: which attempt on which channel.
    on_its_way: BTreeMap<NoticeId, (usize, u32)>,
    /// What was put into the outbox or put off since anyone looked.
    stirred: BTreeSet<NoticeId>,
}

impl Outside {
    /// Lets something be wrong with channels. That they say things twice changes nothing: whoever
    /// gets a message twice knows it again.
    pub(super) fn suffer(&mut self, outages: Vec<Outage>) {
        self.outages.extend(outages);
    }

    fn faults(&self, via: &ChannelId, world: &World<'_>) -> Faults {
        Faults::of(via, &self.outages, world.now)
    }

    /// Hears of what is to be sent.
    pub(super) fn hear(&mut self, fact: &Fact) {
        match fact {
            Fact::NoticeQueued { notice } => drop(self.stirred.insert(notice.id)),
            Fact::NoticeDelayed { notice: id, .. }
            | Fact::NoticeRerouted { notice: id, .. }
            | Fact::RequestQueued { request: id, .. }
            | Fact::Attention(
                AttentionFact::Reached { notice: id, .. }
                | AttentionFact::Released { notice: id, .. },
            ) => drop(self.stirred.insert(*id)),
            _ => {}
        }
    }

    /// Looks into the outbox and sends what nobody has sent yet.
    pub(super) fn look(&mut self, world: &World<'_>, people: &mut People, agenda: &mut Agenda) {
        for id in std::mem::take(&mut self.stirred) {
            let Some(pending) = world.incident.outbox.get(&id) else { continue };
            match pending.as_ref() {
                Pending::Notice { notice, channel, attempt, next_at, .. } => {
                    let this = (*channel, *attempt);
                    if self.on_its_way.insert(id, this) != Some(this) {
                        let of = match &notice.purpose {
                            Purpose::StepMessage { key } => Some(people.turn(key)),
                            _ => None,
                        };
                        let takes = world.manners.delivery(of.as_ref(), &notice.to);
                        let at = (*next_at).max(world.now) + takes;
                        agenda.put(at, Happening::Deliver(id));
                    }
                }
                Pending::Request { key, .. } => {
                    if self.on_its_way.insert(id, (0, 0)).is_none() {
                        let turn = people.turn(key);
                        let role = role_of(world, &key.step);
                        let took = world.manners.request(role, &turn, world.work_pace(&key.step));
                        let answer = Happening::Answer { request: id, key: key.clone() };
                        agenda.put(world.now + took.unwrap_or(ANSWER), answer);
                    }
                }
                // Children, parents and other plans are of the same virtual world.
                Pending::Child { .. }
                | Pending::Recall { .. }
                | Pending::Report { .. }
                | Pending::HandOff { .. } => {}
            }
        }
    }

    /// Lets a message reach the channel that is tried.
    pub(super) fn deliver(
        &mut self,
        id: NoticeId,
        world: &mut World<'_>,
        people: &mut People,
        agenda: &mut Agenda,
    ) {
        let Some(pending) = world.incident.outbox.get(&id).cloned() else { return };
        let Pending::Notice { notice, channel, attempt, .. } = &*pending else { return };
        // A newer attempt, or another channel, has its own entry in the agenda.
        if self.on_its_way.get(&id) != Some(&(*channel, *attempt)) {
            return;
        }
        let outcome = match (&notice.to, notice.via.get(*channel)) {
            (Recipient::Audience(audience), _) if audience.is_live_only() => {
                NoticeOutcome::HeldBack { why: "simulation".to_owned() }
            }
            (_, None) => return,
            (_, Some(via)) => match self.faults(via, world) {
                Faults { down: true, .. } => NoticeOutcome::Retry {
                    attempt: attempt + 1,
                    until: world.now + RETRY * (1 << (*attempt).min(DOUBLINGS_MAX)),
                    why: "drill: the channel is down".to_owned(),
                },
                Faults { late: Some(late), .. } if *attempt == 0 => NoticeOutcome::Retry {
                    attempt: attempt + 1,
                    until: world.now.saturating_add(late).unwrap_or(Timestamp::MAX),
                    why: Why::with(WhyCode::DrillChannelSlow, via).to_string(),
                },
                Faults { .. } => NoticeOutcome::Delivered { via: via.clone(), within: None },
            },
        };
        let taken_by = match &outcome {
            NoticeOutcome::Delivered { via, .. } => Some(via.clone()),
            _ => None,
        };
        world.ask(Actor::System, Command::NoticeOutcome { notice: id, outcome });
        if let (Some(via), Recipient::Person(person)) = (taken_by, &notice.to) {
            people.get(notice, (&via, person), world, agenda);
        }
    }

    /// Lets the answer to a request come.
    pub(super) fn answer(
        &mut self,
        request: NoticeId,
        key: &RunKey,
        world: &mut World<'_>,
        people: &mut People,
    ) {
        let turn = people.turn(key);
        let succeeds = matches!(people.end(&turn, world), End::Done(_));
        let outcome = world.manners.answer_to_request(&turn, succeeds);
        world.ask(Actor::System, Command::RequestOutcome { request, outcome });
    }
}
