//! firebell's parts in sentences that a person can follow without firebell.

use crate::playbook::{
    Action, Approver, Audience, CheckItem, Condition, Manual, Notify, NotifyUntil, Wait,
};
use crate::text::Lang;

/// Writes a condition as one expression.
pub(super) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Holds(expression) => expression.source().to_owned(),
        Condition::Any(conditions) => joined(conditions, " or ", "false"),
        Condition::All(conditions) => joined(conditions, " and ", "true"),
        Condition::Not(inner) => format!("not ({})", self::condition(inner)),
    }
}

fn joined(conditions: &[Condition], with: &str, none: &str) -> String {
    match conditions {
        [] => none.to_owned(),
        [one] => condition(one),
        several => {
            let each = several.iter().map(|one| format!("({})", condition(one)));
            each.collect::<Vec<_>>().join(with)
        }
    }
}

/// Says what is to be done in a step that no other program can do for a person.
pub(super) fn command(action: &Action, name: &str, lang: Lang) -> String {
    match action {
        Action::Manual(manual) => self::manual(manual, name, lang),
        Action::Notify(notify) => self::notify(notify, lang),
        Action::Http(http) => format!("{} {}", http.method, http.url.source()),
        Action::Decide(decide) => {
            let options = decide.options.join(lang.pick("、", ", "));
            lang.pick(format!("请选择：{options}"), format!("Choose one of: {options}"))
        }
        Action::Approve(approve) => {
            let by: Vec<&str> = approve
                .by
                .iter()
                .map(|by| match by {
                    Approver::Role(role) => role.as_str(),
                    Approver::Team(team) => team.as_str(),
                })
                .collect();
            let (quorum, by) = (approve.quorum, by.join(lang.pick("、", ", ")));
            lang.pick(
                format!("须由下列角色或团队中 {quorum} 人批准：{by}"),
                format!("Consent of {quorum} of: {by}"),
            )
        }
        Action::Wait(Wait::For(span)) => {
            lang.pick(format!("等待 {span}"), format!("Wait for {span}"))
        }
        Action::Wait(Wait::Until(until)) => {
            let until = condition(until);
            lang.pick(format!("等到：{until}"), format!("Wait until: {until}"))
        }
        Action::Set(variables) => {
            let each = variables.iter().map(|(name, value)| format!("{name} = {}", value.source()));
            each.collect::<Vec<_>>().join("\n")
        }
        Action::Child(child) => {
            let plan = &child.playbook;
            lang.pick(format!("运行预案：{plan}"), format!("Run the playbook: {plan}"))
        }
        Action::HandOff(over) => {
            let plan = &over.playbook;
            lang.pick(format!("移交给预案：{plan}"), format!("Hand over to the playbook: {plan}"))
        }
    }
}

fn manual(manual: &Manual, name: &str, lang: Lang) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(manual.instructions.as_ref().map(|text| text.get(lang).to_owned()));
    checklist(&manual.checklist, 0, lang, &mut lines);
    for (variable, field) in &manual.form {
        let label = field.label.as_ref().map_or(variable.as_str(), |label| label.get(lang));
        lines.push(lang.pick(format!("填写：{label}"), format!("Record: {label}")));
    }
    if lines.is_empty() { name.to_owned() } else { lines.join("\n") }
}

fn checklist(items: &[CheckItem], depth: usize, lang: Lang, lines: &mut Vec<String>) {
    for item in items {
        let optional = if item.optional { lang.pick("（可选）", " (optional)") } else { "" };
        lines.push(format!("{}- [ ] {}{optional}", "  ".repeat(depth), item.title.get(lang)));
        checklist(&item.items, depth + 1, lang, lines);
    }
}

fn notify(notify: &Notify, lang: Lang) -> String {
    let to: Vec<String> = notify
        .to
        .iter()
        .map(|audience| match audience {
            Audience::Role(id) => format!("role/{id}"),
            Audience::Team(id) => format!("team/{id}"),
            Audience::Partner(id) => format!("partner/{id}"),
            Audience::Channel(id) => format!("channel/{id}"),
            Audience::Customers => "customers".to_owned(),
            Audience::Regulators => "regulators".to_owned(),
        })
        .collect();
    let to = to.join(lang.pick("、", ", "));
    let message = &notify.message;
    let acknowledged = matches!(notify.until, NotifyUntil::Acknowledged(_));
    let wait = if acknowledged {
        lang.pick("，并等待确认", ", and wait for them to acknowledge")
    } else {
        ""
    };
    lang.pick(
        format!("向 {to} 发送消息 {message}{wait}"),
        format!("Send the message {message} to {to}{wait}"),
    )
}
