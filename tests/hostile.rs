//! Hostile files: refused at once, in little memory. One test, alone in its process, so that the
//! peak it reads is its own.

use std::fmt::Write as _;

use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::{Context, Playbook};
use firebell::text::Lang;

/// The processor time one file may take, in milliseconds.
const MILLISECONDS_MAX: u64 = 200;
/// The memory the whole of them may add to the process.
const KIB_MAX: u64 = 50 * 1024;

const HEAD: &str = "playbook: p\ntitle: T\n";

fn deep(open: &str, close: &str, times: usize) -> String {
    format!("a: {}{}", open.repeat(times), close.repeat(times))
}

fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..10 {
        let before = n - 1;
        let aliases = vec![format!("*a{before}"); 9].join(",");
        writeln!(text, "a{n}: &a{n} [{aliases}]").expect("a string takes all");
    }
    text
}

/// A plan of one phase with as many steps as fit, each written by `step`.
fn steps(count: usize, step: impl Fn(usize) -> String) -> String {
    let mut text = format!("{HEAD}phases:\n  - id: one\n    title: O\n    steps:\n");
    for n in 0..count {
        writeln!(text, "      - {{ id: s{n}, title: T, {} }}", step(n))
            .expect("a string takes all");
    }
    text
}

/// Files by what they try, and whether they may load.
fn files() -> Vec<(&'static str, Vec<u8>, bool)> {
    let text = |name, text: String, may| (name, text.into_bytes(), may);
    let doubling = "[".repeat(300) + "\"\\\"\"" + &"]|string".repeat(300);
    let growing = format!("\"x\"{}", "|replace(\"x\",\"xxxxxxxx\")".repeat(60));
    let merging = alias_bomb().replace('[', "{<<: [").replace(']', "]}");
    vec![
        text("an alias bomb", alias_bomb(), false),
        text("merge keys in merge keys", merging, false),
        text("10 MB of text", "a".repeat(10_000_000), false),
        text("10 MB of lists", "- a\n".repeat(2_500_000), false),
        text("1 MiB of lists", "- a\n".repeat(262_000), false),
        text("1 MiB of keys", (0..90_000).map(|n| format!("k{n}: 1\n")).collect(), false),
        text("1 MiB of one key", "k: 1\n".repeat(200_000), false),
        text("10 000 brackets", deep("[", "]", 10_000), false),
        text("10 000 braces", deep("{a: ", "}", 10_000), false),
        text("10 000 dashes", "- ".repeat(10_000), false),
        text("10 000 question marks", "? ".repeat(10_000), false),
        text(
            "1 400 indents",
            (0..1_400).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
            false,
        ),
        ("no UTF-8", b"title: \xff\xfe\xfa".to_vec(), false),
        ("NUL", b"title: a\0b".to_vec(), false),
        text("deep brackets in an expression", steps(1, |_| format!("when: '{doubling}'")), false),
        text("a growing expression", steps(1, |_| format!("when: '{growing}'")), true),
        text("a long string", steps(1, |_| "when: '\"x\" * 99999999'".to_owned()), false),
        text("500 nots", steps(1, |_| format!("when: '{}a'", "not ".repeat(500))), false),
        text("a chain of 1 000 steps", steps(1_000, |n| format!("after: [s{}]", n + 1)), false),
        text(
            "a circle of 1 000 steps",
            steps(1_000, |n| format!("after: [s{}]", (n + 1) % 1_000)),
            false,
        ),
        text(
            "everyone after everyone",
            steps(180, |_| {
                format!(
                    "after: [{}]",
                    (0..180).map(|n| format!("s{n}")).collect::<Vec<_>>().join(",")
                )
            }),
            false,
        ),
        text(
            "4 500 names that name nothing",
            steps(900, |n| {
                let names: Vec<String> = (0..5).map(|k| format!("there_is_no_{n}_{k}")).collect();
                format!("after: [{}]", names.join(", "))
            }),
            false,
        ),
        text(
            "40 000 conditions",
            steps(1, |_| format!("when: {{ any: [{}] }}", "level>1, ".repeat(40_000))),
            false,
        ),
        text(
            "a template that grows",
            format!(
                "{HEAD}messages: {{ m: {{ text: '{}' }} }}\n",
                "{% for a in \"x\"|list %}{% for b in \"x\"|list %}x{% endfor %}{% endfor %}"
                    .repeat(20)
            ),
            false,
        ),
    ]
}

/// Returns the processor time this process has used, in milliseconds, to ten.
fn processor_milliseconds() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let fields: Vec<u64> =
        after_name.split_whitespace().skip(11).take(2).map(|f| f.parse().expect("ticks")).collect();
    fields.iter().sum::<u64>() * 10
}

/// Returns the most memory this process has held, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn hostile_files_are_refused_at_once_and_in_little_memory() {
    if !cfg!(target_os = "linux") {
        eprintln!("NOT TESTED: only Linux tells a process its own time and memory here");
        return;
    }
    let files = files();
    // What is built once for all files is no file's doing.
    let first = Playbook::load("x.yaml", HEAD.as_bytes(), &Context::default());
    assert!(first.playbook.is_none());
    let memory = peak_kib();
    let mut slow = Vec::new();
    for (name, bytes, may_load) in &files {
        let before = processor_milliseconds();
        let loaded = Playbook::load("x.yaml", bytes, &Context::default());
        for lang in Lang::ALL {
            let said = loaded.findings.render(Rendering::plain(lang));
            assert!(said.len() < 1024 * 1024, "{name}: {} bytes are said", said.len());
        }
        let took = processor_milliseconds() - before;
        assert!(*may_load || loaded.playbook.is_none(), "{name} loads");
        let allowed = if cfg!(debug_assertions) { 10 * MILLISECONDS_MAX } else { MILLISECONDS_MAX };
        if took > allowed {
            slow.push(format!("{name}: {took} ms"));
        }
        eprintln!("{name}: {took} ms, {} findings", loaded.findings.iter().count());
    }
    assert!(slow.is_empty(), "too slow: {slow:?}");
    let grown = peak_kib() - memory;
    eprintln!("memory: {grown} KiB");
    assert!(grown <= KIB_MAX, "{grown} KiB");
}
