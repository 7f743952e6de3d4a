//! Tracks: lines that share a channel between boxes are kept apart, each on a track of its own.

use std::collections::BTreeMap;

/// A channel: which stretch of it each bundle of lines takes. Positions count half cells.
#[derive(Debug, Default, Clone)]
pub(super) struct Channel {
    taken: BTreeMap<usize, (usize, usize)>,
}

impl Channel {
    /// Takes a stretch for a bundle; what a bundle takes twice is taken in one piece.
    pub(super) fn take(&mut self, bundle: usize, one: usize, other: usize) {
        let (low, high) = (one.min(other), one.max(other));
        let stretch = self.taken.entry(bundle).or_insert((low, high));
        *stretch = (stretch.0.min(low), stretch.1.max(high));
    }

    /// Gives every bundle a track such that no two on one track meet, and tells how many there are.
    pub(super) fn tracks(&self) -> Tracks {
        let mut stretches: Vec<_> = self.taken.iter().collect();
        stretches.sort_by_key(|(bundle, stretch)| (**stretch, **bundle));
        let mut ends: Vec<usize> = Vec::new();
        let mut of = BTreeMap::new();
        for (bundle, (low, high)) in stretches {
            let free = ends.iter().position(|end| end < low);
            let track = free.unwrap_or(ends.len());
            match ends.get_mut(track) {
                Some(end) => *end = *high,
                None => ends.push(*high),
            }
            of.insert(*bundle, track);
        }
        Tracks { of, count: ends.len() }
    }
}

/// The tracks of a channel.
#[derive(Debug, Default, Clone)]
pub(super) struct Tracks {
    of: BTreeMap<usize, usize>,
    pub(super) count: usize,
}

/// Between two tracks.
pub(super) const TRACK: f64 = 8.0;

impl Tracks {
    /// Returns how wide a channel must be, at least `least`.
    #[expect(clippy::cast_precision_loss, reason = "tracks are few")]
    pub(super) fn width(&self, least: f64) -> f64 {
        least.max((self.count + 1) as f64 * TRACK + 8.0)
    }

    /// Returns how far into a channel of that width a bundle's track lies.
    #[expect(clippy::cast_precision_loss, reason = "tracks are few")]
    pub(super) fn offset(&self, bundle: usize, width: f64) -> f64 {
        let track = self.of.get(&bundle).copied().unwrap_or(0);
        let all = self.count.max(1) as f64;
        (width - (all - 1.0) * TRACK) / 2.0 + track as f64 * TRACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meets_lies_on_different_tracks_and_what_does_not_shares_one() {
        let mut channel = Channel::default();
        channel.take(1, 5, 0);
        channel.take(2, 4, 8);
        channel.take(3, 6, 9);
        channel.take(1, 2, 3);
        let tracks = channel.tracks();
        let of = |bundle| tracks.of[&bundle];
        assert_eq!((of(1), of(2), of(3), tracks.count), (0, 1, 0, 2));
        let apart = tracks.offset(2, 30.0) - tracks.offset(1, 30.0);
        assert!((apart - TRACK).abs() < 1e-9);
    }
}
