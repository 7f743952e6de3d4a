//! Regimes and calendars: every shipped file, the instants that come of it, and what is refused.

mod calendars;
mod files;
mod instants;
mod refused;
