//! Bounds of a directory, each with its reason. A roster beyond them is refused, not served slowly.

/// Persons: a large service centre has a few thousand; each costs about 300 bytes a snapshot.
pub const MAX_PEOPLE: usize = 10_000;
/// Teams, schedules, ladders and partners, each: a human must still be able to read the list.
pub const MAX_OF_A_KIND: usize = 1_000;
/// Members of a team: a notice to a team is one message each, in one append.
pub const MAX_MEMBERS: usize = 500;
/// Contacts of a person or partner: they are tried one after another.
pub const MAX_CONTACTS: usize = 16;
/// Contact rules of a person: one a level, and one for the rest.
pub const MAX_CONTACT_RULES: usize = 8;
/// The longest wait before a way of a contact rule, in hours: ladders do the rest.
pub const MAX_WAY_HOURS: i64 = 24;
/// People who must answer a rung: more never come together at night.
pub const MAX_ACKNOWLEDGE: u8 = 20;
/// Layers of a schedule: each is read for every answer.
pub const MAX_LAYERS: usize = 16;
/// Turns of a layer: a year of weekly turns, several times over.
pub const MAX_TURNS: usize = 200;
/// People in one turn: they are asked one after another.
pub const MAX_ON_DUTY: usize = 16;
/// Restrictions of a layer: each is read for five days for every answer.
pub const MAX_WINDOWS: usize = 64;
/// Overrides of a schedule: a swap a day for more than two years.
pub const MAX_OVERRIDES: usize = 1_000;
/// Rungs of a ladder: they are stored with every armed ladder.
pub const MAX_RUNGS: usize = 20;
/// Targets of a rung.
pub const MAX_TARGETS: usize = 20;
/// Further climbs of a ladder: past them nobody is left who has not been told.
pub const MAX_REPEAT: u8 = 20;
/// The longest wait before a rung, in hours: a week.
pub const MAX_RUNG_HOURS: i64 = 24 * 7;
