//! Conditions: expressions combined by Kleene's rules.

use crate::playbook::expression::{Expression, Name, Scope, Unsure};

/// Whether something holds, as far as anyone knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// Nobody can tell yet.
    Unknown,
}

/// A truth and, where it is unknown, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub truth: Truth,
    /// What would have to be known; empty unless the truth is unknown.
    pub unsure: Vec<Unsure>,
}

impl Verdict {
    const YES: Self = Self { truth: Truth::Yes, unsure: Vec::new() };
    const NO: Self = Self { truth: Truth::No, unsure: Vec::new() };

    const fn of(holds: bool) -> Self {
        if holds { Self::YES } else { Self::NO }
    }

    /// Counts unknown as true: a step's `when`, a role's `engage`.
    #[must_use]
    pub fn or_unknown(&self) -> bool {
        self.truth != Truth::No
    }

    /// Counts unknown as false: `next`, `until`, `while`, handlers.
    #[must_use]
    pub fn and_known(&self) -> bool {
        self.truth == Truth::Yes
    }
}

/// A condition of a plan.
#[derive(Debug, PartialEq)]
pub enum Condition {
    /// One expression, evaluated alone.
    Holds(Expression),
    /// Holds when one of them does.
    Any(Vec<Condition>),
    /// Holds when each of them does.
    All(Vec<Condition>),
    /// Holds when it does not.
    Not(Box<Condition>),
}

impl Condition {
    /// Evaluates the condition over the facts of `scope`.
    ///
    /// An expression that names what nobody has set, or that fails on what it is given, is unknown.
    #[must_use]
    pub fn evaluate(&self, scope: &dyn Scope) -> Verdict {
        match self {
            Self::Holds(expression) => match expression.truth(scope) {
                Ok(holds) => Verdict::of(holds),
                Err(unsure) => Verdict { truth: Truth::Unknown, unsure: vec![unsure] },
            },
            Self::Any(conditions) => combine(conditions, scope, Truth::Yes),
            Self::All(conditions) => combine(conditions, scope, Truth::No),
            Self::Not(condition) => {
                let verdict = condition.evaluate(scope);
                match verdict.truth {
                    Truth::Yes => Verdict::NO,
                    Truth::No => Verdict::YES,
                    Truth::Unknown => verdict,
                }
            }
        }
    }

    /// Calls `visit` with every expression in it.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        match self {
            Self::Holds(expression) => visit(expression),
            Self::Any(conditions) | Self::All(conditions) => {
                for condition in conditions {
                    condition.visit(visit);
                }
            }
            Self::Not(condition) => condition.visit(visit),
        }
    }

    /// Returns every name its expressions use, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&Name> {
        let mut names = Vec::new();
        self.visit(&mut |expression| names.extend(expression.names()));
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Evaluates in order until one decides; unknown if none does and one is.
fn combine(conditions: &[Condition], scope: &dyn Scope, decides: Truth) -> Verdict {
    let mut unsure = Vec::new();
    for condition in conditions {
        let verdict = condition.evaluate(scope);
        if verdict.truth == decides {
            return Verdict { truth: decides, unsure: Vec::new() };
        }
        unsure.extend(verdict.unsure);
    }
    if unsure.is_empty() {
        return Verdict::of(decides == Truth::No);
    }
    Verdict { truth: Truth::Unknown, unsure }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::playbook::expression::{Fact, StepFact, StepWord};
    use crate::playbook::value::Value;

    /// Variables by name; steps are never done and never unset.
    struct Facts(BTreeMap<&'static str, Value>);

    impl Scope for Facts {
        fn fact(&self, name: &Name) -> Option<Fact<'_>> {
            match name {
                Name::Variable(id) => self.0.get(id.as_str()).map(Fact::Value),
                Name::Level => Some(Fact::Integer(2)),
                Name::Phase => Some(Fact::Text("respond".into())),
                Name::Step(_, StepFact::Word(StepWord::Answer)) => Some(Fact::Nothing),
                Name::Step(..) => Some(Fact::Boolean(false)),
                _ => None,
            }
        }
    }

    fn facts() -> Facts {
        Facts(BTreeMap::from([
            ("users_affected", Value::Integer(250_000)),
            ("channels_down", Value::List(vec![Value::String("phone".into())])),
            ("客户", Value::String("甲".into())),
            ("outage", Value::Duration("1h30m".parse().expect("a duration"))),
        ]))
    }

    fn holds(source: &str) -> Condition {
        Condition::Holds(Expression::compile(source).unwrap_or_else(|e| panic!("{source}: {e:?}")))
    }

    fn truth(source: &str) -> Truth {
        holds(source).evaluate(&facts()).truth
    }

    #[test]
    fn expressions_of_the_language_are_decided() {
        assert_eq!(truth("users_affected >= 100000"), Truth::Yes);
        assert_eq!(truth("users_affected >= 1000000"), Truth::No);
        assert_eq!(truth("channels_down|length > 0"), Truth::Yes);
        assert_eq!(truth("phase in [\"recover\", \"review\"]"), Truth::No);
        assert_eq!(truth("level <= 2"), Truth::Yes);
        assert_eq!(truth("steps.locate.done"), Truth::No);
        assert_eq!(truth("steps.stable.answer == \"未恢复\""), Truth::No);
        assert_eq!(truth("客户 == \"甲\""), Truth::Yes);
        assert_eq!(truth("outage > 3600"), Truth::Yes);
        assert_eq!(truth("\"phone\" in channels_down and level < 3"), Truth::Yes);
    }

    #[test]
    fn a_name_nobody_has_set_makes_the_whole_string_unknown_and_says_which() {
        let verdict = holds("level <= 2 or alert.severity == \"page\"").evaluate(&facts());
        assert_eq!(verdict.truth, Truth::Unknown);
        let why = verdict.unsure[0].text();
        assert_eq!(why.get(crate::text::Lang::En), "`alert.severity` is not known yet");
    }

    #[test]
    fn an_evaluation_that_fails_is_unknown_with_the_reason() {
        let verdict = holds("users_affected|length > 1").evaluate(&facts());
        assert_eq!(verdict.truth, Truth::Unknown);
        assert!(matches!(&verdict.unsure[0], Unsure::Failed { source, .. }
            if source == "users_affected|length > 1"));
    }

    #[test]
    fn unknown_counts_as_true_or_false_where_the_plan_says_so() {
        let unknown = holds("missing > 1").evaluate(&facts());
        assert!(unknown.or_unknown() && !unknown.and_known());
        let yes = holds("level == 2").evaluate(&facts());
        assert!(yes.or_unknown() && yes.and_known());
        let no = holds("level == 3").evaluate(&facts());
        assert!(!no.or_unknown() && !no.and_known());
    }

    #[test]
    fn an_empty_any_is_false_and_an_empty_all_is_true() {
        assert_eq!(Condition::Any(vec![]).evaluate(&facts()).truth, Truth::No);
        assert_eq!(Condition::All(vec![]).evaluate(&facts()).truth, Truth::Yes);
    }

    const TRUTHS: [(&str, Truth); 3] =
        [("level == 2", Truth::Yes), ("level == 3", Truth::No), ("missing", Truth::Unknown)];

    /// Kleene's strong three-valued logic as a table of minimum and maximum: no < unknown < yes.
    fn rank(truth: Truth) -> u8 {
        match truth {
            Truth::No => 0,
            Truth::Unknown => 1,
            Truth::Yes => 2,
        }
    }

    proptest! {
        #[test]
        fn any_is_the_maximum_and_all_the_minimum(picks in prop::collection::vec(0_usize..3, 1..6)) {
            let conditions = || picks.iter().map(|n| holds(TRUTHS[*n].0)).collect::<Vec<_>>();
            let ranks = || picks.iter().map(|n| rank(TRUTHS[*n].1));
            let any = Condition::Any(conditions()).evaluate(&facts());
            let all = Condition::All(conditions()).evaluate(&facts());
            prop_assert_eq!(Some(rank(any.truth)), ranks().max());
            prop_assert_eq!(Some(rank(all.truth)), ranks().min());
            for verdict in [any, all] {
                prop_assert_eq!(verdict.truth == Truth::Unknown, !verdict.unsure.is_empty());
            }
        }

        #[test]
        fn not_turns_yes_and_no_around_and_keeps_unknown(pick in 0_usize..3) {
            let verdict = Condition::Not(Box::new(holds(TRUTHS[pick].0))).evaluate(&facts());
            prop_assert_eq!(rank(verdict.truth), 2 - rank(TRUTHS[pick].1));
        }

        #[test]
        fn no_source_breaks_the_compiler_or_the_evaluation(source in "[a-z0-9 ().|\\[\\]\"'~<>=+%/-]{0,40}") {
            if let Ok(expression) = Expression::compile(&source) {
                let _ = Condition::Holds(expression).evaluate(&facts());
            }
        }
    }

    #[test]
    fn computed_values_have_a_type() {
        let value = |source: &str| Expression::compile(source).expect(source).value(&facts());
        assert_eq!(value("users_affected + 1"), Ok(Value::Integer(250_001)));
        assert_eq!(value("users_affected / 100000"), Ok(Value::Number(2.5)));
        assert_eq!(value("客户 ~ \"方\""), Ok(Value::String("甲方".into())));
        assert_eq!(value("level <= 2"), Ok(Value::Boolean(true)));
        assert_eq!(value("channels_down"), Ok(facts().0["channels_down"].clone()));
        assert!(matches!(value("missing"), Err(Unsure::Unset(_))));
        assert!(matches!(value("{\"a\": 1}"), Err(Unsure::Failed { .. })));
        assert!(matches!(value("none"), Err(Unsure::Failed { .. })));
    }

    #[test]
    fn names_are_known_without_evaluating() {
        let condition = Condition::All(vec![
            holds("steps.a.done and users_affected > 1"),
            Condition::Not(Box::new(holds("alert.labels[\"x\"] == alert.labels.y.z"))),
        ]);
        let names: Vec<String> = condition.names().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["users_affected", "steps.a.done", "alert.labels"]);
    }

    #[test]
    fn growth_is_bounded() {
        let expanding = format!("\"aaaaaaaa\"{}", "|replace(\"a\",\"aaaaaaaaaa\")".repeat(60));
        for source in [
            expanding,
            format!("\"ab\"{}", "|split(\"\")|join(\"aaaaaaaaaa\")".repeat(50)),
            "[[[[[[[\"\\\"\"]|string]|string]|string]|string]|string]|string]|string".to_owned(),
        ] {
            if let Ok(expression) = Expression::compile(&source) {
                let value = expression.value(&facts());
                let length = value.map_or(0, |value| value.to_string().len());
                assert!(length <= 64 * 1024, "{source}: {length}");
            }
        }
    }
}
