//! The cells of one frame in pixels, once it is known how wide every channel between them is.
//!
//! Channels are counted like fence posts: channel `n` lies before row or column `n`, and one more
//! lies behind the last.

use super::content::BOX;
use super::drawn::tenth;
use super::place::Cell;
use super::tracks::{Channel, Tracks};

/// The least width of a channel between columns.
const COLUMN_GAP: f64 = 28.0;
/// The least width of one in which a label says why a line leaves a box.
const LABEL_GAP: f64 = 72.0;
/// The least height of a channel between rows.
const ROW_GAP: f64 = 24.0;

/// The channels of a frame as its lines take them.
#[derive(Debug)]
pub(super) struct Channels {
    pub(super) across: Vec<Channel>,
    pub(super) down: Vec<Channel>,
    /// Whether a label stands in a channel between columns.
    pub(super) labelled: Vec<bool>,
}

impl Channels {
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self {
            across: vec![Channel::default(); rows + 1],
            down: vec![Channel::default(); columns + 1],
            labelled: vec![false; columns + 1],
        }
    }

    /// Returns how wide each channel between columns must be.
    pub(super) fn column_gaps(&self) -> Vec<f64> {
        let gap = |(channel, labelled): (&Channel, &bool)| {
            channel.tracks().width(if *labelled { LABEL_GAP } else { COLUMN_GAP })
        };
        self.down.iter().zip(&self.labelled).map(gap).collect()
    }
}

/// Where columns stand, the same in every frame.
#[derive(Debug)]
pub(super) struct Across {
    pub(super) gaps: Vec<f64>,
    /// The left edge of each column.
    pub(super) left: Vec<f64>,
    /// Where the last channel ends.
    pub(super) right: f64,
}

impl Across {
    pub(super) fn new(from: f64, gaps: Vec<f64>) -> Self {
        let mut left = Vec::with_capacity(gaps.len());
        let mut x = from;
        for gap in gaps.iter().take(gaps.len().saturating_sub(1)) {
            x += gap;
            left.push(x);
            x += BOX;
        }
        let right = x + gaps.last().copied().unwrap_or_default();
        Self { gaps, left, right }
    }
}

/// A frame in pixels.
#[derive(Debug)]
pub(super) struct Grid<'a> {
    across: &'a Across,
    columns: Vec<Tracks>,
    rows: Vec<Tracks>,
    /// How high each channel between rows is, without the room below its lines.
    row_gaps: Vec<f64>,
    /// The room for tags between the lines of a channel and the row below it.
    rooms: Vec<f64>,
    top: Vec<f64>,
    heights: Vec<f64>,
    /// Where the last channel ends.
    pub(super) bottom: f64,
}

impl<'a> Grid<'a> {
    /// Stacks rows of these heights, each with room for tags above it, from `y` on.
    pub(super) fn new(
        across: &'a Across,
        channels: &Channels,
        y: f64,
        (heights, rooms): (Vec<f64>, Vec<f64>),
    ) -> Self {
        let rows: Vec<Tracks> = channels.across.iter().map(Channel::tracks).collect();
        let row_gaps: Vec<f64> = rows.iter().map(|tracks| tracks.width(ROW_GAP)).collect();
        let mut top = Vec::with_capacity(heights.len());
        let mut at = y;
        for ((gap, height), room) in row_gaps.iter().zip(&heights).zip(&rooms) {
            at += gap + room;
            top.push(at);
            at += height;
        }
        let bottom = at + row_gaps.last().copied().unwrap_or_default();
        let columns = channels.down.iter().map(Channel::tracks).collect();
        Self { across, columns, rows, row_gaps, rooms, top, heights, bottom }
    }

    /// Returns the left upper corner of a cell.
    pub(super) fn corner(&self, cell: Cell) -> (f64, f64) {
        (self.across.left[cell.column], self.top[cell.row])
    }

    /// Returns the middle of a column.
    pub(super) fn middle(&self, column: usize) -> f64 {
        self.across.left[column] + BOX / 2.0
    }

    /// Returns where a bundle of lines runs in a channel between rows.
    pub(super) fn track_across(&self, channel: usize, bundle: usize) -> f64 {
        let height = self.row_gaps[channel];
        let from = match self.top.get(channel) {
            Some(top) => top - height - self.rooms[channel],
            None => self.bottom - height,
        };
        tenth(from + self.rows[channel].offset(bundle, height))
    }

    /// Returns where a bundle of lines runs in a channel between columns.
    pub(super) fn track_down(&self, channel: usize, bundle: usize) -> f64 {
        let width = self.across.gaps[channel];
        let from = match self.across.left.get(channel) {
            Some(left) => left - width,
            None => self.across.right - width,
        };
        tenth(from + self.columns[channel].offset(bundle, width))
    }

    /// Returns the height of a row.
    pub(super) fn height(&self, row: usize) -> f64 {
        self.heights[row]
    }
}
