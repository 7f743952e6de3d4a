//! Steps.

use serde_json::{Value, json};

use crate::playbook::schema::build::{
    Key, boolean, has, integer, list, map, none_of, object, one_key_of, one_or_list, optional,
    part, pattern, required, some, string, words,
};
use crate::playbook::schema::part::times;

const KINDS: [&str; 7] = ["playbook", "notify", "http", "decide", "approve", "wait", "set"];
const BY_HAND: [&str; 5] = ["instructions", "checklist", "form", "evidence", "measure"];

/// A step of a plan.
pub(super) fn step() -> Value {
    let after = optional("after", "前置步骤", "Steps that come first", one_or_list(string()));
    let join = json!({ "anyOf": [words(&["all", "any"]), times(i64::from(u32::MAX))] });
    step_with(vec![after, optional("join", "需满足的前置数", "How many of them", join)])
}

/// A step of a library, which a plan puts in its place.
pub(super) fn shared_step() -> Value {
    step_with(Vec::new())
}

fn step_with(mut keys: Vec<Key>) -> Value {
    keys.extend(common());
    keys.extend(by_hand());
    keys.extend(kinds());
    let mut schema = object(keys);
    // At most one kind; a kind leaves no room for what a person does by hand; a person needs a
    // title to read; a default answer is taken when the step falls due.
    let any_kind: Vec<Value> = KINDS.map(has).into();
    let any_kind = json!({ "anyOf": any_kind });
    let pairs: Vec<Value> = KINDS
        .iter()
        .enumerate()
        .flat_map(|(n, one)| KINDS[n + 1..].iter().map(move |other| (one, other)))
        .filter(|pair| *pair != (&"playbook", &"wait"))
        .map(|(one, other)| json!({ "not": { "allOf": [has(one), has(other)] } }))
        .collect();
    let automatic: Vec<Value> = ["playbook", "notify", "http", "wait", "set"].map(has).into();
    let automatic = json!({ "anyOf": automatic });
    let mut rules = pairs;
    rules.push(json!({ "if": any_kind, "then": none_of(&BY_HAND) }));
    let own = || json!({ "not": has("use") });
    rules.push(json!({ "if": own(), "then": has("id") }));
    let person = json!({ "allOf": [own(), { "not": automatic }] });
    rules.push(json!({ "if": person, "then": has("title") }));
    let chosen = json!({ "required": ["decide"], "properties": { "decide": has("default") } });
    let chosen =
        json!({ "allOf": [own(), chosen, { "properties": { "decide": { "type": "object" } } }] });
    rules.push(json!({ "if": chosen, "then": has("due") }));
    rules.extend(calls());
    schema["allOf"] = Value::Array(rules);
    schema
}

/// What stands beside `playbook` and nowhere else; there `wait` is yes or no.
fn calls() -> [Value; 4] {
    let typed = |kind: &str| json!({ "properties": { "wait": { "type": [kind, "null"] } } });
    let own = json!({ "not": { "anyOf": [has("use"), has("playbook")] } });
    let beside = none_of(&["with", "save", "handoff"]);
    let flag = |key: &str, value: bool| json!({ "required": [key], "properties": { key: { "const": value } } });
    let once = none_of(&["wait", "save", "repeat", "for_each", "outlives_phase"]);
    [
        json!({ "if": own, "then": { "allOf": [beside, typed("object")] } }),
        json!({ "if": has("playbook"), "then": typed("boolean") }),
        json!({ "if": flag("handoff", true), "then": once }),
        json!({ "if": flag("wait", false), "then": none_of(&["save"]) }),
    ]
}

fn common() -> Vec<Key> {
    let on_failure = || {
        let go = object(vec![required("go", "转到", "A step of this phase, or a phase", string())]);
        json!({ "anyOf": [words(&["stop", "continue"]), go] })
    };
    let library = pattern("^[a-z0-9-]+/.+$");
    vec![
        optional("id", "标识", "Its name, unique in the plan", part("identifier")),
        optional("use", "取自步骤库", "A step of a library: library/step", library),
        optional("title", "名称", "What people call it", part("text")),
        optional("role", "角色", "Who does it", string()),
        optional("lane", "泳道", "The lane it is drawn in", part("label")),
        optional("when", "条件", "Whether it is done", part("condition")),
        optional("start_within", "开始时限", "How soon to start", part("deadline")),
        optional("due", "完成时限", "How soon to finish", part("deadline")),
        optional("escalate", "升级阶梯", "The escalation", part("label")),
        optional("retry", "重试", "Further attempts", retry()),
        optional("timeout", "单次超时", "How long one attempt may take", part("duration")),
        optional("on_failure", "失败时", "What a failure does", on_failure()),
        optional("on_timeout", "超时后", "What running out of time does", on_failure()),
        optional("blocks", "阻塞", "What waits for it", words(&["phase", "close", "nothing"])),
        optional("outlives_phase", "离开阶段后继续", "Runs on when its phase is left", boolean()),
        optional("repeat", "重复", "Again and again", repeat()),
        optional("compensate", "撤销步骤", "What undoes it, or nothing", string()),
        optional("for_each", "逐项", "Once for each item", for_each()),
    ]
}

fn by_hand() -> Vec<Key> {
    vec![
        optional("instructions", "说明", "What to do, in Markdown", part("text")),
        optional("checklist", "清单", "What to tick off", part("checklist")),
        optional("form", "表单", "What to fill in", map(part("variable"), part("field"))),
        optional("evidence", "证据", "Proof", words(&["optional", "required"])),
        optional("measure", "测量", "The number it records", part("identifier")),
    ]
}

fn kinds() -> Vec<Key> {
    let either = json!({ "anyOf": [wait(), boolean()] });
    let taken = part("variable");
    vec![
        optional("notify", "通知", "Sends messages", part("notify")),
        optional("http", "请求", "Makes one request", http()),
        optional("decide", "决定", "A person chooses", decide()),
        optional("approve", "批准", "People consent", approve()),
        optional("wait", "等待", "Time passes; beside `playbook`: waits for the child", either),
        optional("set", "赋值", "Computes variables", map(part("variable"), string())),
        optional("playbook", "子预案", "Another plan runs", part("slug")),
        optional("with", "传入", "Its inputs", map(part("variable"), json!(true))),
        optional("save", "带回", "Our variable: its variable", map(part("variable"), taken)),
        optional("handoff", "移交", "The incident goes on by the other plan", boolean()),
    ]
}

fn retry() -> Value {
    object(vec![
        required("attempts", "总次数", "All attempts", times(20)),
        optional("backoff", "间隔", "The pause before the second", part("duration")),
    ])
}

fn repeat() -> Value {
    let mut schema = object(vec![
        required("every", "间隔", "From start to start", part("duration")),
        optional("until", "直到", "Ends when true", part("condition")),
        optional("while", "当", "Ends when not true", part("condition")),
        required("at_most", "上限", "All iterations", times(10_000)),
    ]);
    schema["not"] = json!({ "allOf": [has("until"), has("while")] });
    schema
}

fn for_each() -> Value {
    object(vec![
        required("in", "列表", "The list, an expression", string()),
        required("as", "变量", "The variable that holds the item", part("variable")),
        required("at_most", "上限", "The most items", times(1_000)),
        optional("at_once", "并发", "The most at once", times(1_000)),
    ])
}

fn http() -> Value {
    let status = integer(100, 599);
    let pointer = pattern("^(/.*)?$");
    let expect = object(vec![
        optional("status", "状态码", "Statuses that count as success", one_or_list(status)),
        optional(
            "json",
            "回答内容",
            "What the answer must hold",
            map(pointer.clone(), json!(true)),
        ),
    ]);
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    object(vec![
        optional("method", "方法", "The method", words(&methods)),
        required("url", "网址", "The address", pattern("^https?://")),
        optional("headers", "头", "Header fields", map(string(), string())),
        optional("body", "正文", "The JSON body", json!(true)),
        optional("expect", "期望", "What counts as success", expect),
        optional("save", "保存", "Variables from the answer", map(part("variable"), pointer)),
    ])
}

fn decide() -> Value {
    object(vec![
        required("options", "选项", "What can be chosen", some(string())),
        optional("by", "决定者", "Who chooses", string()),
        optional("default", "默认", "Taken when due unanswered", string()),
    ])
}

fn approve() -> Value {
    let by = pattern("^(team/.*|role/.*|[^/]*)$");
    let by = json!({ "anyOf": [by.clone(), { "type": "array", "items": by, "minItems": 1 }] });
    object(vec![
        required("by", "批准者", "Whose consent counts", by),
        optional("quorum", "人数", "How many", times(100)),
    ])
}

fn wait() -> Value {
    let keys = object(vec![
        optional("for", "时长", "For so long", part("duration")),
        optional("until", "直到", "Until this holds", part("condition")),
    ]);
    one_key_of(keys, &["for", "until"])
}

/// Items to tick off, nested.
pub(super) fn checklist() -> Value {
    let mut item = object(vec![
        optional("title", "内容", "What it says", part("text")),
        optional("zh", "中文", "In Chinese", string()),
        optional("en", "英文", "In English", string()),
        optional("optional", "可不做", "May be left open", boolean()),
        optional("items", "下级", "Items below", part("checklist")),
    ]);
    item["additionalProperties"] = json!({ "type": "null" });
    item["anyOf"] = Value::Array(["title", "zh", "en"].map(has).into());
    list(json!({ "anyOf": [string(), item] }))
}
