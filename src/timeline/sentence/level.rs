//! Level, variables and measures.

use super::{Sentence, Tone, plain, remark, warning};
use crate::engine::{Fact, Reference, ValueSource};
use crate::id::VarId;
use crate::notify::level_word;
use crate::playbook::Value;
use crate::timeline::names::Names;

/// Values shown in one sentence before "…": forms can be long, a line cannot.
const VALUES_MAX: usize = 12;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    match fact {
        Fact::VariablesSet { values, sealed, source } => {
            let open = values.iter().map(|(id, value)| in_the_open(names, id, value));
            let kept = sealed.iter().map(|(id, reference)| kept_apart(names, id, reference));
            let mut known: Vec<String> = open.chain(kept).take(VALUES_MAX).collect();
            if values.len() + sealed.len() > VALUES_MAX {
                known.push("…".to_owned());
            }
            let known = known.join(names.lang.pick("，", ", "));
            plain(remark(names, from(names, source), Some(&known)))
        }
        Fact::Measured { name, value } => {
            let name = names.variable(name);
            plain(
                names
                    .lang
                    .pick(format!("测得 {name} = {value}"), format!("Measured {name} = {value}")),
            )
        }
        Fact::LevelChanged { from, to, provisional, overruled, .. } => {
            Some(level_changed(names, *from, *to, *provisional, overruled.as_deref()))
        }
        Fact::FactsAsked { names: asked } => {
            let asked = names.list(asked.iter().map(|id| names.variable(&id.as_str().into())));
            warning(names.lang.pick(
                format!("定级需要总指挥补充：{asked}"),
                format!("The level needs facts from the commander: {asked}"),
            ))
        }
        _ => None,
    }
}

/// Shows a value, unless the plan calls it personal: journals from before such values were kept
/// apart hold them.
fn in_the_open(names: &Names<'_>, id: &VarId, value: &Value) -> String {
    let name = names.variable(id);
    if names.plan().is_personal(id) {
        let (zh, en) = ("（个人信息，不显示）", " (personal data, not shown)");
        return format!("{name}{}", names.lang.pick(zh, en));
    }
    let nothing = matches!(value, Value::List(items) if items.is_empty());
    if nothing {
        return format!("{name} = {}", names.lang.pick("无", "none"));
    }
    format!("{name} = {value}")
}

fn kept_apart(names: &Names<'_>, id: &VarId, reference: &Reference) -> String {
    let (zh, en) = if names.is_erased(reference) {
        ("（个人信息，已删除）", " (personal data, erased)")
    } else {
        ("（个人信息，单独保存）", " (personal data, kept apart)")
    };
    format!("{}{}", names.variable(id), names.lang.pick(zh, en))
}

fn level_changed(
    names: &Names<'_>,
    from: Option<u8>,
    to: u8,
    provisional: bool,
    overruled: Option<&str>,
) -> Sentence {
    let word = level_word(to, names.lang);
    let level = names.lang.pick(format!("{to} 级（{word}）"), format!("level {to} ({word})"));
    let (mut text, tone) = match from {
        None => (names.lang.pick(format!("定为 {level}"), format!("Set to {level}")), Tone::Plain),
        Some(from) if to < from => (
            names.lang.pick(
                format!("由 {from} 级升为 {level}"),
                format!("Raised from {from} to {level}"),
            ),
            Tone::Bad,
        ),
        Some(from) if to > from => (
            names.lang.pick(
                format!("由 {from} 级降为 {level}"),
                format!("Lowered from {from} to {level}"),
            ),
            Tone::Good,
        ),
        Some(_) => {
            (names.lang.pick(format!("维持 {level}"), format!("Stays at {level}")), Tone::Plain)
        }
    };
    if provisional {
        text.push_str(names.lang.pick("，暂定", ", provisional"));
    }
    if overruled.is_some() {
        text.push_str(names.lang.pick("，由人判定", ", decided by a person"));
    }
    (tone, remark(names, text, overruled))
}

fn from(names: &Names<'_>, source: &ValueSource) -> String {
    let of = |zh: &str, en: &str, step: String| {
        names.lang.pick(format!("“{step}”{zh}"), format!("{en} “{step}”"))
    };
    match source {
        ValueSource::Input => names.lang.pick("已知情况", "Known").to_owned(),
        ValueSource::Form { key } => of("填报", "Reported in", names.run(key)),
        ValueSource::Set { key } => of("得出", "Computed by", names.run(key)),
        ValueSource::Saved { key } => of("返回", "Answered to", names.run(key)),
        ValueSource::Child { key } => of("带回", "Brought back by", names.run(key)),
        ValueSource::HandOff { key } => of("移交带来", "Handed over by", names.run(key)),
        ValueSource::Alert => names.lang.pick("告警带来", "From the alert").to_owned(),
        ValueSource::Surge => names.lang.pick("激增带来", "From the surge").to_owned(),
        ValueSource::Inject => names.lang.pick("情景注入", "Injected").to_owned(),
    }
}
