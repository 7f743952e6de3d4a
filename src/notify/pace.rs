//! How many messages leave in a time, and which go together, pure: the queue and the time come in
//! as arguments.
//!
//! A provider that is sent too much goes silent for minutes, so nothing may exceed its limit. As
//! long as what waits fits into what is left, each message leaves by itself and at once. Where more
//! waits, the last messages of the window are kept for digests: one message that lists many.

use jiff::{SignedDuration, Timestamp};

/// The most messages in one digest: more lines than anybody reads, and about what a message holds.
pub const DIGEST_MAX: usize = 50;

/// How long messages are gathered before the first digest leaves: a storm arrives over some
/// seconds, and ten digests of three say less than one of thirty.
pub const GATHER: SignedDuration = SignedDuration::from_secs(2);

/// How many messages a provider takes in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many, at least 1 …
    pub most: u16,
    /// … in any span of this length.
    pub within: SignedDuration,
}

impl Pace {
    /// So many in any minute.
    #[must_use]
    pub const fn per_minute(most: u16) -> Self {
        Self { most, within: SignedDuration::from_mins(1) }
    }

    /// Returns how many of the window's messages are kept back for digests.
    const fn reserve(self) -> usize {
        self.most as usize / 3
    }
}

/// A message that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<Id> {
    /// Which.
    pub id: Id,
    /// The group it may share a message with; those of other groups never meet.
    pub group: u64,
    /// Someone is asked to act: it leaves before those that only tell.
    pub urgent: bool,
    /// Since when it waits.
    pub since: Timestamp,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn<Id> {
    /// Nothing waits.
    Idle,
    /// Nothing may leave before this instant.
    Wait(Timestamp),
    /// These leave as one message; one alone leaves as it is.
    Send(Vec<Id>),
}

/// Decides what leaves next.
///
/// `sent` holds the instants of what left, at least of the last window; `queue` what waits, in the
/// order it came.
#[must_use]
pub fn next<Id: Copy>(
    pace: Pace,
    sent: &[Timestamp],
    queue: &[Waiting<Id>],
    now: Timestamp,
) -> Turn<Id> {
    let Some(oldest) = queue.iter().map(|waiting| waiting.since).min() else { return Turn::Idle };
    let most = usize::from(pace.most.max(1));
    let in_window = |at: &&Timestamp| now.duration_since(**at) < pace.within;
    let mut recent: Vec<Timestamp> = sent.iter().filter(in_window).copied().collect();
    recent.sort_unstable();
    let left = most.saturating_sub(recent.len());
    if left == 0 {
        // As many as may be sent in a window lie in it: the first of those must leave it.
        let first = recent[recent.len() - most];
        return Turn::Wait(after(first, pace.within));
    }
    let first = queue.iter().find(|waiting| waiting.urgent).unwrap_or(&queue[0]);
    if queue.len() + pace.reserve() <= left {
        return Turn::Send(vec![first.id]);
    }
    // Digests begin. What asks someone to act still goes alone while there is more than the reserve.
    if first.urgent && left > pace.reserve() {
        return Turn::Send(vec![first.id]);
    }
    let gathered = after(oldest, GATHER);
    if gathered > now && queue.len() < DIGEST_MAX {
        return Turn::Wait(gathered);
    }
    let mut together: Vec<&Waiting<Id>> =
        queue.iter().filter(|waiting| waiting.group == first.group).collect();
    together.sort_by_key(|waiting| !waiting.urgent);
    Turn::Send(together.into_iter().take(DIGEST_MAX).map(|waiting| waiting.id).collect())
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROBOT: Pace = Pace { most: 18, within: SignedDuration::from_mins(1) };

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn millis(n: i64) -> Timestamp {
        Timestamp::from_millisecond(n).unwrap()
    }

    /// Runs a queue to its end under a clock that jumps; returns what left when.
    fn run(pace: Pace, mut arrivals: Vec<Waiting<usize>>) -> Vec<(Timestamp, Vec<usize>)> {
        arrivals.sort_by_key(|waiting| waiting.since);
        let (mut now, mut sent, mut left) = (second(0), Vec::new(), Vec::new());
        let mut queue: Vec<Waiting<usize>> = Vec::new();
        for _ in 0..100_000 {
            let due = arrivals.partition_point(|waiting| waiting.since <= now);
            queue.extend(arrivals.drain(..due));
            let upcoming = arrivals.first().map(|waiting| waiting.since);
            match next(pace, &sent, &queue, now) {
                Turn::Send(ids) => {
                    queue.retain(|waiting| !ids.contains(&waiting.id));
                    sent.push(now);
                    left.push((now, ids));
                }
                Turn::Wait(until) => {
                    assert!(until > now, "a wait that does not end");
                    now = upcoming.map_or(until, |at| at.min(until));
                }
                Turn::Idle => match upcoming {
                    Some(at) => now = at,
                    None => return left,
                },
            }
        }
        panic!("the queue does not drain")
    }

    fn storm(count: usize, over_ms: i64) -> Vec<Waiting<usize>> {
        let step = over_ms / i64::try_from(count).unwrap();
        let at = |n: usize| millis(step * i64::try_from(n).unwrap());
        (0..count)
            .map(|id| Waiting { id, group: 0, urgent: id % 100 == 7, since: at(id) })
            .collect()
    }

    #[test]
    fn a_few_messages_leave_at_once_and_alone() {
        let left = run(ROBOT, storm(5, 5));
        assert_eq!(left.len(), 5);
        assert!(left.iter().all(|(at, ids)| *at < second(1) && ids.len() == 1));
    }

    #[test]
    fn a_storm_of_500_reaches_a_robot_as_a_few_messages_within_its_limit() {
        for over_ms in [500, 5_000, 30_000] {
            let left = run(ROBOT, storm(500, over_ms));
            assert!(left.len() <= 36, "{over_ms} ms: {} messages", left.len());
            assert!(left.iter().all(|(at, _)| *at <= second(61)), "within a minute: {left:?}");
            let told: usize = left.iter().map(|(_, ids)| ids.len()).sum();
            assert_eq!(told, 500);
        }
    }

    #[test]
    fn what_asks_someone_to_act_leaves_first() {
        let mut queue: Vec<Waiting<usize>> = storm(40, 40);
        queue[39].urgent = true;
        queue[7].urgent = false;
        let Turn::Send(ids) = next(ROBOT, &[], &queue, second(1)) else { panic!() };
        assert_eq!(ids, [39]);
        let sent = vec![second(0); 15];
        let Turn::Send(ids) = next(ROBOT, &sent, &queue, second(10)) else { panic!() };
        assert_eq!((ids[0], ids.len()), (39, 40), "in the first line of a digest at least");
    }

    #[test]
    fn groups_never_share_a_message() {
        let mut queue = storm(40, 40);
        for waiting in &mut queue {
            waiting.group = (waiting.id % 2) as u64;
            waiting.urgent = false;
        }
        let Turn::Send(ids) = next(ROBOT, &[], &queue, second(10)) else { panic!() };
        assert!(ids.iter().all(|id| id % 2 == 0) && ids.len() == 20, "{ids:?}");
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_nothing_is_forgotten_or_said_twice(
            most in 1_u16..40, seconds in 1_i64..120,
            at in proptest::collection::vec((0_i64..200_000, 0_u64..3, any::<bool>()), 0..200),
        ) {
            let pace = Pace { most, within: SignedDuration::from_secs(seconds) };
            let arrivals = at.into_iter().enumerate().map(|(id, (ms, group, urgent))| {
                Waiting { id, group, urgent, since: millis(ms) }
            }).collect::<Vec<_>>();
            let count = arrivals.len();
            let left = run(pace, arrivals);
            for (nth, (at, _)) in left.iter().enumerate() {
                let before = left[..nth].iter();
                let recent = before.filter(|(then, _)| at.duration_since(*then) < pace.within);
                prop_assert!(recent.count() < usize::from(most));
            }
            let mut told: Vec<usize> = left.into_iter().flat_map(|(_, ids)| ids).collect();
            told.sort_unstable();
            prop_assert_eq!(told, (0..count).collect::<Vec<_>>());
        }
    }
}
