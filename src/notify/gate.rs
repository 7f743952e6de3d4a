//! The gate: the one place where an incident's mode decides what leaves. Pure.
//!
//! Every outward act asks here and gets a [`Pass`], without which nothing can be handed to a
//! channel or to the HTTP client. Nothing else in firebell may ask whether a run is a drill before
//! it acts.

mod outage;

use jiff::{SignedDuration, Timestamp};

pub use self::outage::{Faults, Missing, Outage};
use super::hosts::{Host, Hosts};
use super::why::{Why, WhyCode};
use crate::engine::{Incident, Mode, Recipient};
use crate::id::ChannelId;
use crate::people::Directory;
use crate::text::Lang;

/// What kind of run asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// In earnest.
    Live,
    /// With real people: an exercise, a tabletop.
    Drill,
    /// Beside a live incident: those who work on that one are left in peace.
    Shadow,
    /// With modelled people.
    Simulation,
}

impl From<Mode> for Run {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self::Live,
            Mode::Drill => Self::Drill,
            Mode::Simulation => Self::Simulation,
        }
    }
}

impl From<&Incident> for Run {
    fn from(incident: &Incident) -> Self {
        match (incident.mode, incident.beside) {
            (Mode::Drill, Some(_)) => Self::Shadow,
            (mode, _) => mode.into(),
        }
    }
}

/// Something that is about to leave.
#[derive(Debug, Clone, Copy)]
pub enum Act<'a> {
    /// A message.
    Notice {
        /// To whom.
        to: &'a Recipient,
        /// Over which channel.
        channel: &'a ChannelId,
        /// The channel may carry the messages of drills.
        drills: bool,
        /// The host it is posted to; `None` where the channel posts to none (e-mail).
        host: Option<&'a Host>,
    },
    /// The request of a plan's `http` step.
    Request {
        /// The host that is called.
        host: &'a Host,
    },
    /// Another incident begins.
    Child,
}

/// What the installation allows.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// Says which persons take part in drills.
    pub directory: &'a Directory,
    /// Hosts that drills may call.
    pub drill_hosts: &'a Hosts,
    /// Hosts that plans may call.
    pub http_hosts: &'a Hosts,
    /// What the drill that asks does without.
    pub outages: &'a [Outage],
    /// The instant.
    pub now: Timestamp,
}

/// The gate's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Send(Pass),
    /// The rehearsal holds it back. It counts as delivered; a drill's cast says how requests went.
    HoldBack(Why),
    /// It must not leave in any mode: the installation does not allow it. It counts as failed.
    Refuse(Why),
}

/// Leave to let one thing out. Only the gate makes it; it is used up by what it lets out.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Pass {
    mark: Mark,
    faults: Faults,
}

/// What must stand before everything that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Drill,
}

impl Pass {
    const fn new(mark: Mark) -> Self {
        Self { mark, faults: Faults { down: false, late: None, twice: false } }
    }

    /// Returns how much later the drill lets the message leave that its channel has not tried yet.
    #[must_use]
    pub const fn late_by(&self) -> Option<SignedDuration> {
        self.faults.late
    }

    /// Returns leave to let the same thing out once more, where the drill has its channel say
    /// everything twice.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        self.faults.twice.then_some(Self::new(self.mark))
    }

    /// Returns the words that must precede every subject and text; empty for a live run.
    #[must_use]
    pub fn prefix(&self, lang: Lang) -> &'static str {
        match self.mark {
            Mark::None => "",
            Mark::Drill => lang.pick("【演练】", "[DRILL] "),
        }
    }

    /// Tells whether what leaves must be marked as a drill's.
    #[must_use]
    pub const fn is_drill(&self) -> bool {
        matches!(self.mark, Mark::Drill)
    }
}

/// Decides whether an act of a run may leave.
#[must_use]
pub fn pass(run: impl Into<Run>, act: Act<'_>, allowed: Allowed<'_>) -> Verdict {
    match run.into() {
        Run::Simulation => Verdict::HoldBack(Why::new(WhyCode::Simulation)),
        Run::Shadow => Verdict::HoldBack(Why::new(WhyCode::Shadow)),
        Run::Drill => match (drill_bars(act, allowed), drill_faults(act, allowed)) {
            (Some(why), _) => Verdict::HoldBack(why),
            // It counts as failed, so that the next channel is tried.
            (None, Some((channel, Faults { down: true, .. }))) => {
                Verdict::Refuse(Why::with(WhyCode::DrillChannelDown, channel))
            }
            (None, faults) => {
                let faults = faults.map(|(_, faults)| faults).unwrap_or_default();
                Verdict::Send(Pass { mark: Mark::Drill, faults })
            }
        },
        Run::Live => match act {
            Act::Request { host } if !allowed.http_hosts.allow(host) => {
                Verdict::Refuse(Why::with(WhyCode::HostNotAllowed, host))
            }
            Act::Request { .. } | Act::Notice { .. } | Act::Child => {
                Verdict::Send(Pass::new(Mark::None))
            }
        },
    }
}

/// Returns what keeps an act of a drill inside.
fn drill_bars(act: Act<'_>, allowed: Allowed<'_>) -> Option<Why> {
    let host = match act {
        // What a rehearsal begins is a rehearsal: the pass says so.
        Act::Child => None,
        Act::Request { host } => Some(host),
        Act::Notice { to, channel, drills, host } => {
            if let Some(why) = drill_bars_recipient(to, allowed) {
                return Some(why);
            }
            if !drills {
                return Some(Why::with(WhyCode::DrillChannel, channel));
            }
            host
        }
    };
    let host = host.filter(|host| !allowed.drill_hosts.allow(host))?;
    Some(Why::with(WhyCode::DrillHost, host))
}

/// Returns what the drill itself has put out of order.
fn drill_faults<'a>(act: Act<'a>, allowed: Allowed<'_>) -> Option<(&'a ChannelId, Faults)> {
    let Act::Notice { channel, .. } = act else { return None };
    Some((channel, Faults::of(channel, allowed.outages, allowed.now)))
}

fn drill_bars_recipient(to: &Recipient, allowed: Allowed<'_>) -> Option<Why> {
    match to {
        Recipient::Person(id) => {
            let listed = allowed.directory.person(id).is_some_and(|person| person.drills);
            if !listed {
                return Some(Why::new(WhyCode::DrillPerson));
            }
            let away = allowed.outages.iter().any(|outage| outage.takes(id, allowed.now));
            away.then(|| Why::new(WhyCode::DrillAbsent))
        }
        Recipient::Audience(audience) => {
            audience.is_live_only().then(|| Why::new(WhyCode::DrillAudience))
        }
    }
}

#[cfg(test)]
mod tests;
