//! Reads `cast`: the modelled people and what goes wrong.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::drill::cast::{Cast, Manner, Share, StepManner};
use crate::drill::file::code::{BAD_SHARE, EMPTY_CAST, NOT_APPLICABLE, UNKNOWN_NAME};
use crate::drill::file::timing::{channels, night, timing};
use crate::drill::file::words::{Plan, percent};
use crate::id::StepId;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Entry, Fields, Node};
use crate::playbook::{Action, Step};
use crate::text::Text;

/// How far weights may be from one hundred percent: three thirds of 33.3 % are meant as all.
const SUM_TOLERANCE: f64 = 0.005;
/// How many of those who would never act are named in one finding.
const NAMED_MAX: usize = 5;

/// What makes everyone act.
const EXAMPLE: &str = "`default: { acknowledge: { median: 2m, p90: 6m }, \
                       work: { median: 8m, p90: 20m } }`";

/// Reads the cast.
pub(super) fn cast(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Cast> {
    let mut fields = Fields::open(node, Text::both("cast", "a cast"), out)?;
    let default = fields.take("default").and_then(|node| manner(node, out)).unwrap_or_default();
    let mut roles = BTreeMap::new();
    for entry in fields.map("roles", out) {
        let role = plan.role(&key_node(entry), out);
        if let (Some(role), Some(manner)) = (role, manner(&entry.value, out)) {
            roles.insert(role, manner);
        }
    }
    let mut steps = BTreeMap::new();
    for entry in fields.map("steps", out) {
        let step = plan.step(&key_node(entry), out);
        if let Some((step, manner)) = step.and_then(|step| step_manner(step, entry, plan, out)) {
            steps.insert(step, manner);
        }
    }
    let channels = channels(&mut fields, out);
    let night = fields.take("night").and_then(|node| night(node, out));
    fields.close(out);
    Some(Cast { default, roles, steps, channels, night })
}

/// A key as a node, so that names are looked up alike wherever they stand.
pub(super) fn key_node(entry: &Entry) -> Node {
    Node { span: entry.key.span, data: crate::playbook::yaml::Data::String(entry.key.text.clone()) }
}

fn manner(node: &Node, out: &mut Diagnostics) -> Option<Manner> {
    let mut fields = Fields::open(node, Text::both("行为", "a behaviour"), out)?;
    let manner = Manner {
        acknowledge: fields.take("acknowledge").and_then(|node| timing(node, out)),
        work: fields.take("work").and_then(|node| timing(node, out)),
        no_show: fields.take("no_show").and_then(|node| percent(node, out)),
    };
    fields.close(out);
    Some(manner)
}

fn step_manner(
    id: StepId,
    entry: &Entry,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<(StepId, StepManner)> {
    let mut fields =
        Fields::open(&entry.value, Text::both("步骤的行为", "a step's behaviour"), out)?;
    let step = plan.find(&id);
    let work = fields.take("work");
    let fails = fields.take("fails");
    let answer = fields.take("answer");
    if let Some(step) = step {
        for (key, node) in [("work", work), ("fails", fails)] {
            if let Some(node) = node.filter(|_| !is_worked_on(&step.action)) {
                out.push(not_applicable(node.span, key, &id));
            }
        }
    }
    let manner = StepManner {
        work: work.and_then(|node| timing(node, out)),
        fails: fails.and_then(|node| percent(node, out)),
        answer: answer.map(|node| answers(node, &id, step, out)).unwrap_or_default(),
    };
    fields.close(out);
    Some((id, manner))
}

/// Tells whether a step takes someone's or something's time and may fail.
const fn is_worked_on(action: &Action) -> bool {
    match action {
        Action::Manual(_) | Action::Http(_) | Action::Decide(_) | Action::Approve(_) => true,
        Action::Notify(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => false,
    }
}

fn not_applicable(span: Span, key: &str, step: &StepId) -> Diagnostic {
    Diagnostic::new(
        NOT_APPLICABLE,
        both!("步骤 `{step}` 用不到 `{key}`", "`{key}` means nothing for the step `{step}`"),
    )
    .at(span)
    .help(both!("删去它", "remove it"))
}

fn answers(
    node: &Node,
    id: &StepId,
    step: Option<&Step>,
    out: &mut Diagnostics,
) -> IndexMap<SmolStr, Share> {
    let options = match step.map(|step| &step.action) {
        Some(Action::Decide(decide)) => Some(decide.options.as_slice()),
        Some(_) => {
            out.push(not_applicable(node.span, "answer", id));
            return IndexMap::new();
        }
        None => None,
    };
    let mut weights = IndexMap::new();
    for entry in node.map(out).unwrap_or_default() {
        let option = entry.key.text.as_str();
        if let Some(options) = options.filter(|known| !known.iter().any(|o| o == option)) {
            out.push(
                Diagnostic::new(
                    UNKNOWN_NAME,
                    both!(
                        "步骤 `{id}` 没有选项 `{option}`",
                        "the step `{id}` has no option `{option}`"
                    ),
                )
                .at(entry.key.span)
                .did_you_mean(option, options.iter().map(SmolStr::as_str)),
            );
        }
        if let Some(share) = percent(&entry.value, out) {
            weights.insert(SmolStr::new(option), share);
        }
    }
    let sum: f64 = weights.values().map(|share| share.get()).sum();
    if !weights.is_empty() && (sum - 1.0).abs() > SUM_TOLERANCE {
        let percent = (sum * 1000.0).round() / 10.0;
        out.push(
            Diagnostic::new(
                BAD_SHARE,
                both!(
                    "各选项合计 {percent}%，应为 100%",
                    "the options add up to {percent}%, not 100%"
                ),
            )
            .at(node.span),
        );
    }
    weights
}

/// Reports everyone who would never act in a simulated run.
pub(super) fn check_everyone_acts(cast: &Cast, place: Span, plan: Plan<'_>, out: &mut Diagnostics) {
    let mut silent: Vec<String> = plan
        .0
        .into_iter()
        .flat_map(|plan| plan.roles.keys())
        .filter(|role| !cast.knows_reaction(Some(role)))
        .map(|role| format!("`{role}`"))
        .collect();
    for step in plan.steps().filter(|step| step.action.is_human()) {
        if !cast.knows_work(step.role.as_ref(), &step.id) {
            silent.push(format!("`{}`", step.id));
        }
    }
    if silent.is_empty() {
        return;
    }
    let more = silent.len().saturating_sub(NAMED_MAX);
    silent.truncate(NAMED_MAX);
    let (zh, en) = (silent.join("、"), silent.join(", "));
    let (zh_more, en_more) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" 等另外 {more} 个"), format!(" and {more} more")),
    };
    out.push(
        Diagnostic::new(
            EMPTY_CAST,
            both!(
                "没有人会行动：{zh}{zh_more} 没有说明要用多久",
                "nobody would act: nothing says how long {en}{en_more} take"
            ),
        )
        .at(place)
        .help(both!("在 `cast` 里加上 {EXAMPLE}", "add to `cast`: {EXAMPLE}")),
    );
}
