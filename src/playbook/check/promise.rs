//! Promises and ways that cannot be: time that is over before it begins, conditions that never hold,
//! waits that nothing ends.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::StepId;
use crate::playbook::check::earliest::{Course, Earliest, Since};
use crate::playbook::check::latest::Latest;
use crate::playbook::check::{
    CALENDAR_ENDS, Check, ENDLESS_WAIT, IMPOSSIBLE_OBJECTIVE, REVIEW_DUE, TOO_SHORT,
};
use crate::playbook::diagnostic::{Code, Diagnostic, both};
use crate::playbook::model::{
    Action, Blocks, Counts, Due, LEVEL_MILDEST, LEVEL_WORST, Limit, Milestone, Moment, Objective,
    Promise, Step, Wait,
};
use crate::playbook::source::Span;
use crate::text::Text;

/// How far ahead a calendar must reach: deadlines in business days are a matter of weeks.
const CALENDAR_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Check<'_> {
    /// Promises that waits before them make impossible.
    pub(super) fn too_short(&mut self) {
        let playbook = self.playbook;
        let earliest = Earliest::of(playbook);
        for (at, phase) in playbook.phases.iter().enumerate() {
            let course = Course::of(phase);
            let mut since = Since::new();
            let levels = LEVEL_WORST..=LEVEL_MILDEST;
            let latest: Vec<_> = levels.map(|level| Latest::of(&course, at == 0, level)).collect();
            for (place, step) in phase.steps.iter().enumerate() {
                let due = [(&step.start_within, Milestone::Started), (&step.due, Milestone::Done)];
                for (due, milestone) in due {
                    let Some(due) = due else { continue };
                    let least = match &due.counts {
                        Counts::Before(_) => None,
                        Counts::From(Moment::Step(id, from)) => {
                            course.least(&mut since, (id, *from), (place, milestone))
                        }
                        _ => earliest.least(at, place, due, milestone),
                    };
                    let beyond = latest.iter().filter_map(|latest| latest.beyond(place, due)).max();
                    match (least.filter(|least| longest(due) < *least), beyond) {
                        (Some(least), _) => self.shorter_than_its_way(step, least),
                        (None, Some(beyond)) => self.promised_to_others(step, beyond),
                        (None, None) => {}
                    }
                }
            }
        }
        for objective in &playbook.objectives {
            let Promise::Within { from: Moment::Declared, to, within } = &objective.promise else {
                continue;
            };
            let least = match to {
                Moment::Phase(id) => playbook.index().phase(id).and_then(|at| earliest.phase(at)),
                Moment::Step(id, milestone) => playbook
                    .index()
                    .place(id)
                    .and_then(|at| earliest.step(at.phase, at.step, *milestone)),
                _ => None,
            };
            if let Some(least) =
                least.filter(|least| within.fixed().is_some() && within.seconds() < *least)
            {
                self.kept_by_no_run(objective, least);
            }
        }
    }

    fn promised_to_others(&mut self, step: &Step, beyond: u64) {
        let (id, beyond) = (&step.id, minutes(beyond));
        let found = Diagnostic::new(
            TOO_SHORT,
            both!(
                "之前的步骤都用足时限时，`{id}` 到时限后 {beyond} 分钟才能开始",
                "when those before it use all their time, `{id}` begins {beyond} minutes after its \
                 deadline"
            ),
        )
        .help(Text::both(
            "缩短之前步骤的时限，或放宽这一步的",
            "give those before it less time, or this one more",
        ));
        self.told_of(id, found);
    }

    fn shorter_than_its_way(&mut self, step: &Step, least: u64) {
        let (id, least) = (&step.id, minutes(least));
        let found = Diagnostic::new(
            TOO_SHORT,
            both!(
                "步骤 `{id}` 的时限比必经的等待还短：至少要 {least} 分钟",
                "the time of `{id}` is shorter than the waits on its way: {least} minutes at least"
            ),
        );
        self.told_of(id, found);
    }

    fn kept_by_no_run(&mut self, objective: &Objective, least: u64) {
        let (id, least) = (&objective.id, minutes(least));
        let found = Diagnostic::new(
            IMPOSSIBLE_OBJECTIVE,
            both!("目标 `{id}` 无法达成", "the objective `{id}` can never be met"),
        )
        .label(both!(
            "途中的等待至少要 {least} 分钟",
            "the waits on the way take {least} minutes at least"
        ));
        let place = self.notes.objectives.get(id.as_str()).copied();
        self.told(found, place);
    }

    /// Waits that hold their phase up, that no time ends and nobody is told of.
    pub(super) fn endless_waits(&mut self) {
        let playbook = self.playbook;
        for step in playbook.phases.iter().flat_map(|phase| &phase.steps) {
            let waits = matches!(&step.action, Action::Wait(Wait::Until(_)));
            let ends = step.due.is_some() || step.timeout.is_some();
            if waits && !ends && step.blocks == Blocks::Phase {
                let id = &step.id;
                let found = Diagnostic::new(
                    ENDLESS_WAIT,
                    both!(
                        "`{id}` 等待的条件若一直不成立，没有人会知道",
                        "if what `{id}` waits for never comes, nobody is told"
                    ),
                )
                .help(Text::both(
                    "加上 `due`（逾期会升级）或 `timeout`",
                    "add `due`, which escalates, or `timeout`",
                ));
                self.told_of(id, found);
            }
        }
    }

    /// A plan nobody has looked at for longer than it allows itself.
    pub(super) fn review(&mut self, now: Timestamp) {
        let (Some(on), Some(every)) = (self.playbook.reviewed_on, self.playbook.review_every)
        else {
            return;
        };
        let until = on.to_zoned(TimeZone::UTC).ok().and_then(|day| every.after(day.timestamp()));
        let Some(until) = until.filter(|until| *until < now) else { return };
        let day = until.to_zoned(TimeZone::UTC).date();
        let found = Diagnostic::new(
            REVIEW_DUE,
            both!("预案应在 {day} 前评审", "the plan was to be reviewed by {day}"),
        )
        .help(Text::both(
            "评审后更新 `reviewed_on`",
            "review it, then write the day as `reviewed_on`",
        ));
        self.told(found, self.notes.reviewed_on);
    }

    /// A calendar that does not cover the weeks to come: deadlines would count days that may be off.
    pub(super) fn calendar_ends(&mut self, now: Timestamp) {
        let Some(calendar) = &self.playbook.calendar else { return };
        let soon = now.saturating_add(CALENDAR_AHEAD).unwrap_or(Timestamp::MAX);
        let year = calendar.zone.civil(soon).year();
        if calendar.last_year().is_none_or(|last| year <= last) {
            return;
        }
        let id = &calendar.id;
        let found = Diagnostic::new(
            CALENDAR_ENDS,
            both!("工作日历 `{id}` 没有 {year} 年", "the calendar `{id}` does not cover {year}"),
        )
        .help(Text::both(
            "加上那一年的休息日和补班日；在此之前每个平日都算工作日",
            "add the days of that year; until then every weekday counts as worked",
        ));
        self.told(found, self.notes.calendar);
    }

    /// Reports something at its place, where it has one.
    pub(super) fn told(&mut self, found: Diagnostic, place: Option<Span>) {
        self.out.push(match place {
            Some(span) => found.at(span),
            None => found,
        });
    }

    /// Reports something at the step it is about.
    pub(super) fn told_of(&mut self, step: &StepId, found: Diagnostic) {
        self.told(found, self.notes.steps.get(step.as_str()).map(|place| place.span));
    }

    /// Words something about a role of the plan.
    pub(super) fn of_role(&mut self, code: Code, role: &str, message: Text, help: Text) {
        let place = self.notes.roles.get(role).copied();
        self.told(Diagnostic::new(code, message).help(help), place);
    }
}

/// Returns the most time that a deadline allows, in seconds; where a calendar decides it, no end.
pub(super) fn longest(due: &Due) -> u64 {
    match &due.limit {
        Limit::Fixed(span) if span.fixed().is_some() => span.seconds(),
        Limit::Fixed(_) => u64::MAX,
        Limit::ByLevel { levels, otherwise } => {
            let all = levels.values().chain(otherwise);
            all.map(|s| if s.fixed().is_some() { s.seconds() } else { u64::MAX }).max().unwrap_or(0)
        }
    }
}

const fn minutes(seconds: u64) -> u64 {
    seconds.div_ceil(60)
}
