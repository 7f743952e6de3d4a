//! How one person wants to be reached: ways in order with delays, by severity, and hours of rest.
//! Pure: what a rule means at an instant is reckoned once and kept as instants.

use jiff::{SignedDuration, Timestamp};

use super::hours::Hours;
use crate::id::ChannelId;

/// A person's rules; the default says nothing: every contact in its order, at any hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manner {
    /// The rules; the first that names the severity holds.
    pub rules: Vec<ContactRule>,
    /// When milder incidents let the person sleep.
    pub quiet: Option<Quiet>,
    /// They do not want to hear that what they were paged for is over.
    pub no_endings: bool,
    /// How many messages they get in ten minutes over one channel; a default where absent.
    pub at_most: Option<u16>,
}

/// The ways to reach a person in incidents of some severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRule {
    /// The levels it is for; none named means all.
    pub levels: Vec<u8>,
    /// The ways in order, with ascending delays; never empty.
    pub by: Vec<Way>,
}

/// One way, and when it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The channel; the person has an address on it.
    pub channel: ChannelId,
    /// How long after a page it is taken, while nobody has acknowledged the page.
    pub after: SignedDuration,
}

/// Hours of rest: what comes in them waits till they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Which.
    pub hours: Hours,
    /// The levels that wait; never the worst.
    pub levels: Vec<u8>,
}

impl ContactRule {
    /// Tells whether the rule is for incidents of a level.
    #[must_use]
    pub fn is_for(&self, level: u8) -> bool {
        self.levels.is_empty() || self.levels.contains(&level)
    }
}

impl Quiet {
    /// Returns when the rest ends that an instant lies in; `None` while a level may disturb.
    #[must_use]
    pub fn until(&self, level: u8, at: Timestamp) -> Option<Timestamp> {
        self.levels.contains(&level).then(|| self.hours.end_of(at)).flatten()
    }
}

impl Manner {
    /// Returns the rule for incidents of a level.
    #[must_use]
    pub fn rule(&self, level: u8) -> Option<&ContactRule> {
        self.rules.iter().find(|rule| rule.is_for(level))
    }

    /// Returns when each of the ways is taken, as instants; empty means at once, and each further
    /// one only where the one before it fails.
    ///
    /// A page goes on from way to way until it is acknowledged. What nobody has to acknowledge
    /// takes the first that works, and waits for the end of the rest like a page.
    #[must_use]
    pub fn times(
        &self,
        level: u8,
        page: bool,
        ways: &[ChannelId],
        now: Timestamp,
    ) -> Vec<Timestamp> {
        let rest_ends = self.quiet.as_ref().and_then(|quiet| quiet.until(level, now));
        let begin = rest_ends.unwrap_or(now);
        let rule = self.rule(level).filter(|_| page);
        let delay = |channel: &ChannelId| {
            let way = rule.and_then(|rule| rule.by.iter().find(|way| way.channel == *channel));
            way.map(|way| begin.saturating_add(way.after).unwrap_or(Timestamp::MAX))
        };
        let planned: Vec<Timestamp> = ways.iter().map_while(delay).collect();
        match (planned.as_slice(), rest_ends) {
            ([], Some(end)) => vec![end],
            ([only], _) if *only == now => Vec::new(),
            _ => planned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Weekdays, Window, Zone};
    use jiff::civil::Time;

    const NIGHT: &str = "2026-11-21T15:30:00Z"; // 23:30 in Shanghai

    fn way(channel: &str, minutes: i64) -> Way {
        Way { channel: channel.into(), after: SignedDuration::from_mins(minutes) }
    }

    fn manner() -> Manner {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let time = |hour| Time::constant(hour, 0, 0, 0);
        let window = Window { days: Weekdays::ALL, from: time(22), to: time(8) };
        Manner {
            rules: vec![
                ContactRule {
                    levels: vec![1, 2],
                    by: vec![way("chat", 0), way("sms", 2), way("voice", 5)],
                },
                ContactRule { levels: Vec::new(), by: vec![way("mail", 0)] },
            ],
            quiet: Some(Quiet { hours: Hours { window, zone }, levels: vec![3, 4] }),
            no_endings: false,
            at_most: None,
        }
    }

    fn times(level: u8, page: bool, ways: &[&str], now: &str) -> Vec<String> {
        let ways: Vec<ChannelId> = ways.iter().map(|way| ChannelId::new(*way)).collect();
        let times = manner().times(level, page, &ways, now.parse().unwrap());
        times.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_has_an_instant_for_each_way_and_a_plain_message_none() {
        let ways = ["chat", "sms", "voice"];
        let planned = ["2026-11-21T15:30:00Z", "2026-11-21T15:32:00Z", "2026-11-21T15:35:00Z"];
        assert_eq!(times(1, true, &ways, NIGHT), planned);
        assert!(times(1, false, &ways, NIGHT).is_empty());
        assert!(times(4, true, &["mail"], "2026-11-21T04:00:00Z").is_empty(), "one way, at once");
    }

    #[test]
    fn what_comes_in_hours_of_rest_waits_till_they_end_and_the_worst_never_does() {
        for page in [true, false] {
            assert_eq!(times(3, page, &["mail"], NIGHT), ["2026-11-22T00:00:00Z"]);
            assert!(times(3, page, &["mail"], "2026-11-22T00:00:00Z").is_empty(), "8 o'clock");
        }
        assert_eq!(times(2, true, &["chat"], NIGHT), Vec::<String>::new());
    }
}
