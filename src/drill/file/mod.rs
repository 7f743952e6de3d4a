//! Reads a drill file: every problem is collected, each with its place, and a scenario comes out
//! only where none of them is an error.

pub mod code;
mod condition;
mod moment;
mod part;
mod pattern;
mod people;
mod probe;
mod requirement;
mod script;
mod surge;
mod timetable;
mod timing;
mod trigger;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::drill::cast::Share;
use crate::drill::file::code::{
    NO_EFFECT, NO_STARTING_ALERT, NOTHING_EXPECTED, SHADOW_PLANNED, UNKNOWN_PLAYBOOK,
};
use crate::drill::file::script::Bounds;
use crate::drill::file::words::Plan;
use crate::drill::inject::{Inject, InjectAct, Trigger};
use crate::drill::scenario::{Announcement, Kind, LENGTH_MAX, Pass, RunAs, Scenario, Start};
use crate::id::{DrillId, PlaybookId};
use crate::playbook::NAME_CHARS_MAX;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::is_slug;
use crate::playbook::source::Source;
use crate::playbook::yaml::{BAD_VALUE, Data, Fields, Node, load as load_yaml};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST, Level, Playbook};
use crate::text::Text;

pub use script::{INJECT_KINDS, LASTING_KINDS};
pub use trigger::{CUES, TRIGGERS};

/// The most simulated runs one drill asks for: beyond, the estimate is finer than the model.
pub const SAMPLES_MAX: u32 = 100_000;
/// Keys that do not decide how a run goes and so stay out of the hash.
const NOT_HASHED: [&str; 4] = ["title", "schedule", "notice", "safety_officers"];

const KINDS: [(&str, Kind); 3] = [
    ("tabletop", Kind::Tabletop),
    ("functional", Kind::Functional),
    ("full-scale", Kind::FullScale),
];
const RUNS: [(&str, RunAs); 4] = [
    ("simulated", RunAs::Simulated),
    ("exercise", RunAs::Exercise),
    ("tabletop", RunAs::Tabletop),
    ("shadow", RunAs::Shadow),
];
const STARTS: [(&str, Start); 2] = [("inject", Start::Inject), ("declare", Start::Declare)];

/// The playbooks a drill may name.
pub type Playbooks = BTreeMap<PlaybookId, Arc<Playbook>>;

/// Reads a drill file and holds it against its playbook.
///
/// The findings always come back, warnings included; a scenario only where none is an error.
#[must_use]
pub fn load(name: &str, bytes: &[u8], playbooks: &Playbooks) -> (Option<Scenario>, Diagnostics) {
    let (source, root) = match load_yaml(name, bytes) {
        Ok(read) => read,
        Err(findings) => return (None, findings),
    };
    let mut out = Diagnostics::new(source.clone());
    let scenario = scenario(&source, &root, playbooks, &mut out);
    out.sort();
    (scenario.filter(|_| !out.has_errors()), out)
}

fn scenario(
    source: &Source,
    root: &Node,
    playbooks: &Playbooks,
    out: &mut Diagnostics,
) -> Option<Scenario> {
    let mut fields = Fields::open(root, Text::both("演练", "a drill"), out)?;
    let id = fields.require("drill", out).and_then(|node| slug(node, out));
    let title = fields.require("title", out).and_then(|node| words::text(node, out));
    let (playbook, plan) = playbook(&mut fields, playbooks, out);
    let kind = fields.take("kind").and_then(|node| node.one_of(&KINDS, out));
    let run = fields.require("run", out).and_then(|node| node.one_of(&RUNS, out));
    let schedule_node = fields.take("schedule");
    let calendar = schedule_node.and_then(|node| timetable::calendar(node, out));
    let notice_node = fields.take("notice");
    let notice = notice_node.and_then(|node| timetable::announcement(node, out));
    let safety_officers = timetable::officers(fields.list("safety_officers", out), out);
    let start_node = fields.take("start");
    let start = start_node.and_then(|node| node.one_of(&STARTS, out)).unwrap_or(Start::Declare);
    let inputs = fields.take("inputs").and_then(|node| script::inputs(node, plan, out));
    let samples = take_number(&mut fields, "samples", 1, i64::from(SAMPLES_MAX), run, out);
    let seed = take_number(&mut fields, "seed", 0, i64::MAX, run, out);
    let cast_node = fields.take("cast");
    let cast = cast_node.and_then(|node| people::cast(node, plan, out)).unwrap_or_default();
    let lasts = words::take_duration(&mut fields, "lasts", out);
    let bounds = Bounds { run, length: lasts.unwrap_or(LENGTH_MAX) };
    let injects = script::injects(fields.list("injects", out), (plan, bounds), out);
    let expect = requirement::expectations(fields.list("expect", out), plan, out);
    let pass = fields.take("pass").and_then(|node| pass(node, out)).unwrap_or_default();
    let abort_when_live = fields.take("abort_when").and_then(|node| gives_way(node, out));
    let pause_when_live = fields.take("pause_when").and_then(|node| gives_way(node, out));
    fields.close(out);
    if run == Some(RunAs::Simulated) {
        let place = cast_node.map_or(root.span, |node| node.span);
        people::check_everyone_acts(&cast, place, plan, out);
    }
    if run == Some(RunAs::Shadow) {
        let needless = [(notice_node, "notice"), (start_node, "start")];
        check_shadow(schedule_node, needless, out);
    } else if start == Start::Inject {
        check_starting_alert(&injects, plan, start_node.unwrap_or(root), out);
    }
    if expect.is_empty() {
        out.push(nothing_expected());
    }
    Some(Scenario {
        id: id?,
        hash: hash(root),
        source: source.text().to_owned(),
        title: title?,
        playbook: playbook?,
        kind: kind.unwrap_or(Kind::Functional),
        run: run?,
        calendar,
        notice: notice.unwrap_or(Announcement::Ahead(SignedDuration::ZERO)),
        safety_officers,
        start,
        inputs: inputs.unwrap_or_default(),
        samples: samples.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        seed: seed.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
        cast,
        injects,
        expect,
        pass,
        abort_when_live,
        pause_when_live,
        lasts,
    })
}

fn slug(node: &Node, out: &mut Diagnostics) -> Option<DrillId> {
    let written = node.string(out)?;
    if is_slug(written) {
        return Some(DrillId::new(written));
    }
    out.push(
        Diagnostic::new(
            BAD_VALUE,
            both!("`{written}` 不能作演练代号", "`{written}` cannot name a drill"),
        )
        .at(node.span)
        .help(both!(
            "只用 a-z、0-9 和 `-`，最多 {NAME_CHARS_MAX} 个字符",
            "use a-z, 0-9 and `-`, at most {NAME_CHARS_MAX} characters"
        )),
    );
    None
}

fn playbook<'p>(
    fields: &mut Fields<'_>,
    playbooks: &'p Playbooks,
    out: &mut Diagnostics,
) -> (Option<PlaybookId>, Plan<'p>) {
    let Some(node) = fields.require("playbook", out) else { return (None, Plan(None)) };
    let Some(written) = node.string(out) else { return (None, Plan(None)) };
    let Some(found) = playbooks.get(written) else {
        out.push(
            Diagnostic::new(
                UNKNOWN_PLAYBOOK,
                both!("没有预案 `{written}`", "there is no playbook `{written}`"),
            )
            .at(node.span)
            .did_you_mean(written, playbooks.keys().map(PlaybookId::as_str)),
        );
        return (None, Plan(None));
    };
    (Some(found.id.clone()), Plan(Some(found)))
}

/// Reads a number that matters to simulated runs alone.
fn take_number(
    fields: &mut Fields<'_>,
    key: &'static str,
    least: i64,
    most: i64,
    run: Option<RunAs>,
    out: &mut Diagnostics,
) -> Option<i64> {
    let node = fields.take(key)?;
    if let Some(run) = run.filter(|run| *run != RunAs::Simulated) {
        out.push(no_effect(node, key, run));
    }
    node.integer(least, most, out)
}

fn pass(node: &Node, out: &mut Diagnostics) -> Option<Pass> {
    let mut fields = Fields::open(node, Text::both("及格线", "what counts as passed"), out)?;
    let score = fields.integer("score", 0, 100, out).and_then(|score| u8::try_from(score).ok());
    let probability = fields.take("probability").and_then(|node| probability(node, out));
    fields.close(out);
    Some(Pass { score: score.unwrap_or(Pass::default().score), probability })
}

fn probability(node: &Node, out: &mut Diagnostics) -> Option<Share> {
    if matches!(node.data, Data::String(_)) {
        return words::percent(node, out);
    }
    let share = Share::new(node.number(out)?);
    if share.is_none() {
        let message = both!("概率须在 0 到 1 之间", "a probability is from 0 to 1");
        out.push(Diagnostic::new(BAD_VALUE, message).at(node.span));
    }
    share
}

/// Reads which live incidents the drill gives way to.
fn gives_way(node: &Node, out: &mut Diagnostics) -> Option<Level> {
    let mut fields = Fields::open(node, Text::both("让位条件", "what a drill gives way to"), out)?;
    let live = fields.require("live_incident", out);
    fields.close(out);
    let mut inner = Fields::open(live?, Text::both("真实事件", "a live incident"), out)?;
    inner.require("level", out);
    let level = inner.integer("level", i64::from(LEVEL_WORST), i64::from(LEVEL_MILDEST), out);
    inner.close(out);
    level.and_then(|level| Level::try_from(level).ok())
}

/// A drill that begins with an alert or a surge needs it at its very start, and a plan that answers.
fn check_starting_alert(injects: &[Inject], plan: Plan<'_>, place: &Node, out: &mut Diagnostics) {
    let Some(plan) = plan.0 else { return };
    let begins = injects.iter().any(|inject| match (&inject.trigger, &inject.act) {
        (Trigger::At(at), InjectAct::Alert(alert)) if at.is_zero() => {
            plan.activate_when.iter().any(|activation| activation.answers(&alert.labels))
        }
        (Trigger::At(at), InjectAct::Surge { surge, over: false }) if at.is_zero() => plan
            .activate_when
            .iter()
            .any(|activation| activation.answers_surge(&surge.monitor, surge.ratio)),
        _ => false,
    });
    if begins {
        return;
    }
    let playbook = &plan.id;
    out.push(
        Diagnostic::new(
            NO_STARTING_ALERT,
            both!(
                "没有能启动预案 `{playbook}` 的告警或激增",
                "no alert and no surge starts the playbook `{playbook}`"
            ),
        )
        .at(place.span)
        .help(both!(
            "在 `at: 0m` 注入一条符合其 `activate_when` 的告警或激增，或写 `start: declare`",
            "inject at `at: 0m` an alert or surge its `activate_when` answers, or write \
             `start: declare`"
        )),
    );
}

/// What goes beside a live incident begins when somebody says so, as that one began.
fn check_shadow(
    schedule: Option<&Node>,
    needless: [(Option<&Node>, &str); 2],
    out: &mut Diagnostics,
) {
    if let Some(node) = schedule {
        let message =
            both!("影子演练不能排期", "a shadow goes beside a live incident and cannot be planned");
        let help = both!(
            "删去 `schedule`；真实事件发生时运行 `firebell drill run 演练 --beside 事件`",
            "leave `schedule` out; while a live incident goes on, run \
             `firebell drill run DRILL --beside INCIDENT`"
        );
        out.push(Diagnostic::new(SHADOW_PLANNED, message).at(node.span).help(help));
    }
    for (node, key) in needless.into_iter().filter_map(|(node, key)| Some((node?, key))) {
        out.push(no_effect(node, key, RunAs::Shadow));
    }
}

fn no_effect(node: &Node, key: &str, run: RunAs) -> Diagnostic {
    let run = run.name();
    let message =
        both!("`{key}` 对 `run: {run}` 不起作用", "`{key}` has no effect with `run: {run}`");
    Diagnostic::new(NO_EFFECT, message).at(node.span)
}

fn nothing_expected() -> Diagnostic {
    Diagnostic::new(
        NOTHING_EXPECTED,
        both!("没有写 `expect`，演练不会有结论", "without `expect` the drill has no verdict"),
    )
}

/// Hashes the meaning of the file: comments, layout and the order of keys do not count.
fn hash(root: &Node) -> SmolStr {
    let mut json = root.to_json();
    if let Some(map) = json.as_object_mut() {
        map.retain(|key, _| !NOT_HASHED.contains(&key.as_str()));
    }
    let mut hasher = Sha256::new();
    hasher.update(b"firebell/drill/scenario/1\n");
    hasher.update(canonical(&json).as_bytes());
    SmolStr::new(hex::encode(hasher.finalize()))
}

/// Writes JSON with the keys of every object in order.
fn canonical(json: &serde_json::Value) -> String {
    use serde_json::Value;
    match json {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let entries: Vec<String> = sorted
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests;
