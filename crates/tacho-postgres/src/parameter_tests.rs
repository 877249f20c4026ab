use super::*;
use crate::value::Rows;
use bytes::BytesMut;
use proptest::prelude::*;

fn kind(name: &str) -> Kind {
    Kind::all().find(|kind| kind.name() == name).unwrap()
}

/// What is read, written again.
fn again(kind: Kind, format: Format, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let read = decode(kind, format, Some(Bytes::copy_from_slice(bytes)))?;
    assert_eq!(read.len(), 1);
    let mut out = BytesMut::new();
    Rows::new(&[read], &[(kind, format)]).unwrap().put(0, &mut out);
    Ok(out[11..].to_vec())
}

#[test]
fn texts_are_read_as_their_type() {
    for (name, text, want) in [
        ("bigint", " 42 ", "42"),
        ("boolean", "true", "t"),
        ("numeric", "1.50", "1.50"),
        ("timestamp with time zone", "2026-11-21 23:00:00+00", "2026-11-21 23:00:00+00"),
        ("timestamp with time zone", "2026-11-21T23:00:00.5+01:00", "2026-11-21 22:00:00.5+00"),
        ("date", "2026-11-21", "2026-11-21"),
        ("bytea", "\\x00ff", "\\x00ff"),
        ("text[]", "{a,\"b \\\"c\",NULL, d }", "{a,\"b \\\"c\",NULL,d}"),
        ("bigint[]", "{}", "{}"),
    ] {
        assert_eq!(again(kind(name), Format::Text, text.as_bytes()), Ok(want.into()), "{text}");
    }
    for (name, text) in [
        ("bigint", "4x"),
        ("boolean", "maybe"),
        ("timestamp with time zone", "soon"),
        ("text[]", "{a"),
        ("bytea", "zz"),
    ] {
        let error =
            decode(kind(name), Format::Text, Some(Bytes::copy_from_slice(text.as_bytes()))).unwrap_err();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn no_value_is_a_null_of_the_type() {
    let read = decode(kind("bigint"), Format::Binary, None).unwrap();
    assert!(read.is_null(0) && *read.data_type() == DataType::Int64);
}

#[test]
fn bytes_come_back() {
    for (name, bytes) in [
        ("bigint", &42i64.to_be_bytes()[..]),
        ("smallint", &[0xff, 0xff]),
        ("double precision", &1.5f64.to_be_bytes()),
        ("timestamp with time zone", &77i64.to_be_bytes()),
        ("interval", &[0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 1]),
        ("text[]", b"\0\0\0\x01\0\0\0\0\0\0\0\x19\0\0\0\x01\0\0\0\x01\0\0\0\x02ab"),
    ] {
        assert_eq!(again(kind(name), Format::Binary, bytes), Ok(bytes.to_vec()), "{name}");
    }
    assert!(
        decode(kind("bigint"), Format::Binary, Some(Bytes::from_static(b"abc")))
            .unwrap_err()
            .contains("3 bytes")
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>) {
        for kind in Kind::all() {
            for format in [Format::Text, Format::Binary] {
                if let Ok(read) = decode(kind, format, Some(bytes.clone().into())) {
                    prop_assert_eq!(read.len(), 1);
                }
            }
        }
    }
}
