//! Ids: which of them nobody else has by chance, and numbers to find things by.

/// An id as long as this is no counter: nobody else has it by chance. `call_1` is one, `toolu_01A09q90qw90lq917835` is none.
const STRONG: usize = 16;

/// Whether a call's id is unique by itself, or only within its session.
pub fn is_strong(call: &str) -> bool {
    call.len() >= STRONG
}

/// Eight bytes in hexadecimal digits.
pub fn is_span_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// FNV-1a over several texts. Whoever makes two ids meet could as well send the same id.
pub(crate) fn key(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        let bytes = part.iter().copied().chain([0xff]);
        hash = bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    hash
}
