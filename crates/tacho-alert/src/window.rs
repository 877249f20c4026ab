//! What happened to one group within a sliding window: aggregates in buckets, ordered by time.
//!
//! Invariants
//! - Bucket starts are multiples of the step and ascend; a step of one microsecond keeps each moment apart.
//! - While all aggregates can be taken away again, the total is the sum of all buckets: reading it costs nothing.

use crate::cell::Cell;
use std::borrow::Cow;
use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(crate) struct Window {
    step_us: i64,
    starts: VecDeque<i64>,
    /// As many for each bucket as `fresh` has.
    cells: VecDeque<Cell>,
    total: Option<Vec<Cell>>,
    fresh: Vec<Cell>,
}

impl Window {
    pub(crate) fn new(step_us: i64, fresh: Vec<Cell>) -> Window {
        let reversible = fresh.iter().all(Cell::is_reversible);
        let total = reversible.then(|| fresh.clone());
        Window { step_us, starts: VecDeque::new(), cells: VecDeque::new(), total, fresh }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    pub(crate) fn buckets(&self) -> usize {
        self.starts.len()
    }

    /// Adds to the aggregates at a moment. `add` gets the cells of each aggregate: the bucket's, and the total's if there is one.
    pub(crate) fn add(&mut self, time_us: i64, mut add: impl FnMut(usize, [Option<&mut Cell>; 2])) {
        let start = time_us.div_euclid(self.step_us) * self.step_us;
        let width = self.fresh.len();
        let at = match self.starts.back() {
            Some(last) if *last == start => self.starts.len() - 1,
            Some(last) if *last > start => match self.starts.binary_search(&start) {
                Ok(at) => at,
                Err(at) => {
                    self.starts.insert(at, start);
                    for (i, cell) in self.fresh.iter().enumerate() {
                        self.cells.insert(at * width + i, cell.clone());
                    }
                    at
                }
            },
            _ => {
                self.starts.push_back(start);
                self.cells.extend(self.fresh.iter().cloned());
                self.starts.len() - 1
            }
        };
        for i in 0..width {
            let total = self.total.as_mut().map(|total| &mut total[i]);
            add(i, [Some(&mut self.cells[at * width + i]), total]);
        }
    }

    /// Forgets everything before a moment.
    pub(crate) fn evict(&mut self, before_us: i64) {
        while self.starts.front().is_some_and(|start| *start < before_us) {
            self.starts.pop_front();
            for i in 0..self.fresh.len() {
                let gone = self.cells.pop_front();
                if let (Some(total), Some(gone)) = (&mut self.total, gone) {
                    total[i].subtract(&gone);
                }
            }
        }
    }

    /// The aggregates of everything before a moment that is not forgotten; `None` when that is nothing.
    pub(crate) fn until(&self, to_us: i64) -> Option<Cow<'_, [Cell]>> {
        let count = self.starts.partition_point(|start| *start < to_us);
        if count == 0 {
            return None;
        }
        if count == self.starts.len()
            && let Some(total) = &self.total
        {
            return Some(Cow::Borrowed(total));
        }
        let mut out = self.fresh.clone();
        for (at, cell) in self.cells.iter().take(count * self.fresh.len()).enumerate() {
            out[at % self.fresh.len()].merge(cell);
        }
        Some(Cow::Owned(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;
    use tacho_pipe::Function;

    fn count(window: &Window, to: i64) -> Option<f64> {
        window.until(to).and_then(|cells| cells[0].finish(Function::Count, 1.0).as_number())
    }

    #[test]
    fn events_that_come_late_stand_where_they_belong() {
        for function in [Function::Count, Function::Max] {
            let mut window = Window::new(10, vec![Cell::new(Function::Count), Cell::new(function)]);
            for time in [35, 31, 12, 19, 5, 40] {
                window.add(time, |_, cells| {
                    cells.into_iter().flatten().for_each(|cell| cell.add(0, &[Value::Number(1.0)]));
                });
            }
            assert_eq!(window.buckets(), 4);
            assert_eq!(count(&window, 50), Some(6.0));
            assert_eq!(count(&window, 40), Some(5.0), "what lies behind the end does not count");
            window.evict(10);
            assert_eq!(count(&window, 30), Some(2.0));
            assert_eq!(count(&window, 10), None);
            window.evict(100);
            assert!(window.is_empty());
        }
    }
}
