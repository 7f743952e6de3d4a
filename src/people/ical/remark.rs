//! What in a calendar file means nothing, as data and in both languages.

use crate::text::Text;

/// Something in a file that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The event's own identity; its number where it has none.
    pub uid: String,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// Why.
    pub kind: RemarkKind,
}

/// Why an event was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemarkKind {
    /// It names nobody of the configuration.
    Unmatched {
        /// The summary.
        summary: String,
    },
    /// It names somebody as several are called.
    Ambiguous {
        /// The name.
        name: String,
    },
    /// It does not say when it begins, or in a zone that nobody knows.
    NoStart,
    /// It does not say when it ends.
    NoEnd,
    /// A time in it does not read.
    BadTime,
    /// Its rule does not read.
    BadRule {
        /// Why.
        why: String,
    },
    /// It recurs by the minute or second.
    TooOften,
    /// It lasts longer than a shift.
    TooLong,
    /// It changes an occurrence and all that follow, which few programs mean alike.
    AndFuture,
    /// It comes to more shifts than are read; the later ones are missing.
    TooMany,
}

impl Remark {
    /// Says in both languages what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> Text {
        let (zh, en) = self.kind.words();
        let (uid, line) = (&self.uid, self.line);
        Text::both(format!("第 {line} 行 {uid}：{zh}"), format!("line {line}, {uid}: {en}"))
    }
}

impl RemarkKind {
    fn words(&self) -> (String, String) {
        let (zh, en) = match self {
            Self::Unmatched { summary } => {
                return (
                    format!("标题“{summary}”和参与人中没有配置里的人员；写上姓名、标识或邮箱"),
                    format!(
                        "neither `{summary}` nor those who attend name anybody; \
                         write a name, an id or an e-mail address"
                    ),
                );
            }
            Self::Ambiguous { name } => {
                return (
                    format!("有多人名为“{name}”；改用标识或邮箱"),
                    format!("several are called `{name}`; write an id or an e-mail address"),
                );
            }
            Self::BadRule { why } => {
                return (
                    format!("RRULE 无法读取：{why}"),
                    format!("the RRULE does not read: {why}"),
                );
            }
            Self::NoStart => (
                "没有可读的 DTSTART；时区须为 IANA 名称",
                "there is no DTSTART that reads; zones have IANA names",
            ),
            Self::NoEnd => ("没有 DTEND 或 DURATION", "there is no DTEND or DURATION"),
            Self::BadTime => ("其中有无法读取的时间", "a time in it does not read"),
            Self::TooOften => ("班次不能按分钟或秒重复", "no shift recurs by the minute or second"),
            Self::TooLong => ("班次超过 92 天", "the shift is longer than 92 days"),
            Self::AndFuture => (
                "不支持 RANGE=THISANDFUTURE；请拆成两个重复事件",
                "RANGE=THISANDFUTURE is not read; make two recurring events of it",
            ),
            Self::TooMany => (
                "展开的班次过多，靠后的未读入",
                "it comes to too many shifts; the later ones are missing",
            ),
        };
        (zh.to_owned(), en.to_owned())
    }
}
