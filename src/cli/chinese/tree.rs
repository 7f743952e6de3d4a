//! Every verb and argument with its Chinese words, in place of the English ones. It must not know
//! how they are laid out.

use clap::builder::{PossibleValue, PossibleValuesParser, Resettable, StyledStr};
use clap::{Arg, Command, CommandFactory};

use super::words::chinese;
use crate::cli::args::Cli;

/// Returns the whole command line with Chinese words.
#[must_use]
pub fn command() -> Command {
    let mut english = Cli::command();
    // Now the arguments that every command gets by itself are there too.
    english.build();
    translated(english)
}

fn translated(command: Command) -> Command {
    let (about, after) = (said(command.get_about()), said(command.get_after_help()));
    let command = command.mut_args(argument).mut_subcommands(translated);
    command.about(about).after_help(after)
}

fn argument(arg: Arg) -> Arg {
    let (short, long) = (said(arg.get_help()), said(arg.get_long_help()));
    let values = arg.get_possible_values();
    let arg = arg.help(short).long_help(long);
    if values.iter().all(|value| value.get_help().is_none()) {
        return arg;
    }
    // The values are the same words; who reads them as a type does so with the English command.
    let values = values.into_iter().map(|value| {
        let words = said(value.get_help());
        PossibleValue::new(value.get_name().to_owned()).help(words)
    });
    arg.value_parser(PossibleValuesParser::new(values))
}

/// What has no Chinese yet is better said in English than not at all; a test finds it.
fn said(english: Option<&StyledStr>) -> Resettable<StyledStr> {
    let english = english.map(ToString::to_string);
    english.map(|text| chinese(&text).map_or(text, str::to_owned).into()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::chinese::words::WORDS;

    /// Every text of a command and of those below it.
    fn texts(command: &Command, into: &mut BTreeSet<String>) {
        let own = [command.get_about(), command.get_after_help()];
        into.extend(own.into_iter().flatten().map(ToString::to_string));
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{} of {command} says nothing", arg.get_id());
            let help = [arg.get_help(), arg.get_long_help()];
            into.extend(help.into_iter().flatten().map(ToString::to_string));
            let values = arg.get_possible_values();
            into.extend(values.iter().filter_map(PossibleValue::get_help).map(|h| h.to_string()));
        }
        command.get_subcommands().for_each(|below| texts(below, into));
    }

    fn all(command: &Command) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        texts(command, &mut found);
        found
    }

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn every_help_text_has_its_chinese_and_no_chinese_is_left_over() {
        let mut english = Cli::command();
        english.build();
        let said = all(&english);
        let missing: Vec<_> = said.iter().filter(|text| chinese(text).is_none()).collect();
        assert!(missing.is_empty(), "without Chinese: {missing:#?}");
        let unused: Vec<_> =
            WORDS.iter().map(|(en, _)| *en).filter(|en| !said.contains(*en)).collect();
        assert!(unused.is_empty(), "said by no command: {unused:#?}");
        let mixed: Vec<_> = said.iter().filter(|text| is_chinese(text)).collect();
        assert!(mixed.is_empty(), "Chinese in the English help: {mixed:#?}");
    }

    #[test]
    fn every_text_of_the_chinese_command_line_is_chinese() {
        let said = all(&command());
        let foreign: Vec<_> = said.iter().filter(|text| !is_chinese(text)).collect();
        assert!(foreign.is_empty(), "{foreign:#?}");
    }

    #[test]
    fn both_command_lines_accept_the_same() {
        for line in [
            "check playbooks --deny warnings --output sarif",
            "incident list --limit 5 --lang zh",
            "graph service-outage --format dot",
            "incident clock draft 7 cac",
            "drill advance RUN --next",
            "drill advance RUN --by 10m",
            "replay 7 --playbook new.yaml --exit-code",
        ] {
            let words = std::iter::once("firebell").chain(line.split(' '));
            assert!(Cli::command().try_get_matches_from(words.clone()).is_ok(), "{line}");
            assert!(command().try_get_matches_from(words).is_ok(), "{line}");
        }
        let both = ["firebell", "drill", "advance", "RUN", "--next", "--by", "10m"];
        assert!(command().try_get_matches_from(both).is_err(), "one of these");
        command().debug_assert();
    }
}
