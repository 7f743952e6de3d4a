//! What of a surge is worth telling those who already know of it.

use serde::{Deserialize, Serialize};

use super::surge::Surge;
use crate::playbook::Level;

/// By which part the ratio must move to be told again: less is the weather.
const MOVES_BY: f64 = 0.10;

/// What was told of a surge last.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Told {
    /// Its ratio.
    pub ratio: Option<f64>,
    /// Its level.
    pub level: Option<Level>,
    /// How many there were.
    pub count: u64,
}

impl Told {
    /// Takes down what is told of a surge now.
    #[must_use]
    pub const fn of(surge: &Surge) -> Self {
        Self { ratio: surge.ratio, level: surge.level, count: surge.count }
    }

    /// Tells whether a surge has moved enough to be told again: its level changed, its ratio moved by
    /// a tenth, or, where no ratio is known, its count did.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn is_old(&self, surge: &Surge) -> bool {
        if surge.level != self.level {
            return true;
        }
        match (self.ratio, surge.ratio) {
            (Some(was), Some(is)) => moved(was, is),
            (None, None) => moved(self.count as f64, surge.count as f64),
            (None, Some(_)) | (Some(_), None) => true,
        }
    }
}

fn moved(was: f64, is: f64) -> bool {
    (is - was).abs() > was.abs() * MOVES_BY
}
