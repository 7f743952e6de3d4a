//! Drills: scenario, cast, simulation and scoring are pure; schedule keeps the calendar; live runs exercises.

pub mod calendar;
pub mod cast;
pub mod crontab;
pub mod schedule;
#[cfg(test)]
mod schedule_oracle;
