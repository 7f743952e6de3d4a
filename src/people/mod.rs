//! Persons, teams, rosters and succession, pure: who is on call at an instant, and who is tried
//! next when nobody answers.
//!
//! [`Directory`] is an immutable snapshot that everything else shares. It must not know incidents,
//! storage, or how a message is sent; instants come in as arguments.

pub mod calendar;
mod check;
mod directory;
mod fault;
mod hours;
pub mod ical;
mod ladder;
pub mod limits;
mod manner;
mod outlook;
mod person;
mod reach;
mod relief;
mod rota;
mod schedule;
mod shift;
mod succession;
mod turns;
mod zone;

pub use directory::{Directory, OPERATOR, Parts};
pub use fault::{Fault, FaultKind, Noun};
pub use hours::Hours;
pub use ladder::{Ladder, Pick, Rung, Target, Terms};
pub use manner::{ContactRule, Manner, Quiet, Way};
pub use outlook::{Trouble, TroubleKind};
pub use person::{Contact, Partner, Person, Team};
pub use reach::Reach;
pub use relief::Relief;
pub use rota::{HORIZON, Segment, Why};
pub use schedule::{Change, Duty, Layer, Override, Rotation, Schedule, Weekdays, Window};
pub use shift::{Shift, Shifts};
pub use succession::{Source, TRIES_PER_SOURCE, Try, tries};
pub use turns::Turns;
pub use zone::{UnknownZone, Zone};
