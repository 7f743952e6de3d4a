//! Reasons as they are stored, said in the reader's language: those of channels and the gate, those
//! of the engine, and what people wrote, which stays as it is.

use crate::notify::Why;
use crate::text::Lang;

/// What the engine writes as a reason, and what it is in Chinese.
const ENGINE: [(&str, &str); 12] = [
    ("nobody to tell", "没有可通知的人"),
    ("too few of those addressed could be reached", "能送达的收件人太少"),
    ("not delivered in time", "未能及时送达"),
    ("held back", "已被拦下"),
    ("held back; fails in this drill", "已被拦下；演练设定为失败"),
    ("its step failed", "所属步骤失败"),
    ("its step ran out of time", "所属步骤超时"),
    ("its step was skipped", "所属步骤被跳过"),
    ("the phase was left", "已离开所属阶段"),
    ("the incident was closed", "上级事件已关闭"),
    ("the incident was cancelled", "上级事件已取消"),
    ("the incident goes on by another plan", "上级事件已改用另一预案"),
];

/// The engine's reasons that name something: what stands before it, in English and in Chinese, and
/// what stands after it in Chinese.
const ENGINE_WITH: [(&str, &str, &str, &str); 5] = [
    ("timed out after ", "", "超过 ", " 未完成"),
    ("item ", " failed", "第 ", " 项失败"),
    ("children nest at most ", " deep", "子事件最多嵌套 ", " 层"),
    ("an incident has at most ", " children", "一个事件最多有 ", " 个子事件"),
    ("an incident is handed over at most ", " times", "一个事件最多移交 ", " 次"),
];

/// What a parent and a child write of each other: before the number, and in Chinese before and after
/// it; what follows the colon is a reason of its own.
const KIN: [(&str, &str, &str, &str); 2] = [
    ("called off by incident ", "", "由事件 #", " 撤回"),
    ("incident ", " was cancelled", "子事件 #", " 已取消"),
];

/// Says a stored reason.
pub(super) fn explain(stored: &str, lang: Lang) -> String {
    if lang == Lang::Zh {
        if let Some(said) = of_kin(stored) {
            return said;
        }
        if let Some((_, zh)) = ENGINE.iter().find(|(en, _)| *en == stored) {
            return (*zh).to_owned();
        }
        for (before, after, zh_before, zh_after) in ENGINE_WITH {
            let inside = stored.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            if let Some(inside) = inside {
                return format!("{zh_before}{inside}{zh_after}");
            }
        }
    }
    Why::explain(stored, lang)
}

/// Tells whether a parent wrote it of a child that it no longer wants.
pub(super) fn is_recall(stored: &str) -> bool {
    stored.starts_with(KIN[0].0)
}

fn of_kin(stored: &str) -> Option<String> {
    KIN.iter().find_map(|(before, after, zh_before, zh_after)| {
        let (head, why) = stored.strip_prefix(before)?.split_once(": ")?;
        let number: u64 = head.strip_suffix(after)?.parse().ok()?;
        Some(format!("{zh_before}{number}{zh_after}：{}", explain(why, Lang::Zh)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_the_reader_s_language() {
        for (stored, zh, en) in [
            ("nobody to tell", "没有可通知的人", "nobody to tell"),
            ("timed out after 5m", "超过 5m 未完成", "timed out after 5m"),
            ("item 3 failed", "第 3 项失败", "item 3 failed"),
            (
                "busy: 503",
                "对方暂时无法接收，稍后重试（503）",
                "the server cannot take it now (503)",
            ),
            ("备用线路未注册", "备用线路未注册", "备用线路未注册"),
        ] {
            assert_eq!(explain(stored, Lang::Zh), zh);
            assert_eq!(explain(stored, Lang::En), en);
        }
    }
}
