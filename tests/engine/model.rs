//! A slow and obvious model of how steps become ready, phases are left and levels move: it looks at
//! everything again after every act, keeps no index, no count and no agenda, and was written from
//! the language's rules alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A condition over yes-or-no variables that may be unknown.
#[derive(Debug, Clone)]
pub enum Cond {
    Var(usize),
    Text(usize, &'static str, usize),
    Any(Vec<Cond>),
    All(Vec<Cond>),
    Not(Box<Cond>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    All,
    Any,
    Two,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    Stop,
    Continue,
    Step(usize),
    Phase(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    Phase,
    Close,
    Nothing,
}

#[derive(Debug, Clone)]
pub struct StepSpec {
    /// Positions of earlier steps of the same phase.
    pub after: Vec<usize>,
    pub join: Join,
    pub when: Option<Cond>,
    pub on_failure: OnFailure,
    pub blocks: Blocks,
    /// Sets a variable of its own by itself instead of waiting for a person.
    pub sets: bool,
    pub due_minutes: Option<u8>,
}

#[derive(Debug, Clone)]
pub struct NextSpec {
    pub to: usize,
    pub when: Option<Cond>,
    pub at_most: u32,
}

#[derive(Debug, Clone)]
pub struct PlanSpec {
    pub phases: Vec<(Vec<StepSpec>, Vec<NextSpec>)>,
    /// Level and condition, worst first.
    pub levels: Vec<(u8, Option<Cond>)>,
    pub assume: Option<u8>,
}

/// How many variables conditions speak of.
pub const VARS: usize = 4;

impl Cond {
    fn yaml(&self) -> String {
        let list = |conds: &[Cond]| conds.iter().map(Cond::yaml).collect::<Vec<_>>().join(", ");
        match self {
            Self::Var(var) => format!("v{var}"),
            Self::Text(one, word, other) => format!("'v{one} {word} v{other}'"),
            Self::Any(conds) => format!("{{ any: [ {} ] }}", list(conds)),
            Self::All(conds) => format!("{{ all: [ {} ] }}", list(conds)),
            Self::Not(cond) => format!("{{ not: {} }}", cond.yaml()),
        }
    }

    /// Kleene's table; a string that names an unknown is unknown as a whole.
    fn truth(&self, vars: &[Option<bool>]) -> Option<bool> {
        match self {
            Self::Var(var) => vars[*var],
            Self::Text(one, word, other) => {
                let (one, other) = (vars[*one]?, vars[*other]?);
                Some(if *word == "and" { one && other } else { one || other })
            }
            Self::Any(conds) => {
                let all: Vec<_> = conds.iter().map(|cond| cond.truth(vars)).collect();
                if all.contains(&Some(true)) {
                    return Some(true);
                }
                if all.contains(&None) { None } else { Some(false) }
            }
            Self::All(conds) => {
                let all: Vec<_> = conds.iter().map(|cond| cond.truth(vars)).collect();
                if all.contains(&Some(false)) {
                    return Some(false);
                }
                if all.contains(&None) { None } else { Some(true) }
            }
            Self::Not(cond) => cond.truth(vars).map(|truth| !truth),
        }
    }
}

pub fn step_name(phase: usize, step: usize) -> String {
    format!("p{phase}s{step}")
}

impl PlanSpec {
    pub fn yaml(&self) -> String {
        let mut text = String::from("inputs:\n");
        for var in 0..VARS {
            writeln!(text, "  v{var}: {{ type: boolean }}").unwrap();
        }
        text.push_str("levels:\n");
        for (level, when) in &self.levels {
            let when = when.as_ref().map_or(String::new(), |w| format!(", when: {}", w.yaml()));
            writeln!(text, "  - {{ level: {level}{when} }}").unwrap();
        }
        if let Some(assume) = self.assume {
            writeln!(text, "assume_level: {assume}").unwrap();
        }
        text.push_str("phases:\n");
        for (at, (steps, next)) in self.phases.iter().enumerate() {
            writeln!(text, "  - id: p{at}\n    title: P\n    steps:").unwrap();
            for (place, step) in steps.iter().enumerate() {
                writeln!(text, "      - {{ id: {}, {} }}", step_name(at, place), step.yaml(at))
                    .unwrap();
            }
            if !next.is_empty() {
                text.push_str("    next:\n");
            }
            for next in next {
                let when = next.when.as_ref();
                let when = when.map_or(String::new(), |w| format!(", when: {}", w.yaml()));
                writeln!(text, "      - {{ to: p{}, at_most: {}{when} }}", next.to, next.at_most)
                    .unwrap();
            }
        }
        text
    }
}

impl StepSpec {
    fn yaml(&self, phase: usize) -> String {
        let mut text =
            if self.sets { "set: { computed: '1' }".to_owned() } else { "title: S".to_owned() };
        if !self.after.is_empty() {
            let after: Vec<_> = self.after.iter().map(|step| step_name(phase, *step)).collect();
            write!(text, ", after: [ {} ]", after.join(", ")).unwrap();
            match self.join {
                Join::All => {}
                Join::Any => text.push_str(", join: any"),
                Join::Two => text.push_str(", join: 2"),
            }
        }
        if let Some(when) = &self.when {
            write!(text, ", when: {}", when.yaml()).unwrap();
        }
        match self.on_failure {
            OnFailure::Stop => {}
            OnFailure::Continue => text.push_str(", on_failure: continue"),
            OnFailure::Step(step) => {
                write!(text, ", on_failure: {{ go: {} }}", step_name(phase, step)).unwrap();
            }
            OnFailure::Phase(to) => write!(text, ", on_failure: {{ go: p{to} }}").unwrap(),
        }
        match self.blocks {
            Blocks::Phase => {}
            Blocks::Close => text.push_str(", blocks: close"),
            Blocks::Nothing => text.push_str(", blocks: nothing"),
        }
        if let Some(minutes) = self.due_minutes {
            write!(text, ", due: {minutes}m, escalate: duty").unwrap();
        }
        text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Ready,
    Active,
    Done,
    Failed,
    Skipped,
    Unreachable,
    Cancelled,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped | Self::Unreachable => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    const fn settled(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Active)
    }
}

/// What a person does.
#[derive(Debug, Clone)]
pub enum Act {
    Start(usize),
    Complete(usize),
    Fail(usize),
    Skip(usize),
    Retry(usize),
    Reopen(usize),
    Set(usize, bool),
    SetLevel(u8),
    Move(usize),
    Pass(u8),
}

pub struct Model<'p> {
    plan: &'p PlanSpec,
    pub phase: usize,
    pub visit: u32,
    pub closed: bool,
    pub stuck: bool,
    pub states: Vec<State>,
    /// Positions whose failure was just told and has not been followed yet.
    failed_now: Vec<usize>,
    taken: BTreeMap<(usize, usize), u32>,
    vars: Vec<Option<bool>>,
    pub level: u8,
    pub provisional: bool,
    overruled: Option<u8>,
}

impl<'p> Model<'p> {
    pub fn new(plan: &'p PlanSpec) -> Self {
        let mut model = Self {
            plan,
            phase: 0,
            visit: 0,
            closed: false,
            stuck: false,
            states: Vec::new(),
            failed_now: Vec::new(),
            taken: BTreeMap::new(),
            vars: vec![None; VARS],
            level: 4,
            provisional: false,
            overruled: None,
        };
        (model.level, model.provisional) = model.rules();
        model.enter(0);
        model.settle();
        model
    }

    fn steps(&self) -> &'p [StepSpec] {
        &self.plan.phases[self.phase].0
    }

    /// Does an act; `false` where it must be refused.
    pub fn act(&mut self, act: &Act) -> bool {
        if self.closed {
            return matches!(act, Act::Pass(_));
        }
        let step = match act {
            Act::Start(step)
            | Act::Complete(step)
            | Act::Fail(step)
            | Act::Skip(step)
            | Act::Retry(step)
            | Act::Reopen(step) => *step,
            _ => return self.act_on_incident(act),
        };
        let Some(spec) = self.steps().get(step) else { return false };
        let state = self.states[step];
        let open = matches!(state, State::Ready | State::Active);
        let (fits, next) = match act {
            Act::Start(_) => (!spec.sets && state == State::Ready, State::Active),
            Act::Complete(_) => (!spec.sets && open, State::Done),
            Act::Fail(_) => (open, State::Failed),
            Act::Skip(_) => {
                (open || matches!(state, State::Waiting | State::Failed), State::Skipped)
            }
            Act::Retry(_) => (state == State::Failed, State::Ready),
            _ => (state.settled() && state != State::Cancelled, State::Ready),
        };
        if !fits {
            return false;
        }
        self.states[step] = next;
        if next == State::Failed {
            self.failed_now.push(step);
        }
        if next == State::Ready {
            for (place, spec) in self.steps().iter().enumerate() {
                if spec.after.contains(&step) && self.states[place] == State::Unreachable {
                    self.states[place] = State::Waiting;
                }
            }
        }
        self.settle();
        true
    }

    fn act_on_incident(&mut self, act: &Act) -> bool {
        match act {
            Act::Set(var, value) => self.vars[*var] = Some(*value),
            Act::SetLevel(level) => {
                self.overruled = Some(self.rules().0);
                (self.level, self.provisional) = (*level, false);
            }
            Act::Move(to) => {
                if *to == self.phase || *to >= self.plan.phases.len() {
                    return false;
                }
                self.enter(*to);
            }
            _ => {}
        }
        self.settle();
        true
    }

    fn enter(&mut self, phase: usize) {
        self.phase = phase;
        self.visit += 1;
        self.stuck = false;
        self.failed_now.clear();
        self.states = vec![State::Waiting; self.steps().len()];
    }

    /// Looks at everything again until nothing changes.
    fn settle(&mut self) {
        loop {
            self.move_level();
            let before = (self.states.clone(), self.visit);
            if let Some(step) = self.failed_now.pop() {
                match self.steps()[step].on_failure {
                    OnFailure::Step(to)
                        if matches!(
                            self.states[to],
                            State::Waiting | State::Skipped | State::Unreachable
                        ) =>
                    {
                        self.states[to] = State::Ready;
                    }
                    OnFailure::Phase(to) if to != self.phase => {
                        self.enter(to);
                        continue;
                    }
                    _ => {}
                }
            }
            for place in 0..self.states.len() {
                self.judge(place);
            }
            for place in 0..self.states.len() {
                if self.steps()[place].sets && self.states[place] == State::Ready {
                    self.states[place] = State::Done;
                }
            }
            if before != (self.states.clone(), self.visit) {
                continue;
            }
            if !self.leave() {
                return;
            }
        }
    }

    fn judge(&mut self, place: usize) {
        if self.states[place] != State::Waiting {
            return;
        }
        let spec = &self.steps()[place];
        let passed = spec.after.iter().filter(|before| self.passes(**before)).count();
        let lost = spec.after.iter().filter(|before| self.halts(**before)).count();
        let (needed, gives_up) = match spec.join {
            _ if spec.after.is_empty() => (0, false),
            Join::All => (spec.after.len(), false),
            Join::Any => (1, true),
            Join::Two => (2, true),
        };
        if passed >= needed {
            let when = spec.when.as_ref().map_or(Some(true), |when| when.truth(&self.vars));
            self.states[place] = if when == Some(false) { State::Skipped } else { State::Ready };
        } else if gives_up && spec.after.len() - lost < needed {
            self.states[place] = State::Unreachable;
        }
    }

    fn passes(&self, step: usize) -> bool {
        match self.states[step] {
            State::Done | State::Skipped | State::Unreachable => true,
            State::Failed => self.steps()[step].on_failure != OnFailure::Stop,
            _ => false,
        }
    }

    fn halts(&self, step: usize) -> bool {
        self.states[step].settled() && !self.passes(step)
    }

    /// Leaves the phase, closes, or finds the incident stuck; tells whether a phase was entered.
    fn leave(&mut self) -> bool {
        let blocking: Vec<usize> = (0..self.states.len())
            .filter(|step| self.steps()[*step].blocks == Blocks::Phase)
            .collect();
        let open: Vec<usize> =
            blocking.iter().copied().filter(|step| !self.states[*step].settled()).collect();
        if !open.is_empty() {
            self.stuck = !self.may_go_on(&open);
            return false;
        }
        if blocking.iter().any(|step| self.halts(*step)) {
            self.stuck = true;
            return false;
        }
        let next = &self.plan.phases[self.phase].1;
        if next.is_empty() {
            self.stuck = false;
            if self.phase + 1 < self.plan.phases.len() {
                self.enter(self.phase + 1);
                return true;
            }
            let blocked = |step: usize| {
                let blocks = self.steps()[step].blocks != Blocks::Nothing;
                blocks && (!self.states[step].settled() || self.halts(step))
            };
            self.closed = !(0..self.states.len()).any(blocked);
            return false;
        }
        for (place, entry) in next.iter().enumerate() {
            let when = entry.when.as_ref().map_or(Some(true), |when| when.truth(&self.vars));
            if when != Some(true) {
                continue;
            }
            let taken = self.taken.entry((self.phase, place)).or_default();
            if *taken >= entry.at_most {
                break;
            }
            *taken += 1;
            self.enter(entry.to);
            return true;
        }
        self.stuck = true;
        false
    }

    /// Supposes that everything that is or becomes ready succeeds: does any of these get there?
    fn may_go_on(&self, open: &[usize]) -> bool {
        let mut good: Vec<bool> = (0..self.states.len())
            .map(|step| {
                self.passes(step) || matches!(self.states[step], State::Ready | State::Active)
            })
            .collect();
        for _ in 0..self.states.len() {
            for (place, spec) in self.steps().iter().enumerate() {
                let needed = match spec.join {
                    Join::All => spec.after.len(),
                    Join::Any => 1,
                    Join::Two => 2,
                };
                let there = spec.after.iter().filter(|before| good[**before]).count();
                if self.states[place] == State::Waiting && there >= needed {
                    good[place] = true;
                }
            }
        }
        open.iter().any(|step| good[*step])
    }

    fn rules(&self) -> (u8, bool) {
        let mut unknown = false;
        for (level, when) in &self.plan.levels {
            match when.as_ref().map_or(Some(true), |when| when.truth(&self.vars)) {
                Some(true) => return self.assumed(*level, unknown),
                Some(false) => {}
                None => unknown = true,
            }
        }
        self.assumed(4, unknown)
    }

    fn assumed(&self, level: u8, unknown: bool) -> (u8, bool) {
        match self.plan.assume {
            Some(assume) if unknown => (level.min(assume), true),
            _ => (level, unknown),
        }
    }

    fn move_level(&mut self) {
        let (rules, provisional) = self.rules();
        if self.overruled.is_some_and(|then| rules >= then) {
            return;
        }
        if rules < self.level {
            self.overruled = None;
        }
        if rules <= self.level || self.provisional {
            (self.level, self.provisional) = (rules, provisional);
        }
    }
}
