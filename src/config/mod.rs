//! The configuration: `firebell.yaml`, the environment and the command line, made into one checked
//! [`Config`].
//!
//! It owns the keys, their defaults and their precedence (flag > environment > file > default), and
//! resolves secrets. Everything wrong is found in one pass, each with its place. It must not know
//! how a channel sends or how a store keeps; [`load`] alone touches the disk.

mod answered;
mod code;
mod coverage;
mod cross;
mod findings;
mod layers;
mod load;
mod mailbox;
mod mask;
mod model;
mod read;
mod scope;
mod secret;

pub use code::{
    BAD_ADDRESS, BAD_CALENDAR, BAD_SECRET, CALENDAR_EVENT, INSECURE, KEPT_LOCAL, MISSING_SECRET,
    NO_RULE, NOT_A_SECRET, STRAY_VARIABLE, UNCOVERED, UNKNOWN_REFERENCE, UNREACHABLE, UNREADABLE,
    WRONG_ROSTER,
};
pub use findings::Findings;
pub use load::{DEFAULT_FILE, Flags, Inputs, Loaded, load, read, timezone};
pub use model::{
    Bodies, Calendar, CalendarPlace, Channel, ChannelKind, Config, Drills, Grants, Handover, Hook,
    Host, IngestSource, Login, Retention, Smtp, SmtpTls, Store, StoreKind, Tls, Watchdog, Webhook,
};
pub use scope::{Scope, UnknownScope};

#[cfg(test)]
mod tests;
