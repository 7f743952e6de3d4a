//! Which cell each step gets: its lane gives the columns, what it comes after the least row. Among
//! several arrangements the one with the fewest crossings and detours is kept.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::picture::graph::{Frame, Graph};
use crate::playbook::critical::order;

/// How many times an arrangement is taken up again from where its neighbours came to stand.
const SWEEPS: usize = 4;
/// The most edges whose crossings are counted: each is compared with each.
const EDGES_COMPARED: usize = 1_500;
/// Up to this many steps of a lane stand below each other before the lane gets another column.
const STACK: usize = 3;
/// The most columns of a lane.
const LANE_COLUMNS: usize = 3;

/// The place of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// The columns of all lanes.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// Lane by lane, as the graph counts them.
    pub(super) of: Vec<Range<usize>>,
    pub(super) count: usize,
}

impl Columns {
    /// Gives every lane its columns, such that lanes that work together stand close.
    pub(super) fn new(graph: &Graph) -> Self {
        let mut of = vec![0..0; graph.lanes.len()];
        let mut count = 0;
        for lane in lane_order(graph) {
            let most = graph.frames.iter().map(|frame| crowd(frame, lane)).max().unwrap_or(0);
            let columns = most.div_ceil(STACK).clamp(1, LANE_COLUMNS);
            of[lane] = count..count + columns;
            count += columns;
        }
        Self { of, count }
    }
}

/// Returns how many steps of a lane may begin at the same time, at most.
fn crowd(frame: &Frame, lane: usize) -> usize {
    let depths = depths(frame);
    let of_lane = |at: &usize| frame.nodes[*at].lane == lane;
    let mut crowd = vec![0; frame.nodes.len() + 1];
    for at in (0..frame.nodes.len()).filter(of_lane) {
        crowd[depths[at]] += 1;
    }
    crowd.into_iter().max().unwrap_or(0)
}

/// Orders the lanes: as the plan has them, then neighbours change places while that shortens what
/// leads from lane to lane.
fn lane_order(graph: &Graph) -> Vec<usize> {
    let mut order: Vec<usize> = (0..graph.lanes.len()).collect();
    let pairs: Vec<(usize, usize)> = graph
        .frames
        .iter()
        .flat_map(|f| f.edges.iter().map(|e| (f.nodes[e.from].lane, f.nodes[e.to].lane)))
        .filter(|(one, other)| one != other)
        .collect();
    let length = |order: &[usize]| {
        let mut at = vec![0; order.len()];
        for (place, lane) in order.iter().enumerate() {
            at[*lane] = place;
        }
        pairs.iter().map(|(one, other)| at[*one].abs_diff(at[*other])).sum::<usize>()
    };
    let mut best = length(&order);
    // Every change shortens, so this ends; the bound is for what cannot be.
    for _ in 0..order.len() {
        let before = best;
        for left in 1..order.len() {
            order.swap(left - 1, left);
            let now = length(&order);
            if now < best {
                best = now;
            } else {
                order.swap(left - 1, left);
            }
        }
        if best == before {
            break;
        }
    }
    order
}

/// Returns for each step those it comes after.
fn before(frame: &Frame) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); frame.nodes.len()];
    for edge in frame.edges.iter().filter(|edge| edge.kind.goes_down()) {
        before[edge.to].push(edge.from);
    }
    before
}

/// Returns the length of the longest chain before each step.
fn depths(frame: &Frame) -> Vec<usize> {
    let before = before(frame);
    let mut depths = vec![0; frame.nodes.len()];
    for at in order(&before) {
        depths[at] = before[at].iter().map(|b| depths[*b] + 1).max().unwrap_or(0);
    }
    depths
}

/// Gives every step of a frame its cell.
pub(super) fn place(frame: &Frame, columns: &Columns) -> Vec<Cell> {
    let before = before(frame);
    let fill = |order: &[usize], seen: &[f64]| fill(frame, columns, &before, order, seen);
    let nowhere = vec![f64::NAN; frame.nodes.len()];
    let chained = chains(frame, &before);
    let layered = layers(frame, &nowhere);
    let mut best = fill(&chained, &nowhere);
    let mut least = cost(frame, &best);
    for order in [chained, layered] {
        let mut cells = fill(&order, &nowhere);
        for _ in 0..SWEEPS {
            let now = cost(frame, &cells);
            if now < least {
                least = now;
                best.clone_from(&cells);
            }
            let centres = barycentres(frame, &cells);
            cells = fill(&layers(frame, &centres), &centres);
        }
    }
    best
}

/// Orders steps such that each is followed at once by what waits for it alone.
fn chains(frame: &Frame, before: &[Vec<usize>]) -> Vec<usize> {
    let mut placed = vec![false; frame.nodes.len()];
    let mut chain: Vec<usize> = Vec::with_capacity(frame.nodes.len());
    while chain.len() < frame.nodes.len() {
        let ready = |at: &usize| !placed[*at] && before[*at].iter().all(|b| placed[*b]);
        let last = chain.last().copied();
        let rank = |at: &usize| {
            let follows = last.is_some_and(|last| before[*at].contains(&last));
            let stays = last.is_some_and(|last| frame.nodes[last].lane == frame.nodes[*at].lane);
            (!(follows && stays), !follows, !frame.nodes[*at].critical, *at)
        };
        let next = (0..frame.nodes.len()).filter(ready).min_by_key(rank);
        // What waits for itself, which no checked plan does, comes last.
        let Some(next) = next.or_else(|| placed.iter().position(|done| !done)) else { break };
        placed[next] = true;
        chain.push(next);
    }
    chain
}

/// Orders steps by how long a chain they wait for, then by where their neighbours stand.
fn layers(frame: &Frame, centres: &[f64]) -> Vec<usize> {
    let depths = depths(frame);
    let mut order: Vec<usize> = (0..frame.nodes.len()).collect();
    order.sort_by(|one, other| {
        let deep = depths[*one].cmp(&depths[*other]);
        deep.then(centres[*one].total_cmp(&centres[*other])).then(one.cmp(other))
    });
    order
}

/// Puts steps one after another into the first free cell of their lane below all they come after,
/// in the column closest to where their neighbours stand.
fn fill(
    frame: &Frame,
    columns: &Columns,
    before: &[Vec<usize>],
    order: &[usize],
    centres: &[f64],
) -> Vec<Cell> {
    let mut cells = vec![Cell { row: 0, column: 0 }; frame.nodes.len()];
    let mut taken = BTreeSet::new();
    for at in order {
        let lane = columns.of[frame.nodes[*at].lane].clone();
        let above = before[*at].iter().map(|b| cells[*b]);
        let wish = if centres[*at].is_nan() { mean(above.clone()) } else { Some(centres[*at]) };
        let far = |column: &usize| {
            let wish = wish.unwrap_or(0.0);
            to_f64(*column) - wish
        };
        let mut row = above.map(|cell| cell.row + 1).max().unwrap_or(0);
        let column = loop {
            let free =
                lane.clone().filter(|column| !taken.contains(&Cell { row, column: *column }));
            let best = free.min_by(|a, b| far(a).abs().total_cmp(&far(b).abs()));
            if let Some(column) = best {
                break column;
            }
            row += 1;
        };
        cells[*at] = Cell { row, column };
        taken.insert(cells[*at]);
    }
    cells
}

fn mean(cells: impl Iterator<Item = Cell>) -> Option<f64> {
    let columns: Vec<f64> = cells.map(|cell| to_f64(cell.column)).collect();
    let sum: f64 = columns.iter().sum();
    (!columns.is_empty()).then(|| sum / to_f64(columns.len()))
}

/// Returns the middle of each step's neighbours; its own column where it has none.
fn barycentres(frame: &Frame, cells: &[Cell]) -> Vec<f64> {
    let centre = |at: usize| {
        let around = frame.edges.iter().filter_map(|edge| match edge {
            edge if edge.to == at => Some(cells[edge.from]),
            edge if edge.from == at => Some(cells[edge.to]),
            _ => None,
        });
        mean(around).unwrap_or(to_f64(cells[at].column))
    };
    (0..cells.len()).map(centre).collect()
}

/// Judges an arrangement: crossings, then boxes in the way, then height.
fn cost(frame: &Frame, cells: &[Cell]) -> usize {
    let lines: Vec<(Cell, Cell)> = frame
        .edges
        .iter()
        .filter(|edge| edge.kind.goes_down())
        .map(|edge| (cells[edge.from], cells[edge.to]))
        .take(EDGES_COMPARED)
        .collect();
    let mut cost = 0;
    for (n, one) in lines.iter().enumerate() {
        cost += 3 * lines[n + 1..].iter().filter(|other| cross(*one, **other)).count();
        let in_the_way = |cell: &&Cell| {
            cell.column == one.1.column && cell.row > one.0.row && cell.row < one.1.row
        };
        cost += 2 * cells.iter().filter(in_the_way).count();
    }
    cost + cells.iter().map(|cell| cell.row).max().unwrap_or(0)
}

/// Tells whether two lines cross; lines that share an end do not.
fn cross(one: (Cell, Cell), other: (Cell, Cell)) -> bool {
    if one.0 == other.0 || one.1 == other.1 || one.0 == other.1 || one.1 == other.0 {
        return false;
    }
    let side = |a: Cell, b: Cell, c: Cell| {
        let (ax, ay) = (to_f64(a.column), to_f64(a.row));
        let (bx, by) = (to_f64(b.column), to_f64(b.row));
        (bx - ax) * (to_f64(c.row) - ay) - (by - ay) * (to_f64(c.column) - ax)
    };
    side(one.0, one.1, other.0) * side(one.0, one.1, other.1) < 0.0
        && side(other.0, other.1, one.0) * side(other.0, other.1, one.1) < 0.0
}

#[expect(clippy::cast_precision_loss, reason = "rows and columns are few")]
const fn to_f64(n: usize) -> f64 {
    n as f64
}
