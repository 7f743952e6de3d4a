//! Links that a person answers by: signed, so that nobody can make one up, and good for a while. The
//! key is drawn once for an installation and kept in its store. It must not know what an answer
//! leads to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::service::Inner;
use crate::engine::RunKey;
use crate::id::{ChannelId, IncidentId, NoticeId, PersonId, StepId};
use crate::store::{Change, Expect, Kind, StoreError};

/// The path that links lead to; what follows is the token.
pub const LINK_PATH: &str = crate::notify::ANSWER_PATH;

/// The longest token that is looked at: both names at their bound.
const TOKEN_CHARS_MAX: usize = 1_024;

/// The document that holds the key.
const KEY_NAME: &str = "link-key";

/// Bytes of a signature: half of the hash keeps links short enough for a short message, and cannot
/// be guessed.
const MAC_BYTES: usize = 16;

/// Bytes by which a contact is known again.
const CONTACT_BYTES: usize = 8;

type Mac = Hmac<Sha256>;

/// An address as it is remembered where the address itself must not be: only this installation can
/// make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ContactMark([u8; CONTACT_BYTES]);

impl ContactMark {
    /// Returns the mark as text.
    pub(super) fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// What whoever follows a link says by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// "What you send to this address reaches me."
    Contact {
        /// Who.
        person: PersonId,
        /// Over which channel.
        channel: ChannelId,
        /// At which address.
        mark: ContactMark,
    },
    /// "I have seen this message and act on it."
    Notice {
        /// Who.
        person: PersonId,
        /// Of which incident.
        incident: IncidentId,
        /// Which message.
        notice: NoticeId,
    },
    /// "I work on this run of a step."
    Step {
        /// Who.
        person: PersonId,
        /// Of which incident.
        incident: IncidentId,
        /// Which run: another iteration or attempt is another run.
        key: RunKey,
    },
}

impl Claim {
    /// Returns who speaks by it.
    pub(super) const fn person(&self) -> &PersonId {
        match self {
            Self::Contact { person, .. }
            | Self::Notice { person, .. }
            | Self::Step { person, .. } => person,
        }
    }
}

/// Why a link is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It was not made here, or is damaged.
    NotOurs,
    /// Its time is over.
    Expired,
}

/// The key that links are signed with.
pub(super) struct LinkKey(Mac);

impl LinkKey {
    /// Makes the key of its bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(Mac::new_from_slice(bytes).expect("HMAC takes keys of any length"))
    }

    fn mac(&self, what: &str, bytes: &[u8]) -> Mac {
        let mut mac = self.0.clone();
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac
    }

    /// Returns by what an address on a channel is known again.
    pub(super) fn mark(&self, channel: &ChannelId, address: &str) -> ContactMark {
        let mac = self.mac("contact", format!("{channel}\0{address}").as_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut mark = [0; CONTACT_BYTES];
        mark.copy_from_slice(&bytes[..CONTACT_BYTES]);
        ContactMark(mark)
    }

    /// Writes the token of a link.
    pub(super) fn sign(&self, claim: &Claim, expires: Timestamp) -> String {
        let mut said = expires.as_second().to_be_bytes().to_vec();
        match claim {
            Claim::Contact { person, channel, mark } => {
                said.push(b'c');
                said.extend(mark.0);
                said.extend(format!("{person}\0{channel}").as_bytes());
            }
            Claim::Notice { person, incident, notice } => {
                said.push(b'n');
                said.extend(incident.as_bytes());
                said.extend(notice.as_bytes());
                said.extend(person.as_str().as_bytes());
            }
            Claim::Step { person, incident, key } => {
                said.push(b's');
                said.extend(incident.as_bytes());
                // No item is nought; items count from 1 here.
                let item = key.item.map_or(0, |item| item.saturating_add(1));
                for number in [key.visit, key.iteration, key.attempt, item] {
                    said.extend(number.to_be_bytes());
                }
                said.extend(format!("{person}\0{}", key.step).as_bytes());
            }
        }
        let mac = self.mac("link", &said).finalize().into_bytes();
        BASE64.encode([&mac[..MAC_BYTES], &said].concat())
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Unusable`].
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Claim, Unusable> {
        let ours = |token: &str| {
            let bytes = BASE64.decode(token).ok().filter(|_| token.len() <= TOKEN_CHARS_MAX)?;
            let (mac, said) = bytes.split_at_checked(MAC_BYTES)?;
            self.mac("link", said).verify_truncated_left(mac).ok()?;
            let (expires, claim) = said.split_first_chunk()?;
            let expires = Timestamp::from_second(i64::from_be_bytes(*expires)).ok()?;
            Some((expires, read(claim)?))
        };
        match ours(token) {
            None => Err(Unusable::NotOurs),
            Some((expires, _)) if expires <= now => Err(Unusable::Expired),
            Some((_, claim)) => Ok(claim),
        }
    }
}

fn read(claim: &[u8]) -> Option<Claim> {
    let id = |bytes: &[u8; 16]| u128::from_be_bytes(*bytes);
    match claim.split_first()? {
        (b'c', rest) => {
            let (mark, names) = rest.split_first_chunk()?;
            let (person, channel) = std::str::from_utf8(names).ok()?.split_once('\0')?;
            let (person, channel) = (PersonId::new(person), ChannelId::new(channel));
            Some(Claim::Contact { person, channel, mark: ContactMark(*mark) })
        }
        (b'n', rest) => {
            let (incident, rest) = rest.split_first_chunk()?;
            let (notice, person) = rest.split_first_chunk()?;
            Some(Claim::Notice {
                person: PersonId::new(std::str::from_utf8(person).ok()?),
                incident: IncidentId::from_u128(id(incident)),
                notice: NoticeId::from_u128(id(notice)),
            })
        }
        (b's', rest) => {
            let (incident, mut rest) = rest.split_first_chunk()?;
            let mut numbers = [0; 4];
            for number in &mut numbers {
                let (bytes, after) = rest.split_first_chunk()?;
                (*number, rest) = (u32::from_be_bytes(*bytes), after);
            }
            let [visit, iteration, attempt, item] = numbers;
            let (person, step) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
            let step = StepId::new(step);
            let key = RunKey { visit, step, item: item.checked_sub(1), iteration, attempt };
            let incident = IncidentId::from_u128(id(incident));
            Some(Claim::Step { person: PersonId::new(person), incident, key })
        }
        _ => None,
    }
}

impl Inner {
    /// Returns the installation's key; draws it the first time that one is needed.
    pub(super) async fn link_key(&self) -> Result<&LinkKey, StoreError> {
        let stored = || async {
            if let Some(document) = self.store.document(Kind::Setting, KEY_NAME)? {
                return Ok(LinkKey::new(&document.content));
            }
            let drawn = crate::chance::draw::<32>();
            let write = Change::write(Kind::Setting, KEY_NAME, Expect::Absent, drawn.to_vec());
            self.store.put(vec![write]).await?;
            Ok(LinkKey::new(&drawn))
        };
        self.links.get_or_try_init(stored).await
    }

    /// Makes a link that is good for a time; `None` where this server has no address for people.
    pub(super) async fn link(
        &self,
        claim: &Claim,
        good_for: SignedDuration,
    ) -> Result<Option<String>, StoreError> {
        let Some(base) = self.place().base_url else { return Ok(None) };
        let expires = self.clock.now().checked_add(good_for).unwrap_or(Timestamp::MAX);
        let token = self.link_key().await?.sign(claim, expires);
        Ok(Some(format!("{base}{LINK_PATH}{token}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(key: &LinkKey) -> [Claim; 4] {
        let (sms, li) = (ChannelId::new("sms"), PersonId::new("li"));
        let mark = key.mark(&sms, "+8613800000000");
        let (incident, notice) = (IncidentId::from_u128(7), NoticeId::from_u128(9));
        [
            Claim::Contact { person: li.clone(), channel: sms, mark },
            Claim::Notice { person: li.clone(), incident, notice },
            Claim::Step { person: li.clone(), incident, key: RunKey::first(3, "locate".into()) },
            Claim::Step {
                person: li,
                incident,
                key: RunKey { item: Some(0), iteration: 2, ..RunKey::first(1, "locate".into()) },
            },
        ]
    }

    #[test]
    fn a_link_says_what_it_was_made_for_until_it_expires() {
        let key = LinkKey::new(&[7; 32]);
        let (expires, before) = (Timestamp::from_second(1_000).unwrap(), Timestamp::UNIX_EPOCH);
        for claim in claims(&key) {
            let token = key.sign(&claim, expires);
            assert!(token.len() <= 110, "{} characters in a short message", token.len());
            assert_eq!(key.read(&token, before), Ok(claim));
            assert_eq!(key.read(&token, expires), Err(Unusable::Expired));
        }
    }

    #[test]
    fn a_link_with_any_character_changed_or_cut_is_nobody_s() {
        let (key, other) = (LinkKey::new(&[7; 32]), LinkKey::new(&[8; 32]));
        let expires = Timestamp::from_second(1_000).unwrap();
        for claim in claims(&key) {
            let token = key.sign(&claim, expires);
            for at in 0..token.len() {
                let swapped = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
                let mut forged = token.clone();
                forged.replace_range(at..=at, swapped);
                for token in [forged.as_str(), &token[..at]] {
                    assert_eq!(key.read(token, Timestamp::UNIX_EPOCH), Err(Unusable::NotOurs));
                }
            }
            assert_eq!(other.read(&token, Timestamp::UNIX_EPOCH), Err(Unusable::NotOurs));
        }
        let long = "A".repeat(TOKEN_CHARS_MAX + 4);
        assert_eq!(key.read(&long, Timestamp::UNIX_EPOCH), Err(Unusable::NotOurs));
    }

    #[test]
    fn an_address_is_known_again_and_no_other_is() {
        let key = LinkKey::new(&[7; 32]);
        let mark = |channel: &str, address: &str| key.mark(&ChannelId::new(channel), address);
        assert_eq!(mark("sms", "+86"), mark("sms", "+86"));
        assert_ne!(mark("sms", "+86"), mark("call", "+86"));
        assert_ne!(mark("sms", "+86"), mark("sms", "+87"));
    }
}
