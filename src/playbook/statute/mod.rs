//! What the law asks, as data: regimes with their stages and limits, and the calendars that business
//! days are counted on. Pure. It must not know incidents, nor whether a limit is the law's last word.

mod calendar;
mod limit;
mod read;
mod regime;
mod shelf;

pub use calendar::{Calendar, Covers, Day, Holiday, Pattern, SpecialDays, YEAR_MAX, YEAR_MIN};
pub use limit::{LIMIT_MAX, Limit, LimitError, Reckoned, Reckoning};
pub use regime::{
    ContentItem, Extension, InForce, Origin, Party, Regime, Stage, StageLimit, Start,
};
pub use shelf::Statutes;
