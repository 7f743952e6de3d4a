//! The graph as one self-contained picture, ready to print: no scripts, nothing fetched.

use askama::Template;

use super::graph::{Graph, Target};
use super::layout::{Drawn, DrawnFrame, LineKind, draw};

#[derive(Template)]
#[template(path = "picture/plan.svg", whitespace = "preserve")]
struct Svg<'a> {
    lang: &'static str,
    graph: &'a Graph,
    desc: String,
    picture: Drawn,
    /// The heads of arrows: the kind of line, and its colour.
    arrows: [(&'static str, &'static str); 4],
}

impl Graph {
    /// Draws the graph as SVG. Everything that people wrote is escaped.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let svg = Svg {
            lang: self.lang.pick("zh-CN", "en"),
            graph: self,
            desc: self.description(),
            picture: draw(self),
            arrows: [
                (LineKind::Plain.name(), "#71717a"),
                (LineKind::Critical.name(), "#b91c1c"),
                (LineKind::Failure.name(), "#9a3412"),
                (LineKind::Undo.name(), "#0f766e"),
            ],
        };
        let mut drawn = svg.render().expect("writing to a string does not fail");
        drawn.push('\n');
        drawn
    }

    /// Says what the picture shows to those who cannot see it: phase by phase, how many steps, and
    /// where each way out leads.
    fn description(&self) -> String {
        let lang = self.lang;
        let phases = self.frames.iter().map(|frame| {
            let count = frame.nodes.iter().filter(|node| !node.undoes).count();
            let out: Vec<String> = frame
                .exits
                .iter()
                .map(|exit| {
                    let to = match exit.to {
                        Target::Frame(_) => format!("“{}”", self.target(exit.to)),
                        Target::End => self.target(exit.to).to_owned(),
                    };
                    format!("{} → {to}", exit.label)
                })
                .collect();
            let out = out.join(lang.pick("；", "; "));
            let title = self.heading(frame);
            lang.pick(
                format!("{title}：{count} 个步骤；{out}。"),
                format!("{title}: {}; {out}.", crate::text::count(count, "step", "steps")),
            )
        });
        phases.collect::<Vec<_>>().join(" ")
    }
}

impl DrawnFrame {
    /// Returns how high the columns are.
    fn body_height(&self) -> f64 {
        ((self.body.1 - self.body.0) * 10.0).round() / 10.0
    }
}

impl LineKind {
    /// Returns the word that the line's style is known by.
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Critical => "line-critical",
            Self::Failure => "failure-line",
            Self::Undo => "undo-line",
        }
    }
}
