//! What can go wrong, as data with a stable code and a sentence in both languages.

use std::path::PathBuf;

use super::{Idempotency, Kind};
use crate::id::IncidentId;
use crate::text::Text;

/// A value that only one incident may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unique {
    /// The number.
    Number(u64),
    /// The deduplication key, among open incidents of one mode.
    DedupKey(String),
}

/// Why the store did not do what it was asked. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else appended first: load again and decide again.
    #[error("the incident is at event {actual} by now; load it again and decide again")]
    Conflict {
        /// How many events are stored.
        actual: u64,
    },
    /// Another incident has this value.
    #[error("incident {by} already has {what:?}")]
    Taken {
        /// The value.
        what: Unique,
        /// Who has it.
        by: IncidentId,
    },
    /// The request was answered before; the stored answer comes back.
    #[error("the request with key `{}` was already answered", .0.key)]
    Answered(Box<Idempotency>),
    /// The document has another version than expected.
    #[error("{} `{name}` has version {actual:?} by now; read it again", kind.name())]
    Stale {
        /// The document's kind.
        kind: Kind,
        /// The document's name.
        name: String,
        /// The stored version; `None`: no such document.
        actual: Option<u64>,
    },
    /// Too many requests wait already: try again shortly.
    #[error("the store is busy ({queued} in its queue); try again shortly")]
    Busy {
        /// How many wait.
        queued: u64,
    },
    /// The disk has too little room: reads go on, appends are refused until there is room.
    #[error(
        "the disk is full: {free} bytes are free, {needed} are needed; \
         free some space, appends then go on by themselves"
    )]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be free.
        needed: u64,
    },
    /// A bound is broken.
    #[error("too large: {amount} {what}, at most {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How much it is.
        amount: usize,
        /// How much it may be.
        limit: usize,
    },
    /// The request contradicts itself: a mistake in the program.
    #[error("the request contradicts itself: {why}")]
    Invalid {
        /// How.
        why: &'static str,
    },
    /// There is no such incident.
    #[error("there is no incident {0}")]
    Unknown(IncidentId),
    /// The incident still runs or waits for a wake-up, so it cannot be archived.
    #[error("incident {0} still runs; close it before archiving")]
    StillActive(IncidentId),
    /// Another process has the store open.
    #[error(
        "{} is in use by a running server; ask that server over HTTP (FIREBELL_URL), or stop it first",
        dir.display()
    )]
    Locked {
        /// The store's directory.
        dir: PathBuf,
    },
    /// The directory already holds what is to be restored.
    #[error("{} exists already; restore into an empty directory", dir.display())]
    NotEmpty {
        /// What exists.
        dir: PathBuf,
    },
    /// Stored bytes do not read as what they should be.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// Which record or file.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The disk, the file system or the embedded database failed.
    #[error("the store failed while {doing}: {why}")]
    Failed {
        /// What it was doing.
        doing: &'static str,
        /// What the lower layer said.
        why: String,
    },
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Stopped,
}

impl StoreError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "version_conflict",
            Self::Taken { .. } => "already_taken",
            Self::Answered(_) => "already_answered",
            Self::Stale { .. } => "stale_document",
            Self::Busy { .. } => "store_busy",
            Self::Full { .. } => "disk_full",
            Self::TooLarge { .. } => "too_large",
            Self::Invalid { .. } => "invalid_append",
            Self::Unknown(_) => "unknown_incident",
            Self::StillActive(_) => "still_active",
            Self::Locked { .. } => "store_locked",
            Self::NotEmpty { .. } => "not_empty",
            Self::Damaged { .. } => "store_damaged",
            Self::Failed { .. } => "store_failed",
            Self::Stopped => "store_stopped",
        }
    }

    /// Tells whether the same request may succeed later without any change to it.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. } | Self::Failed { .. } | Self::Stopped)
    }

    /// Returns the sentence for people: what is wrong and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::both(self.zh(), self.to_string())
    }

    fn zh(&self) -> String {
        match self {
            Self::Conflict { actual } => {
                format!("事件已有 {actual} 条记录，请重新读取后再决定")
            }
            Self::Taken { what: Unique::Number(number), by } => {
                format!("编号 {number} 已被事件 {by} 使用")
            }
            Self::Taken { what: Unique::DedupKey(key), by } => {
                format!("去重键“{key}”已被未结束的事件 {by} 使用")
            }
            Self::Answered(answer) => format!("键为“{}”的请求已经答复过", answer.key),
            Self::Stale { kind, name, actual } => {
                let now = actual.map_or_else(|| "不存在".to_owned(), |v| format!("为版本 {v}"));
                format!("{}“{name}”现在{now}，请重新读取", kind.name())
            }
            Self::Busy { queued } => format!("存储繁忙：{queued} 个请求在等待，请稍后重试"),
            Self::Full { free, needed } => {
                format!("磁盘已满：剩余 {free} 字节，需要 {needed} 字节；腾出空间后会自动恢复写入")
            }
            Self::TooLarge { what, amount, limit } => {
                format!("超出上限：{what} 为 {amount}，最多 {limit}")
            }
            Self::Invalid { why } => format!("请求自相矛盾：{why}"),
            Self::Unknown(id) => format!("没有事件 {id}"),
            Self::StillActive(id) => format!("事件 {id} 仍在进行，请先关闭再归档"),
            Self::Locked { dir } => format!(
                "{} 正被运行中的服务使用；请通过 HTTP（FIREBELL_URL）访问该服务，或先停止它",
                dir.display()
            ),
            Self::NotEmpty { dir } => format!("{} 已存在，请恢复到空目录", dir.display()),
            Self::Damaged { what, why } => format!("{what} 已损坏：{why}"),
            Self::Failed { doing, why } => format!("存储出错（{doing}）：{why}"),
            Self::Stopped => "存储正在关闭".to_owned(),
        }
    }
}
