//! What a simulated run is made of: the stage, how people behave, and what a study changes to see what
//! depends on it.

use crate::drill::simulate::manners::Manners;
use crate::drill::simulate::world::Stage;
use crate::id::{PersonId, RoleId, StepId};

/// What is other than the drill says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Change<'a> {
    /// Nothing.
    #[default]
    None,
    /// Work on a step takes so many times as long.
    StepSlower(&'a StepId, f64),
    /// Whoever is asked to take a role, or has it, reacts so many times as late.
    RoleSlower(&'a RoleId, f64),
    /// A person neither answers nor works.
    Away(&'a PersonId),
}

impl Change<'_> {
    /// Returns how many times as long work on a step takes.
    pub(super) fn work(self, step: &StepId) -> f64 {
        match self {
            Self::StepSlower(slow, times) if slow == step => times,
            _ => 1.0,
        }
    }

    /// Returns how many times as long a role takes to react.
    pub(super) fn reaction(self, role: Option<&RoleId>) -> f64 {
        match self {
            Self::RoleSlower(slow, times) if Some(slow) == role => times,
            _ => 1.0,
        }
    }

    /// Tells whether a person is away throughout.
    pub(super) fn takes_away(self, person: &PersonId) -> bool {
        matches!(self, Self::Away(away) if away == person)
    }
}

/// Everything that decides how a run goes, but its beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) stage: Stage<'a>,
    pub(super) manners: Manners<'a>,
    pub(super) change: Change<'a>,
    /// The journal is encoded and hashed: a run that is only counted needs neither.
    pub(super) hashed: bool,
}
