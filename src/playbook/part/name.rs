//! What a part is called.

use std::fmt;

use smol_str::SmolStr;

/// The kinds of parts. Each lies in a folder of its own beside the plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// Steps that several plans share.
    Steps,
    /// What the law asks.
    Regimes,
    /// Business days.
    Calendars,
}

impl PartKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Steps, Self::Regimes, Self::Calendars];

    /// Returns the folder beside the plans, which is also how the kind is stored.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Regimes => "regimes",
            Self::Calendars => "calendars",
        }
    }

    /// Returns the key that tells a file of this kind from others and names the part.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Steps => "library",
            Self::Regimes => "regime",
            Self::Calendars => "calendar",
        }
    }
}

/// A part by kind and name, written `steps/containment`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartName {
    /// What it is.
    pub kind: PartKind,
    /// The slug it is known by among its kind.
    pub name: SmolStr,
}

impl PartName {
    /// Reads a name as it is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (folder, name) = text.split_once('/')?;
        let kind = PartKind::ALL.into_iter().find(|kind| kind.folder() == folder)?;
        Some(Self { kind, name: SmolStr::new(name) })
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.folder(), self.name)
    }
}
