//! A slow judge that looks at the whole journal again for every question, held beside the quick one.

use proptest::prelude::*;

use super::patterns::{MET, MISSED, OPEN};
use super::*;
use crate::engine::LadderSubject;

const ROLES: [&str; 2] = ["commander", "comms"];
const STEPS: [&str; 2] = ["confirm", "locate"];
const PEOPLE: [&str; 2] = ["li", "wang"];

/// What may stand in a journal.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Acknowledged { role: usize, person: usize },
    Assigned { role: usize, person: usize },
    Released { role: usize, person: usize },
    Chosen { step: usize, person: usize, yes: bool },
    Consent { step: usize, person: usize },
    Rung { role: usize },
    Level(u8),
    Phase { step: usize },
}

impl Happening {
    fn fact(self, visit: u32) -> Fact {
        let key = |step: usize| RunKey::first(1, STEPS[step].into());
        match self {
            Self::Acknowledged { role, person } => Fact::RoleAcknowledged {
                role: ROLES[role].into(),
                by: PEOPLE[person].into(),
                claimed: false,
            },
            Self::Assigned { role, person } => Fact::RoleAssigned {
                role: ROLES[role].into(),
                to: PEOPLE[person].into(),
                rank: None,
                until: None,
            },
            Self::Released { role, person } => {
                Fact::RoleReleased { role: ROLES[role].into(), by: PEOPLE[person].into() }
            }
            Self::Chosen { step, yes, .. } => {
                let answer = Some(if yes { "yes" } else { "no" }.into());
                Fact::StepDone { key: key(step), answer, note: None }
            }
            Self::Consent { step, person } => {
                Fact::StepApproved { key: key(step), by: PEOPLE[person].into(), note: None }
            }
            Self::Rung { role } => Fact::RungFired {
                subject: LadderSubject::Role { role: ROLES[role].into() },
                rung: 0,
                people: Vec::new(),
                wanted: 1,
                turn: None,
            },
            Self::Level(to) => Fact::LevelChanged {
                from: None,
                to,
                provisional: false,
                by_rules: to,
                overruled: None,
            },
            Self::Phase { step } => {
                let phase = STEPS[step].into();
                Fact::PhaseEntered { phase, visit, by_next: None, why: None }
            }
        }
    }

    const fn person(self) -> Option<usize> {
        match self {
            Self::Acknowledged { person, .. }
            | Self::Chosen { person, .. }
            | Self::Consent { person, .. } => Some(person),
            _ => None,
        }
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    let two = || 0..2_usize;
    prop_oneof![
        (two(), two()).prop_map(|(role, person)| Happening::Acknowledged { role, person }),
        (two(), two()).prop_map(|(role, person)| Happening::Assigned { role, person }),
        (two(), two()).prop_map(|(role, person)| Happening::Released { role, person }),
        (two(), two(), any::<bool>()).prop_map(|(step, person, yes)| Happening::Chosen {
            step,
            person,
            yes
        }),
        (two(), two()).prop_map(|(step, person)| Happening::Consent { step, person }),
        two().prop_map(|role| Happening::Rung { role }),
        (1..=4_u8).prop_map(Happening::Level),
        two().prop_map(|step| Happening::Phase { step }),
    ]
}

/// What is asked: which kind, of which role or step, within, by.
type Question = (u8, usize, Option<i64>, Option<usize>);

fn pattern((kind, nth, within, by): Question) -> Pattern {
    let what = match kind {
        0 => What::Decision(STEPS[nth].into(), "yes".into()),
        1 => What::Approved(STEPS[nth].into()),
        2 => What::RoleEscalated(ROLES[nth].into()),
        3 => What::Level(u8::try_from(nth).unwrap() + 2),
        4 => What::PhaseEntered(STEPS[nth].into()),
        _ => What::Step(STEPS[nth].into(), Milestone::Done),
    };
    let by = by.filter(|_| what.has_an_actor()).map(|role| ROLES[role].into());
    Pattern { what, within: within.map(SignedDuration::from_mins), from: None, by }
}

/// Who was given a role, or took it, after the first `count` happenings, and whether they took it:
/// the last word on it counts.
fn tenure(journal: &[(i64, Happening)], count: usize, role: usize) -> Option<(usize, bool)> {
    let word = journal[..count].iter().rev().find_map(|(_, happening)| match *happening {
        Happening::Acknowledged { role: of, person } if of == role => Some(Some((person, true))),
        Happening::Assigned { role: of, person } if of == role => Some(Some((person, false))),
        Happening::Released { role: of, .. } if of == role => Some(None),
        _ => None,
    });
    word.flatten()
}

/// Tells whether a person held a role at a happening, or was given it and took it in the same
/// commit.
fn holds(journal: &[(i64, Happening)], at: usize, role: usize, person: usize) -> bool {
    match tenure(journal, at + 1, role) {
        Some((holder, true)) => holder == person,
        Some((given, false)) => {
            let minute = journal[at].0;
            let mut same_commit = journal[at + 1..].iter().take_while(|(at, _)| *at == minute);
            given == person
                && same_commit.any(|(_, happening)| match *happening {
                    Happening::Acknowledged { role: of, person: by } => of == role && by == person,
                    _ => false,
                })
        }
        None => false,
    }
}

fn shows((kind, nth, _, by): Question, happening: Happening) -> bool {
    match (kind, happening) {
        (0, Happening::Chosen { step, yes, .. }) => step == nth && yes,
        (1, Happening::Consent { step, .. }) => step == nth && by.is_some(),
        (1, Happening::Chosen { step, .. }) => step == nth && by.is_none(),
        (2, Happening::Rung { role }) => role == nth,
        (3, Happening::Level(level)) => usize::from(level) <= nth + 2,
        (4, Happening::Phase { step }) => step == nth,
        (5, Happening::Chosen { step, .. }) => step == nth,
        _ => false,
    }
}

fn reference(journal: &[(i64, Happening)], question: Question, over: bool) -> &'static str {
    let (kind, nth, within, by) = question;
    let by = by.filter(|_| pattern((kind, nth, None, None)).what.has_an_actor());
    let question = (kind, nth, within, by);
    let found = journal.iter().enumerate().find(|(at, (_, happening))| {
        let right_person = by.is_none_or(|role| {
            happening.person().is_some_and(|person| holds(journal, *at, role, person))
        });
        shows(question, *happening) && right_person
    });
    match (found, within) {
        (Some((_, (minute, _))), Some(within)) if *minute > within => MISSED,
        (Some(_), _) => MET,
        (None, _) if over => MISSED,
        (None, Some(within)) if journal.last().is_some_and(|(last, _)| *last > within) => MISSED,
        (None, _) => OPEN,
    }
}

proptest! {
    #[test]
    fn the_quick_judge_says_what_the_slow_one_says(
        steps in prop::collection::vec((0..10_i64, happening()), 0..25),
        question in (0..6_u8, 0..2_usize, prop::option::of(0..90_i64), prop::option::of(0..2_usize)),
        over in any::<bool>(),
    ) {
        let mut minute = 0;
        let journal: Vec<(i64, Happening)> = steps
            .into_iter()
            .map(|(later, happening)| {
                minute += later;
                (minute, happening)
            })
            .collect();
        let mut told = Journal::declared();
        for (nth, (minute, happening)) in journal.iter().enumerate() {
            told = told.at(*minute, happening.fact(u32::try_from(nth).unwrap() + 1));
            if let Some(person) = happening.person() {
                told.events.last_mut().unwrap().actor = Actor::person(PEOPLE[person]);
            }
        }
        let outcome = if over { Outcome::Completed } else { Outcome::Interrupted };
        let asked = || pattern(question);
        let card = told.judge(vec![Ask::Seen(asked()), Ask::Never(asked())], outcome);
        let [seen, never] = names(&card)[..] else { panic!("{card:?}") };
        prop_assert_eq!(seen, reference(&journal, question, over));
        if over && seen != "not_judged" {
            prop_assert_eq!(seen == MET, never == MISSED, "one of both");
        }
    }
}
