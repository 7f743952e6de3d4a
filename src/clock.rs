//! The only reader of the system clock. Pure modules never call it; they are given instants.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A source of instants that can also wait for one.
///
/// The system clock serves live runs; tests and simulations hand in a virtual one.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current instant, truncated to microseconds so that it survives a round trip
    /// through every stored and printed form.
    fn now(&self) -> Timestamp;

    /// Completes when the clock has reached `at`; at once when `at` has passed. A clock that is set
    /// back keeps nobody waiting longer than it seemed: whoever waits looks at the clock again.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The longest single timer: a jump of the wall clock is noticed within this time.
const RECHECK: SignedDuration = SignedDuration::from_secs(1);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one permitted reader of the clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let begun = Instant::now();
            let seemed = at.duration_since(self.now());
            let elapsed =
                || SignedDuration::try_from(begun.elapsed()).unwrap_or(SignedDuration::MAX);
            while let Some(nap) =
                nap(at.duration_since(self.now()), seemed.saturating_sub(elapsed()))
            {
                tokio::time::sleep(nap).await;
            }
        })
    }
}

/// Returns how long to sleep before looking at the clock again: it says that `left` are left, and
/// by what it said at first `patience` are. `None` when one of them is over.
fn nap(left: SignedDuration, patience: SignedDuration) -> Option<Duration> {
    let left = Duration::try_from(left.min(patience).min(RECHECK)).ok()?;
    (!left.is_zero()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_clock_is_noticed_within_a_second_and_keeps_nobody_waiting() {
        let [hour, second] = [SignedDuration::from_hours(1), SignedDuration::from_secs(1)];
        let cases = [
            ("far away", hour, hour, Some(second)),
            ("close", second / 2, second / 2, Some(second / 2)),
            ("reached", SignedDuration::ZERO, SignedDuration::ZERO, None),
            ("set forward past it", -hour, hour, None),
            ("set back, not over yet", hour + second, second / 2, Some(second / 2)),
            ("set back, over", hour, SignedDuration::ZERO, None),
            ("set back, overslept", hour, -second, None),
        ];
        for (case, left, patience, expected) in cases {
            let expected = expected.map(|nap| Duration::try_from(nap).unwrap());
            assert_eq!(nap(left, patience), expected, "{case}");
        }
    }
}
