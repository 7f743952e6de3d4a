//! The top of a plan.

use serde_json::{Value, json};

use crate::playbook::schema::build::{
    DIALECT, has, integer, list, map, none_of, number, object, one_key_of, one_or_list, optional,
    part, required, some, string, words,
};
use crate::playbook::schema::part::{definitions, times};
use crate::playbook::schema::statute;
use crate::playbook::schema::step::{shared_step, step};

/// Returns the JSON Schema of a playbook file.
#[must_use]
pub fn playbook() -> Value {
    let mut schema = object(vec![
        required("playbook", "预案标识", "The plan's slug", part("slug")),
        required("title", "名称", "What people call it", part("text")),
        optional("summary", "适用情形", "When to use it", part("text")),
        optional("owner", "负责团队", "The team that keeps it true", part("label")),
        optional("reviewed_on", "上次评审日", "The day of the last review", part("date")),
        optional("review_every", "评审周期", "How long a review stays good", part("duration")),
        optional("risks", "风险类别", "The classes of risk", list(part("slug"))),
        optional("access", "可见范围", "Who may see it", words(&["open", "restricted"])),
        optional("inputs", "输入项", "Asked when declaring", map(part("variable"), part("field"))),
        optional("levels", "等级规则", "Worst first; the first that holds", list(level())),
        optional("assume_level", "未知时的等级", "While a worse rule is unknown", integer(1, 4)),
        optional("activate_when", "自动启动", "What starts it", list(activation())),
        optional("roles", "角色", "Who acts", map(part("identifier"), role())),
        optional("resources", "资源", "What is held ready", list(resource())),
        optional("partners", "合作方", "Outside parties", list(part("label"))),
        optional("bridge", "会议", "Where people meet", bridge()),
        optional("objectives", "目标时限", "Measurable promises", list(objective())),
        optional("calendar", "工作日历", "What business days of deadlines count on", part("slug")),
        optional("clocks", "法定时限", "What the law asks", list(statute::clock())),
        optional("messages", "消息", "What notices say", map(part("identifier"), message())),
        required("phases", "阶段", "The states; the first is the initial one", some(phase())),
        optional("handlers", "处理规则", "What happens at any time", list(handler())),
        optional("close", "结束方式", "How it ends", words(&["auto", "by_person"])),
    ]);
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!("/schema/playbook.json");
    schema["title"] = json!("firebell playbook / 预案");
    schema["$defs"] = definitions();
    schema
}

/// Returns the JSON Schema of a file of steps that plans share.
#[must_use]
pub fn library() -> Value {
    let mut schema = object(vec![
        required("library", "步骤库标识", "What plans call it", part("slug")),
        required("title", "名称", "What people call it", part("text")),
        optional("summary", "内容", "What is in it", part("text")),
        optional("owner", "负责团队", "The team that keeps it true", part("label")),
        required("steps", "步骤", "What plans may use", some(shared_step())),
    ]);
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!("/schema/library.json");
    schema["title"] = json!("firebell step library / 步骤库");
    schema["$defs"] = definitions();
    schema
}

fn level() -> Value {
    object(vec![
        required("level", "等级，1 最重", "1 is worst", integer(1, 4)),
        optional("when", "条件", "When it holds", part("condition")),
    ])
}

fn activation() -> Value {
    let mut labels = map(string(), string());
    labels["minProperties"] = json!(1);
    let alert = object(vec![
        required("match", "匹配的标签", "Labels that must all match", labels),
        optional("inputs", "填入的输入项", "Inputs it fills", map(string(), part("template"))),
    ]);
    let ratio = json!({ "type": "number", "exclusiveMinimum": 1 });
    let surge = object(vec![
        required("monitor", "监测项", "The monitor", part("label")),
        optional("at_least", "基线的倍数", "Times the baseline", ratio),
        optional("inputs", "填入的输入项", "Inputs it fills", map(string(), part("template"))),
    ]);
    let keys = object(vec![
        optional("alert", "告警", "An alert", alert),
        optional("surge", "突增", "A surge", surge),
    ]);
    one_key_of(keys, &["alert", "surge"])
}

fn role() -> Value {
    object(vec![
        required("title", "名称", "What people call it", part("text")),
        required("assign", "由谁担任", "Where its holder is found", part("source")),
        optional("deputies", "替补", "Tried next", list(part("source"))),
        optional("acknowledge_within", "确认时限", "How long they have", part("duration")),
        optional("escalate", "升级阶梯", "The escalation", part("label")),
        optional("engage", "何时需要", "When it is needed", part("condition")),
    ])
}

fn resource() -> Value {
    object(vec![
        required("id", "标识", "Its name", part("identifier")),
        required("title", "名称", "What people call it", part("text")),
        optional("kind", "类别", "Its kind", part("label")),
        optional("quantity", "数量", "How much", number()),
        optional("owner", "负责角色", "The role that gives it out", string()),
    ])
}

fn bridge() -> Value {
    object(vec![
        required("title", "名称", "What people call it", part("text")),
        required("url", "网址", "Its address", part("template")),
    ])
}

fn objective() -> Value {
    let mut schema = object(vec![
        required("id", "标识", "Its name", part("identifier")),
        optional("title", "名称", "What people call it", part("text")),
        optional("from", "起点", "From", part("moment")),
        optional("to", "终点", "To", part("moment")),
        optional("within", "时长", "Within", part("duration")),
        optional("measure", "测量", "A measured number", part("identifier")),
        optional("at_least", "不小于", "At least", number()),
        optional("at_most", "不大于", "At most", number()),
    ]);
    let timed = json!({ "allOf": [
        has("from"), has("to"), has("within"), none_of(&["at_least", "at_most"]),
    ] });
    let measured = json!({ "allOf": [
        { "anyOf": [has("at_least"), has("at_most")] }, none_of(&["from", "to", "within"]),
    ] });
    schema["if"] = has("measure");
    schema["then"] = measured;
    schema["else"] = timed;
    schema
}

fn message() -> Value {
    let sms = object(vec![
        required("template", "短信模板号", "The provider's template", part("label")),
        optional("vars", "变量", "Its variables", map(string(), part("template"))),
    ]);
    object(vec![
        optional("subject", "主题", "The subject", part("text")),
        required("text", "正文", "The body", part("text")),
        optional("sms", "短信", "The short message", sms),
    ])
}

fn phase() -> Value {
    let next = object(vec![
        required("to", "进入的阶段", "The phase entered", string()),
        optional("when", "条件", "When it may be taken", part("condition")),
        optional("at_most", "上限", "How often", times(100)),
    ]);
    object(vec![
        required("id", "标识", "Its name", part("identifier")),
        required("title", "名称", "What people call it", part("text")),
        optional("steps", "步骤", "What is done in it", list(step())),
        optional("next", "出口", "Ways out, tried in order", list(next)),
    ])
}

fn handler() -> Value {
    let events = [
        "declared",
        "level_raised",
        "level_lowered",
        "alert_resolved",
        "surge_subsided",
        "phase_entered",
        "role_vacant",
        "step_failed",
        "clock_breached",
        "stuck",
    ];
    let keys = object(vec![
        required("event", "事件", "What it answers", words(&events)),
        optional("when", "条件", "Whether it does", part("condition")),
        optional("while_phase", "仅在这些阶段", "Only in these phases", one_or_list(string())),
        optional("at_most", "上限", "How often", times(1_000)),
        optional("notify", "通知", "Sends messages", part("notify")),
        optional("go", "转到阶段", "Leaves for a phase", string()),
    ]);
    one_key_of(keys, &["notify", "go"])
}
