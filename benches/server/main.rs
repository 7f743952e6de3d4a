//! What a whole server does under load: `cargo bench --bench server`.
//!
//! The server is a process of its own, the load comes from this one over loopback, both share the
//! machine. Absolute figures move with the machine; the baselines of the same run (a bare
//! fdatasync loop, a request that does nothing) say by how much.

#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

mod beside;
mod cases;
#[path = "../../tests/support/http.rs"]
mod http;
mod ingest;
mod peer;
#[expect(dead_code, reason = "shared with the tests")]
#[path = "../../tests/support/process.rs"]
mod process;
mod stats;

/// How long each closed-loop case runs. `BENCH_SECONDS` shortens or lengthens it, `BENCH_ONLY`
/// names the cases to run, with commas between.
const SECONDS: u64 = 5;

fn main() {
    // Test runners call every target; only `cargo bench` passes this flag.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let seconds = std::env::var("BENCH_SECONDS").ok().and_then(|s| s.parse().ok());
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|one| one == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let seconds = seconds.unwrap_or(SECONDS);
        println!("seconds per case: {seconds}");
        if wanted("baseline") {
            cases::baseline(seconds).await;
        }
        if wanted("plan") {
            cases::five_step_plan(seconds).await;
        }
        if wanted("declare") {
            cases::declares(seconds).await;
        }
        if wanted("growth") {
            cases::growth().await;
        }
        if wanted("notice") {
            cases::first_notice(seconds).await;
        }
        if wanted("deadlines") {
            cases::deadlines().await;
        }
        if wanted("ingest") {
            ingest::webhooks(seconds).await;
        }
        if wanted("beside") {
            beside::alertmanager(seconds).await;
        }
        if wanted("footprint") {
            cases::footprint().await;
        }
    });
}
