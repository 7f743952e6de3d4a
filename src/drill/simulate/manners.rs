//! Where it comes from what people do in a run: a model and its luck, or what was seen of them in
//! an incident that really was.

use jiff::SignedDuration;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::drill::cast::{Cast, Dice, Pace, Turn};
use crate::drill::inject::REASON;
use crate::drill::past::{End, Mend, Past};
use crate::engine::{Recipient, RequestOutcome};
use crate::id::{ChannelId, PersonId, RoleId, StepId};

/// How long a message takes to reach its channel: a mail server on a good day.
const DELIVERY: SignedDuration = SignedDuration::from_secs(2);

/// How people behave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manners<'a> {
    /// As a drill says, with this luck.
    Modelled(&'a Cast, Dice),
    /// As they did.
    Remembered(&'a Past),
}

impl<'a> Manners<'a> {
    /// Returns how people behave in another incident of the same run, by its position in it.
    pub(super) fn of_life(self, life: u32) -> Self {
        match self {
            Self::Modelled(cast, dice) => Self::Modelled(cast, dice.of_life(life)),
            Self::Remembered(_) => self,
        }
    }

    /// Tells whether each does one thing at a time. What was seen took as long as it took, with all
    /// that was done beside it.
    pub(super) const fn is_contended(self) -> bool {
        matches!(self, Self::Modelled(..))
    }

    /// Returns when an inject comes that comes at random.
    pub(super) fn between(
        self,
        position: usize,
        window: (SignedDuration, SignedDuration),
    ) -> SignedDuration {
        match self {
            Self::Modelled(_, dice) => dice.between(position, window),
            Self::Remembered(_) => window.0,
        }
    }

    /// Returns how long a person takes to answer for a role once a page reaches them; `None` when
    /// they never do.
    pub(super) fn acknowledgement(
        self,
        (role, person): (&RoleId, &PersonId),
        occurrence: u32,
        pace: Pace,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, dice) => {
                cast.acknowledgement(dice, (role, person), occurrence, pace)
            }
            Self::Remembered(past) => past.answer(role, person),
        }
    }

    /// Returns how long a person takes to say that they have seen a step's message.
    pub(super) fn seen(
        self,
        step: &StepId,
        person: &PersonId,
        pace: Pace,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, dice) => {
                cast.acknowledgement(dice, (&RoleId::new(""), person), 1, pace)
            }
            Self::Remembered(past) => Some(past.seen(step, person)),
        }
    }

    /// Returns who takes a role without being asked, and how long after it is needed.
    pub(super) fn claim(self, role: &RoleId) -> Option<&'a (PersonId, SignedDuration)> {
        match self {
            Self::Modelled(..) => None,
            Self::Remembered(past) => past.claim(role),
        }
    }

    /// Returns how long a message takes to its channel; `of` is the run of the step it belongs to.
    /// How long a page was on its way is part of how long its reader took to answer.
    pub(super) fn delivery(self, of: Option<&Turn>, to: &Recipient) -> SignedDuration {
        match (self, of) {
            (Self::Modelled(..), _) => DELIVERY,
            (Self::Remembered(past), Some(turn)) => past.carried(turn, to),
            (Self::Remembered(_), None) => SignedDuration::ZERO,
        }
    }

    /// Returns how long a message that a channel took is on its way; `None` when it is lost.
    pub(super) fn transit(
        self,
        channel: &ChannelId,
        person: &PersonId,
        occurrence: u32,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, dice) => cast.transit(dice, (channel, person), occurrence),
            Self::Remembered(_) => Some(SignedDuration::ZERO),
        }
    }

    /// Returns how long it takes until someone begins a step that is ready.
    pub(super) fn start(
        self,
        role: Option<&RoleId>,
        turn: &Turn,
        pace: Pace,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, dice) => cast.start(dice, role, turn, pace),
            Self::Remembered(past) => Some(past.start(turn)),
        }
    }

    /// Returns how long work on a step takes.
    pub(super) fn work(
        self,
        role: Option<&RoleId>,
        turn: &Turn,
        pace: Pace,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, dice) => cast.work(dice, role, turn, pace),
            Self::Remembered(past) => Some(past.work(turn)),
        }
    }

    /// Returns how long a request takes, where anything says so.
    pub(super) fn request(
        self,
        role: Option<&RoleId>,
        turn: &Turn,
        pace: Pace,
    ) -> Option<SignedDuration> {
        match self {
            Self::Modelled(cast, _) => {
                cast.steps.get(&turn.step).and_then(|manner| manner.work.as_ref())?;
                self.work(role, turn, pace)
            }
            Self::Remembered(past) => past.knows_work(&turn.step).then(|| past.work(turn)),
        }
    }

    /// Returns what comes of a request.
    pub(super) fn answer_to_request(self, turn: &Turn, succeeds: bool) -> RequestOutcome {
        match self {
            Self::Remembered(past) if succeeds && !past.saved(turn).is_empty() => {
                RequestOutcome::Met { status: 200, saved: past.saved(turn) }
            }
            _ => RequestOutcome::HeldBack { succeeds },
        }
    }

    /// Returns how a run of a step ends; what is chosen is asked for by itself.
    pub(super) fn end(self, turn: &Turn) -> End {
        match self {
            Self::Modelled(cast, dice) if cast.fails(dice, turn) => End::Failed(REASON.to_owned()),
            Self::Modelled(..) => End::Done(None),
            Self::Remembered(past) => past.end(turn),
        }
    }

    /// Returns what is chosen among a decision's options; `None` when there are none.
    pub(super) fn choice<'o>(self, turn: &Turn, options: &'o [SmolStr]) -> Option<&'o SmolStr> {
        match self {
            Self::Modelled(cast, dice) => cast.answer(dice, turn, options),
            Self::Remembered(past) => {
                let chosen = match past.end(turn) {
                    End::Done(chosen) => chosen,
                    End::Failed(_) | End::Skipped(_) => None,
                };
                let same = chosen.and_then(|chosen| options.iter().find(|one| **one == chosen));
                same.or_else(|| options.first())
            }
        }
    }

    /// Returns what was filled in, where that is known.
    pub(super) fn form(self, turn: &Turn) -> Option<&'a Map<String, Json>> {
        match self {
            Self::Modelled(..) => None,
            Self::Remembered(past) => past.form(turn),
        }
    }

    /// Returns who works on a step that nobody has the role for.
    pub(super) fn in_for_nobody(self, turn: &Turn) -> Option<&'a PersonId> {
        match self {
            Self::Modelled(..) => None,
            Self::Remembered(past) => past.in_for_nobody(turn),
        }
    }

    /// Returns what is done about a run that failed, and how long after, where that is known.
    pub(super) fn mend(self, turn: &Turn) -> Option<&'a (SignedDuration, Mend)> {
        match self {
            Self::Modelled(..) => None,
            Self::Remembered(past) => past.mend(turn),
        }
    }

    /// Returns how long it takes to close what only waits to be closed.
    pub(super) fn closing(self) -> SignedDuration {
        match self {
            Self::Modelled(..) => SignedDuration::ZERO,
            Self::Remembered(past) => past.closing(),
        }
    }
}
