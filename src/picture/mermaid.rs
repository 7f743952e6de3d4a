//! The graph as a Mermaid flowchart, for wikis and code hosts that draw it themselves.

use std::fmt::Write as _;

use super::graph::{Edge, EdgeKind, Frame, Graph, Kind, Node, Target};

/// The colours, by the classes that lines below give to nodes.
const STYLES: &str = "  classDef manual fill:#eef2ff,stroke:#4f46e5,color:#18181b
  classDef notify fill:#fef9c3,stroke:#a16207,color:#18181b
  classDef http fill:#e0f2fe,stroke:#0369a1,color:#18181b
  classDef decide fill:#fae8ff,stroke:#a21caf,color:#18181b
  classDef approve fill:#fae8ff,stroke:#a21caf,color:#18181b
  classDef wait fill:#f4f4f5,stroke:#52525b,color:#18181b
  classDef set fill:#f4f4f5,stroke:#52525b,color:#18181b
  classDef plan fill:#cffafe,stroke:#0e7490,color:#18181b
  classDef terminal fill:#18181b,stroke:#18181b,color:#ffffff
  classDef handler fill:#ffffff,stroke:#52525b,color:#18181b,stroke-dasharray:4 3
  classDef undo stroke:#0f766e,stroke-dasharray:5 3
  classDef critical stroke:#b91c1c,stroke-width:3px
";

impl Graph {
    /// Draws the graph as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut chart = Chart::default();
        // The title stands in front matter, which is YAML: JSON strings are YAML.
        let title = serde_json::to_string(&self.title).unwrap_or_default();
        let _ = write!(chart.text, "---\ntitle: {title}\n---\nflowchart TB\n");
        let start = self.lang.pick("开始", "Start");
        let _ = writeln!(chart.text, "  start([\"{start}\"]):::terminal");
        for (at, frame) in self.frames.iter().enumerate() {
            self.frame(&mut chart, at, frame);
        }
        if self.ends() {
            let end = escape(self.target(Target::End));
            let _ = writeln!(chart.text, "  finish([\"{end}\"]):::terminal");
        }
        self.handlers(&mut chart);
        chart.link("start", "p0", "-->", "", true);
        for (at, frame) in self.frames.iter().enumerate() {
            self.links(&mut chart, at, frame);
        }
        for (n, handler) in self.handlers.iter().enumerate() {
            let Some(to) = handler.to else { continue };
            chart.link(&format!("h{n}"), &format!("p{to}"), "-.->", "", false);
        }
        chart.finish()
    }

    /// Tells whether any way leads to the end.
    pub(super) fn ends(&self) -> bool {
        self.frames.iter().flat_map(|frame| &frame.exits).any(|exit| exit.to == Target::End)
    }

    fn frame(&self, chart: &mut Chart, at: usize, frame: &Frame) {
        let _ = writeln!(chart.text, "  subgraph p{at}[\"{}\"]", escape(&self.heading(frame)));
        if frame.nodes.is_empty() {
            let none = self.lang.pick("没有步骤", "no steps");
            let _ = writeln!(chart.text, "    p{at}e[\"{none}\"]:::handler");
        }
        for (n, node) in frame.nodes.iter().enumerate() {
            let lines: Vec<String> = self.lines(frame, n).iter().map(|l| escape(l)).collect();
            let (open, close) = shape(node.kind);
            let label = lines.join("<br/>");
            let _ = writeln!(
                chart.text,
                "    p{at}s{n}{open}\"{label}\"{close}:::{}",
                node.kind.name()
            );
            if node.undoes {
                chart.undoing.push(format!("p{at}s{n}"));
            }
            if node.critical {
                chart.critical.push(format!("p{at}s{n}"));
            }
        }
        chart.text.push_str("  end\n");
    }

    /// Says a phase and how long it takes.
    pub(super) fn heading(&self, frame: &Frame) -> String {
        match &frame.longest {
            Some(longest) => {
                let path = self.lang.pick("关键路径", "critical path");
                format!("{} · {path} {longest}", frame.title)
            }
            None => frame.title.clone(),
        }
    }

    /// Says a step in a few lines. Its deadline is left to the edge that leads to it, where one does.
    pub(super) fn lines(&self, frame: &Frame, at: usize) -> Vec<String> {
        let node = &frame.nodes[at];
        let mut lines = vec![node.title.clone(), byline(node)];
        if frame.carrier(at).is_none() {
            lines.extend(node.deadlines.iter().cloned());
        }
        lines.extend(node.when.iter().chain(&node.notes).cloned());
        lines
    }

    /// Says what stands on an edge: why it is followed, or by when the step it leads to is due.
    pub(super) fn edge_label(&self, frame: &Frame, edge: &Edge) -> String {
        match edge.kind.word(self.lang) {
            Some(word) => word.to_owned(),
            None if frame.carries(edge) => {
                frame.nodes[edge.to].deadlines.join(self.lang.pick("，", ", "))
            }
            None => String::new(),
        }
    }

    fn handlers(&self, chart: &mut Chart) {
        if self.handlers.is_empty() {
            return;
        }
        let title = self.lang.pick("随时", "At any time");
        let _ = writeln!(chart.text, "  subgraph handlers[\"{title}\"]");
        for (n, handler) in self.handlers.iter().enumerate() {
            let (label, act) = (escape(&handler.label), escape(&handler.act));
            let _ = writeln!(chart.text, "    h{n}[\"{label}<br/>{act}\"]:::handler");
        }
        chart.text.push_str("  end\n");
    }

    fn links(&self, chart: &mut Chart, at: usize, frame: &Frame) {
        for edge in &frame.edges {
            let (from, to) = (format!("p{at}s{}", edge.from), format!("p{at}s{}", edge.to));
            let label = self.edge_label(frame, edge);
            chart.link(&from, &to, arrow(edge.kind), &label, edge.critical);
        }
        for exit in &frame.exits {
            let from = match exit.from {
                Some(step) => format!("p{at}s{step}"),
                None => format!("p{at}"),
            };
            let to = match exit.to {
                Target::Frame(to) => format!("p{to}"),
                Target::End => "finish".to_owned(),
            };
            chart.link(&from, &to, arrow(exit.kind), &exit.label, exit.critical);
        }
    }
}

/// A chart as it grows. Links are styled by their number, so they are counted.
#[derive(Default)]
struct Chart {
    text: String,
    links: usize,
    critical: Vec<String>,
    undoing: Vec<String>,
    critical_links: Vec<String>,
}

impl Chart {
    fn link(&mut self, from: &str, to: &str, arrow: &str, label: &str, critical: bool) {
        let label =
            if label.is_empty() { label.to_owned() } else { format!("|\"{}\"|", escape(label)) };
        let _ = writeln!(self.text, "  {from} {arrow}{label} {to}");
        if critical {
            self.critical_links.push(self.links.to_string());
        }
        self.links += 1;
    }

    fn finish(mut self) -> String {
        self.text.push_str(STYLES);
        if !self.critical.is_empty() {
            let _ = writeln!(self.text, "  class {} critical", self.critical.join(","));
        }
        if !self.undoing.is_empty() {
            let _ = writeln!(self.text, "  class {} undo", self.undoing.join(","));
        }
        if !self.critical_links.is_empty() {
            let links = self.critical_links.join(",");
            let _ = writeln!(self.text, "  linkStyle {links} stroke:#b91c1c,stroke-width:3px");
        }
        self.text
    }
}

/// Says what kind of step it is, whose, and under which name the command line knows it.
pub(super) fn byline(node: &Node) -> String {
    let mut parts = vec![node.kind_word];
    parts.extend(node.who.as_deref());
    parts.push(node.id.as_str());
    parts.join(" · ")
}

const fn arrow(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::After => "-->",
        EdgeKind::Failure | EdgeKind::Timeout | EdgeKind::Undo => "-.->",
    }
}

const fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Manual => ("[", "]"),
        Kind::Notify => ("([", "])"),
        Kind::Http => ("[[", "]]"),
        Kind::Decide | Kind::Approve => ("{{", "}}"),
        Kind::Wait => ("(", ")"),
        Kind::Set => ("[/", "/]"),
        Kind::Plan => ("[[", "]]"),
    }
}

/// Writes a text so that Mermaid takes every character of it for text: within quotes, with what
/// could end them, or begin Markdown, a list, a directive, an entity or a tag, as numbers.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let bullet = text.starts_with(['-', '+']).then_some(0);
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let numbered = text[digits..].starts_with(['.', ')']).then_some(digits);
    for (at, c) in text.char_indices() {
        let listed = Some(at) == bullet || (at > 0 && Some(at) == numbered);
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '%' | ';' | '{' | '}' | '|' | '*' | '_'
            | '~' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c if listed => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_title_is_taken_for_syntax() {
        for (text, escaped) in [
            ("end", "end"),
            ("say \"hi\"", "say #34;hi#34;"),
            ("#quot;", "#35;quot#59;"),
            ("a & <b>", "a #38; #60;b#62;"),
            ("[x] {y} (z)", "[x] #123;y#125; (z)"),
            ("`md` **b** _i_", "#96;md#96; #42;#42;b#42;#42; #95;i#95;"),
            ("%%{init}%%", "#37;#37;#123;init#125;#37;#37;"),
            ("a\\nb", "a#92;nb"),
            ("a|b", "a#124;b"),
            ("1. first", "1#46; first"),
            ("- item", "#45; item"),
            ("2.5 h - long", "2#46;5 h - long"),
            ("隔离、“源头”：95%", "隔离、“源头”：95#37;"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }
}
