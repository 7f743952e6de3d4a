//! Persons, teams, rosters and succession, pure: who is on call at an instant. It must not know incidents.
