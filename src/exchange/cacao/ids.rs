//! Identifiers of the standard, made from names: the same plan always gets the same ids.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, Variant};

/// The version that ids are marked with. The official schemas allow 1 to 5 alone; of these only 5
/// says that the id is a hash of a name. The hash is SHA-256, as in version 8.
const VERSION: u8 = 5;

/// The id of the extension that carries firebell's own words; it is the same in every export.
pub(super) fn extension() -> String {
    of("extension-definition", "", "the firebell playbook language")
}

/// Makes `kind--uuid` from a plan's id and a name in it.
pub(super) fn of(kind: &str, plan: &str, name: &str) -> String {
    let hash = Sha256::digest(format!("firebell cacao\0{plan}\0{kind}\0{name}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = (bytes[6] & 0x0f) | (VERSION << 4);
    let uuid: Uuid = Builder::from_bytes(bytes).with_variant(Variant::RFC4122).into_uuid();
    format!("{kind}--{uuid}")
}

/// Splits an id into its kind, where it has the form of one: `kind--` and a UUID.
pub(super) fn kind(id: &str) -> Option<&str> {
    let (kind, uuid) = id.split_once("--")?;
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = !kind.is_empty() && kind.chars().all(lower) && uuid.len() == 36;
    (fits && Uuid::try_parse(uuid).is_ok()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_id_and_two_names_have_two() {
        let id = of("action", "service-outage", "confirm");
        assert_eq!(id, of("action", "service-outage", "confirm"));
        assert_ne!(id, of("action", "service-outage", "isolate"));
        assert_ne!(id, of("action", "data-leak", "confirm"));
        assert_eq!(kind(&id), Some("action"));
        assert_eq!(&id[22..23], "5");
        assert_eq!(kind("action--1"), None);
        assert_eq!(kind("action"), None);
    }
}
