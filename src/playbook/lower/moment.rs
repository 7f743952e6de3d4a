//! Moments and deadlines.

use std::collections::BTreeMap;

use crate::id::{ClockId, PhaseId, StageId, StepId};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{DANGLING, Lowering, NO_SUCH_STATUTE, Noted};
use crate::playbook::model::{Counts, Due, Limit, Milestone, Moment, Term};
use crate::playbook::source::Span;
use crate::playbook::yaml::{
    BAD_VALUE, CONFLICT, Data, Fields, Node, bad_value, missing, unknown_name,
};
use crate::text::Text;

const MOMENTS: [(&str, Moment); 4] = [
    ("detected", Moment::Detected),
    ("aware", Moment::Aware),
    ("declared", Moment::Declared),
    ("closed", Moment::Closed),
];

const MILESTONES: [(&str, Milestone); 5] = [
    ("ready", Milestone::Ready),
    ("started", Milestone::Started),
    ("done", Milestone::Done),
    ("failed", Milestone::Failed),
    ("settled", Milestone::Settled),
];

/// The most warnings before one deadline.
const WARNINGS_MAX: usize = 5;

impl<'n> Lowering<'n> {
    /// Reads `declared`, `{ phase: … }` or `{ step: …, is: … }`.
    pub(super) fn moment(&mut self, node: &'n Node) -> Option<Moment> {
        match &node.data {
            Data::Map(_) => self.moment_of(node),
            _ => {
                let name = node.string(&mut self.out)?;
                let found = MOMENTS.iter().find(|(known, _)| *known == name);
                if found.is_none() {
                    self.out.push(
                        Diagnostic::new(
                            BAD_VALUE,
                            both!("`{name}` 不是时刻", "`{name}` is not a moment"),
                        )
                        .at(node.span)
                        .did_you_mean(name, MOMENTS.iter().map(|(known, _)| *known))
                        .help(Text::both(
                            "步骤写 `{ step: …, is: done }`，阶段写 `{ phase: … }`",
                            "a step is `{ step: …, is: done }`, a phase `{ phase: … }`",
                        )),
                    );
                }
                found.map(|(_, moment)| moment.clone())
            }
        }
    }

    fn moment_of(&mut self, node: &'n Node) -> Option<Moment> {
        let what = Text::both("时刻", "a moment");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let step = fields.take("step");
        let phase = fields.take("phase");
        let is = fields.take("is").map(|node| node.one_of(&MILESTONES, &mut self.out));
        fields.close(&mut self.out);
        match (step, phase) {
            (Some(step), None) => {
                let id = self.step_ref(step)?;
                let milestone = is.unwrap_or(Some(Milestone::Done))?;
                Some(Moment::Step(id, milestone))
            }
            (None, Some(phase)) if is.is_none() => self.phase_ref(phase).map(Moment::Phase),
            (None, Some(_)) => {
                self.out.push(
                    Diagnostic::new(
                        CONFLICT,
                        Text::both("阶段的时刻就是进入它的时刻", "a phase's moment is its entry"),
                    )
                    .at(node.span)
                    .help(Text::both("删去 `is`", "remove `is`")),
                );
                None
            }
            (None, None) => {
                self.out.push(missing(node.span, &what, "step"));
                None
            }
            (Some(_), Some(_)) => {
                self.out.push(super::step::conflict(node.span, &["step", "phase"]));
                None
            }
        }
    }

    /// Reads the name of a step of the plan.
    pub(super) fn step_ref(&mut self, node: &'n Node) -> Option<StepId> {
        let name = node.string(&mut self.out)?;
        if self.notes.steps.contains_key(name) {
            return Some(StepId::new(name));
        }
        let noun = Text::both("步骤", "step");
        let known = self.notes.steps.keys().copied();
        self.out.push_with(|| unknown_name(DANGLING, node.span, &noun, name, known));
        None
    }

    /// Reads the name of a phase of the plan.
    pub(super) fn phase_ref(&mut self, node: &'n Node) -> Option<PhaseId> {
        let name = node.string(&mut self.out)?;
        if self.notes.phases.contains_key(name) {
            return Some(PhaseId::new(name));
        }
        let noun = Text::both("阶段", "phase");
        let known = self.notes.phases.keys().copied();
        self.out.push_with(|| unknown_name(DANGLING, node.span, &noun, name, known));
        None
    }

    /// Reads `5m`, `{ within | by_level, from, warn }`, or `{ lead, before, warn }`.
    pub(super) fn due(&mut self, node: &'n Node) -> Option<Due> {
        if !matches!(node.data, Data::Map(_)) {
            let limit = Limit::Fixed(self.time_given(node)?);
            return Some(Due { limit, counts: Counts::FromReady, warn: Vec::new() });
        }
        let mut fields = Fields::open(node, Text::both("时限", "a deadline"), &mut self.out)?;
        let lead = fields.take("lead");
        let before = fields.take("before");
        let backward = lead.or(before).is_some();
        let (within, by_level, from) = match backward {
            true => (None, None, None),
            false => (fields.take("within"), fields.take("by_level"), fields.take("from")),
        };
        let warn = fields.take("warn").map(|node| self.warnings(node)).unwrap_or_default();
        fields.close(&mut self.out);
        let (limit, counts) = match backward {
            true => self.backward(node, lead, before)?,
            false => self.forward(node, (within, by_level), from)?,
        };
        Some(Due { limit, counts, warn })
    }

    fn forward(
        &mut self,
        node: &'n Node,
        (within, by_level): (Option<&'n Node>, Option<&'n Node>),
        from: Option<&'n Node>,
    ) -> Option<(Limit, Counts)> {
        let counts = match from {
            None => Some(Counts::FromReady),
            Some(node) => self.moment(node).map(Counts::From),
        };
        let limit = match (within, by_level) {
            (Some(within), None) => Limit::Fixed(self.time_given(within)?),
            (None, Some(levels)) => self.by_level(levels)?,
            (None, None) => {
                self.out.push(missing(node.span, &Text::both("时限", "a deadline"), "within"));
                return None;
            }
            (Some(_), Some(_)) => {
                self.out.push(super::step::conflict(node.span, &["within", "by_level"]));
                return None;
            }
        };
        let counts = counts?;
        if let (Counts::From(Moment::Closed), Some(node)) = (&counts, from) {
            let message = Text::both("事件结束后没有步骤", "no step is left after the close");
            self.out.push(bad_value(node.span, message));
        }
        Some((limit, counts))
    }

    fn backward(
        &mut self,
        node: &'n Node,
        lead: Option<&'n Node>,
        before: Option<&'n Node>,
    ) -> Option<(Limit, Counts)> {
        let what = Text::both("倒推的时限", "a deadline that counts back");
        for (key, value) in [("lead", lead), ("before", before)] {
            if value.is_none() {
                self.out.push(missing(node.span, &what, key));
            }
        }
        let lead = lead.and_then(|node| self.calendar_free(node));
        let term = before.and_then(|node| self.term(node));
        Some((Limit::Fixed(lead?), Counts::Before(term?)))
    }

    /// Reads `{ step: … }` or `{ clock: …, stage: … }`: what has an end to count back from.
    fn term(&mut self, node: &'n Node) -> Option<Term> {
        let what = Text::both("倒推的终点", "what a deadline counts back from");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let step = fields.take("step");
        let clock = fields.take("clock");
        let stage = clock.and_then(|_| fields.require("stage", &mut self.out));
        fields.close(&mut self.out);
        let term = match (step, clock) {
            (Some(step), None) => Term::Step(self.step_ref(step)?),
            (None, Some(clock)) => Term::Clock(
                ClockId::new(clock.string(&mut self.out)?),
                StageId::new(stage?.string(&mut self.out)?),
            ),
            (None, None) => {
                self.out.push(missing(node.span, &what, "step"));
                return None;
            }
            (Some(_), Some(_)) => {
                self.out.push(super::step::conflict(node.span, &["step", "clock"]));
                return None;
            }
        };
        self.notes.terms.push(Noted { what: term.clone(), span: node.span });
        Some(term)
    }

    fn by_level(&mut self, node: &'n Node) -> Option<Limit> {
        let mut levels = BTreeMap::new();
        let mut otherwise = None;
        for entry in node.map(&mut self.out)? {
            let span = self.time_given(&entry.value);
            if entry.key.text == "else" {
                otherwise = span;
            } else if let (Some(level), Some(span)) = (self.level_key(&entry.key), span) {
                levels.insert(level, span);
            }
        }
        Some(Limit::ByLevel { levels, otherwise })
    }

    /// Reads the time of a deadline: business days want the plan to name a calendar.
    fn time_given(&mut self, node: &Node) -> Option<crate::playbook::duration::Span> {
        let length = node.duration(&mut self.out)?;
        if length.business_days() > 0 && !self.has_calendar {
            let message =
                both!("`{length}` 按哪个工作日历？", "on which calendar does `{length}` count?");
            self.out.push(Diagnostic::new(NO_SUCH_STATUTE, message).at(node.span).help(
                Text::both(
                    "在预案顶层写 `calendar: cn`，即 `calendars/` 里的一个日历",
                    "write `calendar: cn` at the top of the plan: one of those in `calendars/`",
                ),
            ));
            return None;
        }
        Some(length)
    }

    /// Reads a duration that needs no calendar of business days.
    pub(super) fn calendar_free(&mut self, node: &Node) -> Option<crate::playbook::duration::Span> {
        let length = node.duration(&mut self.out)?;
        if length.business_days() > 0 {
            self.out.push(
                Diagnostic::new(
                    crate::playbook::yaml::NOT_YET,
                    Text::both(
                        "工作日（bd）在这里尚不可用",
                        "business days (bd) are not available here yet",
                    ),
                )
                .at(node.span)
                .help(Text::both(
                    "改用天，如 `3d`；`due` 和 `start_within` 可用工作日",
                    "use days, such as `3d`; `due` and `start_within` take business days",
                )),
            );
            return None;
        }
        Some(length)
    }

    fn warnings(&mut self, node: &'n Node) -> Vec<u8> {
        let items = node.list(&mut self.out).unwrap_or_default();
        let mut warnings: Vec<u8> = Vec::with_capacity(items.len().min(WARNINGS_MAX));
        for item in items {
            let percent = item.as_str().and_then(percent);
            let ascending = percent.is_some_and(|p| warnings.last().is_none_or(|last| *last < p));
            match percent {
                Some(percent) if ascending && warnings.len() < WARNINGS_MAX => {
                    warnings.push(percent);
                }
                _ => self.out.push(bad_warning(item.span)),
            }
        }
        warnings
    }
}

fn percent(text: &str) -> Option<u8> {
    text.strip_suffix('%')?.parse().ok().filter(|percent| (1..100).contains(percent))
}

fn bad_warning(span: Span) -> Diagnostic {
    bad_value(span, Text::both("预警点无效", "this is no warning")).help(both!(
        "写成 1% 到 99%、由小到大、至多 {WARNINGS_MAX} 个，如 [50%, 80%]",
        "1% to 99%, ascending, {WARNINGS_MAX} at most, such as [50%, 80%]"
    ))
}
