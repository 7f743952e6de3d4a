//! The graph in DOT, for Graphviz and the tools that read it.

use std::fmt::Write as _;

use super::graph::{EdgeKind, Frame, Graph, Kind, Target};

/// What red means: the longest way.
const CRITICAL: &str = "color=\"#b91c1c\", penwidth=2.5";

impl Graph {
    /// Draws the graph in DOT: phases are clusters, steps of one lane form a group.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::new();
        let name = quote(self.playbook.as_str());
        let _ = writeln!(text, "digraph {name} {{");
        text.push_str("  graph [compound=true, rankdir=TB, newrank=true, labelloc=t, ");
        let title = format!("{}\n{} {}", self.title, self.playbook, self.short_version());
        let _ = writeln!(text, "fontname=\"sans-serif\", label={}];", quote(&title));
        text.push_str(
            "  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"filled,rounded\", \
             margin=\"0.15,0.08\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
        );
        let start = self.lang.pick("开始", "Start");
        let _ = writeln!(text, "  start [label={}, shape=oval, fillcolor=white];", quote(start));
        for (at, frame) in self.frames.iter().enumerate() {
            self.cluster(&mut text, at, frame);
        }
        if self.ends() {
            let end = quote(self.target(Target::End));
            let _ = writeln!(text, "  finish [label={end}, shape=oval, fillcolor=white];");
        }
        self.any_time(&mut text);
        let _ = writeln!(text, "  start -> p0 [lhead=cluster_p0, {CRITICAL}];");
        for (at, frame) in self.frames.iter().enumerate() {
            self.arrows(&mut text, at, frame);
        }
        for (n, handler) in self.handlers.iter().enumerate() {
            let Some(to) = handler.to else { continue };
            let _ = writeln!(
                text,
                "  h{n} -> p{to} [lhead=cluster_p{to}, style=dashed, constraint=false];"
            );
        }
        text.push_str("}\n");
        text
    }

    fn cluster(&self, text: &mut String, at: usize, frame: &Frame) {
        let label = quote(&self.heading(frame));
        let _ = writeln!(text, "  subgraph cluster_p{at} {{");
        let _ = writeln!(text, "    label={label}; style=\"rounded\"; color=\"#a1a1aa\";");
        // What leads to a phase or out of it ends at its border: points give the lines something to
        // aim at, and unseen lines hold them above and below the steps.
        let _ =
            writeln!(text, "    p{at}, p{at}x [shape=point, style=invis, width=0, label=\"\"];");
        for (n, node) in frame.nodes.iter().enumerate() {
            let label = quote(&self.lines(frame, n).join("\n"));
            let (shape, fill) = shape(node.kind);
            let critical = if node.critical { format!(", {CRITICAL}") } else { String::new() };
            let undo = if node.undoes { ", style=\"filled,dashed\"" } else { "" };
            let group = node.lane;
            let _ = writeln!(
                text,
                "    p{at}s{n} [label={label}, group=lane{group}, shape={shape}, \
                 fillcolor=\"{fill}\"{critical}{undo}];"
            );
        }
        for n in 0..frame.nodes.len() {
            if frame.edges.iter().all(|edge| edge.to != n) {
                let _ = writeln!(text, "    p{at} -> p{at}s{n} [style=invis];");
            }
            if frame.edges.iter().all(|edge| edge.from != n) {
                let _ = writeln!(text, "    p{at}s{n} -> p{at}x [style=invis];");
            }
        }
        if frame.nodes.is_empty() {
            let _ = writeln!(text, "    p{at} -> p{at}x [style=invis];");
        }
        text.push_str("  }\n");
    }

    fn any_time(&self, text: &mut String) {
        if self.handlers.is_empty() {
            return;
        }
        let title = quote(self.lang.pick("随时", "At any time"));
        let _ = writeln!(text, "  subgraph cluster_handlers {{\n    label={title}; style=dashed;");
        for (n, handler) in self.handlers.iter().enumerate() {
            let label = quote(&format!("{}\n{}", handler.label, handler.act));
            let _ = writeln!(text, "    h{n} [label={label}, fillcolor=white, style=dashed];");
        }
        text.push_str("  }\n");
    }

    fn arrows(&self, text: &mut String, at: usize, frame: &Frame) {
        for edge in &frame.edges {
            let label = quote(&self.edge_label(frame, edge));
            let style = style(edge.kind, edge.critical);
            let _ = writeln!(
                text,
                "  p{at}s{} -> p{at}s{} [label={label}{style}];",
                edge.from, edge.to
            );
        }
        for exit in &frame.exits {
            let (from, tail) = match exit.from {
                Some(step) => (format!("p{at}s{step}"), String::new()),
                None => (format!("p{at}x"), format!(", ltail=cluster_p{at}")),
            };
            let (to, head) = match exit.to {
                Target::Frame(to) => (format!("p{to}"), format!(", lhead=cluster_p{to}")),
                Target::End => ("finish".to_owned(), String::new()),
            };
            let back = match exit.to {
                Target::Frame(to) if to <= at => ", constraint=false",
                Target::Frame(_) | Target::End => "",
            };
            let label = quote(&exit.label);
            let style = style(exit.kind, exit.critical);
            let _ = writeln!(text, "  {from} -> {to} [label={label}{tail}{head}{back}{style}];");
        }
    }
}

fn style(kind: EdgeKind, critical: bool) -> String {
    let dashed = match kind {
        EdgeKind::After => "",
        EdgeKind::Failure | EdgeKind::Timeout => ", style=dashed",
        EdgeKind::Undo => ", style=dashed, color=\"#0f766e\", fontcolor=\"#0f766e\"",
    };
    let critical = if critical { format!(", {CRITICAL}") } else { String::new() };
    format!("{dashed}{critical}")
}

const fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Manual => ("box", "#eef2ff"),
        Kind::Notify => ("note", "#fef9c3"),
        Kind::Http => ("component", "#e0f2fe"),
        Kind::Decide | Kind::Approve => ("hexagon", "#fae8ff"),
        Kind::Wait => ("oval", "#f4f4f5"),
        Kind::Set => ("parallelogram", "#f4f4f5"),
        Kind::Plan => ("folder", "#cffafe"),
    }
}

/// Writes a text as a quoted string. Graphviz reads HTML entities and backslash sequences even
/// there, so both are written such that they stand for themselves.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_title_is_taken_for_syntax() {
        for (text, quoted) in [
            ("end", r#""end""#),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r"a\N\l", r#""a\\N\\l""#),
            ("two\nlines", r#""two\nlines""#),
            ("R&amp;D <b>", r#""R&amp;amp;D &lt;b&gt;""#),
            ("隔离“源头”; }", r#""隔离“源头”; }""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }
}
