//! What can be wrong with the parts of a directory, as data and in both languages.

use crate::text::Text;

/// The kinds of things a directory holds or refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// A person.
    Person,
    /// A team.
    Team,
    /// A schedule.
    Schedule,
    /// An escalation ladder.
    Ladder,
    /// A partner.
    Partner,
    /// A channel.
    Channel,
}

impl Noun {
    /// Returns the word a reader knows it by.
    #[must_use]
    pub fn word(self) -> Text {
        let (zh, en) = match self {
            Self::Person => ("人员", "person"),
            Self::Team => ("团队", "team"),
            Self::Schedule => ("值班表", "schedule"),
            Self::Ladder => ("升级阶梯", "escalation ladder"),
            Self::Partner => ("合作方", "partner"),
            Self::Channel => ("渠道", "channel"),
        };
        Text::both(zh, en)
    }
}

/// Something wrong in the parts of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer in the shape of the configuration file, such as
    /// `/schedules/duty/layers/0/members/2`.
    pub at: String,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// A reference to something that does not exist.
    Unknown {
        /// What was meant to exist.
        noun: Noun,
        /// The name that was given.
        id: String,
    },
    /// A list that must hold something holds nothing.
    Empty,
    /// A list holds more than its bound.
    TooMany {
        /// The bound.
        limit: usize,
    },
    /// The same name stands in a list twice.
    Twice {
        /// The name.
        id: String,
    },
    /// An override ends before, or when, it begins.
    Backwards,
    /// Two overrides of one schedule contradict each other at some instant.
    Overlap {
        /// The index of the other override.
        with: usize,
    },
    /// A rung's wait is negative or beyond the bound.
    Wait {
        /// The longest wait in hours.
        limit_hours: i64,
    },
}

impl FaultKind {
    /// Returns the stable code of this kind of fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_reference",
            Self::Empty => "empty_list",
            Self::TooMany { .. } => "too_many",
            Self::Twice { .. } => "listed_twice",
            Self::Backwards => "ends_before_it_begins",
            Self::Overlap { .. } => "overlapping_overrides",
            Self::Wait { .. } => "wait_out_of_range",
        }
    }

    /// Says in both languages what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> Text {
        let (zh, en) = match self {
            Self::Unknown { noun, id } => {
                let (zh, en) = (noun.word(), noun.word());
                (
                    format!("没有名为 `{id}` 的{}", zh.get(crate::text::Lang::Zh)),
                    format!("no {} is called `{id}`", en.get(crate::text::Lang::En)),
                )
            }
            Self::Empty => (
                "这里不能为空：至少写一项".to_owned(),
                "must not be empty: name at least one".to_owned(),
            ),
            Self::TooMany { limit } => (
                format!("超出上限：最多 {limit} 项"),
                format!("too many: at most {limit} are allowed"),
            ),
            Self::Twice { id } => (
                format!("`{id}` 重复出现，请删去一处"),
                format!("`{id}` is listed twice; remove one"),
            ),
            Self::Backwards => {
                ("结束时间必须晚于开始时间".to_owned(), "must end after it begins".to_owned())
            }
            Self::Overlap { with } => (
                format!("与第 {} 条调班的时间重叠且相互矛盾", with + 1),
                format!("contradicts override {} while both hold", with + 1),
            ),
            Self::Wait { limit_hours } => (
                format!("等待时间必须在 0 到 {limit_hours} 小时之间"),
                format!("the wait must be between 0 and {limit_hours} hours"),
            ),
        };
        Text::both(zh, en)
    }
}
