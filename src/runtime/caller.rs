//! Who is asking, and what they may do. It must not know tokens or HTTP.

pub use crate::config::{Scope, UnknownScope};
use crate::engine::{Actor, Through};
use crate::id::PersonId;

/// Who asks, as events will record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The actor that events carry.
    pub actor: Actor,
    /// What they may do.
    pub scope: Scope,
}

impl Caller {
    /// firebell itself: deadlines, channels' answers, schedules.
    #[must_use]
    pub const fn system() -> Self {
        Self { actor: Actor::System, scope: Scope::Admin }
    }

    /// A drill's script.
    #[must_use]
    pub const fn drill() -> Self {
        Self { actor: Actor::Drill, scope: Scope::Admin }
    }

    /// A person acting for themselves.
    #[must_use]
    pub fn person(id: impl Into<PersonId>, scope: Scope) -> Self {
        Self { actor: Actor::person(id), scope }
    }

    /// A person who answers what was sent to them, without a token.
    #[must_use]
    pub fn answering(id: impl Into<PersonId>, through: Through) -> Self {
        let actor = Actor::Person { id: id.into(), on_behalf_of: None, through: Some(through) };
        Self { actor, scope: Scope::Responder }
    }
}
