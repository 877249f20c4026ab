//! The wall clock and randomness of the machine: the only place that asks for either.

use std::time::{SystemTime, UNIX_EPOCH};
use tacho_event::id::Id;
use tacho_event::time::Micros;

/// Microseconds since 1970 UTC; 0 when the machine's clock stands before that.
pub(crate) fn now_us() -> Micros {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as Micros)
}

/// Random bytes of the operating system.
pub(crate) fn random(out: &mut [u8]) {
    getrandom::fill(out).expect("the operating system gives random bytes");
}

/// Fresh UUIDv7 ids of one moment. Random bytes are drawn for many ids at once.
pub(crate) struct FreshIds {
    unix_ms: u64,
    noise: [u8; 640],
    used: usize,
}

impl FreshIds {
    pub(crate) fn at(now_us: Micros) -> FreshIds {
        FreshIds { unix_ms: now_us.unsigned_abs() / 1000, noise: [0; 640], used: 640 }
    }

    pub(crate) fn next(&mut self) -> Id {
        if self.used == self.noise.len() {
            random(&mut self.noise);
            self.used = 0;
        }
        let mut ten = [0; 10];
        ten.copy_from_slice(&self.noise[self.used..self.used + 10]);
        self.used += 10;
        Id::v7(self.unix_ms, ten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_differ() {
        let mut ids = FreshIds::at(now_us());
        let all: std::collections::HashSet<Id> = (0..200).map(|_| ids.next()).collect();
        assert_eq!(all.len(), 200);
    }
}
