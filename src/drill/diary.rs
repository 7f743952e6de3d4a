//! What is kept of a drill's schedule between one look at the clock and the next, and across
//! restarts: up to when everything is decided, what is still to be started, what was missed.
//!
//! The decision is stored before anything starts, and what it decided stays on the list until it
//! has started: a crash in between neither starts a run twice nor loses it. Pure; it must not know
//! how it is stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::calendar::{Calendar, Fate, Missed, MissedWhy, Overlap};
use crate::drill::schedule::Schedule;
use crate::id::DrillRunId;
use crate::text::Text;

/// The version of the stored form; fields are added, never changed.
pub const DIARY_FORMAT: u8 = 1;
/// How many missed runs are kept; older ones have been seen by whoever looks.
pub const MISSED_KEPT: usize = 100;

/// The diary of one drill's schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diary {
    /// The version of this form.
    pub format: u8,
    /// The crontab line and zone it is about. Where they change, what the old ones planned is no
    /// longer owed.
    pub schedule: SmolStr,
    /// Up to when everything is decided.
    pub decided_until: Timestamp,
    /// Runs that are decided and have not started yet, oldest first.
    pub to_start: Vec<Planned>,
    /// Planned runs that did not take place, the latest last.
    pub missed: Vec<MissedRun>,
}

/// A run that is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The instant it was planned for.
    pub at: Timestamp,
    /// Its identity, drawn when it was decided, so that a second attempt is the same run.
    pub run: DrillRunId,
    /// It starts late.
    pub late: bool,
    /// It was put off, and begins no earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Those who watch over it were told when it begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// A planned run that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedRun {
    /// The instant it was planned for.
    pub at: Timestamp,
    /// Why it did not take place.
    pub why: MissedWhy,
    /// The particulars, where there are any: the roles that nobody could fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Text>,
    /// Further runs from this instant on were missed, too many to list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub and_more: bool,
}

/// What came of a look at the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// The diary has changed and must be stored before anything is started.
    pub changed: bool,
    /// How many runs were found missed.
    pub missed: usize,
    /// The clock stands far behind the last decision; see [`Calendar::decide_fire`].
    pub clock_behind: bool,
}

impl Diary {
    /// Begins a diary: nothing before `now` is owed.
    #[must_use]
    pub fn begin(calendar: &Calendar, now: Timestamp) -> Self {
        Self {
            format: DIARY_FORMAT,
            schedule: name_of(calendar),
            decided_until: now,
            to_start: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Looks at the clock: puts what is due on the list and records what was missed.
    ///
    /// `running` tells whether a run of this drill goes on; `draw` makes the identity of a run.
    pub fn look(
        &mut self,
        calendar: &Calendar,
        now: Timestamp,
        running: bool,
        draw: &mut dyn FnMut() -> DrillRunId,
    ) -> Looked {
        let schedule = name_of(calendar);
        if self.schedule != schedule {
            self.schedule = schedule;
            self.decided_until = now;
            return Looked { changed: true, ..Looked::default() };
        }
        let decision =
            calendar.decide_fire(self.decided_until, now, running || !self.to_start.is_empty());
        let mut looked = Looked { changed: false, missed: 0, clock_behind: decision.clock_behind };
        if decision.fires.is_empty() {
            return looked;
        }
        looked.changed = true;
        self.decided_until = decision.decided_until;
        let unlisted = decision.unlisted_since.map(|at| MissedRun {
            at,
            why: MissedWhy::Downtime,
            said: None,
            and_more: true,
        });
        looked.missed += usize::from(unlisted.is_some());
        self.missed.extend(unlisted);
        for fire in &decision.fires {
            match fire.fate {
                Fate::OnTime | Fate::Late => {
                    let late = fire.fate == Fate::Late;
                    let (at, run) = (fire.at, draw());
                    self.to_start.push(Planned { at, run, late, not_before: None, told: false });
                }
                Fate::Missed(why) => {
                    looked.missed += 1;
                    self.missed.push(MissedRun { at: fire.at, why, said: None, and_more: false });
                }
            }
        }
        self.keep_the_latest();
        looked
    }

    /// Looks at the clock for a drill whose file has errors: whatever falls due is recorded as missed.
    /// What is left of the schedule is its crontab line and zone.
    pub fn look_without(&mut self, now: Timestamp, why: &Text) -> Looked {
        let schedule = self.schedule.rsplit_once(' ');
        let schedule = schedule.and_then(|(line, zone)| Schedule::parse(line, zone).ok());
        let Some(schedule) = schedule else { return Looked::default() };
        let (blackout, missed, overlap) = (Vec::new(), Missed::Skip, Overlap::Skip);
        let calendar = Calendar { schedule, blackout, missed, overlap };
        let mut looked = self.look(&calendar, now, false, &mut || DrillRunId::from_u128(0));
        for planned in self.to_start.clone() {
            self.give_up(planned, MissedWhy::NotInForce, Some(why.clone()));
            looked.changed = true;
            looked.missed += 1;
        }
        looked
    }

    /// Closes the diary of a drill that is not planned any more: its file or its schedule is gone.
    /// What was still to start is given up. Should it come back, it owes nothing of the meantime.
    pub fn close(&mut self, why: &Text) -> Looked {
        let waiting = std::mem::take(&mut self.to_start);
        let changed = !self.schedule.is_empty() || !waiting.is_empty();
        let looked = Looked { changed, missed: waiting.len(), clock_behind: false };
        self.schedule = SmolStr::default();
        for planned in waiting {
            self.give_up(planned, MissedWhy::NotInForce, Some(why.clone()));
        }
        looked
    }

    /// Gives a run up that was to start.
    pub fn give_up(&mut self, planned: Planned, why: MissedWhy, said: Option<Text>) {
        self.started(planned.run);
        self.missed.push(MissedRun { at: planned.at, why, said, and_more: false });
        self.keep_the_latest();
    }

    /// Puts a run off that was to start; when it begins is drawn anew, and told anew.
    pub fn put_off(&mut self, run: DrillRunId, until: Timestamp) {
        for planned in self.to_start.iter_mut().filter(|planned| planned.run == run) {
            (planned.not_before, planned.told) = (Some(until), false);
        }
    }

    /// Notes that those who watch over a run were told when it begins.
    pub fn told(&mut self, run: DrillRunId) {
        let planned = self.to_start.iter_mut().filter(|planned| planned.run == run);
        planned.for_each(|planned| planned.told = true);
    }

    fn keep_the_latest(&mut self) {
        let too_many = self.missed.len().saturating_sub(MISSED_KEPT);
        self.missed.drain(..too_many);
    }

    /// Strikes out a run that has started.
    pub fn started(&mut self, run: DrillRunId) {
        self.to_start.retain(|planned| planned.run != run);
    }
}

fn name_of(calendar: &Calendar) -> SmolStr {
    let zone = calendar.schedule.zone().iana_name().unwrap_or("UTC");
    SmolStr::new(format!("{} {zone}", calendar.schedule.source()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::calendar::GRACE_DEFAULT;

    fn calendar(line: &str) -> Calendar {
        Calendar {
            schedule: Schedule::parse(line, "Asia/Shanghai").unwrap(),
            blackout: Vec::new(),
            missed: Missed::RunOnce { grace: GRACE_DEFAULT },
            overlap: Overlap::Skip,
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("2027-{text}+08:00").parse().unwrap()
    }

    fn look(diary: &mut Diary, line: &str, now: &str, running: bool) -> Looked {
        let mut drawn = 0;
        diary.look(&calendar(line), at(now), running, &mut || {
            drawn += 1;
            DrillRunId::from_u128(drawn)
        })
    }

    const DAILY: &str = "0 10 * * *";

    #[test]
    fn a_new_diary_owes_nothing_of_the_past() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-05T12:00"));
        assert_eq!(look(&mut diary, DAILY, "03-05T12:00", false), Looked::default());
        assert!(diary.to_start.is_empty() && diary.missed.is_empty());
    }

    #[test]
    fn what_is_decided_stays_on_the_list_until_it_has_started() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-05T09:00"));
        assert!(look(&mut diary, DAILY, "03-05T10:00", false).changed);
        let run = diary.to_start[0].run;
        // Stored, then killed before it started: read back, it is still there, once.
        let stored = serde_json::to_string(&diary).unwrap();
        let mut diary: Diary = serde_json::from_str(&stored).unwrap();
        assert!(!look(&mut diary, DAILY, "03-05T10:01", false).changed);
        assert_eq!(diary.to_start.len(), 1);
        diary.started(run);
        assert!(!look(&mut diary, DAILY, "03-05T10:02", false).changed);
        assert!(diary.to_start.is_empty());
    }

    #[test]
    fn downtime_is_recorded_and_made_up_for_once() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-01T12:00"));
        let looked = look(&mut diary, DAILY, "03-05T12:00", false);
        assert_eq!((looked.missed, diary.missed.len()), (3, 3));
        assert_eq!(diary.to_start.len(), 1);
        assert!(diary.to_start[0].late && diary.to_start[0].at == at("03-05T10:00"));
    }

    #[test]
    fn a_run_still_to_start_counts_as_running() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-01T09:00"));
        look(&mut diary, DAILY, "03-01T10:00", false);
        let looked = look(&mut diary, DAILY, "03-02T10:00", false);
        assert_eq!((looked.missed, diary.to_start.len()), (1, 1));
        assert_eq!(diary.missed[0].why, MissedWhy::Overlap);
    }

    #[test]
    fn a_changed_schedule_owes_nothing_of_its_past() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-01T09:00"));
        let other = "0 8 * * *";
        assert!(look(&mut diary, other, "03-04T12:00", false).changed);
        assert!(diary.missed.is_empty() && diary.to_start.is_empty());
        look(&mut diary, other, "03-05T08:00", false);
        assert_eq!(diary.to_start.len(), 1);
    }

    #[test]
    fn misses_beyond_the_bound_are_named_by_their_first() {
        let every_minute = "* * * * *";
        let mut diary = Diary::begin(&calendar(every_minute), at("03-01T09:00"));
        look(&mut diary, every_minute, "03-02T09:00", false);
        assert!(diary.missed[0].and_more && diary.missed[0].at == at("03-01T09:01"));
        look(&mut diary, every_minute, "03-03T09:00", false);
        assert_eq!(diary.missed.len(), MISSED_KEPT);
    }

    #[test]
    fn a_drill_that_is_gone_gives_up_what_was_to_start_and_owes_nothing_when_it_comes_back() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-01T09:00"));
        look(&mut diary, DAILY, "03-01T10:00", false);
        let why = Text::both("文件没有了", "the file is gone");
        let looked = diary.close(&why);
        assert_eq!((looked.changed, looked.missed, diary.to_start.len()), (true, 1, 0));
        assert_eq!(
            (diary.missed[0].why, diary.missed[0].said.as_ref()),
            (MissedWhy::NotInForce, Some(&why))
        );
        assert_eq!(diary.close(&why), Looked::default(), "once");
        assert!(look(&mut diary, DAILY, "03-04T12:00", false).changed);
        assert_eq!((diary.missed.len(), diary.to_start.len()), (1, 0));
        look(&mut diary, DAILY, "03-05T10:00", false);
        assert_eq!(diary.to_start.len(), 1);
    }

    #[test]
    fn a_drill_whose_file_has_errors_misses_what_falls_due_and_says_why() {
        let mut diary = Diary::begin(&calendar(DAILY), at("03-01T09:00"));
        let why = Text::both("没有预案", "there is no playbook");
        assert_eq!(diary.look_without(at("03-01T09:59"), &why), Looked::default());
        assert_eq!(diary.look_without(at("03-01T10:00"), &why).missed, 1);
        assert_eq!(diary.look_without(at("03-01T10:01"), &why), Looked::default());
        assert_eq!(
            (diary.missed[0].why, &diary.missed[0].said),
            (MissedWhy::NotInForce, &Some(why))
        );
        // Mended, it owes nothing of that time.
        assert_eq!(look(&mut diary, DAILY, "03-01T10:02", false), Looked::default());
        assert!(look(&mut diary, DAILY, "03-02T10:00", false).changed && diary.to_start.len() == 1);
    }
}
