//! PostgreSQL's wire: messages, values and statements of a client that means harm.
#![no_main]

use bytes::BytesMut;
use tacho_postgres::{Format, Kind, decode, message, said, start, statements};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drop(start(&mut BytesMut::from(bytes)));
    let mut buffer = BytesMut::from(bytes);
    while let Ok(Some(_)) = message(&mut buffer, 1 << 20) {}
    for kind in Kind::all() {
        for format in [Format::Text, Format::Binary] {
            if let Ok(value) = decode(kind, format, Some(bytes.to_vec().into())) {
                assert_eq!(value.len(), 1);
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        for statement in statements(text) {
            assert!(!statement.is_empty() && text.contains(statement));
            said(statement);
        }
    }
});
