//! An experiment of ten steps that do nothing: `firebell drill run` beside `chaos run` of Chaos
//! Toolkit, each as a process of its own and each again and again in one process.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use firebell::drill::simulate::rehearse;

use super::{House, per_call, take};

/// How often a process is begun; the quickest counts.
const TRIES: usize = 7;
/// How often an experiment is made within one process.
const LOOP: u32 = 200;
const STEPS: usize = 10;

/// Prints the table; says what is missing.
pub fn compare() {
    println!(
        "\n{:<34} {:>12} {:>12} {:>8}",
        "ten steps that do nothing", "firebell", "Chaos Toolkit", "ratio"
    );
    let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/chaos/bin");
    if !peer.join("chaos").is_file() {
        println!("Chaos Toolkit is not in {}: see the top of benches/drill", peer.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ours = Ours::write(folder.path());
    let experiment = experiment(folder.path());
    row("as a process", ours.process(), process(&peer.join("chaos"), &experiment, folder.path()));
    row("again and again in one", ours.again(), again(&peer.join("python"), &experiment));
}

fn row(what: &str, ours: f64, theirs: f64) {
    println!("{what:<34} {:>9.3} ms {:>9.3} ms {:>7.1}×", 1e3 * ours, 1e3 * theirs, theirs / ours);
}

/// Our side: a plan of ten steps one after another, and its drill.
struct Ours {
    folder: PathBuf,
    house: House,
}

impl Ours {
    fn write(folder: &Path) -> Self {
        let mut plan = String::from(
            "playbook: nothing\ntitle: Nothing\nowner: ops\nroles: { one: { title: One, assign: { team: ops } } }\n\
             phases:\n  - id: only\n    title: Only\n    steps:\n",
        );
        for step in 0..STEPS {
            let after = if step > 0 { format!(", after: [s{}]", step - 1) } else { String::new() };
            plan += &format!(
                "      - {{ id: s{step}, title: S{step}{after}, set: {{ x: \"{step}\" }} }}\n"
            );
        }
        let plan = plan.replace("roles:", "inputs: { x: { type: integer, default: 0 } }\nroles:");
        let drill = "drill: nothing\ntitle: Nothing\nplaybook: nothing\nrun: simulated\ncast: { default: { acknowledge: { median: 1s, p90: 1s }, work: { median: 1s, p90: 1s } } }\n";
        let plans = folder.join("playbooks");
        std::fs::create_dir(&plans).unwrap();
        std::fs::write(plans.join("nothing.yaml"), &plan).unwrap();
        std::fs::write(folder.join("drill.yaml"), drill).unwrap();
        let file = plans.join("nothing.yaml");
        Self { folder: folder.to_owned(), house: House::new(file.to_str().unwrap(), drill) }
    }

    fn process(&self) -> f64 {
        quickest(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_firebell"));
            command.current_dir(&self.folder).args(["drill", "run", "drill.yaml"]);
            command
        })
    }

    fn again(&self) -> f64 {
        let mut seed = 0;
        per_call(|| {
            seed += 1;
            black_box(rehearse(self.house.stage(), take(seed)));
        })
    }
}

/// Their side: ten actions that call the cheapest function that it accepts.
fn experiment(folder: &Path) -> PathBuf {
    let action = |step| {
        serde_json::json!({
            "type": "action",
            "name": format!("s{step}"),
            "provider": {
                "type": "python", "module": "os", "func": "getpid", "arguments": {}
            },
        })
    };
    let experiment = serde_json::json!({
        "version": "1.0.0",
        "title": "nothing",
        "description": "nothing",
        "method": (0..STEPS).map(action).collect::<Vec<_>>(),
        "rollbacks": [],
    });
    let file = folder.join("experiment.json");
    std::fs::write(&file, experiment.to_string()).unwrap();
    file
}

fn process(chaos: &Path, experiment: &Path, folder: &Path) -> f64 {
    quickest(|| {
        let mut command = Command::new(chaos);
        command.current_dir(folder).args(["--no-version-check", "run"]).arg(experiment);
        command
    })
}

fn again(python: &Path, experiment: &Path) -> f64 {
    let script = format!(
        "import json, logging, sys, time\n\
         logging.disable(logging.CRITICAL)\n\
         from chaoslib.experiment import run_experiment\n\
         experiment = json.load(open(sys.argv[1]))\n\
         best = 1e9\n\
         for _ in range(5):\n    \
             began = time.perf_counter()\n    \
             for _ in range({LOOP}): journal = run_experiment(experiment)\n    \
             best = min(best, (time.perf_counter() - began) / {LOOP})\n\
         assert journal['status'] == 'completed' and len(journal['run']) == {STEPS}\n\
         print(best)\n"
    );
    let made = Command::new(python).args(["-c", &script]).arg(experiment).output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    said.parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)))
}

fn quickest(command: impl Fn() -> Command) -> f64 {
    let once = || {
        let began = Instant::now();
        let status = command().stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{:?} did not run through", command());
        began.elapsed().as_secs_f64()
    };
    (0..TRIES).map(|_| once()).fold(f64::MAX, f64::min)
}
