//! HTTP: the router is the table of contents; handlers translate and hold no rules.
//!
//! A request passes the envelope (problems, headers, counting), its route's guard (token, scope,
//! patience), the extractors (bounds, shapes), one handler, and comes back as one answer. What
//! decides lives below, in `runtime` and `engine`; this module must not know storage formats or
//! how notices are sent.

mod api;
mod app;
mod ask;
pub mod auth;
mod cursor;
mod envelope;
mod housekeeping;
mod idempotent;
mod ingest;
mod kept;
mod lang;
mod measure;
mod openapi;
mod problem;
mod router;
mod serve;
mod shape;
mod slow;
mod tls;
mod view;
pub mod wire;

pub use app::{App, Parts, Reread};
pub use auth::{Grant, ON_BEHALF_OF, Owner, Secret, TokenError, Tokens};
pub use idempotent::{IDEMPOTENCY_KEY, REPLAYED};
pub use ingest::run as watch_alerts;
pub use openapi::text as openapi;
pub use problem::{Kind as ProblemKind, Problem};
pub use router::router;
pub use serve::{Limits, serve};
pub use tls::{RENEWAL, Reload, Tls, log as log_reload};
