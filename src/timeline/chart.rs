//! The geometry of the swim-lane picture: where every bar, label and mark goes, in pixels. Labels
//! are measured with East Asian widths, so that none runs into another.

use jiff::Timestamp;

use super::axis::{Axis, Cut, SHORTEST, Tick};
use super::lanes::{Bar, BarState, Lane, Lanes, MarkKind};
use crate::people::Zone;
use crate::text::Lang;
use crate::text::measure::{fit, width as text_width, wrap};

/// The width of the picture: an A4 page at 96 dpi, landscape or shrunk to portrait.
pub(super) const WIDTH: f64 = 1040.0;
/// Where lanes begin, right of their titles.
const LEFT: f64 = 132.0;
const RIGHT: f64 = WIDTH - 8.0;
/// Room for phases, levels and times.
const TOP: f64 = 60.0;
/// The height of one row of bars: a label above a bar.
const ROW: f64 = 27.0;
/// The height of the row of marks.
const MARKS: f64 = 18.0;
const PADDING: f64 = 6.0;
const BAR_WIDTH_MIN: f64 = 3.0;
const LABEL_WIDTH_MAX: f64 = 230.0;
const FONT: f64 = 11.0;
/// The most lines of a lane's title.
const TITLE_LINES: usize = 2;
/// The most bars drawn; the table has them all.
const BARS_MAX: usize = 120;
/// The most marks drawn in a lane.
const MARKS_MAX: usize = 60;

/// The picture.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) height: f64,
    pub(super) phases: Vec<Band>,
    pub(super) levels: Vec<Chip>,
    pub(super) ticks: Vec<Tick>,
    pub(super) cuts: Vec<Cut>,
    pub(super) lanes: Vec<DrawnLane>,
    /// How many bars are not drawn.
    pub(super) left_out: usize,
}

/// A phase.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) label: String,
    pub(super) odd: bool,
}

/// A level from where it held.
#[derive(Debug, Clone)]
pub(super) struct Chip {
    pub(super) x: f64,
    pub(super) level: u8,
}

/// A lane.
#[derive(Debug, Clone)]
pub(super) struct DrawnLane {
    pub(super) y: f64,
    pub(super) height: f64,
    pub(super) title: Vec<String>,
    pub(super) odd: bool,
    pub(super) bars: Vec<DrawnBar>,
    pub(super) marks: Vec<DrawnMark>,
}

/// A bar with its label.
#[derive(Debug, Clone)]
pub(super) struct DrawnBar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) state: &'static str,
    /// From where it was begun; before, it waited for someone.
    pub(super) work_x: f64,
    pub(super) work_width: f64,
    /// The part after its deadline.
    pub(super) late: Option<(f64, f64)>,
    pub(super) due: Option<f64>,
    pub(super) again: Vec<f64>,
    pub(super) label: String,
    pub(super) label_x: f64,
    pub(super) hint: String,
}

/// A mark.
#[derive(Debug, Clone)]
pub(super) struct DrawnMark {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) kind: &'static str,
    pub(super) hint: String,
}

/// Draws the lanes.
pub(super) fn chart(lanes: &Lanes, lang: Lang, zone: &Zone) -> Chart {
    let axis = Axis::new(instants(lanes), LEFT, RIGHT);
    let pen = Pen { axis: &axis, lang, zone, to: lanes.to };
    let mut y = TOP;
    let mut room = BARS_MAX;
    let mut drawn = Vec::with_capacity(lanes.lanes.len());
    for (n, lane) in lanes.lanes.iter().enumerate() {
        let lane = pen.lane(lane, y, n % 2 == 1, &mut room);
        y += lane.height;
        drawn.push(lane);
    }
    let bars: usize = lanes.lanes.iter().map(|lane| lane.bars.len()).sum();
    Chart {
        height: y + PADDING,
        phases: phases(lanes, &axis, lang),
        levels: levels(lanes, &axis),
        ticks: ticks(&axis, zone),
        cuts: axis.cuts(lang),
        lanes: drawn,
        left_out: bars.saturating_sub(BARS_MAX),
    }
}

/// Lists every instant that the axis must place exactly.
fn instants(lanes: &Lanes) -> Vec<Timestamp> {
    let to = match lanes.from.checked_add(SHORTEST) {
        Ok(shortest) => lanes.to.max(shortest),
        Err(_) => lanes.to,
    };
    let mut instants = vec![lanes.from, to];
    instants.extend(lanes.phases.iter().map(|phase| phase.from));
    for lane in &lanes.lanes {
        instants.extend(lane.marks.iter().map(|mark| mark.at));
        for bar in &lane.bars {
            instants.push(bar.ready);
            instants.extend(bar.started.into_iter().chain(bar.ended));
            instants.extend(&bar.again);
        }
    }
    // A deadline far after the end would squeeze everything else.
    instants.retain(|at| *at >= lanes.from && *at <= to);
    instants
}

/// Lists the labels that fit left of the edge.
fn ticks(axis: &Axis, zone: &Zone) -> Vec<Tick> {
    let mut ticks = axis.ticks(zone);
    ticks.retain(|tick| tick.x + text_width(&tick.label, FONT) <= RIGHT);
    ticks
}

fn phases(lanes: &Lanes, axis: &Axis, lang: Lang) -> Vec<Band> {
    let band = |(n, phase): (usize, &super::lanes::PhaseSpan)| {
        let x = axis.x(phase.from);
        let width = axis.x(phase.to) - x;
        let label = fit(phase.title.get(lang), width - PADDING, FONT);
        Band { x, width, label, odd: n % 2 == 1 }
    };
    lanes.phases.iter().enumerate().map(band).collect()
}

fn levels(lanes: &Lanes, axis: &Axis) -> Vec<Chip> {
    const CHIP_DISTANCE: f64 = 24.0;
    let mut chips: Vec<Chip> = Vec::new();
    for span in &lanes.levels {
        let x = axis.x(span.from);
        if chips.last().is_some_and(|last| x - last.x < CHIP_DISTANCE) {
            // The later level counts where both do not fit.
            chips.pop();
        }
        chips.push(Chip { x, level: span.level });
    }
    chips
}

struct Pen<'a> {
    axis: &'a Axis,
    lang: Lang,
    zone: &'a Zone,
    to: Timestamp,
}

impl Pen<'_> {
    fn lane(&self, lane: &Lane, y: f64, odd: bool, room: &mut usize) -> DrawnLane {
        let marks = if lane.marks.is_empty() { 0.0 } else { MARKS };
        let mut rows: Vec<f64> = Vec::new();
        let take = lane.bars.len().min(*room);
        *room -= take;
        let mut bars = Vec::with_capacity(take);
        for bar in lane.bars.iter().take(take) {
            let (mut bar, extent) = self.bar(bar);
            let free = rows.iter().position(|end| *end <= extent.0);
            let row = free.unwrap_or(rows.len());
            match rows.get_mut(row) {
                Some(end) => *end = extent.1 + PADDING,
                None => rows.push(extent.1 + PADDING),
            }
            #[expect(clippy::cast_precision_loss, reason = "rows are few")]
            let offset = row as f64 * ROW;
            bar.y = y + PADDING + marks + offset;
            bars.push(bar);
        }
        #[expect(clippy::cast_precision_loss, reason = "rows are few")]
        let height = rows.len() as f64 * ROW;
        let title = wrap(lane.title.get(self.lang), LEFT - 2.0 * PADDING, FONT, TITLE_LINES);
        #[expect(clippy::cast_precision_loss, reason = "a title has two lines")]
        let least = title.len() as f64 * (FONT + 4.0) + PADDING;
        DrawnLane {
            y,
            height: (height + marks).max(least) + 2.0 * PADDING,
            title,
            odd,
            bars,
            marks: self.marks(lane, y),
        }
    }

    /// Draws a bar, still without its row, and returns what it takes from left to right.
    fn bar(&self, bar: &Bar) -> (DrawnBar, (f64, f64)) {
        let end = bar.ended.unwrap_or(self.to);
        let x = self.axis.x(bar.ready).min(RIGHT - BAR_WIDTH_MIN);
        let width = (self.axis.x(end) - x).max(BAR_WIDTH_MIN);
        // Who begins and ends at one stroke has not said since when they worked.
        let begun = bar.started.filter(|at| bar.ended != Some(*at));
        let work_x = match (begun, bar.ended) {
            (Some(at), _) => self.axis.x(at).clamp(x, x + width),
            (None, Some(_)) => x,
            (None, None) => x + width,
        };
        let work_x = if width <= BAR_WIDTH_MIN { x } else { work_x };
        let due_x = bar.due.map(|due| self.axis.x(due));
        let late = bar.due.filter(|due| *due < end).map(|due| {
            let from = self.axis.x(due).max(x);
            (from, (x + width - from).max(BAR_WIDTH_MIN))
        });
        let label = format!("{}{}", symbol(bar.state), bar.title.get(self.lang));
        let label = fit(&label, LABEL_WIDTH_MAX, FONT);
        let label_width = text_width(&label, FONT);
        let label_x = x.min(RIGHT - label_width).max(LEFT);
        let extent = (x.min(label_x), (x + width).max(label_x + label_width));
        let drawn = DrawnBar {
            x,
            y: 0.0,
            width,
            state: state_class(bar.state),
            work_x,
            work_width: x + width - work_x,
            late,
            // A deadline that was kept needs no mark, and one beyond the picture would mislead.
            due: due_x.filter(|_| {
                let shown_until = if bar.ended.is_some() { end } else { self.to };
                bar.due.is_some_and(|due| due <= shown_until)
            }),
            again: bar.again.iter().map(|at| self.axis.x(*at)).collect(),
            label,
            label_x,
            hint: self.hint(bar, end),
        };
        (drawn, extent)
    }

    fn hint(&self, bar: &Bar, end: Timestamp) -> String {
        let time = |at: Timestamp| self.zone.civil(at).strftime("%m-%d %H:%M").to_string();
        let (title, state) = (bar.title.get(self.lang), bar.state.word(self.lang));
        format!("{title}: {} – {} ({state})", time(bar.ready), time(end))
    }

    fn marks(&self, lane: &Lane, y: f64) -> Vec<DrawnMark> {
        let mark = |mark: &super::lanes::Mark| DrawnMark {
            x: self.axis.x(mark.at),
            y: y + PADDING + MARKS / 2.0,
            kind: match mark.kind {
                MarkKind::Acknowledged => "ack",
                MarkKind::Unanswered => "silent",
                MarkKind::Escalated => "rung",
            },
            hint: format!(
                "{} {}",
                self.zone.civil(mark.at).strftime("%m-%d %H:%M"),
                mark.kind.word(self.lang)
            ),
        };
        lane.marks.iter().take(MARKS_MAX).map(mark).collect()
    }
}

/// Puts the state into the label too: colour alone does not reach everyone, nor every printer.
const fn symbol(state: BarState) -> &'static str {
    match state {
        BarState::Open => "… ",
        BarState::Done => "",
        BarState::Failed => "✗ ",
        BarState::Skipped => "» ",
        BarState::Cancelled => "– ",
    }
}

const fn state_class(state: BarState) -> &'static str {
    match state {
        BarState::Open => "open",
        BarState::Done => "done",
        BarState::Failed => "failed",
        BarState::Skipped => "skipped",
        BarState::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests;
