//! Which events are one group: the key, as bytes to look up by and as labels to show.

use crate::value::Value;
use foldhash::quality::RandomState;
use indexmap::IndexMap;

/// A group's name: columns and their values.
pub type Labels = Vec<(String, String)>;

/// Groups by key, with a limit.
#[derive(Debug, Clone)]
pub(crate) struct Groups<T> {
    map: IndexMap<Box<[u8]>, T, RandomState>,
    max: usize,
    scratch: Vec<u8>,
    /// Events of groups beyond the limit.
    pub(crate) refused: u64,
}

impl<T> Groups<T> {
    pub(crate) fn new(max: usize) -> Groups<T> {
        Groups { map: IndexMap::default(), max, scratch: Vec::new(), refused: 0 }
    }

    /// All groups, lent out; none are left here meanwhile.
    pub(crate) fn lend(&mut self) -> Groups<T> {
        let map = IndexMap::with_hasher(self.map.hasher().clone());
        std::mem::replace(self, Groups { map, max: 0, scratch: Vec::new(), refused: 0 })
    }

    /// The group of a key; made when it is new. `None` beyond the limit, which is counted.
    pub(crate) fn of<'a>(
        &mut self,
        key: impl Iterator<Item = Value<'a>>,
        make: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        self.scratch.clear();
        key.for_each(|value| value.push_key(&mut self.scratch));
        // A known group costs one look-up and no allocation.
        let at = match self.map.get_index_of(self.scratch.as_slice()) {
            Some(at) => at,
            None if self.map.len() >= self.max => {
                self.refused += 1;
                return None;
            }
            None => self.map.insert_full(self.scratch.clone().into_boxed_slice(), make()).0,
        };
        self.map.get_index_mut(at).map(|(_, group)| group)
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

    /// Takes out some groups.
    pub(crate) fn take(&mut self, mut goes: impl FnMut(&T) -> bool) -> Vec<T> {
        let all = self.lend();
        (self.max, self.refused) = (all.max, all.refused);
        let mut gone = Vec::new();
        for (key, group) in all.map {
            match goes(&group) {
                true => gone.push(group),
                false => drop(self.map.insert(key, group)),
            }
        }
        gone
    }

    pub(crate) fn remove<'a>(&mut self, key: impl Iterator<Item = Value<'a>>) -> Option<T> {
        self.scratch.clear();
        key.for_each(|value| value.push_key(&mut self.scratch));
        self.map.swap_remove(self.scratch.as_slice())
    }
}
