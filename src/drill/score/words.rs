//! What an expectation asks for, in words for people.

use jiff::SignedDuration;

use crate::drill::expect::{Ask, Pattern, Rule, What};
use crate::playbook::{Audience, Milestone, Moment, Playbook, Promise};
use crate::text::{Lang, Text};

/// Says what is asked for, with its limit.
pub(crate) fn describe(playbook: &Playbook, ask: &Ask) -> (Text, Option<SignedDuration>) {
    match ask {
        Ask::Seen(pattern) => (in_words(playbook, pattern), pattern.within),
        Ask::Never(Pattern { what: What::Notified(audience), within, .. }) => {
            let who = audience_words(playbook, audience);
            (
                both(
                    |l, who| l.pick(format!("从不通知{who}"), format!("never notified: {who}")),
                    &who,
                ),
                *within,
            )
        }
        Ask::Never(pattern) => {
            let what = in_words(playbook, pattern);
            (
                both(|l, what| l.pick(format!("不应有：{what}"), format!("never: {what}")), &what),
                pattern.within,
            )
        }
        Ask::Objective(id) => {
            let objective = playbook.objectives.iter().find(|o| o.id == *id);
            let limit = objective.and_then(|o| match &o.promise {
                Promise::Within { within, .. } => within.fixed(),
                Promise::Measure { .. } => None,
            });
            let name = playbook.objective_title(id);
            (
                both(
                    |l, name| l.pick(format!("目标：{name}"), format!("objective: {name}")),
                    &name,
                ),
                limit,
            )
        }
        Ask::Reached(role) => {
            let name = playbook.role_title(role);
            (
                both(
                    |l, name| l.pick(format!("{name}收到通知"), format!("{name} was reached")),
                    &name,
                ),
                None,
            )
        }
        Ask::Evaluator { question, .. } => (question.clone(), None),
        Ask::Probe(probe) => {
            let url = &probe.url;
            (Text::both(format!("探测 {url}"), format!("probe {url}")), None)
        }
        Ask::Group { rule, of } => {
            let many = of.len();
            let words = match rule {
                Rule::All => {
                    Text::both(format!("以下 {many} 项全部"), format!("all of these {many}"))
                }
                Rule::Any => {
                    Text::both(format!("以下 {many} 项之一"), format!("one of these {many}"))
                }
                Rule::AtLeast(least) => Text::both(
                    format!("以下 {many} 项中至少 {least} 项"),
                    format!("at least {least} of these {many}"),
                ),
            };
            (words, None)
        }
    }
}

fn both(say: impl Fn(Lang, &str) -> String, name: &Text) -> Text {
    let one = |lang: Lang| say(lang, name.get(lang));
    Text::both(one(Lang::Zh), one(Lang::En))
}

fn in_words(playbook: &Playbook, pattern: &Pattern) -> Text {
    let mut words = what_words(playbook, &pattern.what);
    if let Some(role) = &pattern.by {
        let role = playbook.role_title(role);
        words = Text::both(
            format!("{}（由{}）", words.get(Lang::Zh), role.get(Lang::Zh)),
            format!("{} by {}", words.get(Lang::En), role.get(Lang::En)),
        );
    }
    if let Some(from) = &pattern.from {
        let from = moment_words(playbook, from);
        words = Text::both(
            format!("{}（自{}起）", words.get(Lang::Zh), from.get(Lang::Zh)),
            format!("{}, counted from: {}", words.get(Lang::En), from.get(Lang::En)),
        );
    }
    words
}

fn what_words(playbook: &Playbook, what: &What) -> Text {
    match what {
        What::Acknowledged(role) => both(
            |l, name| l.pick(format!("{name}已确认"), format!("{name} acknowledged")),
            &playbook.role_title(role),
        ),
        What::Step(step, is) => {
            let (zh, en) = milestone_words(*is);
            both(|l, name| format!("{name}: {}", l.pick(zh, en)), &playbook.step_title(step))
        }
        What::RoleEscalated(role) => escalated(&playbook.role_title(role)),
        What::StepEscalated(step) => escalated(&playbook.step_title(step)),
        What::Decision(step, is) => both(
            |l, name| l.pick(format!("{name}：选择“{is}”"), format!("{name}: “{is}” chosen")),
            &playbook.step_title(step),
        ),
        What::Approved(step) => both(
            |l, name| l.pick(format!("{name}：已批准"), format!("{name}: approved")),
            &playbook.step_title(step),
        ),
        What::PhaseEntered(phase) => both(
            |l, name| l.pick(format!("进入阶段“{name}”"), format!("phase {name}: entered")),
            &playbook.phase_title(phase),
        ),
        What::PhaseDone(phase) => both(
            |l, name| l.pick(format!("阶段“{name}”结束"), format!("phase {name}: done")),
            &playbook.phase_title(phase),
        ),
        What::Level(level) => {
            Text::both(format!("等级达到 {level} 级或更重"), format!("level {level} or worse"))
        }
        What::Clock(clock, stage) => {
            let name = match stage {
                Some(stage) => playbook.clock_title(clock, stage),
                None => {
                    let known = playbook.clocks.iter().find(|known| known.id == *clock);
                    known.map_or_else(
                        || Text::Same(clock.to_string()),
                        |known| known.title().clone(),
                    )
                }
            };
            both(
                |l, name| l.pick(format!("按时提交：{name}"), format!("submitted in time: {name}")),
                &name,
            )
        }
        What::Noted(audience) => both(
            |l, who| l.pick(format!("写出给{who}的消息"), format!("a message written to {who}")),
            &audience_words(playbook, audience),
        ),
        What::Notified(audience) => both(
            |l, who| l.pick(format!("通知{who}"), format!("notified: {who}")),
            &audience_words(playbook, audience),
        ),
        What::Closed => Text::both("事件关闭", "the incident closed"),
    }
}

fn escalated(name: &Text) -> Text {
    both(|l, name| l.pick(format!("{name}：已升级"), format!("{name}: escalated")), name)
}

fn moment_words(playbook: &Playbook, moment: &Moment) -> Text {
    match moment {
        Moment::Detected => Text::both("发现", "detected"),
        Moment::Aware => Text::both("知悉", "aware"),
        Moment::Declared => Text::both("启动预案", "declared"),
        Moment::Closed => Text::both("关闭", "closed"),
        Moment::Phase(phase) => what_words(playbook, &What::PhaseEntered(phase.clone())),
        Moment::Step(step, is) => what_words(playbook, &What::Step(step.clone(), *is)),
    }
}

const fn milestone_words(milestone: Milestone) -> (&'static str, &'static str) {
    match milestone {
        Milestone::Ready => ("就绪", "ready"),
        Milestone::Started => ("开始", "started"),
        Milestone::Done => ("完成", "done"),
        Milestone::Failed => ("失败", "failed"),
        Milestone::Settled => ("结束", "settled"),
    }
}

fn audience_words(playbook: &Playbook, audience: &Audience) -> Text {
    let named = |zh: &str, en: &str, name: &str| {
        Text::both(format!("{zh}“{name}”"), format!("{en} {name}"))
    };
    match audience {
        Audience::Role(role) => playbook.role_title(role),
        Audience::Team(team) => named("小组", "team", team.as_str()),
        Audience::Partner(partner) => named("合作方", "partner", partner.as_str()),
        Audience::Customers => Text::both("客户", "customers"),
        Audience::Regulators => Text::both("监管部门", "regulators"),
        Audience::Channel(channel) => named("渠道", "channel", channel.as_str()),
    }
}
