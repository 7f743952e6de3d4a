//! Hostile files: refused at once, in little memory. One test, alone in its process, so that the
//! peak it reads is its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use firebell::exchange::cacao::import;
use firebell::playbook::diagnostic::{Diagnostics, Rendering};
use firebell::playbook::part::{Part, PartKind, check};
use firebell::playbook::{CheckedSet, Context, Playbook, Shelf, check_together};
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

/// What comes with plans or instead of them, by what it tries, with the code of its refusal.
type Other = (&'static str, &'static str, Box<dyn Fn() -> Vec<Diagnostics>>);

fn others() -> Vec<Other> {
    let mut others: Vec<Other> = Vec::new();
    let mut add = |name, code, work: fn() -> Vec<Diagnostics>| {
        others.push((name, code, Box::new(work)));
    };
    add("a regime without a source", "E0109", || part(PartKind::Regimes, &regime(1, "")));
    add("a regime of 1 500 stages", "E0110", || {
        part(PartKind::Regimes, &regime(1_500, "source: [ { title: { zh: 甲, en: A } } ]\n"))
    });
    add("a calendar of 200 years but one", "E0802", || {
        part(PartKind::Calendars, &calendar((2000..2200).filter(|year| *year != 2100)))
    });
    add("a calendar of two distant years", "E0802", || {
        part(PartKind::Calendars, &calendar([2000, 2199].into_iter()))
    });
    add("10 000 CACAO steps", "E0101", || imported(10_000, |n| n + 1));
    add("3 000 CACAO steps", "E0709", || imported(3_000, |n| n + 1));
    add("900 CACAO steps in a circle", "E0707", || imported(900, |n| n % 900 + 1));
    add("a CACAO step that follows itself", "E0706", || imported(2, |_| 2));
    add("1 000 steps that use each other in a circle", "E0309", || used(|n| (n + 1) % 1_000));
    add("1 000 steps that use each other in a chain", "E0309", || used(|n| (n + 1).min(999)));
    add("150 plans that call each other in a ring", "E0906", || {
        plans(150, |n, all| vec![(n + 1) % all])
    });
    add("40 plans that all call each other", "E0906", || plans(40, |_, all| (0..all).collect()));
    add("a plan that calls itself", "E0906", || plans(1, |n, _| vec![n]));
    add("150 plans one below the other", "E0907", || {
        plans(150, |n, all| (n + 1 < all).then_some(n + 1).into_iter().collect())
    });
    others
}

fn part(kind: PartKind, text: &str) -> Vec<Diagnostics> {
    match Part::read(kind, "part.yaml", text.as_bytes()) {
        Ok(part) => vec![check(&part, &Context::default())],
        Err(found) => vec![found],
    }
}

fn regime(stages: usize, source: &str) -> String {
    let mut text = format!(
        "regime: r\ntitle: {{ zh: 甲, en: A }}\njurisdiction: {{ zh: 甲, en: A }}\n\
         effective: {{}}\nverified: true\n{source}stages:\n"
    );
    for n in 0..stages {
        writeln!(
            text,
            "  - {{ id: s{n}, title: {{ zh: 甲, en: A }}, to: {{ zh: 乙, en: B }}, from: aware, \
             within: 1h }}"
        )
        .expect("a string takes all");
    }
    text
}

fn calendar(years: impl Iterator<Item = i32>) -> String {
    let mut text = String::from(
        "calendar: c\ntitle: { zh: 甲, en: A }\ntimezone: UTC\nweekend: [sunday]\nverified: true\n\
         source: [ { title: { zh: 甲, en: A } } ]\nyears:\n",
    );
    years.for_each(|year| writeln!(text, "  {year}: {{}}").expect("a string takes all"));
    text
}

/// A playbook of the standard whose steps follow each other as `next` says; 0 is the end.
fn imported(steps: usize, next: fn(usize) -> usize) -> Vec<Diagnostics> {
    let id = |kind: &str, n: usize| format!("{kind}--00000000-0000-5000-a000-{n:012x}");
    let (group, start, end) = (id("group", 0), id("start", 0), id("end", 0));
    let mut text = format!(
        "{{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"name\":\"x\",\
         \"agent_definitions\":{{\"{group}\":{{\"type\":\"group\",\"name\":\"g\"}}}},\
         \"workflow_start\":\"{start}\",\"workflow\":{{\"{end}\":{{\"type\":\"end\"}},\
         \"{start}\":{{\"type\":\"start\",\"on_completion\":\"{}\"}}",
        id("if-condition", 1)
    );
    for n in 1..=steps {
        let next = match next(n) {
            next if next > steps => end.clone(),
            next => id("if-condition", next),
        };
        write!(
            text,
            ",\"{}\":{{\"type\":\"if-condition\",\"condition\":\"c\",\"on_true\":\"{end}\",\"on_completion\":\"{next}\"}}",
            id("if-condition", n)
        )
        .expect("a string takes all");
    }
    text += "}}";
    vec![import("x.json", text.as_bytes(), Lang::En).expect_err("it cannot be followed")]
}

/// A library of 1 000 steps, each made of another, and a plan that takes them all over.
fn used(of: fn(usize) -> usize) -> Vec<Diagnostics> {
    let mut text = "library: all\ntitle: { zh: 甲, en: A }\nsteps:\n".to_owned();
    for n in 0..1_000 {
        writeln!(text, "  - {{ id: s{n}, use: all/s{} }}", of(n)).expect("a string takes all");
    }
    let library =
        Part::read(PartKind::Steps, "steps/all.yaml", text.as_bytes()).expect("a library");
    let mut shelf = Shelf::default();
    shelf.put(library.clone()).expect("the only one");
    let context = Context { shelf: Some(&shelf), ..Context::default() };
    let plan = steps(1_000, |n| format!("use: all/s{n}"));
    let loaded = Playbook::load("x.yaml", plan.as_bytes(), &context);
    vec![check(&library, &context), loaded.findings]
}

/// Plans that call those which `calls` says.
fn plans(all: usize, calls: fn(usize, usize) -> Vec<usize>) -> Vec<Diagnostics> {
    let plan = |n: usize| {
        let mut text = format!(
            "playbook: p{n}\ntitle: T\nphases:\n  - id: one\n    title: O\n    steps:\n      - {{ id: \
             look, title: T }}\n"
        );
        for called in calls(n, all) {
            writeln!(text, "      - {{ id: s{called}, playbook: p{called} }}")
                .expect("a string takes all");
        }
        Playbook::load(&format!("p{n}.yaml"), text.as_bytes(), &Context::default())
    };
    let mut plans: Vec<_> = (0..all).map(plan).collect();
    check_together(&mut plans, CheckedSet { others: &[], whole: true });
    plans.into_iter().map(|plan| plan.findings).collect()
}

/// Says what was found in both languages; fails where it is endless or the code is missing.
fn say(name: &str, code: &str, found: &[Diagnostics]) {
    let coded = |found: &Diagnostics| found.iter().any(|one| one.code.as_str() == code);
    let codes = || found.iter().flatten().map(|one| one.code.as_str()).collect::<BTreeSet<_>>();
    assert!(found.iter().any(coded), "{name}: {:?}", codes());
    for findings in found {
        for one in findings.iter().filter(|one| one.code.as_str() == code) {
            assert!(one.message.missing().is_empty(), "{name}: {one:?}");
            let whole = code == "E0101";
            assert!(one.span.is_some() || whole, "{name} has no place: {one:?}");
        }
        for lang in Lang::ALL {
            let said = findings.render(Rendering::plain(lang));
            assert!(said.len() < 1024 * 1024, "{name}: {} bytes are said", said.len());
        }
    }
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
    for (name, code, work) in others() {
        let before = processor_milliseconds();
        say(name, code, &work());
        let took = processor_milliseconds() - before;
        let allowed = if cfg!(debug_assertions) { 10 * MILLISECONDS_MAX } else { MILLISECONDS_MAX };
        if took > allowed {
            slow.push(format!("{name}: {took} ms"));
        }
        eprintln!("{name}: {took} ms");
    }
    assert!(slow.is_empty(), "too slow: {slow:?}");
    let grown = peak_kib() - memory;
    eprintln!("memory: {grown} KiB");
    assert!(grown <= KIB_MAX, "{grown} KiB");
}
