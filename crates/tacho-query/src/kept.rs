//! What was read of segments and is asked again and again, within a limit.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;

/// Things by key; also that there is none.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    state: Mutex<State<K, V>>,
    /// When they are more, it starts again empty.
    bytes_max: usize,
}

#[derive(Debug)]
struct State<K, V> {
    /// With what they take, bytes.
    things: HashMap<K, (Option<V>, usize)>,
    bytes: usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    pub(crate) fn new(bytes_max: usize) -> Kept<K, V> {
        Kept { state: Mutex::new(State { things: HashMap::new(), bytes: 0 }), bytes_max }
    }

    /// What is known under the key; nothing when it was not asked before.
    pub(crate) fn get(&self, key: &K) -> Option<Option<V>> {
        self.state.lock().things.get(key).map(|(thing, _)| thing.clone())
    }

    pub(crate) fn put(&self, key: K, thing: Option<V>, bytes: usize) {
        let mut state = self.state.lock();
        // Two queries may have read it at once: it counts once.
        if state.things.contains_key(&key) {
            return;
        }
        if state.bytes + bytes > self.bytes_max {
            *state = State { things: HashMap::new(), bytes: 0 };
        }
        state.bytes += bytes;
        state.things.insert(key, (thing, bytes));
    }

    /// Lets go of what is no more.
    pub(crate) fn retain(&self, is_there: impl Fn(&K) -> bool) {
        let State { things, bytes } = &mut *self.state.lock();
        things.retain(|key, (_, size)| {
            let stays = is_there(key);
            *bytes -= if stays { 0 } else { *size };
            stays
        });
    }

    /// What is kept and what may be, bytes.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.state.lock().bytes, self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_one_starts_again_empty() {
        let kept = Kept::new(10);
        kept.put(1, Some('a'), 6);
        kept.put(2, None, 4);
        kept.put(2, None, 4);
        assert_eq!((kept.get(&1), kept.get(&2), kept.get(&3)), (Some(Some('a')), Some(None), None));
        kept.put(3, Some('c'), 1);
        assert_eq!((kept.get(&1), kept.get(&3)), (None, Some(Some('c'))));
        kept.put(4, Some('d'), 2);
        kept.retain(|key| *key == 4);
        assert_eq!((kept.get(&3), kept.get(&4), kept.bytes()), (None, Some(Some('d')), (2, 10)));
    }
}
