//! Bytes to a playbook that may be run.

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::people::Directory;
use crate::playbook::diagnostic::Diagnostics;
use crate::playbook::model::Playbook;
use crate::playbook::source::Source;
use crate::playbook::{check, lower, yaml};

/// What a plan is checked against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The people, teams, ladders and channels there are; `None` leaves those rules out.
    pub directory: Option<&'a Directory>,
}

/// What came of reading a plan.
#[derive(Debug)]
pub struct Loaded {
    /// The plan, where nothing found is an error.
    pub playbook: Option<Playbook>,
    /// What was found, in the order of the file.
    pub findings: Diagnostics,
}

impl Playbook {
    /// Reads and checks a plan, collecting every problem.
    #[must_use]
    pub fn load(name: &str, bytes: &[u8], context: &Context<'_>) -> Loaded {
        let (source, root) = match yaml::load(name, bytes) {
            Ok(read) => read,
            Err(findings) => return Loaded { playbook: None, findings },
        };
        let (playbook, notes, mut findings) = lower::lower(&root, Diagnostics::new(source));
        if let Some(playbook) = &playbook {
            check::check(playbook, &notes, context, &mut findings);
        }
        findings.sort();
        let playbook = playbook.filter(|_| !findings.has_errors());
        let playbook = playbook.map(|playbook| pinned(playbook, findings.source()));
        Loaded { playbook, findings }
    }

    /// Reads again the text of a plan that was checked when a run began with it. The rules over the
    /// whole plan are left out: a rule that came later must not strand a running incident.
    ///
    /// # Errors
    /// A text that is no plan at all.
    pub fn restore(source: &str) -> Result<Self, Diagnostics> {
        let (source, root) = yaml::load("playbook.yaml", source.as_bytes())?;
        let (playbook, _, findings) = lower::lower(&root, Diagnostics::new(source));
        match playbook {
            Some(playbook) if !findings.has_errors() => Ok(pinned(playbook, findings.source())),
            _ => Err(findings),
        }
    }
}

fn pinned(playbook: Playbook, source: &Source) -> Playbook {
    let text = source.text().replace("\r\n", "\n");
    let hash = SmolStr::new(hex::encode(Sha256::digest(text.as_bytes())));
    Playbook { hash, source: text, ..playbook }
}
