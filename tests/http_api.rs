//! The HTTP interface from outside: a real router over a real runtime, with the store in memory and
//! a clock that tests move.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing says where it fails")]

#[path = "http/access.rs"]
mod access;
#[path = "http/app.rs"]
mod app;
#[path = "http/calendars.rs"]
mod calendars;
#[path = "http/clocks.rs"]
mod clocks;
#[path = "http/contract.rs"]
mod contract;
#[path = "http/dialects.rs"]
mod dialects;
#[path = "http/doors.rs"]
mod doors;
#[path = "http/evidence.rs"]
mod evidence;
#[path = "http/handovers.rs"]
mod handovers;
#[path = "http/ingest.rs"]
mod ingest;
#[path = "http/kept.rs"]
mod kept;
#[path = "http/kin.rs"]
mod kin;
#[path = "http/learning.rs"]
mod learning;
#[path = "http/lists.rs"]
mod lists;
#[path = "http/marks.rs"]
mod marks;
#[path = "http/narrow.rs"]
mod narrow;
#[path = "http/noise.rs"]
mod noise;
#[path = "http/operation.rs"]
mod operation;
#[path = "http/oracle.rs"]
mod oracle;
#[path = "http/peers.rs"]
mod peers;
#[path = "http/personal.rs"]
mod personal;
#[path = "http/problems.rs"]
mod problems;
#[path = "http/reach.rs"]
mod reach;
#[path = "http/rehearsals.rs"]
mod rehearsals;
#[path = "http/repeats.rs"]
mod repeats;
#[path = "http/replays.rs"]
mod replays;
#[path = "http/rosters.rs"]
mod rosters;
#[path = "http/signals.rs"]
mod signals;
#[path = "http/silences.rs"]
mod silences;
#[path = "http/simulations.rs"]
mod simulations;
#[path = "http/storm.rs"]
mod storm;
#[path = "http/streams.rs"]
mod streams;
#[path = "http/tls.rs"]
mod tls;
#[path = "http/wire.rs"]
mod wire;
