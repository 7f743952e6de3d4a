//! What a random plan says, in the plainest form: the reference model reads this, the engine reads
//! the YAML written from it.

use std::fmt::{self, Display, Write as _};

/// A plan.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Level rules, worst first; where none holds it is the mildest level.
    pub levels: Vec<(u8, Option<Cond>)>,
    /// The level assumed while facts are missing.
    pub assume: Option<u8>,
    /// When the role `engineering` is needed.
    pub engage: Option<Cond>,
    /// The phases.
    pub phases: Vec<Phase>,
    /// Handlers that lead to a phase.
    pub handlers: Vec<Handler>,
    /// The close is left to a person.
    pub by_person: bool,
}

/// A phase: its name is `p` and its position.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its ways out.
    pub next: Vec<Next>,
}

/// A way out.
#[derive(Debug, Clone)]
pub struct Next {
    /// The position of the phase it leads to.
    pub to: usize,
    /// When.
    pub when: Option<Cond>,
    /// How often.
    pub at_most: Option<u32>,
}

/// A step; predecessors and targets are positions in its phase.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Its predecessors.
    pub after: Vec<usize>,
    /// How many of them.
    pub join: Join,
    /// Whether it is done at all.
    pub when: Option<Cond>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// What waits for it.
    pub blocks: Blocks,
    /// It runs on when its phase is left.
    pub outlives: bool,
    /// It is done again and again.
    pub repeat: Option<Repeat>,
    /// By when.
    pub due: Option<Due>,
}

impl Step {
    /// How many predecessors it needs.
    pub fn needs(&self) -> usize {
        match self.join {
            Join::All => self.after.len(),
            Join::Any => 1,
            Join::N(n) => n,
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A person does it and may say how many users are affected.
    Manual,
    /// A person says yes or no; `no` is taken when due where there is a default.
    Decide { default: bool },
    /// So many seconds pass.
    WaitFor(i64),
    /// A condition comes true.
    WaitUntil(Cond),
    /// Sets a variable of its own.
    Set,
    /// Asks another program, so many times, with a pause of seconds.
    Http { attempts: u32, backoff: i64 },
    /// Sends a message.
    Notify,
}

/// How many predecessors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// All.
    All,
    /// The first.
    Any,
    /// The n-th.
    N(usize),
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// A halt.
    Stop,
    /// Nothing.
    Continue,
    /// Another step.
    Step(usize),
    /// Another phase.
    Phase(usize),
}

/// What waits for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// Its phase.
    Phase,
    /// The close.
    Close,
    /// Nothing.
    Nothing,
}

/// Again and again.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// Seconds from start to start.
    pub every: i64,
    /// Ends it.
    pub until: Option<Cond>,
    /// How often.
    pub at_most: u32,
}

/// A deadline in seconds.
#[derive(Debug, Clone)]
pub struct Due {
    /// How long.
    pub limit: Limit,
    /// From when.
    pub from: From,
}

/// How long.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// Always the same.
    Fixed(i64),
    /// At level 1, at level 2, else.
    ByLevel(i64, i64, i64),
}

impl Limit {
    /// The seconds at a level.
    pub fn at(self, level: u8) -> i64 {
        match (self, level) {
            (Self::Fixed(limit) | Self::ByLevel(limit, _, _), 1)
            | (Self::Fixed(limit) | Self::ByLevel(_, limit, _), 2)
            | (Self::Fixed(limit) | Self::ByLevel(_, _, limit), _) => limit,
        }
    }
}

/// From when a deadline counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// When the step became ready.
    Ready,
    /// The declaration.
    Declared,
    /// When another step of the phase was started.
    Started(usize),
}

/// What happens at any time.
#[derive(Debug, Clone)]
pub struct Handler {
    /// What it answers.
    pub event: On,
    /// Only in this phase.
    pub while_phase: Option<usize>,
    /// Where it leads.
    pub go: usize,
    /// How often.
    pub at_most: u32,
}

/// What a handler answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A step failed with `stop`.
    StepFailed,
    /// The alert is over.
    AlertResolved,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Cond {
    /// At least so many users.
    Users(i64),
    /// At least so many channels.
    Channels(i64),
    /// The trouble is over.
    Over,
    /// This level or worse.
    Level(u8),
    /// A step is `done`, `failed`, `skipped` or `settled`.
    Step(String, &'static str),
    /// A step was answered with yes.
    Yes(String),
    /// In one string: at least so many users and (or) at least so many channels.
    Text(i64, Word, i64),
    /// One of them.
    Any(Vec<Cond>),
    /// Each of them.
    All(Vec<Cond>),
    /// Not it.
    Not(Box<Cond>),
}

/// What joins two parts of one string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Both.
    And,
    /// One at least.
    Or,
}

impl Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, parts: &[Self]| {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            write!(f, "{{ {word}: [ {} ] }}", parts.join(", "))
        };
        match self {
            Self::Users(n) => write!(f, "\"users >= {n}\""),
            Self::Channels(n) => write!(f, "\"channels >= {n}\""),
            Self::Over => write!(f, "\"over\""),
            Self::Level(n) => write!(f, "\"level <= {n}\""),
            Self::Step(step, word) => write!(f, "\"steps.{step}.{word}\""),
            Self::Yes(step) => write!(f, "\"steps.{step}.answer == 'yes'\""),
            Self::Text(users, word, channels) => {
                let word = if *word == Word::And { "and" } else { "or" };
                write!(f, "\"users >= {users} {word} channels >= {channels}\"")
            }
            Self::Any(parts) => list(f, "any", parts),
            Self::All(parts) => list(f, "all", parts),
            Self::Not(part) => write!(f, "{{ not: {part} }}"),
        }
    }
}

impl Spec {
    /// Writes the plan as its author would.
    pub fn yaml(&self) -> String {
        let mut text = String::from(HEAD);
        self.write(&mut text).expect("a string takes everything");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        if let Some(engage) = &self.engage {
            writeln!(out, "    engage: {engage}")?;
        }
        writeln!(out, "levels:")?;
        for (level, when) in &self.levels {
            match when {
                Some(when) => writeln!(out, "  - {{ level: {level}, when: {when} }}")?,
                None => writeln!(out, "  - {{ level: {level} }}")?,
            }
        }
        if let Some(assume) = self.assume {
            writeln!(out, "assume_level: {assume}")?;
        }
        writeln!(out, "phases:")?;
        for (n, phase) in self.phases.iter().enumerate() {
            writeln!(out, "  - id: p{n}\n    title: P{n}")?;
            if phase.steps.is_empty() {
                writeln!(out, "    steps: []")?;
            } else {
                writeln!(out, "    steps:")?;
            }
            for step in &phase.steps {
                self.step(out, phase, step)?;
            }
            if !phase.next.is_empty() {
                writeln!(out, "    next:")?;
            }
            for next in &phase.next {
                write!(out, "      - {{ to: p{}", next.to)?;
                if let Some(when) = &next.when {
                    write!(out, ", when: {when}")?;
                }
                if let Some(at_most) = next.at_most {
                    write!(out, ", at_most: {at_most}")?;
                }
                writeln!(out, " }}")?;
            }
        }
        if !self.handlers.is_empty() {
            writeln!(out, "handlers:")?;
        }
        for handler in &self.handlers {
            let event = match handler.event {
                On::StepFailed => "step_failed",
                On::AlertResolved => "alert_resolved",
            };
            write!(out, "  - {{ event: {event}, go: p{}", handler.go)?;
            if let Some(phase) = handler.while_phase {
                write!(out, ", while_phase: [p{phase}]")?;
            }
            writeln!(out, ", at_most: {} }}", handler.at_most)?;
        }
        if self.by_person {
            writeln!(out, "close: by_person")?;
        }
        Ok(())
    }

    fn step(&self, out: &mut String, phase: &Phase, step: &Step) -> fmt::Result {
        let name = |n: &usize| phase.steps[*n].id.as_str();
        write!(out, "      - {{ id: {id}, title: {id}, role: support", id = step.id)?;
        match &step.kind {
            Kind::Manual => write!(out, ", form: {{ users: {{ type: integer }} }}")?,
            Kind::Decide { default } => {
                let default = if *default { ", default: 'no'" } else { "" };
                write!(out, ", decide: {{ by: support, options: ['yes', 'no']{default} }}")?;
            }
            Kind::WaitFor(seconds) => write!(out, ", wait: {{ for: {seconds}s }}")?,
            Kind::WaitUntil(until) => write!(out, ", wait: {{ until: {until} }}")?,
            Kind::Set => write!(out, ", set: {{ v_{}: '1' }}", step.id)?,
            Kind::Http { attempts, backoff } => write!(
                out,
                ", http: {{ url: 'https://ops.example/x' }}, \
                 retry: {{ attempts: {attempts}, backoff: {backoff}s }}"
            )?,
            Kind::Notify => write!(out, ", notify: {{ to: team/ops, message: news }}")?,
        }
        if !step.after.is_empty() {
            let after: Vec<&str> = step.after.iter().map(name).collect();
            write!(out, ", after: [{}]", after.join(", "))?;
        }
        match step.join {
            Join::All => {}
            Join::Any => write!(out, ", join: any")?,
            Join::N(n) => write!(out, ", join: {n}")?,
        }
        if let Some(when) = &step.when {
            write!(out, ", when: {when}")?;
        }
        match step.on_failure {
            OnFailure::Stop => {}
            OnFailure::Continue => write!(out, ", on_failure: continue")?,
            OnFailure::Step(to) => write!(out, ", on_failure: {{ go: {} }}", name(&to))?,
            OnFailure::Phase(to) => write!(out, ", on_failure: {{ go: p{to} }}")?,
        }
        match step.blocks {
            Blocks::Phase => {}
            Blocks::Close => write!(out, ", blocks: close")?,
            Blocks::Nothing => write!(out, ", blocks: nothing")?,
        }
        if step.outlives {
            write!(out, ", outlives_phase: true")?;
        }
        times(out, phase, step)?;
        writeln!(out, " }}")
    }
}

/// Writes when a step comes again and by when it must be finished.
fn times(out: &mut String, phase: &Phase, step: &Step) -> fmt::Result {
    if let Some(repeat) = &step.repeat {
        write!(out, ", repeat: {{ every: {}s, at_most: {}", repeat.every, repeat.at_most)?;
        if let Some(until) = &repeat.until {
            write!(out, ", until: {until}")?;
        }
        write!(out, " }}")?;
    }
    if let Some(due) = &step.due {
        match due.limit {
            Limit::Fixed(limit) => write!(out, ", due: {{ within: {limit}s")?,
            Limit::ByLevel(first, second, other) => {
                write!(out, ", due: {{ by_level: {{ 1: {first}s, 2: {second}s, else: {other}s }}")?
            }
        }
        match due.from {
            From::Ready => {}
            From::Declared => write!(out, ", from: declared")?,
            From::Started(of) => {
                write!(out, ", from: {{ step: {}, is: started }}", phase.steps[of].id)?;
            }
        }
        write!(out, " }}")?;
    }
    Ok(())
}

/// What all random plans have in common.
const HEAD: &str = "\
playbook: random
title: Random
inputs:
  users: { type: integer }
  channels: { type: integer }
  over: { type: boolean }
messages:
  news: { text: news }
roles:
  commander:
    title: Commander
    assign: { schedule: duty }
    deputies: [ { team: managers } ]
    acknowledge_within: 307s
    escalate: duty
  support:
    title: Support
    assign: { claim: service }
    acknowledge_within: 611s
  engineering:
    title: Engineering
    assign: { team: ops }
    deputies: [ { schedule: platform } ]
    acknowledge_within: 419s
";
