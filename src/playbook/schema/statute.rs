//! The schemas of regimes, calendars and the clocks that use them.

use serde_json::{Value, json};

use crate::playbook::schema::build::{
    DIALECT, boolean, described, has, integer, list, map, object, one_key_of, optional, part,
    pattern, required, some, string, words,
};
use crate::playbook::schema::part::definitions;

/// The days of the week.
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Returns the schema of regime files.
#[must_use]
pub fn regime() -> Value {
    let effective = object(vec![
        optional("from", "施行日", "The first day", part("date")),
        optional("until", "废止日", "The last day", part("date")),
        optional("proposed", "仅为草案", "Proposed only", boolean()),
    ]);
    let schema = object(vec![
        required("regime", "法规标识", "The regime's slug", part("slug")),
        required("title", "名称", "What people call it", part("text")),
        required("jurisdiction", "法域", "Whose law it is", part("text")),
        optional("version", "版本", "The version that was read", part("text")),
        required("effective", "施行时间", "When it holds", effective),
        optional("timezone", "时区", "Where days begin and end", string()),
        optional("calendar", "工作日历", "What business days are counted on", part("slug")),
        required("source", "出处", "Where it was read", some(origin())),
        required("verified", "已与原文核对", "Compared with the law", boolean()),
        optional("notes", "说明", "What a reader must know", part("text")),
        optional("parties", "主体", "Whom it binds", map(part("identifier"), part("text"))),
        optional("moments", "时刻", "Moments of its own", map(part("identifier"), part("text"))),
        optional("facts", "事实", "What it asks for", map(part("variable"), part("field"))),
        optional("when", "条件", "Whether it applies", part("condition")),
        required("stages", "阶段", "What must be done", some(stage())),
    ]);
    document(schema, "/schema/regime.json", "firebell regime / 法规")
}

/// Returns the schema of calendar files.
#[must_use]
pub fn calendar() -> Value {
    let days = json!({
        "type": "array",
        "items": { "type": "string", "pattern": r"^\d{4}-\d\d-\d\d(/\d{4}-\d\d-\d\d)?$" },
    });
    let year = object(vec![
        optional("off", "休息日", "Days off", days.clone()),
        optional("worked", "调休上班日", "Days of a weekend that are worked", days),
    ]);
    let covers = object(vec![
        required("from", "首年", "The first year", integer(2000, 2199)),
        required("to", "末年", "The last year", integer(2000, 2199)),
    ]);
    let holiday = object(vec![
        required("title", "名称", "What people call it", part("text")),
        optional("on", "月日", "Month and day", pattern(r"^\d\d-\d\d$")),
        optional("nth", "第几个，-1 为最后", "Which; -1 is the last", integer(-1, 5)),
        optional("weekday", "星期", "The day of the week", words(&WEEKDAYS)),
        optional("month", "月", "The month", integer(1, 12)),
        optional("observed", "遇周末", "On a weekend", words(&["nearest", "as_is"])),
    ]);
    let schema = object(vec![
        required("calendar", "日历标识", "The calendar's slug", part("slug")),
        required("title", "名称", "What people call it", part("text")),
        required("timezone", "时区", "Where days begin and end", string()),
        optional(
            "day_ends",
            "工作日结束时刻",
            "When a business day is over",
            pattern(r"^\d\d:\d\d$"),
        ),
        optional("weekend", "周末", "The weekend", list(words(&WEEKDAYS))),
        required("source", "出处", "Where it was read", some(origin())),
        required("verified", "已核对", "Compared with its source", boolean()),
        optional("covers", "覆盖年份", "The years that rules hold for", covers),
        optional(
            "years",
            "逐年安排",
            "Days that differ, year by year",
            map(pattern(r"^\d{4}$"), year),
        ),
        optional("holidays", "节日规则", "Holidays that follow a rule", list(holiday)),
    ]);
    document(
        one_key_of(schema, &["covers", "years"]),
        "/schema/calendar.json",
        "firebell calendar / 工作日历",
    )
}

fn document(mut schema: Value, id: &str, title: &str) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!(id);
    schema["title"] = json!(title);
    schema["$defs"] = definitions();
    schema
}

fn origin() -> Value {
    object(vec![
        required("title", "名称", "What it is", part("text")),
        optional("url", "地址", "Its address", string()),
    ])
}

fn start() -> Value {
    let named = words(&["detected", "aware", "declared", "closed"]);
    let other = object(vec![
        optional("submitted", "另一阶段提交", "Another stage was submitted", string()),
        optional("level", "达到等级", "The level was reached", integer(1, 4)),
        optional("moment", "法规的时刻", "A moment of the regime", string()),
    ]);
    let other = one_key_of(other, &["submitted", "level", "moment"]);
    json!({ "description": "From when / 起算时刻", "anyOf": [named, other] })
}

fn within() -> Value {
    let schema = pattern(r"^(promptly|[0-9]+(m|h|d|bd|mo))$");
    described(schema, "时限：30m 72h 30d 4bd 1mo 或 promptly", "30m 72h 30d 4bd 1mo or promptly")
}

fn stage() -> Value {
    let limit =
        || [("from", "起算时刻", "From when", start()), ("within", "时限", "How long", within())];
    let internal =
        || optional("internal", "内部目标，仅 promptly", "Our own target", part("duration"));
    let mut alone: Vec<_> =
        limit().into_iter().map(|(key, zh, en, schema)| required(key, zh, en, schema)).collect();
    alone.push(internal());
    let item = object(vec![
        required("title", "要点", "What it is about", part("text")),
        optional("optional", "可略", "May be left out", boolean()),
        optional("fill", "填充模板", "Filled in from what is known", part("text")),
    ]);
    let extension = object(vec![
        required("by", "批准机关", "Who may grant it", part("text")),
        required("days_at_most", "累计最多天数", "Days in all", integer(1, 400)),
    ]);
    let mut keys = vec![
        required("id", "标识", "Its name", part("identifier")),
        required("title", "名称", "What people call it", part("text")),
        required("to", "报告对象", "To whom", part("text")),
        optional("parties", "主体", "Whom it binds", list(string())),
        optional(
            "limits",
            "多个时限，取最早",
            "Several limits; the earliest holds",
            some(object(alone)),
        ),
        optional("when", "条件", "Whether it is due", part("condition")),
        optional("on_demand", "时刻到来才需报告", "Due once its moment came", boolean()),
        optional(
            "content",
            "内容要点",
            "What must be said",
            list(json!({ "anyOf": [part("text"), item] })),
        ),
        optional("extension", "延期", "Who may grant more time", extension),
        optional("verified", "已与原文核对", "Compared with the law", boolean()),
        optional("notes", "说明", "What a reader must know", part("text")),
        internal(),
    ];
    keys.extend(limit().into_iter().map(|(key, zh, en, schema)| optional(key, zh, en, schema)));
    let mut schema = object(keys);
    schema["if"] = has("limits");
    schema["else"] = json!({ "allOf": [has("from"), has("within")] });
    schema
}

/// A clock of a plan.
pub(super) fn clock() -> Value {
    let met_by = json!({ "anyOf": [string(), map(string(), string())] });
    object(vec![
        required("id", "标识", "Its name", part("identifier")),
        optional("title", "名称", "What people call it", part("text")),
        required("regime", "法规", "What the law asks", string()),
        optional("party", "主体", "In which capacity it binds", string()),
        optional("starts", "起算时刻", "From when", part("moment")),
        optional(
            "moments",
            "法规时刻的来源",
            "What its moments are",
            map(string(), part("moment")),
        ),
        optional("when", "条件", "Whether it applies", part("condition")),
        optional("met_by", "完成即视为提交的步骤", "The steps that submit it", met_by),
        optional("role", "负责角色", "Who sees to it", string()),
        optional("escalate", "升级阶梯", "The ladder", part("label")),
        optional("internal", "内部目标", "Our own target", part("duration")),
    ])
}
