//! `firebell completions` and `firebell man`: what shells and manuals need, from the same words as
//! the command line itself.

use std::path::Path;

use clap::CommandFactory;

use super::args::Cli;
use super::exit::Stop;
use super::screen::put;

/// Prints completions for a shell.
///
/// # Errors
/// Standard output is closed.
pub fn completions(shell: clap_complete::Shell) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "firebell", &mut script);
    put(&String::from_utf8_lossy(&script))
}

/// Writes one manual page per verb into `dir`, or the main page to standard output.
///
/// # Errors
/// The folder cannot be written.
pub fn man(dir: Option<&Path>) -> Result<(), Stop> {
    let mut command = Cli::command();
    command.build();
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return put(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(dir)?;
    page(dir, "firebell", &command)
}

/// Writes the page of a command and of those below it.
fn page(dir: &Path, name: &str, command: &clap::Command) -> Result<(), Stop> {
    let mut roff = Vec::new();
    let titled = command.clone().name(name.to_owned());
    clap_mangen::Man::new(titled).render(&mut roff)?;
    std::fs::write(dir.join(format!("{name}.1")), roff)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        page(dir, &format!("{name}-{}", below.get_name()), below)?;
    }
    Ok(())
}
