//! How fast it went: the five times that reviewers ask for first.
//!
//! | time | from | to |
//! |---|---|---|
//! | detect | the variable `began_at`, where someone recorded when the trouble began | detected |
//! | report | detected, where it was recorded | declared |
//! | respond | declared | the first time a person acknowledges a role, or takes, begins or ends a step |
//! | locate | declared | the step `locate` is first done |
//! | resolve | declared | the phase `recover` is last left; where the plan has none, closed |
//!
//! A plan knows better: where it has an objective `detected`, `reported`, `responded`, `located` or
//! `resolved` between two moments, those moments define the time, and its `within` is the target.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::story::Story;
use crate::engine::{Actor, Fact, Incident, moment};
use crate::playbook::{Milestone, Objective, Promise, Value};
use crate::text::Lang;

/// The variable that holds when the trouble began.
const BEGAN_AT: &str = "began_at";
/// The step that finds the cause.
const LOCATE: &str = "locate";
/// The phase that ends with things being well again.
const RECOVER: &str = "recover";

/// One of the five times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureName {
    /// From the beginning of the trouble until someone noticed.
    Detect,
    /// From there until it was declared.
    Report,
    /// From the declaration until someone acted.
    Respond,
    /// From the declaration until the cause was found.
    Locate,
    /// From the declaration until things were well again.
    Resolve,
}

impl MeasureName {
    /// All of them, in the order they come.
    pub const ALL: [Self; 5] =
        [Self::Detect, Self::Report, Self::Respond, Self::Locate, Self::Resolve];

    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Detect => lang.pick("发现用时", "Time to detect"),
            Self::Report => lang.pick("上报用时", "Time to report"),
            Self::Respond => lang.pick("响应用时", "Time to respond"),
            Self::Locate => lang.pick("定位用时", "Time to locate"),
            Self::Resolve => lang.pick("恢复用时", "Time to resolve"),
        }
    }

    /// Says how it is taken where the plan does not define it.
    #[must_use]
    pub fn definition(self, lang: Lang) -> &'static str {
        match self {
            Self::Detect => lang.pick("开始（began_at）→ 发现", "began (began_at) → detected"),
            Self::Report => lang.pick("发现 → 启动预案", "detected → declared"),
            Self::Respond => lang.pick("启动预案 → 首次有人处理", "declared → someone first acts"),
            Self::Locate => lang.pick("启动预案 → locate 步骤完成", "declared → step locate done"),
            Self::Resolve => {
                lang.pick("启动预案 → 恢复阶段结束", "declared → phase recover left, else closed")
            }
        }
    }

    /// Returns the name of the objective that defines it.
    const fn objective(self) -> &'static str {
        match self {
            Self::Detect => "detected",
            Self::Report => "reported",
            Self::Respond => "responded",
            Self::Locate => "located",
            Self::Resolve => "resolved",
        }
    }
}

/// A time, as far as it is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Which.
    pub name: MeasureName,
    /// Where it begins.
    pub from: Option<Timestamp>,
    /// Where it ends.
    pub to: Option<Timestamp>,
    /// How long it took, where both ends are known.
    pub took: Option<SignedDuration>,
    /// The most it may take, where the plan says.
    pub target: Option<SignedDuration>,
    /// An objective of the plan defines it.
    pub by_plan: bool,
}

impl Measure {
    /// Tells whether the target was kept; `None` where there is none or the time is not known.
    #[must_use]
    pub fn kept(&self) -> Option<bool> {
        Some(self.took? <= self.target?)
    }
}

/// Takes the five times.
pub(super) fn measures(story: &Story<'_>, incident: &Incident) -> Vec<Measure> {
    MeasureName::ALL.map(|name| measure(story, incident, name)).into()
}

fn measure(story: &Story<'_>, incident: &Incident, name: MeasureName) -> Measure {
    let objectives = story.playbook.objectives.iter();
    let defined = objectives.filter(|o| o.id.as_str() == name.objective()).find_map(within);
    let (from, to, target) = match defined {
        Some((from, to, target)) => {
            (recorded(incident, from), recorded(incident, to), Some(target))
        }
        None => {
            let (from, to) = usual(story, incident, name);
            (from, to, None)
        }
    };
    let took = from.zip(to).map(|(from, to)| to.duration_since(from));
    let target = target.and_then(|span| {
        let from = from.unwrap_or(incident.declared_at);
        Some(span.after(from)?.duration_since(from))
    });
    Measure { name, from, to, took, target, by_plan: defined.is_some() }
}

/// Returns the two moments and the limit of an objective that has them.
fn within(
    objective: &Objective,
) -> Option<(&crate::playbook::Moment, &crate::playbook::Moment, crate::playbook::Span)> {
    match &objective.promise {
        Promise::Within { from, to, within } => Some((from, to, *within)),
        Promise::Measure { .. } => None,
    }
}

/// Returns when a moment was reached; the detection only where someone recorded it, so that no
/// time is claimed that nobody took.
pub(super) fn recorded(incident: &Incident, which: &crate::playbook::Moment) -> Option<Timestamp> {
    match which {
        crate::playbook::Moment::Detected => incident.detected_at,
        other => moment(incident, other),
    }
}

fn usual(
    story: &Story<'_>,
    incident: &Incident,
    name: MeasureName,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let declared = Some(incident.declared_at);
    match name {
        MeasureName::Detect => (began_at(incident), incident.detected_at),
        MeasureName::Report => (incident.detected_at, declared),
        MeasureName::Respond => (declared, first_act(story)),
        MeasureName::Locate => (declared, incident.milestone(&LOCATE.into(), Milestone::Done)),
        MeasureName::Resolve => (declared, recovered(story, incident)),
    }
}

fn began_at(incident: &Incident) -> Option<Timestamp> {
    match incident.variables.get(BEGAN_AT) {
        Some(Value::Datetime(at)) => Some(*at),
        _ => None,
    }
}

/// Returns when a person first acted on a role or step.
fn first_act(story: &Story<'_>) -> Option<Timestamp> {
    let acts = story.events.iter().filter(|event| {
        let by_someone = matches!(event.actor, Actor::Person { .. } | Actor::Drill);
        by_someone
            && matches!(
                event.fact,
                Fact::RoleAcknowledged { .. }
                    | Fact::StepClaimed { .. }
                    | Fact::StepStarted { .. }
                    | Fact::StepDone { .. }
                    | Fact::StepFailed { .. }
            )
    });
    acts.map(|event| event.occurred_at).min()
}

fn recovered(story: &Story<'_>, incident: &Incident) -> Option<Timestamp> {
    if story.playbook.phase(&RECOVER.into()).is_none() {
        return moment(incident, &crate::playbook::Moment::Closed);
    }
    let left = story.events.iter().filter(
        |event| matches!(&event.fact, Fact::PhaseLeft { phase, .. } if phase.as_str() == RECOVER),
    );
    left.map(|event| event.occurred_at).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Timeline;
    use crate::timeline::sample::Sample;

    fn minutes(sample: &Sample) -> Vec<(Option<i64>, Option<bool>)> {
        let timeline = Timeline::build(&sample.story()).unwrap();
        let took = |measure: &Measure| measure.took.map(|took| took.as_mins());
        timeline.measures.iter().map(|measure| (took(measure), measure.kept())).collect()
    }

    #[test]
    fn the_plan_s_objectives_define_the_times_and_their_targets() {
        let expected = [
            (None, None),
            (Some(4), Some(true)),
            (Some(16), Some(false)),
            (Some(45), Some(false)),
            (Some(99), None),
        ];
        assert_eq!(minutes(&Sample::played()), expected);
    }

    #[test]
    fn without_objectives_the_usual_moments_count() {
        let mut sample = Sample::played();
        sample.playbook.objectives.clear();
        let took: Vec<Option<i64>> = minutes(&sample).into_iter().map(|(took, _)| took).collect();
        assert_eq!(took, [None, Some(4), Some(1), Some(45), Some(99)]);
    }

    #[test]
    fn what_was_not_reached_or_recorded_has_no_time() {
        let took: Vec<_> = minutes(&Sample::in_progress(3)).into_iter().map(|(t, _)| t).collect();
        assert_eq!(took, [None, Some(4), None, None, None]);
    }
}
