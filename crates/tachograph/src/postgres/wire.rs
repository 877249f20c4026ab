//! One connection: messages in, replies out.
//!
//! *Limits*: [`MESSAGE_MAX`] of a message, [`START_MAX`] before somebody signed in; [`WRITE_TIME`] until the client takes
//! something of what is sent; about [`OUT_BYTES`] wait to be sent.

use bytes::BytesMut;
use std::fmt;
use std::io;
use std::time::Duration;
use tacho_postgres::{Malformed, Message, Reply, Start};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A message: a statement with its parameters, bytes.
const MESSAGE_MAX: usize = 1 << 20;
/// A password, bytes.
const START_MAX: usize = 10_000;
/// A client that takes nothing for so long is gone.
const WRITE_TIME: Duration = Duration::from_secs(60);
/// So much is gathered before it is sent, bytes.
pub(super) const OUT_BYTES: usize = 64 << 10;

/// What a client is connected through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why a connection is over.
#[derive(Debug)]
pub(super) enum Gone {
    Io(io::Error),
    /// What came is no message, after which nothing can be understood.
    Malformed(Malformed),
    /// The client left, or takes nothing.
    Left,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gone::Io(error) => error.fmt(f),
            Gone::Malformed(what) => what.fmt(f),
            Gone::Left => f.write_str("it left"),
        }
    }
}

impl From<io::Error> for Gone {
    fn from(error: io::Error) -> Gone {
        Gone::Io(error)
    }
}

impl From<Malformed> for Gone {
    fn from(what: Malformed) -> Gone {
        Gone::Malformed(what)
    }
}

pub(super) struct Connection {
    stream: Box<dyn Stream>,
    input: BytesMut,
    pub(super) out: BytesMut,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>) -> Connection {
        Connection { stream, input: BytesMut::new(), out: BytesMut::new() }
    }

    /// What a connection begins with.
    pub(super) async fn start(&mut self) -> Result<Start, Gone> {
        loop {
            if let Some(start) = tacho_postgres::start(&mut self.input)? {
                return Ok(start);
            }
            self.read().await?;
        }
    }

    /// The first message after that; shorter than others, since anybody can send it.
    pub(super) async fn first(&mut self) -> Result<Message, Gone> {
        self.message(START_MAX).await
    }

    pub(super) async fn next(&mut self) -> Result<Message, Gone> {
        self.message(MESSAGE_MAX).await
    }

    async fn message(&mut self, bytes_max: usize) -> Result<Message, Gone> {
        loop {
            if let Some(message) = tacho_postgres::message(&mut self.input, bytes_max)? {
                return Ok(message);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Gone> {
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(Gone::Left),
            _ => Ok(()),
        }
    }

    /// Completes when the client has left; what it says meanwhile is kept for later, up to a message.
    pub(super) async fn left(&mut self) -> Gone {
        while self.input.len() < MESSAGE_MAX {
            if let Err(gone) = self.read().await {
                return gone;
            }
        }
        std::future::pending().await
    }

    pub(super) fn put(&mut self, reply: &Reply<'_>) {
        reply.put(&mut self.out);
    }

    /// Sends what was put.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        while !self.out.is_empty() {
            match timeout(WRITE_TIME, self.stream.write_buf(&mut self.out)).await {
                Ok(Ok(0)) | Err(_) => return Err(Gone::Left),
                Ok(written) => drop(written?),
            }
        }
        match timeout(WRITE_TIME, self.stream.flush()).await {
            Ok(flushed) => Ok(flushed?),
            Err(_) => Err(Gone::Left),
        }
    }

    /// Answers yes or no to what was asked before the protocol begins.
    pub(super) async fn answer(&mut self, byte: u8) -> Result<(), Gone> {
        self.out.extend([byte]);
        self.flush().await
    }

    /// The stream without what was read of it. Nothing may have been: what stands behind a wish for TLS is not under it.
    pub(super) fn into_stream(self) -> Result<Box<dyn Stream>, Gone> {
        if self.input.is_empty() {
            return Ok(self.stream);
        }
        Err(Gone::Malformed(Malformed("something came in clear text where TLS was to begin".into())))
    }
}
