//! The newest states of ids, by which duplicates are known: fingerprints in the order in which they came, and a table
//! that finds them. A log of ten million takes 250 MB for it.
//!
//! Invariants
//! - Holds at most as many as it was made for: the oldest goes for the next.
//! - The table holds the place of each fingerprint that is kept, and nothing else.

use hashbrown::HashTable;

/// Fingerprints that are set aside memory for at a time: large arrays that grow would be copied, and kept twice meanwhile.
const CHUNK: usize = 1 << 16;

/// What was done to an id, and how it looked then.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Fingerprint of (writer, id, revision).
    slot: u64,
    /// Fingerprint of the content.
    content: u64,
}

#[derive(Debug)]
pub(crate) struct Known {
    most: u32,
    /// The next one's place, in which the oldest stands once all places are taken.
    next: u32,
    count: u32,
    chunks: Vec<Vec<State>>,
    /// Slots are parts of a digest: they are hashes already.
    places: HashTable<u32>,
}

impl Known {
    pub(crate) fn new(most: u32) -> Known {
        Known { most, next: 0, count: 0, chunks: Vec::new(), places: HashTable::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// The content that a slot was seen with.
    pub(crate) fn get(&self, slot: u64) -> Option<u64> {
        let place = self.places.find(slot, |place| self.at(*place).slot == slot)?;
        Some(self.at(*place).content)
    }

    /// Remembers a slot that is not known.
    pub(crate) fn insert(&mut self, slot: u64, content: u64) {
        let (state, place) = (State { slot, content }, self.next);
        let (chunk, at) = (place as usize / CHUNK, place as usize % CHUNK);
        if self.count == self.most {
            let oldest = std::mem::replace(&mut self.chunks[chunk][at], state);
            if let Ok(found) = self.places.find_entry(oldest.slot, |other| *other == place) {
                found.remove();
            }
        } else {
            if at == 0 {
                self.chunks.push(Vec::with_capacity(CHUNK.min(self.most as usize)));
            }
            self.chunks[chunk].push(state);
            self.count += 1;
        }
        let chunks = &self.chunks;
        self.places.insert_unique(slot, place, |place| state_at(chunks, *place).slot);
        self.next = if place + 1 == self.most { 0 } else { place + 1 };
    }

    fn at(&self, place: u32) -> State {
        state_at(&self.chunks, place)
    }
}

fn state_at(chunks: &[Vec<State>], place: u32) -> State {
    chunks[place as usize / CHUNK][place as usize % CHUNK]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, VecDeque};

    #[test]
    fn the_newest_are_known_and_the_oldest_are_not() {
        // A table of the standard library says the same, also around a chunk's end and where all places were taken twice.
        for most in [1, 7, 1000, CHUNK as u32 + 3] {
            let (mut known, mut order, mut table) = (Known::new(most), VecDeque::new(), HashMap::new());
            for n in 0..u64::from(most) * 5 / 2 + 3 {
                let slot = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                assert_eq!(known.get(slot), None);
                if order.len() == most as usize {
                    let oldest = order.pop_front().unwrap();
                    table.remove(&oldest);
                    known.insert(slot, n);
                    assert_eq!(known.get(oldest), None, "{most}: {n}");
                } else {
                    known.insert(slot, n);
                }
                order.push_back(slot);
                table.insert(slot, n);
                assert_eq!(known.len(), table.len());
                let middle = order[order.len() / 2];
                assert_eq!(known.get(middle), table.get(&middle).copied(), "{most}: {n}");
            }
            for (slot, content) in table {
                assert_eq!(known.get(slot), Some(content), "{most}");
            }
        }
    }

    #[test]
    fn slots_that_end_alike_are_told_apart() {
        let mut known = Known::new(100);
        for n in 0..150_u64 {
            known.insert(n << 57 | 5, n);
        }
        let found = (0..128_u64).map(|n| known.get(n << 57 | 5)).collect::<Vec<_>>();
        assert_eq!(found.iter().flatten().count(), 100);
    }
}
