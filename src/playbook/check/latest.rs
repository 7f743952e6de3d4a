//! The latest that a step of a phase begins when everybody before it keeps the time they were given
//! and uses all of it. A step that must have ended by then was promised what others may keep from
//! it. Steps without a deadline count as taking no time, and those that may be left out too.

use crate::playbook::check::earliest::Course;
use crate::playbook::critical::Length;
use crate::playbook::model::{Action, Counts, Due, Level, Milestone, Moment, Phase, Step, Wait};

/// When the steps of a phase may still begin and end, in seconds from the phase's beginning.
pub(super) struct Latest<'a> {
    phase: &'a Phase,
    level: Level,
    /// The declaration is the phase's beginning.
    first: bool,
    times: Vec<(u64, u64)>,
}

impl<'a> Latest<'a> {
    /// Reckons a phase at a level.
    pub(super) fn of(course: &Course<'a>, first: bool, level: Level) -> Self {
        let phase = course.phase;
        let mut finish = vec![Length::default(); phase.steps.len()];
        let mut latest = Self { phase, level, first, times: vec![(0, 0); phase.steps.len()] };
        for at in course.order.iter().copied() {
            let begun = course.decisive(at, &finish).map_or(0, |before| finish[before].seconds);
            let ended = latest.end(&phase.steps[at], begun).max(begun);
            latest.times[at] = (begun, ended);
            finish[at] = Length { seconds: ended, steps: 0 };
        }
        latest
    }

    /// Returns by how much the step at a place begins too late for a deadline of it, in seconds.
    pub(super) fn beyond(&self, step: usize, due: &Due) -> Option<u64> {
        let until = self.until(due.from()?, due)?;
        let (begun, _) = *self.times.get(step)?;
        begun.checked_sub(until).filter(|beyond| *beyond > 0)
    }

    fn end(&self, step: &Step, begun: u64) -> u64 {
        if step.when.is_some() {
            return begun;
        }
        let given = step.due.as_ref().and_then(|due| match &due.counts {
            Counts::FromReady => Some(begun.saturating_add(self.limit(due)?)),
            Counts::From(from) => self.until(from, due),
            Counts::Before(_) => None,
        });
        given.unwrap_or_else(|| match &step.action {
            Action::Wait(Wait::For(span)) => begun.saturating_add(span.seconds()),
            _ => begun,
        })
    }

    fn until(&self, from: &Moment, due: &Due) -> Option<u64> {
        let anchor = match from {
            Moment::Declared if self.first => 0,
            Moment::Phase(id) if *id == self.phase.id => 0,
            Moment::Step(id, milestone) => {
                let at = self.phase.steps.iter().position(|step| step.id == *id)?;
                let (begun, ended) = self.times[at];
                match milestone {
                    Milestone::Ready | Milestone::Started => begun,
                    Milestone::Done | Milestone::Failed | Milestone::Settled => ended,
                }
            }
            _ => return None,
        };
        Some(anchor.saturating_add(self.limit(due)?))
    }

    /// Returns a limit that no calendar makes longer or shorter.
    fn limit(&self, due: &Due) -> Option<u64> {
        due.limit.at(self.level).filter(|span| span.fixed().is_some()).map(|span| span.seconds())
    }
}
