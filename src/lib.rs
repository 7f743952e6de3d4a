//! firebell turns YAML playbooks into durable running incidents: it fills roles, opens steps, pages
//! people, watches deadlines, escalates, runs drills, and keeps a timeline that reviewers trust.
//!
//! Dependencies point one way: `cli → server → learn → drill → runtime → {store, notify, timeline} →
//! engine → {playbook, people} → {id, text}`. `tests/tidy.rs` fails on an arrow that runs backwards.

pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod drill;
pub mod engine;
pub mod exchange;
pub mod id;
pub mod ingest;
pub mod learn;
pub mod notify;
pub mod paper;
pub mod people;
pub mod picture;
pub mod playbook;
pub mod proof;
pub mod runtime;
pub mod server;
pub mod signal;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod timeline;
