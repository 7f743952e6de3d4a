//! Conditions that decide nothing: those that never hold, and those that always do; triggers that
//! nothing can set off.

use crate::playbook::check::outcome::{Outcome, Range};
use crate::playbook::check::step::{Nothing, is_gone_to, is_never};
use crate::playbook::check::{ALWAYS_HOLDS, Check, NEVER_HOLDS};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::expression::Condition;
use crate::playbook::lower::Decides;
use crate::playbook::model::{Action, Activation, Playbook, Wait};
use crate::text::{Lang, Text};

/// How many expressions are tried for a whole plan: some hundredths of a second.
const TRIED_MAX: usize = 20_000;

impl Check<'_> {
    pub(super) fn conditions(&mut self) {
        let playbook = self.playbook;
        let mut range = Range { playbook, notes: self.notes, left: TRIED_MAX };
        let all = all(playbook);
        for (at, (decides, condition)) in all.iter().enumerate() {
            let what = match range.outcome(condition) {
                Outcome::Open => continue,
                Outcome::Never if is_meant(playbook, decides, condition) => continue,
                Outcome::Never => never(&called(playbook, decides)),
                Outcome::Always => {
                    let next = all.get(at + 1).map(|(next, _)| next);
                    if !is_idle(decides, condition, next) {
                        continue;
                    }
                    always(&called(playbook, decides))
                }
            };
            let place = self.notes.conditions.get(decides).copied();
            self.told(what, place);
        }
    }

    /// Triggers that nothing can set off, and inputs that a trigger can never fill.
    pub(super) fn triggers(&mut self) {
        let playbook = self.playbook;
        for (at, activation) in playbook.activate_when.iter().enumerate() {
            let Activation::Alert { match_labels, inputs } = activation else { continue };
            let place = self.notes.activations.get(at).copied();
            for (label, _) in match_labels.iter().filter(|(_, value)| value.is_empty()) {
                let what = both!("空的标签 `{label}`", "an empty label `{label}`");
                let help = Text::both(
                    "没有告警带空标签：写上取值，或删去",
                    "no alert has an empty label: write its value, or leave it out",
                );
                self.told(never(&what).help(help), place);
            }
            for (input, template) in inputs.iter().filter(|(_, t)| t.names().is_empty()) {
                let field = playbook.inputs.get(input);
                let given = template.render(&Nothing);
                if field.is_some_and(|field| field.kind.read_text(&given).is_err()) {
                    self.unfilled(input.as_str());
                }
            }
        }
    }

    fn unfilled(&mut self, input: &str) {
        let place = self.notes.filled_by_tool.iter().find(|noted| noted.what.as_str() == input);
        let found = Diagnostic::new(
            NEVER_HOLDS,
            both!(
                "告警给出的值不合 `{input}` 的类型，它一直未知",
                "what the alert gives never fits `{input}`: it stays unknown"
            ),
        );
        self.told(found, place.map(|noted| noted.span));
    }
}

fn never(what: &Text) -> Diagnostic {
    let (zh, en) = (what.get(Lang::Zh), what.get(Lang::En));
    Diagnostic::new(NEVER_HOLDS, both!("{zh}总是不成立", "{en} never holds"))
}

fn always(what: &Text) -> Diagnostic {
    let (zh, en) = (what.get(Lang::Zh), what.get(Lang::En));
    Diagnostic::new(ALWAYS_HOLDS, both!("{zh}总是成立", "{en} always holds"))
        .help(Text::both("它决定不了什么：删去或改正", "it decides nothing: remove or mend it"))
}

/// Lists the conditions of a plan with what they decide, those of one list in its order.
fn all<'p>(playbook: &'p Playbook) -> Vec<(Decides, &'p Condition)> {
    let mut all = Vec::new();
    let mut add = |decides: Decides, when: Option<&'p Condition>| {
        all.extend(when.map(|when| (decides, when)));
    };
    for (at, rule) in playbook.levels.iter().enumerate() {
        add(Decides::Level(at), rule.when.as_ref());
    }
    for role in playbook.roles.values() {
        add(Decides::Role(role.id.clone()), role.engage.as_ref());
    }
    for clock in &playbook.clocks {
        add(Decides::Clock(clock.id.clone()), clock.when.as_ref());
    }
    for phase in &playbook.phases {
        for step in phase.every_step() {
            let id = || step.id.clone();
            add(Decides::Step(id()), step.when.as_ref());
            if let Action::Wait(Wait::Until(until)) = &step.action {
                add(Decides::Wait(id()), Some(until));
            }
            if let Some(repeat) = &step.repeat {
                add(Decides::Until(id()), repeat.until.as_ref());
                add(Decides::While(id()), repeat.while_true.as_ref());
            }
        }
        for (at, next) in phase.next.iter().enumerate() {
            add(Decides::Next(phase.id.clone(), at), next.when.as_ref());
        }
    }
    for (at, handler) in playbook.handlers.iter().enumerate() {
        add(Decides::Handler(at), handler.when.as_ref());
    }
    all
}

/// Tells whether that it never holds is meant, or told as an error: a role that people engage by
/// hand alone, a step that only a failure makes ready, one that never runs.
fn is_meant(playbook: &Playbook, decides: &Decides, condition: &Condition) -> bool {
    match decides {
        Decides::Role(_) => is_never(Some(condition)),
        Decides::Step(id) => {
            let phase = playbook.step(id).map(|(phase, _)| phase);
            is_never(Some(condition)) || phase.is_none_or(|phase| is_gone_to(phase, id))
        }
        _ => false,
    }
}

/// Tells whether a condition that always holds could as well not be there. Where unknown counts as
/// no, one about variables asks whether they are known, which is meant; `while: true` is a way to
/// count to the bound, and the last way out may say so.
fn is_idle(decides: &Decides, condition: &Condition, next: Option<&Decides>) -> bool {
    let of_nothing = condition.names().is_empty();
    match decides {
        Decides::Step(_) | Decides::Role(_) | Decides::Clock(_) => true,
        Decides::Wait(_) | Decides::Until(_) => of_nothing,
        Decides::Level(_) => of_nothing && matches!(next, Some(Decides::Level(_))),
        Decides::Next(phase, _) => {
            of_nothing && matches!(next, Some(Decides::Next(same, _)) if same == phase)
        }
        Decides::While(_) | Decides::Handler(_) => false,
    }
}

/// Says in words what a condition decides.
fn called(playbook: &Playbook, decides: &Decides) -> Text {
    match decides {
        Decides::Level(at) => {
            let level = playbook.levels.get(*at).map_or(0, |rule| rule.level);
            both!("{level} 级的条件", "the rule of level {level}")
        }
        Decides::Role(id) => both!("角色 `{id}` 的 `engage`", "`engage` of the role `{id}`"),
        Decides::Clock(id) => both!("法定时限 `{id}` 的 `when`", "`when` of the clock `{id}`"),
        Decides::Step(id) => both!("步骤 `{id}` 的 `when`", "`when` of the step `{id}`"),
        Decides::Wait(id) => both!("步骤 `{id}` 等待的条件", "what the step `{id}` waits for"),
        Decides::Until(id) => both!("步骤 `{id}` 的 `until`", "`until` of the step `{id}`"),
        Decides::While(id) => both!("步骤 `{id}` 的 `while`", "`while` of the step `{id}`"),
        Decides::Next(..) => Text::both("这个出口", "this way out"),
        Decides::Handler(at) => {
            let event = playbook.handlers.get(*at).map(|handler| handler.event);
            let event = serde_json::to_value(event).unwrap_or_default();
            let event = event.as_str().unwrap_or_default();
            both!("`{event}` 的处理规则", "the handler of `{event}`")
        }
    }
}
