//! What many runs take of memory: the most that a process ever had, by how many runs it counted.
//! Each number of runs has a process of its own, since what was once had counts for good.

use std::process::Command;

use firebell::drill::study::{Design, study};

use super::{FORTY, House, take};

/// Names the number of runs to the process that makes them.
const RUNS: &str = "FIREBELL_BENCH_RUNS";

/// Prints the table, or makes the runs that another process asks for.
pub fn compare() {
    if let Some(runs) = std::env::var(RUNS).ok().and_then(|runs| runs.parse().ok()) {
        let house = House::new(FORTY.0, FORTY.1);
        let design = Design { take: take(7), runs, trials: false };
        assert_eq!(study(house.stage(), design, &|_| {}).runs, u64::from(runs));
        println!("{}", most_kib());
        return;
    }
    println!("\n{:<34} {:>12}", "memory, forty steps", "most, MiB");
    for runs in [1_000_u32, 10_000, 100_000] {
        let own = std::env::current_exe().unwrap();
        let mut command = Command::new(own);
        command.args(["--bench", "memory"]).env(RUNS, runs.to_string());
        let made = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let kib: f64 = made.trim().parse().unwrap();
        println!("{:<34} {:>12.1}", format!("{runs} runs"), kib / 1_024.0);
    }
}

/// Returns the most memory that this process ever had, in KiB, as Linux tells.
fn most_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
