//! Checking hash chains: recomputes every link of a history and names the first that is wrong, and
//! holds what is kept apart against the hashes it is kept under.

use super::{Digest, Stream, chain};
use crate::id::IncidentId;

/// The outcome for one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every link is right, and so is everything that is kept apart.
    Intact {
        /// How many events it has.
        events: u64,
        /// The link of the last one; whoever noted it elsewhere can compare.
        link: Digest,
    },
    /// The history was changed or damaged.
    Broken(Break),
}

impl Verdict {
    /// Returns the first thing that is wrong: with the chain, else with what is kept apart.
    pub(super) fn and_apart(self, apart: impl FnOnce() -> Option<Break>) -> Self {
        match self {
            Self::Intact { .. } => apart().map_or(self, Self::Broken),
            Self::Broken(_) => self,
        }
    }
}

/// The first wrong link of an incident.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("incident #{number} ({incident}), event {event}: {why}")]
pub struct Break {
    /// The incident.
    pub incident: IncidentId,
    /// Its number; 0 where the row is lost.
    pub number: u64,
    /// The event at which the chain breaks, counted from 1.
    pub event: u64,
    /// What is wrong there.
    pub why: String,
}

/// The outcome for the whole store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Incidents looked at.
    pub incidents: u64,
    /// Events whose link was right.
    pub events: u64,
    /// The first wrong link of each incident that has one.
    pub broken: Vec<Break>,
}

impl Audit {
    /// Adds the outcome of one incident.
    pub fn add(&mut self, verdict: Verdict) {
        self.incidents += 1;
        match verdict {
            Verdict::Intact { events, .. } => self.events += events,
            Verdict::Broken(at) => {
                self.events += at.event.saturating_sub(1);
                self.broken.push(at);
            }
        }
    }
}

/// Judges a whole history against what the incident's row says of its end.
///
/// `version` and `link` are the row's: without them, events cut off at the end would pass.
pub(super) fn judge(stream: &Stream, number: u64, version: u64, link: Digest) -> Verdict {
    let incident = stream.incident;
    let broken = |event, why: String| Verdict::Broken(Break { incident, number, event, why });
    let mut previous = chain::genesis(incident);
    let mut next = 1;
    for record in &stream.records {
        if record.first != next {
            return broken(next, format!("missing: the next stored event is {}", record.first));
        }
        for event in &record.events {
            let right = chain::link(previous, &event.bytes);
            if right != event.link {
                let why = format!("its hash is {right}, the journal says {}", event.link);
                return broken(next, why);
            }
            previous = right;
            next += 1;
        }
    }
    let last = next - 1;
    if last != version {
        let why = format!("the incident has {version} events, the journal holds {last}");
        return broken(last.min(version) + 1, why);
    }
    if previous != link {
        return broken(last, format!("the last hash is {previous}, the row says {link}"));
    }
    Verdict::Intact { events: last, link }
}

/// Judges what is kept apart of a sound history. A reference that is a SHA-256 in hex vouches for
/// its content, and the content that is not there was erased.
pub(super) fn judge_personal<'p>(
    stream: &Stream,
    number: u64,
    personal: impl IntoIterator<Item = (&'p str, &'p [u8])>,
) -> Option<Break> {
    let vouched = |(reference, content): &(&str, &[u8])| match reference.parse::<Digest>() {
        Ok(hash) => Digest::of(content) == hash,
        Err(_) => true,
    };
    let (reference, _) = personal.into_iter().find(|kept| !vouched(kept))?;
    let why = format!("what is kept apart under {reference} has another hash");
    Some(Break { incident: stream.incident, number, event: referring(stream, reference), why })
}

/// Finds the event that speaks of a reference; the last where none does.
fn referring(stream: &Stream, reference: &str) -> u64 {
    let speaks = |bytes: &[u8]| bytes.windows(reference.len()).any(|w| w == reference.as_bytes());
    let mut events = stream.events();
    let found = events.find(|(_, event)| speaks(&event.bytes)).map(|(seq, _)| seq);
    found.unwrap_or_else(|| stream.events().last().map_or(0, |(seq, _)| seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Record, Stored};

    fn stream() -> (Stream, Digest) {
        let incident = IncidentId::from_u128(7);
        let bytes = [b"a".to_vec(), b"b".to_vec(), b"c".to_vec()];
        let links = chain::links(chain::genesis(incident), bytes.iter().map(Vec::as_slice));
        let stored: Vec<_> =
            bytes.into_iter().zip(links).map(|(bytes, link)| Stored { bytes, link }).collect();
        let records = vec![
            Record { first: 1, events: stored[..2].to_vec(), notices: b"n".to_vec() },
            Record { first: 3, events: Vec::new(), notices: b"m".to_vec() },
            Record { first: 3, events: stored[2..].to_vec(), notices: Vec::new() },
        ];
        let stream = Stream { incident, records };
        let link = stream.link();
        (stream, link)
    }

    fn break_of(stream: &Stream, version: u64, link: Digest) -> u64 {
        match judge(stream, 1, version, link) {
            Verdict::Broken(at) => at.event,
            Verdict::Intact { .. } => panic!("the change went unnoticed"),
        }
    }

    #[test]
    fn an_untouched_history_is_intact_whatever_its_notices() {
        let (mut stream, link) = stream();
        assert_eq!(judge(&stream, 1, 3, link), Verdict::Intact { events: 3, link });
        stream.records[0].notices.clear();
        assert_eq!(judge(&stream, 1, 3, link), Verdict::Intact { events: 3, link });
    }

    #[test]
    fn what_is_kept_apart_is_what_its_reference_says() {
        let (mut stream, _) = stream();
        let reference = Digest::of(b"salt and value").to_string();
        stream.records[0].events[1].bytes = format!("{{\"phone\":\"{reference}\"}}").into_bytes();
        let judged = |name: &str, content: &[u8]| {
            judge_personal(&stream, 1, [("a name", b"x".as_slice()), (name, content)])
        };
        assert_eq!(judged(&reference, b"salt and value"), None);
        assert_eq!(judged("another name", b"anything"), None);
        let broken = judged(&reference, b"salt and another").unwrap();
        assert_eq!(broken.event, 2);
        assert!(broken.why.contains(&reference), "{broken}");
        // Nothing refers to it: then it is put down to the end.
        assert_eq!(judged(&Digest::of(b"y").to_string(), b"z").unwrap().event, 3);
    }

    #[test]
    fn every_kind_of_tampering_is_named_by_its_first_event() {
        let (good, link) = stream();
        let mut changed = good.clone();
        changed.records[0].events[1].bytes = b"x".to_vec();
        assert_eq!(break_of(&changed, 3, link), 2);
        let mut rehashed = good.clone();
        rehashed.records[0].events[0].bytes = b"x".to_vec();
        rehashed.records[0].events[0].link = chain::link(chain::genesis(good.incident), b"x");
        assert_eq!(break_of(&rehashed, 3, link), 2);
        let mut gap = good.clone();
        gap.records.remove(0);
        assert_eq!(break_of(&gap, 3, link), 1);
        let mut cut = good.clone();
        cut.records.pop();
        assert_eq!(break_of(&cut, 3, link), 3);
        assert_eq!(break_of(&good, 2, link), 3);
        assert_eq!(break_of(&good, 3, Digest::of(b"")), 3);
    }
}
