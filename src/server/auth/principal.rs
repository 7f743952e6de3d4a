//! The one who asks, once their token was found good.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use smol_str::SmolStr;

use super::access::Reader;
use super::token::Owner;
use super::tokens::Held;
use crate::engine::{Actor, RejectionCode};
use crate::id::PersonId;
use crate::people::Directory;
use crate::runtime::{Caller, Scope};
use crate::server::lang::preferred;
use crate::server::problem::{Kind, Problem};
use crate::text::Lang;

/// Names the person whom the caller acts for. Needs the commander scope; both names are recorded.
pub const ON_BEHALF_OF: HeaderName = HeaderName::from_static("firebell-on-behalf-of");

/// Who asks.
#[derive(Debug, Clone)]
pub struct Principal {
    /// As events will record it.
    pub caller: Caller,
    /// The language that the request asks for, else that of the person whom the token belongs to.
    pub lang: Option<Lang>,
    held: Arc<Held>,
}

impl Principal {
    /// Makes the principal of a good token, acting for whom the headers say.
    ///
    /// # Errors
    /// Acting for another without the right to, or for someone who is not in the directory.
    pub fn new(
        held: Arc<Held>,
        headers: &HeaderMap,
        directory: &Directory,
    ) -> Result<Self, Problem> {
        let own = match &held.record.owner {
            Owner::Person(id) => directory.person(id).map(|person| person.lang),
            Owner::Service(_) => None,
        };
        let lang = preferred(headers).or(own);
        let actor = match &held.record.owner {
            Owner::Person(id) => {
                let on_behalf_of = match headers.get(ON_BEHALF_OF) {
                    None => None,
                    Some(name) => {
                        let other = named(name.as_bytes(), directory)?;
                        may_stand_in(held.record.scope)?;
                        Some(other).filter(|other| other != id)
                    }
                };
                Actor::Person { id: id.clone(), on_behalf_of, through: None }
            }
            Owner::Service(_) if headers.contains_key(ON_BEHALF_OF) => return Err(not_a_person()),
            Owner::Service(name) => Actor::Service { name: name.clone() },
        };
        let caller = Caller { actor, scope: held.record.scope };
        Ok(Self { caller, lang, held })
    }

    /// Returns the person whom the token belongs to.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        self.held.record.owner.person()
    }

    /// Returns the program whom the token belongs to.
    #[must_use]
    pub fn service(&self) -> Option<&SmolStr> {
        self.held.record.owner.service()
    }

    /// Tells whether the caller may act on the incidents they see, and so see personal values.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.caller.scope >= Scope::Responder
    }

    /// Returns what decides what is shown.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { admin: self.caller.scope == Scope::Admin, person: self.person() }
    }

    /// Returns a name that keeps the idempotency keys of different owners apart, whatever token
    /// they use.
    #[must_use]
    pub fn key_space(&self) -> SmolStr {
        match &self.held.record.owner {
            Owner::Person(id) => smol_str::format_smolstr!("p:{id}"),
            Owner::Service(name) => smol_str::format_smolstr!("s:{name}"),
        }
    }

    /// Returns the id of the token.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.held.record.id
    }
}

fn named(name: &[u8], directory: &Directory) -> Result<PersonId, Problem> {
    let name = std::str::from_utf8(name).unwrap_or_default();
    directory.person(&PersonId::new(name)).map(|person| person.id.clone()).ok_or_else(|| {
        let unknown = Kind::Rejected(RejectionCode::UnknownPerson);
        Problem::new(
            unknown,
            format!("请求头 {ON_BEHALF_OF} 中的“{name}”不在通讯录中"),
            format!("`{name}` in {ON_BEHALF_OF} is not in the directory"),
        )
    })
}

fn may_stand_in(scope: Scope) -> Result<(), Problem> {
    if scope >= Scope::Commander {
        return Ok(());
    }
    Err(Problem::new(
        Kind::ScopeTooLow,
        "代他人操作需要 commander 权限",
        "Acting for another person needs the commander scope",
    )
    .with("needs", Scope::Commander.as_str())
    .with("has", scope.as_str()))
}

fn not_a_person() -> Problem {
    Problem::new(
        Kind::NotAPerson,
        "程序令牌不能代人操作；请使用个人令牌",
        "A service's token cannot act for a person; use a person's token",
    )
}
