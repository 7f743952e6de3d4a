//! Chinese help pages: two columns that fit the terminal, in which a Chinese character takes two
//! places and a line may end almost anywhere.

use clap::builder::Styles;
use clap::{Arg, Command};
use unicode_width::UnicodeWidthStr as _;

use crate::text::measure;

/// The room left of the labels.
const INDENT: usize = 2;

/// The room between a label and its words.
const GAP: usize = 2;

/// Words in a column narrower than this are hard to read: they go below their label.
const COLUMN_MIN: usize = 30;

/// How far words stand in that go below their label.
const BELOW: usize = 10;

/// Gives a command and those below it their help page: with every value explained where `long`,
/// as wide as `columns` of a terminal.
#[must_use]
pub fn with_help(mut command: Command, long: bool, columns: usize) -> Command {
    let page = page(&mut command, long, columns);
    command.override_help(page).mut_subcommands(|below| with_help(below, long, columns))
}

/// The words of usage that belong to clap.
pub(super) fn usage(usage: &str) -> String {
    usage
        .replace("[OPTIONS]", "[选项]")
        .replace("<COMMAND>", "<命令>")
        .replace("[COMMAND]", "[命令]")
}

fn page(command: &mut Command, long: bool, columns: usize) -> String {
    let styles = command.get_styles().clone();
    let said = command.render_usage().to_string();
    let said = said.strip_prefix("Usage: ").unwrap_or(&said);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = measure::wrap_columns(&about, columns).join("\n");
    let heading = styles.get_usage();
    page.push_str(&format!("\n\n{heading}用法：{heading:#}{}\n", usage(said)));

    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs = verbs.map(|verb| {
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        Row { label: verb.get_name().to_owned(), words: vec![about] }
    });
    page.push_str(&section("命令", &verbs.collect::<Vec<_>>(), &styles, columns));
    let places = command.get_positionals().map(|arg| row(arg, long));
    page.push_str(&section("参数", &places.collect::<Vec<_>>(), &styles, columns));
    let options = command.get_arguments().filter(|arg| !arg.is_positional());
    let options = options.map(|arg| row(arg, long));
    page.push_str(&section("选项", &options.collect::<Vec<_>>(), &styles, columns));
    if let Some(after) = command.get_after_help() {
        let after = measure::wrap_columns(&after.to_string(), columns).join("\n");
        page.push_str(&format!("\n{after}\n"));
    }
    page
}

/// What stands in a line of a section: a name, and paragraphs beside it.
struct Row {
    label: String,
    words: Vec<String>,
}

fn row(arg: &Arg, long: bool) -> Row {
    let help = if long { arg.get_long_help().or(arg.get_help()) } else { arg.get_help() };
    let mut words = help.map(ToString::to_string).unwrap_or_default();
    if let Some(variable) = arg.get_env() {
        words.push_str(&format!(" [环境变量: {}]", variable.to_string_lossy()));
    }
    let takes = arg.get_num_args().is_some_and(|range| range.takes_values());
    let default: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    if takes && !default.is_empty() {
        words.push_str(&format!(" [默认值: {}]", default.join(" ")));
    }
    let values = arg.get_possible_values();
    let explained = long && values.iter().any(|value| value.get_help().is_some());
    let mut words = vec![words];
    if explained {
        words.extend(values.iter().map(|value| {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            format!("- {}：{help}", value.get_name())
        }));
    } else if !values.is_empty() {
        let names: Vec<_> = values.iter().map(|value| value.get_name()).collect();
        words[0].push_str(&format!(" [可选值: {}]", names.join(", ")));
    }
    let short = arg.get_short().filter(|_| arg.get_long().is_some());
    let label = match short {
        Some(short) => format!("-{short}, {arg}"),
        None if arg.is_positional() => arg.to_string(),
        // Long names stand below each other, with and without a letter before them.
        None => format!("    {arg}"),
    };
    Row { label, words }
}

fn section(heading: &str, rows: &[Row], styles: &Styles, columns: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widest = rows.iter().map(|row| row.label.width()).max().unwrap_or(0);
    let left = INDENT + widest + GAP;
    let below = columns < left + COLUMN_MIN;
    let left = if below { BELOW } else { left };
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = format!("\n{header}{heading}：{header:#}\n");
    for row in rows {
        let padding = " ".repeat(if below { 0 } else { widest - row.label.width() + GAP });
        let lines: Vec<String> = row
            .words
            .iter()
            .flat_map(|paragraph| measure::wrap_columns(paragraph, columns.saturating_sub(left)))
            .collect();
        let first = if below { format!("\n{}", " ".repeat(left)) } else { padding };
        let words = lines.join(&format!("\n{}", " ".repeat(left)));
        text.push_str(&format!("  {literal}{}{literal:#}{first}{words}\n", row.label));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::chinese::command;

    /// The help page of a verb, without colours.
    fn help(line: &str, columns: usize) -> String {
        let long = line.contains("--help");
        let error = with_help(command(), long, columns)
            .try_get_matches_from(std::iter::once("firebell").chain(line.split(' ')))
            .unwrap_err();
        error.render().to_string()
    }

    #[test]
    fn help_is_laid_out_in_chinese() {
        insta::assert_snapshot!("help", help("-h", 100));
        insta::assert_snapshot!("help_incident", help("incident -h", 100));
        insta::assert_snapshot!("help_check_long", help("check --help", 100));
        insta::assert_snapshot!("help_act_narrow", help("incident hand-over -h", 40));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_is_english() {
        fn every(command: &mut Command, pages: &mut Vec<String>) {
            pages.push(command.render_help().to_string());
            command.get_subcommands_mut().for_each(|below| every(below, pages));
        }
        for long in [false, true] {
            let mut pages = Vec::new();
            every(&mut with_help(command(), long, 80), &mut pages);
            assert!(pages.len() > 60, "{}", pages.len());
            for page in pages {
                let usage = |line: &&str| !line.starts_with("用法");
                let widest = page.lines().filter(usage).map(|line| line.width()).max();
                assert!(widest <= Some(80), "{page}");
                for english in ["Usage", "Options", "[default", "[possible", "[env", "Print"] {
                    assert!(!page.contains(english), "{page}");
                }
            }
        }
    }
}
