//! What is watched, and when it is too much. Read from the configuration and already checked.

use smol_str::SmolStr;

use super::rule::{Mark, Rule};
use crate::people::Zone;
use crate::playbook::Level;

/// A watch over one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    /// Its name, which plans know it by.
    pub id: SmolStr,
    /// What it counts.
    pub signal: SmolStr,
    /// How many minutes are looked at, from now back.
    pub window: u32,
    /// The labels whose values are counted apart; none counts everything together.
    pub group_by: Vec<SmolStr>,
    /// What a surge is looked for in.
    pub spread: Spread,
    /// Fewer than this in the window are never a surge: three are not a trend.
    pub minimum: u64,
    /// When it is a surge.
    pub rule: Rule,
    /// Values of labels that rules ask for.
    pub marks: Vec<Mark>,
    /// Labels whose different values rules count.
    pub sources: Vec<SmolStr>,
    /// What is usual.
    pub baseline: Baseline,
    /// How likely a ratio may be by chance alone at one look at all groups; 1 asks nothing.
    pub chance: f64,
    /// Ratios with the level each stands for, worst level first.
    pub levels: Vec<(Level, f64)>,
    /// A surge is over once the ratio stays below this.
    pub clear_below: f64,
    /// For how many minutes it must.
    pub clear_for: u32,
    /// For how many minutes after a surge another is not begun.
    pub cool_down: u32,
    /// How many minutes late an occurrence may arrive and still be counted in its own window.
    pub late: u32,
    /// How many groups are counted apart; what is beyond is counted together.
    pub groups_max: usize,
    /// Where days begin and end.
    pub zone: Zone,
}

/// What a surge is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// In everything together.
    Total,
    /// In everything together and in each group: one surge, whatever it begins with.
    Anywhere,
}

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// How many weeks back are compared.
    pub weeks: u32,
    /// What is taken as usual at least, so that a quiet night makes no surge of two.
    pub floor: f64,
}

impl Monitor {
    /// Returns how many minutes a bucket is long: a window has 60 at most.
    #[must_use]
    pub const fn bucket(&self) -> u32 {
        let long = self.window.div_ceil(60);
        if long == 0 { 1 } else { long }
    }

    /// Tells what its counts are counts of: what was counted under another is of no use to it.
    #[must_use]
    pub fn shape(&self) -> String {
        let Self { signal, group_by, marks, sources, rule, .. } = self;
        let (bucket, rules) = (self.bucket(), rule.leaves());
        format!("1 {signal} {group_by:?} {bucket} {marks:?} {sources:?} {rules}")
    }

    /// Returns the level that a ratio stands for.
    #[must_use]
    pub fn level(&self, ratio: f64) -> Option<Level> {
        self.levels.iter().find(|(_, least)| ratio >= *least).map(|(level, _)| *level)
    }
}
