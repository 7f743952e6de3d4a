//! When a message that could not be delivered is tried again, pure: chance and the time come in as
//! arguments.

use jiff::{SignedDuration, Timestamp};

/// How attempts are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The pause after the first attempt; it doubles after each further one.
    pub first: SignedDuration,
    /// The longest pause.
    pub cap: SignedDuration,
}

impl Policy {
    /// For pages: quick at first, then gentle to a server that is down for an hour.
    pub const PAGE: Self =
        Self { first: SignedDuration::from_secs(2), cap: SignedDuration::from_secs(60) };
}

/// The most by which a pause that the server asked for is stretched, so that a thousand messages
/// told "in a minute" do not come back in the same second.
const ASKED_SPREAD_MAX: SignedDuration = SignedDuration::from_secs(10);

/// What happens after an attempt that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The same channel is tried again at this instant.
    At(Timestamp),
    /// The channel's time would be over by then: the next channel is tried at once.
    GiveUp,
}

/// Returns the pause after the `attempt`th attempt (from 1): doubling, capped, and between half and
/// all of that as `jitter` goes from 0 to 1.
#[must_use]
pub fn pause(policy: Policy, attempt: u32, jitter: f64) -> SignedDuration {
    let doublings = attempt.saturating_sub(1).min(i32::BITS - 2);
    let full = policy.first.saturating_mul(1_i32 << doublings).min(policy.cap);
    let half = full / 2;
    half + half.mul_f64(jitter.clamp(0.0, 1.0))
}

/// Decides what follows the `attempt`th attempt, made at `now`.
///
/// `asked` is the pause the other side asked for (`Retry-After`); it is honoured, stretched a
/// little. `deadline` is when the channel has had its time: an attempt at or after it is pointless.
#[must_use]
pub fn next(
    policy: Policy,
    attempt: u32,
    jitter: f64,
    asked: Option<SignedDuration>,
    now: Timestamp,
    deadline: Timestamp,
) -> Next {
    let own = pause(policy, attempt, jitter);
    let wait = match asked {
        Some(asked) => asked.max(own).saturating_add(spread(asked, jitter)),
        None => own,
    };
    match now.checked_add(wait) {
        Ok(at) if at < deadline => Next::At(at),
        Ok(_) | Err(_) => Next::GiveUp,
    }
}

fn spread(asked: SignedDuration, jitter: f64) -> SignedDuration {
    (asked / 5).clamp(SignedDuration::ZERO, ASKED_SPREAD_MAX).mul_f64(jitter.clamp(0.0, 1.0))
}

/// Reads a `Retry-After` field: seconds or an HTTP date (RFC 9110 §10.2.3). A date in the past is
/// no pause; anything unreadable is `None`.
#[must_use]
pub fn retry_after(field: &str, now: Timestamp) -> Option<SignedDuration> {
    let field = field.trim();
    if let Ok(seconds) = field.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let at = jiff::fmt::rfc2822::parse(field).ok()?.timestamp();
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(n: i64) -> SignedDuration {
        SignedDuration::from_secs(n)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_jitter_takes_away_at_most_half() {
        let full: Vec<i64> = (1..=8).map(|n| pause(Policy::PAGE, n, 1.0).as_secs()).collect();
        assert_eq!(full, [2, 4, 8, 16, 32, 60, 60, 60]);
        let half: Vec<i64> = (1..=8).map(|n| pause(Policy::PAGE, n, 0.0).as_secs()).collect();
        assert_eq!(half, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn a_server_that_asks_for_a_pause_gets_it() {
        let now = at("2026-11-21T03:00:00Z");
        let late = at("2026-11-21T04:00:00Z");
        let next = |asked| next(Policy::PAGE, 1, 0.0, Some(seconds(asked)), now, late);
        assert_eq!(next(120), Next::At(at("2026-11-21T03:02:00Z")));
        assert_eq!(next(0), Next::At(at("2026-11-21T03:00:01Z")), "never at once");
        assert_eq!(next(3600), Next::GiveUp);
    }

    #[test]
    fn an_attempt_that_would_come_too_late_is_not_waited_for() {
        let now = at("2026-11-21T03:00:00Z");
        let at_once = next(Policy::PAGE, 5, 1.0, None, now, at("2026-11-21T03:00:32Z"));
        assert_eq!(at_once, Next::GiveUp, "the deadline itself is too late");
        let in_time = next(Policy::PAGE, 5, 1.0, None, now, at("2026-11-21T03:00:33Z"));
        assert_eq!(in_time, Next::At(at("2026-11-21T03:00:32Z")));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = at("2026-11-21T03:00:00Z");
        assert_eq!(retry_after(" 30 ", now), Some(seconds(30)));
        let date = |s| retry_after(s, now);
        assert_eq!(date("Sat, 21 Nov 2026 03:01:00 GMT"), Some(seconds(60)));
        assert_eq!(date("Sat, 21 Nov 2026 02:00:00 GMT"), Some(SignedDuration::ZERO));
        assert_eq!(date("soon"), None);
        assert_eq!(date("-5"), None);
    }

    proptest! {
        #[test]
        fn a_retry_lies_after_now_and_before_the_deadline(
            attempt in 0_u32..=u32::MAX, jitter in -1.0_f64..2.0,
            asked in proptest::option::of(0_i64..100_000), room in -100_i64..100_000,
        ) {
            let now = at("2026-11-21T03:00:00Z");
            let deadline = now + seconds(room);
            let asked = asked.map(seconds);
            if let Next::At(then) = next(Policy::PAGE, attempt, jitter, asked, now, deadline) {
                prop_assert!(then > now && then < deadline);
                prop_assert!(asked.is_none_or(|asked| then >= now + asked));
            }
        }
    }
}
