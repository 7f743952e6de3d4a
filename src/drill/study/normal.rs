//! The standard normal distribution, as far as it is needed. It must not know what is measured.

use std::f64::consts::{PI, SQRT_2};

/// The 97.5th percentile: intervals of twice that hold in 95 of 100 cases.
pub const Z95: f64 = 1.959_963_984_540_054;
/// The 90th percentile, which turns a median and a 90th percentile into a lognormal's spread.
pub const Z90: f64 = 1.281_551_565_544_600_4;

/// Returns the density at a point.
#[must_use]
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Returns the share beyond a point.
#[must_use]
pub fn beyond(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// Returns the share beyond a point on either side.
#[must_use]
pub fn beyond_either(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2)
}

/// Beyond this point a float no longer tells the shares well.
const FAR: f64 = 30.0;

/// Returns the density over the share beyond: how soon what has come so far ends.
#[must_use]
pub fn hazard(z: f64) -> f64 {
    if z < FAR { density(z) / beyond(z) } else { z + z.recip() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_tables() {
        for (z, share) in [(0.0, 0.5), (Z90, 0.1), (Z95, 0.025), (-Z95, 0.975), (5.0, 2.8665e-7)] {
            assert!((beyond(z) / share - 1.0).abs() < 1e-4, "{z}: {}", beyond(z));
        }
        assert!((beyond_either(-Z95) - 0.05).abs() < 1e-9);
        assert!((density(0.0) - 0.398_942_28).abs() < 1e-8);
    }

    #[test]
    fn the_hazard_grows_without_a_jump_to_the_ends_of_the_line() {
        assert!((hazard(0.0) - 0.797_884_56).abs() < 1e-8);
        let points: Vec<f64> = (-400..=400).map(|n| hazard(f64::from(n) / 10.0)).collect();
        assert!(points.is_sorted() && points.iter().all(|point| point.is_finite()));
    }
}
