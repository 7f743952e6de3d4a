//! What a person sees: tables that respect double-width characters, colour where it is welcome,
//! times as people say them. It must not know verbs.

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::args::{Common, LangArg, Output};
use super::exit::{Exit, Stop};
use crate::people::Zone;
use crate::text::Lang;

/// Where and how a verb prints.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Tables, or JSON.
    pub output: Output,
    /// The language of messages.
    pub lang: Lang,
    /// Colour is welcome.
    pub colour: bool,
    /// Progress and remarks are welcome.
    pub chatty: bool,
    /// The present instant, for relative times.
    pub now: Timestamp,
    /// The zone that times are told in.
    pub zone: Zone,
}

/// What colours a word and ends the colour; nothing else may steer the terminal.
const COLOURS: [&str; 5] = ["\u{1b}[1;31m", "\u{1b}[33m", "\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"];

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Needs someone now.
    Bad,
    /// Needs attention.
    Warn,
    /// As it should be.
    Good,
    /// Of less importance.
    Faint,
}

impl Screen {
    /// Decides how to print from the options, the environment and what standard output is.
    #[must_use]
    pub fn new(
        common: &Common,
        environment: &dyn Fn(&str) -> Option<String>,
        now: Timestamp,
        zone: Zone,
    ) -> Self {
        let set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        let dumb = environment("TERM").as_deref() == Some("dumb");
        let wanted = set("CLICOLOR_FORCE") || (terminal && !dumb);
        Self {
            output: common.output,
            lang: language(common.lang, environment),
            colour: wanted && !common.no_color && !set("NO_COLOR"),
            chatty: !common.quiet && std::io::stderr().is_terminal(),
            now,
            zone,
        }
    }

    /// Prints data: as JSON, or as `text` makes it.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn data<T: Serialize>(
        &self,
        data: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Stop> {
        let printed = match self.output {
            Output::Json => serde_json::to_string_pretty(data)
                .map_err(|error| Stop::new(Exit::Failure, error.to_string()))?,
            Output::Text | Output::Sarif | Output::Github => plain(&text(data)),
        };
        self.raw(printed.trim_end_matches('\n'))
    }

    /// Prints a text as it is, and a line break.
    ///
    /// # Errors
    /// Standard output is closed; a reader that has seen enough is no failure.
    #[expect(clippy::unused_self, reason = "all printing goes through the screen")]
    pub fn raw(&self, text: &str) -> Result<(), Stop> {
        put(&format!("{text}\n"))
    }

    /// Says something beside the data, on standard error.
    pub fn remark(&self, zh: &str, en: &str) {
        note(self.lang.pick(zh, en));
    }

    /// Colours a word.
    #[must_use]
    pub fn paint(&self, tone: Tone, word: &str) -> String {
        if !self.colour {
            return word.to_owned();
        }
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Warn => "33",
            Tone::Good => "32",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }

    /// Lays rows out below a heading.
    #[must_use]
    pub fn table(&self, heading: &[(&str, &str)], rows: Vec<Vec<String>>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        let titles = heading.iter().map(|(zh, en)| self.paint(Tone::Faint, self.lang.pick(zh, en)));
        table.set_header(titles.collect::<Vec<_>>());
        for row in rows {
            table.add_row(row.iter().map(|cell| plain(cell)).collect::<Vec<_>>());
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// Says an instant in the zone of the installation: `2026-11-21 16:05 +08:00`.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.time_zone().clone());
        zoned.strftime("%Y-%m-%d %H:%M %:z").to_string()
    }

    /// Says an instant, and how far away it is.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        format!("{} ({})", self.time(at), self.relative(at))
    }

    /// Says an instant relative to now: `5 分钟前`, `in 2 h`.
    #[must_use]
    pub fn relative(&self, at: Timestamp) -> String {
        let away = at.duration_since(self.now);
        let long = length(away.abs(), self.lang);
        match (self.lang, away.is_negative()) {
            (Lang::Zh, true) => format!("{long}前"),
            (Lang::Zh, false) => format!("{long}后"),
            (Lang::En, true) => format!("{long} ago"),
            (Lang::En, false) => format!("in {long}"),
        }
    }
}

/// Writes to standard output as it is.
///
/// # Errors
/// Standard output is closed; a reader that has seen enough is no failure.
pub fn put(text: &str) -> Result<(), Stop> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Stop::silent(Exit::Ok)),
        done => Ok(done?),
    }
}

/// Writes a line to standard error; nobody is left to be told where that is closed.
pub fn note(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Text from elsewhere must not steer the terminal; our own colours may.
fn plain(text: &str) -> String {
    let ours = |at: usize| COLOURS.iter().any(|code| text[at..].starts_with(code));
    let shown = text.char_indices().filter(|(at, c)| match c {
        '\n' | '\t' => true,
        '\u{1b}' => ours(*at),
        c => !c.is_control(),
    });
    shown.map(|(_, c)| c).collect()
}

/// Says a length of time in its largest fitting unit.
#[must_use]
pub fn length(long: SignedDuration, lang: Lang) -> String {
    let seconds = long.as_secs();
    let (n, zh, en) = match seconds {
        0..90 => (seconds, "秒", "s"),
        90..5_400 => (seconds / 60, "分钟", "min"),
        5_400..172_800 => (seconds / 3_600, "小时", "h"),
        _ => (seconds / 86_400, "天", "d"),
    };
    lang.pick(format!("{n} {zh}"), format!("{n} {en}"))
}

/// Chooses the language of messages: the one asked for, else the locale's.
fn language(asked: Option<LangArg>, environment: &dyn Fn(&str) -> Option<String>) -> Lang {
    match asked {
        Some(LangArg::Zh) => Lang::Zh,
        Some(LangArg::En) => Lang::En,
        None => ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(environment)
            .find(|value| !value.is_empty())
            .map_or(Lang::En, |locale| Lang::of_locale(&locale)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(lang: Lang) -> Screen {
        let now = "2026-11-21T03:00:00Z".parse().unwrap();
        let zone = Zone::named("Asia/Shanghai").unwrap();
        Screen { output: Output::Text, lang, colour: false, chatty: false, now, zone }
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let say = |lang, at: &str| screen(lang).relative(at.parse().unwrap());
        assert_eq!(say(Lang::Zh, "2026-11-21T02:55:00Z"), "5 分钟前");
        assert_eq!(say(Lang::En, "2026-11-21T05:00:00Z"), "in 2 h");
        assert_eq!(say(Lang::En, "2026-11-18T03:00:00Z"), "3 d ago");
    }

    #[test]
    fn text_from_elsewhere_does_not_steer_the_terminal_and_our_colours_stay() {
        let mut screen = screen(Lang::En);
        screen.colour = true;
        for tone in [Tone::Bad, Tone::Warn, Tone::Good, Tone::Faint] {
            let painted = screen.paint(tone, "a\nb");
            assert_eq!(plain(&painted), painted);
        }
        let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7}线\u{0}路\u{9b}31m\r\n";
        assert_eq!(plain(hostile), "[2J]0;owned线路31m\n");
    }

    #[test]
    fn instants_are_told_in_the_zone_of_the_installation() {
        let at = "2026-11-21T23:30:00Z".parse().unwrap();
        assert_eq!(screen(Lang::Zh).time(at), "2026-11-22 07:30 +08:00");
        assert_eq!(screen(Lang::En).moment(at), "2026-11-22 07:30 +08:00 (in 20 h)");
    }

    #[test]
    fn columns_align_under_double_width_characters() {
        let rows = vec![vec!["总指挥".into(), "a".into()], vec!["x".into(), "b".into()]];
        let table = screen(Lang::Zh).table(&[("角色", "Role"), ("人", "Who")], rows);
        let columns: Vec<usize> = table
            .lines()
            .map(|line| {
                let last = line.rfind(|c: char| !c.is_whitespace()).unwrap();
                unicode_width::UnicodeWidthStr::width(&line[..last])
            })
            .collect();
        assert_eq!(columns[1], columns[2]);
    }

    #[test]
    fn the_locale_chooses_the_language_and_the_flag_overrules_it() {
        let environment = |name: &str| (name == "LANG").then(|| "zh_CN.UTF-8".to_owned());
        assert_eq!(language(None, &environment), Lang::Zh);
        assert_eq!(language(Some(LangArg::En), &environment), Lang::En);
        assert_eq!(language(None, &|_| None), Lang::En);
    }
}
