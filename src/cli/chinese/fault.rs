//! What is wrong with a command line, in Chinese.

use std::num::ParseIntError;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::help::usage;

/// What clap wants to say.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// A page that was asked for, or is shown where nothing was: as it is.
    Page,
    /// What is wrong, and what to do.
    Wrong(String),
}

/// Says an error of the command line.
#[must_use]
pub fn fault(error: &Error) -> Fault {
    let Some(mut said) = wrong(error) else { return Fault::Page };
    for tip in tips(error) {
        said.push_str(&format!("\n\n  提示：{tip}"));
    }
    if let Some(ContextValue::StyledStr(line)) = error.get(ContextKind::Usage) {
        let line = line.to_string();
        let line = line.strip_prefix("Usage: ").unwrap_or(&line);
        said.push_str(&format!("\n\n用法：{}", usage(line)));
    }
    said.push_str("\n\n详见 '--help'。");
    Fault::Wrong(said)
}

fn wrong(error: &Error) -> Option<String> {
    let of = |kind| one(error, kind);
    Some(match error.kind() {
        ErrorKind::InvalidValue => match of(ContextKind::InvalidValue).as_str() {
            "" => format!("'{}' 需要一个值{}", of(ContextKind::InvalidArg), allowed(error)),
            value => format!(
                "'{value}' 不能作为 '{}' 的值{}",
                of(ContextKind::InvalidArg),
                allowed(error)
            ),
        },
        ErrorKind::UnknownArgument => match of(ContextKind::InvalidArg) {
            option if option.starts_with('-') => format!("没有参数 '{option}'"),
            more => format!("'{more}' 多余"),
        },
        ErrorKind::InvalidSubcommand => {
            format!("没有命令 '{}'", of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::NoEquals => format!("'{}' 的值前要写等号", of(ContextKind::InvalidArg)),
        ErrorKind::ValueValidation => format!(
            "'{}' 不能作为 '{}' 的值：{}",
            of(ContextKind::InvalidValue),
            of(ContextKind::InvalidArg),
            reason(error)
        ),
        ErrorKind::TooManyValues => format!(
            "'{}' 多余：'{}' 不再接受更多的值",
            of(ContextKind::InvalidValue),
            of(ContextKind::InvalidArg)
        ),
        ErrorKind::TooFewValues => format!(
            "'{}' 至少需要 {} 个值，只给了 {} 个",
            of(ContextKind::InvalidArg),
            of(ContextKind::MinValues),
            of(ContextKind::ActualNumValues)
        ),
        ErrorKind::WrongNumberOfValues => format!(
            "'{}' 需要 {} 个值，给了 {} 个",
            of(ContextKind::InvalidArg),
            of(ContextKind::ExpectedNumValues),
            of(ContextKind::ActualNumValues)
        ),
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::MissingRequiredArgument => {
            format!("缺少必需的参数：{}", below(&many(error, ContextKind::InvalidArg)))
        }
        ErrorKind::MissingSubcommand => format!(
            "'{}' 之后要写一个命令：{}",
            of(ContextKind::InvalidSubcommand),
            many(error, ContextKind::ValidSubcommand).join(", ")
        ),
        ErrorKind::InvalidUtf8 => "参数中有无效的 UTF-8 字符".to_owned(),
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        // Only what clap gains after this was written, and writing to a closed output.
        _ => format!("命令行有误：“{error}”"),
    })
}

fn conflict(error: &Error) -> String {
    let named = match one(error, ContextKind::InvalidArg) {
        none if none.is_empty() => format!("命令 '{}'", one(error, ContextKind::InvalidSubcommand)),
        arg => format!("参数 '{arg}'"),
    };
    let others = many(error, ContextKind::PriorArg);
    match &others[..] {
        [same] if named == format!("参数 '{same}'") => format!("{named} 只能写一次"),
        [] => format!("{named} 不能与其他参数同时使用"),
        others => format!("{named} 不能与下列参数同时使用：{}", below(others)),
    }
}

/// Why a value cannot be read, as far as it is known what was to be read.
fn reason(error: &Error) -> String {
    let Some(source) = std::error::Error::source(error) else { return "格式不对".to_owned() };
    let said = source.to_string();
    if source.is::<jiff::Error>() {
        return "不是时刻，请写成 2026-11-21T19:00:00+08:00".to_owned();
    }
    if source.is::<ParseIntError>() {
        return "不是可用的整数".to_owned();
    }
    if source.is::<std::num::ParseFloatError>() {
        return "不是数字".to_owned();
    }
    match said.split_once(" is not in ") {
        Some((_, range)) => format!("须在 {range} 之间"),
        None => format!("格式不对（“{said}”）"),
    }
}

fn tips(error: &Error) -> Vec<String> {
    let similar = [
        (ContextKind::SuggestedSubcommand, "命令"),
        (ContextKind::SuggestedArg, "参数"),
        (ContextKind::SuggestedValue, "值"),
    ];
    let mut tips: Vec<String> = similar
        .into_iter()
        .filter_map(|(kind, noun)| {
            let names = many(error, kind);
            (!names.is_empty()).then(|| format!("有相近的{noun}：'{}'", names.join("', '")))
        })
        .collect();
    if let Some(ContextValue::StyledStrs(said)) = error.get(ContextKind::Suggested) {
        tips.extend(said.iter().map(|tip| tip_of(&tip.to_string())));
    }
    tips
}

/// Clap writes these tips as whole sentences, around what is in quotes.
fn tip_of(sentence: &str) -> String {
    let mut quoted = sentence.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(value), Some(way)) => format!("要把 '{value}' 作为值，请写 '{way}'"),
        (Some(there), None) if sentence.ends_with("exists") => format!("有 '{there}'"),
        _ => format!("“{sentence}”"),
    }
}

fn allowed(error: &Error) -> String {
    match &many(error, ContextKind::ValidValue)[..] {
        [] => String::new(),
        values => format!("\n  [可选值: {}]", values.join(", ")),
    }
}

fn below(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn one(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn many(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::chinese::command;

    fn said(line: &str) -> String {
        let words = std::iter::once("firebell").chain(line.split(' '));
        let error = command().try_get_matches_from(words).unwrap_err();
        match fault(&error) {
            Fault::Wrong(said) => said,
            Fault::Page => panic!("{line} shows a page"),
        }
    }

    #[test]
    fn a_wrong_command_line_is_explained_in_chinese() {
        let lines = [
            "check --prov",
            "chek",
            "incident ack 7",
            "incident level 7 worst --reason x",
            "incident level 7 300 --reason x",
            "incident moment 7 aware yesterday",
            "incident measure 7 rate many",
            "graph x --format sgv",
            "graph x --format",
            "check --lang zh --lang en",
            "token create --person a --service b",
            "incident clock not-notify 7 cac --approve --refuse",
            "import --quiet",
            "timeline 7 8",
            "timeline 7 --json",
            "drill --prove",
            "--verbose",
        ];
        let all: Vec<String> =
            lines.iter().map(|line| format!("$ firebell {line}\n{}\n", said(line))).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn pages_that_were_asked_for_are_no_errors() {
        for line in ["--help", "--version", "incident", "incident clock", "help check"] {
            let words = std::iter::once("firebell").chain(line.split(' '));
            let error = command().try_get_matches_from(words).unwrap_err();
            assert_eq!(fault(&error), Fault::Page, "{line}");
        }
    }
}
