//! What is going to happen in a simulated run, by time. Things at one instant happen in the order
//! in which they were put down.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::engine::RunKey;
use crate::id::{NoticeId, PersonId, RoleId};

/// Something that will happen unless it has become pointless by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happening {
    /// An inject, by its position in the drill.
    Inject(usize),
    /// Something reaches the incident from outside as it did before, by its position in the past.
    Again(usize),
    /// A person acknowledges or claims a role.
    Take { role: RoleId, person: PersonId },
    /// Whoever acts on a step begins.
    Begin(RunKey),
    /// They finish.
    Finish(RunKey),
    /// A person consents, or does not.
    Consent { key: RunKey, person: PersonId },
    /// Someone does something about a step that failed.
    Mend(RunKey),
    /// A message reaches the channel tried now.
    Deliver(NoticeId),
    /// A person says that they have seen a message.
    Seen { notice: NoticeId, person: PersonId },
    /// The answer to a request of a step comes.
    Answer { request: NoticeId, key: RunKey },
    /// The commander closes the incident.
    Close,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    queue: BTreeMap<(Timestamp, u64), Happening>,
    put_down: u64,
}

impl Agenda {
    /// Puts something down for an instant.
    pub(super) fn put(&mut self, at: Timestamp, happening: Happening) {
        self.put_down += 1;
        self.queue.insert((at, self.put_down), happening);
    }

    /// Returns the instant of what comes next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes what comes next when it is due by `now`.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Happening> {
        if self.next_at()? > now {
            return None;
        }
        self.queue.pop_first().map(|(_, happening)| happening)
    }

    /// Strikes out everything but messages on their way.
    pub(super) fn keep_deliveries(&mut self) {
        self.queue.retain(|_, happening| matches!(happening, Happening::Deliver(_)));
    }

    /// Puts everything off but injects, which go by the clock.
    pub(super) fn put_off(&mut self, by: SignedDuration) {
        let later = |((at, nth), happening): ((Timestamp, u64), Happening)| match happening {
            Happening::Inject(_) => ((at, nth), happening),
            other => ((at.saturating_add(by).unwrap_or(Timestamp::MAX), nth), other),
        };
        self.queue = std::mem::take(&mut self.queue).into_iter().map(later).collect();
    }

    /// Lists the injects that have not happened.
    pub(super) fn injects(&self) -> impl Iterator<Item = usize> {
        self.queue.values().filter_map(|happening| match happening {
            Happening::Inject(position) => Some(*position),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_of_one_instant_keep_their_order() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::default();
        for (second, inject) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            agenda.put(at(second), Happening::Inject(inject));
        }
        assert_eq!(agenda.take_due(at(2)), None);
        let order: Vec<_> = std::iter::from_fn(|| agenda.take_due(at(5))).collect();
        assert_eq!(order, [2, 4, 1, 3].map(Happening::Inject));
    }
}
