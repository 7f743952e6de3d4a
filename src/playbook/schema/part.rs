//! Parts that stand in several places: texts, names, durations, conditions, moments, deadlines.

use serde_json::{Map, Value, json};

use crate::playbook::expression::RESERVED;
use crate::playbook::lower::NAME_CHARS_MAX;
use crate::playbook::schema::build::{
    described, integer, list, map, object, one_key_of, one_or_list, optional, part, pattern,
    required, some, string, words,
};
use crate::playbook::schema::{field, step};

/// The milestones of a step.
pub(super) const MILESTONES: [&str; 5] = ["ready", "started", "done", "failed", "settled"];

/// Returns the shared parts, as `$defs`.
#[must_use]
pub fn definitions() -> Value {
    let mut parts = Map::new();
    parts.insert("text".into(), text());
    parts.insert("identifier".into(), identifier());
    parts.insert("variable".into(), variable());
    parts.insert("slug".into(), slug());
    parts.insert("label".into(), label());
    parts.insert("duration".into(), duration());
    parts.insert("date".into(), pattern(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"));
    parts.insert("condition".into(), condition());
    parts.insert("template".into(), described(string(), "模板：{{ … }}", "A template: {{ … }}"));
    parts.insert("moment".into(), moment());
    parts.insert("deadline".into(), deadline());
    parts.insert("source".into(), source());
    parts.insert("audience".into(), audience());
    parts.insert("notify".into(), notify());
    parts.insert("field".into(), field::field());
    parts.insert("fieldType".into(), field::item_type());
    parts.insert("checklist".into(), step::checklist());
    Value::Object(parts)
}

/// A string, or one string per language. A comma in an unquoted text makes what follows look like
/// keys without values; the loader joins them again.
fn text() -> Value {
    json!({
        "description": "A text, or { zh, en } / 文本，或 { zh, en }",
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "zh": { "type": ["string", "null"], "description": "中文" },
                    "en": { "type": ["string", "null"], "description": "English" },
                },
                "additionalProperties": { "type": "null" },
                "anyOf": [
                    { "required": ["zh"], "properties": { "zh": { "type": "string" } } },
                    { "required": ["en"], "properties": { "en": { "type": "string" } } },
                ],
            },
        ],
    })
}

fn identifier() -> Value {
    let mut schema = pattern(r"^[\p{L}\p{Nl}][\p{L}\p{Nl}\p{M}0-9_]*$");
    schema["maxLength"] = json!(NAME_CHARS_MAX);
    schema["not"] = json!({ "enum": [
        "and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False",
        "None",
    ] });
    described(
        schema,
        "以字母或汉字开头，后接字母、汉字、数字、_",
        "A letter or CJK character, then letters, digits, _",
    )
}

fn variable() -> Value {
    json!({ "allOf": [part("identifier")], "not": { "enum": RESERVED } })
}

fn slug() -> Value {
    let mut schema = pattern("^[a-z0-9-]+$");
    schema["maxLength"] = json!(NAME_CHARS_MAX);
    schema
}

fn label() -> Value {
    let mut schema = pattern(r"^\S+$");
    schema["maxLength"] = json!(NAME_CHARS_MAX);
    schema
}

fn duration() -> Value {
    let mut schema = pattern(r"^(\d+mo)?(\d+bd)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$");
    schema["minLength"] = json!(2);
    schema["examples"] = json!(["90s", "5m", "1h30m", "7d", "1mo"]);
    described(schema, "时长", "A duration")
}

fn condition() -> Value {
    let nested = object(vec![
        optional("any", "任一成立", "Any holds", some(part("condition"))),
        optional("all", "全部成立", "All hold", some(part("condition"))),
        optional("not", "不成立", "It does not hold", part("condition")),
    ]);
    json!({
        "description": "An expression, or any / all / not of conditions / 表达式，或其组合",
        "anyOf": [{ "type": "string" }, one_key_of(nested, &["any", "all", "not"])],
    })
}

fn moment() -> Value {
    let of_step = object(vec![
        required("step", "步骤", "A step", string()),
        optional("is", "里程碑", "Its milestone", words(&MILESTONES)),
    ]);
    let of_phase = object(vec![required("phase", "阶段", "A phase", string())]);
    let named = words(&["detected", "aware", "declared", "closed"]);
    json!({ "description": "A moment / 时刻", "anyOf": [named, of_step, of_phase] })
}

fn deadline() -> Value {
    let levels = words(&["1", "2", "3", "4", "else"]);
    let by_level = map(levels, part("duration"));
    let detailed = object(vec![
        optional("within", "时长", "How long", part("duration")),
        optional("by_level", "按等级", "How long, by level", by_level),
        optional("from", "起点", "From when", part("moment")),
        optional("warn", "预警点", "When to warn", list(pattern("^[1-9][0-9]?%$"))),
    ]);
    let of_step = object(vec![required("step", "步骤", "A step with a deadline", string())]);
    let of_clock = object(vec![
        required("clock", "法定时限", "A clock", string()),
        required("stage", "阶段", "A stage of it", string()),
    ]);
    let backward = object(vec![
        required("lead", "提前多久", "How long before", part("duration")),
        required("before", "倒推的终点", "What is due", json!({ "anyOf": [of_step, of_clock] })),
        optional("warn", "预警点", "When to warn", list(pattern("^[1-9][0-9]?%$"))),
    ]);
    let forward = one_key_of(detailed, &["within", "by_level"]);
    json!({
        "description": "A deadline / 时限",
        "anyOf": [part("duration"), forward, backward],
    })
}

fn source() -> Value {
    let keys = object(vec![
        optional("schedule", "值班表", "Whoever is on call", part("label")),
        optional("team", "团队", "A team's on-call member", part("label")),
        optional("claim", "由团队成员认领", "Whoever of a team claims first", part("label")),
    ]);
    one_key_of(keys, &["schedule", "team", "claim"])
}

fn audience() -> Value {
    let schema = pattern("^(customers|regulators|(role|team|partner|channel)/.*)$");
    described(schema, "通知对象", "Whom a message is for")
}

fn notify() -> Value {
    let until = pattern(r"^(sent|delivered|acknowledged\(\s*(any|all|[1-9][0-9]*)\s*\))$");
    object(vec![
        required("to", "对象", "Whom", one_or_list(part("audience"))),
        optional("via", "渠道", "Over which channels", one_or_list(part("label"))),
        required("message", "消息", "What it says", string()),
        optional("until", "完成条件", "When it has done its work", until),
    ])
}

/// A count from one up.
pub(super) fn times(most: i64) -> Value {
    integer(1, most)
}
