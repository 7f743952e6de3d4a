//! The only reader of the system clock. Pure modules never call it; they are given instants.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

/// A source of instants that can also wait for one.
///
/// The system clock serves live runs; tests and simulations hand in a virtual one.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current instant, truncated to microseconds so that it survives a round trip
    /// through every stored and printed form.
    fn now(&self) -> Timestamp;

    /// Completes when the clock has reached `at`; at once when `at` has passed.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The longest single timer: a jump of the wall clock is noticed within this time.
const RECHECK_SECONDS: u64 = 1;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one permitted reader of the clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let left = at.duration_since(self.now());
                let Ok(left) = std::time::Duration::try_from(left) else {
                    return;
                };
                if left.is_zero() {
                    return;
                }
                let nap = left.min(std::time::Duration::from_secs(RECHECK_SECONDS));
                tokio::time::sleep(nap).await;
            }
        })
    }
}
