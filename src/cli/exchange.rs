//! `firebell import` and `firebell export`: plans from and for others. What was found goes to
//! standard error, the plan to standard output.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Common, Export, ExportTo, Import, ImportFrom};
use super::exit::{Exit, Stop};
use super::plan;
use super::screen::{Screen, note};
use crate::exchange::cacao::{self, Origin, Stamp, conformance};
use crate::exchange::markdown;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Diagnostics, Rendering};
use crate::playbook::source::BYTES_MAX;
use crate::text::system;

/// Prints a plan in the words of others.
///
/// # Errors
/// No such plan, one with errors, or one without a date where none is given.
pub fn export(args: &Export, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let ExportTo::Cacao { playbook, at } = &args.to;
    let (plan, _) = plan::find(playbook, common, screen)?;
    let Some(at) = at.or_else(|| reviewed(&plan)) else {
        let words = screen.lang.pick(
            "预案没有 reviewed_on：用 --at 2026-11-01T00:00:00Z 写明时间",
            "the plan has no reviewed_on: give the time with --at 2026-11-01T00:00:00Z",
        );
        return Err(Stop::new(Exit::Usage, words));
    };
    screen.raw(cacao::export(&plan, Stamp { lang: screen.lang, at }).trim_end())
}

fn reviewed(plan: &Playbook) -> Option<Timestamp> {
    let day = plan.reviewed_on?.to_zoned(TimeZone::UTC).ok()?;
    Some(day.timestamp())
}

/// Prints a plan made of a file of others.
///
/// # Errors
/// A file that is not there, or one that no plan can be made of.
pub fn import(args: &Import, screen: &Screen) -> Result<(), Stop> {
    match &args.from {
        ImportFrom::Cacao { file, report } => from_cacao(file.as_deref(), *report, screen),
        ImportFrom::Markdown { file } => from_markdown(file, screen),
    }
}

fn from_cacao(file: Option<&Path>, report: bool, screen: &Screen) -> Result<(), Stop> {
    let Some(file) = file else {
        // The report alone is what was asked for, and so it is the data.
        return screen.raw(conformance::report(screen.lang).trim_end());
    };
    if report {
        note(conformance::report(screen.lang).trim_end());
    }
    let bytes = read(file, screen)?;
    match cacao::import(&file.display().to_string(), &bytes, screen.lang) {
        Ok(imported) => {
            say(&imported.findings, screen);
            if imported.origin == Origin::Own {
                screen.remark(
                    "由 firebell 导出的预案：完整还原",
                    "a plan that firebell exported: nothing was lost",
                );
            }
            let needed: Vec<_> = imported.shelf.iter().map(|part| part.name.to_string()).collect();
            if !needed.is_empty() {
                let list = needed.join(", ");
                screen.remark(
                    &format!("预案旁边还需要：{list}"),
                    &format!("the plan needs beside it: {list}"),
                );
            }
            screen.raw(imported.draft.to_yaml().trim_end_matches('\n'))
        }
        Err(findings) => refuse(&findings, screen),
    }
}

fn from_markdown(file: &Path, screen: &Screen) -> Result<(), Stop> {
    let bytes = read(file, screen)?;
    match markdown::import(&file.display().to_string(), &bytes, screen.lang) {
        Ok(draft) => screen.raw(draft.to_yaml().trim_end_matches('\n')),
        Err(findings) => refuse(&findings, screen),
    }
}

fn refuse(findings: &Diagnostics, screen: &Screen) -> Result<(), Stop> {
    say(findings, screen);
    Err(Stop::silent(Exit::Failure))
}

fn say(findings: &Diagnostics, screen: &Screen) {
    if !findings.is_empty() {
        note(findings.render(Rendering { lang: screen.lang, colour: screen.colour }));
    }
}

fn unreadable(why: &str, screen: &Screen) -> Stop {
    let words = screen.lang.pick(format!("无法读取 {why}"), format!("cannot read {why}"));
    Stop::new(Exit::NotFound, words)
}

/// Reads a file, and no more of it than shows that it is too large.
fn read(path: &Path, screen: &Screen) -> Result<Vec<u8>, Stop> {
    let file = std::fs::File::open(path).map_err(|error| {
        let why = system::why(&error, screen.lang);
        unreadable(&format!("{}: {why}", path.display()), screen)
    })?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
