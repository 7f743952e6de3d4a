//! Drills: rehearsals of a plan, on a calendar, scored from the journal.
//!
//! `file` reads a drill into a `scenario` (with its `cast`, `inject`s on their `cue`s, and
//! `expect`ations); `calendar` says when it falls due, in the civil time of its `schedule`;
//! `diary` remembers what was decided; `invitation` says who is told ahead; `simulate` runs it in
//! virtual time, `exercise` with real people, some of them in `absence`, `shadow` beside a live
//! incident, `replay` as people behaved in the `past` of one; `observe` and `score` judge what came of it, `covered`
//! says what of the plan it exercised; `result` is kept, and `judge` adds what evaluators say of
//! it. All of these are pure. `live` carries them out through the runtime and `archive` keeps what
//! must survive a restart.

pub mod absence;
pub mod announce;
pub mod archive;
pub mod book;
pub mod calendar;
pub mod calibrate;
pub mod cast;
pub mod clash;
pub mod covered;
pub mod crontab;
pub mod cue;
pub mod diary;
pub mod exercise;
pub mod expect;
pub mod experience;
pub mod file;
mod filling;
#[cfg(test)]
mod house;
pub mod inject;
pub mod invitation;
pub mod judge;
pub mod live;
pub mod observe;
pub mod past;
pub mod prepare;
pub mod probe;
pub mod replay;
pub mod result;
pub mod review;
pub mod scenario;
pub mod schedule;
#[cfg(test)]
mod schedule_oracle;
pub mod schema;
pub mod score;
pub mod series;
pub mod shadow;
pub mod simulate;
pub mod stand_in;
pub mod study;
pub mod timing;
