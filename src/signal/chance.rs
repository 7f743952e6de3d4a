//! How likely a count is by chance alone: three times the usual means much where hundreds are usual,
//! and little where it is two.

/// The finest part of a sum that is still added.
const FINEST: f64 = 1e-17;
/// The most terms that are added one by one; what follows is bounded from above.
const TERMS_MAX: u32 = 200_000;
/// Below this, what varies more than by chance cannot be told from what does not.
const DISPERSION_LEAST: f64 = 1e-7;

/// Returns how likely a count of at least `count` is where `mean` are usual and the variance is
/// `dispersion` times the mean: the tail of the Poisson distribution for 1, of the negative binomial
/// above.
///
/// The answer is never below the true one by more than rounding.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn upper_tail(count: u64, mean: f64, dispersion: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if mean.is_nan() || mean <= 0.0 {
        return 0.0;
    }
    let shape = Shape::of(mean, dispersion);
    let count = count as f64;
    if count <= mean { 1.0 - shape.below(count - 1.0) } else { shape.from(count) }
}

/// A distribution of counts.
enum Shape {
    Poisson {
        mean: f64,
    },
    /// `size` failures are waited for, each with chance `stops`.
    NegativeBinomial {
        size: f64,
        stops: f64,
    },
}

impl Shape {
    fn of(mean: f64, dispersion: f64) -> Self {
        let more = dispersion - 1.0;
        if more.is_nan() || more < DISPERSION_LEAST {
            return Self::Poisson { mean };
        }
        Self::NegativeBinomial { size: mean / more, stops: 1.0 / dispersion }
    }

    fn exactly(&self, count: f64) -> f64 {
        let ln = match *self {
            Self::Poisson { mean } => count * mean.ln() - mean - ln_gamma(count + 1.0),
            Self::NegativeBinomial { size, stops } => {
                let ways = ln_gamma(count + size) - ln_gamma(size) - ln_gamma(count + 1.0);
                ways + size * stops.ln() + count * (-stops).ln_1p()
            }
        };
        ln.exp()
    }

    /// Returns how much less likely the next count is.
    fn step(&self, count: f64) -> f64 {
        match *self {
            Self::Poisson { mean } => mean / (count + 1.0),
            Self::NegativeBinomial { size, stops } => {
                (count + size) / (count + 1.0) * (1.0 - stops)
            }
        }
    }

    /// Adds up from a count above the mean: every term is less than the one before.
    fn from(&self, count: f64) -> f64 {
        let (mut at, mut term, mut sum) = (count, self.exactly(count), 0.0);
        for _ in 0..TERMS_MAX {
            sum += term;
            if term <= sum * FINEST {
                return sum.min(1.0);
            }
            term *= self.step(at);
            at += 1.0;
        }
        // The steps fall or rise towards their limit: the larger of both bounds all that follow.
        let limit = match self {
            Self::Poisson { .. } => 0.0,
            Self::NegativeBinomial { stops, .. } => 1.0 - stops,
        };
        let step = self.step(at).max(limit);
        (sum + term / (1.0 - step)).min(1.0)
    }

    /// Adds up to a count below the mean, from there down.
    fn below(&self, count: f64) -> f64 {
        let (mut at, mut term, mut sum) = (count, self.exactly(count), 0.0);
        for _ in 0..TERMS_MAX {
            sum += term;
            if at <= 0.0 || term <= sum * FINEST {
                break;
            }
            at -= 1.0;
            term /= self.step(at);
        }
        sum.min(1.0)
    }
}

/// The logarithm of the gamma function above 0, by the approximation of Lanczos (g = 7, n = 9).
fn ln_gamma(x: f64) -> f64 {
    const PARTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Close to 0 the approximation is taken one further.
        return ln_gamma(x + 1.0) - x.ln();
    }
    let x = x - 1.0;
    let mut sum = PARTS[0];
    for (part, n) in PARTS.iter().skip(1).zip(1_u32..) {
        sum += part / (x + f64::from(n));
    }
    let base = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(is: f64, should_be: f64) {
        assert!((is / should_be - 1.0).abs() < 1e-9, "{is:e} in place of {should_be:e}");
    }

    #[test]
    fn poisson_tails_are_those_of_the_exact_sum() {
        // 1 - e^-1 (1 + 1 + 1/2)
        near(upper_tail(3, 1.0, 1.0), 1.0 - (-1.0_f64).exp() * 2.5);
        // 1 - e^-4 (1 + 4 + 8 + 32/3 + 32/3)
        near(upper_tail(5, 4.0, 1.0), 1.0 - (-4.0_f64).exp() * (13.0 + 64.0 / 3.0));
        // Below the mean: 1 - e^-4 (1 + 4)
        near(upper_tail(2, 4.0, 1.0), 1.0 - 5.0 * (-4.0_f64).exp());
        // The first term of a thin tail is almost all of it: e^-0.01 (0.01^2 / 2 + 0.01^3 / 6 + …).
        let thin = (-0.01_f64).exp() * (5e-5 + 1e-6 / 6.0 + 1e-8 / 24.0 + 1e-10 / 120.0);
        near(upper_tail(2, 0.01, 1.0), thin);
        assert!((upper_tail(0, 4.0, 1.0) - 1.0).abs() < f64::EPSILON);
        assert!(upper_tail(1, 0.0, 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_varies_more_has_the_tail_of_the_negative_binomial() {
        // Mean 1, dispersion 2: size 1 and 1/2, the geometric distribution: P(X >= k) = 2^-k.
        for count in 1..60_u64 {
            near(upper_tail(count, 1.0, 2.0), 0.5_f64.powi(i32::try_from(count).unwrap()));
        }
        // Mean 2, dispersion 2: size 2 and 1/2: P(X = j) = (j + 1) / 2^(j + 2).
        let exact = 1.0 - (0..6).map(|j| f64::from(j + 1) / 2_f64.powi(j + 2)).sum::<f64>();
        near(upper_tail(6, 2.0, 2.0), exact);
        // Size 3, 1/4, mean 9, dispersion 4: P(X = j) = C(j + 2, 2) / 64 * (3/4)^j.
        let mass = |j: i32| f64::from((j + 2) * (j + 1) / 2) / 64.0 * 0.75_f64.powi(j);
        near(upper_tail(20, 9.0, 4.0), 1.0 - (0..20).map(mass).sum::<f64>());
        near(upper_tail(4, 9.0, 4.0), 1.0 - (0..4).map(mass).sum::<f64>());
    }

    #[test]
    fn more_is_less_likely_and_more_dispersion_makes_it_likelier() {
        for mean in [0.3, 4.0, 60.0, 5_000.0, 1e6] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let three = (mean * 3.0) as u64 + 3;
            let mut before = 1.1;
            for count in (1..=three).step_by(1 + usize::try_from(three / 50).unwrap()) {
                let is = upper_tail(count, mean, 1.5);
                assert!(is <= before && (0.0..=1.0).contains(&is), "{mean} {count} {is}");
                // Close to the mean the more skewed one may lie below.
                let far = f64::from(u32::try_from(count).unwrap()) > 2.0 * mean + 2.0;
                assert!(!far || upper_tail(count, mean, 3.0) >= is);
                before = is;
            }
        }
    }

    #[test]
    fn a_sum_that_is_cut_off_is_bounded_from_above() {
        // Size 1: geometric with a chance of one in a million to stop: P(X >= k) = (1 - 1e-6)^k.
        let is = upper_tail(2_000_000, 999_999.0, 1e6);
        let exact = (2e6 * (-1e-6_f64).ln_1p()).exp();
        assert!(is >= exact * 0.999_999 && is < exact * 1.01, "{is:e} {exact:e}");
    }
}
