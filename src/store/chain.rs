//! The hash chain of an incident: each event's link is SHA-256 over the previous link and the
//! event's stored bytes, so that nobody changes, drops or reorders events unnoticed.

use super::Digest;
use crate::id::IncidentId;

/// Separates these hashes from every other use of SHA-256; part of the stored format for ever.
const DOMAIN: &[u8] = b"firebell/journal/1\n";

/// Returns the link before an incident's first event. It binds the chain to the incident, so a
/// whole stream cannot be passed off as another incident's.
#[must_use]
pub fn genesis(incident: IncidentId) -> Digest {
    Digest::of_parts(&[DOMAIN, incident.as_bytes()])
}

/// Returns the link of an event with these stored bytes that follows `previous`.
#[must_use]
pub fn link(previous: Digest, event: &[u8]) -> Digest {
    Digest::of_parts(&[previous.as_bytes(), event])
}

/// Returns the links of `events`, in order, where `previous` is the link before the first.
#[must_use]
pub fn links<'a>(previous: Digest, events: impl IntoIterator<Item = &'a [u8]>) -> Vec<Digest> {
    let mut last = previous;
    events
        .into_iter()
        .map(|event| {
            last = link(last, event);
            last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_depends_on_the_incident_the_order_and_every_byte() {
        let (one, two) = (IncidentId::from_u128(1), IncidentId::from_u128(2));
        let chain = links(genesis(one), [b"a".as_slice(), b"b"]);
        assert_eq!(chain[1], link(link(genesis(one), b"a"), b"b"));
        assert_ne!(chain[1], links(genesis(two), [b"a".as_slice(), b"b"])[1]);
        assert_ne!(chain[1], links(genesis(one), [b"b".as_slice(), b"a"])[1]);
        assert_ne!(chain[1], links(genesis(one), [b"ab".as_slice(), b""])[1]);
    }
}
