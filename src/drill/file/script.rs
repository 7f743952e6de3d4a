//! Reads `injects`: what the drill makes happen.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::file::code::{INJECT_TOO_LATE, NOT_ONE_THING, PERSONAL, TOO_MANY};
use crate::drill::file::condition::condition;
use crate::drill::file::people::key_node;
use crate::drill::file::surge::surge;
use crate::drill::file::words::{Plan, duration, text};
use crate::drill::inject::{INJECTS_MAX, Inject, InjectAct, Trigger};
use crate::drill::scenario::LENGTH_MAX;
use crate::engine::AlertNote;
use crate::id::{ChannelId, VarId};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{BAD_VALUE, Data, Entry, Fields, Node};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST};
use crate::text::Text;

/// The kinds of inject; each entry of `injects` has exactly one of these keys.
const KINDS: [&str; 8] =
    ["alert", "surge", "set", "message", "absent", "channel_down", "level", "fail"];

/// Reads all injects.
pub(super) fn injects(nodes: &[Node], plan: Plan<'_>, out: &mut Diagnostics) -> Vec<Inject> {
    if let Some(beyond) = nodes.get(INJECTS_MAX) {
        out.push(
            Diagnostic::new(
                TOO_MANY,
                both!("情景注入最多 {INJECTS_MAX} 条", "a drill has at most {INJECTS_MAX} injects"),
            )
            .at(beyond.span),
        );
    }
    nodes.iter().take(INJECTS_MAX).filter_map(|node| inject(node, plan, out)).collect()
}

fn inject(node: &Node, plan: Plan<'_>, out: &mut Diagnostics) -> Option<Inject> {
    let mut fields = Fields::open(node, Text::both("情景注入", "an inject"), out)?;
    let trigger = trigger(node, &mut fields, plan, out);
    let act = act(node, &mut fields, plan, out);
    fields.close(out);
    Some(Inject { trigger: trigger?, act: act? })
}

fn trigger(
    node: &Node,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<Trigger> {
    match (fields.take("at"), fields.take("when")) {
        (Some(at), None) => {
            let offset = duration(at, out)?;
            if offset >= LENGTH_MAX {
                out.push(
                    Diagnostic::new(
                        INJECT_TOO_LATE,
                        both!("演练此时已经结束", "the drill is over by then"),
                    )
                    .at(at.span)
                    .note(both!("演练最长 30 天", "a drill lasts 30 days at most")),
                );
                return None;
            }
            Some(Trigger::At(offset))
        }
        (None, Some(when)) => condition(when, plan, out).map(Trigger::When),
        (None, None) => {
            out.push(one_of(node, "`at` 与 `when` 须有其一", "it needs `at` or `when`"));
            None
        }
        (Some(_), Some(when)) => {
            out.push(one_of(when, "`at` 与 `when` 只能有其一", "it has `at` already"));
            None
        }
    }
}

fn one_of(node: &Node, zh: &str, en: &str) -> Diagnostic {
    Diagnostic::new(NOT_ONE_THING, Text::both(zh, en)).at(node.span)
}

fn act(
    node: &Node,
    fields: &mut Fields<'_>,
    plan: Plan<'_>,
    out: &mut Diagnostics,
) -> Option<InjectAct> {
    let mut found: Vec<(&str, &Node)> = Vec::new();
    for key in KINDS {
        found.extend(fields.take(key).map(|value| (key, value)));
    }
    found.sort_by_key(|(_, value)| value.span);
    let span = fields.take("for");
    let (key, value) = match found.as_slice() {
        [one] => *one,
        several => {
            let words = KINDS.map(|kind| format!("`{kind}`")).join(" ");
            let diagnostic = match several {
                [] => one_of(node, "没有说明注入什么", "it does not say what happens"),
                [_, (_, second), ..] => {
                    one_of(second, "一条只能注入一件事", "one inject does one thing")
                }
                [_] => return None,
            };
            out.push(diagnostic.help(both!("恰好写一个：{words}", "write exactly one of {words}")));
            return None;
        }
    };
    let lasts = matches!(key, "absent" | "channel_down");
    let span = match (lasts, span) {
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
    };
    match key {
        "alert" => alert(value, out).map(InjectAct::Alert),
        "surge" => surge(value, out),
        "set" => {
            values(value, plan, &|name, out| plan.variable(name, out), out).map(InjectAct::Set)
        }
        "message" => message(value, out),
        "absent" => {
            plan.role(value, out).zip(span).map(|(role, span)| InjectAct::Absent { role, span })
        }
        "channel_down" => {
            let channel = value.string(out).map(ChannelId::new);
            channel.zip(span).map(|(channel, span)| InjectAct::ChannelDown { channel, span })
        }
        "level" => value
            .integer(i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST), out)
            .and_then(|level| u8::try_from(level).ok())
            .map(InjectAct::Level),
        _ => plan.step(value, out).map(InjectAct::Fail),
    }
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
    let mut fields = Fields::open(node, Text::both("来讯", "a message"), out)?;
    let from = fields.require("from", out).and_then(|node| node.string(out));
    let words = fields.require("text", out).and_then(|node| text(node, out));
    fields.close(out);
    Some(InjectAct::Message { from: SmolStr::new(from?), text: words? })
}
