//! Puts frames one below the other, with what leads from one to another beside them.

use super::content::{self, PAD};
use super::drawn::{Drawn, DrawnBox, DrawnFrame, DrawnLine, Label, LineKind, Style, Tag, tenth};
use super::grid::{Across, Grid};
use super::place::{Cell, Columns, place};
use super::route::{Routes, lines, route};
use super::tracks::{Channel, TRACK};
use crate::picture::graph::{EdgeKind, Exit, Frame, Graph, Target};
use crate::text::measure::wrap;

/// Around the picture.
const MARGIN: f64 = 20.0;
/// Between two frames: room for an arrow.
const BETWEEN: f64 = 34.0;
/// Below a tag: room for the head of the arrow that it stands on.
const ARROW: f64 = 11.0;
/// The least width of a frame: room for its title and ways out.
const FRAME_MIN: f64 = 480.0;
/// The least width of the strip right of the frames.
const RAILS_MIN: f64 = 26.0;
/// The height of the bars that say where a plan begins and ends.
const BAR: f64 = 26.0;
const TITLE_LINES: usize = 2;
const HEAD_LINES: usize = 3;

/// A frame before it has its place.
struct Plot {
    cells: Vec<Cell>,
    routes: Routes,
}

/// An arrow that leaves a frame, before it is known where others stand.
struct Departure {
    frame: usize,
    to: Target,
    kind: LineKind,
    /// The lower end of the box it leaves.
    at: (f64, f64),
    /// The height at which it turns to the right; nothing where it goes straight down.
    turn: Option<f64>,
}

/// Lays a graph out.
pub(in crate::picture) fn draw(graph: &Graph) -> Drawn {
    let columns = Columns::new(graph);
    let plot = |frame: &Frame| {
        let cells = place(frame, &columns);
        let routes = route(frame, &cells, columns.count);
        Plot { cells, routes }
    };
    let plots: Vec<Plot> = graph.frames.iter().map(plot).collect();
    let mut gaps = vec![0.0_f64; columns.count + 1];
    for plot in &plots {
        for (gap, wanted) in gaps.iter_mut().zip(plot.routes.channels.column_gaps()) {
            *gap = gap.max(wanted);
        }
    }
    let across = Across::new(MARGIN, gaps);
    let width = (across.right - MARGIN).max(FRAME_MIN);
    let page = Page { graph, columns: &columns, across: &across, width };
    page.draw(&plots)
}

struct Page<'a> {
    graph: &'a Graph,
    columns: &'a Columns,
    across: &'a Across,
    width: f64,
}

impl Page<'_> {
    fn draw(&self, plots: &[Plot]) -> Drawn {
        let head = self.head();
        let mut y = head.last().map_or(MARGIN, |label| label.y) + 16.0;
        let mut terminals = vec![self.bar("start", self.graph.lang.pick("开始", "Start"), y)];
        y += BAR + BETWEEN;
        let mut frames = Vec::new();
        let mut departures = Vec::new();
        for (at, (frame, plot)) in self.graph.frames.iter().zip(plots).enumerate() {
            let (drawn, leaving) = self.frame(at, frame, plot, y);
            y += drawn.height + BETWEEN;
            departures.extend(leaving);
            frames.push(drawn);
        }
        if self.graph.ends() {
            terminals.push(self.bar("finish", self.graph.target(Target::End), y));
            y += BAR + BETWEEN;
        }
        if !self.graph.handlers.is_empty() {
            let (drawn, leaving) = self.handlers(y);
            y += drawn.height + BETWEEN;
            departures.extend(leaving);
            frames.push(drawn);
        }
        let (mut lines, rails) = self.rails(&frames, &terminals, &departures);
        if let Some(first) = frames.first() {
            let x = tenth(terminals[0].x + terminals[0].width / 2.0);
            let corners = vec![(x, terminals[0].y + BAR), (x, first.y)];
            lines.insert(0, DrawnLine { kind: LineKind::Critical, corners, label: None });
        }
        let right = MARGIN + self.width + rails + MARGIN;
        Drawn { width: tenth(right), height: tenth(y), head, frames, terminals, lines }
    }

    fn head(&self) -> Vec<Label> {
        let graph = self.graph;
        let mut labels = Vec::new();
        let mut y = MARGIN;
        let mut write = |text: &str, style: Style, lines: usize| {
            for text in wrap(text, self.width, style.measure(), lines) {
                y += style.line();
                labels.push(Label { x: MARGIN, y: y - 6.0, style, text });
            }
        };
        write(&graph.title, Style::Head, TITLE_LINES);
        let version = graph.lang.pick("版本", "version");
        let (id, short) = (&graph.playbook, graph.short_version());
        write(&format!("{id} · {version} {short}"), Style::Small, HEAD_LINES);
        if let Some(summary) = &graph.summary {
            write(summary, Style::Small, HEAD_LINES);
        }
        write(&legend(graph), Style::Small, HEAD_LINES);
        labels
    }

    fn bar(&self, class: &'static str, word: &str, y: f64) -> DrawnBox {
        let full = class == "finish";
        let width = if full { self.width } else { 120.0 };
        let label = Label { x: PAD, y: 17.5, style: Style::Title, text: word.to_owned() };
        let drawn = DrawnBox {
            id: String::new(),
            x: 0.0,
            y: 0.0,
            width: tenth(width),
            height: BAR,
            class,
            critical: false,
            undoes: false,
            band: 0.0,
            labels: vec![label],
            hint: word.to_owned(),
        };
        drawn.at(MARGIN, tenth(y))
    }

    fn frame(&self, at: usize, frame: &Frame, plot: &Plot, y: f64) -> (DrawnFrame, Vec<Departure>) {
        let y = tenth(y);
        let mut labels = self.strip(&self.graph.heading(frame), y);
        let strip = labels.last().map_or(0.0, |label| label.y - y) + 9.0;
        let (of_lanes, lowest) = self.lane_labels(frame, y + strip);
        labels.extend(of_lanes);
        let tags = frame
            .nodes
            .iter()
            .enumerate()
            .map(|(n, node)| frame.carrier(n).and_then(|_| content::tag(node)));
        let tags: Vec<Option<Tag>> = tags.collect();
        let boxes = frame.nodes.iter().zip(&tags);
        let boxes: Vec<DrawnBox> =
            boxes.map(|(node, tag)| content::step(node, tag.is_some())).collect();
        let rooms = tags.iter().map(|tag| tag.as_ref().map_or(0.0, |tag| tag.height + ARROW));
        let rows = (
            highest(boxes.iter().map(|drawn| drawn.height), &plot.cells),
            highest(rooms, &plot.cells),
        );
        let grid = Grid::new(self.across, &plot.routes.channels, lowest, rows);
        let place = |(drawn, cell): (DrawnBox, &Cell)| {
            let (x, y) = grid.corner(*cell);
            // All boxes of a row are as high as the highest: lines leave and arrive at one height.
            let height = tenth(grid.height(cell.row));
            DrawnBox { height, ..drawn.at(tenth(x), tenth(y)) }
        };
        let boxes: Vec<DrawnBox> = boxes.into_iter().zip(&plot.cells).map(place).collect();
        let tags = on_lines(tags, &boxes);
        let lines = lines(frame, &plot.cells, &plot.routes.ways, &grid, &boxes, self.graph.lang);
        let exits: Vec<DrawnBox> =
            frame.exits.iter().map(|exit| content::exit(self.graph, exit)).collect();
        let straight = |exit: &Exit| match exit.to {
            Target::Frame(to) => to == at + 1,
            Target::End => at + 1 == self.graph.frames.len(),
        };
        let below: Vec<Option<(Target, LineKind, bool)>> = frame
            .exits
            .iter()
            .map(|exit| Some((exit.to, exit_kind(exit), straight(exit))))
            .collect();
        let (exits, departures, bottom) = self.exits(at, exits, &below, grid.bottom);
        let drawn = DrawnFrame {
            id: frame.id.to_string(),
            x: MARGIN,
            y,
            width: tenth(self.width),
            height: tenth(bottom - y),
            strip: tenth(strip),
            critical: frame.critical,
            labels,
            tints: self.tints(),
            body: (tenth(y + strip), tenth(grid.bottom)),
            boxes,
            exits,
            lines,
            tags,
        };
        (drawn, departures)
    }

    fn strip(&self, text: &str, y: f64) -> Vec<Label> {
        let style = Style::Phase;
        let lines = wrap(text, self.width - 2.0 * PAD, style.measure(), TITLE_LINES);
        let mut at = y + 2.0;
        let label = |text| {
            at += style.line();
            Label { x: MARGIN + PAD, y: at, style, text }
        };
        lines.into_iter().map(label).collect()
    }

    /// Writes the titles of a frame's lanes below `top`; returns where they end.
    fn lane_labels(&self, frame: &Frame, top: f64) -> (Vec<Label>, f64) {
        let mut labels = Vec::new();
        let mut lowest = top;
        for (lane, title) in self.lane_titles(frame) {
            let columns = self.columns.of[lane].clone();
            let (left, width) = self.stretch(columns.start, columns.end);
            let mut y = top;
            for text in wrap(&title, width, Style::Lane.measure(), TITLE_LINES) {
                y += Style::Lane.line();
                lowest = lowest.max(y + 4.0);
                labels.push(Label { x: tenth(left), y, style: Style::Lane, text });
            }
        }
        (labels, lowest)
    }

    /// Lists the lanes that have work in a frame.
    fn lane_titles(&self, frame: &Frame) -> Vec<(usize, String)> {
        let titles = self.graph.lanes.iter().cloned().enumerate();
        titles.filter(|(lane, _)| frame.nodes.iter().any(|node| node.lane == *lane)).collect()
    }

    /// Returns where columns begin, and how wide they are together.
    fn stretch(&self, from: usize, to: usize) -> (f64, f64) {
        let left = self.across.left[from];
        (left, self.across.left[to - 1] + content::BOX - left)
    }

    fn tints(&self) -> Vec<(f64, f64)> {
        let mut lanes: Vec<_> = self.columns.of.clone();
        lanes.sort_by_key(|columns| columns.start);
        let tint = |columns: std::ops::Range<usize>| {
            let (left, width) = self.stretch(columns.start, columns.end);
            (tenth(left - 10.0), tenth(width + 20.0))
        };
        lanes.into_iter().step_by(2).map(tint).collect()
    }

    /// Lays boxes out in rows below `y` and notes what leaves them.
    fn exits(
        &self,
        frame: usize,
        boxes: Vec<DrawnBox>,
        below: &[Option<(Target, LineKind, bool)>],
        y: f64,
    ) -> (Vec<DrawnBox>, Vec<Departure>, f64) {
        let mut placed = Vec::with_capacity(boxes.len());
        let mut departures = Vec::new();
        let mut y = y + 6.0;
        let rows = rows(&boxes, self.width - 2.0 * PAD);
        let last = rows.len().saturating_sub(1);
        let mut boxes = boxes.into_iter().zip(below);
        for (n, row) in rows.into_iter().enumerate() {
            let mut x = MARGIN + PAD;
            let row: Vec<_> = boxes.by_ref().take(row).collect();
            let height = row.iter().map(|(drawn, _)| drawn.height).fold(0.0, f64::max);
            let turns = |below: &&Option<(Target, LineKind, bool)>| {
                below.is_some_and(|(_, _, straight)| !straight || n < last)
            };
            let mut tracks = row.iter().filter(|(_, below)| turns(below)).count();
            #[expect(clippy::cast_precision_loss, reason = "ways out are few")]
            let depth = (tracks + 1) as f64 * TRACK + 4.0;
            for (drawn, below) in row {
                let drawn = drawn.at(tenth(x), tenth(y));
                x += drawn.width + PAD;
                if let Some((to, kind, _)) = below {
                    let middle = tenth(drawn.x + drawn.width / 2.0);
                    let at = (middle, tenth(drawn.y + drawn.height));
                    // Of two the left one turns lower: its line then passes below the right one.
                    #[expect(clippy::cast_precision_loss, reason = "ways out are few")]
                    let turn = tenth(y + height + tracks as f64 * TRACK);
                    let turn = turns(&below).then_some(turn);
                    tracks -= usize::from(turn.is_some());
                    departures.push(Departure { frame, to: *to, kind: *kind, at, turn });
                }
                placed.push(drawn);
            }
            y += height + depth;
        }
        (placed, departures, y)
    }

    fn handlers(&self, y: f64) -> (DrawnFrame, Vec<Departure>) {
        let y = tenth(y);
        let labels = self.strip(self.graph.lang.pick("随时", "At any time"), y);
        let strip = labels.last().map_or(0.0, |label| label.y - y) + 9.0;
        let boxes: Vec<DrawnBox> = self.graph.handlers.iter().map(content::handler).collect();
        let leads = |to: usize| (Target::Frame(to), LineKind::Failure, false);
        let below: Vec<_> = self.graph.handlers.iter().map(|h| h.to.map(leads)).collect();
        let at = self.graph.frames.len() + 1;
        let (exits, departures, bottom) = self.exits(at, boxes, &below, y + strip);
        let drawn = DrawnFrame {
            id: String::new(),
            x: MARGIN,
            y,
            width: tenth(self.width),
            height: tenth(bottom - y),
            strip: tenth(strip),
            critical: false,
            labels,
            tints: Vec::new(),
            body: (y + strip, y + strip),
            boxes: Vec::new(),
            exits,
            lines: Vec::new(),
            tags: Vec::new(),
        };
        (drawn, departures)
    }

    /// Draws what leads from frame to frame; returns how wide the strip beside them must be.
    fn rails(
        &self,
        frames: &[DrawnFrame],
        terminals: &[DrawnBox],
        departures: &[Departure],
    ) -> (Vec<DrawnLine>, f64) {
        let all = self.graph.frames.len();
        let number = |to: Target| match to {
            Target::Frame(to) => to,
            Target::End => all,
        };
        let mut channel = Channel::default();
        for leaving in departures.iter().filter(|leaving| leaving.turn.is_some()) {
            let to = number(leaving.to);
            channel.take(to, 2 * leaving.frame + 1, 2 * to);
        }
        let tracks = channel.tracks();
        let width = tracks.width(RAILS_MIN);
        let border = tenth(MARGIN + self.width);
        let line = |leaving: &Departure| {
            let (top, height) = match leaving.to {
                Target::Frame(to) => (frames[to].y, frames[to].strip),
                Target::End => terminals.last().map_or((0.0, 0.0), |end| (end.y, end.height)),
            };
            let corners = match leaving.turn {
                None => vec![leaving.at, (leaving.at.0, top)],
                Some(turn) => {
                    let x = tenth(border + tracks.offset(number(leaving.to), width));
                    let arrive = tenth(top + height / 2.0);
                    let turns = [leaving.at, (leaving.at.0, turn), (x, turn)];
                    [turns.as_slice(), &[(x, arrive), (border, arrive)]].concat()
                }
            };
            DrawnLine { kind: leaving.kind, corners, label: None }
        };
        (departures.iter().map(line).collect(), width)
    }
}

/// Puts each tag on the end of the line that leads to its box.
fn on_lines(tags: Vec<Option<Tag>>, boxes: &[DrawnBox]) -> Vec<Tag> {
    let tags = tags.into_iter().zip(boxes).filter_map(|(tag, drawn)| {
        let tag = tag?;
        let x = tenth(drawn.x + (drawn.width - tag.width) / 2.0);
        let y = tenth(drawn.y - ARROW - tag.height);
        Some(tag.at(x, y))
    });
    tags.collect()
}

fn exit_kind(exit: &Exit) -> LineKind {
    match exit.kind {
        EdgeKind::After if exit.critical => LineKind::Critical,
        EdgeKind::After => LineKind::Plain,
        EdgeKind::Failure | EdgeKind::Timeout => LineKind::Failure,
        EdgeKind::Undo => LineKind::Undo,
    }
}

/// Returns the highest of each row.
fn highest(heights: impl Iterator<Item = f64>, cells: &[Cell]) -> Vec<f64> {
    let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
    let mut highest = vec![0.0_f64; rows];
    for (height, cell) in heights.zip(cells) {
        highest[cell.row] = highest[cell.row].max(height);
    }
    highest
}

/// Counts how many boxes go into each row.
fn rows(boxes: &[DrawnBox], width: f64) -> Vec<usize> {
    let mut rows = Vec::new();
    let mut room = 0.0;
    for drawn in boxes {
        match rows.last_mut() {
            Some(row) if drawn.width <= room => *row += 1,
            _ => {
                rows.push(1);
                room = width;
            }
        }
        room -= drawn.width + PAD;
    }
    rows
}

/// Says what the lines mean.
fn legend(graph: &Graph) -> String {
    let critical = match &graph.longest {
        Some(longest) => graph.lang.pick(
            format!("红色：各时限用满时的最长路径，全程 {longest}。"),
            format!("Red: the longest path if every deadline is used up, {longest} in all. "),
        ),
        None => String::new(),
    };
    let dashed = graph.lang.pick(
        "虚线：失败或超时，以及随时可能发生的转移。",
        "Dashed: after a failure or timeout, and what may happen at any time.",
    );
    let undone = match graph.frames.iter().flat_map(|frame| &frame.nodes).any(|n| n.undoes) {
        true => graph.lang.pick(
            "绿色虚线：撤回该步骤的步骤，仅在取消或撤回时执行。",
            " Dashed green: the step that undoes a step, begun by a cancellation or rollback alone.",
        ),
        false => "",
    };
    format!("{critical}{dashed}{undone}")
}
