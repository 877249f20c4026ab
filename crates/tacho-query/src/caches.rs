//! How the memory for what queries read again and again is shared out.

/// One cache, bytes.
#[derive(Debug, Clone, Copy)]
pub struct Cache {
    pub name: &'static str,
    pub bytes: usize,
    pub bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(name: &'static str, (bytes, bytes_max): (usize, usize)) -> Cache {
        Cache { name, bytes, bytes_max }
    }
}

/// What each cache may take at most, bytes: together no more than is shared out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// Of segments: a quarter of a megabyte each.
    pub footers: usize,
    /// Bloom filters of ids: some five bytes an event whose id is looked for.
    pub filters: usize,
    /// Where ids stand: four bytes an event for each column of ids that is looked in.
    pub places: usize,
    /// Tables of the letters in texts: two bytes an event.
    pub letters: usize,
    /// Sums by hour and day.
    pub sums: usize,
    /// What aggregates made of segments.
    pub states: usize,
    /// How often words and times occur.
    pub tallies: usize,
    /// What is known of each column.
    pub columns: usize,
}

impl Shares {
    pub(crate) fn of(bytes: usize) -> Shares {
        let part = bytes / 32;
        Shares {
            footers: 7 * part,
            filters: 6 * part,
            places: 4 * part,
            letters: 5 * part,
            sums: 4 * part,
            states: 4 * part,
            tallies: part,
            columns: part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_all_there_is() {
        let Shares { footers, filters, places, letters, sums, states, tallies, columns } =
            Shares::of(512 << 20);
        assert_eq!(footers + filters + places + letters + sums + states + tallies + columns, 512 << 20);
    }
}
