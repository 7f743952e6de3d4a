//! Whether a calendar that reads may take the place of the one before it. Pure.

use jiff::Timestamp;

use super::{Reading, Remark};
use crate::people::Shifts;
use crate::text::{Lang, Text};

/// Why a calendar that reads is still not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Of its events none ahead is a shift of anybody; the first that is left out.
    Nobody(Remark),
    /// It has no shift ahead, and the one before it has.
    Emptied,
}

impl Unfit {
    /// Says in both languages what is wrong.
    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Self::Nobody(first) => {
                let said = first.message();
                let (zh, en) = (said.get(Lang::Zh), said.get(Lang::En));
                Text::both(
                    format!("今后没有一个班次能对应到人；{zh}"),
                    format!("no event ahead is a shift of anybody; {en}"),
                )
            }
            Self::Emptied => Text::both(
                "今后没有任何班次，而先前的日历有",
                "it has no shift ahead, and the calendar before it has",
            ),
        }
    }
}

/// Judges a calendar by the shifts that hold now. Rosters are emptied by a wrong export or a lost
/// right to read far more often than on purpose: whoever means it takes `ical` out of the
/// configuration.
///
/// # Errors
/// [`Unfit`].
pub fn fitness(reading: &Reading, before: Option<&Shifts>, now: Timestamp) -> Result<(), Unfit> {
    let is_ahead = |shifts: &Shifts| shifts.list().iter().any(|shift| shift.to > now);
    if is_ahead(&reading.shifts) {
        return Ok(());
    }
    let had = before.is_some_and(is_ahead);
    match reading.remarks.first() {
        Some(first) if had || reading.shifts.list().is_empty() => Err(Unfit::Nobody(first.clone())),
        None if had => Err(Unfit::Emptied),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Shift;
    use crate::people::ical::RemarkKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn shifts(to: &[i64]) -> Shifts {
        let shift = |to: &i64| Shift { from: at(0), to: at(*to), who: vec!["li".into()] };
        Shifts::new(to.iter().map(shift).collect())
    }

    #[test]
    fn a_calendar_that_says_nothing_of_the_days_ahead_does_not_replace_one_that_does() {
        let nobody = || Remark { uid: "x".into(), line: 3, kind: RemarkKind::NoEnd };
        type Case = (&'static str, &'static [i64], bool, Option<&'static [i64]>, Option<Unfit>);
        let cases: [Case; 9] = [
            ("shifts ahead", &[200], false, Some(&[200]), None),
            ("some left out", &[200], true, Some(&[200]), None),
            ("emptied", &[], false, Some(&[200]), Some(Unfit::Emptied)),
            ("only the past", &[50], false, Some(&[200]), Some(Unfit::Emptied)),
            ("strangers", &[], true, Some(&[200]), Some(Unfit::Nobody(nobody()))),
            ("strangers from now on", &[50], true, Some(&[200]), Some(Unfit::Nobody(nobody()))),
            ("strangers at first", &[], true, None, Some(Unfit::Nobody(nobody()))),
            ("empty at first", &[], false, None, None),
            ("what was there is over", &[], false, Some(&[50]), None),
        ];
        for (case, to, remarked, before, expected) in cases {
            let remarks = if remarked { vec![nobody()] } else { Vec::new() };
            let reading = Reading { shifts: shifts(to), remarks };
            let before = before.map(shifts);
            assert_eq!(fitness(&reading, before.as_ref(), at(100)).err(), expected, "{case}");
        }
    }
}
