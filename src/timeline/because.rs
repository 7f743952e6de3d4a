//! Why a statutory clock is not due, or is due although not everything is known: the conditions of
//! the law and the plan in words, with what is known of them. It must not know how it is shown.

use crate::engine::{ClockView, Facts, Incident, ViewState};
use crate::picture::words::Words;
use crate::playbook::expression::{Name, Scope, Truth};
use crate::playbook::statute::Stage;
use crate::playbook::{Clock, Condition, Playbook};
use crate::text::Lang;

/// Says which conditions do not hold, with what is known, or what nobody knows yet; `None` where
/// neither decides.
#[must_use]
pub fn because(
    playbook: &Playbook,
    incident: &Incident,
    view: &ClockView<'_>,
    lang: Lang,
) -> Option<String> {
    let words = Words::new(playbook, lang);
    if view.state == ViewState::NotDue && view.why.as_deref() == Some("condition") {
        let facts = Facts::new(playbook, incident);
        let mut false_now = Vec::new();
        conditions(view.clock, view.stage).for_each(|c| culprits(c, &facts, &mut false_now));
        if false_now.is_empty() {
            return conditions_said(playbook, view.clock, view.stage, lang);
        }
        let said: Vec<String> = false_now.iter().map(|c| known(&words, c, incident)).collect();
        let said = said.join(words.list());
        return Some(lang.pick(format!("不成立：{said}"), format!("not so: {said}")));
    }
    unknown(playbook, view.unsure.iter().map(AsRef::as_ref), lang)
}

/// Says the conditions of a stage, all of which would have to hold; `None` where it has none.
#[must_use]
pub fn conditions_said(
    playbook: &Playbook,
    clock: &Clock,
    stage: &Stage,
    lang: Lang,
) -> Option<String> {
    let words = Words::new(playbook, lang);
    let said: Vec<String> = conditions(clock, stage).map(|c| words.condition(c)).collect();
    let said = said.join(lang.pick(" 且 ", " and "));
    let text = || lang.pick(format!("条件不成立：{said}"), format!("it is not so that {said}"));
    (!said.is_empty()).then(text)
}

/// Says what nobody knows, by what people call it; `None` where everything is known.
#[must_use]
pub fn unknown<'n>(
    playbook: &Playbook,
    names: impl Iterator<Item = &'n str>,
    lang: Lang,
) -> Option<String> {
    let words = Words::new(playbook, lang);
    let said: Vec<String> = names.map(|name| words.variable(name)).collect();
    let said = said.join(words.list());
    let text = || {
        lang.pick(
            format!("{said} 未知，按需要报告处理"),
            format!("{said} unknown, which counts as due"),
        )
    };
    (!said.is_empty()).then(text)
}

fn conditions<'a>(clock: &'a Clock, stage: &'a Stage) -> impl Iterator<Item = &'a Condition> {
    [&clock.when, &clock.regime.when, &stage.when].into_iter().flatten()
}

/// Finds the smallest parts of a condition that are false and make the whole false.
fn culprits<'a>(condition: &'a Condition, scope: &dyn Scope, found: &mut Vec<&'a Condition>) {
    if condition.evaluate(scope).truth != Truth::No {
        return;
    }
    match condition {
        Condition::All(parts) => parts.iter().for_each(|part| culprits(part, scope, found)),
        Condition::Any(_) | Condition::Not(_) | Condition::Holds(_) => found.push(condition),
    }
}

/// Says a condition with the values that it names.
fn known(words: &Words<'_>, condition: &Condition, incident: &Incident) -> String {
    let lang = words.lang;
    let values = condition.names().into_iter().filter_map(|name| match name {
        Name::Variable(id) => {
            let value = match incident.variables.get(id)? {
                crate::playbook::Value::Boolean(true) => lang.pick("是", "yes").to_owned(),
                crate::playbook::Value::Boolean(false) => lang.pick("否", "no").to_owned(),
                other => other.to_string(),
            };
            Some(format!("{} = {value}", words.variable(id.as_str())))
        }
        Name::Level => Some(format!("{} = {}", lang.pick("级别", "level"), incident.level.current)),
        _ => None,
    });
    let values: Vec<String> = values.collect();
    let values = values.join(words.list());
    let condition = words.condition(condition);
    match values.is_empty() {
        true => condition,
        false => lang.pick(format!("{condition}（{values}）"), format!("{condition} ({values})")),
    }
}
