//! Blocks of a runbook as phases, steps and checklists. It must not know Markdown.

use crate::exchange::Draft;
use crate::exchange::code::{NO_PLAN, TOO_MANY};
use crate::exchange::draft::{Names, put, slug, tidy};
use crate::exchange::markdown::block::{Block, Item, STRUCK};
use crate::exchange::markdown::front;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::yaml::{Node, Remarks};
use crate::text::{Lang, Text};

/// The most phases of a plan.
const PHASES_MAX: usize = 50;
/// The most steps of a plan.
const STEPS_MAX: usize = 1_000;
/// The most items of one checklist; what is more becomes a further step.
const ITEMS_MAX: usize = 200;
/// The deepest checklist; what lies deeper is put beside.
const DEPTH_MAX: usize = 4;
/// The longest title: longer words go into the instructions too.
const TITLE_CHARS_MAX: usize = 120;

/// Makes a draft of the blocks; `None` where something was found.
pub(super) fn draft(
    blocks: &[Block],
    front: Option<&str>,
    file: &str,
    lang: Lang,
    out: &mut Diagnostics,
) -> Option<Draft> {
    let shape = Shape::of(blocks);
    let mut outline = Outline {
        lang,
        phases: Vec::new(),
        section: None,
        pending: Vec::new(),
        summary: Vec::new(),
    };
    for (n, block) in blocks.iter().enumerate() {
        match block {
            Block::Heading(..) if shape.title == Some(n) => {}
            Block::Heading(level, text) if shape.phases.is_none_or(|top| *level <= top) => {
                outline.phase(text);
            }
            Block::Heading(_, text) => outline.section(text),
            Block::Text(text) => outline.pending.push(text.clone()),
            Block::List { numbered: true, items } if !items.iter().any(|item| item.task) => {
                outline.steps(items);
            }
            Block::List { items, .. } => outline.checklist(items),
            Block::Table(table) => {
                let lines = table.lines().into_iter();
                let items: Vec<Item> = lines.map(|text| Item { text, ..Item::default() }).collect();
                if items.is_empty() {
                    outline.pending.push(table.head.join("; "));
                } else {
                    outline.checklist(&items);
                }
            }
        }
    }
    outline.settle();
    let heading = match shape.title.map(|n| &blocks[n]) {
        Some(Block::Heading(_, text)) => Some(text.clone()),
        _ => None,
    };
    let named = front.and_then(front::title);
    // The front matter names the document; another heading of the whole is not lost beside it.
    if let (Some(named), Some(heading)) = (&named, &heading)
        && named != heading
    {
        outline.summary.insert(0, heading.clone());
    }
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file).trim_end_matches(".md");
    let title = named.or(heading).unwrap_or_else(|| file.to_owned());
    outline.fits(out).then(|| outline.finish(&title, front))
}

/// Which headings are what.
struct Shape {
    /// The block that is the title of the whole.
    title: Option<usize>,
    /// The level of the headings that are phases.
    phases: Option<u8>,
}

impl Shape {
    /// The one heading of the highest level is the title where it comes first; the next level
    /// makes the phases.
    fn of(blocks: &[Block]) -> Self {
        let headings = blocks.iter().enumerate().filter_map(|(n, block)| match block {
            Block::Heading(level, _) => Some((n, *level)),
            _ => None,
        });
        let headings: Vec<(usize, u8)> = headings.collect();
        let Some(top) = headings.iter().map(|(_, level)| *level).min() else {
            return Self { title: None, phases: None };
        };
        let once = headings.iter().filter(|(_, level)| *level == top).count() == 1;
        match headings.first() {
            Some((n, level)) if once && *level == top => Self {
                title: Some(*n),
                phases: headings.iter().map(|(_, level)| *level).filter(|l| *l > top).min(),
            },
            _ => Self { title: None, phases: Some(top) },
        }
    }
}

struct Phase {
    title: String,
    steps: Vec<Step>,
}

#[derive(Default)]
struct Step {
    title: String,
    instructions: Vec<String>,
    checklist: Vec<Item>,
    section: Option<String>,
}

struct Outline {
    lang: Lang,
    phases: Vec<Phase>,
    /// A heading below the phases' that has no step yet.
    section: Option<String>,
    /// Text that belongs to what comes next, or to what came before.
    pending: Vec<String>,
    summary: Vec<String>,
}

impl Outline {
    fn phase(&mut self, title: &str) {
        self.settle();
        self.phases.push(Phase { title: title.to_owned(), steps: Vec::new() });
    }

    fn section(&mut self, title: &str) {
        self.settle();
        self.section = Some(title.to_owned());
    }

    /// Finds the phase that work belongs to, or begins one for work before the first heading.
    fn current(&mut self) -> &mut Phase {
        if self.phases.is_empty() {
            let title = self.lang.pick("处置", "Response").to_owned();
            self.phases.push(Phase { title, steps: Vec::new() });
        }
        let last = self.phases.len() - 1;
        &mut self.phases[last]
    }

    fn push(&mut self, mut step: Step) {
        step.section = self.section.take();
        self.current().steps.push(step);
    }

    /// Makes each item of a numbered list a step.
    fn steps(&mut self, items: &[Item]) {
        let mut before = std::mem::take(&mut self.pending);
        for item in items {
            let (title, more) = title_of(&item.text, self.lang);
            let instructions = before.drain(..).chain(more).collect();
            self.push(Step { title, instructions, checklist: item.items.clone(), section: None });
        }
        self.pending = before;
    }

    /// Makes a list one step with a checklist, named by the text or heading before it.
    fn checklist(&mut self, items: &[Item]) {
        let mut instructions = std::mem::take(&mut self.pending);
        let short = |text: &String| !text.contains('\n') && text.chars().count() <= TITLE_CHARS_MAX;
        let title = match instructions.last().filter(|text| short(text)) {
            Some(text) => text.trim_end_matches([':', '：']).to_owned(),
            None => self.section.clone().unwrap_or_else(|| self.current().title.clone()),
        };
        if instructions.last().is_some_and(|text| text.trim_end_matches([':', '：']) == title) {
            instructions.pop();
        }
        let title = if title.is_empty() { self.current().title.clone() } else { title };
        self.push(Step { title, instructions, checklist: items.to_vec(), section: None });
    }

    /// Gives text that nothing came after to what came before it.
    fn settle(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if let Some(section) = self.section.take() {
            let step = Step { title: section, instructions: text, ..Step::default() };
            self.current().steps.push(step);
            return;
        }
        let Some(phase) = self.phases.last_mut() else {
            self.summary.extend(text);
            return;
        };
        match phase.steps.last_mut() {
            Some(step) => step.instructions.extend(text),
            None => {
                let title = phase.title.clone();
                phase.steps.push(Step { title, instructions: text, ..Step::default() });
            }
        }
    }

    fn fits(&self, out: &mut Diagnostics) -> bool {
        let phases = self.phases.len();
        let split = |step: &Step| step.checklist.iter().map(size).sum::<usize>() / ITEMS_MAX;
        let all = self.phases.iter().flat_map(|phase| &phase.steps);
        let steps: usize = all.map(|step| 1 + split(step)).sum();
        if steps == 0 {
            let found = Text::both(
                "没有可做的事：没有标题、列表或表格",
                "there is nothing to do in it: no headings, lists or tables",
            );
            out.push(Diagnostic::new(NO_PLAN, found));
        }
        if phases > PHASES_MAX {
            let found = both!(
                "有 {phases} 个阶段标题，一个预案至多 {PHASES_MAX} 个",
                "{phases} headings make phases; a plan holds at most {PHASES_MAX}"
            );
            out.push(Diagnostic::new(TOO_MANY, found));
        }
        if steps > STEPS_MAX {
            let found = both!(
                "有 {steps} 个步骤，一个预案至多 {STEPS_MAX} 个",
                "it has {steps} steps; a plan holds at most {STEPS_MAX}"
            );
            out.push(Diagnostic::new(TOO_MANY, found));
        }
        out.is_empty()
    }

    fn finish(self, title: &str, front: Option<&str>) -> Draft {
        let lang = self.lang;
        let mut writer = Writer { lang, names: Names::default(), remarks: Remarks::default() };
        writer.remark(
            "",
            "由 Markdown 手册起草；请逐条处理下列注释，再以 `firebell check` 检查",
            "Drafted from a Markdown runbook; deal with each remark, then run `firebell check`",
        );
        writer.remark(
            "",
            "待定：级别、输入、目标、消息由作者补充（levels、inputs、objectives、messages）",
            "Decide: levels, inputs, objectives and messages are for the author to add",
        );
        if let Some(front) = front {
            writer.remark("", "手册文首的元数据，未带入预案：", "What stood before the runbook:");
            writer.remarks.add("", tidy(front));
        }
        writer.remark(
            "/roles/commander/assign",
            "待定：哪个团队或值班表？还有哪些角色？",
            "Decide: which team or schedule? Which other roles are there?",
        );
        let mut plan = Vec::new();
        put(&mut plan, "playbook", slug(title, "draft"));
        put(&mut plan, "title", title);
        if !self.summary.is_empty() {
            put(&mut plan, "summary", self.summary.join("\n\n"));
        }
        let commander = Node::map_of([
            ("title", Node::text_of(lang.pick("总指挥", "Incident commander"))),
            ("assign", Node::map_of([("claim", Node::text_of("response-team"))])),
        ]);
        put(&mut plan, "roles", Node::map_of([("commander", commander)]));
        let phases = self.phases.into_iter().enumerate();
        let phases: Vec<Node> = phases.map(|(n, phase)| writer.phase(n, phase)).collect();
        put(&mut plan, "phases", Node::list_of(phases));
        Draft { root: Node::map_of(plan), remarks: writer.remarks }
    }
}

/// Splits the words of an item into a title and the whole of them, where the title is not all.
fn title_of(text: &str, lang: Lang) -> (String, Option<String>) {
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        return (lang.pick("（无标题）", "(untitled)").to_owned(), None);
    }
    let title: String = first.chars().take(TITLE_CHARS_MAX).collect();
    let more = (title != text).then(|| text.to_owned());
    (title, more)
}

fn walk<'i>(items: &'i [Item], visit: &mut dyn FnMut(&'i Item)) {
    for item in items {
        visit(item);
        walk(&item.items, visit);
    }
}

fn size(item: &Item) -> usize {
    1 + item.items.iter().map(size).sum::<usize>()
}

struct Writer {
    lang: Lang,
    names: Names,
    remarks: Remarks,
}

impl Writer {
    fn remark(&mut self, at: &str, zh: &str, en: &str) {
        self.remarks.add(at, self.lang.pick(zh, en));
    }

    fn phase(&mut self, n: usize, phase: Phase) -> Node {
        let id = self.names.make(&phase.title, &format!("phase_{}", n + 1));
        let mut steps = Vec::new();
        let mut before: Option<String> = None;
        for step in phase.steps {
            for step in split(step) {
                let at = format!("/phases/{n}/steps/{}", steps.len());
                let (id, node) = self.step(&at, step, before.as_deref());
                before = Some(id);
                steps.push(node);
            }
        }
        Node::map_of([
            ("id", Node::text_of(id)),
            ("title", Node::text_of(phase.title)),
            ("steps", Node::list_of(steps)),
        ])
    }

    fn step(&mut self, at: &str, step: Step, before: Option<&str>) -> (String, Node) {
        let id = self.names.make(&step.title, "step");
        if let Some(section) = step.section.as_ref().filter(|said| **said != step.title) {
            self.remarks.add(at, section.clone());
        }
        self.questions(at, &step);
        self.marks(at, &step);
        let mut fields = Vec::new();
        put(&mut fields, "id", id.clone());
        if let Some(before) = before {
            put(&mut fields, "after", Node::list_of([Node::text_of(before)]));
        }
        put(&mut fields, "title", step.title);
        put(&mut fields, "role", "commander");
        if !step.instructions.is_empty() {
            put(&mut fields, "instructions", step.instructions.join("\n\n"));
        }
        if !step.checklist.is_empty() {
            put(&mut fields, "checklist", checklist(&step.checklist, 1));
        }
        (id, Node::map_of(fields))
    }

    /// Says what the runbook marked as done or dropped: a plan has no place for either.
    fn marks(&mut self, at: &str, step: &Step) {
        let mut ticked = Vec::new();
        let mut said = vec![step.title.as_str()];
        said.extend(step.instructions.iter().map(String::as_str));
        walk(&step.checklist, &mut |item| {
            said.push(&item.text);
            if item.ticked {
                ticked.push(item.text.lines().next().unwrap_or_default());
            }
        });
        if said.iter().any(|text| text.matches(STRUCK).count() > 1) {
            self.remark(
                at,
                "待定：手册中有划掉的文字（~~），是否删去？",
                "Decide: words (~~) are struck through in the runbook; leave them out?",
            );
        }
        for text in ticked {
            let (zh, en) = (
                format!("手册中已勾选：{text}；预案启动时都未完成，请确认仍须做"),
                format!("Ticked in the runbook: {text}; a plan begins with nothing done, keep it?"),
            );
            self.remark(at, &zh, &en);
        }
    }

    /// Asks what the words of a step leave open.
    fn questions(&mut self, at: &str, step: &Step) {
        let role = format!("{at}/role");
        self.remark(
            &role,
            "待定：由谁做（role）？多久做完（due）？",
            "Decide: who does it (role), and by when (due)?",
        );
        let said: String =
            std::iter::once(&step.title).chain(&step.instructions).cloned().collect();
        let lower = said.to_lowercase();
        let times = ["分钟", "小时", "minute", "hour", " min"];
        if lower.contains(|c: char| c.is_ascii_digit()) && times.iter().any(|t| lower.contains(t)) {
            self.remark(
                &role,
                "待定：文中提到时间，是否为时限（due）或等待（wait）？",
                "Decide: a time is mentioned; is it a deadline (due) or a wait?",
            );
        }
        if ["if ", "when ", "unless ", "如果", "如", "若", "当"]
            .iter()
            .any(|w| lower.starts_with(w))
        {
            self.remark(
                &role,
                "待定：只在某种条件下做？写成 when，或用 decide 步骤询问",
                "Decide: only under a condition? Write it as `when`, or ask with a `decide` step",
            );
        }
    }
}

/// Cuts a checklist that is too long into several steps.
fn split(step: Step) -> Vec<Step> {
    let mut parts: Vec<Vec<Item>> = vec![Vec::new()];
    let mut room = ITEMS_MAX;
    for item in step.checklist {
        for item in pieces(item) {
            let size = size(&item);
            if size > room {
                parts.push(Vec::new());
                room = ITEMS_MAX;
            }
            room -= size;
            if let Some(part) = parts.last_mut() {
                part.push(item);
            }
        }
    }
    let Step { title, instructions, section, .. } = step;
    let several = parts.into_iter().enumerate().map(|(n, checklist)| {
        if n == 0 {
            let (instructions, section) = (instructions.clone(), section.clone());
            Step { title: title.clone(), instructions, checklist, section }
        } else {
            Step { title: format!("{title} ({})", n + 1), checklist, ..Step::default() }
        }
    });
    several.collect()
}

/// Puts the items below an item beside it, where all of them are too many for one checklist.
fn pieces(mut item: Item) -> Vec<Item> {
    if size(&item) <= ITEMS_MAX {
        return vec![item];
    }
    let below = std::mem::take(&mut item.items);
    std::iter::once(item).chain(below.into_iter().flat_map(pieces)).collect()
}

fn checklist(items: &[Item], depth: usize) -> Node {
    let mut out = Vec::new();
    for item in items {
        if item.items.is_empty() || depth == DEPTH_MAX {
            beside(item, &mut out);
        } else {
            out.push(Node::map_of([
                ("title", Node::text_of(item.text.as_str())),
                ("items", checklist(&item.items, depth + 1)),
            ]));
        }
    }
    Node::list_of(out)
}

/// Writes an item and all below it on one level.
fn beside(item: &Item, out: &mut Vec<Node>) {
    out.push(Node::text_of(item.text.as_str()));
    for below in &item.items {
        beside(below, out);
    }
}
