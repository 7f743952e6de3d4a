//! Reads the crontab line people write into plain sets of numbers.
//!
//! Owns the dialect: five fields as in Vixie cron (weekday 0–7, Sunday both ends), six with seconds
//! in front, seven with a year behind, and the `@daily` family. It must not know zones, instants or
//! the crate that evaluates a schedule.

use std::collections::BTreeSet;

use crate::text::Text;

/// The longest expression read. A crontab line that lists every minute is 230 bytes long.
pub const EXPRESSION_BYTES_MAX: usize = 256;
/// The first year a schedule can name: the epoch, before which nothing here runs.
pub const YEAR_MIN: u16 = 1970;
/// The last year a schedule can name; the evaluator knows none later.
pub const YEAR_MAX: u16 = 2100;

const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// How far a misspelt `@word` may be from a known one to be suggested (Jaro–Winkler).
const SUGGESTION_MIN: f64 = 0.8;

/// The seven parts of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Seconds, 0–59.
    Second,
    /// Minutes, 0–59.
    Minute,
    /// Hours, 0–23.
    Hour,
    /// Days of the month, 1–31.
    Day,
    /// Months, 1–12 or names.
    Month,
    /// Days of the week, 0–7 or names; 0 and 7 are both Sunday.
    Weekday,
    /// Years, 1970–2100.
    Year,
}

impl Part {
    const fn range(self) -> (u16, u16) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
            Self::Year => (YEAR_MIN, YEAR_MAX),
        }
    }

    const fn names(self) -> (&'static [&'static str], u16) {
        match self {
            Self::Month => (&MONTHS, 1),
            Self::Weekday => (&WEEKDAYS, 0),
            Self::Second | Self::Minute | Self::Hour | Self::Day | Self::Year => (&[], 0),
        }
    }

    const fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::Second => ("秒", "second"),
            Self::Minute => ("分", "minute"),
            Self::Hour => ("时", "hour"),
            Self::Day => ("日", "day-of-month"),
            Self::Month => ("月", "month"),
            Self::Weekday => ("星期", "day-of-week"),
            Self::Year => ("年", "year"),
        }
    }
}

/// One field: the values it admits and whether it was written as a restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    values: BTreeSet<u16>,
    starred: bool,
}

impl Field {
    /// Returns the admitted values, ascending; weekdays are 0 (Sunday) to 6.
    pub fn values(&self) -> impl Iterator<Item = u16> + '_ {
        self.values.iter().copied()
    }

    fn all(part: Part) -> Self {
        let (min, max) = part.range();
        Self { values: (min..=max).collect(), starred: true }
    }

    fn only(value: u16) -> Self {
        Self { values: BTreeSet::from([value]), starred: false }
    }
}

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crontab {
    /// Seconds; 0 where the line has five fields.
    pub seconds: Field,
    /// Minutes.
    pub minutes: Field,
    /// Hours.
    pub hours: Field,
    /// Days of the month.
    pub days: Field,
    /// Months.
    pub months: Field,
    /// Days of the week, 0 (Sunday) to 6.
    pub weekdays: Field,
    /// Years.
    pub years: Field,
}

/// How the two day fields combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRule {
    /// A day must be in both fields.
    Both,
    /// A day may be in either field.
    Either,
}

impl Crontab {
    /// Reads an expression.
    ///
    /// # Errors
    /// Returns the first [`CrontabError`], reading from left to right.
    pub fn parse(expression: &str) -> Result<Self, CrontabError> {
        if expression.len() > EXPRESSION_BYTES_MAX {
            return Err(CrontabError::TooLong { bytes: expression.len() });
        }
        let trimmed = expression.trim();
        let expanded = if trimmed.starts_with('@') { expand_macro(trimmed)? } else { trimmed };
        let fields: Vec<&str> = expanded.split_ascii_whitespace().collect();
        let (seconds, rest, years) = match fields.as_slice() {
            [] => return Err(CrontabError::Empty),
            rest if rest.len() == 5 => (Field::only(0), rest, Field::all(Part::Year)),
            [seconds, rest @ ..] if rest.len() == 5 => {
                (parse_field(Part::Second, seconds)?, rest, Field::all(Part::Year))
            }
            [seconds, rest @ .., years] if rest.len() == 5 => {
                (parse_field(Part::Second, seconds)?, rest, parse_field(Part::Year, years)?)
            }
            other => return Err(CrontabError::FieldCount { found: other.len() }),
        };
        Ok(Self {
            seconds,
            minutes: parse_field(Part::Minute, rest[0])?,
            hours: parse_field(Part::Hour, rest[1])?,
            days: parse_field(Part::Day, rest[2])?,
            months: parse_field(Part::Month, rest[3])?,
            weekdays: parse_field(Part::Weekday, rest[4])?,
            years,
        })
    }

    /// Tells how the day fields combine: as in Vixie cron, a field that begins with `*` (or is `?`)
    /// does not restrict, and two restrictions are alternatives.
    #[must_use]
    pub const fn day_rule(&self) -> DayRule {
        if self.days.starred || self.weekdays.starred { DayRule::Both } else { DayRule::Either }
    }
}

fn expand_macro(word: &str) -> Result<&'static str, CrontabError> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, fields)) = MACROS.iter().find(|(name, _)| *name == lower) {
        return Ok(fields);
    }
    if lower == "@reboot" {
        return Err(CrontabError::Reboot);
    }
    let closest = MACROS
        .iter()
        .map(|(name, _)| (strsim::jaro_winkler(name, &lower), *name))
        .filter(|(score, _)| *score >= SUGGESTION_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name);
    Err(CrontabError::UnknownMacro { word: word.to_owned(), closest })
}

fn parse_field(part: Part, source: &str) -> Result<Field, CrontabError> {
    let mut values = BTreeSet::new();
    for item in source.split(',') {
        let wrong = |why| CrontabError::Item { part, item: item.to_owned(), why };
        let (span, step) = match item.split_once('/') {
            Some((span, step)) => (span, Some(parse_step(step).map_err(wrong)?)),
            None => (item, None),
        };
        let (first, last) = parse_span(part, span, step.is_some()).map_err(wrong)?;
        let numbers = (first..=last).step_by(step.unwrap_or(1));
        values.extend(numbers.map(|n| if part == Part::Weekday { n % 7 } else { n }));
    }
    Ok(Field { values, starred: source.starts_with(['*', '?']) })
}

fn parse_step(step: &str) -> Result<usize, ItemError> {
    match step.parse::<usize>() {
        Ok(0) => Err(ItemError::StepZero),
        Ok(step) => Ok(step),
        Err(_) => Err(ItemError::Step),
    }
}

fn parse_span(part: Part, span: &str, stepped: bool) -> Result<(u16, u16), ItemError> {
    let (min, max) = part.range();
    if span == "*" || (span == "?" && matches!(part, Part::Day | Part::Weekday)) {
        return Ok((min, max));
    }
    if let Some((first, last)) = span.split_once('-') {
        let from = parse_value(part, first)?;
        let to = match parse_value(part, last)? {
            0 if part == Part::Weekday && from > 0 => 7,
            to => to,
        };
        return if from <= to { Ok((from, to)) } else { Err(ItemError::Wraps { from, to }) };
    }
    let value = parse_value(part, span)?;
    Ok((value, if stepped { max } else { value }))
}

fn parse_value(part: Part, text: &str) -> Result<u16, ItemError> {
    let (min, max) = part.range();
    if text.is_empty() {
        return Err(ItemError::Missing);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse::<u16>() {
            Ok(value) if (min..=max).contains(&value) => Ok(value),
            _ => Err(ItemError::OutOfRange { min, max }),
        };
    }
    let (names, first) = part.names();
    let position = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    if let Some(value) = position.and_then(|p| u16::try_from(p).ok()) {
        return Ok(first + value);
    }
    let is_extension = text.contains('#') || text.ends_with(['L', 'W', 'l', 'w']);
    if is_extension && matches!(part, Part::Day | Part::Weekday) {
        return Err(ItemError::Extension);
    }
    Err(ItemError::NotAValue { min, max })
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrontabError {
    /// Nothing is written.
    Empty,
    /// Longer than [`EXPRESSION_BYTES_MAX`].
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Neither five, six nor seven fields.
    FieldCount {
        /// How many there are.
        found: usize,
    },
    /// `@reboot` names no instant.
    Reboot,
    /// An `@word` nobody knows.
    UnknownMacro {
        /// The word as written.
        word: String,
        /// The nearest known word.
        closest: Option<&'static str>,
    },
    /// One item of a field is wrong.
    Item {
        /// The field.
        part: Part,
        /// The item as written.
        item: String,
        /// What is wrong with it.
        why: ItemError,
    },
    /// The expression is well formed and yet names no day that exists, such as 31 February.
    NeverRuns,
}

/// What is wrong with one item of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemError {
    /// A value is missing, as in `1,,2` or `-5`.
    Missing,
    /// Neither a number nor a name of this field.
    NotAValue {
        /// The least value.
        min: u16,
        /// The greatest value.
        max: u16,
    },
    /// A number outside the field's range.
    OutOfRange {
        /// The least value.
        min: u16,
        /// The greatest value.
        max: u16,
    },
    /// A range whose end comes before its start.
    Wraps {
        /// The start.
        from: u16,
        /// The end.
        to: u16,
    },
    /// A step that is not a number.
    Step,
    /// A step of nought.
    StepZero,
    /// `L`, `W` or `#`: last, nearest weekday, nth weekday.
    Extension,
}

impl CrontabError {
    /// Returns the sentence that says what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Self::Empty => Text::both(
                "cron 表达式为空；请写五个字段：分 时 日 月 星期",
                "the cron expression is empty; write five fields: minute hour day month weekday",
            ),
            Self::TooLong { bytes } => Text::both(
                format!("cron 表达式有 {bytes} 字节，最多 {EXPRESSION_BYTES_MAX} 字节"),
                format!(
                    "the cron expression has {bytes} bytes; at most {EXPRESSION_BYTES_MAX} are read"
                ),
            ),
            Self::FieldCount { found } => Text::both(
                format!("cron 表达式应有五个字段（可在前面加秒，再在后面加年），这里有 {found} 个"),
                format!(
                    "a cron expression has five fields (six with seconds in front, seven with a \
                     year behind); this has {found}"
                ),
            ),
            Self::Reboot => Text::both(
                "@reboot 不对应任何时刻；请写出时间，例如 0 10 1 3,9 *",
                "@reboot names no instant; write when it runs, such as 0 10 1 3,9 *",
            ),
            Self::UnknownMacro { word, closest } => unknown_macro(word, *closest),
            Self::Item { part, item, why } => why.message(*part, item),
            Self::NeverRuns => Text::both(
                "这个 cron 表达式永远不会触发：它指定的日期不存在",
                "this cron expression never runs: it names a day that does not exist",
            ),
        }
    }
}

fn unknown_macro(word: &str, closest: Option<&str>) -> Text {
    let known = MACROS.map(|(name, _)| name).join(" ");
    match closest {
        Some(name) => Text::both(
            format!("不认识 {word}；是不是 {name}？"),
            format!("{word} is not known; did you mean {name}?"),
        ),
        None => Text::both(
            format!("不认识 {word}；可用：{known}"),
            format!("{word} is not known; use one of {known}"),
        ),
    }
}

impl ItemError {
    fn message(self, part: Part, item: &str) -> Text {
        let (zh, en) = part.label();
        match self {
            Self::Missing => Text::both(
                format!("“{zh}”字段里的“{item}”缺少数值"),
                format!("a value is missing in “{item}” of the {en} field"),
            ),
            Self::NotAValue { min, max } => Text::both(
                format!("“{zh}”字段里的“{item}”不是 {min}–{max} 的数值或名称"),
                format!(
                    "“{item}” is neither a value from {min} to {max} nor a name of the {en} field"
                ),
            ),
            Self::OutOfRange { min, max } => Text::both(
                format!("“{zh}”字段里的“{item}”超出范围 {min}–{max}"),
                format!("“{item}” is outside {min} to {max} of the {en} field"),
            ),
            Self::Wraps { from, to } => {
                let (min, max) = part.range();
                Text::both(
                    format!(
                        "“{zh}”字段里的“{item}”起点在终点之后；请拆成两段：{from}-{max},{min}-{to}"
                    ),
                    format!(
                        "“{item}” of the {en} field ends before it starts; split it in two: \
                         {from}-{max},{min}-{to}"
                    ),
                )
            }
            Self::Step => Text::both(
                format!("“{zh}”字段里“{item}”的步长不是数字；写法如 */15"),
                format!(
                    "the step of “{item}” in the {en} field is not a number; write it like */15"
                ),
            ),
            Self::StepZero => Text::both(
                format!("“{zh}”字段里“{item}”的步长不能为 0"),
                format!("the step of “{item}” in the {en} field must be at least 1"),
            ),
            Self::Extension => Text::both(
                format!("“{zh}”字段里的“{item}”：不支持 L、W、#；请直接列出日期或星期"),
                format!("“{item}” of the {en} field: L, W and # are not supported; list the days"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    fn values(field: &Field) -> Vec<u16> {
        field.values().collect()
    }

    #[test]
    fn five_six_and_seven_fields_are_read() {
        let five = Crontab::parse("0 10 1 3,9 *").unwrap();
        assert_eq!(values(&five.seconds), [0]);
        assert_eq!(values(&five.months), [3, 9]);
        let six = Crontab::parse("30 0 10 1 MAR,sep *").unwrap();
        assert_eq!(values(&six.seconds), [30]);
        assert_eq!(values(&six.months), [3, 9]);
        let seven = Crontab::parse("0 0 10 1 3 ? 2027-2028").unwrap();
        assert_eq!(values(&seven.years), [2027, 2028]);
    }

    #[test]
    fn weekdays_count_from_sunday_at_both_ends() {
        let cases: [(&str, &[u16]); 8] = [
            ("0", &[0]),
            ("7", &[0]),
            ("1-5", &[1, 2, 3, 4, 5]),
            ("5-7", &[0, 5, 6]),
            ("MON-FRI", &[1, 2, 3, 4, 5]),
            ("sat-sun", &[0, 6]),
            ("*/2", &[0, 2, 4, 6]),
            ("1/2", &[0, 1, 3, 5]),
        ];
        for (source, expected) in cases {
            let read = Crontab::parse(&format!("0 0 * * {source}")).unwrap();
            assert_eq!(values(&read.weekdays), expected, "{source}");
        }
    }

    #[test]
    fn steps_start_at_the_value_they_follow() {
        let cases: [(&str, &[u16]); 4] = [
            ("*/20", &[0, 20, 40]),
            ("5/20", &[5, 25, 45]),
            ("10-30/10", &[10, 20, 30]),
            ("*/90", &[0]),
        ];
        for (source, expected) in cases {
            let read = Crontab::parse(&format!("{source} * * * *")).unwrap();
            assert_eq!(values(&read.minutes), expected, "{source}");
        }
    }

    #[test]
    fn two_restricted_day_fields_are_alternatives_unless_one_is_starred() {
        let rule = |source: &str| Crontab::parse(source).unwrap().day_rule();
        assert_eq!(rule("0 0 13 * 5"), DayRule::Either);
        assert_eq!(rule("0 0 13 * *"), DayRule::Both);
        assert_eq!(rule("0 0 */2 * 5"), DayRule::Both);
        assert_eq!(rule("0 0 ? * 5"), DayRule::Both);
    }

    #[test]
    fn every_refusal_says_what_to_do_in_both_languages() {
        let cases = [
            ("", "五个字段", "five fields"),
            ("0 10 1 3", "这里有 4 个", "this has 4"),
            ("@reboot", "不对应任何时刻", "names no instant"),
            ("@dayly", "@daily", "did you mean @daily"),
            ("@often", "可用", "use one of"),
            ("60 * * * *", "“分”字段", "outside 0 to 59 of the minute field"),
            ("0 0 0 * *", "1–31", "outside 1 to 31"),
            ("0 0 * * 8", "0–7", "outside 0 to 7"),
            ("0 0 * * MOO", "不是", "neither a value"),
            ("0 22-2 * * *", "22-23,0-2", "22-23,0-2"),
            ("0 0 * * FRI-MON", "5-7,0-1", "5-7,0-1"),
            ("*/0 * * * *", "步长", "at least 1"),
            ("*/x * * * *", "步长", "not a number"),
            ("1,,2 * * * *", "缺少", "missing"),
            ("0 0 L * *", "L、W、#", "L, W and #"),
            ("0 0 * * 5#2", "L、W、#", "L, W and #"),
            ("99999999999 * * * *", "超出范围", "outside"),
            ("? * * * *", "不是", "neither"),
        ];
        for (source, zh, en) in cases {
            let message = Crontab::parse(source).unwrap_err().message();
            assert!(message.get(Lang::Zh).contains(zh), "{source}: {}", message.get(Lang::Zh));
            assert!(message.get(Lang::En).contains(en), "{source}: {}", message.get(Lang::En));
        }
        let long = "1,".repeat(EXPRESSION_BYTES_MAX);
        assert!(matches!(Crontab::parse(&long), Err(CrontabError::TooLong { .. })));
    }
}
