//! The geometry of the report's pictures. A picture is as narrow as a phone, so that its letters can
//! be read there; labels stand above what they name, and are cut to their room. It must not know
//! what is drawn.

use crate::drill::study::estimate::Spread;
use crate::drill::study::words::{lasted, percent};
use crate::text::Lang;
use crate::text::measure::{fit, width as text_width};

/// The width of every picture.
pub(super) const WIDTH: f64 = 360.0;
const FONT: f64 = 12.0;
/// The height of a label.
const LABEL: f64 = 17.0;
/// The height of a bar.
const BAR: f64 = 9.0;
/// The room between what belongs together and the next.
const GAP: f64 = 8.0;
/// Where the limit of a promise stands: what comes after is too late.
const LIMIT_AT: f64 = 240.0;
/// The height of the columns of a histogram, and of the labels above them.
const COLUMNS: f64 = 120.0;
const ABOVE: f64 = 44.0;

/// A picture.
#[derive(Debug, Default)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What it shows, for those who do not see it.
    pub(super) alt: String,
    pub(super) height: f64,
    pub(super) bars: Vec<Bar>,
    pub(super) lines: Vec<Line>,
    pub(super) words: Vec<Words>,
    /// What its colours mean: class and words.
    pub(super) legend: Vec<(&'static str, &'static str)>,
}

/// A bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) hint: String,
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

/// Words.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) anchor: &'static str,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
}

/// What is drawn of a promise: its quantiles, and its limit, in seconds.
pub(super) struct Kept {
    pub(super) title: String,
    pub(super) quantiles: [u64; 3],
    pub(super) limit: Option<u64>,
    pub(super) said: String,
}

/// What is drawn of a step that the end waited for.
pub(super) struct Awaited {
    pub(super) title: String,
    pub(super) share: f64,
    pub(super) waited: f64,
    pub(super) worked: f64,
    pub(super) said: String,
}

/// What is drawn of a change: its mean and interval.
pub(super) struct Changed {
    pub(super) title: String,
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) class: &'static str,
    pub(super) said: String,
}

impl Chart {
    pub(super) fn titled(title: impl Into<String>, alt: impl Into<String>) -> Self {
        Self { title: title.into(), alt: alt.into(), ..Self::default() }
    }

    fn bar(&mut self, class: &'static str, place: (f64, f64), size: (f64, f64), hint: String) {
        let [(x, y), (width, height)] = [place, size].map(|(a, b)| (px(a), px(b)));
        self.bars.push(Bar { class, x, y, width, height, hint });
    }

    fn line(&mut self, class: &'static str, from: (f64, f64), to: (f64, f64)) {
        let [from, to] = [from, to].map(|(x, y)| (px(x), px(y)));
        self.lines.push(Line { class, from, to });
    }

    fn words(&mut self, anchor: &'static str, (x, y): (f64, f64), text: String) {
        self.words.push(Words { anchor, x: px(x), y: px(y), text });
    }

    /// Writes what is on the left and on the right of a line, the right one whole.
    fn label(&mut self, left: &str, right: &str) {
        let y = self.height + FONT;
        let room = WIDTH - text_width(right, FONT) - GAP;
        self.words("start", (0.0, y), fit(left, room.max(0.0), FONT));
        self.words("end", (WIDTH, y), right.to_owned());
        self.height += LABEL;
    }
}

/// Rounds to a tenth of a pixel: more is seen by nobody.
fn px(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// Returns what part of a whole something is, at most all of it; nothing of nothing.
fn part(of: f64, whole: f64) -> f64 {
    if whole > 0.0 { (of / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// Draws how many runs took how long.
pub(super) fn histogram(mut chart: Chart, spread: &Spread, lang: Lang) -> Chart {
    let (Some(first), Some(last)) = (spread.bars.first(), spread.bars.last()) else { return chart };
    let most = spread.bars.iter().map(|bar| bar.runs).max().unwrap_or(0) as f64;
    let (least, width) = (first.from as f64, (last.to - first.from) as f64);
    let at = |seconds: u64| WIDTH * part(seconds as f64 - least, width);
    let floor = ABOVE + COLUMNS;
    for bar in &spread.bars {
        let height = COLUMNS * part(bar.runs as f64, most);
        let (from, to) = (at(bar.from), at(bar.to));
        let tail = if bar.to == last.to { "+" } else { "" };
        let hint =
            format!("{}–{}{tail}: {}", lasted(bar.from, lang), lasted(bar.to, lang), bar.runs);
        chart.bar("run", (from, floor - height), ((to - from - 1.0).max(0.5), height), hint);
    }
    chart.line("axis", (0.0, floor), (WIDTH, floor));
    for (nth, (name, quantile)) in
        [("P50", spread.p50), ("P90", spread.p90), ("P99", spread.p99)].into_iter().enumerate()
    {
        let (x, y) = (at(quantile.seconds), FONT + 13.0 * nth as f64);
        let said = format!("{name} {}", lasted(quantile.seconds, lang));
        let anchor = if x + text_width(&said, FONT) > WIDTH { "end" } else { "start" };
        chart.line("mark", (x, y + 2.0), (x, floor));
        chart.words(anchor, (x, y), said);
    }
    chart.words("start", (0.0, floor + 14.0), lasted(first.from, lang));
    chart.words("end", (WIDTH, floor + 14.0), lasted(last.to, lang));
    chart.height = floor + 20.0;
    chart
}

/// Draws the quantiles of each promise; the limits of all stand below each other.
pub(super) fn against_limits(mut chart: Chart, rows: &[Kept]) -> Chart {
    for row in rows {
        chart.label(&row.title, &row.said);
        let y = chart.height;
        let [p50, p90, p99] = row.quantiles.map(|seconds| seconds as f64);
        // Without a limit the longest quantile takes its place.
        let scale = row.limit.map_or(p99, |limit| limit as f64).max(1.0);
        let at = |seconds: f64| (LIMIT_AT * seconds / scale).min(WIDTH);
        chart.bar("track", (0.0, y), (WIDTH, BAR), row.title.clone());
        for (class, from, to) in [("half", 0.0, p50), ("most", p50, p90), ("tail", p90, p99)] {
            let (from, to) = (at(from), at(to));
            chart.bar(class, (from, y), (to - from, BAR), row.said.clone());
        }
        if row.limit.is_some() {
            chart.line("limit", (LIMIT_AT, y - 2.0), (LIMIT_AT, y + BAR + 2.0));
        }
        chart.height += BAR + GAP;
    }
    chart
}

/// Draws how often the end waited for each step, and below how long.
pub(super) fn awaited(mut chart: Chart, rows: &[Awaited]) -> Chart {
    let longest = rows.iter().map(|row| row.waited + row.worked).fold(0.0, f64::max);
    for row in rows {
        chart.label(&row.title, &percent(row.share));
        let y = chart.height;
        chart.bar("track", (0.0, y), (WIDTH, BAR), row.title.clone());
        chart.bar("share", (0.0, y), (WIDTH * part(row.share, 1.0), BAR), row.said.clone());
        let (waited, worked) = (part(row.waited, longest), part(row.worked, longest));
        let y = y + BAR + 2.0;
        chart.bar("wait", (0.0, y), (WIDTH * waited, BAR / 2.0), row.said.clone());
        chart.bar("work", (WIDTH * waited, y), (WIDTH * worked, BAR / 2.0), row.said.clone());
        chart.height += BAR + 2.0 + BAR / 2.0 + GAP;
    }
    chart
}

/// Draws changes to both sides of nothing, each with its interval.
pub(super) fn changed(mut chart: Chart, rows: &[Changed]) -> Chart {
    let ends = rows.iter().flat_map(|row| [row.mean, row.low, row.high]);
    let widest = ends.map(f64::abs).filter(|end| end.is_finite()).fold(0.0, f64::max);
    let middle = WIDTH / 2.0;
    let at = |change: f64| middle + (middle - 1.0) * part(change.abs(), widest) * change.signum();
    for row in rows {
        chart.label(&row.title, &row.said);
        let (y, x) = (chart.height, at(row.mean));
        chart.bar("track", (0.0, y), (WIDTH, BAR), row.title.clone());
        chart.bar(row.class, (x.min(middle), y), ((x - middle).abs(), BAR), row.said.clone());
        chart.line("axis", (middle, y - 2.0), (middle, y + BAR + 2.0));
        let (low, high) = (at(row.low), at(row.high));
        chart.line("whisker", (low, y + BAR / 2.0), (high, y + BAR / 2.0));
        for end in [low, high] {
            chart.line("whisker", (end, y + 1.5), (end, y + BAR - 1.5));
        }
        chart.height += BAR + GAP;
    }
    chart
}
