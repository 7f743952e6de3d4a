//! Levels of severity.

use crate::playbook::expression::Condition;

/// An incident's severity: 1 (特别重大) is the worst, 4 (一般) the mildest.
pub type Level = u8;

/// The worst level.
pub const LEVEL_WORST: Level = 1;

/// The mildest level.
pub const LEVEL_MILDEST: Level = 4;

/// One rule of the level table.
#[derive(Debug)]
pub struct LevelRule {
    /// The level given.
    pub level: Level,
    /// When it holds; `None` always does.
    pub when: Option<Condition>,
}
