//! Handlers and objectives.

use super::{Sentence, bad, good, plain};
use crate::engine::Fact;
use crate::playbook::HandlerEvent;
use crate::timeline::names::Names;

pub(super) fn say(names: &Names<'_>, fact: &Fact) -> Option<Sentence> {
    match fact {
        Fact::HandlerFired { event, .. } => {
            let event = handler_event(names, *event);
            plain(names.lang.pick(
                format!("预案规则触发：{event}"),
                format!("A rule of the plan fired: {event}"),
            ))
        }
        Fact::ObjectiveMet { objective } => {
            let title = names.objective(objective);
            good(names.lang.pick(format!("目标达成：{title}"), format!("Objective met: {title}")))
        }
        Fact::ObjectiveMissed { objective } => {
            let title = names.objective(objective);
            bad(names
                .lang
                .pick(format!("目标未达成：{title}"), format!("Objective missed: {title}")))
        }
        _ => None,
    }
}

fn handler_event(names: &Names<'_>, event: HandlerEvent) -> &'static str {
    match event {
        HandlerEvent::Declared => names.lang.pick("启动", "declared"),
        HandlerEvent::LevelRaised => names.lang.pick("等级上升", "level raised"),
        HandlerEvent::LevelLowered => names.lang.pick("等级下降", "level lowered"),
        HandlerEvent::AlertResolved => names.lang.pick("告警恢复", "alert resolved"),
        HandlerEvent::SurgeSubsided => names.lang.pick("投诉激增平息", "surge subsided"),
        HandlerEvent::PhaseEntered => names.lang.pick("进入阶段", "phase entered"),
        HandlerEvent::RoleVacant => names.lang.pick("角色无人担任", "role vacant"),
        HandlerEvent::StepFailed => names.lang.pick("步骤失败", "step failed"),
        HandlerEvent::ClockBreached => names.lang.pick("法定时限超期", "clock breached"),
        HandlerEvent::Stuck => names.lang.pick("事件停滞", "stuck"),
    }
}
