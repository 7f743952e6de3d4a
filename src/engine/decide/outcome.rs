//! What came of messages and requests: delivered, delayed, rerouted, given up, held back, seen.
//! Their exhaustion is loud: it escalates, it is never silence.

use jiff::Timestamp;

use super::decision::Decision;
use super::reject;
use crate::engine::attention::AttentionFact;
use crate::engine::command::{NoticeOutcome, RequestOutcome};
use crate::engine::event::{LadderSubject, ValueSource};
use crate::engine::fact::Fact;
use crate::engine::incident::{Pending, Tenure};
use crate::engine::mode::Status;
use crate::engine::notice::{Notice, NoticeEnd, Purpose, Recipient};
use crate::engine::rejection::{Rejection, RejectionCode};
use crate::engine::run::{FailureCause, RunKey, StepState};
use crate::id::{ChannelId, NoticeId, PersonId};
use crate::playbook::Variables;

/// A notice in the outbox and which of its channels is tried.
struct Trying {
    notice: Notice,
    channel: usize,
    next_at: Timestamp,
    until: Timestamp,
    reached: Option<ChannelId>,
}

impl Trying {
    fn via(&self) -> Option<&ChannelId> {
        self.notice.via.get(self.channel)
    }

    fn next_via(&self) -> Option<&ChannelId> {
        self.notice.via.get(self.channel + 1)
    }
}

impl Decision<'_> {
    fn trying(&self, id: NoticeId) -> Option<Trying> {
        match self.incident.outbox.get(&id)?.as_ref() {
            Pending::Notice { notice, channel, next_at, channel_until, reached, .. } => {
                let (notice, reached) = (notice.clone(), reached.clone());
                let (channel, next_at, until) = (*channel, *next_at, *channel_until);
                Some(Trying { notice, channel, next_at, until, reached })
            }
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        }
    }

    /// Takes a channel's answer. One that comes too late to matter changes nothing.
    pub fn notice_outcome(&mut self, id: NoticeId, outcome: NoticeOutcome) {
        let Some(trying) = self.trying(id) else { return };
        match outcome {
            NoticeOutcome::Delivered { via, within } => self.delivered(&trying, via, within),
            NoticeOutcome::HeldBack { why } => {
                self.end_notice(&trying.notice, NoticeEnd::HeldBack { why });
            }
            NoticeOutcome::Retry { attempt, until, why } if until < trying.until => {
                self.emit(Fact::NoticeDelayed { notice: id, attempt, until, why });
                self.step_message_moved(&trying.notice);
            }
            NoticeOutcome::Retry { why, .. } => self.next_channel(&trying, why),
            NoticeOutcome::Refused { via, why } => {
                if trying.via() == Some(&via) {
                    self.next_channel(&trying, why);
                }
            }
        }
    }

    /// The current channel has had its time.
    pub fn channel_due(&mut self, id: NoticeId) {
        if let Some(trying) = self.trying(id) {
            self.next_channel(&trying, "not delivered in time".to_owned());
        }
    }

    /// A way took a message. A page stays for the ways that follow; anything else has its end.
    fn delivered(&mut self, trying: &Trying, via: ChannelId, within: Option<NoticeId>) {
        let Trying { notice, channel, next_at, until, .. } = trying;
        let by = notice.via.iter().position(|known| *known == via).unwrap_or(*channel);
        // While the answer was on the way, its time may have passed, and the next be about to go.
        let (follows, at, until) = match notice.planned.get(by + 1) {
            _ if by < *channel => (*channel, *next_at, *until),
            Some(at) => (by + 1, (*at).max(self.now()), notice.until(by + 1, *at)),
            None => (notice.via.len(), *next_at, *until),
        };
        let Some(next) = notice.via.get(follows).filter(|_| follows < notice.planned.len()) else {
            return self.end_notice(notice, NoticeEnd::Delivered { via, within });
        };
        let (notice, next) = (notice.id, next.clone());
        self.emit(Fact::Attention(AttentionFact::Reached { notice, via, within, next, at, until }));
    }

    fn next_channel(&mut self, trying: &Trying, why: String) {
        match (trying.via(), trying.next_via(), &trying.reached) {
            (Some(from), Some(to), _) => {
                let until = trying.notice.until(trying.channel + 1, self.now());
                let (from, to, notice) = (from.clone(), to.clone(), trying.notice.id);
                self.emit(Fact::NoticeRerouted { notice, from, to, until, why });
                self.step_message_moved(&trying.notice);
            }
            // An earlier way took it: it did not reach nobody.
            (Some(via), None, Some(reached)) => {
                let (notice, via) = (trying.notice.id, via.clone());
                self.emit(Fact::Attention(AttentionFact::WayFailed { notice, via, why }));
                let end = NoticeEnd::Delivered { via: reached.clone(), within: None };
                self.end_notice(&trying.notice, end);
            }
            _ => self.end_notice(&trying.notice, NoticeEnd::Failed { why }),
        }
    }

    fn end_notice(&mut self, notice: &Notice, end: NoticeEnd) {
        let failed = matches!(end, NoticeEnd::Failed { .. });
        let purpose = notice.purpose.clone();
        let seq = self.emit(Fact::NoticeEnded { notice: notice.id, purpose, end });
        self.after_direct(seq, |decision| {
            if failed {
                decision.nobody_reached(notice.id, &notice.to, &notice.purpose);
            }
            decision.step_message_moved(notice);
        });
    }

    fn step_message_moved(&mut self, notice: &Notice) {
        if let Purpose::StepMessage { key } = &notice.purpose
            && self.incident.status.is_open()
        {
            self.weigh_messages(key);
        }
    }

    /// A message reached nobody: a page passes to the next in succession, anything else is told to
    /// the commander; what was to tell the commander climbs the commander's ladder, once.
    pub fn nobody_reached(&mut self, id: NoticeId, to: &Recipient, purpose: &Purpose) {
        if !self.incident.status.is_open() {
            return;
        }
        match purpose {
            Purpose::RoleTaken { .. } | Purpose::RoleReleased { .. } | Purpose::Ended => return,
            // The last resort has failed: the entry in the journal is all that is left.
            Purpose::Escalation { .. }
                if purpose.ladders().all(|of| matches!(of, LadderSubject::Notice { .. })) =>
            {
                return;
            }
            Purpose::RolePage { role, also } => {
                if let Recipient::Person(person) = to {
                    for role in std::iter::once(role).chain(also) {
                        self.page_failed(role, person);
                    }
                }
            }
            _ => {}
        }
        let to_commander = match to {
            Recipient::Person(person) => self.commander().contains(person),
            Recipient::Audience(_) => false,
        };
        if to_commander || self.commander().is_empty() {
            let climbs_already =
                self.incident.ladders.keys().any(|s| matches!(s, LadderSubject::Notice { .. }));
            if let (false, Some(ladder)) = (climbs_already, self.commander_ladder()) {
                self.arm_ladder(LadderSubject::Notice { notice: id }, &ladder);
            }
        } else if !self.waits_to_tell_of_failure() {
            self.tell_commander("notice_failed");
        }
    }

    /// Whoever cannot be reached cannot answer: the next is asked without waiting.
    fn page_failed(&mut self, role: &crate::id::RoleId, person: &PersonId) {
        let Some(state) = self.incident.roles.get(role) else { return };
        match &state.tenure {
            Tenure::Assigned { to, .. } if to == person => {
                let asked = vec![person.clone()];
                self.emit(Fact::RoleUnanswered { role: role.clone(), asked });
            }
            Tenure::Offered { to, .. } if to.as_slice() == std::slice::from_ref(person) => {
                let asked = vec![person.clone()];
                self.emit(Fact::RoleUnanswered { role: role.clone(), asked });
            }
            _ => {}
        }
    }

    /// One alarm about failing messages is enough while it has not got through.
    fn waits_to_tell_of_failure(&self) -> bool {
        self.incident.outbox.values().any(|pending| match pending.as_ref() {
            Pending::Notice { notice, .. } => matches!(
                &notice.purpose,
                Purpose::Commander { about } if about == "notice_failed"
            ),
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => false,
        })
    }

    /// A person has seen a notice; of an escalation that stops the ladder: someone acts.
    pub fn acknowledge_notice(&mut self, id: NoticeId) -> Result<(), Rejection> {
        let by = self.person()?;
        if let Some(trying) = self.trying(id)
            && trying.notice.to == Recipient::Person(by.clone())
            && let Some(via) = trying.reached.as_ref().or(trying.via()).cloned()
        {
            // Whoever answers a message has received it, whatever the channel said so far.
            let purpose = trying.notice.purpose.clone();
            let end = NoticeEnd::Delivered { via, within: None };
            self.emit(Fact::NoticeEnded { notice: id, purpose, end });
        }
        let Some(told) = self.incident.told.get(&id).cloned() else {
            return Err(Rejection::new(
                RejectionCode::UnknownItem,
                "没有等待确认的这条通知；它可能已经失效",
                "no such notice waits to be seen; it may no longer matter",
            ));
        };
        if told.person != by {
            return Err(reject::not_yours(
                "这条通知不是发给您的",
                "that notice was not sent to you",
            ));
        }
        if told.acknowledged {
            return Ok(());
        }
        let seq = self.emit(Fact::NoticeAcknowledged { notice: id, by: by.clone() });
        if self.incident.status.is_open() {
            self.after_direct(seq, |decision| match &told.purpose {
                Purpose::StepMessage { key } => decision.weigh_messages(key),
                purpose => {
                    for subject in purpose.ladders() {
                        decision.ladder_answered(subject, by.clone());
                    }
                }
            });
        }
        Ok(())
    }

    /// Takes the answer to a step's HTTP request; a late one changes nothing.
    pub fn request_outcome(&mut self, request: NoticeId, outcome: RequestOutcome) {
        let key = match self.incident.outbox.get(&request).map(AsRef::as_ref) {
            Some(Pending::Request { key, .. }) => key.clone(),
            _ => return,
        };
        let (status, held_back) = match &outcome {
            RequestOutcome::Met { status, .. } => (Some(*status), false),
            RequestOutcome::NotMet { status, .. } => (*status, false),
            RequestOutcome::HeldBack { .. } => (None, true),
        };
        let seq = self.emit(Fact::RequestEnded { request, status, held_back });
        let active = |run: &crate::engine::run::Run| run.state == StepState::Active;
        if self.incident.status == Status::Closed || !self.incident.run_of(&key).is_some_and(active)
        {
            return;
        }
        self.after_direct(seq, |decision| decision.request_ended(&key, outcome));
    }

    fn request_ended(&mut self, key: &RunKey, outcome: RequestOutcome) {
        match outcome {
            RequestOutcome::Met { saved, .. } => {
                if !saved.is_empty() {
                    let values: Variables = saved.into_iter().collect();
                    let source = ValueSource::Saved { key: key.clone() };
                    self.learn(values, source);
                }
                self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            }
            RequestOutcome::HeldBack { succeeds: true } => {
                let note = Some("held back".to_owned());
                self.emit(Fact::StepDone { key: key.clone(), answer: None, note });
            }
            RequestOutcome::HeldBack { succeeds: false } => {
                self.fail(key, FailureCause::Error, "held back; fails in this drill".to_owned());
            }
            RequestOutcome::NotMet { why, .. } => self.fail(key, FailureCause::Error, why),
        }
    }
}
