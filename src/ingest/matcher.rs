//! Which alerts something is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Labels with the values they must have, exactly; as `activate_when` asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matcher(BTreeMap<SmolStr, String>);

impl Matcher {
    /// Makes a matcher; `None` where it asks for nothing, since it would be about everything.
    #[must_use]
    pub fn new(labels: BTreeMap<SmolStr, String>) -> Option<Self> {
        (!labels.is_empty()).then_some(Self(labels))
    }

    /// Tells whether these labels are meant.
    #[must_use]
    pub fn holds(&self, labels: &BTreeMap<SmolStr, String>) -> bool {
        self.0.iter().all(|(label, value)| labels.get(label) == Some(value))
    }

    /// Returns what it asks for.
    #[must_use]
    pub const fn labels(&self) -> &BTreeMap<SmolStr, String> {
        &self.0
    }
}
