//! What a drill will find before it begins: who would be asked for each role and over which ways, what
//! happens when, what is held back, and what stands in the way. Pure; it must not know channels, the
//! store, or how it is shown.

mod finding;
mod message;
mod role;
mod script;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::finding::{Gravity, Hindrance};
pub use self::message::HeldBack;
pub use self::role::{AskedPerson, RoleOutlook, RungOutlook, WayOut};
pub use self::script::ScriptLine;
use crate::drill::file::Playbooks;
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::stand_in::called;
use crate::engine::Recipient;
use crate::id::{ChannelId, DrillId, PersonId, PlaybookId};
use crate::notify::Why;
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::text::{Lang, Text};

/// How many names one list shows; a team of two hundred is told by its first and a number.
pub const NAMES_SHOWN_MAX: usize = 20;

/// What a drill begins with.
#[derive(Clone, Copy)]
pub struct Outset<'a> {
    /// The drill.
    pub scenario: &'a Scenario,
    /// The plan it rehearses.
    pub playbook: &'a Playbook,
    /// The plans that it may call.
    pub plans: &'a Playbooks,
    /// The people.
    pub directory: &'a Directory,
    /// When it begins.
    pub at: Timestamp,
    /// The ways out of the installation.
    pub ways: &'a dyn Ways,
}

/// What is known of the ways out.
pub trait Ways {
    /// Tells what keeps a message of a drill from leaving there; `None` where nothing does.
    fn bar(&self, to: &Recipient, channel: &ChannelId) -> Option<Why>;

    /// Tells whether somebody has confirmed that messages arrive there.
    fn is_confirmed(&self, person: &PersonId, channel: &ChannelId) -> bool;
}

/// What a drill will find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preparation {
    /// The drill.
    pub drill: DrillId,
    /// What people call it.
    pub title: Text,
    /// The plan it rehearses.
    pub playbook: PlaybookId,
    /// `simulated`, `exercise`, `tabletop` or `shadow`.
    #[schema(value_type = String)]
    pub run_as: RunAs,
    /// The instant it was looked at for.
    pub at: Timestamp,
    /// Nothing keeps it from starting.
    pub ready: bool,
    /// What stands in the way, the gravest first.
    pub findings: Vec<Hindrance>,
    /// Who would be asked for each role, of the plan first, then of the plans it calls.
    pub roles: Vec<RoleOutlook>,
    /// What the drill makes happen, in the order of the instants that are known.
    pub script: Vec<ScriptLine>,
    /// Messages of the plan that a drill does not let out.
    pub held_back: Vec<HeldBack>,
}

/// Looks at everything that a drill begins with.
#[must_use]
pub fn prepare(outset: Outset<'_>) -> Preparation {
    let Outset { scenario, playbook, plans, directory, at, .. } = outset;
    let mut findings = Vec::new();
    if directory.is_built_in() {
        findings.push(Hindrance::nobody_configured());
    }
    let mut roles = Vec::new();
    let mut held_back = Vec::new();
    for plan in called(playbook, plans) {
        roles.extend(role::of_plan(outset, plan, &mut findings));
        held_back.extend(message::of_plan(outset, plan, &mut findings));
    }
    role::unconfirmed(&roles, &mut findings);
    let script = script::lines(outset, &roles, &mut findings);
    if !pages_people(scenario.run) {
        findings.iter_mut().for_each(Hindrance::soften);
    }
    findings.sort_by_key(|one| one.gravity);
    Preparation {
        drill: scenario.id.clone(),
        title: scenario.title.clone(),
        playbook: playbook.id.clone(),
        run_as: scenario.run,
        at,
        ready: findings.iter().all(|one| one.gravity != Gravity::Blocks),
        findings,
        roles,
        script,
        held_back,
    }
}

/// Tells whether a drill needs people who can be reached: one that writes to nobody starts without.
const fn pages_people(run: RunAs) -> bool {
    match run {
        RunAs::Exercise | RunAs::Tabletop => true,
        RunAs::Simulated | RunAs::Shadow => false,
    }
}

impl Preparation {
    /// Lists what keeps it from starting.
    pub fn blocks(&self) -> impl Iterator<Item = &Hindrance> {
        self.findings.iter().filter(|one| one.gravity == Gravity::Blocks)
    }

    /// Says in one text what keeps it from starting; `None` where nothing does.
    #[must_use]
    pub fn why_not(&self) -> Option<Text> {
        let said = |lang: Lang| {
            let sentences: Vec<&str> = self.blocks().map(|one| one.text.get(lang)).collect();
            sentences.join(lang.pick("；", "; "))
        };
        (!self.ready).then(|| Text::both(said(Lang::Zh), said(Lang::En)))
    }
}
