//! Numbers as words: shares, times and changes, each with how far it can be trusted.

use jiff::SignedDuration;

use crate::drill::study::estimate::{Difference, Quantile, Share};
use crate::text::Lang;
use crate::timeline::span;

/// What stands where nothing is known.
pub(super) const DASH: &str = "—";

pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// Says a share with its interval: `87.3% [85.7–88.7]`.
pub(super) fn share(share: Share) -> String {
    let (low, high) = (100.0 * share.low, 100.0 * share.high);
    format!("{} [{low:.1}–{high:.1}]", percent(share.share))
}

/// Says a share of the runs in which something arose; where it never did, that.
pub(super) fn share_or_never(of: Share, lang: Lang) -> String {
    if of.of == 0 { lang.pick("未出现", "did not arise").to_owned() } else { share(of) }
}

pub(super) fn lasted(seconds: u64, lang: Lang) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    span::say(SignedDuration::from_secs(seconds), lang)
}

/// Says a mean time, to the second.
pub(super) fn about(seconds: f64, lang: Lang) -> String {
    let whole = SignedDuration::try_from_secs_f64(seconds.round());
    whole.map_or_else(|_| "∞".to_owned(), |whole| span::say(whole, lang))
}

/// Says a quantile with its interval; an interval that is said in the same words says nothing more.
pub(super) fn quantile(quantile: Quantile, lang: Lang) -> String {
    let [at, low, high] =
        [quantile.seconds, quantile.low, quantile.high].map(|seconds| lasted(seconds, lang));
    if low == high { at } else { format!("{at} [{low}–{high}]") }
}

/// Says a change of a time with its interval.
pub(super) fn later(change: Difference, lang: Lang) -> String {
    with_interval(change, |seconds| signed(seconds, lang))
}

/// Says how much later something is.
pub(super) fn signed(seconds: f64, lang: Lang) -> String {
    let sign = if seconds < 0.0 { "−" } else { "+" };
    format!("{sign}{}", about(seconds.abs(), lang))
}

/// Says a change of a share, in points, with its interval.
pub(super) fn points(change: Difference) -> String {
    with_interval(change, in_points)
}

/// Says how much larger a share is, in points.
pub(super) fn in_points(share: f64) -> String {
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
