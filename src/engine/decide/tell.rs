//! Who is told what: wishes are gathered while the rules run and sent at the end, at most one notice
//! for a person and purpose in a commit. Nobody is woken twice for one thing.

use jiff::Timestamp;
use smol_str::SmolStr;

use super::decision::{Decision, Listener, Voice, Wish};
use crate::engine::attention::AttentionFact;
use crate::engine::event::LadderSubject;
use crate::engine::fact::Fact;
use crate::engine::incident::Pending;
use crate::engine::notice::{MessageRef, Notice, NoticeEnd, Purpose, Recipient};
use crate::engine::run::RunKey;
use crate::id::{ChannelId, MessageId, NoticeId, PersonId, RoleId};
use crate::playbook::{Audience, Step};

/// The message of a plan that asks people to take a role, where the plan has one.
const PAGE_MESSAGE: &str = "page";

impl Decision<'_> {
    /// Returns who holds a role, else whoever is being asked to.
    pub fn holders_of(&self, role: &RoleId) -> Vec<PersonId> {
        self.incident.roles.get(role).map_or_else(Vec::new, |state| state.tenure.people().to_vec())
    }

    /// Returns the commander, else whoever is being asked to be it; nobody while it is vacant.
    pub fn commander(&self) -> Vec<PersonId> {
        self.playbook.commander().map_or_else(Vec::new, |role| self.holders_of(role))
    }

    /// Returns who must see to a step: the holder of its role, else the commander. A step of a
    /// role that is not engaged or not filled is never anybody's silent problem.
    pub fn responsible(&self, step: &Step) -> Vec<PersonId> {
        match step.doer().and_then(|role| self.incident.holder(role)) {
            Some(holder) => vec![holder.clone()],
            None => self.commander(),
        }
    }

    /// Tells the commander something.
    pub fn tell_commander(&mut self, about: &str) {
        let (cause, purpose) = (self.voice, Purpose::Commander { about: SmolStr::new(about) });
        self.wishes.push(Wish { to: Listener::Commander, purpose, cause });
    }

    /// Queues what was wished for, in the order it was wished.
    pub fn send_wishes(&mut self) {
        let wishes = std::mem::take(&mut self.wishes);
        let wishes = wishes.into_iter().map(|wish| self.to_holder(wish)).collect();
        for (to, purpose, cause) in merged(wishes, &self.commander()) {
            self.voice = match cause {
                Voice::Caller => Voice::Rule(self.incident.version),
                rule @ Voice::Rule(_) => rule,
            };
            match to {
                Recipient::Person(person) => self.queue_for_person(person, purpose),
                Recipient::Audience(Audience::Channel(channel)) => {
                    let to = Recipient::Audience(Audience::Channel(channel.clone()));
                    self.queue_builtin(to, vec![channel], purpose);
                }
                // Nobody wishes to tell other audiences anything: plans send them messages.
                Recipient::Audience(_) => {}
            }
        }
    }

    /// Turns the wish to tell whoever holds a role into one to tell that person.
    fn to_holder(&self, wish: Wish) -> Wish {
        let Listener::Role(role) = &wish.to else { return wish };
        let holder = self.incident.holder(role).cloned();
        let to = holder.map_or(Listener::Commander, Listener::Person);
        Wish { to, ..wish }
    }

    fn queue_for_person(&mut self, person: PersonId, purpose: Purpose) {
        let message = match &purpose {
            Purpose::RolePage { .. } if self.playbook.messages.contains_key(PAGE_MESSAGE) => {
                MessageRef::Plan(MessageId::new(PAGE_MESSAGE))
            }
            _ => MessageRef::BuiltIn,
        };
        let mut via = self.channels_of(&person, &[]);
        if purpose == Purpose::Ended {
            let reached = self.reached_over(&person);
            via.sort_by_key(|channel| reached != Some(channel));
        }
        let to = Recipient::Person(person);
        // What is wished for once more by what follows in the same commit was said.
        if !self.is_queued(&to, &via, &purpose) {
            self.queue(to, via, purpose, message);
        }
    }

    /// Returns the channel that reached a person last.
    fn reached_over(&self, person: &PersonId) -> Option<&ChannelId> {
        let told = self.incident.told.values().filter(|told| told.person == *person);
        told.filter(|told| told.via.is_some()).max_by_key(|told| told.seq)?.via.as_ref()
    }

    /// Queues a message of firebell's own.
    pub fn queue_builtin(&mut self, to: Recipient, via: Vec<ChannelId>, purpose: Purpose) {
        self.queue(to, via, purpose, MessageRef::BuiltIn);
    }

    /// Puts a message into the outbox. One that has no way out ends at once, loudly.
    pub fn queue(
        &mut self,
        to: Recipient,
        via: Vec<ChannelId>,
        purpose: Purpose,
        message: MessageRef,
    ) {
        let id = NoticeId::nth(self.incident.id, self.incident.notices_ever + 1);
        let now = self.now();
        let planned = self.planned(&to, &via, &purpose);
        let silent = via.is_empty();
        let again = purpose.clone();
        let mut notice =
            Notice { id, to, via, purpose, message, channel_until: now, planned, held_until: None };
        let begins = notice.begins(now);
        notice.channel_until = notice.until(0, begins);
        notice.held_until = (begins > now).then_some(begins);
        let to = notice.to.clone();
        self.emit(Fact::NoticeQueued { notice });
        if silent {
            let end = NoticeEnd::NoChannel;
            self.emit(Fact::NoticeEnded { notice: id, purpose: again.clone(), end });
            self.nobody_reached(id, &to, &again);
        }
    }

    /// Returns when each way of a message is taken, by its reader's own rules.
    fn planned(&self, to: &Recipient, via: &[ChannelId], purpose: &Purpose) -> Vec<Timestamp> {
        let Recipient::Person(person) = to else { return Vec::new() };
        let Some(person) = self.ctx.directory.person(person) else { return Vec::new() };
        let level = self.incident.level.current;
        person.manner.times(level, purpose.is_page(), via, self.now())
    }

    /// The level moved: what waits for the end of somebody's rest and no longer may is released.
    pub fn release_held(&mut self) {
        let now = self.now();
        let held = self.incident.outbox.values().filter_map(|pending| match pending.as_ref() {
            Pending::Notice { notice, channel: 0, attempt: 0, next_at, reached: None, .. }
                if *next_at > now && !notice.planned.is_empty() =>
            {
                Some((notice.clone(), *next_at))
            }
            _ => None,
        });
        let held: Vec<(Notice, Timestamp)> = held.collect();
        for (mut notice, next_at) in held {
            notice.planned = self.planned(&notice.to, &notice.via, &notice.purpose);
            let begins = notice.begins(now);
            if begins >= next_at {
                continue;
            }
            if notice.planned.is_empty() {
                notice.planned = vec![now];
            }
            let (id, until) = (notice.id, notice.until(0, begins));
            let planned = notice.planned;
            self.emit(Fact::Attention(AttentionFact::Released { notice: id, planned, until }));
        }
    }

    /// Returns a person's channels in the order they are tried, each once; only those of `via`
    /// where any are named.
    pub fn channels_of(&self, person: &PersonId, via: &[ChannelId]) -> Vec<ChannelId> {
        let level = self.incident.level.current;
        self.ctx.directory.person(person).map_or_else(Vec::new, |person| person.ways(level, via))
    }

    /// Withdraws every waiting notice of such a purpose: nobody needs it any more.
    pub fn withdraw(&mut self, of: impl Fn(&Purpose) -> bool) {
        self.withdraw_from(|_, purpose| of(purpose));
    }

    fn withdraw_from(&mut self, of: impl Fn(&Recipient, &Purpose) -> bool) {
        let waiting = self.incident.outbox.values().filter_map(|pending| match pending.as_ref() {
            Pending::Notice { notice, .. } if of(&notice.to, &notice.purpose) => {
                Some((notice.id, notice.purpose.clone()))
            }
            Pending::Notice { .. }
            | Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        });
        let waiting: Vec<(NoticeId, Purpose)> = waiting.collect();
        for (notice, purpose) in waiting {
            self.emit(Fact::NoticeEnded { notice, purpose, end: NoticeEnd::Withdrawn });
        }
    }

    /// The role was taken or is asked of others: pages still waiting for it alone are withdrawn.
    pub fn withdraw_pages(&mut self, role: &RoleId) {
        self.wishes.retain(|wish| !is_page(&wish.purpose, role));
        let roles = std::sync::Arc::clone(&self.incident.roles);
        let is_asked = |role: &RoleId, to: &Recipient| match (roles.get(role), to) {
            (Some(state), Recipient::Person(person)) => {
                state.tenure.until().is_some() && state.tenure.people().contains(person)
            }
            _ => false,
        };
        self.withdraw_from(|to, purpose| match purpose {
            Purpose::RolePage { role: first, also } => {
                let mut named = std::iter::once(first).chain(also);
                named.clone().any(|of| of == role)
                    && !named.any(|of| of != role && is_asked(of, to))
            }
            _ => false,
        });
    }

    /// A person said no: the page still waiting for them is withdrawn.
    pub fn withdraw_page_of(&mut self, role: &RoleId, person: &PersonId) {
        self.withdraw_from(|to, purpose| {
            *to == Recipient::Person(person.clone()) && is_page(purpose, role)
        });
    }

    /// A run has ended: what was still to be said about its beginning and delay is withdrawn.
    pub fn withdraw_step_notices(&mut self, of: &RunKey) {
        if self.incident.outbox.is_empty() {
            return;
        }
        self.withdraw(|purpose| match purpose {
            Purpose::StepReady { key, also } => key == of && also.is_empty(),
            Purpose::StepWarning { key } | Purpose::StepOverdue { key } => key == of,
            Purpose::Escalation { subject: LadderSubject::Step { key }, also, .. } => {
                key == of && also.is_empty()
            }
            _ => false,
        });
    }
}

fn is_page(purpose: &Purpose, of: &RoleId) -> bool {
    matches!(purpose, Purpose::RolePage { role, also } if role == of && also.is_empty())
}

/// Leaves at most one notice for a reader and purpose. Pages, ready steps, failed ones and rungs of
/// ladders are put together, so that one message says all; whoever is paged sees their steps on the
/// page.
fn merged(wishes: Vec<Wish>, commander: &[PersonId]) -> Vec<(Recipient, Purpose, Voice)> {
    let is_page = |purpose: &Purpose| matches!(purpose, Purpose::RolePage { .. });
    let paged: Vec<Recipient> = wishes
        .iter()
        .filter(|wish| is_page(&wish.purpose))
        .flat_map(|wish| wish.to.readers(commander))
        .collect();
    let mut kept: Vec<(Recipient, Purpose, Voice)> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let is_ready = matches!(wish.purpose, Purpose::StepReady { .. });
        for reader in wish.to.readers(commander) {
            if is_ready && paged.contains(&reader) {
                continue;
            }
            let same = |(known, purpose, _): &&mut (Recipient, Purpose, Voice)| {
                *known == reader && purpose.is_like(&wish.purpose)
            };
            match kept.iter_mut().find(same) {
                Some((_, purpose, _)) => purpose.join(wish.purpose.clone()),
                None => kept.push((reader, wish.purpose.clone(), wish.cause)),
            }
        }
    }
    kept
}

impl Listener {
    fn readers(&self, commander: &[PersonId]) -> Vec<Recipient> {
        match self {
            Self::Person(person) => vec![Recipient::Person(person.clone())],
            Self::Channel(channel) => {
                vec![Recipient::Audience(Audience::Channel(channel.clone()))]
            }
            Self::Commander | Self::Role(_) => {
                commander.iter().cloned().map(Recipient::Person).collect()
            }
        }
    }
}

impl Purpose {
    /// Tells whether two notices to one person in one commit would be one too many: they say the
    /// same, or one message can name everything.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::RolePage { .. }, Self::RolePage { .. })
            | (Self::StepReady { .. }, Self::StepReady { .. })
            | (Self::StepFailed { .. }, Self::StepFailed { .. }) => true,
            (Self::Clock { word: one, .. }, Self::Clock { word: other, .. }) => one == other,
            (Self::Escalation { unanswered, .. }, Self::Escalation { unanswered: other, .. }) => {
                unanswered == other
            }
            _ => self == other,
        }
    }

    fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::RolePage { role, also }, Self::RolePage { role: more, .. })
                if *role != more && !also.contains(&more) =>
            {
                also.push(more);
            }
            (Self::StepReady { key, also }, Self::StepReady { key: more, .. })
            | (Self::StepFailed { key, also }, Self::StepFailed { key: more, .. })
                if *key != more && !also.contains(&more) =>
            {
                also.push(more);
            }
            (Self::Escalation { subject, also, .. }, Self::Escalation { subject: more, .. })
                if *subject != more && !also.contains(&more) =>
            {
                also.push(more);
            }
            (Self::Clock { key, also, .. }, Self::Clock { key: more, .. })
                if *key != more && !also.contains(&more) =>
            {
                also.push(more);
            }
            _ => {}
        }
    }
}
