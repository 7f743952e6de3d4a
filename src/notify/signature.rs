//! Signatures of outgoing webhooks as in the Standard Webhooks specification: `v1` is HMAC-SHA256
//! over `id.timestamp.body`. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use super::secret::Secret;

/// The specification's limits of a secret, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What marks a shared secret in its written form.
const PREFIX: &str = "whsec_";

/// The header that names the message, the same in every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the instant of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// A shared secret, ready for use.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// Why a secret cannot be used. It never repeats the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    /// It does not begin with `whsec_`.
    Prefix,
    /// What follows is not base64.
    Encoding,
    /// It is shorter than 24 or longer than 64 bytes.
    Length,
}

impl SigningKey {
    /// Reads a secret in its written form, `whsec_<base64>`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(secret: &Secret) -> Result<Self, BadKey> {
        let encoded = secret.expose().strip_prefix(PREFIX).ok_or(BadKey::Prefix)?;
        let key = BASE64.decode(encoded).map_err(|_| BadKey::Encoding)?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(BadKey::Length);
        }
        Hmac::new_from_slice(&key).map(Self).map_err(|_| BadKey::Length)
    }

    fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

/// Signs a message with every key: during a rotation the receiver may know either.
#[must_use]
pub fn sign(keys: &[SigningKey], id: &str, at: Timestamp, body: &[u8]) -> String {
    keys.iter().map(|key| key.sign(id, at, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn key(secret: &str) -> SigningKey {
        SigningKey::parse(&Secret::new(secret)).unwrap()
    }

    #[test]
    fn the_specification_s_example_comes_out_the_same() {
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed =
            sign(&[key(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn both_keys_of_a_rotation_sign() {
        let at = Timestamp::UNIX_EPOCH;
        let other = key("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let both = sign(&[key(SECRET), other.clone()], "id", at, b"{}");
        let each = [sign(&[key(SECRET)], "id", at, b"{}"), sign(&[other], "id", at, b"{}")];
        assert_eq!(both, each.join(" "));
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn weak_or_unreadable_secrets_are_refused() {
        let refused = |s: &str| SigningKey::parse(&Secret::new(s)).unwrap_err();
        assert_eq!(refused("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), BadKey::Prefix);
        assert_eq!(refused("whsec_***"), BadKey::Encoding);
        assert_eq!(refused("whsec_c2hvcnQ="), BadKey::Length);
        assert_eq!(refused(&format!("whsec_{}", BASE64.encode([0; 65]))), BadKey::Length);
    }

    #[test]
    fn a_key_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", key(SECRET)), "SigningKey(***)");
    }
}
