//! Where in raw JSON a closer look is due.

/// Places in raw JSON worth a closer look, in ascending order. Holds a few; when there are more, everything counts.
#[derive(Default)]
pub(crate) struct Marks {
    at: Vec<usize>,
    next: usize,
    all: bool,
}

impl Marks {
    const MAX: usize = 64;

    /// Everything is worth a look.
    pub(crate) fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    pub(crate) fn push(&mut self, at: usize) {
        // What does not fit may lie anywhere.
        self.all |= self.at.len() == Self::MAX;
        if !self.all {
            self.at.push(at);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at.is_empty() && !self.all
    }

    /// Needles and digits come in two passes.
    pub(crate) fn sort(&mut self) {
        self.at.sort_unstable();
    }

    /// Whether a mark lies in the range. Ranges must be asked for in ascending order.
    pub(crate) fn touch(&mut self, start: usize, end: usize) -> bool {
        while self.at.get(self.next).is_some_and(|at| *at < start) {
            self.next += 1;
        }
        self.all || self.at.get(self.next).is_some_and(|at| *at < end)
    }
}
