//! Nothing in the picture stands on anything else or runs through it, whatever the plan.

use super::drawn::DrawnBox;
use super::*;
use crate::picture::Graph;
use crate::picture::sample;
use crate::text::Lang;
use crate::text::measure::width;

fn drawn() -> Vec<(String, Drawn)> {
    let plans = sample::all();
    let both = plans.iter().flat_map(|plan| Lang::ALL.map(|lang| Graph::of(plan, lang)));
    both.map(|graph| (format!("{} {:?}", graph.playbook, graph.lang), draw(&graph))).collect()
}

fn all(frame: &DrawnFrame) -> impl Iterator<Item = &DrawnBox> {
    frame.boxes.iter().chain(&frame.exits)
}

#[test]
fn no_box_stands_on_another_and_all_stand_in_their_frame() {
    for (name, picture) in drawn() {
        for frame in &picture.frames {
            let boxes: Vec<&DrawnBox> = all(frame).collect();
            for (n, one) in boxes.iter().enumerate() {
                let inside = one.x >= frame.x
                    && one.x + one.width <= frame.x + frame.width
                    && one.y >= frame.y + frame.strip
                    && one.y + one.height <= frame.y + frame.height;
                assert!(inside, "{name}: {one:?}");
                for other in &boxes[n + 1..] {
                    let apart = one.x + one.width < other.x
                        || other.x + other.width < one.x
                        || one.y + one.height < other.y
                        || other.y + other.height < one.y;
                    assert!(apart, "{name}: {} / {}", one.hint, other.hint);
                }
            }
        }
        for pair in picture.frames.windows(2) {
            assert!(pair[0].y + pair[0].height < pair[1].y, "{name}");
        }
        for frame in &picture.frames {
            assert!(frame.x + frame.width < picture.width, "{name}");
            assert!(frame.y + frame.height < picture.height, "{name}");
        }
    }
}

#[test]
fn every_text_fits_its_box() {
    for (name, picture) in drawn() {
        for drawn in picture.frames.iter().flat_map(all) {
            for label in &drawn.labels {
                let right = label.x + width(&label.text, label.style.measure());
                assert!(right <= drawn.x + drawn.width, "{name}: {}", label.text);
                assert!(label.y <= drawn.y + drawn.height - 4.0, "{name}: {}", label.text);
                assert!(label.y - label.style.size() >= drawn.y - 1.0, "{name}: {}", label.text);
            }
        }
        for label in picture.head.iter().chain(picture.frames.iter().flat_map(|f| &f.labels)) {
            let right = label.x + width(&label.text, label.style.measure());
            assert!(right <= picture.width, "{name}: {}", label.text);
        }
    }
}

/// Tells whether the stretch between two corners runs through the inside of a box.
fn through(drawn: &DrawnBox, one: (f64, f64), other: (f64, f64)) -> bool {
    let (left, right) = (one.0.min(other.0), one.0.max(other.0));
    let (top, bottom) = (one.1.min(other.1), one.1.max(other.1));
    left < drawn.x + drawn.width - 0.5
        && right > drawn.x + 0.5
        && top < drawn.y + drawn.height - 0.5
        && bottom > drawn.y + 0.5
}

#[test]
fn no_line_runs_through_a_box_and_all_turn_at_right_angles() {
    for (name, picture) in drawn() {
        for frame in &picture.frames {
            for line in frame.lines.iter().chain(&picture.lines) {
                for pair in line.corners.windows(2) {
                    let straight = pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1;
                    assert!(straight, "{name}: {pair:?}");
                    let hit = all(frame).find(|drawn| through(drawn, pair[0], pair[1]));
                    assert!(hit.is_none(), "{name}: {pair:?} {:?}", hit.map(|hit| &hit.hint));
                }
            }
        }
    }
}

#[test]
fn a_deadline_stands_on_the_line_that_leads_to_its_step_and_on_nothing_else() {
    for plan in sample::all() {
        let graph = Graph::of(&plan, Lang::Zh);
        let picture = draw(&graph);
        for (frame, drawn) in graph.frames.iter().zip(&picture.frames) {
            let carried = (0..frame.nodes.len()).filter(|n| frame.carrier(*n).is_some());
            let due = carried.filter(|n| !frame.nodes[*n].deadlines.is_empty()).count();
            assert_eq!(drawn.tags.len(), due, "{}", plan.id);
            for tag in &drawn.tags {
                let (right, bottom) = (tag.x + tag.width, tag.y + tag.height);
                let middle = tag.x + tag.width / 2.0;
                let below = drawn.boxes.iter().find(|b| {
                    (b.x + b.width / 2.0 - middle).abs() < 0.2
                        && b.y > bottom
                        && b.y < bottom + 12.0
                });
                let below = below.unwrap_or_else(|| panic!("{}: no box below {tag:?}", plan.id));
                assert_eq!(below.band, 0.0, "said once");
                let hit = all(drawn).find(|other| through(other, (tag.x, tag.y), (right, bottom)));
                assert!(hit.is_none(), "{}: {tag:?} {hit:?}", plan.id);
                let led = drawn.lines.iter().filter_map(|line| line.corners.last());
                assert!(
                    led.into_iter().any(|end| (end.0 - middle).abs() < 0.2 && end.1 == below.y)
                );
                let across =
                    drawn.lines.iter().flat_map(|line| line.corners.windows(2)).find(|c| {
                        c[0].1 == c[1].1
                            && c[0].1 > tag.y
                            && c[0].1 < bottom
                            && c[0].0.min(c[1].0) < right
                            && c[0].0.max(c[1].0) > tag.x
                    });
                assert!(across.is_none(), "{}: a line runs along {tag:?}", plan.id);
                for label in &tag.labels {
                    let end = label.x + width(&label.text, label.style.measure());
                    assert!(end <= right && label.y < bottom, "{}: {}", plan.id, label.text);
                }
            }
            for pair in drawn.tags.iter().enumerate() {
                let apart = |other: &&super::drawn::Tag| {
                    pair.1.x + pair.1.width < other.x
                        || other.x + other.width < pair.1.x
                        || pair.1.y + pair.1.height < other.y
                        || other.y + other.height < pair.1.y
                };
                assert!(drawn.tags[pair.0 + 1..].iter().all(|other| apart(&other)), "{}", plan.id);
            }
        }
    }
}

#[test]
fn steps_stand_below_what_they_come_after() {
    for plan in sample::all() {
        let graph = Graph::of(&plan, Lang::Zh);
        let picture = draw(&graph);
        for (frame, drawn) in graph.frames.iter().zip(&picture.frames) {
            for edge in frame.edges.iter().filter(|e| e.kind == crate::picture::EdgeKind::After) {
                let (from, to) = (&drawn.boxes[edge.from], &drawn.boxes[edge.to]);
                assert!(from.y + from.height < to.y, "{}: {} {}", plan.id, from.id, to.id);
            }
        }
    }
}

#[test]
fn the_same_plan_gives_the_same_picture() {
    let plan = sample::hundred();
    let once = Graph::of(&plan, Lang::En).to_svg();
    assert_eq!(once, Graph::of(&sample::hundred(), Lang::En).to_svg());
}

#[test]
fn a_hundred_steps_stay_readable() {
    let picture = draw(&Graph::of(&sample::hundred(), Lang::Zh));
    assert!(picture.width <= 2_600.0, "{}", picture.width);
    assert!(picture.height <= 12_000.0, "{}", picture.height);
}
