//! The JSON Schema of drill files, for editors. It must not know rules that need the plan a drill
//! rehearses.

mod expected;

use serde_json::{Value, json};

use self::expected::{expectations, within_group};
use crate::drill::cast::SLOWER_MAX;
use crate::drill::file::{CUES, INJECT_KINDS, LASTING_KINDS, SAMPLES_MAX, TRIGGERS};
use crate::drill::inject::{INJECTS_MAX, REPORTS_MAX};
use crate::drill::timing::OBSERVED_MAX;
use crate::playbook::schema::build::{
    DIALECT, boolean, has, integer, list, map, number, object, one_key_of, optional, part, pattern,
    required, string, words,
};
use crate::playbook::schema::definitions;

const PERCENT: &str = r"^\s*\d+(\.\d+)?\s*%$";

/// Returns the JSON Schema of a drill file.
#[must_use]
pub fn drill() -> Value {
    let mut schema = object(vec![
        required("drill", "演练标识", "The drill's slug", part("slug")),
        required("title", "名称", "What people call it", part("text")),
        required("playbook", "演练的预案", "The plan it rehearses", string()),
        optional("kind", "类别", "What it is reported as", kinds()),
        required("run", "方式", "How it runs", runs()),
        optional("schedule", "排期", "When it falls due", schedule()),
        optional("notice", "通知方式", "How it is announced", notice()),
        optional(
            "safety_officers",
            "安全负责人",
            "Who knows when a drill without notice begins",
            list(pattern(r"^(team|person)/.+$")),
        ),
        optional("start", "开始方式", "How it begins", words(&["inject", "declare"])),
        optional("inputs", "输入项", "The declaration's inputs", map(string(), json!(true))),
        optional("samples", "次数", "Runs; simulated only", integer(1, i64::from(SAMPLES_MAX))),
        optional("seed", "种子", "Simulated only", integer(0, i64::MAX)),
        optional("cast", "人员模型", "How people behave", cast()),
        optional("injects", "情景注入", "What it makes happen", injects()),
        optional("expect", "预期", "What it requires", expectations()),
        optional("pass", "及格线", "What counts as passed", pass()),
        optional("abort_when", "中止条件", "What ends it early", gives_way()),
        optional("pause_when", "暂停条件", "What pauses it", gives_way()),
        optional("lasts", "时长", "How long it goes on at most", part("duration")),
    ]);
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!("/schema/drill.json");
    schema["title"] = json!("firebell drill / 演练");
    schema["$defs"] = definitions();
    schema["$defs"]["expected"] = within_group();
    schema
}

fn kinds() -> Value {
    words(&["tabletop", "functional", "full-scale"])
}

fn runs() -> Value {
    words(&["simulated", "exercise", "tabletop", "shadow"])
}

fn schedule() -> Value {
    let day = r"\d{4}-\d{2}-\d{2}";
    object(vec![
        required("cron", "五段 crontab", "A crontab line of five fields", string()),
        required("timezone", "时区", "The zone", string()),
        optional("missed", "错过时", "When missed", words(&["skip", "run-once", "run-all"])),
        optional("grace", "补跑期限", "How late it may run", part("duration")),
        optional("overlap", "重叠时", "When one still runs", words(&["skip", "allow"])),
        optional(
            "blackout",
            "封网期",
            "Days without drills",
            list(pattern(&format!("^\\s*{day}(\\s*/\\s*{day})?\\s*$"))),
        ),
    ])
}

fn notice() -> Value {
    let unannounced = object(vec![
        required("no_notice_within", "不预告的时段", "Some time within", part("duration")),
        optional("hours", "时刻", "At these hours", pattern(r"^[^-]+-[^-]+$")),
    ]);
    json!({ "anyOf": [part("duration"), unannounced] })
}

fn cast() -> Value {
    let step = object(vec![
        optional("work", "用时", "How long it takes", timing()),
        optional("fails", "失败率", "How often it fails", pattern(PERCENT)),
        optional("answer", "答案", "What is chosen", map(string(), pattern(PERCENT))),
    ]);
    let channel = object(vec![
        optional("latency", "送达用时", "How long messages are on their way", timing()),
        optional("loss", "丢失率", "How often a message taken reaches nobody", pattern(PERCENT)),
    ]);
    let night = object(vec![
        required("from", "开始时刻", "Its beginning", string()),
        required("to", "结束时刻", "Its end", string()),
        required("timezone", "时区", "The zone", string()),
        required("slower", "慢几倍", "How many times as long", times()),
    ]);
    object(vec![
        optional("default", "所有人", "Everyone", manner()),
        optional("roles", "按角色", "By role", map(string(), manner())),
        optional("steps", "按步骤", "By step", map(string(), step)),
        optional("channels", "按渠道", "By channel", map(string(), channel)),
        optional("night", "夜间", "When everyone is slower", night),
    ])
}

fn manner() -> Value {
    object(vec![
        optional("acknowledge", "确认用时", "How long to acknowledge", timing()),
        optional("work", "处置用时", "How long to work", timing()),
        optional("no_show", "缺席率", "How often they do not come", pattern(PERCENT)),
    ])
}

fn timing() -> Value {
    let skewed = object(vec![
        required("median", "一半情况下", "One in two", part("duration")),
        required("p90", "九成情况下", "Nine in ten", part("duration")),
    ]);
    let judged = object(vec![
        required("least", "最短", "The least", part("duration")),
        required("likely", "最可能", "The likeliest", part("duration")),
        required("most", "最长", "The most", part("duration")),
    ]);
    let memoryless =
        object(vec![required("mean", "平均", "The mean of an exponential", part("duration"))]);
    let mut times = list(part("duration"));
    times["minItems"] = json!(1);
    times["maxItems"] = json!(OBSERVED_MAX);
    let observed = object(vec![required("observed", "实际用时", "What was seen", times)]);
    json!({ "anyOf": [skewed, judged, memoryless, observed] })
}

fn injects() -> Value {
    let labels = || map(string(), string());
    let alert = object(vec![
        required("alertname", "告警名", "Its name", string()),
        optional("labels", "标签", "Its labels", labels()),
        optional("annotations", "注解", "Its annotations", labels()),
    ]);
    let surge = object(vec![
        required("monitor", "监测", "The monitor", string()),
        required("count", "件数", "How many in the window", integer(0, i64::MAX)),
        optional("baseline", "平常件数", "How many are usual", number()),
        optional("window", "时段", "How long a time is looked at", part("duration")),
        optional("groups", "分组件数", "How many by group", map(string(), integer(0, i64::MAX))),
        optional("tickets", "工单", "Sample tickets", list(string())),
        optional("level", "等级", "The level the monitor gives", integer(1, 4)),
        optional("subsided", "已回落", "It is over", boolean()),
    ]);
    let message = object(vec![
        required("from", "来自", "From whom", string()),
        required("text", "内容", "What it says", part("text")),
    ]);
    let mut contradict = list(message.clone());
    contradict["minItems"] = json!(2);
    contradict["maxItems"] = json!(REPORTS_MAX);
    let message = json!({ "anyOf": [string(), message] });
    let mut inject = object(vec![
        optional("at", "时刻", "How long after the start", part("duration")),
        optional("within", "时段", "At random between two times", window()),
        optional("after", "在此之后", "After something happened", cue()),
        optional("wait", "再等", "So long after it", part("duration")),
        optional("when", "条件", "When this holds", part("condition")),
        optional("alert", "告警", "An alert", alert),
        optional("surge", "激增", "A monitor's surge", surge),
        optional("set", "赋值", "Facts", map(string(), json!(true))),
        optional("message", "来讯", "A message", message),
        optional("absent", "缺席者", "A role, or person/…, is away", string()),
        optional("channel_down", "中断的渠道", "A channel, or all, is down", string()),
        optional("channel_slow", "延迟的渠道", "A channel, or all, is late", string()),
        optional("by", "晚多久", "How late", part("duration")),
        optional("channel_twice", "重复的渠道", "A channel, or all, repeats", string()),
        optional("slow", "变慢的角色", "A role is slower", string()),
        optional("times", "慢几倍", "How many times as long", times()),
        optional("contradict", "矛盾的说法", "Reports that disagree", contradict),
        optional("clock_jump", "时钟前跳", "How far the clock jumps ahead", part("duration")),
        optional("level", "等级", "The level", integer(1, 4)),
        optional("fail", "失败的步骤", "A step fails", string()),
        optional("for", "多久", "For how long", part("duration")),
    ]);
    inject = one_key_of(inject, &INJECT_KINDS);
    let only_with = |key: &str, of: &str| json!({ "if": has(of), "then": has(key), "else": { "not": has(key) } });
    inject["allOf"] = json!([
        { "oneOf": TRIGGERS.map(has) },
        { "if": { "anyOf": LASTING_KINDS.map(has) }, "then": has("for"), "else": { "not": has("for") } },
        { "if": has("wait"), "then": has("after") },
        only_with("by", "channel_slow"),
        only_with("times", "slow"),
    ]);
    let mut list = list(inject);
    list["maxItems"] = json!(INJECTS_MAX);
    list
}

/// Two times, the earlier first.
fn window() -> Value {
    let mut window = list(part("duration"));
    window["minItems"] = json!(2);
    window["maxItems"] = json!(2);
    window
}

fn times() -> Value {
    let mut times = number();
    times["minimum"] = json!(1);
    times["maximum"] = json!(SLOWER_MAX);
    times
}

fn cue() -> Value {
    let cue = object(vec![
        optional("step", "步骤", "A step", string()),
        optional("is", "里程碑", "Its milestone", milestones()),
        optional("acknowledged", "已确认的角色", "A role", string()),
        optional("reached", "被通知的角色", "A role", string()),
        optional("phase", "进入的阶段", "A phase", string()),
    ]);
    let mut cue = one_key_of(cue, &CUES);
    cue["allOf"] = json!([{ "if": has("step"), "then": has("is"), "else": { "not": has("is") } }]);
    cue
}

fn milestones() -> Value {
    words(&["ready", "started", "done", "failed", "settled"])
}

fn pass() -> Value {
    let probability = json!({ "anyOf": [number(), pattern(PERCENT)] });
    object(vec![
        optional("score", "总分", "The least score", integer(0, 100)),
        optional("probability", "达标概率", "How many runs must pass", probability),
    ])
}

fn gives_way() -> Value {
    let live = object(vec![required("level", "等级", "This level or worse", integer(1, 4))]);
    object(vec![required("live_incident", "真实事件", "A live incident", live)])
}
