//! A token as text and as a record: `fbt_<id>_<secret>`, shown once, kept as its hash.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;
use subtle::ConstantTimeEq as _;

use crate::id::PersonId;
use crate::runtime::Scope;

/// What every token begins with, so that scanners of leaked secrets recognise one.
const PREFIX: &str = "fbt_";
/// Enough that ids drawn by chance do not meet.
const ID_BYTES: usize = 6;
/// 256 bits: no guessing, so a plain hash protects it.
const SECRET_BYTES: usize = 32;

/// A token's secret half, as its owner holds it. `Debug` leaves it out.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Returns the whole token, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fbt_***")
    }
}

/// What a caller presented: the id that finds the record, and the hash of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented<'a> {
    /// The id.
    pub id: &'a str,
    hash: [u8; 32],
}

impl<'a> Presented<'a> {
    /// Reads a token; `None` for what is none.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |part: &str, bytes: usize| {
            part.len() == bytes * 2 && part.bytes().all(|b| b.is_ascii_hexdigit())
        };
        (is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES))
            .then(|| Self { id, hash: hash(text) })
    }

    /// Tells whether this is the token of that record, in a time that says nothing about where
    /// they differ.
    #[must_use]
    pub fn is(&self, record: &Record) -> bool {
        self.hash.ct_eq(&record.hash.0).into()
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// SHA-256 of a token; in hex where it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hash([u8; 32]);

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// To whom a token belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A person of the directory: calls are theirs.
    Person(PersonId),
    /// A program, by a name that events will carry.
    Service(SmolStr),
}

impl Owner {
    /// Returns the person, where it is one.
    #[must_use]
    pub const fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Service(_) => None,
        }
    }

    /// Returns the program, where it is one.
    #[must_use]
    pub const fn service(&self) -> Option<&SmolStr> {
        match self {
            Self::Person(_) => None,
            Self::Service(name) => Some(name),
        }
    }
}

/// A token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: SmolStr,
    hash: Hash,
    /// To whom it belongs.
    pub owner: Owner,
    /// What it may do.
    pub scope: Scope,
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, as far as it was written down: a use is noted in memory and
    /// written with the next change or once in a while, never per request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// What a new token is for.
#[derive(Debug, Clone)]
pub struct Grant {
    /// To whom it belongs.
    pub owner: Owner,
    /// What it may do.
    pub scope: Scope,
    /// What its owner calls it.
    pub label: Option<String>,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
}

impl Record {
    /// Draws a new token; the secret is not kept anywhere.
    #[must_use]
    pub fn mint(grant: Grant, now: Timestamp) -> (Self, Secret) {
        let chance = crate::chance::draw::<{ ID_BYTES + SECRET_BYTES }>();
        let (id, secret) = chance.split_at(ID_BYTES);
        let id = hex::encode(id);
        let text = format!("{PREFIX}{id}_{}", hex::encode(secret));
        let record = Self {
            id: SmolStr::new(id),
            hash: Hash(hash(&text)),
            owner: grant.owner,
            scope: grant.scope,
            label: grant.label,
            created_at: now,
            expires_at: grant.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        (record, Secret(text))
    }

    /// Tells what the token is worth at an instant.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            Standing::Expired
        } else {
            Standing::Good
        }
    }
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It opens doors.
    Good,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            owner: Owner::Person("li".into()),
            scope: Scope::Responder,
            label: None,
            expires_at: None,
        }
    }

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_is_its_own_and_no_others() {
        let (one, secret) = Record::mint(grant(), now());
        let (other, _) = Record::mint(grant(), now());
        let presented = Presented::parse(secret.reveal()).unwrap();
        assert_eq!(presented.id, one.id);
        assert!(presented.is(&one));
        assert!(!presented.is(&other));
    }

    #[test]
    fn the_record_holds_no_secret_and_debug_shows_none() {
        let (record, secret) = Record::mint(grant(), now());
        let tail = secret.reveal().rsplit('_').next().unwrap().to_owned();
        let stored = serde_json::to_string(&record).unwrap();
        assert!(!stored.contains(&tail), "{stored}");
        assert_eq!(format!("{secret:?}"), "fbt_***");
        assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
    }

    #[test]
    fn a_token_is_good_until_its_instant_and_never_after_revocation() {
        let (mut record, _) = Record::mint(grant(), now());
        let later: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        assert_eq!(record.standing(later), Standing::Good);
        record.expires_at = Some(later);
        assert_eq!(record.standing(now()), Standing::Good);
        assert_eq!(record.standing(later), Standing::Expired);
        record.revoked_at = Some(now());
        assert_eq!(record.standing(now()), Standing::Revoked);
    }

    #[test]
    fn what_is_no_token_does_not_parse() {
        let (_, secret) = Record::mint(grant(), now());
        let good = secret.reveal();
        for bad in
            ["", "fbt_", "fbt_ab_cd", &good[1..], &good[..good.len() - 1], &good.replace('_', "-")]
        {
            assert_eq!(Presented::parse(bad), None, "{bad}");
        }
    }
}
