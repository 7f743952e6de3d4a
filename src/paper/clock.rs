//! Statutory clocks on paper: what the law asks, by when, and room for when it was done.

use crate::picture::words::{Words, line};
use crate::playbook::statute::Stage;
use crate::playbook::{Clock, Playbook};

/// A stage of a clock.
pub(super) struct ClockSheet {
    /// What it is.
    pub(super) title: String,
    /// To whom.
    pub(super) to: String,
    /// By when.
    pub(super) limit: String,
    /// When it applies, where not always.
    pub(super) when: Vec<String>,
    /// Who sees to it.
    pub(super) role: Option<String>,
    /// Nobody has compared it with the law.
    pub(super) unverified: bool,
    /// What must be said.
    pub(super) content: Vec<String>,
    /// How it is entered later, where no step submits it.
    pub(super) command: Option<String>,
}

/// Lists the stages that bind the plan's party.
pub(super) fn clocks(plan: &Playbook, words: &Words<'_>) -> Vec<ClockSheet> {
    let stages = plan.clocks.iter().flat_map(|clock| clock.stages().map(move |s| (clock, s)));
    stages.map(|(clock, stage)| sheet(plan, words, clock, stage)).collect()
}

fn sheet(plan: &Playbook, words: &Words<'_>, clock: &Clock, stage: &Stage) -> ClockSheet {
    let lang = words.lang;
    let (clock_title, stage_title) = (clock.title().get(lang), stage.title.get(lang));
    let conditions = [&clock.when, &clock.regime.when, &stage.when];
    let of_step = || plan.step(clock.met_by.get(&stage.id)?)?.1.role.as_ref();
    ClockSheet {
        title: line(&format!("{clock_title} · {stage_title}")),
        to: line(stage.to.get(lang)),
        limit: words.legal_limit(clock, stage),
        when: conditions.into_iter().flatten().map(|when| words.condition(when)).collect(),
        role: clock.role.as_ref().or_else(of_step).map(|role| words.role(role)),
        unverified: !stage.verified,
        content: stage.content.iter().map(|item| line(item.title.get(lang))).collect(),
        command: super::entry::of_stage(clock, stage),
    }
}
