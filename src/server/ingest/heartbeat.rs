//! Sources that should be heard of regularly: one that falls silent is an alert itself. Pure.
//!
//! What was known is not kept: after a start every source has its whole time again, and the first
//! that is heard of one says that it is back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use crate::ingest::{Alert, News, Source};

#[derive(Debug, Clone)]
struct Beat {
    after: SignedDuration,
    /// The alert that it has fallen silent.
    alert: Alert,
    last: Timestamp,
    /// What was said of it last; nothing since the start where absent.
    said: Option<News>,
    /// It was heard of and that is not yet said.
    is_back: bool,
}

impl Beat {
    fn due(&self) -> Option<Timestamp> {
        let silent = self.last.checked_add(self.after).ok()?;
        (self.said != Some(News::Firing)).then_some(silent)
    }
}

/// When each source was last heard of.
#[derive(Debug, Clone, Default)]
pub struct Beats(BTreeMap<SmolStr, Beat>);

impl Beats {
    /// Begins to listen.
    pub fn new<'s>(sources: impl Iterator<Item = &'s Source>, now: Timestamp) -> Self {
        let beat = |source: &Source| {
            let (after, alert) = (source.silent_after?, source.silent());
            let beat = Beat { after, alert, last: now, said: None, is_back: false };
            Some((source.id.clone(), beat))
        };
        Self(sources.filter_map(beat).collect())
    }

    /// Notes that a source was heard of; tells whether that is news.
    pub fn beat(&mut self, source: &SmolStr, now: Timestamp) -> bool {
        let Some(beat) = self.0.get_mut(source) else { return false };
        beat.last = beat.last.max(now);
        beat.is_back = beat.said != Some(News::Resolved);
        beat.is_back
    }

    /// Returns when there is something to say next.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let due = |beat: &Beat| if beat.is_back { Some(now) } else { beat.due() };
        self.0.values().filter_map(due).min()
    }

    /// Returns what is to be said now; it is asked for again until [`said`](Self::said).
    pub fn due(&self, now: Timestamp) -> Vec<Alert> {
        let one = |beat: &Beat| {
            let status = match beat.due() {
                Some(silent) if silent <= now => News::Firing,
                _ if beat.is_back => News::Resolved,
                _ => return None,
            };
            let mut alert = Alert { status, at: Some(beat.last), ..beat.alert.clone() };
            alert.annotations.insert("last_heard_at".into(), beat.last.to_string());
            Some(alert)
        };
        self.0.values().filter_map(one).collect()
    }

    /// Notes that what was due of a source was said.
    pub fn said(&mut self, alert: &Alert) {
        if let Some(beat) = self.0.get_mut(&alert.source) {
            beat.said = Some(alert.status);
            beat.is_back &= alert.status == News::Firing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::ingest::Dialect;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn said(beats: &mut Beats, second: i64) -> Vec<News> {
        let due = beats.due(at(second));
        due.iter().for_each(|alert| beats.said(alert));
        due.iter().map(|alert| alert.status).collect()
    }

    #[test]
    fn silence_is_told_once_and_its_end_once() {
        let source = Source {
            silent_after: Some(SignedDuration::from_secs(60)),
            ..Source::new("prom", Dialect::Alertmanager)
        };
        let quiet = Source::new("quiet", Dialect::Generic);
        let mut beats = Beats::new([&source, &quiet].into_iter(), at(0));
        assert_eq!(beats.next(at(0)), Some(at(60)));
        assert_eq!(said(&mut beats, 59), []);
        assert_eq!(said(&mut beats, 60), [News::Firing]);
        assert_eq!(beats.next(at(61)), None);
        assert_eq!(said(&mut beats, 500), []);
        assert!(beats.beat(&"prom".into(), at(500)));
        assert_eq!(beats.next(at(500)), Some(at(500)));
        assert_eq!(said(&mut beats, 500), [News::Resolved]);
        assert!(!beats.beat(&"prom".into(), at(510)), "no news");
        assert_eq!(said(&mut beats, 570), [News::Firing]);
        assert!(!beats.beat(&"quiet".into(), at(0)));
    }

    #[test]
    fn after_a_start_the_first_that_is_heard_says_that_the_source_is_back() {
        let source = Source {
            silent_after: Some(SignedDuration::from_secs(60)),
            ..Source::new("prom", Dialect::Alertmanager)
        };
        let mut beats = Beats::new([&source].into_iter(), at(0));
        assert!(beats.beat(&"prom".into(), at(5)));
        assert_eq!(said(&mut beats, 5), [News::Resolved]);
    }
}
