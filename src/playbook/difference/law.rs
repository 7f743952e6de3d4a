//! What a plan says of a statutory clock.

use super::spell;
use super::{Aspect, said::Said};
use crate::playbook::Clock;
use crate::playbook::statute::{Stage, Start};

/// Takes a clock apart.
pub(super) fn clock_says(clock: &Clock) -> Said {
    let bound = clock.moments.iter().map(|(name, at)| format!("{name} = {}", spell::moment(at)));
    let starts = clock.starts.as_ref().map(spell::moment);
    let met = clock.met_by.iter().map(|(stage, step)| format!("{stage} = {step}"));
    let party = clock.party.as_ref().map(|party| format!(" ({party})")).unwrap_or_default();
    let conditions = clock.when.iter().chain(&clock.regime.when).map(spell::condition);
    vec![
        (Aspect::Title, Some(spell::text(clock.title()))),
        (Aspect::Law, Some(format!("{}{party}", clock.regime.id))),
        (Aspect::Limits, Some(spell::list(clock.stages().map(|stage| stage_says(clock, stage))))),
        (Aspect::CountsFrom, some(spell::list(starts.into_iter().chain(bound)))),
        (Aspect::When, some(spell::list(conditions))),
        (Aspect::SubmittedBy, some(spell::list(met))),
        (Aspect::Role, clock.role.as_ref().map(ToString::to_string)),
        (Aspect::Escalate, clock.escalate.as_ref().map(ToString::to_string)),
        (Aspect::Due, clock.internal.map(|own| own.to_string())),
    ]
}

fn some(said: String) -> Option<String> {
    (!said.is_empty()).then_some(said)
}

fn stage_says(clock: &Clock, stage: &Stage) -> String {
    let limits = stage.limits.iter().map(|limit| {
        let from = match &limit.from {
            Start::Detected => "detected".to_owned(),
            Start::Aware => "aware".to_owned(),
            Start::Declared => "declared".to_owned(),
            Start::Closed => "closed".to_owned(),
            Start::Submitted(stage) => format!("submitted {stage}"),
            Start::Level(level) => format!("level {level}"),
            Start::Named(name) => name.to_string(),
        };
        let until = clock.calendar.as_ref().filter(|_| limit.within.needs_calendar());
        let on = until.map(|calendar| format!(" ({})", calendar.id)).unwrap_or_default();
        format!("{}{on} from {from}", limit.within)
    });
    let when = stage.when.as_ref().map(|when| format!(" when {}", spell::condition(when)));
    let limits: Vec<String> = limits.collect();
    format!("{}: {}{}", stage.id, limits.join(" / "), when.unwrap_or_default())
}
