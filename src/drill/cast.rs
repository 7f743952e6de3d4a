//! The modelled people of a simulated drill: how soon they answer, how long they work, what they
//! choose, how often things fail.
//!
//! Every draw comes from a stream of its own, derived from the seed and the names of what is drawn,
//! so that adding a step or a role leaves all other draws as they were and two versions of a plan
//! meet the same luck. It must not know the state of an incident.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::SignedDuration;
use rand::distr::Distribution;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::LogNormal;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::id::{PersonId, RoleId, StepId};

/// The longest time a median or a 90th percentile may say, and the longest ever drawn: a
/// lognormal tail has no end, a drill has.
pub const TIME_MAX: SignedDuration = SignedDuration::from_hours(24 * 90);
/// The standard normal's 90th percentile, which turns median and p90 into a lognormal's spread.
const Z90: f64 = 1.281_551_565_544_600_4;
/// Separates this use of the hash from every other, and names the way draws are derived.
const STREAM_DOMAIN: &[u8] = b"firebell/drill/stream/1";

/// A time that varies: lognormal, given by its median and 90th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    median: SignedDuration,
    p90: SignedDuration,
}

/// Why a timing is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingError {
    /// The median is not more than nothing.
    NotPositive,
    /// The 90th percentile is below the median.
    Reversed,
    /// Longer than [`TIME_MAX`].
    TooLong,
}

impl Timing {
    /// Makes a timing of its median and 90th percentile.
    ///
    /// # Errors
    /// Percentiles that no distribution has.
    pub fn new(median: SignedDuration, p90: SignedDuration) -> Result<Self, TimingError> {
        if median <= SignedDuration::ZERO {
            Err(TimingError::NotPositive)
        } else if p90 < median {
            Err(TimingError::Reversed)
        } else if p90 > TIME_MAX {
            Err(TimingError::TooLong)
        } else {
            Ok(Self { median, p90 })
        }
    }

    /// Draws one time, in whole seconds, at least one and at most [`TIME_MAX`].
    fn draw(self, stream: &mut ChaCha8Rng) -> SignedDuration {
        let (median, p90) = (self.median.as_secs_f64(), self.p90.as_secs_f64());
        let spread = (p90 / median).ln() / Z90;
        let seconds = LogNormal::new(median.ln(), spread)
            .map_or(median, |times| times.sample(stream))
            .round()
            .clamp(1.0, TIME_MAX.as_secs_f64());
        SignedDuration::try_from_secs_f64(seconds).unwrap_or(self.median)
    }
}

/// A probability, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// Never.
    pub const NONE: Self = Self(0.0);

    /// Makes a probability; `None` outside 0 to 1.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// Returns the probability.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// How someone behaves, where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Manner {
    /// From being asked, or from a step being ready, to reacting.
    pub acknowledge: Option<Timing>,
    /// From starting a step to finishing it.
    pub work: Option<Timing>,
    /// How often a page stays unanswered for good.
    pub no_show: Option<Share>,
}

/// How one step goes, where it is said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepManner {
    /// From starting it to finishing it.
    pub work: Option<Timing>,
    /// How often an attempt fails.
    pub fails: Option<Share>,
    /// What is chosen, with weights that add up to one; empty means every option alike.
    pub answer: IndexMap<SmolStr, Share>,
}

/// Everyone's behaviour: a step's own word beats its role's, a role's beats the default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cast {
    /// Everyone.
    pub default: Manner,
    /// Holders of a role, and people asked to take it.
    pub roles: BTreeMap<RoleId, Manner>,
    /// Single steps.
    pub steps: BTreeMap<StepId, StepManner>,
}

/// The chance of one simulated run: the same seed gives the same draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    seed: u64,
    sample: u32,
}

impl Dice {
    /// Makes the dice of one run; `sample` tells runs of one seed apart, the single run is 0.
    #[must_use]
    pub const fn new(seed: u64, sample: u32) -> Self {
        Self { seed, sample }
    }

    /// Derives the stream of one draw from the names of what is drawn.
    fn stream(self, purpose: &str, names: &[&str], occurrence: u32) -> ChaCha8Rng {
        let mut hash = Sha256::new();
        hash.update(STREAM_DOMAIN);
        hash.update(self.seed.to_le_bytes());
        hash.update(self.sample.to_le_bytes());
        for name in std::iter::once(&purpose).chain(names) {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
        }
        hash.update(occurrence.to_le_bytes());
        ChaCha8Rng::from_seed(hash.finalize().into())
    }
}

/// Which time at which step something is drawn for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The step.
    pub step: StepId,
    /// The item of a for-each.
    pub item: Option<u32>,
    /// How often this step, or this item of it, was begun, this time included.
    pub nth: u32,
}

impl Turn {
    fn stream(&self, dice: Dice, purpose: &str) -> ChaCha8Rng {
        match self.item {
            None => dice.stream(purpose, &[self.step.as_str()], self.nth),
            Some(item) => dice.stream(purpose, &[self.step.as_str(), &item.to_string()], self.nth),
        }
    }
}

impl Cast {
    /// Draws how long a person takes to acknowledge a role they were asked to take; `None` when
    /// they never do, or nothing is said about them.
    #[must_use]
    pub fn acknowledgement(
        &self,
        dice: Dice,
        role: &RoleId,
        person: &PersonId,
        occurrence: u32,
    ) -> Option<SignedDuration> {
        let own = self.roles.get(role);
        let no_show = own.and_then(|m| m.no_show).or(self.default.no_show).unwrap_or(Share::NONE);
        let mut stream = dice.stream("acknowledge", &[role.as_str(), person.as_str()], occurrence);
        if stream.random_bool(no_show.get()) {
            return None;
        }
        self.reaction(Some(role)).map(|timing| timing.draw(&mut stream))
    }

    /// Draws how long the one who acts on a step takes to begin once it is ready.
    #[must_use]
    pub fn start(&self, dice: Dice, role: Option<&RoleId>, turn: &Turn) -> Option<SignedDuration> {
        let mut stream = turn.stream(dice, "start");
        self.reaction(role).map(|timing| timing.draw(&mut stream))
    }

    /// Draws how long work on a step takes once it has begun.
    #[must_use]
    pub fn work(&self, dice: Dice, role: Option<&RoleId>, turn: &Turn) -> Option<SignedDuration> {
        let mut stream = turn.stream(dice, "work");
        self.work_timing(role, &turn.step).map(|timing| timing.draw(&mut stream))
    }

    /// Draws whether an attempt at a step fails.
    #[must_use]
    pub fn fails(&self, dice: Dice, turn: &Turn) -> bool {
        let share = self.steps.get(&turn.step).and_then(|m| m.fails).unwrap_or(Share::NONE);
        turn.stream(dice, "fails").random_bool(share.get())
    }

    /// Draws what is chosen among a decision's options; `None` when there are none.
    #[must_use]
    pub fn answer<'a>(
        &self,
        dice: Dice,
        turn: &Turn,
        options: &'a [SmolStr],
    ) -> Option<&'a SmolStr> {
        let weights =
            self.steps.get(&turn.step).map(|m| &m.answer).filter(|answer| !answer.is_empty());
        let weigh = |option: &SmolStr| match weights {
            Some(weights) => weights.get(option).map_or(0.0, |share| share.get()),
            None => 1.0,
        };
        let total: f64 = options.iter().map(weigh).sum();
        let mut point = turn.stream(dice, "answer").random::<f64>() * total;
        for option in options {
            point -= weigh(option);
            if point < 0.0 {
                return Some(option);
            }
        }
        options.last()
    }

    /// Tells whether anything says how soon the holder of a role reacts.
    #[must_use]
    pub fn knows_reaction(&self, role: Option<&RoleId>) -> bool {
        self.reaction(role).is_some()
    }

    /// Tells whether anything says how long work on a step takes.
    #[must_use]
    pub fn knows_work(&self, role: Option<&RoleId>, step: &StepId) -> bool {
        self.work_timing(role, step).is_some()
    }

    fn reaction(&self, role: Option<&RoleId>) -> Option<Timing> {
        let own = role.and_then(|role| self.roles.get(role));
        own.and_then(|m| m.acknowledge).or(self.default.acknowledge)
    }

    fn work_timing(&self, role: Option<&RoleId>, step: &StepId) -> Option<Timing> {
        let of_step = self.steps.get(step).and_then(|m| m.work);
        let of_role = || role.and_then(|role| self.roles.get(role)).and_then(|m| m.work);
        of_step.or_else(of_role).or(self.default.work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(n: i64) -> SignedDuration {
        SignedDuration::from_mins(n)
    }

    fn timing(median: i64, p90: i64) -> Timing {
        Timing::new(minutes(median), minutes(p90)).unwrap()
    }

    fn cast() -> Cast {
        let default = Manner {
            acknowledge: Some(timing(2, 6)),
            work: Some(timing(8, 20)),
            no_show: Share::new(0.25),
        };
        Cast { default, ..Cast::default() }
    }

    fn turn(step: &str, nth: u32) -> Turn {
        Turn { step: step.into(), item: None, nth }
    }

    fn works(cast: &Cast, step: &str, n: u32) -> Vec<SignedDuration> {
        let turn = turn(step, 1);
        let draw = |sample| cast.work(Dice::new(42, sample), None, &turn).unwrap();
        let mut times: Vec<_> = (0..n).map(draw).collect();
        times.sort();
        times
    }

    #[test]
    fn impossible_percentiles_are_refused() {
        let cases = [
            (0, 5, TimingError::NotPositive),
            (-1, 5, TimingError::NotPositive),
            (5, 4, TimingError::Reversed),
            (5, 91 * 24 * 60, TimingError::TooLong),
        ];
        for (median, p90, why) in cases {
            assert_eq!(Timing::new(minutes(median), minutes(p90)), Err(why), "{median} {p90}");
        }
        assert!(Timing::new(minutes(5), minutes(5)).is_ok(), "a time that never varies");
    }

    #[test]
    fn draws_have_the_median_and_the_percentile_they_were_given() {
        let times = works(&cast(), "locate", 4_000);
        let at = |share: f64| times[(share * 4_000.0) as usize].as_secs_f64() / 60.0;
        assert!((7.5..8.5).contains(&at(0.5)), "median {}", at(0.5));
        assert!((18.5..21.5).contains(&at(0.9)), "p90 {}", at(0.9));
    }

    #[test]
    fn the_most_specific_word_counts() {
        let mut cast = cast();
        let (role, step) = (RoleId::new("engineering"), StepId::new("locate"));
        let always = |n: i64| Manner { work: Some(timing(n, n)), ..Manner::default() };
        cast.roles.insert(role.clone(), always(30));
        let draw = |cast: &Cast| cast.work(Dice::new(1, 0), Some(&role), &turn("locate", 1));
        assert_eq!(draw(&cast), Some(minutes(30)));
        let own = StepManner { work: Some(timing(45, 45)), ..StepManner::default() };
        cast.steps.insert(step.clone(), own);
        assert_eq!(draw(&cast), Some(minutes(45)));
    }

    #[test]
    fn another_step_or_role_does_not_shift_a_draw() {
        let (plain, mut richer) = (cast(), cast());
        richer.steps.insert(StepId::new("new"), StepManner { fails: Share::new(0.5), ..default() });
        let before = works(&plain, "locate", 20);
        works(&richer, "new", 20);
        assert_eq!(works(&richer, "locate", 20), before);
        assert_ne!(works(&plain, "isolate", 20), before);
    }

    fn default<T: Default>() -> T {
        T::default()
    }

    #[test]
    fn a_page_stays_unanswered_as_often_as_said() {
        let cast = cast();
        let (role, person) = (RoleId::new("support"), PersonId::new("li"));
        let silent = (0..2_000)
            .filter(|n| cast.acknowledgement(Dice::new(9, *n), &role, &person, 1).is_none())
            .count();
        assert!((430..570).contains(&silent), "{silent} of 2000");
    }

    #[test]
    fn answers_follow_their_weights_and_without_weights_all_are_alike() {
        let options = ["已恢复", "未恢复"].map(SmolStr::new);
        let step = StepId::new("stable");
        let yes = |cast: &Cast| {
            (0..2_000)
                .filter(|n| {
                    cast.answer(Dice::new(7, *n), &turn("stable", 1), &options) == Some(&options[0])
                })
                .count()
        };
        assert!((930..1_070).contains(&yes(&cast())));
        let mut weighed = cast();
        let answer =
            [(options[0].clone(), Share::new(0.8).unwrap()), (options[1].clone(), Share(0.2))];
        let manner = StepManner { answer: answer.into_iter().collect(), ..default() };
        weighed.steps.insert(step.clone(), manner);
        assert!((1_540..1_660).contains(&yes(&weighed)));
        assert_eq!(cast().answer(Dice::new(7, 0), &turn("stable", 1), &[]), None);
    }

    #[test]
    fn repeated_failures_are_independent_of_each_other() {
        let mut cast = cast();
        let step = StepId::new("failover");
        let manner = StepManner { fails: Share::new(0.5), ..default() };
        cast.steps.insert(step.clone(), manner);
        let outcomes: Vec<bool> =
            (1..=64).map(|n| cast.fails(Dice::new(3, 0), &turn("failover", n))).collect();
        assert!(outcomes.contains(&true) && outcomes.contains(&false));
        assert!(!cast.fails(Dice::new(3, 0), &turn("other", 1)));
    }

    #[test]
    fn the_first_draws_of_seed_42_are_what_they_always_were() {
        let seconds: Vec<i64> = (1..=5)
            .map(|n| cast().work(Dice::new(42, 0), None, &turn("locate", n)))
            .map(|d| d.unwrap().as_secs())
            .collect();
        assert_eq!(seconds, [951, 879, 604, 552, 845]);
    }
}
