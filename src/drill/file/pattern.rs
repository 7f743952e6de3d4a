//! Reads what an incident's events are to show.

use smol_str::SmolStr;

use crate::drill::expect::{Pattern, What};
use crate::drill::file::code::{NOT_APPLICABLE, UNKNOWN_NAME};
use crate::drill::file::moment::moment;
use crate::drill::file::requirement::one_of;
use crate::drill::file::words::{Plan, take_duration};
use crate::id::{ChannelId, ClockId, PartnerId, RoleId, StageId, StepId, TeamId};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Data, Fields, Node, bad_value};
use crate::playbook::{Action, Audience, LEVEL_MILDEST, LEVEL_WORST, Level, Milestone, Step};
use crate::text::Text;

/// The kinds of pattern.
pub(super) const KINDS: [&str; 11] = [
    "acknowledged",
    "step",
    "escalated",
    "decision",
    "approved",
    "phase",
    "level",
    "clock",
    "noted",
    "notified",
    "closed",
];
pub(super) const MILESTONES: [(&str, Milestone); 5] = [
    ("ready", Milestone::Ready),
    ("started", Milestone::Started),
    ("done", Milestone::Done),
    ("failed", Milestone::Failed),
    ("settled", Milestone::Settled),
];
const PHASE: [(&str, bool); 2] = [("entered", false), ("done", true)];

/// Reads what is to happen, with its limits.
pub(super) fn seen(
    kind: &str,
    value: &Node,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<Pattern> {
    let what = what(kind, value, fields, plan, out);
    if kind == "acknowledged" {
        fields.require("within", out);
    }
    let from = fields.take("from").map(|node| moment(node, plan, out));
    let pattern = limits(what, fields, plan, out)?;
    Some(Pattern { from: from.map_or(Some(None), |from| from.map(Some))?, ..pattern })
}

/// Reads what is never to happen.
pub(super) fn never(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Pattern> {
    let mut fields = Fields::open(node, Text::both("禁止事项", "what must never happen"), out)?;
    let pattern = if let Some(audience_node) = fields.take("notify") {
        let audience = audience(audience_node, plan, out);
        limits(audience.map(What::Notified), &mut fields, plan, out)
    } else {
        let found = one_of(&mut fields, &KINDS, node, out);
        found.and_then(|(kind, value)| {
            let what = what(kind, value, &mut fields, plan, out);
            limits(what, &mut fields, plan, out)
        })
    };
    fields.close(out);
    pattern
}

/// Reads `within` and `by`.
fn limits(
    what: Option<What>,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<Pattern> {
    let within_node = fields.peek("within").is_some();
    let within = take_duration(fields, "within", out);
    let by_node = fields.take("by");
    let by = by_node.map(|node| plan.role(node, out));
    let what = what?;
    if let Some(node) = by_node.filter(|_| !what.has_an_actor()) {
        out.push(
            Diagnostic::new(
                NOT_APPLICABLE,
                both!(
                    "`by` 在这里没有意义：这不是人做的",
                    "`by` means nothing here: no person does it"
                ),
            )
            .at(node.span)
            .help(both!("删去 `by`", "remove `by`")),
        );
        return None;
    }
    let by = match by {
        Some(by) => Some(by?),
        None => None,
    };
    (within.is_some() || !within_node).then_some(Pattern { what, within, from: None, by })
}

fn what(
    kind: &str,
    value: &Node,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<What> {
    match kind {
        "acknowledged" => plan.role(value, out).map(What::Acknowledged),
        "step" => {
            let step = plan.step(value, out);
            let is = fields.require("is", out).and_then(|node| node.one_of(&MILESTONES, out));
            Some(What::Step(step?, is?))
        }
        "escalated" => escalated(value, plan, out),
        "decision" => decision(value, fields, plan, out),
        "approved" => {
            let step = plan.step(value, out)?;
            let of_kind = |step: &Step| matches!(step.action, Action::Approve(_));
            fits(&step, "approved", value, plan, of_kind, out).then_some(What::Approved(step))
        }
        "phase" => {
            let phase = plan.phase(value, out);
            let is = fields.require("is", out).and_then(|node| node.one_of(&PHASE, out));
            let phase = phase?;
            Some(if is? { What::PhaseDone(phase) } else { What::PhaseEntered(phase) })
        }
        "level" => {
            let level = value.integer(i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST), out)?;
            Level::try_from(level).ok().map(What::Level)
        }
        "clock" => clock(value, plan, out),
        "noted" => audience(value, plan, out).map(What::Noted),
        "notified" => audience(value, plan, out).map(What::Notified),
        _ => {
            let closed = value.boolean(out)?;
            if !closed {
                let message = both!("只能写 `closed: true`", "it is `closed: true` or nothing");
                out.push(bad_value(value.span, message));
            }
            closed.then_some(What::Closed)
        }
    }
}

/// Reads the role or the step whose ladder is climbed; a name that both have means the role.
fn escalated(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<What> {
    let written = node.string(out)?;
    if plan.0.is_none() || plan.role_names().any(|role| role == written) {
        return Some(What::RoleEscalated(RoleId::new(written)));
    }
    if plan.step_names().any(|step| step == written) {
        return Some(What::StepEscalated(StepId::new(written)));
    }
    let known: Vec<&str> = plan.role_names().chain(plan.step_names()).collect();
    out.push(
        Diagnostic::new(
            UNKNOWN_NAME,
            both!(
                "预案没有角色或步骤 `{written}`",
                "the playbook has no role and no step `{written}`"
            ),
        )
        .at(node.span)
        .did_you_mean(written, known),
    );
    None
}

fn decision(
    value: &Node,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<What> {
    let step = plan.step(value, out);
    let is = fields.require("is", out)?;
    let written = is.string(out)?;
    let step = step?;
    let of_kind = |step: &Step| matches!(step.action, Action::Decide(_));
    if !fits(&step, "decision", value, plan, of_kind, out) {
        return None;
    }
    if let Some(Action::Decide(decide)) = plan.find(&step).map(|step| &step.action)
        && !decide.options.iter().any(|option| option == written)
    {
        out.push(
            Diagnostic::new(
                UNKNOWN_NAME,
                both!("步骤 `{step}` 没有选项 `{written}`", "`{step}` has no option `{written}`"),
            )
            .at(is.span)
            .did_you_mean(written, decide.options.iter().map(SmolStr::as_str)),
        );
        return None;
    }
    Some(What::Decision(step, SmolStr::new(written)))
}

/// Holds that a step is of the kind that is asked about.
fn fits(
    step: &StepId,
    kind: &str,
    node: &Node,
    plan: Plan<'_>,
    of_kind: impl Fn(&Step) -> bool,
    out: &mut Diagnostics,
) -> bool {
    if plan.find(step).is_none_or(of_kind) {
        return true;
    }
    out.push(
        Diagnostic::new(
            NOT_APPLICABLE,
            both!("步骤 `{step}` 用不到 `{kind}`", "`{kind}` means nothing for the step `{step}`"),
        )
        .at(node.span)
        .help(both!("改写 `step: {step}, is: done`", "write `step: {step}, is: done`")),
    );
    false
}

/// Reads `pipl` or `pipl:authority`.
fn clock(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<What> {
    let written = node.string(out)?;
    let (clock, stage) = match written.split_once(':') {
        Some((clock, stage)) => (clock.trim(), Some(stage.trim())),
        None => (written, None),
    };
    let known = || plan.0.into_iter().flat_map(|plan| &plan.clocks);
    let found = known().find(|known| known.id.as_str() == clock);
    let stages =
        || found.into_iter().flat_map(|clock| clock.stages()).map(|stage| stage.id.as_str());
    let (what, name, names): (_, _, Vec<&str>) = match (found, stage) {
        (None, _) if plan.0.is_some() => {
            let names = known().map(|clock| clock.id.as_str()).collect();
            (Text::both("法定时限", "clock"), clock, names)
        }
        (Some(_), Some(stage)) if !stages().any(|known| known == stage) => {
            (Text::both("该时限的环节", "stage of that clock"), stage, stages().collect())
        }
        _ => return Some(What::Clock(ClockId::new(clock), stage.map(StageId::new))),
    };
    let (zh, en) = (what.get(crate::text::Lang::Zh), what.get(crate::text::Lang::En));
    out.push(
        Diagnostic::new(
            UNKNOWN_NAME,
            both!("预案没有{zh} `{name}`", "the playbook has no {en} `{name}`"),
        )
        .at(node.span)
        .did_you_mean(name, names),
    );
    None
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
