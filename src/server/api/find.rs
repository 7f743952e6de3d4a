//! Finds what a path names, and refuses what the caller may not see as if it were not there.

use crate::id::{IncidentId, PlaybookId};
use crate::playbook::Playbook;
use crate::playbook::diagnostic::nearest;
use crate::runtime::{Committed, Missing, Refusal};
use crate::server::app::App;
use crate::server::auth::Principal;
use crate::server::auth::access;
use crate::server::problem::Problem;
use crate::server::wire;

use std::sync::Arc;

/// How many close names help; more is a list to search.
const CLOSEST_MAX: usize = 3;

/// Finds the incident that a path names by id or number, where the caller may see it.
pub async fn incident(app: &App, principal: &Principal, name: &str) -> Result<Committed, Problem> {
    let unknown = || Problem::from(missing(Missing::Incident, name, Vec::new()));
    let id = identity(app, name)?.ok_or_else(unknown)?;
    let seen = match app.runtime().incident(id).await {
        Ok(seen) => seen,
        Err(Refusal::NotFound { .. }) => return Err(unknown()),
        Err(other) => return Err(other.into()),
    };
    if may_see(app, principal, &seen) { Ok(seen) } else { Err(unknown()) }
}

/// Tells whether the caller may see an incident.
pub fn may_see(app: &App, principal: &Principal, seen: &Committed) -> bool {
    let directory = app.runtime().directory();
    access::may_see_incident(principal.reader(), &directory, &seen.playbook, &seen.incident)
}

/// Reads an id or a number; `None` where no incident has that number or the text is neither.
pub fn identity(app: &App, name: &str) -> Result<Option<IncidentId>, Problem> {
    if let Ok(id) = name.parse() {
        return Ok(Some(id));
    }
    let Some(number) = wire::read_number(name) else { return Ok(None) };
    let row = app.runtime().store().by_number(number)?;
    // `INC-2025-0042` must not find the 42nd of another year.
    let is_it = |row: &crate::store::Summary| {
        name.len() < 4
            || !name[..4].eq_ignore_ascii_case("inc-")
            || crate::id::incident_number(row.number, row.declared_at)[4..8]
                == name[4..].chars().take(4).collect::<String>()
    };
    Ok(row.filter(is_it).map(|row| row.id))
}

/// Finds a plan of the library, where the caller may see it; else names close ones they may see.
pub fn playbook(
    app: &App,
    principal: &Principal,
    id: &PlaybookId,
) -> Result<Arc<Playbook>, Problem> {
    let (library, directory) = (app.runtime().library(), app.runtime().directory());
    let visible = |plan: &Playbook| access::may_see_playbook(principal.reader(), &directory, plan);
    if let Some(plan) = library.playbook(id).filter(|plan| visible(plan)) {
        return Ok(plan);
    }
    let mut names: Vec<&str> =
        library.playbooks().filter(|plan| visible(plan)).map(|plan| plan.id.as_str()).collect();
    let mut closest = Vec::new();
    while closest.len() < CLOSEST_MAX
        && let Some(name) = nearest(id.as_str(), names.iter().copied())
    {
        closest.push(name.to_owned());
        names.retain(|other| *other != name);
    }
    Err(missing(Missing::Playbook, id.as_str(), closest).into())
}

/// Something that is not there.
pub fn missing(what: Missing, name: &str, closest: Vec<String>) -> Refusal {
    // A name comes from outside; what is quoted back is bounded.
    let name = name.chars().take(80).collect();
    Refusal::NotFound { what, name, closest }
}
