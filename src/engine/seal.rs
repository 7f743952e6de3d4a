//! Sealing personal values: the journal holds a salted hash, the value lies apart under it and can
//! be erased without breaking anything. Pure: chance comes in. It must not know where sealed
//! content is kept.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::id::{IncidentId, VarId};
use crate::playbook::Value;

/// Bytes of salt before the value: nobody can find a telephone number by trying them all.
pub const SALT_BYTES: usize = 16;

/// Chance for one decision, drawn by whoever asks for it. Salts come of it; it is kept nowhere.
#[derive(Clone, Copy)]
pub struct Chance([u8; 32]);

impl Chance {
    /// Takes chance that was drawn.
    #[must_use]
    pub const fn new(drawn: [u8; 32]) -> Self {
        Self(drawn)
    }

    /// Makes the salt of one variable in one event of one incident: never the same twice.
    fn salt(&self, incident: IncidentId, seq: u64, name: &VarId) -> [u8; SALT_BYTES] {
        let mut hash = Sha256::new_with_prefix(b"firebell/salt/1\n");
        hash.update(self.0);
        hash.update(incident.as_bytes());
        hash.update(seq.to_be_bytes());
        hash.update(name.as_str());
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&hash.finalize()[..SALT_BYTES]);
        salt
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance(…)")
    }
}

/// Names personal content that is kept apart: the SHA-256, in hex, of its salt and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(SmolStr);

impl Reference {
    /// Takes a reference as it was shown or stored.
    #[must_use]
    pub fn new(text: impl Into<SmolStr>) -> Self {
        Self(text.into())
    }

    /// Returns the reference as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A personal value on its way to where it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What the journal holds of it.
    pub reference: Reference,
    /// The salt and, as the JSON that values are stored as, the value.
    pub content: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// Seals a value that becomes known with the event `seq` of an incident.
pub(super) fn seal(
    chance: &Chance,
    incident: IncidentId,
    seq: u64,
    (name, value): (&VarId, &Value),
) -> Sealed {
    let mut content = chance.salt(incident, seq, name).to_vec();
    serde_json::to_writer(&mut content, value).expect("values are finite and have a JSON form");
    let reference = Reference(SmolStr::new(hex::encode(Sha256::digest(&content))));
    Sealed { reference, content }
}

/// Why kept content is not what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    /// Its hash is another one.
    #[error("the content kept under {0} is not what was sealed")]
    Changed(Reference),
    /// The hash is right and what it covers is no value.
    #[error("the content kept under {0} is no value: {1}")]
    Malformed(Reference, String),
}

/// Reads a value back from the content that was kept under its reference.
///
/// # Errors
/// The content is not what was sealed.
pub fn unseal(reference: &Reference, content: &[u8]) -> Result<Value, Unsealable> {
    if hex::encode(Sha256::digest(content)) != reference.as_str() {
        return Err(Unsealable::Changed(reference.clone()));
    }
    let json = content.get(SALT_BYTES..).unwrap_or_default();
    serde_json::from_slice(json)
        .map_err(|error| Unsealable::Malformed(reference.clone(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Number),
            ".{0,40}".prop_map(Value::String),
            any::<bool>().prop_map(Value::Boolean),
            Just(Value::Date(jiff::civil::date(1990, 5, 17))),
            "[a-z]{1,9}".prop_map(|id| Value::Person(id.as_str().into())),
        ];
        let list = prop::collection::vec(scalar.clone(), 0..4).prop_map(Value::List);
        prop_oneof![4 => scalar, 1 => list]
    }

    fn sealed(chance: u8, seq: u64, name: &str, value: &Value) -> Sealed {
        let incident = IncidentId::from_u128(7);
        seal(&Chance::new([chance; 32]), incident, seq, (&VarId::new(name), value))
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_read_back_and_nothing_else_is(value in value(), at in 0..200_usize) {
            let Sealed { reference, content } = sealed(1, 5, "phone", &value);
            prop_assert_eq!(unseal(&reference, &content), Ok(value.clone()));
            prop_assert_eq!(reference.as_str().len(), 64);
            let mut changed = content.clone();
            let at = at % changed.len();
            changed[at] ^= 1;
            prop_assert_eq!(unseal(&reference, &changed), Err(Unsealable::Changed(reference)));
        }

        #[test]
        fn one_value_sealed_again_cannot_be_recognised(value in value()) {
            let first = sealed(1, 5, "phone", &value);
            let others = [
                sealed(2, 5, "phone", &value),
                sealed(1, 6, "phone", &value),
                sealed(1, 5, "email", &value),
            ];
            for other in others {
                prop_assert_ne!(&other.reference, &first.reference);
            }
            prop_assert_eq!(sealed(1, 5, "phone", &value), first);
        }
    }

    #[test]
    fn what_is_sealed_does_not_show_in_logs() {
        let sealed = sealed(1, 5, "phone", &Value::String("13800138000".into()));
        assert!(!format!("{sealed:?}").contains("content"), "{sealed:?}");
        assert_eq!(format!("{:?}", Chance::new([7; 32])), "Chance(…)");
    }

    #[test]
    fn content_that_is_no_value_is_told_from_changed_content() {
        for content in [b"short".as_slice(), b"0123456789abcdef{}"] {
            let reference = Reference::new(hex::encode(Sha256::digest(content)));
            assert!(matches!(unseal(&reference, content), Err(Unsealable::Malformed(..))));
        }
    }
}
