//! The modelled people of a simulated drill: how soon they answer, how long they work, what they
//! choose, how often things fail.
//!
//! Every draw comes from a stream of its own, derived from the seed and the names of what is drawn,
//! so that adding a step or a role leaves all other draws as they were and two versions of a plan
//! meet the same luck. It must not know the state of an incident.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::drill::timing::Timing;
use crate::id::{ChannelId, PersonId, RoleId, StepId};
use crate::people::Hours;

/// Separates this use of the hash from every other, and names the way draws are derived.
const STREAM_DOMAIN: &[u8] = b"firebell/drill/stream/1";

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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manner {
    /// From being asked, or from a step being ready, to reacting.
    pub acknowledge: Option<Timing>,
    /// From starting a step to finishing it.
    pub work: Option<Timing>,
    /// How often a page stays unanswered for good.
    pub no_show: Option<Share>,
}

/// How a channel carries messages, where it is said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChannelManner {
    /// From the channel's taking a message to the reader's hearing of it.
    pub latency: Option<Timing>,
    /// How often a message that the channel took reaches nobody.
    pub loss: Option<Share>,
}

/// Hours in which everyone is slower.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// When.
    pub hours: Hours,
    /// How many times as long everything takes that begins in them.
    pub slower: f64,
}

/// The greatest factor of a [`Night`]; whoever takes longer does not come.
pub const SLOWER_MAX: f64 = 20.0;

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
    /// Single channels.
    pub channels: BTreeMap<ChannelId, ChannelManner>,
    /// When everyone is slower.
    pub night: Option<Night>,
}

/// The chance of one simulated run: the same seed gives the same draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    seed: u64,
    sample: u32,
    life: u32,
}

impl Dice {
    /// Makes the dice of one run; `sample` tells runs of one seed apart, the single run is 0.
    #[must_use]
    pub const fn new(seed: u64, sample: u32) -> Self {
        Self { seed, sample, life: 0 }
    }

    /// Makes the dice of another incident of the same run, by its position in it.
    #[must_use]
    pub const fn of_life(self, life: u32) -> Self {
        Self { life, ..self }
    }

    /// Draws when an inject happens that comes at random, by its position in the drill.
    #[must_use]
    pub fn between(
        self,
        position: usize,
        (from, to): (SignedDuration, SignedDuration),
    ) -> SignedDuration {
        let millis = from.as_millis()..to.as_millis().max(from.as_millis() + 1);
        let drawn = self.stream("inject", &[&position.to_string()], 1).random_range(millis);
        SignedDuration::from_millis(i64::try_from(drawn).unwrap_or(i64::MAX))
    }

    /// Derives the stream of one draw from the names of what is drawn.
    fn stream(self, purpose: &str, names: &[&str], occurrence: u32) -> ChaCha8Rng {
        let mut hash = Sha256::new();
        hash.update(STREAM_DOMAIN);
        hash.update(self.seed.to_le_bytes());
        hash.update(self.sample.to_le_bytes());
        if self.life > 0 {
            hash.update(b"life");
            hash.update(self.life.to_le_bytes());
        }
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

/// What may make someone slower than they are said to be: the hour, and what a study tries out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// When it begins.
    pub at: Timestamp,
    /// How many times as long it takes.
    pub slower: f64,
}

impl Cast {
    /// Draws how long a person takes to acknowledge a role they were asked to take; `None` when
    /// they never do, or nothing is said about them.
    #[must_use]
    pub fn acknowledgement(
        &self,
        dice: Dice,
        (role, person): (&RoleId, &PersonId),
        occurrence: u32,
        pace: Pace,
    ) -> Option<SignedDuration> {
        let own = self.roles.get(role);
        let no_show = own.and_then(|m| m.no_show).or(self.default.no_show).unwrap_or(Share::NONE);
        let mut stream = dice.stream("acknowledge", &[role.as_str(), person.as_str()], occurrence);
        if stream.random_bool(no_show.get()) {
            return None;
        }
        self.reaction(Some(role)).map(|timing| timing.draw(self.slower(pace), &mut stream))
    }

    /// Draws how long a message that a channel took is on its way to a person; `None` when it never
    /// arrives.
    #[must_use]
    pub fn transit(
        &self,
        dice: Dice,
        (channel, person): (&ChannelId, &PersonId),
        occurrence: u32,
    ) -> Option<SignedDuration> {
        let Some(manner) = self.channels.get(channel) else { return Some(SignedDuration::ZERO) };
        let mut stream = dice.stream("transit", &[channel.as_str(), person.as_str()], occurrence);
        if stream.random_bool(manner.loss.unwrap_or(Share::NONE).get()) {
            return None;
        }
        Some(manner.latency.as_ref().map_or(SignedDuration::ZERO, |t| t.draw(1.0, &mut stream)))
    }

    /// Draws how long the one who acts on a step takes to begin once it is ready.
    #[must_use]
    pub fn start(
        &self,
        dice: Dice,
        role: Option<&RoleId>,
        turn: &Turn,
        pace: Pace,
    ) -> Option<SignedDuration> {
        let mut stream = turn.stream(dice, "start");
        self.reaction(role).map(|timing| timing.draw(self.slower(pace), &mut stream))
    }

    /// Draws how long work on a step takes once it has begun.
    #[must_use]
    pub fn work(
        &self,
        dice: Dice,
        role: Option<&RoleId>,
        turn: &Turn,
        pace: Pace,
    ) -> Option<SignedDuration> {
        let mut stream = turn.stream(dice, "work");
        let timing = self.work_timing(role, &turn.step)?;
        Some(timing.draw(self.slower(pace), &mut stream))
    }

    fn slower(&self, pace: Pace) -> f64 {
        let night = self.night.as_ref().filter(|night| night.hours.hold(pace.at));
        pace.slower * night.map_or(1.0, |night| night.slower)
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

    fn reaction(&self, role: Option<&RoleId>) -> Option<&Timing> {
        let own = role.and_then(|role| self.roles.get(role));
        own.and_then(|m| m.acknowledge.as_ref()).or(self.default.acknowledge.as_ref())
    }

    fn work_timing(&self, role: Option<&RoleId>, step: &StepId) -> Option<&Timing> {
        let of_step = self.steps.get(step).and_then(|m| m.work.as_ref());
        let of_role = || role.and_then(|role| self.roles.get(role)).and_then(|m| m.work.as_ref());
        of_step.or_else(of_role).or(self.default.work.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Weekdays, Window, Zone};

    /// Noon in Shanghai, nobody slower than they are.
    const PLAIN: Pace = Pace { at: Timestamp::constant(1_767_585_600, 0), slower: 1.0 };

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
        let draw = |sample| cast.work(Dice::new(42, sample), None, &turn, PLAIN).unwrap();
        let mut times: Vec<_> = (0..n).map(draw).collect();
        times.sort();
        times
    }

    #[test]
    fn the_most_specific_word_counts() {
        let mut cast = cast();
        let (role, step) = (RoleId::new("engineering"), StepId::new("locate"));
        let always = |n: i64| Manner { work: Some(timing(n, n)), ..Manner::default() };
        cast.roles.insert(role.clone(), always(30));
        let draw = |cast: &Cast| cast.work(Dice::new(1, 0), Some(&role), &turn("locate", 1), PLAIN);
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
            .filter(|n| {
                cast.acknowledgement(Dice::new(9, *n), (&role, &person), 1, PLAIN).is_none()
            })
            .count();
        assert!((430..570).contains(&silent), "{silent} of 2000");
    }

    #[test]
    fn at_night_and_where_a_study_says_so_everything_takes_longer() {
        let mut cast = cast();
        let time = |hour| jiff::civil::time(hour, 0, 0, 0);
        let window = Window { days: Weekdays::ALL, from: time(22), to: time(8) };
        let zone = Zone::named("Asia/Shanghai").unwrap();
        cast.night = Some(Night { hours: Hours { window, zone }, slower: 3.0 });
        let work = |pace| {
            let drawn = cast.work(Dice::new(1, 0), None, &turn("locate", 1), pace);
            drawn.unwrap().as_secs_f64()
        };
        let midnight = Pace { at: "2026-01-05T16:00:00Z".parse().unwrap(), ..PLAIN };
        assert!((work(midnight) / work(PLAIN) - 3.0).abs() < 0.01);
        assert!((work(Pace { slower: 2.0, ..PLAIN }) / work(PLAIN) - 2.0).abs() < 0.01);
        assert!((work(Pace { slower: 2.0, ..midnight }) / work(PLAIN) - 6.0).abs() < 0.01);
    }

    #[test]
    fn a_channel_takes_its_time_and_loses_what_it_loses() {
        let mut cast = cast();
        let (channel, person) = (ChannelId::new("sms"), PersonId::new("li"));
        let sent = |cast: &Cast, n| cast.transit(Dice::new(5, n), (&channel, &person), 1);
        assert_eq!(sent(&cast, 0), Some(SignedDuration::ZERO));
        let manner = ChannelManner { latency: Some(timing(1, 1)), loss: Share::new(0.25) };
        cast.channels.insert(channel.clone(), manner);
        let arrived: Vec<SignedDuration> = (0..2_000).filter_map(|n| sent(&cast, n)).collect();
        assert!((1_430..1_570).contains(&arrived.len()), "{}", arrived.len());
        assert!(arrived.iter().all(|time| *time == minutes(1)));
    }

    #[test]
    fn incidents_of_one_run_have_their_own_luck() {
        let dice = Dice::new(42, 0);
        let draw = |dice| cast().work(dice, None, &turn("locate", 1), PLAIN);
        assert_ne!(draw(dice), draw(dice.of_life(1)));
        assert_ne!(draw(dice.of_life(1)), draw(Dice::new(42, 1)));
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
            .map(|n| cast().work(Dice::new(42, 0), None, &turn("locate", n), PLAIN))
            .map(|d| d.unwrap().as_secs())
            .collect();
        assert_eq!(seconds, [951, 879, 604, 552, 845]);
    }
}
