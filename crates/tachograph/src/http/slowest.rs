//! The slowest queries since the start, for those who wonder what keeps a server busy.

use parking_lot::Mutex;
use std::time::Duration;

/// How many are kept.
const KEPT: usize = 10;
/// Faster ones are not worth a place.
const SLOW: Duration = Duration::from_millis(100);
/// So much of a query's text is kept, characters.
const TEXT_MAX: usize = 400;

#[derive(Debug, Default)]
pub(crate) struct Slowest(Mutex<Vec<(Duration, String)>>);

impl Slowest {
    /// Takes a query that has ended.
    pub(crate) fn note(&self, query: Option<(&str, Duration)>) {
        let Some((text, took)) = query.filter(|(_, took)| *took >= SLOW) else { return };
        let mut kept = self.0.lock();
        let at = kept.partition_point(|(other, _)| *other >= took);
        if at < KEPT {
            kept.insert(at, (took, text.chars().take(TEXT_MAX).collect()));
            kept.truncate(KEPT);
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let rows = self.0.lock();
        let row = |(took, text): &(Duration, String)| serde_json::json!({"query": text, "milliseconds": took.as_millis() as u64});
        serde_json::json!({"slowest": rows.iter().map(row).collect::<Vec<_>>()})
    }
}

impl super::App {
    /// Counts a query that came by another way than HTTP, and notes it when it was slow.
    pub(crate) fn asked(&self, text: &str, took: Duration) {
        self.metrics.queries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.slowest.note(Some((text, took)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_slowest_are_kept_in_order() {
        let slowest = Slowest::default();
        for n in 0..30 {
            slowest.note(Some(("q", Duration::from_millis(50 + n * 37 % 30 * 10))));
        }
        let json = slowest.json();
        let times: Vec<u64> = json["slowest"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["milliseconds"].as_u64().unwrap())
            .collect();
        assert_eq!(times.len(), 10);
        assert_eq!(times[0], 340);
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}
