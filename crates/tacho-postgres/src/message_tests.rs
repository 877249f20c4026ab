use super::*;
use bytes::BufMut;
use proptest::prelude::*;

fn framed(tag: Option<u8>, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    out.extend(tag);
    out.put_u32(body.len() as u32 + 4);
    out.put_slice(body);
    out
}

#[test]
fn a_connection_begins_with_one_of_four() {
    let begun = |body: &[u8]| start(&mut framed(None, body)).unwrap().unwrap();
    assert_eq!(begun(&SSL.to_be_bytes()), Start::Tls);
    assert_eq!(begun(&GSS.to_be_bytes()), Start::Gss);
    let hello = b"\0\x03\0\0user\0ann\0database\0fleet\0\0";
    let Start::Hello { minor: 0, parameters } = begun(hello) else { panic!() };
    assert_eq!(parameters["user"], "ann");
    let Start::Cancel { process: 7, secret } = begun(b"\x04\xd2\x16\x2e\0\0\0\x07abcd") else { panic!() };
    assert_eq!(&secret[..], b"abcd");
    assert!(start(&mut BytesMut::from("GET / HTTP/1.1\r\n")).unwrap_err().0.contains("PostgreSQL"));
    assert!(start(&mut framed(None, b"\0\x02\0\0\0")).unwrap_err().0.contains("2.0"));
}

#[test]
fn a_message_is_taken_when_all_of_it_is_there() {
    let whole = framed(Some(b'Q'), b"SELECT 1\0");
    for cut in 0..whole.len() {
        assert_eq!(message(&mut BytesMut::from(&whole[..cut]), 100), Ok(None), "{cut}");
    }
    let mut two = whole.clone();
    two.extend_from_slice(&framed(Some(b'S'), b""));
    assert_eq!(message(&mut two, 100), Ok(Some(Message::Query("SELECT 1".into()))));
    assert_eq!(message(&mut two, 100), Ok(Some(Message::Sync)));
    assert!(two.is_empty());
}

#[test]
fn a_bind_has_formats_values_and_formats() {
    let body = b"p\0s\0\0\x01\0\x01\0\x02\xff\xff\xff\xff\0\0\0\x02ab\0\0";
    let got = message(&mut framed(Some(b'B'), body), 100).unwrap().unwrap();
    let values = vec![None, Some(Bytes::from_static(b"ab"))];
    let (portal, statement) = ("p".into(), "s".into());
    assert_eq!(got, Message::Bind { portal, statement, formats: vec![1], values, results: vec![] });
}

#[test]
fn what_is_too_long_or_cut_short_is_refused_before_it_is_read() {
    let mut long = BytesMut::from(&b"Q\x3f\xff\xff\xff"[..]);
    assert!(message(&mut long, 1 << 20).unwrap_err().0.contains("at most"));
    assert!(message(&mut framed(Some(b'B'), b"p\0s\0\xff\xff"), 100).is_err());
    assert!(message(&mut framed(Some(b'B'), b"p\0s\0\0\0\0\x01\0\0\0\x09ab"), 100).is_err());
    assert!(message(&mut framed(Some(b'Q'), b"no end"), 100).is_err());
    assert!(message(&mut framed(Some(b'?'), b""), 100).is_err());
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>, tag: u8) {
        drop(start(&mut BytesMut::from(&bytes[..])));
        drop(start(&mut framed(None, &bytes)));
        drop(message(&mut BytesMut::from(&bytes[..]), 1000));
        drop(message(&mut framed(Some(tag), &bytes), 1000));
        for tag in *b"pQPBDCE" {
            drop(message(&mut framed(Some(tag), &bytes), 1000));
        }
    }
}
