//! Which events are one group: the key, as bytes to look up by and as labels to show.

use crate::value::Value;
use std::collections::HashMap;

/// A group's name: columns and their values.
pub type Labels = Vec<(String, String)>;

/// Groups by key, with a limit.
#[derive(Debug, Clone)]
pub(crate) struct Groups<T> {
    map: HashMap<Box<[u8]>, T>,
    max: usize,
    scratch: Vec<u8>,
    /// Events of groups beyond the limit.
    pub(crate) refused: u64,
}

impl<T> Groups<T> {
    pub(crate) fn new(max: usize) -> Groups<T> {
        Groups { map: HashMap::new(), max, scratch: Vec::new(), refused: 0 }
    }

    /// The group of a key; made when it is new. `None` beyond the limit, which is counted.
    pub(crate) fn of<'a>(
        &mut self,
        key: impl Iterator<Item = Value<'a>>,
        make: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        self.scratch.clear();
        key.for_each(|value| value.push_key(&mut self.scratch));
        // Two look-ups for a known group, but no allocation.
        if !self.map.contains_key(self.scratch.as_slice()) {
            if self.map.len() >= self.max {
                self.refused += 1;
                return None;
            }
            self.map.insert(self.scratch.clone().into_boxed_slice(), make());
        }
        self.map.get_mut(self.scratch.as_slice())
    }

    /// The group of a key, when there is one.
    pub(crate) fn get<'a>(&mut self, key: impl Iterator<Item = Value<'a>>) -> Option<&mut T> {
        self.scratch.clear();
        key.for_each(|value| value.push_key(&mut self.scratch));
        self.map.get_mut(self.scratch.as_slice())
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.map.values_mut()
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.map.retain(|_, group| keep(group));
    }

    pub(crate) fn remove<'a>(&mut self, key: impl Iterator<Item = Value<'a>>) -> Option<T> {
        self.scratch.clear();
        key.for_each(|value| value.push_key(&mut self.scratch));
        self.map.remove(self.scratch.as_slice())
    }
}
