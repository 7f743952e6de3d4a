//! Watches the promises while firebell runs: every open incident goes on by itself or waits on a
//! named person; every notice reaches an end; the ticker, the store and the dispatcher make
//! progress. Looks at a few incidents at a time, so that it costs nothing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::service::Inner;
use super::ticker::HEARTBEAT;
use crate::engine;
use crate::id::IncidentId;
use crate::store::{Health, Query, Which};
use crate::text::{Lang, Text, count};

/// How often it looks.
const EVERY: SignedDuration = SignedDuration::from_secs(10);
/// How many open incidents it looks at each time.
const SAMPLE: usize = 50;
/// How many files with errors are named; the rest is counted.
const FILES_NAMED: usize = 10;
/// How late the ticker may be before firebell is not ready.
const TICKER_LATE: SignedDuration = SignedDuration::from_secs(15);
/// How long something due may stay untouched before firebell is not ready.
const DUE_LATE: SignedDuration = SignedDuration::from_secs(30);

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The stable name.
    pub name: &'static str,
    /// It holds.
    pub ok: bool,
    /// What was seen, and what to do where it does not hold.
    pub detail: Text,
}

/// What the auditor saw last.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// When; `None` before the first look.
    pub at: Option<Timestamp>,
    /// Incidents looked at so far.
    pub looked_at: u64,
    /// Broken promises of the last round through all open incidents, bounded.
    pub violations: Vec<String>,
}

/// The most violations kept for people to read; all are counted.
const VIOLATIONS_KEPT: usize = 20;

/// Runs until `inner` is drained.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut before = None;
    loop {
        let until = inner.clock.now().saturating_add(EVERY).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = inner.clock.sleep_until(until) => {}
            () = inner.drain.cancelled() => return,
        }
        before = look(&inner, before).await;
    }
}

/// Looks at the next few open incidents; returns where to go on.
async fn look(inner: &Arc<Inner>, before: Option<u64>) -> Option<u64> {
    let query = Query { which: Which::Open, before, limit: SAMPLE };
    let store = Arc::clone(&inner.store);
    let rows = match tokio::task::spawn_blocking(move || store.list(query)).await {
        Ok(Ok(rows)) => rows,
        _ => return before,
    };
    let mut found = Vec::new();
    for row in &rows {
        found.extend(violations(inner, row.id).await);
    }
    inner.meters.violations.add(found.len() as u64);
    for violation in &found {
        tracing::error!(%violation, "a promise is broken");
    }
    let mut report = (*inner.audit.load_full()).clone();
    if before.is_none() {
        report.violations.clear();
    }
    report.at = Some(inner.clock.now());
    report.looked_at += rows.len() as u64;
    report.violations.extend(found);
    report.violations.truncate(VIOLATIONS_KEPT);
    inner.audit.store(Arc::new(report));
    (rows.len() == SAMPLE).then(|| rows.last().map(|row| row.number)).flatten()
}

async fn violations(inner: &Arc<Inner>, id: IncidentId) -> Vec<String> {
    match inner.current(id).await {
        Ok(seen) => engine::invariants(&seen.playbook, &seen.incident)
            .into_iter()
            .map(|violation| format!("{id}: {violation:?}"))
            .collect(),
        Err(error) => vec![format!("{id}: {error}")],
    }
}

/// Checks what readiness depends on, now.
pub(super) fn readiness(inner: &Inner) -> Vec<Check> {
    let now = inner.clock.now();
    vec![
        store(inner),
        ticker(inner, now),
        due(inner, now),
        channels(inner, now),
        plans(inner),
        promises(inner),
    ]
}

/// A channel that is down must be seen, but it is not firebell that is down: messages wait, or go
/// over the next channel.
fn channels(inner: &Inner, now: Timestamp) -> Check {
    let down = inner.outbound.standing.down();
    let said = |lang: Lang| {
        let each = down.iter().map(|(channel, since)| {
            let seconds = now.duration_since(*since).as_secs().max(0);
            lang.pick(
                format!("{channel} 已 {seconds} 秒没有发出消息，最近一次失败"),
                format!("nothing has got through over {channel} for {seconds} s"),
            )
        });
        each.collect::<Vec<_>>().join(lang.pick("；", "; "))
    };
    let detail = if down.is_empty() {
        Text::both("没有发现故障", "none is known to be down")
    } else {
        Text::both(said(Lang::Zh), said(Lang::En))
    };
    Check { name: "channels", ok: true, detail }
}

fn store(inner: &Inner) -> Check {
    let (ok, detail) = match inner.store.health() {
        Health::Healthy => (true, Text::both("写入可靠落盘", "appends are durable")),
        Health::Full { free, needed } => {
            let full = Text::both(
                format!("磁盘已满：剩余 {free} 字节，需要 {needed} 字节；仍可读取，请腾出空间"),
                format!(
                    "the disk is full: {free} bytes free, {needed} needed; reads go on, make room"
                ),
            );
            (false, full)
        }
        Health::Broken { why } => (false, Text::Same(why)),
    };
    Check { name: "store", ok, detail }
}

fn ticker(inner: &Inner, now: Timestamp) -> Check {
    let silent = now.duration_since(inner.last_heartbeat());
    let ok = silent <= TICKER_LATE;
    debug_assert!(HEARTBEAT < TICKER_LATE, "the heartbeat beats between two checks");
    let seconds = silent.as_secs();
    let detail = Text::both(format!("{seconds} 秒前有心跳"), format!("last beat {seconds} s ago"));
    Check { name: "ticker", ok, detail }
}

fn due(inner: &Inner, now: Timestamp) -> Check {
    let name = "deadlines";
    if inner.is_held() {
        let n = inner.agenda.overdue(now, 1_000).len();
        let waiting = count(n, "incident waits", "incidents wait");
        let detail = Text::both(
            format!("安全启动：{n} 个事件等待人工确认"),
            format!("safe start: {waiting} for a person to confirm"),
        );
        return Check { name, ok: true, detail };
    }
    let oldest = inner.agenda.overdue(now, 1).first().map(|(at, _)| now.duration_since(*at));
    let ok = oldest.is_none_or(|late| late <= DUE_LATE);
    let detail = match oldest.map(|late| late.as_secs()) {
        None => Text::both("没有延误", "nothing is late"),
        Some(late) => {
            Text::both(format!("最早的已延误 {late} 秒"), format!("the oldest is {late} s late"))
        }
    };
    Check { name, ok, detail }
}

/// Plans that do not load must be seen, but they do not stop those that do.
fn plans(inner: &Inner) -> Check {
    let library = inner.library.load();
    let bad = library.bad_files();
    let good = library.playbooks().count();
    let (mut zh, mut en) = (
        format!("{good} 个生效，{} 个有错误", bad.len()),
        format!("{good} in force, {} with errors", bad.len()),
    );
    if !bad.is_empty() {
        let names = bad.iter().take(FILES_NAMED).cloned().collect::<Vec<_>>();
        zh.push_str(&format!("：{}（用 firebell check 查看）", names.join("、")));
        en.push_str(&format!(": {} (see firebell check)", names.join(", ")));
    }
    let refused = inner.refused.load();
    if !refused.is_empty() {
        let names: Vec<_> = refused.iter().take(FILES_NAMED).cloned().collect();
        zh.push_str(&format!("；上次重新加载未采用，有错误的文件：{}", names.join("、")));
        en.push_str(&format!("; the last reload was refused for errors in {}", names.join(", ")));
    }
    Check { name: "plans", ok: good > 0, detail: Text::both(zh, en) }
}

fn promises(inner: &Inner) -> Check {
    let report = inner.audit.load();
    let (seen, broken) = (report.looked_at, report.violations.len());
    let (mut zh, mut en) = (
        format!("已检查 {seen} 个事件，{broken} 处失守"),
        format!(
            "{} looked at, {}",
            count(seen, "incident", "incidents"),
            count(broken, "broken promise", "broken promises")
        ),
    );
    if let Some(first) = report.violations.first() {
        zh.push_str(&format!("；如 {first}"));
        en.push_str(&format!("; the first: {first}"));
    }
    Check { name: "promises", ok: broken == 0, detail: Text::both(zh, en) }
}
