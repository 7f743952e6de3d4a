//! What a drill may expect.

use serde_json::{Value, json};

use super::milestones;
use crate::drill::expect::{EXPECTATIONS_MAX, Part, WEIGHT_MAX};
use crate::playbook::schema::build::{
    Key, boolean, has, integer, list, map, none_of, object, one_key_of, one_or_list, optional,
    part, pattern, required, some, string, words,
};

pub(super) fn expectations() -> Value {
    let parts = Part::ALL.map(Part::name);
    let mut keys = vec![
        optional("weight", "权重", "Its weight", integer(1, i64::from(WEIGHT_MAX))),
        optional("critical", "一票否决", "Decides alone", boolean()),
        optional("part", "方面", "Which part of the work it tells of", words(&parts)),
        optional("when", "条件", "When this holds", part("condition")),
    ];
    keys.extend(asked());
    let mut list = list(one_asked(object(keys)));
    list["maxItems"] = json!(EXPECTATIONS_MAX);
    list
}

/// An expectation within a group: it has no weight of its own.
pub(super) fn within_group() -> Value {
    one_asked(object(asked()))
}

/// The kinds of pattern, with the keys that each may have.
const PATTERNS: [(&str, &[&str]); 11] = [
    ("acknowledged", &["within", "from", "by"]),
    ("step", &["is", "within", "from", "by"]),
    ("escalated", &["within", "from"]),
    ("decision", &["is", "within", "from", "by"]),
    ("approved", &["within", "from", "by"]),
    ("phase", &["is", "within", "from"]),
    ("level", &["within", "from", "by"]),
    ("clock", &["within", "from", "by"]),
    ("noted", &["within", "from"]),
    ("notified", &["within", "from"]),
    ("closed", &["within", "from", "by"]),
];
const OTHERS: [(&str, &[&str]); 8] = [
    ("objective", &[]),
    ("reached", &[]),
    ("never", &[]),
    ("evaluator", &["scale"]),
    ("probe", &[]),
    ("all", &[]),
    ("any", &[]),
    ("of", &["at_least"]),
];

fn patterns() -> Vec<Key> {
    let is = json!({ "anyOf": [milestones(), words(&["entered", "done"]), string()] });
    vec![
        optional("acknowledged", "已确认的角色", "A role", string()),
        optional("step", "步骤", "A step", string()),
        optional("escalated", "已升级的角色或步骤", "A role or a step", string()),
        optional("decision", "决定", "A step that decides", string()),
        optional("approved", "已批准的步骤", "A step that asks for consent", string()),
        optional("phase", "阶段", "A phase", string()),
        optional("level", "等级", "This level or worse", integer(1, 4)),
        optional("clock", "法定时限", "A statutory clock, or CLOCK:STAGE", string()),
        optional("noted", "写出消息的对象", "Whom a message is written to", part("audience")),
        optional("notified", "送达消息的对象", "Whom a message reaches", part("audience")),
        optional("closed", "事件关闭", "The incident closes", json!({ "const": true })),
        optional("is", "里程碑、选项或阶段状态", "A milestone, an option, a phase's state", is),
        optional("within", "时限", "Within", part("duration")),
        optional("by", "由谁", "The role of who did it", string()),
    ]
}

fn asked() -> Vec<Key> {
    let notify = optional("notify", "对象", "Whom", part("audience"));
    let mut refused = vec![notify];
    refused.extend(patterns());
    let mut never = object(refused);
    let kinds: Vec<&str> = PATTERNS.iter().map(|(kind, _)| *kind).chain(["notify"]).collect();
    never = one_key_of(never, &kinds);
    let group = || {
        let mut group = some(json!({ "$ref": "#/$defs/expected" }));
        group["maxItems"] = json!(EXPECTATIONS_MAX);
        group
    };
    let most = i64::try_from(EXPECTATIONS_MAX).unwrap_or(i64::MAX);
    let mut keys = vec![
        optional("id", "代号", "What it is known by", string()),
        optional("objective", "目标时限", "An objective", string()),
        optional("reached", "被通知的角色", "A role", string()),
        optional("never", "绝不发生", "What must not happen", never),
        optional("evaluator", "评估员判断", "A question", part("text")),
        optional("scale", "评分尺度", "Its scale", words(&["PSMU", "yes-no"])),
        optional("probe", "探测", "What something outside answers", probe()),
        optional("all", "全部", "All of these", group()),
        optional("any", "之一", "One of these", group()),
        optional("of", "其中", "So many of these", group()),
        optional("at_least", "至少几项", "How many of them", integer(1, most)),
        optional("from", "从何时起", "What its time counts from", part("moment")),
    ];
    keys.extend(patterns());
    keys
}

/// Adds that one thing is expected, and which keys belong to it.
fn one_asked(object: Value) -> Value {
    let kinds = || PATTERNS.iter().chain(&OTHERS);
    let asks: Vec<&str> = kinds().map(|(kind, _)| *kind).collect();
    let mut expectation = one_key_of(object, &asks);
    let only = |key: &str, own: &[&str]| {
        let others = ["is", "within", "from", "by", "scale", "at_least"];
        let others: Vec<&str> = others.into_iter().filter(|other| !own.contains(other)).collect();
        json!({ "if": has(key), "then": none_of(&others) })
    };
    let mut rules: Vec<Value> = kinds().map(|(kind, own)| only(kind, own)).collect();
    let needs = |key: &str, other: &str| json!({ "if": has(key), "then": has(other) });
    rules.extend([
        needs("acknowledged", "within"),
        needs("step", "is"),
        needs("decision", "is"),
        needs("phase", "is"),
        needs("of", "at_least"),
    ]);
    expectation["allOf"] = Value::from(rules);
    expectation
}

fn probe() -> Value {
    let answer = object(vec![
        optional("status", "状态", "Which statuses are right", one_or_list(integer(100, 599))),
        optional("json", "内容", "What stands where", map(string(), json!(true))),
    ]);
    object(vec![
        required("url", "网址", "Its address", pattern("^https?://")),
        optional("at", "时刻", "When it is asked", part("moment")),
        optional("expect", "期望的回答", "What is to come back", answer),
    ])
}
