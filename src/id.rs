//! Names and identities. Newtypes keep a role from being passed where a step is wanted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Wraps a name that the caller has already checked.
            #[must_use]
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(SmolStr::new(name))
            }

            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

names! {
    /// A playbook's slug, `[a-z0-9-]+`.
    PlaybookId;
    /// A drill's slug, `[a-z0-9-]+`.
    DrillId;
    /// A phase of a playbook.
    PhaseId;
    /// A step of a playbook, unique in the whole playbook.
    StepId;
    /// A role of a playbook.
    RoleId;
    /// An objective of a playbook.
    ObjectiveId;
    /// A message of a playbook.
    MessageId;
    /// A variable: an input, a form field, a saved value or a value set by a step.
    VarId;
    /// A person of the directory.
    PersonId;
    /// A team of the directory.
    TeamId;
    /// A schedule of the directory.
    ScheduleId;
    /// An escalation ladder of the directory.
    LadderId;
    /// A partner of the directory.
    PartnerId;
    /// A configured channel.
    ChannelId;
    /// A statutory clock of a playbook.
    ClockId;
    /// A legal regime's slug, `[a-z0-9-]+`.
    RegimeId;
    /// A stage of a regime.
    StageId;
    /// In which capacity a regime binds: a party of the regime.
    PartyId;
    /// A named moment of a regime, such as the determination of materiality.
    MomentId;
    /// A calendar of business days, `[a-z0-9-]+`.
    CalendarId;
}

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an identity made elsewhere.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Makes an identity from 128 bits; used where ids are derived rather than drawn.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(Uuid::from_u128(bits))
            }

            /// Returns the sixteen bytes, in an order that sorts by time of creation.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

uuids! {
    /// An incident's identity (UUID version 7: sorts by time of creation).
    IncidentId;
    /// A notice's identity; derived from the incident and a counter, so that a replay gives the same.
    NoticeId;
    /// One run of a drill.
    DrillRunId;
}

/// The lower half of an identity.
const HALF: u128 = u64::MAX as u128;

/// Scatters 64 bits one to one (the finaliser of SplitMix64, Steele and others, 2014).
const fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl IncidentId {
    /// Derives the identity of the `n`th incident that another one asks for, at an instant in
    /// milliseconds since 1970: it sorts by that instant as all do, and is the same however often
    /// the child is tried.
    #[must_use]
    pub fn nth_child(parent: Self, n: u64, millis: u64) -> Self {
        let bits = u128::from_be_bytes(*parent.as_bytes());
        let [high, low] = [bits >> 64, bits].map(|half| u64::try_from(half & HALF).unwrap_or(0));
        // A child of a child must never come back to its grandparent: no sum, no exclusive or.
        let mixed = mix(mix(low ^ n).wrapping_add(high));
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&high.to_be_bytes()[6..]);
        bytes[2..].copy_from_slice(&mixed.to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        Self(uuid)
    }
}

impl NoticeId {
    /// Derives the identity of the `n`th notice of an incident.
    ///
    /// Distinct for distinct `(incident, n)`: the incident's bits are rotated and the counter is
    /// added, so no random source is needed where decisions are made.
    #[must_use]
    pub fn nth(incident: IncidentId, n: u64) -> Self {
        let bits = u128::from_be_bytes(*incident.as_bytes()).rotate_left(1) ^ (u128::from(n) << 20);
        Self::from_u128(bits)
    }
}

/// Writes an incident's number as people say it: `INC-2026-0042`, with the year of declaration in
/// UTC.
#[must_use]
pub fn incident_number(number: u64, declared_at: jiff::Timestamp) -> String {
    let year = declared_at.to_zoned(jiff::tz::TimeZone::UTC).year();
    format!("INC-{year:04}-{number:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_children_of_one_instant_and_theirs_are_all_different() {
        let first = IncidentId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let mut known = std::collections::BTreeSet::from([first]);
        let mut generation = vec![first];
        for _ in 0..3 {
            let children = generation.iter().flat_map(|parent| {
                (1..=12).map(|n| IncidentId::nth_child(*parent, n, 1_795_248_000_000))
            });
            generation = children.collect();
            assert!(generation.iter().all(|child| known.insert(*child)));
        }
        assert_eq!(generation[0], {
            let child = IncidentId::nth_child(first, 1, 1_795_248_000_000);
            let grandchild = IncidentId::nth_child(child, 1, 1_795_248_000_000);
            IncidentId::nth_child(grandchild, 1, 1_795_248_000_000)
        });
        assert_eq!(generation[0].as_bytes()[6] >> 4, 7, "sorts by time as every identity does");
    }
}
