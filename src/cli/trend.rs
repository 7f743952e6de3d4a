//! `firebell drill trend`: the runs of a drill one after another. It must not know where they come
//! from.

use super::args::Common;
use super::client::{Client, part};
use super::exit::Stop;
use super::result::lasted;
use super::screen::{Screen, Tone};
use super::wait;
use crate::drill::series::{Direction, Series, Stretch};
use crate::text::count;

/// Shows how a drill went over time.
///
/// # Errors
/// The server's problem.
pub fn trend(drill: &str, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let client = Client::new(common, screen.lang)?;
    let answer = wait(client.get(&format!("/api/v1/drills/{}/series", part(drill))))?;
    screen.data(&answer, |answer| {
        let read = serde_json::from_value::<Series>(answer.clone());
        read.map(|series| shown(screen, &series)).unwrap_or_default()
    })
}

fn shown(screen: &Screen, series: &Series) -> String {
    let lang = screen.lang;
    if series.stretches.is_empty() {
        return lang.pick("没有演练记录", "No runs").to_owned();
    }
    let mut lines = Vec::new();
    for stretch in &series.stretches {
        if !stretch.breaks.is_empty() {
            let why: Vec<&str> = stretch.breaks.iter().map(|why| why.word(lang)).collect();
            let why = why.join(lang.pick("，", ", "));
            let line = lang.pick(
                format!("──── {why}，此前的不可比 ────"),
                format!("──── {why}: what was before does not compare ────"),
            );
            lines.push(screen.paint(Tone::Warn, &line));
        }
        lines.push(table(screen, stretch));
    }
    lines.join("\n")
}

fn table(screen: &Screen, stretch: &Stretch) -> String {
    let lang = screen.lang;
    let score = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), |n| format!("{n:.0}"));
    let took = |seconds: Option<f64>| {
        seconds.map_or_else(|| "–".to_owned(), |seconds| lasted(seconds, lang))
    };
    let scores: Vec<Option<f64>> =
        stretch.runs.iter().map(|run| run.score.map(f64::from)).collect();
    let all = lang.pick("得分", "score").to_owned();
    let mut rows = vec![row(screen, all, &scores, Some(100.0), stretch.score, score)];
    for (part, direction) in &stretch.parts {
        let of_part = |run: &crate::drill::series::Point| run.parts.get(part).copied();
        let scores: Vec<Option<f64>> =
            stretch.runs.iter().map(|run| of_part(run).map(f64::from)).collect();
        let name = format!("  {}", part.word(lang));
        rows.push(row(screen, name, &scores, Some(100.0), *direction, score));
    }
    for times in &stretch.times {
        let name = times.asked.get(lang).to_owned();
        rows.push(row(screen, name, &times.seconds, None, times.direction, took));
    }
    let first = stretch.runs.first().map(|run| screen.moment(run.at)).unwrap_or_default();
    let last = stretch.runs.last().map(|run| screen.moment(run.at)).unwrap_or_default();
    let many = stretch.runs.len();
    let head = lang.pick(
        format!("{many} 次，{first} 至 {last}"),
        format!("{}, {first} to {last}", count(many, "run", "runs")),
    );
    let heading =
        [("", ""), ("走势", "COURSE"), ("首次", "FIRST"), ("最近", "LATEST"), ("变化", "CHANGE")];
    format!("{head}\n{}", screen.table(&heading, rows))
}

fn row(
    screen: &Screen,
    name: String,
    values: &[Option<f64>],
    top: Option<f64>,
    direction: Direction,
    words: impl Fn(Option<f64>) -> String,
) -> Vec<String> {
    let (tone, mark) = match direction {
        Direction::Better => (Tone::Good, "▲ "),
        Direction::Worse => (Tone::Bad, "▼ "),
        Direction::Steady | Direction::TooFew => (Tone::Faint, ""),
    };
    let change = screen.paint(tone, &format!("{mark}{}", direction.word(screen.lang)));
    let known = || values.iter().copied().filter(Option::is_some);
    let (first, last) = (known().next().flatten(), known().next_back().flatten());
    vec![name, sparkline(values, top), words(first), words(last), change]
}

/// Draws values as bars from nothing to the greatest, the latest forty.
fn sparkline(values: &[Option<f64>], top: Option<f64>) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDE: usize = 40;
    let values = &values[values.len().saturating_sub(WIDE)..];
    let greatest = values.iter().flatten().copied().fold(0.0_f64, f64::max);
    let top = top.unwrap_or(greatest);
    let bar = |value: &Option<f64>| match value {
        None => ' ',
        Some(value) => {
            let reached = |bar: &usize| {
                let edge = f64::from(u8::try_from(*bar).unwrap_or(u8::MAX)) / 8.0;
                *value > top * edge
            };
            BARS[(0..BARS.len()).rev().find(reached).unwrap_or(0)]
        }
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_nothing_to_the_greatest_and_leave_gaps_where_nothing_is_known() {
        let scores = [Some(0.0), Some(50.0), None, Some(100.0), Some(87.0)];
        assert_eq!(sparkline(&scores, Some(100.0)), "▁▄ █▇");
        assert_eq!(sparkline(&[Some(3.0), Some(6.0)], None), "▄█");
        assert_eq!(sparkline(&[], None), "");
        assert_eq!(sparkline(&[Some(0.0)], None), "▁");
    }
}
