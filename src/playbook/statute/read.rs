//! Files to regimes and calendars.

use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::lower;
use crate::playbook::statute::{Calendar, Regime};
use crate::playbook::yaml;

impl Regime {
    /// Reads a regime's file, collecting every problem. It is there where nothing found is an
    /// error; whether its calendar is there, only a whole set knows.
    #[must_use]
    pub fn read(name: &str, bytes: &[u8]) -> (Option<Self>, Diagnostics) {
        match yaml::load(name, bytes) {
            Ok((source, root)) => sound(lower::regime(&root, Diagnostics::new(source))),
            Err(findings) => (None, findings),
        }
    }
}

impl Calendar {
    /// Reads a calendar's file, collecting every problem. It is there where nothing found is an
    /// error.
    #[must_use]
    pub fn read(name: &str, bytes: &[u8]) -> (Option<Self>, Diagnostics) {
        match yaml::load(name, bytes) {
            Ok((source, root)) => sound(lower::calendar(&root, Diagnostics::new(source))),
            Err(findings) => (None, findings),
        }
    }
}

fn sound<T>((read, mut findings): (Option<T>, Diagnostics)) -> (Option<T>, Diagnostics) {
    findings.sort();
    (read.filter(|_| !findings.has_errors()), findings)
}
