//! The imperative shell and the only writer: executor, dispatcher, ticker, library, directory.
//!
//! Commands come in through [`Runtime`], are decided by the pure engine, and leave as one durable
//! append; only then is anything sent, armed or told. It must not know HTTP.

mod agenda;
mod answer;
mod archivist;
mod auditor;
mod bus;
mod caller;
mod cells;
mod clocks;
mod direct;
mod dispatcher;
mod evidence;
mod executor;
mod feeds;
mod gather;
mod history;
mod ids;
mod kin;
mod library;
mod links;
mod look;
mod meters;
mod monitors;
mod outages;
mod outbound;
mod outbox;
mod pacer;
mod personal;
mod pins;
mod reach;
mod redaction;
mod refusal;
mod rosters;
mod sending;
mod service;
mod shelves;
mod standing;
mod test_page;
mod ticker;
mod turns;
mod watchdog;

pub use answer::{About, Heard, NoQuestion, Press, Question};
pub use auditor::{Check, Report};
pub use bus::{Bus, Published};
pub use caller::{Caller, Scope, UnknownScope};
pub use direct::{Letter, NotTaken};
pub use evidence::{EVIDENCE_BYTES_MAX, Evidence, EvidenceError, Kept, Upload};
pub use executor::{Answer, CommitOptions, Committed, DeclareRequest, Keyed};
pub use feeds::{FeedOf, FeedSecret, KeptFeed, StoredFeed};
pub use history::History;
pub use ids::Ids;
pub use library::{DrillCheck, DrillFile, Library, ReloadReport, Unreadable};
pub use links::LINK_PATH;
pub use meters::{Meter, Meters};
pub use monitors::MonitorView;
pub use outbound::Outbound;
pub use personal::PersonalValue;
pub use reach::{ContactReach, REACH_GOOD_FOR, Standing, Whom};
pub use redaction::Erasure;
pub use refusal::{Missing, Obstacle, Refusal};
pub use rosters::{
    ASK_BEFORE, ASK_BEFORE_MAX, Asking, CALENDAR_OLD, CalendarPlace, CalendarSource,
    CalendarStanding, HandoverNote, HandoverView, KeptOverride, KeptSwap, LOOK_AHEAD_DAYS,
    LOOK_AHEAD_DAYS_MAX, LetterAbout, Made, NOTE_CHARS_MAX, NewOverride, OVERRIDE_DAYS_MAX,
    OfferSwap, OpenStage, OpenStep, OpenWork, Outlook, OverrideStanding, RosterError,
    RosterSettings, Settled, Span, Stamp, StoredOverride, Swap, SwapState, Wanted, said_calendar,
    stored_calendars, stored_overrides, with_overrides,
};
pub use service::{Parts, Runtime};
pub use test_page::Tried;
pub use watchdog::Watchdog;
