//! Chance that is the same each time.

use tacho_action::Observation;

/// Numbers that look drawn by chance, the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    pub(crate) fn shuffled(&mut self, mut sent: Vec<Observation<'static>>) -> Vec<Observation<'static>> {
        (1..sent.len()).for_each(|at| sent.swap(at, self.below(at + 1)));
        sent
    }
}
