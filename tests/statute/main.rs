//! Regimes and calendars: every shipped file, the instants that come of it, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]

mod calendars;
mod files;
mod instants;
mod refused;
