//! A timeline for a terminal: the rows under each other, by day.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::clocks;
use super::kin;
use super::page::{Words, page, status};
use crate::people::Zone;
use crate::text::Lang;
use crate::timeline::build::Timeline;
use crate::timeline::sentence::Tone;

/// The widest column of names: longer ones push their line to the right.
const ACTOR_WIDTH_MAX: usize = 16;

/// Renders the head, the rows and the notes.
pub(super) fn render(timeline: &Timeline, lang: Lang, zone: &Zone) -> String {
    let words = Words { lang, zone };
    let page = page(timeline, lang, zone);
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        let written = writeln!(out, "{text}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    };
    line(format_args!("{}", plain(&page.title)));
    line(format_args!("{}", status(timeline, lang)));
    if let Some(banner) = &page.banner {
        line(format_args!("{banner}"));
    }
    let actors = timeline.rows.iter().map(|row| plain(row.actor.get(lang)).width());
    let width = actors.max().unwrap_or(0).min(ACTOR_WIDTH_MAX);
    let mut day = String::new();
    for row in &timeline.rows {
        let time = words.time(row.occurred_at);
        let (date, clock) = time.split_at(time.len().min(10));
        if date != day {
            line(format_args!("\n{date}"));
            date.clone_into(&mut day);
        }
        let actor = plain(row.actor.get(lang));
        let padding = " ".repeat(width.saturating_sub(actor.width()));
        let (clock, mark, text) = (clock.trim(), mark(row.tone), plain(row.text.get(lang)));
        let late =
            if row.recorded_late { lang.pick("（补记）", " (recorded late)") } else { "" };
        line(format_args!("{clock} {mark} {actor}{padding}  {text}{late}"));
    }
    line(format_args!(""));
    let around = kin::said(timeline, lang);
    for said in around.into_iter().chain(clocks::said(timeline, words)) {
        line(format_args!("{}", plain(&said)));
    }
    for note in &page.notes {
        line(format_args!("{}", plain(note)));
    }
    out
}

const fn mark(tone: Tone) -> char {
    match tone {
        Tone::Plain => ' ',
        Tone::Good => '+',
        Tone::Warning => '?',
        Tone::Bad => '!',
    }
}

/// Keeps text from steering the terminal, and on its line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
