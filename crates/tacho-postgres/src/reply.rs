//! What the server says, appended to the bytes that go out.

use crate::failure::Failure;
use crate::kind::Kind;
use crate::value::Format;
use bytes::{BufMut, BytesMut};

/// Where a session stands between two statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Idle,
    Transaction,
    /// A statement of the transaction failed.
    Failed,
}

/// A column of an answer.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub format: Format,
}

/// Messages of the server.
#[derive(Debug)]
pub enum Reply<'a> {
    PasswordWanted,
    Welcome,
    /// Speaks no later version than 3.0 and knows none of these options.
    Version(Vec<&'a str>),
    Parameter(&'a str, &'a str),
    Key {
        process: i32,
        secret: &'a [u8],
    },
    Ready(State),
    Error(&'a Failure),
    /// The connection ends with it.
    Fatal(&'a Failure),
    Columns(&'a [Column]),
    NoData,
    Parameters(&'a [u32]),
    /// How a statement ended, such as `SELECT 3`.
    Done(&'a str),
    Empty,
    Parsed,
    Bound,
    Closed,
    Suspended,
}

impl Reply<'_> {
    /// Appends the message.
    pub fn put(&self, out: &mut BytesMut) {
        match self {
            Reply::PasswordWanted => framed(b'R', out, |out| out.put_i32(3)),
            Reply::Welcome => framed(b'R', out, |out| out.put_i32(0)),
            Reply::Version(unknown) => framed(b'v', out, |out| {
                out.put_i32(0);
                out.put_i32(unknown.len() as i32);
                unknown.iter().for_each(|option| text(option, out));
            }),
            Reply::Parameter(name, value) => framed(b'S', out, |out| {
                text(name, out);
                text(value, out);
            }),
            Reply::Key { process, secret } => framed(b'K', out, |out| {
                out.put_i32(*process);
                out.put_slice(secret);
            }),
            Reply::Ready(state) => framed(b'Z', out, |out| {
                out.put_u8(match state {
                    State::Idle => b'I',
                    State::Transaction => b'T',
                    State::Failed => b'E',
                });
            }),
            Reply::Error(failure) => framed(b'E', out, |out| fields("ERROR", failure, out)),
            Reply::Fatal(failure) => framed(b'E', out, |out| fields("FATAL", failure, out)),
            Reply::Columns(columns) => framed(b'T', out, |out| described(columns, out)),
            Reply::NoData => framed(b'n', out, |_| {}),
            Reply::Parameters(oids) => framed(b't', out, |out| {
                out.put_i16(oids.len() as i16);
                oids.iter().for_each(|oid| out.put_u32(*oid));
            }),
            Reply::Done(tag) => framed(b'C', out, |out| text(tag, out)),
            Reply::Empty => framed(b'I', out, |_| {}),
            Reply::Parsed => framed(b'1', out, |_| {}),
            Reply::Bound => framed(b'2', out, |_| {}),
            Reply::Closed => framed(b'3', out, |_| {}),
            Reply::Suspended => framed(b's', out, |_| {}),
        }
    }
}

/// A message with its length, which counts itself.
pub(crate) fn framed(tag: u8, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    let at = out.len();
    out.put_i32(0);
    body(out);
    let length = (out.len() - at) as i32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Text that ends with a zero, so that one within would end it.
fn text(text: &str, out: &mut BytesMut) {
    out.extend(text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }));
    out.put_u8(0);
}

fn fields(severity: &str, failure: &Failure, out: &mut BytesMut) {
    let mut field = |tag: u8, value: &str| {
        out.put_u8(tag);
        text(value, out);
    };
    field(b'S', severity);
    field(b'V', severity);
    field(b'C', failure.code);
    field(b'M', &failure.message);
    if let Some(hint) = &failure.hint {
        field(b'H', hint);
    }
    if let Some(position) = failure.position {
        field(b'P', &position.to_string());
    }
    out.put_u8(0);
}

fn described(columns: &[Column], out: &mut BytesMut) {
    out.put_i16(columns.len() as i16);
    for column in columns {
        text(&column.name, out);
        // Of no table that a client could look up.
        out.put_u32(0);
        out.put_i16(0);
        out.put_u32(column.kind.oid());
        out.put_i16(column.kind.size());
        out.put_i32(-1);
        out.put_i16(column.format.code());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(reply: &Reply<'_>) -> Vec<u8> {
        let mut out = BytesMut::new();
        reply.put(&mut out);
        out.to_vec()
    }

    #[test]
    fn messages_are_as_the_protocol_has_them() {
        assert_eq!(put(&Reply::Welcome), b"R\0\0\0\x08\0\0\0\0");
        assert_eq!(put(&Reply::PasswordWanted), b"R\0\0\0\x08\0\0\0\x03");
        assert_eq!(put(&Reply::Ready(State::Failed)), b"Z\0\0\0\x05E");
        assert_eq!(put(&Reply::Done("SELECT 1")), b"C\0\0\0\x0dSELECT 1\0");
        let failure = Failure { position: Some(8), ..Failure::new("42601", "no\0end") };
        assert_eq!(put(&Reply::Error(&failure)), b"E\0\0\0\x25SERROR\0VERROR\0C42601\0Mno end\0P8\0\0");
        let (name, kind) = ("n".into(), Kind::of(&arrow::datatypes::DataType::Int64));
        let columns = [Column { name, kind, format: Format::Binary }];
        assert_eq!(
            put(&Reply::Columns(&columns)),
            b"T\0\0\0\x1a\0\x01n\0\0\0\0\0\0\0\0\0\0\x14\0\x08\xff\xff\xff\xff\0\x01"
        );
    }
}
