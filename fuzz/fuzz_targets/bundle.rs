//! Entry bundles: refused, or written again as the same bytes.
#![no_main]

use tacho_merkle::tile::{decode_bundle, encode_bundle};

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (width, bytes) = input;
    let width = width % 300;
    let Ok(entries) = decode_bundle(bytes, width) else { return };
    assert_eq!(entries.len(), usize::from(width));
    if (1..=256).contains(&entries.len()) {
        assert_eq!(encode_bundle(&entries).as_deref(), Ok(bytes));
    }
});
