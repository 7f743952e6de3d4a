//! `firebell check`: plans and drills, checked like code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::annotate;
use super::args::{Check, Common, Output};
use super::exit::{Exit, Stop};
use super::prove;
use super::screen::{Screen, note};
use super::settings;
use crate::config::{DEFAULT_FILE, Findings, Loaded};
use crate::drill::book::Book;
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Rendering, Row, Severity};
use crate::runtime::Library;
use crate::text::{count, system};

#[derive(Serialize)]
struct Report {
    files: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<Row>,
    unreadable: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proofs: Vec<prove::Row>,
}

/// Checks files and folders; prints every finding.
///
/// # Errors
/// Findings that are errors, or any with `--deny warnings`; a promise refuted with `--prove`.
pub fn run(args: &Check, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let loaded = loaded(common, screen)?;
    let directory =
        loaded.as_ref().map_or_else(|| Arc::new(Directory::built_in()), |l| l.config.directory());
    // Whoever checks one plan is not told of rosters.
    let uncovered = match &loaded {
        Some(loaded) if args.paths.is_empty() => loaded.uncovered(&directory, screen.now),
        _ => Findings::default(),
    };
    let files = files(&args.paths, screen)?;
    // Whoever names single files has others that are not looked at.
    let whole = args.paths.is_empty() || args.paths.iter().any(|path| path.is_dir());
    let library = Library::of_files(&files, &directory, screen.now, whole);
    let drills = Book::check_among(&library, &directory, screen.now);
    let library = library.with_findings(drills);
    let notes = if args.all { library.notes() } else { &[] };
    let unanswered = match &loaded {
        Some(loaded) if args.paths.is_empty() => loaded.unanswered(plans(&library)),
        _ => Findings::default(),
    };
    let of_configuration = || uncovered.iter().chain(unanswered.iter());
    let found = || library.findings().iter().chain(of_configuration()).chain(notes);
    let count = |severity| found().map(|found| found.count(severity)).sum();
    let proofs = if args.prove { prove::all(&library, &directory, screen) } else { Vec::new() };
    let report = Report {
        files: library.file_count(),
        errors: count(Severity::Error) + library.unreadable().len(),
        warnings: count(Severity::Warning),
        findings: found().flat_map(|found| found.rows(screen.lang)).collect(),
        unreadable: library.unreadable().iter().map(|why| why.say(screen.lang)).collect(),
        proofs: proofs.iter().map(|proof| proof.row(screen.lang)).collect(),
    };
    let of_proofs = || {
        let of_plans = proofs.iter().filter_map(|proof| proof.findings(&files));
        of_plans.flat_map(|found| found.rows(screen.lang))
    };
    let all = || report.findings.iter().cloned().chain(of_proofs()).collect::<Vec<_>>();
    match screen.output {
        Output::Json => screen.data(&report, |_| String::new())?,
        Output::Sarif => {
            let log = annotate::sarif(&all(), &report.unreadable, screen.lang);
            screen.raw(&format!("{log:#}"))?;
        }
        Output::Github => {
            let lines = annotate::github(&all(), &report.unreadable);
            if !lines.is_empty() {
                screen.raw(&lines)?;
            }
            conclude(&report, screen);
        }
        Output::Text => {
            let rendering = Rendering { lang: screen.lang, colour: screen.colour };
            found().for_each(|found| note(found.render(rendering)));
            proofs.iter().for_each(|proof| note(proof.render(screen.lang)));
            if !proofs.is_empty() {
                note(prove::assumed(screen.lang));
            }
            conclude(&report, screen);
        }
    }
    let refuted = proofs.iter().any(prove::Proven::is_refuted);
    let denied = args.deny.is_some() && report.warnings > 0;
    if report.errors > 0 || denied || refuted { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

fn plans(library: &Library) -> impl Iterator<Item = &Playbook> {
    library.playbooks().map(|plan| &**plan)
}

fn conclude(report: &Report, screen: &Screen) {
    let Report { files, errors, warnings, unreadable, .. } = report;
    unreadable.iter().for_each(note);
    screen.remark(
        &format!("检查了 {files} 个文件：{errors} 个错误，{warnings} 个警告"),
        &format!(
            "{} checked: {}, {}",
            count(*files, "file", "files"),
            count(*errors, "error", "errors"),
            count(*warnings, "warning", "warnings")
        ),
    );
}

/// The configuration, whose people references are checked against; without one everyone is the
/// built-in operator and any reference may be right.
fn loaded(common: &Common, screen: &Screen) -> Result<Option<Loaded>, Stop> {
    if common.config.is_none() && !Path::new(DEFAULT_FILE).exists() {
        return Ok(None);
    }
    settings::load(common, None, screen).map(Some)
}

/// Finds the YAML files below the paths, without repetition, in order.
fn files(paths: &[PathBuf], screen: &Screen) -> Result<Vec<PathBuf>, Stop> {
    let default = ["playbooks", "drills"].map(PathBuf::from);
    let given = if paths.is_empty() { &default[..] } else { paths };
    let mut found = BTreeSet::new();
    for path in given {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| {
                let why = system::why(&error, screen.lang);
                Stop::new(Exit::Failure, format!("{}: {why}", path.display()))
            })?;
            let inside = entries.filter_map(|entry| Some(entry.ok()?.path()));
            found.extend(inside.filter(|path| is_yaml(path)));
        } else if path.exists() {
            found.insert(path.clone());
        } else if !paths.is_empty() {
            let path = path.display();
            let words = screen
                .lang
                .pick(format!("找不到 {path}"), format!("there is no file or folder {path}"));
            return Err(Stop::new(Exit::NotFound, words));
        }
    }
    Ok(found.into_iter().collect())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
