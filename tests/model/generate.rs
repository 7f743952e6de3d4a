//! Random plans and random commands. Drawn as small numbers that always mean something, so that
//! what shrinks stays a plan.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::spec::{
    Blocks, Cond, Due, From, Handler, Join, Kind, Limit, Next, On, OnFailure, Phase, Repeat, Spec,
    Step, Word,
};

/// A condition as drawn.
#[derive(Debug, Clone)]
pub struct RawCond(u8, u8, Option<Box<(RawCond, RawCond)>>);

/// A step as drawn.
#[derive(Debug, Clone)]
pub struct RawStep {
    kind: u8,
    after: [bool; 4],
    join: u8,
    when: Option<RawCond>,
    failure: (u8, u8),
    blocks: u8,
    repeat: Option<(u8, Option<RawCond>)>,
    due: Option<(u8, u8)>,
}

/// A phase as drawn.
#[derive(Debug, Clone)]
pub struct RawPhase {
    steps: Vec<RawStep>,
    next: Vec<(u8, Option<RawCond>)>,
}

/// A plan as drawn.
#[derive(Debug, Clone)]
pub struct RawPlan {
    levels: Vec<RawCond>,
    firm: bool,
    assume: u8,
    engage: Option<RawCond>,
    phases: Vec<RawPhase>,
    handlers: Vec<(u8, u8, u8, u8)>,
    by_person: bool,
}

/// A command as drawn: what, on what, how, by whom.
#[derive(Debug, Clone, Copy)]
pub struct RawCommand {
    /// What is done.
    pub op: u8,
    /// To which step, role or phase.
    pub on: u8,
    /// How.
    pub how: u8,
    /// By whom.
    pub who: u8,
}

fn cond() -> impl Strategy<Value = RawCond> {
    let leaf = (any::<u8>(), any::<u8>()).prop_map(|(kind, n)| RawCond(kind, n, None));
    leaf.prop_recursive(2, 4, 2, |inner| {
        (any::<u8>(), inner.clone(), inner)
            .prop_map(|(kind, a, b)| RawCond(kind, 0, Some(Box::new((a, b)))))
    })
}

fn step() -> impl Strategy<Value = RawStep> {
    (
        any::<u8>(),
        any::<[bool; 4]>(),
        any::<u8>(),
        proptest::option::weighted(0.3, cond()),
        any::<(u8, u8)>(),
        any::<u8>(),
        proptest::option::weighted(0.2, (any::<u8>(), proptest::option::of(cond()))),
        proptest::option::weighted(0.6, any::<(u8, u8)>()),
    )
        .prop_map(|(kind, after, join, when, failure, blocks, repeat, due)| RawStep {
            kind,
            after,
            join,
            when,
            failure,
            blocks,
            repeat,
            due,
        })
}

fn phase() -> impl Strategy<Value = RawPhase> {
    let next = (any::<u8>(), proptest::option::weighted(0.7, cond()));
    (vec(step(), 0..5), vec(next, 0..3)).prop_map(|(steps, next)| RawPhase { steps, next })
}

/// Draws a plan.
pub fn plan() -> impl Strategy<Value = RawPlan> {
    (
        vec(cond(), 0..4),
        proptest::bool::weighted(0.8),
        0_u8..5,
        proptest::option::of(cond()),
        vec(phase(), 1..4),
        vec(any::<(u8, u8, u8, u8)>(), 0..3),
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(levels, firm, assume, engage, phases, handlers, by_person)| RawPlan {
            levels,
            firm,
            assume,
            engage,
            phases,
            handlers,
            by_person,
        })
}

/// Draws commands.
pub fn commands(most: usize) -> impl Strategy<Value = Vec<RawCommand>> {
    let command = any::<(u8, u8, u8, u8)>();
    vec(command.prop_map(|(op, on, how, who)| RawCommand { op, on, how, who }), 0..most)
}

/// Gives every length of time of a plan seconds of its own, so that no two things fall due at one
/// instant, where nothing says which comes first.
struct Lengths(i64);

impl Lengths {
    fn minutes(&mut self, minutes: u8) -> i64 {
        self.0 += 1;
        i64::from(minutes % 40 + 1) * 60 + self.0
    }
}

impl RawPlan {
    /// Makes the plan.
    pub fn spec(&self) -> Spec {
        let mut lengths = Lengths(0);
        let count = self.levels.len();
        let mut levels: Vec<(u8, Option<Cond>)> = (1_u8..)
            .zip(&self.levels)
            .map(|(level, raw)| (level, Some(raw.cond(&[], false))))
            .collect();
        if self.firm {
            levels.push((u8::try_from(count).expect("few") + 1, None));
        }
        let phases: Vec<Phase> = self
            .phases
            .iter()
            .enumerate()
            .map(|(n, raw)| raw.phase(n, self.phases.len(), &mut lengths))
            .collect();
        // One for each event: nothing says what a second one does when the first leads elsewhere.
        let mut handlers: Vec<Handler> = Vec::new();
        for handler in self.handlers.iter().map(|raw| self.handler(*raw)) {
            if handlers.iter().all(|known| known.event != handler.event) {
                handlers.push(handler);
            }
        }
        Spec {
            levels,
            assume: (1..=4).contains(&self.assume).then_some(self.assume),
            engage: self.engage.as_ref().map(|raw| raw.cond(&[], true)),
            phases,
            handlers,
            by_person: self.by_person,
        }
    }

    fn handler(&self, (event, go, phase, most): (u8, u8, u8, u8)) -> Handler {
        let among = |n: u8| usize::from(n) % self.phases.len();
        Handler {
            event: [On::StepFailed, On::AlertResolved][usize::from(event) % 2],
            while_phase: (phase % 2 == 0).then(|| among(phase / 2)),
            go: among(go),
            at_most: u32::from(most % 2) + 1,
        }
    }
}

impl RawPhase {
    fn phase(&self, at: usize, phases: usize, lengths: &mut Lengths) -> Phase {
        let mut steps: Vec<Step> = Vec::new();
        for (n, raw) in self.steps.iter().enumerate() {
            steps.push(raw.step(at, n, phases, self.steps.len(), &steps, lengths));
        }
        let ids: Vec<&Step> = steps.iter().collect();
        let next = self
            .next
            .iter()
            .map(|(raw, when)| {
                let to = usize::from(raw % 8) % phases;
                // A way back has a bound: the language wants it.
                let bounded = to <= at || raw % 3 == 0;
                Next {
                    to,
                    when: when.as_ref().map(|when| when.cond(&ids, true)),
                    at_most: bounded.then(|| u32::from(raw / 64) % 2 + 1),
                }
            })
            .collect();
        Phase { steps, next }
    }
}

impl RawStep {
    fn step(
        &self,
        phase: usize,
        at: usize,
        phases: usize,
        steps: usize,
        before: &[Step],
        lengths: &mut Lengths,
    ) -> Step {
        let mut after: Vec<usize> = (0..at.min(4)).filter(|n| self.after[*n]).collect();
        let repeats = self.repeat.is_some();
        let mut kind = self.kind(repeats, lengths);
        let mut blocks = match self.blocks % 8 {
            0 => Blocks::Nothing,
            1 => Blocks::Close,
            _ => Blocks::Phase,
        };
        let outlives = self.blocks % 16 >= 14 && kind == Kind::Manual;
        if outlives {
            blocks = Blocks::Nothing;
            after.clear();
        }
        let join = match (after.len(), self.join % 4) {
            (1.., 0) => Join::Any,
            (2.., 1) => Join::N(2),
            _ => Join::All,
        };
        let seen: Vec<&Step> = after.iter().map(|n| &before[*n]).collect();
        let when = self
            .when
            .as_ref()
            .map(|when| when.cond(if join == Join::All { &seen } else { &[] }, true));
        let on_failure = match self.failure {
            _ if repeats => OnFailure::Continue,
            (kind, _) if kind % 5 == 1 => OnFailure::Continue,
            (kind, to) if kind % 5 == 2 && steps > 1 => {
                let to = usize::from(to) % steps;
                if to == at { OnFailure::Stop } else { OnFailure::Step(to) }
            }
            (kind, to) if kind % 5 == 3 => OnFailure::Phase(usize::from(to) % phases),
            _ => OnFailure::Stop,
        };
        // From which visit two steps that both outlive theirs count, nothing says.
        let anchors = if outlives { 0 } else { at };
        let due = self.due.map(|raw| Self::due(raw, &kind, anchors, lengths));
        if let (Kind::Decide { default }, None) = (&mut kind, &due) {
            *default = false;
        }
        let repeat = self.repeat.as_ref().map(|(n, until)| Repeat {
            every: lengths.minutes(*n),
            until: until.as_ref().map(|until| until.cond(&[], true)),
            at_most: u32::from(n % 3) + 1,
        });
        Step {
            id: format!("s{phase}{at}"),
            kind,
            after,
            join,
            when,
            on_failure,
            blocks,
            outlives,
            repeat,
            due,
        }
    }

    fn kind(&self, repeats: bool, lengths: &mut Lengths) -> Kind {
        match self.kind % 12 {
            _ if repeats => Kind::Manual,
            0..=4 => Kind::Manual,
            5 | 6 => Kind::Decide { default: self.kind.is_multiple_of(3) },
            7 => Kind::WaitFor(lengths.minutes(self.kind / 4)),
            8 => Kind::WaitUntil(RawCond(self.kind, self.kind / 3, None).cond(&[], true)),
            9 => Kind::Set,
            10 => Kind::Http {
                attempts: u32::from(self.kind / 16 % 3) + 1,
                backoff: lengths.minutes(0),
            },
            _ => Kind::Notify,
        }
    }

    fn due((limit, from): (u8, u8), kind: &Kind, at: usize, lengths: &mut Lengths) -> Due {
        let limit = match limit % 3 {
            0 | 1 => {
                let mut three = [0; 3].map(|_| lengths.minutes(limit / 3));
                three.sort_unstable();
                let step = i64::from(limit / 12) * 30;
                Limit::ByLevel(three[0], three[1] + step, three[2] + 2 * step)
            }
            _ => Limit::Fixed(lengths.minutes(limit / 3)),
        };
        let from = match from % 4 {
            _ if matches!(kind, Kind::Decide { .. }) => From::Ready,
            0 => From::Declared,
            1 if at > 0 => From::Started(usize::from(from) % at),
            _ => From::Ready,
        };
        Due { limit, from }
    }
}

impl RawCond {
    /// Makes the condition, over these steps and, where it may be, the level.
    fn cond(&self, steps: &[&Step], level: bool) -> Cond {
        let Self(kind, n, parts) = self;
        if let Some(parts) = parts {
            let (a, b) = (parts.0.cond(steps, level), parts.1.cond(steps, level));
            return match kind % 3 {
                0 => Cond::Any(vec![a, b]),
                1 => Cond::All(vec![a, b]),
                _ => Cond::Not(Box::new(a)),
            };
        }
        let number = i64::from(n % 6);
        let of_step = |steps: &[&Step]| {
            let step = steps[usize::from(*n) % steps.len()];
            match (&step.kind, n % 4) {
                (Kind::Decide { .. }, 0..=2) => Cond::Yes(step.id.clone()),
                (_, 0) => Cond::Step(step.id.clone(), "failed"),
                (_, 1) => Cond::Step(step.id.clone(), "skipped"),
                _ => Cond::Step(step.id.clone(), "done"),
            }
        };
        match kind % 7 {
            6 => Cond::Text(number, [Word::And, Word::Or][usize::from(n / 6 % 2)], number / 2 + 1),
            0 | 1 if !steps.is_empty() => of_step(steps),
            0 | 2 => Cond::Users(number),
            1 | 3 => Cond::Channels(number),
            4 if level => Cond::Level(n % 4 + 1),
            _ => Cond::Over,
        }
    }
}
