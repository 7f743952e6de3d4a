//! What people really did in an incident, and what reached it from outside: read from its journal
//! (`read`), asked for by a run that is to go as it went. Times are kept as people made them: from
//! being asked to answering, from a step's being ready to its being begun, from there to its end.
//! Plain data; it must not know the plan it will be played under.

mod read;

pub(in crate::drill) use self::read::{from_outside, plain};

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::cast::Turn;
use crate::engine::{AlertNote, Command, Recipient, SurgeNote};
use crate::id::{PersonId, RoleId, StepId, VarId};
use crate::playbook::{Field, Level, Playbook, Value};

/// What is taken for the time of whatever nobody was seen to do, where nothing at all was seen.
const UNSEEN: SignedDuration = SignedDuration::from_mins(5);

/// What became of an incident by people and by the outside.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// How it was declared.
    pub declared: Declared,
    /// What reached it from outside later, oldest first.
    pub heard: Vec<Heard>,
    /// How long each took to answer for a role once they were asked, on whatever way that reached
    /// them; `None`: never.
    answers: BTreeMap<(RoleId, PersonId), Option<SignedDuration>>,
    /// Who took a role that nobody had asked them to take, and how long after it was needed.
    claims: BTreeMap<RoleId, (PersonId, SignedDuration)>,
    /// How each run of a step went.
    episodes: BTreeMap<Turn, Episode>,
    /// How long each took to say that they had seen a step's message.
    seen: BTreeMap<(StepId, PersonId), SignedDuration>,
    /// How long a step's messages were on their way to each.
    carried: BTreeMap<(Turn, Recipient), SignedDuration>,
    /// How long it took to close what only waited to be closed.
    closing: Option<SignedDuration>,
    /// What usually was the time to answer, and the time of work.
    usual: Usual,
    /// What is made of times that were not seen.
    guess: Guess,
}

/// How an incident was declared.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// When.
    pub at: Timestamp,
    /// What it was about.
    pub title: Option<String>,
    /// Inputs by name; personal ones are not among them.
    pub inputs: Map<String, Json>,
    /// When the trouble was noticed.
    pub detected_at: Option<Timestamp>,
    /// The level that a person gave it.
    pub level: Option<Level>,
    /// The alert that began it.
    pub alert: Option<AlertNote>,
    /// The surge that began it.
    pub surge: Option<SurgeNote>,
}

impl Declared {
    /// Returns those inputs that a plan can read.
    #[must_use]
    pub fn inputs_for(&self, playbook: &Playbook) -> Map<String, Json> {
        let reads = |name: &String, value: &Json| {
            let one = Map::from_iter([(name.clone(), value.clone())]);
            Field::read_some(&playbook.inputs, &Json::Object(one)).is_ok()
        };
        let kept = self.inputs.iter().filter(|(name, value)| reads(name, value));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Something that reached the incident from outside.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// What it asks of the incident.
    pub command: Command,
}

/// How one run of a step went.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Episode {
    /// From being ready to being begun; `None` where it never was.
    pub(super) reacted: Option<SignedDuration>,
    /// From there to its end; `None` where it had none.
    pub(super) worked: Option<SignedDuration>,
    /// How it ended.
    pub(super) end: Option<End>,
    /// Who worked on it while nobody had its role.
    pub(super) in_for_nobody: Option<PersonId>,
    /// What was filled in.
    pub(super) form: Map<String, Json>,
    /// What a request saved.
    pub(super) saved: Vec<(VarId, Value)>,
    /// What came after a failure, and how long after.
    pub(super) mended: Option<(SignedDuration, Mend)>,
}

/// How a run of a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It succeeded; with what was chosen.
    Done(Option<SmolStr>),
    /// It failed, or was refused.
    Failed(String),
    /// A person left it out.
    Skipped(String),
}

/// What was done about a step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// It was tried again.
    Retry,
    /// It was left out.
    Skip(String),
}

#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    answer: Option<SignedDuration>,
    reaction: Option<SignedDuration>,
    work: Option<SignedDuration>,
}

/// What is made of times that were not seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Guess {
    /// They are as was usual in the incident.
    #[default]
    Usual,
    /// They are nothing.
    Nothing,
    /// They are three times what was usual.
    Long,
}

impl Guess {
    fn of(self, usual: Option<SignedDuration>) -> SignedDuration {
        match self {
            Self::Usual => usual.unwrap_or(UNSEEN),
            Self::Nothing => SignedDuration::ZERO,
            Self::Long => usual.unwrap_or(UNSEEN).saturating_mul(3),
        }
    }
}

impl Past {
    /// Returns the same with other guesses for what was not seen.
    #[must_use]
    pub fn guessing(&self, guess: Guess) -> Self {
        Self { guess, ..self.clone() }
    }

    /// Returns how long a person takes to answer for a role; `None` when they never do.
    #[must_use]
    pub fn answer(&self, role: &RoleId, person: &PersonId) -> Option<SignedDuration> {
        match self.answers.get(&(role.clone(), person.clone())) {
            Some(seen) => *seen,
            None => Some(self.guess.of(self.usual.answer)),
        }
    }

    /// Tells whether it was seen how a person answers for a role.
    #[must_use]
    pub fn knows_answer(&self, role: &RoleId, person: &PersonId) -> bool {
        let claimed = self.claims.get(role).is_some_and(|(by, _)| by == person);
        claimed || self.answers.contains_key(&(role.clone(), person.clone()))
    }

    /// Returns who takes a role without being asked, and how long after it is needed.
    #[must_use]
    pub fn claim(&self, role: &RoleId) -> Option<&(PersonId, SignedDuration)> {
        self.claims.get(role)
    }

    /// Returns how long it takes until someone begins a step that is ready.
    #[must_use]
    pub fn start(&self, turn: &Turn) -> SignedDuration {
        let seen = self.episode(turn).and_then(|episode| episode.reacted);
        seen.unwrap_or_else(|| self.guess.of(self.usual.reaction))
    }

    /// Returns how long work on a step takes.
    #[must_use]
    pub fn work(&self, turn: &Turn) -> SignedDuration {
        let seen = self.episode(turn).and_then(|episode| episode.worked);
        seen.unwrap_or_else(|| self.guess.of(self.usual.work))
    }

    /// Tells whether a run of a step was seen from its beginning to its end.
    #[must_use]
    pub fn knows_work(&self, step: &StepId) -> bool {
        let mut of_step = self.episodes.iter().filter(|(turn, _)| turn.step == *step);
        of_step.any(|(_, episode)| episode.end.is_some() && episode.worked.is_some())
    }

    /// Lists the steps that were done.
    pub fn steps_done(&self) -> impl Iterator<Item = &StepId> {
        let done = self.episodes.iter().filter(|(turn, episode)| {
            turn.item.is_none() && matches!(episode.end, Some(End::Done(_)))
        });
        done.map(|(turn, _)| &turn.step)
    }

    /// Returns how a run of a step ends.
    #[must_use]
    pub fn end(&self, turn: &Turn) -> End {
        let seen = self.episode(turn).and_then(|episode| episode.end.clone());
        seen.unwrap_or(End::Done(None))
    }

    /// Returns who works on a step that nobody has the role for.
    #[must_use]
    pub fn in_for_nobody(&self, turn: &Turn) -> Option<&PersonId> {
        self.episode(turn)?.in_for_nobody.as_ref()
    }

    /// Returns what was filled in.
    #[must_use]
    pub fn form(&self, turn: &Turn) -> Option<&Map<String, Json>> {
        self.episode(turn).map(|episode| &episode.form)
    }

    /// Returns what a request saved.
    #[must_use]
    pub fn saved(&self, turn: &Turn) -> Vec<(VarId, Value)> {
        self.episode(turn).map(|episode| episode.saved.clone()).unwrap_or_default()
    }

    /// Returns what is done about a run that failed, and how long after.
    #[must_use]
    pub fn mend(&self, turn: &Turn) -> Option<&(SignedDuration, Mend)> {
        self.episode(turn)?.mended.as_ref()
    }

    /// Returns how long a person takes to say that they have seen a step's message.
    #[must_use]
    pub fn seen(&self, step: &StepId, person: &PersonId) -> SignedDuration {
        let seen = self.seen.get(&(step.clone(), person.clone())).copied();
        seen.unwrap_or_else(|| self.guess.of(self.usual.answer))
    }

    /// Returns how long a step's message is on its way.
    #[must_use]
    pub fn carried(&self, turn: &Turn, to: &Recipient) -> SignedDuration {
        self.carried.get(&(turn.clone(), to.clone())).copied().unwrap_or_default()
    }

    /// Returns how long it takes to close what only waits to be closed.
    #[must_use]
    pub fn closing(&self) -> SignedDuration {
        self.closing.unwrap_or_else(|| self.guess.of(self.usual.reaction))
    }

    /// Returns how a run went; where a step is run more often than it was, the last time stands for
    /// the rest, and any item for one that there was not.
    fn episode(&self, turn: &Turn) -> Option<&Episode> {
        let same_item = |known: &Turn| known.step == turn.step && known.item == turn.item;
        let earlier = self.episodes.range(..=turn.clone()).next_back();
        let earlier = earlier.filter(|(known, _)| same_item(known)).map(|(_, episode)| episode);
        earlier.or_else(|| {
            let mut of_step = self.episodes.iter().filter(|(known, _)| known.step == turn.step);
            of_step.next_back().map(|(_, episode)| episode)
        })
    }
}
