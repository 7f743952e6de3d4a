//! What the layers below report, as problems.

use super::{Kind, Problem};
use crate::engine::Rejection;
use crate::runtime::{EvidenceError, Missing, Obstacle, Refusal};
use crate::store::StoreError;

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self::of(Kind::Rejected(rejection.code), rejection.text)
            .with_errors(rejection.fields)
            .with_all(rejection.details)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => rejection.into(),
            Refusal::NotFound { what, name, closest } => not_found(what, &name, &closest),
            Refusal::VersionMismatch { actual } => Self::new(
                Kind::VersionMismatch,
                format!("事件现在是版本 {actual}；请重新读取后再试"),
                format!("The incident is at version {actual} by now; read it again"),
            )
            .with("version", actual),
            // Whoever sent a key looks at the stored answer first; here it lost a race.
            Refusal::Answered(_) => Self::new(
                Kind::KeyInUse,
                "使用同一幂等键的请求刚刚完成；请重试以取得它的答复",
                "A request with this idempotency key has just been answered; \
                 repeat it to get that answer",
            ),
            Refusal::KeyReused => key_reused(),
            Refusal::Store(error) => error.into(),
            Refusal::NoPublicUrl => Self::new(
                Kind::NoPublicUrl,
                "没有配置 public_url，无法发送确认链接；请在 firebell.yaml 中写上人们访问本服务的地址",
                "Links to confirm by need `public_url` in firebell.yaml: the address that people \
                 reach this server under",
            ),
            Refusal::Drill(obstacle, why) => Self::of(Kind::from(obstacle), why),
            Refusal::Unavailable(why) => Self::of(Kind::Unavailable, why),
        }
    }
}

impl From<Obstacle> for Kind {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::UnderWay => Self::DrillUnderWay,
            Obstacle::LiveIncident => Self::DrillGivesWay,
            Obstacle::NothingBeside => Self::NothingBeside,
            Obstacle::NotReady => Self::DrillNotReady,
            Obstacle::Over => Self::DrillOver,
            Obstacle::RealClock => Self::DrillRealClock,
            Obstacle::Paused => Self::DrillPaused,
            Obstacle::Backwards => Self::ClockBackwards,
        }
    }
}

/// The key belongs to another request.
pub(in crate::server) fn key_reused() -> Problem {
    Problem::new(
        Kind::KeyReused,
        "此幂等键已用于另一个请求；不同的请求请使用新的键",
        "This idempotency key was used for another request; use a new key for a new request",
    )
}

fn not_found(what: Missing, name: &str, closest: &[String]) -> Problem {
    let (kind, zh, en) = match what {
        Missing::Incident => (Kind::UnknownIncident, "事件", "incident"),
        Missing::Playbook => (Kind::UnknownPlaybook, "预案", "playbook"),
        Missing::Drill => (Kind::UnknownDrill, "演练", "drill"),
        Missing::Person => {
            let unknown = crate::engine::RejectionCode::UnknownPerson;
            (Kind::Rejected(unknown), "人员", "person")
        }
        Missing::Team => (Kind::UnknownTeam, "团队", "team"),
        Missing::Schedule => (Kind::UnknownSchedule, "值班表", "schedule"),
        Missing::Evidence => (Kind::UnknownEvidence, "证据", "evidence"),
        Missing::Personal => (Kind::UnknownPersonal, "个人信息", "personal value"),
        Missing::Override => (Kind::UnknownOverride, "调班", "override"),
        Missing::Feed => (Kind::UnknownCalendar, "日历", "calendar"),
        Missing::Swap => (Kind::UnknownSwap, "换班申请", "swap"),
    };
    let (mut zh, mut en) = (format!("没有{zh}“{name}”"), format!("There is no {en} `{name}`"));
    if !closest.is_empty() {
        zh.push_str(&format!("；相近的有：{}", closest.join("、")));
        en.push_str(&format!("; close to it: {}", closest.join(", ")));
    }
    Problem::new(kind, zh, en).with("closest", closest)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.text();
        match error {
            StoreError::Busy { .. } => Self::of(Kind::Busy, text),
            StoreError::Full { .. } => Self::of(Kind::DiskFull, text),
            StoreError::Unknown(_) => Self::of(Kind::UnknownIncident, text),
            StoreError::Conflict { .. } | StoreError::Stale { .. } => {
                Self::of(Kind::Contended, text)
            }
            StoreError::Taken { .. } | StoreError::StillActive(_) => {
                Self::of(Kind::AlreadyExists, text)
            }
            StoreError::TooLarge { .. } => Self::of(Kind::TooLarge, text),
            StoreError::Failed { .. } | StoreError::Stopped | StoreError::Locked { .. } => {
                tracing::error!(%error, "the store does not work");
                Self::new(
                    Kind::Unavailable,
                    "存储暂不可用；请查看 /readyz 与日志，稍后重试",
                    "The store does not work now; see /readyz and the log, and try again",
                )
            }
            StoreError::NotEmpty { .. }
            | StoreError::Damaged { .. }
            | StoreError::Invalid { .. }
            | StoreError::Answered(_) => {
                tracing::error!(%error, "the store refused what firebell should not have asked");
                Self::internal()
            }
        }
    }
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::TooLarge => too_large(crate::runtime::EVIDENCE_BYTES_MAX),
            EvidenceError::NotAHash(name) => not_found(Missing::Evidence, &name, &[]),
            EvidenceError::Io(error) => {
                tracing::error!(%error, "a piece of evidence could not be kept or read");
                let full = error.kind() == std::io::ErrorKind::StorageFull;
                let kind = if full { Kind::DiskFull } else { Kind::Unavailable };
                Self::new(
                    kind,
                    "证据文件无法读写；请查看 /readyz 与日志，稍后重试",
                    "The file could not be kept or read; see /readyz and the log, and try again",
                )
            }
        }
    }
}

/// The body is larger than `limit` bytes.
pub(in crate::server) fn too_large(limit: u64) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!("请求体超过 {limit} 字节的上限；请缩短或分批发送"),
        format!("The body is larger than {limit} bytes; shorten it or send it in parts"),
    )
    .with("limit", limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::store::Unique;

    #[test]
    fn a_store_that_refuses_for_now_is_a_503_with_a_time_to_come_back() {
        for (error, kind) in [
            (StoreError::Busy { queued: 9 }, Kind::Busy),
            (StoreError::Full { free: 1, needed: 2 }, Kind::DiskFull),
            (StoreError::Failed { doing: "x", why: "secret path".into() }, Kind::Unavailable),
            (StoreError::Stopped, Kind::Unavailable),
        ] {
            let problem = Problem::from(Refusal::from(error));
            assert_eq!((problem.kind, problem.status().as_u16()), (kind, 503));
            assert!(problem.retry_after.is_some());
            assert!(!format!("{problem:?}").contains("secret"), "the inside stays in the log");
        }
    }

    #[test]
    fn a_damaged_store_is_a_500_that_gives_nothing_away() {
        let damaged = StoreError::Damaged { what: "secret".into(), why: "secret".into() };
        let problem = Problem::from(damaged);
        assert_eq!(problem.kind, Kind::Internal);
        assert!(!format!("{problem:?}").contains("secret"));
    }

    #[test]
    fn lost_races_are_conflicts() {
        let taken =
            StoreError::Taken { what: Unique::Number(1), by: crate::id::IncidentId::from_u128(1) };
        for error in [StoreError::Conflict { actual: 3 }, taken] {
            assert_eq!(Problem::from(error).status().as_u16(), 409);
        }
    }
}
