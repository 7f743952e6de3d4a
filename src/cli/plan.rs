//! Finds the plan that a verb is about: a file, or a plan of the configured folder by name. Works
//! without a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Common;
use super::exit::{Exit, Stop};
use super::screen::{Screen, note};
use super::settings;
use crate::config::Config;
use crate::id::PlaybookId;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Diagnostics, Rendering};
use crate::runtime::Library;

/// Finds a plan, and the configuration it was checked against.
///
/// # Errors
/// No such plan; findings in it that are errors, which have been printed.
pub fn find(name: &str, common: &Common, screen: &Screen) -> Result<(Arc<Playbook>, Config), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let path = Path::new(name);
    if path.is_file() {
        let library = read(&[path.to_owned()], &config, screen);
        let playbook = library.playbooks().next().cloned();
        return match playbook {
            Some(playbook) => Ok((playbook, config)),
            None => Err(wrong(&library, name, screen)),
        };
    }
    let library = read(&Library::yaml_files(&config.playbooks), &config, screen);
    match library.playbook(&PlaybookId::new(name)) {
        Some(playbook) => Ok((playbook, config)),
        None => Err(unknown(&library, name, &config.playbooks, screen)),
    }
}

/// Reads files and prints what keeps one of them from being a plan; warnings are for `check`.
fn read(files: &[PathBuf], config: &Config, screen: &Screen) -> Library {
    let library = Library::of_files(files, &config.directory(), screen.now, false);
    let rendering = Rendering { lang: screen.lang, colour: screen.colour };
    for found in library.findings().iter().filter(|found| Diagnostics::has_errors(found)) {
        note(found.render(rendering));
    }
    for line in library.unreadable() {
        note(line.say(screen.lang));
    }
    library
}

fn wrong(library: &Library, name: &str, screen: &Screen) -> Stop {
    if library.drill_files().is_empty() {
        let words = screen.lang.pick(
            format!("`{name}` 有误，先用 firebell check 检查"),
            format!("`{name}` is wrong; see firebell check"),
        );
        return Stop::new(Exit::Failure, words);
    }
    let words = screen
        .lang
        .pick(format!("`{name}` 是演练，不是预案"), format!("`{name}` is a drill, not a playbook"));
    Stop::new(Exit::Usage, words)
}

fn unknown(library: &Library, name: &str, folder: &Path, screen: &Screen) -> Stop {
    let folder = folder.display();
    let words = match library.closest(name).first() {
        Some(hint) => screen.lang.pick(
            format!("{folder} 中没有预案 `{name}`，是否想写 `{hint}`？"),
            format!("there is no playbook `{name}` in {folder}; did you mean `{hint}`?"),
        ),
        None => screen.lang.pick(
            format!("没有文件 `{name}`，{folder} 中也没有这个预案"),
            format!("there is no file `{name}`, and no playbook of this name in {folder}"),
        ),
    };
    Stop::new(Exit::NotFound, words)
}
