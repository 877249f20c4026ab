//! A set of what may stand in a text at one place: the gate's quickest question.

/// The first four bytes; zero stands for those behind the end.
#[inline]
pub(crate) fn first_four(bytes: &[u8]) -> u32 {
    match bytes.first_chunk() {
        Some(four) => u32::from_le_bytes(*four),
        None => bytes.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)),
    }
}

/// A set of what four bytes in a row may be, of which some bits count. May hold too many, never too few.
pub(crate) struct Windows {
    counted: u32,
    bits: Box<[u64; 1024]>,
}

impl Windows {
    /// A set of three bytes, of which the lowest five bits count: they tell letters apart, whatever their case, and some
    /// signs and digits share them.
    pub(crate) fn of_three() -> Self {
        Self { counted: 0x001f_1f1f, bits: Box::new([0; 1024]) }
    }

    /// A set of four bytes, of which all bits count that are the same for both cases of a letter, and of the last the
    /// lowest five.
    pub(crate) fn of_four() -> Self {
        Self { counted: 0x1f5f_5f5f, bits: Box::new([0; 1024]) }
    }

    /// Adds all that may stand where a text goes on with these bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let counted = self.counted.to_le_bytes();
        let may_be = |at: usize| {
            let any = bytes.get(at).map_or(0..=counted[at], |byte| *byte & counted[at]..=*byte & counted[at]);
            any.filter(move |byte| byte & !counted[at] == 0)
        };
        for (first, second) in may_be(0).flat_map(|first| may_be(1).map(move |second| (first, second))) {
            for (third, fourth) in may_be(2).flat_map(|third| may_be(3).map(move |fourth| (third, fourth))) {
                let (word, bit) = self.place(u32::from_le_bytes([first, second, third, fourth]));
                self.bits[word] |= bit;
            }
        }
    }

    #[inline]
    pub(crate) fn has(&self, four: u32) -> bool {
        let (word, bit) = self.place(four);
        self.bits[word] & bit != 0
    }

    #[inline]
    fn place(&self, four: u32) -> (usize, u64) {
        let hash = (four & self.counted).wrapping_mul(0x9e37_79b1) >> 16;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}
