//! What tests of simulated runs need: a plan, its drill, and people made up for both.

use std::sync::Arc;

use crate::drill::file::{Playbooks, load};
use crate::drill::scenario::Scenario;
use crate::drill::simulate::Stage;
use crate::drill::stand_in::stand_ins;
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::Rendering;
use crate::text::Lang;

/// Everything a run needs.
pub(crate) struct House {
    pub source: String,
    pub plans: Playbooks,
    pub playbook: Arc<Playbook>,
    pub scenario: Scenario,
    pub directory: Directory,
}

impl House {
    pub fn new(plan: &str, drill: &str) -> Self {
        Self::among(&[plan], drill)
    }

    /// Of several plans, the one that the drill rehearses and those it may call.
    pub fn among(sources: &[&str], drill: &str) -> Self {
        let loaded = |text: &&str| Arc::new(crate::playbook::shipped::load("plan.yaml", text));
        let plans: Playbooks =
            sources.iter().map(loaded).map(|plan| (plan.id.clone(), plan)).collect();
        let (scenario, findings) = load("drill.yaml", drill.as_bytes(), &plans);
        let shown = findings.render(Rendering::plain(Lang::En));
        let scenario = scenario.unwrap_or_else(|| panic!("{shown}"));
        let playbook = Arc::clone(&plans[&scenario.playbook]);
        let directory = stand_ins(&playbook, &plans, &scenario.injects).unwrap();
        Self { source: sources.concat(), plans, playbook, scenario, directory }
    }

    pub fn stage(&self) -> Stage<'_> {
        let Self { plans, playbook, scenario, directory, .. } = self;
        Stage { scenario, playbook, plans, directory }
    }
}
