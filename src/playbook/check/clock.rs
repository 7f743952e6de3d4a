//! Clocks: each stage has someone who sees to it and something to say, and what the regime asks for
//! can become known.

use crate::playbook::check::{CLOCK_UNOWNED, Check, FACT_NEVER_SET, TYPE_CLASH};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::expression::Name;
use crate::playbook::model::Clock;
use crate::playbook::source::Span;
use crate::text::{Lang, Text};

impl Check<'_> {
    pub(super) fn clocks(&mut self) {
        let playbook = self.playbook;
        for clock in &playbook.clocks {
            let place = self.notes.clocks.iter().find(|noted| noted.what == clock.id);
            let span = place.map_or_else(Span::default, |noted| noted.span);
            self.owned(clock, span);
            self.facts_of(clock, span);
        }
    }

    /// A stage that nobody owns, or that says nothing of its content, is forgotten at night.
    fn owned(&mut self, clock: &Clock, span: Span) {
        for stage in clock.stages() {
            let id = &stage.id;
            let title = stage.title.get(Lang::Zh);
            let title_en = stage.title.get(Lang::En);
            let step = clock.met_by.get(id).and_then(|step| self.playbook.step(step));
            let has_owner = clock.role.is_some() || step.is_some_and(|(_, s)| s.role.is_some());
            if !has_owner {
                self.out.push(
                    Diagnostic::new(
                        CLOCK_UNOWNED,
                        both!(
                            "`{id}`（{title}）没有负责角色",
                            "nobody sees to `{id}` ({title_en})"
                        ),
                    )
                    .at(span)
                    .help(Text::both(
                        "写 `role`，或让 `met_by` 的步骤有角色",
                        "name a `role`, or a step under `met_by` that has one",
                    )),
                );
            }
            if stage.content.is_empty() {
                self.out.push(
                    Diagnostic::new(
                        CLOCK_UNOWNED,
                        both!(
                            "`{id}`（{title}）没有内容要点，无法起草通知",
                            "`{id}` ({title_en}) says nothing of its content: no draft can be made"
                        ),
                    )
                    .at(span)
                    .help(Text::both("在法规文件中写 `content`", "write `content` in the regime")),
                );
            }
        }
    }

    /// A fact that nothing sets stays unknown and counts as due; one of another type never fits.
    fn facts_of(&mut self, clock: &Clock, span: Span) {
        let stages = clock.stages().filter_map(|stage| stage.when.as_ref());
        let conditions = clock.regime.when.iter().chain(stages);
        let mut wanted: Vec<_> = conditions.flat_map(crate::playbook::Condition::names).collect();
        wanted.sort_unstable();
        wanted.dedup();
        for name in wanted {
            let Name::Variable(id) = name else { continue };
            let Some(field) = clock.regime.facts.get(id) else { continue };
            let Some(places) = self.notes.variables.get(id) else {
                self.out.push(
                    Diagnostic::new(
                        FACT_NEVER_SET,
                        both!(
                            "预案中没有什么能得知 `{id}`：一直按需要报告处理",
                            "nothing in the plan can tell `{id}`: it always counts as due"
                        ),
                    )
                    .at(span)
                    .help(both!(
                        "加一个输入项或表单字段 `{id}`",
                        "add an input or form field `{id}`"
                    )),
                );
                continue;
            };
            let wanted = field.kind.name();
            let typed = places.iter().filter_map(|place| place.what.as_ref().zip(Some(place.span)));
            if let Some((kind, at)) = typed.into_iter().find(|(kind, _)| kind.name() != wanted) {
                let is = kind.name();
                self.out.push(
                    Diagnostic::new(
                        TYPE_CLASH,
                        both!(
                            "法规要求 `{id}` 为 {wanted}，这里是 {is}",
                            "the regime wants `{id}` as {wanted} and here it is {is}"
                        ),
                    )
                    .at(at)
                    .related(span, Text::both("法规在此使用", "the regime is used here")),
                );
            }
        }
    }
}
