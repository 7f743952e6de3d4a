//! Bytes to a playbook that may be run.

use crate::people::Directory;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::model::Playbook;
use crate::playbook::part::{self, BUNDLE_BYTES_MAX, Bundle, Shelf};
use crate::playbook::source::TOO_LARGE;
use crate::playbook::statute::Statutes;
use crate::playbook::yaml::{self, Node};
use crate::playbook::{check, lower};

/// What a plan is checked against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The people, teams, ladders and channels there are; `None` leaves those rules out.
    pub directory: Option<&'a Directory>,
    /// The parts that plans may use; `None` is the same as none.
    pub shelf: Option<&'a Shelf>,
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
        let none = Shelf::default();
        let opened = match Opened::read(name, bytes, context.shelf.unwrap_or(&none)) {
            Ok(opened) => opened,
            Err(findings) => return Loaded { playbook: None, findings },
        };
        let (playbook, notes, mut findings) =
            lower::lower(&opened.root, &opened.statutes, opened.findings);
        if let Some(playbook) = &playbook {
            check::check(playbook, &notes, context, &mut findings);
        }
        findings.sort();
        let playbook = playbook.filter(|_| !findings.has_errors());
        Loaded { playbook: playbook.map(|playbook| pinned(playbook, opened.bundle)), findings }
    }

    /// Reads again a version that was checked when a run began with it, as [`Bundle::write`] wrote
    /// it. The rules over the whole plan are left out: a rule that came later must not strand a
    /// running incident.
    ///
    /// # Errors
    /// A version that is no plan at all.
    pub fn restore(written: &str) -> Result<Self, Diagnostics> {
        // What is no bundle is refused as a text, for its separators.
        let bundle = Bundle::read(written).unwrap_or_else(|| Bundle::new(written, []));
        let opened = Opened::again(&bundle)?;
        let (playbook, _, findings) = lower::lower(&opened.root, &opened.statutes, opened.findings);
        match playbook {
            Some(playbook) if !findings.has_errors() => Ok(pinned(playbook, opened.bundle)),
            _ => Err(findings),
        }
    }

    /// Returns the plan's tree as it is written, with the steps of libraries in their places.
    #[must_use]
    pub fn tree(&self) -> Option<Node> {
        Opened::again(&self.bundle).ok().map(|opened| opened.root)
    }
}

/// A plan's tree with everything it uses in its place.
struct Opened {
    root: Node,
    statutes: Statutes,
    bundle: Bundle,
    findings: Diagnostics,
}

impl Opened {
    fn read(name: &str, bytes: &[u8], shelf: &Shelf) -> Result<Self, Diagnostics> {
        let (source, mut root) = yaml::load(name, bytes)?;
        let mut findings = Diagnostics::new(source.clone());
        let mut used = part::expand(&mut root, shelf, &mut findings);
        let statutes = Statutes::of_plan(&root, shelf);
        used.extend(statutes.parts());
        let bundle = shelf.bundle(&source, &used);
        if bundle.size() > BUNDLE_BYTES_MAX {
            let most = BUNDLE_BYTES_MAX / 1024;
            let message = both!(
                "预案连同所用的步骤库和法规超过 {most} KiB",
                "the plan with the libraries and regimes it uses is larger than {most} KiB"
            );
            findings.push(Diagnostic::new(TOO_LARGE, message));
        }
        Ok(Self { root, statutes, bundle, findings })
    }

    fn again(bundle: &Bundle) -> Result<Self, Diagnostics> {
        Self::read("playbook.yaml", bundle.plan().as_bytes(), &Shelf::of(bundle)?)
    }
}

fn pinned(playbook: Playbook, bundle: Bundle) -> Playbook {
    Playbook { hash: bundle.hash(), bundle, ..playbook }
}
