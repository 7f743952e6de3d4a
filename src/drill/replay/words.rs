//! What came from outside, in words.

use crate::engine::Command;
use crate::text::Text;

/// Says what reached the incident.
pub(super) fn of(command: &Command) -> Text {
    match command {
        Command::Inject { values } => {
            let names: Vec<&str> = values.keys().map(String::as_str).collect();
            let names = names.join(", ");
            Text::both(format!("录入：{names}"), format!("became known: {names}"))
        }
        Command::Alert { alert, resolved: false } => {
            Text::both(format!("告警：{}", alert.name), format!("alert: {}", alert.name))
        }
        Command::Alert { alert, resolved: true } => {
            Text::both(format!("告警恢复：{}", alert.name), format!("alert over: {}", alert.name))
        }
        Command::Surge { surge, .. } => {
            let monitor = &surge.monitor;
            Text::both(format!("投诉监测：{monitor}"), format!("monitor: {monitor}"))
        }
        Command::SetLevel { level, .. } => {
            Text::both(format!("等级改为 {level}"), format!("the level becomes {level}"))
        }
        Command::Measure { name, .. } => {
            Text::both(format!("测量：{name}"), format!("measured: {name}"))
        }
        Command::SetMoment { moment, .. } => {
            let name = smol_str::SmolStr::from(moment.clone());
            Text::both(format!("时间点：{name}"), format!("moment: {name}"))
        }
        Command::Pause { .. } => Text::both("暂停", "paused"),
        Command::Resume => Text::both("继续", "resumed"),
        Command::MovePhase { to, .. } => {
            Text::both(format!("转入阶段 {to}"), format!("moved to phase {to}"))
        }
        Command::Cancel { .. } => Text::both("取消事件", "cancelled"),
        Command::Clock { clock, .. } => Text::both(
            format!("法定时限已报送：{}", clock.clock),
            format!("clock submitted: {}", clock.clock),
        ),
        _ => Text::both("其他", "something else"),
    }
}
