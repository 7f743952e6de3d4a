//! Signed bodies: hex HMAC-SHA256 of the body, or of `seconds:body` where a header names the second it
//! was signed. Pure: the clock is an argument.
//!
//! Grafana signs in either way (grafana.com/docs/grafana/latest/alerting, "HMAC signature"), Sentry
//! the body alone (docs.sentry.io, "Integration platform, webhooks"), so that its time is not looked
//! at: nobody vouches for it.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use smol_str::SmolStr;

use crate::text::Text;

/// How the bodies of a source are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The header with the signature, in lower case.
    pub header: SmolStr,
    /// The header with the second it was signed, which is signed too.
    pub timestamp: Option<SmolStr>,
    /// How far that second may be from now.
    pub window: Duration,
    /// For how long the sender tries again. It never says the same twice otherwise, so that a body
    /// that was accepted longer ago is a replay by somebody else.
    pub retries: Option<Duration>,
}

impl Signing {
    /// The window where none is configured, as Standard Webhooks has it.
    pub const WINDOW: Duration = Duration::from_secs(300);

    /// For how long Sentry tries again what was not answered in time: three times, five minutes
    /// and more apart.
    const SENTRY_RETRIES: Duration = Duration::from_secs(3_600);

    /// As Sentry signs. Its bodies carry ids, counts and times, so that none is like another.
    #[must_use]
    pub fn sentry() -> Self {
        let header = "sentry-hook-signature".into();
        let retries = Some(Self::SENTRY_RETRIES);
        Self { header, timestamp: None, window: Self::WINDOW, retries }
    }

    /// As Grafana signs where nothing else is configured.
    #[must_use]
    pub fn grafana() -> Self {
        let header = "x-grafana-alerting-signature".into();
        Self { header, timestamp: None, window: Self::WINDOW, retries: None }
    }
}

/// What the headers of a body say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'h> {
    /// The signature.
    pub signature: Option<&'h str>,
    /// The second it was signed.
    pub timestamp: Option<&'h str>,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    /// There is none.
    Missing,
    /// There is no second, or it is no number, and one is wanted.
    Timeless,
    /// It was not made with the source's secret over this body.
    Wrong,
    /// It was made so many seconds ago (negative: from now).
    Away {
        /// How far off it is.
        seconds: i64,
        /// How far off it may be.
        window: u64,
    },
}

impl Unsigned {
    /// Returns the stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing | Self::Timeless => "unsigned",
            Self::Wrong => "bad_signature",
            Self::Away { .. } => "outside_window",
        }
    }

    /// Says what is wrong and what to do.
    #[must_use]
    pub fn text(self, signing: &Signing) -> Text {
        let header = &signing.header;
        match self {
            Self::Missing => Text::both(
                format!("缺少签名请求头 {header}；请在发送方配置 HMAC 密钥"),
                format!("there is no header `{header}`; give the sender the HMAC secret"),
            ),
            Self::Timeless => {
                let wanted = signing.timestamp.as_deref().unwrap_or_default();
                Text::both(
                    format!("缺少时间戳请求头 {wanted}（1970 年以来的秒数）"),
                    format!("the header `{wanted}` (seconds since 1970) is missing"),
                )
            }
            Self::Wrong => Text::both(
                "签名不符：密钥不同，或内容在途中被改动",
                "the signature does not fit: another secret, or the body was changed on its way",
            ),
            Self::Away { seconds, window } => away(seconds, window),
        }
    }
}

fn away(seconds: i64, window: u64) -> Text {
    let (hours, minutes) = (seconds.unsigned_abs() / 3_600, seconds.unsigned_abs() / 60 % 60);
    let off = seconds.unsigned_abs() % 60;
    let (zh_side, en_side) = if seconds > 0 { ("早", "before") } else { ("晚", "ahead of") };
    Text::both(
        format!(
            "签名时间比本机时钟{zh_side} {hours} 小时 {minutes} 分 {off} 秒，只接受相差 {window} \
             秒以内；若不是重放，请校准双方时钟（NTP）"
        ),
        format!(
            "it was signed {hours} h {minutes} min {off} s {en_side} this server's clock, at most \
             {window} s are taken; unless it is a replay, set both clocks (NTP)"
        ),
    )
}

/// Checks a signature; the second only after it, since only then it says something.
///
/// # Errors
/// [`Unsigned`].
pub fn check(
    signing: &Signing,
    secret: &[u8],
    signed: Signed<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Unsigned> {
    let signature = signed.signature.ok_or(Unsigned::Missing)?;
    let signature = hex::decode(signature.trim()).map_err(|_| Unsigned::Wrong)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    let at = match &signing.timestamp {
        Some(_) => Some(signed.timestamp.ok_or(Unsigned::Timeless)?.trim()),
        None => None,
    };
    if let Some(at) = at {
        mac.update(at.as_bytes());
        mac.update(b":");
    }
    mac.update(body);
    mac.verify_slice(&signature).map_err(|_| Unsigned::Wrong)?;
    let Some(at) = at else { return Ok(()) };
    let at: i64 = at.parse().map_err(|_| Unsigned::Timeless)?;
    let seconds = now.as_second().saturating_sub(at);
    let window = signing.window.as_secs();
    if seconds.unsigned_abs() > window { Err(Unsigned::Away { seconds, window }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::text::Lang;

    const SECRET: &[u8] = b"key";
    const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";
    /// The widely published example of HMAC-SHA256 for that key and sentence.
    const KNOWN: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn timed() -> Signing {
        Signing { timestamp: Some("x-time".into()), ..Signing::grafana() }
    }

    fn sign(text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn a_known_signature_of_the_body_is_taken_at_any_time_and_no_other() {
        let signing = Signing::sentry();
        let try_it = |signature: Option<&str>, body: &[u8]| {
            check(&signing, SECRET, Signed { signature, timestamp: None }, body, at(7))
        };
        assert_eq!(try_it(Some(KNOWN), BODY), Ok(()));
        assert_eq!(try_it(Some(&KNOWN.to_uppercase()), BODY), Ok(()));
        assert_eq!(try_it(None, BODY), Err(Unsigned::Missing));
        assert_eq!(try_it(Some(KNOWN), b"other"), Err(Unsigned::Wrong));
        for bad in ["", "zz", &KNOWN[2..]] {
            assert_eq!(try_it(Some(bad), BODY), Err(Unsigned::Wrong), "{bad}");
        }
    }

    #[test]
    fn a_signed_second_outside_the_window_is_a_replay_or_a_clock_that_is_wrong() {
        let signature = sign("1000000:body");
        let try_it = |timestamp: Option<&str>, now: i64| {
            let signed = Signed { signature: Some(&signature), timestamp };
            check(&timed(), SECRET, signed, b"body", at(now))
        };
        for now in [999_700, 1_000_000, 1_000_300] {
            assert_eq!(try_it(Some("1000000"), now), Ok(()), "{now}");
        }
        let late = Unsigned::Away { seconds: 10_861, window: 300 };
        assert_eq!(try_it(Some("1000000"), 1_010_861), Err(late));
        assert_eq!(try_it(Some("1010861"), 1_010_861), Err(Unsigned::Wrong));
        assert_eq!(try_it(None, 1_000_000), Err(Unsigned::Timeless));
        let said = late.text(&timed());
        assert!(said.get(Lang::En).contains("3 h 1 min 1 s before"), "{said:?}");
        assert!(said.get(Lang::Zh).contains("早 3 小时 1 分 1 秒"), "{said:?}");
        let early = Unsigned::Away { seconds: -7_200, window: 300 }.text(&timed());
        assert!(early.get(Lang::En).contains("2 h 0 min 0 s ahead of"), "{early:?}");
    }
}
