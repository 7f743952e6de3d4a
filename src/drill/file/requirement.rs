//! Reads `expect`: what the drill requires.

use crate::drill::expect::{Ask, EXPECTATIONS_MAX, Expectation, Scale, WEIGHT_MAX};
use crate::drill::file::code::{NOT_ONE_THING, TOO_MANY, UNKNOWN_NAME};
use crate::drill::file::condition::condition;
use crate::drill::file::part;
use crate::drill::file::words::{Plan, take_duration, text};
use crate::id::{ChannelId, PartnerId, TeamId};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Data, Fields, Node};
use crate::playbook::{Audience, Milestone};
use crate::text::Text;

/// The kinds of expectation; each entry of `expect` has exactly one of these keys.
const KINDS: [&str; 6] = ["objective", "acknowledged", "step", "reached", "never", "evaluator"];
pub(super) const MILESTONES: [(&str, Milestone); 5] = [
    ("ready", Milestone::Ready),
    ("started", Milestone::Started),
    ("done", Milestone::Done),
    ("failed", Milestone::Failed),
    ("settled", Milestone::Settled),
];
const SCALES: [(&str, Scale); 2] = [("PSMU", Scale::Psmu), ("yes-no", Scale::YesNo)];

/// Reads all expectations.
pub(super) fn expectations(
    nodes: &[Node],
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Vec<Expectation> {
    if let Some(beyond) = nodes.get(EXPECTATIONS_MAX) {
        out.push(
            Diagnostic::new(
                TOO_MANY,
                both!(
                    "预期最多 {EXPECTATIONS_MAX} 条",
                    "a drill has at most {EXPECTATIONS_MAX} expectations"
                ),
            )
            .at(beyond.span),
        );
    }
    nodes.iter().take(EXPECTATIONS_MAX).filter_map(|node| expectation(node, plan, out)).collect()
}

fn expectation(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Expectation> {
    let mut fields = Fields::open(node, Text::both("预期", "an expectation"), out)?;
    let weight = fields.integer("weight", 1, i64::from(WEIGHT_MAX), out);
    let weight = weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1);
    let critical = fields.boolean("critical", out).unwrap_or(false);
    let part = part::part(&mut fields, out);
    let ask = ask(node, &mut fields, plan, out);
    fields.close(out);
    let ask = ask?;
    let part = part.unwrap_or_else(|| part::usual(&ask, plan));
    Some(Expectation { weight, critical, part, ask })
}

fn ask(node: &Node, fields: &mut Fields<'_>, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Ask> {
    let mut found: Vec<(&str, &Node)> = Vec::new();
    for key in KINDS {
        found.extend(fields.take(key).map(|value| (key, value)));
    }
    found.sort_by_key(|(_, value)| value.span);
    let &[(key, value)] = found.as_slice() else {
        let words = KINDS.map(|kind| format!("`{kind}`")).join(" ");
        let (place, message) = match found.get(1) {
            Some((_, second)) => {
                (second.span, both!("一条只能有一个预期", "one entry expects one thing"))
            }
            None => (node.span, both!("没有说明预期什么", "it does not say what is expected")),
        };
        out.push(
            Diagnostic::new(NOT_ONE_THING, message)
                .at(place)
                .help(both!("恰好写一个：{words}", "write exactly one of {words}")),
        );
        return None;
    };
    match key {
        "objective" => plan.objective(value, out).map(Ask::Objective),
        "acknowledged" => {
            let role = plan.role(value, out);
            fields.require("within", out);
            let within = take_duration(fields, "within", out);
            Some(Ask::Acknowledged { role: role?, within: within? })
        }
        "step" => {
            let step = plan.step(value, out);
            let is = fields.require("is", out).and_then(|node| node.one_of(&MILESTONES, out));
            let within = take_duration(fields, "within", out);
            Some(Ask::Step { step: step?, is: is?, within })
        }
        "reached" => {
            let role = plan.role(value, out);
            let when = fields.take("when").map(|node| condition(node, plan, out));
            let when = match when {
                Some(condition) => Some(condition?),
                None => None,
            };
            Some(Ask::Reached { role: role?, when })
        }
        "never" => never(value, plan, out),
        _ => {
            let question = text(value, out);
            let scale = fields.take("scale").and_then(|node| node.one_of(&SCALES, out));
            Some(Ask::Evaluator { question: question?, scale: scale.unwrap_or(Scale::Psmu) })
        }
    }
}

fn never(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Ask> {
    let mut fields = Fields::open(node, Text::both("禁止事项", "what must never happen"), out)?;
    let audience = fields.require("notify", out).and_then(|node| audience(node, plan, out));
    fields.close(out);
    audience.map(Ask::NeverNotify)
}

fn audience(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Audience> {
    let written = node.string(out)?;
    match written.split_once('/') {
        None if written == "customers" => Some(Audience::Customers),
        None if written == "regulators" => Some(Audience::Regulators),
        Some(("role", role)) => {
            let name = Node { span: node.span, data: Data::String(role.to_owned()) };
            plan.role(&name, out).map(Audience::Role)
        }
        Some(("team", team)) => Some(Audience::Team(TeamId::new(team))),
        Some(("partner", partner)) => Some(Audience::Partner(PartnerId::new(partner))),
        Some(("channel", channel)) => Some(Audience::Channel(ChannelId::new(channel))),
        _ => {
            let known = ["customers", "regulators", "role/…", "team/…", "partner/…", "channel/…"];
            out.push(
                Diagnostic::new(
                    UNKNOWN_NAME,
                    both!("`{written}` 不是通知对象", "`{written}` is not an audience"),
                )
                .at(node.span)
                .did_you_mean(written, known),
            );
            None
        }
    }
}
