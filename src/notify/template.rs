//! Turns a notice into the message that its recipient reads, pure. It is done once, when the notice
//! is committed: what was promised then is what is sent, whatever changes meanwhile.

use super::catalogue::{self, Words};
use super::message::{IncidentLine, Link, RENDERED_FORMAT, Rendered, Sms};
use super::scope::{MessageScope, purpose_key};
use super::view::View;
use crate::engine::{Facts, Incident, MessageRef, Notice, Purpose, Recipient};
use crate::people::{Directory, Zone};
use crate::playbook::{Audience, Message, Playbook, Template, TextTemplate};
use crate::text::{Lang, Text};

/// What an installation adds to every message.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Where the console is reached, without a slash at its end; `None` leaves links out.
    pub base_url: Option<&'a str>,
    /// The zone that times are told in.
    pub zone: &'a Zone,
    /// The language of recipients that are no persons.
    pub lang: Lang,
}

/// Renders a notice of an incident as it stands after the commit that queued it.
#[must_use]
pub fn render(
    playbook: &Playbook,
    incident: &Incident,
    notice: &Notice,
    directory: &Directory,
    place: Place<'_>,
) -> Rendered {
    let lang = language(&notice.to, directory, place.lang);
    let view = View { lang, zone: place.zone, playbook, incident, directory };
    let outside = is_outside(&notice.to);
    let url = place.base_url.map(|base| incident_url(base, incident));
    let bridge = bridge_url(&view);
    let scope =
        MessageScope::new(view, &notice.purpose, &notice.to, url.as_deref(), bridge.as_deref());
    let written = match &notice.message {
        MessageRef::Plan(id) => playbook.messages.get(id).map(|m| plan_words(m, lang, &scope)),
        MessageRef::BuiltIn => None,
    };
    let by_plan = written.is_some();
    let Written { subject, mut words, sms } =
        written.unwrap_or_else(|| Written::built_in(catalogue::words(view, &notice.purpose)));
    let thread = format!("#{} {}", incident.number, incident.title);
    let mut links = Vec::new();
    if !outside {
        if by_plan {
            words.lines.extend(catalogue::by_when(view, &notice.purpose));
        }
        words.lines.extend(catalogue::hand_over(view, &notice.purpose));
        words.lines.extend(context(&view, &notice.purpose));
        links = links_of(&view, url.as_deref(), bridge.as_deref());
    }
    let subject = match subject {
        Some(subject) if outside => subject,
        _ if outside => playbook.title.get(lang).to_owned(),
        _ => thread,
    };
    Rendered {
        format: RENDERED_FORMAT,
        notice: notice.id,
        at: incident.updated_at,
        purpose: purpose_code(&notice.purpose).into(),
        lang,
        mode: incident.mode,
        incident: Some(IncidentLine {
            id: incident.id,
            number: incident.number,
            title: incident.title.to_string(),
            level: incident.level.current,
        }),
        role: scope.role().map(|id| id.as_str().into()),
        step: purpose_key(&notice.purpose).map(|key| key.to_string().into()),
        outside,
        subject,
        headline: words.headline,
        text: words.lines.join("\n"),
        links,
        answer: None,
        sms,
    }
}

/// Says in both languages what a notice wants, as its first line does where the plan has no words of
/// its own for it.
#[must_use]
pub fn headline(
    playbook: &Playbook,
    incident: &Incident,
    purpose: &Purpose,
    directory: &Directory,
    zone: &Zone,
) -> Text {
    let said = |lang| {
        let view = View { lang, zone, playbook, incident, directory };
        catalogue::words(view, purpose).headline
    };
    Text::both(said(Lang::Zh), said(Lang::En))
}

/// Returns where an incident can be seen.
#[must_use]
pub fn incident_url(base: &str, incident: &Incident) -> String {
    format!("{base}/incidents/{}", incident.id)
}

/// Returns the stable name of a purpose: `role_page`, `step_overdue`, …
#[must_use]
pub const fn purpose_code(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::RolePage { .. } => "role_page",
        Purpose::RoleTaken { .. } => "role_taken",
        Purpose::RoleReleased { .. } => "role_released",
        Purpose::StepReady { .. } => "step_ready",
        Purpose::StepWarning { .. } => "step_warning",
        Purpose::StepOverdue { .. } => "step_overdue",
        Purpose::StepFailed { .. } => "step_failed",
        Purpose::Escalation { .. } => "escalation",
        Purpose::StepMessage { .. } => "step_message",
        Purpose::HandlerMessage { .. } => "handler_message",
        Purpose::Commander { .. } => "commander",
        Purpose::Clock { .. } => "clock",
        Purpose::Ended => "ended",
    }
}

/// What a message says, wherever its words come from.
struct Written {
    /// The plan's subject, for those outside.
    subject: Option<String>,
    words: Words,
    sms: Option<Sms>,
}

impl Written {
    const fn built_in(words: Words) -> Self {
        Self { subject: None, words, sms: None }
    }
}

fn plan_words(message: &Message, lang: Lang, scope: &MessageScope<'_>) -> Written {
    let subject = message.subject.as_ref().and_then(|template| pick(template, lang));
    let subject = subject.map(|template| template.render(scope));
    let text = pick(&message.text, lang).map(|template| template.render(scope));
    let sms = message.sms.as_ref().map(|sms| Sms {
        template: sms.template.clone(),
        vars: sms.vars.iter().map(|(name, t)| (name.clone(), t.render(scope))).collect(),
    });
    let headline = subject.clone().unwrap_or_default();
    let words = Words { headline, lines: text.into_iter().collect() };
    Written { subject, words, sms }
}

/// Picks a rendering, or the other where that is missing.
fn pick(template: &TextTemplate, lang: Lang) -> Option<&Template> {
    let (first, second) = lang.pick((&template.zh, &template.en), (&template.en, &template.zh));
    first.as_ref().or(second.as_ref())
}

fn language(to: &Recipient, directory: &Directory, otherwise: Lang) -> Lang {
    match to {
        Recipient::Person(id) => directory.person(id).map_or(otherwise, |person| person.lang),
        Recipient::Audience(_) => otherwise,
    }
}

/// Tells whether strangers may read it: then it holds the plan's words and nothing of ours.
const fn is_outside(to: &Recipient) -> bool {
    match to {
        Recipient::Person(_) | Recipient::Audience(Audience::Role(_) | Audience::Team(_)) => false,
        Recipient::Audience(
            Audience::Partner(_)
            | Audience::Customers
            | Audience::Regulators
            | Audience::Channel(_),
        ) => true,
    }
}

fn bridge_url(view: &View<'_>) -> Option<String> {
    let bridge = view.playbook.bridge.as_ref()?;
    Some(bridge.url.render(&Facts::new(view.playbook, view.incident)))
}

/// Returns the lines that place a message: which incident, how bad, where it stands, and how to act
/// on it from a terminal.
fn context(view: &View<'_>, purpose: &Purpose) -> Vec<String> {
    let Incident { number, title, .. } = view.incident;
    let mut facts = Vec::new();
    if view.has_levels() {
        facts.push(view.level());
    }
    if view.incident.status.is_open() {
        let phase = view.phase(&view.incident.phase);
        facts.push(view.lang.pick(format!("阶段：{phase}"), format!("phase: {phase}")));
    }
    let (began, zone) = (view.time(view.incident.declared_at), view.zone.name());
    facts.push(
        view.lang.pick(format!("启动：{began}（{zone}）"), format!("declared: {began} ({zone})")),
    );
    let mut lines = vec![
        String::new(),
        view.lang.pick(format!("事件 #{number} {title}"), format!("Incident #{number} {title}")),
        facts.join(view.lang.pick("；", "; ")),
    ];
    lines.extend(catalogue::commands(*view, purpose));
    lines
}

fn links_of(view: &View<'_>, url: Option<&str>, bridge: Option<&str>) -> Vec<Link> {
    let link = |label: &str, url: &str| Link { label: label.to_owned(), url: url.to_owned() };
    let incident = url.map(|url| link(view.lang.pick("事件页面", "Incident"), url));
    let bridge = view.playbook.bridge.as_ref().zip(bridge);
    let bridge = bridge.map(|(bridge, url)| link(bridge.title.get(view.lang), url));
    incident.into_iter().chain(bridge).collect()
}

#[cfg(test)]
mod tests;
