//! What a client says. A message is taken from the buffer when all of it is there, and not before.
//!
//! *Limits*: [`START_BYTES_MAX`] for the first message and a password, the caller's for the others; a message has at most
//! [`ITEMS_MAX`] parameters and formats.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::BTreeMap;
use std::fmt;

/// The first message, bytes; PostgreSQL has the same.
const START_BYTES_MAX: usize = 10_000;
/// Parameters, types and formats of one message; their count has two bytes.
const ITEMS_MAX: usize = 65_535;

const SSL: i32 = 80_877_103;
const GSS: i32 = 80_877_104;
const CANCEL: i32 = 80_877_102;

/// What a connection begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Start {
    /// Asks whether the rest may be under TLS.
    Tls,
    /// The same for GSSAPI.
    Gss,
    /// Another connection's query shall end.
    Cancel {
        process: i32,
        secret: Bytes,
    },
    Hello {
        minor: u16,
        parameters: BTreeMap<String, String>,
    },
}

/// A prepared statement or a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Statement,
    Portal,
}

/// What comes after that.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Password(String),
    Query(String),
    Parse {
        name: String,
        text: String,
        types: Vec<u32>,
    },
    Bind {
        portal: String,
        statement: String,
        /// Of the parameters: none for text, one for all, or one for each.
        formats: Vec<i16>,
        values: Vec<Option<Bytes>>,
        /// Of the columns, as those of the parameters.
        results: Vec<i16>,
    },
    Describe(Target, String),
    Execute {
        portal: String,
        rows_max: u32,
    },
    Close(Target, String),
    Flush,
    Sync,
    Terminate,
    /// Belongs to COPY, which nobody began: to be passed over.
    Copy,
}

/// What cannot be a message; nothing after it can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

fn wrong<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(why.into()))
}

/// Takes the first message of a connection, when it is there.
///
/// # Errors
/// [`Malformed`]: the client speaks something else.
pub fn start(buffer: &mut BytesMut) -> Result<Option<Start>, Malformed> {
    let Some(head) = buffer.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*head) as usize;
    if !(8..=START_BYTES_MAX).contains(&length) {
        return wrong(format!("the first message says it has {length} bytes: this is PostgreSQL's protocol"));
    }
    if buffer.len() < length {
        return Ok(None);
    }
    let mut body = Body(buffer.split_to(length).freeze());
    body.0.advance(4);
    match body.int()? {
        SSL => Ok(Some(Start::Tls)),
        GSS => Ok(Some(Start::Gss)),
        CANCEL => Ok(Some(Start::Cancel { process: body.int()?, secret: body.0 })),
        version if version >> 16 == 3 => {
            let mut parameters = BTreeMap::new();
            loop {
                let name = body.text()?;
                if name.is_empty() {
                    break;
                }
                let value = body.text()?;
                parameters.insert(name, value);
            }
            Ok(Some(Start::Hello { minor: (version & 0xffff) as u16, parameters }))
        }
        version => {
            wrong(format!("protocol {}.{} is not spoken here, 3.0 is", version >> 16, version & 0xffff))
        }
    }
}

/// Takes the next message, when it is there.
///
/// # Errors
/// [`Malformed`]: it is longer than it may be, or is none.
pub fn message(buffer: &mut BytesMut, bytes_max: usize) -> Result<Option<Message>, Malformed> {
    let Some(head) = buffer.first_chunk::<5>() else { return Ok(None) };
    let (tag, length) = (head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize);
    if length < 4 {
        return wrong(format!("a message says it has {length} bytes"));
    }
    if length > bytes_max {
        return wrong(format!("a message has {length} bytes, expected at most {bytes_max}"));
    }
    if buffer.len() <= length {
        return Ok(None);
    }
    let mut body = Body(buffer.split_to(length + 1).freeze());
    body.0.advance(5);
    Ok(Some(match tag {
        b'p' => Message::Password(body.text()?),
        b'Q' => Message::Query(body.text()?),
        b'P' => {
            let (name, text) = (body.text()?, body.text()?);
            Message::Parse { name, text, types: body.list(|body| body.int().map(|oid| oid as u32))? }
        }
        b'B' => Message::Bind {
            portal: body.text()?,
            statement: body.text()?,
            formats: body.list(Body::short)?,
            values: body.list(Body::value)?,
            results: body.list(Body::short)?,
        },
        b'D' => Message::Describe(body.target()?, body.text()?),
        b'C' => Message::Close(body.target()?, body.text()?),
        b'E' => {
            let (portal, rows) = (body.text()?, body.int()?);
            Message::Execute { portal, rows_max: u32::try_from(rows).unwrap_or(0) }
        }
        b'H' => Message::Flush,
        b'S' => Message::Sync,
        b'X' => Message::Terminate,
        b'd' | b'c' | b'f' => Message::Copy,
        other => return wrong(format!("there is no message of type {}", char::from(other).escape_default())),
    }))
}

/// What is left of one message.
struct Body(Bytes);

impl Body {
    fn need(&self, count: usize) -> Result<(), Malformed> {
        if self.0.len() < count { wrong("a message ends too early") } else { Ok(()) }
    }

    fn int(&mut self) -> Result<i32, Malformed> {
        self.need(4)?;
        Ok(self.0.get_i32())
    }

    fn short(&mut self) -> Result<i16, Malformed> {
        self.need(2)?;
        Ok(self.0.get_i16())
    }

    /// Text that ends with a zero.
    fn text(&mut self) -> Result<String, Malformed> {
        let Some(end) = self.0.iter().position(|byte| *byte == 0) else {
            return wrong("a text in a message has no end");
        };
        let text = self.0.split_to(end);
        self.0.advance(1);
        match String::from_utf8(text.into()) {
            Ok(text) => Ok(text),
            Err(_) => wrong("a text in a message is not UTF-8"),
        }
    }

    fn value(&mut self) -> Result<Option<Bytes>, Malformed> {
        match self.int()? {
            -1 => Ok(None),
            length => {
                let Ok(length) = usize::try_from(length) else {
                    return wrong("a value has a length below zero");
                };
                self.need(length)?;
                Ok(Some(self.0.split_to(length)))
            }
        }
    }

    fn target(&mut self) -> Result<Target, Malformed> {
        self.need(1)?;
        match self.0.get_u8() {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            _ => wrong("expected a statement or a portal"),
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Body) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
        let count = usize::from(self.short()? as u16);
        // Each item has two bytes or more, so that a count alone sets nothing aside.
        self.need(2 * count.min(ITEMS_MAX))?;
        (0..count).map(|_| item(self)).collect()
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
