//! Bytes to a playbook that may be run.

use jiff::Timestamp;

use crate::id::StepId;
use crate::people::Directory;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::CallPlace;
use crate::playbook::model::{Action, Playbook};
use crate::playbook::part::{self, BUNDLE_BYTES_MAX, Bundle, Shelf};
use crate::playbook::signature::Signature;
use crate::playbook::source::{Span, TOO_LARGE};
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
    /// The present instant, for what is overdue and for rosters; `None` leaves those rules out.
    pub now: Option<Timestamp>,
}

/// What came of reading a plan.
#[derive(Debug)]
pub struct Loaded {
    /// The plan, where nothing found is an error.
    pub playbook: Option<Playbook>,
    /// What was found, in the order of the file.
    pub findings: Diagnostics,
    /// What other plans may know of it; `None` where the file is no plan at all.
    pub signature: Option<Signature>,
    /// Where it calls other plans.
    pub(in crate::playbook) calls: Vec<CallPlace>,
    /// The steps that hand the incident over.
    handoffs: Vec<StepId>,
    /// Where it says what starts it.
    pub(in crate::playbook) activations: Vec<Span>,
}

impl Loaded {
    /// Tells whether a call hands the incident over instead of starting a child.
    pub(in crate::playbook) fn hands_over(&self, step: &StepId) -> bool {
        self.handoffs.contains(step)
    }

    /// Makes what came of a file that is no plan at all.
    #[must_use]
    pub fn without_plan(findings: Diagnostics) -> Self {
        let (calls, handoffs, activations) = (Vec::new(), Vec::new(), Vec::new());
        Self { playbook: None, findings, signature: None, calls, handoffs, activations }
    }
}

impl Playbook {
    /// Reads and checks a plan, collecting every problem.
    #[must_use]
    pub fn load(name: &str, bytes: &[u8], context: &Context<'_>) -> Loaded {
        let none = Shelf::default();
        let opened = match Opened::read(name, bytes, context.shelf.unwrap_or(&none)) {
            Ok(opened) => opened,
            Err(findings) => return Loaded::without_plan(findings),
        };
        let (playbook, notes, mut findings) =
            lower::lower(&opened.root, &opened.statutes, opened.findings);
        if let Some(playbook) = &playbook {
            check::check(playbook, &notes, context, &mut findings);
        }
        findings.sort();
        let signature = playbook.as_ref().map(Signature::of);
        let (calls, activations) = (notes.calls, notes.activations);
        let handoffs = playbook.as_ref().map(handoffs).unwrap_or_default();
        let playbook = playbook.filter(|_| !findings.has_errors());
        let playbook = playbook.map(|playbook| pinned(playbook, opened.bundle));
        Loaded { playbook, findings, signature, calls, handoffs, activations }
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

fn handoffs(playbook: &Playbook) -> Vec<StepId> {
    let steps = playbook.phases.iter().flat_map(|phase| &phase.steps);
    let over = steps.filter(|step| matches!(step.action, Action::HandOff(_)));
    over.map(|step| step.id.clone()).collect()
}

fn pinned(playbook: Playbook, bundle: Bundle) -> Playbook {
    Playbook { hash: bundle.hash(), bundle, ..playbook }
}
