//! The way of each line: straight down where nothing stands between, else along the channels
//! between rows and columns, so that no line runs through a box.

use super::content::BOX;
use super::drawn::{DrawnBox, DrawnLine, Label, LineKind, Style, tenth};
use super::grid::{Channels, Grid};
use super::place::Cell;
use crate::picture::graph::{Edge, EdgeKind, Frame};
use crate::text::Lang;

/// How far from the middle lines leave that turn, so that they do not run into those that arrive.
const ASIDE: f64 = 16.0;
/// How far from the middle lines arrive after a failure.
const FAILED: f64 = 30.0;

/// The way of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight down.
    Straight,
    /// Down, along one channel between rows, down.
    Bend {
        /// The channel.
        across: usize,
        /// Lines of one bundle share a track.
        bundle: usize,
    },
    /// Down, sideways, down along a channel between columns, sideways, down.
    Around {
        /// The channel between columns.
        down: usize,
    },
    /// Out at the side, along a channel between columns, sideways, down.
    Side {
        /// The channel between columns.
        down: usize,
    },
}

/// The ways of all lines of a frame, and the channels they take.
pub(super) struct Routes {
    pub(super) ways: Vec<Way>,
    pub(super) channels: Channels,
}

/// Finds the ways of all lines of a frame.
pub(super) fn route(frame: &Frame, cells: &[Cell], columns: usize) -> Routes {
    let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
    let mut channels = Channels::new(rows, columns);
    let mut ways = Vec::with_capacity(frame.edges.len());
    for (n, edge) in frame.edges.iter().enumerate() {
        let way = way(edge, cells);
        take(&mut channels, way, edge, bundle(cells, n), cells);
        ways.push(way);
    }
    Routes { ways, channels }
}

/// The bundle of a line of its own; bundles of steps, which all lines of a step share, have the
/// numbers below.
const fn bundle(cells: &[Cell], edge: usize) -> usize {
    cells.len() + edge
}

fn way(edge: &Edge, cells: &[Cell]) -> Way {
    let (from, to) = (cells[edge.from], cells[edge.to]);
    if !edge.kind.goes_down() || to.row <= from.row {
        return Way::Side { down: from.column + 1 };
    }
    let free = |column: usize| {
        !cells.iter().any(|c| c.column == column && c.row > from.row && c.row < to.row)
    };
    if from.column == to.column && free(from.column) {
        return Way::Straight;
    }
    if from.column != to.column && free(to.column) {
        return Way::Bend { across: from.row + 1, bundle: edge.from };
    }
    if from.column != to.column && free(from.column) {
        return Way::Bend { across: to.row, bundle: edge.from };
    }
    Way::Around { down: if from.column < to.column { to.column } else { to.column + 1 } }
}

/// Positions count half cells: a row or column has an odd one, a channel an even one.
fn take(channels: &mut Channels, way: Way, edge: &Edge, own: usize, cells: &[Cell]) {
    let (from, to) = (cells[edge.from], cells[edge.to]);
    let (from_x, to_x) = (2 * from.column + 1, 2 * to.column + 1);
    match way {
        Way::Straight => {}
        Way::Bend { across, bundle } => channels.across[across].take(bundle, from_x, to_x),
        Way::Around { down } => {
            channels.across[from.row + 1].take(edge.from, from_x, 2 * down);
            channels.down[down].take(own, 2 * (from.row + 1), 2 * to.row);
            channels.across[to.row].take(own, 2 * down, to_x);
        }
        Way::Side { down } => {
            channels.labelled[down] = true;
            channels.down[down].take(own, 2 * from.row + 1, 2 * to.row);
            channels.across[to.row].take(own, 2 * down, to_x);
        }
    }
}

/// Draws the lines of a frame.
pub(super) fn lines(
    frame: &Frame,
    cells: &[Cell],
    ways: &[Way],
    grid: &Grid<'_>,
    boxes: &[DrawnBox],
    lang: Lang,
) -> Vec<DrawnLine> {
    let line = |(n, (edge, way)): (usize, (&Edge, &Way))| {
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        let own = bundle(cells, n);
        let mut corners = corners(edge, *way, own, cells, grid, (from, to));
        corners.dedup();
        // Lines to the side say why beside their step, others before they arrive.
        let (x, y) = match (way, corners.last()) {
            (Way::Side { .. }, _) | (_, None) => (from.x + BOX + 4.0, corners[0].1 - 4.0),
            (_, Some(end)) => (end.0 + 6.0, end.1 - 9.0),
        };
        let label = edge.kind.word(lang).map(|word| Label {
            x: tenth(x),
            y: tenth(y),
            style: Style::Small,
            text: word.to_owned(),
        });
        let kind = match edge.kind {
            EdgeKind::After if edge.critical => LineKind::Critical,
            EdgeKind::After => LineKind::Plain,
            EdgeKind::Failure | EdgeKind::Timeout => LineKind::Failure,
            EdgeKind::Undo => LineKind::Undo,
        };
        DrawnLine { kind, corners, label }
    };
    frame.edges.iter().zip(ways).enumerate().map(line).collect()
}

fn corners(
    edge: &Edge,
    way: Way,
    own: usize,
    cells: &[Cell],
    grid: &Grid<'_>,
    (from, to): (&DrawnBox, &DrawnBox),
) -> Vec<(f64, f64)> {
    let (here, there) = (cells[edge.from], cells[edge.to]);
    let bottom = tenth(from.y + from.height);
    let middle = tenth(grid.middle(here.column));
    let arrive = tenth(grid.middle(there.column));
    let leave = if here.column > there.column { middle - ASIDE } else { middle + ASIDE };
    match way {
        Way::Straight => vec![(middle, bottom), (middle, to.y)],
        Way::Bend { across, bundle } => {
            let y = grid.track_across(across, bundle);
            vec![(leave, bottom), (leave, y), (arrive, y), (arrive, to.y)]
        }
        Way::Around { down } => {
            let x = grid.track_down(down, own);
            let first = grid.track_across(here.row + 1, edge.from);
            let last = grid.track_across(there.row, own);
            let start = [(leave, bottom), (leave, first), (x, first)];
            [start.as_slice(), &[(x, last), (arrive, last), (arrive, to.y)]].concat()
        }
        Way::Side { down } => {
            let share = if edge.kind == EdgeKind::Timeout { 0.7 } else { 0.4 };
            let side = (tenth(from.x + BOX), tenth(from.y + from.height * share));
            let x = grid.track_down(down, own);
            let last = grid.track_across(there.row, own);
            let arrive = arrive + FAILED;
            vec![side, (x, side.1), (x, last), (arrive, last), (arrive, to.y)]
        }
    }
}
