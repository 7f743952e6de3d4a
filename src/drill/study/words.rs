//! Numbers as words: shares, times and changes, each with how far it can be trusted.

use jiff::SignedDuration;

use super::estimate::{Difference, Quantile, Share};
use super::report::{Trial, TrialOf};
use crate::text::Lang;
use crate::timeline::{Tone, span};

/// A promise missed more often than this is bad,
const MISSED_BAD: f64 = 0.1;
/// and more often than this, worth a look.
const MISSED_MUCH: f64 = 0.01;

/// What stands where nothing is known.
pub const DASH: &str = "—";

/// Says a share: `87.3%`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// Says a share with its interval: `87.3% [85.7–88.7]`.
#[must_use]
pub fn share(share: Share) -> String {
    let (low, high) = (100.0 * share.low, 100.0 * share.high);
    format!("{} [{low:.1}–{high:.1}]", percent(share.share))
}

/// Says a share of the runs in which something arose; where it never did, that.
#[must_use]
pub fn share_or_never(of: Share, lang: Lang) -> String {
    if of.of == 0 { lang.pick("未出现", "did not arise").to_owned() } else { share(of) }
}

/// Says a time in its two largest units.
#[must_use]
pub fn lasted(seconds: u64, lang: Lang) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    span::say(SignedDuration::from_secs(seconds), lang)
}

/// Says a mean time, to the second.
#[must_use]
pub fn about(seconds: f64, lang: Lang) -> String {
    let whole = SignedDuration::try_from_secs_f64(seconds.round());
    whole.map_or_else(|_| "∞".to_owned(), |whole| span::say(whole, lang))
}

/// Says a quantile with its interval; an interval that is said in the same words says nothing more.
#[must_use]
pub fn quantile(quantile: Quantile, lang: Lang) -> String {
    let [at, low, high] =
        [quantile.seconds, quantile.low, quantile.high].map(|seconds| lasted(seconds, lang));
    if low == high { at } else { format!("{at} [{low}–{high}]") }
}

/// Says a change of a time with its interval.
#[must_use]
pub fn later(change: Difference, lang: Lang) -> String {
    with_interval(change, |seconds| signed(seconds, lang))
}

/// Says how much later something is.
#[must_use]
pub fn signed(seconds: f64, lang: Lang) -> String {
    let sign = if seconds < 0.0 { "−" } else { "+" };
    format!("{sign}{}", about(seconds.abs(), lang))
}

/// Says a change of a share, in points, with its interval.
#[must_use]
pub fn points(change: Difference) -> String {
    with_interval(change, in_points)
}

/// Says how much larger a share is, in points.
#[must_use]
pub fn in_points(share: f64) -> String {
    format!("{:+.1}", 100.0 * share).replace('-', "−")
}

/// A single pair has no interval.
fn with_interval(change: Difference, say: impl Fn(f64) -> String) -> String {
    let mean = say(change.mean);
    if change.low.is_finite() && change.high.is_finite() {
        format!("{mean} [{}; {}]", say(change.low), say(change.high))
    } else {
        mean
    }
}

/// Tells how to take it that a promise is missed so often.
#[must_use]
pub fn tone_of_missed(missed: Share) -> Tone {
    if missed.of == 0 {
        Tone::Plain
    } else if missed.share > MISSED_BAD {
        Tone::Bad
    } else if missed.share > MISSED_MUCH {
        Tone::Warning
    } else {
        Tone::Good
    }
}

/// Says what was changed.
#[must_use]
pub fn tried(trial: &Trial, slower: f64, lang: Lang) -> String {
    let title = trial.title.get(lang);
    match &trial.of {
        TrialOf::Step(_) => {
            lang.pick(format!("“{title}”用时 {slower} 倍"), format!("“{title}” takes {slower}×"))
        }
        TrialOf::Role(_) => lang.pick(
            format!("“{title}”响应用时 {slower} 倍"),
            format!("“{title}” reacts {slower}× as late"),
        ),
        TrialOf::Person(_) => lang.pick(format!("{title} 缺席"), format!("{title} is away")),
    }
}
