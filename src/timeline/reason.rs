//! Reasons as they are stored, said in the reader's language: those of channels and the gate, those
//! of the engine, and what people wrote, which stays as it is.

use crate::notify::Why;
use crate::text::Lang;

/// What the engine writes as a reason, and what it is in Chinese.
const ENGINE: [(&str, &str); 5] = [
    ("nobody to tell", "没有可通知的人"),
    ("too few of those addressed could be reached", "能送达的收件人太少"),
    ("not delivered in time", "未能及时送达"),
    ("held back", "已被拦下"),
    ("held back; fails in this drill", "已被拦下；演练设定为失败"),
];

/// The engine's reasons that name something: what stands before it, in English and in Chinese, and
/// what stands after it in Chinese.
const ENGINE_WITH: [(&str, &str, &str, &str); 2] =
    [("timed out after ", "", "超过 ", " 未完成"), ("item ", " failed", "第 ", " 项失败")];

/// Says a stored reason.
pub(super) fn explain(stored: &str, lang: Lang) -> String {
    if lang == Lang::Zh {
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
