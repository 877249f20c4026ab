//! Chance that repeats: a small generator of numbers, so that one seed always tells the same story.
//!
//! SplitMix64: 64 bits of state, every seed is good, and nothing here needs to be unpredictable.

/// A stream of numbers that its seed determines.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low).max(0) as u64 + 1;
        low + ((u128::from(self.next()) * u128::from(span)) >> 64) as i64
    }

    /// True so many times of a hundred.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.between(0, list.len() as i64 - 1) as usize]
    }

    /// A number near `typical` with the long tail that durations and token counts have: mostly from half to
    /// one and a half times of it, one in twelve up to five times.
    pub(crate) fn around(&mut self, typical: i64) -> i64 {
        let percent = if self.chance(8) { self.between(150, 500) } else { self.between(50, 150) };
        (typical * percent / 100).max(1)
    }

    /// A share between two bounds with two decimals, such as a confidence.
    pub(crate) fn share(&mut self, low_percent: i64, high_percent: i64) -> f64 {
        self.between(low_percent, high_percent) as f64 / 100.0
    }

    /// So many lower-case hex digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[(self.next() >> 60) as usize])).collect()
    }

    /// Characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }

    /// A UUIDv7 of a moment: the time in it keeps two runs with one seed apart.
    pub(crate) fn uuid(&mut self, at_us: i64) -> String {
        let ms = (at_us / 1000) as u64 & 0xffff_ffff_ffff;
        let (a, b) = (self.next() & 0xfff, self.next());
        let variant = 0x8000 | (b >> 48) & 0x3fff;
        let node = b & 0xffff_ffff_ffff;
        format!("{:08x}-{:04x}-7{a:03x}-{variant:04x}-{node:012x}", ms >> 16, ms & 0xffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_them() {
        let mut rng = Rng::new(7);
        let seen: Vec<i64> = (0..2000).map(|_| rng.between(-2, 3)).collect();
        assert!((-2..=3).all(|n| seen.contains(&n)));
        assert!(seen.iter().all(|n| (-2..=3).contains(n)));
        assert_eq!(rng.between(5, 5), 5);
        assert!((0..2000).all(|_| (50..=500).contains(&rng.around(100))));
    }

    #[test]
    fn ids_are_uuids_that_hold_the_time() {
        let id = Rng::new(1).uuid(1_735_813_815_123_000);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "7", "{id}");
        let ms =
            u64::from_str_radix(&id[..8], 16).unwrap() << 16 | u64::from_str_radix(&id[9..13], 16).unwrap();
        assert_eq!(ms, 1_735_813_815_123);
        assert_eq!(id, Rng::new(1).uuid(1_735_813_815_123_000));
    }
}
