//! Spells parts of a plan out in the notation of the language, the same for everything that means
//! the same: `90s` and `1m30s` are one.

use indexmap::IndexMap;

use crate::people::Source;
use crate::playbook::expression::{Condition, Expression};
use crate::playbook::value::{Bounds, Field, FieldType};
use crate::playbook::{
    Approver, Audience, CheckItem, Counts, Due, HowMany, Limit, Milestone, Moment, NotifyUntil,
    OnFailure, Term, TextTemplate,
};
use crate::text::{Lang, Text};

pub(super) fn text(text: &Text) -> String {
    let [zh, en] = Lang::ALL.map(|lang| text.get(lang));
    if zh == en { zh.to_owned() } else { format!("{zh} / {en}") }
}

/// Joins items with commas.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Spaces outside of quotes mean nothing.
pub(super) fn expression(expression: &Expression) -> String {
    let source = expression.source().trim();
    if source.contains(['"', '\'']) {
        return source.to_owned();
    }
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn condition(one: &Condition) -> String {
    let several = |word: &str, all: &[Condition]| {
        let all: Vec<_> = all.iter().map(condition).collect();
        format!("{word}: [{}]", all.join("; "))
    };
    match one {
        Condition::Holds(holds) => expression(holds),
        Condition::Any(all) => several("any", all),
        Condition::All(all) => several("all", all),
        Condition::Not(not) => format!("not: {}", condition(not)),
    }
}

pub(super) fn source(source: &Source) -> String {
    match source {
        Source::Schedule(id) => format!("schedule {id}"),
        Source::Team(id) => format!("team {id}"),
        Source::Claim(id) => format!("claim {id}"),
    }
}

pub(super) fn audience(audience: &Audience) -> String {
    match audience {
        Audience::Role(id) => format!("role/{id}"),
        Audience::Team(id) => format!("team/{id}"),
        Audience::Partner(id) => format!("partner/{id}"),
        Audience::Customers => "customers".to_owned(),
        Audience::Regulators => "regulators".to_owned(),
        Audience::Channel(id) => format!("channel/{id}"),
    }
}

pub(super) fn approver(approver: &Approver) -> String {
    match approver {
        Approver::Role(id) => format!("role/{id}"),
        Approver::Team(id) => format!("team/{id}"),
    }
}

pub(super) fn until(until: NotifyUntil) -> String {
    match until {
        NotifyUntil::Sent => "sent".to_owned(),
        NotifyUntil::Delivered => "delivered".to_owned(),
        NotifyUntil::Acknowledged(HowMany::Any) => "acknowledged(any)".to_owned(),
        NotifyUntil::Acknowledged(HowMany::All) => "acknowledged(all)".to_owned(),
        NotifyUntil::Acknowledged(HowMany::AtLeast(n)) => format!("acknowledged({n})"),
    }
}

pub(super) fn moment(moment: &Moment) -> String {
    let milestone = |milestone: &Milestone| match milestone {
        Milestone::Ready => "ready",
        Milestone::Started => "started",
        Milestone::Done => "done",
        Milestone::Failed => "failed",
        Milestone::Settled => "settled",
    };
    match moment {
        Moment::Detected => "detected".to_owned(),
        Moment::Aware => "aware".to_owned(),
        Moment::Declared => "declared".to_owned(),
        Moment::Closed => "closed".to_owned(),
        Moment::Phase(id) => format!("phase {id}"),
        Moment::Step(id, which) => format!("{id} {}", milestone(which)),
    }
}

pub(super) fn due(due: &Due) -> String {
    let mut said = match &due.limit {
        Limit::Fixed(span) => span.to_string(),
        Limit::ByLevel { levels, otherwise } => {
            let named = levels.iter().map(|(level, span)| format!("{level}: {span}"));
            let rest = otherwise.iter().map(|span| format!("else: {span}"));
            list(named.chain(rest))
        }
    };
    match &due.counts {
        Counts::FromReady => {}
        Counts::From(from) => said.push_str(&format!(" from {}", moment(from))),
        Counts::Before(Term::Step(step)) => said.push_str(&format!(" before {step} is due")),
        Counts::Before(Term::Clock(clock, stage)) => {
            said.push_str(&format!(" before {clock}:{stage} is due"));
        }
    }
    if !due.warn.is_empty() {
        said.push_str(&format!(" warn {}", list(due.warn.iter().map(|share| format!("{share}%")))));
    }
    said
}

pub(super) fn on_failure(on: &OnFailure) -> String {
    match on {
        OnFailure::Stop => "stop".to_owned(),
        OnFailure::Continue => "continue".to_owned(),
        OnFailure::GoStep(step) => format!("go {step}"),
        OnFailure::GoPhase(phase) => format!("go phase {phase}"),
    }
}

pub(super) fn template(template: &TextTemplate) -> String {
    let [zh, en] = [&template.zh, &template.en].map(|t| t.as_ref().map(|t| t.source().trim()));
    match (zh, en) {
        (Some(zh), Some(en)) if zh != en => format!("{zh} / {en}"),
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

pub(super) fn checklist(items: &[CheckItem]) -> String {
    let item = |item: &CheckItem| {
        let mut said = text(&item.title);
        if item.optional {
            said.push('?');
        }
        if !item.items.is_empty() {
            said.push_str(&format!(" [{}]", checklist(&item.items)));
        }
        said
    };
    items.iter().map(item).collect::<Vec<_>>().join("; ")
}

pub(super) fn form<K: ToString>(fields: &IndexMap<K, Field>) -> String {
    let mut said: Vec<String> =
        fields.iter().map(|(name, one)| format!("{} {}", name.to_string(), field(one))).collect();
    said.sort();
    said.join("; ")
}

pub(super) fn field(field: &Field) -> String {
    let mut said = kind(&field.kind);
    for (set, word) in [(field.required, " required"), (field.personal, " personal")] {
        if set {
            said.push_str(word);
        }
    }
    if let Some(default) = &field.default {
        said.push_str(&format!(" default {}", default.to_plain()));
    }
    for words in [&field.label, &field.help].into_iter().flatten() {
        said.push_str(&format!(" “{}”", text(words)));
    }
    said
}

fn kind(kind_of: &FieldType) -> String {
    let name = kind_of.name();
    match kind_of {
        FieldType::Integer(bounds) => format!("{name}{}", range(*bounds)),
        FieldType::Number(bounds) => format!("{name}{}", range(*bounds)),
        FieldType::String(bounds) | FieldType::Text(bounds) => format!("{name}{}", range(*bounds)),
        FieldType::List { of, length } => format!("{name} of {}{}", kind(of), range(*length)),
        FieldType::Choice(options) => format!("{name} ({})", list(options)),
        FieldType::Boolean
        | FieldType::Date
        | FieldType::Datetime
        | FieldType::Duration
        | FieldType::Person => name.to_owned(),
    }
}

fn range<T: ToString>(bounds: Bounds<T>) -> String {
    let end = |end: Option<T>| end.map_or_else(String::new, |end| end.to_string());
    match (bounds.min, bounds.max) {
        (None, None) => String::new(),
        (min, max) => format!(" {}..{}", end(min), end(max)),
    }
}
