//! What is usual for one group: the values of earlier windows.
//!
//! Windows of history begin at multiples of their length since 1970. A window in which the group did nothing counts
//! as zero, or not at all for values that nothing has none of.

use crate::cell::{Cell, statistic};
use std::collections::VecDeque;
use tacho_pipe::{Function, Over};

/// Windows that one group remembers.
pub(crate) const WINDOWS_MAX: i64 = 4_096;
/// Windows of the same hour that are needed: one a week.
pub(crate) const SEASONS_MIN: usize = 3;

const HOUR_US: i64 = 3_600_000_000;

/// How much history a rule needs, and of what.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) window_us: i64,
    /// The longest that any baseline of the rule looks back.
    pub(crate) windows: i64,
    /// For each baseline's column: whether nothing counts as zero.
    pub(crate) zero: Vec<bool>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Windows that may still change, oldest first.
    open: VecDeque<(i64, Vec<Cell>)>,
    /// The values of the baselines' columns; absent ones as NaN.
    closed: VecDeque<(i64, Box<[f64]>)>,
}

impl History {
    pub(crate) fn add(
        &mut self,
        window: i64,
        fresh: impl Fn() -> Vec<Cell>,
        mut add: impl FnMut(usize, &mut Cell),
    ) {
        let at = match self.open.binary_search_by_key(&window, |(at, _)| *at) {
            Ok(at) => at,
            Err(at) => {
                self.open.insert(at, (window, fresh()));
                at
            }
        };
        for (i, cell) in self.open[at].1.iter_mut().enumerate() {
            add(i, cell);
        }
    }

    /// Closes windows that end by a moment, and forgets those that are too old for it.
    pub(crate) fn close(&mut self, wanted: &Wanted, until_us: i64, values: impl Fn(&[Cell]) -> Box<[f64]>) {
        while let Some((window, cells)) = self.open.front()
            && (window + 1) * wanted.window_us <= until_us
        {
            self.closed.push_back((*window, values(cells)));
            self.open.pop_front();
        }
        let oldest = until_us.div_euclid(wanted.window_us) - wanted.windows - 2;
        while self.closed.front().is_some_and(|(window, _)| *window < oldest) {
            self.closed.pop_front();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// The baseline for a window that ends at a moment: absent while there are too few windows.
    ///
    /// `column` counts among the columns of [`Wanted::zero`].
    pub(crate) fn baseline(
        &self,
        wanted: &Wanted,
        to_us: i64,
        column: usize,
        asked: (Function, Over, i64, u32),
        values: impl Fn(&[Cell]) -> Box<[f64]>,
    ) -> Option<f64> {
        let (function, over, length_us, windows_min) = asked;
        let from_us = to_us - wanted.window_us;
        let last = from_us.div_euclid(wanted.window_us) - 1;
        let oldest = last + 1 - (length_us / wanted.window_us).max(1);
        let closed = self.closed.iter().map(|(window, _)| *window);
        let there = closed.chain(self.open.iter().map(|(window, _)| *window));
        let first = there.filter(|window| (oldest..=last).contains(window)).min()?;
        let hour = |window: i64| (window * wanted.window_us).div_euclid(HOUR_US).rem_euclid(168);
        let now = from_us.div_euclid(HOUR_US).rem_euclid(168);
        let in_season = |window: i64| !matches!(over, Over::SameHour(_)) || hour(window) == now;
        let enough = match over {
            Over::SameHour(_) => SEASONS_MIN,
            _ => windows_min.max(1) as usize,
        };
        let windows = (first..=last).filter(|window| in_season(*window)).count();
        if windows < enough {
            return None;
        }
        let counts = |window: &i64| (first..=last).contains(window) && in_season(*window);
        let open = self.open.iter().map(|(window, cells)| (*window, values(cells)[column]));
        let closed = self.closed.iter().map(|(window, values)| (*window, values[column]));
        let mut list: Vec<f64> =
            closed.chain(open).filter(|(window, _)| counts(window)).map(|(_, v)| v).collect();
        list.retain(|value| !value.is_nan());
        if wanted.zero[column] {
            list.resize(windows, 0.0);
        }
        statistic(function, &list)
    }
}
