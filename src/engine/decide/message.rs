//! The plan's own messages: notify steps and the notices of handlers.

use super::decision::Decision;
use crate::engine::fact::Fact;
use crate::engine::notice::{MessageRef, Purpose, Recipient};
use crate::engine::run::{FailureCause, NoticeTally, RunKey, StepState};
use crate::id::{ChannelId, PersonId};
use crate::playbook::{Action, Audience, HowMany, Notify, NotifyUntil};

/// Where the messages of a notify go: each entry is one notice with its channels.
type Addressed = Vec<(Recipient, Vec<ChannelId>)>;

impl Decision<'_> {
    /// Sends the messages of a notify step that began.
    pub fn send_step_messages(&mut self, key: &RunKey, notify: &Notify) {
        let addressed = self.addressed(notify);
        if addressed.is_empty() {
            self.fail(key, FailureCause::Error, "nobody to tell".to_owned());
            return;
        }
        for (to, via) in addressed {
            let purpose = Purpose::StepMessage { key: key.clone() };
            self.queue(to, via, purpose, MessageRef::Plan(notify.message.clone()));
        }
        self.weigh_messages(key);
    }

    /// Sends the messages of a handler. One that fires for several roles or steps in one commit says
    /// the same each time: nobody hears it twice.
    pub fn send_handler_messages(&mut self, handler: u32, notify: &Notify) {
        let addressed = self.addressed(notify);
        if addressed.is_empty() {
            self.tell_commander("notice_failed");
        }
        for (to, via) in addressed {
            let purpose = Purpose::HandlerMessage { handler };
            if self.is_queued(&to, &via, &purpose) {
                continue;
            }
            self.queue(to, via, purpose, MessageRef::Plan(notify.message.clone()));
        }
    }

    /// Tells whether this decision has queued such a notice already.
    pub fn is_queued(&self, to: &Recipient, via: &[ChannelId], purpose: &Purpose) -> bool {
        self.events.iter().any(|event| match &event.fact {
            Fact::NoticeQueued { notice } => {
                notice.to == *to && notice.via == via && notice.purpose == *purpose
            }
            _ => false,
        })
    }

    /// Ends a notify step whose messages have come far enough, or can no longer.
    pub fn weigh_messages(&mut self, key: &RunKey) {
        let Some((step, run)) = self.step_and_run(key) else { return };
        let Action::Notify(notify) = &step.action else { return };
        if run.state != StepState::Active || run.alarm.is_some_and(|alarm| alarm.is_retry()) {
            return;
        }
        match reached(notify.until, run.notices) {
            Some(true) => {
                self.emit(Fact::StepDone { key: key.clone(), answer: None, note: None });
            }
            Some(false) => {
                let why = "too few of those addressed could be reached".to_owned();
                self.fail(key, FailureCause::Error, why);
            }
            None => {}
        }
    }

    /// Looks up whom a notify means now: persons once each, endpoints channel by channel.
    fn addressed(&self, notify: &Notify) -> Addressed {
        let mut people: Vec<PersonId> = Vec::new();
        let mut addressed = Addressed::new();
        for audience in &notify.to {
            match audience {
                Audience::Role(role) => people.extend(self.holders_of(role)),
                Audience::Team(team) => {
                    people.extend(self.ctx.directory.team_members(team).iter().cloned());
                }
                Audience::Partner(partner) => {
                    let contacts =
                        self.ctx.directory.partner(partner).map_or(&[][..], |p| &p.contacts);
                    let channels = contacts.iter().map(|contact| contact.channel.clone());
                    let wanted =
                        |channel: &ChannelId| notify.via.is_empty() || notify.via.contains(channel);
                    let channels = channels.filter(wanted).collect();
                    addressed.push((Recipient::Audience(audience.clone()), channels));
                }
                Audience::Channel(channel) => {
                    let to = Recipient::Audience(audience.clone());
                    addressed.push((to, vec![channel.clone()]));
                }
                Audience::Customers | Audience::Regulators => {
                    let to = || Recipient::Audience(audience.clone());
                    addressed.extend(notify.via.iter().map(|via| (to(), vec![via.clone()])));
                    if notify.via.is_empty() {
                        addressed.push((to(), Vec::new()));
                    }
                }
            }
        }
        let mut known: Vec<PersonId> = Vec::with_capacity(people.len());
        for person in people {
            if !known.contains(&person) {
                let via = self.channels_of(&person, &notify.via);
                addressed.push((Recipient::Person(person.clone()), via));
                known.push(person);
            }
        }
        addressed
    }
}

/// Tells whether messages have come as far as the step wants: yes, no longer possible, or not yet.
///
/// A step that waits for delivery is done once every message has its end and one at least arrived:
/// those that reached nobody were told to the commander one by one.
fn reached(until: NotifyUntil, tally: NoticeTally) -> Option<bool> {
    let ended = tally.delivered + tally.failed;
    match until {
        NotifyUntil::Sent => {
            (tally.attempted >= tally.queued).then_some(tally.failed < tally.queued)
        }
        NotifyUntil::Delivered => (ended >= tally.queued).then_some(tally.delivered > 0),
        NotifyUntil::Acknowledged(many) => {
            let needed = match many {
                HowMany::Any => 1,
                HowMany::All => tally.queued,
                HowMany::AtLeast(many) => many,
            };
            if tally.acknowledged >= needed {
                return Some(true);
            }
            (tally.queued - tally.failed < needed).then_some(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(queued: u32, attempted: u32, delivered: u32, failed: u32, seen: u32) -> NoticeTally {
        NoticeTally { queued, attempted, delivered, failed, acknowledged: seen }
    }

    #[test]
    fn sent_waits_for_every_first_attempt() {
        assert_eq!(reached(NotifyUntil::Sent, tally(2, 1, 1, 0, 0)), None);
        assert_eq!(reached(NotifyUntil::Sent, tally(2, 2, 1, 0, 0)), Some(true));
        assert_eq!(reached(NotifyUntil::Sent, tally(2, 2, 0, 0, 0)), Some(true));
        assert_eq!(reached(NotifyUntil::Sent, tally(2, 2, 0, 2, 0)), Some(false));
    }

    #[test]
    fn delivered_waits_for_every_end_and_fails_only_when_nobody_was_reached() {
        assert_eq!(reached(NotifyUntil::Delivered, tally(3, 3, 2, 0, 0)), None);
        assert_eq!(reached(NotifyUntil::Delivered, tally(3, 3, 2, 1, 0)), Some(true));
        assert_eq!(reached(NotifyUntil::Delivered, tally(3, 3, 0, 3, 0)), Some(false));
    }

    #[test]
    fn acknowledged_fails_as_soon_as_it_can_no_longer_be() {
        let until = |many| NotifyUntil::Acknowledged(many);
        assert_eq!(reached(until(HowMany::Any), tally(2, 2, 1, 1, 0)), None);
        assert_eq!(reached(until(HowMany::Any), tally(2, 2, 1, 1, 1)), Some(true));
        assert_eq!(reached(until(HowMany::Any), tally(2, 2, 0, 2, 0)), Some(false));
        assert_eq!(reached(until(HowMany::All), tally(2, 2, 1, 1, 1)), Some(false));
        assert_eq!(reached(until(HowMany::AtLeast(2)), tally(3, 3, 2, 1, 1)), None);
    }
}
