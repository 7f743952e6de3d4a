//! A plan on paper: a checklist that can be worked through when everything else is down, with the
//! people of the rosters at one instant. Printed from a browser on A4.
//!
//! Pure: the instant and the people are arguments. It must not know incidents.

mod blank;
mod clock;
mod entry;
mod page;
mod people;
mod sheet;
mod step;

pub use sheet::Occasion;

#[cfg(test)]
mod tests;
