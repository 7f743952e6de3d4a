//! Why something did not leave: a stable code that is stored with the event, and its sentence in
//! either language. What a stranger's server said is kept with it, bounded and stripped.

use std::fmt;

use crate::text::Lang;

/// The longest detail kept, in characters: enough for a server's sentence, too little to flood a
/// timeline.
const DETAIL_CHARS_MAX: usize = 240;

/// A reason as it is stored: `code` or `code: detail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What kind of reason.
    pub code: WhyCode,
    /// The particulars, in whatever language the other side speaks; may be empty.
    pub detail: String,
}

impl Why {
    /// Makes a reason without particulars.
    #[must_use]
    pub const fn new(code: WhyCode) -> Self {
        Self { code, detail: String::new() }
    }

    /// Makes a reason with particulars: one line, no control characters, bounded.
    #[must_use]
    pub fn with(code: WhyCode, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        let words = detail.split(|c: char| c.is_whitespace() || c.is_control());
        let line = words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
        Self { code, detail: line.chars().take(DETAIL_CHARS_MAX).collect() }
    }

    /// Reads a stored reason; `None` where it was written by something else.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        let (code, detail) = stored.split_once(": ").unwrap_or((stored, ""));
        let code = WhyCode::ALL.into_iter().find(|known| known.as_str() == code)?;
        Some(Self { code, detail: detail.to_owned() })
    }

    /// Says a stored reason as a sentence; text that is not a reason comes back as it is.
    #[must_use]
    pub fn explain(stored: &str, lang: Lang) -> String {
        match Self::parse(stored) {
            Some(why) => why.sentence(lang),
            None => stored.to_owned(),
        }
    }

    /// Says it as a sentence.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        let what = self.code.sentence(lang);
        if self.detail.is_empty() {
            return what.to_owned();
        }
        let (open, close) = lang.pick(("（", "）"), (" (", ")"));
        format!("{what}{open}{}{close}", self.detail)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $zh:literal, $en:literal;)*) => {
        /// The stable codes of reasons. Stored: names never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum WhyCode {
            $($(#[$doc])* $name,)*
        }

        impl WhyCode {
            /// Every code.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$name),*];

            /// Returns the code as it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Says what it means and, where something can be done, what.
            #[must_use]
            pub fn sentence(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($zh, $en),)* }
            }
        }
    };
}

codes! {
    /// A simulation sends nothing.
    Simulation, "simulation", "推演不对外发送", "a simulation sends nothing";
    /// A rehearsal beside a live incident sends nothing.
    Shadow, "shadow", "影子演练不对外发送", "a shadow sends nothing";
    /// A drill never reaches customers, regulators or partners.
    DrillAudience, "drill_audience", "演练不触达客户、监管部门和合作方",
        "a drill never reaches customers, regulators or partners";
    /// The person does not take part in drills.
    DrillPerson, "drill_person", "该人员未被列入演练名单（人员配置 drills: true）",
        "the person is not on the drill list (drills: true on the person)";
    /// The channel's own address is not open to drills.
    DrillChannel, "drill_channel", "该渠道未开放给演练", "the channel is not open to drills";
    /// The drill has the channel out of order.
    DrillChannelDown, "drill_channel_down", "演练设定该渠道中断", "the drill has this channel down";
    /// The drill has the channel late.
    DrillChannelSlow, "drill_channel_slow", "演练设定该渠道延迟", "the drill has this channel late";
    /// The drill has the person away: nothing reaches them.
    DrillAbsent, "drill_absent", "演练设定此人缺席", "the drill has this person away";
    /// What the channel writes has no place where it could say that it is a drill.
    DrillUnmarked, "drill_unmarked",
        "该渠道的表单或短信模板没有可以标明“演练”的位置（用上 title、text、headline 或 drill，或给模板加一个变量）",
        "the channel's form or SMS template has no place that could say it is a drill (use title, text, headline or drill; give the template a variable)";
    /// The host is not open to drills.
    DrillHost, "drill_host", "主机不在演练白名单 drill_hosts 中",
        "the host is not on drill_hosts";
    /// The host may not be called by plans.
    HostNotAllowed, "host_not_allowed", "主机不在白名单 http_hosts 中",
        "the host is not on http_hosts";
    /// No channel of that name is configured.
    NoSuchChannel, "no_such_channel", "没有配置该渠道", "no such channel is configured";
    /// Nobody knows where to send it.
    NoAddress, "no_address", "收件人在该渠道没有地址", "the recipient has no address there";
    /// The address cannot be read.
    BadAddress, "bad_address", "地址无法识别", "the address cannot be read";
    /// The address leads where messages must not go.
    ForbiddenAddress, "forbidden_address", "地址指向内网或保留网段，已拒绝",
        "the address leads to a private or reserved network, refused";
    /// The name does not resolve or nothing answers there.
    Unreachable, "unreachable", "连接不上对方服务器", "the server cannot be reached";
    /// It took too long.
    TimedOut, "timed_out", "对方服务器响应超时", "the server took too long";
    /// The other side may take it later.
    Busy, "busy", "对方暂时无法接收，稍后重试", "the server cannot take it now";
    /// The person has been sent too many lately.
    Throttled, "throttled", "此人近十分钟收到的消息已达上限，稍后再发",
        "the person was sent as many in ten minutes as they may be, later";
    /// Many read what goes there, and it speaks for one.
    SharedPlace, "shared_place", "该渠道发到群里，无法由本人确认；请直接问本人",
        "the channel writes to a group, where nobody can confirm for one person; ask them";
    /// The other side does not want it.
    Rejected, "rejected", "对方拒收", "the server refused it";
    /// The credentials are wrong.
    NotAuthorised, "not_authorised", "账号或密钥无效，请检查渠道配置",
        "the credentials are not accepted, check the channel's configuration";
    /// The address is gone or moved.
    Gone, "gone", "接收地址已失效或已迁移，请更新渠道配置",
        "the address is gone or has moved, update the channel's configuration";
    /// The secure connection cannot be made.
    Insecure, "insecure", "无法建立安全连接，请检查 TLS 配置",
        "no secure connection can be made, check the TLS settings";
    /// The file cannot be written.
    DiskFailed, "disk_failed", "无法写入发件目录", "the outbox directory cannot be written";
    /// No time is left for this channel.
    TooLate, "too_late", "该渠道的时限内无法送达", "it cannot be delivered in the channel's time";
    /// The plan's request cannot be made of its templates.
    BadRequest, "bad_request", "请求内容无效，请检查预案的 http 步骤",
        "the request is not valid, check the plan's http step";
    /// The answer's status is not what the plan expects.
    UnexpectedStatus, "unexpected_status", "返回状态不符合预期", "unexpected status";
    /// The answer's body is not what the plan expects.
    UnexpectedBody, "unexpected_body", "返回内容不符合预期", "unexpected answer";
    /// The plan that is called is not loaded.
    NoSuchPlaybook, "no_such_playbook", "没有加载该预案", "no such playbook is loaded";
    /// The plan that is called refuses to begin.
    PlaybookRefused, "playbook_refused", "预案无法启动", "the playbook cannot begin";
    /// The answer is longer than is read.
    AnswerTooLarge, "answer_too_large", "返回内容过大", "the answer is too large";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_being_stored_and_speaks_both_languages() {
        for code in WhyCode::ALL {
            let why = Why::with(code, "450 4.2.1 busy: later");
            assert_eq!(Why::parse(&why.to_string()), Some(why.clone()));
            assert_eq!(Why::parse(&Why::new(code).to_string()), Some(Why::new(code)));
            assert_ne!(why.sentence(Lang::Zh), why.sentence(Lang::En));
        }
    }

    #[test]
    fn what_a_server_says_is_one_bounded_line() {
        let why = Why::with(WhyCode::Rejected, format!("no\r\n\u{1b}[31mred {}", "长".repeat(999)));
        assert!(why.detail.starts_with("no [31mred 长"), "{}", why.detail);
        assert_eq!(why.detail.chars().count(), DETAIL_CHARS_MAX);
    }

    #[test]
    fn foreign_text_is_left_alone() {
        assert_eq!(Why::explain("电话没人接: 忙", Lang::Zh), "电话没人接: 忙");
        assert_eq!(
            Why::explain("rejected: 550 no such user", Lang::Zh),
            "对方拒收（550 no such user）"
        );
    }
}
