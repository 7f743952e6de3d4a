//! `firebell completions` and `firebell man`: what shells and manuals need, from the same words as
//! the command line itself.

use std::path::Path;

use clap::{Command, CommandFactory};

use super::args::Cli;
use super::chinese;
use super::exit::Stop;
use super::screen::put;
use crate::text::Lang;

/// Prints completions for a shell.
///
/// # Errors
/// Standard output is closed.
pub fn completions(shell: clap_complete::Shell, lang: Lang) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(lang), "firebell", &mut script);
    put(&String::from_utf8_lossy(&script))
}

/// Writes one manual page per verb into `dir`, or the main page to standard output.
///
/// # Errors
/// The folder cannot be written.
pub fn man(dir: Option<&Path>, lang: Lang) -> Result<(), Stop> {
    let command = command(lang);
    let Some(dir) = dir else { return put(&page(command, lang)?) };
    std::fs::create_dir_all(dir)?;
    pages(dir, "firebell", &command, lang)
}

fn command(lang: Lang) -> Command {
    match lang {
        Lang::Zh => chinese::command(),
        Lang::En => {
            let mut command = Cli::command();
            command.build();
            command
        }
    }
}

/// Writes the page of a command and of those below it.
fn pages(dir: &Path, name: &str, command: &Command, lang: Lang) -> Result<(), Stop> {
    let roff = page(command.clone().name(name.to_owned()), lang)?;
    std::fs::write(dir.join(format!("{name}.1")), roff)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages(dir, &format!("{name}-{}", below.get_name()), below, lang)?;
    }
    Ok(())
}

fn page(command: Command, lang: Lang) -> Result<String, Stop> {
    let mut roff = Vec::new();
    clap_mangen::Man::new(command).render(&mut roff)?;
    let roff = String::from_utf8_lossy(&roff);
    Ok(lang.pick(chinese::manual(&roff), roff.into_owned()))
}
