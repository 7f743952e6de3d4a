//! Every kind of problem an answer can report: stable code, status, title. One exhaustive match
//! each, so that a new rejection of the engine does not compile until it has a status here.

use axum::http::StatusCode;

use crate::engine::RejectionCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $zh:literal, $en:literal;)*) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            /// The engine refused the command.
            Rejected(RejectionCode),
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// The kinds that do not come from the engine.
            pub const OWN: &[Self] = &[$(Self::$name,)*];

            /// Returns the stable code; never localised, never changed.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    Self::Rejected(code) => code.as_str(),
                    $(Self::$name => $code,)*
                }
            }

            /// Returns the status of an answer that reports it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    Self::Rejected(code) => of_rejection(code),
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// Returns its short name in Chinese and in English, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> (&'static str, &'static str) {
                match self {
                    Self::Rejected(code) => title_of_rejection(code),
                    $(Self::$name => ($zh, $en),)*
                }
            }
        }
    };
}

kinds! {
    /// The body is no JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "JSON 格式错误", "Malformed JSON";
    /// A header field does not parse.
    BadHeader = "bad_header", BAD_REQUEST, "请求头无效", "Bad header field";
    /// The request could not be read to its end.
    BrokenBody = "broken_body", BAD_REQUEST, "请求体未传完", "Broken request body";
    /// No token, or one that is not known.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "未认证", "Not authenticated";
    /// The token was good once.
    TokenExpired = "token_expired", UNAUTHORIZED, "令牌已过期", "Token expired";
    /// The token was taken back.
    TokenRevoked = "token_revoked", UNAUTHORIZED, "令牌已吊销", "Token revoked";
    /// The token's scope does not reach.
    ScopeTooLow = "scope_too_low", FORBIDDEN, "权限不足", "Scope too low";
    /// The other side of a channel did not sign this.
    BadSignature = "bad_signature", FORBIDDEN, "签名不符", "Bad signature";
    /// The shift is another person's.
    NotYourShift = "not_your_shift", FORBIDDEN, "非本人班次", "Not your shift";
    /// A service cannot act for a person.
    NotAPerson = "not_a_person", FORBIDDEN, "仅限人员", "Only people may";
    /// Nothing answers at this address.
    UnknownRoute = "unknown_route", NOT_FOUND, "地址不存在", "No such address";
    /// No such incident, or one that the caller may not see.
    UnknownIncident = "unknown_incident", NOT_FOUND, "事件不存在", "No such incident";
    /// No such playbook, or one that the caller may not see.
    UnknownPlaybook = "unknown_playbook", NOT_FOUND, "预案不存在", "No such playbook";
    /// No such drill.
    UnknownDrill = "unknown_drill", NOT_FOUND, "演练不存在", "No such drill";
    /// No such body of another tool, or one that is not kept any longer.
    UnknownBody = "unknown_body", NOT_FOUND, "没有保存此内容", "No such kept body";
    /// No such team.
    UnknownTeam = "unknown_team", NOT_FOUND, "团队不存在", "No such team";
    /// No such schedule.
    UnknownSchedule = "unknown_schedule", NOT_FOUND, "值班表不存在", "No such schedule";
    /// No such piece of evidence in this incident, or it was erased.
    UnknownEvidence = "unknown_evidence", NOT_FOUND, "证据不存在", "No such evidence";
    /// No such personal value.
    UnknownPersonal = "unknown_personal", NOT_FOUND, "个人信息不存在", "No such personal value";
    /// No such override of a schedule.
    UnknownOverride = "unknown_override", NOT_FOUND, "调班不存在", "No such override";
    /// No such offer to change shifts.
    UnknownSwap = "unknown_swap", NOT_FOUND, "换班申请不存在", "No such swap";
    /// No such calendar of shifts, or it was taken back.
    UnknownCalendar = "unknown_calendar", NOT_FOUND, "日历不存在", "No such calendar";
    /// No such silence.
    UnknownSilence = "unknown_silence", NOT_FOUND, "静默不存在", "No such silence";
    /// No such finding, or one of a plan that the caller may not see.
    UnknownFinding = "unknown_finding", NOT_FOUND, "发现不存在", "No such finding";
    /// No such action, or one of a plan that the caller may not see.
    UnknownAction = "unknown_action", NOT_FOUND, "整改项不存在", "No such action";
    /// No such token.
    UnknownToken = "unknown_token", NOT_FOUND, "令牌不存在", "No such token";
    /// The address answers to other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "方法不允许", "Method not allowed";
    /// The format asked for is not offered.
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "不支持的格式", "Format not offered";
    /// The body did not come in time.
    TooSlow = "too_slow", REQUEST_TIMEOUT, "请求传输超时", "Request too slow";
    /// A request with the same key is still under way.
    KeyInUse = "idempotency_in_progress", CONFLICT, "同键请求处理中", "Request in progress";
    /// Links cannot be sent: nobody said where this server is reached.
    NoPublicUrl = "no_public_url", CONFLICT, "未配置访问地址", "No public address";
    /// Another writer was first, again and again.
    Contended = "contended", CONFLICT, "并发冲突", "Too many writers";
    /// There is something of that name already.
    AlreadyExists = "already_exists", CONFLICT, "已存在", "Already exists";
    /// Nobody would be on call.
    LeavesNobody = "leaves_nobody", CONFLICT, "将无人值班", "Nobody would be on call";
    /// What it changes lies in the past.
    OverrideEnded = "override_ended", CONFLICT, "调班已结束", "The override has ended";
    /// The offer was accepted, declined, withdrawn, or ran out.
    SwapSettled = "swap_settled", CONFLICT, "换班申请已了结", "The swap is settled";
    /// Who would give the shift away does not have it.
    NotOnCall = "not_on_call", CONFLICT, "不在班上", "Not on call then";
    /// The drill asks evaluators no such question.
    UnknownQuestion = "unknown_question", NOT_FOUND, "没有这个问题", "No such question";
    /// What an evaluator says does not fit.
    BadJudgement = "bad_judgement", UNPROCESSABLE_ENTITY, "评判无效", "Bad judgement";
    /// There is no room for what an evaluator says.
    JudgementsFull = "judgements_full", CONFLICT, "评判已达上限", "No room for more judgements";
    /// The run ended too long ago to be judged.
    JudgingOver = "judging_over", CONFLICT, "评判期已过", "Judging is over";
    /// The drill is under way already.
    DrillUnderWay = "drill_under_way", CONFLICT, "演练正在进行", "Drill under way";
    /// The drill gives way to a live incident.
    DrillGivesWay = "drill_gives_way", CONFLICT, "演练让位于真实事件", "Drill gives way";
    /// There is no live incident that the shadow could go beside.
    NothingBeside = "nothing_beside", CONFLICT, "没有可跟随的真实事件", "No live incident to go beside";
    /// Nobody who could be reached could fill a role that the plan of the drill needs.
    DrillNotReady = "drill_not_ready", CONFLICT, "演练无法开始", "Drill not ready";
    /// The run of the drill is over.
    DrillOver = "drill_over", CONFLICT, "演练已结束", "Drill over";
    /// The drill goes by the real clock.
    DrillRealClock = "drill_real_clock", CONFLICT, "演练用真实时钟", "Drill by the real clock";
    /// The drill stands still.
    DrillPaused = "drill_paused", CONFLICT, "演练已暂停", "Drill paused";
    /// The clock of a tabletop would go back.
    ClockBackwards = "clock_backwards", CONFLICT, "时钟不能倒拨", "The clock cannot go back";
    /// Only a later run closes an action.
    ActionNeedsVerification =
        "action_needs_verification", CONFLICT, "整改项须由演练验证", "A later run closes it";
    /// The action was verified or dropped.
    ActionClosed = "action_closed", CONFLICT, "整改项已关闭", "The action is closed";
    /// The caller saw another version.
    VersionMismatch = "version_mismatch", PRECONDITION_FAILED, "版本不符", "Version mismatch";
    /// The body is larger than the route takes.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "请求体过大", "Body too large";
    /// The body is of a type the route does not take.
    UnsupportedMedia =
        "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "不支持的内容类型", "Unsupported media type";
    /// The query does not parse.
    BadQuery = "bad_query", UNPROCESSABLE_ENTITY, "查询参数无效", "Bad query";
    /// A sent plan has errors.
    PlanHasErrors =
        "plan_has_errors", UNPROCESSABLE_ENTITY, "预案有错误", "The plan has errors";
    /// The cursor was not given for this list.
    BadCursor = "bad_cursor", UNPROCESSABLE_ENTITY, "分页游标无效", "Bad cursor";
    /// The key was used for another request.
    KeyReused =
        "idempotency_key_reused", UNPROCESSABLE_ENTITY, "幂等键已用于其他请求", "Idempotency key reused";
    /// A mistake in firebell.
    Internal = "internal", INTERNAL_SERVER_ERROR, "内部错误", "Internal error";
    /// Too much is waiting for the disk.
    Busy = "busy", SERVICE_UNAVAILABLE, "服务繁忙", "Busy";
    /// The disk has too little room to take anything on.
    DiskFull = "disk_full", SERVICE_UNAVAILABLE, "磁盘已满", "Disk full";
    /// The store, or something else that is needed, does not work now.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "暂不可用", "Unavailable";
    /// It took too long; whether it took effect is not known.
    TimedOut = "timed_out", SERVICE_UNAVAILABLE, "处理超时", "Timed out";
}

impl Kind {
    /// Returns every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        RejectionCode::ALL.into_iter().map(Self::Rejected).chain(Self::OWN.iter().copied())
    }

    /// Tells whether the same request may succeed a little later.
    #[must_use]
    pub const fn is_worth_retrying(self) -> bool {
        matches!(self.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT)
    }
}

/// 404 for what is not there, 403 for who may not, 422 for what is said wrongly, 409 for what does
/// not fit how things stand.
const fn of_rejection(code: RejectionCode) -> StatusCode {
    match code {
        RejectionCode::UnknownStep
        | RejectionCode::UnknownRole
        | RejectionCode::UnknownClock
        | RejectionCode::UnknownItem => StatusCode::NOT_FOUND,
        RejectionCode::NotYours | RejectionCode::MayNotApprove | RejectionCode::AdminOnly => {
            StatusCode::FORBIDDEN
        }
        RejectionCode::InvalidFields
        | RejectionCode::UnknownPerson
        | RejectionCode::UnknownPhase
        | RejectionCode::ImplausibleTime
        | RejectionCode::EvidenceRequired
        | RejectionCode::LateReasonRequired
        | RejectionCode::UnknownMoment
        | RejectionCode::BadText => StatusCode::UNPROCESSABLE_ENTITY,
        RejectionCode::IncidentEnded
        | RejectionCode::IncidentOpen
        | RejectionCode::WrongStatus
        | RejectionCode::AmbiguousStep
        | RejectionCode::AmbiguousClock
        | RejectionCode::WrongClockState
        | RejectionCode::StaleRun
        | RejectionCode::WrongState
        | RejectionCode::WrongKind
        | RejectionCode::ClaimLost
        | RejectionCode::Blocked
        | RejectionCode::ChecklistOpen
        | RejectionCode::LimitReached => StatusCode::CONFLICT,
    }
}

const fn title_of_rejection(code: RejectionCode) -> (&'static str, &'static str) {
    match code {
        RejectionCode::InvalidFields => ("字段无效", "Invalid fields"),
        RejectionCode::IncidentEnded => ("事件已结束", "The incident has ended"),
        RejectionCode::IncidentOpen => ("事件未结束", "The incident is open"),
        RejectionCode::WrongStatus => ("事件状态不符", "Wrong status"),
        RejectionCode::UnknownStep => ("步骤不存在", "No such step"),
        RejectionCode::AmbiguousStep => ("步骤不明确", "Ambiguous step"),
        RejectionCode::UnknownClock => ("法定时限不存在", "No such clock"),
        RejectionCode::AmbiguousClock => ("法定时限的阶段不明确", "Ambiguous clock"),
        RejectionCode::WrongClockState => ("法定时限状态不符", "Wrong state of the clock"),
        RejectionCode::LateReasonRequired => ("须说明逾期原因", "A reason is required"),
        RejectionCode::UnknownMoment => ("时刻不存在", "No such moment"),
        RejectionCode::StaleRun => ("步骤已更新", "Stale run"),
        RejectionCode::WrongState => ("步骤状态不符", "Wrong state"),
        RejectionCode::WrongKind => ("步骤类型不符", "Wrong kind of step"),
        RejectionCode::UnknownRole => ("角色不存在", "No such role"),
        RejectionCode::ClaimLost => ("已被他人认领", "Claimed by someone else"),
        RejectionCode::NotYours => ("非本人操作", "Not yours"),
        RejectionCode::UnknownPerson => ("人员不存在", "No such person"),
        RejectionCode::UnknownPhase => ("阶段不存在", "No such phase"),
        RejectionCode::Blocked => ("尚有未完成事项", "Blocked"),
        RejectionCode::MayNotApprove => ("不可审批", "May not approve"),
        RejectionCode::ImplausibleTime => ("时间不合理", "Implausible time"),
        RejectionCode::EvidenceRequired => ("需要证据", "Evidence required"),
        RejectionCode::ChecklistOpen => ("检查项未完成", "Checklist open"),
        RejectionCode::UnknownItem => ("项目不存在", "No such item"),
        RejectionCode::BadText => ("文本无效", "Bad text"),
        RejectionCode::LimitReached => ("已达上限", "Limit reached"),
        RejectionCode::AdminOnly => ("仅限管理员", "Administrators only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_words_and_every_kind_has_both_titles() {
        let mut seen = BTreeSet::new();
        for kind in Kind::all() {
            let code = kind.code();
            assert!(seen.insert(code), "{code} twice");
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
            let (zh, en) = kind.title();
            assert!(!zh.is_ascii() && en.is_ascii(), "{code}");
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
        }
    }

    #[test]
    fn only_a_mistake_in_firebell_is_a_500() {
        let broken: Vec<_> =
            Kind::all().filter(|k| k.status() == StatusCode::INTERNAL_SERVER_ERROR).collect();
        assert_eq!(broken, [Kind::Internal]);
    }

    #[test]
    fn statuses_and_codes_are_a_contract() {
        let table: Vec<String> =
            Kind::all().map(|k| format!("{} {}", k.status().as_u16(), k.code())).collect();
        insta::assert_snapshot!(table.join("\n"));
    }
}
