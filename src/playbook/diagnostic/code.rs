//! Names of kinds of findings, and how grave they are.

use std::fmt;

use serde::Serialize;

/// A stable name of one kind of finding: `E` and four digits for errors, `W` for warnings, `N` for
/// notes.
///
/// `01` is the file and its shape, `02` names and references, `03` the flow of a plan, `04`
/// expressions and templates, `05` drills, `06` the configuration, `07` plans from elsewhere,
/// `08` regimes and calendars, `09` plans that call other plans.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(&'static str);

impl Code {
    /// Names a kind of finding.
    ///
    /// # Panics
    /// At compile time, when the name is not `E`, `W` or `N` and four digits.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(bytes.len() == 5 && matches!(bytes[0], b'E' | b'W' | b'N'), "E0000");
        Self(name)
    }

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Tells how grave findings of this kind are.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self.0.as_bytes()[0] {
            b'W' => Severity::Warning,
            b'N' => Severity::Note,
            _ => Severity::Error,
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used; someone should look.
    Warning,
    /// Nothing is wrong; a reader should know.
    Note,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_of_a_code_is_its_severity() {
        assert_eq!(Code::new("E0101").severity(), Severity::Error);
        assert_eq!(Code::new("W0101").severity(), Severity::Warning);
        assert_eq!(Code::new("N0801").severity(), Severity::Note);
    }
}
