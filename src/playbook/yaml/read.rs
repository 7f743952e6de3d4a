//! Readers over the tree. A reader asks for the keys it knows; what nobody asked for is unknown.
//! Nothing stops at the first problem: every reader takes the collector and returns what it could.

use std::collections::BTreeMap;

use crate::playbook::diagnostic::{Code, Diagnostic, Diagnostics, both};
use crate::playbook::duration::Span as Length;
use crate::playbook::source::Span;
use crate::playbook::yaml::{
    BAD_DURATION, BAD_VALUE, DUPLICATE_KEY, Data, Entry, Key, MISSING_KEY, MISSING_TRANSLATION,
    NOT_YET, Node, UNKNOWN_KEY, WRONG_TYPE,
};
use crate::text::{Lang, Text};

/// The keys of one mapping, handed out one by one.
pub struct Fields<'n> {
    span: Span,
    /// What the mapping is, for the words of a finding: "a role".
    what: Text,
    entries: Vec<(&'n Entry, bool)>,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens a mapping; reports duplicate keys. Anything but a mapping is a wrong type.
    pub fn open(node: &'n Node, what: Text, out: &mut Diagnostics) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            out.push(wrong_type(node, &Text::both("映射", "a mapping")));
            return None;
        };
        let span = entries.first().map_or(node.span, |entry| entry.key.span);
        let entries = unique(entries, out).into_iter().map(|entry| (entry, false)).collect();
        Some(Self { span, what, entries, asked: Vec::new() })
    }

    /// Returns where the mapping begins: its first key.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Hands out the value of a key; `null` counts as absent.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.take_entry(key).map(|entry| &entry.value).filter(|node| !node.is_null())
    }

    /// Looks at the value of a key without handing it out; `null` counts as absent.
    #[must_use]
    pub fn peek(&self, key: &str) -> Option<&'n Node> {
        let found = self.entries.iter().find(|(entry, _)| entry.key.text == key);
        found.map(|(entry, _)| &entry.value).filter(|node| !node.is_null())
    }

    /// Hands out a key with its value.
    pub fn take_entry(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.asked.push(key);
        let found = self.entries.iter_mut().find(|(entry, _)| entry.key.text == key)?;
        found.1 = true;
        Some(found.0)
    }

    /// Hands out the value of a key that must be there.
    pub fn require(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'n Node> {
        let found = self.take(key);
        if found.is_none() {
            out.push(missing(self.span, &self.what, key));
        }
        found
    }

    /// Hands out a key of a language to come: present, it is refused as not available yet.
    pub fn refuse_for_now(&mut self, key: &'static str, out: &mut Diagnostics) {
        if let Some(entry) = self.take_entry(key) {
            self.asked.pop();
            out.push(
                Diagnostic::new(NOT_YET, both!("`{key}` 尚不可用", "`{key}` is not available yet"))
                    .at(entry.key.span)
                    .help(both!(
                        "删去它；以后的版本会支持",
                        "remove it; a later version will read it"
                    )),
            );
        }
    }

    /// Ends the reading: every key nobody asked for is reported.
    pub fn close(self, out: &mut Diagnostics) {
        let (zh, en) = (self.what.get(Lang::Zh), self.what.get(Lang::En));
        for (entry, taken) in &self.entries {
            if *taken {
                continue;
            }
            let key = &entry.key.text;
            out.push_with(|| {
                Diagnostic::new(UNKNOWN_KEY, both!("{zh}没有键 `{key}`", "{en} has no key `{key}`"))
                    .at(entry.key.span)
                    .label(Text::both("未知的键", "unknown key"))
                    .did_you_mean(key, self.asked.iter().copied())
            });
        }
    }

    /// Reads a text for people: a string or `{ zh: …, en: … }`.
    pub fn text(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<Text> {
        self.take(key)?.text(out)
    }

    /// Reads a string.
    pub fn string(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'n str> {
        self.take(key)?.string(out)
    }

    /// Reads a boolean.
    pub fn boolean(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<bool> {
        self.take(key)?.boolean(out)
    }

    /// Reads a whole number from `least` to `most`.
    pub fn integer(
        &mut self,
        key: &'static str,
        least: i64,
        most: i64,
        out: &mut Diagnostics,
    ) -> Option<i64> {
        self.take(key)?.integer(least, most, out)
    }

    /// Reads a duration that is not zero.
    pub fn duration(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<Length> {
        self.take(key)?.duration(out)
    }

    /// Reads the items of a sequence; absent is empty.
    pub fn list(&mut self, key: &'static str, out: &mut Diagnostics) -> &'n [Node] {
        self.take(key).and_then(|node| node.list(out)).unwrap_or_default()
    }

    /// Reads the entries of a mapping; absent is empty.
    pub fn map(&mut self, key: &'static str, out: &mut Diagnostics) -> Vec<&'n Entry> {
        self.take(key).and_then(|node| node.map(out)).unwrap_or_default()
    }
}

impl Node {
    /// Reads the value as a string.
    pub fn string(&self, out: &mut Diagnostics) -> Option<&str> {
        let text = self.as_str();
        if text.is_none() {
            out.push(wrong_type(self, &Text::both("文本", "text")));
        }
        text
    }

    /// Reads the value as a text for people: a string or `{ zh: …, en: … }`.
    pub fn text(&self, out: &mut Diagnostics) -> Option<Text> {
        match &self.data {
            Data::String(text) => Some(Text::Same(text.clone())),
            Data::Map(_) => {
                let mut fields = Fields::open(self, Text::both("双语文本", "a text"), out)?;
                let zh = fields.string("zh", out).map(str::to_owned);
                let en = fields.string("en", out).map(str::to_owned);
                if zh.is_none() && en.is_none() {
                    out.push(missing(self.span, &fields.what, "zh"));
                }
                fields.close(out);
                let text = Text::Each { zh, en };
                warn_of_missing(self.span, &text, out);
                Some(text)
            }
            _ => {
                let wanted = Text::both("文本或 `{ zh: …, en: … }`", "text or `{ zh: …, en: … }`");
                out.push(wrong_type(self, &wanted));
                None
            }
        }
    }

    /// Reads the value as a boolean.
    pub fn boolean(&self, out: &mut Diagnostics) -> Option<bool> {
        if let Data::Bool(value) = self.data {
            return Some(value);
        }
        out.push(wrong_type(self, &Text::both("`true` 或 `false`", "`true` or `false`")));
        None
    }

    /// Reads the value as a whole number from `least` to `most`.
    pub fn integer(&self, least: i64, most: i64, out: &mut Diagnostics) -> Option<i64> {
        let Data::Integer(value) = self.data else {
            out.push(wrong_type(self, &Text::both("整数", "an integer")));
            return None;
        };
        if (least..=most).contains(&value) {
            return Some(value);
        }
        let range = match (least, most) {
            (_, i64::MAX) => both!("至少为 {least}", "it must be at least {least}"),
            _ => both!("须在 {least} 到 {most} 之间", "it must be from {least} to {most}"),
        };
        out.push(
            Diagnostic::new(BAD_VALUE, both!("{value} 超出范围", "{value} is out of range"))
                .at(self.span)
                .label(range),
        );
        None
    }

    /// Reads the value as a number with or without a fraction.
    pub fn number(&self, out: &mut Diagnostics) -> Option<f64> {
        match self.data {
            #[expect(clippy::cast_precision_loss, reason = "quantities of plans are below 2^53")]
            Data::Integer(value) => Some(value as f64),
            Data::Number(value) => Some(value),
            _ => {
                out.push(wrong_type(self, &Text::both("数字", "a number")));
                None
            }
        }
    }

    /// Reads the items of a sequence.
    pub fn list(&self, out: &mut Diagnostics) -> Option<&[Self]> {
        let items = self.as_list();
        if items.is_none() {
            out.push(wrong_type(self, &Text::both("列表", "a list")));
        }
        items
    }

    /// Reads the entries of a mapping whose keys are names; reports names that stand twice.
    pub fn map(&self, out: &mut Diagnostics) -> Option<Vec<&Entry>> {
        match self.as_map() {
            Some(entries) => Some(unique(entries, out)),
            None => {
                out.push(wrong_type(self, &Text::both("映射", "a mapping")));
                None
            }
        }
    }

    /// Reads the value as a duration that is not zero.
    pub fn duration(&self, out: &mut Diagnostics) -> Option<Length> {
        let Some(text) = self.as_str() else {
            let wanted = Text::both("时长，如 `5m`", "a duration such as `5m`");
            let diagnostic = wrong_type(self, &wanted);
            let unit = Text::both("写上单位：s m h d mo", "write the unit: s m h d mo");
            out.push(diagnostic.help(unit));
            return None;
        };
        match text.parse::<Length>() {
            Ok(length) if length.is_zero() => {
                let message = Text::both("时长不能为零", "the duration must not be zero");
                out.push(bad_value(self.span, message));
                None
            }
            Ok(length) => Some(length),
            Err(error) => {
                let why = error.text();
                out.push(
                    Diagnostic::new(
                        BAD_DURATION,
                        both!("`{text}` 不是时长", "`{text}` is not a duration"),
                    )
                    .at(self.span)
                    .label(why)
                    .help(Text::both("例如 90s 5m 1h30m 7d 1mo", "such as 90s 5m 1h30m 7d 1mo")),
                );
                None
            }
        }
    }

    /// Reads the value as one of a few words.
    pub fn one_of<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
        out: &mut Diagnostics,
    ) -> Option<T> {
        let written = self.string(out)?;
        let found = choices.iter().find(|(name, _)| *name == written);
        if found.is_none() {
            out.push_with(|| {
                Diagnostic::new(
                    BAD_VALUE,
                    both!("`{written}` 不是可选的值", "`{written}` is not a possible value"),
                )
                .at(self.span)
                .did_you_mean(written, choices.iter().map(|(name, _)| *name))
            });
        }
        found.map(|(_, value)| *value)
    }
}

/// Warns of a language that will fall back to the other.
pub fn warn_of_missing(span: Span, text: &Text, out: &mut Diagnostics) {
    let missing = text.missing();
    if let [lang] = missing.as_slice() {
        let (zh, en) = lang.pick(("中文", "Chinese"), ("英文", "English"));
        out.push(
            Diagnostic::new(MISSING_TRANSLATION, both!("缺少{zh}", "{en} is missing"))
                .at(span)
                .note(both!("将以另一种语言显示", "the other language will be shown")),
        );
    }
}

/// Words a value that is not allowed.
#[must_use]
pub fn bad_value(span: Span, message: Text) -> Diagnostic {
    Diagnostic::new(BAD_VALUE, message).at(span)
}

/// Words a name that names nothing, with the nearest that does.
#[must_use]
pub fn unknown_name<'a>(
    code: Code,
    span: Span,
    noun: &Text,
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let (zh, en) = (noun.get(Lang::Zh), noun.get(Lang::En));
    Diagnostic::new(code, both!("没有{zh} `{written}`", "there is no {en} `{written}`"))
        .at(span)
        .did_you_mean(written, known)
}

/// Returns the first entry of each key and reports the others.
fn unique<'n>(entries: &'n [Entry], out: &mut Diagnostics) -> Vec<&'n Entry> {
    let mut first: BTreeMap<&str, &Key> = BTreeMap::new();
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        match first.get(entry.key.text.as_str()) {
            Some(earlier) => out.push_with(|| duplicate(&entry.key, earlier.span)),
            None => {
                first.insert(&entry.key.text, &entry.key);
                kept.push(entry);
            }
        }
    }
    kept
}

/// Words a key that stands twice.
#[must_use]
pub fn duplicate(key: &Key, first: Span) -> Diagnostic {
    let name = &key.text;
    Diagnostic::new(DUPLICATE_KEY, both!("键 `{name}` 重复", "the key `{name}` stands twice"))
        .at(key.span)
        .label(Text::both("再次出现", "again here"))
        .related(first, Text::both("首次出现", "first here"))
}

/// Words a value of the wrong type.
#[must_use]
pub fn wrong_type(node: &Node, wanted: &Text) -> Diagnostic {
    let got = node.type_name();
    let (zh, en) = (wanted.get(Lang::Zh), wanted.get(Lang::En));
    let (zh_got, en_got) = (got.get(Lang::Zh), got.get(Lang::En));
    let diagnostic = Diagnostic::new(
        WRONG_TYPE,
        both!("此处应为{zh}，却是{zh_got}", "expected {en}, found {en_got}"),
    )
    .at(node.span)
    .label(both!("应为{zh}", "expected {en}"));
    let is_scalar = matches!(node.data, Data::Bool(_) | Data::Integer(_) | Data::Number(_));
    if is_scalar && en.starts_with("text") {
        return diagnostic.help(Text::both("加上引号即为文本", "in quotes it is text"));
    }
    diagnostic
}

/// Words a key that must be there.
#[must_use]
pub fn missing(span: Span, what: &Text, key: &str) -> Diagnostic {
    let (zh, en) = (what.get(Lang::Zh), what.get(Lang::En));
    Diagnostic::new(MISSING_KEY, both!("{zh}缺少 `{key}`", "{en} needs `{key}`"))
        .at(span)
        .label(both!("缺少 `{key}`", "`{key}` is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::source::Source;
    use crate::playbook::yaml::parse;

    struct Person {
        name: Option<String>,
        age: Option<i64>,
    }

    /// Reads a small shape as every reader does, and returns what it found.
    fn read(text: &str) -> (Person, Diagnostics) {
        let source = Source::new("x.yaml", text).expect("plain text");
        let mut out = Diagnostics::new(source.clone());
        let root = parse(&source).expect("YAML");
        let mut fields =
            Fields::open(&root, Text::both("人员", "a person"), &mut out).expect("a mapping");
        let name = fields.require("name", &mut out).and_then(|n| n.string(&mut out));
        let name = name.map(str::to_owned);
        let age = fields.integer("age", 0, 150, &mut out);
        fields.refuse_for_now("twin", &mut out);
        fields.close(&mut out);
        out.sort();
        (Person { name, age }, out)
    }

    fn codes(out: &Diagnostics) -> Vec<Code> {
        out.iter().map(|d| d.code).collect()
    }

    #[test]
    fn every_problem_of_a_mapping_is_collected_and_the_rest_is_read() {
        let (person, out) = read("nmae: x\nname: 李雷\nage: old\nname: y\ntwin: z\n");
        assert_eq!(person.name.as_deref(), Some("李雷"));
        assert_eq!(person.age, None);
        assert_eq!(codes(&out), [UNKNOWN_KEY, WRONG_TYPE, DUPLICATE_KEY, NOT_YET]);
        let help = out.iter().next().and_then(|d| d.help.first()).expect("a suggestion");
        assert_eq!(help.get(Lang::En), "did you mean `name`?");
    }

    #[test]
    fn a_missing_key_and_a_number_out_of_range_are_reported() {
        let (person, out) = read("age: 151\n");
        assert!(person.name.is_none());
        assert_eq!(codes(&out), [MISSING_KEY, BAD_VALUE]);
    }

    #[test]
    fn null_counts_as_absent() {
        let (_, out) = read("name: ~\n");
        assert_eq!(codes(&out), [MISSING_KEY]);
    }

    #[test]
    fn a_number_where_text_is_wanted_is_told_about_quotes() {
        let (_, out) = read("name: 404\n");
        let diagnostic = out.iter().next().expect("found");
        assert_eq!(diagnostic.code, WRONG_TYPE);
        assert_eq!(diagnostic.help[0].get(Lang::En), "in quotes it is text");
    }

    #[test]
    fn a_text_is_a_string_or_a_pair_and_nothing_else() {
        let read = |text: &str| {
            let source = Source::new("x.yaml", text).expect("plain text");
            let mut out = Diagnostics::new(source.clone());
            let text = parse(&source).expect("YAML").text(&mut out);
            (text, codes(&out))
        };
        assert_eq!(read("电话").0, Some(Text::from("电话")));
        assert_eq!(read("{ zh: 电话, en: Phone }").0, Some(Text::both("电话", "Phone")));
        assert_eq!(read("{ zh: 电话 }").1, [MISSING_TRANSLATION]);
        assert_eq!(read("{ zh: 电话, fr: Téléphone }").1, [UNKNOWN_KEY, MISSING_TRANSLATION]);
        assert_eq!(read("{}").1, [MISSING_KEY]);
        assert_eq!(read("[a]").1, [WRONG_TYPE]);
    }
}
