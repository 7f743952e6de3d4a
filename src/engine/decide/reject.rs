//! The sentences of rejections: what is wrong, in which state, and what is allowed instead.

use serde_json::json;

use crate::engine::command::StepAct;
use crate::engine::incident::Incident;
use crate::engine::limits::EVENTS_PER_COMMIT_MAX;
use crate::engine::mode::Status;
use crate::engine::rejection::{FieldProblem, Rejection, RejectionCode as Code};
use crate::engine::run::{Run, RunKey, StepState};
use crate::id::{PersonId, RoleId, StepId};
use crate::text::{Lang, Text};

/// How many wrong fields a sentence names; the list that goes with it names all.
const SAID_MAX: usize = 3;

pub(super) fn endless() -> Rejection {
    Rejection::new(
        Code::LimitReached,
        format!("预案的自动步骤在一次操作中超过 {EVENTS_PER_COMMIT_MAX} 个事件，请检查预案中的循环"),
        format!(
            "the plan's automatic steps lead to more than {EVENTS_PER_COMMIT_MAX} events at once; look for a loop in the plan"
        ),
    )
    .with("limit", EVENTS_PER_COMMIT_MAX)
}

pub(super) const fn zh_state(state: &StepState) -> &'static str {
    match state {
        StepState::Waiting => "等待前序步骤",
        StepState::Ready => "待处理",
        StepState::Active => "处理中",
        StepState::Done => "已完成",
        StepState::Failed { .. } => "失败",
        StepState::Skipped { .. } => "已跳过",
        StepState::Cancelled { .. } => "已取消",
    }
}

const fn zh_status(status: Status) -> &'static str {
    match status {
        Status::Open => "处理中",
        Status::Paused => "已暂停",
        Status::Closed => "已关闭",
        Status::Cancelled => "已取消",
    }
}

/// Says acts in Chinese, each with the name that calls and commands know it by.
fn zh_acts(names: &[&str]) -> String {
    let said: Vec<String> = names.iter().map(|name| zh_act(name)).collect();
    said.join("、")
}

fn zh_act(name: &str) -> String {
    let word = match name {
        "claim" => "认领",
        "start" => "开始",
        "check" => "勾选",
        "complete" => "完成",
        "fail" => "报告失败",
        "skip" => "跳过",
        "retry" => "重试",
        "answer" => "作答",
        "approve" => "批准",
        "reject" => "驳回",
        "reopen" => "重新打开",
        "acknowledge" => "确认",
        "decline" => "婉拒",
        "assign" => "指派",
        "hand-over" => "移交",
        "release" => "卸任",
        "pause" => "暂停",
        "resume" => "恢复",
        "cancel" => "取消",
        "close" => "关闭",
        other => return other.to_owned(),
    };
    format!("{word}（{name}）")
}

/// The incident has ended; only what may follow an end is allowed.
pub(super) fn ended(incident: &Incident) -> Rejection {
    let status = incident.status;
    Rejection::new(
        Code::IncidentEnded,
        format!("事件{}，不能再进行此操作；如需继续请先重新打开", zh_status(status)),
        format!("the incident is {}; reopen it first", status.name()),
    )
    .with("status", status.name())
    .with(
        "allowed",
        json!(["notes", "corrections", "measures", "evidence", "link", "redact", "reopen"]),
    )
}

pub(super) fn wrong_status(incident: &Incident, allowed: &[&str]) -> Rejection {
    let status = incident.status;
    Rejection::new(
        Code::WrongStatus,
        format!("事件当前{}，可进行的操作：{}", zh_status(status), zh_acts(allowed)),
        format!("the incident is {}; allowed: {}", status.name(), allowed.join(", ")),
    )
    .with("status", status.name())
    .with("allowed", allowed.to_vec())
}

/// What was done is being undone, and the act would cross it.
pub(super) fn rolling_back(incident: &Incident, left: &[RunKey]) -> Rejection {
    let status = incident.status;
    let steps: Vec<&str> = left.iter().map(|key| key.step.as_str()).collect();
    let (zh, en) = (steps.join("、"), steps.join(", "));
    Rejection::new(
        Code::WrongStatus,
        format!("正在撤销已完成的处置，请先完成或跳过：{zh}；或以 `as_is` 说明理由直接取消"),
        format!(
            "what was done is being undone; first finish or skip {en}, or cancel with the reason \
             why it is left (`as_is`)"
        ),
    )
    .with("status", status.name())
    .with("allowed", vec!["cancel", "close", "pause", "resume"])
    .with("left", steps)
}

/// Nothing was done that the plan says how to undo.
pub(super) fn nothing_to_undo(incident: &Incident) -> Rejection {
    let status = incident.status;
    Rejection::new(
        Code::WrongStatus,
        "没有需要撤销的处置：预案为已完成的步骤都没有写撤销步骤，或已经撤销",
        "there is nothing to undo: the plan names nothing that undoes what was done, or it has \
         been undone",
    )
    .with("status", status.name())
    .with("allowed", vec!["cancel", "close", "phase"])
}

pub(super) fn still_open(incident: &Incident) -> Rejection {
    Rejection::new(
        Code::IncidentOpen,
        format!("事件{}，无需重新打开", zh_status(incident.status)),
        format!("the incident is {}; there is nothing to reopen", incident.status.name()),
    )
    .with("status", incident.status.name())
}

pub(super) fn unknown_step(step: &StepId, known: &[&str]) -> Rejection {
    let (zh, en) = match known {
        [] => ("目前没有进行中的步骤".to_owned(), "no step is open now".to_owned()),
        open => (format!("现有：{}", open.join("、")), format!("open now: {}", open.join(", "))),
    };
    Rejection::new(
        Code::UnknownStep,
        format!("没有步骤 `{step}`，或尚未进入它所在的阶段；{zh}"),
        format!("no step `{step}`, or its phase has not been entered; {en}"),
    )
    .with("step", step.as_str())
    .with("open", known.to_vec())
}

pub(super) fn unknown_role(role: &RoleId, known: &[&str]) -> Rejection {
    Rejection::new(
        Code::UnknownRole,
        format!("预案中没有角色 `{role}`；已有：{}", known.join("、")),
        format!("the plan has no role `{role}`; it has {}", known.join(", ")),
    )
    .with("roles", known.to_vec())
}

/// The step's state does not allow the act; says the state and what is allowed.
pub(super) fn wrong_state(run: &Run, act: &StepAct, allowed: &[&'static str]) -> Rejection {
    let (zh, en) = match allowed {
        [] => ("不再接受任何操作".to_owned(), "nothing more can be done to it".to_owned()),
        some => (format!("可以：{}", zh_acts(some)), format!("allowed: {}", some.join(", "))),
    };
    let zh_act = zh_act(act.name());
    Rejection::new(
        Code::WrongState,
        format!("步骤 `{}` {}，不能{zh_act}；{zh}", run.key.step, zh_state(&run.state)),
        format!("step `{}` is {}: it cannot {}; {en}", run.key.step, run.state.name(), act.name()),
    )
    .with("state", run.state.name())
    .with("allowed", allowed.to_vec())
    .with("key", run.key.to_string())
}

pub(super) fn wrong_kind(run: &Run, act: &StepAct, allowed: &[&'static str]) -> Rejection {
    Rejection::new(
        Code::WrongKind,
        format!(
            "步骤 `{}` 的类型不支持{}；可以：{}",
            run.key.step,
            zh_act(act.name()),
            zh_acts(allowed)
        ),
        format!(
            "step `{}` is of a kind that has no {}; allowed: {}",
            run.key.step,
            act.name(),
            allowed.join(", ")
        ),
    )
    .with("state", run.state.name())
    .with("allowed", allowed.to_vec())
}

pub(super) fn wrong_tenure(role: &RoleId, state: &str, allowed: &[&str]) -> Rejection {
    let zh = match state {
        "vacant" => "空缺",
        "offered" => "正在征询",
        "assigned" => "已指派、待确认",
        _ => "已有人担任",
    };
    Rejection::new(
        Code::WrongState,
        format!("角色 `{role}` {zh}；可以：{}", zh_acts(allowed)),
        format!("role `{role}` is {state}; allowed: {}", allowed.join(", ")),
    )
    .with("state", state)
    .with("allowed", allowed.to_vec())
}

pub(super) fn claim_lost(role: &RoleId, winner: &PersonId) -> Rejection {
    Rejection::new(
        Code::ClaimLost,
        format!("角色 `{role}` 已由 {winner} 担任；如需接手，请其移交（hand-over）"),
        format!(
            "role `{role}` is held by {winner}; ask them to hand it over if you are to have it"
        ),
    )
    .with("holder", winner.as_str())
}

/// The role waits for the one it was given to, and whoever claims it was never asked.
pub(super) fn claim_of_assigned(role: &RoleId, to: &PersonId) -> Rejection {
    Rejection::new(
        Code::ClaimLost,
        format!("角色 `{role}` 已指派给 {to}，正在等待其确认；指挥者可以改为指派给您"),
        format!(
            "role `{role}` was given to {to}, who is yet to acknowledge; \
             a commander can assign it to you"
        ),
    )
    .with("holder", to.as_str())
}

/// The role waits for others; nobody acknowledges for them.
pub(super) fn asked_of(role: &RoleId, asked: &[PersonId]) -> Rejection {
    let asked: Vec<&str> = asked.iter().map(PersonId::as_str).collect();
    not_yours(
        format!(
            "角色 `{role}` 正在等待 {} 确认，不能代为确认；指挥者可以改为指派",
            asked.join("、")
        ),
        format!(
            "role `{role}` waits for {}, and nobody acknowledges for them; \
             a commander can assign it to another",
            asked.join(", ")
        ),
    )
    .with("asked", asked)
}

pub(super) fn not_yours(zh: impl Into<String>, en: impl Into<String>) -> Rejection {
    Rejection::new(Code::NotYours, zh, en)
}

/// Only a person can do it: a service has no one to page or to hold to account.
pub(super) fn persons_only() -> Rejection {
    not_yours(
        "只有人员本人可以进行此操作，请使用个人令牌",
        "only a person can do this; use a person's token",
    )
}

pub(super) fn unknown_person(person: &PersonId) -> Rejection {
    Rejection::new(
        Code::UnknownPerson,
        format!("通讯录中没有 `{person}`；请使用 firebell.yaml 中 people 的名称"),
        format!("`{person}` is not in the directory; use a name under `people` in firebell.yaml"),
    )
    .with("person", person.as_str())
}

pub(super) fn implausible(zh: impl Into<String>, en: impl Into<String>) -> Rejection {
    Rejection::new(Code::ImplausibleTime, zh, en)
}

pub(super) fn limit(what_zh: &str, what_en: &str, most: usize) -> Rejection {
    Rejection::new(
        Code::LimitReached,
        format!("{what_zh}最多 {most}"),
        format!("at most {most} {what_en}"),
    )
    .with("limit", most)
}

/// Wrong fields: all of them at once.
pub(super) fn fields(problems: Vec<FieldProblem>) -> Rejection {
    let each = |lang: Lang, place: &str| {
        let said = |problem: &FieldProblem| {
            format!("{}{place}{}", problem.pointer, problem.detail.get(lang))
        };
        let first = problems.iter().take(SAID_MAX).map(said).collect::<Vec<_>>();
        first.join(lang.pick("；", "; "))
    };
    let more = problems.len().saturating_sub(SAID_MAX);
    let (zh_more, en_more) = match more {
        0 => (String::new(), String::new()),
        more => (format!("；另有 {more} 处"), format!("; and {more} more")),
    };
    let zh = format!("{}{zh_more}", each(Lang::Zh, "："));
    let en = format!("{}{en_more}", each(Lang::En, ": "));
    Rejection::new(Code::InvalidFields, zh, en).with_fields(problems)
}

pub(super) fn field(pointer: &str, zh: impl Into<String>, en: impl Into<String>) -> Rejection {
    let detail = Text::both(zh, en);
    fields(vec![FieldProblem { pointer: pointer.to_owned(), detail }])
}
