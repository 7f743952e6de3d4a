//! The words of a difference: what can change, and which kind of matter that is.

use serde::Serialize;

use crate::text::Lang;

/// A part of a plan that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its name; empty for the plan itself.
    pub name: String,
}

/// The kinds of parts, in the order of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// The plan itself.
    Plan,
    /// An input.
    Input,
    /// A role.
    Role,
    /// Something held ready.
    Resource,
    /// An objective.
    Objective,
    /// A statutory clock.
    Clock,
    /// A message.
    Message,
    /// A phase.
    Phase,
    /// A step.
    Step,
    /// A handler.
    Handler,
}

/// What a change matters for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// Who acts.
    People,
    /// By when.
    Deadlines,
    /// Which way it goes.
    Paths,
    /// Who is told what.
    Messages,
    /// What is done.
    Work,
    /// Everything else.
    About,
}

macro_rules! aspects {
    ($($name:ident $matter:ident $zh:literal $en:literal)*) => {
        /// One side of a part of a plan.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Aspect {
            $(#[doc = $en] $name,)*
        }

        impl Aspect {
            /// Returns the word for it.
            #[must_use]
            pub fn word(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($zh, $en),)* }
            }

            /// Tells what it matters for.
            #[must_use]
            pub const fn matter(self) -> Matter {
                match self { $(Self::$name => Matter::$matter,)* }
            }
        }
    };
}

aspects! {
    Title About "名称" "title"
    Summary About "说明" "summary"
    Owner About "归口团队" "owner"
    Review About "评审周期" "review"
    Risks About "风险类别" "risks"
    Access People "访问" "access"
    Partners Messages "伙伴" "partners"
    Bridge About "会议" "bridge"
    Calendar Deadlines "工作日历" "calendar"
    Close Paths "结束方式" "close"
    Levels Paths "等级规则" "level rules"
    AssumeLevel Paths "暂定等级" "assumed level"
    Activation Paths "启动条件" "activation"
    Begins Paths "起始阶段" "first phase"
    Definition Work "定义" "definition"
    Assign People "担任" "assigned to"
    Deputies People "副手" "deputies"
    AcknowledgeWithin Deadlines "确认时限" "acknowledge within"
    Escalate People "升级" "escalates to"
    Engage People "启用条件" "engaged when"
    Promise Deadlines "承诺" "promise"
    Law Deadlines "法规" "law"
    Limits Deadlines "法定时限" "limits"
    CountsFrom Deadlines "起算时刻" "counts from"
    SubmittedBy Work "提交步骤" "submitted by"
    Subject Messages "主题" "subject"
    Text Messages "正文" "text"
    Sms Messages "短信模板" "short message"
    Ways Paths "去向" "ways out"
    Phase Paths "所在阶段" "phase"
    Does Work "动作" "does"
    Role People "角色" "role"
    After Paths "前置" "after"
    When Paths "条件" "when"
    StartWithin Deadlines "开始时限" "start within"
    Due Deadlines "完成时限" "due"
    Timeout Deadlines "超时" "timeout"
    Retry Work "重试" "retries"
    OnFailure Paths "失败时" "on failure"
    OnTimeout Paths "超时时" "on timeout"
    Blocks Paths "阻塞" "blocks"
    Outlives Paths "跨阶段" "outlives its phase"
    Repeat Work "重复" "repeats"
    ForEach Work "逐项" "for each"
    Compensate Paths "撤销步骤" "undone by"
    Instructions Work "指引" "instructions"
    Checklist Work "检查表" "checklist"
    Form Work "表单" "form"
    Evidence Work "证据" "evidence"
    Measure Work "度量" "measure"
    Recipients Messages "收件人" "recipients"
    Channels Messages "渠道" "channels"
    Message Messages "消息" "message"
    Until Messages "完成条件" "until"
    Options Paths "选项" "options"
    Decides People "决定人" "decided by"
    Default Paths "默认选项" "default"
    Approvers People "审批人" "approved by"
    WhilePhase Paths "限于阶段" "while in"
    AtMost Paths "次数上限" "at most"
}

impl SubjectKind {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Plan => lang.pick("预案", "plan"),
            Self::Input => lang.pick("输入", "input"),
            Self::Role => lang.pick("角色", "role"),
            Self::Resource => lang.pick("资源", "resource"),
            Self::Objective => lang.pick("目标", "objective"),
            Self::Clock => lang.pick("法定时限", "statutory clock"),
            Self::Message => lang.pick("消息", "message"),
            Self::Phase => lang.pick("阶段", "phase"),
            Self::Step => lang.pick("步骤", "step"),
            Self::Handler => lang.pick("处理器", "handler"),
        }
    }

    /// Tells what its coming and going matters for.
    pub(super) const fn matter(self) -> Matter {
        match self {
            Self::Plan | Self::Resource => Matter::About,
            Self::Input | Self::Step => Matter::Work,
            Self::Role => Matter::People,
            Self::Objective | Self::Clock => Matter::Deadlines,
            Self::Message => Matter::Messages,
            Self::Phase | Self::Handler => Matter::Paths,
        }
    }
}

impl Matter {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::People => lang.pick("人员", "people"),
            Self::Deadlines => lang.pick("时限", "deadlines"),
            Self::Paths => lang.pick("流程", "paths"),
            Self::Messages => lang.pick("通知", "messages"),
            Self::Work => lang.pick("工作", "work"),
            Self::About => lang.pick("其他", "about"),
        }
    }
}
