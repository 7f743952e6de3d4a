//! What a drill's schedule owes at an instant: which runs to start, which were missed and why.
//!
//! Owns the policies around a [`Schedule`]: blackouts, missed runs, overlaps. Everything is a pure
//! function of the instant up to which the calendar has been decided and the instant now, so that
//! nothing starts twice and nothing missed goes unnoticed. It must not read the clock.

use std::collections::VecDeque;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::drill::schedule::Schedule;

/// How late a run may start and still count as on time: the length of an outage that language.md
/// (Meaning 13) treats as one.
pub const ON_TIME: SignedDuration = SignedDuration::from_mins(5);
/// How old a missed run may be and still be caught up, where the drill does not say.
pub const GRACE_DEFAULT: SignedDuration = SignedDuration::from_hours(24);
/// The longest grace a drill may ask for: after a month nobody expects last month's rehearsal.
pub const GRACE_MAX: SignedDuration = SignedDuration::from_hours(24 * 31);
/// How many missed runs `run-all` catches up at once; older ones are recorded as missed.
pub const RUN_ALL_MAX: usize = 10;
/// How many runs one decision lists; a schedule that fires every second and a week of downtime
/// would fill the store with misses that say the same.
pub const LISTED_MAX: usize = 64;
/// How many coming runs are worked out at once, for a page or a terminal.
pub const UPCOMING_MAX: usize = 1_000;
/// How far the clock may stand behind the last decision before that is reported: a correction of
/// a day or less heals itself, a longer one would silence a drill for that long.
pub const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How many blackouts a drill may name: one for every week of a year and then some.
pub const BLACKOUTS_MAX: usize = 64;

/// Civil days on which nothing starts, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blackout {
    first: Date,
    last: Date,
}

impl Blackout {
    /// Reads `2026-11-01/2026-11-12` (both days included) or a single `2026-11-11`.
    ///
    /// # Errors
    /// Refuses what is not a date and an end before its start.
    pub fn parse(source: &str) -> Result<Self, BlackoutError> {
        let (first, last) = source.split_once('/').unwrap_or((source, source));
        let date = |text: &str| text.trim().parse::<Date>().map_err(|_| BlackoutError::NotADate);
        let (first, last) = (date(first)?, date(last)?);
        if first <= last { Ok(Self { first, last }) } else { Err(BlackoutError::Reversed) }
    }

    /// Returns the first and the last day.
    #[must_use]
    pub const fn days(&self) -> (Date, Date) {
        (self.first, self.last)
    }

    fn covers(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// Why a blackout is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlackoutError {
    /// Not `YYYY-MM-DD` or `YYYY-MM-DD/YYYY-MM-DD`.
    NotADate,
    /// The last day comes before the first.
    Reversed,
}

/// What becomes of a run whose time passed while nobody could start it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It is recorded and not made up for.
    Skip,
    /// The latest one is started late, unless it is older than the grace.
    RunOnce {
        /// How old it may be.
        grace: SignedDuration,
    },
    /// The latest [`RUN_ALL_MAX`] are started late, unless older than the grace.
    RunAll {
        /// How old they may be.
        grace: SignedDuration,
    },
}

/// What becomes of a run that falls due while an earlier one of the same drill still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// It is recorded as missed.
    Skip,
    /// It starts beside the other; each run is an incident of its own.
    Allow,
}

/// A schedule with its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// When runs fall due.
    pub schedule: Schedule,
    /// Days without runs. A run planned on one is not missed: leaving it out is what was decided.
    pub blackout: Vec<Blackout>,
    /// What becomes of missed runs.
    pub missed: Missed,
    /// What becomes of overlapping runs.
    pub overlap: Overlap,
}

/// One planned run and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fire {
    /// The planned instant.
    pub at: Timestamp,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a planned run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Starts, no more than [`ON_TIME`] after its instant.
    OnTime,
    /// Starts, later than that.
    Late,
    /// Does not start; recorded.
    Missed(MissedWhy),
}

/// Why a planned run does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedWhy {
    /// firebell was not running, and the drill does not make up for this run.
    Downtime,
    /// A later run stands for it.
    Superseded,
    /// An earlier run still goes on.
    Overlap,
    /// A live incident goes on that is as bad as the drill gives way to.
    LiveIncident,
    /// This version of firebell cannot run it.
    NotAvailable,
    /// A role that its plan needs could be filled by nobody who could be reached.
    NotReady,
    /// Its file or its plan had errors, or was gone.
    NotInForce,
    /// Somebody who would be asked first was paged by a drill without notice a few days before, and
    /// the time in which it was to begin is over before they may be again.
    PagedLately,
}

/// What a calendar owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Planned runs since the last decision, oldest first, at most [`LISTED_MAX`].
    pub fires: Vec<Fire>,
    /// The earliest planned run that is missed without being listed, where there were too many.
    pub unlisted_since: Option<Timestamp>,
    /// The instant up to which everything is now decided; to be stored before the runs start.
    pub decided_until: Timestamp,
    /// Set when the clock stands more than [`CLOCK_BEHIND_MAX`] before the last decision: that one
    /// was taken by a wrong clock, and until it is passed nothing starts.
    pub clock_behind: bool,
}

impl Decision {
    /// Returns the runs to start.
    pub fn starts(&self) -> impl Iterator<Item = &Fire> {
        self.fires.iter().filter(|fire| matches!(fire.fate, Fate::OnTime | Fate::Late))
    }
}

impl Calendar {
    /// Returns the first run after `after` that no blackout forbids.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut civil = self.schedule.zone().to_datetime(after);
        loop {
            civil = self.schedule.next_civil(civil)?;
            if let Some(blackout) = self.blackout.iter().find(|b| b.covers(civil.date())) {
                civil = blackout.last.to_datetime(Time::constant(23, 59, 59, 0));
                continue;
            }
            let instant = self.schedule.instant_of(civil)?;
            if instant > after {
                return Some(instant);
            }
        }
    }

    /// Returns the next `n` runs after `after`, at most [`UPCOMING_MAX`].
    #[must_use]
    pub fn upcoming(&self, after: Timestamp, n: usize) -> Vec<Timestamp> {
        let mut at = after;
        let next = std::iter::from_fn(|| {
            at = self.next_after(at)?;
            Some(at)
        });
        next.take(n.min(UPCOMING_MAX)).collect()
    }

    /// Decides what becomes of the runs planned in `(decided_until, now]`.
    ///
    /// `running` tells whether an earlier run of this drill still goes on. A clock that stepped
    /// back behind `decided_until` owes nothing, so no run starts twice.
    #[must_use]
    pub fn decide_fire(&self, decided_until: Timestamp, now: Timestamp, running: bool) -> Decision {
        let (planned, unlisted_since) = self.planned(decided_until, now);
        let first_start = self.first_start(&planned, now);
        let fires = planned
            .iter()
            .enumerate()
            .map(|(n, &at)| Fire { at, fate: self.fate(at, now, n >= first_start, running) })
            .collect();
        let mut decision = Decision {
            fires,
            unlisted_since,
            decided_until: decided_until.max(now),
            clock_behind: decided_until.duration_since(now) > CLOCK_BEHIND_MAX,
        };
        self.keep_one_where_overlap_is_skipped(&mut decision.fires);
        decision
    }

    fn fate(&self, at: Timestamp, now: Timestamp, starts: bool, running: bool) -> Fate {
        let on_time = now.duration_since(at) <= ON_TIME;
        match (starts, running, self.overlap) {
            (true, true, Overlap::Skip) => Fate::Missed(MissedWhy::Overlap),
            (true, ..) if on_time => Fate::OnTime,
            (true, ..) => Fate::Late,
            (false, ..) if on_time => Fate::Missed(MissedWhy::Superseded),
            (false, ..) => Fate::Missed(MissedWhy::Downtime),
        }
    }

    /// Returns the position of the first planned run that is to start; runs start from there on.
    fn first_start(&self, planned: &[Timestamp], now: Timestamp) -> usize {
        let (at_most, oldest) = match self.missed {
            Missed::Skip => (1, ON_TIME),
            Missed::RunOnce { grace } => (1, grace.max(ON_TIME)),
            Missed::RunAll { grace } => (RUN_ALL_MAX, grace.max(ON_TIME)),
        };
        let too_old = planned.partition_point(|&at| now.duration_since(at) > oldest);
        too_old.max(planned.len().saturating_sub(at_most))
    }

    /// Several runs that start at one moment overlap each other: unless that is allowed, the
    /// latest stands for all.
    fn keep_one_where_overlap_is_skipped(&self, fires: &mut [Fire]) {
        if self.overlap == Overlap::Allow {
            return;
        }
        let starting = |fire: &&mut Fire| matches!(fire.fate, Fate::OnTime | Fate::Late);
        for fire in fires.iter_mut().filter(starting).rev().skip(1) {
            fire.fate = Fate::Missed(MissedWhy::Superseded);
        }
    }

    /// Lists the latest runs planned in `(from, to]`, and the earliest that did not fit.
    fn planned(&self, from: Timestamp, to: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
        let mut listed = VecDeque::new();
        let Some(first) = self.next_after(from).filter(|first| *first <= to) else {
            return (Vec::new(), None);
        };
        let mut end = to.as_second();
        while listed.len() < LISTED_MAX {
            let Some(last) = self.last_within(from.as_second(), end) else { break };
            end = last.as_second() - 1;
            listed.push_front(last);
        }
        let unlisted = listed.front().is_some_and(|oldest| first < *oldest).then_some(first);
        (listed.into(), unlisted)
    }

    /// Returns the last run in `(from, end]` by bisection (runs fall on whole seconds), so that a
    /// long downtime of a frequent schedule costs no more than a short one.
    fn last_within(&self, from: i64, end: i64) -> Option<Timestamp> {
        let next = |second: i64| {
            let run = self.next_after(Timestamp::from_second(second).ok()?)?;
            (run.as_second() <= end).then_some(run)
        };
        let mut last = next(from)?;
        let (mut before, mut beyond) = (from, end);
        while beyond - before > 1 {
            let middle = before + (beyond - before) / 2;
            match next(middle) {
                Some(run) => (last, before) = (run, middle),
                None => beyond = middle,
            }
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar(line: &str, missed: Missed) -> Calendar {
        let schedule = Schedule::parse(line, "Asia/Shanghai").unwrap();
        Calendar { schedule, blackout: Vec::new(), missed, overlap: Overlap::Skip }
    }

    fn at(text: &str) -> Timestamp {
        format!("2027-{text}+08:00").parse().unwrap()
    }

    fn fates(decision: &Decision) -> Vec<(String, Fate)> {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%m-%dT%H:%M").to_string();
        decision.fires.iter().map(|fire| (show(fire.at), fire.fate)).collect()
    }

    const ONCE: Missed = Missed::RunOnce { grace: GRACE_DEFAULT };

    #[test]
    fn a_run_that_is_due_starts_and_never_again() {
        let calendar = calendar("0 10 * * *", ONCE);
        let decision = calendar.decide_fire(at("03-01T09:00"), at("03-01T10:00"), false);
        assert_eq!(fates(&decision), [("03-01T10:00".into(), Fate::OnTime)]);
        let again = calendar.decide_fire(decision.decided_until, at("03-01T10:00"), false);
        assert_eq!(again.fires, []);
        let back = calendar.decide_fire(decision.decided_until, at("03-01T09:59"), false);
        assert_eq!((back.fires.len(), back.decided_until), (0, at("03-01T10:00")));
        assert!(!back.clock_behind);
    }

    #[test]
    fn a_clock_that_jumps_starts_no_run_twice_and_the_calendar_goes_on() {
        let calendar = calendar("0 10 * * *", ONCE);
        for (begin, jump) in ["03-02T09:59", "03-02T10:00", "03-02T10:01"]
            .into_iter()
            .flat_map(|begin| [(begin, 26), (begin, -1)])
        {
            let (begin, hour) = (at(begin), SignedDuration::from_hours(1));
            let wrong = [begin, begin + hour * jump, begin];
            let right = (1..=72).map(|hours| begin + hour * hours);
            let (mut decided_until, mut starts) = (at("03-01T12:00"), Vec::new());
            for now in wrong.into_iter().chain(right) {
                let decision = calendar.decide_fire(decided_until, now, false);
                starts.extend(decision.starts().map(|fire| fire.at));
                decided_until = decision.decided_until;
            }
            assert!(starts.is_sorted_by(|a, b| a < b), "{begin} {jump}: {starts:?}");
            assert!(starts.contains(&at("03-04T10:00")), "{begin} {jump}: {starts:?}");
        }
    }

    #[test]
    fn a_clock_far_behind_the_last_decision_is_reported() {
        let calendar = calendar("0 10 * * *", ONCE);
        assert!(calendar.decide_fire(at("03-03T00:00"), at("03-01T00:00"), false).clock_behind);
    }

    #[test]
    fn skip_records_what_downtime_missed_and_starts_what_is_on_time() {
        let calendar = calendar("0 10 * * *", Missed::Skip);
        let late = calendar.decide_fire(at("03-01T09:00"), at("03-02T11:00"), false);
        let missed = Fate::Missed(MissedWhy::Downtime);
        assert_eq!(fates(&late), [("03-01T10:00".into(), missed), ("03-02T10:00".into(), missed)]);
        let on_time = calendar.decide_fire(at("03-01T09:00"), at("03-02T10:04"), false);
        assert_eq!(fates(&on_time)[1].1, Fate::OnTime);
    }

    #[test]
    fn run_once_makes_up_for_the_latest_within_its_grace() {
        let calendar = calendar("0 10 * * *", ONCE);
        let decision = calendar.decide_fire(at("03-01T09:00"), at("03-03T11:00"), false);
        let missed = Fate::Missed(MissedWhy::Downtime);
        assert_eq!(
            fates(&decision),
            [
                ("03-01T10:00".into(), missed),
                ("03-02T10:00".into(), missed),
                ("03-03T10:00".into(), Fate::Late)
            ]
        );
        let short =
            self::calendar("0 10 * * *", Missed::RunOnce { grace: SignedDuration::from_mins(30) });
        let decision = short.decide_fire(at("03-03T09:00"), at("03-03T11:00"), false);
        assert_eq!(fates(&decision), [("03-03T10:00".into(), missed)]);
    }

    #[test]
    fn run_all_makes_up_for_ten_and_records_the_rest() {
        let mut calendar = calendar("0 * * * *", Missed::RunAll { grace: GRACE_DEFAULT });
        calendar.overlap = Overlap::Allow;
        let decision = calendar.decide_fire(at("03-01T00:30"), at("03-01T15:30"), false);
        assert_eq!(decision.fires.len(), 15);
        assert_eq!(decision.starts().count(), RUN_ALL_MAX);
        assert_eq!(decision.fires[4].fate, Fate::Missed(MissedWhy::Downtime));
        assert_eq!(decision.fires[5].fate, Fate::Late);
    }

    #[test]
    fn a_run_that_overlaps_is_recorded_or_allowed() {
        let mut calendar = calendar("0 10 * * *", ONCE);
        let decide = |c: &Calendar| c.decide_fire(at("03-01T09:00"), at("03-01T10:00"), true);
        assert_eq!(decide(&calendar).fires[0].fate, Fate::Missed(MissedWhy::Overlap));
        calendar.overlap = Overlap::Allow;
        assert_eq!(decide(&calendar).fires[0].fate, Fate::OnTime);
    }

    #[test]
    fn a_blackout_holds_on_both_its_days_in_the_schedules_zone() {
        let mut calendar = calendar("0 10 * * *", ONCE);
        calendar.blackout = vec![Blackout::parse("2027-11-01/2027-11-12").unwrap()];
        assert_eq!(
            calendar.upcoming(at("10-30T12:00"), 3),
            [at("10-31T10:00"), at("11-13T10:00"), at("11-14T10:00")]
        );
        let decision = calendar.decide_fire(at("11-01T00:00"), at("11-10T00:00"), false);
        assert_eq!(decision.fires, [], "what a blackout forbids is not missed");
        calendar.blackout = vec![Blackout::parse("2027-10-31").unwrap()];
        assert_eq!(calendar.upcoming(at("10-30T12:00"), 1), [at("11-01T10:00")]);
    }

    #[test]
    fn a_blackout_of_a_year_costs_a_frequent_schedule_nothing() {
        let mut calendar = calendar("* * * * * *", ONCE);
        calendar.blackout = vec![Blackout::parse("2027-01-01/2030-12-31").unwrap()];
        let next = calendar.next_after(at("01-01T00:00")).unwrap();
        assert_eq!(next, "2031-01-01T00:00:00+08:00".parse().unwrap());
    }

    #[test]
    fn blackouts_that_are_no_dates_or_reversed_are_refused() {
        assert_eq!(Blackout::parse("soon"), Err(BlackoutError::NotADate));
        assert_eq!(Blackout::parse("2026-02-30"), Err(BlackoutError::NotADate));
        assert_eq!(Blackout::parse("2026-11-12/2026-11-01"), Err(BlackoutError::Reversed));
    }

    #[test]
    fn a_month_of_missed_seconds_is_listed_in_part_and_says_so() {
        let calendar = calendar("* * * * * *", Missed::Skip);
        let decision = calendar.decide_fire(at("03-01T00:00"), at("04-01T00:00"), false);
        assert_eq!(decision.fires.len(), LISTED_MAX);
        assert_eq!(decision.unlisted_since, Some(at("03-01T00:00:01")));
        assert_eq!(decision.fires.last().map(|f| f.at), Some(at("04-01T00:00")));
        assert_eq!(decision.starts().count(), 1);
    }

    proptest! {
        #[test]
        fn however_often_it_is_asked_each_run_is_decided_exactly_once(
            naps in prop::collection::vec(1_i64..20_000, 1..40),
            line in prop::sample::select(vec!["*/7 * * * *", "0 */3 * * *", "30 2 * * *"]),
        ) {
            let schedule = Schedule::parse(line, "Europe/Berlin").unwrap();
            let calendar = Calendar {
                schedule,
                blackout: vec![Blackout::parse("2027-03-29").unwrap()],
                missed: ONCE,
                overlap: Overlap::Skip,
            };
            let begin: Timestamp = "2027-03-27T20:00:00Z".parse().unwrap();
            let (mut now, mut decided) = (begin, begin);
            let mut seen = Vec::new();
            for nap in naps {
                now += SignedDuration::from_secs(nap);
                let decision = calendar.decide_fire(decided, now, false);
                prop_assert_eq!(decision.unlisted_since, None);
                seen.extend(decision.fires.iter().map(|fire| fire.at));
                decided = decision.decided_until;
            }
            let next = |run: &Timestamp| calendar.next_after(*run);
            let planned: Vec<_> = std::iter::successors(next(&begin), next)
                .take_while(|run| *run <= now)
                .collect();
            prop_assert_eq!(seen, planned);
        }
    }
}
