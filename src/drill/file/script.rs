//! Reads `injects`: what the drill makes happen.

use jiff::SignedDuration;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::file::code::{CLOCK_JUMPS, NO_EFFECT, NOT_ONE_THING, PERSONAL, TOO_MANY};
use crate::drill::file::people::key_node;
use crate::drill::file::surge::surge;
use crate::drill::file::timing::slower;
use crate::drill::file::trigger::trigger;
use crate::drill::file::words::{Plan, duration, text};
use crate::drill::inject::{
    Absentee, ChannelFault, Channels, INJECTS_MAX, Inject, InjectAct, REPORTS_MAX, Report,
};
use crate::drill::scenario::RunAs;
use crate::engine::AlertNote;
use crate::id::{ChannelId, PersonId, VarId};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{BAD_VALUE, Data, Entry, Fields, Node};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST};
use crate::text::Text;

/// The kinds of inject; each entry of `injects` has exactly one of these keys.
pub const INJECT_KINDS: [&str; 13] = [
    "alert",
    "surge",
    "set",
    "message",
    "absent",
    "channel_down",
    "channel_slow",
    "channel_twice",
    "slow",
    "contradict",
    "clock_jump",
    "level",
    "fail",
];
/// Those of them that last for a while, and say `for` how long.
pub const LASTING_KINDS: [&str; 5] =
    ["absent", "channel_down", "channel_slow", "channel_twice", "slow"];
/// What stands for every channel.
const EVERY_CHANNEL: &str = "all";
/// What stands before a person, where a role could stand.
const PERSON: &str = "person/";

/// Reads all injects.
pub(super) fn injects(
    nodes: &[Node],
    (plan, bounds): (Plan<'_>, Bounds),
    out: &mut Diagnostics,
) -> Vec<Inject> {
    if let Some(beyond) = nodes.get(INJECTS_MAX) {
        out.push(
            Diagnostic::new(
                TOO_MANY,
                both!("情景注入最多 {INJECTS_MAX} 条", "a drill has at most {INJECTS_MAX} injects"),
            )
            .at(beyond.span),
        );
    }
    let read = |node| inject(node, (plan, bounds), out);
    nodes.iter().take(INJECTS_MAX).filter_map(read).collect()
}

/// What the rest of the drill says that injects must fit into.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// How it is run.
    pub(super) run: Option<RunAs>,
    /// How long it lasts at most.
    pub(super) length: SignedDuration,
}

fn inject(
    node: &Node,
    (plan, bounds): (Plan<'_>, Bounds),
    out: &mut Diagnostics,
) -> Option<Inject> {
    let mut fields = Fields::open(node, Text::both("情景注入", "an inject"), out)?;
    let trigger = trigger(node, &mut fields, (plan, bounds), out);
    let act = act(node, &mut fields, (plan, bounds.run), out);
    fields.close(out);
    Some(Inject { trigger: trigger?, act: act? })
}

pub(super) fn one_of(node: &Node, zh: &str, en: &str) -> Diagnostic {
    Diagnostic::new(NOT_ONE_THING, Text::both(zh, en)).at(node.span)
}

fn act(
    node: &Node,
    fields: &mut Fields<'_>,
    (plan, run): (Plan<'_>, Option<RunAs>),
    out: &mut Diagnostics,
) -> Option<InjectAct> {
    let (key, value) = the_one_kind(node, fields, out)?;
    let span = span(node, key, fields.take("for"), out);
    let by = extra(node, fields, ("by", "channel_slow", "3m"), key, out);
    let times = extra(node, fields, ("times", "slow", "2"), key, out);
    match key {
        "alert" => alert(value, out).map(InjectAct::Alert),
        "surge" => surge(value, out),
        "set" => {
            values(value, plan, &|name, out| plan.variable(name, out), out).map(InjectAct::Set)
        }
        "message" => message(value, out),
        "absent" => {
            absentee(value, plan, out).zip(span).map(|(who, span)| InjectAct::Absent { who, span })
        }
        "channel_down" => channel(value, Some(ChannelFault::Down), span, out),
        "channel_slow" => {
            let late = by.and_then(|by| duration(by, out)).map(ChannelFault::Slow);
            channel(value, late, span, out)
        }
        "channel_twice" => channel(value, Some(ChannelFault::Twice), span, out),
        "slow" => {
            warn_of_real_people(value, run, out);
            let times = times.and_then(|node| slower(node, "times", out));
            let role = plan.role(value, out);
            role.zip(times).zip(span).map(|((role, times), span)| InjectAct::Slow {
                role,
                times,
                span,
            })
        }
        "contradict" => contradict(value, out),
        "clock_jump" => {
            refuse_real_clock(value, run, out);
            duration(value, out).map(InjectAct::ClockJump)
        }
        "level" => value
            .integer(i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST), out)
            .and_then(|level| u8::try_from(level).ok())
            .map(InjectAct::Level),
        _ => plan.step(value, out).map(InjectAct::Fail),
    }
}

fn the_one_kind<'n>(
    node: &Node,
    fields: &mut Fields<'n>,
    out: &mut Diagnostics,
) -> Option<(&'static str, &'n Node)> {
    let mut found: Vec<(&'static str, &'n Node)> = Vec::new();
    for key in INJECT_KINDS {
        found.extend(fields.take(key).map(|value| (key, value)));
    }
    found.sort_by_key(|(_, value)| value.span);
    let diagnostic = match found.as_slice() {
        [one] => return Some(*one),
        [] => one_of(node, "没有说明注入什么", "it does not say what happens"),
        [_, (_, second), ..] => one_of(second, "一条只能注入一件事", "one inject does one thing"),
    };
    let words = INJECT_KINDS.map(|kind| format!("`{kind}`")).join(" ");
    out.push(diagnostic.help(both!("恰好写一个：{words}", "write exactly one of {words}")));
    None
}

fn span(
    node: &Node,
    key: &str,
    span: Option<&Node>,
    out: &mut Diagnostics,
) -> Option<SignedDuration> {
    match (LASTING_KINDS.contains(&key), span) {
        (true, Some(span)) => duration(span, out),
        (true, None) => {
            take_duration_missing(node, key, out);
            None
        }
        (false, Some(span)) => {
            out.push(one_of(span, "`for` 在此没有意义", "`for` means nothing here"));
            None
        }
        (false, None) => None,
    }
}

/// Takes a key that belongs to one kind of inject alone, which needs it.
fn extra<'n>(
    node: &Node,
    fields: &mut Fields<'n>,
    (name, of, example): (&'static str, &str, &str),
    key: &str,
    out: &mut Diagnostics,
) -> Option<&'n Node> {
    let given = fields.take(name);
    match (given, key == of) {
        (Some(stray), false) => {
            let message = both!("`{name}` 在此没有意义", "`{name}` means nothing here");
            out.push(Diagnostic::new(NOT_ONE_THING, message).at(stray.span));
            None
        }
        (None, true) => {
            let message = both!("`{of}` 没有写 `{name}`", "`{of}` does not say `{name}`");
            let help = both!("加上 `{name}: {example}`", "add `{name}: {example}`");
            out.push(Diagnostic::new(NOT_ONE_THING, message).at(node.span).help(help));
            None
        }
        (given, _) => given,
    }
}

fn absentee(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Absentee> {
    match node.as_str().and_then(|written| written.strip_prefix(PERSON)) {
        Some(person) => Some(Absentee::Person(PersonId::new(person))),
        None => plan.role(node, out).map(Absentee::Role),
    }
}

fn channel(
    node: &Node,
    fault: Option<ChannelFault>,
    span: Option<SignedDuration>,
    out: &mut Diagnostics,
) -> Option<InjectAct> {
    let which = match node.string(out)? {
        EVERY_CHANNEL => Channels::All,
        one => Channels::One(ChannelId::new(one)),
    };
    Some(InjectAct::Channel { which, fault: fault?, span: span? })
}

fn contradict(node: &Node, out: &mut Diagnostics) -> Option<InjectAct> {
    let items = node.list(out)?;
    if !(2..=REPORTS_MAX).contains(&items.len()) {
        let message = both!(
            "互相矛盾的说法须有 2 到 {REPORTS_MAX} 条",
            "2 to {REPORTS_MAX} reports contradict each other"
        );
        out.push(Diagnostic::new(NOT_ONE_THING, message).at(node.span));
        return None;
    }
    let reports: Vec<Report> = items.iter().filter_map(|item| report(item, out)).collect();
    (reports.len() == items.len()).then_some(InjectAct::Contradict(reports))
}

/// Real people are as fast as they are; the drill can only ask whoever leads it.
fn warn_of_real_people(node: &Node, run: Option<RunAs>, out: &mut Diagnostics) {
    let Some(run) = run.filter(|run| *run != RunAs::Simulated) else { return };
    let run = run.name();
    let message = both!(
        "`run: {run}` 时真人不会变慢，只会记一条提示",
        "with `run: {run}` real people are not slowed: it is noted for those who lead the drill"
    );
    out.push(Diagnostic::new(NO_EFFECT, message).at(node.span));
}

/// Nobody can move the clock that real people look at.
fn refuse_real_clock(node: &Node, run: Option<RunAs>, out: &mut Diagnostics) {
    let real = |run: &RunAs| matches!(run, RunAs::Exercise | RunAs::Shadow);
    let Some(run) = run.filter(real) else { return };
    let run = run.name();
    let message = both!(
        "`run: {run}` 用真实时钟，不能跳",
        "`run: {run}` runs by the real clock, which cannot jump"
    );
    let help = both!(
        "改用 `run: tabletop` 或 `run: simulated`，或删去 `clock_jump`",
        "use `run: tabletop` or `run: simulated`, or leave `clock_jump` out"
    );
    out.push(Diagnostic::new(CLOCK_JUMPS, message).at(node.span).help(help));
}

fn take_duration_missing(node: &Node, key: &str, out: &mut Diagnostics) {
    out.push(
        one_of(node, "没有说明多久", "it does not say for how long")
            .help(both!("给 `{key}` 加上 `for: 20m`", "add `for: 20m` to `{key}`")),
    );
}

/// Reads an alert: its name, labels and annotations. The name is a label too, as monitors send it.
fn alert(node: &Node, out: &mut Diagnostics) -> Option<AlertNote> {
    let mut fields = Fields::open(node, Text::both("告警", "an alert"), out)?;
    let name = fields.require("alertname", out).and_then(|node| node.string(out));
    let mut labels: std::collections::BTreeMap<SmolStr, String> =
        fields.map("labels", out).into_iter().filter_map(|entry| word(entry, out)).collect();
    let annotations =
        fields.map("annotations", out).into_iter().filter_map(|entry| word(entry, out)).collect();
    fields.close(out);
    let name = SmolStr::new(name?);
    labels.insert(SmolStr::new_static("alertname"), name.to_string());
    Some(AlertNote { name, labels, annotations })
}

fn word(entry: &Entry, out: &mut Diagnostics) -> Option<(SmolStr, String)> {
    let text = entry.value.string(out)?;
    Some((SmolStr::new(&entry.key.text), text.to_owned()))
}

/// Reads the inputs of the declaration, each held against its type.
pub(super) fn inputs(
    node: &Node,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<Map<String, Json>> {
    values(node, plan, &|name, out| plan.input(name, out), out)
}

/// Reads values, each held against the type the plan gives it.
fn values(
    node: &Node,
    plan: Plan<'_>,
    look_up: &dyn Fn(&Node, &mut Diagnostics) -> Option<VarId>,
    out: &mut Diagnostics,
) -> Option<Map<String, Json>> {
    let mut values = Map::new();
    for entry in node.map(out)? {
        let Some(name) = look_up(&key_node(entry), out) else { continue };
        if plan.is_personal(&name) {
            out.push(
                Diagnostic::new(
                    PERSONAL,
                    both!("`{name}` 是个人信息，不能写进演练", "`{name}` is personal data"),
                )
                .at(entry.key.span)
                .help(both!(
                    "演练文件会原样保存、无法抹除；删去这一项，需要时由参演人员填写虚构内容",
                    "a drill's file is kept as it is and cannot be erased: leave it out, and let \
                     whoever takes part fill in something made up"
                )),
            );
            continue;
        }
        let json = entry.value.to_json();
        let problems = plan.type_of(&name).and_then(|kind| kind.read(&json).err());
        for problem in problems.unwrap_or_default() {
            out.push(Diagnostic::new(BAD_VALUE, problem.text()).at(entry.value.span));
        }
        values.insert(name.to_string(), json);
    }
    Some(values)
}

fn message(node: &Node, out: &mut Diagnostics) -> Option<InjectAct> {
    if matches!(node.data, Data::String(_)) {
        let text = text(node, out)?;
        return Some(InjectAct::Message { from: SmolStr::new_static("drill"), text });
    }
    report(node, out).map(|Report { from, text }| InjectAct::Message { from, text })
}

fn report(node: &Node, out: &mut Diagnostics) -> Option<Report> {
    let mut fields = Fields::open(node, Text::both("来讯", "a message"), out)?;
    let from = fields.require("from", out).and_then(|node| node.string(out));
    let words = fields.require("text", out).and_then(|node| text(node, out));
    fields.close(out);
    Some(Report { from: SmolStr::new(from?), text: words? })
}
