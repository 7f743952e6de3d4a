//! What stands in a box, line by line, and how high the box must be for it.

use super::drawn::{DrawnBox, Label, Style, Tag, tenth};
use crate::picture::graph::{Exit, Graph, Handler, Node};
use crate::text::measure::{width, wrap};

/// The width of a step's box: about a dozen Chinese characters.
pub(super) const BOX: f64 = 190.0;
/// The widest exit.
const EXIT_MAX: f64 = 300.0;
/// Between a box's border and its text.
pub(super) const PAD: f64 = 9.0;
/// The most lines of a title, and of any other text; the rest can be read as a hint, and in the
/// plan.
const TITLE_LINES: usize = 4;
const LINES: usize = 3;

/// A box as it grows downwards, at the origin.
struct Sheet {
    labels: Vec<Label>,
    room: f64,
    y: f64,
}

impl Sheet {
    fn new(width: f64) -> Self {
        Self { labels: Vec::new(), room: width - 2.0 * PAD, y: 5.0 }
    }

    fn write(&mut self, text: &str, style: Style, lines: usize) {
        for text in wrap(text, self.room, style.measure(), lines) {
            self.y += style.line();
            self.labels.push(Label { x: PAD, y: self.y - 4.0, style, text });
        }
    }
}

/// Between a tag's border and its text.
const TAG_PAD: f64 = 5.0;

/// Lays out at the origin by when a step is due, for the line that leads to it; `None` where it
/// has no deadline.
pub(super) fn tag(node: &Node) -> Option<Tag> {
    let room = BOX - 2.0 * TAG_PAD;
    let style = Style::Due;
    let lines = node.deadlines.iter().flat_map(|due| wrap(due, room, style.measure(), LINES));
    let lines: Vec<String> = lines.collect();
    let wide = lines.iter().map(|line| width(line, style.measure())).fold(0.0, f64::max);
    let mut y = 1.0;
    let label = |text: String| {
        y += style.line();
        Label { x: TAG_PAD, y: y - 4.0, style, text }
    };
    let labels: Vec<Label> = lines.into_iter().map(label).collect();
    (!labels.is_empty()).then(|| Tag {
        x: 0.0,
        y: 0.0,
        width: tenth(wide + 2.0 * TAG_PAD),
        height: y + 1.0,
        labels,
    })
}

/// Lays out a step at the origin; its deadline too, unless a line says it.
pub(super) fn step(node: &Node, said: bool) -> DrawnBox {
    let mut sheet = Sheet::new(BOX);
    let deadlines = if said { &[] } else { node.deadlines.as_slice() };
    for due in deadlines {
        sheet.write(due, Style::Due, LINES);
    }
    let band = if deadlines.is_empty() { 0.0 } else { sheet.y + 3.0 };
    sheet.y += if deadlines.is_empty() { 0.0 } else { 5.0 };
    sheet.write(&node.title, Style::Title, TITLE_LINES);
    let mut byline = node.kind_word.to_owned();
    if let Some(who) = &node.who {
        byline = format!("{byline} · {who}");
    }
    sheet.write(&byline, Style::Small, LINES);
    for note in node.when.iter().chain(&node.notes) {
        sheet.write(note, Style::Small, LINES);
    }
    sheet.write(&format!("#{}", node.id), Style::Small, 1);
    let mut hint = vec![node.title.clone(), byline];
    hint.extend(node.deadlines.iter().chain(&node.when).chain(&node.notes).cloned());
    DrawnBox {
        id: node.id.to_string(),
        x: 0.0,
        y: 0.0,
        width: BOX,
        height: sheet.y + 6.0,
        class: node.kind.name(),
        critical: node.critical,
        undoes: node.undoes,
        band,
        labels: sheet.labels,
        hint: hint.join("\n"),
    }
}

/// Lays out a way out of a phase at the origin.
pub(super) fn exit(graph: &Graph, exit: &Exit) -> DrawnBox {
    let title = format!("→ {}", graph.target(exit.to));
    let class = match exit.kind.word(graph.lang) {
        Some(_) => "exit failure",
        None => "exit",
    };
    DrawnBox { critical: exit.critical, ..note(&title, &exit.label, class) }
}

/// Lays out what happens at any time at the origin.
pub(super) fn handler(handler: &Handler) -> DrawnBox {
    note(&handler.act, &handler.label, "exit handler")
}

fn note(title: &str, text: &str, class: &'static str) -> DrawnBox {
    let needs = width(title, Style::Title.measure()).max(width(text, Style::Small.measure()));
    let wide = (needs + 2.0 * PAD + 2.0).ceil().clamp(90.0, EXIT_MAX);
    let mut sheet = Sheet::new(wide);
    sheet.write(title, Style::Title, LINES);
    sheet.write(text, Style::Small, TITLE_LINES);
    DrawnBox {
        id: String::new(),
        x: 0.0,
        y: 0.0,
        width: wide,
        height: sheet.y + 6.0,
        class,
        critical: false,
        undoes: false,
        band: 0.0,
        labels: sheet.labels,
        hint: format!("{title}\n{text}"),
    }
}

impl DrawnBox {
    /// Moves a box from the origin to its place.
    pub(super) fn at(mut self, x: f64, y: f64) -> Self {
        self.x = x;
        self.y = y;
        for label in &mut self.labels {
            label.x += x;
            label.y += y;
        }
        self
    }
}
