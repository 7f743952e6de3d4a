//! What has been laid out: boxes, lines and labels at their places, in pixels.

/// A picture laid out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Title, version, legend.
    pub(crate) head: Vec<Label>,
    /// The phases, then what happens at any time.
    pub(crate) frames: Vec<DrawnFrame>,
    /// Where the plan begins and ends: centre, top, and the word.
    pub(crate) terminals: Vec<DrawnBox>,
    /// What leads from frame to frame.
    pub(crate) lines: Vec<DrawnLine>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DrawnFrame {
    /// The phase's name in the plan; empty for what happens at any time.
    pub(crate) id: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The height of the strip with its title.
    pub(crate) strip: f64,
    pub(crate) critical: bool,
    pub(crate) labels: Vec<Label>,
    /// Alternate columns, tinted: from where, how wide, from which height on.
    pub(crate) tints: Vec<(f64, f64)>,
    /// Where the columns begin and end, from the top of the picture.
    pub(crate) body: (f64, f64),
    pub(crate) boxes: Vec<DrawnBox>,
    /// The ways out.
    pub(crate) exits: Vec<DrawnBox>,
    pub(crate) lines: Vec<DrawnLine>,
    /// By when the steps are due that lines lead to, on those lines.
    pub(crate) tags: Vec<Tag>,
}

/// Words that stand on a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) labels: Vec<Label>,
}

impl Tag {
    /// Moves a tag from the origin to its place.
    pub(super) fn at(mut self, x: f64, y: f64) -> Self {
        (self.x, self.y) = (x, y);
        for label in &mut self.labels {
            label.x = tenth(label.x + x);
            label.y = tenth(label.y + y);
        }
        self
    }
}

/// A box with its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DrawnBox {
    /// The step's name in the plan; empty for what is no step.
    pub(crate) id: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// The word that styles know it by.
    pub(crate) class: &'static str,
    pub(crate) critical: bool,
    /// It undoes another step.
    pub(crate) undoes: bool,
    /// The height of the band with the deadline.
    pub(crate) band: f64,
    pub(crate) labels: Vec<Label>,
    /// Everything it says, uncut.
    pub(crate) hint: String,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    pub(crate) x: f64,
    /// The base line.
    pub(crate) y: f64,
    pub(crate) style: Style,
    pub(crate) text: String,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// The plan's title.
    Head,
    /// A phase's title.
    Phase,
    /// The title of a step, or where an exit leads.
    Title,
    /// A deadline.
    Due,
    /// Everything else.
    Small,
    /// A lane's title.
    Lane,
}

impl Style {
    /// Returns the word that styles know it by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Phase => "phase",
            Self::Title => "title",
            Self::Due => "due",
            Self::Small => "small",
            Self::Lane => "lane",
        }
    }

    /// Returns the size of the font that its text is measured at: bold letters are wider.
    pub(crate) fn measure(self) -> f64 {
        let bold = match self {
            Self::Head | Self::Phase | Self::Title | Self::Due => 1.06,
            Self::Small | Self::Lane => 1.0,
        };
        self.size() * bold
    }

    /// Returns the size of its font, in pixels.
    pub(crate) const fn size(self) -> f64 {
        match self {
            Self::Head => 20.0,
            Self::Phase => 14.0,
            Self::Title => 12.0,
            Self::Due => 10.5,
            Self::Small | Self::Lane => 10.5,
        }
    }

    /// Returns the height of a line.
    pub(crate) const fn line(self) -> f64 {
        match self {
            Self::Head => 27.0,
            Self::Phase => 19.0,
            Self::Title => 16.0,
            Self::Due | Self::Small | Self::Lane => 14.0,
        }
    }
}

/// A line from one thing to another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DrawnLine {
    pub(crate) kind: LineKind,
    /// Its corners, from where it leaves to its arrow.
    pub(crate) corners: Vec<(f64, f64)>,
    pub(crate) label: Option<Label>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// The ordinary course.
    Plain,
    /// The longest way.
    Critical,
    /// After a failure.
    Failure,
    /// To what undoes a step.
    Undo,
}

impl LineKind {
    /// Returns the word that styles know it by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Critical => "critical",
            Self::Failure => "failure",
            Self::Undo => "undo",
        }
    }
}

/// How far a corner is rounded.
const ROUND: f64 = 6.0;

impl DrawnLine {
    /// Returns the path of the line, with rounded corners.
    pub(crate) fn path(&self) -> String {
        use std::fmt::Write as _;
        let mut path = String::new();
        let Some((first, rest)) = self.corners.split_first() else { return path };
        let _ = write!(path, "M{} {}", first.0, first.1);
        let mut before = *first;
        for (n, corner) in rest.iter().enumerate() {
            match rest.get(n + 1) {
                Some(next) => {
                    let (from, to) = (toward(*corner, before), toward(*corner, *next));
                    let _ = write!(path, " L{} {} Q{} {}", from.0, from.1, corner.0, corner.1);
                    let _ = write!(path, " {} {}", to.0, to.1);
                }
                None => {
                    let _ = write!(path, " L{} {}", corner.0, corner.1);
                }
            }
            before = *corner;
        }
        path
    }
}

/// Steps from a corner toward another point, at most half the way.
fn toward(corner: (f64, f64), point: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (point.0 - corner.0, point.1 - corner.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return corner;
    }
    let share = ROUND.min(length / 2.0) / length;
    (tenth(corner.0 + dx * share), tenth(corner.1 + dy * share))
}

/// Rounds to a tenth of a pixel: finer differences cannot be seen and only make files differ.
pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
