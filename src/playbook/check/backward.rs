//! Deadlines that count back: what they count back from is there, has an end, and leaves time.

use crate::playbook::check::promise::longest;
use crate::playbook::check::{Check, NO_END, TOO_SHORT};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::DANGLING;
use crate::playbook::model::{Clock, Limit, Step, Term};
use crate::playbook::source::Span;
use crate::playbook::statute::Stage;
use crate::playbook::yaml::unknown_name;
use crate::text::Text;

impl Check<'_> {
    /// Reports what has no end to count back from.
    pub(super) fn terms(&mut self) {
        let terms = self.notes.terms.iter();
        for (term, span) in terms.map(|noted| (&noted.what, noted.span)) {
            match term {
                Term::Step(step) => {
                    let of = self.playbook.step(step).and_then(|(_, step)| step.due.as_ref());
                    if of.is_none_or(|due| due.before().is_some()) {
                        self.no_end(&format!("`{step}`"), span);
                    }
                }
                Term::Clock(clock, stage) => {
                    let clocks = &self.playbook.clocks;
                    match clocks.iter().find(|known| known.id == *clock) {
                        None => {
                            let known = clocks.iter().map(|clock| clock.id.as_str());
                            let noun = Text::both("法定时限", "clock");
                            self.out.push(unknown_name(
                                DANGLING,
                                span,
                                &noun,
                                clock.as_str(),
                                known,
                            ));
                        }
                        Some(of) if of.stage(stage).is_none() => {
                            let known = of.stages().map(|stage| stage.id.as_str());
                            let noun = Text::both("阶段", "stage");
                            self.out.push(unknown_name(
                                DANGLING,
                                span,
                                &noun,
                                stage.as_str(),
                                known,
                            ));
                        }
                        Some(of) if of.stage(stage).is_some_and(|stage| !ends(of, stage)) => {
                            self.no_end(&format!("`{clock}:{stage}`"), span);
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// Reports deadlines that lie before the time they count from has begun.
    pub(super) fn lead_times(&mut self) {
        let steps = self.playbook.phases.iter().flat_map(|phase| phase.every_step());
        for step in steps {
            for due in [&step.start_within, &step.due].into_iter().flatten() {
                let (Some(Term::Step(end)), Limit::Fixed(lead)) = (due.before(), &due.limit) else {
                    continue;
                };
                let given = self.playbook.step(end).and_then(|(_, step)| step.due.as_ref());
                let all_of_it = given.is_some_and(|given| longest(given) <= lead.seconds());
                if lead.fixed().is_some() && all_of_it {
                    self.no_time(step);
                }
            }
        }
    }

    fn no_end(&mut self, name: &str, span: Span) {
        let message = both!(
            "{name} 没有可以倒推的期限",
            "{name} has no end that a deadline could count back from"
        );
        self.out.push(Diagnostic::new(NO_END, message).at(span).help(Text::both(
            "给它写 `due`（本身不能倒推）；“立即”的法定阶段写内部目标 `internal`",
            "give it a `due` that does not count back itself; a stage due promptly wants `internal`",
        )));
    }

    fn no_time(&mut self, step: &Step) {
        let id = &step.id;
        let found = Diagnostic::new(
            TOO_SHORT,
            both!(
                "`{id}` 的提前量不短于被倒推步骤的全部时限：一开始就已逾期",
                "`{id}` must lead by as much time as what it lies before is given: it begins late"
            ),
        );
        self.told_of(id, found);
    }
}

/// Tells whether a stage is due by some instant: a number of the law's, or a target of our own.
fn ends(clock: &Clock, stage: &Stage) -> bool {
    let start = jiff::Timestamp::UNIX_EPOCH;
    stage.limits.iter().any(|limit| clock.reckon(limit.within, start).is_some())
}
