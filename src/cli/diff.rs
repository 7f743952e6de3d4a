//! `firebell diff`: what changed between two versions of a plan, in meaning.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::args::Diff;
use super::exit::{Exit, Stop};
use super::screen::{Screen, note};
use crate::playbook::Playbook;
use crate::playbook::diagnostic::Rendering;
use crate::playbook::difference::{Change, What, difference};
use crate::runtime::Library;
use crate::text::{Lang, count};

/// Compares two files and prints what differs.
///
/// # Errors
/// A file that cannot be read or is not a sound plan; with `--exit-code`, any difference.
pub fn run(args: &Diff, screen: &Screen) -> Result<(), Stop> {
    let [old, new] = [load(&args.old, screen)?, load(&args.new, screen)?];
    let changes = difference(&old, &new);
    let list: Vec<Json> = changes.iter().map(row).collect();
    screen.data(&list, |_| shown(&changes, screen))?;
    if args.exit_code && !changes.is_empty() { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

/// Two versions are compared as plans, whatever the rosters of this machine are.
fn load(path: &Path, screen: &Screen) -> Result<Arc<Playbook>, Stop> {
    let library = Library::of_plan(path);
    if let [error, ..] = library.unreadable() {
        return Err(Stop::new(Exit::NotFound, error.say(screen.lang)));
    }
    library.playbooks().next().cloned().ok_or_else(|| {
        let rendering = Rendering { lang: screen.lang, colour: screen.colour };
        library.findings().iter().for_each(|found| note(found.render(rendering)));
        Stop::silent(Exit::Failure)
    })
}

fn row(change: &Change) -> Json {
    let (kind, name) = (change.subject.kind, &change.subject.name);
    let matter = change.matter();
    match &change.what {
        What::Added => json!({"matter": matter, "kind": kind, "name": name, "change": "added"}),
        What::Removed => json!({"matter": matter, "kind": kind, "name": name, "change": "removed"}),
        What::Changed { aspect, before, after } => json!({
            "matter": matter, "kind": kind, "name": name, "change": "changed",
            "aspect": aspect, "before": before, "after": after,
        }),
    }
}

fn shown(changes: &[Change], screen: &Screen) -> String {
    let lang = screen.lang;
    if changes.is_empty() {
        return lang.pick("含义没有变化", "Nothing changed in meaning").to_owned();
    }
    let rows = changes.iter().map(|change| {
        let subject = format!("{} {}", change.subject.kind.word(lang), change.name(lang));
        let (what, before, after) = match &change.what {
            What::Added => (lang.pick("新增", "added"), String::new(), String::new()),
            What::Removed => (lang.pick("删除", "removed"), String::new(), String::new()),
            What::Changed { aspect, before, after } => {
                let side = |side: &Option<String>| {
                    let side = side.as_ref().map(|side| change.shown(*aspect, side, lang));
                    said(side.as_deref(), lang)
                };
                (aspect.word(lang), side(before), side(after))
            }
        };
        let matter = change.matter().word(lang).to_owned();
        vec![matter, subject.trim_end().to_owned(), what.to_owned(), before, after]
    });
    let heading = [
        ("类别", "MATTER"),
        ("对象", "OF"),
        ("变化", "WHAT"),
        ("之前", "BEFORE"),
        ("之后", "AFTER"),
    ];
    let table = screen.table(&heading, rows.collect());
    let n = changes.len();
    let total = lang.pick(format!("{n} 处变化"), count(n, "change", "changes"));
    format!("{table}\n{total}")
}

/// What a side says, on one line and short enough for a table; JSON has it whole.
fn said(side: Option<&str>, lang: Lang) -> String {
    const CHARS_MAX: usize = 60;
    let Some(text) = side else { return lang.pick("（无）", "(none)").to_owned() };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}
