//! The inside of JSON strings, eight bytes at a time.

/// Where the first byte is that a JSON string can't hold as it is: a quote, a backslash or a control character. The
/// end of the text when there is none.
#[inline]
pub fn special(bytes: &[u8], from: usize) -> usize {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let mut rest = &bytes[from..];
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        // With its second bit turned, a quote is less than 0x21 as control characters are, and nothing else is. What
        // is less borrows from its highest bit; above the first such byte others may as well.
        let low = (word ^ each(0x02)).wrapping_sub(each(0x21));
        let backslash = (word ^ each(b'\\')).wrapping_sub(each(1));
        let found = (low | backslash) & !word & each(0x80);
        if found != 0 {
            return bytes.len() - rest.len() + found.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    bytes.len() - rest.len() + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::special;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_that_is_special_is_found(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'a'), Just(0x80), Just(b' '), Just(b'"')], 0..40),
            from in 0..40usize,
        ) {
            let from = from.min(bytes.len());
            let one_by_one = (from..bytes.len()).find(|at| bytes[*at] < b' ' || b"\"\\".contains(&bytes[*at]));
            prop_assert_eq!(special(&bytes, from), one_by_one.unwrap_or(bytes.len()));
        }
    }
}
