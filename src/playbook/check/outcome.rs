//! What a condition can come to, whatever becomes known: it is tried on values that stand for all
//! the names in it can have. What cannot be told so counts as open.

use smol_str::SmolStr;

use crate::id::{StepId, VarId};
use crate::playbook::check::literal::{Literals, literals};
use crate::playbook::expression::{
    Condition, Expression, Fact, IncidentFact, Name, RoleFact, Scope, StepFact, StepWord, Truth,
};
use crate::playbook::lower::Notes;
use crate::playbook::model::{Action, LEVEL_MILDEST, LEVEL_WORST, Playbook};
use crate::playbook::value::{Bounds, FieldType};

/// The most combinations of values one condition is tried on.
const WORLDS_MAX: usize = 512;

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It depends, or nobody can tell.
    Open,
    /// It never holds.
    Never,
    /// It holds as soon as what it asks for is known.
    Always,
}

/// What names can stand for in a plan.
pub(super) struct Range<'a> {
    pub playbook: &'a Playbook,
    pub notes: &'a Notes<'a>,
    /// How many expressions may still be tried.
    pub left: usize,
}

/// A condition, without what cannot be told.
enum Part<'a> {
    Holds(&'a Expression),
    Unclear,
    Any(Vec<Part<'a>>),
    All(Vec<Part<'a>>),
    Not(Box<Part<'a>>),
}

/// Something that varies on its own, and what stands for all it can be.
struct Dimension<'a> {
    of: Varying<'a>,
    choices: Vec<Choice>,
}

#[derive(PartialEq)]
enum Varying<'a> {
    Name(&'a Name),
    /// The state of a step, which many names speak of.
    State(&'a StepId),
}

enum Choice {
    Nothing,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(SmolStr),
}

/// One choice of every dimension.
struct World<'a> {
    dimensions: &'a [Dimension<'a>],
    at: Vec<usize>,
}

impl Range<'_> {
    /// Finds out what a condition can come to.
    pub(super) fn outcome(&mut self, condition: &Condition) -> Outcome {
        let mut known = Literals::default();
        let mut size = 0;
        condition.visit(&mut |expression| {
            size += 1;
            if let Some(more) = literals(expression.source()) {
                known.numbers.extend(more.numbers);
                known.texts.extend(more.texts);
            }
        });
        let mut dimensions = Vec::new();
        let part = self.part(condition, &known, &mut dimensions);
        let worlds = dimensions.iter().try_fold(1_usize, |all, dimension| {
            Some(all.checked_mul(dimension.choices.len())?).filter(|all| *all <= WORLDS_MAX)
        });
        if worlds.is_none() {
            return Outcome::Open;
        }
        let mut world = World { at: vec![0; dimensions.len()], dimensions: &dimensions };
        let (mut may, mut may_not) = (false, false);
        loop {
            if self.left < size {
                return Outcome::Open;
            }
            self.left -= size;
            let truth = part.truth(&world);
            may |= truth != Truth::No;
            may_not |= truth != Truth::Yes;
            if may && may_not {
                return Outcome::Open;
            }
            if !world.turn() {
                return if may { Outcome::Always } else { Outcome::Never };
            }
        }
    }

    fn part<'c>(
        &self,
        condition: &'c Condition,
        known: &Literals,
        dimensions: &mut Vec<Dimension<'c>>,
    ) -> Part<'c> {
        let mut all = |parts: &'c [Condition]| {
            parts.iter().map(|part| self.part(part, known, dimensions)).collect()
        };
        match condition {
            Condition::Any(parts) => Part::Any(all(parts)),
            Condition::All(parts) => Part::All(all(parts)),
            Condition::Not(part) => Part::Not(Box::new(self.part(part, known, dimensions))),
            Condition::Holds(expression) => {
                let ranges = expression.names().iter().map(|name| self.range(name, known));
                let ranges: Option<Vec<Dimension<'c>>> = ranges.collect();
                // What names nothing is what it is, however it is computed.
                let plain =
                    expression.names().is_empty() || literals(expression.source()).is_some();
                let Some(ranges) = ranges.filter(|_| plain) else { return Part::Unclear };
                for range in ranges {
                    if dimensions.iter().all(|known| known.of != range.of) {
                        dimensions.push(range);
                    }
                }
                Part::Holds(expression)
            }
        }
    }

    /// Returns what a name can stand for; `None` where it can be anything.
    fn range<'c>(&self, name: &'c Name, known: &Literals) -> Option<Dimension<'c>> {
        let both = || vec![Choice::Boolean(false), Choice::Boolean(true)];
        let choices = match name {
            Name::Variable(id) => self.of_variable(id, known)?,
            Name::Level | Name::Incident(IncidentFact::Level) => {
                (LEVEL_WORST..=LEVEL_MILDEST).map(|level| Choice::Integer(level.into())).collect()
            }
            Name::Phase | Name::Incident(IncidentFact::Phase) => {
                words(self.playbook.phases.iter().map(|phase| phase.id.as_str()))
            }
            Name::Incident(IncidentFact::Mode) => words(["live", "drill", "simulation"]),
            Name::Incident(IncidentFact::Status) => {
                words(["open", "paused", "closed", "cancelled"])
            }
            Name::Role(_, RoleFact::Acknowledged | RoleFact::Engaged) => both(),
            Name::Measure(_) => numbers(&Bounds::default(), known),
            Name::Step(id, fact) => return self.of_step(name, id, fact, known),
            Name::Incident(_)
            | Name::Role(..)
            | Name::Alert(_)
            | Name::Surge(_)
            | Name::Here(_) => return None,
        };
        Some(Dimension { of: Varying::Name(name), choices })
    }

    fn of_step<'c>(
        &self,
        name: &'c Name,
        id: &'c StepId,
        fact: &'c StepFact,
        known: &Literals,
    ) -> Option<Dimension<'c>> {
        let (_, step) = self.playbook.step(id)?;
        let once = step.repeat.is_none() && step.for_each.is_none();
        let choices = match fact {
            StepFact::Word(StepWord::Answer) => {
                let Action::Decide(decide) = &step.action else { return None };
                let mut answers = words(decide.options.iter().map(SmolStr::as_str));
                answers.push(Choice::Nothing);
                answers
            }
            StepFact::Word(StepWord::Started | StepWord::Overdue) => {
                vec![Choice::Boolean(false), Choice::Boolean(true)]
            }
            StepFact::Word(StepWord::Cause | StepWord::Holder) => return None,
            // Of a step that is done again and again several may be true at once.
            StepFact::Word(_) if !once => return None,
            StepFact::Word(_) => {
                let of = Varying::State(id);
                return Some(Dimension { of, choices: words(STATES) });
            }
            StepFact::Field(field) => {
                let mut values = self.of_variable(field, known)?;
                values.push(Choice::Nothing);
                values
            }
        };
        Some(Dimension { of: Varying::Name(name), choices })
    }

    fn of_variable(&self, id: &VarId, known: &Literals) -> Option<Vec<Choice>> {
        let places = self.notes.variables.get(id)?;
        let kinds: Option<Vec<&FieldType>> =
            places.iter().map(|place| place.what.as_ref()).collect();
        let kinds = kinds?;
        let [first, others @ ..] = kinds.as_slice() else { return None };
        if others.iter().any(|other| other != first) {
            return None;
        }
        Some(match first {
            FieldType::Boolean => vec![Choice::Boolean(false), Choice::Boolean(true)],
            FieldType::Choice(options) => words(options.iter().map(SmolStr::as_str)),
            FieldType::Integer(bounds) => integers(bounds, known),
            FieldType::Number(bounds) => numbers(bounds, known),
            FieldType::String(_) | FieldType::Text(_) => texts(known),
            FieldType::Date
            | FieldType::Datetime
            | FieldType::Duration
            | FieldType::List { .. }
            | FieldType::Person => return None,
        })
    }
}

/// The states of a step, as conditions name them.
const STATES: [&str; 7] = ["waiting", "ready", "active", "done", "failed", "skipped", "cancelled"];

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<Choice> {
    words.into_iter().map(|word| Choice::Text(SmolStr::new(word))).collect()
}

/// Lists the numbers at which something may change: what is compared with, what counts as no and
/// yes, the bounds.
fn turns(known: &Literals, bounds: [Option<f64>; 2]) -> Vec<f64> {
    let mut turns: Vec<f64> = known.numbers.iter().copied().chain([0.0, 1.0]).collect();
    turns.extend(bounds.into_iter().flatten());
    turns.sort_by(f64::total_cmp);
    turns.dedup();
    turns
}

#[expect(clippy::cast_possible_truncation, reason = "literals are below 2^53")]
#[expect(clippy::cast_precision_loss, reason = "so are bounds that mean anything")]
fn integers(bounds: &Bounds<i64>, known: &Literals) -> Vec<Choice> {
    let turns = turns(known, [bounds.min, bounds.max].map(|bound| bound.map(|b| b as f64)));
    let around = |turn: &f64| {
        let (low, high) = (turn.floor() as i64, turn.ceil() as i64);
        [low.saturating_sub(1), low, high, high.saturating_add(1)]
    };
    let mut values: Vec<i64> = turns.iter().flat_map(around).collect();
    values.sort_unstable();
    values.dedup();
    let (min, max) = (bounds.min.unwrap_or(i64::MIN), bounds.max.unwrap_or(i64::MAX));
    values.retain(|value| (min..=max).contains(value));
    values.into_iter().map(Choice::Integer).collect()
}

fn numbers(bounds: &Bounds<f64>, known: &Literals) -> Vec<Choice> {
    let turns = turns(known, [bounds.min, bounds.max]);
    let between = turns.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    let ends = turns.first().map(|first| first - 1.0).into_iter();
    let ends = ends.chain(turns.last().map(|last| last + 1.0));
    let values = between.chain(ends).chain(turns.iter().copied());
    let (min, max) = (bounds.min.unwrap_or(f64::MIN), bounds.max.unwrap_or(f64::MAX));
    values.filter(|value| (min..=max).contains(value)).map(Choice::Number).collect()
}

/// Lists each text that is compared with, what comes directly after it, nothing, and what comes
/// after all.
fn texts(known: &Literals) -> Vec<Choice> {
    let each = known.texts.iter().flat_map(|text| [text.clone(), format!("{text}\0")]);
    let mut all: Vec<String> = each.chain([String::new(), "\u{10ffff}".to_owned()]).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|text| Choice::Text(SmolStr::new(text))).collect()
}

impl Part<'_> {
    fn truth(&self, world: &World<'_>) -> Truth {
        match self {
            Self::Unclear => Truth::Unknown,
            Self::Holds(expression) => match expression.truth(world) {
                Ok(true) => Truth::Yes,
                Ok(false) => Truth::No,
                Err(_) => Truth::Unknown,
            },
            Self::Any(parts) => combined(parts, world, Truth::Yes, Truth::No),
            Self::All(parts) => combined(parts, world, Truth::No, Truth::Yes),
            Self::Not(part) => match part.truth(world) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                Truth::Unknown => Truth::Unknown,
            },
        }
    }
}

fn combined(parts: &[Part<'_>], world: &World<'_>, decides: Truth, otherwise: Truth) -> Truth {
    let mut truth = otherwise;
    for part in parts {
        match part.truth(world) {
            found if found == decides => return decides,
            Truth::Unknown => truth = Truth::Unknown,
            Truth::Yes | Truth::No => {}
        }
    }
    truth
}

impl World<'_> {
    /// Goes on to the next combination; `false` after the last.
    fn turn(&mut self) -> bool {
        for (place, dimension) in self.at.iter_mut().zip(self.dimensions) {
            *place += 1;
            if *place < dimension.choices.len() {
                return true;
            }
            *place = 0;
        }
        false
    }

    fn choice(&self, of: &Varying<'_>) -> Option<&Choice> {
        let place = self.dimensions.iter().position(|dimension| dimension.of == *of)?;
        self.dimensions[place].choices.get(self.at[place])
    }
}

impl Scope for World<'_> {
    fn fact(&self, name: &Name) -> Option<Fact<'_>> {
        if let Name::Step(id, StepFact::Word(word)) = name
            && let Some(Choice::Text(state)) = self.choice(&Varying::State(id))
            && let Some(fact) = of_state(state, *word)
        {
            return Some(fact);
        }
        Some(match self.choice(&Varying::Name(name))? {
            Choice::Nothing => Fact::Nothing,
            Choice::Boolean(value) => Fact::Boolean(*value),
            Choice::Integer(value) => Fact::Integer(*value),
            Choice::Number(value) => Fact::Number(*value),
            Choice::Text(text) => Fact::Text(text.as_str().into()),
        })
    }
}

/// Says what a state makes of a word; `None` where it says nothing about it.
fn of_state(state: &str, word: StepWord) -> Option<Fact<'_>> {
    Some(match word {
        StepWord::State => Fact::Text(state.into()),
        StepWord::Settled => {
            Fact::Boolean(["done", "failed", "skipped", "cancelled"].contains(&state))
        }
        StepWord::Waiting
        | StepWord::Ready
        | StepWord::Active
        | StepWord::Done
        | StepWord::Failed
        | StepWord::Skipped
        | StepWord::Cancelled => Fact::Boolean(state == word.as_str()),
        StepWord::Started
        | StepWord::Overdue
        | StepWord::Cause
        | StepWord::Answer
        | StepWord::Holder => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::lower::Noted;
    use crate::playbook::shipped::load;
    use crate::playbook::source::Span;
    use crate::playbook::value::Value;

    const FACTS: [(&str, FieldType); 2] = [
        ("x", FieldType::Integer(Bounds { min: Some(-3), max: Some(12) })),
        ("flag", FieldType::Boolean),
    ];

    fn outcome(condition: &Condition) -> Outcome {
        let playbook =
            load("small", "playbook: small\ntitle: Small\nphases: [ { id: one, title: One } ]\n");
        let mut notes = Notes::default();
        for (name, kind) in FACTS {
            let noted = Noted { what: Some(kind), span: Span::default() };
            notes.variables.insert(VarId::new(name), vec![noted]);
        }
        Range { playbook: &playbook, notes: &notes, left: 10_000 }.outcome(condition)
    }

    struct Given {
        x: Value,
        flag: Value,
    }

    impl Scope for Given {
        fn fact(&self, name: &Name) -> Option<Fact<'_>> {
            match name.to_string().as_str() {
                "x" => Some(Fact::Value(&self.x)),
                "flag" => Some(Fact::Value(&self.flag)),
                _ => None,
            }
        }
    }

    /// Tries every value there is.
    fn tried(condition: &Condition) -> Outcome {
        let truths: Vec<Truth> = (-3..=12)
            .flat_map(|x| [false, true].map(|flag| (x, flag)))
            .map(|(x, flag)| {
                let given = Given { x: Value::Integer(x), flag: Value::Boolean(flag) };
                condition.evaluate(&given).truth
            })
            .collect();
        if truths.iter().all(|truth| *truth == Truth::No) {
            Outcome::Never
        } else if truths.iter().all(|truth| *truth == Truth::Yes) {
            Outcome::Always
        } else {
            Outcome::Open
        }
    }

    fn expression() -> impl Strategy<Value = String> {
        let compares = prop::sample::select(vec!["<", "<=", "==", "!=", ">", ">="]);
        let atom = prop_oneof![
            (compares, -4_i64..14).prop_map(|(op, n)| format!("x {op} {n}")),
            prop::collection::vec(-4_i64..14, 1..4).prop_map(|list| format!("x in {list:?}")),
            Just("flag".to_owned()),
            Just("flag == true".to_owned()),
            Just("x".to_owned()),
        ];
        atom.prop_recursive(3, 12, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
                inner.prop_map(|a| format!("not ({a})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_it_comes_to_is_what_trying_every_value_shows(
            sources in prop::collection::vec(expression(), 1..4),
            any in any::<bool>(),
        ) {
            let parts = sources.iter().map(|source| {
                Condition::Holds(Expression::compile(source).expect("it compiles"))
            });
            let parts = parts.collect();
            let condition = if any { Condition::Any(parts) } else { Condition::All(parts) };
            prop_assert_eq!(outcome(&condition), tried(&condition), "{:?}", sources);
        }
    }
}
