//! The plan as a whole, put together from the stretches of a workflow.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::Draft;
use crate::exchange::cacao::author::Author;
use crate::exchange::cacao::graph::{Graph, Kind};
use crate::exchange::cacao::guard::{CASES_MAX, DEFAULT};
use crate::exchange::cacao::weave::{self, Stretch, Tangle};
use crate::exchange::cacao::work::{Work, tidy};
use crate::exchange::code::{CYCLE, TOO_MANY};
use crate::exchange::draft::{put, slug};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Data, Node, Remarks};
use crate::text::{Lang, Text};

/// The most steps of a plan.
const STEPS_MAX: usize = 1_000;
/// How often a loop of the standard may go round before people are told: it has no bound itself.
const ROUNDS: i64 = 100;

/// What the standard can say and a plan of firebell does not keep.
const LEFT_OUT: [&str; 16] = [
    "playbook_types",
    "playbook_activities",
    "playbook_processing_summary",
    "valid_from",
    "valid_until",
    "derived_from",
    "related_to",
    "priority",
    "severity",
    "impact",
    "industry_sectors",
    "external_references",
    "markings",
    "playbook_extensions",
    "authentication_info_definitions",
    "signatures",
];

/// Makes a plan of a whole workflow; `None` where something was found.
pub(super) fn assemble(
    root: &Node,
    graph: &Graph<'_>,
    lang: Lang,
    out: &mut Diagnostics,
) -> Option<Draft> {
    let work = graph.parts.iter().filter(|part| !matches!(part.kind, Kind::Start | Kind::End));
    let steps = work.count();
    if steps > STEPS_MAX {
        out.push(placed(too_many(steps), Some(root), "workflow"));
        return None;
    }
    if let Some(part) = graph.parts.iter().find(|part| part.cases.len() > CASES_MAX) {
        let id = part.id;
        let found =
            both!("`{id}` 的分支超过 {CASES_MAX} 个", "`{id}` has more than {CASES_MAX} cases");
        out.push(placed(Diagnostic::new(TOO_MANY, found), root.get("workflow"), id));
        return None;
    }
    let mut plan = Plan {
        author: Author::new(root, graph, lang),
        phases: Vec::new(),
        remarks: Remarks::default(),
    };
    match plan.phases(graph) {
        Ok(handlers) => Some(plan.finish(root, handlers)),
        Err(tangle) => {
            let (Tangle::Entangled(at) | Tangle::TooMany(at)) = tangle;
            let id = graph.parts[at].id;
            out.push(placed(tangled(graph, tangle), root.get("workflow"), id));
            None
        }
    }
}

/// Points at a key of an object.
fn placed(found: Diagnostic, object: Option<&Node>, key: &str) -> Diagnostic {
    let entries = object.and_then(Node::as_map).unwrap_or_default();
    match entries.iter().find(|entry| entry.key.text == key) {
        Some(entry) => found.at(entry.key.span),
        None => found,
    }
}

fn too_many(steps: usize) -> Diagnostic {
    let found = both!(
        "工作流有 {steps} 个步骤，一个预案至多 {STEPS_MAX} 个",
        "the workflow has {steps} steps; a plan holds at most {STEPS_MAX}"
    );
    let help = Text::both("拆成多个 CACAO 预案", "split it into several playbooks");
    Diagnostic::new(TOO_MANY, found).help(help)
}

fn tangled(graph: &Graph<'_>, tangle: Tangle) -> Diagnostic {
    match tangle {
        Tangle::Entangled(at) => {
            let id = graph.parts[at].id;
            Diagnostic::new(
                CYCLE,
                both!(
                    "步骤 `{id}` 既在分支之内又在分支之后",
                    "`{id}` stands inside a branch and after it at once"
                ),
            )
            .help(Text::both(
                "分支以 end 结束，其后的步骤写在 on_completion",
                "end the branch with an end step; what follows belongs to on_completion",
            ))
        }
        Tangle::TooMany(at) => {
            let id = graph.parts[at].id;
            let found = both!(
                "通往步骤 `{id}` 的条件组合过多",
                "too many combinations of conditions lead to `{id}`"
            );
            Diagnostic::new(TOO_MANY, found)
        }
    }
}

struct Phase {
    id: String,
    title: String,
    steps: Vec<Work>,
    next: Vec<Node>,
    remark: Option<String>,
}

struct Plan<'a> {
    author: Author<'a>,
    phases: Vec<Phase>,
    remarks: Remarks,
}

impl Plan<'_> {
    /// Makes the phases and returns the handlers.
    fn phases(&mut self, graph: &Graph<'_>) -> Result<Vec<Node>, Tangle> {
        let head = graph.parts[graph.start].next().unwrap_or(graph.start);
        let stretches = weave::stretches(graph, head);
        for stretch in &stretches {
            self.stretch(graph, *stretch)?;
        }
        let names: Vec<String> = self.phases.iter().map(|phase| phase.id.clone()).collect();
        let ends_in_loop = stretches.last().is_some_and(|stretch| stretch.round.is_some());
        let exception = match graph.exception.filter(|at| graph.parts[*at].kind != Kind::End) {
            Some(head) => {
                self.stretch(graph, Stretch { head, stop: None, round: None })?;
                self.phases.last().map(|phase| phase.id.clone())
            }
            None => None,
        };
        if exception.is_some() || ends_in_loop || self.phases.is_empty() {
            self.wrap_up();
        }
        let last = self.phases.last().map(|phase| phase.id.clone()).unwrap_or_default();
        for n in 0..names.len() {
            let following = names.get(n + 1).unwrap_or(&last).clone();
            let leaves = n + 1 == names.len() && exception.is_some();
            let phase = &mut self.phases[n];
            if (!phase.next.is_empty() || leaves) && phase.id != following {
                phase.next.push(Node::map_of([("to", Node::text_of(following))]));
            }
        }
        let Some(exception) = exception else { return Ok(Vec::new()) };
        let during = names.into_iter().map(Node::text_of);
        Ok(vec![Node::map_of([
            ("event", Node::text_of("step_failed")),
            ("while_phase", Node::list_of(during)),
            ("go", Node::text_of(exception)),
        ])])
    }

    /// Makes a phase of a stretch.
    fn stretch(&mut self, graph: &Graph<'_>, stretch: Stretch) -> Result<(), Tangle> {
        let mut steps = Vec::new();
        let n = self.phases.len() + 1;
        let mut title = self.author.says(&format!("处置 {n}"), &format!("Response {n}"));
        if stretch.round.is_none() && graph.exception == Some(stretch.head) {
            title = self.author.says("异常处理", "Exception");
        }
        let nothing = BTreeSet::new();
        if let Some(round) = stretch.round {
            title = graph.parts[round].text("name").map_or(title, str::to_owned);
            self.author.round(round);
            let condition = weave::Placed::alone(round);
            steps.extend(self.author.step(&condition));
        }
        let full = |at: usize| match graph.parts[at].kind {
            Kind::Switch => {
                (0..graph.parts[at].cases.len()).fold(1_u64 << DEFAULT, |m, n| m | 1 << n)
            }
            _ => 0b11,
        };
        let placed = weave::lay(graph, stretch, &full)?;
        let ends: BTreeMap<usize, BTreeSet<usize>> = weave::ends(graph, stretch);
        for one in &placed {
            self.author.joins(one.at, ends.get(&one.at).unwrap_or(&nothing));
        }
        for one in &placed {
            for at in one.guard_choices(graph) {
                self.author.close_branches(at, ends.get(&at).unwrap_or(&nothing));
            }
            steps.extend(self.author.step(one));
        }
        let id = self.author.name(&title, &format!("phase_{n}"));
        let mut next = Vec::new();
        let mut remark = None;
        if let Some(again) = stretch.round.and_then(|round| self.author.again(round)) {
            next.push(Node::map_of([
                ("to", Node::text_of(id.as_str())),
                ("when", Node::text_of(again)),
                ("at_most", Node::of(Data::Integer(ROUNDS))),
            ]));
            remark = Some(self.author.says(
                "待定：循环至多几次？CACAO 没有上限",
                "Decide: how often may it go round? CACAO has no bound",
            ));
        }
        self.phases.push(Phase { id, title: tidy(&title).replace('\n', " "), steps, next, remark });
        Ok(())
    }

    /// Adds a last phase, in which a person says that it is over.
    fn wrap_up(&mut self) {
        let title = self.author.says("收尾", "Wrap up");
        let id = self.author.name(&title, "wrap_up");
        let mut work = Work::default();
        let name = self.author.says("确认处置结束", "Confirm that the work is over");
        work.put("id", self.author.name(&name, "confirm_end"));
        work.put("title", name);
        work.put("role", "commander");
        self.phases.push(Phase { id, title, steps: vec![work], next: Vec::new(), remark: None });
    }

    fn finish(mut self, root: &Node, handlers: Vec<Node>) -> Draft {
        let text = |key: &str| root.get(key).and_then(Node::as_str);
        let name = text("name").filter(|name| !name.trim().is_empty()).unwrap_or("CACAO");
        let mut plan = Vec::new();
        put(&mut plan, "playbook", slug(name, "imported"));
        put(&mut plan, "title", tidy(name).replace('\n', " "));
        if let Some(summary) = text("description").filter(|text| !text.trim().is_empty()) {
            put(&mut plan, "summary", tidy(summary));
        }
        let (inputs, said) = self.author.inputs();
        if !inputs.is_empty() {
            put(&mut plan, "inputs", Node::map_of(inputs));
        }
        let (roles, more) = self.author.roles();
        put(&mut plan, "roles", roles);
        for (at, remark) in said.into_iter().chain(more) {
            self.remarks.add(at, remark);
        }
        let phases = std::mem::take(&mut self.phases);
        let phases = phases.into_iter().enumerate().map(|(n, phase)| self.phase(n, phase));
        let phases: Vec<Node> = phases.collect();
        put(&mut plan, "phases", Node::list_of(phases));
        if !handlers.is_empty() {
            put(&mut plan, "handlers", Node::list_of(handlers));
        }
        self.head(root);
        Draft { root: Node::map_of(plan), remarks: self.remarks }
    }

    fn phase(&mut self, n: usize, phase: Phase) -> Node {
        let at = format!("/phases/{n}");
        let mut steps = Vec::with_capacity(phase.steps.len());
        for (m, step) in phase.steps.into_iter().enumerate() {
            for (key, remark) in step.remarks {
                self.remarks.add(format!("{at}/steps/{m}/{key}"), tidy(&remark));
            }
            steps.push(Node::map_of(step.fields));
        }
        let mut entries = Vec::new();
        put(&mut entries, "id", phase.id);
        put(&mut entries, "title", phase.title);
        put(&mut entries, "steps", Node::list_of(steps));
        if !phase.next.is_empty() {
            put(&mut entries, "next", Node::list_of(phase.next));
        }
        if let Some(remark) = phase.remark {
            self.remarks.add(format!("{at}/next"), remark);
        }
        Node::map_of(entries)
    }

    /// Says at the head of the file where it comes from and what was left behind.
    fn head(&mut self, root: &Node) {
        let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or("?");
        let (id, modified) = (tidy(text("id")), tidy(text("modified")));
        self.remarks.add(
            "",
            self.author.says(
                &format!("由 CACAO 2.0 预案 {id}（{modified}）导入；请逐条处理下列注释"),
                &format!(
                    "Imported from the CACAO 2.0 playbook {id} ({modified}); deal with each remark"
                ),
            ),
        );
        let left: Vec<&str> = LEFT_OUT.into_iter().filter(|key| root.get(key).is_some()).collect();
        if !left.is_empty() {
            let left = left.join(", ");
            self.remarks.add(
                "",
                self.author.says(&format!("未带入：{left}"), &format!("Not carried over: {left}")),
            );
        }
    }
}
