//! The author of a plan that comes in: gives names, roles and variables, and makes each step of
//! the workflow a step of the plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::cacao::address::{self, Address};
use crate::exchange::cacao::graph::{Graph, Kind, Part};
use crate::exchange::cacao::guard::{Choice, DEFAULT, FAILED, Guard, SUCCEEDED};
use crate::exchange::cacao::pattern::{self, Known};
use crate::exchange::cacao::weave::Placed;
use crate::exchange::cacao::work::{self, Work};
use crate::exchange::cacao::{graph::By, variable};
use crate::exchange::draft::{Entries, Names, put, slug};
use crate::playbook::expression::is_reserved;
use crate::playbook::yaml::{Data, Node};
use crate::text::Lang;

/// The role that everything falls to that nobody else does.
const COMMANDER: &str = "commander";

/// Remarks by the place they stand at.
type Said = Vec<(String, String)>;

pub(super) struct Author<'a> {
    pub(super) graph: &'a Graph<'a>,
    root: &'a Node,
    lang: Lang,
    names: Names,
    variables: BTreeMap<&'a str, Known>,
    /// Names of variables that are taken.
    taken: Names,
    /// The role of each actor that is a person or a group.
    roles: BTreeMap<&'a str, String>,
    pub(super) choices: BTreeMap<usize, Choice>,
    /// The steps of the plan that end when a step of the workflow has.
    ends: BTreeMap<usize, Vec<String>>,
    /// Steps whose failure is answered by the workflow itself.
    forgiving: BTreeSet<usize>,
}

impl<'a> Author<'a> {
    pub(super) fn new(root: &'a Node, graph: &'a Graph<'a>, lang: Lang) -> Self {
        let mut author = Self {
            graph,
            root,
            lang,
            names: Names::default(),
            variables: BTreeMap::new(),
            taken: Names::default(),
            roles: BTreeMap::new(),
            choices: BTreeMap::new(),
            ends: BTreeMap::new(),
            forgiving: BTreeSet::new(),
        };
        author.read_variables();
        author.read_roles();
        author
    }

    pub(super) fn says(&self, zh: &str, en: &str) -> String {
        self.lang.pick(zh, en).to_owned()
    }

    /// Makes a name for a step or phase.
    pub(super) fn name(&mut self, said: &str, fallback: &str) -> String {
        self.names.make(said, fallback)
    }

    fn read_variables(&mut self) {
        let steps = self.graph.parts.iter().filter_map(|part| part.node.get("step_variables"));
        let all = self.root.get("playbook_variables").into_iter().chain(steps);
        for entry in all.filter_map(Node::as_map).flatten() {
            let name = entry.key.text.as_str();
            // A name that the standard does not allow is still something to know.
            let inner = variable::inner(name).unwrap_or(name);
            if self.variables.contains_key(name) {
                continue;
            }
            let kind = entry.value.get("type").and_then(Node::as_str).unwrap_or_default();
            let said = if is_reserved(inner) { format!("var {inner}") } else { inner.to_owned() };
            let made = self.taken.make(&said, "variable");
            let name_in_plan = if is_reserved(&made) {
                self.taken.make(&format!("var {made}"), "var_x")
            } else {
                made
            };
            let known = Known { name: name_in_plan, kind: variable::field_type(kind).0 };
            self.variables.insert(name, known);
        }
    }

    fn read_roles(&mut self) {
        let mut names = Names::default();
        names.make(COMMANDER, COMMANDER);
        let agents = self.root.get("agent_definitions").and_then(Node::as_map).unwrap_or_default();
        let used: BTreeSet<&str> = self
            .graph
            .parts
            .iter()
            .filter_map(|part| part.node.get("agent").and_then(Node::as_str))
            .collect();
        for agent in agents {
            let kind = agent.key.text.split("--").next().unwrap_or_default();
            let people = ["individual", "group", "organization", "sector", "location"];
            if people.contains(&kind) && used.contains(agent.key.text.as_str()) {
                let said = agent.value.get("name").and_then(Node::as_str).unwrap_or_default();
                self.roles.insert(&agent.key.text, names.make(said, "role"));
            }
        }
    }

    /// Writes the roles, with a remark for each.
    pub(super) fn roles(&self) -> (Node, Said) {
        let role = |title: &str, team: &str| {
            Node::map_of([
                ("title", Node::text_of(work::tidy(title).replace('\n', " "))),
                ("assign", Node::map_of([("claim", Node::text_of(team))])),
            ])
        };
        let mut roles = vec![(
            COMMANDER.to_owned(),
            role(&self.says("总指挥", "Incident commander"), "response-team"),
        )];
        let mut remarks = vec![(
            format!("/roles/{COMMANDER}/assign"),
            self.says(
                "待定：哪个团队或值班表？由谁接替？",
                "Decide: which team or schedule, and who deputises?",
            ),
        )];
        let agents = self.root.get("agent_definitions");
        for (agent, name) in &self.roles {
            let node = agents.and_then(|agents| agents.get(agent));
            let said = node.and_then(|node| node.get("name")?.as_str()).unwrap_or(name);
            roles.push((name.clone(), role(said, &slug(said, "response-team"))));
            remarks.push((
                format!("/roles/{name}/assign"),
                self.says(
                    "待定：哪个团队或值班表？预案中只写角色与团队，不写人名",
                    "Decide: which team or schedule? Plans name roles and teams, never persons",
                ),
            ));
        }
        (Node::map_of(roles), remarks)
    }

    /// Writes the inputs, with remarks.
    pub(super) fn inputs(&self) -> (Entries, Said) {
        let mut inputs = Vec::new();
        let mut remarks = Vec::new();
        let steps = self.graph.parts.iter().filter_map(|part| part.node.get("step_variables"));
        let all = self.root.get("playbook_variables").into_iter().chain(steps);
        let mut done = BTreeSet::new();
        for entry in all.filter_map(Node::as_map).flatten() {
            let Some(known) = self.variables.get(entry.key.text.as_str()) else { continue };
            if !done.insert(entry.key.text.as_str()) {
                continue;
            }
            let text = |key: &str| entry.value.get(key).and_then(Node::as_str);
            let mut field = Vec::new();
            put(&mut field, "type", known.kind);
            let label = text("description").filter(|text| !text.trim().is_empty());
            put(&mut field, "label", work::tidy(label.unwrap_or(&known.name)));
            let at = format!("/inputs/{}", known.name);
            let said = entry.key.text.as_str();
            if variable::inner(said).is_none() {
                let said = work::tidy(said).replace('\n', " ");
                let says = self.says(
                    &format!(
                        "CACAO 变量 `{said}` 的名称不合标准（应为 __名称__），引用它的文字未改写"
                    ),
                    &format!(
                        "`{said}` is no name that CACAO allows (it is __name__): what refers to it \
                         was left as it is"
                    ),
                );
                remarks.push((at.clone(), says));
            }
            match text("value").map(|value| (value, default(value, known.kind))) {
                Some((_, Some(default))) => put(&mut field, "default", default),
                Some((value, None)) if !value.is_empty() => {
                    let value = work::tidy(value);
                    remarks.push((
                        at.clone(),
                        self.says(
                            &format!("初值 `{value}` 不是 {}，未带入", known.kind),
                            &format!("its value `{value}` is no {}: left out", known.kind),
                        ),
                    ));
                }
                _ => {}
            }
            if matches!(entry.value.get("constant").map(|node| &node.data), Some(Data::Bool(true)))
            {
                let says = self.says(
                    "CACAO 中是常量；预案的输入可以改变",
                    "a constant in CACAO; an input of a plan may change",
                );
                remarks.push((at.clone(), says));
            }
            let kind = text("type").unwrap_or_default();
            if !variable::field_type(kind).1 {
                let says = self.says(
                    &format!("CACAO 类型 `{kind}` 以文本保留"),
                    &format!("the type `{kind}` of CACAO is kept as text"),
                );
                remarks.push((at, says));
            }
            inputs.push((known.name.clone(), Node::map_of(field)));
        }
        (inputs, remarks)
    }

    /// Finds a variable by its name in the standard.
    pub(super) fn known(&self, name: &str) -> Option<Known> {
        self.variables.get(name).cloned()
    }

    /// Turns the standard's references into the plan's.
    pub(super) fn template(&self, text: &str) -> String {
        work::template(self, text)
    }

    /// Names what a step works on.
    pub(super) fn targets(&self, part: &Part<'_>) -> Vec<String> {
        let ids = part.node.get("targets").and_then(Node::as_list).unwrap_or_default();
        let named = ids.iter().filter_map(Node::as_str).map(|id| {
            let target = self.root.get("target_definitions").and_then(|all| all.get(id));
            target.and_then(|target| target.get("name")?.as_str()).unwrap_or(id).to_owned()
        });
        named.collect()
    }

    /// Finds where a request goes: to the first target with an address, else to the actor that
    /// answers it.
    pub(super) fn address(&self, part: &Part<'_>) -> Option<Address> {
        let targets = part.node.get("targets").and_then(Node::as_list).unwrap_or_default();
        let targets = targets
            .iter()
            .filter_map(Node::as_str)
            .filter_map(|id| self.root.get("target_definitions")?.get(id).and_then(address::of));
        let agent = || {
            let id = part.node.get("agent").and_then(Node::as_str)?;
            self.root.get("agent_definitions")?.get(id).and_then(address::of)
        };
        targets.into_iter().next().or_else(agent)
    }

    /// Says which variables go in and come out, for a person who works the step.
    pub(super) fn arguments(&self, part: &Part<'_>) -> Vec<String> {
        let list = |key: &str| {
            let names = part.node.get(key).and_then(Node::as_list).unwrap_or_default();
            let names = names
                .iter()
                .filter_map(Node::as_str)
                .map(|name| self.known(name).map_or_else(|| name.to_owned(), |known| known.name));
            names.collect::<Vec<_>>().join(", ")
        };
        let (inward, outward) = (list("in_args"), list("out_args"));
        let mut said = Vec::new();
        if !inward.is_empty() {
            said.push(self.says(&format!("输入：{inward}"), &format!("Needs: {inward}")));
        }
        if !outward.is_empty() {
            said.push(self.says(&format!("结果：{outward}"), &format!("Yields: {outward}")));
        }
        said
    }

    /// Asks a person for what a step yields.
    pub(super) fn form(&self, part: &Part<'_>) -> Vec<(String, Node)> {
        let names = part.node.get("out_args").and_then(Node::as_list).unwrap_or_default();
        let mut seen = BTreeSet::new();
        let known = names.iter().filter_map(|name| self.known(name.as_str()?));
        known
            .filter(|known| seen.insert(known.name.clone()))
            .map(|known| (known.name, Node::map_of([("type", Node::text_of(known.kind))])))
            .collect()
    }

    /// Lets the last steps of branches fail where the workflow itself answers it.
    pub(super) fn joins(&mut self, at: usize, tails: &BTreeSet<usize>) {
        if self.graph.parts[at].way(By::Failure).is_none() {
            return;
        }
        self.forgiving.extend(tails);
    }

    /// Makes the steps of the plan for one step of the workflow, a wait before it included.
    pub(super) fn step(&mut self, placed: &Placed) -> Vec<Work> {
        let part = &self.graph.parts[placed.at];
        let mut after: Vec<String> = Vec::new();
        for at in &placed.after {
            for id in self.ends.get(at).into_iter().flatten() {
                if !after.contains(id) {
                    after.push(id.clone());
                }
            }
        }
        let mut made = Vec::new();
        if let Some(delay) = span(part, "delay") {
            let name = part.text("name").unwrap_or(part.id).to_owned();
            let id = self.name(&format!("wait {name}"), "wait");
            let mut wait = Work::default();
            wait.put("id", id.clone());
            self.place(&mut wait, &after, &placed.guard);
            wait.put("wait", Node::map_of([("for", Node::text_of(delay))]));
            made.push(wait);
            after = vec![id];
        }
        let fallback = format!("step_{}", placed.at + 1);
        let mut ends = after.clone();
        if !matches!(part.kind, Kind::Start | Kind::Parallel | Kind::End) {
            let title = part.text("name").map_or_else(|| part.id.to_owned(), str::to_owned);
            let id = self.name(part.text("name").unwrap_or_default(), &fallback);
            let mut work = Work::default();
            work.put("id", id.clone());
            self.place(&mut work, &after, &placed.guard);
            self.fill(&mut work, placed.at, &id, &title);
            made.push(work);
            ends = vec![id];
        }
        self.ends.insert(placed.at, ends);
        self.outcome(placed.at);
        made
    }

    fn place(&self, work: &mut Work, after: &[String], guard: &Guard) {
        if !after.is_empty() {
            let after = after.iter().map(|id| Node::text_of(id.as_str()));
            work.put("after", Node::list_of(after));
        }
        if let Some(when) = guard.condition(&self.choices) {
            work.put("when", when);
        }
    }

    fn fill(&mut self, out: &mut Work, at: usize, id: &str, title: &str) {
        let part = &self.graph.parts[at];
        let title = work::tidy(title).replace('\n', " ");
        match part.kind {
            Kind::If | Kind::While if !self.is_nested(at) => {
                let condition = part.text("condition").unwrap_or_default();
                self.choice(out, at, id, &title, condition);
            }
            Kind::Switch => self.switch(out, at, id, &title),
            Kind::While => {
                out.put("title", title);
                self.role(out, part);
                self.rounds(out, at);
            }
            Kind::PlaybookAction => {
                out.put("title", title);
                self.role(out, part);
                self.child(out, part);
            }
            _ => {
                out.put("title", title);
                self.role(out, part);
                let work = work::of(self, part);
                out.fields.extend(work.fields);
                out.remarks.extend(work.remarks);
            }
        }
        if let Some(timeout) = span(part, "timeout") {
            out.put("timeout", timeout);
        }
        let answered = part.way(By::Failure).is_some() && part.kind == Kind::Action
            || part.way(By::Failure).is_some() && part.kind == Kind::PlaybookAction;
        if answered || self.forgiving.contains(&at) {
            out.put("on_failure", "continue");
            out.put("on_timeout", "continue");
        }
    }

    /// Tells whether the body of a `while` is work of one step: it has no phase of its own.
    fn is_nested(&self, at: usize) -> bool {
        self.graph.parts[at].kind == Kind::While && !self.choices.contains_key(&at)
    }

    /// Announces that a `while` has a phase of its own, in which its condition is decided.
    pub(super) fn round(&mut self, at: usize) {
        self.choices.insert(at, Choice::new());
    }

    fn role(&self, out: &mut Work, part: &Part<'_>) {
        let agent = part.node.get("agent").and_then(Node::as_str);
        let role = agent.and_then(|agent| self.roles.get(agent)).map_or(COMMANDER, String::as_str);
        out.put("role", role);
    }

    /// Makes a condition a computed one, or a question to a person.
    fn choice(&mut self, out: &mut Work, at: usize, id: &str, title: &str, condition: &str) {
        let known = |name: &str| self.known(name);
        let answers = match pattern::translate(condition, &known) {
            Some(expression) => {
                let variable = self.taken.make(&format!("is {id}"), "is_so");
                out.put("title", title);
                out.put("set", Node::map_of([(variable.as_str(), Node::text_of(expression))]));
                [variable.clone(), format!("not {variable}")]
            }
            None => {
                let (yes, no) = self.lang.pick(("是", "否"), ("yes", "no"));
                let condition = work::tidy(condition).replace('\n', " ");
                out.put(
                    "title",
                    self.says(
                        &format!("{title}：{condition} 是否成立？"),
                        &format!("{title}: is it so that {condition}?"),
                    ),
                );
                let options = Node::list_of([Node::text_of(yes), Node::text_of(no)]);
                let by = Node::text_of(COMMANDER);
                out.put("decide", Node::map_of([("options", options), ("by", by)]));
                let says = self.says(
                    "这个条件 firebell 无法计算，改由人判断",
                    "firebell cannot compute this condition: a person judges it",
                );
                out.remarks.push(("decide", says));
                [yes, no].map(|answer| format!("steps.{id}.answer == \"{answer}\""))
            }
        };
        self.choices.insert(at, answers.into_iter().enumerate().collect());
    }

    fn switch(&mut self, out: &mut Work, at: usize, id: &str, title: &str) {
        let part = &self.graph.parts[at];
        let over = part.text("switch").unwrap_or_default();
        let name = over.trim().strip_suffix(":value").unwrap_or(over.trim());
        let known = self.known(name);
        let literals: Option<Vec<String>> = known.as_ref().and_then(|known| {
            part.cases.iter().map(|case| pattern::literal(case, known.kind)).collect()
        });
        let mut choice = Choice::new();
        let subject = match (known, literals) {
            (Some(known), Some(literals)) => {
                let variable = self.taken.make(&format!("{id} value"), "value_of");
                out.put("title", title);
                let set = Node::map_of([(variable.as_str(), Node::text_of(known.name))]);
                out.put("set", set);
                choice.extend(literals.into_iter().enumerate());
                variable
            }
            _ => {
                let over = work::tidy(over).replace('\n', " ");
                out.put(
                    "title",
                    self.says(
                        &format!("{title}：{over} 是哪一种？"),
                        &format!("{title}: which is {over}?"),
                    ),
                );
                let other = self.says("其他", "other");
                let labels = part.cases.iter().map(|case| work::tidy(case));
                let mut options: Vec<String> = labels.collect();
                choice.extend(
                    options
                        .iter()
                        .map(|o| serde_json::Value::from(o.as_str()).to_string())
                        .enumerate(),
                );
                if !options.contains(&other) {
                    options.push(other);
                }
                let options = Node::list_of(options.into_iter().map(Node::text_of));
                let by = Node::text_of(COMMANDER);
                out.put("decide", Node::map_of([("options", options), ("by", by)]));
                format!("steps.{id}.answer")
            }
        };
        let all = choice.values().cloned().collect::<Vec<_>>().join(", ");
        for said in choice.values_mut() {
            *said = format!("{subject} == {said}");
        }
        choice.insert(DEFAULT, format!("not ({subject} in [{all}])"));
        self.choices.insert(at, choice);
    }

    /// Makes a loop inside a branch one repeating piece of work, its steps a checklist.
    fn rounds(&self, out: &mut Work, at: usize) {
        let part = &self.graph.parts[at];
        let condition = part.text("condition").unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut open = vec![part.way(By::True).unwrap_or(at)];
        let mut items = Vec::new();
        while let Some(at) = open.pop() {
            let part = &self.graph.parts[at];
            if part.kind == Kind::End || !seen.insert(at) {
                continue;
            }
            let work = work::of(self, part);
            let says = work.fields.iter().find(|(key, _)| key == "instructions");
            let says = says.and_then(|(_, node)| node.as_str()).unwrap_or_default();
            let name = part.text("name").or(part.text("condition")).unwrap_or(part.id);
            let item = if says.is_empty() { name.to_owned() } else { format!("{name}\n{says}") };
            items.push(Node::text_of(work::tidy(&item)));
            open.extend(part.ways.iter().rev().map(|(_, to)| *to));
        }
        let condition = work::tidy(condition);
        out.put(
            "instructions",
            self.says(
                &format!("只要“{condition}”成立，就重复清单中的步骤。"),
                &format!("Repeat the steps of the checklist while this holds: {condition}"),
            ),
        );
        out.put("checklist", Node::list_of(items));
        let says = self.says(
            "分支内的循环改为一个人工步骤，其内容成为清单",
            "a loop inside a branch became one piece of work, its steps a checklist",
        );
        out.remarks.push(("checklist", says));
    }

    fn child(&self, out: &mut Work, part: &Part<'_>) {
        let child = part.text("playbook_id").unwrap_or_default();
        let version = part.text("playbook_version").map(|v| format!(" ({v})")).unwrap_or_default();
        let mut said: Vec<String> =
            part.text("description").map(str::to_owned).into_iter().collect();
        said.push(self.says(
            &format!("启动预案 {child}{version}，待其结束后完成本步骤。"),
            &format!(
                "Start the playbook {child}{version} and complete this step when it has ended."
            ),
        ));
        said.extend(self.arguments(part));
        out.put("instructions", work::tidy(&said.join("\n\n")));
        let form = self.form(part);
        if !form.is_empty() {
            out.put("form", Node::map_of(form));
        }
        let says = self.says(
            "由人启动；对应的预案也导入后，可改写为 `playbook: 标识`",
            "a person starts it; with that plan imported too, write `playbook: slug` instead",
        );
        out.remarks.push(("instructions", says));
    }

    /// Notes what later steps can ask about how a step ended.
    fn outcome(&mut self, at: usize) {
        let part = &self.graph.parts[at];
        if matches!(part.kind, Kind::Action | Kind::PlaybookAction)
            && let Some(id) = self.ends.get(&at).and_then(|ids| ids.first())
        {
            let said = ["done", "failed"].map(|how| format!("steps.{id}.{how}"));
            self.choices.insert(at, said.into_iter().enumerate().collect());
        }
    }

    /// Says of a step with branches how one sees that a branch has failed; its tails are made.
    pub(super) fn close_branches(&mut self, at: usize, tails: &BTreeSet<usize>) {
        if self.graph.parts[at].way(By::Failure).is_none() {
            return;
        }
        let failed: Vec<String> = tails
            .iter()
            .filter_map(|tail| self.ends.get(tail)?.last())
            .map(|id| format!("steps.{id}.failed"))
            .collect();
        let failed = if failed.is_empty() { "false".to_owned() } else { failed.join(" or ") };
        let choice = self.choices.entry(at).or_default();
        choice.insert(SUCCEEDED, format!("not ({failed})"));
        choice.insert(FAILED, failed);
    }

    /// Returns the condition under which a `while` goes round once more.
    pub(super) fn again(&self, at: usize) -> Option<String> {
        self.choices.get(&at)?.get(&0).cloned()
    }
}

/// Reads milliseconds as a duration of plans, rounded up to seconds.
fn span(part: &Part<'_>, key: &str) -> Option<String> {
    let node = part.node.get(key)?;
    let Data::Integer(milliseconds) = node.data else { return None };
    let seconds = u64::try_from(milliseconds).ok()?.div_ceil(1_000);
    let longest = crate::playbook::duration::SECONDS_MAX;
    (seconds > 0).then(|| crate::playbook::Span::from_seconds(seconds.min(longest)).to_string())
}

fn default(value: &str, kind: &str) -> Option<Node> {
    Some(match kind {
        "integer" => Node::of(Data::Integer(value.trim().parse().ok()?)),
        "number" => {
            Node::of(Data::Number(value.trim().parse().ok().filter(|n: &f64| n.is_finite())?))
        }
        "boolean" => Node::of(Data::Bool(value.trim().to_ascii_lowercase().parse().ok()?)),
        "string" if value.contains('\n') => return None,
        _ if value.is_empty() => return None,
        _ => Node::text_of(work::tidy(value)),
    })
}
