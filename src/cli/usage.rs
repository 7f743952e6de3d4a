//! What is said of a command line that is not carried out: help that was asked for, or what is
//! wrong with it, in the reader's language. It must not know single verbs.

use std::ffi::OsString;

use clap::{Error, ValueEnum as _};

use super::args::{Common, LangArg};
use super::chinese::{self, Fault};
use super::exit::Exit;
use super::screen::{Screen, Tone, note};
use super::settings;
use crate::clock::{Clock as _, SystemClock};
use crate::people::Zone;
use crate::text::Lang;

/// As wide as a page is where nothing says how wide the terminal is.
const COLUMNS: u16 = 100;

/// Prints what clap has to say, and returns how to exit.
pub fn explain(error: &Error) -> Exit {
    let words: Vec<OsString> = std::env::args_os().collect();
    let common = Common {
        lang: asked(&words),
        no_color: words.iter().any(|word| word == "--no-color"),
        ..Common::default()
    };
    let screen = Screen::new(&common, &settings::environment, SystemClock.now(), Zone::utc());
    let chinese = match screen.lang {
        Lang::Zh => in_chinese(&words),
        Lang::En => None,
    };
    let said = chinese.as_ref().unwrap_or(error);
    match (screen.lang, chinese::fault(said)) {
        (Lang::Zh, Fault::Wrong(said)) => {
            note(format!("{}: {said}", screen.paint(Tone::Bad, "错误")));
        }
        // Nobody is left to be told where the output is closed.
        (Lang::Zh, Fault::Page) | (Lang::En, _) => drop(said.print()),
    }
    // Help and version are asked for; anything else is a wrong command line.
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

/// Reads the command line again, with Chinese words.
fn in_chinese(words: &[OsString]) -> Option<Error> {
    let long = words.iter().any(|word| word == "--help" || word == "help");
    let columns = settings::environment("COLUMNS").and_then(|columns| columns.parse().ok());
    let terminal = comfy_table::Table::new().width();
    let columns = terminal.or(columns).filter(|columns| *columns > 0).unwrap_or(COLUMNS);
    let command = chinese::with_help(chinese::command(), long, usize::from(columns));
    command.try_get_matches_from(words).err()
}

/// Finds the language that a command line asks for, as far as it can be read.
fn asked(words: &[OsString]) -> Option<LangArg> {
    let words: Vec<&str> =
        words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let apart = words.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1]);
    let said = apart.or_else(|| words.iter().find_map(|word| word.strip_prefix("--lang=")))?;
    LangArg::from_str(said, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_in_a_command_line_that_cannot_be_read() {
        let found = |line: &str| asked(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(found("firebell --lang zh chek"), Some(LangArg::Zh));
        assert_eq!(found("firebell chek --lang=en"), Some(LangArg::En));
        assert_eq!(found("firebell chek --lang xx"), None);
        assert_eq!(found("firebell chek --lang"), None);
        assert_eq!(found("firebell note -- --lang zh"), None);
    }
}
