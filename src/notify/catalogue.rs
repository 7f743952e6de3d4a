//! Every message that firebell writes by itself, in Chinese and English, pure. Read at three in the
//! morning by someone who was asleep: first what is wanted, then by when, then what happens
//! otherwise.

mod clock;

use crate::engine::{
    FailureCause, HandOver, LadderSubject, Purpose, Run, RunKey, Status, StepState, StuckReason,
    Tenure,
};
use crate::id::RoleId;
use crate::text::Text;

use super::view::View;

/// What a message says before its context and links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// What is wanted, in one line.
    pub headline: String,
    /// What else to know, one thought a line.
    pub lines: Vec<String>,
}

/// Steps or roles named in one message before "and more": a list nobody reads helps nobody.
const NAMED_MAX: usize = 8;

/// Writes the message for a purpose.
pub(super) fn words(view: View<'_>, purpose: &Purpose) -> Words {
    match purpose {
        Purpose::RolePage { role, also } => role_page(view, role, also),
        Purpose::RoleTaken { role } => role_taken(view, role),
        Purpose::RoleReleased { title, .. } => role_released(view, title),
        Purpose::StepReady { key, also } => step_ready(view, key, also),
        Purpose::StepWarning { key } => step_warning(view, key),
        Purpose::StepOverdue { key } => step_overdue(view, key),
        Purpose::StepFailed { key, also } => step_failed(view, key, also),
        Purpose::Escalation { subject, unanswered: false, also } => {
            escalations(view, subject, also)
        }
        Purpose::Escalation { subject, unanswered: true, also } => {
            unanswered(view, escalations(view, subject, also))
        }
        // The plan always brings its own message for these; the step's name is better than nothing.
        Purpose::StepMessage { key } => say(view, view.run(key), view.run(key), []),
        Purpose::HandlerMessage { .. } => say(view, "事件有新进展", "The incident has moved", []),
        Purpose::Commander { about } => commander(view, about),
        Purpose::Clock { key, word, also } => clock::words(view, key, *word, also),
        Purpose::Ended => ended(view),
    }
}

/// Repeats what whoever hands a role over says to the next, a role a line; also beneath a page in
/// the plan's own words.
pub(super) fn hand_over(view: View<'_>, purpose: &Purpose) -> Vec<String> {
    let Purpose::RolePage { role, also } = purpose else { return Vec::new() };
    let handed = std::iter::once(role).chain(also).filter_map(|role| {
        let HandOver { from, note } = view.incident.roles.get(role)?.handed.as_ref()?;
        let from = view.person(from);
        Some(view.lang.pick(format!("{from}交接：{note}"), format!("{from} hands over: {note}")))
    });
    handed.collect()
}

/// Says how to do what a message asks for from a terminal, a command a line.
pub(super) fn commands(view: View<'_>, purpose: &Purpose) -> Vec<String> {
    let number = view.incident.number;
    let line = |zh: &str, en: &str, rest: String| {
        format!("{}firebell incident {rest}", view.lang.pick(zh, en))
    };
    match purpose {
        Purpose::RolePage { role, also } => {
            let roles = std::iter::once(role).chain(also).take(NAMED_MAX);
            let command = |role: &RoleId| {
                let tenure = view.incident.roles.get(role).map(|state| &state.tenure);
                let verb =
                    if matches!(tenure, Some(Tenure::Offered { .. })) { "claim" } else { "ack" };
                line("确认：", "Acknowledge: ", format!("{verb} {number} {role}"))
            };
            roles.map(command).collect()
        }
        Purpose::StepReady { key, .. }
        | Purpose::StepWarning { key }
        | Purpose::StepOverdue { key } => {
            let step = match key.item {
                Some(item) => format!("{}:{item}", key.step),
                None => key.step.to_string(),
            };
            vec![
                line("开始：", "Begin: ", format!("start {number} {step}")),
                line("完成：", "Finish: ", format!("complete {number} {step}")),
            ]
        }
        Purpose::Clock { key, .. } => vec![
            line("起草：", "Draft: ", format!("clock draft {number} {key}")),
            line("登记提交：", "Submitted: ", format!("clock submit {number} {key}")),
        ],
        Purpose::RoleTaken { .. }
        | Purpose::RoleReleased { .. }
        | Purpose::StepFailed { .. }
        | Purpose::Escalation { .. }
        | Purpose::StepMessage { .. }
        | Purpose::HandlerMessage { .. }
        | Purpose::Commander { .. }
        | Purpose::Ended => vec![line("查看：", "See it: ", format!("show {number}"))],
    }
}

/// Says by when someone must answer and what happens otherwise: whatever words a plan brings for
/// this, nobody should have to guess it.
pub(super) fn by_when(view: View<'_>, purpose: &Purpose) -> Vec<String> {
    match purpose {
        Purpose::RolePage { .. } => words(view, purpose).lines,
        Purpose::StepReady { key, .. } => {
            deadline(view, key).map(|(zh, en)| view.lang.pick(zh, en)).into_iter().collect()
        }
        Purpose::RoleTaken { .. }
        | Purpose::RoleReleased { .. }
        | Purpose::StepWarning { .. }
        | Purpose::StepOverdue { .. }
        | Purpose::StepFailed { .. }
        | Purpose::Escalation { .. }
        | Purpose::StepMessage { .. }
        | Purpose::HandlerMessage { .. }
        | Purpose::Commander { .. }
        | Purpose::Clock { .. }
        | Purpose::Ended => Vec::new(),
    }
}

/// A line in both languages.
type Line = (String, String);

fn line(zh: impl Into<String>, en: impl Into<String>) -> Line {
    (zh.into(), en.into())
}

fn say<const N: usize>(
    view: View<'_>,
    zh: impl Into<String>,
    en: impl Into<String>,
    lines: [Option<Line>; N],
) -> Words {
    let pick = |(zh, en): Line| view.lang.pick(zh, en);
    let lines = lines.into_iter().flatten().map(pick).collect();
    Words { headline: view.lang.pick(zh.into(), en.into()), lines }
}

fn role_page(view: View<'_>, role: &RoleId, also: &[RoleId]) -> Words {
    let roles = view.roles(std::iter::once(role).chain(also));
    let by = view.acknowledge_by(role).map(|at| view.time(at));
    let until = match by {
        Some(by) => line(
            format!("请在 {by} 前确认；逾期将通知下一位。"),
            format!("Acknowledge by {by}; after that the next person is asked."),
        ),
        None => line("请尽快确认。", "Acknowledge as soon as you can."),
    };
    say(
        view,
        format!("请确认担任{roles}"),
        format!("Please take the role of {roles}"),
        [
            Some(until),
            Some(line(
                "确认即表示由您负责；无法担任请立即回绝，以便另找他人。",
                "Acknowledging means that you act. If you cannot, decline now so that another \
                 person is found.",
            )),
        ],
    )
}

fn role_taken(view: View<'_>, role: &RoleId) -> Words {
    let title = view.role(role);
    let taken = match view.holder(role) {
        Some(name) => {
            line(format!("{title}已由{name}担任"), format!("{name} has taken the role of {title}"))
        }
        None => line(format!("{title}已有人担任"), format!("The role of {title} is taken")),
    };
    say(view, taken.0, taken.1, [Some(line("您无需处理。", "There is nothing for you to do."))])
}

fn role_released(view: View<'_>, title: &Text) -> Words {
    let (plan, role) = (view.playbook.title.get(view.lang), title.get(view.lang));
    say(
        view,
        format!("事件改用预案“{plan}”，您不再担任{role}"),
        format!("The incident goes on by “{plan}”; you are no longer {role}"),
        [Some(line("您无需处理。", "There is nothing for you to do."))],
    )
}

fn handed_off(view: View<'_>) -> Words {
    let plan = view.playbook.title.get(view.lang);
    say(
        view,
        format!("事件已移交，改用预案“{plan}”"),
        format!("The incident was handed over and goes on by “{plan}”"),
        [Some(line(
            "原预案未完成的步骤已取消；请查看新预案的步骤和等级。",
            "Open steps of the old plan are cancelled; look at the steps and the level of the new one.",
        ))],
    )
}

fn step_ready(view: View<'_>, key: &RunKey, also: &[RunKey]) -> Words {
    let step = view.run(key);
    let mut words = say(
        view,
        format!("请处理：{step}"),
        format!("Please do: {step}"),
        [deadline(view, key), instructions(view, key)],
    );
    words.lines.extend(also.iter().take(NAMED_MAX).map(|key| {
        let due = view.state(key).and_then(|run| run.due_at).map(|at| view.time(at));
        let step = view.run(key);
        match due {
            Some(due) => view.lang.pick(
                format!("同时请处理：{step}（{due} 前完成）"),
                format!("Also: {step} (by {due})"),
            ),
            None => view.lang.pick(format!("同时请处理：{step}"), format!("Also: {step}")),
        }
    }));
    words.lines.extend(more(view, also.len().saturating_sub(NAMED_MAX)));
    words
}

fn step_warning(view: View<'_>, key: &RunKey) -> Words {
    let step = view.run(key);
    say(
        view,
        format!("即将到期：{step}"),
        format!("Soon due: {step}"),
        [
            deadline(view, key),
            Some(line(
                "来不及完成时，请现在就请总指挥增援或调整。",
                "If you cannot make it, ask the commander for help now.",
            )),
        ],
    )
}

fn step_overdue(view: View<'_>, key: &RunKey) -> Words {
    let step = view.run(key);
    say(
        view,
        format!("已逾期：{step}"),
        format!("Overdue: {step}"),
        [
            was_due(view, key),
            who_holds(view, key),
            Some(line(
                "请立即完成并登记；在有人处理之前将逐级上报。逾期完成仍会被接受。",
                "Finish it and say so; until someone acts it is escalated. Late work is still \
                 accepted.",
            )),
        ],
    )
}

fn step_failed(view: View<'_>, key: &RunKey, also: &[RunKey]) -> Words {
    let keys = || std::iter::once(key).chain(also);
    let steps = view.named(keys().take(NAMED_MAX).map(|key| view.run(key)));
    let mut words = say(view, format!("步骤失败：{steps}"), format!("Failed: {steps}"), []);
    for key in keys().take(NAMED_MAX) {
        let about = [why_failed(view, key), who_holds(view, key)];
        let about = about.into_iter().flatten().map(|(zh, en)| view.lang.pick(zh, en));
        if also.is_empty() {
            words.lines.extend(about);
        } else {
            let about: Vec<String> = about.collect();
            let about = about.join(view.lang.pick("", " "));
            words.lines.push(format!("{} — {about}", view.run(key)));
        }
    }
    words.lines.extend(more(view, also.len().saturating_sub(NAMED_MAX - 1)));
    let (zh, en) = ways_on();
    words.lines.push(view.lang.pick(zh, en));
    words
}

/// Says how many steps are not named; nothing where all are.
fn more(view: View<'_>, more: usize) -> Option<String> {
    (more > 0).then(|| {
        view.lang.pick(
            format!("另有 {more} 个步骤，见事件。"),
            format!("And {more} more, see the incident."),
        )
    })
}

fn ways_on() -> Line {
    line(
        "请选择：重试；写明原因后跳过；或转入其他阶段。",
        "Choose: retry it, skip it with a reason, or move to another phase.",
    )
}

/// Says what the ladders are climbed for that call the same reader at once, a line each.
fn escalations(view: View<'_>, first: &LadderSubject, also: &[LadderSubject]) -> Words {
    if also.is_empty() {
        return escalation(view, first);
    }
    let prefix = view.lang.pick("升级：", "Escalation: ");
    let count = also.len() + 1;
    let headline = view.lang.pick(
        format!("{prefix}{count} 件事无人处理"),
        format!("{prefix}nobody acts on {count} matters"),
    );
    let named = std::iter::once(first).chain(also).take(NAMED_MAX).map(|subject| {
        let said = escalation(view, subject).headline;
        format!("- {}", said.strip_prefix(prefix).unwrap_or(&said))
    });
    let mut lines: Vec<String> = named.collect();
    if let Some(more) = count.checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        lines.push(view.lang.pick(format!("- 另有 {more} 件"), format!("- and {more} more")));
    }
    let last = view.lang.pick(
        "请确保每件都有人处理；您的确认对每一件都有效。",
        "Make sure that someone is on each; your answer counts for all of them.",
    );
    lines.push(last.to_owned());
    Words { headline, lines }
}

fn escalation(view: View<'_>, subject: &LadderSubject) -> Words {
    match subject {
        LadderSubject::Role { role } => {
            let title = view.role(role);
            say(
                view,
                format!("升级：无人确认担任{title}"),
                format!("Escalation: nobody has taken the role of {title}"),
                [Some(line(
                    "请您担任，或指派一位能立即响应的人。",
                    "Take it yourself, or assign someone who can act now.",
                ))],
            )
        }
        LadderSubject::Step { key } => {
            let step = view.run(key);
            let failed = why_failed(view, key);
            let last = match failed.is_some() {
                true => ways_on(),
                false => line(
                    "请确保有人正在处理；有人处理后升级即停止。",
                    "Make sure that someone is on it; the escalation stops when someone acts.",
                ),
            };
            say(
                view,
                format!("升级：“{step}”无人处理"),
                format!("Escalation: nobody acts on “{step}”"),
                [failed.or_else(|| was_due(view, key)), who_holds(view, key), Some(last)],
            )
        }
        LadderSubject::Stuck => {
            let words = stuck(view);
            Words {
                headline: view.lang.pick("升级：", "Escalation: ").to_owned() + &words.headline,
                ..words
            }
        }
        LadderSubject::Clock { key } => clock::escalation(view, key),
        LadderSubject::Notice { .. } => {
            let words = notice_failed(view);
            Words {
                headline: view.lang.pick("升级：", "Escalation: ").to_owned() + &words.headline,
                ..words
            }
        }
    }
}

/// Says loudly that a whole ladder went by and nobody answered.
fn unanswered(view: View<'_>, words: Words) -> Words {
    let headline = view.lang.pick("【无人响应】", "NOBODY ANSWERED. ").to_owned() + &words.headline;
    let until = view.lang.pick(
        "升级的每一级都无人响应；在有人处理之前，会一再提醒您。",
        "Every rung of the escalation went unanswered; you are reminded until someone acts.",
    );
    let mut lines = vec![until.to_owned()];
    lines.extend(words.lines);
    Words { headline, lines }
}

/// Writes what the commander must know.
fn commander(view: View<'_>, about: &str) -> Words {
    match about {
        "stuck" => stuck(view),
        "facts_wanted" => facts_wanted(view),
        "role_vacant" => role_vacant(view),
        "notice_failed" => notice_failed(view),
        "waiting_overdue" => waiting_overdue(view),
        "clock_breached" | "clock_found_late" | "waiver_asked" | "calendar_uncovered" => {
            clock::commander(view, about)
        }
        "nobody_answered" => say(
            view,
            "升级的每一级都无人响应",
            "Nobody answered any rung of the escalation",
            [Some(line(
                "最后的联系人已收到提醒，直到有人处理。请直接打电话找人。",
                "The last resort is told again and again until someone acts. Call someone.",
            ))],
        ),
        "ladder_exhausted" => say(
            view,
            "升级已到最后一级，仍无人处理",
            "The escalation has reached its end and nobody acts",
            [Some(line(
                "请直接打电话找人，并在事件中登记处理人。",
                "Call someone, and record in the incident who acts.",
            ))],
        ),
        "close_awaited" => say(
            view,
            "所有步骤已完成，等待您关闭事件",
            "All steps are done; the incident waits for you to close it",
            [Some(line("核对后请关闭。", "Check it, then close it."))],
        ),
        "handed_off" => handed_off(view),
        _ => say(
            view,
            "事件需要您决定",
            "The incident needs a decision of yours",
            [Some(line(format!("事由：{about}"), format!("About: {about}")))],
        ),
    }
}

fn stuck(view: View<'_>) -> Words {
    let phase = view.phase(&view.incident.phase);
    let why = match &view.incident.stuck {
        Some(StuckReason::FailedStep { key }) => {
            let step = view.run(key);
            line(format!("步骤失败：{step}。"), format!("A step failed: {step}."))
        }
        Some(StuckReason::SpentLoop { .. }) => line(
            "允许的循环次数已用完。",
            "The way back has been taken as often as the plan allows.",
        ),
        Some(StuckReason::NoWayOut) | None => {
            line("没有一条出路的条件成立。", "No way out of the phase holds.")
        }
    };
    let next = match &view.incident.stuck {
        Some(StuckReason::FailedStep { .. }) => ways_on(),
        Some(StuckReason::SpentLoop { .. } | StuckReason::NoWayOut) | None => line(
            "请补充情况，或由您转入下一阶段。",
            "Supply what is known, or move it to a phase yourself.",
        ),
    };
    say(
        view,
        format!("事件停滞在“{phase}”阶段"),
        format!("The incident is stuck in “{phase}”"),
        [Some(why), Some(next)],
    )
}

fn facts_wanted(view: View<'_>) -> Words {
    let label = |name: &str| {
        let field = view.playbook.inputs.get(name);
        let label = field.and_then(|field| field.label.as_ref());
        label.map_or_else(|| name.to_owned(), |label| label.get(view.lang).to_owned())
    };
    let names = view.named(view.incident.facts_asked.iter().take(NAMED_MAX).map(|n| label(n)));
    say(
        view,
        format!("请补充：{names}"),
        format!("Please supply: {names}"),
        [Some(line(
            "事件等级取决于这些情况；弄清之前按较重等级处置。",
            "The level depends on it; until it is known the worse level is assumed.",
        ))],
    )
}

fn role_vacant(view: View<'_>) -> Words {
    let roles = &view.incident.roles;
    let vacant = roles.iter().filter(|(_, r)| r.engaged && r.tenure.holder().is_none());
    let names = view.roles(vacant.map(|(id, _)| id).take(NAMED_MAX));
    let (zh, en) = match names.as_str() {
        "" => ("有角色无人担任".to_owned(), "A role has nobody".to_owned()),
        _ => (format!("无人担任：{names}"), format!("Nobody has the role of {names}")),
    };
    say(
        view,
        zh,
        en,
        [Some(line(
            "候选人都已找过。请指派一位，或亲自担任。",
            "Everyone on the list was asked. Assign someone, or take it yourself.",
        ))],
    )
}

fn waiting_overdue(view: View<'_>) -> Words {
    let waits = |run: &&Run| run.state == StepState::Waiting && (run.overdue || run.start_overdue);
    let steps = view.incident.runs().filter(waits).take(NAMED_MAX).map(|run| view.run(&run.key));
    let steps = view.named(steps);
    say(
        view,
        format!("尚未开始就已到期：{steps}"),
        format!("Due before it could begin: {steps}"),
        [Some(line(
            "它在等前面的步骤。请催办前序步骤，或调整安排。",
            "It waits for steps before it. Speed those up, or change course.",
        ))],
    )
}

fn notice_failed(view: View<'_>) -> Words {
    say(
        view,
        "有通知未能送达任何人",
        "A notice has reached nobody",
        [Some(line(
            "对方的所有渠道都已失败。请改用电话联系；详情见事件时间线。",
            "All of the recipient's channels failed. Reach them by telephone; the timeline has \
             the details.",
        ))],
    )
}

fn ended(view: View<'_>) -> Words {
    let (zh, en) = match view.incident.status {
        Status::Cancelled => ("误报，事件已取消", "False alarm: the incident is cancelled"),
        Status::Closed | Status::Open | Status::Paused => ("事件已结束", "The incident has ended"),
    };
    say(
        view,
        zh,
        en,
        [Some(line("您无需再处理，谢谢。", "There is nothing more to do. Thank you."))],
    )
}

fn deadline(view: View<'_>, key: &RunKey) -> Option<Line> {
    let run = view.state(key)?;
    let start = run.start_by.filter(|_| run.started_at.is_none()).map(|at| view.time(at));
    let due = run.due_at.map(|at| view.time(at));
    match (start, due) {
        (Some(start), Some(due)) => Some(line(
            format!("请在 {start} 前开始，{due} 前完成。"),
            format!("Begin by {start}, finish by {due}."),
        )),
        (Some(start), None) => {
            Some(line(format!("请在 {start} 前开始。"), format!("Begin by {start}.")))
        }
        (None, Some(due)) => {
            Some(line(format!("请在 {due} 前完成。"), format!("Finish by {due}.")))
        }
        (None, None) => None,
    }
}

fn was_due(view: View<'_>, key: &RunKey) -> Option<Line> {
    let run = view.state(key)?;
    if run.overdue || !run.start_overdue {
        let due = view.time(run.due_at?);
        return Some(line(format!("应于 {due} 完成。"), format!("It was due by {due}.")));
    }
    let start = view.time(run.start_by?);
    Some(line(format!("应于 {start} 开始。"), format!("It was to begin by {start}.")))
}

fn who_holds(view: View<'_>, key: &RunKey) -> Option<Line> {
    let (_, step) = view.playbook.step(&key.step)?;
    let role = step.role.as_ref()?;
    let claimed = view.state(key).and_then(|run| run.claimed_by.as_ref());
    let name = claimed.map(|id| view.person(id)).or_else(|| view.holder(role));
    let title = view.role(role);
    Some(match name {
        Some(name) => {
            line(format!("负责：{name}（{title}）。"), format!("In charge: {name} ({title})."))
        }
        None => line(
            format!("负责：{title}（目前无人担任）。"),
            format!("In charge: {title} (nobody at present)."),
        ),
    })
}

fn why_failed(view: View<'_>, key: &RunKey) -> Option<Line> {
    let StepState::Failed { cause } = view.state(key)?.state else { return None };
    Some(match cause {
        FailureCause::Error => line("原因：自动执行出错。", "Cause: it failed by itself."),
        FailureCause::Timeout => line("原因：超时。", "Cause: it took too long."),
        FailureCause::ByPerson => {
            line("原因：处理人报告失败。", "Cause: someone reported that it failed.")
        }
        FailureCause::Rejected => line("原因：审批被拒绝。", "Cause: consent was refused."),
    })
}

fn instructions(view: View<'_>, key: &RunKey) -> Option<Line> {
    use crate::playbook::Action;
    let (_, step) = view.playbook.step(&key.step)?;
    match &step.action {
        Action::Manual(manual) => {
            let first = manual.instructions.as_ref()?.get(view.lang).lines().next()?.trim();
            let first = first.trim_start_matches(['#', '-', '*', ' ']);
            (!first.is_empty()).then(|| line(first, first))
        }
        Action::Decide(decide) => {
            let (zh, en) = (decide.options.join(" / "), decide.options.join(" / "));
            Some(line(format!("请选择：{zh}。"), format!("Choose: {en}.")))
        }
        Action::Approve(_) => Some(line("请同意或驳回。", "Approve or reject it.")),
        Action::Notify(_)
        | Action::Http(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => None,
    }
}
