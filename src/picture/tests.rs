//! Every form shows everything once, and none of them breaks on what people wrote.

use super::sample;
use super::{Graph, Kind};
use crate::text::Lang;

/// Every plan in every language.
fn graphs() -> Vec<Graph> {
    let plans = sample::all();
    plans.iter().flat_map(|plan| Lang::ALL.map(|lang| Graph::of(plan, lang))).collect()
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn every_step_and_phase_is_declared_once_in_every_form() {
    for graph in graphs() {
        let (mermaid, dot, svg) = (graph.to_mermaid(), graph.to_dot(), graph.to_svg());
        for (at, frame) in graph.frames.iter().enumerate() {
            assert_eq!(count(&mermaid, &format!("\n  subgraph p{at}[")), 1, "{mermaid}");
            assert_eq!(count(&dot, &format!("\n  subgraph cluster_p{at} {{")), 1, "{dot}");
            assert_eq!(count(&svg, &format!("data-phase=\"{}\"", frame.id)), 1);
            for (n, node) in frame.nodes.iter().enumerate() {
                let declared = |open: &str| count(&mermaid, &format!("\n    p{at}s{n}{open}"));
                let opened = ["[", "(", "{{"].map(declared);
                assert_eq!(opened.iter().sum::<usize>(), 1, "{}: {mermaid}", node.id);
                assert_eq!(count(&dot, &format!("\n    p{at}s{n} [label=")), 1, "{dot}");
                assert_eq!(count(&svg, &format!("data-step=\"{}\"", node.id)), 1);
            }
        }
        let steps: usize = graph.frames.iter().map(|frame| frame.nodes.len()).sum();
        assert_eq!(count(&svg, "data-step="), steps);
    }
}

#[test]
fn every_title_and_deadline_is_in_every_form() {
    for graph in graphs() {
        let (mermaid, dot) = (graph.to_mermaid(), graph.to_dot());
        for node in graph.frames.iter().flat_map(|frame| &frame.nodes) {
            for text in [&node.title].into_iter().chain(&node.deadlines) {
                assert!(mermaid.contains(&super::mermaid::escape(text)), "{text}");
                let quoted = super::dot::quote(text);
                assert!(dot.contains(quoted.trim_matches('"')), "{text}");
            }
        }
    }
}

#[test]
fn lines_of_mermaid_and_dot_hold_whole_strings() {
    for graph in graphs() {
        for line in graph.to_mermaid().lines() {
            assert_eq!(count(line, "\"") % 2, 0, "{line}");
        }
        for line in graph.to_dot().lines() {
            let quotes = count(&line.replace("\\\\", "").replace("\\\"", ""), "\"");
            assert_eq!(quotes % 2, 0, "{line}");
        }
        assert_eq!(count(&graph.to_dot(), "{"), count(&graph.to_dot(), "}"));
    }
}

/// Reads XML far enough to tell whether it is well-formed: tags nest, attributes are quoted, and
/// nothing stands bare that must be escaped.
pub(crate) fn well_formed(xml: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some((text, after)) = rest.split_once('<') {
        entities(text)?;
        let (tag, next) = after.split_once('>').ok_or("a tag does not end")?;
        rest = next;
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop().ok_or("nothing is open")?;
            if opened != name {
                return Err(format!("<{opened}> ends as </{name}>"));
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        while !attributes.trim().is_empty() {
            let (_, value) = attributes.split_once("=\"").ok_or(format!("in <{tag}>"))?;
            let (value, after) = value.split_once('"').ok_or(format!("in <{tag}>"))?;
            entities(value)?;
            attributes = after;
        }
        if !empty {
            open.push(name);
        }
    }
    let bad = xml.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    match (open.as_slice(), bad) {
        ([], None) => Ok(()),
        (open, bad) => Err(format!("open: {open:?}, character {bad:?}")),
    }
}

fn entities(text: &str) -> Result<(), String> {
    for after in text.split('&').skip(1) {
        let name = after.split_once(';').map_or("", |(name, _)| name);
        let known = ["amp", "lt", "gt", "quot", "apos"].contains(&name)
            || name.strip_prefix('#').is_some_and(|n| n.parse::<u32>().is_ok());
        if !known {
            return Err(format!("a bare & before {after:.12}"));
        }
    }
    Ok(())
}

#[test]
fn the_picture_is_well_formed_and_holds_no_script() {
    for graph in graphs() {
        let svg = graph.to_svg();
        if let Err(why) = well_formed(&svg) {
            panic!("{}: {why}", graph.playbook);
        }
        assert!(svg.contains("<title id=\"title\">") && svg.contains("<desc id=\"desc\">"));
        for forbidden in ["<script", "http://", "https://", "onload"] {
            let found = svg.replace("http://www.w3.org/2000/svg", "").contains(forbidden);
            assert!(!found, "{forbidden}");
        }
    }
}

#[test]
fn what_is_not_well_formed_is_found() {
    for broken in ["<a><b></a></b>", "<a>", "</a>", "<a x=1/>", "<a>&</a>", "<a>\u{1}</a>", "<a"] {
        assert!(well_formed(broken).is_err(), "{broken}");
    }
    assert_eq!(well_formed("<a x=\"1\" y=\"&#38;\"><b/>&amp;</a>"), Ok(()));
}

#[test]
fn a_small_plan_looks_like_this() {
    let plan = sample::written(
        "      - { id: look, role: r, title: { zh: 查看, en: Look }, due: 5m }
      - { id: act, role: r, title: { zh: 处置, en: Act }, after: [look], start_within: 5m, due: 30m, \
         timeout: 2h, on_timeout: { go: other } }
      - { id: pause, wait: { for: 10m }, after: [look], blocks: nothing }
      - { id: other, role: r, title: { zh: 另法, en: Otherwise }, after: [act], \
         when: steps.act.failed }
      - { id: over, title: { zh: 结束了吗, en: Is it over }, after: [act, pause], join: any, \
         decide: { by: r, options: [yes, no] } }",
    );
    insta::assert_snapshot!("small_mermaid", Graph::of(&plan, Lang::En).to_mermaid());
    insta::assert_snapshot!("small_dot", Graph::of(&plan, Lang::Zh).to_dot());
}

#[test]
fn what_undoes_a_step_is_drawn_below_it_in_every_form() {
    let graph = Graph::of(&sample::plan("network-attack"), Lang::En);
    let frame = graph.frames.iter().find(|f| f.nodes.iter().any(|n| n.undoes)).expect("a rollback");
    let undo = frame.edges.iter().find(|edge| edge.kind == super::EdgeKind::Undo).expect("an edge");
    let (from, to) = (&frame.nodes[undo.from], &frame.nodes[undo.to]);
    assert_eq!((from.id.as_str(), to.id.as_str()), ("isolate", "lift_isolation"));
    assert!(to.undoes && !from.undoes && !to.critical);
    let mermaid = graph.to_mermaid();
    let line = format!("s{} -.->|\"undone by\"| ", undo.from);
    assert!(mermaid.contains(&line) && mermaid.contains(" undo\n"), "{mermaid}");
    let dot = graph.to_dot();
    assert!(dot.contains("[label=\"undone by\", style=dashed, color=\"#0f766e\""), "{dot}");
    let svg = graph.to_svg();
    assert_eq!(count(&svg, "class=\"undo-line\""), 1);
    assert_eq!(count(&svg, " undo\" data-step=\"lift_isolation\""), 1);
    assert!(svg.contains(">undone by</text>") && svg.contains("Dashed green:"));
    let plain = Graph::of(&sample::plan("service-outage"), Lang::En).to_svg();
    assert!(!plain.contains("Dashed green:"));
}

#[test]
fn a_shipped_plan_is_drawn_up_like_this() {
    let graph = Graph::of(&sample::plan("service-outage"), Lang::En);
    assert_eq!(graph.lanes.last().map(String::as_str), Some("Automatic"));
    let recover = &graph.frames[2];
    let critical: Vec<&str> =
        recover.nodes.iter().filter(|node| node.critical).map(|node| node.id.as_str()).collect();
    assert_eq!(critical, ["restore_service", "verify", "observe", "stable", "all_clear"]);
    assert_eq!(recover.longest.as_deref(), Some("≤ 9 h 15 min"));
    assert_eq!(
        recover.exits[0].label,
        "if the answer of “Is it over (已恢复 = yes, 未恢复 = no)” = “未恢复”, at most 5 times"
    );
    assert_eq!(recover.nodes[3].kind, Kind::Wait);
    assert_eq!(graph.handlers.last().and_then(|handler| handler.to), Some(2));
}
