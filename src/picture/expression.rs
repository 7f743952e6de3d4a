//! Expressions in words. What is not understood stays as it was written: a reader then sees the
//! expression itself, never a wrong sentence.

use super::words::Words;
use crate::id::{RoleId, StepId};
use crate::playbook::value::FieldType;

/// A piece of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    /// A name with its path, or a word of the language.
    Word(&'a str),
    /// What stands between quotes.
    Quoted(&'a str),
    /// A number.
    Number(&'a str),
    /// An operator, a bracket.
    Sign(&'a str),
}

/// Says an expression.
pub(super) fn say(words: &Words<'_>, source: &str) -> String {
    let tokens = tokens(source);
    let speaker = Speaker { words, about_phases: tokens.contains(&Token::Word("phase")) };
    let mut said: Vec<String> = Vec::new();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let (word, taken) = speaker.next(rest);
        said.push(word);
        rest = &rest[taken..];
    }
    join(&said)
}

struct Speaker<'w, 'a> {
    words: &'w Words<'a>,
    about_phases: bool,
}

impl Speaker<'_, '_> {
    /// Says what comes first, and how many tokens that was.
    fn next(&self, tokens: &[Token<'_>]) -> (String, usize) {
        let lang = self.words.lang;
        match tokens {
            [Token::Word("level" | "incident.level"), Token::Sign(sign), Token::Number(n), ..] => {
                let said = match (*sign, *n) {
                    ("<=", "1") | ("==", _) => lang.pick(format!("{n} 级"), format!("level {n}")),
                    ("<=", _) => lang.pick(format!("{n} 级及以上"), format!("level {n} or worse")),
                    (">=", _) => lang.pick(format!("{n} 级及以下"), format!("level {n} or milder")),
                    _ => {
                        let level = lang.pick("级别", "level");
                        format!("{level} {} {n}", operator(sign))
                    }
                };
                (said, 3)
            }
            [Token::Word(name), Token::Sign("|"), Token::Word("length"), ..] => {
                let name = self.name(name);
                (lang.pick(format!("{name}项数"), format!("the number of {name}")), 3)
            }
            [Token::Word("not"), Token::Word(name), rest @ ..] if self.is_yes_no(name, rest) => {
                (format!("{}{}", self.name(name), lang.pick("：否", ": no")), 2)
            }
            [Token::Word(name), rest @ ..] if self.is_yes_no(name, rest) => {
                (format!("{}{}", self.name(name), lang.pick("：是", ": yes")), 1)
            }
            [Token::Word(name), ..] => (self.name(name), 1),
            [Token::Quoted(text), ..] => (self.quoted(text), 1),
            [Token::Number(text), ..] => ((*text).to_owned(), 1),
            [Token::Sign(sign), ..] => (operator(sign).to_owned(), 1),
            [] => (String::new(), 1),
        }
    }

    /// Tells whether a name stands alone for a yes or no.
    fn is_yes_no(&self, name: &str, after: &[Token<'_>]) -> bool {
        let compared = match after.first() {
            Some(Token::Sign(sign)) => !matches!(*sign, ")" | "]" | ","),
            Some(Token::Word(word)) => matches!(*word, "in" | "is" | "if"),
            _ => false,
        };
        let asked = self.words.field(name).is_some_and(|field| field.kind == FieldType::Boolean);
        asked && !compared
    }

    fn quoted(&self, text: &str) -> String {
        let phase = self.about_phases.then(|| self.words.plan().phase(&text.into())).flatten();
        match phase {
            Some(phase) => format!("“{}”", phase.title.get(self.words.lang)),
            None => format!("“{text}”"),
        }
    }

    fn name(&self, name: &str) -> String {
        let lang = self.words.lang;
        if let Some((zh, en)) = known(name) {
            return lang.pick(zh, en).to_owned();
        }
        match name.split('.').collect::<Vec<_>>().as_slice() {
            ["steps", step, fact] => self.step(&StepId::new(step), fact),
            ["roles", role, fact] => {
                let role = self.words.role(&RoleId::new(role));
                match *fact {
                    "acknowledged" => {
                        lang.pick(format!("“{role}”已确认"), format!("“{role}” has acknowledged"))
                    }
                    "engaged" => {
                        lang.pick(format!("“{role}”已启用"), format!("“{role}” is engaged"))
                    }
                    _ => lang.pick(format!("“{role}”担任者"), format!("the holder of “{role}”")),
                }
            }
            ["measures", measure] => {
                let measure = self.words.variable(measure);
                lang.pick(format!("指标“{measure}”"), format!("the measure “{measure}”"))
            }
            [variable] if self.words.field(variable).is_some() => {
                format!("“{}”", self.words.variable(variable))
            }
            _ => name.to_owned(),
        }
    }

    fn step(&self, step: &StepId, fact: &str) -> String {
        let lang = self.words.lang;
        let title = self.words.step(step);
        let state = match fact {
            "waiting" => lang.pick("未就绪", "is waiting"),
            "ready" => lang.pick("可开始", "is ready"),
            "active" => lang.pick("进行中", "is under way"),
            "started" => lang.pick("已开始", "has started"),
            "done" => lang.pick("已完成", "is done"),
            "failed" => lang.pick("失败", "failed"),
            "skipped" => lang.pick("被跳过", "was skipped"),
            "cancelled" => lang.pick("被取消", "was cancelled"),
            "settled" => lang.pick("已了结", "is settled"),
            "overdue" => lang.pick("逾期", "is overdue"),
            _ => "",
        };
        if !state.is_empty() {
            return lang.pick(format!("“{title}”{state}"), format!("“{title}” {state}"));
        }
        let fact = match fact {
            "answer" => lang.pick("答复", "answer").to_owned(),
            "state" => lang.pick("状态", "state").to_owned(),
            "cause" => lang.pick("原因", "cause").to_owned(),
            "holder" => lang.pick("承办人", "holder").to_owned(),
            field => self.words.variable(field),
        };
        lang.pick(format!("“{title}”的{fact}"), format!("the {fact} of “{title}”"))
    }
}

/// Words of the language and names of an incident's own facts.
fn known(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "and" => ("且", "and"),
        "or" => ("或", "or"),
        "not" => ("非", "not"),
        "in" => ("属于", "is one of"),
        "true" => ("是", "yes"),
        "false" => ("否", "no"),
        "level" | "incident.level" => ("级别", "level"),
        "phase" | "incident.phase" => ("阶段", "the phase"),
        "incident.number" => ("事件编号", "incident number"),
        "incident.title" => ("事件名称", "incident title"),
        "incident.id" => ("事件标识", "incident id"),
        "incident.url" => ("事件链接", "link"),
        "incident.bridge" => ("会议", "bridge"),
        "incident.mode" => ("模式", "mode"),
        "incident.status" => ("状态", "status"),
        "incident.detected_at" => ("发现时间", "time detected"),
        "incident.aware_at" => ("知悉时间", "time aware"),
        "incident.declared_at" => ("启动时间", "time declared"),
        "role.title" => ("角色", "role"),
        "person.name" => ("姓名", "name"),
        "step.title" => ("步骤", "step"),
        "step.due_at" => ("时限", "due"),
        _ => return None,
    })
}

fn operator(sign: &str) -> &str {
    match sign {
        ">=" => "≥",
        "<=" => "≤",
        "!=" => "≠",
        "==" => "=",
        "*" => "×",
        other => other,
    }
}

/// Puts spaces where a sentence has them.
fn join(said: &[String]) -> String {
    let mut line = String::new();
    for word in said {
        let opens = line.ends_with(['(', '[', '|', '~']) || line.is_empty();
        let closes = matches!(word.as_str(), ")" | "]" | "," | "|");
        if !opens && !closes {
            line.push(' ');
        }
        line.push_str(word);
    }
    super::words::line(&line)
}

/// Cuts an expression into its pieces. Expressions have been compiled; what is not known here is
/// passed on as it stands.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => {
                let length = string_length(rest, first);
                let inside = rest[1..length].strip_suffix(first).unwrap_or(&rest[1..length]);
                (Token::Quoted(inside), length)
            }
            c if c.is_alphabetic() || c == '_' => {
                let belongs = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
                (Token::Word(&rest[..length]), length)
            }
            c if c.is_ascii_digit() => {
                let belongs = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
                let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
                (Token::Number(&rest[..length]), length)
            }
            c => {
                let two = ["<=", ">=", "!=", "==", "//", "**"];
                let pair = two.into_iter().find(|pair| rest.starts_with(pair));
                let length = pair.map_or(c.len_utf8(), str::len);
                (Token::Sign(&rest[..length]), length)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Returns the length of a string with its quotes; all that is left where it does not end.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::sample::plan;
    use crate::text::Lang;

    #[test]
    fn expressions_read_as_sentences() {
        let plan = plan("service-outage");
        let say = |lang, source| say(&Words::new(&plan, lang), source);
        for (source, zh, en) in [
            ("level <= 2", "2 级及以上", "level 2 or worse"),
            ("level <= 1", "1 级", "level 1"),
            ("users_affected >= 1000", "“受影响用户数” ≥ 1000", "“Users affected” ≥ 1000"),
            (
                "peak_season and not data_damaged",
                "“是否处于大促保障期”：是 且 “数据是否受损”：否",
                "“Is this a sales-peak period”: yes and “Is data damaged”: no",
            ),
            ("steps.locate.done", "“定位根因”已完成", "“Locate the root cause” is done"),
            (
                "phase in [\"recover\", \"review\"]",
                "阶段 属于 [“恢复运营”, “跟进与复盘”]",
                "the phase is one of [“Recover”, “Follow up and review”]",
            ),
            (
                "strange.path|default(1) > 0",
                "strange.path|default (1) > 0",
                "strange.path|default (1) > 0",
            ),
        ] {
            assert_eq!(say(Lang::Zh, source), zh);
            assert_eq!(say(Lang::En, source), en);
        }
    }

    #[test]
    fn a_string_that_does_not_end_is_passed_on() {
        let plan = plan("service-outage");
        let words = Words::new(&plan, Lang::En);
        assert_eq!(say(&words, "\"a\\"), "“a\\”");
        assert_eq!(say(&words, "'"), "“”");
    }
}
