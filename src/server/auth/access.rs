//! Who may see a restricted plan and its incidents: one pure decision.
//!
//! For everyone else they do not exist: answers are the same as for a name nobody ever used.

use crate::engine::Incident;
use crate::id::{PersonId, TeamId};
use crate::people::{Directory, Source};
use crate::playbook::{Access, Playbook};

/// Who wants to see something: the owner of the token, never the one they act for, or acting for
/// an insider would open what is closed to the one who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader<'a> {
    /// They administer the installation.
    pub admin: bool,
    /// The person; programs are none.
    pub person: Option<&'a PersonId>,
}

/// What speaks for a caller who asks to see something restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The caller administers the installation.
    pub admin: bool,
    /// The caller holds a role of the incident, was given one, or is asked to take one.
    pub takes_part: bool,
    /// The caller belongs to the team that owns the plan.
    pub of_owner_team: bool,
    /// The caller belongs to a team that the plan's commander comes from.
    pub of_commander_team: bool,
}

/// Decides whether a caller may see something.
#[must_use]
pub const fn may_see(restricted: bool, claims: Claims) -> bool {
    !restricted
        || claims.admin
        || claims.takes_part
        || claims.of_owner_team
        || claims.of_commander_team
}

/// Decides for an incident.
#[must_use]
pub fn may_see_incident(
    reader: Reader<'_>,
    directory: &Directory,
    playbook: &Playbook,
    incident: &Incident,
) -> bool {
    // Open plans are the rule and this runs on every request.
    if !incident.restricted {
        return true;
    }
    let takes_part = reader.person.is_some_and(|person| takes_part(incident, person));
    may_see(true, Claims { takes_part, ..standing_claims(reader, directory, playbook) })
}

/// Decides for a row of a list. `playbook` is the plan's present version; where it is gone from
/// the library, only those who take part and administrators remain.
#[must_use]
pub fn may_see_row(
    reader: Reader<'_>,
    directory: &Directory,
    playbook: Option<&Playbook>,
    restricted: bool,
    involved: &[PersonId],
) -> bool {
    if !restricted {
        return true;
    }
    let takes_part = reader.person.is_some_and(|person| involved.contains(person));
    let claims =
        playbook.map_or_else(|| nothing(reader), |plan| standing_claims(reader, directory, plan));
    may_see(true, Claims { takes_part, ..claims })
}

/// Decides for a plan.
#[must_use]
pub fn may_see_playbook(reader: Reader<'_>, directory: &Directory, playbook: &Playbook) -> bool {
    let restricted = playbook.access == Access::Restricted;
    may_see(restricted, standing_claims(reader, directory, playbook))
}

const fn nothing(reader: Reader<'_>) -> Claims {
    Claims {
        admin: reader.admin,
        takes_part: false,
        of_owner_team: false,
        of_commander_team: false,
    }
}

fn standing_claims(reader: Reader<'_>, directory: &Directory, playbook: &Playbook) -> Claims {
    let claims = nothing(reader);
    let Some(person) = reader.person else { return claims };
    let is_member = |team: &TeamId| directory.is_member(team, person);
    Claims {
        of_owner_team: playbook.owner.as_ref().is_some_and(is_member),
        of_commander_team: commander_teams(playbook).any(is_member),
        ..claims
    }
}

/// The teams that the commander's role names; a schedule is no team, its people take part when
/// they are asked.
fn commander_teams(playbook: &Playbook) -> impl Iterator<Item = &TeamId> {
    let role = playbook.commander().and_then(|role| playbook.roles.get(role));
    let sources =
        role.into_iter().flat_map(|role| std::iter::once(&role.assign).chain(&role.deputies));
    sources.filter_map(|source| match source {
        Source::Team(team) | Source::Claim(team) => Some(team),
        Source::Schedule(_) => None,
    })
}

fn takes_part(incident: &Incident, person: &PersonId) -> bool {
    incident.roles.values().any(|role| role.tenure.people().contains(person))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_one_claim_opens_a_restricted_plan_and_none_does_not() {
        for bits in 0..32_u8 {
            let bit = |n: u8| bits & (1 << n) != 0;
            let claims = Claims {
                admin: bit(0),
                takes_part: bit(1),
                of_owner_team: bit(2),
                of_commander_team: bit(3),
            };
            let restricted = bit(4);
            let expected = !restricted || bits & 0b1111 != 0;
            assert_eq!(may_see(restricted, claims), expected, "{restricted} {claims:?}");
        }
    }
}
