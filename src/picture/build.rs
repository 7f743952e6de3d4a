//! A plan becomes a graph.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::graph::{Edge, EdgeKind, Exit, Frame, Graph, Handler, Kind, Node, Target};
use super::words::{Words, line};
use crate::id::{PhaseId, RoleId, StepId};
use crate::people::Directory;
use crate::playbook::critical::{self, Path};
use crate::playbook::{
    Action, Approver, Blocks, Compensate, HandlerAct, OnFailure, Phase, Playbook, Span, Step, Wait,
};
use crate::text::Lang;

impl Graph {
    /// Draws a plan up in the words of one language.
    #[must_use]
    pub fn of(plan: &Playbook, lang: Lang) -> Self {
        Self::in_words(plan, &Words::new(plan, lang))
    }

    /// Draws a plan up, teams and partners called as a configuration calls them.
    #[must_use]
    pub fn with(plan: &Playbook, lang: Lang, directory: &Directory) -> Self {
        Self::in_words(plan, &Words::new(plan, lang).with(directory))
    }

    fn in_words(plan: &Playbook, words: &Words<'_>) -> Self {
        let lang = words.lang;
        let paths = critical::paths(plan);
        let mut lanes = Lanes::default();
        let mut frames = Vec::with_capacity(plan.phases.len());
        for (at, phase) in plan.phases.iter().enumerate() {
            let path = &paths.phases[at];
            let way = paths.way.iter().position(|on| *on == at);
            let onward = way.map(|way| paths.way.get(way + 1).map_or(Target::End, to_frame));
            frames.push(frame(words, &mut lanes, (at, phase), path, onward));
        }
        let lanes = lanes.close(&mut frames, lang);
        Self {
            playbook: plan.id.clone(),
            version: plan.hash.clone(),
            title: line(plan.title.get(lang)),
            summary: plan.summary.as_ref().map(|summary| line(summary.get(lang))),
            lang,
            lanes,
            frames,
            handlers: plan.handlers.iter().map(|h| handler(words, h)).collect(),
            longest: longest(words, paths.seconds),
        }
    }
}

const fn to_frame(at: &usize) -> Target {
    Target::Frame(*at)
}

/// The lanes as steps ask for them.
#[derive(Debug, Default)]
struct Lanes {
    known: BTreeMap<SmolStr, usize>,
    titles: Vec<String>,
}

impl Lanes {
    /// Stands for the lane of steps that nobody does, until all lanes are known.
    const NOBODY: usize = usize::MAX;

    fn of(&mut self, words: &Words<'_>, step: &Step) -> usize {
        let role = match &step.action {
            Action::Approve(approve) => approve.by.iter().find_map(role_of).or(step.role.as_ref()),
            _ => step.doer(),
        };
        let (name, title) = match (&step.lane, role) {
            (Some(lane), _) => (lane.clone(), line(lane)),
            (None, Some(role)) => (SmolStr::new(role.as_str()), words.role(role)),
            (None, None) => return Self::NOBODY,
        };
        let next = self.titles.len();
        let lane = *self.known.entry(name).or_insert(next);
        if lane == next {
            self.titles.push(title);
        }
        lane
    }

    /// Gives the steps that nobody does the last lane.
    fn close(mut self, frames: &mut [Frame], lang: Lang) -> Vec<String> {
        let last = self.titles.len();
        let nodes = frames.iter_mut().flat_map(|frame| &mut frame.nodes);
        let mut used = false;
        for node in nodes.filter(|node| node.lane == Self::NOBODY) {
            node.lane = last;
            used = true;
        }
        if used || self.titles.is_empty() {
            self.titles.push(lang.pick("自动", "Automatic").to_owned());
        }
        self.titles
    }
}

const fn role_of(approver: &Approver) -> Option<&RoleId> {
    match approver {
        Approver::Role(role) => Some(role),
        Approver::Team(_) => None,
    }
}

fn frame(
    words: &Words<'_>,
    lanes: &mut Lanes,
    (at, phase): (usize, &Phase),
    path: &Path,
    onward: Option<Target>,
) -> Frame {
    let nodes = phase.every_step().enumerate().map(|(n, step)| Node {
        critical: path.steps.contains(&n),
        undoes: n >= phase.steps.len(),
        lane: lanes.of(words, step),
        ..node(words, step)
    });
    Frame {
        id: phase.id.clone(),
        title: words.phase(&phase.id),
        longest: longest(words, path.length.seconds),
        critical: onward.is_some(),
        nodes: nodes.collect(),
        edges: edges(phase, path),
        exits: exits(words, at, phase, onward),
    }
}

fn node(words: &Words<'_>, step: &Step) -> Node {
    Node {
        id: step.id.clone(),
        title: words.step(&step.id),
        kind: kind(&step.action),
        kind_word: words.kind(&step.action),
        lane: Lanes::NOBODY,
        who: words.who(step.role.as_ref(), &step.action),
        deadlines: words.deadlines(step),
        when: step.when.as_ref().map(|when| {
            let when = words.condition(when);
            words.lang.pick(format!("若 {when}"), format!("if {when}"))
        }),
        notes: notes(words, step),
        critical: false,
        undoes: false,
    }
}

const fn kind(action: &Action) -> Kind {
    match action {
        Action::Manual(_) => Kind::Manual,
        Action::Notify(_) => Kind::Notify,
        Action::Http(_) => Kind::Http,
        Action::Decide(_) => Kind::Decide,
        Action::Approve(_) => Kind::Approve,
        Action::Wait(_) => Kind::Wait,
        Action::Set(_) => Kind::Set,
        Action::Child(_) | Action::HandOff(_) => Kind::Plan,
    }
}

/// Says what else must be known about a step.
fn notes(words: &Words<'_>, step: &Step) -> Vec<String> {
    let lang = words.lang;
    let mut notes = Vec::new();
    notes.extend(words.join(step.join, step.after.len()));
    match &step.action {
        Action::Wait(Wait::For(span)) => notes.push(words.span(span)),
        Action::Wait(Wait::Until(condition)) => {
            let until = words.condition(condition);
            notes.push(lang.pick(format!("直到 {until}"), format!("until {until}")));
        }
        Action::Notify(notify) => {
            let to: Vec<String> = notify.to.iter().map(|to| words.audience(to)).collect();
            notes.push(format!("→ {}", to.join(lang.pick("、", ", "))));
        }
        Action::Decide(decide) => notes.push(line(&decide.options.join(" / "))),
        Action::Child(child) => {
            notes.push(format!("→ {}", child.playbook));
            if !child.wait {
                notes.push(lang.pick("不等待", "does not wait").to_owned());
            }
        }
        Action::HandOff(over) => notes.push(format!("⇒ {}", over.playbook)),
        Action::Manual(_) | Action::Http(_) | Action::Approve(_) | Action::Set(_) => {}
    }
    notes.extend(step.repeat.as_ref().map(|repeat| words.repeat(repeat)));
    if let Some(each) = &step.for_each {
        let list = words.variable(each.list.source());
        let at_most = each.at_most;
        notes.push(lang.pick(
            format!("对“{list}”逐项，至多 {at_most} 项"),
            format!("for each of “{list}”, at most {at_most}"),
        ));
    }
    match step.blocks {
        Blocks::Phase => {}
        Blocks::Close => notes.push(lang.pick("结束前须完成", "before the close").to_owned()),
        Blocks::Nothing => notes.push(lang.pick("不阻塞", "blocks nothing").to_owned()),
    }
    notes
}

fn edges(phase: &Phase, path: &Path) -> Vec<Edge> {
    let position = |id: &StepId| phase.every_step().position(|step| step.id == *id);
    let mut edges = Vec::new();
    for (to, before) in critical::after(phase).into_iter().enumerate() {
        for from in before {
            let critical = path.steps.windows(2).any(|pair| pair == [from, to]);
            edges.push(Edge { from, to, kind: EdgeKind::After, critical });
        }
    }
    for (from, step) in phase.steps.iter().enumerate() {
        for (outcome, kind) in outcomes(step) {
            let OnFailure::GoStep(to) = outcome else { continue };
            let Some(to) = position(to) else { continue };
            edges.push(Edge { from, to, kind, critical: false });
        }
        if let Some(Compensate::Step(by)) = &step.compensate
            && let Some(to) = position(by)
        {
            edges.push(Edge { from, to, kind: EdgeKind::Undo, critical: false });
        }
    }
    edges
}

const fn outcomes(step: &Step) -> [(&OnFailure, EdgeKind); 2] {
    [(&step.on_failure, EdgeKind::Failure), (&step.on_timeout, EdgeKind::Timeout)]
}

fn exits(words: &Words<'_>, at: usize, phase: &Phase, onward: Option<Target>) -> Vec<Exit> {
    let lang = words.lang;
    let plan = words.plan();
    let target = |id: &PhaseId| plan.phases.iter().position(|p| p.id == *id).map(Target::Frame);
    let mut exits = Vec::new();
    let mut onward = onward;
    let mut is_onward = |to: Target| onward.take_if(|onward| *onward == to).is_some();
    if phase.next.is_empty() {
        let to = if at + 1 < plan.phases.len() { Target::Frame(at + 1) } else { Target::End };
        let label = lang.pick("完成后", "when all is done").to_owned();
        exits.push(Exit { to, label, kind: EdgeKind::After, from: None, critical: is_onward(to) });
    }
    for next in &phase.next {
        let Some(to) = target(&next.to) else { continue };
        let critical = is_onward(to);
        let label = words.way_out(next);
        exits.push(Exit { to, label, kind: EdgeKind::After, from: None, critical });
    }
    for (from, step) in phase.steps.iter().enumerate() {
        for (outcome, kind) in outcomes(step) {
            let OnFailure::GoPhase(to) = outcome else { continue };
            let Some(to) = target(to) else { continue };
            let why = kind.word(lang).unwrap_or_default();
            let step = words.step(&step.id);
            let label = lang.pick(format!("“{step}”{why}"), format!("“{step}” {why}"));
            exits.push(Exit { to, label, kind, from: Some(from), critical: false });
        }
    }
    exits
}

fn handler(words: &Words<'_>, handler: &crate::playbook::Handler) -> Handler {
    let lang = words.lang;
    let plan = words.plan();
    let label = words.occasion(handler);
    let (act, to) = match &handler.act {
        HandlerAct::Notify(notify) => {
            let to: Vec<String> = notify.to.iter().map(|to| words.audience(to)).collect();
            let to = to.join(lang.pick("、", ", "));
            (lang.pick(format!("通知 {to}"), format!("tell {to}")), None)
        }
        HandlerAct::Go(phase) => {
            let title = words.phase(phase);
            let to = plan.phases.iter().position(|p| p.id == *phase);
            (lang.pick(format!("转入“{title}”"), format!("go to “{title}”")), to)
        }
    };
    Handler { label, act, to }
}

fn longest(words: &Words<'_>, seconds: u64) -> Option<String> {
    (seconds > 0).then(|| format!("≤ {}", words.span(&Span::from_seconds(seconds))))
}
