//! One step of a plan as an `action` of the standard.

use crate::exchange::cacao::export::Export;
use crate::exchange::cacao::{extension, ids, variable, words};
use crate::exchange::draft::put;
use crate::playbook::yaml::{Data, Node};
use crate::playbook::{Action, Http, OnFailure, Phase, Span, Step, Wait};

/// Adds a step as an action and returns its id.
pub(super) fn action(out: &mut Export<'_>, phase: &Phase, step: &Step, next: &str) -> String {
    let id = step.id.as_str();
    let name = step.title.as_ref().map_or(id, |title| title.get(out.lang));
    let mut entries = Vec::new();
    put(&mut entries, "name", name);
    if let Action::Wait(Wait::For(span)) = &step.action {
        entries.extend(milliseconds(*span).filter(|n| *n > 0).map(number("delay")));
    }
    entries.extend(step.timeout.and_then(milliseconds).map(number("timeout")));
    // `on_success` alone says what `stop` says: after a failure nothing follows.
    let on = match step.on_failure {
        OnFailure::Stop => "on_success",
        OnFailure::Continue | OnFailure::GoStep(_) | OnFailure::GoPhase(_) => "on_completion",
    };
    put(&mut entries, on, next);
    if let Action::Child(_) | Action::HandOff(_) = &step.action {
        return called(out, (phase, step), entries);
    }
    let (command, target) = match &step.action {
        Action::Http(http) => request(out, http, step),
        other => {
            let says = words::command(other, name, out.lang);
            let command = [("type", Node::text_of("manual")), ("command", Node::text_of(says))];
            (Node::map_of(command), None)
        }
    };
    put(&mut entries, "commands", Node::list_of([command]));
    put(&mut entries, "agent", agent(out, step));
    if let Some(target) = target {
        put(&mut entries, "targets", Node::list_of([Node::text_of(target)]));
    }
    if let Some(written) = out.as_written(&step.id) {
        put(&mut entries, "step_extensions", extension::step(phase, written));
    }
    out.add("action", id, entries)
}

/// Adds a step that runs another plan, under the id that plan has when it is exported.
fn called(
    out: &mut Export<'_>,
    (phase, step): (&Phase, &Step),
    mut entries: Vec<(String, Node)>,
) -> String {
    let plan = match &step.action {
        Action::Child(child) => &child.playbook,
        Action::HandOff(over) => &over.playbook,
        _ => &out.plan.id,
    };
    put(&mut entries, "playbook_id", ids::of("playbook", plan.as_str(), "playbook"));
    if let Some(written) = out.as_written(&step.id) {
        put(&mut entries, "step_extensions", extension::step(phase, written));
    }
    out.add("playbook-action", step.id.as_str(), entries)
}

fn number(key: &'static str) -> impl Fn(i64) -> (String, Node) {
    move |n| (key.to_owned(), Node::of(Data::Integer(n)))
}

/// Returns a length of time as the standard counts; the calendar's parts have no such length.
fn milliseconds(span: Span) -> Option<i64> {
    i64::try_from(span.fixed()?.as_millis()).ok()
}

/// Names who does a step: its role, for human work without a role the commander, or the program.
fn agent(out: &Export<'_>, step: &Step) -> String {
    let commander = || out.plan.commander().filter(|_| step.action.is_human());
    match step.doer().or_else(commander) {
        Some(role) => out.agent(role.as_str()),
        None => out.machine(),
    }
}

/// Writes a request, and the address it goes to where that is fixed.
fn request(out: &mut Export<'_>, http: &Http, step: &Step) -> (Node, Option<String>) {
    let plan = out.plan;
    let known = |name: &str| plan.inputs.keys().any(|input| input.as_str() == name);
    let outward = |text: &str| variable::to_references(text, &known);
    let url = http.url.source();
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let slash = url[after_scheme..].find(['/', '?']).map_or(url.len(), |at| after_scheme + at);
    let (address, path) = url.split_at(slash);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let mut headers: Vec<(String, Node)> = Vec::new();
    let one = |value: &str| Node::list_of([Node::text_of(value)]);
    let named = http.headers.keys().any(|name| name.eq_ignore_ascii_case("host"));
    if !named {
        headers.push(("Host".to_owned(), one(&outward(&address[after_scheme..]))));
    }
    for (name, value) in &http.headers {
        headers.push((name.to_string(), one(&outward(value.source()))));
    }
    let mut command = Vec::new();
    put(&mut command, "type", "http-api");
    put(&mut command, "command", format!("{} {} HTTP/1.1", http.method, outward(&path)));
    put(&mut command, "headers", Node::map_of(headers));
    let body = out.as_written(&step.id).and_then(|step| step.get("http")?.get("body"));
    if let Some(body) = body {
        put(&mut command, "content", outward(&body.to_json().to_string()));
    }
    let host = &address[after_scheme..];
    let target = is_plain_host(host).then(|| out.target(address));
    (Node::map_of(command), target)
}

/// Tells whether an address is one that the official schema lets through: a host with a dot and
/// letters after it.
fn is_plain_host(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    let last = name.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| {
        (2..=6).contains(&last.len()) && last.chars().all(|c| c.is_ascii_lowercase())
    }) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}
