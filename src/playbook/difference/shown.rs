//! What changed, for people: the notation of the language word by word in the reader's. What authors
//! wrote and names stay as they are. It must not compare.

use super::{Aspect, Change, SubjectKind};
use crate::playbook::duration::Span;
use crate::text::Lang;

/// Words of the notation and the Chinese for them.
const WORDS: [(&str, &str); 73] = [
    ("acknowledged(all)", "全部确认"),
    ("acknowledged(any)", "任一人确认"),
    ("all", "全部"),
    ("any", "任一"),
    ("approve", "审批"),
    ("auto", "自动"),
    ("aware", "知悉"),
    ("backoff", "间隔"),
    ("before", "早于"),
    ("boolean", "是否"),
    ("by_person", "由人结束"),
    ("choice", "选项"),
    ("claim", "认领"),
    ("close", "事件结束"),
    ("closed", "结束"),
    ("continue", "继续"),
    ("customers", "客户"),
    ("date", "日期"),
    ("datetime", "时刻"),
    ("decide", "决定"),
    ("declared", "启动"),
    ("default", "默认"),
    ("delivered", "送达"),
    ("detected", "发现"),
    ("done", "完成"),
    ("due", "到期"),
    ("duration", "时长"),
    ("else", "其余"),
    ("end", "结束"),
    ("every", "每"),
    ("failed", "失败"),
    ("from", "自"),
    ("go", "转到"),
    ("hand", "移"),
    ("in", "取自"),
    ("integer", "整数"),
    ("is", "将"),
    ("level", "等级"),
    ("level_lowered", "等级降低"),
    ("level_raised", "等级升高"),
    ("list", "列表"),
    ("manual", "人工"),
    ("most", "多"),
    ("nothing", "无"),
    ("notify", "通知"),
    ("number", "数值"),
    ("of", "："),
    ("open", "公开"),
    ("person", "人员"),
    ("personal", "个人信息"),
    ("phase", "阶段"),
    ("quorum", "须同意数"),
    ("ready", "可开始"),
    ("regulators", "监管部门"),
    ("required", "必需"),
    ("restricted", "受限"),
    ("run", "启动预案"),
    ("schedule", "值班表"),
    ("sent", "发出"),
    ("set", "计算"),
    ("settled", "了结"),
    ("started", "开始"),
    ("stop", "停止"),
    ("string", "单行文字"),
    ("submitted", "报送"),
    ("team", "团队"),
    ("text", "文字"),
    ("true", "是"),
    ("until", "直到"),
    ("wait", "等待"),
    ("warn", "预警"),
    ("when", "若"),
    ("within", "限时"),
];

/// Words that belong together.
const PHRASES: [(&str, &str); 5] = [
    ("at most ", "至多 "),
    ("at once ", "同时 "),
    ("hand over to ", "移交给 "),
    (" without waiting", "（不等待）"),
    (" is due", " 到期"),
];

impl Change {
    /// Says one side of the change for people.
    #[must_use]
    pub fn shown(&self, aspect: Aspect, said: &str, lang: Lang) -> String {
        match lang {
            Lang::Zh if is_notation(aspect) => in_chinese(said),
            Lang::Zh | Lang::En => said.to_owned(),
        }
    }

    /// Names the part of the plan for people; handlers have no names but what they answer and do.
    #[must_use]
    pub fn name(&self, lang: Lang) -> String {
        let name = &self.subject.name;
        match (lang, self.subject.kind) {
            (Lang::Zh, SubjectKind::Handler) => in_chinese(name),
            _ => name.clone(),
        }
    }
}

/// Tells notation from what authors wrote and from expressions.
const fn is_notation(aspect: Aspect) -> bool {
    matches!(
        aspect,
        Aspect::Access
            | Aspect::Review
            | Aspect::Close
            | Aspect::Definition
            | Aspect::Assign
            | Aspect::Deputies
            | Aspect::AcknowledgeWithin
            | Aspect::Promise
            | Aspect::Limits
            | Aspect::CountsFrom
            | Aspect::Ways
            | Aspect::After
            | Aspect::Does
            | Aspect::StartWithin
            | Aspect::Due
            | Aspect::Timeout
            | Aspect::Retry
            | Aspect::OnFailure
            | Aspect::OnTimeout
            | Aspect::Blocks
            | Aspect::Outlives
            | Aspect::Repeat
            | Aspect::ForEach
            | Aspect::Compensate
            | Aspect::Form
            | Aspect::Evidence
            | Aspect::Recipients
            | Aspect::Until
            | Aspect::Approvers
    )
}

/// Says notation in Chinese; what stands between quotation marks stays.
fn in_chinese(said: &str) -> String {
    let mut out = String::new();
    let mut quoted = None;
    let mut plain = String::new();
    for c in said.chars() {
        match (quoted, c) {
            (None, '"' | '“' | '\'') => {
                out.push_str(&words(&std::mem::take(&mut plain)));
                quoted = Some(if c == '“' { '”' } else { c });
                out.push(c);
            }
            (Some(end), _) => {
                out.push(c);
                quoted = (c != end).then_some(end);
            }
            (None, _) => plain.push(c),
        }
    }
    out + &words(&plain)
}

fn words(said: &str) -> String {
    let mut said = said.to_owned();
    for (en, zh) in PHRASES {
        said = said.replace(en, zh);
    }
    let said = said.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', ':']);
        format!("{}{}", one(bare), &word[bare.len()..])
    });
    said.collect::<Vec<_>>().join(" ")
}

fn one(word: &str) -> String {
    if let Ok(at) = WORDS.binary_search_by_key(&word, |(en, _)| en) {
        return WORDS[at].1.to_owned();
    }
    // An audience: what it is before a stroke, its name behind.
    if let Some((kind, name)) = word.split_once('/')
        && let Some((_, zh)) = AUDIENCES.iter().find(|(en, _)| *en == kind)
    {
        return format!("{zh} {name}");
    }
    match word.parse::<Span>() {
        Ok(span) => length(&span),
        Err(_) => word.to_owned(),
    }
}

const AUDIENCES: [(&str, &str); 4] =
    [("channel", "渠道"), ("partner", "合作方"), ("role", "角色"), ("team", "团队")];

fn length(span: &Span) -> String {
    let seconds = span.seconds();
    let parts = [
        (u64::from(span.months()), "个月"),
        (u64::from(span.business_days()), "个工作日"),
        (seconds / 86_400, "天"),
        (seconds % 86_400 / 3_600, "小时"),
        (seconds % 3_600 / 60, "分"),
        (seconds % 60, "秒"),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_is_said_in_chinese_and_names_stay() {
        assert!(WORDS.is_sorted_by_key(|(en, _)| en));
        for (said, zh) in [
            ("restricted", "受限"),
            ("1h30m", "1 小时 30 分"),
            ("30m from locate done warn 50%, 80%", "30 分 自 locate 完成 预警 50%, 80%"),
            ("declared → locate done within 30m", "启动 → locate 完成 限时 30 分"),
            ("1: 10m, else: 1h", "1: 10 分, 其余: 1 小时"),
            ("role/commander, customers", "角色 commander, 客户"),
            (
                "every 30m at most 96 until phase == \"done\"",
                "每 30 分 至多 96 直到 阶段 == \"done\"",
            ),
            ("go phase review", "转到 阶段 review"),
            ("schedule duty-managers", "值班表 duty-managers"),
            ("integer 0.. required “是 / open”", "整数 0.. 必需 “是 / open”"),
        ] {
            assert_eq!(in_chinese(said), zh);
        }
    }
}
