//! A workflow of the standard as a graph that is known to be whole: every id leads somewhere,
//! every branch ends, nothing goes round outside a `while`. It must not know plans.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::cacao::ids;
use crate::exchange::code::{
    CYCLE, DANGLING_ID, EXCLUSIVE, NO_END, NOT_CACAO, SELF_LOOP, TOO_MANY, UNREACHABLE, WRONG_PART,
};
use crate::exchange::json::place_of;
use crate::playbook::diagnostic::{Code, Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Data, Node};
use crate::text::Text;

/// The most steps of a workflow that are looked at: ten times what a plan may hold.
pub(super) const WORKFLOW_MAX: usize = 10_000;

/// The eight types of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    End,
    Action,
    PlaybookAction,
    Parallel,
    If,
    While,
    Switch,
}

const KINDS: [(&str, Kind); 8] = [
    ("start", Kind::Start),
    ("end", Kind::End),
    ("action", Kind::Action),
    ("playbook-action", Kind::PlaybookAction),
    ("parallel", Kind::Parallel),
    ("if-condition", Kind::If),
    ("while-condition", Kind::While),
    ("switch-condition", Kind::Switch),
];

/// By what a step leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// `on_completion`, or `on_success` where there is no `on_failure`.
    Next,
    /// `on_success` beside an `on_failure`.
    Success,
    Failure,
    Branch,
    True,
    False,
    /// The case of that position.
    Case(usize),
    Default,
}

/// One step of a workflow.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) id: &'a str,
    pub(super) kind: Kind,
    pub(super) node: &'a Node,
    pub(super) ways: Vec<(By, usize)>,
    /// The labels of a switch, without `default`.
    pub(super) cases: Vec<&'a str>,
}

impl<'a> Part<'a> {
    /// Returns a text of the step.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.node.get(key)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Returns where a way leads.
    pub(super) fn way(&self, by: By) -> Option<usize> {
        self.ways.iter().find(|(kind, _)| *kind == by).map(|(_, to)| *to)
    }

    /// Returns what follows when the step has not failed.
    pub(super) fn next(&self) -> Option<usize> {
        self.way(By::Next).or_else(|| self.way(By::Success))
    }
}

/// A whole workflow.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) start: usize,
    pub(super) exception: Option<usize>,
}

/// Reads the workflow of a playbook; `None` where something was found.
pub(super) fn read<'a>(root: &'a Node, out: &mut Diagnostics) -> Option<Graph<'a>> {
    let mut reader = Reader { root, index: BTreeMap::new(), out };
    let graph = reader.graph();
    graph.filter(|_| out.is_empty())
}

struct Reader<'a, 'o> {
    root: &'a Node,
    index: BTreeMap<&'a str, usize>,
    out: &'o mut Diagnostics,
}

impl<'a> Reader<'a, '_> {
    fn graph(&mut self) -> Option<Graph<'a>> {
        self.head()?;
        let workflow = self.root.get("workflow").and_then(Node::as_map);
        let Some(workflow) = workflow else {
            self.wrong("playbook", "workflow", &Text::both("对象", "an object"));
            return None;
        };
        if workflow.len() > WORKFLOW_MAX {
            let n = workflow.len();
            let message = both!(
                "工作流有 {n} 个步骤，超过上限 {WORKFLOW_MAX}",
                "the workflow has {n} steps, more than {WORKFLOW_MAX}"
            );
            let last = workflow[WORKFLOW_MAX].key.span;
            self.out.push(Diagnostic::new(TOO_MANY, message).at(last));
            return None;
        }
        let keys = workflow.iter().enumerate();
        self.index = keys.map(|(n, entry)| (entry.key.text.as_str(), n)).collect();
        let mut parts = Vec::with_capacity(workflow.len());
        for entry in workflow {
            parts.extend(self.part(&entry.key.text, &entry.value));
        }
        if parts.len() < workflow.len() {
            return None;
        }
        let start = self.root.get("workflow_start").and_then(Node::as_str);
        let Some(start) = start else {
            self.wrong("playbook", "workflow_start", &Text::both("步骤 id", "the id of a step"));
            return None;
        };
        let at = self.resolve("playbook", "workflow_start", start)?;
        if parts[at].kind != Kind::Start {
            let found = both!("`{start}` 不是 start 步骤", "`{start}` is no start step");
            self.found(WRONG_PART, start, found);
        }
        let exception = match self.root.get("workflow_exception") {
            None => None,
            Some(node) => {
                let id = node.as_str().unwrap_or_default();
                Some(self.resolve("playbook", "workflow_exception", id)?)
            }
        };
        if !parts.iter().any(|part| part.kind == Kind::End) {
            let found = Text::both("工作流没有 end 步骤", "the workflow has no end step");
            self.out.push(Diagnostic::new(NO_END, found));
        }
        let graph = Graph { parts, start: at, exception };
        // Where an id leads nowhere, much else would be said that is not so.
        if self.out.is_empty() {
            self.reach(&graph);
            self.circles(&graph);
        }
        Some(graph)
    }

    /// Checks what the file says that it is.
    fn head(&mut self) -> Option<()> {
        let text = |key: &str| self.root.get(key).and_then(Node::as_str);
        if text("type") != Some("playbook") {
            let found = Text::both("`type` 不是 `playbook`", "its `type` is not `playbook`");
            self.out.push(Diagnostic::new(NOT_CACAO, found));
            return None;
        }
        let version = text("spec_version").unwrap_or("?").to_owned();
        if version != "cacao-2.0" {
            let found = both!("版本是 `{version}`", "its version is `{version}`");
            let help = Text::both("只读 cacao-2.0", "only cacao-2.0 is read");
            self.out.push(Diagnostic::new(NOT_CACAO, found).help(help));
            return None;
        }
        if text("name").is_none() {
            self.wrong("playbook", "name", &Text::both("文本", "text"));
        }
        for (key, inside) in [
            ("playbook_variables", "type"),
            ("agent_definitions", "name"),
            ("target_definitions", "name"),
        ] {
            let Some(node) = self.root.get(key) else { continue };
            let Some(entries) = node.as_map() else {
                self.wrong("playbook", key, &Text::both("对象", "an object"));
                continue;
            };
            for entry in entries {
                if entry.value.get(inside).and_then(Node::as_str).is_none() {
                    self.wrong(&entry.key.text, inside, &Text::both("文本", "text"));
                }
            }
        }
        Some(())
    }

    fn part(&mut self, id: &'a str, node: &'a Node) -> Option<Part<'a>> {
        let said = node.get("type").and_then(Node::as_str);
        let kind = said.and_then(|said| KINDS.iter().find(|(name, _)| *name == said));
        let Some((name, kind)) = kind else {
            self.wrong(
                id,
                "type",
                &Text::both("八种步骤类型之一", "one of the eight types of steps"),
            );
            return None;
        };
        if ids::kind(id) != Some(name) {
            let found =
                both!("`{id}` 应写成 `{name}--` 加 UUID", "`{id}` should be `{name}--` and a UUID");
            self.found(WRONG_PART, id, found);
            return None;
        }
        let mut part = Part { id, kind: *kind, node, ways: Vec::new(), cases: Vec::new() };
        self.properties(&part);
        self.follows(&mut part);
        self.branches(&mut part);
        let says = ["on_completion", "on_success", "on_failure"];
        let says = says.iter().any(|key| node.get(key).is_some());
        if part.ways.is_empty() && !says && part.kind != Kind::End {
            let found = both!(
                "步骤 `{id}` 之后没有步骤，也没有结束",
                "`{id}` leads nowhere, not even to an end"
            );
            self.found(NO_END, id, found);
        }
        Some(part)
    }

    /// Checks the types of what any step may say.
    fn properties(&mut self, part: &Part<'a>) {
        let text = Text::both("文本", "text");
        for key in ["name", "description", "condition", "switch", "playbook_id", "agent"] {
            let wanted = match part.kind {
                Kind::If | Kind::While => key == "condition",
                Kind::Switch => key == "switch",
                Kind::PlaybookAction => key == "playbook_id",
                Kind::Action => key == "agent",
                _ => false,
            };
            let node = part.node.get(key);
            if node.map_or(wanted, |node| node.as_str().is_none()) {
                self.wrong(part.id, key, &text);
            }
        }
        for (key, least) in [("delay", 1), ("timeout", 0)] {
            let Some(node) = part.node.get(key) else { continue };
            if !matches!(node.data, Data::Integer(n) if n >= least) {
                self.wrong(part.id, key, &Text::both("毫秒数", "a number of milliseconds"));
            }
        }
        for key in ["targets", "in_args", "out_args"] {
            let Some(node) = part.node.get(key) else { continue };
            let texts =
                node.as_list().is_some_and(|list| list.iter().all(|i| i.as_str().is_some()));
            if !texts {
                self.wrong(part.id, key, &Text::both("文本列表", "a list of texts"));
            }
        }
        if part.kind == Kind::Action {
            let commands = part.node.get("commands").and_then(Node::as_list).unwrap_or_default();
            let typed = |node: &Node| node.get("type").and_then(Node::as_str).is_some();
            if commands.is_empty() || !commands.iter().all(typed) {
                self.wrong(part.id, "commands", &Text::both("命令列表", "a list of commands"));
            }
        }
        let agent = part.node.get("agent").and_then(Node::as_str);
        let targets = part.node.get("targets").and_then(Node::as_list).unwrap_or_default();
        let targets = targets.iter().filter_map(Node::as_str);
        let named = agent.map(|id| ("agent_definitions", id)).into_iter();
        for (key, id) in named.chain(targets.map(|id| ("target_definitions", id))) {
            if self.root.get(key).and_then(|all| all.get(id)).is_none() {
                let step = part.id;
                let found = both!(
                    "步骤 `{step}` 提到的 `{id}` 不在 {key} 中",
                    "`{step}` names `{id}`, which is not in {key}"
                );
                self.found(DANGLING_ID, id, found);
            }
        }
    }

    /// Reads what comes after a step.
    fn follows(&mut self, part: &mut Part<'a>) {
        let completion = self.one(part, "on_completion");
        let success = self.one(part, "on_success");
        let failure = self.one(part, "on_failure");
        let id = part.id;
        if part.node.get("on_completion").is_some()
            && (part.node.get("on_success").is_some() || part.node.get("on_failure").is_some())
        {
            let found = both!(
                "步骤 `{id}` 不能同时写 on_completion 与 on_success、on_failure",
                "`{id}` has both on_completion and on_success or on_failure"
            );
            self.found(EXCLUSIVE, id, found);
        }
        if part.kind == Kind::End && (completion.or(success).or(failure)).is_some() {
            let found =
                both!("end 步骤 `{id}` 之后不能有步骤", "nothing may follow the end step `{id}`");
            self.found(EXCLUSIVE, id, found);
        }
        let success_by = if failure.is_some() { By::Success } else { By::Next };
        part.ways.extend(completion.map(|to| (By::Next, to)));
        part.ways.extend(success.map(|to| (success_by, to)));
        part.ways.extend(failure.map(|to| (By::Failure, to)));
    }

    /// Reads what a step holds.
    fn branches(&mut self, part: &mut Part<'a>) {
        match part.kind {
            Kind::Parallel => {
                let steps = part.node.get("next_steps").and_then(Node::as_list).unwrap_or_default();
                if steps.is_empty() {
                    self.wrong(
                        part.id,
                        "next_steps",
                        &Text::both("步骤 id 的列表", "a list of ids"),
                    );
                }
                for step in steps {
                    let to = self.lead(part.id, "next_steps", step);
                    part.ways.extend(to.map(|to| (By::Branch, to)));
                }
            }
            Kind::If | Kind::While => {
                if part.node.get("on_true").is_none() {
                    self.wrong(part.id, "on_true", &Text::both("步骤 id", "the id of a step"));
                }
                let to = self.one(part, "on_true");
                part.ways.extend(to.map(|to| (By::True, to)));
                let to = self.one(part, "on_false").filter(|_| part.kind == Kind::If);
                part.ways.extend(to.map(|to| (By::False, to)));
            }
            Kind::Switch => {
                let cases = part.node.get("cases").and_then(Node::as_map).unwrap_or_default();
                if cases.is_empty() {
                    self.wrong(part.id, "cases", &Text::both("对象", "an object"));
                }
                for entry in cases {
                    let to = self.lead(part.id, "cases", &entry.value);
                    let by = if entry.key.text == "default" {
                        By::Default
                    } else {
                        part.cases.push(&entry.key.text);
                        By::Case(part.cases.len() - 1)
                    };
                    part.ways.extend(to.map(|to| (by, to)));
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, part: &Part<'a>, key: &'static str) -> Option<usize> {
        let node = part.node.get(key)?;
        self.lead(part.id, key, node)
    }

    fn lead(&mut self, id: &str, key: &str, node: &'a Node) -> Option<usize> {
        let Some(to) = node.as_str() else {
            self.wrong(id, key, &Text::both("步骤 id", "the id of a step"));
            return None;
        };
        if to == id {
            let found = both!("步骤 `{id}` 的 {key} 指向自己", "{key} of `{id}` leads to itself");
            self.found(SELF_LOOP, id, found);
            return None;
        }
        self.resolve(id, key, to)
    }

    fn resolve(&mut self, id: &str, key: &str, to: &str) -> Option<usize> {
        let at = self.index.get(to).copied();
        if at.is_none() {
            let found = both!(
                "`{id}` 的 {key} 指向 `{to}`，工作流中没有它",
                "{key} of `{id}` leads to `{to}`, which is not in the workflow"
            );
            self.found(DANGLING_ID, to, found);
        }
        at
    }

    fn reach(&mut self, graph: &Graph<'a>) {
        let mut open: Vec<usize> = std::iter::once(graph.start).chain(graph.exception).collect();
        let mut reached: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(at) = open.pop() {
            for (_, to) in &graph.parts[at].ways {
                if reached.insert(*to) {
                    open.push(*to);
                }
            }
        }
        for (n, part) in graph.parts.iter().enumerate() {
            let id = part.id;
            if !reached.contains(&n) {
                let found = both!("没有路径到达步骤 `{id}`", "no way leads to `{id}`");
                self.found(UNREACHABLE, id, found);
            }
        }
    }

    /// Finds the first circle that steps make.
    fn circles(&mut self, graph: &Graph<'a>) {
        let mut closed = vec![false; graph.parts.len()];
        for from in 0..graph.parts.len() {
            let mut path: Vec<(usize, usize)> = vec![(from, 0)];
            let mut on_path = BTreeSet::from([from]);
            while let Some((at, way)) = path.last_mut() {
                let (at, n) = (*at, *way);
                *way += 1;
                match graph.parts[at].ways.get(n) {
                    _ if closed[at] => {
                        on_path.remove(&at);
                        path.pop();
                    }
                    None => {
                        closed[at] = true;
                    }
                    Some((_, to)) if on_path.contains(to) => {
                        let begin = path.iter().position(|(one, _)| one == to).unwrap_or(0);
                        let circle: Vec<&str> =
                            path[begin..].iter().map(|(one, _)| graph.parts[*one].id).collect();
                        self.circle(&circle);
                        return;
                    }
                    Some((_, to)) => {
                        on_path.insert(*to);
                        path.push((*to, 0));
                    }
                }
            }
        }
    }

    fn circle(&mut self, circle: &[&str]) {
        let shown = circle.iter().take(5).map(|id| format!("`{id}`")).collect::<Vec<_>>();
        let more = if circle.len() > 5 { " → …" } else { "" };
        let (first, shown) = (circle.first().copied().unwrap_or_default(), shown.join(" → "));
        let found = Diagnostic::new(
            CYCLE,
            both!(
                "步骤成环：{shown}{more} → `{first}`",
                "steps go round: {shown}{more} → `{first}`"
            ),
        );
        let found = found.help(Text::both(
            "重复只能用 while-condition 表示，其分支以 end 结束",
            "only a while-condition repeats, and its branch ends in an end step",
        ));
        self.push(found, first);
    }

    fn wrong(&mut self, id: &str, key: &str, wanted: &Text) {
        use crate::text::Lang;
        let (zh, en) = (wanted.get(Lang::Zh), wanted.get(Lang::En));
        let found = both!("`{id}` 的 `{key}` 应为{zh}", "`{key}` of `{id}` must be {en}");
        self.found(WRONG_PART, id, found);
    }

    fn found(&mut self, code: Code, id: &str, message: Text) {
        self.push(Diagnostic::new(code, message), id);
    }

    fn push(&mut self, found: Diagnostic, id: &str) {
        // Looking for a place reads the file: not once more when nobody will be told.
        if self.out.is_full() {
            self.out.push(found);
            return;
        }
        let place = place_of(self.out.source(), id);
        self.out.push(match place {
            Some(span) => found.at(span),
            None => found,
        });
    }
}
