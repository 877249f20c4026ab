//! How fast a channel may be told: a bucket of tokens that fills with time. A message takes one; without one it waits.

/// Messages a minute that a channel may be set to, and messages at once.
pub const PER_MINUTE_MAX: u32 = 60_000;
pub const BURST_MAX: u32 = 10_000;
const MINUTE_US: i64 = 60_000_000;

/// How fast a channel may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub per_minute: u32,
    /// So many at once, after a quiet time.
    pub burst: u32,
}

impl Limit {
    /// How long one token takes to come.
    fn token_us(self) -> i64 {
        MINUTE_US / i64::from(self.per_minute.clamp(1, PER_MINUTE_MAX))
    }

    fn full_us(self) -> i64 {
        self.token_us() * i64::from(self.burst.max(1))
    }
}

/// Tokens, kept as the time in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    saved_us: i64,
    at_us: i64,
}

impl Bucket {
    /// A bucket with one token: whoever starts again and again does not tell more for it.
    pub fn new(limit: Limit, now_us: i64) -> Bucket {
        Bucket { saved_us: limit.token_us(), at_us: now_us }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long it takes until there is one.
    pub fn take(&mut self, limit: Limit, now_us: i64) -> Result<(), i64> {
        // A clock that was set back brings no tokens, and takes none.
        let passed_us = (now_us - self.at_us).max(0);
        self.saved_us = self.saved_us.saturating_add(passed_us).min(limit.full_us());
        self.at_us = now_us;
        match self.saved_us - limit.token_us() {
            missing_us @ ..0 => Err(-missing_us),
            left_us => {
                self.saved_us = left_us;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { per_minute: 60, burst: 3 };
    const SECOND: i64 = 1_000_000;

    #[test]
    fn it_begins_with_one_fills_to_its_burst_and_says_how_long() {
        let mut bucket = Bucket::new(LIMIT, 0);
        assert_eq!(bucket.take(LIMIT, 0), Ok(()));
        assert_eq!(bucket.take(LIMIT, 250_000), Err(750_000));
        assert_eq!(bucket.take(LIMIT, SECOND), Ok(()));
        let hour = 3600 * SECOND;
        let taken = (0..10).filter(|_| bucket.take(LIMIT, hour).is_ok()).count();
        assert_eq!(taken, 3, "an hour of silence is worth one burst");
        assert_eq!(bucket.take(LIMIT, 0), Err(SECOND), "the clock was set back");
        assert_eq!(bucket.take(LIMIT, SECOND), Ok(()));
    }

    proptest! {
        /// Never more than the burst and what came meanwhile, and whoever waits as long as it says gets one.
        #[test]
        fn no_time_brings_more_than_its_rate(
            per_minute in 1u32..5000,
            burst in 1u32..50,
            steps in proptest::collection::vec(0i64..3_000_000, 1..200),
        ) {
            let limit = Limit { per_minute, burst };
            let (mut bucket, mut now, mut taken) = (Bucket::new(limit, 0), 0, 0);
            for step in steps {
                now += step;
                match bucket.take(limit, now) {
                    Ok(()) => taken += 1,
                    Err(wait) => prop_assert_eq!(bucket.clone().take(limit, now + wait), Ok(())),
                }
                prop_assert!(taken <= i64::from(burst) + now / limit.token_us() + 1);
            }
        }
    }
}
